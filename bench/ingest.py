"""Observations taken in, correlated into outages and journalled in PostgreSQL, a second."""

import time
from collections.abc import Iterator

from django.db import transaction

from bench import Figure
from bench._live_city import own_database, served
from uzel.core.outage import explain
from uzel.core.topology import Kind, answering
from uzel.network.models import Device, Level
from uzel.outages import operations
from uzel.outages.models import Observation, Outage, OutageElement, OutageEvent
from uzel.pollers import monitor_world
from uzel.pollers.monitor_store import Fact, copy_facts
from uzel.pollers.monitor_world import World

SWITCHES, SUBSCRIBERS = 1500, 60_000
SECONDS = 10.0
# Rounds of answers between two decisions: the monitor asks each device every two seconds, a decision takes one or two.
ROUNDS = 2


def _round(world: World, answers: frozenset[int], now: float) -> list[Fact]:
    """One observation of every device; each becomes a row of the journal, changed or not."""
    facts: list[Fact] = []
    for node, view in world.views.items():
        up = node in answers
        if up:
            world.answered(view, 8_640_000, 0.001, now)
        else:
            world.silent(view, now, now)
        facts.append((now, node, 1, 0, 1.0 if up else 0.0))
    world.take_facts()
    world.take_states()
    return facts


def _storm(world: World, dead: list[int]) -> tuple[int, int, float]:
    """Districts die and return, one after another: observations, decisions that were right, seconds."""
    network, engine = world.net.network, world.net.engine
    healthy = answering(network)
    down = [answering(network, failed={node}) for node in dead]
    taken = right = step = 0
    began = time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        answers = down[step // 2 % len(down)] if step % 2 == 0 else healthy
        step += 1
        facts: list[Fact] = []
        for _ in range(ROUNDS):
            facts += _round(world, answers, time.time())
        evidence = world.evidence(time.time())
        waits = engine.to_ask(network, evidence, fresh_s=60)
        found = [] if waits else explain(network, evidence, engine.picture)
        with transaction.atomic():
            operations.settle(net=world.net, found=found, evidence=evidence)
            copy_facts(facts)
        taken += len(facts)
        right += len(found) == (0 if answers is healthy else 1)
    return taken, right / step, time.perf_counter() - began


def _journal(facts: list[Fact]) -> float:
    """Rows a second of the journal alone."""
    began = time.perf_counter()
    with transaction.atomic():
        copy_facts(facts)
    return len(facts) / (time.perf_counter() - began)


def run() -> Iterator[Figure]:
    """Measure on the bench's own database; what it wrote is removed."""
    with own_database(), served(SWITCHES, SUBSCRIBERS):
        world = monitor_world.load()
        districts = Device.objects.filter(kind=Kind.SWITCH, site__level=Level.DISTRICT).order_by("id")
        dead = list(districts.values_list("id", flat=True)[:20])
        Observation.objects.all().delete()
        explain(world.net.network, world.evidence(time.time()), world.net.engine.picture)
        taken, right, took = _storm(world, dead)
        stored = Observation.objects.count()
        rate = _journal([(time.time(), i % 3000, 1, 0, 1.0) for i in range(500_000)])
        Observation.objects.all().delete()
        for model in (OutageElement, OutageEvent, Outage):
            model.objects.all().delete()
    seen = f"{taken:,} observations of {len(world.views)} devices, {stored:,} rows journalled"
    note = f"{seen}; districts die and return, a decision every {ROUNDS} rounds"
    yield Figure("taken in, correlated, journalled", taken / took, "observations/s", ">= 50000", note=note)
    yield Figure("decisions that were right", right * 100, "%", "= 100")
    yield Figure("journal alone", rate, "rows/s", note="binary COPY into PostgreSQL, BRIN and primary key kept")
