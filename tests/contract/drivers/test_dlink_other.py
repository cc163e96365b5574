"""D-Link's shell in Cisco's likeness and the DES-21xx: what our recordings say."""

from tests.contract.drivers.recordings import DATA
from uzel.core.answers import Blocked, CablePair, MacKind, Medium, PairState, PortStatus, PortVlans
from uzel.drivers import dlink_cisco_tables as shell
from uzel.drivers import dlink_des21_tables as old
from uzel.drivers.dlink_ports import parse_cable
from uzel.drivers.dlink_unit import parse_identity as parse_switch


def read(path: str) -> str:
    return (DATA / path).read_bytes().decode()


RGOS = "dlink_cisco/DGS-3610-26G_10.3-5T16"
NEW = "dlink_cisco/DGS-1510-28X_1.60.017"


def test_identity():
    (row,) = shell.parse_identity(read(f"{RGOS}/identity.txt")).rows
    assert (row.model, row.firmware, row.revision, row.uptime_s) == ("DGS-3610-26G", "10.3(5T16)", "A1.0", 5693)
    (new,) = shell.parse_identity(read(f"{NEW}/identity.txt")).rows
    assert (new.model, new.firmware, new.revision, new.mac) == ("DGS-1510-28X", "1.60.017", "A1", "027d68363000")


def test_ports():
    rows = shell.parse_ports(read(f"{RGOS}/ports.txt")).rows
    assert rows[0] == PortStatus("Gi0/1", None, False, medium=Medium.FIBRE)
    assert (rows[1].admin_up, rows[2].speed_mbps, rows[2].full_duplex) == (False, 100, True)
    new = shell.parse_ports(read(f"{NEW}/ports.txt")).rows
    assert new[0] == PortStatus("eth1/0/1", True, True, 100, True, medium=Medium.COPPER)
    assert (new[1].admin_up, new[1].link_up, new[3].blocked) == (True, False, Blocked.ERROR)
    assert (new[4].speed_mbps, new[4].medium) == (10000, Medium.FIBRE)


def test_tables():
    macs = shell.parse_macs(read(f"{RGOS}/macs.txt")).rows
    assert [(row.port, row.kind) for row in macs] == [("Gi0/23", MacKind.DYNAMIC), ("Ag1", MacKind.STATIC)]
    own = shell.parse_macs(read(f"{NEW}/macs.txt")).rows[1]
    assert (own.port, own.kind) == (None, MacKind.SELF)
    arp = shell.parse_arp(read(f"{RGOS}/arp.txt")).rows
    assert [(row.vlan, row.static, row.age_min) for row in arp] == [(1, False, 29), (1, True, None)]
    members = shell.parse_vlans(read(f"{RGOS}/vlans.txt")).rows
    assert members[0].members == ("Gi0/1", "Gi0/2", "Gi0/3", "Gi0/4", "Gi0/5", "Gi0/6")
    tagged = shell.parse_vlans(read(f"{NEW}/vlans.txt")).rows[1]
    assert (tagged.name, tagged.tagged) == ("house 14", ("eth1/0/27", "eth1/0/28"))
    assert tagged.untagged == ("eth1/0/1", "eth1/0/2", "eth1/0/3", "eth1/0/4", "eth1/0/9")
    assert shell.parse_switchport(read(f"{RGOS}/vlans.switchport.txt")).rows == (
        PortVlans("Gi0/1", 7, (), False, "access"),
        PortVlans("Gi0/23", 2, (3, 9), False, "trunk"),
        PortVlans("Ag1", 1, (), True, "trunk"),
    )


def test_neighbours():
    (row,) = shell.parse_neighbours(read(f"{RGOS}/neighbours.txt")).rows
    assert (row.port, row.system_name, row.port_id, row.address) == (
        "Gi0/1",
        "sadovaya-9",
        "0272cf15fa7d",
        "192.0.2.33",
    )
    assert row.system_description.endswith("Device serial number AB0000000001")


def test_cable_test_of_the_new_line():
    rows = parse_cable(read(f"{NEW}/cable-test.txt")).rows
    assert [(row.port, row.state, row.length_m) for row in rows] == [
        ("eth1/0/1", PairState.OK, 65),
        ("eth1/0/2", PairState.SHUT_DOWN, 25),
        ("eth1/0/3", None, None),
        ("eth1/0/4", PairState.FAULT, None),
        ("eth1/0/5", PairState.NO_CABLE, None),
    ]
    assert rows[3].pairs[2] == CablePair(3, PairState.OK, 110)


def test_des21():
    ports = old.parse_ports(read("dlink_des21/DES-2108_3.00.04/ports.txt")).rows
    assert ports == (
        PortStatus("1", None, True, 100, True, True),
        PortStatus("3", None, False, autonegotiation=True),
        PortStatus("4", None, True, 10, False, False),
    )
    static = old.parse_macs(read("dlink_des21/DES-2108_5.01.00/macs.static.txt")).rows
    assert [(row.port, row.vlan, row.kind) for row in static] == [
        ("4", 198, MacKind.STATIC),
        ("3", 198, MacKind.STATIC),
    ]
    vlans = old.parse_vlans(read("dlink_des21/DES-2108_5.01.00/vlans.txt")).rows
    assert (vlans[1].name, vlans[1].tagged, vlans[1].untagged) == ("house 14", ("2", "8"), ("1", "6", "7"))


def test_smart():
    (row,) = parse_switch(read("dlink_smart/DGS-1210-24_2.03.001/identity.txt")).rows
    assert (row.firmware, row.revision, row.serial) == ("2.03.001", "B1", "QB1A2B3000099")
    assert (row.name, row.mac, row.uptime_s) == ("campus-7", "02ad24121024", 3 * 86400 + 4 * 3600 + 306)
