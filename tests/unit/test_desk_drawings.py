"""The drawings of the card: a cable with its faults at their metres, errors between readings, light on a scale."""

from dataclasses import asdict
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from uzel.core.answers import CablePair, CableTest, PairState, whole_cable
from uzel.core.findings import Code, finding
from uzel.core.readings import PortReading
from uzel.desk import cable, errors
from uzel.network import level
from uzel.network.templatetags.network_words import flat_word

P = PairState


def measured(*pairs: tuple[PairState | None, int | None], **whole: Any) -> dict[str, Any]:
    """A stored cable test."""
    rows = tuple(CablePair(n, state, metres) for n, (state, metres) in enumerate(pairs, 1))
    return asdict(CableTest("7", pairs=rows, **{"state": whole_cable(rows)} | whole))


@pytest.mark.parametrize(
    ("pairs", "whole", "known_m", "says"),
    [
        ([(P.OPEN, 31), (P.OPEN, 31)], {}, None, "cut"),
        ([(P.OPEN, 31), (P.OPEN, 32)], {}, 45, "cut_way"),
        ([(P.OPEN, 44), (P.OPEN, 45)], {}, 45, "cut_end"),
        ([(P.OPEN, 3), (P.OPEN, 3)], {}, None, "cut_near"),
        ([(P.OPEN, 1), (P.OPEN, None)], {}, None, "cut_near"),
        ([(P.OPEN, 0), (P.OPEN, 0), (P.OPEN, 0), (P.OPEN, 0)], {}, 45, "no_cable"),
        ([(P.OPEN, 0), (P.OPEN, 0), (P.NOT_SUPPORTED, None)], {}, 45, "no_cable"),
        ([(P.OPEN, None), (P.OPEN, None)], {}, 45, "cut"),
        ([(P.OPEN_OR_SHORT, 20), (P.OPEN, 20)], {}, 45, "cut_way"),
        ([(P.SHORT, 12), (P.SHORT, 12), (P.OK, 45), (P.OK, 45)], {}, None, "short_way"),
        ([(P.SHORT, 12), (P.OPEN, 12)], {}, None, "short"),
        ([(P.SHORT, 1)], {}, None, "short_near"),
        ([(P.SHORT, 44)], {}, 45, "short_end"),
        ([(P.OK, 45), (P.OK, 45), (P.OPEN, 1), (P.OPEN, 1)], {"link_up": True}, None, "hurt"),
        ([(P.OK, 45), (P.CROSSTALK, 9)], {}, None, "hurt"),
        ([(P.OK, 45), (P.OK, 45)], {"link_up": True}, None, "whole"),
        ([(P.OK, 45), (P.OK, 45)], {"link_up": False}, None, "far_off"),
        ([(P.SHUT_DOWN, 45)], {}, None, "far_off"),
        ([], {"state": P.OK, "length_m": 45, "link_up": True}, None, "whole"),
        ([], {"state": P.OPEN, "length_m": 31}, None, "cut"),
        ([], {"state": P.NO_CABLE}, None, "no_cable"),
        ([], {"state": P.NOT_SUPPORTED}, None, "not_supported"),
        ([(P.NOT_SUPPORTED, None)] * 4, {}, None, "not_supported"),
        ([], {"state": P.NOT_FINISHED}, None, "not_finished"),
        ([(None, None)], {}, None, "unknown"),
        ([(P.OK, 45), (None, None)], {"link_up": False}, None, "unknown"),
        ([(P.OK, 45), (None, None)], {"link_up": False, "state": P.OK}, None, "unknown"),
        ([], {}, None, "unknown"),
    ],
)
def test_what_follows_from_a_test(pairs: Any, whole: Any, known_m: int | None, says: str) -> None:
    assert cable.draw(measured(*pairs, **whole), known_m=known_m).says == says


def _at(x: str) -> float:
    return float(x.rstrip("%"))


def test_a_break_stands_at_its_metre() -> None:
    """The mark lies on the scale where its metre is: between the ticks of 30 and 40 m, at a tenth of the way."""
    wire = cable.draw(measured((P.OPEN, 31), (P.OK, 45)))
    ticks = {tick.value: _at(tick.x) for tick in wire.ticks}
    cut, whole = wire.pairs
    assert _at(cut.x) == pytest.approx(ticks[30] + (ticks[40] - ticks[30]) / 10, abs=0.02)
    assert _at(whole.x) == pytest.approx(_at(wire.whole_x)) and wire.whole_m == 45
    assert ticks[0] == cable.LEFT and max(ticks.values()) < 100


