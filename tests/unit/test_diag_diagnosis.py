"""What is said of a line, case by case: one healthy line, and what each trouble makes of it."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from uzel.core.answers import Binding, CablePair, CableTest, IgmpGroup, LogLine, LoopState, PairState, whole_cable
from uzel.core.counters import error_growth, growth, link_changes
from uzel.core.diagnosis import ADVICE, Code, Evidence, Note, Severity, Uplink, diagnose, missing
from uzel.core.readings import FdbEntry, OpticalReading, PortReading, UpsReading

MAC = "0018e7a1b2c3"
NOW = PortReading(
    if_index=7,
    name="7",
    admin_up=True,
    oper_up=True,
    speed_mbps=100,
    full_duplex=True,
    uptime_s=900_000.0,
    last_change_s=500_000.0,
    in_errors=12,
    out_errors=0,
    crc=12,
    late_collisions=0,
    in_broadcasts=100,
    out_broadcasts=100,
    at=1_000_000.0,
)
BEFORE = replace(NOW, at=999_999.5, uptime_s=899_999.5)
HEALTHY = Evidence(
    account_status="active",
    services=frozenset({"internet"}),
    service_active=True,
    service_mbps=100,
    expected_macs=frozenset({MAC}),
    outages=frozenset(),
    device_lit=True,
    device_answers=True,
    peers=3,
    port_mbps=100,
    readings=(BEFORE, NOW),
    fdb=frozenset({FdbEntry(MAC, 101, 7, 7)}),
)


def with_port(**fields: Any) -> Evidence:
    """The healthy line with another present reading."""
    return replace(HEALTHY, readings=(BEFORE, replace(NOW, **fields)))


def macs(*addresses: str) -> frozenset[FdbEntry]:
    return frozenset(FdbEntry(mac, 101, 7, 7) for mac in addresses)


def noted(evidence: Evidence, *codes: str) -> Evidence:
    """The same line with words of its device's log, a second apart, the last one now."""
    told = enumerate(reversed(codes))
    return replace(evidence, notes=frozenset(Note(code, 1_000_000.0 - n) for n, code in told))


def pairs(*found: tuple[PairState, int | None]) -> CableTest:
    told = tuple(CablePair(n, *pair) for n, pair in enumerate(found, 1))
    return CableTest("7", state=whole_cable(told), pairs=told)


def broadcasts(came: int, went: int) -> Evidence:
    """So many broadcasts in the half of a second between the readings."""
    before = replace(BEFORE, in_broadcasts=100, out_broadcasts=100)
    return replace(HEALTHY, readings=(before, replace(NOW, in_broadcasts=100 + came, out_broadcasts=100 + went)))


def dropping(drops: int, octets: int = 500) -> Evidence:
    before, now = replace(BEFORE, in_octets=10, in_discards=5), replace(NOW, in_octets=10 + octets)
    return replace(HEALTHY, readings=(before, replace(now, in_discards=5 + drops)), fdb=frozenset())


def on_gigabit(mbps: int, sold: int, *, cable: CableTest | None = None, was: int | None = None) -> Evidence:
    now = replace(NOW, speed_mbps=mbps)
    earlier = (replace(BEFORE, at=900_000.0, uptime_s=800_000.0, speed_mbps=was),) if was else ()
    readings = (*earlier, replace(now, at=BEFORE.at, uptime_s=BEFORE.uptime_s), now)
    return replace(HEALTHY, port_mbps=1000, service_mbps=sold, readings=readings, cable=cable)


CUT, SHORT, OK = PairState.OPEN, PairState.SHORT, PairState.OK
DOWN = replace(HEALTHY, readings=(BEFORE, replace(NOW, oper_up=False)))
IPTV = replace(HEALTHY, services=frozenset({"internet", "iptv"}))
BURST = frozenset(999_700.0 + 10 * n for n in range(5))
CROWD = macs(*(f"0018e7{n:06x}" for n in range(6)))
SILENT = replace(HEALTHY, device_answers=False, readings=(), fdb=None)
CATV = Evidence(
    account_status="active",
    services=frozenset({"catv"}),
    service_active=True,
    outages=frozenset(),
    device_answers=True,
    receiver=OpticalReading(input_dbm=-3.0, output_dbuv=104.0),
)

