"""The rules of outages on small drawn networks. `#` is a source, `(x)` silent, `x` answers, `?` cannot be asked."""

from collections.abc import Iterable

import pytest

from uzel.core.outage import (
    CauseKind,
    Close,
    Continue,
    Evidence,
    Found,
    Merge,
    Open,
    Seen,
    after_return,
    explain,
    follow,
    to_ask,
)
from uzel.core.topology import Kind, Link, Network, Node, answering, lit

SWITCH, UPS, STRIP, MAINS = Kind.SWITCH, Kind.UPS, Kind.POWER_STRIP, Kind.MAINS
RECEIVER, SPLITTER, TRANSMITTER = Kind.OPTICAL_RECEIVER, Kind.OPTICAL_SPLITTER, Kind.OPTICAL_TRANSMITTER


def network(edges: str, *nodes: Node) -> Network:
    """`"1-2 2-3"`: links numbered by their ends (12, 23); elements not given are switches, 1 is the source."""
    pairs = [tuple(map(int, edge.split("-"))) for edge in edges.split()]
    given = {node.id: node for node in nodes}
    plain = {i for pair in pairs for i in pair} - given.keys()
    made = [Node(i, SWITCH, source=i == 1) for i in plain]
    return Network.of([*made, *given.values()], [Link(a * 10 + b, a, b) for a, b in pairs])


def heard(net: Network, silent: Iterable[int], unknown: Iterable[int] = (), **more: object) -> Evidence:
    silent, unknown = set(silent), set(unknown)
    seen = {i: Seen(i not in silent, 100.0) for i, node in net.nodes.items() if node.watched and i not in unknown}
    return Evidence(seen, now=100.0, **more)  # type: ignore[arg-type]


def one(found: list[Found]) -> Found:
    assert len(found) == 1, found
    return found[0]


def kinds(found: Found) -> list[CauseKind]:
    return [cause.kind for cause in found.hypotheses]


def test_a_silent_leaf_may_be_dead_or_cut_off():
    """#1 - 2 - (3)"""
    net = network("1-2 2-3")
    found = one(explain(net, heard(net, [3])))
    assert (found.dark, found.roots) == ({3}, (3,))
    assert kinds(found) == [CauseKind.UNDECIDED, CauseKind.LINK_CUT, CauseKind.DEVICE_DEAD]
    assert found.hypotheses[1].links == (23,)
    assert found.cause.reasons[0].code == "silent_touches_light"


def test_one_failure_is_one_outage_whatever_hangs_on_it():
    """#1 - (2) - (3), (2) - (4)"""
    net = network("1-2 2-3 2-4")
    found = one(explain(net, heard(net, [2, 3, 4])))
    assert (found.dark, found.roots) == ({2, 3, 4}, (2,))


def test_silent_with_an_answer_behind_it_is_a_management_fault():
    """#1 - (2) - 3"""
    net = network("1-2 2-3")
    found = one(explain(net, heard(net, [2])))
    assert kinds(found) == [CauseKind.MANAGEMENT_FAULT]
    assert not found.cuts_service
    assert found.cause.reasons[0].nodes == (1, 3)


def test_a_silent_element_of_a_ring_is_dead_because_it_touches_light_twice():
    """#1 - 2 - (3) - 4 - #1"""
    net = network("1-2 2-3 3-4 4-1")
    found = one(explain(net, heard(net, [3])))
    assert kinds(found)[0] is CauseKind.DEVICE_DEAD
    assert found.cause.reasons[0].code == "several_neighbours_answer"


def test_a_cut_ring_leaves_both_ends_and_both_hypotheses():
    """#1 - 2 - (3) - (4) - (5) - 6 - #1"""
    net = network("1-2 2-3 3-4 4-5 5-6 6-1")
    found = one(explain(net, heard(net, [3, 4, 5])))
    assert found.roots == (3, 5)
    assert kinds(found) == [CauseKind.UNDECIDED, CauseKind.LINK_CUT, CauseKind.DEVICE_DEAD]
    assert found.hypotheses[1].links == (23, 56)


def test_a_port_that_is_up_tells_a_hung_device():
    """#1 -up- (2) - (3)"""
    net = network("1-2 2-3")
    found = one(explain(net, heard(net, [2, 3], link_up={12: True})))
    assert kinds(found) == [CauseKind.DEVICE_DEAD]
    assert found.cause.reasons[0].code == "port_up_at_neighbour"


def test_a_leaf_whose_port_is_up_has_only_lost_its_management():
    """#1 -up- (2)"""
    net = network("1-2")
    assert kinds(one(explain(net, heard(net, [2], link_up={12: True})))) == [CauseKind.MANAGEMENT_FAULT]


