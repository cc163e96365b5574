"""D-Link's classic CLI: what our recordings say, trap by trap (docs: docs/drivers.md)."""

import pytest

from tests.contract.drivers.recordings import DATA
from uzel.core.answers import (
    Binding,
    Blocked,
    CablePair,
    CableTest,
    IgmpGroup,
    Load,
    LoopState,
    MacEntry,
    MacKind,
    Medium,
    Optics,
    PairState,
    PingResult,
    PortCounters,
    PortStatus,
    PortVlans,
    vlans_of_ports,
)
from uzel.drivers import dlink_ports as ports
from uzel.drivers import dlink_tables as tables
from uzel.drivers import dlink_unit as unit
from uzel.drivers.dlink_load import parse_load


def read(path: str) -> str:
    return (DATA / "dlink_dxs" / path).read_bytes().decode()


def by_port(parsed):
    return {row.port: row for row in parsed.rows}


def test_cable_pairs_stand_on_lines_of_their_own():
    rows = by_port(ports.parse_cable(read("DES-3526-A4_6.00.B57/cable-test.txt")))
    assert rows["2"] == CableTest(
        "2", False, PairState.OPEN, pairs=(CablePair(1, PairState.OPEN, 31), CablePair(2, PairState.OPEN, 36))
    )
    assert rows["3"] == CableTest("3", True, PairState.OK, 0)  # a length of 0 m is an answer
    assert rows["4"] == CableTest("4", False, PairState.NO_CABLE)
    assert rows["5"] == CableTest("5", False, PairState.OK)  # cable whole, far end off: not dropped
    assert (rows["6"].state, rows["6"].pairs[0]) == (PairState.FAULT, CablePair(1, PairState.SHORT, 3))
    assert rows["25"].state is PairState.NOT_SUPPORTED


def test_cable_words_of_other_models():
    rows = by_port(ports.parse_cable(read("DES-3200-28-C1_4.46.B008/cable-test.txt")))
    assert [pair.pair for pair in rows["1"].pairs] == [2, 3]
    assert (rows["3"].state, rows["3"].pairs[2]) == (PairState.FAULT, CablePair(3, PairState.SHORT, 12))
    assert rows["5"] == CableTest("5", False, PairState.SHUT_DOWN, 20)
    assert rows["25"] == CableTest("25")
    unsupported = by_port(ports.parse_cable(read("DES-3010G_4.30.B23/cable-test.txt")))["1"]
    assert (unsupported.state, unsupported.pairs[2].state) == (PairState.OPEN, PairState.NOT_SUPPORTED)
    bare = by_port(ports.parse_cable(read("DGS-3627G_3.03.B22/cable-test.txt")))
    assert bare["21"] == CableTest("21", True, PairState.OK)
    assert bare["23"] == CableTest("23", False, PairState.OPEN, pairs=(CablePair(1, PairState.OPEN, 14),))


def test_ports_of_a_combo_and_blocked_ports():
    rows = ports.parse_ports(read("DES-3526-A4_6.00.B57/ports.txt")).rows
    assert len(rows) == 10
    assert rows[0] == PortStatus("1", True, True, 100, True, True)
    assert rows[2] == PortStatus("3", True, True, 10, False, False)
    assert rows[3] == PortStatus("4", False, False, autonegotiation=True)
    assert (rows[4].blocked, rows[5].blocked) == (Blocked.ERROR, Blocked.LOOP)
    assert rows[6] == PortStatus("25", True, True, 1000, True, True, Medium.COPPER, combo=True)
    assert rows[9] == PortStatus("26", True, True, 1000, True, False, Medium.FIBRE, combo=True)


def test_port_descriptions_and_1g_and_disabled_in_the_speed_column():
    rows = ports.parse_ports(read("DES-1228-ME_2.63.B001/ports.description.txt")).rows
    assert rows[1].description == "flat 14 #2"
    assert rows[3] == PortStatus("4", False, False)
    assert (rows[5].speed_mbps, rows[5].description) == (1000, "uplink to campus")
    assert rows[6].description == "down 27"


def test_ports_of_a_stack_with_the_note_in_the_middle():
    rows = ports.parse_ports(read("DGS-3120-24TC_3.00.B022/ports.txt")).rows
    assert [(row.port, row.medium) for row in rows[3:]] == [
        ("1:21", Medium.COPPER),
        ("1:21", Medium.FIBRE),
        ("1:22", Medium.COPPER),
        ("1:22", Medium.FIBRE),
    ]
    refreshed = ports.parse_ports(read("DES-3200-28-C1_4.46.B008/ports.refresh.txt")).rows
    assert [row.link_up for row in refreshed] == [row.link_up for row in rows]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("5  Weird  Auto/Disabled  100M/Full/None  Enabled", PortStatus("5", None, True, 100, True, True)),
        ("5  Enabled  Auto/Disabled  Strange  Enabled", PortStatus("5", True, None, autonegotiation=True)),
        ("5  Enabled  ???  100M/Full/None  Enabled", PortStatus("5", True, True, 100, True)),
        ("5  Enabled  Auto/Disabled  2.5G/Full/None  Enabled", PortStatus("5", True, True, 2500, True, True)),
        ("5  Enabled  Auto/Disabled  10G/Full/None  Enabled", PortStatus("5", True, True, 10000, True, True)),
    ],
)
def test_an_unknown_word_spoils_its_field_only(row, expected):
    parsed = ports.parse_ports(f" {row}\n")
    assert parsed.rows == (expected,)
    assert bool(parsed.doubts) == (None in (expected.admin_up, expected.link_up))


