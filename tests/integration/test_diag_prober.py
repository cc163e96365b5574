"""The prober over a real PostgreSQL and simulated switches that answer real SNMP."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.db import connection
from django.utils import timezone

from tests.diag_city import LiveCity
from tests.probing import answered, ask, run_probers, verdict
from uzel.core.changes import Kind
from uzel.core.diagnosis import Code
from uzel.journal.models import Event
from uzel.network import models as network
from uzel.network.models import Probe
from uzel.outages.models import Hint
from uzel.people.models import User
from uzel.pollers import probe_store
from uzel.pollers.cli_device import device as device_group

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("diag_city")]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveCity]:
    with LiveCity(tmp_path_factory.mktemp("city")) as live:
        yield live


@pytest.fixture
def city(live: LiveCity) -> LiveCity:
    live.bring_in()
    return live


def test_a_healthy_line(city: LiveCity) -> None:
    port = city.subscriber_ports()[0]
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port) == [Code.LINE_FINE]
    assert (probe.state, probe.error) == ("done", "")
    assert probe.started_at and probe.ended_at and probe.started_at < probe.ended_at
    first, second = probe.result["ports"]
    assert 0.4 < second["at"] - first["at"] < 5
    assert [entry["mac"] for entry in probe.result["fdb"]] == [port.stations[0][0]]
    event = Event.objects.get(name="probe.done")
    assert event.payload["id"] == probe.pk
    # Nobody has said how its command line is reached: the part by SNMP stands.
    assert set(probe.result["missing"].values()) == {"no_credentials"} and probe.result["said"] == []


@pytest.mark.slow
@pytest.mark.parametrize("family", ["cisco", "huawei"])
def test_a_line_on_another_make(city: LiveCity, family: str) -> None:
    """Huawei's base ports are not its ifIndexes; a Cisco is asked for one VLAN at a time."""
    device = next(d for d in city.world.devices.values() if d.make.family == family)
    port = next(p for p in device.ports if p.shape.base_port and not p.far and not p.stations and not p.shape.is_uplink)
    with city.lock:
        port.stations = (("0018e7a1b2c3", 1),)
        city.city.settle(time.time(), (port,))
        port.changed_at = time.time() - 600
    try:
        probe = ask(port)
        run_probers(answered)
        assert verdict(probe, port) == [Code.LINE_FINE]
        assert [entry["if_index"] for entry in probe.result["fdb"]] == [port.shape.if_index]
    finally:
        with city.lock:
            port.stations = ()
            city.city.settle(time.time(), (port,))


FAULTS = [
    ("errors", Code.ERRORS_GROWING),
    ("no-mac", Code.NO_MAC),
    ("wrong-mac", Code.FOREIGN_MAC),
    ("many-macs", Code.TOO_MANY_MACS),
    ("half-duplex", Code.HALF_DUPLEX),
    ("slow", Code.WRONG_SPEED),
    ("no-link", Code.NO_LINK),
    ("admin-down", Code.PORT_ADMIN_DOWN),
    ("cable-open-at=31m", Code.NO_LINK),
    ("loop", Code.LOOP),
    ("storm", Code.STORM),
    ("binding-blocked", Code.BINDING_BLOCKED),
]


def test_faults_of_ports(city: LiveCity) -> None:
    ports = city.subscriber_ports()[: len(FAULTS)]
    for port, (fault, _) in zip(ports, FAULTS, strict=True):
        city.fault(port, fault)
    try:
        probes = [ask(port) for port in ports]
        run_probers(answered)
        said = [verdict(probe, port)[0] for probe, port in zip(probes, ports, strict=True)]
        assert said == [code for _, code in FAULTS]
    finally:
        for port in ports:
            city.heal(port)


@pytest.mark.slow
def test_an_uplink_that_spoils_frames(city: LiveCity) -> None:
    port = city.subscriber_ports(lambda p: p.device.code.endswith("-sw1"))[0]
    uplink = next(p for p in port.device.ports if p.link and p.shape.is_uplink)
    city.fault(uplink, "weak-optics")
    try:
        probe = ask(port)
        run_probers(answered)
        assert verdict(probe, port)[0] is Code.WEAK_UPLINK
        (seen,) = probe.result["uplinks"]
        assert abs(seen["rx_dbm"] + 27.5) < 0.1 and len(seen["readings"]) == 2
    finally:
        city.heal(uplink)


