"""Cisco's command line: what the ports say. Formats as recordings of Catalyst 2960, 3560 and 4500 have."""

import re

from uzel.simcity import traffic, wire
from uzel.simcity.changes import counted
from uzel.simcity.mib_interfaces import is_admin_up, speed_mbps
from uzel.simcity.shell import Args, Command, Reply, Session
from uzel.simcity.wire import Wire
from uzel.simcity.world import Device, Port

NO_SUCH = "                              ^\n% Invalid input detected at '^' marker.\n\n"
_TDR_S = 3.0


def real(device: Device) -> list[Port]:
    """The ports one can plug a wire into."""
    return [port for port in device.ports if port.shape.base_port]


def find_port(device: Device, text: str) -> Port | None:
    """The port that "Gi0/1", "gi0/1" or "GigabitEthernet0/1" names."""
    found = re.fullmatch(r"([A-Za-z-]+)(\d.*)", text)
    if not found:
        return None
    kind, number = found[1].lower(), found[2]
    for port in real(device):
        long = re.fullmatch(r"([A-Za-z-]+)(\d.*)", port.shape.descr)
        if long and long[2] == number and long[1].lower().startswith(kind):
            return port
    return None


def dotted(mac: str) -> str:
    """0021.d800.0001 from twelve hex digits."""
    return f"{mac[:4]}.{mac[4:8]}.{mac[8:]}"


def _own_mac(port: Port) -> str:
    value = int.from_bytes(port.device.mac, "big") + port.shape.base_port
    return dotted(f"{value:012x}")


def _media(port: Port) -> str:
    if port.shape.speed_mbps > 1000:
        return "10GBase-LR"
    return "1000BaseLX SFP" if wire.is_fibre(port) else "10/100/1000BaseTX"


def _duplex(port: Port) -> str:
    return "Half" if "half-duplex" in port.faults else "Full"


_TITLES = {1000: "Gigabit Ethernet", 10000: "Ten Gigabit Ethernet"}


def _interface(session: Session, port: Port) -> list[str]:
    mbps, admin, mac = speed_mbps(port), is_admin_up(port), _own_mac(port)
    state = "up" if port.oper else "down" if admin else "administratively down"
    told = "connected" if port.oper else "notconnect" if admin else "disabled"
    text = wire.description(session.city, port)
    speed = f"{mbps}Mb/s" if mbps < 10000 else "10Gb/s"
    line = f"{_duplex(port)}-duplex, {speed}" if port.oper else "Auto-duplex, Auto-speed"
    return [
        f"{port.shape.descr} is {state}, line protocol is {'up' if port.oper else 'down'} ({told}) ",
        f"  Hardware is {_TITLES[port.shape.speed_mbps]}, address is {mac} (bia {mac})",
        *([f"  Description: {text}"] if text else []),
        f"  MTU 1500 bytes, BW {(mbps or port.shape.speed_mbps) * 1000} Kbit, DLY 10 usec, ",
        "     reliability 255/255, txload 1/255, rxload 1/255",
        "  Encapsulation ARPA, loopback not set",
        "  Keepalive set (10 sec)",
        f"  {line}, media type is {_media(port)}",
        "  input flow-control is off, output flow-control is unsupported ",
        "  ARP type: ARPA, ARP Timeout 04:00:00",
        "  Last input never, output 00:00:01, output hang never",
        '  Last clearing of "show interface" counters never',
        *_counters(session, port),
    ]


def _counters(session: Session, port: Port) -> list[str]:
    t = traffic

    def n(number: int) -> int:
        return counted(session, port, number)

    received = n(t.IN_UCAST) + n(t.IN_MULTICAST) + n(t.IN_BROADCAST)
    sent = n(t.OUT_UCAST) + n(t.OUT_MULTICAST) + n(t.OUT_BROADCAST)
    late = n(t.LATE_COLLISIONS)
    return [
        f"  Input queue: 0/75/{n(t.IN_DISCARDS)}/0 (size/max/drops/flushes); Total output drops: 0",
        "  Queueing strategy: fifo",
        "  Output queue: 0/40 (size/max)",
        "  5 minute input rate 1000 bits/sec, 2 packets/sec",
        "  5 minute output rate 4000 bits/sec, 3 packets/sec",
        f"     {received} packets input, {n(t.IN_OCTETS)} bytes, 0 no buffer",
        f"     Received {n(t.IN_BROADCAST)} broadcasts ({n(t.IN_MULTICAST)} multicasts)",
        "     0 runts, 0 giants, 0 throttles",
        f"     {n(t.IN_ERRORS)} input errors, {n(t.CRC)} CRC, 0 frame, 0 overrun, 0 ignored",
        f"     0 watchdog, {n(t.IN_MULTICAST)} multicast, 0 pause input",
        "     0 input packets with dribble condition detected",
        f"     {sent} packets output, {n(t.OUT_OCTETS)} bytes, 0 underruns",
        f"     {late} output errors, {late + late // 2} collisions, 2 interface resets",
        f"     0 babbles, {late} late collision, 0 deferred",
        "     0 lost carrier, 0 no carrier, 0 PAUSE output",
        "     0 output buffer failures, 0 output buffers swapped out",
    ]


