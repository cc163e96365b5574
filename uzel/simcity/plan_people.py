"""The subscribers of the simulated city: who lives where, what they take and on which port it hangs."""

import csv
from dataclasses import dataclass, field
from random import Random
from typing import Any

from uzel.simcity import names
from uzel.simcity.makes import PortShape
from uzel.simcity.plan_network import Building, City, Device

SUBSCRIBER_COLUMNS = (
    "account", "kind", "name", "status", "building", "entrance", "floor", "flat", "phones", "note",
)  # fmt: skip
SERVICE_COLUMNS = ("code", "account", "kind", "device", "port", "is_active", "speed_mbps", "ip", "mac", "vlan")
VLAN_IPTV, VLAN_TELEPHONY, VLAN_TRAFFIC_LIGHT = 700, 800, 900
FLATS_PER_FLOOR = 4
# Makers of home routers and set-top boxes, by the first half of their addresses.
_ROUTER_OUI = ("50c7bf", "c46e1f", "1cbdb9", "bcf685", "ec43f6", "04bf6d", "64eeb7", "d46e0e")
_STB_OUI = ("001a79", "101331", "9c0e51")
_NOTES = (
    "Просит звонить после 18:00",
    "Домофон не работает, звонить заранее",
    "Роутер абонента",
    "Кабель проложен по коробу",
    "Собака",
    "Оплата по доверенности",
    "Пенсионер, просит говорить громче",
)

Writer = Any


@dataclass(slots=True)
class Writers:
    """Where the rows go, and the running numbers."""

    city: City
    rng: Random
    subscribers: Writer
    services: Writer
    account: int = 10_000_000
    service: int = 0
    macs: set[str] = field(default_factory=set)
    private: int = 0
    public: int = 0


