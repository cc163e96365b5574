"""Huawei's command line: what the ports say. Formats as recordings of S5730 (VRP 5.170) and S5328 have."""

import re

from uzel.simcity import traffic, wire
from uzel.simcity.changes import counted
from uzel.simcity.mib_interfaces import is_admin_up, speed_mbps
from uzel.simcity.shell import Args, Command, Level, Reply, Session
from uzel.simcity.shell_cisco_ports import real
from uzel.simcity.wire import Wire
from uzel.simcity.world import Device, Port

WRONG = "                              ^\nError:Wrong parameter found at '^' position.\n"
_SHORT = (("XGigabitEthernet", "XGE"), ("GigabitEthernet", "GE"))


def short(port: Port) -> str:
    """GE0/0/1: the name in tables."""
    for long, brief in _SHORT:
        if port.shape.name.startswith(long):
            return brief + port.shape.name[len(long) :]
    return port.shape.name


def find_port(device: Device, text: str) -> Port | None:
    """The port that "GigabitEthernet0/0/1", "GE0/0/1" or "g0/0/1" names."""
    found = re.fullmatch(r"([A-Za-z]+)(\d.*)", text)
    if not found:
        return None
    kind = {"ge": "gigabitethernet", "xge": "xgigabitethernet"}.get(found[1].lower(), found[1].lower())
    for port in real(device):
        name = re.fullmatch(r"([A-Za-z]+)(\d.*)", port.shape.name)
        if name and name[2] == found[2] and name[1].lower().startswith(kind):
            return port
    return None


def hyphened(mac: str) -> str:
    """4c1f-cc00-0001 from twelve hex digits."""
    return f"{mac[:4]}-{mac[4:8]}-{mac[8:]}"


def _row(one: str, a: int, two: str, b: int) -> str:
    return f"{one:<15}:{a:>20}, {two:<19}:{b:>20}"


