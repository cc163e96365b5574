"""From silence to one outage: ask whoever bears on it, wait until nothing is open, explain, write.

Nothing is written on the way: a decision is made when every device that bears on the silence has been asked after it,
no device is between its first missed question and its last, and the ports and batteries that decide were read.
"""

import asyncio
import contextlib
import functools
import logging
import time
from dataclasses import replace

from django.db import IntegrityError

from uzel.core.outage import Evidence, Found, Seen, explain
from uzel.drivers.icmp import Pinger
from uzel.drivers.pulse import Pulse
from uzel.outages import operations
from uzel.outages.holding import Memory
from uzel.outages.operations import Settled
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_read import Readings
from uzel.pollers.monitor_settle import (
    batteries_to_read,
    lights_to_read,
    mark_read,
    near_suspects,
    ports_to_read,
    to_confirm,
    with_blindness,
    with_pinged,
)
from uzel.pollers.monitor_sight import Sight
from uzel.pollers.monitor_store import Store
from uzel.pollers.monitor_watch import Flips
from uzel.pollers.monitor_world import World

# A storm that never settles is told as it stands after this long.
SETTLE_LIMIT_S = 8.0
CONFLICT_S = 0.5
# Batteries run out and planned works begin without anybody falling silent.
IDLE_S = 10.0
# An answer this much older than the silence still counts as after it: clocks of one process, read twice.
FRESH_S = 0.0
# A suspicion asks around at most this often: one lost datagram is no storm.
SUSPICION_S = 1.0
# How long a ping of a silent device is believed: one that answered may die next, one that did not is dead already.
PING_S, PING_DEAD_S = 8.0, 60.0

log = logging.getLogger(__name__)