def test_errors_are_told_apart_by_column():
    (row,) = ports.parse_errors(read("DES-3010G_4.30.B23/errors.txt")).rows
    assert (row.port, row.crc, row.in_fragments, row.in_drops) == ("8", 1532, 41, 8)
    assert (row.late_collisions, row.excessive_collisions, row.collisions, row.out_deferred) == (17, 1, 108, 0)
    (me,) = ports.parse_errors(read("DGS-1210-28-ME_6.10.B030/errors.txt")).rows
    assert (me.crc, me.in_drops, me.out_deferred) == (204, 19, None)


def test_counters():
    (row,) = ports.parse_packets(read("DGS-1210-28-ME_6.10.B030/counters.txt")).rows
    assert row == PortCounters("26", 155810310186, 155883519104, 1676097218, 1676086408, 1676097213, 7, 5)
    beside = " Port Number : 3\n 64      3275  10     RX Bytes   408973  1657\n Unicast RX  152  1   TX Frames  7  0\n"
    assert ports.parse_packets(beside).rows == (PortCounters("3", 408973, out_frames=7, in_unicast=152),)


def test_mac_tables():
    rows = tables.parse_fdb(read("DES-3526-A4_6.00.B57/macs.txt")).rows
    assert rows[0] == MacEntry("021b11003526", None, 100, "manage", MacKind.SELF)
    assert rows[2] == MacEntry("02151754 37dc".replace(" ", ""), "26", 354, "client-354", MacKind.DYNAMIC)
    assert [row.kind for row in rows[3:]] == [MacKind.SECURED, MacKind.SECURED, MacKind.DYNAMIC, MacKind.BLOCKED]
    assert rows[5].port == "T1"
    stack = tables.parse_fdb(read("DGS-3120-24TC_3.00.B022/macs.txt")).rows
    assert stack[2] == MacEntry("022401fc3375", "2:11", 9, "link", MacKind.STATIC)
    nameless = tables.parse_fdb("12    02-00-00-00-00-01  7 Dynamic\n").rows
    assert nameless == (MacEntry("020000000001", "7", 12, None, MacKind.DYNAMIC),)


def test_vlans():
    vlans = tables.parse_vlans(read("DGS-3120-24TC_3.00.B022/vlans.txt")).rows
    assert (vlans[1].untagged, vlans[1].tagged) == (("1:3", "1:4", "1:5"), ("1:1", "1:6", "1:24"))
    old = tables.parse_vlans(read("DGS-3100-24TG_3.00.43/vlans.txt")).rows
    assert old[1].untagged == ("1:1",)
    assert old[1].tagged == ("1:2", "1:3", "1:10", "1:11", "2:1", "2:2")
    classic = tables.parse_vlans(read("DES-3028_2.94.B22/vlans.txt")).rows
    assert {row.port: row for row in vlans_of_ports(classic)}["25"] == PortVlans("25", None, (1051,))
    by = {row.port: row for row in tables.parse_vlan_ports(read("DGS-3200-10_2.21.B008/vlans.ports.txt")).rows}
    assert by["9"] == PortVlans("9", 501, (2, 90))


def test_arp_leaves_out_broadcasts():
    rows = tables.parse_arp(read("DGS-3120-24TC_3.00.B022/arp.txt")).rows
    assert [(row.ip, row.static) for row in rows] == [("192.0.2.1", False), ("192.0.2.4", True), ("192.0.2.9", True)]


def test_bindings_and_blocked_clients():
    assert tables.parse_bindings(read("DES-3200-28-C1_4.46.B008/bindings.txt")).rows == (
        Binding("028bca7fc5a3", "192.0.2.30", ("3",), None, True, True, 790881),
        Binding("021f1fb1fbd1", "192.0.2.60", ("6",), None, True, False, 390),
    )
    assert tables.parse_bindings(read("DES-3200-28-C1_4.46.B008/bindings.static.txt")).rows == (
        Binding("020000000011", "192.0.2.11", ("1", "3", "4", "5"), None, False, True),
        Binding("020000000012", "192.0.2.12", ("7",), None, True, False),
    )
    (row,) = tables.parse_fdb(read("DES-3200-28-C1_4.46.B008/blocked.txt")).rows
    assert row == MacEntry("020c6eaab9c0", "7", 501, "house-14", MacKind.BLOCKED)