def _show_interfaces(session: Session, args: Args) -> str:
    if "port" not in args:
        return "".join("\n".join(_interface(session, port)) + "\n" for port in real(session.device))
    port = find_port(session.device, args["port"])
    return "\n".join(_interface(session, port)) + "\n" if port else NO_SUCH


def vlan_of(port: Port) -> int:
    """The VLAN of an access port: that of the first thing behind it."""
    return port.stations[0][1] if port.stations else 1


def _show_status(session: Session, args: Args) -> str:
    lines = ["", "Port      Name               Status       Vlan       Duplex  Speed Type"]
    for port in real(session.device):
        state = "connected" if port.oper else "notconnect" if is_admin_up(port) else "disabled"
        vlan = "trunk" if port.link else str(vlan_of(port))
        auto = "" if wire.is_fibre(port) else "a-"
        duplex = f"{auto}{_duplex(port).lower()}" if port.oper else "auto"
        mbps = speed_mbps(port)
        speed = f"{auto}{mbps if mbps < 10000 else '10G'}" if port.oper else "auto"
        name = wire.description(session.city, port)[:18]
        media = _media(port)
        lines.append(f"{port.shape.name:<9} {name:<18} {state:<12} {vlan:<10} {duplex:>6} {speed:>6} {media}")
    return "\n".join(lines) + "\n"


def _show_held(session: Session, args: Args) -> str:
    """No port is held down: a loop behind a subscriber's own switch eats the keepalives, and shows in the log."""
    return "\nPort      Name               Status       Reason               Err-disabled Vlans\n"


def _show_descriptions(session: Session, args: Args) -> str:
    lines = ["Interface                      Status         Protocol Description"]
    for port in real(session.device):
        state = "up" if port.oper else "down" if is_admin_up(port) else "admin down"
        protocol = "up" if port.oper else "down"
        text = wire.description(session.city, port)
        lines.append(f"{port.shape.name:<30} {state:<14} {protocol:<8} {text}")
    return "\n".join(lines) + "\n"


def _show_counters_errors(session: Session, args: Args) -> str:
    one = ["", "Port        Align-Err     FCS-Err    Xmit-Err     Rcv-Err  UnderSize  OutDiscards"]
    two = ["", "Port      Single-Col  Multi-Col   Late-Col  Excess-Col  Carri-Sen      Runts     Giants"]
    for port in real(session.device):
        crc, late = counted(session, port, traffic.CRC), counted(session, port, traffic.LATE_COLLISIONS)
        errors = counted(session, port, traffic.IN_ERRORS)
        one.append(f"{port.shape.name:<10}{0:>11}{crc:>12}{0:>12}{errors:>12}{0:>11}{0:>13}")
        two.append(f"{port.shape.name:<10}{late // 2:>10}{0:>11}{late:>11}{0:>12}{0:>11}{0:>11}{0:>11}")
    return "\n".join((*one, *two)) + "\n"


def _show_switchport(session: Session, args: Args) -> str:
    ports = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    return "\n".join(_switchport(session, port) if port else NO_SUCH for port in ports)


def _switchport(session: Session, port: Port) -> str:
    mode = "trunk" if port.link else "static access"
    voice = next((vlan for _, vlan in port.stations[1:]), None)
    return (
        f"Name: {port.shape.name}\nSwitchport: Enabled\nAdministrative Mode: {mode}\n"
        f"Operational Mode: {mode if port.oper else 'down'}\nAdministrative Trunking Encapsulation: dot1q\n"
        f"Negotiation of Trunking: Off\nAccess Mode VLAN: {vlan_of(port)} (v{vlan_of(port)})\n"
        "Trunking Native Mode VLAN: 1 (default)\nAdministrative Native VLAN tagging: enabled\n"
        f"Voice VLAN: {f'{voice} (v{voice})' if voice else 'none'}\nTrunking VLANs Enabled: ALL\n"
        "Pruning VLANs Enabled: 2-1001\nCapture Mode Disabled\nCapture VLANs Allowed: ALL\n\nProtected: false\n"
        "Unknown unicast blocked: disabled\nUnknown multicast blocked: disabled\nAppliance trust: none\n"
    )