def write(city: City, rng: Random, total: int, subscribers_file: Any, services_file: Any) -> None:
    """Write exactly `total` subscribers with their services into the two open files."""
    out = Writers(
        city, rng, csv.writer(subscribers_file, lineterminator="\n"), csv.writer(services_file, lineterminator="\n")
    )
    out.subscribers.writerow(SUBSCRIBER_COLUMNS)
    out.services.writerow(SERVICE_COLUMNS)
    lights = _traffic_lights(out, min(len(city.buildings), total // 20))
    firms = _firms_of_nodes(city, total // 50)
    _households(out, total - lights - len(firms))
    for device, port in firms:
        _firm(out, device, port)


FIRMS_AT_A_NODE = 3


def _firms_of_nodes(city: City, most: int) -> list[tuple[Device, PortShape]]:
    """Ports of district nodes, whose switches are not D-Link's: firms and offices of the city have lines of their own.

    The last free port is left: the UPS of the node has its wire there.
    """
    nodes = [d for d in city.devices.values() if d.kind == "switch" and city.sites[d.site].level == "district"]
    return [(d, d.free[n]) for n in range(FIRMS_AT_A_NODE) for d in nodes if len(d.free) > n + 1][:most]


def _firm(out: Writers, device: Device, port: PortShape) -> None:
    """A subscriber who is joined to a district node, in a building of the district."""
    near = [b for b in out.city.buildings if b.site.startswith(f"{device.site}-")] or out.city.buildings
    building, rng = out.rng.choice(near), out.rng
    if rng.random() < 0.3:
        kind, name, place = "municipal", names.city_body(rng), ("1", "1", "")
    else:
        kind, name, place = "business", names.business(rng), ("1", "1", f"пом. {rng.randint(13, 20)}")
    account = _subscriber(out, kind, name, "active", building, place, names.landline(rng))
    _internet(out, account, (device.code, port), "active", business=True)


def _traffic_lights(out: Writers, most: int) -> int:
    """Traffic lights hang on campus nodes, a few on house nodes; the city holds each under its own account."""
    campuses = [
        d for d in out.city.devices.values() if d.kind == "switch" and d.code.endswith("-sw1") and "-h" not in d.code
    ]
    houses = [out.city.devices[codes[0]] for codes in out.city.house_switches.values()]
    hosts = (campuses + houses[::17])[:most]
    by_site = {b.site: b for b in out.city.buildings}
    for n, device in enumerate(hosts, 1):
        building = by_site.get(device.site) or by_site.get(f"{device.site}-h1") or out.city.buildings[0]
        street = out.rng.choice(names.STREETS)
        name = f"Светофорный объект № {n} ({building.street} — {street})"
        port = device.free.pop()
        account = _subscriber(out, "municipal", name, "active", building, ("", "", ""), f"{names.landline(out.rng)}")
        _service(out, account, "traffic_light", device.code, port, vlan=VLAN_TRAFFIC_LIGHT, ip=_ip(out), oui="0090e8")
    return len(hosts)


def _households(out: Writers, total: int) -> None:
    buildings = out.city.buildings
    ports = {b.site: _access_ports(out, b.site) for b in buildings}
    capacity = sum(map(len, ports.values()))
    weights = [b.entrances * b.floors + 3 * len(ports[b.site]) for b in buildings]
    wants = min(0.78, 0.92 * capacity / max(total, 1))
    given, seen, sum_weights = 0, 0, sum(weights)
    for building, weight in zip(buildings, weights, strict=True):
        seen += weight
        quota = total * seen // sum_weights - given
        given += quota
        _fill(out, building, ports[building.site], quota, wants)


def _access_ports(out: Writers, site: str) -> list[tuple[str, PortShape]]:
    return [(code, port) for code in out.city.house_switches[site] for port in out.city.devices[code].free]


def _fill(out: Writers, building: Building, ports: list[tuple[str, PortShape]], quota: int, wants: float) -> None:
    rng = out.rng
    flats_total = max(quota + 4, building.entrances * building.floors * FLATS_PER_FLOOR)
    flats = sorted(rng.sample(range(1, flats_total + 1), quota))
    rng.shuffle(flats)
    # A few ports stay free, in no order, as after years of moves.
    rng.shuffle(ports)
    per_floor = FLATS_PER_FLOOR
    per_entrance = max(per_floor * building.floors, -(-flats_total // building.entrances))
    for flat in flats:
        entrance, rest = divmod(flat - 1, per_entrance)
        place = (str(entrance + 1), str(min(rest // per_floor + 1, building.floors)), str(flat))
        port = ports.pop() if ports and rng.random() < wants else None
        _one(out, building, place, port)


def _one(out: Writers, building: Building, place: tuple[str, str, str], port: tuple[str, PortShape] | None) -> None:
    rng = out.rng
    roll = rng.random()
    status = rng.choices(("active", "blocked_debt", "blocked_request", "closed"), (945, 30, 12, 13))[0]
    if port and roll < 0.045:
        place = (place[0], "1", f"пом. {rng.randint(1, 12)}")
        account = _subscriber(out, "business", names.business(rng), status, building, place, _phones(rng, 0.7))
        _internet(out, account, port, status, business=True)
        return
    if port and roll < 0.05:
        name = names.city_body(rng)
        account = _subscriber(out, "municipal", name, "active", building, (place[0], "1", ""), names.landline(rng))
        _internet(out, account, port, "active", business=True)
        return
    account = _subscriber(out, "person", names.person(rng), status, building, place, _phones(rng, 0.35))
    active = status != "closed"
    if port:
        _internet(out, account, port, status)
        if rng.random() < 0.34:
            _service(out, account, "iptv", *port, active=active, vlan=VLAN_IPTV, ip=_ip(out), oui=rng.choice(_STB_OUI))
    receiver = f"{building.site}-or1"
    if not port or rng.random() < 0.55:
        _service(out, account, "catv", receiver, None, active=active)
        if rng.random() < 0.25:
            _service(out, account, "dtv", receiver, None, active=active)


def _internet(out: Writers, account: str, port: tuple[str, PortShape], status: str, *, business: bool = False) -> None:
    rng = out.rng
    campus = port[0].rsplit("-", 2)[0]
    vlan = 1000 + sum(map(ord, campus)) * 7 % 2000
    speeds = (50, 100) if port[1].speed_mbps == 100 else (100, 200, 300, 500)
    active = status != "closed"
    _service(
        out, account, "internet", *port, active=active, speed=rng.choice(speeds), vlan=vlan,
        ip=_ip(out, static=business), oui=rng.choice(_ROUTER_OUI),
    )  # fmt: skip
    if rng.random() < (0.5 if business else 0.07):
        _service(out, account, "telephony", *port, active=active, vlan=VLAN_TELEPHONY, ip=_ip(out), oui="0090f8")


def _phones(rng: Random, landline: float) -> str:
    phones = [names.mobile(rng)] if rng.random() < 0.93 else []
    if rng.random() < 0.2:
        phones.append(names.mobile(rng))
    if not phones or rng.random() < landline:
        phones.append(names.landline(rng))
    return " ".join(phones)


def _subscriber(
    out: Writers, kind: str, name: str, status: str, building: Building, place: tuple[str, str, str], phones: str
) -> str:
    out.account += out.rng.randint(1, 9)
    account = str(out.account)
    note = out.rng.choice(_NOTES) if kind == "person" and out.rng.random() < 0.3 else ""
    out.subscribers.writerow((account, kind, name, status, building.code, *place, phones, note))
    return account


def _service(
    out: Writers,
    account: str,
    kind: str,
    device: str,
    port: PortShape | None,
    *,
    active: bool = True,
    speed: int | None = None,
    ip: str = "",
    oui: str = "",
    vlan: int | None = None,
) -> None:
    out.service += 1
    row = (
        f"s{out.service:07d}", account, kind, device, port.name if port else "", int(active), speed or "", ip,
        _mac(out, oui) if oui else "", vlan or "",
    )  # fmt: skip
    out.services.writerow(row)


def _mac(out: Writers, oui: str) -> str:
    while True:
        mac = f"{oui}{out.rng.randrange(16**6):06x}"
        if mac not in out.macs:
            out.macs.add(mac)
            return mac


def _ip(out: Writers, *, static: bool = False) -> str:
    """Shared address space of RFC 6598 for households, the test net of RFC 2544 for bought addresses."""
    if static and out.public < 2 * 254 * 256:
        out.public += 1
        high, low = divmod(out.public - 1, 254)
        return f"198.{18 + high // 256}.{high % 256}.{low + 1}"
    out.private += 1
    high, low = divmod(out.private - 1, 254)
    return f"100.{64 + high // 256 % 64}.{high % 256}.{low + 1}"