def test_a_wire_that_cannot_be_measured_is_not_drawn() -> None:
    for state in (P.NO_CABLE, P.NOT_SUPPORTED, P.NOT_FINISHED):
        assert not cable.draw(measured(state=state)).is_drawn
    assert not cable.draw(measured((P.OPEN, 0), (P.OPEN, 0))).is_drawn
    assert cable.draw(measured((P.OPEN, 0), (P.OPEN, 9))).is_drawn


def test_a_whole_cable_of_unknown_length_goes_to_the_flat_and_has_no_scale() -> None:
    wire = cable.draw(measured(state=P.OK, link_up=False))
    (only,) = wire.pairs
    assert wire.is_drawn and not wire.ticks
    assert _at(only.x) == pytest.approx(_at(wire.whole_x), abs=3)


def test_the_length_is_that_of_the_last_whole_cable() -> None:
    assert cable.known_length([measured((P.OPEN, 9)), measured((P.OK, 40), (P.OK, 41)), measured((P.OK, 70))]) == 41
    assert cable.known_length([measured((P.OK, None)), {}]) is None


words = st.one_of(st.none(), st.text(max_size=6), st.sampled_from([state.value for state in P]))
numbers = st.one_of(st.none(), st.integers(-5, 10**7), st.floats(allow_nan=False), st.text(max_size=3), st.booleans())
stored = st.fixed_dictionaries(
    {},
    optional={
        "state": words,
        "length_m": numbers,
        "link_up": st.one_of(st.none(), st.booleans()),
        "pairs": st.lists(
            st.one_of(
                st.none(), st.fixed_dictionaries({}, optional={"pair": numbers, "state": words, "length_m": numbers})
            )
        ),
    },
)


@given(stored, st.one_of(st.none(), st.integers(1, 200)))
def test_whatever_is_stored_the_card_is_drawn_inside_its_frame(test: dict[str, Any], known_m: int | None) -> None:
    wire = cable.draw(test, known_m=known_m)
    assert all(0 <= _at(x) <= 100 for x in (*(pair.x for pair in wire.pairs), wire.whole_x))
    assert len(wire.ticks) <= 8
    assert cable.known_length([test]) is None or wire.whole_m


def _reading(at: float, crc: int, **other: Any) -> dict[str, Any]:
    return asdict(PortReading(if_index=7, at=at, crc=crc, in_errors=crc, speed_mbps=100)) | other


def test_errors_are_drawn_as_they_grew() -> None:
    drawn = errors.chart([_reading(100, 5), _reading(0, 5), _reading(160, 11), _reading(160.5, 11)])
    assert drawn is not None
    assert [bar.errors for bar in drawn.bars] == [0, 6, 0]
    assert (drawn.total, drawn.look, drawn.latest.errors) == (6, "silent", 0)
    assert drawn.bars[1].per_minute == 6 and drawn.bars[1].height == errors.HIGH
    assert drawn.bars[1].y + drawn.bars[1].height == drawn.base_y


def test_a_bar_is_as_high_as_its_number_says() -> None:
    """A night of 5938 and half of a second of 9 are told by what grew in a minute."""
    drawn = errors.chart([_reading(0, 0), _reading(36_000, 5938), _reading(36_000.5, 5947), _reading(36_060.5, 5950)])
    assert drawn and [bar.per_minute for bar in drawn.bars] == [9.9, 1080, 3.0]
    by_rate = sorted(drawn.bars, key=lambda bar: bar.per_minute)
    assert [bar.height for bar in by_rate] == sorted(bar.height for bar in drawn.bars)
    # Two of them end within one minute.
    assert drawn.to_the_second
    apart = errors.chart([_reading(0, 0), _reading(60, 5), _reading(120, 6)])
    assert apart and not apart.to_the_second


def test_a_test_of_a_line_that_has_come_back_is_the_past() -> None:
    off = cable.draw({"state": "shut_down", "link_up": False, "pairs": [{"pair": 1, "state": "ok", "length_m": 54}]})
    assert (off.says, cable.since_back(off).says, cable.since_back(off).look) == ("far_off", "whole", "lit")
    cut = cable.draw({"pairs": [{"pair": 1, "state": "open", "length_m": 31}]})
    assert (cut.look, cable.since_back(cut).says, cable.since_back(cut).look) == ("dark", "back", "silent")


