"""D-Link's command line: what the ports say. Layouts as recordings of DES-3526, DES-3028, DES-3200 C1, DGS-3120 have.

A combo port has a row for copper (C) and one for fibre (F); here the light is always in the fibre.
"""

from collections.abc import Iterable, Sequence

from uzel.simcity import traffic, wire
from uzel.simcity.mib_interfaces import is_admin_up, speed_mbps
from uzel.simcity.mib_private import milliwatts
from uzel.simcity.shell import Args, Command, Reply, Session
from uzel.simcity.wire import Wire
from uzel.simcity.world import Device, Port

OLD = {"DES-3526", "DES-3550", "DES-3028", "DES-1210-28/ME"}
# Firmware that shows ports and counters on a screen of their own until somebody quits it.
REFRESHING = {"DES-3200-28", "DES-3200-18"}
# Names of the combo ports.
_COMBO = {
    "DES-3526": {25, 26},
    "DES-3550": {49, 50},
    "DES-3028": {27, 28},
    "DES-3200-28": {25, 26},
    "DES-3200-18": {17, 18},
}
_NO_SUCH = "Fail!\n\n"


def name(port: Port) -> str:
    """How the command line calls a port: its number, with the unit on stackable models."""
    return port.shape.name.replace("/", ":")


def real(device: Device) -> list[Port]:
    """The ports one can plug a wire into."""
    return [port for port in device.ports if port.shape.base_port]


def listed(device: Device, text: str) -> list[Port]:
    """Ports of "3", "1-4,7", "1:5", "all"; empty when one of them is not there."""
    ports = real(device)
    if text.lower() == "all":
        return ports
    by_name = {name(port): at for at, port in enumerate(ports)}
    by_name |= {str(port.shape.base_port): at for at, port in enumerate(ports)}
    found: list[Port] = []
    for part in text.replace("/", ":").split(","):
        first, _, last = part.partition("-")
        if first not in by_name or (last or first) not in by_name:
            return []
        found += ports[by_name[first] : by_name[last or first] + 1]
    return found


def _connection(port: Port, down: str) -> str:
    if not port.oper:
        return down
    return f"{speed_mbps(port)}M/{'Half' if 'half-duplex' in port.faults else 'Full'}/None"


def _rows(session: Session, port: Port, *, described: bool) -> Iterable[str]:
    """The lines of a port: two for each medium, and one for the description."""
    model = session.device.make.model
    number = port.shape.base_port
    down = "LinkDown" if model in OLD else "Link Down"
    state = "Enabled" if is_admin_up(port) else "Disabled"
    media = ["C", "F"] if number in _COMBO.get(model, ()) else [""]
    for medium in media:
        live = medium != "C"
        connection = _connection(port, down) if live else down
        mdi = "Auto" if medium != "F" else "-"
        if model in OLD:
            label = f"{name(port)}{f'({medium})' if medium else ''}"
            yield f" {label:<7}{state:<10}{'Auto/Disabled':<23}{connection:<25}Enabled "
            yield f"        {mdi if mdi == 'Auto' else ''}    "
        else:
            label = f"{name(port)}{f' ({medium})' if medium else ''}"
            downgrade = "Disabled" if medium != "F" else "   -    "
            yield f"{label:<9}{state:<9}{'Auto/Disabled':<22}{connection:<22}Enabled  {downgrade} "
            yield f"          {mdi:<6}"
        if described and live:
            text = wire.description(session.city, port)
            yield f" Desc: {text}" if model in OLD else f"Desc: {text}"


_OLD_HEAD = (
    " Port   State/          Settings             Connection           Address ",
    "        MDI       Speed/Duplex/FlowCtrl  Speed/Duplex/FlowCtrl    Learning",
    " -----  --------  ---------------------  ---------------------    --------",
)
_HEAD = (
    "Port     State/   Settings              Connection            Address  AutoSpeed",
    "         MDIX     Speed/Duplex/FlowCtrl Speed/Duplex/FlowCtrl Learning Downgrade",
    "-------- -------- --------------------- --------------------- -------- ---------",
)
_NOTES = "Notes:(F)indicates fiber medium and (C)indicates copper medium in a combo port"


def _screens(head: Sequence[str], blocks: Sequence[Sequence[str]], foot: str) -> list[str]:
    """Pages of a screen of 24 lines: a heading, as many whole blocks as fit, a footer."""
    pages: list[list[str]] = [[]]
    for block in blocks:
        if pages[-1] and len(pages[-1]) + len(block) > 16:
            pages.append([])
        pages[-1] += block
    return ["\n".join([*head, *page, foot]) + "\n" for page in pages]


