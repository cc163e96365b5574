"""The prober: answers the questions that pages ask of devices, and runs what else goes over command lines.

`uzel prober` is one process with one pool of sessions and several workers side by side (`WORKERS`). The `Prober`
itself: a page writes a `Probe` row and says NOTIFY uzel_probe; any prober claims it, asks the device, writes the answer
and an event "probe.done"; while a test of a cable takes its time, what is known so far and "probe.told". Several may
run at once, on several machines. One that is killed leaves rows "running", which the others give back after a while;
one that loses the database waits, keeps its answers, and goes on.
"""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import django

from uzel.drivers.pool import GARBAGE_EVERY, Pool
from uzel.drivers.snmp import SnmpError
from uzel.network.prober import beat
from uzel.pollers import device_facts
from uzel.pollers import probe_store as store
from uzel.pollers.backup_keep import BackupKeeper
from uzel.pollers.change_run import ChangeRunner
from uzel.pollers.probe_cli import CliReader
from uzel.pollers.probe_question import Question
from uzel.pollers.probe_read import LineReader
from uzel.pollers.probe_so_far import Tell, cut_short
from uzel.pollers.worker import AWAY, Worker, run_all

# Probes with one device at once: old switches have a weak CPU, but most of a probe is waiting.
PER_DEVICE = 4
# The whole of one probe, with the wait for its turn; its stages have deadlines of their own.
DEADLINE_S = 15.0

log = logging.getLogger(__name__)


class Prober(Worker[Question]):
    """Answers probes. `run` returns after `stop` is set."""

    channel = "uzel_probe"
    concurrency = 32
    # Also how often it says that it lives: see network.prober.
    tidy_s = 3.0

    def __init__(self, pool: Pool) -> None:
        """Nothing is claimed yet. Sessions are the pool's."""
        super().__init__()
        self._reader = LineReader(CliReader(pool))
        self._turns: dict[int, asyncio.Semaphore] = {}

    def claim(self, most: int) -> Sequence[Question]:
        """Waiting probes, oldest first."""
        return store.claim(most)

    def release(self, jobs: Iterable[Question]) -> None:
        """They go back for another prober."""
        store.release(jobs)

    def tidy(self) -> None:
        """Say that this prober lives; fail what nobody waits for, give back what a dead one left."""
        beat()
        store.tidy()

    async def work(self, job: Question) -> None:
        """Ask, and write the answer or the code of what kept it away."""
        result, error = None, ""
        so_far: dict[str, Any] = {}

        async def tell(known: dict[str, Any]) -> None:
            nonlocal so_far
            so_far = known
            await self._tell(job, known)

        turns = self._turns.setdefault(job.device, asyncio.Semaphore(PER_DEVICE))
        try:
            async with asyncio.timeout(DEADLINE_S), turns:
                result = await self._ask(job, tell)
        except SnmpError as failure:
            error = failure.code
        except TimeoutError:
            result, error = (cut_short(so_far), "") if so_far else (None, "timeout")
        except Exception:
            # One odd device must not take the others' answers away; the row says that it was our fault.
            log.exception("Probe %d failed", job.id)
            error = "internal"
        await self.db(partial(store.finish, job, result=result, error=error))

    async def _tell(self, job: Question, known: dict[str, Any]) -> None:
        """Write what is known. A database that is away costs this word, never the last one."""
        try:
            await self.db.once(partial(store.tell, job, result=known))
        except AWAY as error:
            log.warning("The database is away (%s), probe %d goes on", type(error).__name__, job.id)

    async def _ask(self, question: Question, tell: Tell) -> dict[str, Any]:
        if question.operation not in OPERATIONS:
            raise SnmpError("unknown_operation", permanent=True)
        if not question.address:
            raise SnmpError("no_address", permanent=True)
        return await OPERATIONS[question.operation](self._reader, question, tell)


OPERATIONS = {"line": LineReader.read, "cable": LineReader.test_cable}
# What `uzel prober` runs, all with the same pool: a switch has few sessions for all of them together.
WORKERS: tuple[Callable[[Pool], Worker[Any]], ...] = (Prober, ChangeRunner, BackupKeeper)


async def serve() -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Pool(known=device_facts.HostKeyFile()) as pool:
        log.info("The prober is ready")
        await run_all([partial(make, pool) for make in WORKERS], stop)


def main() -> None:
    """The process `uzel prober`."""
    django.setup()
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY)
    asyncio.run(serve())