class Decider:
    """Turns what the watch saw into outages."""

    def __init__(
        self, flips: Flips, pulse: Pulse, readings: Readings, store: Store, metrics: Metrics, pinger: Pinger | None
    ) -> None:
        """`pinger`: None where ICMP is off."""
        self._flips, self._pulse, self._readings = flips, pulse, readings
        self._store, self._metrics, self._pinger = store, metrics, pinger
        self._told: object = None
        self._suspicion_at = 0.0
        self._sight = Sight(pulse, metrics)
        self._memory = Memory()

    async def run(self, world: "Holder") -> None:
        """Decide whenever something changed, until cancelled."""
        while True:
            # Not wait_for: that of Python 3.11 can swallow a cancellation.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._sight.wait_s(IDLE_S)):
                    await self._flips.wake.wait()
            await self.decide(world.world)

    async def decide(self, world: World) -> Settled | None:
        """Settle, explain and write once; None when there was nothing new to write."""
        flips = self._flips
        flips.wake.clear()
        log.debug(
            "woken: %d silent, %d suspected, %d answering", *map(len, (flips.silent, flips.suspected, flips.answering))
        )
        if flips.suspected and not (flips.silent or flips.answering or flips.other):
            await self._ask_around_suspects(world)
            return None
        began = flips.since
        if not await self._sight.is_clear(world):
            flips.clear()
            return None
        evidence, serial = await self._settle(world)
        if not await self._sight.is_clear(world):
            return None
        found = await asyncio.to_thread(explain, world.net.network, evidence, world.net.engine.picture)
        found = with_blindness(world, with_pinged(world, found))
        log.debug("explained: %s", [(it.cause.kind.value, len(it.dark)) for it in found])
        unsettled = serial != flips.serial or near_suspects(world, evidence)
        if unsettled and began is not None and time.time() - began < SETTLE_LIMIT_S:
            # Something changed while we were thinking: think again before anything is said.
            flips.wake.set()
            return None
        flips.clear()
        return await self._write(world, evidence, found, began)

    async def _ask_around_suspects(self, world: World) -> None:
        """A first missed question: ask those who bear on it already, while its retries are under way."""
        flips, now = self._flips, time.time()
        suspects = {i for i in flips.suspected if (view := world.views.get(i)) and view.suspected}
        flips.clear()
        if not suspects or now - self._suspicion_at < SUSPICION_S:
            return
        self._suspicion_at = now
        evidence = world.evidence(now)
        seen = dict(evidence.seen) | {i: Seen(False, now, None, now) for i in suspects}
        suspected = replace(evidence, seen=seen)
        wanted = world.net.engine.to_ask(world.net.network, suspected, fresh_s=FRESH_S) - suspects
        self._pulse.ask((world.views[i].target for i in wanted if i in world.views), urgent=True)

    async def _settle(self, world: World) -> tuple[Evidence, int]:
        """Ask until nothing that bears on the silence is unknown; give the evidence, and the serial it belongs to."""
        deadline, ask = time.monotonic() + SETTLE_LIMIT_S, world.net.engine.to_ask
        while True:
            serial, evidence = self._flips.serial, world.evidence(time.time())
            wanted = set(await asyncio.to_thread(ask, world.net.network, evidence, fresh_s=FRESH_S))
            again, once = to_confirm(world, evidence)
            # Who missed its first question is being asked already.
            views = {i: view for i in wanted if (view := world.views.get(i)) and not view.suspected}
            wanted = {i for i, view in views.items() if i in evidence.seen or view.answers is None}
            suspects = near_suspects(world, evidence)
            meters, lights = batteries_to_read(world, evidence), lights_to_read(world, wanted)
            ports = ports_to_read(world, evidence)
            pinged = self._to_ping(world)
            if (
                not (wanted or again or once or suspects or meters or lights or ports or pinged)
                or time.monotonic() > deadline
            ):
                return evidence, serial
            log.debug(
                "asking %d, again %d, suspects %d, readings of %d, ports of %d",
                len(wanted), len(again) + len(once), len(suspects), len(meters), len(ports),
            )  # fmt: skip
            await asyncio.gather(
                self._pulse.ask_now(world.views[i].target for i in wanted),
                self._pulse.ask_now(again),
                self._pulse.ask_now(once, once=True),
                self._readings.power_and_light(world, meters),
                self._readings.ports(world, ports.items()),
                self._ping(world, pinged),
            )
            # Only of those that have answered now: to wait for what is silent would hold up everything else.
            lights = lights_to_read(world, wanted)
            await self._readings.power_and_light(world, lights)
            mark_read(world, [*meters, *lights], ports)
            if suspects:
                await asyncio.sleep(self._pulse.timeout_s / 4)

    def _to_ping(self, world: World) -> list[int]:
        if self._pinger is None:
            return []
        now = time.time()
        silent = ((i, view) for i, view in world.views.items() if view.answers is False)
        return [i for i, view in silent if now - view.pinged_at > (PING_S if view.pings else PING_DEAD_S)]

    async def _ping(self, world: World, devices: list[int]) -> None:
        if self._pinger is None or not devices:
            return
        try:
            alive = await self._pinger.alive(world.views[i].target.address for i in devices)
        except PermissionError:
            log.warning("this process may not ping (it needs CAP_NET_RAW): going on by SNMP alone")
            self._pinger = None
            return
        for i in devices:
            view = world.views[i]
            view.pings, view.pinged_at = alive[view.target.address], time.time()

    async def _write(self, world: World, evidence: Evidence, found: list[Found], began: float | None) -> Settled | None:
        dark = frozenset(i for it in found if it.cuts_service for i in it.dark)
        if dark != world.dark:
            world.set_dark(dark, evidence.now)
        if (self._told, world.net) == ((told := tuple(found)), world.net) and self._told is not None:
            return None
        work = functools.partial(operations.settle, net=world.net, found=found, evidence=evidence, memory=self._memory)
        try:
            settled = await self._store.run(work)
        except (operations.Conflict, IntegrityError) as error:
            # Somebody wrote first, or took away a device that is on our map: look anew, soon.
            log.warning("not written, will decide again: %s", str(error).strip().split("\n")[0])
            await asyncio.sleep(CONFLICT_S)
            self._flips.note("other")
            return None
        self._told = None if settled.waits else told
        self._metrics.outages.set(settled.open)
        if began is not None and settled.opened:
            self._metrics.decisions.append(time.time() - began)
            self._metrics.decision_seconds.observe(time.time() - began)
        for name in ("opened", "merged", "closed"):
            if ids := getattr(settled, name):
                log.info("outages %s: %s", name, ids)
        return settled

    def forget(self) -> None:
        """The map changed: what was told may be told anew."""
        self._told = None


class Holder:
    """The world now; a reload puts another in its place."""

    def __init__(self, world: World) -> None:
        """Hold this one."""
        self.world = world
