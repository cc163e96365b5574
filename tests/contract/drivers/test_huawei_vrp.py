"""Huawei VRP 3, 5 and 8: what our recordings say, trap by trap."""

import time

from tests.contract.drivers.recordings import DATA
from uzel.core.answers import (
    Binding,
    Blocked,
    CablePair,
    IgmpGroup,
    LoopState,
    MacKind,
    Medium,
    Optics,
    PairState,
    PingResult,
    PortStatus,
    PortVlans,
    VlanMembers,
)
from uzel.drivers import huawei_vrp_ports as ports
from uzel.drivers import huawei_vrp_tables as tables
from uzel.drivers import huawei_vrp_unit as unit


def read(path: str) -> str:
    return (DATA / "huawei_vrp" / path).read_bytes().decode()


def test_short_names_become_those_of_if_mib():
    names = ["GE0/0/1", "XGE0/0/1", "Eth0/0/10", "Eth-Trunk1", "40GE0/0/1", "GigabitEthernet15/1/0(10G)"]
    assert [ports.if_name(name) for name in names] == [
        "GigabitEthernet0/0/1",
        "XGigabitEthernet0/0/1",
        "Ethernet0/0/10",
        "Eth-Trunk1",
        "40GE0/0/1",
        "GigabitEthernet15/1/0",
    ]


def test_brief_states():
    rows = {row.port: row for row in ports.parse_brief(read("S2326TP-EI_5.70/ports.brief.txt")).rows}
    assert rows["Ethernet0/0/1"] == PortStatus("Ethernet0/0/1", True, False)
    assert rows["Ethernet0/0/2"] == PortStatus("Ethernet0/0/2", False, False)
    assert rows["GigabitEthernet0/0/1"].link_up
    newer = ports.parse_brief(read("S5730-48C-SI_5.170/ports.brief.txt")).rows
    assert [row.blocked for row in newer] == [None, Blocked.LOOP, Blocked.LOOP, None, None]
    errors = {row.port: row for row in ports.parse_brief_errors(read("S2326TP-EI_5.70/errors.brief.txt")).rows}
    assert (errors["Ethernet0/0/3"].in_errors, errors["Ethernet0/0/3"].out_errors) == (12668, 7)


def test_hash_down_is_a_loop_only_where_the_legend_says_so():
    row = "GE0/0/2   #down   --   0%   0%   0   0\n"
    assert ports.parse_brief("#down: EFM Fault\n" + row).rows[0].blocked is None
    assert ports.parse_brief("#down: LBDT down\n" + row).rows[0].blocked is Blocked.LOOP


def test_interfaces_of_both_layouts():
    (row,) = ports.parse_interfaces(read("S5730-48C-SI_5.170/ports.txt")).rows
    assert row == PortStatus(
        "GigabitEthernet0/0/3", True, True, 100, False, True, Medium.COPPER, description='flat 14: "quotes"'
    )
    old = ports.parse_interfaces(read("S5328C-EI-24S_5.30/ports.txt")).rows
    assert old[0] == PortStatus(
        "GigabitEthernet0/0/1", True, True, 1000, True, False, Medium.FIBRE, description="To district 3"
    )
    assert (old[1].admin_up, old[1].link_up, old[1].speed_mbps) == (False, False, None)


def test_errors_and_counters_of_both_layouts():
    (row,) = ports.parse_interface_errors(read("S5730-48C-SI_5.170/errors.txt")).rows
    assert (row.crc, row.in_fragments, row.in_symbol, row.in_drops, row.in_errors) == (417, 31, 5, 12, 456)
    assert (row.late_collisions, row.excessive_collisions, row.out_drops, row.out_errors) == (17, 1, 8, 18)
    old = ports.parse_interface_errors(read("S5328C-EI-24S_5.30/errors.txt")).rows[0]
    assert (old.crc, old.in_oversize, old.in_undersize, old.collisions, old.out_deferred) == (77, 4, 1, 9, 6)
    (traffic,) = ports.parse_interface_counters(read("S5730-48C-SI_5.170/counters.txt")).rows
    assert (traffic.in_octets, traffic.out_frames, traffic.in_broadcast) == (102809948326, 80488547, 2176)
    assert (traffic.out_unicast, traffic.out_broadcast) == (80180867, 287980)


