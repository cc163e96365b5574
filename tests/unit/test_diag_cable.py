"""Cable tests and optical modules by SNMP tables, in the codes of each make."""

import pytest

from uzel.core.answers import CablePair, CableTest, Optics, PairState
from uzel.drivers import cable_mib, ddm_mib
from uzel.drivers.smi import Value


def rows(entry: str, port: int, cells: dict[int, Value]) -> dict[str, Value]:
    return {f"{entry}.{column}.{port}": value for column, value in cells.items()}


def dlink(states: list[int], lengths: list[int], *, link: int = 0, action: int = 3) -> CableTest:
    cells: dict[int, Value] = {3: link, 12: action}
    cells |= dict(zip(range(4, 8), states, strict=True)) | dict(zip(range(8, 12), lengths, strict=True))
    return cable_mib.parse_dlink(rows(cable_mib.DLINK, 7, cells))[7]


def test_a_cut_cable_of_two_pairs() -> None:
    """A DES-3200 tells the second and third pair in columns 4 and 6; pairs that were not measured read 8."""
    found = dlink([1, 8, 1, 8], [31, 0, 32, 0])
    assert found == CableTest(
        port=None,
        link_up=False,
        state=PairState.OPEN,
        pairs=(CablePair(1, PairState.OPEN, 31), CablePair(3, PairState.OPEN, 32)),
    )


def test_pairs_that_differ_are_a_fault() -> None:
    assert dlink([0, 2, 8, 8], [40, 12, 0, 0]).state is PairState.FAULT


def test_a_whole_cable_with_the_far_end_off() -> None:
    found = dlink([0, 0, 8, 8], [0, 0, 0, 0])
    assert (found.link_up, found.state) == (False, PairState.OK)


def test_before_any_test_and_during_one_nothing_is_found() -> None:
    assert dlink([8, 8, 8, 8], [0, 0, 0, 0], link=1) == CableTest(port=None, link_up=True)
    assert dlink([0, 0, 8, 8], [0, 0, 0, 0], action=2).state is PairState.NOT_FINISHED
    assert dlink([8, 8, 8, 8], [0, 0, 0, 0], link=2).link_up is None


def test_codes_of_the_new_line_are_not_those_of_the_old() -> None:
    cells: dict[int, Value] = {1: 2, 2: 1, 3: 8, 4: 0, 5: 44, 6: -1, 7: -1, 8: -1, 9: 2}
    found = cable_mib.parse_dlink_new(rows(cable_mib.DLINK_NEW, 3, cells))[3]
    assert found.pairs == (
        CablePair(1, PairState.OPEN, 44),
        CablePair(2, PairState.OK, None),
        CablePair(3, PairState.SHUT_DOWN, None),
    )
    assert found.state is PairState.FAULT


def test_huawei() -> None:
    cells: dict[int, Value] = {6: 3, 7: 3, 8: 6, 9: 7, 10: 9, 11: 10, 12: 0, 13: 5}
    found = cable_mib.parse_huawei(rows(cable_mib.HUAWEI, 12, cells))[12]
    assert found.state is PairState.SHORT
    assert found.pairs[-1] == CablePair(4, PairState.NOT_SUPPORTED, None)


MODULE: dict[int, Value] = {2: b"45.2305", 3: b"3.2477 ", 4: b"31.584", 5: b"0.0583", 6: b"0.0932"}


def test_a_module_in_milliwatts() -> None:
    found = ddm_mib.parse_optics(rows(ddm_mib.ENTRY, 1, MODULE))
    assert found == {1: Optics("1", 45.2305, 3.2477, 31.584, -12.34, -10.31)}


@pytest.mark.parametrize(
    ("text", "unit", "dbm"), [("-12.34", 2, -12.34), ("-12.34", 1, -12.34), ("0.0000", 1, -40.0), ("  -", 1, None)]
)
def test_power(text: str, unit: int, dbm: float | None) -> None:
    found = ddm_mib.parse_optics(
        rows(ddm_mib.ENTRY, 1, MODULE | {6: text.encode()}) | {f"{ddm_mib.POWER_UNIT}.0": unit}
    )
    assert found[1].rx_dbm == dbm


def test_ports_without_a_module_are_left_out() -> None:
    assert ddm_mib.parse_optics(rows(ddm_mib.ENTRY, 1, dict.fromkeys(range(2, 7), b"  -"))) == {}