CASES: list[tuple[str, Evidence, list[str]]] = [
    ("healthy", HEALTHY, ["line_fine"]),
    ("debt", replace(HEALTHY, account_status="blocked_debt"), ["account_blocked"]),
    ("contract ended", replace(HEALTHY, account_status="closed"), ["account_blocked"]),
    ("service switched off", replace(HEALTHY, service_active=False), ["service_off"]),
    (
        "debt and no link",
        replace(with_port(oper_up=False), account_status="blocked_debt"),
        ["account_blocked", "no_link"],
    ),
    ("outage", replace(SILENT, outages=frozenset({41}), device_lit=False), ["known_outage", "device_dark"]),
    ("planned work", replace(HEALTHY, planned_works=frozenset({3})), ["known_outage"]),
    ("dark", replace(SILENT, device_lit=False), ["device_dark"]),
    ("dark, not asked", replace(SILENT, device_answers=None, device_lit=False), ["device_dark"]),
    ("lit by an answer", replace(HEALTHY, device_lit=False), ["line_fine"]),
    ("silent", SILENT, ["device_silent"]),
    ("admin down", with_port(admin_up=False, oper_up=False), ["port_admin_down"]),
    ("no link", with_port(oper_up=False), ["no_link"]),
    ("no link, admin state unknown", with_port(oper_up=False, admin_up=None), ["no_link"]),
    ("10 Mbit/s", with_port(speed_mbps=10), ["wrong_speed"]),
    ("half duplex", with_port(full_duplex=False), ["half_duplex"]),
    ("10 half", with_port(full_duplex=False, speed_mbps=10), ["half_duplex", "wrong_speed"]),
    ("damaged frames", with_port(crc=20, in_errors=20), ["errors_growing"]),
    ("no MAC", replace(HEALTHY, fdb=frozenset()), ["no_mac"]),
    ("foreign MAC", replace(HEALTHY, fdb=macs("aabbccddeeff")), ["foreign_mac"]),
    ("own MAC and a box", replace(HEALTHY, fdb=macs(MAC, "aabbccddeeff")), ["line_fine"]),
    ("crowd", replace(HEALTHY, fdb=CROWD | macs(MAC)), ["too_many_macs"]),
    ("crowd of strangers", replace(HEALTHY, fdb=CROWD), ["too_many_macs"]),
    ("crowd on a shared port", replace(HEALTHY, fdb=CROWD | macs(MAC), subscribers_on_port=3), ["line_fine"]),
    ("crowd on an uplink", replace(HEALTHY, fdb=CROWD, is_uplink=True), ["line_fine"]),
    ("no MAC is on record", replace(HEALTHY, expected_macs=frozenset()), ["line_fine"]),
    ("loop, by the log", noted(with_port(in_broadcasts=None), "loop"), ["loop"]),
    ("loop, still blocked", replace(noted(broadcasts(0, 0), "loop"), fdb=frozenset()), ["loop", "no_mac"]),
    ("loop that is over", noted(HEALTHY, "loop", "loop_gone"), ["line_fine"]),
    ("loop before the link came up again", noted(HEALTHY, "loop", "link_up"), ["line_fine"]),
    ("loop of which nothing is seen", noted(broadcasts(3, 3), "loop"), ["line_fine"]),
    ("loop, again", noted(with_port(in_broadcasts=None), "loop", "loop_gone", "loop"), ["loop"]),
    ("loop, by what goes round", broadcasts(40_000, 39_000), ["loop"]),
    ("storm", broadcasts(4_000, 20), ["storm"]),
    ("storm, nothing known of what goes out", with_port(in_broadcasts=1), ["line_fine"]),
    ("storm, by the log", noted(with_port(in_broadcasts=None), "storm"), ["storm"]),
    ("storm that shut the port", noted(DOWN, "storm"), ["storm", "no_link"]),
    ("storm that is over", noted(HEALTHY, "storm", "storm_gone"), ["line_fine"]),
    ("storm in a loop is a loop", noted(broadcasts(40_000, 39_000), "storm"), ["loop"]),
    ("shut by the switch", noted(DOWN, "error_disabled"), ["error_disabled"]),
    ("shut by the switch and back", noted(HEALTHY, "error_disabled", "link_up"), ["line_fine"]),
    ("cable cut", replace(DOWN, cable=pairs((CUT, 31), (CUT, 32))), ["cable_break"]),
    ("one pair cut", replace(DOWN, cable=pairs((OK, 40), (CUT, 12))), ["cable_break"]),
    ("cable cut, no word of pairs", replace(DOWN, cable=CableTest("7", state=CUT, length_m=9)), ["cable_break"]),
    ("short", replace(DOWN, cable=pairs((SHORT, 12), (OK, 40))), ["cable_short"]),
    ("short and cut", replace(DOWN, cable=pairs((SHORT, 12), (CUT, 40))), ["cable_short"]),
    ("router off", replace(DOWN, cable=CableTest("7", state=OK, length_m=40)), ["far_end_off"]),
    ("router off, in D-Link's word", replace(DOWN, cable=CableTest("7", state=PairState.SHUT_DOWN)), ["far_end_off"]),
    ("nothing plugged in", replace(DOWN, cable=CableTest("7", state=PairState.NO_CABLE)), ["no_link"]),
    ("nothing plugged in, by its pairs", replace(DOWN, cable=pairs((CUT, 0), (CUT, 1))), ["no_link"]),
    ("a cut near the switch", replace(DOWN, cable=pairs((CUT, 1), (CUT, 9))), ["cable_break"]),
    ("a cut, nobody knows where", replace(DOWN, cable=pairs((CUT, None), (CUT, None))), ["cable_break"]),
    ("loop, by the detection of the switch", replace(HEALTHY, looped=True), ["loop"]),
    ("no loop, by the detection of the switch", replace(HEALTHY, looped=False), ["line_fine"]),
    ("frames of a bound client are dropped", replace(dropping(3), bound_macs=frozenset({MAC})), ["no_mac"]),
    ("frames of an unbound client are dropped", replace(dropping(3), bound_macs=frozenset()), ["binding_blocked"]),
    ("no cable test there", replace(DOWN, cable=CableTest("7", state=PairState.NOT_SUPPORTED)), ["no_link"]),
    (
        "the port is off, whatever the cable",
        replace(with_port(admin_up=False, oper_up=False), cable=pairs((CUT, 3))),
        ["port_admin_down"],
    ),
    ("a cable test of before, the link is up", replace(HEALTHY, cable=pairs((CUT, 31), (CUT, 32))), ["line_fine"]),
    ("binding, by the log", noted(replace(HEALTHY, fdb=frozenset()), "binding_blocked"), ["binding_blocked"]),
    ("binding that was changed", noted(HEALTHY, "binding_blocked"), ["line_fine"]),
    (
        "binding, by its list",
        replace(HEALTHY, fdb=frozenset(), blocked_macs=frozenset({"aabbccddeeff"})),
        ["binding_blocked"],
    ),
    ("binding, by what is dropped", dropping(1), ["binding_blocked"]),
    ("a silent router", dropping(0, octets=0), ["no_mac"]),
    ("frames come in, none is dropped", dropping(0), ["no_mac"]),
    ("the link is a moment old", replace(with_port(last_change_s=899_990.0), fdb=frozenset()), ["not_enough_evidence"]),
    ("television, no channel joined", replace(IPTV, groups=frozenset()), ["no_groups"]),
    ("television, a channel joined", replace(IPTV, groups=frozenset({"239.10.1.7"})), ["line_fine"]),
    ("no television, no groups", replace(HEALTHY, groups=frozenset()), ["line_fine"]),
    (
        "uplink spoils frames",
        replace(HEALTHY, uplinks=(Uplink((replace(BEFORE, crc=5), replace(NOW, crc=8)), -27.5),)),
        ["weak_uplink"],
    ),
    ("uplink is dim", replace(HEALTHY, uplinks=(Uplink((NOW,), -24.0),)), ["weak_uplink"]),
    ("uplinks are well", replace(HEALTHY, uplinks=(Uplink((BEFORE, NOW), -11.0), Uplink((), None))), ["line_fine"]),
    ("second uplink is dark", replace(HEALTHY, uplinks=(Uplink((NOW,), -40.0),)), ["line_fine"]),
    ("flapping", replace(HEALTHY, changes_at=frozenset(999_700.0 + 60 * n for n in range(5))), ["flapping"]),
    (
        "we restarted the port twice",
        replace(
            with_port(last_change_s=899_861.0),  # 139 s ago: the end of the second restart
            changes_at=frozenset({999_700.5, 999_704.0, 999_857.0, 999_861.0}),
            own_acts=frozenset({(999_700.0, 999_702.0), (999_857.5, 999_859.0)}),
        ),
        ["line_fine"],
    ),
    (
        "we restarted a port that flaps",
        replace(
            HEALTHY,
            changes_at=frozenset(999_700.0 + 60 * n for n in range(5)) | {999_770.0},
            own_acts=frozenset({(999_769.0, 999_771.0)}),
        ),
        ["flapping"],
    ),
    ("flapped a while ago", replace(HEALTHY, changes_at=BURST), ["line_fine", "flapped_lately"]),
    ("flapped, then unplugged", replace(DOWN, changes_at=BURST), ["no_link", "flapped_lately"]),
    (
        "ports come and go while a switch starts",
        replace(
            with_port(uptime_s=200.0, last_change_s=12.0, crc=0, in_errors=0),
            changes_at=frozenset(999_770.0 + 9 * n for n in range(6)),
        ),
        ["line_fine", "device_restarted"],
    ),
    (
        "flapping, down now",
        replace(with_port(oper_up=False), changes_at=frozenset(999_700.0 + 60 * n for n in range(5))),
        ["flapping", "no_link"],
    ),
    ("replugged", replace(HEALTHY, changes_at=frozenset({999_900.0, 999_930.0})), ["line_fine"]),
    ("flapped yesterday", replace(HEALTHY, changes_at=frozenset(913_600.0 + 60 * n for n in range(9))), ["line_fine"]),
    ("restarted", with_port(uptime_s=240.0, last_change_s=30.0, crc=0, in_errors=0), ["line_fine", "device_restarted"]),
    ("just restarted", with_port(uptime_s=20.0, last_change_s=15.0, crc=0, in_errors=0), ["device_restarted"]),
    ("UPS on battery", replace(HEALTHY, ups=(UpsReading(on_battery=True),)), ["line_fine", "battery_low"]),
    ("a gigabit tariff on two pairs of wires", on_gigabit(100, 500), ["two_pairs"]),
    ("a gigabit tariff on an old router", on_gigabit(100, 500, cable=pairs(*[(OK, 9)] * 4)), ["wrong_speed"]),
    ("a gigabit tariff at 10", on_gigabit(10, 500), ["wrong_speed"]),
    ("an old router on a gigabit port, or two pairs", on_gigabit(100, 100), ["line_fine", "two_pairs"]),
    ("it was gigabit yesterday", on_gigabit(100, 100, was=1000), ["two_pairs"]),
    (
        "the cable test tells of two",
        on_gigabit(100, 100, cable=pairs((OK, 9), (OK, 9), (CUT, 1), (CUT, 1))),
        ["two_pairs"],
    ),
    ("cable TV", CATV, ["line_fine"]),
    ("little light", replace(CATV, receiver=OpticalReading(input_dbm=-11.5)), ["low_light"]),
    (
        "light below the receiver's own limit",
        replace(CATV, receiver=OpticalReading(input_dbm=-6, input_low_dbm=-5)),
        ["low_light"],
    ),
    ("receiver silent", replace(CATV, device_answers=False, receiver=None), ["device_silent"]),
]


