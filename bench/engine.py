"""The outage engine: correctness by brute force, one failure one alarm, blast radius, rebuild, memory.

CASES sets how many random cases are judged by brute force (100,000 unless told: some ten minutes).
"""

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice

import networkx as nx
import numpy as np
import rustworkx as rx

from bench import Figure
from bench.engine_brute import Case, cases, read
from bench.engine_city import City, city
from uzel.core.engine import Engine
from uzel.core.engine_count import Attachments, prefix_sums
from uzel.core.engine_light import Layout
from uzel.core.labels import Ints
from uzel.core.outage import Evidence, Seen
from uzel.core.topology import Kind, Link, Network, Node

SIZES = (10_000, 100_000, 1_000_000)


def run() -> Iterator[Figure]:
    """All figures of the engine, in the order of their cost."""
    warm = city(1_000).engine()
    warm.observe(np.arange(9, dtype=np.int32), np.zeros(9, np.bool_))
    warm.incidents()
    warm.dark_if(np.arange(3, dtype=np.int32))
    for n in SIZES:
        town = city(n)
        engine = town.engine()
        yield from one_failure(town, engine)
        yield from blast_radius(town, engine)
        if n == SIZES[-1]:
            yield from of_a_million(town, engine)
    yield from correctness(int(os.environ.get("CASES", "100000")))


