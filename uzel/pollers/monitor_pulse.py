"""Liveness of everybody: SNMP from the pulse's one socket, and the upsds of NUT, which have none, by a connection."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from uzel.drivers import nut
from uzel.drivers.pulse import Listener, Pulse, Target

# Connections to upsds at once.
CONCURRENCY = 100
# Whoever says these is there, whatever it is that he says.
ALIVE = frozenset({"malformed", "flooded", "closed", "denied", "no_such", "stale"})


@dataclass(slots=True)
class NutTarget(Target):
    """A UPS behind an upsd at `address` and `port`, which calls it `ups`, or knows no other."""

    ups: str = ""


class MonitorPulse(Pulse):
    """A pulse that also asks upsds, with the same time-outs and retries. The listener hears the same of both."""

    def __init__(self, listener: Listener, *, timeout_s: float = 0.4, retries: int = 2) -> None:
        """Open the pulse's socket on the running loop."""
        super().__init__(listener, timeout_s=timeout_s, retries=retries)
        self._room = asyncio.Semaphore(CONCURRENCY)
        self._knocks: dict[int, asyncio.Task[None]] = {}

    def close(self) -> None:
        """Stop asking."""
        for task in self._knocks.values():
            task.cancel()
        super().close()

    def ask(self, targets: Iterable[Target], *, urgent: bool = False, once: bool = False) -> None:
        """See Pulse."""
        upsds, others = _parted(targets)
        for target in upsds:
            self._knock(target, once=once)
        super().ask(others, urgent=urgent, once=once)

    async def ask_now(self, targets: Iterable[Target], *, once: bool = False) -> None:
        """See Pulse."""
        upsds, others = _parted(targets)
        knocks = [self._knock(target, once=once) for target in upsds]
        await super().ask_now(others, once=once)
        if knocks:
            await asyncio.wait(knocks)

    def _knock(self, target: NutTarget, *, once: bool) -> asyncio.Task[None]:
        """The question that is under way to this one, or a new one."""
        task = self._knocks.get(target.id)
        if task is None or task.done():
            task = self._knocks[target.id] = asyncio.create_task(self._ask_upsd(target, 0 if once else self._retries))
        return task

    async def _ask_upsd(self, target: NutTarget, retries: int) -> None:
        asked_at = self._loop.time()
        for attempt in range(1 + retries):
            async with self._room:
                began = self._loop.time()
                asked_at = asked_at if attempt else began
                self.counts["asked"] += 1
                alive = await _answers(target, self.timeout_s)
            if alive:
                self.counts["answered"] += 1
                self._listener.answered(target, None, self._loop.time() - began, asked_at)
                return
            self.counts["timed_out"] += 1
            if not attempt and retries:
                self._listener.suspected(target)
        self._listener.silent(target, asked_at)


async def _answers(target: NutTarget, within_s: float) -> bool:
    try:
        async with nut.connect(target.address, target.port, within_s=within_s) as upsd:
            await upsd.upses()
    except nut.NutError as error:
        return error.code in ALIVE
    return True


def _parted(targets: Iterable[Target]) -> tuple[list[NutTarget], list[Target]]:
    wanted = list(targets)
    upsds = [target for target in wanted if isinstance(target, NutTarget)]
    return upsds, [target for target in wanted if not isinstance(target, NutTarget)]
