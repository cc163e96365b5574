"""Cisco IOS and IOS-XE: what our recordings say, trap by trap."""

from tests.contract.drivers.recordings import DATA
from uzel.core.answers import (
    Binding,
    Blocked,
    CablePair,
    IgmpGroup,
    MacEntry,
    MacKind,
    Medium,
    Optics,
    PairState,
    PingResult,
    PortStatus,
    PortVlans,
)
from uzel.drivers import cisco_ios_neighbours as neighbours
from uzel.drivers import cisco_ios_ports as ports
from uzel.drivers import cisco_ios_tables as tables
from uzel.drivers import cisco_ios_unit as unit
from uzel.drivers.cli_names import if_name


def read(path: str) -> str:
    return (DATA / "cisco_ios" / path).read_bytes().decode()


def test_port_names_are_those_of_if_mib():
    long = ["GigabitEthernet0/1", "GigabitEthernet 0/1", "Gig 0/1", "Gi0/1", "TenGigabitEthernet1/1/3", "Vlan10"]
    assert [if_name(name) for name in long] == ["Gi0/1", "Gi0/1", "Gi0/1", "Gi0/1", "Te1/1/3", "Vl10"]
    assert if_name("Port 1") == "Port1"


def test_status():
    rows = {row.port: row for row in ports.parse_status(read("WS-C2960-24TT_12.2-55-SE/ports.status.txt")).rows}
    assert rows["Fa0/1"] == PortStatus("Fa0/1", True, True, 100, True, True, Medium.COPPER, description="house 14 sw1")
    assert (rows["Fa0/2"].link_up, rows["Fa0/2"].description) == (False, "Not connected yet")
    assert (rows["Fa0/3"].admin_up, rows["Fa0/3"].speed_mbps) == (False, None)  # a forced speed is no live one
    assert rows["Fa0/4"].blocked is Blocked.ERROR
    assert (rows["Fa0/5"].speed_mbps, rows["Fa0/5"].full_duplex) == (10, False)
    assert (rows["Gi0/1"].medium, rows["Gi0/1"].autonegotiation) == (Medium.FIBRE, False)
    odd = ports.parse_status("Gi1/0/23  text   connected: TDR 1   a-full  a-100 10/100/1000BaseTX\n").rows
    assert odd[0].link_up


def test_interfaces():
    rows = ports.parse_interfaces(read("C9300-48T_17.6.4/ports.txt")).rows
    assert rows[0] == PortStatus("Gi1/0/1", False, False, autonegotiation=True)
    assert rows[1] == PortStatus("Te1/1/3", True, True, 10000, True, description="to district 2")
    assert (rows[2].blocked, rows[2].admin_up) == (Blocked.ERROR, True)
    (half,) = ports.parse_interfaces(read("WS-C2960-24TT_12.2-55-SE/ports.txt")).rows
    assert (half.speed_mbps, half.full_duplex, half.description) == (10, False, "old kiosk at Mira 31")


def test_errors_and_counters():
    (row,) = ports.parse_interface_errors(read("WS-C2960-24TT_12.2-55-SE/errors.txt")).rows
    assert (row.crc, row.in_errors, row.in_undersize, row.in_drops, row.out_drops) == (1771, 1804, 31, 7, 12)
    assert (row.late_collisions, row.collisions, row.out_deferred) == (57, 440, 9)
    (traffic,) = ports.parse_interface_counters(read("WS-C2960-24TT_12.2-55-SE/counters.txt")).rows
    assert (traffic.in_frames, traffic.in_octets, traffic.in_broadcast) == (96332814, 918789533, 2829134)
    all_ports = ports.parse_counters_errors(read("C9300-48T_17.6.4/errors.all.txt")).rows
    assert len(all_ports) == 2
    assert (all_ports[1].crc, all_ports[1].late_collisions, all_ports[1].in_oversize) == (81, 4, 3)


