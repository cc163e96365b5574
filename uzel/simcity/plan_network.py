"""The network of the simulated city: sites, devices, links, power. Sizes in, tables of the CSV folder out."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from uzel.simcity import names
from uzel.simcity.makes import DLINK, MAKES, PASSIVE, PortShape

SNMP_PORT = 1161
ACCESS_GROUPS = {
    "dlink": "dlink-read",
    "cisco": "cisco-read",
    "huawei": "huawei-read",
    "power": "ups-read",
    "catv": "catv-read",
}
# Most houses have the common 24-port model; its share falls with the age and the size of the others.
HOUSE_MODELS = (
    ("DES-3200-28", 42), ("DES-3526", 14), ("DES-3028", 12), ("DES-3550", 18), ("DGS-3000-28X", 10), ("DES-3200-18", 4),
)  # fmt: skip
UPS_MODELS = ("Innova RT 1500", "Monolith E 1000RT", "Intelligent 1500RT2", "Smart-UPS 1500 RM")
MAX_HOUSES_PER_CAMPUS = 20


class CityTooSmall(ValueError):
    """Fewer switches than one of each level needs."""


@dataclass(slots=True)
class Site:
    code: str
    name: str
    level: str
    parent: str
    place: tuple[float, float]
    address: str = ""
    area: str = ""


@dataclass(slots=True)
class Device:
    code: str
    site: str
    kind: str
    model: str
    serial: str
    address: str = ""
    group: str = ""
    is_source: bool = False
    via: str = ""
    free: list[PortShape] = field(default_factory=list)
    free_up: list[PortShape] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Building:
    code: str
    street: str
    number: str
    site: str
    entrances: int
    floors: int


@dataclass(slots=True)
class City:
    """The drawn network. `links` are (code, a, a port, b, b port, medium); `power` are (consumer, source)."""

    rng: Random
    net: int
    sites: dict[str, Site] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    links: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)
    power: list[tuple[str, str]] = field(default_factory=list)
    areas: dict[str, str] = field(default_factory=dict)
    buildings: list[Building] = field(default_factory=list)
    addresses: int = 0
    house_numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    # Switches at the house, in the order of their ports' filling: site code -> device codes.
    house_switches: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Sizes:
    cores: int
    okrugs: int
    districts: int
    campuses: int
    house_switches: int


def sizes(switches: int) -> Sizes:
    """How many of each level a city with so many switches has. Raises CityTooSmall below five."""
    if switches < 5:
        raise CityTooSmall(f"a city needs at least 5 switches, got {switches}")
    cores = 2 if switches >= 20 else 1
    okrugs = max(1, min(len(names.OKRUGS), round(switches / 375)))
    districts = max(1, min(round(switches / 12), 2 * okrugs), round(switches / 95))
    campuses = max(districts, round(switches / 15), -(-switches // (MAX_HOUSES_PER_CAMPUS + 1)))
    return Sizes(cores, okrugs, districts, campuses, switches - cores - okrugs - districts - campuses)


def draw(rng: Random, switches: int, net: int) -> City:
    """Draw the whole network."""
    size = sizes(switches)
    city = City(rng=rng, net=net)
    centre = _add_site(city, "centre", "Центр", "centre", "", (57.0 + net / 1000, 41.0))
    ups = [_add_ups(city, "centre", n) for n in range(1, size.cores + 1)]
    cores = [
        _add_switch(city, "centre", f"core{n}", ("S5720-56C-PWR-EI", "WS-C4506-E")[n - 1])
        for n in range(1, size.cores + 1)
    ]
    for n, core in enumerate(cores):
        core.is_source = n == 0
        _feed(city, core, [ups[n]])
    if len(cores) == 2:
        _link(city, cores[0], cores[1])
    for n, device in enumerate(ups):
        device.via = cores[n].code
    transmitter = _add(city, "centre", "optical_transmitter", "tx1", "GW-6420", "catv")
    transmitter.is_source, transmitter.via = True, cores[0].code
    _feed(city, transmitter, ups)
    splitter = _add(city, "centre", "optical_splitter", "sp1", "PLC 1x8")
    _link(city, transmitter, splitter)
    _draw_okrugs(city, centre, cores, splitter, size)
    _assign_areas(city)
    return city


def _draw_okrugs(city: City, centre: Site, cores: list[Device], splitter: Device, size: Sizes) -> None:
    okrugs: list[Device] = []
    aggregations: list[Device] = []
    for n in range(1, size.okrugs + 1):
        code = f"o{n}"
        _add_site(city, code, f"ОУ {names.OKRUGS[n - 1]}", "okrug", centre.code, _near(city, centre.place, 0.05))
        okrug = _add_switch(city, code, "core1", ("WS-C4506-E", "S5720-56C-PWR-EI")[n % 2])
        _backed_up(city, code, okrug)
        for core in cores:
            _link(city, core, okrug)
        okrugs.append(okrug)
        branch = _splitter(city, code, splitter)
        aggregations += _draw_districts(city, code, okrug, branch, n, size)
    if len(okrugs) > 2:
        for a, b in pairwise(okrugs):
            _link(city, a, b)
    _draw_campuses(city, aggregations, size)


def _draw_districts(
    city: City, okrug_code: str, okrug: Device, splitter: Device, okrug_number: int, size: Sizes
) -> list[Device]:
    """Districts of an okrug stand on a ring that begins and ends at the okrug node."""
    ring: list[Device] = []
    count = sum(1 for n in range(size.districts) if n % size.okrugs == okrug_number - 1)
    for n in range(1, count + 1):
        code = f"{okrug_code}-d{n}"
        name = names.DISTRICTS[(okrug_number - 1 + (n - 1) * size.okrugs) % len(names.DISTRICTS)]
        _add_site(city, code, f"РУ {name}", "district", okrug_code, _near(city, city.sites[okrug_code].place, 0.02))
        device = _add_switch(city, code, "agg1", ("S5328C-EI", "WS-C3560G-48TS")[(n + okrug_number) % 2])
        _backed_up(city, code, device)
        _link(city, ring[-1] if ring else okrug, device)
        _splitter(city, code, splitter)
        ring.append(device)
    if len(ring) > 1:
        _link(city, okrug, ring[-1])
    return ring


def _draw_campuses(city: City, aggregations: list[Device], size: Sizes) -> None:
    campuses: list[tuple[Device, Device]] = []
    numbers: dict[str, int] = defaultdict(int)
    for n in range(size.campuses):
        home = aggregations[n % len(aggregations)]
        numbers[home.site] += 1
        code = f"{home.site}-k{numbers[home.site]}"
        _add_site(city, code, "", "campus", home.site, _near(city, city.sites[home.site].place, 0.008))
        device = _add_switch(city, code, "sw1", "DGS-3620-28SC")
        _backed_up(city, code, device)
        _link(city, home, device)
        okrug = home.site.split("-")[0]
        others = [a for a in aggregations if a is not home and a.site.split("-")[0] == okrug]
        # Two campuses of three have a second uplink, to another district of their okrug.
        if others and city.rng.random() < 0.67:
            _link(city, city.rng.choice(others), device)
        campuses.append((device, _splitter(city, code, city.devices[f"{home.site}-sp1"])))
    _draw_houses(city, campuses, size.house_switches)


def _draw_houses(city: City, campuses: list[tuple[Device, Device]], switches: int) -> None:
    streets = list(names.STREETS)
    city.rng.shuffle(streets)
    counts: list[int] = []
    while sum(counts) < switches:
        counts.append(min(city.rng.choices((1, 2, 3), (65, 25, 10))[0], switches - sum(counts)))
    room = len(campuses) * MAX_HOUSES_PER_CAMPUS
    while len(counts) > room:
        counts[city.rng.randrange(room)] += counts.pop()
    places: list[int] = []
    for n in range(len(counts)):
        # Some campuses are larger than others, none is full.
        index = n % len(campuses)
        if city.rng.random() < 0.25:
            index = city.rng.randrange(len(campuses))
        while places.count(index) >= MAX_HOUSES_PER_CAMPUS:
            index = (index + 1) % len(campuses)
        places.append(index)
    for index, (campus, splitter) in enumerate(campuses):
        own = [streets[(index * 2 + k) % len(streets)] for k in range(2)]
        before: Device | None = None
        for n, house_count in enumerate((c for c, p in zip(counts, places, strict=True) if p == index), 1):
            first = _draw_house(city, campus, splitter, n, house_count, city.rng.choice(own))
            # About a tenth of the houses close a small ring with the house before.
            if before and city.rng.random() < 0.12 and before.free_up and first.free_up:
                _link(city, before, first, up=True)
            before = first
        _name_campus(city, campus.site, own[0])


def _draw_house(city: City, campus: Device, splitter: Device, n: int, switches: int, street: str) -> Device:
    code = f"{campus.site}-h{n}"
    city.house_numbers[street] += city.rng.choice((1, 1, 2, 2, 3))
    number = f"{city.house_numbers[street]}{city.rng.choices(('', 'А', 'к2', '/2', 'к1'), (80, 8, 6, 3, 3))[0]}"
    site = _add_site(
        city, code, f"ДУ {street}, {number}", "house", campus.site, _near(city, city.sites[campus.site].place, 0.003)
    )
    site.address = f"{names.CITY}, {street}, {number}"
    strip = _add(city, code, "power_strip", "ps1", "Pilot S")
    _feed(city, strip, [])
    previous = campus
    chain: list[Device] = []
    for k in range(1, switches + 1):
        model = "DES-3200-28" if k == 1 and switches > 1 else _house_model(city)
        device = _add_switch(city, code, f"sw{k}", model)
        _feed(city, device, [strip])
        _link(city, previous, device, "fibre" if k == 1 else "copper", up=k > 1)
        city.house_switches[code].append(device.code)
        chain.append(device)
        previous = device
    receiver = _add(
        city, code, "optical_receiver", "or1", city.rng.choices(("VS5793", "GW-R1000"), (70, 30))[0], "catv"
    )
    receiver.via = chain[0].code
    # Its own port for management: the last access port, so that subscribers never get it.
    chain[0].used.add(chain[0].free.pop().name)
    _feed(city, receiver, [strip])
    _link(city, splitter, receiver)
    entrances, floors = city.rng.choice(((4, 5), (6, 5), (2, 9), (4, 9), (6, 9), (1, 12), (2, 12), (1, 16), (3, 10)))
    city.buildings.append(Building(f"b{len(city.buildings) + 1:05d}", street, number, code, entrances, floors))
    return chain[0]


def _house_model(city: City) -> str:
    models, weights = zip(*HOUSE_MODELS, strict=True)
    return str(city.rng.choices(models, weights)[0])


def _name_campus(city: City, code: str, street: str) -> None:
    site = city.sites[code]
    number = city.house_numbers[street] + 1
    site.name = f"КУ {street.split(' ', 1)[-1]}-{code.rsplit('k', 1)[-1]}"
    site.address = f"{names.CITY}, {street}, {number}, ЦТП"


def _near(city: City, place: tuple[float, float], spread: float) -> tuple[float, float]:
    return (round(place[0] + city.rng.gauss(0, spread), 6), round(place[1] + city.rng.gauss(0, spread * 1.8), 6))


def _add_site(city: City, code: str, name: str, level: str, parent: str, place: tuple[float, float]) -> Site:
    site = Site(code, name, level, parent, place)
    city.sites[code] = site
    return site


def _add(city: City, site: str, kind: str, part: str, model: str, group: str = "") -> Device:
    serial = "" if MAKES[model].family == PASSIVE else f"{city.rng.choice('FPRS')}{city.rng.randrange(16**11):011X}"
    device = Device(f"{site}-{part}", site, kind, model, serial, group=group)
    if group:
        city.addresses += 1
        high, low = divmod(city.addresses - 1, 254)
        if high >= 254:
            raise CityTooSmall("the city has more devices than a 127.x net has addresses")
        device.address = f"127.{city.net}.{high + 1}.{low + 1}"
    city.devices[device.code] = device
    return device


def _add_switch(city: City, site: str, part: str, model: str) -> Device:
    make = MAKES[model]
    device = _add(city, site, "switch", part, model, "dlink" if make.family == DLINK else make.family)
    device.free = [p for p in make.ports if not p.is_uplink]
    device.free_up = [p for p in make.ports if p.is_uplink]
    return device


def _add_ups(city: City, site: str, n: int = 1) -> Device:
    device = _add(city, site, "ups", f"ups{n}", city.rng.choice(UPS_MODELS), "power")
    _feed(city, device, [])
    return device


def _backed_up(city: City, site: str, switch: Device) -> None:
    """Mains → UPS → strip → switch, the UPS asked through that switch."""
    ups = _add_ups(city, site)
    ups.via = switch.code
    strip = _add(city, site, "power_strip", "ps1", "Pilot S")
    _feed(city, strip, [ups])
    _feed(city, switch, [strip])


def _feed(city: City, consumer: Device, sources: list[Device]) -> None:
    """Power `consumer` from the sources, or straight from the mains of its site when there are none."""
    city.power += [(consumer.code, s.code) for s in sources] or [(consumer.code, "")]


def _splitter(city: City, site: str, above: Device) -> Device:
    splitter = _add(city, site, "optical_splitter", "sp1", "PLC 1x8")
    _link(city, above, splitter)
    return splitter


def _link(city: City, a: Device, b: Device, medium: str = "fibre", *, up: bool = False) -> None:
    """Join a (above) to b (below). `up`: a also uses an uplink port, as switches of one level do."""
    level = {"centre": 0, "okrug": 1, "district": 2}
    use_up = up or a.model in ("S5720-56C-PWR-EI", "WS-C4506-E") or level.get(city.sites[a.site].level, 9) == 9
    near = city.sites[b.site].level == "house" and city.sites[a.site].level == "campus"
    code = f"{a.code}--{b.code}"
    city.links.append((code, a.code, _take(a, use_up and not near), b.code, _take(b, True), medium))


def _take(device: Device, up: bool) -> str:
    first, second = (device.free_up, device.free) if up else (device.free, device.free_up)
    if not first and not second:
        if MAKES[device.model].ports:
            raise CityTooSmall(f"{device.code} has no free port left")
        return ""
    # Access ports are taken from the end when they serve as uplinks, from the start otherwise.
    port = first.pop(0) if first else second.pop()
    device.used.add(port.name)
    return port.name


def _assign_areas(city: City) -> None:
    """Transformer substations: each feeds four to nine neighbouring sites; nodes above share the area of a house."""
    by_parent: dict[str, list[Site]] = defaultdict(list)
    for site in city.sites.values():
        by_parent[site.parent].append(site)
    number = 100
    for site in [s for s in city.sites.values() if s.level == "campus"]:
        group = [site, *by_parent[site.code]]
        while group:
            number += city.rng.choice((1, 1, 2))
            code = f"tp-{number}"
            city.areas[code] = f"ТП-{number}"
            size = city.rng.randint(4, 9)
            for member in group[:size]:
                member.area = code
            group = group[size:]
    for level in ("district", "okrug", "centre"):
        for site in [s for s in city.sites.values() if s.level == level]:
            below = by_parent[site.code]
            if below and level != "centre":
                site.area = below[0].area
            if not site.area:
                number += 1
                site.area = f"tp-{number}"
                city.areas[site.area] = f"ТП-{number}"
            site.address = site.address or f"{names.CITY}, {city.rng.choice(names.STREETS)}, {city.rng.randint(1, 90)}"
