"""The runner of changes, a worker of `uzel prober`: makes previews, and the changes that were confirmed, each once.

A page writes a `Change` row and says NOTIFY uzel_change. A row that runs is never given back: a runner that is killed
in the middle leaves it "unknown", with what it had sent, and the others look how the port stands now. One that it left
off is switched on again by the recorded lines, once.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from django.db import Error

from uzel.core.changes import Kind, Seen, is_restored
from uzel.drivers.ask import AskError, spelt
from uzel.drivers.change import Entry, Outcome, in_time, perform, prepare
from uzel.drivers.change_look import about, look
from uzel.drivers.change_plan import ChangeError, Plan, plan, way_of
from uzel.drivers.cli_page import Way
from uzel.drivers.pool import Pool
from uzel.pollers import change_store as store
from uzel.pollers.change_store import Job
from uzel.pollers.worker import Worker

# The whole of a preview: the port is looked at.
PREVIEW_S = 40.0
# A page of the transcript is not worth waiting for while a switch stands in its mode of configuration.
KEEP_S = 2.0

log = logging.getLogger(__name__)


class ChangeRunner(Worker[Job]):
    """Makes changes. `run` returns after `stop` is set, when those under way have ended or their time is up."""

    channel = "uzel_change"
    concurrency = 16
    tidy_s = 2.0
    # Two steps of STOP_S before taking back, two for that, and the database; the supervisor waits for 15 s.
    grace_s = 13.0

    def __init__(self, pool: Pool) -> None:
        """Nothing is claimed yet. Sessions are the pool's."""
        super().__init__()
        self._pool = pool

    def claim(self, most: int) -> Sequence[Job]:
        """Previews to make, changes to run, and ports of unknown changes to look at."""
        return store.claim(most)

    def release(self, jobs: Iterable[Job]) -> None:
        """Say that their end is not known."""
        store.release(jobs)

    def tidy(self) -> None:
        """Give a sign of life for what runs here; end what is late, and what a dead runner left."""
        store.alive(list(self._running.values()))
        store.tidy()

    async def one(self, pk: int) -> None:
        """Work on this change alone, if nobody has taken it."""
        for job in await self.db(partial(store.claim, 1, only=pk)):
            task = asyncio.create_task(self.work(job))
            self._running[task] = job
            try:
                await task
            finally:
                self._running.pop(task, None)

    async def work(self, job: Job) -> None:
        """A preview, a change, or a look."""
        if job.phase == "prepare":
            await self._prepare(job)
        elif job.phase == "run":
            await self._run(job)
        else:
            await self._look_after(job)

    async def _prepare(self, job: Job) -> None:
        plan, error = await self._plan(job)
        if plan:
            await self.db(store.prepared, job, plan)
        elif error == "stopped":
            await self.db(store.release, [job])
        else:
            await self.db(store.not_prepared, job, error)

    async def _plan(self, job: Job) -> tuple[Plan | None, str]:
        if job.facts is None:
            return None, job.error
        try:
            async with in_time(PREVIEW_S, self.stop):
                plan = await prepare(job.facts, job.kind, port=job.port, value=job.value, pool=self._pool)
                return plan, ""
        except (ChangeError, AskError) as error:
            return None, error.code
        except TimeoutError:
            return None, "stopped" if self.stop.is_set() else "timeout"
        except Exception:
            log.exception("Change %d could not be prepared", job.id)
            return None, "internal"

    async def _run(self, job: Job) -> None:
        """Only what was shown is run: a port that has changed since then is not touched."""
        plan, error = await self._plan(job)
        if plan and (list(plan.commands), list(plan.undoing)) != (job.commands, job.undo):
            plan, error = None, "changed_meanwhile"
        # A moment before typing: between the confirmation and now there may have been a storm, or a new role.
        error = error or await self.db(store.no_longer, job)
        if plan is None or job.facts is None or error:
            await self._finish(job, Outcome("failed", error, touched=False))
            return
        journal = _Journal(self, job)
        try:
            outcome = await perform(job.facts, plan, port=job.port, pool=self._pool, journal=journal, stop=self.stop)
        except Exception:
            log.exception("Change %d broke off", job.id)
            outcome = Outcome("unknown" if job.entries else "failed", "internal", Seen())
        await self._finish(job, outcome)

    async def _finish(self, job: Job, outcome: Outcome) -> None:
        """Write the end; if the database does not take what the device said, without that."""
        try:
            await self.db(store.finish, job, outcome)
        except Error:
            log.exception("What change %d met at the device cannot be kept", job.id)
            await self.db(partial(store.finish, bare=True), job, outcome)

    async def _look_after(self, job: Job) -> None:
        """How the port of an unknown change stands now; left off, it is taken back."""
        way, seen = await self._look(job)
        left = seen and job.before.get("admin_up") and seen.admin_up is False
        if way is None or seen is None or not left or job.tried_back or job.kind not in store.LEAVES_OFF:
            await self.db(store.looked, job, seen)
        elif await self.db(store.take_back, job, seen):
            await self._take_back(job, way, seen)

    async def _look(self, job: Job) -> tuple[Way | None, Seen | None]:
        try:
            if job.facts:
                way = way_of(job.facts.page, job.kind, await about(job.facts))
                return way, (await look(job.facts, job.kind, way, job.port, self._pool)).seen
        except (ChangeError, AskError) as error:
            log.info("The port of change %d cannot be looked at: %s", job.id, error.code)
        return None, None

    async def _take_back(self, job: Job, way: Way, seen: Seen) -> None:
        """Type the lines that were shown as the way back. A port that is on afterwards is as it was before."""
        try:
            outcome = await self._undo(job, way, seen)
        except ChangeError as error:
            outcome = Outcome("failed", error.code, seen)
        except Exception:
            log.exception("Taking back change %d broke off", job.id)
            outcome = Outcome("failed", "internal", seen)
        if not outcome.touched and outcome.error == "stopped":
            await self.db(store.not_begun, job)
            return
        before = _seen(job.before)
        if outcome.state == "failed" and (found := (await self._look(job))[1]):
            outcome = replace(outcome, state="done" if is_restored(job.kind, before, found) else "failed", after=found)
        if outcome.state == "done":
            outcome = replace(outcome, state="undone", error=job.why, touched=True)
        elif outcome.state == "failed":
            outcome = replace(outcome, error=f"undo_{outcome.error}", touched=True)
        await self._finish(job, outcome)

    async def _undo(self, job: Job, way: Way, seen: Seen) -> Outcome:
        """What comes of typing the recorded lines and no others. Raises ChangeError when they would be others now."""
        if job.facts is None or job.port is None:
            raise ChangeError("not_offered")
        page = job.facts.page
        wanted = plan(page, job.kind, way, port=spelt(page, job.port), value=job.value, before=_seen(job.before))
        if not job.undo or list(wanted.undoing) != job.undo:
            raise ChangeError("not_offered")
        back = Plan(Kind.PORT_ON, way, "", seen, wanted.first, wanted.undo, wanted.after, ())
        journal = _Journal(self, job, typed="undo")
        return await perform(job.facts, back, port=job.port, pool=self._pool, journal=journal, stop=self.stop)


def _seen(kept: dict[str, Any]) -> Seen:
    """What a port said, from its row."""
    return Seen(**{each.name: kept[each.name] for each in fields(Seen) if each.name in kept})


class _Journal:
    """Writes each line of a change before it goes out, and again with its answer. `typed`: the part that it is of."""

    def __init__(self, runner: ChangeRunner, job: Job, typed: str = "do") -> None:
        self._db, self._job, self._typed = runner.db, job, typed

    async def __call__(self, entry: Entry) -> None:
        """The first line waits for the database; later ones do not keep a switch waiting for it."""
        entries = self._job.entries
        if entry.part == "do":
            entry = replace(entry, part=self._typed)
        is_first = not entries
        if entries and entries[-1].text is None and entries[-1].line == entry.line:
            entries[-1] = entry
        else:
            entries.append(entry)
        if is_first:
            await self._db(store.keep, self._job)
            return
        try:
            async with asyncio.timeout(KEEP_S):
                await self._db.once(store.keep, self._job)
        except (Error, TimeoutError) as error:
            log.warning("Change %d: a line of its transcript waits (%s)", self._job.id, type(error).__name__)
