"""SNMPv2-MIB system (RFC 3418), IF-MIB (RFC 2863) and EtherLike-MIB (RFC 3635) of a simulated device."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from uzel.drivers import ber
from uzel.simcity import traffic
from uzel.simcity.makes import DLINK, ETHERNET_CSMACD, GIGABIT_ETHERNET, MAKES, Make
from uzel.simcity.mib import Asked, Rows, Scalars, Segment, Table
from uzel.simcity.wire import description
from uzel.simcity.world import Port

Getter = Callable[[Asked, Any], bytes | None]
_FULL_DUPLEX, _HALF_DUPLEX, _UNKNOWN_DUPLEX = 3, 2, 1
_ZERO_DOT_ZERO = ber.object_id((0, 0))


def system(make: Make) -> Segment:
    """The system group. sysServices: 2 for a switch of the second layer, 72 for a host."""
    services = 2 if make.ports else 72
    return Scalars(
        "1.3.6.1.2.1.1",
        {
            "1.0": lambda asked: ber.octets(make.descr),
            "2.0": lambda asked: ber.object_id(ber.parse_oid(make.object_id)),
            "3.0": lambda asked: ber.ticks(asked.uptime_s),
            "4.0": lambda asked: ber.octets("noc"),
            "5.0": lambda asked: ber.octets(asked.device.code),
            "6.0": lambda asked: ber.octets(asked.device.location),
            "7.0": lambda asked: ber.integer(services),
        },
    )


@lru_cache
def _index(model: str) -> tuple[list[tuple[int, ...]], list[bytes]]:
    make = MAKES[model]
    numbers = sorted(shape.if_index for shape in (*make.ports, *make.virtual))
    return [(n,) for n in numbers], [ber.sub_identifiers((n,)) for n in numbers]


def _ports(asked: Asked) -> Rows:
    indexes, encoded = _index(asked.device.make.model)
    return indexes, encoded, asked.device.ports


def _plugs(asked: Asked) -> Rows:
    """Only what one can plug a wire into: what EtherLike-MIB tells of."""
    ports = [port for port in asked.device.ports if port.shape.if_type in (ETHERNET_CSMACD, GIGABIT_ETHERNET)]
    indexes = [(port.shape.if_index,) for port in ports]
    return indexes, [ber.sub_identifiers(index) for index in indexes], ports


def speed_mbps(port: Port) -> int:
    """Speed of the link; 0 without one, as D-Link has it, the full speed on others."""
    if not port.oper and port.device.make.family == DLINK:
        return 0
    most = 10 if "slow" in port.faults else 100 if "two-pairs" in port.faults else port.shape.speed_mbps
    return min(most, port.shape.speed_mbps)


def is_admin_up(port: Port) -> bool:
    """Whether the port is switched on."""
    return "admin-down" not in port.faults


def _count(number: int, encode: Callable[[float], bytes] = ber.counter32) -> Getter:
    return lambda asked, port: encode(traffic.counter(port, number, asked.now, asked.flow))


def _mac(port: Port) -> bytes:
    last = int.from_bytes(port.device.mac, "big") + port.shape.base_port
    return ber.octets(last.to_bytes(6, "big"))


def _last_change(port: Port) -> bytes:
    return ber.ticks(max(0.0, port.changed_at - port.device.booted_at))


def _alias(asked: Asked, port: Port) -> bytes:
    return ber.octets(description(asked.city, port))


def _duplex(port: Port) -> int:
    if not port.oper:
        return _UNKNOWN_DUPLEX
    return _HALF_DUPLEX if "half-duplex" in port.faults else _FULL_DUPLEX


_NO_COUNT = ber.counter32(0)
_IF_COLUMNS: dict[int, Getter] = {
    1: lambda asked, port: ber.integer(port.shape.if_index),
    2: lambda asked, port: ber.octets(port.shape.descr),
    3: lambda asked, port: ber.integer(port.shape.if_type),
    4: lambda asked, port: ber.integer(1500),
    5: lambda asked, port: ber.gauge32(min(speed_mbps(port) * 1_000_000, 0xFFFFFFFF)),
    6: lambda asked, port: _mac(port),
    7: lambda asked, port: ber.integer(1 if is_admin_up(port) else 2),
    8: lambda asked, port: ber.integer(1 if port.oper else 2),
    9: lambda asked, port: _last_change(port),
    10: _count(traffic.IN_OCTETS),
    11: _count(traffic.IN_UCAST),
    12: _count(traffic.IN_MULTICAST),
    13: _count(traffic.IN_DISCARDS),
    14: _count(traffic.IN_ERRORS),
    15: lambda asked, port: _NO_COUNT,
    16: _count(traffic.OUT_OCTETS),
    17: _count(traffic.OUT_UCAST),
    18: _count(traffic.OUT_MULTICAST),
    19: lambda asked, port: _NO_COUNT,
    20: _count(traffic.LATE_COLLISIONS),
    21: lambda asked, port: ber.gauge32(0),
    22: lambda asked, port: _ZERO_DOT_ZERO,
}
_IFX_COLUMNS: dict[int, Getter] = {
    1: lambda asked, port: ber.octets(port.shape.name),
    2: _count(traffic.IN_MULTICAST),
    3: _count(traffic.IN_BROADCAST),
    4: _count(traffic.OUT_MULTICAST),
    5: _count(traffic.OUT_BROADCAST),
    6: _count(traffic.IN_OCTETS, ber.counter64),
    7: _count(traffic.IN_UCAST, ber.counter64),
    8: _count(traffic.IN_MULTICAST, ber.counter64),
    9: _count(traffic.IN_BROADCAST, ber.counter64),
    10: _count(traffic.OUT_OCTETS, ber.counter64),
    11: _count(traffic.OUT_UCAST, ber.counter64),
    12: _count(traffic.OUT_MULTICAST, ber.counter64),
    13: _count(traffic.OUT_BROADCAST, ber.counter64),
    14: lambda asked, port: ber.integer(1 if port.shape.base_port else 2),
    15: lambda asked, port: ber.gauge32(speed_mbps(port)),
    16: lambda asked, port: ber.integer(2),
    17: lambda asked, port: ber.integer(1 if port.shape.base_port else 2),
    18: _alias,
    19: lambda asked, port: ber.ticks(0),
}
_DOT3_COLUMNS: dict[int, Getter] = {
    1: lambda asked, port: ber.integer(port.shape.if_index),
    2: lambda asked, port: _NO_COUNT,
    3: _count(traffic.CRC),
    4: lambda asked, port: _NO_COUNT,
    5: lambda asked, port: _NO_COUNT,
    6: lambda asked, port: _NO_COUNT,
    7: lambda asked, port: _NO_COUNT,
    8: _count(traffic.LATE_COLLISIONS),
    9: lambda asked, port: _NO_COUNT,
    10: lambda asked, port: _NO_COUNT,
    11: lambda asked, port: _NO_COUNT,
    13: lambda asked, port: _NO_COUNT,
    16: lambda asked, port: _NO_COUNT,
    17: lambda asked, port: _ZERO_DOT_ZERO,
    18: lambda asked, port: _NO_COUNT,
    19: lambda asked, port: ber.integer(_duplex(port)),
}


def interfaces(make: Make) -> list[Segment]:
    """ifNumber, ifTable, dot3StatsTable, ifXTable."""
    count = len(make.ports) + len(make.virtual)
    return [
        Scalars("1.3.6.1.2.1.2.1", {"0": lambda asked: ber.integer(count)}),
        Table("1.3.6.1.2.1.2.2.1", _IF_COLUMNS, _ports),
        Table("1.3.6.1.2.1.10.7.2.1", _DOT3_COLUMNS, _plugs),
        Table("1.3.6.1.2.1.31.1.1.1", _IFX_COLUMNS, _ports),
    ]
