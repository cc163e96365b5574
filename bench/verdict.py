"""The verdict on a line: every kind of fault that the city can make, on each make of switch, true against said.

The whole way is real: the city's SNMP, traps and syslog, the monitor, the prober, PostgreSQL, the desk's own reading.
"""

import csv
import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import Figure
from bench._live_city import NET, PORT, LiveCity, monitored, own_database, process, served, wait

# isort: split
import os

from django.db import connection
from rich.console import Console
from rich.table import Table

from uzel.config import embedded
from uzel.config.settings import HOME
from uzel.desk.lines import lines_of, verdicts
from uzel.network.models import Device, DeviceState, Probe
from uzel.outages.models import Hint, OutageElement
from uzel.simcity import plan
from uzel.simcity.faults import FAULTS, FaultKind, Only, Target
from uzel.simcity.world import load
from uzel.subscribers.models import Service

SWITCHES, SUBSCRIBERS = 121, 6000
# Of one fault on one make: the small city has few free ports on its Cisco and Huawei switches.
CASES = {"D-Link": 25, "Cisco": 5, "Huawei": 5}
# Receivers, UPSes, blocked accounts; switches hurt as a whole, three lines of each.
OTHERS, HURT = 15, 6
EVERY_S = 0.1  # one operator's question after another
FLAP_S = 22.0  # long enough for a contact that goes every eight seconds to show itself
# fault -> what may be said first. Cable tests come with the switch's own command line; until then a cut is "no link".
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
        "cable-open-at": "no_link",
        "cable-short-at": "no_link",
        "loop": "loop",
        "far-end-off": "no_link",
        "two-pairs": "wrong_speed",
        "storm": "loop",
        # By SNMP alone: whom address binding drops is told by the command line, as are the groups of a set-top box.
        "binding-blocked": "no_mac",
        "iptv-no-groups": "line_fine",
        "snmp-dead": "device_silent",
        "hang": "known_outage device_dark device_silent",
        "kill": "known_outage device_dark device_silent",
        "reboot": "device_restarted known_outage device_silent",
        "low-light": "low_light",
        "battery-low": "battery_low",
        "account blocked": "account_blocked",
    }.items()
}
# Said as a hint beside the verdict: the line works.
HINTS = frozenset({"reboot", "battery-low"})
WORKING = frozenset({"healthy", "snmp-dead", "iptv-no-groups"}) | HINTS


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
    known = {name for name, kind in FAULTS.items() if kind.only is not Only.FIBRE and not name.startswith("cli-")}
    assert known <= set(TRUTH), "the city knows a fault that this bench does not"
    _make_folder(HOME / f"bench-city-{SWITCHES}" / "city")
    with own_database(), served(SWITCHES, SUBSCRIBERS) as city, monitored(city), _prober(city):
        # What an earlier run did to the same ports is no evidence of this one.
        Hint.objects.all().delete()
        Probe.objects.all().delete()
        rng = random.Random(5)
        said = [*_port_faults(city, rng), *_device_faults(city, rng)]
    _print(said)
    right = 100 * sum(s.right for s in said) / len(said)
    probes = sorted(s.probe_s for s in said)
    whole = sorted(s.probe_s + s.desk_s for s in said)
    makes = ", ".join(f"{make} {n}" for make, n in sorted(Counter(s.case.make for s in said).items()))
    yield Figure("cases", len(said), "lines", note=f"{len({s.case.truth for s in said})} kinds; {makes}")
    yield Figure("first verdict right", right, "%", ">= 97")
    yield Figure("line fine said of a broken one", sum(s.wrongly_fine for s in said), "lines", "= 0")
    yield Figure("probe p50", statistics.median(probes), "s", note="from the row written to the answer stored")
    yield Figure("probe p95", probes[int(0.95 * len(probes))], "s", "<= 1")
    yield Figure("verdict p95", whole[int(0.95 * len(whole))], "s", "<= 1", note="with the desk's reading of the line")


@contextmanager
def _prober(city: LiveCity) -> Iterator[None]:
    environment = os.environ | {"DATABASE_URL": embedded.url(connection.settings_dict)}
    with process(["prober"], environment, city.home / "prober.log"):
        yield


def _make_folder(folder: Path) -> None:
    """The city with subscribers on Cisco and Huawei too: the generated one has them on D-Link only."""
    if (folder / "services.csv").is_file():
        return
    plan.generate(folder, seed=1, switches=SWITCHES, subscribers=SUBSCRIBERS, net=NET, port=PORT)
    with (
        (folder / "subscribers.csv").open("a", encoding="utf-8", newline="") as people,
        (folder / "services.csv").open("a", encoding="utf-8", newline="") as services,
    ):
        people_rows, service_rows = csv.writer(people), csv.writer(services)
        for n, (device, port) in enumerate(_free_ports(folder)):
            people_rows.writerow([f"99{n:06}", "person", f"Абонент {n}", "active", "", "", "", "", "", ""])
            service_rows.writerow(
                [
                    f"x{n:06}",
                    f"99{n:06}",
                    "internet",
                    device,
                    port,
                    1,
                    100,
                    f"100.80.{n // 250}.{n % 250}",
                    f"0018e7{n:06x}",
                    300,
                ]
            )