def test_a_known_cut_shows_which_silent_element_passes_the_light():
    """#1 - (2) - 4,  #1 - (3) -cut- 4: light came to 4 through 2, so 3 is the dead one."""
    net = network("1-2 1-3 2-4 3-4")
    found = explain(net, heard(net, [2, 3], link_up={34: False}))
    assert {(it.cause.kind, it.roots) for it in found} == {
        (CauseKind.MANAGEMENT_FAULT, (2,)),
        (CauseKind.DEVICE_DEAD, (3,)),
    }


def test_two_failures_are_two_outages():
    """#1 - 2 - (3), 2 - (4)"""
    net = network("1-2 2-3 2-4")
    assert [it.roots for it in explain(net, heard(net, [3, 4]))] == [(3,), (4,)]


def test_everything_but_the_source_is_one_outage():
    """#1 - (2), (3), (4)"""
    net = network("1-2 1-3 1-4")
    found = one(explain(net, heard(net, [2, 3, 4])))
    assert (found.cause.nodes, found.cause.reasons[0].code) == ((1,), "source_feeds_nobody")
    assert found.dark == {2, 3, 4}


def test_everything_silent_is_one_outage_rooted_at_the_source():
    net = network("1-2 1-3 2-4")
    found = one(explain(net, heard(net, [1, 2, 3, 4])))
    assert (found.roots, found.dark) == ((1,), {1, 2, 3, 4})


def test_an_unwatched_element_all_of_whose_children_are_silent_is_to_blame():
    """#1 - ?2 - (3), ?2 - (4)"""
    net = network("1-2 2-3 2-4", Node(2, SWITCH, watched=False))
    found = one(explain(net, heard(net, [3, 4])))
    assert (found.roots, found.dark) == ((2,), {2, 3, 4})


def test_an_unwatched_element_with_an_answer_behind_it_is_lit():
    """#1 - ?2 - (3), ?2 - 4"""
    net = network("1-2 2-3 2-4", Node(2, SWITCH, watched=False))
    assert one(explain(net, heard(net, [3]))).dark == {3}


def test_an_unwatched_element_needed_by_an_answer_round_the_ring_is_lit():
    """#1 - ?2 - 4 - (3) - #1,  ?2 - (5): the light of 4 comes over 2."""
    net = network("1-2 2-4 4-3 3-1 2-5", Node(2, SWITCH, watched=False))
    assert {it.dark for it in explain(net, heard(net, [3, 5]))} == {frozenset({3}), frozenset({5})}


def test_what_nobody_can_ask_is_dark_with_what_feeds_it():
    """#1 - (2) - ?3 - ?4"""
    net = network("1-2 2-3 3-4", Node(3, SWITCH, watched=False), Node(4, SWITCH, watched=False))
    assert one(explain(net, heard(net, [2]))).dark == {2, 3, 4}


AREA, SITES = -1, (-20, -30, -40)


def houses_of_one_area() -> Network:
    """#1 - 2 - 5, 6, 7, each on the mains of its own site, all of one area; 2 has the UPS 8 on mains of that area."""
    return network(
        "1-2 2-5 2-6 2-7",
        Node(AREA, MAINS, watched=False),
        Node(-10, MAINS, watched=False, feeds=(AREA,)),
        *(Node(site, MAINS, watched=False, feeds=(AREA,)) for site in SITES),
        *(Node(i, SWITCH, feeds=(site,)) for i, site in zip((5, 6, 7), SITES, strict=True)),
        Node(8, UPS, via=2, feeds=(-10,)),
        Node(2, SWITCH, feeds=(8,)),
    )


def test_all_houses_of_an_area_are_silent_while_the_ups_above_holds():
    net = houses_of_one_area()
    found = one(explain(net, heard(net, [5, 6, 7], on_battery={8})))
    assert (found.cause.kind, found.cause.nodes) == (CauseKind.MAINS_LOST, (AREA,))
    assert [reason.code for reason in found.cause.reasons] == ["ups_on_battery", "many_houses_of_one_area"]


def test_a_ups_on_mains_contradicts_lost_mains():
    net = houses_of_one_area()
    found = explain(net, heard(net, [5, 6, 7]))
    assert [it.roots for it in found] == [(5,), (6,), (7,)]


