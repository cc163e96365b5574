"""Another switch at the address of the one that is meant: nothing is read there, nothing is typed. Facts are those of
the database, as all pollers have them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests.change_switch import PortSwitch
from tests.change_switch import serving as serving_port
from tests.named_switch import MODELS, NamedSwitch, serving
from uzel.core.answers import Operation
from uzel.core.changes import Kind
from uzel.drivers import ask_snmp
from uzel.drivers.ask import AskError, By, Facts, ask
from uzel.drivers.ask_config import configuration
from uzel.drivers.change import Outcome, perform, prepare
from uzel.drivers.pool import Pool
from uzel.drivers.session import is_same
from uzel.drivers.session_errors import Patience, SessionError, Trouble
from uzel.drivers.transport import Wire
from uzel.network.models import AccessGroup, Device, DeviceName, Site
from uzel.pollers import cli_device, device_facts

pytestmark = pytest.mark.django_db
PATIENCE = Patience(connect_s=1, login_s=1, command_s=2, silence_s=0.3)
CONFIGS = {
    "cisco": ("show run", "hostname {}\r\nend\r\n"),
    "huawei": ("display current", "sysname {}\r\n#\r\nreturn\r\n"),
    "d-link": ("show config", "config snmp system_name {}\r\n# End of configuration file\r\n"),
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask_snmp, "TIMEOUT_S", 0.02)
    monkeypatch.setattr(ask_snmp, "RETRIES", 0)
    device_facts._heard.clear()


def known(vendor: str, code: str = "c-sw1", model: str = "") -> Device:
    group = AccessGroup.objects.get_or_create(code="houses")[0]
    device_facts.set_access(group, wire=Wire.TELNET, port=23, user="uzel", password="a-password", enable="")
    site, _ = Site.objects.get_or_create(code="c", defaults={"name": "Centre", "level": 0})
    number = Device.objects.count() + 1
    return Device.objects.create(
        code=code,
        site=site,
        kind="switch",
        vendor=vendor,
        model=model or MODELS[vendor],
        address=f"127.70.0.{number}",
        access_group=group,
    )


def facts(device: Device, port: int) -> Facts:
    """As the pollers have them; only the place is that of the test's switch."""
    return replace(device_facts.facts(Device.objects.get(pk=device.pk)), address="127.0.0.1", cli_port=port)


Question = Callable[[Facts, Pool], Awaitable[object]]


def put(device: Device, switch: NamedSwitch, question: Question) -> str:
    """Ask; the code of what kept the answer away, or nothing."""

    async def inside(given: Facts) -> str:
        async with serving(switch), Pool(patience=PATIENCE, idle_s=0) as pool:
            try:
                await question(replace(given, cli_port=switch.port), pool)
            except (AskError, SessionError) as error:
                return str(error.code)
        return ""

    return asyncio.run(inside(facts(device, 0)))


async def read(given: Facts, pool: Pool) -> None:
    await configuration(given, pool=pool)


async def open_for_a_change(given: Facts, pool: Pool) -> None:
    async with pool.session(given.target(), fresh=True) as session:
        await session.run("something to change")


def named(vendor: str, name: str) -> NamedSwitch:
    command, text = CONFIGS[vendor]
    return NamedSwitch(vendor, name, {command: text.format(name), "show switch": f"System Name : {name}\r\n"})


@pytest.mark.parametrize("question", [read, open_for_a_change])
@pytest.mark.parametrize("vendor", ["cisco", "huawei", "d-link"])
def test_a_switch_is_held_to_the_name_that_it_was_met_with(vendor: str, question: Question) -> None:
    device = known(vendor)  # its code is not its name, which is nobody's mistake
    for _ in range(2):
        assert put(device, named(vendor, "Lenina-12"), question) == ""
    known_as = device_facts.facts(Device.objects.get()).known
    assert known_as and known_as.last == "Lenina-12"
    other = named(vendor, "Mira-7")
    assert put(device, other, question) == Trouble.WRONG_HOST
    assert "something to change" not in other.typed
    assert DeviceName.objects.get().name == "Lenina-12"


@pytest.mark.parametrize("vendor", ["cisco", "huawei", "d-link"])
def test_a_switch_that_was_never_met_may_not_have_the_code_of_another_one(vendor: str) -> None:
    device, _ = known(vendor), known(vendor, "c-sw2")
    other = named(vendor, "C-SW2")
    assert put(device, other, open_for_a_change) == Trouble.WRONG_HOST
    assert "something to change" not in other.typed
    assert put(device, named(vendor, "anything-else"), open_for_a_change) == ""


def test_a_switch_may_be_renamed_to_its_code_or_after_a_word_of_ours() -> None:
    device = known("cisco")
    assert put(device, named("cisco", "Lenina-12"), read) == ""
    assert put(device, named("cisco", "c-sw1"), read) == ""
    assert put(device, named("cisco", "Lenina-12"), read) == Trouble.WRONG_HOST
    done = CliRunner().invoke(cli_device.device, ["renamed", "c-sw1"], catch_exceptions=False)
    assert done.exit_code == 0
    assert put(device, named("cisco", "Lenina-12"), read) == ""


