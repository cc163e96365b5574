"""Questions to devices: the way that is chosen, what the answer keeps, and that nothing but values reaches a device."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.misbehaving import PASSWORD, PATIENCE, Switch, serving
from uzel.core.answers import Binding, MacEntry, Operation, VlanMembers
from uzel.drivers import ask_snmp
from uzel.drivers.ask import AGAIN_S, BY_SNMP, MODELS, AskError, By, Facts, Values, _read, ask, ways
from uzel.drivers.ask_rows import about
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_input import BadInputError, commands
from uzel.drivers.cli_text import Parsed
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import SessionError, Trouble
from uzel.drivers.session_secrets import SecretsError, keys, seal, unseal
from uzel.drivers.snmp import SnmpError
from uzel.drivers.transport import Login, Wire
from uzel.network.models import AccessGroup, Device, Port, Site
from uzel.pollers.cli_device import device, sentence
from uzel.pollers.device_facts import facts

HOSTILE = [
    "1\nreboot",
    "1;reboot",
    "1 | reset",
    "?",
    "1\t",
    "1\r",
    "1 description x",
    "",
    "²",
    "1,2",
    "--",
    "$(x)",
    "9" * 99,
]


def of(switch: Switch, **more) -> Facts:
    login = Login("duty", PASSWORD)
    return replace(Facts("D-Link", "DES-3200-28", "127.0.0.1", "x", 1, {}, Wire.TELNET, switch.port, login), **more)


async def test_an_answer_keeps_what_it_rests_on():
    async with serving("logs into the table") as switch, Pool(patience=PATIENCE) as pool:
        answer = await ask(of(switch), Operation.PORTS, pool=pool)
    assert (answer.by, answer.driver, answer.asked, len(answer.rows)) == (
        By.CLI,
        "dlink_dxs",
        ("show ports description",),
        24,
    )
    assert answer.not_understood == ("2026-11-22 10:00:00 Port 7 link down",)
    assert "Port 7 link down" in answer.text
    assert PASSWORD not in answer.text + repr(answer) + repr(of(switch))


async def test_a_refused_way_leads_to_the_next_and_the_last_refusal_is_told():
    async with serving("refuses") as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(AskError) as caught:
            await ask(of(switch), Operation.PORTS, pool=pool)
        assert [line for line in switch.asked if line.startswith("show")] == ["show ports description", "show ports"]
        assert (caught.value.code, caught.value.permanent, switch.came) == ("command_refused", True, 1)
        assert "Available commands" in caught.value.text


async def test_a_session_that_died_while_it_was_kept_is_replaced_once():
    async with serving("closes between") as switch, Pool(patience=PATIENCE) as pool:
        assert len((await ask(of(switch), Operation.PORTS, pool=pool)).rows) == 24
        assert len((await ask(of(switch), Operation.PORTS, pool=pool)).rows) == 24
        assert switch.came == 2
    async with serving("closes in the middle") as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(AskError) as caught:
            await ask(of(switch), Operation.PORTS, pool=pool)
        assert (caught.value.code, switch.came) == ("closed", 2)


async def test_a_lock_that_goes_away_is_waited_for_once(monkeypatch):
    monkeypatch.setitem(AGAIN_S, Trouble.LOCKED, 0.1)
    async with serving("locked") as switch, Pool(patience=PATIENCE) as pool:
        asyncio.get_running_loop().call_later(0.05, setattr, switch, "trouble", "")
        assert len((await ask(of(switch), Operation.PORTS, pool=pool)).rows) == 24
        switch.trouble = "locked"
        async with Pool(patience=PATIENCE) as other:
            with pytest.raises(AskError, match="locked_by_other_session"):
                await ask(of(switch), Operation.PORTS, pool=other)
        assert switch.came == 4


async def test_a_test_of_a_cable_is_never_put_twice():
    async with serving("closes in the middle") as switch, Pool(patience=PATIENCE) as pool:
        cisco = replace(DRIVERS["cisco_ios"].asks[Operation.CABLE_TEST][0], first="show first", command="show ports")
        with pytest.raises(SessionError):
            await _read(switch.target(), replace(cisco, wait_s=0), ("show first", "show ports"), pool)
        assert switch.came == 1


async def test_what_snmp_cannot_tell_is_asked_at_the_prompt(monkeypatch):
    async def silent(place, port):
        raise SnmpError("timeout")

    monkeypatch.setitem(ask_snmp.READERS, Operation.PORTS, silent)
    monkeypatch.setitem(BY_SNMP, "dlink_dxs", frozenset({Operation.PORTS}))
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        answer = await ask(of(switch), Operation.PORTS, pool=pool)
        assert (answer.by, answer.failed) == (By.CLI, ("snmp: timeout",))
        with pytest.raises(AskError) as caught:
            await ask(of(switch), Operation.PORTS, pool=pool, by=By.SNMP)
        assert (caught.value.code, caught.value.stage) == ("timeout", "snmp")


def test_every_way_there_is_leads_somewhere():
    assert BY_SNMP.keys() == DRIVERS.keys() == {driver for _, _, driver in MODELS}
    for name, page in DRIVERS.items():
        for operation in Operation:
            possible = ways(page, operation)
            assert (By.CLI in possible) == (operation in page.asks), name
            assert By.SNMP not in possible or operation in ask_snmp.READERS


@pytest.mark.parametrize(
    ("vendor", "model", "driver"),
    [
        ("D-Link", "DES-3200-28", "dlink_dxs"),
        ("D-LINK", "DGS-3620-28SC", "dlink_dxs"),
        ("D-Link", "DES-1210-28/ME", "dlink_dxs"),
        ("D-Link", "DGS-1510-28X/ME", "dlink_dxs"),
        ("D-Link", "DGS-1510-28", "dlink_cisco"),
        ("D-Link", "DGS-1210-28", "dlink_smart"),
        ("D-Link", "DES-2108", "dlink_des21"),
        ("Cisco", "WS-C3560G-48TS", "cisco_ios"),
        ("Huawei", "S5328C-EI", "huawei_vrp"),
    ],
)
def test_the_driver_follows_from_make_and_model(vendor, model, driver):
    assert Facts(vendor, model, "10.0.0.1").page.name == driver


async def test_an_unknown_make_is_told():
    async with Pool() as pool:
        with pytest.raises(AskError, match="no_driver"):
            await ask(Facts("Acme", "1", "10.0.0.1"), Operation.PORTS, pool=pool)


@pytest.mark.parametrize("port", HOSTILE)
async def test_a_hostile_port_never_reaches_the_device(port):
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        for operation in (Operation.PORTS, Operation.ERRORS, Operation.ARP):
            with pytest.raises(AskError) as caught:
                await ask(of(switch), operation, pool=pool, values=Values(port=port), by=By.CLI)
            assert caught.value.code == "bad_port"
    assert (switch.came, switch.asked) == (0, [])


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_macs_vlans_and_addresses_never_reach_the_device(text):
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        for operation, values in (
            (Operation.MACS, Values(mac=text)),
            (Operation.PING, Values(address=text)),
            (Operation.PING, Values(address=f"10.0.0.1{text or '!'}")),
        ):
            with pytest.raises(AskError) as caught:
                await ask(of(switch), operation, pool=pool, values=values, by=By.CLI)
            assert caught.value.code in ("bad_mac", "bad_address")
    assert (switch.came, switch.asked) == (0, [])


@given(st.text(max_size=30))
@examples(200)
def test_whatever_is_given_as_a_port_only_a_port_is_written(text):
    for page in DRIVERS.values():
        for operation, asks in page.asks.items():
            for way in asks:
                if "{port}" not in way.command:
                    continue
                try:
                    lines = commands(page, way, port_name=text)
                except BadInputError:
                    continue
                assert all(line.isprintable() and not set(line) & set("?;|&`$<>\\") for line in lines), operation
                assert len(lines) == len(
                    [line for line in f"{way.first}\n{way.command}\n{way.after}".split("\n") if line]
                )


def test_rows_are_about_what_was_asked():
    table = Parsed(
        (MacEntry("00112233445a", "1", 10), MacEntry("00112233445b", "2", 10), MacEntry("00112233445b", None))
    )
    assert [row.port for row in about(table, None, "00112233445b", set())] == ["2", None]
    assert [row.port for row in about(table, "2", None, set())] == ["2"]
    assert [row.port for row in about(table, "7", None, {"port"})] == ["1", "2", "7"]
    members = Parsed((VlanMembers(10, untagged=("1",), tagged=("25",)), VlanMembers(20, members=("2",))))
    assert [row.vlan for row in about(members, "25", None, set())] == [10]
    assert [row.mac for row in about(Parsed((Binding("0" * 12, ports=("3",)),)), "4", None, set())] == []


def test_secrets_are_sealed_by_a_key_that_only_its_owner_reads(tmp_path):
    with pytest.raises(SecretsError, match="no_key"):
        keys("", tmp_path, sealed=True)
    assert not list(tmp_path.iterdir())
    ring = keys("", tmp_path)
    assert keys("", tmp_path, sealed=True)
    kept = tmp_path / "credentials_key"
    assert kept.stat().st_mode & 0o777 == 0o600
    sealed = seal(ring, PASSWORD)
    assert PASSWORD not in sealed
    assert unseal(keys("", tmp_path), sealed) == PASSWORD
    assert (seal(ring, ""), unseal(ring, "")) == ("", "")
    other = "6bq0V1cJ1Yl9mHkHq1o0vT6Yw0mXH0o2q8VwE2sZ9aQ="
    with pytest.raises(SecretsError, match="wrong_key"):
        unseal(keys(other, tmp_path), sealed)
    # A key is changed by putting the new one first.
    both = keys(f"{other},{kept.read_text()}", tmp_path)
    assert unseal(both, sealed) == PASSWORD
    assert unseal(keys(other, tmp_path), seal(both, PASSWORD)) == PASSWORD
    with pytest.raises(SecretsError, match="bad_key"):
        keys("short", tmp_path)


@pytest.fixture
def known(db, tmp_path, settings):
    settings.HOME = tmp_path
    group = AccessGroup.objects.create(code="houses", snmp_port=1)
    site = Site.objects.create(code="c", name="c", level=0)
    switch = Device.objects.create(
        code="c-sw1",
        site=site,
        kind="switch",
        vendor="D-Link",
        model="DES-3200-28",
        address="127.0.0.1",
        access_group=group,
    )
    Port.objects.create(device=switch, name="1", if_index=1)
    return switch


def run(*arguments: str, **more):
    return CliRunner().invoke(device, arguments, catch_exceptions=False, **more)


def test_access_is_kept_encrypted_and_shown_to_nobody(known):
    done = run("access", "houses", "--protocol", "ssh", "--user", "duty", input=f"{PASSWORD}\n")
    assert done.exit_code == 0
    assert PASSWORD not in done.output
    group = AccessGroup.objects.get()
    assert (group.cli_protocol, group.cli_port, group.username) == ("ssh", 22, "duty")
    assert PASSWORD not in group.password_encrypted
    known.refresh_from_db()
    found = facts(known)
    assert (found.login.password, found.wire, found.ports) == (PASSWORD, Wire.SSH, {"1": 1})
    assert PASSWORD not in repr(found) + repr(found.target())
    assert run("access", "nobody", "--user", "x", "--password", "y").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("nobody", "ports"), "no_device", 3),
        (("c-sw1", "ports", "2"), "no_such", 3),
        (("c-sw1", "ports", "1;reboot"), "bad_port", 3),
        (("c-sw1", "cable-test"), "needs_port", 3),
        (("127.0.0.1", "identity"), "no_credentials", 3),
    ],
)
def test_a_question_without_an_answer_says_why(known, arguments, code, status):
    done = run("ask", *arguments)
    assert (done.exit_code, f"[{code}" in done.stderr) == (status, True)
    told = run("ask", *arguments, "--json")
    assert (told.exit_code, json.loads(told.stdout)["error"]) == (status, code)


def test_every_trouble_is_told_in_words_and_documented():
    documented = (Path(__file__).parents[2] / "docs" / "ask.md").read_text()
    for trouble in Trouble:
        assert f"`{trouble}`" in documented
        assert sentence(trouble) != trouble
