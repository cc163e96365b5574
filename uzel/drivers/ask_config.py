"""The running configuration of a switch as text: whole, or not at all."""

import re
from collections.abc import Mapping

from uzel.drivers.ask import NAMED_BY_ANSWER, AskError, Facts
from uzel.drivers.cli_read import read
from uzel.drivers.cli_screen import draw
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import SessionError, Trouble

# By driver: the commands to try, one after another, and what the last lines of a whole configuration look like.
# DES-3526 of firmware 6.20 stops after "# BASIC" without a word: a backup that ends there is none.
COMMANDS: Mapping[str, tuple[tuple[str, ...], re.Pattern[str]]] = {
    "dlink_dxs": (
        ("show config current_config", "show config active", "show configuration running"),
        re.compile(r"^#\s*End of configuration file", re.IGNORECASE),
    ),
    "dlink_cisco": (("show running-config",), re.compile(r"^end$")),
    "cisco_ios": (("show running-config",), re.compile(r"^end$")),
    "huawei_vrp": (("display current-configuration",), re.compile(r"^return$")),
}
_LAST_LINES = 6
# A full stack prints for more than a minute; silence in between is still told by the session.
SECONDS = 100.0
# How a switch names itself in its configuration. Where it does, its prompt begins with that name: one that does not
# is the prompt of another switch. D-Link's prompts are its model or its address as often as its name.
NAMES: Mapping[str, re.Pattern[str]] = {
    "cisco_ios": re.compile(r"^hostname (\S+)$", re.MULTILINE),
    "huawei_vrp": re.compile(r"^ ?sysname (\S+)$", re.MULTILINE),
}
# D-Link's is held against the name that it was met with.
SYSTEM_NAME = re.compile(r"^config snmp system_name (.*\S)\s*$", re.MULTILINE)


async def configuration(facts: Facts, *, pool: Pool, leave: bool = False) -> str:
    """The configuration, a line a line, without echo and prompt. `leave`: log out at once, keep no session open.

    Raises AskError; "incomplete" when its end is missing, "not_asked" for a driver that has no such command.
    """
    page = facts.page
    if page.name not in COMMANDS:
        raise AskError("not_asked", permanent=True, stage="question")
    commands, end = COMMANDS[page.name]
    text = host = ""
    for last, command in enumerate(commands, start=1 - len(commands)):
        try:
            async with pool.session(facts.target()) as session:
                text, host = await session.run(command, seconds=SECONDS), session.host
                if leave:
                    session.leave()
            break
        except SessionError as error:
            if error.code is not Trouble.COMMAND_REFUSED or not last:
                raise AskError(error.code, permanent=error.permanent, stage=error.stage, text=error.text) from error
    try:
        drawn, _ = await read(draw, text, facts.login.starred)
    except SessionError as error:
        raise AskError(error.code, permanent=error.permanent, stage=error.stage, text=error.text) from error
    lines = [line for line in drawn if line.strip() not in commands and not line.startswith("Command:")]
    while lines and not lines[0].strip():
        lines.pop(0)
    if not any(end.match(line) for line in [line for line in lines if line.strip()][-_LAST_LINES:]):
        raise AskError("incomplete", permanent=False, stage="command", text=facts.login.starred(text))
    whole = "\n".join(lines).rstrip() + "\n"
    if not _is_of(facts, page.name, whole, host):
        raise AskError(Trouble.WRONG_HOST, permanent=True, stage="command", text=facts.login.starred(text))
    return whole


def _is_of(facts: Facts, driver: str, whole: str, host: str) -> bool:
    """Whether the configuration is of the switch whose prompt was answered, and of the one that was meant."""
    if driver in NAMES:
        named = NAMES[driver].search(whole)
        return not (named and host) or named[1].lower().startswith(host.lower())
    named = SYSTEM_NAME.search(whole)
    name = facts.known
    if driver not in NAMED_BY_ANSWER or not named or not name:
        return True
    shown = named[1].strip('"')
    if name.is_right(shown):
        name.keep(shown)
        return True
    return False
