"""Optical modules by SNMP tables."""

import pytest

from uzel.core.answers import Optics
from uzel.drivers import ddm_mib
from uzel.drivers.smi import Value


def rows(entry: str, port: int, cells: dict[int, Value]) -> dict[str, Value]:
    return {f"{entry}.{column}.{port}": value for column, value in cells.items()}


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