def test_when_the_battery_is_empty_the_site_is_part_of_the_same_outage():
    net = houses_of_one_area()
    found = one(explain(net, heard(net, [2, 5, 6, 7, 8], on_battery={8})))
    assert (found.cause.kind, found.cause.nodes) == (CauseKind.MAINS_LOST, (-10,))  # the least that explains it
    assert found.dark == {2, 5, 6, 7, 8}


def test_a_ups_behind_a_cut_line_is_a_consequence():
    net = houses_of_one_area()
    found = one(explain(net, heard(net, [2, 5, 6, 7, 8])))
    assert (found.dark, found.unseen) == ({2, 5, 6, 7}, {8})
    assert found.cause.kind is CauseKind.UNDECIDED


def test_a_silent_ups_that_still_powers_its_site_has_only_lost_its_management():
    net = houses_of_one_area()
    found = one(explain(net, heard(net, [8])))
    assert kinds(found) == [CauseKind.MANAGEMENT_FAULT]


def test_two_switches_on_one_dead_strip():
    """#1 - 2 - (5), 2 - (6); 5 and 6 on the strip -3 of mains -2, and 7 on the same mains answers."""
    net = network(
        "1-2 2-5 2-6 2-7",
        Node(-2, MAINS, watched=False),
        Node(9, STRIP, watched=False, feeds=(-2,)),
        Node(5, SWITCH, feeds=(9,)),
        Node(6, SWITCH, feeds=(9,)),
        Node(7, SWITCH, feeds=(-2,)),
    )
    found = one(explain(net, heard(net, [5, 6])))
    assert (found.cause.kind, found.cause.nodes) == (CauseKind.DEVICE_DEAD, (9,))
    assert found.cause.reasons[0].code == "shared_power_feed"


def cable_tv() -> Network:
    """Data #1 - 2 - 3, 4, 5; cable TV #6 - ?7 - 33, 44 and ?7 - 55; receivers 33, 44, 55 are asked via 3, 4, 5."""
    return network(
        "1-2 2-3 2-4 2-5 6-7 7-33 7-44 7-55",
        Node(6, TRANSMITTER, source=True, via=1),
        Node(7, SPLITTER, watched=False),
        *(Node(i * 11, RECEIVER, via=i) for i in (3, 4, 5)),
    )


def test_receivers_that_answer_without_light_point_at_their_splitter():
    net = cable_tv()
    found = one(explain(net, heard(net, [], unlit={33, 44, 55})))
    assert (found.roots, found.dark) == ((7,), {7, 33, 44, 55})


def test_one_receiver_without_light_is_a_cut_line():
    net = cable_tv()
    found = one(explain(net, heard(net, [], unlit={33})))
    assert (kinds(found), found.hypotheses[0].links) == ([CauseKind.LINK_CUT], (103,))


def test_a_receiver_behind_a_dark_switch_says_nothing_of_cable_tv():
    net = cable_tv()
    found = one(explain(net, heard(net, [3, 33])))
    assert (found.dark, found.unseen) == ({3}, {33})


def test_a_cause_within_planned_work_is_labelled():
    net = network("1-2 2-3")
    found = one(explain(net, heard(net, [2, 3], planned={2: 77})))
    assert (found.planned, found.cause.kind) == (77, CauseKind.PLANNED_WORK)
    found = one(explain(net, heard(net, [2, 3], planned_links={12: 78})))
    assert found.planned == 78
    assert one(explain(net, heard(net, [2, 3], planned={3: 77}))).planned is None


def test_the_uptime_after_return_tells_power_from_line():
    net = network("1-2 2-3")
    found = one(explain(net, heard(net, [2, 3])))
    back = Evidence({2: Seen(True, 200.0, booted_at=50.0)}, now=200.0)
    assert [it.kind for it in after_return(net, found.hypotheses, {2}, back, 100.0)] == [CauseKind.LINK_CUT]
    back = Evidence({2: Seen(True, 200.0, booted_at=190.0)}, now=200.0)
    assert [it.kind for it in after_return(net, found.hypotheses, {2}, back, 100.0)] == [CauseKind.DEVICE_DEAD]


def back(*restarted, kept=()):
    """Those that answer again at 200 after a failure at 100."""
    seen = {i: Seen(True, 200.0, booted_at=190.0) for i in restarted}
    return Evidence(seen | {i: Seen(True, 200.0, booted_at=50.0) for i in kept}, now=200.0)