def _show_ports(session: Session, args: Args) -> Reply | str:
    ports = listed(session.device, args.get("ports", "all"))
    if not ports:
        return _NO_SUCH
    model, described = session.device.make.model, "described" in args
    head = _OLD_HEAD if model in OLD else _HEAD

    def draw() -> list[str]:
        blocks = [list(_rows(session, port, described=described)) for port in ports]
        return _screens(head, blocks, _NOTES)

    if model in REFRESHING:
        return Reply(screen=draw)
    rows = [line for port in ports for line in _rows(session, port, described=described)]
    return "\n".join((*head, *rows, f" {_NOTES}.", "", ""))


def _described(session: Session, args: Args) -> Reply | str:
    return _show_ports(session, args | {"described": "yes"})


def _details(session: Session, args: Args) -> str:
    """A block a port. `Bandwidth` of a port without a link is what it could do."""
    blocks = []
    for port in listed(session.device, args["ports"]):
        rows = {
            "Port Status": "Link Up" if port.oper else "Link Down",
            "Description": wire.description(session.city, port),
            "HardWare Type": "Gigabits Ethernet" if port.shape.speed_mbps >= 1000 else "Fast Ethernet",
            "Bandwidth": f"{(speed_mbps(port) if port.oper else port.shape.speed_mbps) * 1000}Kbit",
            "Auto-Negotiation": "Enabled",
            "Duplex Mode": "Half Duplex" if "half-duplex" in port.faults else "Full Duplex",
            "Address Learning": "Enabled",
        }
        lines = [f"{key:<28}: {value}" for key, value in rows.items()]
        blocks.append("\n".join((f"Port : {name(port)}", "-" * 20, *lines)))
    return "\n\n".join((*blocks, "")) if blocks else _NO_SUCH


_PAIR_WORDS = {Wire.OPEN: "Open", Wire.SHORT: "Short", Wire.OK: "OK"}


def _cable_cells(session: Session, port: Port) -> tuple[list[str], str]:
    """Lines of the column "Test Result", and the cell of the length."""
    model, old = session.device.make.model, session.device.make.model in OLD
    cable = wire.cable(session.city, port)
    if cable.state is Wire.NO_CABLE:
        return ["No Cable"], "-"
    if cable.state is Wire.FAR_OFF:
        return (["OK"], "-") if old else (["Shutdown"], str(cable.length_m))
    if cable.state is Wire.OK:
        return ["OK"], str(cable.length_m) if port.oper else "-"
    # The FE ports of DES-3200 C1 call the pairs in use 2 and 3.
    first = 2 if model in REFRESHING and len(cable.pairs) == 2 else 1
    rows = []
    for number, (state, metres) in enumerate(cable.pairs, first):
        word = _PAIR_WORDS[state]
        rows.append(f"Pair{number} {word:<9} at {metres:<3} M" if old else f"Pair {number} {word:<8}  at {metres:>3}M")
    return rows, "-"


def _cable_test(session: Session, args: Args) -> Reply | str:
    ports = listed(session.device, args["ports"])
    if not ports:
        return _NO_SUCH
    old = session.device.make.model in OLD
    lines = [" Perform Cable Diagnostics ...", ""] if old else ["Perform Cable Diagnostics ...", ""]
    if old:
        lines += [
            " Port   Type    Link Status            Test Result           Cable Length (M)",
            " ----  ------  -------------  -----------------------------  ----------------",
        ]
    else:
        lines += [
            "Port      Type      Link Status    Test Result                 Cable Length (M)",
            "------  ----------  -------------  -------------------------  -----------------",
        ]
    for port in ports:
        lines += _cable_rows(session, port, old=old)
    # The device sends pulses and waits: about a third of a second a port.
    return Reply("\n".join((*lines, "", "")), delay_s=0.3 * len(ports))


def _cable_rows(session: Session, port: Port, *, old: bool) -> list[str]:
    link = "Link Up" if port.oper else "Link Down"
    if wire.is_fibre(port):
        if old:
            return [f"  {name(port):<5} Fiber   {link:<14} The PHY can't support Cable Diagnostic"]
        return [f"{name(port):<8}{'1000BASE-X':<12}{link:<15}{'Unknown':<28}-"]
    rows, length = _cable_cells(session, port)
    gigabit = port.shape.speed_mbps >= 1000
    if old:
        first = f"  {name(port):<5} {'GE' if gigabit else 'FE':<7} {link:<14} {rows[0]:<30} {length}"
        return [first, *(f"{'':<31}{row}" for row in rows[1:])]
    first = f"{name(port):<8}{'1000BASE-T' if gigabit else '100BASE-T':<12}{link:<15}{rows[0]:<27} {length:>9}"
    return [first, *(f"{'':<35}{row}" for row in rows[1:])]


