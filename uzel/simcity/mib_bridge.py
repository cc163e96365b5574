"""BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363) and LLDP-MIB (IEEE 802.1AB) of a simulated switch.

With the habits of the makes: D-Link lists itself under port 0 of the FDB and numbers rows of dot1qVlanCurrentTable
by a TimeMark that is not zero; Huawei's base ports are not its ifIndexes and its FDB has no Q-BRIDGE form; Cisco
shows the FDB of one VLAN at a time, by community@vlan.
"""

from collections.abc import Callable, Iterable
from typing import Any

from uzel.drivers import ber
from uzel.drivers.ber import Oid
from uzel.simcity.dynamics import other_end
from uzel.simcity.makes import CISCO, DLINK, HUAWEI, MANAGEMENT_VLAN, Make
from uzel.simcity.mib import Asked, Rows, Segment, Table, rows, single
from uzel.simcity.world import Device, Port, spread

_LEARNED, _SELF = 3, 4
_GATEWAY = "00000c9ff001"
# (MAC as twelve hex digits, VLAN, base port, status)
FdbRow = tuple[str, int, int, int]


def stations(port: Port) -> Iterable[tuple[str, int]]:
    """What the switch has learned behind a port of a subscriber, with the faults of the port."""
    if not port.oper or "no-mac" in port.faults or "binding-blocked" in port.faults:
        return ()
    found = list(port.stations)
    vlan = found[0][1] if found else 1
    if "wrong-mac" in port.faults:
        found = [(_stranger(port, 0), vlan)]
    if "many-macs" in port.faults:
        found += [(_stranger(port, n), vlan) for n in range(int(port.faults["many-macs"].value))]
    if "loop" in port.faults:
        found += [(_GATEWAY, vlan), *((_stranger(port, n), vlan) for n in range(6))]
    return found


def _stranger(port: Port, number: int) -> str:
    return f"d85d4c{int(spread(port.code, 'stranger', number) * 2**24):06x}"


def fdb(asked: Asked) -> list[FdbRow]:
    """The forwarding table of the asked switch. Kept until something changes in the city."""
    device, version = asked.device, asked.city.version
    cached = device.cache.get("fdb")
    if cached and cached[0] == version:
        return cached[1]  # type: ignore[return-value]
    found: dict[tuple[str, int], FdbRow] = {}
    for port in device.ports:
        for mac, vlan in _behind(asked, port):
            found.setdefault((mac, vlan), (mac, vlan, port.shape.base_port, _LEARNED))
    result = list(found.values())
    device.cache["fdb"] = (version, result)
    return result


def _behind(asked: Asked, port: Port) -> Iterable[tuple[str, int]]:
    if port.link and port.oper:
        other = asked.city.world.devices[port.far]
        yield other.mac.hex(), MANAGEMENT_VLAN
        if port.shape.is_uplink and port.device.id in asked.city.lit:
            vlans = {vlan for own in port.device.ports for _, vlan in own.stations}
            for vlan in sorted(vlans | {MANAGEMENT_VLAN}):
                yield _GATEWAY, vlan
    yield from stations(port)


def _mac_oid(mac: str) -> Oid:
    return tuple(bytes.fromhex(mac))


def _plain_fdb(asked: Asked) -> Rows:
    """dot1dTpFdbTable: by MAC alone; on Cisco only of the asked VLAN."""
    entries: dict[Oid, FdbRow] = {}
    for row in fdb(asked):
        if asked.device.make.family != CISCO or row[1] == (asked.vlan or 1):
            entries.setdefault(_mac_oid(row[0]), row)
    return rows(list(entries.items()))


def _vlan_fdb(asked: Asked) -> Rows:
    """dot1qTpFdbTable: by VLAN and MAC, with the switch itself on port 0."""
    own = (asked.device.mac.hex(), MANAGEMENT_VLAN, 0, _SELF)
    return rows([((row[1], *_mac_oid(row[0])), row) for row in (*fdb(asked), own)])


_FDB_COLUMNS: dict[int, Callable[[Asked, FdbRow], bytes]] = {
    1: lambda asked, row: ber.octets(bytes.fromhex(row[0])),
    2: lambda asked, row: ber.integer(row[2]),
    3: lambda asked, row: ber.integer(row[3]),
}


def _base_ports(asked: Asked) -> Rows:
    return rows([((port.shape.base_port,), port) for port in asked.device.ports if port.shape.base_port])


def vlans(device: Device) -> list[int]:
    """VLANs that the switch knows."""
    return sorted({1, MANAGEMENT_VLAN} | {vlan for port in device.ports for _, vlan in port.stations})


def _current_vlans(asked: Asked) -> Rows:
    """Indexed by TimeMark, then VLAN: the mark differs from row to row."""
    return rows([((1061 + 7 * n, vlan), vlan) for n, vlan in enumerate(vlans(asked.device))])


def _static_vlans(asked: Asked) -> Rows:
    return rows([((vlan,), vlan) for vlan in vlans(asked.device)])


