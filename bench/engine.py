"""The outage engine: one failure one alarm, blast radius, rebuild, memory; its `correctness` is a part of its own."""

import statistics
import time
from collections.abc import Callable, Iterator

import networkx as nx
import numpy as np
import rustworkx as rx

from bench import Figure
from bench.engine_city import City, city
from uzel.core.engine import Engine
from uzel.core.engine_count import prefix_sums
from uzel.core.engine_heard import ANSWERS, Columns
from uzel.core.engine_light import Layout
from uzel.core.labels import Ints
from uzel.core.outage import Evidence, Found, Seen, explain
from uzel.core.scope import Scope
from uzel.core.topology import Kind, Link, Network, Node

SIZES = (10_000, 100_000, 1_000_000)


def run() -> Iterator[Figure]:
    """All figures of the engine, in the order of their cost."""
    warm = city(1_000).engine()
    warm.dark_if(np.arange(3, dtype=np.int32))
    for n in SIZES:
        town = city(n)
        engine = town.engine()
        yield from one_failure(town, engine)
        yield from blast_radius(town, engine)
        if n == SIZES[-1]:
            yield from of_a_million(town, engine)


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
    n, network = town.ids.size, network_of(town)
    engine.ground(network)
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
        yield from _lose(town, engine, network, what, lost, target)


def _districts(town: City, count: int) -> Ints:
    """Districts next to one another on one ring: they fall as one connected region."""
    first = int(np.flatnonzero(town.level == 2)[0])
    return np.concatenate([town.below(first + k) for k in range(count)])


def _lose(town: City, engine: Engine, network: Network, what: str, lost: Ints, target: str) -> Iterator[Figure]:
    storm = Storm(town, engine, network, lost)
    storm.run()  # reads the compiled code
    runs = [storm.run() for _ in range(5)]
    taken = [seconds for seconds, _ in runs]
    found = runs[-1][1]
    dark = np.zeros(town.ids.size, np.bool_)
    dark[lost] = True
    exact = np.unique(town.people.subscriber[dark[town.people.element]]).size
    told = sum(scope.total for _, scope in found)
    n = f"{town.ids.size:,}"
    note = f"{lost.size:,} lost, from the first one on: whom to ask, what they answer; {told:,} people; {_range(taken)}"
    yield Figure(f"{what} of {n}: to the exact count", statistics.median(taken) * 1e3, "ms", target, "", note)
    told_on_the_way = storm.told_on_the_way()
    note = "every 50 answers it was read whether anything may be said; Nagios 4 raised 645, Icinga 2 383 (see peers)"
    yield Figure(f"{what} of {n}: outages raised", told_on_the_way, "", "= 1", "", note)
    yield Figure(f"{what} of {n}: error of the count", abs(told - exact), "subscribers", "= 0")


def _range(taken: list[float]) -> str:
    return f"{min(taken) * 1e3:.3g}–{max(taken) * 1e3:.3g} ms"


def network_of(town: City) -> Network:
    """The map that the rules read, of the same city."""
    ids = town.ids.tolist()
    nodes = [Node(i, Kind.SWITCH, source=bool(source)) for i, source in zip(ids, town.source.tolist(), strict=True)]
    ends = zip(town.a.tolist(), town.b.tolist(), strict=True)
    return Network.of(nodes, [Link(k, ids[a], ids[b]) for k, (a, b) in enumerate(ends)])


