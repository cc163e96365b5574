"""The prober: answers the questions that pages ask of devices (`uzel prober`).

A page writes a `Probe` row and says NOTIFY uzel_probe; any prober claims it, asks the device, writes the answer and an
event "probe.done". Several may run at once, on several machines. One that is killed leaves rows "running", which the
others give back after a while; one that loses the database waits, keeps its answers, and goes on.
"""

import asyncio
import logging
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import django
import psycopg
from django.db import Error, close_old_connections, connection

from uzel.drivers.snmp import SnmpError
from uzel.pollers import probe_store as store
from uzel.pollers.probe_read import LineReader, Question

CHANNEL = "uzel_probe"
# Probes at once by this process, and with one device: old switches have a weak CPU, but most of a probe is waiting.
CONCURRENCY, PER_DEVICE = 32, 4
# The whole of one probe.
DEADLINE_S = 6.0
# Without a NOTIFY rows are looked for this often; what dead probers left, this often.
LOOK_S, TIDY_S = 1.0, 5.0
DATABASE_RETRY_S = 0.5
# At the end: how long the probes under way may still take.
GRACE_S = 2.0

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Prober:
    """One process's work. `run` returns after `stop` is set."""

    def __init__(self) -> None:
        """Nothing is claimed yet."""
        self.stop = asyncio.Event()
        self._wake = asyncio.Event()
        self._reader = LineReader()
        self._running: dict[asyncio.Task[None], Question] = {}
        self._sessions: dict[int, asyncio.Semaphore] = {}
        # Django's connection belongs to one thread; all of the prober's SQL is short.
        self._database = ThreadPoolExecutor(1, thread_name_prefix="database")

    async def run(self) -> None:
        """Claim and answer until told to stop; then give back what cannot be answered in time."""
        helpers = [asyncio.create_task(self._listen()), asyncio.create_task(self._tidy())]
        stopping = asyncio.create_task(self.stop.wait())
        try:
            while not self.stop.is_set():
                self._wake.clear()
                free = CONCURRENCY - len(self._running)
                claimed = await self._db(store.claim, free) if free else []
                for question in claimed:
                    task = asyncio.create_task(self._answer(question))
                    self._running[task] = question
                    task.add_done_callback(self._ended)
                if not free or len(claimed) < free:
                    woken = asyncio.create_task(self._wake.wait())
                    await asyncio.wait({woken, stopping}, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                    woken.cancel()
        finally:
            for helper in (*helpers, stopping):
                helper.cancel()
            await self._end()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._wake.set()

    async def _end(self) -> None:
        """Let short probes finish; the rest goes back for another prober."""
        if self._running:
            await asyncio.wait(self._running, timeout=GRACE_S)
        left = list(self._running.values())
        for task in list(self._running):
            task.cancel()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(GRACE_S):
                await loop.run_in_executor(self._database, store.release, left)
            await loop.run_in_executor(self._database, _leave)
        except (Error, TimeoutError):
            log.warning("The database is away: %d probes stay claimed until they expire", len(left))
        self._database.shutdown(wait=False)

    async def _answer(self, question: Question) -> None:
        result, error = None, ""
        sessions = self._sessions.setdefault(question.device, asyncio.Semaphore(PER_DEVICE))
        try:
            async with asyncio.timeout(DEADLINE_S), sessions:
                result = await self._ask(question)
        except SnmpError as failure:
            error = failure.code
        except TimeoutError:
            error = "timeout"
        except Exception:
            # One odd device must not take the others' answers away; the row says that it was our fault.
            log.exception("Probe %d failed", question.id)
            error = "internal"
        await self._db(lambda: store.finish(question, result=result, error=error))

    async def _ask(self, question: Question) -> dict[str, Any]:
        if question.operation not in OPERATIONS:
            raise SnmpError("unknown_operation", permanent=True)
        if not question.address:
            raise SnmpError("no_address", permanent=True)
        return await OPERATIONS[question.operation](self._reader, question)

    async def _db(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run short SQL in the thread of the database, again and again while the database is away."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._database, _fresh, function, arguments)
            except Error as error:
                log.warning("The database is away (%s), waiting", type(error).__name__)
                await asyncio.sleep(DATABASE_RETRY_S)

    async def _tidy(self) -> None:
        while True:
            await self._db(store.tidy)
            await asyncio.sleep(TIDY_S)

    async def _listen(self) -> None:
        """Wake on NOTIFY; while the database is away, try to come back."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    # What was asked between two connections.
                    self._wake.set()
                    async for _ in listener.notifies():
                        self._wake.set()
            except psycopg.Error:
                await asyncio.sleep(DATABASE_RETRY_S)


OPERATIONS = {"line": LineReader.read}


def _fresh(function: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
    """Call with a usable connection: one that broke is thrown away."""
    close_old_connections()
    try:
        return function(*arguments)
    except Error:
        connection.close()
        raise


def _leave() -> None:
    """Close the connection of the thread that calls (`connection.close` itself would be that of another)."""
    connection.close()


def _parameters() -> dict[str, Any]:
    """What psycopg needs to connect as Django does."""
    known = connection.get_connection_params()
    return {name: known[name] for name in ("dbname", "user", "password", "host", "port") if known.get(name)}


async def serve() -> None:
    """Run until SIGTERM or SIGINT."""
    prober = Prober()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, prober.stop.set)
    log.info("The prober is ready")
    await prober.run()


def main() -> None:
    """The process `uzel prober`."""
    django.setup()
    asyncio.run(serve())
