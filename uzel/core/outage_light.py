"""What is lit and what is dark, read from answers and silence.

The reading, in five rules:
1. What answers by its own light is lit. What answers through another switch and reports light is lit; what reports
   none is dark, and stays so by its last word while its switch is dark.
2. The light of an answering element came by a path. Of all paths, those through the fewest silent elements are
   believed: a silent element on one of them is lit, and only its management is at fault.
3. A silent element is lit too when a lit neighbour's port towards it is up and nothing that it alone feeds is dark.
4. An element that nobody can ask is in doubt when something that it alone feeds is dark, nothing that it alone feeds is
   lit, and no lit neighbour's port towards it is up. Rule 2 then holds for it as for a silent one; else it is dark.
5. All other silent elements are dark, and so is every element to which no light comes over what is lit.
"""

import heapq
from collections.abc import Iterable, Set
from dataclasses import dataclass

from uzel.core.outage_words import Evidence
from uzel.core.topology import Network, lit, spread


@dataclass(frozen=True, slots=True)
class Signs:
    """What was heard of the elements that carry light: proven lit, silent, and saying that they have no light."""

    bright: Set[int]
    silent: Set[int]
    unlit: Set[int]
    down: Set[int]  # links that an answering end sees down


@dataclass(frozen=True, slots=True)
class Region:
    """A connected dark part in which something was heard to be dark. began: the first silence in it.

    roots: its elements that touch light or are a source; all of it where it is joined to nothing lit on the map.
    """

    dark: Set[int]
    roots: tuple[int, ...]
    began: float


@dataclass(frozen=True, slots=True)
class Picture:
    """lit, dark: elements that carry light. believed: silent, yet lit (rules 2 and 3). signs: what it was read from.
    regions: the dark by parts, in the order of their roots."""

    lit: Set[int]
    dark: Set[int]
    believed: frozenset[int]
    signs: Signs
    regions: tuple[Region, ...]


def picture(network: Network, evidence: Evidence) -> Picture:
    """Read the light. Elements asked through a switch are read after it: silence behind a dark one says nothing."""
    signs = signs_of(network, evidence, frozenset())
    lit_, dark, believed = _read(network, signs, evidence)
    if network.indirect:
        signs = signs_of(network, evidence, lit_)
        lit_, dark, believed = _read(network, signs, evidence)
    return Picture(lit_, dark, believed, signs, _regions(network, evidence, signs, lit_, dark))


def signs_of(network: Network, evidence: Evidence, lit_switches: Set[int]) -> Signs:
    """What was heard; elements asked through a switch that is not among `lit_switches` say nothing by silence."""
    bright: set[int] = set()
    silent: set[int] = set()
    unlit: set[int] = set()
    for node, seen in evidence.seen.items():
        it = network.nodes.get(node)
        if it is None or not it.carries_light:
            continue
        if seen.answers:
            (unlit if it.via is not None and node in evidence.unlit else bright).add(node)
        elif it.via is None or it.via in lit_switches:
            silent.add(node)
        elif node in evidence.unlit:
            unlit.add(node)
    down = frozenset(link for link, up in evidence.link_up.items() if not up)
    return Signs(frozenset(bright), frozenset(silent), frozenset(unlit), down)


def _read(network: Network, signs: Signs, evidence: Evidence) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """(lit, dark, believed)."""
    carriers = {i for i, node in network.nodes.items() if node.carries_light}
    healthy = lit(network) & carriers
    dark_signs = signs.silent | signs.unlit
    believed = _on_believed_paths(network, carriers - signs.unlit, signs.silent, signs)
    for node in sorted(signs.silent - believed):
        if _port_up(network, node, signs.bright, evidence) and not (_behind(network, healthy, node) & dark_signs):
            believed |= {node}
    gone = dark_signs - believed
    doubted = {u for u in _unheard_near(network, gone, signs) if _doubted(network, healthy, u, gone, signs, evidence)}
    gone |= doubted - _on_believed_paths(network, carriers - gone, doubted, signs)
    sources = network.sources & carriers
    shine = frozenset(spread(network, (sources - gone) | signs.bright | believed, carriers - gone, signs.down))
    return shine, frozenset((healthy | gone) - shine), frozenset(believed)


def _on_believed_paths(network: Network, through: Set[int], doubted: Set[int], signs: Signs) -> frozenset[int]:
    """Those of `doubted` that lie on a path from a source to a lit element through the fewest of them (rule 2)."""
    fewest = {i: int(i in doubted) for i in through if network.nodes[i].source}
    queue = [(count, i) for i, count in fewest.items()]
    heapq.heapify(queue)
    while queue:
        count, i = heapq.heappop(queue)
        for link, near in network.neighbours[i]:
            if near in through and link not in signs.down and count == fewest[i]:
                onward = count + (near in doubted)
                if onward < fewest.get(near, onward + 1):
                    fewest[near] = onward
                    heapq.heappush(queue, (onward, near))
    marked = {i for i in signs.bright if fewest.get(i, 0) > 0}
    edge = list(marked)
    while edge:
        i = edge.pop()
        for link, near in network.neighbours[i]:
            if link in signs.down or near in marked or near not in fewest:
                continue
            if fewest[near] + (i in doubted) == fewest[i]:
                marked.add(near)
                edge.append(near)
    return frozenset(marked & doubted)


def _behind(network: Network, healthy: Set[int], node: int) -> frozenset[int]:
    """What `node` alone feeds: dark if it alone failed in a healthy network."""
    rest = healthy - {node}
    return frozenset(rest - spread(network, (i for i in rest if network.nodes[i].source), rest))


def _port_up(network: Network, node: int, bright: Set[int], evidence: Evidence) -> bool:
    return any(near in bright and evidence.link_up.get(link) is True for link, near in network.neighbours[node])


def _unheard_near(network: Network, gone: Iterable[int], signs: Signs) -> set[int]:
    """Elements nobody heard of, next to dark ones or joined to them by others nobody heard of; ends feed nothing."""
    heard = signs.bright | signs.silent | signs.unlit
    found: set[int] = set()
    edge = list(gone)
    while edge:
        for _, near in network.neighbours[edge.pop()]:
            if near not in heard and near not in found and len(network.neighbours[near]) > 1:
                found.add(near)
                edge.append(near)
    return found


def _doubted(network: Network, healthy: Set[int], node: int, gone: Set[int], signs: Signs, evidence: Evidence) -> bool:
    behind = _behind(network, healthy, node)
    return bool(behind & gone) and not behind & signs.bright and not _port_up(network, node, signs.bright, evidence)


def _regions(network: Network, evidence: Evidence, signs: Signs, lit_: Set[int], dark: Set[int]) -> tuple[Region, ...]:
    found: list[Region] = []
    left = set((signs.silent | signs.unlit) & dark)
    while left:
        part = frozenset(spread(network, [min(left)], dark))
        left -= part
        found.append(Region(part, _roots(network, part, lit_), min(evidence.since(part).values())))
    return tuple(sorted(found, key=lambda it: it.roots))


def _roots(network: Network, part: Set[int], lit_: Set[int]) -> tuple[int, ...]:
    touching = sorted(
        i for i in part if network.nodes[i].source or any(near in lit_ for _, near in network.neighbours[i])
    )
    return tuple(touching or sorted(part))
