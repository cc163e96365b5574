"""Private MIBs of the switches: CPU, memory, serial, firmware, as the walks of these makes have them.

D-Link 171.12 and RMON probe (16.19), Cisco 9.9.109 and ENTITY-MIB, Huawei 2011.5.25.31 and ENTITY-MIB.
"""

from collections.abc import Callable

from uzel.drivers import ber
from uzel.simcity import wire
from uzel.simcity.makes import CISCO, DLINK, HUAWEI, Make
from uzel.simcity.mib import Asked, Rows, Scalar, Scalars, Segment, Table, rows, single
from uzel.simcity.mib_bridge import vlans
from uzel.simcity.traffic import flowed
from uzel.simcity.world import Port, spread

_DLINK, _CISCO, _HUAWEI = "1.3.6.1.4.1.171.12", "1.3.6.1.4.1.9", "1.3.6.1.4.1.2011"
# Entities of Huawei whose rows say something; the others read 0.
_HUAWEI_CHASSIS, _HUAWEI_BOARD = 67108867, 67108873
DLINK_MEMORY_KB = 262144
# Models whose firmware has no cable test by SNMP.
_NO_CABLE_TEST = {"DES-3028"}


def cpu_percent(asked: Asked, seconds: int = 60) -> int:
    """Load of the CPU; a loop behind any port keeps it busy."""
    if any("loop" in port.faults for port in asked.device.ports):
        return 97
    step = int(flowed(asked.now) // seconds)
    return int(6 + 20 * spread(asked.device.code, "cpu") + 8 * spread(asked.device.code, step))


def memory_percent(asked: Asked) -> int:
    """How much of the memory is taken."""
    least, more = (30, 25) if asked.device.make.family == HUAWEI else (40, 20)
    return int(least + more * spread(asked.device.code, "ram"))


def _temperature(asked: Asked) -> int:
    return int(32 + 16 * spread(asked.device.code, "heat"))


def _constant(value: bytes) -> Scalar:
    return lambda asked: value


def _dlink(make: Make) -> list[Segment]:
    total = DLINK_MEMORY_KB
    segments: list[Segment] = [
        single("1.3.6.1.2.1.16.19.2", _constant(ber.octets(make.firmware))),
        single("1.3.6.1.2.1.16.19.3", _constant(ber.octets(make.hardware))),
        Scalars(
            f"{_DLINK}.1.1.6",
            {
                "1.0": lambda asked: ber.integer(cpu_percent(asked, 5)),
                "2.0": lambda asked: ber.integer(cpu_percent(asked, 60)),
                "3.0": lambda asked: ber.integer(cpu_percent(asked, 300)),
            },
        ),
        Scalars(
            f"{_DLINK}.1.1.9.1",
            {
                "2.0": lambda asked: ber.integer(total),
                "3.0": lambda asked: ber.integer(total * memory_percent(asked) // 100),
                "4.0": lambda asked: ber.integer(memory_percent(asked)),
            },
        ),
        single(f"{_DLINK}.1.1.12", lambda asked: ber.octets(asked.device.serial)),
        single(f"{_DLINK}.11.1.8.1.2.1", lambda asked: ber.integer(_temperature(asked))),
    ]
    segments.append(_dlink_ddm())
    if make.model not in _NO_CABLE_TEST:
        segments.append(_dlink_cable_test())
    return segments


def _dlink_cable_test() -> Segment:
    """swEtherCableDiagTable as it reads before any test: every pair 8 (other), length 0, action 3.

    Only the link column lives: a test is started by SET, which this agent refuses.
    """

    def ports(asked: Asked) -> Rows:
        copper = [p for p in asked.device.ports if p.shape.base_port and not p.shape.is_uplink]
        return rows([((port.shape.base_port,), port) for port in copper])

    def link(asked: Asked, port: Port) -> bytes:
        return ber.integer(1 if port.oper else 0)

    never, nothing = ber.integer(8), ber.integer(0)
    columns = {
        1: lambda asked, port: ber.integer(port.shape.base_port),
        2: lambda asked, port: ber.integer(0 if port.shape.speed_mbps == 100 else 1),
        3: link,
        **{column: (lambda asked, port: never) for column in range(4, 8)},
        **{column: (lambda asked, port: nothing) for column in range(8, 12)},
        12: lambda asked, port: ber.integer(3),
    }
    return Table(f"{_DLINK}.58.1.1.1", columns, ports)


def _dlink_ddm() -> Segment:
    """swDdmStatusTable of DDM-MGMT-MIB: padded text, powers in mW, "-" where there is no module."""

    def ports(asked: Asked) -> Rows:
        return rows([((p.shape.base_port,), p) for p in asked.device.ports if p.shape.base_port and wire.is_fibre(p)])

    def told(read: Callable[[wire.Optics], float]) -> Callable[[Asked, Port], bytes]:
        def column(asked: Asked, port: Port) -> bytes:
            module = wire.optics(asked.city, port, asked.now)
            return ber.octets(f"{read(module):9.4f}" if module else "  -")

        return column

    return Table(
        f"{_DLINK}.72.2.1.1.1",
        {
            2: told(lambda module: module.temperature_c),
            3: told(lambda module: module.supply_v),
            4: told(lambda module: module.bias_ma),
            5: told(lambda module: milliwatts(module.tx_dbm)),
            6: told(lambda module: milliwatts(module.rx_dbm)),
        },
        ports,
    )


def milliwatts(dbm: float) -> float:
    """Power in mW; the modules' floor of -40 dBm is plain 0."""
    return 0.0 if dbm <= wire.DARK_DBM else float(10 ** (dbm / 10))


def _cisco(make: Make) -> list[Segment]:
    def vlan_rows(asked: Asked) -> Rows:
        return rows([((1, vlan), vlan) for vlan in vlans(asked.device)])

    return [
        Scalars(
            "1.3.6.1.2.1.47.1.1.1.1",
            {
                "2.1": _constant(ber.octets(make.model)),
                "9.1": _constant(ber.octets(make.firmware)),
                "10.1": _constant(ber.octets(make.firmware)),
                "11.1": lambda asked: ber.octets(asked.device.serial),
                "13.1": _constant(ber.octets(make.model)),
            },
        ),
        Scalars(
            f"{_CISCO}.2.1",
            {
                "56.0": lambda asked: ber.integer(cpu_percent(asked, 5)),
                "57.0": lambda asked: ber.integer(cpu_percent(asked, 60)),
                "58.0": lambda asked: ber.integer(cpu_percent(asked, 300)),
            },
        ),
        Table(
            f"{_CISCO}.9.46.1.3.1.1",
            {
                2: lambda asked, vlan: ber.integer(1),
                4: lambda asked, vlan: ber.octets("default" if vlan == 1 else f"VLAN{vlan:04d}"),
            },
            vlan_rows,
        ),
        Scalars(
            f"{_CISCO}.9.109.1.1.1.1",
            {
                "6.1": lambda asked: ber.gauge32(cpu_percent(asked, 5)),
                "7.1": lambda asked: ber.gauge32(cpu_percent(asked, 60)),
                "8.1": lambda asked: ber.gauge32(cpu_percent(asked, 300)),
            },
        ),
    ]


def _huawei(make: Make) -> list[Segment]:
    """hwEntityStateTable has a row of zeroes for each part without a sensor, among them one that tells."""
    quiet = (_HUAWEI_CHASSIS, 67108868, 67108869)

    def parts(asked: Asked) -> Rows:
        return rows([((part,), part) for part in (*quiet, _HUAWEI_BOARD)])

    def told(asked: Asked, part: int, value: int) -> bytes:
        return ber.integer(value if part == _HUAWEI_BOARD else 0)

    return [
        Scalars(
            "1.3.6.1.2.1.47.1.1.1.1",
            {
                f"2.{_HUAWEI_CHASSIS}": _constant(ber.octets(make.model)),
                f"10.{_HUAWEI_BOARD}": _constant(ber.octets(make.firmware)),
                f"11.{_HUAWEI_CHASSIS}": lambda asked: ber.octets(asked.device.serial),
            },
        ),
        Table(
            f"{_HUAWEI}.5.25.31.1.1.1.1",
            {
                5: lambda asked, part: told(asked, part, cpu_percent(asked)),
                7: lambda asked, part: told(asked, part, memory_percent(asked)),
                11: lambda asked, part: told(asked, part, _temperature(asked)),
            },
            parts,
        ),
    ]


_BY_FAMILY = {DLINK: _dlink, CISCO: _cisco, HUAWEI: _huawei}


def private(make: Make) -> list[Segment]:
    """The private part of a switch's tree."""
    return _BY_FAMILY[make.family](make)
