"""The map of the network with what the monitor needs beside it: how each device is asked, who hangs on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Value
from django.db.models.functions import Coalesce

from uzel.core.engine import Engine
from uzel.core.engine_heard import Places
from uzel.core.scope import Scope
from uzel.core.topology import Network
from uzel.network import core_map
from uzel.network.core_map import mains_place
from uzel.network.models import Device, Level, Link
from uzel.outages import map_columns


@dataclass(frozen=True, slots=True)
class Contact:
    """What the pollers and the pages need to know of a device beside its place in the graph."""

    id: int
    code: str
    kind: str
    site: int
    level: int
    area: int | None
    vendor: str
    model: str
    address: str | None
    port: int
    community: str
    via: int | None
    # A UPS is asked by NUT there, if at all.
    nut_port: int | None = None


@dataclass(frozen=True, slots=True)
class LinkEnds:
    """The ports of a link: (device, ifIndex, Port.pk), where an end has one."""

    a: tuple[int, int, int] | None
    b: tuple[int, int, int] | None


def empty_scope(devices: int = 0) -> dict[str, Any]:
    """Give the shape of a scope.

    {"subscribers": {class: n}, "services": {kind: {class: n}}, "devices": n,
     "total": {"subscribers": n, "services": n}}
    """
    return {"subscribers": {}, "services": {}, "devices": devices, "total": {"subscribers": 0, "services": 0}}


def _told(scope: Scope, devices: int) -> dict[str, Any]:
    services = sum(n for row in scope.services.values() for n in row.values())
    total = {"subscribers": scope.total, "services": services}
    return {"subscribers": scope.subscribers, "services": scope.services, "devices": devices, "total": total}


@dataclass(frozen=True, slots=True)
class NetworkMap:
    """The whole network at one moment. `ports`: (device, ifIndex) -> Port.pk, of the ports that carry links;
    `engine`: the same map compiled, with who hangs where."""

    network: Network
    contacts: Mapping[int, Contact]
    ends: Mapping[int, LinkEnds]
    ports: Mapping[tuple[int, int], int]
    by_address: Mapping[str, int]
    engine: Engine

    @property
    def places(self) -> Places:
        """Where each element stands in the engine's columns."""
        return self.engine.ground(self.network).places

    def scope(self, dark: Iterable[int], devices: int) -> dict[str, Any]:
        """The scope of a dark set as JSON: see `empty_scope`. `devices` is put in as it is."""
        places = self.places
        at = places.places(dark)
        return _told(self.engine.scope_of(at[at < places.carriers]), devices)

    @property
    def watched(self) -> list[int]:
        """Devices that are asked, by id."""
        return [i for i, node in self.network.nodes.items() if node.watched]


def load() -> NetworkMap:
    """Read it all as of one moment; about 0.3 s for a city of 1,500 switches and 60,000 subscribers."""
    with map_columns.snapshot():
        return _read()


def _read() -> NetworkMap:
    contacts = {row[0]: Contact(*row) for row in _devices()}
    ends = _ends()
    ports = {(end[0], end[1]): end[2] for pair in ends.values() for end in (pair.a, pair.b) if end}
    addresses = {contact.address: contact.id for contact in contacts.values() if contact.address}
    return NetworkMap(core_map.read(), contacts, ends, ports, addresses, map_columns.read().engine())


def _devices() -> list[tuple[Any, ...]]:
    return list(
        Device.objects.order_by("id").values_list(
            "id", "code", "kind", "site_id", "site__level", "site__mains_area_id", "vendor", "model", "address",
            Coalesce("access_group__snmp_port", 161), Coalesce("access_group__snmp_community", Value("public")),
            "managed_via_id", "access_group__nut_port",
        )
    )  # fmt: skip


def _ends() -> dict[int, LinkEnds]:
    rows = Link.objects.values_list(
        "id", "a_device_id", "b_device_id", "a_port_id", "a_port__if_index", "b_port_id", "b_port__if_index"
    )
    return {
        pk: LinkEnds(
            (a, a_index, a_port) if a_port is not None else None, (b, b_index, b_port) if b_port is not None else None
        )
        for pk, a, b, a_port, a_index, b_port, b_index in rows
    }


def root_site(net: NetworkMap, nodes: Iterable[int]) -> int | None:
    """Where to send the crew: the site nearest the centre among these; for mains of a site, that site."""
    best: tuple[int, int] | None = None
    for node in nodes:
        place = mains_place(node)
        if place is None and node in net.contacts:
            contact = net.contacts[node]
            candidate = (contact.level, contact.site)
        elif place is not None and place[0] == "site":
            candidate = (int(Level.HOUSE) + 1, place[1])
        else:
            continue
        best = candidate if best is None else min(best, candidate)
    return best[1] if best else None