def _test_cable(session: Session, args: Args) -> str:
    port = find_port(session.device, args["port"])
    if port is None:
        return NO_SUCH
    if wire.is_fibre(port):
        return f"TDR test is not supported on interface {port.shape.name}\n"
    session.shells.tested[port.code] = session.now
    return (
        f"TDR test started on interface {port.shape.name}\nA TDR test can take a few seconds to run on an interface\n"
        "Use 'show cable-diagnostics tdr' to read the TDR results.\n\n"
    )


_PAIR_WORDS = {Wire.OK: "Normal", Wire.OPEN: "Open", Wire.SHORT: "Short"}


def _show_cable(session: Session, args: Args) -> str:
    port = find_port(session.device, args["port"])
    if port is None:
        return NO_SUCH
    started = session.shells.tested.get(port.code)
    if started is None:
        return f"TDR test was never run on {port.shape.name}.\n\n"
    cable = wire.cable(session.city, port)
    done = session.now - started >= _TDR_S
    rows = [
        "TDR test last run on: March 02 15:10:52",
        "",
        "Interface Speed Local pair Pair length        Remote pair Pair status",
        "--------- ----- ---------- ------------------ ----------- --------------------",
    ]
    speed = f"{speed_mbps(port)}M" if port.oper else "auto"
    for number in range(4):
        state, metres = cable.pairs[number] if cable.pairs else (Wire.OPEN, 0)
        word = _PAIR_WORDS[state] if done else "Not Completed"
        length = f"{metres:<4} +/- 4  meters" if done else "N/A"
        letter = "ABCD"[number]
        remote = f"Pair {letter}" if done and state is Wire.OK else "N/A"
        start = f"{port.shape.name:<9} {speed:<5} " if not number else " " * 16
        rows.append(f"{start}Pair {letter}     {length:<18} {remote:<11} {word:<20}")
    return "\n".join(rows) + "\n"


_LEGEND = (
    "If device is externally calibrated, only calibrated values are printed.\n"
    "++ : high alarm, +  : high warning, -  : low warning, -- : low alarm.\n"
    "NA or N/A: not applicable, Tx: transmit, Rx: receive.\nmA: milliamperes, dBm: decibels (milliwatts).\n\n"
    "                                           Optical   Optical\n"
    "           Temperature  Voltage  Current   Tx Power  Rx Power\n"
    "Port       (Celsius)    (Volts)  (mA)      (dBm)     (dBm)\n"
    "---------  -----------  -------  --------  --------  --------\n"
)
_LOW_ALARM, _LOW_WARNING = -25.0, -20.0


def _show_optics(session: Session, args: Args) -> str:
    ports = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    rows = []
    for port in ports:
        module = wire.optics(session.city, port, session.now) if port else None
        if port and module:
            rx = module.rx_dbm
            flag = "--" if rx < _LOW_ALARM else "- " if rx < _LOW_WARNING else "  "
            cells = f"{module.temperature_c:>6.1f}       {module.supply_v:.2f}     {module.bias_ma:>6.1f}"
            rows.append(f"{port.shape.name:<9}   {cells}      {module.tx_dbm:>5.1f}     {rx:>5.1f}   {flag}")
    return f"{_LEGEND}{chr(10).join(rows)}\n\n"


COMMANDS = (
    Command("show interfaces", _show_interfaces),
    Command("show interfaces status", _show_status),
    Command("show interfaces status err-disabled", _show_held),
    Command("show interfaces description", _show_descriptions),
    Command("show interfaces counters errors", _show_counters_errors),
    Command("show interfaces switchport", _show_switchport),
    Command("show interfaces transceiver", _show_optics),
    Command("show interfaces <port>", _show_interfaces),
    Command("show interfaces <port> switchport", _show_switchport),
    Command("show interfaces <port> transceiver", _show_optics),
    Command("test cable-diagnostics tdr interface <port>", lambda session, args: Reply(_test_cable(session, args))),
    Command("show cable-diagnostics tdr interface <port>", _show_cable),
)
