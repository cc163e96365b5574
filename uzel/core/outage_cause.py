"""Power or fibre: what is to blame for dark regions, by power, by links, and by what returned elements say.

A failure of power is assumed where one explains several roots, or a UPS bears witness to it; never where an answer
contradicts it. Feeds form nested sets of what they alone power, so taking the widest first needs the fewest failures.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from uzel.core.outage_light import Picture
from uzel.core.outage_words import Cause, CauseKind, Evidence, Reason
from uzel.core.power import batteries_below, falls, feeds_above
from uzel.core.topology import Kind, Network

# A device counts its uptime in whole seconds at best, and starts a while after its power is back.
CLOCK_SLACK_S = 5.0


@dataclass(frozen=True, slots=True)
class PowerLoss:
    """An element of power that failed, the roots it explains, and everything that it alone powers."""

    source: int
    roots: frozenset[int]
    falls: frozenset[int]
    witnesses: frozenset[int]  # UPSes on battery or empty because of it


def is_live(network: Network, picture: Picture, evidence: Evidence, source: int) -> bool:
    """Whether an answer proves that an element of power gives power."""
    fallen = falls(network, source, evidence.spent)
    if any(evidence.answers(i) or i in picture.believed for i in fallen):
        return True
    if network.nodes[source].kind is Kind.MAINS and any(
        evidence.answers(ups) and ups not in evidence.on_battery for ups in batteries_below(network, source)
    ):
        return True
    return any(_has_power(network, picture, evidence, i) for i in fallen)


def _has_power(network: Network, picture: Picture, evidence: Evidence, node: int) -> bool:
    """A lit neighbour's port towards it is up: somebody at the other end sends light."""
    return any(
        near in picture.signs.bright and evidence.link_up.get(link) is True
        for link, near in network.neighbours.get(node, ())
    )


def power_losses(network: Network, picture: Picture, evidence: Evidence, roots: Iterable[int]) -> list[PowerLoss]:
    """The failures of power to blame: widest first; of equals the one with most witnesses, then the narrowest."""
    roots = frozenset(roots)
    batteries = frozenset(evidence.on_battery) | evidence.discharged
    candidates = []
    above = frozenset(feed for root in roots for feed in feeds_above(network, root))
    for source in above | {i for i in roots if not network.nodes[i].carries_light}:
        loss = PowerLoss(source, frozenset(), falls(network, source, evidence.spent), frozenset())
        if network.nodes[source].kind is Kind.MAINS:
            loss = replace(loss, witnesses=batteries_below(network, source) & batteries)
        if not is_live(network, picture, evidence, source):
            candidates.append(loss)
    taken: list[PowerLoss] = []
    left = roots
    while left:
        able = [replace(loss, roots=loss.falls & left) for loss in candidates]
        able = [loss for loss in able if len(loss.roots) > 1 or (loss.roots and loss.witnesses)]
        if not able:
            break
        best = max(able, key=lambda it: (len(it.roots), len(it.witnesses), -len(it.falls), it.source))
        taken.append(best)
        left -= best.roots
    return taken


def cause_of_loss(network: Network, loss: PowerLoss) -> Cause:
    """Mains lost, or a UPS or a strip dead, with the reasons."""
    node = network.nodes[loss.source]
    roots = tuple(sorted(loss.roots))
    reasons = [Reason("ups_on_battery", tuple(sorted(loss.witnesses)))] if loss.witnesses else []
    if len(roots) > 1:
        of_area = any(network.nodes[i].kind is Kind.MAINS for i in network.fed_by.get(loss.source, ()))
        reasons.append(Reason("many_houses_of_one_area" if of_area else "shared_power_feed", roots))
    kind = CauseKind.MAINS_LOST if node.kind is Kind.MAINS else CauseKind.DEVICE_DEAD
    return Cause(kind, (loss.source,), (), tuple(reasons))


def causes_of_root(network: Network, picture: Picture, evidence: Evidence, root: int) -> list[Cause]:
    """What may have darkened one root; when more than one thing may have, UNDECIDED stands first."""
    node = network.nodes[root]
    if not node.carries_light:
        return _causes_of_silent_power(network, evidence, root)
    links = tuple(sorted(link for link, near in network.neighbours[root] if near in picture.lit))
    up = tuple(link for link in links if evidence.link_up.get(link))
    down = tuple(link for link in links if evidence.link_up.get(link) is False)
    touches = (Reason("port_down_at_neighbour", (root,), down),) if down else ()
    cut = Cause(CauseKind.LINK_CUT, (), links, touches)
    dead = Cause(CauseKind.DEVICE_DEAD, (root,), (), touches)
    if root in picture.signs.unlit:
        return [replace(cut, reasons=(Reason("answers_without_light", (root,)),))]
    if up:
        return [replace(dead, reasons=(Reason("port_up_at_neighbour", (root,), up),))]
    power = _possible_losses(network, picture, evidence, root)
    if node.via is not None:  # without light it would still answer, so no line is to blame
        dead = replace(dead, reasons=(Reason("silent_though_switch_answers", (root, node.via)),))
        return [dead, Cause(CauseKind.MANAGEMENT_FAULT, (root,)), *power]
    if node.source:
        return [replace(dead, reasons=(Reason("source_silent", (root,)),)), *power]
    if len(links) > 1:
        return [replace(dead, reasons=(Reason("several_neighbours_answer", (root,), links), *touches)), *power, cut]
    if not links:
        return [Cause(CauseKind.UNDECIDED, (root,), (), (Reason("not_connected", (root,)),)), dead]
    code = "port_down_at_neighbour" if down else "silent_touches_light"
    return [Cause(CauseKind.UNDECIDED, (root,), links, (Reason(code, (root,), links),)), cut, dead, *power]


