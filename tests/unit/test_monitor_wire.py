"""What comes from the wire by itself, hostile or not: BER, traps, syslog."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.drivers import ber, pulse, syslog, traps


def message(version: int, pdu: int, body: bytes, community: bytes = b"public") -> bytes:
    head = ber.integer(version) + ber.tlv(ber.OCTETS, community)
    return ber.tlv(ber.SEQUENCE, head + ber.tlv(pdu, body))


def bindings(*pairs: tuple[str, bytes]) -> bytes:
    rows = (ber.tlv(ber.SEQUENCE, ber.object_id(ber.parse_oid(name)) + value) for name, value in pairs)
    return ber.tlv(ber.SEQUENCE, b"".join(rows))


LINK_DOWN = (
    ber.integer(77)
    + b"\x02\x01\x00\x02\x01\x00"
    + bindings(
        ("1.3.6.1.2.1.1.3.0", ber.tlv(ber.TIME_TICKS, b"\x01\x00")),
        (traps.SNMP_TRAP_OID, ber.object_id(ber.parse_oid("1.3.6.1.6.3.1.1.5.3"))),
        ("1.3.6.1.2.1.2.2.1.1.25", ber.integer(25)),
    )
)


def test_link_trap_of_v2c_names_its_port() -> None:
    trap = traps.parse(message(1, ber.TRAP, LINK_DOWN))
    assert (trap.kind, trap.if_index, trap.community, trap.reply) == ("link_down", 25, "public", b"")


def test_inform_gets_an_answer_with_its_own_body() -> None:
    trap = traps.parse(message(1, ber.INFORM, LINK_DOWN))
    assert trap.reply == message(1, ber.RESPONSE, LINK_DOWN)


@pytest.mark.parametrize(
    ("generic", "specific", "enterprise", "kind"),
    [
        (2, 0, "1.3.6.1.4.1.171.10", "link_down"),
        (0, 0, "1.3.6.1.4.1.171.10", "cold_start"),
        (6, 5, "1.3.6.1.4.1.318", "ups_on_battery"),
        (6, 9, "1.3.6.1.4.1.318", "ups_on_line"),
        (6, 99, "1.3.6.1.4.1.99", "other"),
    ],
)
def test_traps_of_v1_as_rfc_3584_reads_them(generic: int, specific: int, enterprise: str, kind: str) -> None:
    body = (
        ber.object_id(ber.parse_oid(enterprise))
        + ber.tlv(ber.IP_ADDRESS, bytes((10, 1, 2, 3)))
        + ber.integer(generic)
        + ber.integer(specific)
        + ber.tlv(ber.TIME_TICKS, b"\x05")
        + bindings()
    )
    trap = traps.parse(message(0, ber.TRAP_V1, body))
    assert (trap.kind, trap.agent) == (kind, "10.1.2.3")


@given(st.binary(max_size=300))
def test_random_octets_are_malformed_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(ber.Malformed):
        traps.parse(data)
    assert syslog.parse(data).kind is not None


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_damaged_trap_never_fails_in_another_way(seed: int, changes: int) -> None:
    rng = random.Random(seed)
    data = bytearray(message(1, ber.TRAP, LINK_DOWN))
    for _ in range(changes):
        data[rng.randrange(len(data))] = rng.randrange(256)
    for cut in (data, data[: rng.randrange(len(data))]):
        try:
            traps.parse(bytes(cut))
        except ber.Malformed:
            continue


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_come_back(number: int) -> None:
    data = ber.integer(number)
    assert ber.read_integer(data, *ber.expect(data, 0, len(data), ber.INTEGER)) == number


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_names_come_back(parts: list[int]) -> None:
    dotted = ".".join(map(str, (1, 3, *parts)))
    data = ber.object_id(ber.parse_oid(dotted))
    assert ber.read_dotted(data, *ber.expect(data, 0, len(data), ber.OBJECT_ID)) == dotted


@pytest.mark.parametrize(
    ("line", "kind", "port"),
    [
        ("<190>Nov 22 12:00:00 sw INFO: Port 7 link down", "link_down", "7"),
        ("<190>Port 1:12 link up, 100Mbps  FULL duplex", "link_up", "1:12"),
        ("<189>12: Nov 22 12:00:00: %LINK-3-UPDOWN: Interface FastEthernet0/3, changed state to down", "link_down",
         "FastEthernet0/3"),
        ("<188>Nov 22 2026 12:00:00 sw %%01IFNET/4/IF_STATE(l)[1]:Interface GigabitEthernet0/0/1 has turned into "
         "DOWN state.", "link_down", "GigabitEthernet0/0/1"),
        ("<132>CRIT(2) Port 3 LBD loop occurred. Port blocked", "loop", "3"),
        ("<132>Port 3 VID 100 LBD loop occurred", "loop", "3"),
        ("<134>INFO(6) Port 3 LBD port recovered. Loop detection restarted", "loop_gone", "3"),
        ("<132>WARN(4) Broadcast storm is occurring (port: 1:7)", "storm", "1:7"),
        ("<132>WARN(4) Port 7 is currently shut down due to a packet storm", "storm", "7"),
        ("%STORM_CONTROL-3-FILTERED: A Broadcast storm detected on Gi0/3. A packet filter action …", "storm", "Gi0/3"),
        ("%PM-4-ERR_DISABLE: psecure-violation error detected on Gi0/3, putting Gi0/3 in err-disable state",
         "error_disabled", "Gi0/3"),
        ("WARN(4) Unauthenticated IP-MAC address and discarded by ip mac port binding "
         "(IP: 100.64.0.9, MAC: 50-C7-BF-00-00-01, Port: 14)", "binding_blocked", "14"),
        ("%SW_DAI-4-DHCP_SNOOPING_DENY: 1 Invalid ARPs (Req) on Gi0/4, vlan 7.([0018.e700.0001/…])",
         "binding_blocked", "Gi0/4"),
        ("SECE/4/USER_ATTACK(l)[7]:Bind-table check dropped (Interface=GigabitEthernet0/0/13, "
         "SourceMAC=0018-e700-0001, SourceIP=100.64.0.9, VLAN=7)", "binding_blocked", "GigabitEthernet0/0/13"),
        ("UPS: On battery power in response to an input power problem. 0x0109", "ups_on_battery", ""),
        ("UPS: No longer on battery power. 0x010A", "ups_on_line", ""),
        ("<999>nonsense", "other", ""),
    ],
)  # fmt: skip
def test_syslog_as_devices_send_it(line: str, kind: str, port: str) -> None:
    parsed = syslog.parse(line.encode())
    assert (parsed.kind, parsed.port) == (kind, port)


@pytest.mark.parametrize(
    ("line", "mac"),
    [
        ("… by ip mac port binding (IP: 100.64.0.9, MAC: 50-C7-BF-00-00-01, Port: 14)", "50c7bf000001"),
        ("…DENY: 1 Invalid ARPs (Req) on Gi0/4, vlan 7.([0018.e700.0001/100.64.0.9/0000.0000.0000/0.0.0.0])",
         "0018e7000001"),
        ("Bind-table check dropped (Interface=Eth0/0/1, SourceMAC=0018-e700-0001, SourceIP=0.0.0.0)", "0018e7000001"),
        ("DOT1X: client 00:18:e7:00:00:01 is gone", "0018e7000001"),
        ("Port 14 link up, 100Mbps  FULL duplex", None),
        ("at 2026-03-14 09:10:02, of 1:2:3", None),
    ],
)  # fmt: skip
def test_whom_a_line_of_a_log_names(line: str, mac: str | None) -> None:
    assert syslog.mac_of(line) == mac


def answer(request: int, value: bytes, oid: str = pulse.SYS_UPTIME) -> bytes:
    body = ber.integer(request) + b"\x02\x01\x00\x02\x01\x00" + bindings((oid, value))
    return message(1, ber.RESPONSE, body)


@given(st.integers(0x0100_0000, 0x7FFF_FFFF), st.integers(0, 2**32 - 1), st.text(max_size=60))
def test_fast_reading_of_an_uptime_is_the_plain_one(request_id: int, ticks: int, community: str) -> None:
    body = ber.integer(request_id) + b"\x02\x01\x00\x02\x01\x00"
    value = ber.tlv(ber.TIME_TICKS, ticks.to_bytes(5, "big"))
    data = message(1, ber.RESPONSE, body + bindings((pulse.SYS_UPTIME, value)), community.encode())
    assert pulse._parse(data) == (request_id, ticks)
    assert pulse._fast(data) in (None, (request_id, ticks))


def test_fast_reading_takes_the_usual_shape() -> None:
    data = answer(0x1234_5678, ber.tlv(ber.TIME_TICKS, b"\x01\x02"))
    assert pulse._fast(data) == (0x1234_5678, 258)


@pytest.mark.parametrize(
    "data",
    [
        answer(0x1234_5678, ber.tlv(ber.OCTETS, b"")),
        answer(0x1234_5678, ber.tlv(ber.TIME_TICKS, b"\x01\x00\x00\x00\x00")),
        answer(0x1234_5678, b"\x80\x00"),
        answer(0x1234_5678, ber.tlv(ber.TIME_TICKS, b"\x05"), oid="1.3.6.1.2.1.1.4.0"),
    ],
    ids=["empty string", "more than 32 bits", "noSuchObject", "wrong index"],
)
def test_lies_about_uptime_are_answers_without_a_value(data: bytes) -> None:
    assert pulse._fast(data) is None
    assert pulse._parse(data) == (0x1234_5678, None)


@given(st.binary(max_size=200))
def test_fast_reading_survives_anything(data: bytes) -> None:
    pulse._fast(data)
