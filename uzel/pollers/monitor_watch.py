"""Liveness: every device is asked in turn, again and again; what changes wakes the decision."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from uzel.drivers.pulse import Pulse, Target
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_world import World

SLICE_S = 0.05


@dataclass
class Flips:
    """What changed since the last decision. `since`: when the first of it did (unix), for the figure of the delay."""

    silent: set[int] = field(default_factory=set)
    suspected: set[int] = field(default_factory=set)
    answering: set[int] = field(default_factory=set)
    other: bool = False
    since: float | None = None
    # Counts changes that are certain: a missed question is none yet.
    serial: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, kind: str, device: int | None = None) -> None:
        """Remember a change and wake the decision. `kind`: silent, suspected, answering or other."""
        if device is None:
            self.other = True
        else:
            getattr(self, kind).add(device)
        self.serial += kind != "suspected"
        if self.since is None:
            self.since = time.time()
        self.wake.set()

    def clear(self) -> None:
        """Begin anew."""
        self.silent.clear()
        self.suspected.clear()
        self.answering.clear()
        self.other, self.since = False, None
        self.wake.clear()


class Watch:
    """The listener of the pulse, and the round that feeds it."""

    def __init__(self, world: World, flips: Flips, metrics: Metrics, *, interval_s: float) -> None:
        """`interval_s`: how often each device is asked."""
        self.world, self.flips = world, flips
        self._metrics = metrics
        self._interval_s = interval_s
        self._counted: Counter[str] = Counter()

    def answered(self, target: Target, uptime: int | None, rtt_s: float, asked_at: float) -> None:
        """Pulse: a device answered."""
        view = self.world.views.get(target.id)
        if view is not None and self.world.answered(view, uptime, rtt_s, time.time()):
            self.flips.note("answering", target.id)

    def suspected(self, target: Target) -> None:
        """Pulse: a device missed its first question."""
        view = self.world.views.get(target.id)
        if view is not None and view.answers is not False and not view.suspected:
            view.suspected = True
            self.flips.note("suspected", target.id)

    def silent(self, target: Target, asked_at: float) -> None:
        """Pulse: a device missed them all. `asked_at` is of the loop's clock."""
        view = self.world.views.get(target.id)
        now = time.time()
        began = now - (asyncio.get_running_loop().time() - asked_at)
        if view is None:
            return
        if view.last_answer and view.last_answer > began:
            # Another question, asked later, was answered meanwhile.
            view.suspected = False
        elif self.world.silent(view, began, now):
            self.flips.note("silent", target.id)

    async def run(self, pulse: Pulse) -> None:
        """Go round and round, spread evenly over the interval; slower when the devices do not keep up."""
        order: list[int] = []
        at, began, loop = 0, 0.0, asyncio.get_running_loop()
        while True:
            tick = loop.time()
            if at >= len(order):
                if order:
                    self._metrics.rounds.append(loop.time() - began)
                order, at, began = list(self.world.views), 0, loop.time()
                # Neighbours in the network are asked at different times: the first silence comes sooner.
                random.shuffle(order)
            size = max(1, round(len(order) * SLICE_S / self._interval_s))
            if pulse.backlog < 4 * size + 2000:
                views = [view for i in order[at : at + size] if (view := self.world.views.get(i))]
                pulse.ask(view.target for view in views if view.answers is not False and not view.suspected)
                pulse.ask((view.target for view in views if view.answers is False), once=True)
                at += size
            self._count(pulse)
            await asyncio.sleep(SLICE_S)
            self._metrics.loop_lag.set(max(0.0, loop.time() - tick - SLICE_S))

    def _count(self, pulse: Pulse) -> None:
        for name in ("asked", "answered", "timed_out"):
            getattr(self._metrics, name).inc(pulse.counts[name] - self._counted[name])
            self._counted[name] = pulse.counts[name]
        for kind, count in pulse.malformed.items():
            if more := count - self._counted["malformed_" + kind]:
                self._metrics.malformed.labels(kind).inc(more)
                self._counted["malformed_" + kind] = count
        self._metrics.queue.labels("liveness").set(pulse.backlog)
