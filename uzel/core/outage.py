"""Outages: the fewest failures nearest the centre that explain all silence and contradict no answer.

One outage is a connected dark region; regions with one common cause are one outage. The parts, each on its own page:
`outage_light` reads what is dark, `outage_cause` what is to blame, `outage_ask` whom to ask before anything is said,
`outage_follow` keeps the identity of an outage while it shrinks, splits and merges. Nothing here depends on the order
of the observations or on the numbers of the elements.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace

from uzel.core.outage_ask import to_ask
from uzel.core.outage_cause import PowerLoss, after_return, cause_of_loss, causes_of_root, join, power_losses
from uzel.core.outage_follow import Change, Close, Continue, Merge, Open, follow
from uzel.core.outage_light import Picture, Region, picture
from uzel.core.outage_words import Cause, CauseKind, Evidence, Found, Reason, Seen
from uzel.core.topology import Network, spread

__all__ = [
    "Cause",
    "CauseKind",
    "Change",
    "Close",
    "Continue",
    "Evidence",
    "Found",
    "Merge",
    "Open",
    "Reason",
    "Seen",
    "after_return",
    "explain",
    "follow",
    "to_ask",
]


def explain(
    network: Network, evidence: Evidence, read: Callable[[Network, Evidence], Picture] = picture
) -> list[Found]:
    """Every failure there is, one `Found` each. `read` is how light is read: plainly, or by the compiled engine."""
    seen = read(network, evidence)
    silent_power = _silent_power(network, seen, evidence)
    parts = [*seen.regions, *(Region(frozenset([i]), (i,), evidence.seen[i].began) for i in silent_power)]
    losses = power_losses(network, seen, evidence, (root for part in parts for root in part.roots))
    found = []
    fallen: set[int] = set()  # dark for want of power, though nobody could ask them
    for group, blamed, source in _groups(network, seen, parts, losses):
        also_dark = _unpowered(network, seen, fallen, blamed)
        fallen |= also_dark
        found.append(_found(network, seen, evidence, group, blamed, source, also_dark))
    found += [_management_fault(network, seen, evidence, node) for node in seen.believed]
    return sorted((_planned(it, evidence) for it in found), key=lambda it: (it.began_at, it.roots))


def _silent_power(network: Network, seen: Picture, evidence: Evidence) -> list[int]:
    """UPSes that do not answer though the switch through which they are asked is lit."""
    silent = (network.nodes[i] for i in network.power & evidence.silent)
    return sorted(it.id for it in silent if it.via is None or it.via in seen.lit)


def _groups(
    network: Network, seen: Picture, parts: Sequence[Region], losses: Sequence[PowerLoss]
) -> list[tuple[list[Region], list[PowerLoss], int | None]]:
    """Regions joined by a common cause: one loss of power, or one lit source that feeds nobody any more."""
    of_root = {root: n for n, part in enumerate(parts) for root in part.roots}
    leader = list(range(len(parts)))

    def lead(n: int) -> int:
        while leader[n] != n:
            n = leader[n]
        return n

    def unite(members: Iterable[int]) -> None:
        tops = sorted({lead(n) for n in members})
        for n in tops:
            leader[n] = tops[0]

    for loss in losses:
        unite(of_root[root] for root in loss.roots)
    shining = sorted(network.sources & seen.lit)
    barren = [i for i in shining if _feeds_nobody(network, seen, i, of_root)]
    for source in barren:
        unite(of_root[near] for _, near in network.neighbours[source])
    grouped: dict[int, tuple[list[Region], list[PowerLoss], list[int]]] = {}
    for n, part in enumerate(parts):
        grouped.setdefault(lead(n), ([], [], []))[0].append(part)
    for loss in losses:
        grouped[lead(of_root[min(loss.roots)])][1].append(loss)
    for source in barren:
        grouped[lead(of_root[network.neighbours[source][0][1]])][2].append(source)
    return [(group, blamed, sources[0] if len(sources) == 1 else None) for group, blamed, sources in grouped.values()]


def _feeds_nobody(network: Network, seen: Picture, source: int, roots: Iterable[int]) -> bool:
    near = {near for _, near in network.neighbours[source]}
    return len(near) > 1 and not near & seen.lit and near <= set(roots)


def _unpowered(network: Network, seen: Picture, fallen: Set[int], blamed: Sequence[PowerLoss]) -> frozenset[int]:
    """What else is dark because of lost power: unasked elements without power, and what only they fed; not what has
    `fallen` by another loss."""
    falls = {i for loss in blamed for i in loss.falls if i in seen.lit and i not in fallen}
    if not falls:
        return frozenset()
    lit = frozenset(seen.lit) - fallen
    rest = lit - falls
    start = (i for i in rest if i in network.sources or i in seen.signs.bright or i in seen.believed)
    return lit - spread(network, start, rest, seen.signs.down)


def _found(
    network: Network,
    seen: Picture,
    evidence: Evidence,
    group: Sequence[Region],
    blamed: Sequence[PowerLoss],
    source: int | None,
    also_dark: frozenset[int],
) -> Found:
    touching = frozenset(root for part in group for root in part.roots)
    rest = sorted(touching - {root for loss in blamed for root in loss.roots})
    ranked = [causes_of_root(network, seen, evidence, root) for root in rest]
    if source is not None and not blamed:
        reason = Reason("source_feeds_nobody", tuple(sorted(touching)))
        hypotheses = (Cause(CauseKind.DEVICE_DEAD, (source,), (), (reason,)), *join(ranked))
    else:
        hypotheses = join([[cause_of_loss(network, loss)] for loss in blamed] + ranked)
    powerless = frozenset(i for loss in blamed for i in loss.falls if i in evidence.silent)
    dark = group[0].dark
    if len(group) > 1 or also_dark or powerless:
        dark = frozenset().union(*(part.dark for part in group), also_dark, powerless)
    behind = (network.indirect & evidence.silent) - evidence.unlit
    unseen = frozenset(i for i in behind if network.nodes[i].via in dark) - dark
    began = min([*(part.began for part in group), *evidence.since(also_dark | powerless | unseen).values()])
    return Found(hypotheses, dark, tuple(sorted(touching)), began, None, unseen)


def _management_fault(network: Network, seen: Picture, evidence: Evidence, node: int) -> Found:
    answer = tuple(sorted(near for _, near in network.neighbours[node] if near in seen.signs.bright))
    reason = Reason("answers_behind", answer, tuple(sorted(link for link, _ in network.neighbours[node])))
    cause = Cause(CauseKind.MANAGEMENT_FAULT, (node,), (), (reason,))
    return Found((cause,), frozenset([node]), (node,), evidence.seen[node].began)


def _planned(found: Found, evidence: Evidence) -> Found:
    """Label a failure that planned work covers: its cause, or each of its roots with all that may have darkened it."""
    cause = found.cause
    works = {evidence.planned.get(i) for i in found.roots}
    if None in works or not works:
        by_nodes = {evidence.planned.get(i) for i in cause.nodes if i not in found.roots}
        by_links = {evidence.planned_links.get(i) for i in cause.links}
        works = by_nodes or by_links
    if not works or None in works:
        return found
    work = min(it for it in works if it is not None)
    if cause.kind is CauseKind.MANAGEMENT_FAULT:
        return replace(found, planned=work)
    planned = Cause(CauseKind.PLANNED_WORK, cause.nodes, cause.links, (Reason("in_planned_work", found.roots),))
    return replace(found, hypotheses=(planned, *found.hypotheses), planned=work)
