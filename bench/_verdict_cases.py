"""What the measurement of verdicts does to the city: which fault to which line, and what may be said of it."""

import random
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from bench._live_city import LiveCity, wait

# isort: split
from django.db.models import Q

from uzel.network.models import Device, DeviceState, Link
from uzel.outages.models import OutageElement
from uzel.simcity.faults import FAULTS, Only, Target
from uzel.subscribers.models import Service

MAKES = ("D-Link", "Cisco", "Huawei")
# Of one fault on one make; switches hurt as a whole, so many of each make, three lines of each.
CASES, HURT, LINES = 18, 5, 3
# Receivers, UPSes, blocked accounts.
OTHERS = 15
FLAP_S = 22.0  # long enough for a contact that goes every eight seconds to show itself
SETTLE_S = 16.0  # a link younger than 15 s is not judged
# Faults of a command line do nothing to a line: half of their cases are cut cables, the others are healthy.
COMMAND_LINES = tuple(name for name in FAULTS if name.startswith("cli-"))
BAD_CLI, CUT = "healthy, bad command line", "cable-open-at"
# The operator has had the cable of a live line tested before looking again.
TESTED = "two-pairs, tested"
# fault -> what may be said first; "?" marks what is said as probable.
TRUTH: dict[str, frozenset[str]] = {
    name: frozenset(codes.split())
    for name, codes in {
        "healthy": "line_fine",
        "no-link": "no_link",
        "admin-down": "port_admin_down",
        "slow": "wrong_speed",
        "half-duplex": "half_duplex",
        "errors": "errors_growing",
        "no-mac": "no_mac",
        "wrong-mac": "foreign_mac",
        "many-macs": "too_many_macs",
        "flapping": "flapping",
        CUT: "cable_break",
        "cable-short-at": "cable_short",
        "loop": "loop",
        "storm": "storm",
        "far-end-off": "far_end_off",
        "two-pairs": "two_pairs two_pairs?",
        "two-pairs, 100 sold": "two_pairs?",
        TESTED: "two_pairs",
        "binding-blocked": "binding_blocked binding_blocked?",
        "iptv-no-groups": "no_groups no_groups?",
        "weak-optics": "weak_uplink",
        "snmp-dead": "line_fine line_fine?",
        "hang": "known_outage device_dark device_silent device_silent?",
        "kill": "known_outage device_dark device_silent device_silent?",
        "reboot": "device_restarted known_outage device_silent device_silent?",
        "low-light": "low_light",
        "battery-low": "battery_low",
        "account blocked": "account_blocked",
        BAD_CLI: "line_fine line_fine?",
        # With a cut cable: which pair and where only the command line tells, that there is no link SNMP does.
        **dict.fromkeys(COMMAND_LINES, "cable_break no_link"),
    }.items()
}
# Said as a hint beside the verdict: the line works, and sells no more than two pairs carry.
HINTS = frozenset({"battery-low", "two-pairs, 100 sold"})
WORKING = frozenset({"healthy", BAD_CLI, "snmp-dead"}) | HINTS
# Devices are hurt together where that hides no fault behind another: what leaves the light, then what takes it.
TOGETHER = (("snmp-dead", "weak-optics", *COMMAND_LINES, "low-light", "battery-low"), ("hang", "kill"), ("reboot",))


@dataclass(frozen=True, slots=True)
class Case:
    """One line with what was really done to it."""

    truth: str
    make: str
    service: int


def hurt_ports(city: LiveCity, rng: random.Random) -> list[Case]:
    """Put every fault of a port in force on lines of each make, all at once; nothing is waited for."""
    ports = [n for n, k in FAULTS.items() if k.target is Target.PORT and k.only is not Only.FIBRE]
    with_iptv = set(Service.objects.filter(kind="iptv", is_active=True).values_list("port", flat=True))
    cases: list[Case] = []
    for make in MAKES:
        lines, taken = _lines(rng, make), set[int]()
        # The choosy ones first, so that enough is left for them.
        for kind in dict.fromkeys(("iptv-no-groups", "two-pairs, 100 sold", TESTED, "two-pairs", "healthy", *ports)):
            free = [s for s in lines if s.pk not in taken and _suits(s, kind, with_iptv)][:CASES]
            taken |= {line.pk for line in free}
            for service in free:
                cases.append(Case(kind, make, service.pk))
                if kind != "healthy":
                    hurt_port(city, service, kind.split(",")[0])
    blocked = Service.objects.filter(subscriber__status="blocked_debt", port__isnull=False).order_by("pk")
    cases += [Case("account blocked", service.device.vendor, service.pk) for service in blocked[:OTHERS]]
    rng.shuffle(cases)
    return cases


def hurt_port(city: LiveCity, service: Service, fault: str) -> None:
    """Put a fault in force on the port of a service."""
    assert service.port is not None
    city.do(do="fault", target=f"{service.device.code}:{service.port.name}", fault=fault)


def _lines(rng: random.Random, make: str) -> list[Service]:
    """One service on each port that carries one active subscriber, shuffled."""
    rows = Service.objects.filter(
        device__vendor__iexact=make, is_active=True, subscriber__status="active", kind="internet"
    ).select_related("port", "device")
    by_port: dict[int | None, list[Service]] = defaultdict(list)
    for row in rows:
        by_port[row.port_id].append(row)
    found = [services[0] for services in by_port.values() if len(services) == 1]
    rng.shuffle(found)
    return found


