"""The rules of outages read by brute force, written apart from `uzel.core`, to judge it by.

Light is spread by sweeping over all links until nothing changes; what an element alone feeds is found by taking it out;
a silent element passes light to an answering one when the two shortest ways, from a source to it and from it on,
make up a shortest way (in silent elements). `fewest` searches all sets of failures, smallest first.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, combinations

FAR = 10**9


@dataclass(frozen=True, slots=True)
class Case:
    """A network of switches, who hangs where, and what was heard. links: (number, end, end)."""

    nodes: frozenset[int]
    sources: frozenset[int]
    watched: frozenset[int]
    links: tuple[tuple[int, int, int], ...]
    people: tuple[tuple[int, int], ...]  # (node, subscriber)
    heard: Mapping[int, bool]
    up: Mapping[int, bool]


@dataclass(frozen=True, slots=True)
class Reading:
    """Dark regions (elements, roots, distinct subscribers), and silent elements that have light."""

    regions: frozenset[tuple[frozenset[int], frozenset[int], int]]
    believed: frozenset[int]


def sweep(case: Case, start: frozenset[int], through: frozenset[int]) -> frozenset[int]:
    """Spread light over all links that are not known to be down until nothing changes."""
    reached = set(start & through)
    before = -1
    while len(reached) != before:
        before = len(reached)
        for number, a, b in case.links:
            if case.up.get(number) is not False and (a in reached) != (b in reached) and {a, b} <= through:
                reached |= {a, b}
    return frozenset(reached)


def ways(case: Case, start: frozenset[int], through: frozenset[int], doubted: frozenset[int]) -> dict[int, int]:
    """The fewest doubted elements on a way from `start` to each element, both ends counted."""
    cost = {i: int(i in doubted) for i in start & through}
    changed = True
    while changed:
        changed = False
        for number, a, b in case.links:
            if case.up.get(number) is False or not {a, b} <= through:
                continue
            for x, y in ((a, b), (b, a)):
                onward = cost.get(x, FAR) + (y in doubted)
                if onward < cost.get(y, FAR):
                    cost[y] = onward
                    changed = True
    return cost


def needed(case: Case, through: frozenset[int], doubted: frozenset[int], bright: frozenset[int]) -> frozenset[int]:
    """Doubted elements on a cheapest way from a source to an answering element that has no free way."""
    there = ways(case, case.sources, through, doubted)
    found: set[int] = set()
    for x in bright:
        if 0 < there.get(x, 0) < FAR:
            back = ways(case, frozenset([x]), through, doubted)
            found |= {i for i in doubted if there.get(i, FAR) + back.get(i, FAR) - 1 == there[x]}
    return frozenset(found)


def read(case: Case) -> Reading:
    """The reading of a case by the five rules of `uzel.core.outage_light`."""
    bright = frozenset(i for i, answers in case.heard.items() if answers)
    silent = frozenset(case.heard) - bright
    whole = Case(case.nodes, case.sources, case.watched, case.links, case.people, {}, {})
    healthy = sweep(whole, case.sources, case.nodes)
    behind = {i: healthy - {i} - sweep(whole, case.sources, case.nodes - {i}) for i in case.nodes}
    near = {i: [(n, b if a == i else a) for n, a, b in case.links if i in (a, b)] for i in case.nodes}
    port_up = {i for i in case.nodes if any(case.up.get(n) and j in bright for n, j in near[i])}
    believed = needed(case, case.nodes, silent, bright)
    believed |= {i for i in silent & port_up if not behind[i] & silent}
    gone = silent - believed
    unheard = case.nodes - frozenset(case.heard)
    doubted = frozenset(
        i for i in unheard - port_up if behind[i] & gone and not behind[i] & bright and _joined(case, i, gone, unheard)
    )
    gone |= doubted - needed(case, case.nodes - gone, doubted, bright)
    lit = sweep(case, (case.sources - gone) | bright | believed, case.nodes - gone)
    dark = (healthy | gone) - lit
    found = set()
    while left := (dark & silent) - frozenset(chain.from_iterable(part for part, _, _ in found)):
        part = sweep(whole, frozenset([min(left)]), dark)
        roots = frozenset(i for i in part if i in case.sources or any(j in lit for _, j in near[i])) or part
        found.add((part, roots, len({who for i, who in case.people if i in part})))
    return Reading(frozenset(found), believed)


def _joined(case: Case, node: int, gone: frozenset[int], unheard: frozenset[int]) -> bool:
    """Whether silence is met next to `node` or over others of which nothing was heard; ends lead nowhere."""
    whole = Case(case.nodes, case.sources, case.watched, case.links, case.people, {}, {})
    degree = {i: sum(i in link[1:] for link in case.links) for i in case.nodes}
    mute = sweep(whole, frozenset([node]), frozenset(i for i in unheard if degree[i] > 1))
    return any((a in mute and b in gone) or (b in mute and a in gone) for _, a, b in case.links)


def fewest(case: Case) -> tuple[int, set[tuple[frozenset[int], frozenset[int]]]]:
    """(the least number of failures that gives just what was heard, every way to do it with that many:
    (what is dark, which managements are at fault)). Elements fail; a cut line darkens what a dead element would."""
    silent = frozenset(i for i, answers in case.heard.items() if not answers)
    able = [(i, False) for i in sorted(silent | (case.nodes - frozenset(case.heard)))] + [
        (i, True) for i in sorted(silent)
    ]
    for size in range(len(able) + 1):
        found = set()
        for chosen in combinations(able, size):
            dead = frozenset(i for i, managed in chosen if not managed)
            mute = frozenset(i for i, managed in chosen if managed)
            lit = sweep(case, case.sources - dead, case.nodes - dead)
            if all((i in lit and i not in mute) == answers for i, answers in case.heard.items()):
                found.add((case.nodes - lit, mute))
        if found:
            return size, found
    return FAR, set()


def cases(seed: int, *, largest: int = 40) -> Iterator[Case]:
    """Random cases without end: trees with rings and double uplinks, unwatched parts, 1-50 failed elements and links,
    management faults, ports that were read, and elements in random numbering."""
    draw = random.Random(seed)
    while True:
        n = draw.randrange(2, largest if draw.random() < 0.97 else 4 * largest)
        ids = draw.sample(range(1, 20 * n), n)
        pairs = [(ids[draw.randrange(max(0, k - draw.randrange(1, 9)), k)], ids[k]) for k in range(1, n)]
        pairs += [tuple(draw.sample(ids, 2)) for _ in range(draw.choice((0, 0, 1, 2, n // 5, n // 2)))]
        links = tuple((k + 1, a, b) for k, (a, b) in enumerate(pairs))
        sources = frozenset(ids[:1] if draw.random() < 0.9 else ids[: draw.randrange(1, 3)])
        watched = frozenset(i for i in ids if draw.random() < draw.choice((1, 1, 0.9, 0.7)))
        people = tuple((draw.choice(ids), draw.randrange(1, 2 * n)) for _ in range(2 * n))
        failures = min(draw.choice((1, 1, 1, 2, 3, 10, 50)), n)
        dead = frozenset(draw.sample(ids, draw.randrange(failures + 1)))
        cut = {link[0]: False for link in draw.sample(links, min(failures - len(dead), len(links)))}
        hurt = Case(frozenset(ids), sources, watched, links, people, {}, cut)
        lit = sweep(hurt, sources - dead, frozenset(ids) - dead)
        mute = {i for i in ids if draw.random() < draw.choice((0, 0, 0, 0.1))}
        heard = {i: i in lit and i not in mute for i in watched if draw.random() < draw.choice((1, 1, 1, 0.9))}
        ports = {}
        if draw.random() < 0.3:
            seen = [link for link in links if heard.get(link[1]) or heard.get(link[2])]
            ports = {k: k not in cut and not {a, b} & dead for k, a, b in seen if draw.random() < 0.5}
        yield Case(frozenset(ids), sources, watched, links, people, heard, ports)
