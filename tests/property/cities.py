"""Random small cities with power, batteries, receivers asked through switches, and what may be heard of them."""

import random

from uzel.core.outage import Evidence, Seen
from uzel.core.topology import Kind, Link, Network, Node, answering


def city(rng: random.Random) -> Network:
    """Switches and receivers in a tree with extra links, some of them behind mains of sites, areas and UPSes."""
    ids = rng.sample(range(1, 500), rng.randrange(2, 30))
    sources = {ids[0], *([rng.choice(ids)] if rng.random() < 0.2 else [])}
    pairs = [(rng.choice(ids[max(0, k - 6) : k]), i) for k, i in enumerate(ids) if k and rng.random() < 0.95]
    pairs += [tuple(rng.sample(ids, 2)) for _ in range(rng.randrange(len(ids) // 2 + 1))]
    nodes = [Node(-(5000 + k), Kind.MAINS, watched=False) for k in range(rng.randrange(3))]
    areas = [node.id for node in nodes]
    for k, i in enumerate(ids):
        feeds: tuple[int, ...] = ()
        if rng.random() < 0.6:
            mains, ups = -k - 1, 1000 + k
            above = (rng.choice(areas),) if areas and rng.random() < 0.8 else ()
            nodes.append(Node(mains, Kind.MAINS, watched=False, feeds=above))
            feeds = (mains,)
            if rng.random() < 0.4:
                via = rng.choice(ids) if rng.random() < 0.8 else None
                nodes.append(Node(ups, Kind.UPS, via=via, feeds=feeds, watched=rng.random() < 0.9))
                feeds = rng.choice([(ups,), (ups, mains)])
        is_receiver = i not in sources and rng.random() < 0.2
        via = rng.choice([j for j in ids if j != i]) if is_receiver else None
        kind = Kind.OPTICAL_RECEIVER if is_receiver else Kind.SWITCH
        nodes.append(Node(i, kind, source=i in sources, watched=rng.random() < 0.85, via=via, feeds=feeds))
    return Network.of(nodes, [Link(k, a, b) for k, (a, b) in enumerate(pairs, 1)])


def heard(rng: random.Random, net: Network) -> Evidence:
    """What may be known some time after a few failures: some lies, some not asked, some asked long ago."""
    nodes, links = sorted(net.nodes), sorted(net.links)
    failed = set(rng.sample(nodes, rng.randrange(min(5, len(nodes)))))
    cut = set(rng.sample(links, min(len(links), rng.randrange(3))))
    empty = {i for i in nodes if net.nodes[i].kind is Kind.UPS and rng.random() < 0.2}
    answers = answering(net, failed=failed, cut=cut, discharged=empty)
    seen = {}
    for i in nodes:
        if net.nodes[i].watched and rng.random() < 0.85:
            at = rng.choice([90.0, 95.0, 100.0, 101.0, 102.0])
            since, booted_at = rng.choice([None, at - 1, at - 9]), rng.choice([None, 50.0, 99.0])
            seen[i] = Seen((i in answers) != (rng.random() < 0.07), at, booted_at, since)
    ports = {
        link: (link not in cut) if rng.random() < 0.9 else rng.random() < 0.5 for link in links if rng.random() < 0.4
    }
    receivers = (i for i in nodes if net.nodes[i].kind is Kind.OPTICAL_RECEIVER and i in seen)
    on_battery = frozenset(i for i in nodes if net.nodes[i].kind is Kind.UPS and rng.random() < 0.3)
    unlit = frozenset(i for i in receivers if rng.random() < 0.3)
    return Evidence(seen, ports, on_battery, on_battery & empty, now=105.0, unlit=unlit)
