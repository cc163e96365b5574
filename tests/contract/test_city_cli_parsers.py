"""What the switches of the city print is understood by the drivers, whole, and says what the city knows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.city_shell import NOW, Person, make_folder, recall, subscriber, switch
from uzel.core.answers import Operation, PairState
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_page import Ask
from uzel.drivers.cli_text import Parsed
from uzel.simcity import commands, wire
from uzel.simcity.dynamics import City
from uzel.simcity.makes import MAKES
from uzel.simcity.mib_interfaces import is_admin_up, speed_mbps
from uzel.simcity.world import Device, Port

PAGES = {"dlink": DRIVERS["dlink_dxs"], "cisco": DRIVERS["cisco_ios"], "huawei": DRIVERS["huawei_vrp"]}
MODELS = [make.model for make in MAKES.values() if make.family in PAGES]
# Of the ways of asking, those that the city's models do not have.
OTHER_MODELS = (
    "show optical-transceiver",
    "display vlan all",
    "display brief interface",
    "display lldp neighbor-information",
    "display interface phy-option",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    plain = {"o1-d1-k1-h1-sw1": "DES-1210-28/ME"}
    return make_folder(folder, models=plain)


@pytest.fixture(scope="module")
def one_city(folder: Path) -> City:
    return recall(folder)


@pytest.fixture
def city(one_city: City) -> City:
    commands.run(one_city, {"do": "heal", "target": "all"}, NOW)
    return one_city


def dotted(mac: str, style: str) -> str:
    """A MAC the way a make wants it."""
    digits = iter(mac.upper() if "X" in style else mac)
    return "".join(next(digits) if sign in "xX" else sign for sign in style)


def put(person: Person, ask: Ask, port: Port, mac: str) -> Parsed[Any]:
    """Ask one thing in full: what goes before, the command, what goes after."""
    style = PAGES[person.device.make.family].mac_style
    values = {"port": cli_name(port), "mac": dotted(mac, style), "address": person.device.address, "vlan": "1"}
    for line in ask.first.format(**values).splitlines():
        person.ask(line)
    person.wait(ask.wait_s)
    text = person.ask(ask.command.format(**values))
    if text.rstrip().endswith("[Y/N]:"):
        text += person.type("y\r\n", wait=60)
    for line in ask.after.splitlines():
        person.ask(line)
    return ask.parse(text)


def cli_name(port: Port) -> str:
    return port.shape.name.replace("/", ":") if port.device.make.family == "dlink" else port.shape.name


def person_at(city: City, device: Device) -> Person:
    person = Person(city, device).login()
    for command in PAGES[device.make.family].no_paging:
        person.ask(command)
    return person


def asks(device: Device, operation: Operation) -> list[Ask]:
    ways = PAGES[device.make.family].asks.get(operation, ())
    # /ME models have a cable test of another name.
    other = "cable_diag" if device.make.model.endswith("/ME") else "cable diagnostic"
    less = "details" if device.make.family == "dlink" and not device.make.model.startswith("DES-3200") else "\0"
    return [
        ask for ask in ways if not ask.command.startswith((*OTHER_MODELS, other)) and not ask.command.endswith(less)
    ]


def present(city: City, model: str) -> Device:
    if not any(d.make.model == model for d in city.world.devices.values()):
        pytest.skip(f"no {model} in this city")
    return switch(city, model)


@pytest.mark.parametrize("model", MODELS)
def test_every_answer_is_understood(city: City, model: str, subtests: pytest.Subtests) -> None:
    device = present(city, model)
    port = a_port(device)
    fibre = next(p for p in device.ports if p.link and p.oper and wire.is_fibre(p))
    for operation in Operation:
        plugged = fibre if operation in (Operation.OPTICS, Operation.NEIGHBOURS) else port
        for ask in asks(device, operation):
            with subtests.test(ask.command, operation=operation):
                parsed = put(person_at(city, device), ask, plugged, port.stations[0][0])
                assert (parsed.not_understood, parsed.doubts, parsed.cut) == ((), (), False)
                if operation not in (Operation.BLOCKED, Operation.IGMP_GROUPS) and not may_be_empty(ask):
                    assert parsed.rows


def may_be_empty(ask: Ask) -> bool:
    """Ciscos stand among others here, and CDP is theirs alone; none of their ports is held down."""
    return "cdp" in ask.command or "err-disabled" in ask.command


def a_port(device: Device) -> Port:
    """A port of a subscriber; where there are none, one gets a subscriber."""
    try:
        return subscriber(device)
    except StopIteration:
        port = next(p for p in device.ports if p.shape.base_port and not p.far and not wire.is_fibre(p))
        port.stations, port.leases, port.oper = (("0018e7a1b2c3", 1500),), ("10.1.2.3",), True
        return port


@pytest.mark.parametrize("model", MODELS)
def test_ports_say_the_truth(city: City, model: str) -> None:
    device = present(city, model)
    port = a_port(device)
    person = person_at(city, device)
    for fault in ("healthy", "slow", "half-duplex", "admin-down", "no-link"):
        if fault != "healthy":
            commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, person.now)
        ask = asks(device, Operation.PORTS)[0]
        [row] = put(person, ask, port, port.stations[0][0]).rows
        assert (row.port, row.admin_up, row.link_up) == (cli_name(port), is_admin_up(port), port.oper)
        assert row.speed_mbps == (speed_mbps(port) if port.oper else None)
        assert row.full_duplex == ("half-duplex" not in port.faults if port.oper else None)
        commands.run(city, {"do": "heal", "target": port.code}, person.now)


CABLES: dict[str, Callable[[set[PairState | None], list[int | None]], bool]] = {
    "cable-open-at=31m": lambda states, metres: states == {PairState.OPEN} and {31, 32} == set(metres),
    "cable-short-at=12m": lambda states, metres: PairState.SHORT in states and 12 in metres,
    "no-link": lambda states, metres: states <= {PairState.NO_CABLE, PairState.OPEN},
    "far-end-off": lambda states, metres: states <= {PairState.OK, PairState.SHUT_DOWN},
    "two-pairs": lambda states, metres: states == {PairState.OK, PairState.OPEN},
}


@pytest.mark.parametrize("model", MODELS)
def test_cable_test_shows_the_fault(city: City, model: str, subtests: pytest.Subtests) -> None:
    device = present(city, model)
    port = a_port(device)
    if not (ways := asks(device, Operation.CABLE_TEST)):
        pytest.skip("not on this model")
    for fault in CABLES:
        if fault == "two-pairs" and port.shape.speed_mbps < 1000:
            continue
        with subtests.test(fault=fault):
            commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, NOW)
            [row] = put(person_at(city, device), ways[0], port, port.stations[0][0]).rows
            states = {pair.state for pair in row.pairs} or {row.state}
            assert CABLES[fault](states, [pair.length_m for pair in row.pairs]), row
            assert row.link_up in (port.oper, None)
        commands.run(city, {"do": "heal", "target": "all"}, NOW)


@pytest.mark.parametrize("model", MODELS)
def test_macs_bindings_and_the_blocked(city: City, model: str) -> None:
    device = present(city, model)
    port = a_port(device)
    person, mac = person_at(city, device), port.stations[0][0]
    ways = {operation: asks(device, operation) for operation in Operation}
    macs = {row.mac for row in put(person, ways[Operation.MACS][0], port, mac).rows}
    assert {own for own, _ in port.stations} <= macs
    bound = put(person, ways[Operation.BINDINGS][0], port, mac).rows
    assert {row.mac for row in bound} >= {own for own, _ in port.stations}
    assert {row.ip for row in bound} >= set(port.leases)
    commands.run(city, {"do": "fault", "target": port.code, "fault": "binding-blocked"}, person.now)
    assert mac not in {row.mac for row in put(person, ways[Operation.BINDINGS][0], port, mac).rows}
    for ask in ways[Operation.BLOCKED]:
        assert {row.mac for row in put(person, ask, port, mac).rows} >= {own for own, _ in port.stations}


@pytest.mark.parametrize("model", MODELS)
def test_light_and_neighbours_are_told(city: City, model: str) -> None:
    device = present(city, model)
    port = next(p for p in device.ports if p.link and p.oper and wire.is_fibre(p))
    port.copper = False  # whatever cord the plan has plugged in there: here a module is
    person = person_at(city, device)
    commands.run(city, {"do": "fault", "target": port.code, "fault": "weak-optics=-27"}, person.now)
    [optics] = put(person, asks(device, Operation.OPTICS)[0], port, "0" * 12).rows
    truth = wire.optics(city, port, person.now)
    assert truth and optics.port == cli_name(port) and optics.rx_dbm == pytest.approx(-27, abs=0.1)
    assert optics.temperature_c == pytest.approx(truth.temperature_c, abs=0.1)
    [neighbour] = put(person, asks(device, Operation.NEIGHBOURS)[0], port, "0" * 12).rows
    far = city.world.devices[port.far]
    assert (neighbour.system_name, neighbour.chassis_id) == (far.code, far.mac.hex())


@pytest.mark.parametrize("model", MODELS)
def test_groups_of_a_set_top_box(city: City, model: str) -> None:
    device = present(city, model)
    port = a_port(device)
    kept = port.stations
    port.stations = (*kept[:1], ("001a79946202", wire.VLAN_IPTV))
    person = person_at(city, device)
    ask = asks(device, Operation.IGMP_GROUPS)[0]
    assert {row.group for row in put(person, ask, port, "0" * 12).rows if cli_name(port) in row.ports}
    commands.run(city, {"do": "fault", "target": port.code, "fault": "iptv-no-groups"}, person.now)
    assert not [row for row in put(person, ask, port, "0" * 12).rows if cli_name(port) in row.ports]
    port.stations = kept


@pytest.mark.parametrize("model", MODELS)
def test_loops_and_the_log(city: City, model: str) -> None:
    device = present(city, model)
    port, person = a_port(device), person_at(city, device)
    for fault in ("loop", "storm", "binding-blocked", "flapping"):
        done = commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, person.now)
        device.log += [(person.now, notice.word, notice.port, "") for notice in done.notices]
        for ask in asks(device, Operation.LOOPS):
            loops = {row.port: row.loop for row in put(person, ask, port, "0" * 12).rows}
            # The city's Ciscos hold no port down: the loop shows in their log.
            assert loops.get(cli_name(port), fault == "loop") == (fault == "loop")
        log = put(person, asks(device, Operation.LOG)[0], port, "0" * 12)
        assert not log.not_understood and any(line.port == cli_name(port) for line in log.rows)
        commands.run(city, {"do": "heal", "target": port.code}, person.now)
