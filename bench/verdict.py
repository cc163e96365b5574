"""The verdict on a line: every kind of fault that the city can make, on each make of switch, true against said.

The whole way is real: the city's SNMP, traps and syslog, the monitor, the prober, PostgreSQL, the desk's own reading.
"""

import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from bench import Figure
from bench._live_city import LiveCity, monitored, own_database, process, served, wait

# isort: split
import os

from django.db import connection
from django.db.models import Q
from rich.console import Console
from rich.table import Table

from uzel.config import embedded
from uzel.core.diagnosis_port import FLAP_QUIET_S
from uzel.desk.lines import lines_of, verdicts
from uzel.network.models import Device, DeviceState, Link, Probe
from uzel.outages.models import Hint, OutageElement
from uzel.simcity import plan_network
from uzel.simcity.faults import FAULTS, Only, Target
from uzel.subscribers.models import Service

SWITCHES, SUBSCRIBERS = 121, 6000
# The generated city has subscribers on D-Link only; here houses have switches of all three makes, enough of each.
HOUSES = (("DES-3200-28", 20), ("DGS-3000-28X", 10), ("DES-3526", 6), ("WS-C3560G-48TS", 28), ("S5328C-EI", 36))
MAKES = ("D-Link", "Cisco", "Huawei")
# Of one fault on one make; switches hurt as a whole, so many of each make, three lines of each.
CASES, HURT = 22, 7
# Receivers, UPSes, blocked accounts.
OTHERS = 15
# One operator's question after another; so many, then their answers are read.
EVERY_S, ASKED = 0.1, 100
FLAP_S = 22.0  # long enough for a contact that goes every eight seconds to show itself
# A finding below this confidence is said as "probably".
SURE = 0.8
# fault -> what may be said first; "?" marks what is said as probable. Cable tests come with the switch's own command
# line; until then a cut is "no link".
TRUTH: dict[str, frozenset[str]] = {
    name: frozenset(codes.split())
    for name, codes in {
        "healthy": "line_fine line_fine?",
        "no-link": "no_link",
        "admin-down": "port_admin_down",
        "slow": "wrong_speed",
        "half-duplex": "half_duplex",
        "errors": "errors_growing",
        "no-mac": "no_mac",
        "wrong-mac": "foreign_mac",
        "many-macs": "too_many_macs",
        "flapping": "flapping",
        "cable-open-at": "no_link",
        "cable-short-at": "no_link",
        "loop": "loop",
        "storm": "storm",
        "far-end-off": "no_link",
        "two-pairs": "two_pairs two_pairs?",
        "two-pairs, 100 sold": "two_pairs?",
        "binding-blocked": "binding_blocked binding_blocked?",
        "iptv-no-groups": "line_fine?",
        "weak-optics": "weak_uplink",
        "snmp-dead": "device_silent device_silent?",
        "hang": "known_outage device_dark device_silent device_silent?",
        "kill": "known_outage device_dark device_silent device_silent?",
        "reboot": "device_restarted known_outage device_silent device_silent?",
        "low-light": "low_light",
        "battery-low": "battery_low",
        "account blocked": "account_blocked",
    }.items()
}
# Said as a hint beside the verdict: the line works, and sells no more than two pairs carry.
HINTS = frozenset({"battery-low", "two-pairs, 100 sold"})
WORKING = frozenset({"healthy", "snmp-dead"}) | HINTS
# Only the command line tells of the groups of a set-top box: no part of the share, but never to be called surely fine.
UNSEEN = frozenset({"iptv-no-groups"})


