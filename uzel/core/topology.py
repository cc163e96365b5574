"""Light in the network.

An element is lit when it works, has power, and is a source or has a lit neighbour to be fed from. Links are two-way,
rings and double uplinks are normal, so light is reachability from the sources, computed as a whole each time. The
tree of cable TV is a part of the same graph that no link joins to the data network; its source is the transmitter.
"""

from collections.abc import Iterable, Set

from uzel.core.map import POWER_KINDS, Kind, Link, Network, Node
from uzel.core.power import powered

# The map and light in it are one subject to whoever reads them from outside.
__all__ = ["NONE", "POWER_KINDS", "Kind", "Link", "Network", "Node", "answering", "lit", "spread"]

NONE: frozenset[int] = frozenset()


def spread(network: Network, start: Iterable[int], through: Set[int], cut: Set[int] = NONE) -> set[int]:
    """What light reaches from `start` over the elements `through` and the links that are not cut."""
    reached = {i for i in start if i in through}
    edge = list(reached)
    while edge:
        for link, near in network.neighbours[edge.pop()]:
            if near in through and near not in reached and link not in cut:
                reached.add(near)
                edge.append(near)
    return reached


def lit(
    network: Network, *, failed: Set[int] = NONE, cut: Set[int] = NONE, discharged: Set[int] = NONE
) -> frozenset[int]:
    """What works while `failed` are broken, `cut` links are cut and the batteries of `discharged` are empty.

    Elements that carry light: those that light reaches. Elements of power: those that have power to give.
    """
    live = powered(network, failed, discharged)
    carriers = {i for i in live if network.nodes[i].carries_light}
    shine = spread(network, (i for i in carriers if network.nodes[i].source), carriers, cut)
    return frozenset(shine | (live - carriers))


def answering(
    network: Network, *, failed: Set[int] = NONE, cut: Set[int] = NONE, discharged: Set[int] = NONE
) -> frozenset[int]:
    """Which watched elements would answer: a lit one, or, asked via a switch, a powered one whose switch is lit."""
    live = powered(network, failed, discharged)
    shine = lit(network, failed=failed, cut=cut, discharged=discharged)
    return frozenset(
        node.id
        for node in network.nodes.values()
        if node.watched and (node.id in shine if node.via is None else node.id in live and node.via in shine)
    )