def test_cable_test():
    (row,) = ports.parse_cable(read("S5730-48C-SI_5.170/cable-test.txt")).rows
    assert (row.port, row.state) == ("GigabitEthernet0/0/48", PairState.FAULT)
    assert row.pairs == (
        CablePair(1, PairState.OPEN, 30),
        CablePair(2, PairState.OPEN, 31),
        CablePair(3, PairState.OK, None),
        CablePair(4, PairState.SHORT, 4),
    )


def test_mac_tables():
    rows = tables.parse_macs(read("S2326TP-EI_5.70/macs.txt")).rows
    assert [(row.port, row.vlan, row.kind) for row in rows] == [
        ("Ethernet0/0/5", 3027, MacKind.SECURED),
        ("Ethernet0/0/24", 102, MacKind.SECURED),
        ("GigabitEthernet0/0/2", 3028, MacKind.DYNAMIC),
        (None, 3028, MacKind.BLOCKED),
    ]
    newer = tables.parse_macs(read("S5730-48C-SI_5.170/macs.txt")).rows
    assert [(row.port, row.vlan) for row in newer] == [("XGigabitEthernet0/0/1", 10), ("Eth-Trunk1", 10)]
    assert tables.parse_macs(read("S5328C-EI-24S_5.30/macs.txt")).rows[0].vlan == 1999


def test_arp_has_its_vlan_on_a_second_line():
    rows = tables.parse_arp(read("S2326TP-EI_5.70/arp.txt")).rows
    assert [(row.port, row.vlan, row.static, row.age_min) for row in rows] == [
        (None, 1300, True, None),
        ("GigabitEthernet0/0/1", 1300, False, 17),
        ("Ethernet0/0/18", 1300, True, None),
    ]


def test_a_megabyte_of_vlans_is_read_in_time_that_grows_with_it():
    def seconds(count):
        rows = "".join(f"{n % 4094 + 1:<4} common  UT:GE0/0/1(U)\n" for n in range(count))
        names = "".join(f"{n % 4094 + 1:<4} enable  default  enable  disable  VLAN {n}\n" for n in range(count))
        began = time.process_time()
        parsed = tables.parse_vlans(rows + names)
        assert (len(parsed.rows), parsed.rows[-1].name) == (count, f"VLAN {count - 1}")
        return time.process_time() - began

    # Eight times as much took sixty times as long.
    assert seconds(8_000) < 24 * min(seconds(1_000) for _ in range(3))


def test_vlans():
    rows = tables.parse_port_vlans(read("S2326TP-EI_5.70/vlans.txt")).rows
    assert rows[0] == PortVlans("Ethernet0/0/1", 1390, (1, 1300, 1391, 1392, 1393, 1394), mode="trunk")
    assert rows[1] == PortVlans("Ethernet0/0/2", 1300, mode="access")
    assert rows[2] == PortVlans("Ethernet0/0/10", None, mode="hybrid")
    assert rows[3].tagged == (7, 83, 90, 102, 107, 108, 3541)
    listed = tables.parse_vlans(read("S2326TP-EI_5.70/vlans.list.txt")).rows
    assert listed == (VlanMembers(1), VlanMembers(1000), VlanMembers(1393))
    newer = tables.parse_vlans(read("S5730-48C-SI_5.170/vlans.txt")).rows
    assert newer[0].untagged == (
        "XGigabitEthernet0/0/1",
        "GigabitEthernet0/0/2",
        "GigabitEthernet0/0/5",
        "GigabitEthernet0/0/6",
    )
    assert newer[1] == VlanMembers(10, "house 14", tagged=("Eth-Trunk0",))
    old = tables.parse_vlans_vrp3(read("S8505_3.10/vlans.txt")).rows
    assert old[0].untagged == ("GigabitEthernet3/1/4", "GigabitEthernet3/1/6", "GigabitEthernet3/1/24")
    assert old[1] == VlanMembers(69, "Management", tagged=("GigabitEthernet2/1/4",))


def test_neighbours():
    (row,) = unit.parse_neighbours(read("S2326TP-EI_5.70/neighbours.txt")).rows
    assert (row.port, row.chassis_id, row.port_id) == ("GigabitEthernet0/0/1", "021882c72496", "GigabitEthernet0/0/4")
    assert (row.system_name, row.address) == ("district-3", "192.0.2.2")
    assert row.system_description.startswith("S5328C-EI-24S Huawei Versatile")
    (eight,) = unit.parse_neighbours(read("NE40E_8.180/neighbours.txt")).rows
    assert (eight.system_name, eight.address) == ("centre-core2", "192.0.2.7")