class Storm:
    """A loss as the monitor lives through it: one silent device, whom to ask, what they answer, until all is asked."""

    def __init__(self, town: City, engine: Engine, network: Network, lost: Ints) -> None:
        self.engine, self.network = engine, network
        self.places = engine.ground(network).places
        self.lost = engine.numbers(town.ids[lost])
        self.dead = np.zeros(self.places.ids.size, np.bool_)
        self.dead[self.lost] = True
        self.draw = np.random.default_rng(3)

    def run(self) -> tuple[float, list[tuple[Found, Scope]]]:
        """Seconds in the engine, from the first lost device to the outages with their counts; what was found."""
        heard, now, spent = self._begin(), 1.0, 0.0
        while True:
            began = time.perf_counter()
            asked = self.engine.to_ask(self.network, Evidence(heard, now=now))
            spent += time.perf_counter() - began
            if not asked:
                break
            now += 1.0
            self._answer(heard, self.places.places(asked), now)
            heard = heard.copy()
        began = time.perf_counter()
        found = self._explain(heard, now)
        return spent + time.perf_counter() - began, found

    def told_on_the_way(self) -> int:
        """How many outages were ever told, when the answers come in random order and are looked at by fifties."""
        heard, now, told = self._begin(), 1.0, set[frozenset[int]]()
        while asked := self.engine.to_ask(self.network, Evidence(heard, now=now)):
            now += 1.0
            order = self.draw.permutation(self.places.places(asked))
            for k in range(0, order.size, max(50, order.size // 40)):
                self._answer(heard, order[k : k + max(50, order.size // 40)], now)
                heard = heard.copy()
                if not self.engine.to_ask(self.network, Evidence(heard, now=now)):
                    told |= {it.dark for it, _ in self._explain(heard, now)}
        return len(told | {it.dark for it, _ in self._explain(heard, now)})

    def _begin(self) -> Columns:
        heard = Columns(self.places)
        heard.answers[:], heard.since[:] = ANSWERS, -100.0
        heard.note(int(self.draw.choice(self.lost)), Seen(False, 1.0))
        return heard

    def _answer(self, heard: Columns, places: Ints, now: float) -> None:
        heard.take(places, ~self.dead[places], now)

    def _explain(self, heard: Columns, now: float) -> list[tuple[Found, Scope]]:
        found = explain(self.network, Evidence(heard, now=now), self.engine.picture)
        return [(it, self.engine.scope_of(self.places.places(it.dark))) for it in found]


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
    at, held = engine.layout, engine.counts

    def rebuild() -> None:
        layout = Layout.of(town.ids, town.source, link_ids, town.a, town.b)
        spread = (held.spread_at, held.spread_of, held.spread_class)
        prefix_sums(held.own, layout.at_place, layout.idom, layout.first, layout.run, *spread)

    yield Figure("rebuild of all labels of 1,000,000", middle(rebuild, 3), "s", "<= 0.5", note="ids in random order")
    ready = middle(town.engine, 3)
    yield Figure("columns to a ready engine of 1,000,000", ready, "s", note="counting columns included")
    network = network_of(town)
    ground = engine.ground(network)
    heard = Columns(ground.places)
    parts = [(at, type(at).__slots__), (held, type(held).__slots__), (ground, type(ground).__slots__)]
    parts += [(heard, ("answers", "at", "booted_at", "since")), (ground.places, ("ids",))]
    arrays = [getattr(part, name) for part, names in parts for name in names]
    arrays += [engine.prefix, engine.light.sign, engine.light._state, engine._people]
    size = at.index.nbytes + sum(
        it.nbytes for it in {id(it): it for it in arrays if isinstance(it, np.ndarray)}.values()
    )
    note = "arrays of the engine, with what was heard; the plain map beside it is Python's"
    yield Figure("bytes an element of 1,000,000", size / town.ids.size, "B", "<= 300", note=note)
    yield from intake(town, engine, network)


def intake(town: City, engine: Engine, network: Network) -> Iterator[Figure]:
    """A million observations in random order, an okrug among them lost; the outages are read after every 50,000."""
    draw = np.random.default_rng(9)
    lost = np.zeros(town.ids.size, np.bool_)
    lost[engine.numbers(town.ids[town.below(1)])] = True
    order = draw.permutation(town.ids.size).astype(np.int32)
    heard = Columns(engine.ground(network).places)
    began = time.perf_counter()
    for k in range(0, order.size, 50_000):
        batch = order[k : k + 50_000]
        heard.take(batch, ~lost[batch], 1.0)
        picture = engine.picture(network, Evidence(heard, now=1.0))
        people = [engine.scope_of(heard.places.places(it.dark)).total for it in picture.regions]
    rate = order.size / (time.perf_counter() - began)
    note = f"as arrays; regions and their people read after every 50,000: {len(people)} at the end"
    yield Figure("observations taken in and correlated in memory", rate, "1/s", ">= 1000000", "", note)
