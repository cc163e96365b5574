"""What the workers of `uzel prober` share: rows are claimed, worked on side by side, and given back at the end.

A worker listens on its NOTIFY channel, claims rows by compare-and-set, works on them, and writes what came of it. One
that loses the database waits and keeps its answers; what a killed one left is found by `tidy` of the others.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ClassVar, Generic, TypeVar

import psycopg
from django.db import Error, InterfaceError, InternalError, OperationalError, connection

DATABASE_RETRY_S = 0.5
# A worker that fell is made anew after so long.
AGAIN_S = 5.0
# Errors of a database that is away or changes hands; all others are ours, and trying again gives the same.
AWAY = (OperationalError, InterfaceError, InternalError)

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Job = TypeVar("Job")


class Database:
    """Django's connection in a thread of its own, where all short SQL of one worker runs."""

    def __init__(self) -> None:
        """The thread starts with the first question."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")

    async def __call__(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run short SQL, again and again while the database is away. Raises its other errors."""
        while True:
            try:
                return await self.once(function, *arguments)
            except AWAY as error:
                log.warning("The database is away (%s), waiting", type(error).__name__)
                await asyncio.sleep(DATABASE_RETRY_S)

    async def once(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run short SQL. Raises `django.db.Error`."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _fresh, function, arguments)

    async def close(self) -> None:
        """Close the connection; the thread ends when it has nothing left to do."""
        # `connection.close` here would name the connection of this thread.
        await asyncio.get_running_loop().run_in_executor(self._thread, _leave)
        self._thread.shutdown(wait=False)


class Worker(ABC, Generic[Job]):
    """Claims jobs and works on them until `stop` is set.

    `claim`, `release` and `tidy` run in the database's thread; `work` runs in the loop and must not block it.
    """

    # NOTIFY on it wakes the worker.
    channel: ClassVar[str]
    # Jobs at once.
    concurrency: ClassVar[int] = 1
    # Without a NOTIFY rows are looked for this often; what dead workers left, this often.
    look_s: ClassVar[float] = 1.0
    tidy_s: ClassVar[float] = 5.0
    # At the end: how long the jobs under way may still take, and then how long giving them back may.
    grace_s: ClassVar[float] = 2.0

    def __init__(self) -> None:
        """Nothing is claimed yet."""
        self.stop = asyncio.Event()
        self.db = Database()
        self._wake = asyncio.Event()
        self._running: dict[asyncio.Task[None], Job] = {}

    @abstractmethod
    def claim(self, most: int) -> Sequence[Job]:
        """Take up to `most` jobs; no other worker gets the same ones."""

    @abstractmethod
    async def work(self, job: Job) -> None:
        """Do one job and write what came of it by `self.db`. What it raises is logged. Cancelled when time is up."""

    def release(self, jobs: Iterable[Job]) -> None:
        """Give back, or mark, what could not be finished at the end of the process."""

    def tidy(self) -> None:
        """Look for what dead workers left."""

    async def run(self) -> None:
        """Claim and work until told to stop; then give back what cannot be finished in time."""
        helpers = [asyncio.create_task(listen(self.channel, self._wake.set)), asyncio.create_task(self._tidy())]
        stopping = asyncio.create_task(self.stop.wait())
        try:
            while not self.stop.is_set():
                self._wake.clear()
                free = self.concurrency - len(self._running)
                claimed = await self._claim(free, stopping) if free else ()
                for job in claimed:
                    task = asyncio.create_task(self._work(job))
                    self._running[task] = job
                    task.add_done_callback(self._ended)
                if not free or len(claimed) < free:
                    woken = asyncio.create_task(self._wake.wait())
                    await asyncio.wait({woken, stopping}, timeout=self.look_s, return_when=asyncio.FIRST_COMPLETED)
                    woken.cancel()
        finally:
            for helper in (*helpers, stopping):
                helper.cancel()
            await asyncio.wait(helpers, timeout=self.grace_s)
            await self._end()

    async def _claim(self, free: int, stopping: asyncio.Task[Any]) -> Sequence[Job]:
        """Jobs; none when told to stop while the database is away."""
        claiming = asyncio.create_task(self.db(self.claim, free))
        await asyncio.wait({claiming, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not claiming.done():
            await asyncio.wait({claiming}, timeout=self.grace_s)
        if claiming.done():
            return claiming.result()
        claiming.cancel()
        return ()

    async def _work(self, job: Job) -> None:
        try:
            await self.work(job)
        except Exception:
            # One odd job must not take the others down with it.
            log.exception("%s failed: %r", type(self).__name__, job)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._wake.set()

    async def _end(self) -> None:
        """Let short jobs finish; the rest is cancelled and given back."""
        if self._running:
            await asyncio.wait(self._running, timeout=self.grace_s)
        left = dict(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=self.grace_s)
        try:
            async with asyncio.timeout(self.grace_s):
                await self.db.once(self.release, list(left.values()))
        except (Error, TimeoutError):
            log.warning("%s: the database is away, %d jobs stay claimed", type(self).__name__, len(left))
        try:
            async with asyncio.timeout(self.grace_s):
                await self.db.close()
        except (Error, TimeoutError):
            log.warning("%s: the connection to the database is left to itself", type(self).__name__)

    async def _tidy(self) -> None:
        while True:
            await self.db(self.tidy)
            await asyncio.sleep(self.tidy_s)


async def listen(channel: str, heard: Callable[[], None]) -> None:
    """Call `heard` at each NOTIFY, for ever; while the database is away, try to come back."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listener:
                await listener.execute(f"LISTEN {channel}")
                # What was said between two connections.
                heard()
                async for _ in listener.notifies():
                    heard()
        except psycopg.Error:
            await asyncio.sleep(DATABASE_RETRY_S)


async def run_all(makers: Iterable[Callable[[], Worker[Any]]], stop: asyncio.Event) -> None:
    """Run workers side by side until `stop`; one that falls is made anew after a while, the others go on."""
    async with asyncio.TaskGroup() as group:
        for make in makers:
            group.create_task(_keep(make, stop))


async def _keep(make: Callable[[], Worker[Any]], stop: asyncio.Event) -> None:
    while not stop.is_set():
        worker = make()
        stopping = asyncio.create_task(_pass_on(stop, worker.stop))
        try:
            await worker.run()
        except Exception:
            log.exception("%s fell; it starts again in %d s", type(worker).__name__, AGAIN_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN_S)
        finally:
            stopping.cancel()


async def _pass_on(said: asyncio.Event, further: asyncio.Event) -> None:
    await said.wait()
    further.set()


def _fresh(function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
    """Call; a connection that broke is thrown away. One that works is kept: opening one costs more than the SQL."""
    try:
        return function(*arguments)
    except Error:
        connection.close()
        raise


def _leave() -> None:
    """Close the connection of the thread that calls."""
    connection.close()


def _parameters() -> dict[str, Any]:
    """What psycopg needs to connect as Django does."""
    known = connection.get_connection_params()
    return {name: known[name] for name in ("dbname", "user", "password", "host", "port") if known.get(name)}