def test_a_d_link_that_tells_no_name_is_held_to_none() -> None:
    device = known("d-link")
    assert put(device, named("d-link", "Lenina-12"), open_for_a_change) == ""
    for says in ({}, {"show switch": "System Name :\r\n"}, {"show switch": "Available commands:\r\n..\r\n"}):
        assert put(device, NamedSwitch("d-link", "", says), open_for_a_change) == ""


@pytest.mark.parametrize("model", ["DES-3200-28", "DES-1210-28"])
def test_a_d_link_may_show_anything_in_its_prompt_but_the_name_of_another(model: str) -> None:
    device, other = known("d-link", model=model), known("d-link", "c-sw2")
    twins = [known("d-link", "c-sw3"), known("d-link", "c-sw4")]
    DeviceName.objects.create(device=other, name="Mira-7")
    for twin in twins:
        DeviceName.objects.create(device=twin, name="switch")
    DeviceName.objects.create(device=known("d-link", "c-sw5"), name="DES-3200-28")

    async def question(given: Facts, pool: Pool) -> None:
        async with pool.session(given.target()) as session:
            await session.run("anything to read")

    for prompt in ("C-SW2", "Mira-7"):
        switch = NamedSwitch("d-link", prompt, in_prompt=True)
        assert put(device, switch, question) == Trouble.WRONG_HOST, prompt
        assert "anything to read" not in switch.typed
    for prompt in ("DES-3200-28", "DES-1210-10/ME", "c-sw1", "switch", "127.70.0.2", "anything"):
        assert put(device, NamedSwitch("d-link", prompt, in_prompt=True), question) == "", prompt
    # One that was met by the name of another keeps it.
    DeviceName.objects.create(device=device, name="Mira-7")
    assert put(device, NamedSwitch("d-link", "Mira-7", in_prompt=True), question) == ""


def test_reading_a_d_link_costs_no_question_more() -> None:
    switch = named("d-link", "Lenina-12")

    async def question(given: Facts, pool: Pool) -> None:
        await ask(given, Operation.PORTS, pool=pool, by=By.CLI)

    put(known("d-link"), switch, question)
    assert "show switch" not in switch.typed


def test_what_snmp_has_just_told_counts_too() -> None:
    device = known("cisco")

    async def question(given: Facts, pool: Pool) -> None:
        await configuration(replace(given, name="c-sw1.example.net"), pool=pool)

    assert put(device, named("cisco", "other"), question) == Trouble.WRONG_HOST
    assert put(device, named("cisco", "c-sw1"), question) == ""


@pytest.mark.parametrize("vendor", ["cisco", "huawei", "d-link"])
def test_a_change_is_not_typed_at_another_switch(vendor: str) -> None:
    switch = PortSwitch(vendor)  # calls itself SW1; this D-Link has a prompt with its name
    device = known(vendor, model=switch.facts.model)
    DeviceName.objects.create(device=device, name="SW1")

    async def change(given: Facts, met: Facts) -> tuple[Outcome, str]:
        async def note(_: object) -> None:
            """Nobody reads it."""

        async with serving_port(switch) as there, Pool(patience=PATIENCE, idle_s=0) as pool:
            given, met = (replace(each, cli_port=there.port, ports={there.name: 1}) for each in (given, met))
            plan = await prepare(met, Kind.PORT_OFF, port=there.name, value="", pool=pool)
            with pytest.raises(AskError) as caught:
                await prepare(given, Kind.PORT_OFF, port=there.name, value="", pool=pool)
            there.typed.clear()
            return await perform(given, plan, port=there.name, pool=pool, journal=note), str(caught.value.code)

    met = facts(device, 0)
    DeviceName.objects.update(name="SW2")
    outcome, preview = asyncio.run(change(facts(device, 0), met))
    assert (preview, outcome.state, outcome.error, outcome.touched) == ("wrong_host", "failed", "wrong_host", False)
    # The pager is turned off at every login; nothing else is typed.
    assert [line for line in switch.typed if not line.startswith(("terminal", "screen", "undo terminal"))] == []
    assert switch.is_on


def test_one_name_is_written_with_a_domain_or_without() -> None:
    assert is_same("sw1", "SW1.example.net")
    assert is_same("sw1.example.net", "sw1")
    assert not is_same("sw1", "sw10")
    assert not is_same("", "sw1")


def test_a_name_that_no_database_takes_is_cut() -> None:
    device = known("cisco")
    device_facts._heard[device.pk] = "x\0" * 400
    device_facts._heard[device.pk + 1000] = "gone meanwhile"
    device_facts.write_names()
    assert DeviceName.objects.get().name == "x" * 255
