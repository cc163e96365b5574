"""One question to one device, in nobody's words: by SNMP where that is enough, by its command line where it is not."""

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from uzel.core.answers import CableTest, Identity, Operation, PairState
from uzel.drivers import ask_snmp
from uzel.drivers.ask_rows import about, shown
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_input import BadInputError, commands, mac, port
from uzel.drivers.cli_page import Ask, Page
from uzel.drivers.cli_read import read
from uzel.drivers.pool import LIMIT, LIMITS, Pool
from uzel.drivers.session import CliSession, Name, Target
from uzel.drivers.session_errors import SessionError, Trouble
from uzel.drivers.snmp import SnmpError
from uzel.drivers.transport import Login, Wire


class By(StrEnum):
    """How a device is asked."""

    SNMP = "snmp"
    CLI = "cli"


# What SNMP alone answers as well as the command line does. It is asked first there: it costs no login.
# Cisco tells MACs for one VLAN at a time only; D-Link tells of loop blocking by the command line only.
BY_SNMP: Mapping[str, frozenset[Operation]] = {
    "dlink_dxs": frozenset({Operation.COUNTERS, Operation.MACS, Operation.NEIGHBOURS}),
    "dlink_cisco": frozenset({Operation.PORTS, Operation.ERRORS, Operation.COUNTERS, Operation.NEIGHBOURS}),
    "dlink_smart": frozenset({Operation.PORTS, Operation.ERRORS, Operation.COUNTERS, Operation.MACS}),
    "dlink_des21": frozenset({Operation.COUNTERS, Operation.ERRORS}),
    "cisco_ios": frozenset({Operation.PORTS, Operation.COUNTERS}),
    "huawei_vrp": frozenset({Operation.PORTS, Operation.COUNTERS, Operation.MACS}),
    "snr_nag": frozenset({Operation.COUNTERS, Operation.MACS}),
    "zyxel_zynos": frozenset({Operation.COUNTERS}),
    "eltex_mes": frozenset({Operation.PORTS, Operation.COUNTERS, Operation.MACS, Operation.NEIGHBOURS}),
}
# The command line tells more of one port, and nothing of all at once: of a whole switch SNMP is asked.
WHOLE_BY_SNMP: Mapping[str, frozenset[Operation]] = {"dlink_dxs": frozenset({Operation.ERRORS})}
# Troubles after which a read is tried once more, and how long to wait before, seconds. A session that was kept open may
# have been closed meanwhile; a switch with one line frees it a moment after the one before has logged out.
AGAIN_S: Mapping[Trouble, float] = {Trouble.CLOSED: 0.0, Trouble.LOCKED: 1.0, Trouble.REFUSED: 1.0}
# Their prompt begins with their name. Others' may show the model, an address, or what somebody wrote, and only the name
# of another device is wrong there; classic D-Links are asked for their name before something is changed.
NAMED_BY_PROMPT = frozenset({"cisco_ios", "huawei_vrp", "dlink_cisco"})
NAMED_BY_ANSWER = frozenset({"dlink_dxs"})
# Their sysName is the name in the prompt.
TOLD_BY_SNMP = frozenset({"cisco_ios", "huawei_vrp"})
# How often the end of a test is asked for.
LOOK_AGAIN_S = 0.25
# The driver by maker and model; the first line that fits. Names in lower case.
MODELS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("d-link", re.compile(r"des-21"), "dlink_des21"),
    ("d-link", re.compile(r"dgs-1510.*/me"), "dlink_dxs"),
    ("d-link", re.compile(r"dgs-(?:1250|1510|3130|3610|3630)|dxs-3400|dis-200|des-7206"), "dlink_cisco"),
    ("d-link", re.compile(r"(?:des|dgs|dxs)-1[0-9]{3}(?!.*/me)"), "dlink_smart"),
    ("d-link", re.compile(r""), "dlink_dxs"),
    ("cisco", re.compile(r""), "cisco_ios"),
    ("huawei", re.compile(r""), "huawei_vrp"),
    ("eltex", re.compile(r"mes"), "eltex_mes"),
    ("snr", re.compile(r"s29[0-9]{2}"), "snr_nag"),
    ("zyxel", re.compile(r"es-2108|gs-[34]012"), "zyxel_zynos"),
)


