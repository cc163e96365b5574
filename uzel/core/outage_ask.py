"""Whom to ask before anything is decided, so that the order of polls never matters.

The shadow of the silence is what would be dark if every silent element had failed. Nothing is decided until all of
the shadow, its whole boundary, the chain above it to the source, and all whose answer speaks of its power have been
asked since the last new silence in that shadow.
"""

import heapq
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from uzel.core.outage_words import Evidence
from uzel.core.power import batteries_below, falls, feeds_above
from uzel.core.topology import Kind, Network, lit, spread


def to_ask(network: Network, evidence: Evidence, *, fresh_s: float = 0.0) -> frozenset[int]:
    """The elements to ask at once; empty: settled. An observation counts when it is at most `fresh_s` seconds older
    than the last new silence of its part of the network."""
    silent = evidence.silent | evidence.unlit
    silent = frozenset(i for i in silent if i in network.nodes)
    if not silent:
        return frozenset()
    carriers = frozenset(i for i in lit(network) if network.nodes[i].carries_light)
    failed = {i for i in silent if network.nodes[i].carries_light and network.nodes[i].via is None}
    shadow = _shadow(network, carriers, failed)
    # Silence behind a switch in the shadow is its consequence; elsewhere it speaks of the silent element itself.
    speaks = {i for i in silent - failed if network.nodes[i].via not in shadow}
    failed |= {i for i in speaks if network.nodes[i].carries_light}
    shadow = _shadow(network, carriers, failed)
    distance = _distances(network)
    asked: set[int] = set()
    # Parts that only elements which nobody can ask keep apart may be of one failure.
    mute = {i for i, node in network.nodes.items() if not node.watched}
    left = set(shadow)
    while left:
        part = spread(network, [min(left)], shadow | mute) & shadow
        left -= part
        heard = HeardSince(network, evidence, _last(evidence, part & silent) - fresh_s)
        asked |= heard.too_long_ago(_of_part(network, part, silent, distance, heard))
    for ups in speaks - failed:
        heard = HeardSince(network, evidence, _last(evidence, {ups}) - fresh_s)
        asked |= heard.too_long_ago(around_power(network, ups))
    return frozenset(asked)


def around_power(network: Network, node: int) -> set[int]:
    """Who speaks of a silent element of power: its switch, what it feeds, and what shares its power."""
    around = {i for i in (network.nodes[node].via, *network.fed_by.get(node, ())) if i is not None}
    return around | witnesses_of_power(network, {node})


@dataclass(frozen=True, slots=True)
class HeardSince:
    """What was heard at `since` or later."""

    network: Network
    evidence: Evidence
    since: float

    def too_long_ago(self, nodes: Iterable[int]) -> set[int]:
        """Those of `nodes` that can be asked and are not known to be silent, yet have not answered since."""
        found = set()
        for i in nodes:
            seen = self.evidence.seen.get(i)
            if self.network.nodes[i].watched and (seen is None or (seen.answers and seen.at < self.since)):
                found.add(i)
        return found


def _last(evidence: Evidence, silent: Iterable[int]) -> float:
    return max(evidence.seen[i].began for i in silent)


def _shadow(network: Network, carriers: Set[int], failed: Set[int]) -> set[int]:
    rest = carriers - failed
    return set(failed | (carriers - spread(network, (i for i in rest if network.nodes[i].source), rest)))


def _of_part(
    network: Network, part: Set[int], silent: Set[int], distance: Mapping[int, int], heard: HeardSince
) -> set[int]:
    """Part of the shadow, what stands around it, the chain above, and the witnesses of its power."""
    around = {near for i in part for _, near in network.neighbours[i]} - part
    edge = part & silent & {i for i in part if {near for _, near in network.neighbours[i]} & around} or set(part)
    around = with_witnesses(network, around, part, silent, distance, heard)
    vias = {via for i in part | around if (via := network.nodes[i].via) is not None}
    through = {i for switch in part for i in network.asked_via.get(switch, ())}
    # One that answers without light has power: what feeds it is not to blame.
    power = witnesses_of_power(network, {i for i in edge if not heard.evidence.answers(i)})
    return set(part) | around | _chain_above(network, part, distance) | vias | through | power


