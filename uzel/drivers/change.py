"""One change at one device, made once: looked at before, typed, checked by another question, undone when that fails.

Nothing here is tried twice but reading and connecting. Each line is told to the journal before it goes out, so that
whoever is killed in the middle leaves what had been sent.
"""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

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
# Out of the modes of configuration; after that the session is hung up.
LEAVE_S = 10.0
# Told to stop, each step that is left has so long: the end of the lines, the look, taking back, the look after it.
STOP_S = 3.0
# No look takes so long: it has deadlines of its own.
CHECK_S = 240.0
# Some agents answer SNMP from a copy that is seconds old.
LOOKS, LOOK_AGAIN_S = 4, 1.0
# A refusal that the page does not know by its words. Log lines begin with "%" too: "%LINK-3-UPDOWN". No blank of it is
# an end of a line: of many empty ones, each would be the beginning of all that follow.
_REFUSED = re.compile(r"^[^\S\n]*(?:%(?! ?[A-Z0-9_]+-\d-)|Error\b|Fail)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the transcript. `part`: do, undo or check. `text` is what came back; None: nothing yet.

    Of a check: `line` is the command, or the tables, `by` the way (snmp, cli); the last line of a look has what all of
    them came to in `seen`.
    """

    part: str
    line: str
    text: str | None = None
    error: str = ""
    at: float = 0.0
    by: str = ""
    seen: Seen | None = None


Journal = Callable[[Entry], Awaitable[None]]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`state`: done, undone, failed or unknown. `error` is why it is not done; `after` is what was seen last.

    `touched` False: no line that changes anything had gone out, or the switch refused it.
    """

    state: str
    error: str = ""
    after: Seen = field(default_factory=Seen)
    touched: bool = True


@dataclass(slots=True)
class _Typed:
    """How far the typing came: lines of `do` that went out, whether all were answered, and what stopped it first."""

    sent: int = 0
    is_whole: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Work:
    """One change under way: what is typed where, who is told, and whether it has to come to an end."""

    facts: Facts
    wanted: Plan
    port: str | None
    pool: Pool
    journal: Journal
    stop: asyncio.Event


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


async def perform(
    facts: Facts, wanted: Plan, *, port: str | None, pool: Pool, journal: Journal, stop: asyncio.Event | None = None
) -> Outcome:
    """Type it, check it, undo it when the check fails. Never raises what a device may do.

    After `stop` nothing is begun; what has begun is ended or taken back in a few seconds.
    """
    work = _Work(facts, wanted, port, pool, journal, stop or asyncio.Event())
    typed = await _type(work, wanted.do, "do")
    if not typed.sent:
        return Outcome("failed", typed.error, wanted.before, touched=False)
    if not typed.error and wanted.kind not in OF_A_PORT:
        return Outcome("done")
    after = Seen()
    error = typed.error
    if not error:
        after, held = await _check(work)
        if held:
            return Outcome("done", "", after)
        if held is None and work.stop.is_set():
            return Outcome("unknown", "stopped", after)
        error = "check_failed" if held is False else "not_seen"
    if not wanted.undo:
        return Outcome("failed", error, after)
    back = await _type(work, wanted.undo, "undo")
    after, restored = await _check(work, undone=True)
    if restored:
        return Outcome("undone", error, after)
    if restored is None and work.stop.is_set():
        return Outcome("unknown", "stopped", after)
    return Outcome("failed", f"undo_{back.error}" if back.error else "undo_failed", after)


async def _type(work: _Work, lines: tuple[str, ...], part: str) -> _Typed:
    """Type lines where they are understood, and leave that place whatever happens. Whatever breaks is told."""
    typed = _Typed()
    try:
        async with in_time(OPEN_S + TYPING_S, work.stop), _session(work.facts, work.pool) as session:
            try:
                await _type_all(work, session, lines, part, typed)
            except SessionError as error:
                typed.error = error.code
                raise
            finally:
                await _leave(work, session, part)
    except (SessionError, AskError) as error:
        code = error.code
    except TimeoutError:
        code = "stopped" if work.stop.is_set() else Trouble.HUNG
    except Exception:
        log.exception("A line of a change broke off")
        code = "internal"
    else:
        return typed
    # What happens on the way out, after the last line was answered, is no failure of the change: the check decides.
    typed.error = "" if typed.is_whole else typed.error or code
    return typed


async def _type_all(work: _Work, session: CliSession, lines: tuple[str, ...], part: str, typed: _Typed) -> None:
    wanted, is_undo = work.wanted, part == "undo"
    for line in wanted.first:
        await _say(work, session, line, part)
    if session.modes.get("changed") and "commit" not in wanted.do:
        # VRP 8 marks its prompt: what is typed there is kept apart until a commit, which the lines must have.
        raise SessionError(Trouble.COMMAND_REFUSED, stage="command", text="the device wants a commit")
    if work.stop.is_set() and not is_undo:
        raise TimeoutError
    for at, line in enumerate(lines):
        if not is_undo and wanted.way.wait_s and wanted.undo and at and line == wanted.undo[0]:
            with suppress(TimeoutError):
                await asyncio.wait_for(work.stop.wait(), wanted.way.wait_s)
        typed.sent += 1
        expect = wanted.way.expect if not is_undo and line == lines[-1] else ""
        try:
            await _say(work, session, line, part, expect)
        except SessionError as error:
            # What a switch refuses in words that are known it has not done; else nobody knows.
            typed.sent -= error.refusal is not None
            raise
    typed.is_whole = True


@asynccontextmanager
async def in_time(seconds: float, stop: asyncio.Event) -> AsyncIterator[None]:
    """A time limit that becomes short when told to stop. Raises TimeoutError."""
    async with asyncio.timeout(seconds) as clock:
        hurrying = asyncio.create_task(_hurry(clock, stop))
        try:
            yield
        finally:
            hurrying.cancel()


async def _hurry(clock: asyncio.Timeout, stop: asyncio.Event) -> None:
    await stop.wait()
    soon = asyncio.get_running_loop().time() + STOP_S
    if not clock.expired():
        clock.reschedule(min(soon, clock.when() or soon))


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


async def _say(work: _Work, session: CliSession, line: str, part: str, expect: str = "") -> None:
    """One line. Raises SessionError, for an answer that is a refusal in unknown words too."""
    if not session.is_open:
        raise SessionError(Trouble.CLOSED, stage="command", text="")  # it does not go out, so it is not told
    await work.journal(Entry(part, line, at=time.time()))
    try:
        text = await session.run(line, answers=work.wanted.way.answers)
        if _REFUSED.search(text) or (expect and not re.search(expect, text)):
            raise SessionError(Trouble.COMMAND_REFUSED, stage="command", text=work.facts.login.starred(text))
    except SessionError as error:
        await work.journal(Entry(part, line, error.text, error.code, time.time()))
        raise
    await work.journal(Entry(part, line, work.facts.login.starred(text), at=time.time()))


async def _leave(work: _Work, session: CliSession, part: str) -> None:
    """Out of the modes of configuration; a session of which that is not certain is hung up."""
    inside = session.is_open and (session.modes.get("mode") or session.modes.get("view"))
    try:
        async with asyncio.timeout(STOP_S if work.stop.is_set() else LEAVE_S):
            for line in work.wanted.after if inside else ():
                await _say(work, session, line, part)
    except (SessionError, TimeoutError):
        session.abort()
    if session.modes.get("mode") or session.modes.get("view"):
        session.abort()


async def _check(work: _Work, *, undone: bool = False) -> tuple[Seen, bool | None]:
    """What the device says now, and whether that is what was wanted (or, `undone`, what was before).

    SNMP that disagrees is not believed at once: the copy that it answers from may be old, its ifAlias another text.
    """
    seen, held = Seen(), None
    with suppress(TimeoutError):
        async with in_time(CHECK_S, work.stop):
            for number in range(LOOKS):
                if number:
                    await asyncio.sleep(LOOK_AGAIN_S)
                found = await _look(work, By.CLI if number == LOOKS - 1 else None)
                if found is None:
                    continue
                seen = found.seen
                held = _judge(work.wanted, seen, undone=undone)
                await _tell(work, found, "" if held else "not_so")
                if held:
                    break
    return seen, held


async def _look(work: _Work, by: By | None) -> Look | None:
    """One look; None, and told, when it cannot be had: also for a mistake of ours, which must not end the undoing."""
    wanted = work.wanted
    try:
        return await look(work.facts, wanted.kind, wanted.way, work.port, work.pool, by)
    except AskError as error:
        entry = Entry("check", wanted.way.check, error.text, error.code, time.time(), error.by)
    except Exception:
        log.exception("A look of a change broke off")
        entry = Entry("check", wanted.way.check, "", "internal", time.time())
    await work.journal(entry)
    return None


async def _tell(work: _Work, found: Look, error: str) -> None:
    """Each question of a look with what was said to it; what it came to stands with the last one."""
    now = time.time()
    *earlier, last = [Entry("check", "; ".join(one.lines), one.text, at=now, by=one.by) for one in found.asked]
    for entry in earlier:
        await work.journal(entry)
    await work.journal(replace(last, error=error, seen=found.seen))


def _judge(wanted: Plan, seen: Seen, *, undone: bool) -> bool | None:
    if undone:
        return is_restored(wanted.kind, wanted.before, seen)
    return came_true(wanted.kind, wanted.before, seen, wanted.value)
