"""The verdict on a line: every kind of fault that the city can make, on each make of switch, true against said.

The whole way is real: the city's SNMP, command lines, traps and syslog, the monitor, the prober, PostgreSQL, the desk's
own reading. Faults of different lines stand side by side in one city; questions come one after another.
"""

import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from bench import Figure
from bench._live_city import PORT, LiveCity, monitored, own_database, process, served, wait
from bench._verdict_cases import (
    BAD_CLI,
    COMMAND_LINES,
    FLAP_S,
    HINTS,
    MAKES,
    TESTED,
    TOGETHER,
    TRUTH,
    WORKING,
    Case,
    heal,
    hurt_devices,
    hurt_ports,
)

# isort: split
import os

from django.db import connection
from rich.console import Console
from rich.table import Table

from uzel.config import embedded
from uzel.desk.lines import lines_of, verdicts
from uzel.drivers.transport import Wire
from uzel.journal.models import Event
from uzel.network.models import AccessGroup, Probe
from uzel.outages.models import Hint
from uzel.pollers import device_facts
from uzel.simcity import plan_network
from uzel.simcity.faults import FAULTS
from uzel.simcity.shell import ACCOUNTS, ENABLE_SECRET
from uzel.subscribers.models import Service

SWITCHES, SUBSCRIBERS = 121, 6000
# The generated city has subscribers on D-Link only; here houses have switches of all three makes, enough of each.
HOUSES = (("DES-3200-28", 20), ("DGS-3000-28X", 10), ("DES-3526", 6), ("WS-C3560G-48TS", 28), ("S5328C-EI", 36))
# How far the telnet of the city stands above its SNMP.
TELNET_ABOVE = 1162
# One operator's question after another; so many, then their answers are read.
EVERY_S, ASKED = 0.08, 120
# How long the switches of the city are busy with a test of a cable; a real Cisco needs five to seven seconds.
TEST_S = {"D-Link": 0.3, "Cisco": 3.0, "Huawei": 2.0}
# A finding below this confidence is said as "probably".
SURE = 0.8


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk said of a case. `probe_s`: from the row to the answer; `desk_s`: to read it and to judge.

    `told_s`: from the row to the first that was known, while a cable was tested.
    """

    case: Case
    codes: tuple[str, ...]
    why: str
    probe_s: float
    desk_s: float
    tested: bool
    told_s: float

    @property
    def right(self) -> bool:
        """The first finding is the truth (a hint: any finding)."""
        said = self.codes if self.case.truth in HINTS else self.codes[:1]
        return bool(TRUTH[self.case.truth] & set(said))

    @property
    def wrongly_fine(self) -> bool:
        """The worst answer there is."""
        return self.codes[0] == "line_fine" and self.case.truth not in WORKING

    @property
    def whole_s(self) -> float:
        return self.probe_s + self.desk_s

    @property
    def first_s(self) -> float:
        """To the first word: the verdict on what is known so far is read and judged as the last one is."""
        return self.told_s + self.desk_s

    @property
    def hindered(self) -> bool:
        """The switch's command line was hurt: the wait for it is no measure of ours."""
        return self.case.truth in {BAD_CLI, *COMMAND_LINES}


def run() -> Iterator[Figure]:
    """Measure and print the matrix."""
    assert set(FAULTS) <= set(TRUTH), "the city knows a fault that this bench does not"
    began = time.monotonic()
    with mock.patch.object(plan_network, "HOUSE_MODELS", HOUSES):
        city_of_three = served(SWITCHES, SUBSCRIBERS, name="three-makes")
        with own_database("uzel_bench_verdict"), city_of_three as city, monitored(city), _prober(city):
            # What an earlier run did to the same ports is no evidence of this one.
            Hint.objects.all().delete()
            Probe.objects.all().delete()
            said = _measure(city)
    _print(said)
    yield from _figures(said)
    yield Figure("whole run", (time.monotonic() - began) / 60, "min", note="with starting the city and waiting for it")


def _measure(city: LiveCity) -> list[Said]:
    rng = random.Random(5)
    cases = hurt_ports(city, rng)
    time.sleep(FLAP_S)
    said = _judge(cases)
    # What was hurt before is no evidence of what comes: those lines are not asked again.
    spent = {case.service for case in cases}
    for kinds in TOGETHER:
        heal(city)
        said += _judge(hurt_devices(city, kinds, rng, spent))
    heal(city)
    return said


def _figures(said: Sequence[Said]) -> Iterator[Figure]:
    makes = ", ".join(f"{make} {n}" for make, n in sorted(Counter(s.case.make for s in said).items()))
    kinds = len({s.case.truth for s in said} - {"healthy", BAD_CLI})
    yield Figure("cases", len(said), "lines", ">= 1000", note=f"{kinds} kinds of fault; {makes}")
    yield Figure("first verdict right", 100 * sum(s.right for s in said) / len(said), "%", ">= 97")
    for make in MAKES:
        own = [s for s in said if s.case.make == make]
        yield Figure(f"first verdict right, {make}", 100 * sum(s.right for s in own) / len(own), "%")
    yield Figure("line fine said of a broken one", sum(s.wrongly_fine for s in said), "lines", "= 0")
    told = [s for s in said if not s.hindered]
    plain, tested = [s for s in told if not s.tested], [s for s in told if s.tested]
    yield Figure("probe p50", statistics.median(s.probe_s for s in plain), "s", note="row written to answer stored")
    desk = "from the row written to the verdict read"
    yield Figure("verdict p95, no cable test", _p95(plain), "s", "<= 1", note=f"{len(plain)} lines, {desk}")
    yield Figure("verdict p95, cable test", _p95(tested), "s", "<= 3", note=f"{len(tested)} lines, {desk}")
    for make in MAKES:
        own = [s for s in tested if s.case.make == make]
        note = f"{len(own)} lines; the test itself takes {TEST_S[make]} s in the city"
        yield Figure(f"verdict p95, cable test, {make}", _p95(own), "s", "<= 3", note=note)
    yield from _first_words(tested)
    hindered = [s for s in said if s.hindered]
    yield Figure("verdict p95, command line hurt", _p95(hindered), "s", note=f"{len(hindered)} lines, cli-… faults")