def _port_list(asked: Asked, vlan: int, *, untagged: bool) -> bytes:
    bits = bytearray(asked.device.make.port_list_octets)
    for port in asked.device.ports:
        number = port.shape.base_port
        member = any(own == vlan for _, own in port.stations)
        if number and (member or (port.link and not untagged)):
            bits[(number - 1) // 8] |= 0x80 >> ((number - 1) % 8)
    return ber.octets(bytes(bits))


def vlan_name(vlan: int) -> str:
    """What the operator called a VLAN."""
    return _VLAN_NAMES.get(vlan, f"v{vlan}")


_VLAN_NAMES = {1: "default", MANAGEMENT_VLAN: "mgmt", 700: "iptv", 800: "voip", 900: "lights"}


def bridge(make: Make) -> list[Segment]:
    """The bridge MIBs of a switch of this make."""
    segments: list[Segment] = [
        single("1.3.6.1.2.1.17.1.1", lambda asked: ber.octets(asked.device.mac)),
        single("1.3.6.1.2.1.17.1.2", lambda asked: ber.integer(len(make.ports))),
        single("1.3.6.1.2.1.17.1.3", lambda asked: ber.integer(2)),
        Table(
            "1.3.6.1.2.1.17.1.4.1",
            {
                1: lambda asked, port: ber.integer(port.shape.base_port),
                2: lambda asked, port: ber.integer(port.shape.if_index),
            },
            _base_ports,
        ),
        Table("1.3.6.1.2.1.17.4.3.1", _FDB_COLUMNS, _plain_fdb),
    ]
    if make.family == DLINK:
        segments += _q_bridge()
    if make.family == HUAWEI:
        segments.append(_huawei_fdb())
    return segments


def _q_bridge() -> list[Segment]:
    return [
        single("1.3.6.1.2.1.17.7.1.1.1", lambda asked: ber.integer(1)),
        Table("1.3.6.1.2.1.17.7.1.2.2.1", {2: _FDB_COLUMNS[2], 3: _FDB_COLUMNS[3]}, _vlan_fdb),
        Table(
            "1.3.6.1.2.1.17.7.1.4.2.1",
            {
                4: lambda asked, vlan: _port_list(asked, vlan, untagged=False),
                5: lambda asked, vlan: _port_list(asked, vlan, untagged=True),
            },
            _current_vlans,
        ),
        Table(
            "1.3.6.1.2.1.17.7.1.4.3.1",
            {1: lambda asked, vlan: ber.octets(vlan_name(vlan))},
            _static_vlans,
        ),
    ]


def _huawei_fdb() -> Segment:
    """hwDynFdbPort: MAC, VLAN, name of the VSI ("0": none), its length first -> ifIndex."""

    def of(asked: Asked) -> Rows:
        by_base = {port.shape.base_port: port.shape.if_index for port in asked.device.ports}
        return rows([((*_mac_oid(row[0]), row[1], 1, ord("0")), by_base[row[2]]) for row in fdb(asked)])

    return Table("1.3.6.1.4.1.2011.5.25.42.2.1.3.1", {4: lambda asked, index: ber.integer(index)}, of)


_CHASSIS_MAC, _PORT_LOCAL, _PORT_NAME = 4, 7, 5


def _remotes(asked: Asked) -> Rows:
    """lldpRemTable: TimeMark, local port, index. Only neighbours with a live link."""
    found: list[tuple[Oid, Any]] = []
    for port in asked.device.ports:
        if not port.link or not port.oper:
            continue
        if other := other_end(asked.city.world, port):
            mark = int(max(0.0, port.changed_at - asked.device.booted_at) * 100) & 0x7FFFFFFF
            found.append(((mark, _lldp_number(port), 1), other))
    return rows(found)


def _lldp_number(port: Port) -> int:
    return port.shape.if_index if port.device.make.family == HUAWEI else port.shape.base_port


def _locals(asked: Asked) -> Rows:
    return rows([((_lldp_number(port),), port) for port in asked.device.ports if port.shape.base_port])


def _port_id(port: Port) -> bytes:
    """D-Link names its ports by number (local), others by ifName."""
    return ber.octets(port.shape.name)


def _port_kind(port: Port) -> bytes:
    return ber.integer(_PORT_LOCAL if port.device.make.family == DLINK else _PORT_NAME)


def lldp(make: Make) -> list[Segment]:
    """lldpLocalSystemData and lldpRemTable."""
    return [
        single("1.0.8802.1.1.2.1.3.1", lambda asked: ber.integer(_CHASSIS_MAC)),
        single("1.0.8802.1.1.2.1.3.2", lambda asked: ber.octets(asked.device.mac)),
        single("1.0.8802.1.1.2.1.3.3", lambda asked: ber.octets(asked.device.code)),
        single("1.0.8802.1.1.2.1.3.4", lambda asked: ber.octets(make.descr)),
        Table(
            "1.0.8802.1.1.2.1.3.7.1",
            {
                2: lambda asked, port: _port_kind(port),
                3: lambda asked, port: _port_id(port),
                4: lambda asked, port: ber.octets(port.shape.descr),
            },
            _locals,
        ),
        Table(
            "1.0.8802.1.1.2.1.4.1.1",
            {
                4: lambda asked, far: ber.integer(_CHASSIS_MAC),
                5: lambda asked, far: ber.octets(far.device.mac),
                6: lambda asked, far: _port_kind(far),
                7: lambda asked, far: _port_id(far),
                8: lambda asked, far: ber.octets(far.shape.descr),
                9: lambda asked, far: ber.octets(far.device.code),
                10: lambda asked, far: ber.octets(far.device.make.descr),
            },
            _remotes,
        ),
    ]
