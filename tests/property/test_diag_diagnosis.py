"""What must hold of every verdict, whatever the evidence."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from uzel.core.answers import CablePair, CableTest, PairState
from uzel.core.counters import COUNTER32, growth
from uzel.core.diagnosis import Code, Evidence, Note, Severity, Uplink, diagnose, missing
from uzel.core.readings import FdbEntry, OpticalReading, PortReading, UpsReading

MACS = [f"0018e7a1b2{n:02x}" for n in range(12)]
maybe = st.sampled_from([None, True, False])
counters = st.one_of(st.none(), st.integers(0, 30), st.sampled_from([COUNTER32 - 1, -1]))

NOTES = ["loop", "loop_gone", "storm", "storm_gone", "binding_blocked", "error_disabled", "link_up"]
states = st.sampled_from([None, *PairState])
pair = st.builds(CablePair, st.integers(1, 4), states, st.sampled_from([None, 0, 31]))


def port(at: float) -> st.SearchStrategy[PortReading]:
    return st.builds(
        PortReading,
        if_index=st.just(7),
        admin_up=maybe,
        oper_up=maybe,
        speed_mbps=st.sampled_from([None, 10, 100, 1000]),
        full_duplex=maybe,
        uptime_s=st.sampled_from([None, 30.0, 90_000.0]),
        last_change_s=st.sampled_from([None, 0.0, 25.0, 89_995.0, 99_999.0]),
        in_errors=counters,
        crc=counters,
        in_broadcasts=st.one_of(st.none(), st.integers(0, 10_000)),
        out_broadcasts=st.one_of(st.none(), st.integers(0, 10_000)),
        in_octets=st.one_of(st.none(), st.integers(0, 3)),
        in_discards=counters,
        at=st.just(at),
    )


EVIDENCE = st.builds(
    Evidence,
    account_status=st.sampled_from([None, "active", "blocked_debt", "closed"]),
    services=st.sampled_from([frozenset({"internet"}), frozenset({"iptv", "internet"}), frozenset({"catv"})]),
    service_active=maybe,
    expected_macs=st.one_of(st.none(), st.frozensets(st.sampled_from(MACS), max_size=2)),
    outages=st.sampled_from([None, frozenset(), frozenset({5})]),
    device_lit=maybe,
    device_answers=maybe,
    peers=st.integers(0, 3),
    port_mbps=st.sampled_from([None, 100, 1000]),
    service_mbps=st.sampled_from([None, 100, 500]),
    readings=st.one_of(st.just(()), st.tuples(port(999_999.5), port(1_000_000.0)), st.tuples(port(1_000_000.0))),
    fdb=st.one_of(st.none(), st.frozensets(st.sampled_from(MACS).map(lambda mac: FdbEntry(mac, 1, 7, 7)), max_size=8)),
    changes_at=st.frozensets(st.sampled_from([999_500.0, 999_600.0, 999_700.0, 999_800.0, 999_900.0]), max_size=5),
    notes=st.frozensets(st.builds(Note, st.sampled_from(NOTES), st.sampled_from([999_000.0, 999_999.0])), max_size=3),
    cable=st.one_of(st.none(), st.builds(CableTest, st.just("7"), state=states, pairs=st.tuples(pair, pair))),
    groups=st.sampled_from([None, frozenset(), frozenset({"239.1.1.1"})]),
    blocked_macs=st.sampled_from([None, frozenset(), frozenset({MACS[0]})]),
    uplinks=st.lists(
        st.builds(Uplink, st.tuples(port(999_999.5), port(1e6)), st.sampled_from([None, -9.0, -25.0])), max_size=2
    ).map(tuple),
    receiver=st.sampled_from([None, OpticalReading(input_dbm=-3.0), OpticalReading(input_dbm=-20.0)]),
    ups=st.sampled_from([(), (UpsReading(on_battery=True, runtime_min=9),), (UpsReading(on_battery=False),)]),
    age_s=st.sampled_from([0.0, 500.0]),
)
TROUBLE = frozenset({Severity.BROKEN, Severity.DEGRADED})


def troubles(evidence: Evidence) -> set[Code]:
    return {finding.code for finding in diagnose(evidence) if finding.severity in TROUBLE}


@examples(150)
@given(EVIDENCE)
def test_every_verdict_is_whole(evidence: Evidence) -> None:
    findings = diagnose(evidence)
    codes = [finding.code for finding in findings]
    assert codes and len(set(codes)) == len(codes)
    assert all(0 < finding.confidence <= 1 for finding in findings)
    assert all(fact.value is not None for finding in findings for fact in finding.evidence)
    # Hints never come first, and what explains more comes before what explains less.
    assert findings[0].severity is not Severity.HINT
    ranks = [list(Code).index(f.code) for f in findings if f.severity is not Severity.HINT]
    assert ranks == sorted(ranks)
    settled = {Code.LINE_FINE, Code.NOT_ENOUGH_EVIDENCE} & set(codes)
    assert len(settled) == (0 if troubles(evidence) else 1)


@examples(150)
@given(EVIDENCE)
def test_fine_means_that_all_was_seen_and_nothing_found(evidence: Evidence) -> None:
    fine = Code.LINE_FINE in {finding.code for finding in diagnose(evidence)}
    assert fine == (not missing(evidence) and not troubles(evidence))
    if fine:
        assert evidence.account_status == "active" and evidence.device_answers and evidence.outages == frozenset()


UNKNOWNS = [
    field.name
    for field in fields(Evidence)
    # An answer of the device does away with the engine's reckoning that it is dark, and a faster port or tariff is
    # a fact to measure by, not an observation. What only a command line tells names a trouble better, or finds one
    # that SNMP cannot see: a verdict is due without it.
    if field.default is None
    and field.name not in {"device_answers", "port_mbps", "service_mbps", "cable", "groups", "blocked_macs"}
]


@examples(150)
@given(EVIDENCE, st.sampled_from(UNKNOWNS))
def test_less_evidence_never_makes_a_broken_line_fine(evidence: Evidence, name: str) -> None:
    """So more evidence never takes trouble away: it may only name it better (dark for silent, blocked for off)."""
    less: Any = replace(evidence, **{name: None})
    if troubles(less):
        assert troubles(evidence)
    if troubles(evidence) or missing(evidence):
        assert Code.LINE_FINE not in {finding.code for finding in diagnose(less)}


@examples(100)
@given(EVIDENCE, st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(evidence: Evidence, random: Any) -> None:
    def shuffled(values: Any) -> Any:
        listed = list(values)
        random.shuffle(listed)
        return frozenset(listed)

    other = replace(
        evidence,
        fdb=None if evidence.fdb is None else shuffled(evidence.fdb),
        changes_at=shuffled(evidence.changes_at),
        services=shuffled(evidence.services),
        ups=evidence.ups[::-1],
    )
    assert diagnose(other) == diagnose(evidence)


@given(st.integers(0, COUNTER32 - 1), st.integers(0, 10_000))
def test_a_wrapped_counter_gives_what_was_added(start: int, added: int) -> None:
    assert growth(start, (start + added) % COUNTER32, most=10_000) == added


@given(st.integers(20_000, COUNTER32 - 20_000), st.integers(0, 10_000))
def test_a_restarted_counter_gives_what_it_has(start: int, since: int) -> None:
    assert growth(start, since, most=10_000) == since
