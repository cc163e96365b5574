"""What else must be known before a decision: whose word on power and light is older than the silence."""

import time
from collections.abc import Iterable
from dataclasses import replace

from uzel.core.outage import Cause, CauseKind, Evidence, Found, Reason
from uzel.core.power import batteries_below, feeds_above
from uzel.core.topology import Kind
from uzel.drivers.pulse import Target
from uzel.pollers.monitor_sight import sees_nobody
from uzel.pollers.monitor_world import World


def near_suspects(world: World, evidence: Evidence) -> set[int]:
    """Devices between their first missed question and their last that may belong to a failure under decision."""
    suspects = {i for i, view in world.views.items() if view.suspected}
    if not suspects:
        return suspects
    network, silent = world.net.network, evidence.silent
    sites = {network.nodes[i].site for i in silent if i in network.nodes}
    areas = {contact.area for i in silent if (contact := world.net.contacts.get(i))} - {None}
    return {
        i
        for i in suspects
        if network.nodes[i].site in sites
        or world.net.contacts[i].area in areas
        or any(near in silent or near in suspects for _, near in network.neighbours[i])
    }


def to_confirm(world: World, evidence: Evidence) -> tuple[list[Target], list[Target]]:
    """Silence that may be over, since somebody came back after it was found: what touches light, and the rest.

    The first must be asked with all retries, as one lost datagram would make it a failure of its own.
    """
    near_light: list[Target] = []
    rest: list[Target] = []
    for i, view in world.views.items():
        if view.answers is not False or view.asked_at >= world.returned_at:
            continue
        via = world.net.contacts[i].via
        beside = (via,) if via else (near for _, near in world.net.network.neighbours[i])
        (near_light if any(evidence.answers(near) for near in beside) else rest).append(view.target)
    return near_light, rest


def mark_read(world: World, meters: Iterable[int], ports: dict[int, list[int]]) -> None:
    """What did not answer is not asked again in this decision."""
    now = time.time()
    for device in meters:
        world.views[device].read_at = now
        world.hear(world.views[device])
    for device, indexes in ports.items():
        for index in indexes:
            world.asked_at[device, index] = now


def batteries_to_read(world: World, evidence: Evidence) -> list[int]:
    """UPSes whose word on the power of the newly silent is older than the silence."""
    network = world.net.network
    mains: dict[int, float] = {}
    for node in evidence.silent:
        for feed in feeds_above(network, node):
            if network.nodes[feed].kind is Kind.MAINS:
                mains[feed] = max(mains.get(feed, 0.0), evidence.seen[node].began)
    wanted = set()
    for feed, since in mains.items():
        for ups in batteries_below(network, feed):
            view = world.views.get(ups)
            if view and view.answers and view.told_at < since:
                wanted.add(ups)
    return sorted(wanted)


def lights_to_read(world: World, wanted: Iterable[int]) -> list[int]:
    """Receivers that must say how much light comes in: those of `wanted`, and those whose word of darkness may be over,
    since they are back themselves or another one has light again.

    One that answers proves nothing of its light: the others behind a dead splitter answer too.
    """
    found = {i for i in wanted if (view := world.views.get(i)) and view.tells_light and view.answers}
    dark = (view for i in world.meters if (view := world.views[i]).unlit and view.answers)
    over = (view.target.id for view in dark if view.told_at < max(view.known_at, world.relit_light_at))
    return sorted(found.union(over))


def ports_to_read(world: World, evidence: Evidence) -> dict[int, list[int]]:
    """Ports of answering devices towards silent ones that were not read since: device -> ifIndexes."""
    wanted: dict[int, list[int]] = {}
    for node in evidence.silent:
        since = world.views[node].known_at if node in world.views else evidence.seen[node].began
        for link, near in world.net.network.neighbours.get(node, ()):
            ends = world.net.ends[link]
            end = ends.a if ends.a and ends.a[0] == near else ends.b
            if end is None or end[0] != near or not evidence.answers(near):
                continue
            at = max(world.link_ends.get(link, {}).get(near, (False, 0.0))[1], world.asked_at.get(end[:2], 0.0))
            if at < since:
                wanted.setdefault(near, []).append(end[1])
    return wanted


def with_pinged(world: World, found: list[Found]) -> list[Found]:
    """Devices that answer pings but not SNMP: lit, with a fault of management each."""
    extra = []
    for i, view in world.views.items():
        if view.answers is False and view.pings:
            cause = Cause(CauseKind.MANAGEMENT_FAULT, (i,), (), (Reason("answers_ping", (i,)),))
            extra.append(Found((cause,), frozenset([i]), (i,), view.since or view.at))
    return [*found, *extra]


def with_blindness(world: World, found: list[Found]) -> list[Found]:
    """Where not one device answers, the monitor's own line stands beside the other hypotheses and none is decided."""
    if not sees_nobody(world):
        return found
    cut_off = Cause(CauseKind.MANAGEMENT_FAULT, (), (), (Reason("monitor_cut_off"),))
    undecided = (Reason("nobody_answers"),)
    return [
        replace(
            it,
            hypotheses=(
                Cause(CauseKind.UNDECIDED, it.cause.nodes, it.cause.links, undecided),
                *(cause for cause in it.hypotheses if cause.kind is not CauseKind.UNDECIDED),
                cut_off,
            ),
        )
        for it in found
    ]
