"""SNR and Zyxel: what our recordings say."""

from tests.contract.drivers.recordings import DATA
from uzel.core.answers import Blocked, MacKind, Medium
from uzel.drivers import snr_nag as snr
from uzel.drivers import zyxel_zynos as zyxel
from uzel.drivers.ask import driver_of

SNR, ES, GS = "snr_nag/SNR-S2985G-24T_7.0.3.5", "zyxel_zynos/ES-2108-G_3.80", "zyxel_zynos/GS-4012F_3.80"


def read(path: str) -> str:
    return (DATA / path).read_bytes().decode()


def test_models_have_their_driver():
    assert driver_of("snr", "snr-s2985g-24t") == "snr_nag"
    assert driver_of("zyxel", "es-2108-g") == driver_of("zyxel", "gs-4012f") == "zyxel_zynos"
    # Another command line, of which there is no page.
    assert driver_of("zyxel", "es-2024ee") is driver_of("zyxel", "mgs-3712") is None


def test_snr_identity():
    (row,) = snr.parse_identity(read(f"{SNR}/identity.txt")).rows
    assert (row.model, row.firmware, row.revision) == ("SNR-S2985G-24T", "7.0.3.5(R0241.0150)", "1.0.3")
    assert (row.serial, row.mac, row.uptime_s) == ("SW000000000000001", "02005e100001", 2004660)


def test_snr_ports():
    rows = {row.port: row for row in snr.parse_ports(read(f"{SNR}/ports.txt")).rows}
    live, off, shut, forced = (rows[f"Ethernet1/0/{n}"] for n in (5, 3, 4, 6))
    assert (live.link_up, live.speed_mbps, live.full_duplex, live.autonegotiation) == (True, 1000, True, True)
    assert (live.medium, live.description) == (Medium.COPPER, "shop")
    assert (off.admin_up, off.link_up, off.description) == (False, False, "debt, flat 7")
    assert (shut.admin_up, shut.link_up, shut.blocked) == (True, False, Blocked.ERROR)
    assert (forced.speed_mbps, forced.full_duplex, forced.autonegotiation) == (10, False, False)
    assert rows["Ethernet1/0/26"].medium is Medium.FIBRE


def test_snr_tables():
    first, people, lifts = snr.parse_vlans(read(f"{SNR}/vlans.txt")).rows
    assert (first.vlan, first.untagged, first.tagged) == (1, ("Ethernet1/0/26",), ())
    assert (people.name, len(people.untagged), people.tagged) == ("people", 5, ("Ethernet1/0/25",))
    assert lifts.untagged == ("Ethernet1/0/6",)
    down, login, shut = snr.parse_log(read(f"{SNR}/log.txt")).rows
    assert (down.port, down.level, down.at) == ("Ethernet1/0/2", "warnings", "Nov 22 21:14:05:120 2026")
    assert down.text.endswith("Interface Ethernet1/0/2, changed state to DOWN")
    assert (login.port, shut.port, shut.level) == (None, "Ethernet1/0/4", "critical")


def test_zyxel_identity():
    (row,) = zyxel.parse_identity(read(f"{ES}/identity.txt")).rows
    assert (row.model, row.name, row.firmware, row.uptime_s) == ("ES-2108-G", "lesnaya-4", "3.80(ABL.0)", 828909)


def test_zyxel_ports_and_their_counters():
    one, two, three = zyxel.parse_ports(read(f"{ES}/ports.txt")).rows
    assert (one.link_up, one.speed_mbps, two.speed_mbps, two.full_duplex) == (False, None, 100, True)
    assert (three.speed_mbps, three.full_duplex) == (10, False)
    copper, fibre, _ = zyxel.parse_ports(read(f"{GS}/ports.txt")).rows
    assert (copper.medium, fibre.medium, fibre.speed_mbps) == (Medium.COPPER, Medium.FIBRE, 1000)
    _, spoilt, slow = zyxel.parse_errors(read(f"{ES}/errors.txt")).rows
    assert (spoilt.crc, spoilt.in_errors, spoilt.collisions) == (61, 66, 0)
    assert (slow.late_collisions, slow.collisions) == (5, 16)
    _, busy, _ = zyxel.parse_counters(read(f"{ES}/counters.txt")).rows
    assert (busy.in_frames, busy.out_frames, busy.in_multicast) == (10529996, 20190281, 26324)


def test_zyxel_tables():
    macs = zyxel.parse_macs(read(f"{ES}/macs.txt")).rows
    assert [(row.port, row.vlan, row.kind) for row in macs[1:]] == [
        ("3", 2503, MacKind.DYNAMIC),
        ("9", 1, MacKind.STATIC),
    ]
    arp = zyxel.parse_arp(read(f"{ES}/arp.txt")).rows
    assert [(row.vlan, row.static, row.age_min) for row in arp] == [(2360, False, 5), (2360, True, 0)]
    vlans = zyxel.parse_vlans(read(f"{ES}/vlans.txt")).rows
    assert [(row.vlan, row.untagged, row.tagged) for row in vlans] == [
        (1, ("9",), ()),
        (2503, ("2", "3"), ("9",)),
        (3988, ("1", "5", "6", "7", "8"), ("4", "9")),
    ]
