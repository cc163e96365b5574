"""What the page of one device shows beside its neighbourhood: ports, power, trouble, checks."""

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from uzel.network.light import Light, device_light, with_planned
from uzel.network.models import Device, Link, Port, PowerFeed, Probe, Site

# How far up the power is followed; a strip behind a strip behind a UPS is already rare.
POWER_STEPS = 6


@dataclass(frozen=True, slots=True)
class PortCell:
    """A port as on the front panel. look: up, down, off, slow, unknown. peer: the device at the other end."""

    port: Port
    look: str
    speed_mbps: int | None
    peer: str
    services: int

    @property
    def label(self) -> str:
        """The name as a panel has room for it: «0/0/1» of GigabitEthernet0/0/1, «X0/0/1» of XGigabitEthernet0/0/1."""
        found = re.fullmatch(r"([A-Za-z-]*) ?(\d[\d/.:]*)", self.port.name)
        if found is None:
            return str(self.port.if_index)
        plain = not found[1] or found[1][0].upper() in "FGE"
        return f"{'' if plain else found[1][0].upper()}{found[2]}"


@dataclass(frozen=True, slots=True)
class Feed:
    """A step of the power chain. device: None for the mains."""

    device: Device | None
    light: Light | None
    depth: int


def find_device(code: str) -> Device | None:
    """A device with its place and state."""
    return (
        with_planned(Device.objects.filter(code=code))
        .select_related("site__mains_area", "state", "managed_via", "site__parent__parent__parent__parent")
        .first()
    )


def find_site(code: str) -> Site | None:
    """A place with the chain of those that feed it."""
    return Site.objects.filter(code=code).select_related("mains_area", "parent__parent__parent__parent").first()


def devices_of(site: Site) -> list[tuple[Device, Light]]:
    """What stands in a place, switches first."""
    devices = with_planned(site.devices.all()).select_related("state").order_by("code")
    return sorted(((d, device_light(d)) for d in devices), key=lambda pair: (pair[0].kind != "switch", pair[0].code))


def front_panel(device: Device) -> list[PortCell]:
    """The ports of a device in the order of their numbers; three queries."""
    peers: dict[int, str] = {}
    for link in Link.objects.filter(Q(a_device=device) | Q(b_device=device)).select_related("a_device", "b_device"):
        if link.a_device_id == device.pk and link.a_port_id:
            peers[link.a_port_id] = link.b_device.code
        elif link.b_port_id:
            peers[link.b_port_id] = link.a_device.code
    ports = device.ports.select_related("state").annotate(served=Count("services", filter=Q(services__is_active=True)))
    # What a silent device said of its ports is old.
    silent = getattr(getattr(device, "state", None), "answers", None) is False
    return [_cell(port, peers.get(port.pk, ""), port.served, silent) for port in ports.order_by("if_index")]


def _cell(port: Port, peer: str, services: int, silent: bool) -> PortCell:
    state = None if silent else getattr(port, "state", None)
    speed = state.speed_mbps if state else None
    if state is None or (state.oper_up is None and state.admin_up is None):
        look = "unknown"
    elif state.admin_up is False:
        look = "off"
    elif not state.oper_up:
        look = "down"
    else:
        look = "slow" if speed and speed < port.speed_mbps else "up"
    return PortCell(port, look, speed, peer, services)


def power_chain(device: Device) -> list[Feed]:
    """What feeds a device, the nearest first, down to the mains; one query a step."""
    chain: list[Feed] = []
    level, seen = [device.pk], {device.pk}
    for depth in range(1, POWER_STEPS + 1):
        feeds = PowerFeed.objects.filter(consumer__in=level).select_related("source__state", "source__site")
        level = []
        for feed in feeds.order_by("id"):
            if feed.source is None:
                chain.append(Feed(None, None, depth))
            elif feed.source.pk not in seen:
                seen.add(feed.source.pk)
                level.append(feed.source.pk)
                chain.append(Feed(feed.source, device_light(feed.source), depth))
        if not level:
            break
    return chain


def fed_by(device: Device) -> list[Device]:
    """What a UPS or a strip feeds."""
    return list(Device.objects.filter(feeds__source=device).order_by("code"))


def open_outages(device_ids: list[int]) -> list[dict[str, Any]]:
    """The open outages that hold any of these devices: id, cause and beginning of each."""
    held = Device.objects.filter(
        pk__in=device_ids, outage_elements__lit_at__isnull=True, outage_elements__outage__state="open"
    )
    names = ("outage_elements__outage_id", "outage_elements__outage__cause", "outage_elements__outage__began_at")
    return [{"id": pk, "cause": cause, "began_at": began} for pk, cause, began in held.values_list(*names).distinct()]


def probes(device: Device, *, count: int = 15) -> list[Probe]:
    """The last checks of a device."""
    return list(device.probes.select_related("port", "asked_by").order_by("-asked_at")[:count])