def _free_ports(folder: Path) -> Iterator[tuple[str, str]]:
    for device in load(folder).devices.values():
        if device.make.family in {"cisco", "huawei"}:
            free = [p for p in device.ports if p.shape.base_port and not p.shape.is_uplink and not p.link and not p.far]
            for port in free[:-8]:
                yield device.code, port.shape.name


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
    faults = {n: k for n, k in FAULTS.items() if k.target is Target.PORT and k.only is not Only.FIBRE}
    kinds: dict[str, FaultKind | None] = {"healthy": None, **faults}
    cases = []
    for vendor, most in CASES.items():
        lines = _lines(rng, vendor)
        gigabit = [line for line in lines if line.port and line.port.speed_mbps == 1000 and not line.port.is_uplink]
        taken: set[int] = set()
        for kind, needs in kinds.items():
            fitting = gigabit if needs and needs.only is Only.GIGABIT_COPPER else lines
            free = [line for line in fitting if line.pk not in taken][:most]
            taken |= {line.pk for line in free}
            for service in free:
                cases.append(Case(kind, vendor, service.pk))
                if kind != "healthy":
                    assert service.port is not None
                    city.do(do="fault", target=f"{service.device.code}:{service.port.name}", fault=kind)
    blocked = Service.objects.filter(subscriber__status="blocked_debt", port__isnull=False).order_by("pk")
    cases += [Case("account blocked", service.device.vendor, service.pk) for service in blocked[:OTHERS]]
    time.sleep(FLAP_S)
    rng.shuffle(cases)
    said = _judge(cases)
    city.do(do="heal", target="all")
    return said


def _device_faults(city: LiveCity, rng: random.Random) -> list[Said]:
    """A few lines of each hurt device. What takes light away comes apart from what only shows where light is."""
    said = []
    for kinds in (("snmp-dead", "low-light", "battery-low"), ("hang",), ("kill",), ("reboot",)):
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
    switches = Device.objects.filter(kind="switch", site__level=4, services__kind="internet").distinct().order_by("pk")
    return [case for device in rng.sample(list(switches), HURT) for case in _switch(city, device, kind)]


def _switch(city: LiveCity, device: Device, kind: str) -> list[Case]:
    if kind == "kill":
        city.do(do="kill", device=device.code)
    else:
        city.do(do="fault", target=device.code, fault=kind)
    services = Service.objects.filter(device=device, kind="internet", is_active=True, subscriber__status="active")
    return [Case(kind, device.vendor, service.pk) for service in services.order_by("pk")[:3]]


def _receivers(city: LiveCity) -> list[Case]:
    cases = []
    for receiver in Device.objects.filter(kind="optical_receiver", services__isnull=False).distinct()[:OTHERS]:
        first = Service.objects.filter(device=receiver, subscriber__status="active", is_active=True).first()
        if first:
            city.do(do="fault", target=receiver.code, fault="low-light")
            cases.append(Case("low-light", receiver.vendor, first.pk))
    return cases


def _batteries(city: LiveCity) -> list[Case]:
    cases = []
    for ups in Device.objects.filter(kind="ups").select_related("site"):
        services = Service.objects.filter(
            device__site=ups.site, device__kind="switch", is_active=True, subscriber__status="active"
        )
        if (service := services.order_by("-pk").first()) and len(cases) < OTHERS:
            city.do(do="fault", target=ups.code, fault="battery-low")
            cases.append(Case("battery-low", service.device.vendor, service.pk))
    return cases


def _undecided() -> bool:
    """A silent switch that no outage explains yet (a receiver that is asked through it may be well)."""
    silent = set(DeviceState.objects.filter(answers=False, device__kind="switch").values_list("device", flat=True))
    return bool(silent - set(OutageElement.objects.filter(lit_at=None).values_list("device", flat=True)))


def _judge(cases: Iterable[Case]) -> list[Said]:
    """Ask one after another as operators do, then read every answer as the card does."""
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
    codes = tuple(str(finding.code) for finding in verdicts(lines)[lines[0].id].findings)
    desk_s = time.perf_counter() - began
    probe = Probe.objects.get(pk=number)
    assert probe.ended_at is not None
    return Said(case, codes, (probe.ended_at - probe.asked_at).total_seconds(), desk_s)


def _print(said: list[Said]) -> None:
    """The confusion matrix: a row per truth, what was said first and how often; what was missed, in full."""
    table = Table(title="what was done to the line, and what was said first", title_justify="left")
    for column in ("truth", "cases", "right", "said"):
        table.add_column(column)
    for truth in TRUTH:
        rows = [s for s in said if s.case.truth == truth]
        if rows:
            words = Counter(s.codes[0] for s in rows).most_common()
            table.add_row(
                truth, str(len(rows)), str(sum(s.right for s in rows)), ", ".join(f"{code} {n}" for code, n in words)
            )
    console = Console(width=150)
    console.print(table)
    for s in [s for s in said if not s.right][:30]:
        console.print(f"missed: {s.case.truth} on {s.case.make}, service {s.case.service}: {', '.join(s.codes)}")
    path = Path(__file__).parent / "out"
    path.mkdir(exist_ok=True)
    rows = [{"truth": s.case.truth, "make": s.case.make, "said": s.codes, "probe_s": s.probe_s} for s in said]
    (path / "verdict.json").write_text(json.dumps(rows, indent=0))
