"""The hardware of the simulated city: what each model calls itself and its ports.

sysObjectIDs, sysDescr texts, port names and ifIndex numbers follow SNMP walks of these models (D-Link DES-3526,
DES-3200-18 C1, DGS-3000-28X, DGS-3620-28SC; Cisco C3560G; Huawei S5328C-EI, S5720-56C-PWR-EI); the Catalyst 4506-E
follows its manual. Firmware strings are in the form of the make.
"""

from dataclasses import dataclass

ETHERNET_CSMACD = 6
GIGABIT_ETHERNET = 117


@dataclass(frozen=True, slots=True)
class PortShape:
    """A port as its model has it. `base_port` is dot1dBasePort; `name` is ifName."""

    name: str
    if_index: int
    base_port: int
    speed_mbps: int
    descr: str
    if_type: int = ETHERNET_CSMACD
    is_uplink: bool = False


@dataclass(frozen=True, slots=True)
class Make:
    """A model of hardware. `object_id` is sysObjectID; `family` chooses the private MIBs and the syslog format."""

    vendor: str
    model: str
    family: str
    object_id: str
    descr: str
    firmware: str
    hardware: str = ""
    ports: tuple[PortShape, ...] = ()
    # Interfaces without a plug: VLANs, loopback, null. Their base_port is 0.
    virtual: tuple[PortShape, ...] = ()
    # Q-BRIDGE PortList length in octets, which differs by model.
    port_list_octets: int = 4


def _dlink_ports(model: str, release: str, access: int, uplinks: int, fast: bool) -> tuple[PortShape, ...]:
    shapes = []
    for n in range(1, access + uplinks + 1):
        up = n > access
        speed = 1000 if up or not fast else 100
        descr = f"D-Link {model} {release} Port {n} "
        kind = GIGABIT_ETHERNET if speed == 1000 else ETHERNET_CSMACD
        shapes.append(PortShape(str(n), n, n, speed, descr, kind, up))
    return tuple(shapes)


def _dlink_sfp_ports() -> tuple[PortShape, ...]:
    """DGS-3620-28SC: 24 gigabit ports and four of 10 Gbit/s."""
    shapes = []
    for n in range(1, 29):
        up = n > 24
        descr = f"D-Link DGS-3620-28SC R3.00.004 Port {n} on Unit 1"
        shapes.append(PortShape(f"1/{n}", n, n, 10000 if up else 1000, descr, GIGABIT_ETHERNET, up))
    return tuple(shapes)


def _huawei_ports(gigabit: int, ten: int, aggregates: int) -> tuple[PortShape, ...]:
    """VRP numbers the physical ports on from ifIndex 6, and its base ports after the Eth-Trunks, so the two differ."""
    shapes = []
    for n in range(1, gigabit + ten + 1):
        is_ten = n > gigabit
        name = f"XGigabitEthernet0/0/{n - gigabit}" if is_ten else f"GigabitEthernet0/0/{n}"
        up = is_ten or (not ten and n > gigabit - 4)
        shapes.append(PortShape(name, 5 + n, aggregates + n, 10000 if is_ten else 1000, name, is_uplink=up))
    return tuple(shapes)


def _cisco_3560g_ports() -> tuple[PortShape, ...]:
    return tuple(
        PortShape(f"Gi0/{n}", 10100 + n, n, 1000, f"GigabitEthernet0/{n}", is_uplink=n > 48) for n in range(1, 53)
    )


def _cisco_4506_ports() -> tuple[PortShape, ...]:
    """Four 10 Gbit/s ports of the supervisor in slot 1, a 48-port line card in slot 2."""
    ten = [PortShape(f"Te1/{n}", 2 + n, n, 10000, f"TenGigabitEthernet1/{n}", is_uplink=True) for n in range(1, 5)]
    gigabit = [PortShape(f"Gi2/{n}", 10 + n, 64 + n, 1000, f"GigabitEthernet2/{n}") for n in range(1, 49)]
    return tuple(ten + gigabit)


