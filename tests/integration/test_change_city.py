"""Changes made for real at every make of the city: typed, checked by SNMP, undone, and what troubles do to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.city_served import Running, served
from uzel.core.changes import OF_A_PORT, Kind, Seen
from uzel.drivers import ask_snmp, change
from uzel.drivers.ask import By, Facts
from uzel.drivers.change import Entry, Outcome, perform, prepare
from uzel.drivers.change_look import look
from uzel.drivers.change_plan import ChangeError, Plan
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import Patience
from uzel.drivers.transport import Login, Wire
from uzel.simcity.world import Device, Port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("city_served")]

TELNET_ABOVE_SNMP, SSH_ABOVE_SNMP = 1162, 1061
LOGIN = Login("uzel", "uzel-city", "enable-city")
MAKES = ["DES-3526", "DES-3200-18", "WS-C3560G-48TS", "S5720-56C-PWR-EI"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(tmp_path_factory.mktemp("change")) as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "OPEN_S", 0.3)
    monkeypatch.setattr(change, "OPEN_AGAIN_S", 0.1)
    monkeypatch.setattr(change, "LOOK_AGAIN_S", 0.02)
    monkeypatch.setattr(ask_snmp, "TIMEOUT_S", 0.2)


def facts(device: Device) -> Facts:
    ports = {port.shape.name: port.shape.if_index for port in device.ports if port.shape.base_port}
    make = device.make
    place = (device.address, device.community.decode(), device.snmp_port, ports)
    return Facts(make.vendor, make.model, *place, Wire.TELNET, device.snmp_port + TELNET_ABOVE_SNMP, LOGIN)


def free_port(device: Device, *, lived_in: bool = False) -> Port:
    """A port that no link uses; `lived_in`: with somebody on it."""
    return next(p for p in device.ports if p.shape.base_port and not p.link and (p.stations or not lived_in))


class Desk:
    """One switch and one of its ports, and whatever was written down."""

    def __init__(self, city: Running, model: str, *, lived_in: bool = False) -> None:
        self.city, self.device = city, city.switch(model)
        self.port = free_port(self.device, lived_in=lived_in)
        self.facts, self.name = facts(self.device), self.port.shape.name
        self.entries: list[Entry] = []
        self.answered = asyncio.Event()

    async def note(self, entry: Entry) -> None:
        self.entries.append(entry)
        if entry.text is not None:
            self.answered.set()

    async def plan(self, pool: Pool, kind: Kind, value: str = "") -> Plan:
        name = self.name if kind in OF_A_PORT else None
        return await prepare(self.facts, kind, port=name, value=value, pool=pool)

    async def run(self, pool: Pool, plan: Plan) -> Outcome:
        name = self.name if plan.kind in OF_A_PORT else None
        return await perform(self.facts, plan, port=name, pool=pool, journal=self.note)

    async def change(self, pool: Pool, kind: Kind, value: str = "") -> Outcome:
        return await self.run(pool, await self.plan(pool, kind, value))

    async def seen(self, pool: Pool) -> Seen:
        way = self.facts.page.changes[Kind.PORT_OFF][-1]
        return (await look(self.facts, Kind.PORT_OFF, way, self.name, pool, By.SNMP)).seen

    def fault(self, kind: str, target: str = "") -> None:
        self.city.do(do="fault", target=target or self.device.code, fault=kind)

    @property
    def typed(self) -> list[str]:
        return [entry.line for entry in self.entries if entry.part != "check" and entry.text is not None]


@pytest.fixture
def heal(city: Running) -> Iterator[None]:
    yield
    city.do(do="heal", target="all")


@pytest.mark.parametrize("model", MAKES)
async def test_off_on_and_a_description_show_in_snmp(city: Running, heal: None, model: str) -> None:
    desk = Desk(city, model)
    async with Pool(idle_s=0) as pool:
        assert await desk.change(pool, Kind.PORT_OFF) == Outcome("done", "", await desk.seen(pool))
        assert (await desk.seen(pool)).admin_up is False
        with pytest.raises(ChangeError, match="already_so"):
            await desk.plan(pool, Kind.PORT_OFF)
        with pytest.raises(ChangeError, match="port_is_off"):
            await desk.plan(pool, Kind.PORT_RESTART)
        assert (await desk.change(pool, Kind.PORT_ON)).state == "done"
        assert (await desk.seen(pool)).admin_up is True
        written = await desk.change(pool, Kind.DESCRIPTION, "Lenina 5, kv 12")
        assert (written.state, written.after.description) == ("done", "Lenina 5, kv 12")
        again = await desk.plan(pool, Kind.DESCRIPTION, "kv 13")
        assert any("Lenina 5, kv 12" in line for line in again.undo)
        assert (await desk.change(pool, Kind.DESCRIPTION, "")).state == "done"
        assert pool.taken == 0


@pytest.mark.parametrize("model", MAKES)
async def test_a_blocked_client_counters_and_saving(city: Running, heal: None, model: str) -> None:
    desk = Desk(city, model, lived_in=True)
    async with Pool(idle_s=0) as pool:
        with pytest.raises(ChangeError, match="nothing_blocked"):
            await desk.plan(pool, Kind.CLEAR_BINDING)
        desk.fault("binding-blocked", desk.port.code)
        assert (await desk.change(pool, Kind.CLEAR_BINDING)).state == "done"
        assert (await desk.change(pool, Kind.CLEAR_COUNTERS)).state == "done"
        assert (await desk.change(pool, Kind.SAVE)).state == "done"


@pytest.mark.parametrize("model", MAKES)
async def test_a_restart_ends_with_the_port_on(city: Running, heal: None, model: str) -> None:
    desk = Desk(city, model)
    async with Pool(idle_s=0) as pool:
        assert (await desk.change(pool, Kind.PORT_RESTART)).state == "done"
        assert (await desk.seen(pool)).admin_up is True


@pytest.mark.parametrize(
    ("model", "kind", "command"),
    [
        ("S5720-56C-PWR-EI", Kind.CLEAR_COUNTERS, "display interface "),
        ("DES-3200-18", Kind.CLEAR_BINDING, "show address_binding blocked"),
    ],
)
async def test_a_check_is_kept_as_it_was_asked(city: Running, heal: None, model: str, kind: Kind, command: str) -> None:
    """The port by SNMP, what was changed by the command line: each by its own way, with what the switch said."""
    desk = Desk(city, model)
    if kind is Kind.CLEAR_BINDING:
        desk.fault("binding-blocked", f"{desk.device.code}:{desk.name}")
    async with Pool(idle_s=0) as pool:
        assert (await desk.change(pool, kind)).state == "done"
    port, asked = [entry for entry in desk.entries if entry.part == "check"][-2:]
    assert (port.by, port.line, port.seen) == ("snmp", "IF-MIB; EtherLike-MIB", None)
    assert "admin_up: True" in str(port.text)
    assert asked.by == "cli" and asked.line.startswith(command) and "\n" in str(asked.text)
    assert asked.seen and (asked.seen.octets if kind is Kind.CLEAR_COUNTERS else asked.seen.blocked) is not None


@pytest.mark.parametrize("model", MAKES)
async def test_a_switch_that_does_not_do_what_it_says_is_found_out(city: Running, heal: None, model: str) -> None:
    desk = Desk(city, model)
    async with Pool(idle_s=0) as pool:
        plan = await desk.plan(pool, Kind.PORT_OFF)
        desk.fault("cli-deaf")
        outcome = await desk.run(pool, plan)
        assert (outcome.state, outcome.error) == ("undone", "check_failed")
        assert desk.typed == [*plan.commands, *plan.undoing]
        # SNMP is not believed alone: the last look is by the command line.
        looks = [entry for entry in desk.entries if entry.part == "check" and entry.error]
        assert {entry.by for entry in looks[:-1]} == {"snmp"} and looks[-1].by == "cli"
        assert looks[-1].line.startswith(("show ", "display ")) and desk.port.shape.name in str(looks[-1].text)
        assert looks[-1].seen and looks[-1].seen.admin_up is True


@pytest.mark.parametrize("model", MAKES)
async def test_a_locked_switch_is_not_changed(city: Running, heal: None, model: str) -> None:
    desk = Desk(city, model)
    async with Pool(idle_s=0) as pool:
        plan = await desk.plan(pool, Kind.PORT_OFF)
        desk.fault("cli-locked")
        outcome = await desk.run(pool, plan)
        assert (outcome.state, outcome.error) == ("failed", "locked_by_other_session")
        # A D-Link refuses the line itself; the others let nobody into their mode of configuration.
        assert not [entry for entry in desk.entries if entry.line in plan.do and entry.text and not entry.error]
        assert ((await desk.seen(pool)).admin_up, pool.taken) == (True, 0)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("cli-close-after-login", "closed"),
        ("cli-wrong-host", ""),
        ("cli-log-noise", ""),
        ("cli-slow=0.2s", ""),
        ("snmp-dead", ""),
    ],
)
async def test_other_troubles_of_the_command_line(city: Running, heal: None, fault: str, code: str) -> None:
    desk = Desk(city, "WS-C3560G-48TS")
    async with Pool(idle_s=0) as pool:
        plan = await desk.plan(pool, Kind.PORT_OFF)
        desk.fault(fault)
        outcome = await desk.run(pool, plan)
        assert (outcome.state, outcome.error) == (("failed", code) if code else ("done", ""))


@pytest.mark.parametrize("model", MAKES)
async def test_over_ssh_it_is_the_same(city: Running, heal: None, model: str) -> None:
    desk = Desk(city, model)
    desk.facts = replace(desk.facts, wire=Wire.SSH, cli_port=desk.device.snmp_port + SSH_ABOVE_SNMP)
    async with Pool(idle_s=0) as pool:
        assert (await desk.change(pool, Kind.PORT_OFF)).state == "done"
        assert (await desk.change(pool, Kind.PORT_ON)).state == "done"


async def test_a_switch_that_dies_in_the_middle_is_told_of_loudly(city: Running, heal: None) -> None:
    desk = Desk(city, "DES-3200-18")
    async with Pool(idle_s=0, patience=Patience(connect_s=0.5, login_s=0.5, silence_s=0.5)) as pool:
        plan = await desk.plan(pool, Kind.PORT_RESTART)
        running = asyncio.create_task(desk.run(pool, plan))
        await desk.answered.wait()
        desk.fault("hang")
        outcome = await running
        assert outcome.state == "failed"
        assert outcome.error.startswith("undo_")
        assert desk.typed[0] == plan.do[0]