@pytest.mark.parametrize(
    ("evidence", "causes"),
    [
        (back(5, 9), ["mains_lost"]),  # what shares the mains of the house restarted with it
        (back(5, kept=[9]), ["device_dead"]),  # what shares them never stopped
        (back(5), ["undecided", "device_dead", "mains_lost"]),  # nobody else is there to tell
        (back(9, kept=[5]), ["link_cut"]),
    ],
)
def test_what_shares_the_mains_of_a_house_tells_a_restart_from_lost_power(evidence, causes):
    """#1 - 2 - 5, and a receiver 9 beside 5 on the same mains, lit from 2 and asked through 5."""
    power = (Node(-10, MAINS, watched=False), Node(5, SWITCH, feeds=(-10,)))
    net = network("1-2 2-5 2-9", *power, Node(9, RECEIVER, via=5, feeds=(-10,)))
    found = one(explain(net, heard(net, [5, 9])))
    assert {"undecided", "mains_lost", "device_dead", "link_cut"} == {it.kind for it in found.hypotheses}
    left = after_return(net, found.hypotheses, {5}, evidence, 100.0)
    assert [it.kind for it in left] == causes
    assert all(it.reasons for it in left)


def test_an_uptime_kept_refutes_lost_mains():
    net = houses_of_one_area()
    found = one(explain(net, heard(net, [5, 6, 7], on_battery={8})))
    assert [it.kind for it in after_return(net, found.hypotheses, {5, 6, 7}, back(5, 6, 7), 100.0)] == ["mains_lost"]
    assert [it.kind for it in after_return(net, found.hypotheses, {5, 6, 7}, back(kept=[5, 6, 7]), 100.0)] == [
        "undecided"
    ]


def test_nothing_is_settled_until_the_boundary_and_the_shadow_were_asked():
    """#1 - 2 - 3 - 4: 3 falls silent; 4 behind it and 2, 1 above it must be asked since."""
    net = network("1-2 2-3 3-4")
    seen = {1: Seen(True, 90.0), 2: Seen(True, 90.0), 3: Seen(False, 100.0), 4: Seen(True, 90.0)}
    assert to_ask(net, Evidence(seen, now=100.0)) == {1, 2, 4}
    assert to_ask(net, Evidence(seen, now=100.0), fresh_s=30) == frozenset()
    later = {**seen, 1: Seen(True, 101.0), 2: Seen(True, 101.0), 4: Seen(False, 102.0)}
    assert to_ask(net, Evidence(later, now=102.0)) == {1, 2}
    assert to_ask(net, Evidence({**later, 1: Seen(True, 102.1), 2: Seen(True, 102.1)}, now=103.0)) == frozenset()


def test_those_behind_elements_that_nobody_can_ask_are_asked():
    """#1 - ?2 - ?3 - 4, ?3 - (5): whether 2 or 3 is to blame, 4 can tell."""
    net = network("1-2 2-3 3-4 3-5", Node(2, SWITCH, watched=False), Node(3, SWITCH, watched=False))
    assert to_ask(net, Evidence({5: Seen(False, 100.0)}, now=100.0)) == {1, 4}


def test_the_witnesses_of_power_are_asked():
    net = houses_of_one_area()
    asked = to_ask(net, Evidence({5: Seen(False, 100.0)}, now=100.0))
    assert asked == {1, 2, 6, 7, 8}


def part(*dark: int) -> Found:
    return Found((), frozenset(dark), dark[:1], 0.0)


@pytest.mark.parametrize(
    ("open_", "found", "changes"),
    [
        ({}, [part(1)], [Open(part(1))]),
        ({7: {1, 2, 3}}, [part(2)], [Continue(7, part(2))]),
        ({7: {1, 2, 3}}, [], [Close(7)]),
        ({7: {1}, 8: {2, 3}}, [part(1, 2, 3)], [Continue(8, part(1, 2, 3)), Merge(7, 8)]),
        ({7: {1, 2, 3}}, [part(1), part(2, 3)], [Continue(7, part(2, 3)), Open(part(1), 7)]),
        ({7: {1}, 8: {2}}, [part(1, 2)], [Continue(7, part(1, 2)), Merge(8, 7)]),
    ],
)
def test_an_outage_keeps_its_identity(open_, found, changes):
    assert follow({number: frozenset(dark) for number, dark in open_.items()}, found) == changes


def test_light_and_answers_of_a_healthy_and_a_hurt_network():
    net = houses_of_one_area()
    assert lit(net) == net.nodes.keys()
    assert lit(net, failed={AREA}) == {1, 2, 8}
    assert lit(net, failed={AREA}, discharged={8}) == {1}
    assert answering(net, failed={AREA}) == {1, 2, 8}
    assert answering(net, cut={12}) == {1}


def test_a_map_that_names_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match="not on the map"):
        Network.of([Node(1, SWITCH)], [Link(1, 1, 2)])
