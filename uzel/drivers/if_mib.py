"""The system group and the ports of anything that answers IF-MIB (RFC 3418, RFC 2863, EtherLike-MIB RFC 3635)."""

from dataclasses import replace

from uzel.core.readings import PortReading, SystemReading
from uzel.drivers.smi import Rows, Value, counter, number, scalar, table, text, whole

SYS_DESCR, SYS_OBJECT_ID = "1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.2"
SYS_UPTIME, SYS_NAME = "1.3.6.1.2.1.1.3", "1.3.6.1.2.1.1.5"
SYSTEM = tuple(oid + ".0" for oid in (SYS_DESCR, SYS_OBJECT_ID, SYS_UPTIME, SYS_NAME))

IF_ENTRY, IFX_ENTRY, DOT3_ENTRY = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.2.1.10.7.2.1"
COLUMNS = {
    "descr": f"{IF_ENTRY}.2",
    "type": f"{IF_ENTRY}.3",
    "speed": f"{IF_ENTRY}.5",
    "admin": f"{IF_ENTRY}.7",
    "oper": f"{IF_ENTRY}.8",
    "last_change": f"{IF_ENTRY}.9",
    "in_octets": f"{IF_ENTRY}.10",
    "in_discards": f"{IF_ENTRY}.13",
    "in_errors": f"{IF_ENTRY}.14",
    "out_octets": f"{IF_ENTRY}.16",
    "out_discards": f"{IF_ENTRY}.19",
    "out_errors": f"{IF_ENTRY}.20",
    "name": f"{IFX_ENTRY}.1",
    "in_broadcasts": f"{IFX_ENTRY}.3",
    "out_broadcasts": f"{IFX_ENTRY}.5",
    "hc_in_octets": f"{IFX_ENTRY}.6",
    "hc_in_broadcasts": f"{IFX_ENTRY}.9",
    "hc_out_octets": f"{IFX_ENTRY}.10",
    "hc_out_broadcasts": f"{IFX_ENTRY}.13",
    "high_speed": f"{IFX_ENTRY}.15",
    "alias": f"{IFX_ENTRY}.18",
    "fcs_errors": f"{DOT3_ENTRY}.3",
    "late_collisions": f"{DOT3_ENTRY}.8",
    "duplex": f"{DOT3_ENTRY}.19",
    # CRC errors where EtherLike-MIB is not kept: locIfInCRC of OLD-CISCO-INTERFACES-MIB, then HUAWEI-IF-EXT-MIB.
    "cisco_crc": "1.3.6.1.4.1.9.2.2.1.1.12",
    "huawei_crc": "1.3.6.1.4.1.2011.5.25.41.1.6.1.1.12",
}
PRIVATE = {"cisco_crc": "cisco", "huawei_crc": "huawei"}
# ethernetCsmacd, fastEther, fastEtherFX, gigabitEthernet: the last three are obsolete, DES-3526 5.01 still says 117.
ETHERNET = frozenset({6, 62, 69, 117})
# No Ethernet is faster than this, Mbit/s; some agents put bits a second into ifHighSpeed.
FASTEST_MBPS = 800_000


def parse_system(rows: Rows) -> SystemReading:
    """The system group; sysUpTime comes in hundredths of a second."""
    object_id = text(scalar(rows, SYS_OBJECT_ID))
    ticks = counter(scalar(rows, SYS_UPTIME))
    return SystemReading(
        object_id=object_id.removeprefix(".") if object_id else None,
        descr=text(scalar(rows, SYS_DESCR)),
        name=text(scalar(rows, SYS_NAME)),
        uptime_s=None if ticks is None else ticks / 100,
    )


def port_oids(if_index: int, vendor: str = "") -> list[str]:
    """The names to GET for one port, with the private CRC counter of `vendor` (lower case) where it has one."""
    return [f"{oid}.{if_index}" for name, oid in COLUMNS.items() if PRIVATE.get(name, vendor) == vendor]


def error_oids(if_index: int, vendor: str = "") -> list[str]:
    """The few of them that tell whether a port spoils frames."""
    wanted = ("name", "oper", "in_errors", "fcs_errors", *(n for n, v in PRIVATE.items() if v == vendor))
    return [f"{COLUMNS[name]}.{if_index}" for name in wanted]


def parse_ports(rows: Rows, *, at: float | None = None) -> tuple[PortReading, ...]:
    """All interfaces in the order of ifIndex, VLANs and loopbacks too (see `ETHERNET`). `at` is the time of asking."""
    uptime_s = parse_system(rows).uptime_s
    found = sorted(table(rows, COLUMNS).items())
    ports = (_port(index[0], cells) for index, cells in found if len(index) == 1 and index[0] > 0)
    return tuple(replace(port, uptime_s=uptime_s, at=at) for port in ports)


def _port(if_index: int, cells: dict[str, Value]) -> PortReading:
    octets_bits, octets_in, octets_out = _octets(cells)
    last_change = counter(cells.get("last_change"))
    crc = (counter(cells.get(name)) for name in ("fcs_errors", "cisco_crc", "huawei_crc"))
    return PortReading(
        if_index=if_index,
        name=text(cells.get("name")) or text(cells.get("descr")),
        description=text(cells.get("alias")),
        if_type=whole(cells.get("type")),
        admin_up={1: True, 2: False}.get(whole(cells.get("admin")) or 0),
        # up; down, dormant, notPresent, lowerLayerDown. testing and unknown tell nothing.
        oper_up={1: True, 2: False, 5: False, 6: False, 7: False}.get(whole(cells.get("oper")) or 0),
        speed_mbps=_speed(cells),
        full_duplex={2: False, 3: True}.get(whole(cells.get("duplex")) or 0),
        last_change_s=None if last_change is None else last_change / 100,
        in_octets=octets_in,
        out_octets=octets_out,
        octets_bits=octets_bits,
        in_errors=counter(cells.get("in_errors")),
        out_errors=counter(cells.get("out_errors")),
        in_discards=counter(cells.get("in_discards")),
        out_discards=counter(cells.get("out_discards")),
        crc=next((value for value in crc if value is not None), None),
        late_collisions=counter(cells.get("late_collisions")),
        in_broadcasts=_broadcasts(cells, "in_broadcasts"),
        out_broadcasts=_broadcasts(cells, "out_broadcasts"),
    )


def _broadcasts(cells: dict[str, Value], name: str) -> int | None:
    return counter(cells.get(f"hc_{name}"), bits=64) or counter(cells.get(name))


def _octets(cells: dict[str, Value]) -> tuple[int, int | None, int | None]:
    """Width, in, out. Agents that keep no 64-bit counters answer them with zeros, so zeros give way to 32 bits."""
    wide = counter(cells.get("hc_in_octets"), bits=64), counter(cells.get("hc_out_octets"), bits=64)
    narrow = counter(cells.get("in_octets")), counter(cells.get("out_octets"))
    if None in wide or (not any(wide) and any(narrow)):
        return (32, *narrow) if narrow != (None, None) else (64, *wide)
    return 64, *wide


def _speed(cells: dict[str, Value]) -> int | None:
    """Mbit/s. ifSpeed says 4294967295 for what it cannot hold; zero means not known, as on ports that are down."""
    high = number(cells.get("high_speed"), low=1, high=FASTEST_MBPS)
    if high is not None:
        return int(high)
    plain = number(cells.get("speed"), low=1, high=FASTEST_MBPS, scale=1e-6)
    return None if plain is None else int(plain)