def test_igmp_groups():
    new = tables.parse_igmp_groups(read("DES-3200-28-C1_4.46.B008/igmp-groups.txt")).rows
    assert new[1] == IgmpGroup("239.10.1.9", 90, "198.51.100.5", ("2", "7"))
    old = tables.parse_igmp_groups(read("DES-3526-A4_6.00.B57/igmp-groups.txt")).rows
    assert old == (IgmpGroup("239.10.1.5", ports=("2", "7")), IgmpGroup("239.10.1.9", ports=("7",)))


def test_loops():
    rows = tables.parse_loops(read("DES-3200-28-C1_4.46.B008/loops.txt")).rows
    assert rows[:3] == (LoopState("1", True, False), LoopState("2", True, True), LoopState("3", False, False))


def test_identity_through_a_pager_and_of_a_stack():
    (row,) = unit.parse_identity(read("DGS-1210-28-ME_6.10.B030/identity.raw.txt")).rows
    assert (row.model, row.firmware, row.serial) == ("DGS-1210-28/ME", "6.10.B030", "QB1A2B3000077")
    assert row.uptime_s == 3 * 86400 + 3600 + 123
    stack = unit.parse_identity(read("DGS-3100-24TG_3.00.43/identity.txt")).rows
    assert [unit.serial for unit in stack] == ["F3AB318C000636", "F3AB299000059"]
    (old,) = unit.parse_identity(read("DES-3526-A4_6.00.B57/identity.txt")).rows
    assert (old.serial, old.uptime_s, old.mac) == (None, None, "021b11003526")


def test_neighbours():
    rows = unit.parse_neighbours(read("DES-3010G_4.30.B23/neighbours.txt")).rows
    assert [(row.port, row.port_id) for row in rows] == [("8", "eth0"), ("9", "9")]
    assert rows[1].port_description == "D-Link DES-3010G R4.30.B23 Port 9"
    (stack,) = unit.parse_neighbours(read("DGS-3100-24TG_3.00.43/neighbours.txt")).rows
    assert (stack.port, stack.port_id, stack.chassis_id, stack.address) == ("1:9", "20", "021cf023e500", None)


def test_log_lines_are_joined_and_name_their_port():
    rows = unit.parse_log(read("DES-3526-A4_6.00.B57/log.txt")).rows
    assert rows[0].port == "2"
    assert "discarded by IP-mac-port binding (IP: 192.0.2.77" in rows[2].text
    assert rows[2].port == "20"
    assert "IP: 192.0.2.9, MAC" in rows[4].text
    levels = unit.parse_log(read("DGS-3120-24TC_3.00.B022/log.txt")).rows
    assert [(row.level, row.port) for row in levels] == [("INFO", "1:2"), ("CRIT", "1:3"), ("WARN", "1:7")]


def test_optics_in_milliwatts_and_dbm():
    mw = unit.parse_optics(read("DGS-3627G_3.03.B22/optics.txt")).rows
    assert mw == (Optics("1", 45.2305, 3.2733, 31.584, -12.38, -10.32), Optics("2"))
    db = unit.parse_optics(read("DES-3200-28-C1_4.46.B008/optics.dbm.txt")).rows
    assert db[2] == Optics("27", 41.5, 3.29, 24.1, -5.43, -11.2)
    dark = unit.parse_optics(read("DGS-3100-24TG_3.00.43/optics.txt")).rows
    assert (dark[1], dark[3].rx_dbm) == (Optics("1:10"), -40.0)
    headless = unit.parse_optics("  1   45.2   3.2   31.5   0.05   0.09\n")
    assert (headless.rows[0].rx_dbm, len(headless.doubts)) == (None, 1)


def test_load_and_ping():
    assert parse_load(read("DES-3200-28-C1_4.46.B008/load.txt")).rows == (Load(20, 10, 7),)
    assert unit.parse_ping(read("DES-3200-28-C1_4.46.B008/ping.txt")).rows == (PingResult(4, 3, 10, 10.7, 12),)
    me = "5 Packets Transmitted, 0 Packets Received, 100% Packets Loss\n"
    assert unit.parse_ping(me).rows == (PingResult(5, 0),)


def test_a_port_in_detail():
    assert unit.parse_port_details(read("DES-3200-28-C1_4.46.B008/ports.details.txt")).rows == (
        PortStatus("2", None, True, 10, False, True, description="flat 17"),
        PortStatus("3", None, False, None, None, True),  # what is set is not the speed of a link
    )


def test_the_cable_test_of_another_name_has_the_same_rows():
    rows = ports.parse_cable(read("DGS-1210-28-ME_6.10.B030/cable-test.txt")).rows
    assert [(row.port, row.link_up, row.state, row.length_m) for row in rows] == [
        ("1", True, PairState.OK, 42),
        ("2", False, PairState.FAULT, None),
        ("3", False, PairState.NO_CABLE, None),
        ("4", False, PairState.SHUT_DOWN, 17),
    ]
    assert [(pair.state, pair.length_m) for pair in rows[1].pairs] == [
        (PairState.OPEN, 31),
        (PairState.OPEN, 31),
        (PairState.OK, None),
        (PairState.SHORT, 2),
    ]
