"""The SNMP pages against recordings of real devices, which lie outside of the project (UZEL_CAPTURES).

Expected values were read off the recordings by eye, not printed by the pages. Without the recordings the tests skip.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from uzel.core.readings import FdbEntry, OpticalReading, PortReading, UpsReading
from uzel.drivers import bridge_mib, ddm_mib, if_mib, lldp_mib, readers
from uzel.drivers.smi import Value

CAPTURES = Path(os.environ.get("UZEL_CAPTURES", Path(__file__).resolve().parents[3] / "shared" / "captures")) / "snmp"
FILES = sorted(CAPTURES.glob("*/*.snmprec")) if CAPTURES.is_dir() else []
pytestmark = [
    pytest.mark.skipif(not FILES, reason=f"no recordings of real devices at {CAPTURES} (set UZEL_CAPTURES)"),
    pytest.mark.xdist_group("snmp-captures"),  # one worker reads them all
]
INTEGERS = frozenset({"2", "65", "66", "67", "70"})
_loaded: dict[Path, dict[str, Value]] = {}


def load(path: Path) -> dict[str, Value]:
    """Rows of a .snmprec as the client library gives them: octets as bytes, OIDs and addresses as text."""
    if path not in _loaded:
        lines = path.read_bytes().decode("utf-8", "surrogateescape").split("\n")
        rows = (line.split("|", 2) for line in lines if line.strip())
        _loaded[path] = {oid: _value(tag, text) for oid, tag, text in rows}
    return _loaded[path]


def _value(tag: str, text: str) -> Value:
    if tag in INTEGERS:
        return int(text)
    if tag.endswith("x"):
        return bytes.fromhex(text)
    if tag == "4e":
        return text.encode("latin-1", "surrogateescape").decode("unicode_escape").encode("latin-1")
    return {"4": text.encode("utf-8", "surrogateescape"), "5": None}.get(tag, text)


def device(start: str) -> dict[str, Value]:
    """The recording whose path begins with `start`."""
    found = [path for path in FILES if str(path.relative_to(CAPTURES)).startswith(start)]
    assert len(found) == 1, f"{start}: {found}"
    return load(found[0])


# recording, ifIndex, expected fields
PORTS: list[tuple[str, int, dict[str, Any]]] = [
    (
        "d-link/DES-3526",
        25,
        {"name": "1/25", "if_type": 117, "admin_up": True, "oper_up": True, "speed_mbps": 1000, "full_duplex": None}
        | {"in_octets": 1675483240192, "out_octets": 310851256370, "octets_bits": 64, "in_discards": 6483989}
        | {"in_errors": 0, "last_change_s": 0.0, "uptime_s": 4655991.60, "description": None, "crc": None},
    ),
    ("d-link/DES-3526", 14, {"in_errors": 89, "oper_up": False, "speed_mbps": None}),
    (
        "d-link/DES-3200-18-C1",
        15,
        {"name": "15", "description": "nikon_link-2_Rocket", "oper_up": True, "speed_mbps": 100, "full_duplex": True}
        | {"in_octets": 29105984711, "in_discards": 86533, "crc": 0, "late_collisions": 0, "uptime_s": 433218.0},
    ),
    ("d-link/DES-3200-18-C1", 1, {"oper_up": False, "full_duplex": None, "description": "VLAN1113-access-mode"}),
    ("d-link/DES-3528", 25, {"speed_mbps": 1000, "full_duplex": True, "in_octets": 188850760059, "oper_up": True}),
    ("d-link/DES-3528", 1, {"speed_mbps": None, "full_duplex": None, "oper_up": False, "admin_up": True}),
    ("d-link/DGS-3000", 25, {"oper_up": False, "last_change_s": 17.0, "speed_mbps": None}),
    ("d-link/DGS-3120", 1, {"speed_mbps": 100, "full_duplex": True, "uptime_s": 49.92, "last_change_s": 51.41}),
    ("d-link/DGS-3620", 25, {"speed_mbps": 10000, "in_octets": 164170384386491, "last_change_s": 1157793.98}),
    ("d-link/DGS-1510", 25, {"oper_up": False, "in_octets": 1756307, "out_octets": 496164372}),
    ("d-link/DGS-1250", 25, {"name": "eth1/0/25", "admin_up": None, "oper_up": True, "in_errors": None}),
    ("huawei/S5328C", 6, {"name": "GigabitEthernet0/0/1", "in_errors": 1, "last_change_s": 28566906.23}),
    ("huawei/S5328C", 6, {"description": "LinkTo_SW02DTV@gi3/0/6", "in_octets": 97812445157493, "full_duplex": True}),
    ("huawei/S5328C", 28, {"in_errors": 28900}),
    ("huawei/S5720-56C-PWR-EI__", 19, {"name": "GigabitEthernet0/0/14", "speed_mbps": 1000, "in_octets": 20816732}),
    ("huawei/S5720-56C-PWR-EI__", 6, {"oper_up": False, "full_duplex": True, "uptime_s": 281568.05}),
    ("cisco/C2960X", 10101, {"name": "Gi1/0/1", "description": "** DECT ***", "speed_mbps": 100, "oper_up": True}),
    ("cisco/C3560-full", 10101, {"name": "Gi0/1", "oper_up": False, "crc": 0, "full_duplex": None}),
    ("cisco/C3560-full", 10101, {"description": None, "speed_mbps": 10, "last_change_s": 161.8}),
    ("cisco/C2950", 10115, {"in_errors": 55615}),
    ("cisco/C2950", 1, {"name": "Vl1", "if_type": 53, "admin_up": False, "oper_up": False}),
    ("cisco/ASR920", 1, {"admin_up": False, "oper_up": False, "full_duplex": True, "name": "Gi0/0/0"}),
    ("cisco/ISR4321", 1, {"in_octets": 214369901303, "last_change_s": 42617312.79, "uptime_s": None}),
    ("cisco/Catalyst-4506E", 3, {"name": "VLAN-1", "speed_mbps": None, "if_type": 135}),
    ("eltex/MES2324B", 49, {"name": "gi1/0/1", "description": "Trunk-K35-SW", "out_octets": 749306063050}),
    ("eltex/MES2124M", 74, {"name": "gi1/0/26", "speed_mbps": 1000, "full_duplex": True}),
    ("snr/S2990X", 1, {"description": "Megafon", "speed_mbps": None, "oper_up": False}),
    ("zyxel/GS1900", 2, {"in_octets": 39191160321, "speed_mbps": 1000, "last_change_s": 675.0}),
    ("zyxel/MGS-3712", 7, {"name": "swp06", "oper_up": False, "full_duplex": False, "last_change_s": 34753528.0}),
]


@pytest.mark.parametrize(("start", "if_index", "expected"), PORTS)
def test_port(start: str, if_index: int, expected: dict[str, Any]) -> None:
    ports = {port.if_index: port for port in if_mib.parse_ports(device(start), at=5.0)}
    assert {name: getattr(ports[if_index], name) for name in expected} == expected
    assert ports[if_index].at == 5.0


# recording, number of Ethernet interfaces, how many are up
COUNTS = [
    ("d-link/DES-3526", 26, 5),
    ("d-link/DES-3200-18-C1", 18, 15),
    ("d-link/DES-3528", 28, 22),
    ("huawei/S5720-56C-PWR-EI__", 53, 5),
    ("cisco/C3560-full", 52, 4),
    ("zyxel/GS1900", 50, 16),
]


@pytest.mark.parametrize(("start", "ethernet", "up"), COUNTS)
def test_ports_are_all_there(start: str, ethernet: int, up: int) -> None:
    ports = [port for port in if_mib.parse_ports(device(start)) if port.if_type in if_mib.ETHERNET]
    assert (len(ports), sum(port.oper_up is True for port in ports)) == (ethernet, up)


def test_system_group() -> None:
    found = if_mib.parse_system(device("d-link/DES-3526"))
    assert found.object_id == "1.3.6.1.4.1.171.10.64.1"
    assert found.descr == "DES-3526 Fast-Ethernet Switch"
    assert found.uptime_s == 4655991.60


# recording, number of rows, one entry (MAC, VLAN, ifIndex)
FDB = [
    # 130 rows, of which one is the switch itself at port 0.
    ("d-link/DES-3526", 129, FdbEntry("000ce672ceb0", 1, 25, 25)),
    ("d-link/DES-3200-18-C1", 284, FdbEntry("00012345678a", 1, 15, 15)),
    ("d-link/DGS-1250", 804, FdbEntry("0004a3013335", 1, 25, 25)),
    ("d-link/DGS-3120", 3, FdbEntry("180f760cbd20", 1, 22, 22)),
    ("eltex/MES2324B", 234, FdbEntry("000c42b24865", 1, 1000, 1000)),
    ("snr/S2990X", 654, FdbEntry("000fe9078011", 1, 3, 3)),
    ("zyxel/MGS-3712", 454, FdbEntry("000a25016d31", 1, 10, 10)),
    # The index has the MAC's length before it.
    ("zyxel/GS1900", 35, FdbEntry("000413616a2b", 1, 7, 7)),
    # The private table gives ifIndex at once; VLAN 33 after the MAC in its index.
    ("huawei/S5328C", 414, FdbEntry("00005e00010a", 33, 36, None)),
    # Three rows of five have base port -1; base port 52 is ifIndex 57.
    ("huawei/S5720-56C-PWR-EI__", 2, FdbEntry("d8cb8a8aa80f", None, 57, 52)),
]


@pytest.mark.parametrize(("start", "rows", "entry"), FDB)
def test_macs(start: str, rows: int, entry: FdbEntry) -> None:
    found = bridge_mib.parse_fdb(device(start))
    assert entry in found
    assert len(found) == rows
    assert all(e.if_index for e in found)


def test_cisco_keeps_base_ports_by_vlan() -> None:
    main = bridge_mib.parse_base_ports(device("cisco/C3560-vlans__"))
    in_vlan = bridge_mib.parse_base_ports(device("cisco/C3560-vlans@2.snmprec"))
    assert main[1] == 10101
    assert 52 not in main
    assert in_vlan == {52: 10048}
    # VLAN 3 is suspended, 1002 to 1005 are of FDDI and Token Ring.
    assert bridge_mib.parse_vlans(device("cisco/C3560-vlans__")) == (1, 2)


def test_cisco_vlan_of_the_context_goes_to_the_entries() -> None:
    found = bridge_mib.parse_fdb(device("cisco/C2960X"), base_ports={456: 10101}, vlan=7)
    assert FdbEntry("04627320de14", 7, 10101, 456) in found


def test_neighbours() -> None:
    first, second = lldp_mib.parse_neighbours(device("d-link/DES-3526"))
    assert (first.local_name, first.chassis_id, first.system_name) == ("1/25", "001e585c0900", "PCM F-blok-RTR3")
    assert (second.local_port, second.port_id) == (26, "180f760cbaf9")
    assert second.port_description == "D-Link DGS-1510-28XMP/ME R1.10.010 Port 25"
    by_port = {n.local_port: n for n in lldp_mib.parse_neighbours(device("d-link/DGS-3620"))}
    assert len(by_port) == 10
    # TimeMarks in the index; an interface name with its closing NUL; a name with a space.
    assert by_port[6].port_id == "1/25"
    assert by_port[25].port_id == "TenGigabitEthernet 0/19"
    assert by_port[5].port_id == "1cbdb936b4c9"
    huawei = {n.local_port: n for n in lldp_mib.parse_neighbours(device("huawei/S5720-56C-PWR-EI__"))}
    assert huawei[14].local_name == "GigabitEthernet0/0/14"
    assert huawei[901].local_name == "MEth0/0/1"
    assert len(lldp_mib.parse_neighbours(device("zyxel/GS1900"))) == 8
    # The local port's id is a MAC in octets, without a word that it is.
    assert lldp_mib.parse_neighbours(device("d-link/DGS-1510"))[0].local_name == "409bcd14bcd9"


UPS: list[tuple[str, str, UpsReading]] = [
    (
        "apc/PowerChute-BE",
        "apc",
        UpsReading("Smart-UPS 1000", False, None, 100, 126.0, None, 27, 244, 244, 31, 21, False),
    ),
    (
        "apc/SMT750X",
        "apc",
        UpsReading("Smart-UPS X 750", False, None, 100, 1829.4, None, 54.7, 119.1, 119.1, 0, 23.4, False),
    ),
    (
        "apc/SUA1500",
        "apc",
        UpsReading("Smart-UPS 1500 RM", False, None, 100, 66, None, 27.5, 239, 239, 16.9, 26.1, False),
    ),
    ("apc/Smart-UPS-1500", "apc", UpsReading(None, False, None, 100, 76, None, 27, 247.6, 247.6, 17.6, 30, False)),
    (
        "apc/Symmetra",
        "apc",
        UpsReading("Symmetra LX 16000 RM", False, None, 100, 14, None, 138.7, 223.3, 230.2, 64, 39, False),
    ),
    # Its charge in tenths is absent, so the whole one counts; 4.3.3 = 97 is 9.7 %.
    ("apc/UPS-battery-ok", "apc", UpsReading(None, False, False, 100, None, None, 110, 234.1, 220, 9.7, 23, False)),
    ("rfc1628/Delta", "rfc1628", UpsReading(None, False, False, 100, 22, 0, 41.2, 121, 121, 79, 23)),
    # 0 minutes left on a full battery.
    ("rfc1628/EastPower", "rfc1628", UpsReading("EA9080", False, False, 100, None, 0, 213, 234, 219, 30, 36)),
    ("rfc1628/Generex-ABB", "rfc1628", UpsReading("Upscale", False, False, 100, 728, 0, 272.8, 235, 229, 5, 22)),
    # On bypass: the mains is there.
    ("rfc1628/Generex-CS141", "rfc1628", UpsReading("Upscale", False, False, 100, 544, 0, 271.6, 233, 233, 14, 25)),
    # -1 for minutes, charge and temperature; volts in tenths.
    ("rfc1628/Huawei-GSE", "rfc1628", UpsReading("UPS5000", False, False, None, None, 0, 538.5, 236.9, 219.9, 8)),
    # 4294967295 minutes.
    (
        "rfc1628/Huawei-UPS2000",
        "rfc1628",
        UpsReading("UPS2000 6kVA", False, False, 100, None, 0, 270.7, 233, 230, 27, 21),
    ),
    ("rfc1628/standard", "rfc1628", UpsReading(input_v=233)),
    # The model's name is 32 NULs; the largest load of three phases.
    ("voltronic/PowerWalker", "voltronic", UpsReading(None, False, False, 100, 131, 0, 273.5, 229, 230, 50, 39)),
    # State 8 with the output live; 270 is 27.0 V.
    ("megatec-netagent/NetAgent", "megatec", UpsReading(None, False, False, 100, None, None, 27, 236, 236, 16, 28)),
    # 22 is nothing that a battery of this UPS can have; 0 seconds left.
    ("megatec-netagent/Phoenix", "megatec", UpsReading(None, False, False, 100, None, 0, None, 239, 230.7, 2, 31.5)),
]


@pytest.mark.parametrize(("start", "page", "expected"), UPS)
def test_ups(start: str, page: str, expected: UpsReading) -> None:
    rows = device(start)
    vendor = {"apc": "APC", "voltronic": "PowerWalker"}.get(page, "")
    reader = readers.ups_reader(if_mib.parse_system(rows).object_id, vendor)
    assert reader.name == page
    assert reader.parse(rows) == expected


@pytest.mark.parametrize(("start", "page", "expected"), UPS)
def test_ups_names_to_ask_are_enough(start: str, page: str, expected: UpsReading) -> None:
    """What a GET of `oids` and a walk of `prefixes` bring is all that the page needs."""
    pages = (readers.APC, readers.MEGATEC, readers.VOLTRONIC)
    reader = {each.name: each for each in pages}.get(page, readers.RFC1628)
    asked = {
        oid: value
        for oid, value in device(start).items()
        if oid in reader.oids or oid.startswith(tuple(p + "." for p in reader.prefixes))
    }
    assert reader.parse(asked) == expected


OPTICS: list[tuple[str, str, OpticalReading]] = [
    (
        "volius/VS5704",
        "volius",
        OpticalReading(
            model="VS5704-1x32-Telnevia",
            serial="257000316601711117",
            firmware="2950",
            inputs_dbm=(5.1, 3.1),
            output_dbm=28.1,
            temperature_c=38.9,  # not the 42.0 of its time zone
            supply_v=(12.031, 5.21),
        ),
    ),
    (
        "volius/VS5792",
        "volius",
        OpticalReading(
            model="VS5782",
            serial="257800162401710412",
            firmware="rev2125",
            input_dbm=1.1,
            inputs_dbm=(1.1, 5.9),
            active_input=1,
            supply_v=(3.334, 0.0),
            input_low_dbm=-1.0,
        ),
    ),
    (
        "nscrtv-hms/EDFA",
        "hms",
        OpticalReading(
            model="HA5837A-1x016",
            serial="S26-PYA346",
            firmware="EDFA",
            input_dbm=-1.0,
            inputs_dbm=(-1.0,),
            output_dbm=-35.5,  # switched off
            temperature_c=22,
            supply_v=(5.0, 0.0),
        ),
    ),
]


@pytest.mark.parametrize(("start", "page", "expected"), OPTICS)
def test_optics(start: str, page: str, expected: OpticalReading) -> None:
    rows = device(start)
    reader = readers.optical_reader(if_mib.parse_system(rows).object_id)
    assert reader.name == page
    assert reader.parse(rows) == expected


def test_optics_of_a_switch_without_modules() -> None:
    # Every cell is "  -".
    assert ddm_mib.parse_optics(device("d-link/DES-3200-18-C1")) == {}


PAGES: dict[str, Callable[[dict[str, Value]], Any]] = {
    "ports": if_mib.parse_ports,
    "macs": bridge_mib.parse_fdb,
    "neighbours": lldp_mib.parse_neighbours,
    "ups": lambda rows: [
        readers.RFC1628.parse(rows),
        readers.APC.parse(rows),
        readers.MEGATEC.parse(rows),
    ],
    "optics": lambda rows: [readers.VOLIUS.parse(rows), readers.HMS.parse(rows)],
}


def test_no_page_says_nonsense_of_any_device(subtests: pytest.Subtests) -> None:
    """Every page over every recording: no exception, and no value that cannot be."""
    for path in FILES:
        with subtests.test(path.stem):
            _sane_device(load(path))


def _sane_device(rows: dict[str, Value]) -> None:
    for port in PAGES["ports"](rows):
        _sane_port(port)
    for entry in PAGES["macs"](rows):
        assert len(entry.mac) == 12 and int(entry.mac, 16) >= 0
        assert entry.vlan is None or 1 <= entry.vlan <= 4094
        assert entry.if_index is None or entry.if_index > 0
        assert entry.base_port is None or entry.base_port > 0
    for neighbour in PAGES["neighbours"](rows):
        assert neighbour.local_port > 0
        assert (neighbour.chassis_id or "").isprintable()
    for ups in PAGES["ups"](rows):
        _sane_ups(ups)
    for optics in PAGES["optics"](rows):
        assert all(v is None or -60 <= v <= 40 for v in (*optics.inputs_dbm, optics.input_dbm, optics.output_dbm))
        assert optics.temperature_c is None or -60 <= optics.temperature_c <= 120


def _sane_port(port: PortReading) -> None:
    assert port.if_index > 0
    assert port.name is None or (port.name and port.name == port.name.strip())
    assert port.speed_mbps is None or 0 < port.speed_mbps <= 800_000
    for name in ("in_errors", "out_errors", "crc", "late_collisions", "in_discards"):
        assert getattr(port, name) is None or 0 <= getattr(port, name) < 2**32
    for name in ("in_octets", "out_octets"):
        assert getattr(port, name) is None or 0 <= getattr(port, name) < 2**port.octets_bits
    assert port.last_change_s is None or port.last_change_s >= 0


def _sane_ups(ups: UpsReading) -> None:
    assert ups.charge_percent is None or 0 <= ups.charge_percent <= 100
    assert ups.runtime_min is None or 0 <= ups.runtime_min < 5000
    assert ups.input_v is None or 0 <= ups.input_v <= 500
    assert ups.output_v is None or 0 <= ups.output_v <= 500
    assert ups.temperature_c is None or -40 <= ups.temperature_c <= 100
    assert ups.load_percent is None or 0 <= ups.load_percent <= 200
