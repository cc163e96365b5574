"""Passwords of ours within answers: what is read and kept is whole, what is shown has stars."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.change_switch import PortSwitch
from tests.change_switch import serving as serving_port
from tests.named_switch import NamedSwitch, serving
from uzel.core.answers import Operation
from uzel.core.changes import Kind
from uzel.core.configs import Cleaned
from uzel.drivers import ask_snmp
from uzel.drivers.ask import AskError, By, ask
from uzel.drivers.ask_config import configuration
from uzel.drivers.change import Entry, perform, prepare
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import Patience, Trouble
from uzel.drivers.transport import Login
from uzel.pollers import backup_keep, probe_cli

PATIENCE = Patience(connect_s=1, login_s=1, command_s=2, silence_s=0.3)
CONFIG = "hostname SW1\r\nusername uzel password 0 public\r\nsnmp-server community public RO\r\nend\r\n"
SECRETS = ["public", "e", "SW1", "end", "0"]
STATUS = (
    "Port      Name               Status       Vlan       Duplex  Speed Type\r\n"
    "Gi0/1     uplink             connected    1          a-full  a-100 10/100/1000BaseTX\r\n"
    "what the 100 is this\r\n"
)


@pytest.mark.parametrize("secret", SECRETS)
async def test_a_configuration_is_kept_as_it_is(secret: str) -> None:
    async with serving(NamedSwitch("cisco", "SW1", {"show run": CONFIG})) as switch, Pool(patience=PATIENCE) as pool:
        for login in ((secret, ""), ("other", secret)):
            assert await configuration(switch.facts(*login), pool=pool) == CONFIG.replace("\r", "")


async def test_a_configuration_that_is_refused_tells_no_password() -> None:
    for text in (CONFIG.replace("end\r\n", ""), CONFIG.replace("hostname SW1", "hostname OTHER")):
        async with serving(NamedSwitch("cisco", "SW1", {"show run": text})) as switch, Pool(patience=PATIENCE) as pool:
            with pytest.raises(AskError) as caught:
                await configuration(switch.facts("public"), pool=pool)
        assert "username uzel password 0 ********" in caught.value.text
        assert "public" not in caught.value.text


@pytest.mark.parametrize("secret", ["100", "connected", "uplink", "Gi0/1"])
async def test_rows_are_of_the_answer_and_what_is_shown_of_it_has_stars(secret: str) -> None:
    async with serving(NamedSwitch("cisco", "SW1", {"show": STATUS})) as switch, Pool(patience=PATIENCE) as pool:
        plain = await ask(switch.facts(), Operation.PORTS, pool=pool, by=By.CLI)
        answer = await ask(switch.facts(secret), Operation.PORTS, pool=pool, by=By.CLI)
    assert (plain.rows, plain.text.count("100") > 1) == (answer.rows, True)
    assert secret not in answer.text + json.dumps(answer.not_understood) + json.dumps(probe_cli._said(answer))


class Refusing(PortSwitch):
    """Refuses a description with a password of ours in its words."""

    def run(self, line: str) -> str | None:
        return "% no s3cret-word here\r\n" if line.startswith("description") else super().run(line)


async def test_a_transcript_tells_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask_snmp, "TIMEOUT_S", 0.02)
    monkeypatch.setattr(ask_snmp, "RETRIES", 0)
    entries: list[Entry] = []

    async def note(entry: Entry) -> None:
        entries.append(entry)

    async with serving_port(Refusing("cisco")) as switch, Pool(patience=PATIENCE, idle_s=0) as pool:
        facts = replace(switch.facts, login=Login("uzel", "s3cret-word"))
        plan = await prepare(facts, Kind.DESCRIPTION, port=switch.name, value="new", pool=pool)
        outcome = await perform(facts, plan, port=switch.name, pool=pool, journal=note)
    assert outcome.state != "done"
    told = "".join(entry.text or "" for entry in entries)
    assert ("no ******** here" in told, "s3cret-word" in told) == (True, False)


async def test_an_error_tells_no_password() -> None:
    says = {"show": "% Invalid input detected: a-password\r\n"}
    async with serving(NamedSwitch("cisco", "SW1", says)) as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(AskError) as caught:
            await ask(switch.facts(), Operation.PORTS, pool=pool, by=By.CLI)
        assert caught.value.code == Trouble.COMMAND_REFUSED
    assert ("********" in caught.value.text, "a-password" in caught.value.text) == (True, False)


async def test_a_line_of_a_log_tells_no_password() -> None:
    line = "*Mar  1 00:01:02: %SYS-5-CONFIG: up, a-password was typed as a name\r\n"
    async with serving(NamedSwitch("cisco", "SW1", {"show log": line})) as switch, Pool(patience=PATIENCE) as pool:
        answer = await ask(switch.facts("a-password", "up"), Operation.LOG, pool=pool, by=By.CLI)
    told = json.dumps(probe_cli._log(answer))
    assert ("up, ********" in told, "a-password" in told) == (True, False)


async def test_what_is_kept_of_a_spoiled_configuration_tells_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_keep, "clean", lambda text: Cleaned(text, spoiled=True))
    async with serving(NamedSwitch("cisco", "SW1", {"show run": CONFIG})) as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(AskError) as caught:
            await backup_keep.BackupKeeper(pool, nights=False)._once(switch.facts("public"))
    assert (caught.value.code, "public" in caught.value.text) == ("spoiled", False)
