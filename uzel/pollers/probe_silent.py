"""A switch whose SNMP is silent, asked at its command line: the line may work, and only the monitoring be blind.

Gives a result as `probe_read` does. What the command line has no word for, the age of the link and the uplinks, is left
out.
"""

import asyncio
import time
from dataclasses import asdict
from typing import Any

from uzel.core.answers import Blocked, MacKind, Operation
from uzel.core.readings import FdbEntry, PortReading
from uzel.pollers.probe_cli import CABLE_S, READS_S, CliReader, Told, dead_line, known_to, live_line
from uzel.pollers.probe_question import KEPT_MACS, TIMEOUT_S, Question
from uzel.pollers.probe_so_far import Tell, meanwhile

# The first datagram is lost by then, and nobody has waited long: the login runs while SNMP is tried once more.
AFTER_S = TIMEOUT_S
# A login and one answer. What does not even speak so soon is dead, and is not asked again for a while.
SPEAKS_S = 2.0
# The two readings of the counters, at least so far apart.
INTERVAL_S = 0.45


async def spoken(cli: CliReader, question: Question, heard: asyncio.Event, tell: Tell) -> dict[str, Any] | None:
    """The result, unless SNMP is `heard` first; None when the command line says nothing of the port either."""
    try:
        async with asyncio.timeout(AFTER_S):
            await heard.wait()
            return None
    except TimeoutError:
        pass
    if question.port is None or question.if_index is None or Operation.PORTS not in known_to(question, Operation.PORTS):
        return None
    asking = asyncio.ensure_future(_result(cli, question, tell))
    hearing = asyncio.ensure_future(heard.wait())
    try:
        await asyncio.wait({asking, hearing}, return_when=asyncio.FIRST_COMPLETED)
        return None if heard.is_set() else await asking
    finally:
        asking.cancel()
        hearing.cancel()


async def _result(cli: CliReader, question: Question, tell: Tell) -> dict[str, Any] | None:
    state = await cli.ask(question, (Operation.PORTS,), seconds=SPEAKS_S)
    rows = state.pop("status", None)
    if not rows:
        return None
    first = _reading(question, rows, time.time())
    known = _known(question, rows, first)
    said: dict[str, Any] = {"said": state["said"], "missing": {}}
    if first.oper_up is False:
        tested = first.admin_up is not False and not question.is_uplink
        told = Told()
        asked = dead_line(question, tested=tested)
        task = asyncio.create_task(cli.ask(question, asked, seconds=CABLE_S if tested else READS_S, told=told))
        try:
            await meanwhile(known | {"said": state["said"]}, told, task, tell)
            return known | _with(said, await task)
        finally:
            task.cancel()
    return known | await _live(cli, question, first, said)


async def _live(cli: CliReader, question: Question, first: PortReading, said: dict[str, Any]) -> dict[str, Any]:
    """What a port with link tells: errors and broadcasts, twice, and MACs, and what is asked of any such port."""
    until = time.monotonic() + READS_S
    counts = known_to(question, Operation.ERRORS, Operation.COUNTERS)
    began = time.monotonic()
    # What matters most comes first; the clock of the broadcasts runs from their own answer.
    asked = [*counts[:1], *known_to(question, Operation.MACS), *counts[1:]]
    found = await cli.ask(question, asked, seconds=READS_S)
    before, macs = _counted(first, found), found.pop("heard", None)
    _with(said, found)
    turned = {row["mac"] for row in macs or () if row["kind"] == MacKind.BLOCKED}
    # A switch lists those whom it turns away, and itself, beside those whom it has learned.
    macs = macs and [row for row in macs if row["kind"] not in (MacKind.BLOCKED, MacKind.SELF)]
    heard = None if macs is None else {row["mac"] for row in macs}
    *rest, log = live_line(question, heard)
    found = await cli.ask(question, rest, seconds=max(0.1, until - time.monotonic()))
    _with(said, found)
    await asyncio.sleep(max(0.0, INTERVAL_S - (time.monotonic() - began)))
    found = await cli.ask(question, counts, seconds=max(0.1, until - time.monotonic()))
    after = _counted(first, found)
    _with(said, found)
    found = await cli.ask(question, (log,), seconds=max(0.1, until - time.monotonic()))
    _with(said, found)
    if turned:
        said["blocked_macs"] = sorted(turned | set(said.get("blocked_macs") or ()))
    entries = [asdict(FdbEntry(row["mac"], row["vlan"], question.if_index)) for row in macs or ()]
    return said | {
        "ports": [asdict(before), asdict(after)],
        "fdb": None if macs is None else entries[:KEPT_MACS],
        "fdb_total": None if macs is None else len(entries),
    }


def _known(question: Question, rows: list[dict[str, Any]], port: PortReading) -> dict[str, Any]:
    notes = list(question.notes)
    if any(row["blocked"] == Blocked.ERROR for row in rows):
        notes.append({"code": "error_disabled", "at": port.at})
    return {
        "ports": [asdict(port), asdict(port)],
        # Counters of SNMP go on when those of the command line are cleared: the two are not to be compared.
        "previous": [],
        "fdb": [] if port.oper_up is False else None,
        "fdb_total": None,
        "uplinks": [],
        "errors": {},
        "changes_at": list(question.changes_at),
        "own_acts": [list(act) for act in question.own_acts],
        "notes": notes,
    }


def _reading(question: Question, rows: list[dict[str, Any]], at: float) -> PortReading:
    """A combo port has two rows: the one with the link is the port."""
    row = max(rows, key=lambda each: (bool(each["link_up"]), bool(each["admin_up"])))
    return PortReading(
        if_index=question.if_index or 0,
        name=question.port,
        description=row["description"],
        admin_up=row["admin_up"],
        oper_up=row["link_up"],
        speed_mbps=row["speed_mbps"],
        full_duplex=row["full_duplex"],
        at=at,
    )


def _counted(port: PortReading, found: dict[str, Any]) -> PortReading:
    """The port with its counters of now, taken out of what was found."""
    rows, counters = found.pop("counted", None), found.pop("counters", None)
    row, traffic = rows[0] if rows else {}, counters[0] if counters else {}
    told = {name: row.get(name) for name in ("crc", "in_errors", "out_errors", "late_collisions")}
    told |= {"in_broadcasts": traffic.get("in_broadcast"), "out_broadcasts": traffic.get("out_broadcast")}
    return PortReading(**asdict(port) | told | {"at": time.time()})


def _with(said: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """All that was said so far, with what was found now."""
    missing, texts = said["missing"] | found["missing"], [*said["said"], *found["said"]]
    said |= found | {"missing": missing, "said": texts}
    return said
