"""Questions of a support desk that SNMP answers in full, in the same words as the command lines' answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from uzel.core.answers import MacEntry, MacKind, Neighbour, Operation, PortCounters, PortErrors, PortStatus
from uzel.core.readings import PortReading
from uzel.drivers import bridge_mib, if_mib, lldp_mib, readers
from uzel.drivers.smi import Value
from uzel.drivers.snmp import Agent, SnmpError

TIMEOUT_S, RETRIES = 0.8, 1
# One port is asked for by name; a whole switch by columns. These are the ones that the answers are made of.
STATUS = ("descr", "type", "admin", "oper", "name", "high_speed", "speed", "alias", "duplex")
ERRORS = ("descr", "type", "name", "in_errors", "out_errors", "in_discards", "out_discards", "fcs_errors")
COUNTERS = ("descr", "type", "name", "in_octets", "out_octets", "hc_in_octets", "hc_out_octets", "hc_in_broadcasts")
LATE = ("late_collisions", "cisco_crc", "huawei_crc", "in_broadcasts")

Found = tuple[tuple[Any, ...], tuple[str, ...]]  # rows, and the names of the tables read
Reader = Callable[["Place", str | None], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class Place:
    """An agent. `vendor` is in lower case; `ports` map names to ifIndex (may be empty)."""

    address: str
    snmp_port: int
    community: str = field(repr=False)
    vendor: str
    ports: Mapping[str, int] = field(repr=False)

    def agent(self) -> Agent:
        return Agent(self.address, self.snmp_port, self.community, TIMEOUT_S, RETRIES)


async def _interfaces(place: Place, port: str | None, columns: tuple[str, ...]) -> list[PortReading]:
    """The Ethernet ports, or the one. Raises SnmpError, no_such for a port that is not there."""
    wanted = [c for c in columns if if_mib.PRIVATE.get(c, place.vendor) == place.vendor]
    index = place.ports.get(port) if port is not None else None
    rows: dict[str, Value] = {}
    async with place.agent() as agent:
        if index is not None:
            rows = await agent.get(*(f"{if_mib.COLUMNS[name]}.{index}" for name in wanted))
        else:
            for name in wanted:
                rows |= await agent.walk(if_mib.COLUMNS[name])
    found = [reading for reading in if_mib.parse_ports(rows) if reading.if_type in if_mib.ETHERNET]
    names = {index: name for name, index in place.ports.items()}
    found = [r for r in found if port is None or port == (names.get(r.if_index) or r.name)]
    if not found:
        raise SnmpError("no_such", permanent=True)
    return found


def _name(place: Place, reading: PortReading) -> str:
    known = next((name for name, index in place.ports.items() if index == reading.if_index), None)
    return known or reading.name or str(reading.if_index)


async def ports(place: Place, port: str | None) -> Found:
    """Port states. Speed and duplex are of a live link only."""
    rows = tuple(
        PortStatus(
            port=_name(place, r),
            admin_up=r.admin_up,
            link_up=r.oper_up,
            speed_mbps=r.speed_mbps if r.oper_up else None,
            full_duplex=r.full_duplex if r.oper_up else None,
            description=r.description,
        )
        for r in await _interfaces(place, port, STATUS)
    )
    return rows, ("IF-MIB", "EtherLike-MIB")


async def errors(place: Place, port: str | None) -> Found:
    """Error counters since the start of the device."""
    rows = tuple(
        PortErrors(
            port=_name(place, r),
            crc=r.crc,
            in_errors=r.in_errors,
            in_drops=r.in_discards,
            out_errors=r.out_errors,
            out_drops=r.out_discards,
            late_collisions=r.late_collisions,
        )
        for r in await _interfaces(place, port, ERRORS + LATE)
    )
    return rows, ("IF-MIB", "EtherLike-MIB")


async def counters(place: Place, port: str | None) -> Found:
    """Octets and broadcasts since the start of the device."""
    rows = tuple(
        PortCounters(port=_name(place, r), in_octets=r.in_octets, out_octets=r.out_octets, in_broadcast=r.in_broadcasts)
        for r in await _interfaces(place, port, COUNTERS + LATE)
    )
    return rows, ("IF-MIB",)


async def macs(place: Place, port: str | None) -> Found:
    """Learned MACs, of the device or of one port."""
    async with place.agent() as agent:
        base_ports = bridge_mib.parse_base_ports(await agent.walk(bridge_mib.BASE_PORT_IF_INDEX))
        names = dict(place.ports) or _names(await agent.walk(if_mib.COLUMNS["name"]))
        if port is not None and port not in names:
            raise SnmpError("no_such", permanent=True)
        by_index = {index: name for name, index in names.items()}
        entries: tuple[Any, ...] = ()
        used = ""
        for used in readers.fdb_prefixes(place.vendor):
            if rows := await agent.walk(used):
                entries = bridge_mib.parse_fdb(rows, base_ports=base_ports)
                break
    found = (
        MacEntry(e.mac, by_index.get(e.if_index or 0), e.vlan, kind=MacKind.DYNAMIC)
        for e in entries
        if port is None or by_index.get(e.if_index or 0) == port
    )
    return tuple(found), ("HUAWEI-L2MAM-MIB" if used == bridge_mib.HUAWEI_FDB else "Q-BRIDGE-MIB",)


async def uptime(place: Place) -> int | None:
    """sysUpTime in seconds, which wraps after 497 days; None when SNMP gives no answer."""
    try:
        async with place.agent() as agent:
            told = if_mib.parse_system(await agent.get(*if_mib.SYSTEM)).uptime_s
    except SnmpError:
        return None
    return None if told is None else round(told)


def _names(rows: Mapping[str, Value]) -> dict[str, int]:
    """ifName -> ifIndex."""
    found = ((str(value), key.rsplit(".", 1)[1]) for key, value in rows.items() if value is not None)
    return {name: int(index) for name, index in found}


async def neighbours(place: Place, port: str | None) -> Found:
    """Who is heard by LLDP."""
    if port is not None and port not in place.ports:
        raise SnmpError("no_such", permanent=True)
    async with place.agent() as agent:
        rows = await agent.walk(lldp_mib.REMOTE) | await agent.walk(lldp_mib.LOCAL_PORT_ID)
    by_index = {index: name for name, index in place.ports.items()}
    found = []
    for each in lldp_mib.parse_neighbours(rows):
        name = each.local_name if each.local_name in place.ports else by_index.get(each.local_port, each.local_name)
        if port is None or port == name:
            found.append(
                Neighbour(
                    port=name,
                    chassis_id=each.chassis_id,
                    port_id=each.port_id,
                    port_description=each.port_description,
                    system_name=each.system_name,
                    system_description=each.system_description,
                )
            )
    return tuple(found), ("LLDP-MIB",)


READERS: Mapping[Operation, Reader] = {
    Operation.PORTS: ports,
    Operation.ERRORS: errors,
    Operation.COUNTERS: counters,
    Operation.MACS: macs,
    Operation.NEIGHBOURS: neighbours,
}