def _cisco_descr(title: str, image: str, version: str, year: int) -> str:
    return (
        f"Cisco IOS Software, {title} Software ({image}), Version {version}, RELEASE SOFTWARE (fc1)\r\n"
        f"Technical Support: http://www.cisco.com/techsupport\r\n"
        f"Copyright (c) 1986-{year} by Cisco Systems, Inc.\r\nCompiled Thu 05-May-{year % 100} 16:14 by prod_rel_team"
    )


def _huawei_descr(model: str, vrp: str, software: str) -> str:
    return (
        f"{model}\nHuawei Versatile Routing Platform Software \r\n VRP (R) software,Version {vrp} ({software}) \r\n"
        " Copyright (C) 2007 Huawei Technologies Co., Ltd."
    )


DLINK, CISCO, HUAWEI = "dlink", "cisco", "huawei"
IP_FORWARD, PROP_VIRTUAL, SOFTWARE_LOOPBACK, OTHER = 142, 53, 24, 1
MANAGEMENT_VLAN = 10
_VIRTUAL = {
    DLINK: (PortShape("System", 5121, 0, 0, "rif0(System)", IP_FORWARD),),
    CISCO: (
        PortShape("Vl1", 1, 0, 1000, "Vlan1", PROP_VIRTUAL),
        PortShape("Vl10", 10, 0, 1000, "Vlan10", PROP_VIRTUAL),
        PortShape("Nu0", 10501, 0, 10000, "Null0", OTHER),
    ),
    HUAWEI: (
        PortShape("InLoopBack0", 1, 0, 0, "InLoopBack0", SOFTWARE_LOOPBACK),
        PortShape("NULL0", 2, 0, 0, "NULL0", OTHER),
        PortShape("Console9/0/0", 3, 0, 0, "Console9/0/0", 33),
        PortShape("MEth0/0/1", 4, 0, 100, "MEth0/0/1", ETHERNET_CSMACD),
        PortShape("Vlanif10", 90, 0, 1000, "Vlanif10", PROP_VIRTUAL),
    ),
}
UPS_RFC1628, UPS_MEGATEC, UPS_APC = "ups-rfc1628", "ups-megatec", "ups-apc"
OPTICAL_VOLIUS, OPTICAL_HMS, OPTICAL_EDFA, PASSIVE = "optical-volius", "optical-hms", "optical-edfa", "passive"
DLINK_ID, CISCO_ID, HUAWEI_ID = "1.3.6.1.4.1.171.10", "1.3.6.1.4.1.9.1", "1.3.6.1.4.1.2011.2.23"


def _dlink(
    model: str, oid: str, descr: str, firmware: str, hardware: str, ports: tuple[PortShape, ...], octets: int = 4
) -> Make:
    return Make("D-Link", model, DLINK, f"{DLINK_ID}.{oid}", descr, firmware, hardware, ports, _VIRTUAL[DLINK], octets)