def _causes_of_silent_power(network: Network, evidence: Evidence, root: int) -> list[Cause]:
    """A UPS that is silent though the switch through which it is asked has light."""
    managed = Cause(CauseKind.MANAGEMENT_FAULT, (root,))
    dead = Cause(CauseKind.DEVICE_DEAD, (root,), (), (Reason("silent_touches_light", (root,)),))
    powers = tuple(sorted(i for i in falls(network, root, {*evidence.spent, root}) if evidence.answers(i)))
    return [replace(managed, reasons=(Reason("answers_behind", powers),))] if powers else [dead, managed]


def _possible_losses(network: Network, picture: Picture, evidence: Evidence, root: int) -> list[Cause]:
    """Power failures that nothing contradicts, the narrowest first: mains of the site before those of the area."""
    found = [
        (len(falls(network, source, evidence.spent)), source)
        for source in feeds_above(network, root)
        if network.nodes[source].kind is Kind.MAINS
        and root in falls(network, source, evidence.spent)
        and not is_live(network, picture, evidence, source)
    ]
    unbacked = (Reason("unbacked", (root,)),)
    return [Cause(CauseKind.MAINS_LOST, (source,), (), unbacked) for _, source in sorted(found)[:1]]


def join(causes: Sequence[Sequence[Cause]]) -> tuple[Cause, ...]:
    """One list of hypotheses for a dark region whose roots were read one by one."""
    if len(causes) == 1:
        return tuple(causes[0])
    best = [ranked[0] for ranked in causes]
    kind = best[0].kind if len({cause.kind for cause in best}) == 1 else CauseKind.UNDECIDED
    first = _union(kind, best)
    others = [
        _union(kind, [cause for ranked in causes for cause in ranked if cause.kind is kind])
        for kind in CauseKind
        if kind not in (first.kind, CauseKind.UNDECIDED) and any(c.kind is kind for ranked in causes for c in ranked)
    ]
    return (first, *others) if first.kind is CauseKind.UNDECIDED else (first,)


def _union(kind: CauseKind, causes: Sequence[Cause]) -> Cause:
    return Cause(
        kind,
        tuple(sorted({i for cause in causes for i in cause.nodes})),
        tuple(sorted({i for cause in causes for i in cause.links})),
        tuple(dict.fromkeys(reason for cause in causes for reason in cause.reasons)),
    )


def after_return(
    network: Network, hypotheses: Sequence[Cause], roots: Set[int], evidence: Evidence, began_at: float
) -> tuple[Cause, ...]:
    """What is left of the hypotheses when roots answer again: a root with its old uptime never stopped (its line was
    cut); with a new one it lost power or was restarted, and what shares its mains tells which."""
    back = _uptimes(roots, evidence, began_at)
    if len(set(back.values())) != 1 or hypotheses[0].kind in (CauseKind.MANAGEMENT_FAULT, CauseKind.PLANNED_WORK):
        return tuple(hypotheses)
    if set(back.values()) == {False}:
        reason = Reason("uptime_kept", tuple(sorted(back)))
        left = [cause for cause in hypotheses if cause.kind is CauseKind.LINK_CUT]
        # A device that hung came back as it was; one without mains cannot have.
        if not left and hypotheses[0].kind is CauseKind.MAINS_LOST:
            left = [Cause(CauseKind.UNDECIDED, tuple(sorted(roots)), (), hypotheses[0].reasons)]
    else:
        left, company = _of_restart(network, hypotheses, roots, evidence, began_at)
        reason = Reason("uptime_reset", tuple(sorted({*back, *company})))
    # Asked again when more has come back, the new word stands for the old.
    return tuple(
        replace(cause, reasons=(*(it for it in cause.reasons if it.code != reason.code), reason))
        for cause in left or hypotheses[:1]
    )


def _uptimes(nodes: Iterable[int], evidence: Evidence, began_at: float) -> dict[int, bool]:
    """Whether each of those that answer and say when they started did so since the failure began."""
    heard = ((i, evidence.seen[i]) for i in nodes if i in evidence.seen)
    return {i: it.booted_at > began_at - CLOCK_SLACK_S for i, it in heard if it.answers and it.booted_at}


def _of_restart(
    network: Network, hypotheses: Sequence[Cause], roots: Set[int], evidence: Evidence, began_at: float
) -> tuple[list[Cause], Set[int]]:
    """The hypotheses that a restart leaves, and who restarted beside the roots because of lost mains.

    All that only those mains feed restarted: they failed. Some of it never stopped: they did not. Nobody else is
    there to tell: a dead device and lost mains both stand, undecided.
    """
    left = []
    for cause in hypotheses:
        if cause.kind is CauseKind.MAINS_LOST:
            fed = {i for source in cause.nodes if source in network.nodes for i in falls(network, source)} - roots
            company = _uptimes(fed, evidence, began_at)
            if company and all(company.values()):
                return [cause], company.keys()
            if not company:
                left.append(cause)
        elif cause.kind is CauseKind.DEVICE_DEAD:
            left.append(cause)
    if hypotheses[0].kind is CauseKind.UNDECIDED and len({cause.kind for cause in left}) > 1:
        left.insert(0, replace(hypotheses[0], links=()))
    return left, frozenset()
