"""Agents lie: whatever rows come, the pages neither raise nor say what cannot be."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from uzel.drivers import bridge_mib, if_mib, lldp_mib, readers, smi
from uzel.drivers.smi import Value

COLUMNS = [
    *if_mib.COLUMNS.values(),
    *lldp_mib.COLUMNS.values(),
    lldp_mib.LOCAL_PORT_ID,
    *(bridge_mib.Q_FDB_PORT, bridge_mib.Q_FDB_STATUS, bridge_mib.Q_VLAN_FDB_ID, bridge_mib.FDB_PORT),
    *(bridge_mib.FDB_STATUS, bridge_mib.BASE_PORT_IF_INDEX, bridge_mib.HUAWEI_FDB, bridge_mib.CISCO_VLAN_STATE),
    *(oid.removesuffix(".0") for r in (readers.RFC1628, readers.APC, readers.MEGATEC) for oid in r.oids),
    *(prefix for r in (readers.RFC1628, readers.VOLIUS, readers.HMS) for prefix in r.prefixes),
    *(oid.removesuffix(".0") for oid in (*if_mib.SYSTEM, *readers.HMS.oids)),
]
# Indices cut short, too long, out of range, not numbers at all.
TAILS = st.one_of(
    st.lists(st.integers(0, 300), max_size=9).map(lambda numbers: "".join(f".{n}" for n in numbers)),
    st.sampled_from(["", ".", ".0", "..1", ".x", ".-1", ".1.", ".4294967296", ".1.0.30.88.92.9.0"]),
)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.integers(-(2**33), 2**66),
    st.sampled_from([-1, 0, 1, 2, 3, 9999, -273, 2**31 - 1, 2**32 - 1, 2**64 - 1, 10**400]),
    st.floats(),
    st.binary(max_size=20),
    st.text(max_size=12),
    st.sampled_from(["", " ", "-1", "12", "1e400", "nan", "0x001122334455", "00:11:22:33:44:55", b"\xff\xfe", b"-"]),
)
ROWS = st.dictionaries(st.tuples(st.sampled_from(COLUMNS), TAILS).map("".join), VALUES, max_size=40)


@examples(150)
@given(ROWS)
def test_any_rows_are_read_without_nonsense(rows: dict[str, Value]) -> None:
    system = if_mib.parse_system(rows)
    assert system.uptime_s is None or 0 <= system.uptime_s < 2**32 / 100
    for port in if_mib.parse_ports(rows):
        assert port.if_index > 0
        assert port.speed_mbps is None or 0 < port.speed_mbps <= if_mib.FASTEST_MBPS
        assert port.in_errors is None or 0 <= port.in_errors < 2**32
        assert port.in_octets is None or 0 <= port.in_octets < 2**port.octets_bits
    for entry in bridge_mib.parse_fdb(rows):
        assert len(entry.mac) == 12
        assert entry.vlan is None or 1 <= entry.vlan <= 4094
        assert entry.base_port != 0 and entry.if_index != 0
    assert all(1 <= vlan <= 4094 for vlan in bridge_mib.parse_vlans(rows))
    assert all(neighbour.local_port > 0 for neighbour in lldp_mib.parse_neighbours(rows))
    for reader in (readers.RFC1628, readers.APC, readers.MEGATEC):
        _sane_ups(reader.parse(rows))
    for optical in (readers.VOLIUS, readers.HMS):
        reading = optical.parse(rows)
        assert all(v is None or -60 <= v <= 40 for v in (*reading.inputs_dbm, reading.input_dbm, reading.output_dbm))


def _sane_ups(ups: Any) -> None:
    assert ups.charge_percent is None or 0 <= ups.charge_percent <= 100
    assert ups.input_v is None or 0 <= ups.input_v <= 1000
    assert ups.temperature_c is None or -40 <= ups.temperature_c <= 100
    assert ups.runtime_min is None or ups.runtime_min >= 0


@given(VALUES)
def test_a_value_is_a_number_a_text_or_nothing(value: Value) -> None:
    number, text, mac = smi.number(value, low=0, high=100), smi.text(value), smi.mac(value)
    assert number is None or 0 <= number <= 100
    assert text is None or (text and text == text.strip())
    assert mac is None or (len(mac) == 12 and mac == mac.lower())


@given(st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows: dict[str, Value] = {f"{bridge_mib.Q_FDB_PORT}.5.0.30.88.92.9.{n}": n for n in range(6)}
    rows |= {f"{bridge_mib.BASE_PORT_IF_INDEX}.{n}": 100 + n for n in range(1, 7)}
    shuffled = {key: rows[key] for n in order if (key := list(rows)[n])}
    assert bridge_mib.parse_fdb(shuffled) == bridge_mib.parse_fdb(rows)
    assert len(bridge_mib.parse_fdb(rows)) == 5
