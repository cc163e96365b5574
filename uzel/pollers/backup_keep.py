"""The keeper of configurations: reads them from switches by night and on demand, keeps each new text once.

A worker of `uzel prober`, and of `uzel backup run`. It keeps a configuration only when its end was seen; what is cut,
hung, locked, spoiled by log lines or too long is an error by its name, and what was kept before stays.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from functools import partial

from django.conf import settings
from django.db import Error
from django.utils import timezone

from uzel.core.configs import Cleaned, clean
from uzel.drivers.ask import AskError, Facts
from uzel.drivers.ask_config import configuration
from uzel.drivers.pool import Pool
from uzel.network.backups import CHANNEL
from uzel.pollers import backup_store as store
from uzel.pollers.backup_store import Job, Result
from uzel.pollers.worker import Worker

# Devices at once, and how many of them may be of a round: somebody who asks for one device must not wait for a dark
# district to time out.
AT_ONCE, OF_ROUND = 40, 32
# The whole of one reading, with its second attempt. Less than `store.RUNS_AT_MOST_S`.
DEADLINE_S = 120.0
# What is worth a second attempt, and how long to wait before it: the session was lost, taken, or its text was spoiled.
AGAIN_S = {
    "closed": 1.0,
    "refused": 2.0,
    "locked_by_other_session": 3.0,
    "busy": 1.0,
    "incomplete": 0.0,
    "spoiled": 1.0,
}

log = logging.getLogger(__name__)


class BackupKeeper(Worker[Job]):
    """Reads configurations. `run` returns after `stop` is set."""

    channel = CHANNEL
    concurrency = AT_ONCE

    def __init__(self, pool: Pool, *, nights: bool = True) -> None:
        """Nothing is claimed yet. `nights`: begins the round of each night."""
        super().__init__()
        self._pool = pool
        self._hour = settings.BACKUP_HOUR if nights else None
        self._told_at = 0.0
        # What waits to be written, and the task that writes: all that came meanwhile goes in one transaction.
        self._results: list[tuple[Result, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    def claim(self, most: int) -> Sequence[Job]:
        """Those first that somebody waits for; rounds leave room for them."""
        of_round = sum(not job.urgent for job in list(self._running.values()))
        return store.claim(most, of_rounds=OF_ROUND - of_round)

    def release(self, jobs: Iterable[Job]) -> None:
        """They go back for another keeper."""
        store.release(jobs)

    def tidy(self) -> None:
        """What dead keepers left, and the night's round."""
        store.tidy(now=timezone.now(), hour=self._hour)

    async def work(self, job: Job) -> None:
        """Read, and keep the configuration or the code of what kept it away."""
        error, said = job.error, ""
        try:
            if job.facts is not None:
                async with asyncio.timeout(DEADLINE_S):
                    read = await self._read(job.facts)
                await self._put(Result(job, read))
                return
        except AskError as failure:
            error, said = failure.code, failure.text
        except TimeoutError:
            error = "timeout"
        except Exception:
            # One odd device must not take the others away; the row says that it was our fault.
            log.exception("The configuration of device %d", job.device)
            error = "internal"
        await self._put(Result(job, None, error, said))

    async def _read(self, facts: Facts) -> Cleaned:
        """A whole configuration. Raises AskError."""
        try:
            return await self._once(facts)
        except AskError as error:
            if error.code not in AGAIN_S:
                raise
            await asyncio.sleep(AGAIN_S[error.code])
        return await self._once(facts)

    async def _once(self, facts: Facts) -> Cleaned:
        text = await configuration(facts, pool=self._pool, leave=True)
        # Taking out what changes by itself is work of a few ms: the loop goes on with the others meanwhile.
        read = await asyncio.to_thread(clean, text)
        if read.spoiled:
            raise AskError("spoiled", permanent=False, stage="command", text=facts.login.starred(text))
        return read

    async def _put(self, result: Result) -> None:
        """Have it written; returns when it is."""
        written = asyncio.get_running_loop().create_future()
        self._results.append((result, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while self._results:
            batch, self._results = self._results, []
            try:
                await self._write([result for result, _ in batch])
            except Exception:
                log.exception("%d configurations could not be written", len(batch))
            for _, written in batch:
                if not written.done():
                    written.set_result(None)

    async def _write(self, results: list[Result]) -> None:
        try:
            await self.db(partial(store.write, results, tell=self._tell()))
        except Error:
            # One text that the database does not take must not take the others away.
            if len(results) > 1:
                for result in results:
                    await self._write([result])
            elif results[0].read is not None:
                log.exception("The configuration of device %d is not taken", results[0].job.device)
                await self._write([Result(results[0].job, None, "internal")])
            else:
                raise

    def _tell(self) -> bool:
        """Whether pages should hear of a round's progress now."""
        now = time.monotonic()
        if now - self._told_at < store.PROGRESS_S:
            return False
        self._told_at = now
        return True
