"""`uzel monitor`: watches every device, keeps the outages; one process leads, others stand by for its end."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import uvloop
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from uzel.core.topology import Kind
from uzel.drivers.icmp import Pinger
from uzel.journal.models import Event
from uzel.outages import weak
from uzel.outages.models import MonitorStatus
from uzel.outages.network_map import NetworkMap
from uzel.outages.pruning import prune_all
from uzel.pollers import monitor_world
from uzel.pollers.monitor_decide import Decider, Holder
from uzel.pollers.monitor_hints import Hints
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_pulse import MonitorPulse
from uzel.pollers.monitor_read import Readings
from uzel.pollers.monitor_store import NotLeading, Store
from uzel.pollers.monitor_watch import Flips, Watch
from uzel.pollers.monitor_world import World

BEAT_S = 2.0
FLUSH_S = 1.0
LAST_FLUSH_S = 2.0
PORTS_EVERY_S = 30.0
# A UPS says by trap that mains are gone; a receiver says nothing when its light goes.
POWER_EVERY_S, LIGHT_EVERY_S = 5.0, 2.0
READ_STEP_S = 0.25
# Routine rows ("last answered at") are written this often; changes are written within a second.
ROUTINE_S = 15.0
# What is too old to be kept is forgotten this often, so many rows of a table at a time.
PRUNE_S, PRUNE_ROWS = 300.0, 5_000
RELOAD_ON = ("network.changed", "planned.changed")

log = logging.getLogger(__name__)


class Monitor:
    """Everything that a leader runs; ends by cancellation, or by NotLeading."""

    def __init__(self, store: Store, metrics: Metrics, world: World) -> None:
        """Put the parts together on the running loop."""
        self._store, self._metrics = store, metrics
        self._holder = Holder(world)
        self._flips = Flips()
        self._watch = Watch(world, self._flips, metrics, interval_s=settings.MONITOR_INTERVAL_S)
        self._pulse = MonitorPulse(self._watch, timeout_s=settings.MONITOR_TIMEOUT_S, retries=settings.MONITOR_RETRIES)
        self._readings = Readings(metrics)
        pinger = Pinger() if settings.ICMP else None
        self._decider = Decider(self._flips, self._pulse, self._readings, store, metrics, pinger)
        self._hints = Hints(self._flips, self._pulse, self._readings, store, metrics)
        self._started = datetime.now(UTC)
        # A map was taken of which the weak points are not written yet.
        self._unweighed = asyncio.Event()
        self._unweighed.set()
        self._event = 0
        self._last: dict[str, float] = {}

    async def run(self) -> None:
        """Ask everybody once, then watch until cancelled."""
        try:
            await self._hints.listen(settings.TRAP_LISTEN, settings.SYSLOG_LISTEN)
            self._event = await self._store.run(_last_event)
            await self._first_look()
            parts: tuple[Coroutine[Any, Any, None], ...] = (
                self._watch.run(self._pulse),
                self._decider.run(self._holder),
                self._hints.run(lambda: self._holder.world),
                self._read_ports(),
                self._read_round(POWER_EVERY_S, Kind.UPS),
                self._read_round(LIGHT_EVERY_S, Kind.OPTICAL_RECEIVER, Kind.OPTICAL_TRANSMITTER),
                self._flush(),
                self._beat(),
                self._prune(),
                self._weigh(),
            )
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(part)
        finally:
            self._hints.close()
            self._pulse.close()
            self._hand_over()

    async def _first_look(self) -> None:
        """Whatever was known before is old: ask everybody, and the UPSes for their state, before the first decision."""
        world = self._holder.world
        log.info("watching %d devices", len(world.views))
        await self._pulse.ask_now(view.target for view in world.views.values())
        await self._readings.power_and_light(world, self._of_kind(Kind.UPS))
        self._flips.note("other")

    def _of_kind(self, *kinds: str) -> list[int]:
        return [i for i, view in self._holder.world.views.items() if view.kind in kinds and view.answers]

    async def _read_ports(self) -> None:
        """All ports of all switches, evenly over the time of a round."""
        while True:
            switches = self._of_kind(Kind.SWITCH)
            if not switches:
                await asyncio.sleep(1)
            for device in switches:
                began = time.monotonic()
                if await self._readings.ports(self._holder.world, [(device, None)]):
                    self._flips.note("other")
                rest = PORTS_EVERY_S / len(switches) - (time.monotonic() - began)
                await asyncio.sleep(max(rest, 0.001))

    async def _read_round(self, every_s: float, *kinds: str) -> None:
        """Whatever answers of these kinds, again and again, evenly over `every_s`.

        Every step takes from the whole city, not one corner after another: of many that went dark together the first
        is met in the first steps.
        """
        steps = round(every_s / READ_STEP_S)
        while True:
            devices = self._of_kind(*kinds)
            for step in range(steps):
                began, world = time.monotonic(), self._holder.world
                views = ((i, world.views.get(i)) for i in devices[step::steps])
                part = [i for i, view in views if view and view.answers and not view.suspected]
                if await self._readings.power_and_light(world, part):
                    self._flips.note("other")
                await asyncio.sleep(max(READ_STEP_S - (time.monotonic() - began), 0.01))

    async def _flush(self) -> None:
        """Hand what changed to the store, once a second; what it cannot write yet stays with it."""
        routine = time.monotonic()
        while True:
            await asyncio.sleep(FLUSH_S)
            world = self._holder.world
            if time.monotonic() - routine > ROUTINE_S:
                routine = time.monotonic()
                for device in world.views:
                    world.touch(device)
            self._hand_over()
            self._metrics.queue.labels("journal").set(len(self._store.facts))
            await self._store.flush()

    def _hand_over(self) -> None:
        world = self._holder.world
        self._store.states |= world.take_states()
        self._store.ports |= world.take_ports()
        self._store.facts.extend(world.take_facts())

    async def _beat(self) -> None:
        """Tell how we fare, and hear what others changed."""
        while True:
            figures = self._figures()
            reload, self._event = await self._store.run(_beat, self._started, figures, self._event)
            if reload:
                await self._reload()
            await asyncio.sleep(BEAT_S)

    async def _prune(self) -> None:
        """Forget what is too old, slowly: the database has better things to do."""
        while True:
            removed = await self._store.run(_prune)
            await asyncio.sleep(1.0 if removed else PRUNE_S)

    async def _weigh(self) -> None:
        """Write the weak points of each map that is taken; only the newest counts."""
        while True:
            await self._unweighed.wait()
            self._unweighed.clear()
            await write_weak_points(self._store, self._holder.world.net)

    def _figures(self) -> dict[str, float]:
        world, metrics = self._holder.world, self._metrics
        metrics.devices.set(len(world.views))
        metrics.silent.set(sum(view.answers is False for view in world.views.values()))
        metrics.dark.set(sum(node >= 0 for node in world.dark))
        metrics.on_battery.set(sum(view.on_battery for view in world.views.values()))
        figures = metrics.figures()
        for quantile, name in (("0.5", "round_p50_s"), ("0.95", "round_p95_s")):
            metrics.lag.labels(quantile).set(figures[name])
        now = time.monotonic()
        for name in ("asked_total", "answered_total", "timed_out_total", "journalled_total"):
            before, at = self._last.get(name, 0.0), self._last.get("at", now - BEAT_S)
            figures[name.replace("_total", "_per_s")] = round((figures[name] - before) / max(now - at, 0.1), 1)
            self._last[name] = figures[name]
        self._last["at"] = now
        return figures

    async def _reload(self) -> None:
        """The network or the planned works changed: take the new map, keep what was seen."""
        old = self._holder.world
        world = await self._store.run(monitor_world.load)
        for i, view in world.views.items():
            if (known := old.views.get(i)) and known.target.address == view.target.address:
                known.target = view.target
                world.views[i] = known
                world.hear(known)
        for key, port in world.ports.items():
            if (seen := old.ports.get(key)) and seen.id == port.id:
                world.ports[key] = seen
        world.link_ends = {link: ends for link, ends in old.link_ends.items() if link in world.net.ends}
        world.relit_at = {link: at for link, at in old.relit_at.items() if link in world.net.ends}
        world.changed, world.facts, world.dark = old.changed, old.facts, old.dark
        world.returned_at, world.relit_light_at = old.returned_at, old.relit_light_at
        self._holder.world = self._watch.world = world
        self._decider.forget()
        self._readings.forget()
        self._flips.note("other")
        self._unweighed.set()
        log.info("the network changed: watching %d devices", len(world.views))


async def write_weak_points(store: Store, net: NetworkMap) -> None:
    """In the store's thread, again while the database is away; what it refuses is left to the next map: they are read
    at leisure, and must not end the watch."""
    try:
        await store.run(weak.renew, net)
    except DatabaseError as error:
        log.error("the weak points are not written: %s", str(error).strip().split("\n")[0])


def _prune() -> int:
    return prune_all(limit=PRUNE_ROWS)


def _last_event() -> int:
    return Event.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _beat(started: datetime, figures: dict[str, float], event: int) -> tuple[bool, int]:
    """Write the status row; say whether an event since `event` wants a reload."""
    with transaction.atomic():
        defaults = {"beat_at": datetime.now(UTC), "started_at": started, "figures": figures}
        MonitorStatus.objects.update_or_create(id=1, defaults=defaults)
        rows = list(Event.objects.filter(id__gt=event, name__in=RELOAD_ON).values_list("id", flat=True))
        latest = max(rows, default=event)
    return bool(rows), latest


def _show(metrics: Metrics) -> Any:
    """The server of /metrics; None where its port is taken: the network is watched all the same."""
    try:
        return metrics.serve(settings.METRICS_LISTEN)
    except OSError as error:
        log.error("no /metrics at %s (UZEL_METRICS_LISTEN): %s", settings.METRICS_LISTEN, error.strerror)
        return None


async def serve() -> None:
    """Wait for the lead, watch, and stand by again when the lead is lost; ends on SIGTERM or SIGINT."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel) if task else None
    metrics = Metrics()
    store = Store(metrics)
    server = None
    try:
        while True:
            await store.lead()
            log.info("leading")
            server = server or _show(metrics)
            world = await store.run(monitor_world.load)
            try:
                await Monitor(store, metrics, world).run()
            except* NotLeading:
                log.warning("the lead is lost")
    except asyncio.CancelledError:
        log.info("stopping")
        # What was seen in the last second; a database that is away is not waited for.
        with contextlib.suppress(TimeoutError, NotLeading):
            async with asyncio.timeout(LAST_FLUSH_S):
                await store.flush()
    finally:
        if server:
            server.shutdown()
        store.close()


def main() -> None:
    """Run until told to stop."""
    connection.close()
    uvloop.run(serve())