@pytest.mark.slow
def test_the_log_of_the_port_reaches_the_verdict(city: LiveCity) -> None:
    port = city.subscriber_ports()[0]
    probe = ask(port)
    told = [(40, "loop"), (30, "loop_gone"), (20, "binding_blocked")]
    for ago, kind in told:
        at = timezone.now() - timedelta(seconds=ago)
        parsed = {"kind": kind, "port": port.shape.name}
        Hint.objects.create(at=at, kind="syslog", source="127.0.0.1", device=probe.device, raw=b"", parsed=parsed)
    run_probers(answered)
    # The loop is over, and who was turned away is heard by now.
    assert verdict(probe, port) == [Code.LINE_FINE]
    assert [note["code"] for note in probe.result["notes"]] == [kind for _, kind in told]


@pytest.mark.slow
def test_what_cannot_be_asked(city: LiveCity) -> None:
    silent = next(d for d in city.world.devices.values() if d.make.family == "dlink" and d.address)
    city.fault(silent, "snmp-dead")
    try:
        dead = ask(next(p for p in silent.ports if p.shape.base_port))
        other = city.subscriber_ports(lambda p: p.device is not silent)[0]
        odd = ask(other, operation="no such thing")
        no_port = ask(other)
        network.Port.objects.filter(pk=no_port.port_id).update(if_index=4242)
        run_probers(answered)
        for probe in (dead, odd, no_port):
            probe.refresh_from_db()
        assert (dead.state, dead.error) == ("failed", "timeout")
        assert (odd.state, odd.error) == ("failed", "unknown_operation")
        assert (no_port.state, no_port.error) == ("failed", "no_such")
        assert verdict(dead, other) == [Code.DEVICE_SILENT]
        # Known within a second, and the page hears of a failure too.
        assert Event.objects.filter(name="probe.done").count() == 3
    finally:
        city.heal(silent)


@pytest.mark.slow
def test_receivers_and_upses(city: LiveCity) -> None:
    devices = [d for d in city.world.devices.values() if d.make.family.startswith(("optical-", "ups-")) and d.address]
    by_family = {device.make.family: device for device in devices}
    probes = {family: ask(device) for family, device in by_family.items()}
    run_probers(answered)
    for family, probe in probes.items():
        probe.refresh_from_db()
        assert probe.state == "done", family
        if family.startswith("ups"):
            assert probe.result["ups"]["on_battery"] is False, family
            assert 180 < probe.result["ups"]["input_v"] < 260, family
        else:
            assert -10 < probe.result["receiver"]["input_dbm"] < 10, family


@pytest.mark.slow
def test_receivers_and_upses_are_asked_from_a_shell(city: LiveCity) -> None:
    devices = [d for d in city.world.devices.values() if d.make.family.startswith(("optical-", "ups-")) and d.address]
    for family, code in {device.make.family: device.code for device in devices}.items():
        is_ups = family.startswith("ups")
        for operation in ("identity",) if is_ups else ("identity", "optics"):
            done = CliRunner().invoke(device_group, ["ask", code, operation, "--json"])
            told = json.loads(done.stdout)
            assert (done.exit_code, told.get("kind", told)) == (0, "UpsReading" if is_ups else "OpticalReading"), family
            (row,) = told["rows"]
            assert 180 < row["input_v"] < 260 if is_ups else -10 < row["input_dbm"] < 10, family
        assert CliRunner().invoke(device_group, ["ask", code, "identity"]).exit_code == 0
        for more in (("ports",), ("identity", "--by", "cli")):
            done = CliRunner().invoke(device_group, ["ask", code, *more])
            assert (done.exit_code, f"[only_{'identity' if is_ups else 'optics'}," in done.stderr) == (3, True)


@pytest.mark.slow
def test_two_probers_answer_each_probe_once(city: LiveCity) -> None:
    ports = city.subscriber_ports()[:25]
    for port in ports:
        ask(port)
    run_probers(answered, count=2)
    assert Probe.objects.filter(state="done").count() == len(ports)
    assert Event.objects.filter(name="probe.done").count() == len(ports)