@lru_cache(maxsize=1024)
def driver_of(vendor: str, model: str) -> str | None:
    """The driver for a maker and a model, both in lower case."""
    return next((name for maker, fits, name in MODELS if maker == vendor and fits.search(model)), None)


class AskError(Exception):
    """The question got no answer.

    `code`: a Trouble of a session, an SnmpError's, bad_<field> for a value that is not of its type, no_driver,
    not_asked (the driver does not know the question), needs_port. `permanent`: asking again will not help. `text` is
    what the device had said, raw; `stage` is connect, login, command, pool, snmp or question.
    """

    def __init__(self, code: str, *, permanent: bool, stage: str, text: str = "", by: str = "") -> None:
        """Keep what happened and what the device had said."""
        super().__init__(f"{code} ({stage})")
        self.code = code
        self.permanent = permanent
        self.stage = stage
        self.text = text
        self.by = by


@dataclass(frozen=True, slots=True)
class Facts:
    """What has to be known of a device to ask it. `ports`: its ports by name, to ifIndex. Secrets stay out of repr.

    `name` is its sysName where SNMP has just told it, `known` what it called itself before: a session with a device
    of another name is refused.
    """

    vendor: str
    model: str
    address: str
    community: str = field(repr=False, default="")
    snmp_port: int = 161
    ports: Mapping[str, int] = field(repr=False, default_factory=dict)
    wire: Wire = Wire.TELNET
    cli_port: int = 23
    login: Login = field(repr=False, default_factory=lambda: Login("", ""))
    name: str = ""
    known: Name | None = None

    @property
    def page(self) -> Page:
        """The driver's page. Raises AskError("no_driver")."""
        if driver := driver_of(self.vendor.lower(), self.model.lower()):
            return DRIVERS[driver]
        raise AskError("no_driver", permanent=True, stage="question")

    def target(self) -> Target:
        """Its command line. Raises AskError("no_driver")."""
        page = self.page
        limit = LIMITS.get(page.name, LIMIT)
        name = self.known
        if page.name in TOLD_BY_SNMP and self.name:
            name = replace(name or Name(), told=self.name)
        if name and page.name not in NAMED_BY_PROMPT:
            asked = page.asks[Operation.IDENTITY][0] if page.name in NAMED_BY_ANSWER else None
            name = replace(name, ask=asked, by_prompt=False)
        return Target(self.address, self.cli_port, self.wire, page, self.login, limit, name)


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in the words of `core.answers`, and all that they rest on.

    `asked` are the commands or the tables that were read, `text` is the device's raw answer (empty by SNMP), in which
    the passwords of the login are starred; the rows are made of the answer as it came.
    `not_understood` and `doubts` are its lines that gave nothing, or a row with a field unknown; `cut`: it ended in
    the middle. `mark` is on what the driver's knowledge of the format rests. `failed` are the ways tried before.
    """

    operation: Operation
    by: By
    driver: str
    rows: tuple[Any, ...]
    asked: tuple[str, ...]
    mark: str
    text: str = ""
    not_understood: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    cut: bool = False
    failed: tuple[str, ...] = ()
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Values:
    """What a question may be about; each is taken by its type before it gets near a command line."""

    port: str | None = None
    mac: str | None = None
    vlan: int | str | None = None
    address: str | None = None


def ways(page: Page, operation: Operation, *, whole: bool = False) -> tuple[By, ...]:
    """How a question, about the `whole` switch or about one port, is put to a kind of device, best first."""
    by_cli = (By.CLI,) if operation in page.asks else ()
    if whole and operation in WHOLE_BY_SNMP.get(page.name, ()):
        return (By.SNMP,)
    return (By.SNMP, *by_cli) if operation in BY_SNMP.get(page.name, ()) else by_cli


def is_of_one_port(page: Page, operation: Operation) -> bool:
    """Whether it can be asked of one port only: no command and no table tells of all."""
    if not page.asks.get(operation) or By.SNMP in ways(page, operation, whole=True):
        return False
    return all("port" in wants_of(way) for way in page.asks[operation] if wants_of(way) != {"mac"})


async def ask(
    facts: Facts,
    operation: Operation,
    *,
    pool: Pool,
    values: Values | None = None,
    by: By | None = None,
) -> Answer:
    """Ask; `by` forces the way. Reads are tried once more when a session that was kept open turns out closed.

    Raises AskError.
    """
    page, began = facts.page, time.monotonic()
    values = _checked(facts, page, values or Values())
    whole = values.port is None and values.mac is None
    possible = [By.CLI] if by is By.CLI and operation in page.asks else ways(page, operation, whole=whole)
    possible = [way for way in possible if by in (None, way)]
    if not possible:
        raise AskError("not_asked", permanent=True, stage="question")
    errors: list[AskError] = []
    for way in possible:
        try:
            if way is By.SNMP:
                answer = await _by_snmp(facts, page, operation, values)
            else:
                answer = await _by_cli(facts, page, operation, values, pool)
                answer = await _with_uptime(facts, answer) if by is None else answer
        except AskError as error:
            errors.append(error)
            continue
        failed = tuple(f"{error.by}: {error.code}" for error in errors) + answer.failed
        return replace(answer, failed=failed, took_ms=round((time.monotonic() - began) * 1000))
    # A device that does not answer SNMP is the trouble, not that its command line would want a port named.
    raise next((error for error in reversed(errors) if error.stage != "question"), errors[-1])


def _checked(facts: Facts, page: Page, values: Values) -> Values:
    """The values in one spelling each. A wrong one is refused before anything is opened."""
    try:
        if values.mac is not None:
            values = replace(values, mac=mac(values.mac, "xxxxxxxxxxxx"))
        if values.port is None:
            return values
        values = replace(values, port=port(spelt(page, values.port), page))
    except BadInputError as error:
        raise AskError(f"bad_{error.field}", permanent=True, stage="question") from error
    if facts.ports and values.port not in {spelt(page, name) for name in facts.ports}:
        raise AskError("no_such", permanent=True, stage="question")
    return values


def spelt(page: Page, name: str) -> str:
    """A port as the command line writes it: D-Link's stacks have 1/3 in SNMP and 1:3 at the prompt."""
    return name.replace("/", ":") if page.name == "dlink_dxs" else name


