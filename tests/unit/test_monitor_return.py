"""What the monitor makes of devices on their way back, of lies that must not stop it, and of seeing nobody at all."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.test_monitor_world import NOW, world
from uzel.core.outage import CauseKind, explain
from uzel.pollers import monitor_sight
from uzel.pollers.monitor_hints import Datagram, understand
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_settle import ports_to_read, with_blindness
from uzel.pollers.monitor_sight import HOLD_S, Sight
from uzel.pollers.monitor_store import Batch, HintRow, _json
from uzel.pollers.monitor_world import START_GRACE_S


def test_a_line_that_came_up_is_no_fault_of_management_yet() -> None:
    """Power is back, the port towards the house is up, the house still starts: its silence is the old one."""
    it = world()
    for view in it.views.values():
        it.answered(view, 10**6, 0.001, NOW)
    it.port_seen((1, 5), True, True, 100, NOW)
    it.silent(it.views[2], NOW + 10, NOW + 11)
    it.port_seen((1, 5), True, False, None, NOW + 12)
    before = explain(it.net.network, it.evidence(NOW + 13))
    it.port_seen((1, 5), True, True, 100, NOW + 60)
    evidence = it.evidence(NOW + 61)
    assert evidence.link_up == {}
    (found,) = explain(it.net.network, evidence)
    assert (found.dark, found.cuts_service) == (before[0].dark, True)
    late = it.evidence(NOW + 61 + START_GRACE_S)
    assert late.link_up == {9: True}
    assert [f.cause.kind for f in explain(it.net.network, late)] == [CauseKind.MANAGEMENT_FAULT]


def test_a_port_read_while_the_silence_was_not_certain_is_no_evidence() -> None:
    """The question was on its way when the port was read, the house died after: both were true, one by one."""
    it = world()
    for view in it.views.values():
        it.answered(view, 10**6, 0.001, NOW)
    it.port_seen((1, 5), True, True, 100, NOW + 10.2)
    it.silent(it.views[2], NOW + 10, NOW + 11.2)
    evidence = it.evidence(NOW + 11.3)
    assert evidence.link_up == {}
    assert ports_to_read(it, evidence) == {1: [5]}
    it.port_seen((1, 5), True, True, 100, NOW + 11.4)
    # Confirmed again later: what was read after the first certainty stays good.
    it.silent(it.views[2], NOW + 13, NOW + 13.4)
    evidence = it.evidence(NOW + 14)
    assert evidence.link_up == {9: True}
    assert ports_to_read(it, evidence) == {}


def test_behind_a_switch_that_starts_others_may_be_starting() -> None:
    """A receiver that has not answered since its switch started is starting itself; one that has and fell is dead."""
    it = world()
    for view in it.views.values():
        it.answered(view, 10**6, 0.001, NOW)
    it.silent(it.views[2], NOW + 10, NOW + 11)
    it.silent(it.views[3], NOW + 10, NOW + 11)
    it.answered(it.views[2], 500, 0.001, NOW + 100)
    assert it.evidence(NOW + 101).answers(3) is None
    assert it.evidence(NOW + 101 + START_GRACE_S).answers(3) is False
    it.answered(it.views[3], 500, 0.001, NOW + 110)
    it.silent(it.views[3], NOW + 120, NOW + 121)
    assert it.evidence(NOW + 122).answers(3) is False


class Deaf:
    """A pulse to which nobody answers."""

    def __init__(self) -> None:
        self.asked = 0

    async def ask_now(self, targets: Any) -> None:
        self.asked += len(list(targets))


async def test_who_sees_nobody_says_nothing_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    it, pulse, clock = world(), Deaf(), SimpleNamespace(now=NOW)
    monkeypatch.setattr(monitor_sight.time, "time", lambda: clock.now)
    monkeypatch.setattr(monitor_sight, "LOOK_AGAIN_S", 0.0)
    metrics = Metrics()
    sight = Sight(pulse, metrics)  # type: ignore[arg-type]
    for view in it.views.values():
        it.silent(view, NOW, NOW + 1)
    assert not await sight.is_clear(it)
    clock.now += 10 * HOLD_S
    assert not await sight.is_clear(it), "nobody was ever met: nothing is known of anybody"
    assert metrics.figures()["blind_since_seconds"] == NOW
    it.answered(it.views[1], 1, 0.001, clock.now)
    assert await sight.is_clear(it)
    assert pulse.asked >= 3, "the others are asked again before anything is said"
    assert metrics.figures()["blind_since_seconds"] == 0
    it.silent(it.views[1], clock.now, clock.now + 1)
    assert not await sight.is_clear(it)
    clock.now += HOLD_S + 1
    assert await sight.is_clear(it)
    (found,) = with_blindness(it, explain(it.net.network, it.evidence(clock.now)))
    assert found.cause.kind is CauseKind.UNDECIDED
    told = [(cause.kind, [reason.code for reason in cause.reasons]) for cause in found.hypotheses]
    assert told[1][0] is CauseKind.DEVICE_DEAD
    assert told[-1] == (CauseKind.MANAGEMENT_FAULT, ["monitor_cut_off"])
    it.views[2].pings = True
    assert not await sight.is_clear(it), "pings come through: nothing is dark"


@pytest.mark.parametrize("text", [r"a\u0000b", "a\0b", "\\", "\\\\u0000", "\ud800", '"'])
def test_no_text_of_a_datagram_spoils_the_json(text: str) -> None:
    loaded = json.loads(_json({"text": text, "level": float("nan"), "list": [text]}))
    assert "\0" not in loaded["text"]
    assert loaded["level"] is None
    loaded["text"].encode()


def test_a_syslog_line_with_an_escape_is_stored_as_it_came() -> None:
    datagram = Datagram("syslog", "10.0.0.1", rb"<190>sw: INFO: x \u0000 \ud800 " + b"\\", NOW)
    _, parsed, _ = understand(datagram)
    assert json.loads(_json(parsed)) == parsed


def test_halves_lose_nothing() -> None:
    hints = [HintRow(NOW, "trap", "::1", None, b"", {"n": n}) for n in range(3)]
    batch = Batch([], [], hints, [(NOW, 1, 1, 0, 1.0)] * 4)
    todo, ones = [batch], []
    while todo:
        it = todo.pop()
        assert len(it)
        (todo if len(it) > 1 else ones).extend(it.halves() if len(it) > 1 else [it])
    assert sum(len(one.hints) for one in ones) == 3
    assert sum(len(one.facts) for one in ones) == 4