@pytest.mark.slow
def test_a_dead_probers_rows_are_taken_up(city: LiveCity) -> None:
    now, port = timezone.now(), city.subscriber_ports()[0]
    left = ask(port, state="running", started_at=now - timedelta(seconds=probe_store.RUNS_AT_MOST_S + 1))
    forgotten = ask(port, asked_at=now - timedelta(seconds=probe_store.EXPIRES_S + 1))
    run_probers(answered)
    left.refresh_from_db()
    forgotten.refresh_from_db()
    assert left.state == "done"
    assert (forgotten.state, forgotten.error) == ("failed", "expired")


def test_an_answer_to_a_row_given_to_another_is_not_written(city: LiveCity) -> None:
    probe = ask(city.subscriber_ports()[0])
    (mine,) = probe_store.claim(5)
    assert probe_store.claim(5) == []
    Probe.objects.filter(pk=probe.pk).update(started_at=timezone.now() + timedelta(seconds=1))
    assert not probe_store.finish(mine, result={"mine": True})
    probe.refresh_from_db()
    assert (probe.state, probe.result) == ("running", None)
    assert not Event.objects.filter(name="probe.done").exists()


@pytest.mark.slow
def test_a_lost_database_is_waited_for(city: LiveCity) -> None:
    port = city.subscriber_ports()[0]

    def cut_all_and_ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ask(port)

    connection.close()
    run_probers(lambda: Probe.objects.filter(state="done").exists(), during=cut_all_and_ask)


@pytest.mark.slow
def test_an_earlier_probe_tells_of_slow_errors(city: LiveCity) -> None:
    port = city.subscriber_ports()[0]
    earlier = ask(port)
    run_probers(answered)
    earlier.refresh_from_db()
    result = earlier.result
    for reading in result["ports"]:
        reading.update(in_errors=max(0, reading["in_errors"] - 500), crc=reading["crc"] - 500, at=reading["at"] - 3600)
        reading["crc"] = max(0, reading["crc"])
    with city.lock:
        base = [1000.0] * 12
        port.counted = tuple(base)
    try:
        Probe.objects.filter(pk=earlier.pk).update(result=result)
        probe = ask(port)
        run_probers(answered)
        assert verdict(probe, port)[0] is Code.ERRORS_GROWING
        assert len(probe.result["previous"]) == 1
    finally:
        with city.lock:
            port.counted = None


@pytest.mark.slow
def test_traps_and_syslog_of_the_port_are_counted(city: LiveCity) -> None:
    port = city.subscriber_ports()[0]
    probe = ask(port)
    for n in range(3):
        for parsed in (
            {"kind": "link_down", "if_index": port.shape.if_index},
            {"kind": "link_up", "port": port.shape.name},
        ):
            at = timezone.now() - timedelta(seconds=60 - 10 * n - 5 * (parsed["kind"] == "link_up"))
            Hint.objects.create(at=at, kind="trap", source="127.0.0.1", device=probe.device, raw=b"", parsed=parsed)
    Hint.objects.create(
        at=timezone.now(),
        kind="trap",
        source="127.0.0.1",
        device=probe.device,
        raw=b"",
        parsed={"kind": "link_up", "if_index": 9999},
    )
    run_probers(answered)
    assert verdict(probe, port)[0] is Code.FLAPPING
    assert len(probe.result["changes_at"]) == 6


@pytest.mark.slow
@pytest.mark.parametrize("act", ["restart", "cable"])
def test_what_we_did_to_the_port_is_no_loose_contact(city: LiveCity, act: str) -> None:
    port = city.subscriber_ports()[0]
    probe = ask(port)
    user = User.objects.create_user("operator")
    for ago in (200, 100):
        began, ended = (timezone.now() - timedelta(seconds=ago - n) for n in (0, 3))
        if act == "cable":
            ask(port, operation="cable", state="done", asked_at=began, started_at=began, ended_at=ended)
        else:
            network.Change.objects.create(
                key=uuid4(), kind=Kind.PORT_RESTART, device=probe.device, port=probe.port, asked_by=user,
                confirmed_by=user, reason="a test", state="done", started_at=began, ended_at=ended,
            )  # fmt: skip
        for after, kind in ((1, "link_down"), (6, "link_up")):
            at, parsed = began + timedelta(seconds=after), {"kind": kind, "if_index": port.shape.if_index}
            Hint.objects.create(at=at, kind="trap", source="127.0.0.1", device=probe.device, raw=b"", parsed=parsed)
    run_probers(answered)
    assert verdict(probe, port) == [Code.LINE_FINE]
    assert len(probe.result["changes_at"]) == 4 and len(probe.result["own_acts"]) == 2
