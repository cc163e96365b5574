"""Nothing but a port, a MAC, a VLAN or an address reaches a command line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.core.answers import Operation
from uzel.drivers import cli_input
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_input import BadInputError

PORTS = {"dlink_dxs": ["1", "26", "1:7"], "cisco_ios": ["Gi0/1", "Twe1/0/3", "Po1", "Vl10"]}
PORTS["huawei_vrp"] = ["GigabitEthernet0/0/1", "40GE0/0/1", "Eth-Trunk1", "Ethernet0/0/10"]
PORTS["dlink_cisco"] = ["Gi0/1", "eth1/0/24"]
PORTS["dlink_des21"] = ["8"]
PORTS["dlink_smart"] = ["24"]

ATTACKS = [
    "1\nreset config",
    "1\r\nreboot",
    "1\rsave",
    "1; reboot",
    "1 | include x",
    "1 ?",
    "1\t",
    "1\x03",
    "1\x1b[A",
    "1\x00",
    "all",
    "1-28",
    "1,2",
    "1 state disable",
    " 1",
    "1 ",
    "",
    "-1",
    "١",
    "1'",
    "$(reboot)",
    "`reboot`",
    "{port}",
    "{page.asks}",
    "%s",
    "Gi0/1\nreload",
    "GigabitEthernet0/0/1]",
    "192.0.2.1 times 99999",
    "192.0.2.1\nreload",
]


@pytest.mark.parametrize("name", DRIVERS)
def test_real_ports_pass(name):
    for port in PORTS.get(name, []):
        assert cli_input.port(port, DRIVERS[name]) == port


@pytest.mark.parametrize("name", DRIVERS)
def test_an_attack_reaches_no_command_line(name, subtests):
    page = DRIVERS[name]
    asks = [ask for ways in page.asks.values() for ask in ways]
    for attack in ATTACKS:
        with subtests.test(attack=attack):
            for ask in asks:
                for field, place in (("port_name", "{port}"), ("mac_address", "{mac}"), ("address", "{address}")):
                    if place in ask.command + ask.first:
                        with pytest.raises(BadInputError):
                            cli_input.commands(page, ask, **{field: attack})


@given(st.text(max_size=40), st.sampled_from(sorted(DRIVERS)))
def test_whatever_passes_is_a_port_and_nothing_else(text, name):
    try:
        line = cli_input.port(text, DRIVERS[name])
    except BadInputError:
        return
    assert re.fullmatch(r"[A-Za-z0-9/:.-]+", line)
    assert line == text


@given(st.text(alphabet="0123456789abcdefABCDEF:.- \n", max_size=20))
def test_whatever_passes_is_a_mac(text):
    try:
        written = cli_input.mac(text, "xxxx.xxxx.xxxx")
    except BadInputError:
        return
    assert re.fullmatch(r"(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}", written)


@pytest.mark.parametrize("bad", [0, 4095, -1, True, "", "01", "1 2", "1\n", "4095", "1e3", "٣"])
def test_bad_vlans(bad):
    with pytest.raises(BadInputError):
        cli_input.vlan(bad)
    assert cli_input.vlan("4094") == 4094


@pytest.mark.parametrize(
    "bad", ["0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "10.0.0", "10.0.0.01", "10.0.0.1\n", "::1", "host"]
)
def test_bad_addresses(bad):
    with pytest.raises(BadInputError):
        cli_input.ipv4(bad)


def test_macs_are_written_as_the_make_writes_them():
    styles = [page.mac_style for page in DRIVERS.values()]
    written = {style: cli_input.mac("02:0A:4d:f1:14:5d", style) for style in styles}
    assert written["XX-XX-XX-XX-XX-XX"] == "02-0A-4D-F1-14-5D"
    assert written["xxxx.xxxx.xxxx"] == "020a.4df1.145d"
    assert written["xxxx-xxxx-xxxx"] == "020a-4df1-145d"
    for bad in ("01-00-5E-00-00-01", "FF-FF-FF-FF-FF-FF", "02-0A-4D-F1-14", "02 0A 4D F1 14 5D"):
        with pytest.raises(BadInputError):
            cli_input.mac(bad, "xxxx.xxxx.xxxx")


def test_the_lines_of_a_question():
    page = DRIVERS["huawei_vrp"]
    (cable,) = page.asks[Operation.CABLE_TEST]
    assert cli_input.commands(page, cable, port_name="GigabitEthernet0/0/7") == (
        "system-view", "interface GigabitEthernet0/0/7", "virtual-cable-test", "quit", "quit",
    )  # fmt: skip
    with pytest.raises(BadInputError) as missing:
        cli_input.commands(page, cable)
    assert missing.value.field == "port"
    mac = DRIVERS["dlink_dxs"].asks[Operation.MACS][1]
    assert cli_input.commands(DRIVERS["dlink_dxs"], mac, mac_address="020a4df1145d") == (
        "show fdb mac_address 02-0A-4D-F1-14-5D",
    )


def test_every_question_can_be_written():
    for name, page in DRIVERS.items():
        for asks in page.asks.values():
            for ask in asks:
                port = PORTS.get(name, [None])[0]
                if port:
                    values = {"port_name": port, "mac_address": "020a4df1145d", "vlan_id": 7, "address": "192.0.2.1"}
                    assert cli_input.commands(page, ask, **values)