def test_findings(subtests: pytest.Subtests) -> None:
    for name, evidence, codes in CASES:
        with subtests.test(name):
            assert [str(finding.code) for finding in diagnose(evidence)] == codes


LACKING: list[tuple[dict[str, Any], str]] = [
    ({"account_status": None}, "account"),
    ({"service_active": None}, "service"),
    ({"outages": None}, "outages"),
    ({"device_answers": None}, "device"),
    ({"age_s": 600.0}, "fresh_reading"),
    ({"expected_macs": None}, "expected_macs"),
    ({"fdb": None}, "mac_table"),
    ({"readings": (NOW,)}, "error_counters"),
    ({"readings": (BEFORE, replace(NOW, oper_up=None))}, "link"),
    ({"readings": (BEFORE, replace(NOW, admin_up=None))}, "admin_state"),
    ({"readings": (BEFORE, replace(NOW, speed_mbps=None))}, "speed"),
    ({"readings": (BEFORE, replace(NOW, full_duplex=None))}, "duplex"),
    (
        {"readings": (BEFORE, replace(NOW, in_errors=None, out_errors=None, crc=None, late_collisions=None))},
        "error_counters",
    ),
]


@pytest.mark.parametrize(("change", "name"), LACKING, ids=[name for _, name in LACKING])
def test_a_line_is_not_called_fine_on_half_of_the_evidence(change: dict[str, Any], name: str) -> None:
    evidence = replace(HEALTHY, **change)
    (finding,) = diagnose(evidence)
    assert finding.code is Code.NOT_ENOUGH_EVIDENCE
    assert name in missing(evidence)
    assert finding.evidence[0].value == " ".join(missing(evidence))