def test_errors_that_grow_now_look_worse_and_none_are_a_flat_line() -> None:
    growing = errors.chart([_reading(0, 0), _reading(0.5, 1)])
    quiet = errors.chart([_reading(0, 3), _reading(0.5, 3)])
    assert growing and growing.look == "dark"
    assert quiet and quiet.look == "lit" and quiet.height < growing.height


def test_a_restarted_counter_counts_from_zero_and_one_reading_is_no_chart() -> None:
    drawn = errors.chart([_reading(0, 500, uptime_s=900.0), _reading(60, 4, uptime_s=30.0)])
    assert drawn and [bar.errors for bar in drawn.bars] == [4]
    assert errors.chart([_reading(0, 1)]) is None
    assert errors.chart([{"if_index": "x"}, {}, _reading(0, 1) | {"of_another_version": 1}]) is None


@pytest.mark.parametrize(
    ("dbm", "says", "look"),
    [
        (-8.4, "ok", "lit"),
        (-18.0, "low_warning", "silent"),
        (-27.5, "low_alarm", "dark"),
        (-40.0, "no_light", "dark"),
        (-2.0, "high_warning", "silent"),
        (1.5, "high_alarm", "dark"),
    ],
)
def test_light_of_a_module(dbm: float, says: str, look: str) -> None:
    (shown,) = level.of_module("25", dbm)
    assert (shown.says, shown.look) == (says, look)
    assert 0 <= _at(shown.x) <= 100
    ends = [_at(zone.x) + _at(zone.width) for zone in shown.zones]
    assert ends[-1] == pytest.approx(100, abs=0.1)
    under = next(zone for zone, end in zip(shown.zones, ends, strict=True) if _at(shown.x) <= end)
    assert under.look == look


def test_a_receiver_has_limits_of_its_own() -> None:
    (ours,) = level.of_receiver({"input_dbm": -9.5})
    (own,) = level.of_receiver({"input_dbm": -9.5, "input_low_dbm": -11.0, "output_dbuv": 104.0})
    assert (ours.says, ours.limits.own) == ("low_alarm", False)
    assert (own.says, own.limits.own, own.output_dbuv) == ("low_warning", True, 104.0)
    assert level.of_receiver({}) == level.of_receiver({"input_dbm": "odd"}) == level.of_module("1", None) == ()


@given(st.floats(-60, 30), st.one_of(st.none(), st.floats(-60, 30)), st.one_of(st.none(), st.floats(-60, 30)))
def test_any_limits_of_a_device_give_a_scale(dbm: float, low: float | None, high: float | None) -> None:
    (shown,) = level.of_receiver({"input_dbm": dbm, "input_low_dbm": low, "input_high_dbm": high})
    assert all(_at(zone.width) >= 0 for zone in shown.zones) and 0 <= _at(shown.x) <= 100


def test_evidence_reads_as_a_sentence() -> None:
    facts = {"unseen": "blocked loops", "pairs": "2 3", "at_m": 31, "to_m": 32, "heard": "aabbccddeeff 001122334455"}
    with translation.override("en"):
        said = render_to_string("desk/finding_evidence.html", {"finding": finding(Code.LINE_FINE, 0.7), "f": facts})
    assert "pairs 2 and 3: at 31–32 m" in said
    assert "heard aa:bb:cc:dd:ee:ff, 00:11:22:33:44:55" in said
    assert "not looked at: the clients turned away, the loop detection<" in said


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"changes": 4, "within_s": 600.0}, "линк менялся 4 раза за"),
        ({"changes": 5, "within_s": 600.0}, "линк менялся 5 раз за"),
        ({"peers": 1, "peers_silent": 0}, "1 другой коммутатор узла отвечает"),
        ({"peers": 3, "peers_silent": 3}, "3 других коммутатора узла тоже молчат"),
        ({"peers": 5, "peers_silent": 2}, "из других коммутаторов узла (всего 5) не отвечают: 2"),
    ],
)
def test_evidence_is_told_in_good_russian(facts: dict[str, Any], words: str) -> None:
    with translation.override("ru"):
        shown = {"finding": finding(Code.DEVICE_SILENT, 0.9), "f": facts}
        assert words in render_to_string("desk/finding_evidence.html", shown)


def test_premises_are_no_flat() -> None:
    with translation.override("ru"):
        assert [flat_word(flat) for flat in ("12", "12а", "пом. 19")] == ["кв. 12", "кв. 12а", "пом. 19"]