def test_cable_test():
    (row,) = ports.parse_tdr(read("WS-C3560-24TS_12.2-44-SE2/cable-test.txt")).rows
    assert (row.port, row.state, row.accuracy_m) == ("Gi0/4", PairState.FAULT, 4)
    assert row.pairs[2] == CablePair(3, PairState.SHORT, 8)
    (unfinished,) = ports.parse_tdr(read("C9300-48T_17.6.4/cable-test.txt")).rows
    assert unfinished.pairs[2:] == (
        CablePair(3, PairState.OPEN, 8),
        CablePair(4, PairState.NOT_FINISHED),
    )
    wires = "Interface Speed Local pair Cable length Remote channel Status\nGi2/7 0Mbps 1-2 46 +/-1m Unknown Open\n"
    (other,) = ports.parse_tdr(wires + "3-6 45 +/-1m Unknown Open\n").rows
    assert other.pairs == (CablePair(1, PairState.OPEN, 46), CablePair(2, PairState.OPEN, 45))


def test_mac_tables_of_three_generations():
    rows = tables.parse_macs(read("WS-C3560-24TS_12.2-44-SE2/macs.txt")).rows
    assert rows[0] == MacEntry("02044b17bf17", "Po1", 5, None, MacKind.DYNAMIC)
    assert [(row.port, row.kind) for row in rows[2:]] == [("Vl122", MacKind.SELF), ("Gi0/3", MacKind.STATIC)]
    old = tables.parse_macs(read("WS-C3524-XL_12.0-5-WC/macs.txt")).rows
    assert (old[0].port, old[0].vlan, old[2].kind) == ("Fa0/1", 1, MacKind.SECURED)
    big = tables.parse_macs(read("WS-C6509_12.2-18-SXF13/macs.txt")).rows
    assert [(row.mac, row.port, row.kind) for row in big[1:]] == [
        ("021ff79697fb", "Gi8/3", MacKind.DYNAMIC),
        ("020ff8cf980a", None, MacKind.SELF),
    ]
    aged = tables.parse_macs(read("WS-C6509_12.2-18-SXF13/macs.age.txt")).rows
    assert [row.port for row in aged] == ["Te2/5/4", "Po4", None]


def test_arp():
    rows = tables.parse_arp(read("WS-C3560-24TS_12.2-44-SE2/arp.txt")).rows
    assert [(row.mac is None, row.vlan, row.static, row.age_min) for row in rows] == [
        (False, 10, True, None),
        (True, None, False, 0),
        (False, 10, False, 142),
        (False, None, False, 3),
    ]


def test_vlans():
    rows = tables.parse_vlans(read("WS-C3560-24TS_12.2-44-SE2/vlans.txt")).rows
    assert rows[0].untagged == ("Gi0/2", "Gi0/5", "Gi0/6", "Gi0/7", "Gi0/8", "Gi0/9")
    assert (rows[2].vlan, rows[2].name) == (501, "house 14")
    ports_ = tables.parse_switchport(read("WS-C3560-24TS_12.2-44-SE2/vlans.switchport.txt")).rows
    assert ports_[0] == PortVlans("Gi0/1", 1, (10, 102, 103, 104, 501, 503), False, "trunk")
    assert ports_[1] == PortVlans("Gi0/12", 501, (200,), False, "access")
    assert ports_[2] == PortVlans("Gi0/24", 1, (), True, "trunk")


def test_neighbours():
    (row,) = neighbours.parse_lldp(read("WS-C3560-24TS_12.2-44-SE2/neighbours.txt")).rows
    assert (row.port, row.system_name, row.address) == ("Fa0/1", "sadovaya-15", "192.0.2.146")
    assert row.system_description == "Layer2+ Fast Ethernet Standalone Switch ES3526XA"
    many = neighbours.parse_lldp(read("C9300-48T_17.6.4/neighbours.txt")).rows
    assert [(n.port, n.chassis_id, n.system_name) for n in many] == [
        ("Gi1/0/2", "022586c9aaaa", None),
        ("Te1/1/3", "02f128795555", "district-2"),
    ]
    odd = neighbours.parse_lldp(
        "Local Intf: Gi1/0/1\nChassis id: 0212.cff7.dee0\nSystem Name: 02:48:c1:c4:dd:dd\n"
    ).rows[0]
    assert (odd.chassis_id, odd.system_name) == ("0212cff7dee0", "02:48:c1:c4:dd:dd")  # a name is not tidied up
    brief = neighbours.parse_lldp_brief(read("WS-C3560-24TS_12.2-44-SE2/neighbours.brief.txt")).rows
    assert [(n.system_name, n.port) for n in brief[2:]] == [
        ("ex3200_Moskovskaya2b", "Gi1/0/4"),
        ("Phone in hall", "Gi1/0/2"),
    ]
    cdp = neighbours.parse_cdp(read("C9300-48T_17.6.4/neighbours.cdp.txt")).rows
    assert (cdp[0].port, cdp[0].port_id, cdp[0].address) == ("Gi1/0/16", "Gi0/1", "192.0.2.45")
    assert cdp[0].system_description.startswith("cisco WS-C3560-24TS, Cisco IOS Software")
    assert (cdp[1].address, cdp[1].system_name) == (None, "SEP02000000AA01")