def test_nothing_known_gives_nothing_but_questions() -> None:
    (finding,) = diagnose(Evidence())
    assert finding.code is Code.NOT_ENOUGH_EVIDENCE


def test_gigabit_needs_no_word_of_duplex() -> None:
    port = {"speed_mbps": 1000, "full_duplex": None}
    evidence = replace(HEALTHY, readings=(replace(BEFORE, **port), replace(NOW, **port)))
    assert diagnose(evidence)[0].code is Code.LINE_FINE


def test_a_finding_carries_what_it_rests_on() -> None:
    facts = {fact.name: fact.value for fact in diagnose(with_port(speed_mbps=10))[0].evidence}
    assert facts == {"link_mbps": 10, "wanted_mbps": 100, "port_mbps": 100}
    facts = {fact.name: fact.value for fact in diagnose(with_port(oper_up=False))[0].evidence}
    assert facts == {"port": "7", "for_s": 400_000}
    facts = {fact.name: fact.value for fact in diagnose(with_port(crc=20, in_errors=15))[0].evidence}
    assert facts == {"errors": 8, "within_s": 0.5, "crc": 20}


def test_where_a_cable_is_broken() -> None:
    def facts(evidence: Evidence) -> dict[str, Any]:
        return {fact.name: fact.value for fact in diagnose(evidence)[0].evidence}

    assert facts(replace(DOWN, cable=pairs((CUT, 32), (CUT, 31)))) == {"pairs": "1 2", "at_m": 31, "to_m": 32}
    assert facts(replace(DOWN, cable=pairs((OK, 40), (SHORT, 12)))) == {"pairs": "2", "at_m": 12}
    # 0 m is an honest answer: the break is in the switch's own connector.
    assert facts(replace(DOWN, cable=pairs((CUT, 0), (CUT, None)))) == {"pairs": "1 2", "at_m": 0}
    assert facts(replace(DOWN, cable=CableTest("7", state=CUT, length_m=9))) == {"at_m": 9}
    assert facts(replace(DOWN, cable=CableTest("7", state=OK, length_m=40))) == {"length_m": 40}
    two = pairs((OK, 9), (OK, 9), (CUT, 1), (CUT, 2))
    told = {"link_mbps": 100, "port_mbps": 1000, "pairs": "3 4", "at_m": 1, "to_m": 2}
    assert facts(on_gigabit(100, 100, cable=two)) == told


