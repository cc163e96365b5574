"""A switch whose SNMP is silent while its command line speaks: the verdict is about the line."""

import asyncio
import time
from dataclasses import replace

import pytest

from tests.city_served import Running
from tests.probing import answered, ask, hurt, lines, run_probers, verdict
from tests.probing import city as city
from tests.probing import live as live
from uzel.core.answers import Operation
from uzel.core.diagnosis import Code
from uzel.drivers.pool import Pool
from uzel.drivers.snmp import SnmpError
from uzel.network.models import Probe
from uzel.pollers import probe_cli, probe_silent, probe_store
from uzel.pollers.probe_read import LineReader

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("diag_city_cli")]


@pytest.fixture(autouse=True)
def all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things must not make an answer late."""
    monkeypatch.setattr(probe_silent, "READS_S", 15.0)
    monkeypatch.setattr(probe_silent, "SPEAKS_S", 10.0)
    monkeypatch.setattr(probe_cli, "TURN_S", dict.fromkeys(probe_cli.TURN_S, 15.0))


@pytest.mark.parametrize("make", ["dlink", "cisco", "huawei"])
def test_a_line_is_judged_by_the_command_line_alone(city: Running, make: str) -> None:
    port = lines(city, make)[0]
    hurt(city, port.device, "snmp-dead")
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port) == [Code.LINE_FINE, Code.MONITORING_SILENT]
    assert (probe.state, probe.error, probe.result["silent"]) == ("done", "", "timeout")
    assert probe.result["missing"] == {}
    asked = [part["operation"] for part in probe.result["said"]]
    assert asked[:3] == ["ports", "errors", "macs"] and asked.count("errors") == 2 and "log" in asked
    own = {mac for mac, _ in port.stations}
    assert {entry["mac"] for entry in probe.result["fdb"]} <= own and probe.result["fdb"]
    # The counters of the command line are others than those of SNMP: they are no past for the next look.
    city.do(do="heal", target=port.device.code)
    later = ask(port)
    run_probers(answered)
    later.refresh_from_db()
    assert later.result["previous"] == [] and "silent" not in later.result


def test_a_broken_cable_is_found_while_snmp_is_silent(city: Running) -> None:
    port = lines(city, "dlink")[-1]
    hurt(city, port.device, "snmp-dead")
    hurt(city, port, "cable-open-at=31m")
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port)[0] is Code.CABLE_BREAK
    assert probe.result["cable"]["pairs"]


@pytest.mark.parametrize("make", ["dlink", "cisco", "huawei"])
def test_a_storm_is_found_while_snmp_is_silent(city: Running, make: str) -> None:
    port = lines(city, make)[0]
    hurt(city, port.device, "snmp-dead")
    hurt(city, port, "storm")
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port)[0] is Code.STORM


def test_a_blocked_client_is_found_while_snmp_is_silent(city: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    port = lines(city, "dlink")[0]
    hurt(city, port.device, "snmp-dead")
    hurt(city, port, "binding-blocked")
    probes = [ask(port)]
    run_probers(answered)
    # The table of MACs tells it where the list of the blocked cannot be had.
    known = probe_silent.live_line
    monkeypatch.setattr(
        probe_silent, "live_line", lambda *told: [op for op in known(*told) if op is not Operation.BLOCKED]
    )
    probes.append(ask(port))
    run_probers(answered)
    for probe in probes:
        assert verdict(probe, port)[0] is Code.BINDING_BLOCKED
        assert set(probe.result["blocked_macs"]) == {mac for mac, _ in port.stations}
        assert probe.result["fdb"] == []


def test_a_device_that_speaks_neither_way_is_known_as_silent_soon(
    city: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that hangs: it takes the connection and says nothing."""
    monkeypatch.undo()
    port = lines(city, "dlink")[0]
    hurt(city, port.device, "snmp-dead")
    hurt(city, port.device, "cli-hang")
    probe = ask(port)
    later: list[Probe] = []

    def until() -> bool:
        if answered() and not later:
            later.append(ask(port))
        return bool(later) and answered()

    run_probers(until)
    took = []
    for each in (probe, later[0]):
        assert verdict(each, port) == [Code.DEVICE_SILENT]
        assert (each.state, each.error) == ("failed", "timeout")
        assert each.started_at and each.ended_at
        took.append((each.ended_at - each.started_at).total_seconds())
    # The first waits for the command line no longer than it may take, the next card not at all.
    assert took[0] < 3.0 and took[1] < 1.8


def test_a_dead_device_is_waited_for_no_longer_than_its_command_line_may_take(city: Running) -> None:
    """Nothing listens at all: neither way is waited for longer than the other."""
    ask(lines(city, "dlink")[0])
    (question,) = probe_store.claim(1)
    assert question.access is not None
    access = replace(question.access, address="127.255.1.1", cli_port=9)
    dead = replace(question, address="127.255.1.1", snmp_port=9, access=access)

    async def look() -> float:
        async def nobody(_: object) -> None:
            """Nobody waits for a result so far."""

        async with Pool() as pool:
            began = time.monotonic()
            with pytest.raises(SnmpError):
                await LineReader(probe_cli.CliReader(pool)).read(dead, nobody)
            return time.monotonic() - began

    assert asyncio.run(look()) < 2.0
    Probe.objects.all().delete()
