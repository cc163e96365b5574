"""What a port says of itself before a change and after it: asked by another way than the change itself."""

import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from uzel.core.answers import Operation, PortStatus
from uzel.core.changes import OF_A_PORT, Kind, Seen
from uzel.drivers import ask_snmp
from uzel.drivers.ask import Answer, AskError, By, Facts, Values, ask, spelt
from uzel.drivers.change_plan import Client
from uzel.drivers.cli_page import Way
from uzel.drivers.pool import Pool
from uzel.drivers.snmp import SnmpError

# Commands whose answer has the description of a port, whole. "show interfaces status" cuts it, or leaves it out.
_TELLS_TEXT = re.compile(r"^show ports \S+ description|^(?:show interfaces|display interface) \S*\d")
SYS_DESCR = "1.3.6.1.2.1.1.1.0"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a look: by which way, the commands or tables, and what the device said, raw.

    SNMP says nothing that could be read: in its place stand the values, by the names of `core.answers`.
    """

    question: Operation
    by: By
    lines: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen, whom address binding keeps out, and how that was asked for."""

    seen: Seen
    clients: tuple[Client, ...] = ()
    asked: tuple[Asked, ...] = ()


async def about(facts: Facts) -> str:
    """Model and, where SNMP tells it, firmware: what `Way.only` is matched against."""
    try:
        async with _place(facts).agent() as agent:
            said = (await agent.get(SYS_DESCR)).get(SYS_DESCR)
    except SnmpError:
        said = None
    return f"{facts.model} {said.decode(errors='replace') if isinstance(said, bytes) else said or ''}"


async def look(facts: Facts, kind: Kind, way: Way, port: str | None, pool: Pool, by: By | None = None) -> Look:
    """The port as it is now, by SNMP, or by the command line where SNMP gives nothing; `by` forces one.

    Raises AskError when neither tells.
    """
    if kind not in OF_A_PORT or port is None:
        return Look(Seen())
    if kind is Kind.DESCRIPTION:
        return await _described(facts, port, pool)
    found = await _status(facts, port, pool, by)
    if way.check is Operation.PORTS:
        return found
    # Counters of SNMP go on when those of the command line are cleared.
    forced = By.CLI if way.check is Operation.COUNTERS else None
    answer = await ask(facts, way.check, pool=pool, values=Values(port=port), by=forced)
    seen = _more(found.seen, way.check, answer.rows)
    return Look(seen, _clients(way.check, answer.rows), (*found.asked, _asked(answer)))


async def _status(facts: Facts, port: str, pool: Pool, by: By | None) -> Look:
    if by is not By.CLI:
        try:
            rows, tables = await ask_snmp.ports(_place(facts), spelt(facts.page, port))
            return Look(_seen(rows), asked=(Asked(Operation.PORTS, By.SNMP, tables, _values(rows)),))
        except SnmpError as error:
            if by is By.SNMP:
                raise AskError(error.code, permanent=error.permanent, stage="snmp", by=By.SNMP) from error
    answer = await ask(facts, Operation.PORTS, pool=pool, values=Values(port=port), by=By.CLI)
    return Look(_seen(answer.rows), asked=(_asked(answer),))


async def _described(facts: Facts, port: str, pool: Pool) -> Look:
    """The description as the command line has it, where a command of the make tells it whole; else by SNMP.

    ifAlias is another text at some old switches, and to take that for what was there would spoil the undo.
    """
    with suppress(AskError):
        answer = await ask(facts, Operation.PORTS, pool=pool, values=Values(port=port), by=By.CLI)
        if any(_TELLS_TEXT.search(line) for line in answer.asked):
            seen = _seen(answer.rows)
            return Look(replace(seen, description=seen.description or ""), asked=(_asked(answer),))
    found = await _status(facts, port, pool, By.SNMP)
    return replace(found, seen=replace(found.seen, description=found.seen.description or ""))


def _asked(answer: Answer) -> Asked:
    return Asked(answer.operation, answer.by, answer.asked, answer.text or _values(answer.rows))


def _values(rows: tuple[Any, ...]) -> str:
    told = (f"{name}: {value}" for row in rows for name, value in asdict(row).items() if value is not None)
    return "\n".join(told)


def _place(facts: Facts) -> ask_snmp.Place:
    ports = {spelt(facts.page, name): index for name, index in facts.ports.items()}
    return ask_snmp.Place(facts.address, facts.snmp_port, facts.community, facts.vendor.lower(), ports)


def _seen(rows: tuple[Any, ...]) -> Seen:
    """One port; a combo port has two rows, and is on when either side is."""
    states: list[PortStatus] = list(rows)
    admin = [state.admin_up for state in states if state.admin_up is not None]
    link = [state.link_up for state in states if state.link_up is not None]
    told = next((state.description for state in states if state.description is not None), None)
    return Seen(any(admin) if admin else None, any(link) if link else None, told)


def _more(seen: Seen, check: Operation, rows: tuple[Any, ...]) -> Seen:
    macs = tuple(row.mac for row in rows) if check in (Operation.BLOCKED, Operation.MACS) else ()
    if check is Operation.BLOCKED:
        return replace(seen, blocked=macs)
    if check is Operation.MACS:
        return replace(seen, macs=macs)
    octets = [n for row in rows for n in (row.in_octets, row.out_octets) if n is not None]
    return replace(seen, octets=sum(octets) if octets else None)


def _clients(check: Operation, rows: tuple[Any, ...]) -> tuple[Client, ...]:
    return tuple(Client(row.mac, row.vlan_name or "") for row in rows) if check is Operation.BLOCKED else ()