def test_identity():
    (row,) = unit.parse_identity(read("WS-C2960-24TT_12.2-55-SE/identity.txt")).rows
    assert (row.model, row.firmware, row.serial) == ("WS-C2960-24TT-L", "12.2(55)SE", "FOC0000X1YZ")
    assert (row.name, row.mac, row.revision) == ("mira-agg1", "021c57aabb00", "D0")
    assert row.uptime_s == 31536000 + 17 * 604800 + 2 * 86400 + 4 * 3600 + 21 * 60


def test_optics_columns_are_those_of_the_heading():
    rows = unit.parse_optics(read("C9300-48T_17.6.4/optics.txt")).rows
    assert rows == (
        Optics("Te1/1/1", 40.6, 3.3, 35.4, -2.2, None),
        Optics("Te1/1/3", 35.5, 3.31, 36.1, -2.4, -40.0),
        Optics("Te1/1/4", 49.5, 3.3, 36.0, -2.1, -14.7),
    )
    assert unit.parse_optics(read("WS-C6509_12.2-18-SXF13/optics.txt")).rows == (
        Optics("Te1/49", 23.1, 3.29, None, -2.2, -3.0),
    )


def test_log():
    rows = unit.parse_log(read("C9300-48T_17.6.4/log.txt")).rows
    assert [(row.port, row.level) for row in rows] == [
        ("Gi1/0/3", "5"), ("Gi1/0/3", "3"), (None, "5"), ("Gi1/0/9", "4"), (None, None),
    ]  # fmt: skip
    assert rows[1].at == "Jun 19 03:02:32.838 MSK"
    assert "Catalyst L3 Switch Software" in rows[2].text


def test_small_answers():
    assert unit.parse_load(read("C9300-48T_17.6.4/load.txt")).rows[0].cpu_5m_percent == 5
    assert unit.parse_ping(read("C9300-48T_17.6.4/ping.txt")).rows == (PingResult(4, 3, 1, 2, 4),)
    lost = unit.parse_ping(".....\nSuccess rate is 0 percent (0/5)\n")
    assert lost.rows == (PingResult(5, 0),)
    assert tables.parse_bindings(read("C9300-48T_17.6.4/bindings.txt")).rows == (
        Binding("021a4df1145d", "192.0.2.51", ("Gi1/0/5",), 501, True, None, 86250),
        Binding("021a4df1145e", "192.0.2.52", ("Gi1/0/6",), 502, False, None, None),
    )
    assert tables.parse_igmp_groups(read("C9300-48T_17.6.4/igmp-groups.txt")).rows[0] == IgmpGroup(
        "239.10.1.5", 90, None, ("Gi1/0/5", "Gi1/0/6", "Te1/1/3")
    )


def test_the_brief_table_of_cdp_neighbours():
    told = neighbours.parse_cdp_brief(read("WS-C3560-24TS_12.2-44-SE2/neighbours.cdp-brief.txt"))
    assert [(row.port, row.system_name, row.system_description, row.port_id) for row in told.rows] == [
        ("Gi0/1", "okrug-1-core", "WS-C4506", "Gi1/5"),
        ("Fa0/1", "district-1", "WS-C3524-X", "Fa0/13"),  # the platform runs into the port
        ("Fa0/7", "SEP020011AA0001", "IP Phone", "Port1"),
        ("Gi0/2", "gw.desk.example.net", None, "Gi0/0"),  # the name has a line of its own
    ]
    assert {row.protocol for row in told.rows} == {"cdp"}