def first(evidence: Evidence) -> tuple[str, str, dict[str, Any]]:
    """What is told, what is done, and on what evidence."""
    head = diagnose(evidence)[0]
    return head.tell, head.do, {fact.name: fact.value for fact in head.evidence}


def test_an_empty_port_is_the_cabinet_s_trouble_and_not_the_router_s() -> None:
    said = "no_cable_at_switch", "send_crew_to_cabinet", {"cable": "no_cable", "port": "7", "for_s": 400_000}
    assert first(replace(DOWN, cable=CableTest("7", state=PairState.NO_CABLE))) == said
    assert first(replace(DOWN, cable=pairs(*[(CUT, 0)] * 4))) == said
    assert first(DOWN)[:2] == ("no_link", "check_router_and_cable")


BOX, OTHER = "001a794672dc", "aabbccddeeff"
WITH_BOX = replace(HEALTHY, fdb=frozenset(), expected_macs=frozenset({BOX, MAC}), router_macs=frozenset({MAC}))


@pytest.mark.parametrize(
    ("blocked", "said"),
    [
        ({MAC, BOX}, ("own_blocked", "clear_binding", {"blocked": MAC, "own": True})),
        ({MAC, OTHER}, ("own_blocked", "clear_binding", {"blocked": MAC, "own": True})),
        ({OTHER}, ("binding_blocked", "check_router_binding", {"blocked": OTHER, "expected": MAC})),
        # His box is turned away, and so is what stands in place of his router.
        ({BOX, OTHER}, ("binding_blocked", "check_router_binding", {"blocked": f"{BOX} {OTHER}", "expected": MAC})),
    ],
)
def test_a_subscriber_s_own_device_that_is_blocked_is_no_new_router(blocked: set[str], said: Any) -> None:
    assert first(replace(WITH_BOX, blocked_macs=frozenset(blocked))) == said