def _place(facts: Facts, page: Page) -> ask_snmp.Place:
    ports = {spelt(page, name): index for name, index in facts.ports.items()}
    return ask_snmp.Place(facts.address, facts.snmp_port, facts.community, facts.vendor.lower(), ports)


async def _by_snmp(facts: Facts, page: Page, operation: Operation, values: Values) -> Answer:
    try:
        rows, tables = await ask_snmp.READERS[operation](_place(facts, page), values.port)
    except SnmpError as error:
        raise AskError(error.code, permanent=error.permanent, stage="snmp", by=By.SNMP) from error
    rows = tuple(row for row in rows if values.mac is None or getattr(row, "mac", values.mac) == values.mac)
    return Answer(operation, By.SNMP, page.name, rows, tables, mark="standard")


async def _with_uptime(facts: Facts, answer: Answer) -> Answer:
    """Some old firmware leaves the time since its start out of what it says of itself: then it is sysUpTime."""
    rows = answer.rows
    if answer.operation is not Operation.IDENTITY or not rows or any(row.uptime_s is not None for row in rows):
        return answer
    uptime_s = await ask_snmp.uptime(_place(facts, facts.page))
    first: Identity = replace(rows[0], uptime_s=uptime_s)
    if uptime_s is None:
        return answer
    return replace(answer, rows=(first, *rows[1:]), asked=(*answer.asked, "SNMPv2-MIB"))


async def _by_cli(facts: Facts, page: Page, operation: Operation, values: Values, pool: Pool) -> Answer:
    possible = _fitting(page, operation, values)
    target = facts.target()
    failed: list[str] = []
    for last, way in enumerate(possible, start=1 - len(possible)):
        try:
            return replace(await one_way(target, way, operation, values, pool), failed=tuple(failed))
        except SessionError as error:
            if error.code is not Trouble.COMMAND_REFUSED or not last:
                raise AskError(
                    error.code, permanent=error.permanent, stage=error.stage, text=error.text, by=By.CLI
                ) from error
            failed.append(f"{way.command}: {error.refusal}")
    raise AssertionError("the last way either answers or raises")


