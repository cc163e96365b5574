"""Headings of blocks in shapes that no recording has: nobody gets the values of another."""

import pytest

from tests.contract.drivers.recordings import TEXTS
from uzel.drivers.cisco_ios_ports import parse_interface_errors as parse_show_errors
from uzel.drivers.cisco_ios_ports import parse_interfaces
from uzel.drivers.cli_whole import guarded
from uzel.drivers.dlink_ports import parse_errors, parse_packets
from uzel.drivers.dlink_tables import parse_vlans
from uzel.drivers.dlink_unit import parse_identity
from uzel.drivers.huawei_vrp_ports import parse_interface_errors as parse_display_errors

VLAN = "VID             : {}          VLAN Name     : {}\n"
PORTS = "VLAN Type       : Static\nMember Ports    : {0}\nUntagged Ports  : {0}\n\n"


@pytest.mark.parametrize(("head", "name"), [("VLAN ID : 20", None), ("VID : 20  (VLAN Name : users)", "users")])
def test_a_vlan_is_known_by_each_of_its_headings(head, name):
    parsed = parse_vlans(f"{VLAN.format(10, 'flats')}{PORTS.format('1-8')}{head}\n{PORTS.format('9-24')}")
    assert [(row.vlan, row.name, len(row.untagged)) for row in parsed.rows] == [(10, "flats", 8), (20, name, 16)]
    assert parsed.not_understood == parsed.doubts == ()


@pytest.mark.parametrize("log", ["Port 7 link down", "INFO: Port 7 link up, 100Mbps FULL duplex", "WARN: a storm on 3"])
def test_a_message_without_a_clock_in_a_heading_leaves_no_vlan_the_ports_of_another(log):
    first, second = VLAN.format(10, "flats") + PORTS.format("1-8"), VLAN.format(701, "shop") + PORTS.format("9-24")
    for at in range(1, len(VLAN) - 5):
        parsed = guarded(parse_vlans)(f"{first}{second[:at]}{log}\n{second[at:]}")
        assert [(row.vlan, len(row.untagged)) for row in parsed.rows] == [(10, 8)], at
        assert any(log in line for line in parsed.not_understood)


CISCO = """\
{} is up, line protocol is up (connected)
  Full-duplex, 100Mb/s, media type is 10/100BaseTX
     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored
"""
CISCO_OTHER = """\
{}
  Half-duplex, 10Mb/s, media type is 10/100BaseTX
     999 input errors, 999 CRC, 0 frame, 0 overrun, 0 ignored
"""


def test_an_indented_heading_opens_the_block_of_its_own_port():
    head = " GigabitEthernet0/2 is up, line protocol is up (connected)"
    text = CISCO.format("GigabitEthernet0/1") + CISCO_OTHER.format(head)
    assert [(row.port, row.speed_mbps) for row in parse_interfaces(text).rows] == [("Gi0/1", 100), ("Gi0/2", 10)]
    assert [(row.port, row.crc) for row in parse_show_errors(text).rows] == [("Gi0/1", 0), ("Gi0/2", 999)]


@pytest.mark.parametrize(
    "head",
    [
        " GigabitEthernet0/2 is up, protocol is up",
        "  GigabitEthernet0/2 is up",
        "GigabitEthernet0/2: up",
        "Whatever is up, line protocol is up",
        "GigabitEthernet0/2|up|line protocol up",
    ],
)
def test_under_a_heading_of_an_unknown_shape_all_is_reported(head):
    text = CISCO.format("GigabitEthernet0/1") + CISCO_OTHER.format(head)
    for parse in (parse_interfaces, parse_show_errors):
        parsed = parse(text)
        assert [row.port for row in parsed.rows] == ["Gi0/1"]
        assert len(parsed.not_understood) == 3
    assert parse_interfaces(text).rows[0].speed_mbps == 100 and parse_show_errors(text).rows[0].crc == 0


HUAWEI = "{}\nInput:  10 packets, 900 bytes\n  CRC:             {},  Giants:               0\n"


@pytest.mark.parametrize(
    ("head", "crc"),
    [
        ("GigabitEthernet0/0/2 current link state : DOWN", [0, 7]),
        ("GigabitEthernet0/0/2 current physical state : DOWN", [0]),
        ("GigabitEthernet0/0/2 is DOWN", [0]),
        ("GigabitEthernet0/0/2 state : DOWN", [0]),
    ],
)
def test_errors_are_not_those_of_the_next_port(head, crc):
    text = HUAWEI.format("GigabitEthernet0/0/1 current state : UP", 0) + HUAWEI.format(head, 7)
    parsed = parse_display_errors(text)
    assert [row.crc for row in parsed.rows] == crc
    assert len(parsed.not_understood) == (0 if len(crc) == 2 else 3)


def test_the_counters_of_a_combo_port_are_its_own():
    lines = "CRC Error        {}            Excessive Deferral    0\n"
    text = f"Port number : 24\n{lines.format(0)}Port Number : 25(C)\n{lines.format(7)}"
    assert [(row.port, row.crc) for row in parse_errors(text).rows] == [("24", 0), ("25", 7)]
    text = "Port number : 24\n RX Bytes   1\nPort Number : 25(F)\n RX Bytes   2\n"
    assert [(row.port, row.in_octets) for row in parse_packets(text).rows] == [("24", 1), ("25", 2)]


@pytest.mark.parametrize("name", [name for name in TEXTS if "/identity" in name])
def test_an_indented_identity_is_still_whole(name):
    parse, text = TEXTS[name]
    assert parse("".join(f"  {line}" for line in text.splitlines(keepends=True))).rows == parse(text).rows


def test_a_serial_number_is_one_word():
    parsed = parse_identity("Device Type : DES-3028\nSerial Number : Port 7 link down\n")
    assert parsed.rows[0].serial is None
    assert parsed.doubts == ("Serial Number : Port 7 link down",)