def _first_words(tested: Sequence[Said]) -> Iterator[Figure]:
    """How long nobody knows anything while a cable is tested."""
    note = f"{len(tested)} lines, from the row written to the verdict on what is known so far"
    yield Figure("first word p50, cable test", statistics.median(s.first_s for s in tested), "s")
    yield Figure("first word p95, cable test", _p95(tested, first=True), "s", "<= 1", note=note)
    for kind in sorted({s.case.truth for s in tested}):
        own = [s for s in tested if s.case.truth == kind]
        yield Figure(f"first word p95, {kind}", _p95(own, first=True), "s", "<= 1", note=f"{len(own)} lines")


def _p95(said: Sequence[Said], *, first: bool = False) -> float:
    took = sorted(s.first_s if first else s.whole_s for s in said)
    return took[int(0.95 * len(took))] if took else float("nan")


@contextmanager
def _prober(city: LiveCity) -> Iterator[None]:
    name, (password, _) = "uzel", ACCOUNTS["uzel"]
    for group in AccessGroup.objects.all():
        port = PORT + TELNET_ABOVE
        device_facts.set_access(group, wire=Wire.TELNET, port=port, user=name, password=password, enable=ENABLE_SECRET)
    environment = os.environ | {"DATABASE_URL": embedded.url(connection.settings_dict)}
    with process(["prober"], environment, city.home / "prober.log"):
        yield


def _judge(cases: list[Case]) -> list[Said]:
    """Ask one after another as operators do, and read the answers as the cards do, before they grow old."""
    return [said for start in range(0, len(cases), ASKED) for said in _ask(cases[start : start + ASKED])]


def _ask(cases: list[Case]) -> list[Said]:
    rows = Service.objects.select_related("subscriber").in_bulk([case.service for case in cases])
    _put("cable", [rows[case.service] for case in cases if case.truth == TESTED])
    probes = _put("line", [rows[case.service] for case in cases])
    return [_read(case, rows[case.service], probe) for case, probe in zip(cases, probes, strict=True)]


def _put(operation: str, services: Sequence[Service]) -> list[int]:
    """Ask this of the line of each service, and wait for all answers; the ids of the probes."""
    asked = []
    for service in services:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO network_probe (operation, device_id, port_id, subject, asked_at, state, error) "
                "VALUES (%s, %s, %s, %s, clock_timestamp(), 'waiting', '') RETURNING id",
                [operation, service.device_id, service.port_id, service.subscriber.account],
            )
            asked.append(cursor.fetchone()[0])
            cursor.execute("NOTIFY uzel_probe")
        time.sleep(EVERY_S)
    wait(lambda: not Probe.objects.filter(state__in=["waiting", "running"]).exists(), 60, every_s=0.1)
    return asked


def _read(case: Case, service: Service, number: int) -> Said:
    began = time.perf_counter()
    lines = [line for line in lines_of(service.subscriber) if service.pk in {s.pk for s in line.services}]
    findings = verdicts(lines)[lines[0].id].findings
    desk_s = time.perf_counter() - began
    codes = tuple(f"{finding.code}{'' if finding.confidence >= SURE else '?'}" for finding in findings)
    probe = Probe.objects.get(pk=number)
    assert probe.ended_at is not None
    facts = {fact.name: fact.value for fact in findings[0].evidence}
    result = probe.result or {}
    words = Event.objects.filter(name__in=["probe.told", "probe.done"], payload__id=number).order_by("id")
    told_s = (words[0].at - probe.asked_at).total_seconds()
    tested = any(part["operation"] == "cable-test" for part in result.get("said", ()))
    why = f"{facts} {probe.error} {result.get('missing', {})} {result.get('errors', {})}"
    return Said(case, codes, why, (probe.ended_at - probe.asked_at).total_seconds(), desk_s, tested, told_s)


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
    for s in [s for s in said if not s.right or s.wrongly_fine][:40]:
        console.print(
            f"missed: {s.case.truth} on {s.case.make}, service {s.case.service}: {', '.join(s.codes)} {s.why}",
            markup=False,
        )
    path = Path(__file__).parent / "out"
    path.mkdir(exist_ok=True)
    kept = [
        {"truth": s.case.truth, "make": s.case.make, "said": s.codes, "tested": s.tested}
        | {"probe_s": s.probe_s, "told_s": s.told_s}
        for s in said
    ]
    (path / "verdict.json").write_text(json.dumps(kept, indent=0))
