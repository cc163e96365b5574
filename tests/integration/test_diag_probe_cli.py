"""Probes over the command line: the city's telnet beside its SNMP, and what stands when the one of them fails."""

import asyncio

import pytest

from tests.city_served import Running
from tests.probing import answered, ask, hurt, lines, reach, run_probers, verdict
from tests.probing import city as city
from tests.probing import live as live
from uzel.core.answers import Operation
from uzel.core.diagnosis import Code, Evidence, diagnose
from uzel.drivers.ask import Facts
from uzel.drivers.cli_page import Mark
from uzel.drivers.pool import Pool
from uzel.network.models import Probe
from uzel.pollers import probe_cli, probe_read, probe_store
from uzel.simcity.world import Port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("diag_city_cli")]


@pytest.fixture(autouse=True)
def all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things must not make an answer late."""
    monkeypatch.setattr(probe_read, "READS_S", 15.0)
    monkeypatch.setattr(probe_cli, "TURN_S", dict.fromkeys(probe_cli.TURN_S, 15.0))


def crowded(live: Running) -> list[Port]:
    """Ports of the D-Link that has most subscribers."""
    devices = {port.device.id: port.device for port in lines(live, "dlink")}.values()
    own = [[port for port in device.ports if len(port.stations) == 1 and not port.far] for device in devices]
    return max(own, key=len)


def asked(probe: Probe) -> dict[str, str]:
    probe.refresh_from_db()
    return {part["operation"]: part["text"] for part in probe.result["said"]}


def test_a_live_line_is_read_both_ways_and_its_cable_left_alone(city: Running) -> None:
    port = lines(city, "dlink", iptv=True)[0]
    probe = ask(port)
    run_probers(answered)
    services = frozenset({"internet", "iptv"})
    assert verdict(probe, port, services=services) == [Code.LINE_FINE]
    assert asked(probe).keys() == {"igmp-groups", "blocked", "bindings", "loops", "log"}
    assert probe.result["missing"] == {}
    assert "cable" not in probe.result and probe.result["groups"][0]["group"].startswith("239.")
    assert probe.result["blocked_macs"] == [] and probe.result["loops"][0]["loop"] is False
    bound = {row["mac"] for row in probe.result["bindings"]}
    assert bound & {mac for mac, _ in port.stations}
    commands = {part["operation"]: part["asked"] for part in probe.result["said"]}
    assert commands["blocked"] == ["show address_binding blocked all"]
    marks = {part["operation"]: part["mark"] for part in probe.result["said"]}
    assert marks["log"] == "recorded" and set(marks.values()) <= set(Mark)
    assert all(part["by"] == "cli" and not part["not_understood"] for part in probe.result["said"])


@pytest.mark.parametrize("make", ["cisco", "huawei"])
def test_the_light_of_the_uplinks_is_asked_for_where_snmp_does_not_tell_it(city: Running, make: str) -> None:
    port = lines(city, make)[0]
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port) == [Code.LINE_FINE]
    assert "optics" in asked(probe), (probe.result.get("optics"), probe.result["missing"])
    assert probe.result["missing"] == {}
    names = {each.shape.name for each in port.device.ports if each.shape.is_uplink}
    assert {row["port"] for row in probe.result["optics"]} <= names
    assert any(row["rx_dbm"] is not None for row in probe.result["optics"])


CABLES = [
    ("cable-open-at=31m", Code.CABLE_BREAK),
    ("cable-short-at=12m", Code.CABLE_SHORT),
    ("far-end-off", Code.FAR_END_OFF),
    ("no-link", Code.NO_LINK),
]


@pytest.mark.parametrize("family", ["dlink", "cisco", "huawei"])
def test_the_cable_of_a_dead_line_is_tested(city: Running, family: str) -> None:
    # Lines that no other test looks at: a link that has just come back is not judged.
    ports = lines(city, family)[-len(CABLES) :]
    for port, (fault, _) in zip(ports, CABLES, strict=True):
        hurt(city, port, fault)
    probes = [ask(port) for port in ports]
    run_probers(answered)
    said = [verdict(probe, port)[0] for probe, port in zip(probes, ports, strict=True)]
    assert said == [code for _, code in CABLES]
    lengths = [pair["length_m"] for pair in probes[0].result["cable"]["pairs"]]
    assert all(30 <= metres <= 33 for metres in lengths) and lengths
    assert "cable-test" in asked(probes[0])


def test_a_cable_test_on_demand(city: Running) -> None:
    port = lines(city, "dlink")[0]
    probe = ask(port, "cable")
    run_probers(answered)
    assert asked(probe).keys() == {"cable-test"}
    assert probe.result["cable"]["state"] == "ok" and probe.result["missing"] == {}
    assert "ports" not in probe.result


def test_the_cable_of_an_uplink_is_never_tested(city: Running) -> None:
    uplink = next(p for p in lines(city, "dlink")[0].device.ports if p.shape.is_uplink)
    probe = ask(uplink, "cable")
    run_probers(answered)
    probe.refresh_from_db()
    assert (probe.state, probe.error) == ("failed", "uplink")


def test_binding_by_the_lists_of_each_make(city: Running) -> None:
    ports = [lines(city, family)[1] for family in ("dlink", "cisco", "huawei")]
    for port in ports:
        hurt(city, port, "binding-blocked")
    probes = [ask(port) for port in ports]
    run_probers(answered)
    assert [verdict(probe, port)[0] for probe, port in zip(probes, ports, strict=True)] == [Code.BINDING_BLOCKED] * 3
    for probe, port in zip(probes, ports, strict=True):
        own = frozenset(mac for mac, _ in port.stations)
        found = diagnose(Evidence.from_probe(probe.result, expected_macs=own))[0]
        assert (found.tell, found.do) == ("own_blocked", "clear_binding"), port.device.make.family
    assert set(probes[0].result["blocked_macs"]) & {mac for mac, _ in ports[0].stations}
    assert probes[1].result["bindings"] == probes[2].result["bindings"] == []


@pytest.mark.parametrize("family", ["dlink", "cisco", "huawei"])
def test_an_answer_of_another_switch_is_not_taken(city: Running, family: str) -> None:
    port = lines(city, family)[0]
    hurt(city, port.device, "cli-wrong-host")
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port) == [Code.LINE_FINE]
    assert set(probe.result["missing"].values()) == {"wrong_host"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("cli-close-after-login", "closed"),
        ("cli-hang", probe_cli.LATE),
        ("cli-flood", "flooded"),
        ("cli-slow=30s", probe_cli.LATE),
        ("cli-locked", "locked_by_other_session"),
    ],
)
def test_what_snmp_told_stands_when_the_command_line_fails(
    city: Running, fault: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if code == probe_cli.LATE:
        monkeypatch.setattr(probe_read, "READS_S", 1.5)
    port = lines(city, "dlink", iptv=True)[0]
    hurt(city, port.device, fault)
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port) == [Code.LINE_FINE]
    assert probe.state == "done" and code in probe.result["missing"].values()


@pytest.mark.parametrize("code", ["wrong_password", "password_expired"])
def test_a_password_that_opens_nothing_is_not_tried_again_by_the_next_card(city: Running, code: str) -> None:
    first, second = crowded(city)[:2]
    if code == "wrong_password":
        reach(city, password="an old one")
    else:
        hurt(city, first.device, "cli-password-expired")
    probe = ask(first)
    later: list[Probe] = []

    def until() -> bool:
        if answered() and not later:
            later.append(ask(second))
        return bool(later) and answered()

    run_probers(until)
    for each in (probe, later[0]):
        each.refresh_from_db()
        assert set(each.result["missing"].values()) == {code}
    assert "an old one" not in str(probe.result)
    assert probe.result["said"] and not later[0].result["said"]


def test_probes_of_one_switch_share_its_session(city: Running) -> None:
    ports = crowded(city)[-6:]
    first = ask(ports[0])
    run_probers(answered)
    before = asked(first)["log"].count("Successful login")
    probes = [ask(port) for port in ports]
    run_probers(answered)
    logs = [asked(probe)["log"] for probe in probes]
    assert all(probe.result["missing"] == {} for probe in probes)
    assert max(log.count("Successful login") for log in logs) == before + 1


def test_a_session_that_another_worker_has_is_no_fault_of_the_switch(city: Running) -> None:
    probe = ask(lines(city, "dlink")[0])
    (question,) = probe_store.claim(1)
    assert question.id == probe.pk and question.access is not None

    async def scenario(access: Facts) -> tuple[dict[str, str], dict[str, str]]:
        async with Pool() as pool:
            reader = probe_cli.CliReader(pool)
            async with pool.session(access.target()):
                taken = await reader.ask(question, (Operation.LOG,), seconds=0.5)
            return taken["missing"], (await reader.ask(question, (Operation.LOOPS,), seconds=10))["missing"]

    assert asyncio.run(scenario(question.access)) == ({"log": "busy"}, {})


def test_what_a_device_prints_can_be_kept_whatever_it_is() -> None:
    assert probe_cli._kept("a\0b\udcff" + "x" * 30_000) == "ab?" + "x" * 19_997
