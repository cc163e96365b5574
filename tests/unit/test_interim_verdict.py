"""What may be said of a line while its device is still being asked."""

import pytest

from tests.probe_result import so_far
from uzel.core.diagnosis import Code, Evidence, diagnose
from uzel.pollers.probe_so_far import cut_short

MAC = "0018e7a1b2c3"
FACTS = {
    "account_status": "active",
    "service_active": True,
    "outages": frozenset(),
    "expected_macs": frozenset({MAC}),
}


def result(*under_way: str, up: bool = True) -> dict[str, object]:
    """What a probe has told so far."""
    return so_far(*under_way, up=up, index=7, mac=MAC, at=(1_000_000.0, 1_000_001.0))


def heads(told: dict[str, object]) -> tuple[Code, float]:
    """The first finding."""
    first = diagnose(Evidence.from_probe(told, **FACTS))[0]
    return first.code, first.confidence


@pytest.mark.parametrize("asked", ["cable-test", "igmp-groups", "blocked", "bindings", "loops"])
def test_no_line_is_fine_while_an_answer_is_to_come(asked: str) -> None:
    assert heads(result())[0] is Code.LINE_FINE
    first = diagnose(Evidence.from_probe(result(asked, "log"), **FACTS))[0]
    assert first.code is Code.NOT_ENOUGH_EVIDENCE
    assert [(fact.name, fact.value) for fact in first.evidence] == [("missing", "other_answers")]


def test_a_log_that_no_rule_reads_makes_it_only_less_sure() -> None:
    code, confidence = heads(result("log"))
    assert code is Code.LINE_FINE and confidence < 0.8 < heads(result())[1]


def test_a_missing_link_is_said_at_once() -> None:
    assert heads(result("cable-test", "log", up=False))[0] is Code.NO_LINK


def test_a_probe_whose_time_is_over_keeps_what_it_had_told() -> None:
    told = result("log", up=False) | {"missing": {"loops": "low_privilege"}}
    ended = cut_short(told)
    assert "under_way" not in ended and ended["missing"] == {"loops": "low_privilege", "log": "late"}
    assert ended["ports"] == told["ports"] and "under_way" in told
