"""The simulated city as it is loaded from its CSV folder: what stands where and what is plugged into what.

Only what never changes while the city runs, and the slots that `dynamics` writes into.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from uzel.core.topology import Kind, Link, Network, Node
from uzel.simcity.faults import Fault
from uzel.simcity.makes import CISCO, DLINK, HUAWEI, MAKES, MANAGEMENT_VLAN, Make, PortShape

_OUI = {DLINK: "1caff7", CISCO: "0021d8", HUAWEI: "4c1fcc"}
_PLAIN_OUI = "00c0b7"


class BadFolder(ValueError):
    """The folder is not one that `generate` writes. Says file and reason."""


def spread(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone: how one thing differs from another, always the same way."""
    digest = blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


@dataclass(slots=True)
class Port:
    """A port of a simulated switch. `far` is the device at its other end: over a link, or one that it only manages."""

    device: "Device"
    shape: PortShape
    link: int = 0
    far: int = 0
    # The link is a cord of copper, though the hole might take a module.
    copper: bool = False
    # (MAC as twelve hex digits, VLAN) of what subscribers have behind it.
    stations: tuple[tuple[str, int], ...] = ()
    # Their IP addresses, in the same order.
    leases: tuple[str, ...] = ()
    # What somebody wrote at the port; None: the name of the device at its other end.
    note: str | None = None
    oper: bool = False
    # Unix seconds of the last change of `oper`.
    changed_at: float = 0.0
    # What `traffic` keeps: counters as they were at `since`, and the rates of their growth from then on.
    counted: tuple[float, ...] | None = None
    since: float = 0.0
    since_flow: float = 0.0
    rates: tuple[float, ...] | None = None
    faults: dict[str, Fault] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return f"{self.device.code}:{self.shape.name}"


@dataclass(slots=True)
class Device:
    """A device of the simulated city. `mac` has six octets; `booted_at` is in unix seconds."""

    id: int
    code: str
    site: str
    kind: Kind
    make: Make
    serial: str
    mac: bytes
    address: str = ""
    community: bytes = b""
    # That of SET, which reads too. The city is invented, and so is its secret: the access group's code and "-write".
    write_community: bytes = b""
    snmp_port: int = 0
    via: int = 0
    location: str = ""
    ports: list[Port] = field(default_factory=list)
    booted_at: float = 0.0
    faults: dict[str, Fault] = field(default_factory=dict)
    # The port of the switch `via` into which its wire of management goes.
    wire: "Port | None" = None
    # What it noticed lately, oldest first: (unix time, word, port or None, detail).
    log: "list[tuple[float, str, Port | None, str]]" = field(default_factory=list)
    # Rows that are costly to make (FDB, LLDP), by table: (version of the world, rows).
    cache: dict[str, tuple[int, object]] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """Everything of the city by number and by name. Device ids count from 1; mains are negative, as in Uzel."""

    folder: Path
    devices: dict[int, Device]
    by_code: dict[str, Device]
    network: Network
    links: dict[int, tuple[str, Port | None, Port | None, int, int]]
    link_codes: dict[str, int]
    # Mains nodes: of a site by its code, of an area by its code.
    site_mains: dict[str, int]
    area_mains: dict[str, int]
    site_area: dict[str, str]
    ports: dict[str, Port]


def load(folder: Path) -> World:
    """Read the folder. Raises BadFolder."""
    groups = {row["code"]: row for row in _rows(folder, "access_groups.csv")}
    sites = list(_rows(folder, "sites.csv"))
    places = {row["code"]: row["name"] for row in sites}
    devices = _devices(folder, groups, places)
    by_code = {device.code: device for device in devices.values()}
    ports = {port.code: port for device in devices.values() for port in device.ports}
    links, link_codes = _links(folder, by_code, ports)
    _plug_subscribers(folder, ports)
    _plug_managed(devices)
    site_mains = {row["code"]: -2 * n for n, row in enumerate(sites, 1)}
    area_mains = {row["code"]: -2 * n - 1 for n, row in enumerate(_rows(folder, "mains_areas.csv"), 1)}
    site_area = {row["code"]: row["mains_area"] for row in sites}
    sources = {row["code"] for row in _rows(folder, "devices.csv") if row["is_source"] == "1"}
    nodes = list(_nodes(folder, devices, by_code, sources, site_mains, area_mains, site_area))
    network = Network.of(nodes, [Link(i, a, b) for i, (_, _, _, a, b) in links.items()])
    return World(folder, devices, by_code, network, links, link_codes, site_mains, area_mains, site_area, ports)


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    try:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    except OSError as error:
        raise BadFolder(f"{folder / name}: {error.strerror}") from error