def test_a_router_that_is_blocked_is_blocked_though_a_table_lists_it() -> None:
    heard = replace(WITH_BOX, fdb=macs(MAC, BOX))
    assert first(replace(heard, blocked_macs=frozenset({MAC})))[0] == "own_blocked"
    # Of a neighbour, or of his box while the router is let through, the line itself says nothing.
    for other in (OTHER, BOX):
        assert diagnose(replace(heard, blocked_macs=frozenset({other})))[0].code is Code.LINE_FINE


def test_a_strange_router_is_held_against_the_router_on_record() -> None:
    assert first(replace(WITH_BOX, fdb=macs(OTHER)))[2] == {"heard": OTHER, "expected": MAC, "macs": 1}
    without = replace(WITH_BOX, router_macs=frozenset(), fdb=macs(OTHER))
    assert first(without)[2]["expected"] == f"{MAC} {BOX}"


@pytest.mark.parametrize("missing", [{"loops": "hung", "log": "hung"}, {"blocked": "late", "bindings": "late"}])
def test_a_line_is_probably_fine_when_the_command_line_gave_nothing(missing: dict[str, str]) -> None:
    known = {"ports": [asdict(BEFORE), asdict(NOW)], "fdb": [asdict(FdbEntry(MAC, 101, 7, 7))]}
    about = {
        name: getattr(HEALTHY, name)
        for name in ("account_status", "service_active", "expected_macs", "outages", "device_lit", "port_mbps")
    }
    head = diagnose(Evidence.from_probe(known | {"missing": missing}, **about))[0]
    assert head.code is Code.LINE_FINE and head.confidence < 0.8
    assert {fact.name: fact.value for fact in head.evidence}["unseen"] == min(missing.keys() & {"loops", "blocked"})
    # A switch that nobody can ask at all is so every day.
    for lasting in ({"log": "late"}, {"loops": "no_credentials"}, {"loops": "command_refused"}):
        assert diagnose(Evidence.from_probe(known | {"missing": lasting}, **about))[0].confidence == 0.9


def test_late_collisions_of_half_duplex_are_no_second_finding() -> None:
    half = [replace(port, full_duplex=False) for port in (BEFORE, NOW)]
    collides = replace(HEALTHY, readings=(half[0], replace(half[1], late_collisions=40, in_errors=40)))
    assert [finding.code for finding in diagnose(collides)] == [Code.HALF_DUPLEX]
    damaged = replace(HEALTHY, readings=(half[0], replace(half[1], late_collisions=40, crc=32)))
    assert [finding.code for finding in diagnose(damaged)] == [Code.HALF_DUPLEX, Code.ERRORS_GROWING]
    full = replace(HEALTHY, readings=(BEFORE, replace(NOW, late_collisions=40)))
    assert diagnose(full)[0].code is Code.ERRORS_GROWING


def test_the_batteries_on_the_way_are_named() -> None:
    worn, fine = (
        UpsReading(name="o1-ups1", charge_percent=6, replace=True),
        UpsReading(name="o2-ups1", on_battery=False),
    )
    hint = diagnose(replace(HEALTHY, ups=(worn, fine)))[1]
    facts = {fact.name: fact.value for fact in hint.evidence}
    assert facts == {"ups": "o1-ups1", "on_battery": False, "charge_percent": 6, "replace": True}


def test_a_fine_line_tells_on_what_it_rests() -> None:
    def fine(evidence: Evidence) -> tuple[float, dict[str, Any]]:
        (finding,) = [f for f in diagnose(evidence) if f.code is Code.LINE_FINE]
        return finding.confidence, {fact.name: fact.value for fact in finding.evidence}

    assert fine(HEALTHY) == (0.9, {"services": "internet", "link_mbps": 100, "macs": 1})
    light = {"input_dbm": -3.0, "limit_dbm": -9.0, "output_dbuv": 104.0}
    assert fine(CATV) == (0.9, {"services": "catv"} | light)
    # What only a command line tells is named, and makes the verdict less sure.
    confidence, facts = fine(IPTV)
    assert confidence < 0.8 and facts["unseen"] == "groups"
    confidence, facts = fine(on_gigabit(100, 100))
    assert confidence < 0.8 and facts["unseen"] == "cable"
    confidence, facts = fine(with_port(in_broadcasts=None))
    assert confidence < 0.8 and facts["unseen"] == "broadcasts"


