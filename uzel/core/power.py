"""Power: mains of an area -> mains of a site -> UPS -> strip -> device. Any one live feed is enough.

A UPS whose feed is dead still gives power until it is discharged.
"""

from collections.abc import Set

from uzel.core.map import Network

NONE: frozenset[int] = frozenset()


def powered(network: Network, failed: Set[int] = NONE, discharged: Set[int] = NONE) -> frozenset[int]:
    """The elements that work and have power. An element of a closed circle of feeds has none."""
    nodes = network.nodes
    live = {
        node.id
        for node in nodes.values()
        if node.id not in failed and (not node.feeds or (node.has_battery and node.id not in discharged))
    }
    edge = list(live)
    while edge:
        for consumer in network.fed_by.get(edge.pop(), ()):
            if consumer not in live and consumer not in failed:
                live.add(consumer)
                edge.append(consumer)
    return frozenset(live)


def falls(network: Network, source: int, discharged: Set[int] = NONE) -> frozenset[int]:
    """What loses power when `source` alone fails, itself included: all else is taken as live."""
    fallen = {source}
    edge = [source]
    while edge:
        for consumer in network.fed_by.get(edge.pop(), ()):
            node = network.nodes[consumer]
            holds = node.has_battery and consumer not in discharged
            if consumer not in fallen and not holds and all(feed in fallen for feed in node.feeds):
                fallen.add(consumer)
                edge.append(consumer)
    return frozenset(fallen)


def feeds_above(network: Network, node: int) -> frozenset[int]:
    """Every element of power above `node`, nearest or far."""
    above: set[int] = set()
    edge = list(network.nodes[node].feeds)
    while edge:
        feed = edge.pop()
        if feed not in above:
            above.add(feed)
            edge.extend(network.nodes[feed].feeds)
    return frozenset(above)


def batteries_below(network: Network, source: int) -> frozenset[int]:
    """The UPSes that `source` feeds, directly or through strips and the mains of sites; not through another UPS."""
    found: set[int] = set()
    seen = {source}
    edge = [source]
    while edge:
        for consumer in network.fed_by.get(edge.pop(), ()):
            if network.nodes[consumer].has_battery:
                found.add(consumer)
            elif consumer not in seen:
                seen.add(consumer)
                edge.append(consumer)
    return frozenset(found)