def _suits(line: Service, kind: str, with_iptv: set[int | None]) -> bool:
    """Whether the fault takes something from this line."""
    gigabit = line.port is not None and line.port.speed_mbps == 1000 and not line.port.is_uplink
    match kind:
        case "iptv-no-groups":
            return line.port_id in with_iptv
        case "two-pairs":
            return gigabit and (line.speed_mbps or 0) > 100
        case "two-pairs, tested":
            return gigabit
        case "two-pairs, 100 sold":
            return gigabit and (line.speed_mbps or 0) <= 100
    return True


def hurt_devices(city: LiveCity, kinds: tuple[str, ...], rng: random.Random, spent: set[int]) -> list[Case]:
    """Hurt devices in these ways, a few of each make, and choose lines of theirs that were not hurt before (`spent`).

    Waits until the monitor has made up its mind.
    """
    cases: list[Case] = []
    sites: set[int] = set()
    for kind in kinds:
        match kind:
            case "low-light":
                cases += _receivers(city)
            case "battery-low":
                cases += _batteries(city, spent, sites)
            case _:
                for make in MAKES:
                    count = 1 if kind in COMMAND_LINES else HURT
                    for device in _choose(make, count, rng, sites, by_fibre=kind == "weak-optics"):
                        cases += _switch(city, device, kind, spent)
    time.sleep(SETTLE_S)
    wait(lambda: not _undecided(), 30)
    return cases


def heal(city: LiveCity) -> None:
    """Make everything well, and wait until the monitor knows it."""
    city.do(do="heal", target="all")
    wait(lambda: not DeviceState.objects.filter(answers=False).exists(), 60)


def _choose(make: str, count: int, rng: random.Random, sites: set[int], *, by_fibre: bool) -> list[Device]:
    """House switches, one of a house: when all of it is silent, nobody can tell a dead agent from a dark house."""
    switches = Device.objects.filter(kind="switch", vendor=make, site__level=4, services__kind="internet")
    if by_fibre:  # a second switch of a house hangs on the first by copper
        switches = switches.filter(pk__in=Link.objects.filter(a_device__site__level__lt=4).values("b_device"))
    by_site = {device.site_id: device for device in switches.exclude(site__in=sites).order_by("pk")}
    chosen = rng.sample(list(by_site.values()), count)
    sites |= {device.site_id for device in chosen}
    return chosen


def _switch(city: LiveCity, device: Device, kind: str, spent: set[int]) -> list[Case]:
    if kind == "kill":
        city.do(do="kill", device=device.code)
    elif kind == "weak-optics":
        from_above = Q(a_device__site__level__lt=device.site.level) | Q(a_device__site=device.site)
        link = Link.objects.select_related("b_port").get(from_above, b_device=device)
        assert link.b_port is not None
        city.do(do="fault", target=f"{device.code}:{link.b_port.name}", fault=kind)
    else:
        city.do(do="fault", target=device.code, fault=kind)
    services = Service.objects.filter(device=device, kind="internet", is_active=True, subscriber__status="active")
    crowd = Counter(Service.objects.filter(device=device).values_list("port", "subscriber").distinct())
    alone = Counter(port for port, _ in crowd)
    free = [s for s in services.select_related("port", "device").order_by("pk") if s.pk not in spent]
    lines = [service for service in free if alone[service.port_id] == 1][:LINES]
    if kind not in COMMAND_LINES:
        return [Case(kind, device.vendor, service.pk) for service in lines]
    for service in lines[1:]:
        hurt_port(city, service, CUT)
    return [Case(kind if n else BAD_CLI, device.vendor, service.pk) for n, service in enumerate(lines)]


def _receivers(city: LiveCity) -> list[Case]:
    cases: list[Case] = []
    for receiver in Device.objects.filter(kind="optical_receiver", services__isnull=False).distinct()[:OTHERS]:
        first = Service.objects.filter(device=receiver, subscriber__status="active", is_active=True).first()
        if first:
            city.do(do="fault", target=receiver.code, fault="low-light")
            cases.append(Case("low-light", receiver.vendor, first.pk))
    return cases


def _batteries(city: LiveCity, spent: set[int], sites: set[int]) -> list[Case]:
    cases: list[Case] = []
    # Of campus nodes: the houses below have no UPS of their own.
    for ups in Device.objects.filter(kind="ups", site__level=3).select_related("site"):
        services = Service.objects.filter(
            device__site__parent=ups.site, kind="internet", is_active=True, subscriber__status="active"
        )
        free = services.exclude(Q(pk__in=spent) | Q(device__site__in=sites)).select_related("device").order_by("-pk")
        if (service := free.first()) and len(cases) < OTHERS:
            city.do(do="fault", target=ups.code, fault="battery-low")
            cases.append(Case("battery-low", service.device.vendor, service.pk))
    return cases


def _undecided() -> bool:
    """A silent switch that no outage explains yet (a receiver that is asked through it may be well)."""
    silent = set(DeviceState.objects.filter(answers=False, device__kind="switch").values_list("device", flat=True))
    return bool(silent - set(OutageElement.objects.filter(lit_at=None).values_list("device", flat=True)))