def test_identity():
    (row,) = unit.parse_identity(read("S2326TP-EI_5.70/identity.txt")).rows
    assert (row.model, row.firmware, row.revision) == ("S2326TP-EI", "5.70 V100R005C01SPC100", "VER C")
    assert row.uptime_s == 5 * 604800 + 5 * 86400 + 16 * 3600 + 14 * 60
    (three,) = unit.parse_identity(read("S8505_3.10/identity.txt")).rows
    assert (three.model, three.firmware) == ("S8505", "3.10 1648P01")
    (eight,) = unit.parse_identity(read("NE40E_8.180/identity.txt")).rows
    assert (eight.model, eight.firmware) == ("NE40E-X2-M8A", "8.180 V800R011C00SPC200")


def test_optics_thresholds_are_not_values():
    assert unit.parse_optics(read("S5730-48C-SI_5.170/optics.txt")).rows == (
        Optics("XGigabitEthernet0/0/1", 37.31, 3.39, 30.24, -2.05, -18.64),
    )
    ne = "GigabitEthernet0/3/4\nRx Power: -31.54dBm, Warning range: [-33.979,  -9.003]dBm\n"
    assert unit.parse_optics(ne).rows == (Optics("GigabitEthernet0/3/4", rx_dbm=-31.54),)


def test_small_answers():
    assert tables.parse_bindings(read("S5730-48C-SI_5.170/bindings.txt")).rows == (
        Binding("021a4df1145d", "192.0.2.51", ("GigabitEthernet0/0/5",), 501, True),
    )
    groups = tables.parse_igmp_groups(read("S5730-48C-SI_5.170/igmp-groups.txt")).rows
    assert groups == (
        IgmpGroup("239.10.1.5", 90, None, ("GigabitEthernet0/0/5", "GigabitEthernet0/0/6")),
        IgmpGroup("239.10.1.9", 90, "198.51.100.5", ("GigabitEthernet0/0/5",)),
    )
    assert tables.parse_loops(read("S5730-48C-SI_5.170/loops.txt")).rows == (
        LoopState("GigabitEthernet0/0/1", True, False),
        LoopState("GigabitEthernet0/0/2", True, True),
    )
    log = unit.parse_log(read("S5730-48C-SI_5.170/log.txt")).rows
    assert [(row.port, row.level) for row in log] == [("GigabitEthernet0/0/3", "4"), (None, "4"), (None, "5")]
    assert log[1].text.endswith("BaseTrapSeverity=4)")
    assert unit.parse_load(read("S5730-48C-SI_5.170/load.txt")).rows[0].cpu_1m_percent == 27
    assert unit.parse_ping(read("S5730-48C-SI_5.170/ping.txt")).rows == (PingResult(4, 3, 1, 2, 3),)
    lost = "    5 packet(s) transmitted\n    0 packet(s) received\n    100.00% packet loss\n"
    assert unit.parse_ping(lost).rows == (PingResult(5, 0),)


def test_the_brief_table_of_vrp_3():
    rows = ports.parse_brief_vrp3(read("S3928P-EI_3.10/ports.brief.txt")).rows
    told = {row.port: (row.admin_up, row.link_up, row.speed_mbps, row.full_duplex, row.description) for row in rows}
    assert told["Ethernet1/0/1"] == (True, False, None, None, None)
    assert told["Ethernet1/0/2"] == (True, True, 100, True, "flat 17")
    assert told["Ethernet1/0/3"] == (True, True, 10, False, None)
    assert told["Ethernet1/0/4"] == (False, False, None, None, None)
    assert told["GigabitEthernet1/1/1"] == (True, True, 1000, True, "to okrug-1-core")


def test_groups_with_their_ports_below_them():
    rows = tables.parse_igmp_groups(read("NE40E_8.180/igmp-groups.txt")).rows
    assert [(row.group, row.vlan, row.source, row.ports) for row in rows] == [
        ("239.10.1.5", 90, None, ("GigabitEthernet1/0/6", "GigabitEthernet1/0/7.90")),
        ("239.10.1.9", 90, "198.51.100.5", ("Eth-Trunk3",)),
        ("239.10.1.7", None, None, ()),  # behind a pseudo wire, of a VSI
    ]