def with_witnesses(
    network: Network,
    around: set[int],
    part: Set[int],
    silent: Set[int],
    distance: Mapping[int, int],
    heard: HeardSince,
) -> set[int]:
    """What stands around a part, and who tells of the light of those of it that cannot tell themselves.

    What lies on the ways of others comes after them, the nearest first: what those nearer say may be enough.
    """
    found, ways = set(around), set[int]()
    late = set[int]()
    queue, met = sorted(around), set(around)
    while queue:
        i = queue.pop()
        if network.nodes[i].source or not network.nodes[i].watched:
            witnesses, more = _witnesses(network, i, part, silent, distance, heard)
            found |= (witnesses | more) - part
            ways |= more - part
            late |= heard.too_long_ago(witnesses)
        if not queue and not late and (left := ways - met):
            queue.append(max(left, key=lambda it: (distance[it], it)))
            met.update(queue)
    return found


def _witnesses(
    network: Network, origin: int, part: Set[int], silent: Set[int], distance: Mapping[int, int], heard: HeardSince
) -> tuple[set[int], set[int]]:
    """Who tells whether an unwatched element is lit, or whether a source still feeds anybody.

    Those next to it that can be asked; when they have been asked and none of them proves it, also those beyond
    the ones that cannot, ring by ring. And, apart from them, what else may light those that answer.
    """
    found = {near for _, near in network.neighbours[origin] if network.nodes[near].watched} - part
    others: set[int] = set()
    ring, met = [origin], {origin}
    while ring:
        unheard: set[int] = set()
        beyond: list[int] = []
        for i in ring:
            near = {near for _, near in network.neighbours[i]} - part
            known = {it for it in near if network.nodes[it].watched}
            late = heard.too_long_ago(known)
            answering = sorted(known - late - silent)
            ways = [_way(network, it, silent, origin, distance) for it in answering]
            if not all(ways) or (ways and network.nodes[origin].watched):
                return found, others
            unheard |= late
            if late:
                continue
            others = others.union(*ways)
            own = ways if i == origin else [_way(network, it, silent, i, distance) for it in answering]
            if all(own):  # nor is this one proven: on to those beyond it
                others = others.union(*own)
                further = {it: _way(network, it, silent, origin, distance) for it in sorted(near - known - met)}
                # What has light without the origin, and so all that hangs on it, proves nothing about it.
                beyond += [it for it, way in further.items() if not way]
                others = others.union(*further.values())
                met |= near
        found |= unheard
        # The nearest first: what they say may be enough.
        ring = [] if unheard else beyond
    return found, others


def _way(network: Network, start: int, silent: Set[int], origin: int, distance: Mapping[int, int]) -> set[int]:
    """The elements of a path from a source to `start` round `origin` and all the silent; none if there is no such path.

    While all of them answer, the light of `start` proves nothing about `origin`.
    """
    is_open = start != origin and start in distance and start not in silent
    if not is_open or all(source == origin or source in silent for source in network.sources):
        return set()
    came: dict[int, int | None] = {start: None}
    queue = [(distance[i], i) for i in came]
    while queue:
        _, i = heapq.heappop(queue)
        if network.nodes[i].source:
            path: list[int] = []
            step: int | None = i
            while step is not None:
                path.append(step)
                step = came[step]
            return set(path)
        for _, near in network.neighbours[i]:
            if near != origin and near not in came and near in distance and near not in silent:
                came[near] = i
                heapq.heappush(queue, (distance[near], near))
    return set()


def _distances(network: Network) -> dict[int, int]:
    """How many links each element stands from the nearest source."""
    distance = {i: 0 for i, node in network.nodes.items() if node.source}
    queue = list(distance)
    for i in queue:
        for _, near in network.neighbours[i]:
            if near not in distance:
                distance[near] = distance[i] + 1
                queue.append(near)
    return distance


def _chain_above(network: Network, part: Iterable[int], distance: Mapping[int, int]) -> set[int]:
    """The elements of the shortest paths from the sources to a part of the network."""
    chain: set[int] = set()
    edge = [i for i in part if i in distance]
    while edge:
        i = edge.pop()
        for _, near in network.neighbours[i]:
            if near not in chain and distance.get(near) == distance[i] - 1:
                chain.add(near)
                edge.append(near)
    return chain


def witnesses_of_power(network: Network, nodes: Iterable[int]) -> set[int]:
    """Whose answers speak of the power of `nodes`: what shares it, and the UPSes on the same mains."""
    witnesses: set[int] = set()
    for source in {feed for i in nodes for feed in feeds_above(network, i)}:
        witnesses |= falls(network, source)
        if network.nodes[source].kind is Kind.MAINS:
            witnesses |= batteries_below(network, source)
    return witnesses