def _counters(session: Session, port: Port) -> list[str]:
    t = traffic

    def n(number: int) -> int:
        return counted(session, port, number)

    received, sent = (n(t.IN_UCAST), n(t.IN_MULTICAST), n(t.IN_BROADCAST)), (
        n(t.OUT_UCAST), n(t.OUT_MULTICAST), n(t.OUT_BROADCAST))  # fmt: skip
    crc, late, errors = n(t.CRC), n(t.LATE_COLLISIONS), n(t.IN_ERRORS)
    return [
        f"Input:  {sum(received)} packets, {n(t.IN_OCTETS)} bytes",
        _row("Unicast", received[0], "Multicast", received[1]),
        _row("Broadcast", received[2], "Jumbo", 0),
        _row("CRC", crc, "Giants", 0),
        _row("Jabbers", 0, "Fragments", crc // 9),
        _row("Runts", 0, "DropEvents", 0),
        _row("Alignments", 0, "Symbols", 0),
        _row("Ignoreds", 0, "Frames", 0),
        _row("Discard", n(t.IN_DISCARDS), "Total Error", errors),
        f"Output:  {sum(sent)} packets, {n(t.OUT_OCTETS)} bytes",
        _row("Unicast", sent[0], "Multicast", sent[1]),
        _row("Broadcast", sent[2], "Jumbo", 0),
        _row("Collisions", late + late // 2, "Deferreds", 0),
        _row("Late Collisions", late, "ExcessiveCollisions", 0),
        f"{'Buffers Purged':<15}:{0:>20}",
        _row("Discard", 0, "Total Error", late),
        "    Input bandwidth utilization threshold : 100.00%",
        "    Output bandwidth utilization threshold: 100.00%",
        "    Input bandwidth utilization  : 1.47%",
        "    Output bandwidth utilization : 0.58%",
    ]


def _interface(session: Session, port: Port) -> str:
    value = int.from_bytes(port.device.mac, "big") + port.shape.base_port
    state = "UP" if port.oper else "DOWN" if is_admin_up(port) else "Administratively DOWN"
    fibre = wire.is_fibre(port)
    duplex = "HALF" if "half-duplex" in port.faults else "FULL"
    vlan = 1 if port.link or not port.stations else port.stations[0][1]
    lines = [
        f"{port.shape.name} current state : {state}",
        f"Line protocol current state : {'UP' if port.oper else 'DOWN'}",
        f"Description:{wire.description(session.city, port)}",
        f"Switch Port, PVID : {vlan:>4}, TPID : 8100(Hex), The Maximum Frame Length is 9216",
        f"IP Sending Frames' Format is PKTFMT_ETHNT_2, Hardware address is {hyphened(f'{value:012x}')}",
        f"Port Mode: {'COMMON FIBER' if fibre else 'COMMON COPPER'}",
        f"Speed : {speed_mbps(port):>4},  Loopback: NONE",
        f"Duplex: {duplex},  Negotiation: {'DISABLE' if fibre else 'ENABLE'}",
        f"Mdi   : {'NORMAL' if fibre else 'AUTO'}",
        "Last 300 seconds input rate 294723 bits/sec, 365 packets/sec",
        "Last 300 seconds output rate 4576701 bits/sec, 279 packets/sec",
        "Input peak rate 5298389 bits/sec, Record time: 2026-03-10 15:05:36",
        "Output peak rate 9298389 bits/sec, Record time: 2026-03-10 15:05:36",
        "",
        *_counters(session, port),
        "",
    ]
    return "\n".join(lines) + "\n"


def _show_interface(session: Session, args: Args) -> str:
    if "port" not in args:
        return "".join(_interface(session, port) for port in real(session.device))
    port = find_port(session.device, args["port"])
    return _interface(session, port) if port else WRONG


def _show_brief(session: Session, args: Args) -> str:
    lines = [
        "PHY: Physical",
        "*down: administratively down",
        "#down: LBDT down",
        "(lb): LBDT block",
        "InUti/OutUti: input utility/output utility",
        "Interface                     PHY     Protocol  InUti OutUti   inErrors  outErrors",
    ]
    for port in real(session.device):
        physical = "up" if port.oper else "down" if is_admin_up(port) else "*down"
        errors = counted(session, port, traffic.IN_ERRORS)
        late = counted(session, port, traffic.LATE_COLLISIONS)
        name = short(port) + ("(10G)" if port.shape.speed_mbps == 10000 else "")
        uses = ("0.38%", "1.02%") if port.oper else ("0%", "0%")
        protocol = "up" if port.oper else "down"
        lines.append(f"{name:<30}{physical:<8}{protocol:<9}{uses[0]:>6} {uses[1]:>6} {errors:>10} {late:>10}")
    return "\n".join(lines) + "\n"


_PAIR_WORDS = {Wire.OK: "Ok", Wire.OPEN: "Open", Wire.SHORT: "Short"}


def _cable_test(session: Session, args: Args) -> Reply:
    port = session.port
    if port is None or wire.is_fibre(port):
        return Reply("Error: The port is a fiber port, and this command is not supported.\n")
    plug = port

    def answer(said: str) -> Reply:
        if not said.strip().lower().startswith("y"):
            return Reply()
        pairs = wire.cable(session.city, plug).pairs or ((Wire.OPEN, 0),) * 4
        lines = ["Info: This operation may take a few seconds. Please wait for a moment....................done."]
        lines += [f"Pair {letter} length: {metres}meter(s)" for letter, (_, metres) in zip("ABCD", pairs, strict=False)]
        lines += [f"Pair {letter} state: {_PAIR_WORDS[s]}" for letter, (s, _) in zip("ABCD", pairs, strict=False)]
        return Reply("\n".join((*lines, "Info: The test result is only for reference.", "")), delay_s=2.0)

    return Reply(question="Warning: The command will stop service for a while. Continue? [Y/N]:", then=answer)


def _transceiver(session: Session, port: Port) -> str:
    module = wire.optics(session.city, port, session.now)
    if module is None:
        return "Error: The transceiver is absent or not supported.\n"
    rule = "-" * 61
    kind = ("10GBASE_LR_SFP", "1000_BASE_LX_SFP")[port.shape.speed_mbps < 10000]
    return (
        f"\n{port.shape.name} transceiver information:\n{rule}\nCommon information:\n"
        f"  Transceiver Type               :{kind}\n  Connector Type                 :LC\n"
        "  Wavelength(nm)                 :1310\n  Digital Diagnostic Monitoring  :YES\n"
        f"{rule}\nManufacture information:\n  Manu. Serial Number            :AB{port.shape.if_index:07d}\n"
        f"  Manufacturing Date             :2019-10-17\n{rule}\nDiagnostic information:\n"
        f"  Temperature(°C)               :{module.temperature_c:.2f}\n"
        "  Temp High Threshold(°C)       :75.00\n"
        f"  Voltage(V)                    :{module.supply_v:.2f}\n"
        f"  Bias Current(mA)              :{module.bias_ma:.2f}\n"
        "  Bias High Threshold(mA)       :120.00\n"
        f"  RX Power(dBM)                 :{module.rx_dbm:.2f}\n"
        "  RX Power Warning range(dBM)   :-20.00 - 0.50\n"
        f"  TX Power(dBM)                 :{module.tx_dbm:.2f}\n{rule}\n"
    )


def _show_transceiver(session: Session, args: Args) -> str:
    if "port" not in args:
        told = (_transceiver(session, port) for port in real(session.device))
        return "".join(text for text in told if not text.startswith("Error"))
    port = find_port(session.device, args["port"])
    return _transceiver(session, port) if port else WRONG


COMMANDS = (
    Command("display interface", _show_interface, views=("*",)),
    Command("display interface brief", _show_brief, views=("*",)),
    Command("display interface <port>", _show_interface, views=("*",)),
    Command("display transceiver verbose", _show_transceiver, views=("*",)),
    Command("display transceiver interface <port> verbose", _show_transceiver, views=("*",)),
    Command("virtual-cable-test", _cable_test, Level.ADMIN, ("interface",)),
)