def test_every_code_has_its_advice_in_full() -> None:
    assert set(ADVICE) == set(Code)
    assert all(all(words) for words in ADVICE.values())
    assert {code for code, advice in ADVICE.items() if advice[0] is Severity.FINE} == {Code.LINE_FINE}


def test_a_few_errors_over_a_day_are_no_finding_a_steady_trickle_is() -> None:
    yesterday = replace(BEFORE, at=NOW.at - 86_400, uptime_s=NOW.uptime_s - 86_400)
    few = replace(HEALTHY, readings=(replace(yesterday, crc=2, in_errors=2), BEFORE, NOW))
    many = replace(NOW, crc=20_000, in_errors=20_000)
    steady = replace(HEALTHY, readings=(few.readings[0], replace(many, at=BEFORE.at), many))
    assert diagnose(few)[0].code is Code.LINE_FINE
    assert diagnose(steady)[0].code is Code.ERRORS_GROWING


def test_a_storm_that_has_ended_is_no_finding() -> None:
    before = replace(BEFORE, at=NOW.at - 60, uptime_s=NOW.uptime_s - 60, in_broadcasts=0)
    now = replace(NOW, in_broadcasts=60_000)
    readings = (before, replace(now, at=BEFORE.at, uptime_s=BEFORE.uptime_s), now)
    assert diagnose(replace(HEALTHY, readings=readings))[0].code is Code.LINE_FINE


def test_errors_that_have_stopped_are_no_finding() -> None:
    minutes_ago = replace(BEFORE, at=NOW.at - 60, uptime_s=NOW.uptime_s - 60, crc=0, in_errors=0)

    def first(errors: int, calm_s: float) -> Code:
        now = replace(NOW, crc=errors, in_errors=errors)
        readings = (minutes_ago, replace(now, at=NOW.at - calm_s, uptime_s=NOW.uptime_s - calm_s), now)
        return diagnose(replace(HEALTHY, readings=readings))[0].code

    # Twenty a second, and not one in the last half of a second.
    assert first(1200, 0.5) is Code.LINE_FINE
    # One a second: half of a second without is nothing, ten seconds are.
    assert first(60, 0.5) is Code.ERRORS_GROWING
    assert first(60, 10) is Code.LINE_FINE


@pytest.mark.parametrize(
    ("before", "after", "most", "expected"),
    [
        (5, 9, 10, 4),
        (5, 5, 10, 0),
        (2**32 - 3, 4, 1000, 7),  # wrapped
        (4_000_000, 6, 1000, 6),  # started anew
        (None, 6, 1000, None),
        (6, None, 1000, None),
        (-1, 6, 1000, None),
        (6, 2**32, 1000, None),
    ],
)
def test_growth(before: int | None, after: int | None, most: float, expected: int | None) -> None:
    assert growth(before, after, most=most) == expected


def test_counters_of_a_restarted_device_begin_at_zero() -> None:
    before = replace(BEFORE, crc=2, in_errors=2)
    assert error_growth(before, replace(NOW, crc=9, in_errors=9)) == 7
    assert error_growth(before, replace(NOW, crc=9, in_errors=9, uptime_s=30.0)) == 9
    assert error_growth(before, replace(NOW, if_index=8)) is None


def test_one_change_told_by_two_is_one() -> None:
    moved = replace(NOW, last_change_s=NOW.uptime_s - 60)
    assert link_changes([BEFORE, moved], [NOW.at - 59.6], since=NOW.at - 600) == (NOW.at - 60,)
    # An agent whose change lies after its own uptime (DGS-3120 2.00 does) tells nothing.
    assert link_changes([replace(NOW, uptime_s=49.92, last_change_s=51.41)], [], since=0) == ()