def middle(work: Callable[[], object], times: int = 5) -> float:
    """Seconds that a run takes: the median of several."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


# One failure, one alarm.


def one_failure(town: City, engine: Engine) -> Iterator[Figure]:
    """Losses arrive in random order; the time until the one outage with its exact count stands."""
    n = town.ids.size
    asked: list[tuple[str, Ints, str]] = []
    if n == 10_000:
        asked.append(("okrug lost", town.below(1), "<= 5"))
    elif n == 100_000:
        asked.append(("okrug lost", town.below(1), "<= 10"))
    else:
        asked.append(("12,500 lost", _districts(town, 12), "<= 50"))
        asked.append(("okrug lost", town.below(1), "<= 150"))
    asked.append(("everything lost", town.below(0), "<= 1000"))
    for what, lost, target in asked:
        yield from _lose(town, engine, what, lost, target)


def _districts(town: City, count: int) -> Ints:
    """Districts next to one another on one ring: they fall as one connected region."""
    first = int(np.flatnonzero(town.level == 2)[0])
    return np.concatenate([town.below(first + k) for k in range(count)])


def _lose(town: City, engine: Engine, what: str, lost: Ints, target: str) -> Iterator[Figure]:
    numbers = engine.numbers(town.ids[lost])
    shuffled = np.random.default_rng(3).permutation(numbers)
    silence = np.zeros(numbers.size, np.bool_)
    taken = []
    for _ in range(5):
        engine.light.sign[:] = 1
        began = time.perf_counter()
        engine.observe(shuffled, silence)
        incidents = list(engine.incidents())
        taken.append(time.perf_counter() - began)
    engine.light.sign[:] = 1
    dark = np.zeros(town.ids.size, np.bool_)
    dark[lost] = True
    exact = np.unique(town.people.subscriber[dark[town.people.element]]).size
    told = sum(it.scope.total for it in incidents)
    n = f"{town.ids.size:,}"
    yield Figure(
        f"{what} of {n}: to the exact count",
        statistics.median(taken) * 1e3,
        "ms",
        target,
        "Nagios 4 top-down: 5.6 / 26 / 239 ms at 10^4 / 10^5 / 10^6 with one district lost",
        f"{lost.size:,} lost in random order, {told:,} subscribers, each distinct; worst {max(taken) * 1e3:.2f} ms",
    )
    yield Figure(f"{what} of {n}: outages raised", len(incidents), "", "= 1", "Nagios 4 645, Icinga 2 383 at 10^4")
    yield Figure(f"{what} of {n}: error of the count", abs(told - exact), "subscribers", "= 0")


# Blast radius.


def blast_radius(town: City, engine: Engine) -> Iterator[Figure]:
    n = town.ids.size
    name = f"{n:,}"
    sample = list(range(0, n, max(1, n // 100_000)))
    each = middle(lambda: [engine.people_behind(i) for i in sample]) / len(sample)
    yield Figure(f"blast radius of one of {name}: exact count", each * 1e6, "µs", "<= 2")
    okrug = int(engine.numbers(town.ids[1:2])[0])
    listed = middle(lambda: engine.dark_behind(okrug).copy())
    size = engine.dark_behind(okrug).size
    yield Figure(f"blast radius of an okrug of {name}: list", listed * 1e3, "ms", "<= 1", note=f"{size:,} elements")
    able = np.flatnonzero(engine.layout.source == 0)
    failed = np.random.default_rng(5).choice(able, 1_000, replace=False).astype(np.int32)
    many = middle(lambda: engine.scope_of(engine.dark_if(failed)))
    yield Figure(f"1,000 failures at once of {name}: exact count", many * 1e3, "ms", "<= 10")
    dark = set(engine.layout.ids[engine.dark_if(failed)].tolist())
    if n == SIZES[-1]:
        nodes = np.flatnonzero((town.level > 1) & (town.level < 4))
        worse = np.concatenate([[1], np.random.default_rng(5).choice(nodes, 999, replace=False)])
        heavy = engine.numbers(town.ids[worse])
        size = engine.dark_if(heavy).size
        taken = middle(lambda: engine.scope_of(engine.dark_if(heavy)))
        note = f"an okrug, districts and campuses; {size:,} dark"
        yield Figure(f"the same, failed nodes above the houses of {name}", taken * 1e3, "ms", note=note)
    yield from _others(town, engine, failed, many, dark)


def _others(town: City, engine: Engine, failed: Ints, ours: float, dark: set[int]) -> Iterator[Figure]:
    """The same question put to rustworkx and networkx in the same run."""
    n = town.ids.size
    ends = list(zip(town.a.tolist(), town.b.tolist(), strict=True))
    position = {int(i): k for k, i in enumerate(town.ids.tolist())}
    gone = [position[int(i)] for i in engine.layout.ids[failed]]
    graph = rx.PyGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from_no_data(ends)

    def by_rustworkx() -> set[int]:
        rest = graph.copy()
        rest.remove_nodes_from(gone)
        return set(rx.node_connected_component(rest, 0)) if 0 not in gone else set()

    theirs = middle(by_rustworkx, 3)
    lit = by_rustworkx()
    agreed = {int(town.ids[k]) for k in range(n) if k not in lit} == dark
    note = "the same elements dark" if agreed else "THE ANSWERS DIFFER"
    yield Figure(f"1,000 failures of {n:,}: rustworkx over Uzel", theirs / ours, "times", "", "rustworkx", note)
    other = nx.Graph(ends)

    def by_networkx() -> set[int]:
        rest = nx.restricted_view(other, gone, ())
        return set(nx.node_connected_component(rest, 0)) if 0 not in gone else set()

    theirs = middle(by_networkx, 1)
    note = "the same elements dark" if by_networkx() == lit else "THE ANSWERS DIFFER"
    yield Figure(f"1,000 failures of {n:,}: networkx over Uzel", theirs / ours, "times", "", "networkx", note)


# A million elements.


def of_a_million(town: City, engine: Engine) -> Iterator[Figure]:
    link_ids = np.arange(town.a.size, dtype=np.int64)
    at, held = engine.layout, engine.columns

    def rebuild() -> None:
        layout = Layout.of(town.ids, town.source, link_ids, town.a, town.b)
        spread = (held.spread_at, held.spread_of, held.spread_class, held.stamp.size)
        prefix_sums(held.own, layout.at_place, layout.idom, layout.first, layout.run, *spread)

    yield Figure("rebuild of all labels of 1,000,000", middle(rebuild, 3), "s", "<= 0.5", note="ids in random order")
    ready = middle(town.engine, 3)
    yield Figure("columns to a ready engine of 1,000,000", ready, "s", note="counting columns included")
    arrays = [getattr(part, name) for part in (at, held) for name in type(part).__slots__]
    arrays += [engine.prefix, engine.light.sign, engine.light._state, engine._people]
    size = sum(it.nbytes for it in {id(it): it for it in arrays if isinstance(it, np.ndarray)}.values())
    yield Figure("bytes an element of 1,000,000", size / town.ids.size, "B", "<= 300", note="arrays of the engine")
    yield from intake(town, engine)


def intake(town: City, engine: Engine) -> Iterator[Figure]:
    """A million observations in random order, an okrug among them lost; the outages are read after every 50,000."""
    draw = np.random.default_rng(9)
    lost = np.zeros(town.ids.size, np.bool_)
    lost[engine.numbers(town.ids[town.below(1)])] = True
    order = draw.permutation(town.ids.size).astype(np.int32)
    engine.light.sign[:] = 1
    began = time.perf_counter()
    for k in range(0, order.size, 50_000):
        batch = order[k : k + 50_000]
        engine.observe(batch, ~lost[batch])
        incidents = engine.incidents()
    rate = order.size / (time.perf_counter() - began)
    note = f"outages read after every batch of 50,000; {len(incidents)} at the end"
    yield Figure("observations taken in and correlated in memory", rate, "1/s", ">= 1000000", "Nagios 53,000", note)


# Correctness.


def correctness(count: int) -> Iterator[Figure]:
    """Random cases; observations come late, doubled, flapping and in random order, in batches, and some are lost."""
    right = alone = single = 0
    draw = random.Random(4)
    for case in islice(cases(20_261_122), count):
        engine = _engine_of(case)
        _feed(engine, case, draw)
        wanted = read(case)
        if case.up:
            network = Network.of(_nodes(case), [Link(*link) for link in case.links])
            seen = {i: Seen(answers, 1.0) for i, answers in case.heard.items()}
            got = engine.picture(network, Evidence(seen, dict(case.up)))
            dark = frozenset(i for part, _, _ in wanted.regions for i in part)
            heard_dark = frozenset(i for i, answers in case.heard.items() if not answers) - wanted.believed
            right += got.believed == wanted.believed and dark <= got.dark and heard_dark <= dark
            continue
        found = frozenset(
            (frozenset(it.dark.tolist()), frozenset(it.roots.tolist()), it.scope.total) for it in engine.incidents()
        )
        right += found == wanted.regions
        if len(wanted.regions) == 1:
            single += 1
            alone += len(found) == 1
    yield Figure(
        "random cases equal to brute force", 100 * right / count, "%", "= 100", "", f"{count:,} cases (CASES=)"
    )
    yield Figure("one outage where there is one dark region", 100 * alone / max(single, 1), "%", "= 100")


def _nodes(case: Case) -> list[Node]:
    return [Node(i, Kind.SWITCH, source=i in case.sources, watched=i in case.watched) for i in case.nodes]


def _engine_of(case: Case) -> Engine:
    ids = np.array(sorted(case.nodes), np.int64)
    link, a, b = np.array(case.links, np.int64).reshape(-1, 3).T
    place = {i: k for k, i in enumerate(ids.tolist())}
    people = Attachments(
        np.array([place[i] for i, _ in case.people], np.int32),
        np.array([who for _, who in case.people], np.int64),
        np.zeros(len(case.people), np.uint8),
        np.zeros(len(case.people), np.uint8),
        ("internet",),
        ("person",),
    )
    return Engine.from_columns(ids, np.isin(ids, sorted(case.sources)).astype(np.uint8), link, a, b, people)


def _feed(engine: Engine, case: Case, draw: random.Random) -> None:
    """Each element is observed one to three times, wrongly before the last; the rest of the order is random."""
    stream = [(draw.random(), i, draw.random() < 0.5) for i in case.heard for _ in range(draw.randrange(3))]
    stream += [
        (1 + draw.random(), i, answers) for i, answers in case.heard.items() for _ in range(draw.randrange(1, 3))
    ]
    stream.sort()
    numbers = engine.numbers(np.array([i for _, i, _ in stream], np.int64))
    answers = np.array([answers for _, _, answers in stream], np.bool_)
    k = 0
    while k < numbers.size:
        size = draw.randrange(1, 20)
        engine.observe(numbers[k : k + size], answers[k : k + size])
        if draw.random() < 0.1:
            engine.incidents()
        k += size