def _errors(session: Session, port: Port) -> list[str]:
    asked = session.asked

    def count(number: int) -> int:
        return int(traffic.counter(port, number, asked.now, asked.flow))

    late = count(traffic.LATE_COLLISIONS)
    left = {"CRC Error": count(traffic.CRC), "Undersize": 0, "Oversize": 0, "Fragment": count(traffic.CRC) // 9,
            "Jabber": 0, "Drop Pkts": count(traffic.IN_DISCARDS)}  # fmt: skip
    right = {"Excessive Deferral": 0, "CRC Error": 0, "Late Collision": late, "Excessive Collision": 0,
             "Single Collision": late // 2, "Collision": late + late // 2}  # fmt: skip
    lines = [
        f" Port number : {name(port)}    ",
        "                 RX Frames                                  TX Frames",
        "                 ---------                                  ---------",
    ]
    for (rx, received), (tx, sent) in zip(left.items(), right.items(), strict=True):
        lines.append(f" {rx:<15} {received:<20} {tx:<21} {sent:<9}")
    return [*lines, ""]


def _packets(session: Session, port: Port) -> list[str]:
    asked = session.asked
    t = traffic

    def count(number: int) -> int:
        return int(traffic.counter(port, number, asked.now, asked.flow))

    received = [count(n) for n in (t.IN_UCAST, t.IN_MULTICAST, t.IN_BROADCAST)]
    sent = [count(n) for n in (t.OUT_UCAST, t.OUT_MULTICAST, t.OUT_BROADCAST)]
    every = sum(received) + sum(sent)
    kinds = [("64", every // 3), ("65-127", every // 4), ("128-255", every // 12), ("256-511", every // 20),
             ("512-1023", every // 20), ("1024-1518", every // 4), ("Unicast RX", received[0]),
             ("Multicast RX", received[1]), ("Broadcast RX", received[2])]  # fmt: skip
    totals = [("RX Bytes", count(t.IN_OCTETS)), ("RX Frames", sum(received)), ("TX Bytes", count(t.OUT_OCTETS)),
              ("TX Frames", sum(sent))]  # fmt: skip
    line = " {:<21} {:<29} {}"
    return [
        f" Port Number : {name(port)}",
        " " + "=" * 66,
        line.format("Frame Size/Type", "Frame Counts", "Frames/sec"),
        line.format("-" * 15, "-" * 22, "-" * 11),
        *(line.format(word, value, 0) for word, value in kinds),
        "",
        line.format("Frame Type", "Total", "Total/sec"),
        line.format("-" * 15, "-" * 22, "-" * 11),
        *(line.format(word, value, 0) for word, value in totals),
        "",
    ]


def _counted(session: Session, args: Args, block: str) -> Reply | str:
    ports = listed(session.device, args["ports"])
    if not ports:
        return _NO_SUCH
    build = _errors if block == "errors" else _packets

    def draw() -> list[str]:
        return ["\n".join(build(session, port)) + "\n" for port in ports]

    if session.device.make.model in REFRESHING:
        return Reply(screen=draw)
    return "\n".join(draw()) + "\n"


def _show_ddm(session: Session, args: Args) -> str:
    ports = listed(session.device, args.get("ports", "all"))
    if not ports:
        return _NO_SUCH
    lines = [
        " Port    Temperature   Voltage    Bias Current   TX Power     RX Power",
        "        (in Celsius)     (V)         (mA)         (mW)         (mW)",
        "------- ------------- ---------- -------------- ---------- ------------",
    ]
    for port in ports:
        module = wire.optics(session.city, port, session.now)
        cells = ["-"] * 5
        if module:
            powers = (milliwatts(module.tx_dbm), milliwatts(module.rx_dbm))
            cells = [f"{v:.4f}" for v in (module.temperature_c, module.supply_v, module.bias_ma, *powers)]
        if module or wire.is_fibre(port):
            row = "  {:<8} {:^11} {:^10} {:^14} {:^10} {:^12}"
            lines.append(row.format(name(port), *cells))
    return "\n".join((*lines, "", ""))


COMMANDS = (
    Command("show ports", _show_ports),
    Command("show ports description", _described),
    Command("show ports <ports>", _show_ports),
    Command("show ports <ports> description", _described),
    Command("show ports <ports> details", _details, models="^DES-3200"),
    Command("cable_diag ports <ports>", _cable_test, models="^(?!.*/ME$)"),
    Command("cable diagnostic port <ports>", _cable_test, models="/ME$"),
    Command("show error ports <ports>", lambda session, args: _counted(session, args, "errors")),
    Command("show packet ports <ports>", lambda session, args: _counted(session, args, "packets")),
    Command("show ddm ports status", _show_ddm),
    Command("show ddm ports <ports> status", _show_ddm),
)