def test_evidence_from_a_probe() -> None:
    result = {
        "ports": [asdict(BEFORE), asdict(NOW)],
        "previous": [asdict(replace(BEFORE, at=1.0))],
        "fdb": [asdict(FdbEntry(MAC, 101, 7, 7))],
        "changes_at": [1.0],
        "own_acts": [[0.5, 1.5]],
        "receiver": None,
        "notes": [{"code": "loop", "at": 5.0}],
        "uplinks": [{"readings": [asdict(NOW)], "rx_dbm": -9.5}],
        "cable": asdict(pairs((CUT, 31))) | {"state": "open"},
        "groups": [asdict(IgmpGroup("239.10.1.7", 700, ports=("7",)))],
        "blocked_macs": ["aabbccddeeff"],
        "bindings": [asdict(Binding(MAC, "10.1.2.3", ("7",), 101))],
        "loops": [asdict(LoopState("7", enabled=True, loop=False))],
    }
    evidence = Evidence.from_probe(json.loads(json.dumps(result)), account_status="active", changes_at={2.0})
    assert [reading.at for reading in evidence.readings] == [1.0, BEFORE.at, NOW.at]
    assert evidence.port == NOW
    assert evidence.fdb == HEALTHY.fdb
    assert evidence.changes_at == {1.0, 2.0}
    assert evidence.own_acts == {(0.5, 1.5)}
    assert evidence.device_answers is True
    assert evidence.notes == {Note("loop", 5.0)}
    assert evidence.uplinks == (Uplink((NOW,), -9.5),)
    assert evidence.cable == replace(pairs((CUT, 31)), state=CUT)
    assert evidence.groups == {"239.10.1.7"}
    assert evidence.blocked_macs == {"aabbccddeeff"}
    assert evidence.bound_macs == {MAC}
    assert evidence.looped is False
    receiver = asdict(OpticalReading(input_dbm=-3.0, inputs_dbm=(-3.0, None))) | {
        "inputs_dbm": [-3.0, None],
        "supply_v": [],
    }
    assert Evidence.from_probe({"receiver": receiver}).receiver == OpticalReading(
        input_dbm=-3.0, inputs_dbm=(-3.0, None)
    )
    test = pairs((CUT, 31))
    assert Evidence.from_probe({"cable": None}, cable=test).cable == test
    assert Evidence.from_probe(result, cable=pairs((OK, 9))).cable == evidence.cable
    assert Evidence.from_probe(None).device_answers is None
    assert Evidence.from_probe(None, error="timeout").device_answers is False
    assert Evidence.from_probe(None, error="malformed").device_answers is None


def test_every_finding_is_in_the_docs() -> None:
    page = (Path(__file__).parents[2] / "docs" / "verdict.md").read_text()
    said = {word for row in page.splitlines() if row.startswith("| `") for word in re.findall("`(\\w+)`", row)}
    assert {str(code) for code in Code} <= said


def test_a_receiver_behind_a_silent_switch_may_work_all_the_same() -> None:
    silent = Evidence(device_answers=False, peers=1, peers_silent=1)
    (television,) = diagnose(replace(silent, services=frozenset({"catv"})))
    (internet,) = diagnose(replace(with_port(), readings=(), device_answers=False, peers=1, peers_silent=1))[:1]
    assert television.code is internet.code is Code.DEVICE_SILENT
    assert television.confidence < internet.confidence


@pytest.mark.parametrize("way", ["told by syslog", "read in the log"])
@pytest.mark.parametrize(
    ("mac", "after", "advice"),
    [
        (MAC, "", ("own_blocked", "clear_binding", True)),
        (OTHER, "", ("binding_blocked", "check_router_binding", None)),
        # Whatever it was of, that was before somebody put in another cable.
        (MAC, "link_up", ("binding_blocked", "check_router_binding", None)),
    ],
)
def test_whom_binding_turned_away_by_the_log(
    way: str, mac: str, after: str, advice: tuple[str, str, bool | None]
) -> None:
    log = [LogLine("…", kind="binding_blocked", mac=mac), LogLine("…", kind="link_up")]
    log = [LogLine("Port 7 link up", kind=after), *log] if after else log
    notes = [{"code": "binding_blocked", "at": 100.0, "mac": mac}] + ([{"code": after, "at": 200.0}] if after else [])
    told = {"notes": notes} if way == "told by syslog" else {"log": [asdict(row) for row in log]}
    seen = Evidence.from_probe(json.loads(json.dumps(told)))
    line = replace(dropping(3), bound_macs=frozenset(), notes=seen.notes, turned_macs=seen.turned_macs)
    (found,) = diagnose(line)
    assert found.code is Code.BINDING_BLOCKED
    assert (found.tell, found.do, {fact.name: fact.value for fact in found.evidence}.get("own")) == advice
