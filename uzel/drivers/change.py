"""One change at one device, made once: looked at before, typed, checked by another question, undone when that fails.

Nothing here is tried twice but reading and connecting. Each line is told to the journal before it goes out, so that
whoever is killed in the middle leaves what had been sent.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from uzel.core.changes import OF_A_PORT, Kind, Seen, came_true, is_restored, needless
from uzel.drivers.ask import AskError, By, Facts, spelt
from uzel.drivers.change_look import Look, about, look
from uzel.drivers.change_plan import ChangeError, Plan, plan, way_of
from uzel.drivers.pool import Pool
from uzel.drivers.session import CliSession
from uzel.drivers.session_errors import SessionError, Trouble

# Somebody else's session is waited for so long before the first line; then nothing was changed.
OPEN_S, OPEN_AGAIN_S = 15.0, 1.0
OPEN_LATER = frozenset({Trouble.LOCKED, Trouble.REFUSED, Trouble.CLOSED, Trouble.BUSY})
# The lines of a change, and as long again for taking it back.
TYPING_S = 60.0
# Some agents answer SNMP from a copy that is seconds old.
LOOKS, LOOK_AGAIN_S = 4, 1.0
# A refusal that the page does not know by its words. Log lines begin with "%" too: "%LINK-3-UPDOWN".
_REFUSED = re.compile(r"^\s*(?:%(?! ?[A-Z0-9_]+-\d-)|Error\b|Fail)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the transcript. `part`: do, undo or check. `text` is what came back; None: nothing yet."""

    part: str
    line: str
    text: str | None = None
    error: str = ""
    at: float = 0.0