_ALL = (
    _dlink(
        "DES-3200-28",
        "113.5.1",
        "DES-3200-28 Fast Ethernet Switch",
        "Build 4.04.004",
        "C1",
        _dlink_ports("DES-3200-28", "R4.04.004", 24, 4, True),
    ),
    _dlink(
        "DES-3200-18",
        "113.3.1",
        "DES-3200-18 Fast Ethernet Switch",
        "Build 4.04.004",
        "C1",
        _dlink_ports("DES-3200-18", "R4.04.004", 16, 2, True),
    ),
    _dlink(
        "DES-3526",
        "64.1",
        "D-Link DES-3526 Fast Ethernet Switch",
        "Build 6.00.B57",
        "0A3G",
        _dlink_ports("DES-3526", "R6.00.B57", 24, 2, True),
    ),
    _dlink(
        "DES-3550",
        "64.2",
        "D-Link DES-3550 Fast Ethernet Switch",
        "Build 6.00.B57",
        "0A3G",
        _dlink_ports("DES-3550", "R6.00.B57", 48, 2, True),
        8,
    ),
    _dlink(
        "DES-3028",
        "63.6",
        "D-Link DES-3028 Fast Ethernet Switch",
        "Build 2.90.B10",
        "A2",
        _dlink_ports("DES-3028", "R2.90.B10", 24, 4, True),
    ),
    # By its manual and by what others' tools say of it (no walk): none stands in the generated city.
    _dlink(
        "DES-1210-28/ME",
        "75.15.2",
        "DES-1210-28/ME Fast Ethernet Switch",
        "10.04.B020",
        "B2",
        _dlink_ports("DES-1210-28/ME", "10.04.B020", 24, 4, True),
    ),
    _dlink(
        "DGS-3000-28X",
        "133.10.2",
        "DGS-3000-28X Gigabit Ethernet Switch",
        "Build 4.04.B005",
        "B1",
        _dlink_ports("DGS-3000-28X", "R4.04.B005", 24, 4, False),
        8,
    ),
    _dlink(
        "DGS-3620-28SC",
        "118.2",
        "DGS-3620-28SC Gigabit Ethernet Switch",
        "Build 3.00.004",
        "A1",
        _dlink_sfp_ports(),
        48,
    ),
    Make(
        "Cisco",
        "WS-C3560G-48TS",
        CISCO,
        f"{CISCO_ID}.617",
        _cisco_descr("C3560", "C3560-IPSERVICESK9-M", "12.2(55)SE3", 2011),
        "12.2(55)SE3",
        "V06",
        _cisco_3560g_ports(),
        _VIRTUAL[CISCO],
    ),
    Make(
        "Cisco",
        "WS-C4506-E",
        CISCO,
        f"{CISCO_ID}.875",
        _cisco_descr("Catalyst 4500 L3 Switch ", "cat4500e-IPBASEK9-M", "15.2(2)E8", 2018),
        "15.2(2)E8",
        "V02",
        _cisco_4506_ports(),
        _VIRTUAL[CISCO],
    ),
    Make(
        "Huawei",
        "S5328C-EI",
        HUAWEI,
        f"{HUAWEI_ID}.95",
        _huawei_descr("S5328C-EI", "5.110", "S5300 V200R001C00SPC300"),
        "V200R001C00SPC300",
        "VER B",
        _huawei_ports(24, 0, 2),
        _VIRTUAL[HUAWEI],
    ),
    Make(
        "Huawei",
        "S5720-56C-PWR-EI",
        HUAWEI,
        f"{HUAWEI_ID}.291",
        _huawei_descr("S5720-56C-PWR-EI-AC", "5.170", "S5720 V200R010C00SPC600"),
        "V200R010C00SPC600",
        "VER A",
        _huawei_ports(48, 4, 0),
        _VIRTUAL[HUAWEI],
    ),
    # NetAgent II answers the Megatec tree; this card has UPS-MIB as well and calls itself by 935.
    Make("Ippon", "Innova RT 1500", UPS_MEGATEC, "1.3.6.1.4.1.935.1.1.1", "NetAgent II", "2.46.DP522"),
    Make("Eltena", "Monolith E 1000RT", UPS_RFC1628, "1.3.6.1.2.1.33", "SNMP/Web adapter DA 806", "2.20"),
    Make("Eltena", "Intelligent 1500RT2", UPS_MEGATEC, "1.3.6.1.4.1.935.1.1.1", "NetAgent 9", "3.8.DA806"),
    Make(
        "APC",
        "Smart-UPS 1500 RM",
        UPS_APC,
        "1.3.6.1.4.1.318.1.3.27",
        "APC Web/SNMP Management Card (MB:v3.9.2 PF:v3.7.3 PN:apc_hw02_aos_373.bin AF1:v3.7.2 "
        "AN1:apc_hw02_sumx_372.bin MN:AP9617 HR:A10)",
        "UPS 04.1 (ID18)",
    ),
    Make("Volius", "VS5793", OPTICAL_VOLIUS, "1.3.6.1.4.1.34652", "Volius optical receiver", "1.12"),
    Make("GW", "GW-R1000", OPTICAL_HMS, "1.3.6.1.4.1.17409.1.10", "CATV optical receiver", "1.29"),
    Make("GW", "GW-6420", OPTICAL_EDFA, "1.3.6.1.4.1.17409.1.11", "EDFA", "1.29"),
    Make("", "PLC 1x8", PASSIVE, "", "", ""),
    Make("Pilot", "Pilot S", PASSIVE, "", "", ""),
)
MAKES: dict[str, Make] = {make.model: make for make in _ALL}
