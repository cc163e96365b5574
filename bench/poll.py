"""Liveness polling: devices a second on one core, beside gufo-snmp alone against the same city in the same run."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator

import uvloop
from gufo.snmp.aio import SnmpSession

from bench import Figure
from bench._live_city import own_database, served
from uzel.drivers.pulse import Pulse, Target
from uzel.pollers import monitor_world
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_watch import Flips, Watch
from uzel.pollers.monitor_world import World

SWITCHES, SUBSCRIBERS = 1500, 60_000
ROUNDS = 5
# So many sessions at once gave gufo-snmp its best figure here.
SESSIONS = 64
OID = "1.3.6.1.2.1.1.3.0"


async def _ours(world: World) -> float:
    """Rounds over all devices through the monitor's own watch, its bookkeeping included; devices a second."""
    pulse = Pulse(Watch(world, Flips(), Metrics(), interval_s=2))
    try:
        await pulse.ask_now(view.target for view in world.views.values())
        began = time.perf_counter()
        for _ in range(ROUNDS):
            await pulse.ask_now(view.target for view in world.views.values())
        took = time.perf_counter() - began
    finally:
        pulse.close()
    silent = sum(view.answers is not True for view in world.views.values())
    if silent:
        raise RuntimeError(f"{silent} devices did not answer")
    return ROUNDS * len(world.views) / took


async def _gufo(targets: list[Target]) -> float:
    """The same question by gufo-snmp, a session per device, opened beforehand; devices a second."""
    sessions = [SnmpSession(t.address, t.port, t.community, timeout=2) for t in targets]
    order = itertools.chain.from_iterable(itertools.repeat(sessions, ROUNDS))

    async def work() -> None:
        for session in order:
            await session.get(OID)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(SESSIONS)))
    return ROUNDS * len(targets) / (time.perf_counter() - began)


def run() -> Iterator[Figure]:
    """Both in turns, three times; the medians, and the ratio of each pair."""
    with own_database(), served(SWITCHES, SUBSCRIBERS):
        world = monitor_world.load()
        targets = [view.target for view in world.views.values()]
        ours, gufo = [], []
        for _ in range(3):
            gufo.append(uvloop.run(_gufo(targets)))
            ours.append(uvloop.run(_ours(world)))
    note = f"{len(targets)} devices, sysUpTime, with the monitor's bookkeeping"
    yield Figure("polling", statistics.median(ours), "devices/s", note=note)
    note = f"{SESSIONS} questions under way, sessions kept"
    yield Figure("gufo-snmp alone", statistics.median(gufo), "devices/s", note=note)
    share = statistics.median(own / other for own, other in zip(ours, gufo, strict=True))
    yield Figure("share of gufo-snmp", share, "ratio", ">= 0.7", "gufo-snmp in the same run")