@dataclass(frozen=True, slots=True)
class Case:
    """One line with what was really done to it."""

    truth: str
    make: str
    service: int


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk said of a case. `probe_s`: from the row to the answer; `desk_s`: to read it and to judge."""

    case: Case
    codes: tuple[str, ...]
    why: str
    probe_s: float
    desk_s: float

    @property
    def right(self) -> bool:
        """The first finding is the truth (a hint: any finding)."""
        said = self.codes if self.case.truth in HINTS else self.codes[:1]
        return bool(TRUTH[self.case.truth] & set(said))

    @property
    def wrongly_fine(self) -> bool:
        """The worst answer there is."""
        return self.codes[0] == "line_fine" and self.case.truth not in WORKING


def run() -> Iterator[Figure]:
    """Measure and print the matrix."""
    known = {name for name in FAULTS if not name.startswith("cli-")}
    assert known <= set(TRUTH), "the city knows a fault that this bench does not"
    with mock.patch.object(plan_network, "HOUSE_MODELS", HOUSES):
        city_of_three = served(SWITCHES, SUBSCRIBERS, name="three-makes")
        with own_database("uzel_bench_verdict"), city_of_three as city, monitored(city), _prober(city):
            # What an earlier run did to the same ports is no evidence of this one.
            Hint.objects.all().delete()
            Probe.objects.all().delete()
            rng = random.Random(5)
            said = [*_port_faults(city, rng), *_device_faults(city, rng)]
    _print(said)
    told = [s for s in said if s.case.truth not in UNSEEN]
    probes = sorted(s.probe_s for s in said)
    whole = sorted(s.probe_s + s.desk_s for s in said)
    makes = ", ".join(f"{make} {n}" for make, n in sorted(Counter(s.case.make for s in said).items()))
    yield Figure("cases", len(said), "lines", ">= 1000", note=f"{len({s.case.truth for s in said})} kinds; {makes}")
    unseen = f"without {len(said) - len(told)} that only a command line tells ({', '.join(UNSEEN)})"
    yield Figure("first verdict right", 100 * sum(s.right for s in told) / len(told), "%", ">= 97", note=unseen)
    yield Figure("line surely fine said of a broken one", sum(s.wrongly_fine for s in said), "lines", "= 0")
    yield Figure("probe p50", statistics.median(probes), "s", note="from the row written to the answer stored")
    yield Figure("probe p95", probes[int(0.95 * len(probes))], "s", "<= 1")
    yield Figure("verdict p95", whole[int(0.95 * len(whole))], "s", "<= 1", note="with the desk's reading of the line")


@contextmanager
def _prober(city: LiveCity) -> Iterator[None]:
    environment = os.environ | {"DATABASE_URL": embedded.url(connection.settings_dict)}
    with process(["prober"], environment, city.home / "prober.log"):
        yield


def _lines(rng: random.Random, vendor: str) -> list[Service]:
    """One service on each port that carries one active subscriber, shuffled."""
    rows = Service.objects.filter(
        device__vendor__iexact=vendor, is_active=True, subscriber__status="active", kind="internet"
    ).select_related("port", "device")
    by_port: dict[int | None, list[Service]] = defaultdict(list)
    for row in rows:
        by_port[row.port_id].append(row)
    found = [services[0] for services in by_port.values() if len(services) == 1]
    rng.shuffle(found)
    return found


def _port_faults(city: LiveCity, rng: random.Random) -> list[Said]:
    ports = [n for n, k in FAULTS.items() if k.target is Target.PORT and k.only is not Only.FIBRE]
    cases: list[Case] = []
    for vendor in MAKES:
        lines = _lines(rng, vendor)
        with_iptv: set[int | None] = set(
            Service.objects.filter(kind="iptv", is_active=True).values_list("port", flat=True)
        )
        taken: set[int] = set()
        # The choosy ones first, so that enough is left for them.
        for kind in ("iptv-no-groups", "two-pairs, 100 sold", "two-pairs", "healthy", *ports):
            if any(case.truth == kind and case.make == vendor for case in cases):
                continue
            free = [s for s in lines if s.pk not in taken and _suits(s, kind, with_iptv)][:CASES]
            taken |= {line.pk for line in free}
            for service in free:
                cases.append(Case(kind, vendor, service.pk))
                if kind != "healthy":
                    assert service.port is not None
                    fault = kind.split(",")[0]
                    city.do(do="fault", target=f"{service.device.code}:{service.port.name}", fault=fault)
    blocked = Service.objects.filter(subscriber__status="blocked_debt", port__isnull=False).order_by("pk")
    cases += [Case("account blocked", service.device.vendor, service.pk) for service in blocked[:OTHERS]]
    time.sleep(FLAP_S)
    rng.shuffle(cases)
    said = _judge(cases)
    city.do(do="heal", target="all")
    # What flapped a moment ago may go on flapping: the next faults come after that.
    time.sleep(FLAP_QUIET_S)
    return said


def _suits(line: Service, kind: str, with_iptv: set[int | None]) -> bool:
    """Whether the fault takes something from this line."""
    gigabit = line.port is not None and line.port.speed_mbps == 1000 and not line.port.is_uplink
    match kind:
        case "iptv-no-groups":
            return line.port_id in with_iptv
        case "two-pairs":
            return gigabit and (line.speed_mbps or 0) > 100
        case "two-pairs, 100 sold":
            return gigabit and (line.speed_mbps or 0) <= 100
    return True


def _device_faults(city: LiveCity, rng: random.Random) -> list[Said]:
    """A few lines of each hurt device. What takes light away comes apart from what only shows where light is."""
    said = []
    for kinds in (("snmp-dead", "low-light", "battery-low"), ("weak-optics",), ("hang",), ("kill",), ("reboot",)):
        cases = [case for kind in kinds for case in _hurt(city, kind, rng)]
        time.sleep(16)
        wait(lambda: not _undecided(), 30)
        said += _judge(cases)
        city.do(do="heal", target="all")
        wait(lambda: not DeviceState.objects.filter(answers=False).exists(), 60)
    return said


def _hurt(city: LiveCity, kind: str, rng: random.Random) -> list[Case]:
    if kind == "low-light":
        return _receivers(city)
    if kind == "battery-low":
        return _batteries(city)
    cases: list[Case] = []
    taken: set[int] = set()
    for make in MAKES:
        switches = Device.objects.filter(kind="switch", vendor=make, site__level=4, services__kind="internet")
        # One of a house: when all of it is silent, nobody can tell a dead agent from a dark house.
        free = sorted({d.pk: d for d in switches.exclude(site__in=taken)}.values(), key=lambda d: d.pk)
        by_site = {device.site_id: device for device in free}
        for device in rng.sample(list(by_site.values()), HURT):
            taken.add(device.site_id)
            cases += _switch(city, device, kind)
    return cases


def _switch(city: LiveCity, device: Device, kind: str) -> list[Case]:
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
    return [Case(kind, device.vendor, service.pk) for service in services.order_by("pk")[:3]]


def _receivers(city: LiveCity) -> list[Case]:
    cases: list[Case] = []
    for receiver in Device.objects.filter(kind="optical_receiver", services__isnull=False).distinct()[:OTHERS]:
        first = Service.objects.filter(device=receiver, subscriber__status="active", is_active=True).first()
        if first:
            city.do(do="fault", target=receiver.code, fault="low-light")
            cases.append(Case("low-light", receiver.vendor, first.pk))
    return cases


def _batteries(city: LiveCity) -> list[Case]:
    cases: list[Case] = []
    # Of campus nodes: the houses below have no UPS of their own.
    for ups in Device.objects.filter(kind="ups", site__level=3).select_related("site"):
        services = Service.objects.filter(
            device__site__parent=ups.site, kind="internet", is_active=True, subscriber__status="active"
        )
        if (service := services.order_by("-pk").first()) and len(cases) < OTHERS:
            city.do(do="fault", target=ups.code, fault="battery-low")
            cases.append(Case("battery-low", service.device.vendor, service.pk))
    return cases


def _undecided() -> bool:
    """A silent switch that no outage explains yet (a receiver that is asked through it may be well)."""
    silent = set(DeviceState.objects.filter(answers=False, device__kind="switch").values_list("device", flat=True))
    return bool(silent - set(OutageElement.objects.filter(lit_at=None).values_list("device", flat=True)))


def _judge(cases: list[Case]) -> list[Said]:
    """Ask one after another as operators do, and read the answers as the cards do, before they grow old."""
    return [said for start in range(0, len(cases), ASKED) for said in _ask(cases[start : start + ASKED])]


def _ask(cases: list[Case]) -> list[Said]:
    asked = []
    for case in cases:
        service = Service.objects.select_related("subscriber").get(pk=case.service)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO network_probe (operation, device_id, port_id, subject, asked_at, state, error) "
                "VALUES ('line', %s, %s, %s, clock_timestamp(), 'waiting', '') RETURNING id",
                [service.device_id, service.port_id, service.subscriber.account],
            )
            asked.append((case, service, cursor.fetchone()[0]))
            cursor.execute("NOTIFY uzel_probe")
        time.sleep(EVERY_S)
    wait(lambda: not Probe.objects.filter(state__in=["waiting", "running"]).exists(), 60)
    return [_read(case, service, probe) for case, service, probe in asked]


def _read(case: Case, service: Service, number: int) -> Said:
    began = time.perf_counter()
    lines = [line for line in lines_of(service.subscriber) if service.pk in {s.pk for s in line.services}]
    findings = verdicts(lines)[lines[0].id].findings
    desk_s = time.perf_counter() - began
    codes = tuple(f"{finding.code}{'' if finding.confidence >= SURE else '?'}" for finding in findings)
    probe = Probe.objects.get(pk=number)
    assert probe.ended_at is not None
    facts = {fact.name: fact.value for fact in findings[0].evidence}
    return Said(case, codes, f"{facts} {probe.error}", (probe.ended_at - probe.asked_at).total_seconds(), desk_s)


def _print(said: list[Said]) -> None:
    """The confusion matrix: a row per truth, what was said first and how often; what was missed, in full."""
    makes = sorted({s.case.make for s in said}, key=lambda make: (make not in MAKES, make))
    table = Table(title="what was done to the line, and what was said first", title_justify="left")
    for column in ("truth", *makes, "said first"):
        table.add_column(column)
    for truth in TRUTH:
        rows = [s for s in said if s.case.truth == truth]
        if rows:
            words = Counter(s.codes[0] for s in rows).most_common()
            shares = [[s.right for s in rows if s.case.make == make] for make in makes]
            table.add_row(
                truth,
                *(f"{sum(share)}/{len(share)}" if share else "" for share in shares),
                ", ".join(f"{code} {n}" for code, n in words),
            )
    console = Console(width=150)
    console.print(table)
    for s in [s for s in said if not s.right][:30]:
        console.print(
            f"missed: {s.case.truth} on {s.case.make}, service {s.case.service}: {', '.join(s.codes)} {s.why}"
        )
    path = Path(__file__).parent / "out"
    path.mkdir(exist_ok=True)
    kept = [{"truth": s.case.truth, "make": s.case.make, "said": s.codes, "probe_s": s.probe_s} for s in said]
    (path / "verdict.json").write_text(json.dumps(kept, indent=0))