def _devices(folder: Path, groups: dict[str, dict[str, str]], places: dict[str, str]) -> dict[int, Device]:
    devices: dict[int, Device] = {}
    codes: dict[str, int] = {}
    via: dict[int, str] = {}
    for number, row in enumerate(_rows(folder, "devices.csv"), 1):
        if (make := MAKES.get(row["model"])) is None:
            raise BadFolder(f"{folder / 'devices.csv'}: {row['code']}: the simulator has no model {row['model']!r}")
        mac = bytes.fromhex(f"{_OUI.get(make.family, _PLAIN_OUI)}{number:06x}")
        device = Device(number, row["code"], row["site"], Kind(row["kind"]), make, row["serial"], mac, row["address"])
        device.location = places.get(row["site"], "")
        if group := groups.get(row["access_group"]):
            device.community, device.snmp_port = group["snmp_community"].encode(), int(group["snmp_port"])
            device.write_community = f"{row['access_group']}-write".encode()
        if row["managed_via"]:
            via[number] = row["managed_via"]
        shapes = sorted((*make.ports, *make.virtual), key=lambda shape: shape.if_index)
        device.ports = [Port(device, shape) for shape in shapes]
        devices[number] = device
        codes[device.code] = number
    for number, code in via.items():
        devices[number].via = codes[code]
    return devices


def _links(
    folder: Path, by_code: dict[str, Device], ports: dict[str, Port]
) -> tuple[dict[int, tuple[str, Port | None, Port | None, int, int]], dict[str, int]]:
    links: dict[int, tuple[str, Port | None, Port | None, int, int]] = {}
    codes: dict[str, int] = {}
    for number, row in enumerate(_rows(folder, "links.csv"), 1):
        try:
            a, b = by_code[row["a_device"]], by_code[row["b_device"]]
            a_port = ports[f"{a.code}:{row['a_port']}"] if row["a_port"] else None
            b_port = ports[f"{b.code}:{row['b_port']}"] if row["b_port"] else None
        except KeyError as error:
            raise BadFolder(f"{folder / 'links.csv'}: {row['code']}: there is no {error.args[0]!r}") from error
        for port, far in ((a_port, b), (b_port, a)):
            if port:
                port.link, port.far, port.copper = number, far.id, row["medium"] == "copper"
        links[number] = (row["code"], a_port, b_port, a.id, b.id)
        codes[row["code"]] = number
    return links, codes


def _plug_subscribers(folder: Path, ports: dict[str, Port]) -> None:
    stations: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for row in _rows(folder, "services.csv"):
        if row["port"] and row["is_active"] == "1" and row["mac"]:
            stations[f"{row['device']}:{row['port']}"].append((row["mac"], int(row["vlan"] or 1), row["ip"]))
    for code, rows in stations.items():
        if code not in ports:
            raise BadFolder(f"{folder / 'services.csv'}: there is no port {code!r}")
        ports[code].stations = tuple((mac, vlan) for mac, vlan, _ in rows)
        ports[code].leases = tuple(ip for _, _, ip in rows)


def _plug_managed(devices: dict[int, Device]) -> None:
    """A UPS or a receiver has its wire in the last free access port of the switch through which it is asked."""
    for device in devices.values():
        if not device.via:
            continue
        free = [
            port
            for port in devices[device.via].ports
            if port.shape.base_port and not port.shape.is_uplink and not port.far and not port.stations
        ]
        if free:
            device.wire = free[-1]
            free[-1].far = device.id
            free[-1].stations = ((device.mac.hex(), MANAGEMENT_VLAN),)
            free[-1].leases = (device.address,)


def _nodes(
    folder: Path,
    devices: dict[int, Device],
    by_code: dict[str, Device],
    sources: set[str],
    site_mains: dict[str, int],
    area_mains: dict[str, int],
    site_area: dict[str, str],
) -> Iterator[Node]:
    feeds: dict[str, list[int]] = defaultdict(list)
    for row in _rows(folder, "power.csv"):
        consumer = by_code[row["consumer"]]
        feeds[row["consumer"]].append(by_code[row["source"]].id if row["source"] else site_mains[consumer.site])
    for device in devices.values():
        yield Node(
            device.id, device.kind, site_mains[device.site] // -2, device.code in sources, bool(device.address),
            device.via or None, tuple(feeds[device.code]),
        )  # fmt: skip
    for node in area_mains.values():
        yield Node(node, Kind.MAINS, watched=False)
    for code, node in site_mains.items():
        area = area_mains.get(site_area[code])
        yield Node(node, Kind.MAINS, node // -2, watched=False, feeds=(area,) if area else ())