Journal = Callable[[Entry], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state`: done, undone or failed. `error` is why it is not done; `after` is what was seen last.

    `touched` False: no line that changes anything had gone out, or the switch refused it.
    """

    state: str
    error: str = ""
    after: Seen = field(default_factory=Seen)
    touched: bool = True


@dataclass(frozen=True, slots=True)
class _Typed:
    """How far the typing came: lines of `do` that went out, and what stopped it."""

    sent: int
    error: str = ""


async def prepare(facts: Facts, kind: Kind, *, port: str | None, value: str, pool: Pool) -> Plan:
    """The exact lines for the device as it is now. Raises ChangeError, and AskError when it cannot be looked at."""
    page = facts.page
    ways = page.changes.get(kind, ())
    way = way_of(page, kind, await about(facts) if any(each.only for each in ways) else facts.model)
    name = None if port is None else spelt(page, port)
    if not facts.login.user:
        raise ChangeError(Trouble.NO_CREDENTIALS)
    # Before anything is asked: a value that cannot be typed.
    if kind is Kind.DESCRIPTION:
        plan(page, kind, way, port=name, value=value, before=Seen())
    seen = await look(facts, kind, way, port, pool)
    if code := needless(kind, seen.seen, value):
        raise ChangeError(code)
    if way.undo and seen.seen.admin_up is None:
        raise ChangeError("not_seen")  # what is not known cannot be brought back
    return plan(page, kind, way, port=name, value=value, before=seen.seen, clients=seen.clients)


async def perform(facts: Facts, wanted: Plan, *, port: str | None, pool: Pool, journal: Journal) -> Outcome:
    """Type it, check it, undo it when the check fails. Never raises what a device may do."""
    typed = await _type(facts, wanted, wanted.do, "do", pool, journal)
    if not typed.sent:
        return Outcome("failed", typed.error, wanted.before, touched=False)
    if not typed.error and wanted.kind not in OF_A_PORT:
        return Outcome("done")
    after = Seen()
    error = typed.error
    if not error:
        after, held = await _check(facts, wanted, port, pool, journal)
        if held:
            return Outcome("done", "", after)
        error = "check_failed" if held is False else "not_seen"
    if not wanted.undo:
        return Outcome("failed", error, after)
    back = await _type(facts, wanted, wanted.undo, "undo", pool, journal)
    after, restored = await _check(facts, wanted, port, pool, journal, undone=True)
    if restored:
        return Outcome("undone", error, after)
    return Outcome("failed", f"undo_{back.error}" if back.error else "undo_failed", after)


async def _type(facts: Facts, wanted: Plan, lines: tuple[str, ...], part: str, pool: Pool, journal: Journal) -> _Typed:
    """Type lines where they are understood, and leave that place whatever happens."""
    sent = 0
    try:
        async with asyncio.timeout(OPEN_S + TYPING_S), _session(facts, pool) as session:
            try:
                for line in wanted.first:
                    await _say(session, wanted, line, part, journal)
                _fits(session, wanted)
                for at, line in enumerate(lines):
                    if part == "do" and wanted.way.wait_s and wanted.undo and at and line == wanted.undo[0]:
                        await asyncio.sleep(wanted.way.wait_s)
                    sent += 1
                    expect = wanted.way.expect if part == "do" and line == lines[-1] else ""
                    try:
                        await _say(session, wanted, line, part, journal, expect)
                    except SessionError as error:
                        # What a switch refuses in words that are known it has not done; else nobody knows.
                        sent -= error.refusal is not None
                        raise
            finally:
                await _leave(session, wanted, part, journal)
    except SessionError as error:
        return _Typed(sent, error.code)
    except AskError as error:
        return _Typed(sent, error.code)
    except TimeoutError:
        return _Typed(sent, Trouble.HUNG)
    return _Typed(sent)


@asynccontextmanager
async def _session(facts: Facts, pool: Pool) -> AsyncIterator[CliSession]:
    """A new session. A device whose lines are all taken is waited for: nothing has been typed yet."""
    target = facts.target()
    deadline = asyncio.get_running_loop().time() + OPEN_S
    while True:
        entered = pool.session(target, fresh=True)
        try:
            session = await entered.__aenter__()
            break
        except SessionError as error:
            if error.code not in OPEN_LATER or asyncio.get_running_loop().time() >= deadline:
                raise
        await asyncio.sleep(OPEN_AGAIN_S)
    try:
        yield session
    except BaseException as error:
        await entered.__aexit__(type(error), error, error.__traceback__)
        raise
    await entered.__aexit__(None, None, None)


async def _say(session: CliSession, wanted: Plan, line: str, part: str, journal: Journal, expect: str = "") -> None:
    """One line. Raises SessionError, for an answer that is a refusal in unknown words too."""
    await journal(Entry(part, line, at=time.time()))
    try:
        text = await session.run(line, answers=wanted.way.answers)
        if _REFUSED.search(text) or (expect and not re.search(expect, text)):
            raise SessionError(Trouble.COMMAND_REFUSED, stage="command", text=text)
    except SessionError as error:
        await journal(Entry(part, line, error.text, error.code, time.time()))
        raise
    await journal(Entry(part, line, text, at=time.time()))


def _fits(session: CliSession, wanted: Plan) -> None:
    """VRP 8 marks its prompt: what is typed there is kept apart until a commit, which the lines must have."""
    if session.modes.get("changed") and "commit" not in wanted.do:
        raise SessionError(Trouble.COMMAND_REFUSED, stage="command", text="the device wants a commit")


async def _leave(session: CliSession, wanted: Plan, part: str, journal: Journal) -> None:
    """Out of the modes of configuration; a session of which that is not certain is hung up."""
    try:
        for line in (
            wanted.after if session.is_open and (session.modes.get("mode") or session.modes.get("view")) else ()
        ):
            await _say(session, wanted, line, part, journal)
    except SessionError:
        session.abort()
    if session.modes.get("mode") or session.modes.get("view"):
        session.abort()


async def _check(
    facts: Facts, wanted: Plan, port: str | None, pool: Pool, journal: Journal, *, undone: bool = False
) -> tuple[Seen, bool | None]:
    """What the device says now, and whether that is what was wanted (or, `undone`, what was before).

    SNMP that disagrees is not believed at once: the copy that it answers from may be old, its ifAlias another text.
    """
    seen, held = Seen(), None
    for number in range(LOOKS):
        if number:
            await asyncio.sleep(LOOK_AGAIN_S)
        by = By.CLI if number == LOOKS - 1 else None
        try:
            found = await look(facts, wanted.kind, wanted.way, port, pool, by)
        except AskError as error:
            await journal(Entry("check", wanted.way.check, "", error.code, time.time()))
            continue
        seen = found.seen
        held = _judge(wanted, seen, undone=undone)
        await journal(Entry("check", _told(wanted, found), _plain(seen), "" if held else "not_so", time.time()))
        if held:
            break
    return seen, held


def _judge(wanted: Plan, seen: Seen, *, undone: bool) -> bool | None:
    if undone:
        return is_restored(wanted.kind, wanted.before, seen)
    return came_true(wanted.kind, wanted.before, seen, wanted.value)


def _told(wanted: Plan, found: Look) -> str:
    return f"{wanted.way.check} ({found.by})" if found.by else str(wanted.way.check)


def _plain(seen: Seen) -> str:
    """What was seen, on a line."""
    words = {None: "", True: "up", False: "down"}
    told = [
        f"admin {words[seen.admin_up]}" if seen.admin_up is not None else "",
        f"link {words[seen.link_up]}" if seen.link_up is not None else "",
        f'description "{seen.description}"' if seen.description is not None else "",
        f"octets {seen.octets}" if seen.octets is not None else "",
        f"blocked {len(seen.blocked)}" if seen.blocked is not None else "",
        f"MACs {len(seen.macs)}" if seen.macs is not None else "",
    ]
    return ", ".join(each for each in told if each)