def _fitting(page: Page, operation: Operation, values: Values) -> list[Ask]:
    """The ways whose command wants what was given; those about just what was asked come first. Raises AskError."""
    given = {name for name in ("port", "mac", "vlan", "address") if getattr(values, name) is not None}
    fit = [(way, wants_of(way)) for way in page.asks[operation]]
    possible = [(way, wants) for way, wants in fit if wants <= given]
    if not possible:
        missing = min((sorted(wants - given) for _, wants in fit), key=len)
        raise AskError(f"needs_{missing[0]}", permanent=True, stage="question")
    return [way for way, _ in sorted(possible, key=lambda each: -len(each[1]))]


def wants_of(way: Ask) -> frozenset[str]:
    """The kinds of value that its command lines hold: port, mac, vlan, address."""
    return _values_in(f"{way.first}{way.command}{way.after}")


@cache
def _values_in(lines: str) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w+)\}", lines))


async def one_way(target: Target, way: Ask, operation: Operation, values: Values, pool: Pool) -> Answer:
    """Ask in this way and no other. Raises SessionError; AskError for a value that is not of its type."""
    wants = wants_of(way)
    given = {
        "port_name": values.port if "port" in wants else None,
        "mac_address": values.mac if "mac" in wants else None,
        "vlan_id": values.vlan if "vlan" in wants else None,
        "address": values.address if "address" in wants else None,
    }
    try:
        lines = commands(target.page, way, **given, loopback=_is_here(target.address))  # type: ignore[arg-type]
    except BadInputError as error:
        raise AskError(f"bad_{error.field}", permanent=True, stage="question") from error
    text = await _read(target, way, lines, pool)
    starred = target.login.starred
    parsed = await read(way.parse, text, starred)
    # No switch is without ports: of such an answer, something is wrong that no line of it tells.
    doubts = parsed.doubts if parsed.rows or operation is not Operation.PORTS else (*parsed.doubts, lines[-1])
    rows = tuple(shown(row, target.login) for row in about(parsed, values.port, values.mac, wants))
    return Answer(
        operation,
        By.CLI,
        target.page.name,
        rows,
        lines,
        way.mark,
        starred(text),
        tuple(starred(line) for line in parsed.not_understood),
        tuple(starred(line) for line in doubts),
        parsed.cut,
    )


def _is_here(address: str) -> bool:
    """A device of the simulated city, whose neighbours are on this machine as well."""
    return address.startswith("127.")


async def _read(target: Target, way: Ask, lines: Sequence[str], pool: Pool) -> str:
    """The raw answer to the command among `lines`. Tried once more where that may help and does no harm."""
    try:
        async with pool.session(target) as session:
            return await _dialogue(session, way, lines)
    except SessionError as error:
        # A question that sets something off (a test, a view) is not put twice.
        if error.code not in AGAIN_S or (error.stage == "command" and way.first):
            raise
        wait_s = AGAIN_S[error.code]
    await asyncio.sleep(wait_s)
    async with pool.session(target, fresh=True) as session:
        return await _dialogue(session, way, lines)


async def _dialogue(session: CliSession, way: Ask, lines: Sequence[str]) -> str:
    before = len([line for line in way.first.split("\n") if line])
    after = len([line for line in way.after.split("\n") if line])
    question, back = lines[before], lines[len(lines) - after :]
    done = False
    try:
        for line in lines[:before]:
            await session.run(line)
        if way.wait_s and not way.tells_end:
            await asyncio.sleep(way.wait_s)
        text = await session.run(question, stop=way.stop, whole="{port}" not in way.command)
        end = time.monotonic() + way.wait_s
        while way.tells_end and time.monotonic() < end and await _goes_on(session, way, text):
            await asyncio.sleep(LOOK_AGAIN_S)
            text = await session.run(question, stop=way.stop)
        for line in back:
            await session.run(line)
        done = True
        return text
    finally:
        if not done and before:
            session.abort()  # it may stand in another view


async def _goes_on(session: CliSession, way: Ask, text: str) -> bool:
    """Whether a test that was started has not ended yet, by its own words."""
    parsed = await read(way.parse, text, session.without_secrets)
    tests = [row for row in parsed.rows if isinstance(row, CableTest)]
    return any(PairState.NOT_FINISHED in (row.state, *(pair.state for pair in row.pairs)) for row in tests)
