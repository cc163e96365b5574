"""Correctness of the outage engine: random cases equal to a brute-force reading of the rules; one failure, one outage.

CASES sets how many (100,000 unless told: some ten minutes).
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

from bench import Figure
from bench.engine_brute import Case, cases, read
from uzel.core.engine import Engine
from uzel.core.engine_heard import Columns
from uzel.core.outage import Evidence, Seen, explain
from uzel.core.scope import Attachment
from uzel.core.topology import Kind, Link, Network, Node, answering

WORKERS = 2


def run() -> Iterator[Figure]:
    """Random cases; observations come late, doubled, flapping and in random order, and some are lost."""
    share = -(-int(os.environ.get("CASES", "100000")) // WORKERS)
    with ProcessPoolExecutor(WORKERS) as pool:
        sums = list(pool.map(_judge, range(WORKERS), [share] * WORKERS))
    done, right, failures, single = (sum(it[k] for it in sums) for k in range(4))
    note = f"{done:,} cases (CASES=): regions, roots, people, and who is silent but lit"
    yield Figure("random cases equal to brute force", 100 * right / done, "%", "= 100", "", note)
    note = f"{failures:,} cases of one failure, polled in random order until settled"
    yield Figure("exactly one outage for one failure", 100 * single / max(failures, 1), "%", "= 100", "", note)


def _judge(worker: int, count: int) -> tuple[int, int, int, int]:
    """(cases, equal to brute force, cases with one failure that is seen, of these told as one outage)."""
    done = right = failures = single = 0
    draw = random.Random(worker)
    for case in islice(cases(20_261_122 + worker), count):
        network = Network.of(_nodes(case), [Link(*link) for link in case.links])
        people = [Attachment(node, who, "internet", "person") for node, who in case.people]
        engine = Engine.of(network, people)
        wanted = read(case)
        evidence = Evidence(_feed(engine, network, case, draw), dict(case.up))
        got = engine.picture(network, evidence)
        places = engine.ground(network).places
        found = frozenset(
            (it.dark, frozenset(it.roots), engine.scope_of(places.places(it.dark)).total) for it in got.regions
        )
        done += 1
        right += (found, got.believed) == (wanted.regions, wanted.believed)
        outages = _one_failure(network, engine, sorted(case.watched), draw)
        failures += outages is not None
        single += outages == 1
    return done, right, failures, single


def _one_failure(network: Network, engine: Engine, watched: list[int], draw: random.Random) -> int | None:
    """How many outages one random dead element or cut link is told as; None where nobody falls silent by it."""
    failed = {draw.choice(sorted(network.nodes))} if draw.random() < 0.5 else set()
    cut = set() if failed else {draw.choice(sorted(network.links))}
    healthy = answering(network)
    answers = answering(network, failed=failed, cut=cut)
    silent = [i for i in watched if i in healthy and i not in answers]
    if not silent:
        return None
    seen = {i: Seen(True, 0.0) for i in watched if i in healthy} | {draw.choice(silent): Seen(False, 1.0)}
    now = 1.0
    while asked := sorted(engine.to_ask(network, Evidence(seen, now=now)) & healthy):
        now += 1.0
        for i in draw.sample(asked, draw.randrange(1, len(asked) + 1)):
            was = seen[i]
            seen[i] = Seen(i in answers, now, since=was.began if was.answers == (i in answers) else now)
    return len(explain(network, Evidence(seen, now=now), engine.picture))


def _nodes(case: Case) -> list[Node]:
    return [Node(i, Kind.SWITCH, source=i in case.sources, watched=i in case.watched) for i in case.nodes]


def _feed(engine: Engine, network: Network, case: Case, draw: random.Random) -> Columns:
    """Each element is observed one to three times, wrongly before the last; the rest of the order is random."""
    stream = [(draw.random(), i, draw.random() < 0.5) for i in case.heard for _ in range(draw.randrange(3))]
    stream += [
        (1 + draw.random(), i, answers) for i, answers in case.heard.items() for _ in range(draw.randrange(1, 3))
    ]
    heard = Columns(engine.ground(network).places)
    for at, i, answers in sorted(stream):
        heard.note(heard.places.place(i), Seen(answers, at))
    return heard
