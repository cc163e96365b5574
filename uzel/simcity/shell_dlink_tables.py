"""D-Link's command line: tables of addresses, VLANs, bindings, multicast groups and loops."""

from collections.abc import Iterable

from uzel.simcity import wire
from uzel.simcity.makes import MANAGEMENT_VLAN
from uzel.simcity.mib_bridge import fdb, vlan_name, vlans
from uzel.simcity.shell import Args, Command, Session
from uzel.simcity.shell_dlink_ports import OLD, listed, name, real
from uzel.simcity.world import Device, Port

_NO_SUCH = "Fail!\n\n"
# DES-3526 and 3550 have narrow columns and another word for the ageing.
_NARROW = {"DES-3526", "DES-3550"}
# Stackable models show a status as well.
_WITH_STATUS = {"DGS-3620-28SC", "DGS-3000-28X"}
# (MAC, VLAN, port or "CPU", type)
FdbLine = tuple[str, int, str, str]


def dashed(mac: str) -> str:
    """1C-AF-F7-00-00-01 from twelve hex digits."""
    return "-".join(mac[n : n + 2] for n in range(0, 12, 2)).upper()


def _learned(session: Session) -> list[FdbLine]:
    device = session.device
    names = {port.shape.base_port: name(port) for port in real(device)}
    lines: list[FdbLine] = [(device.mac.hex(), MANAGEMENT_VLAN, "CPU", "Self")]
    lines += [(mac, vlan, names[base], "Dynamic") for mac, vlan, base, _ in fdb(session.asked)]
    return lines + _blocked(device)


def _blocked(device: Device) -> list[FdbLine]:
    return [
        (client.mac, client.vlan, name(port), "BlockByAddrBind")
        for port in real(device)
        if port.faults
        for client in wire.blocked(port)
    ]


def _fdb_table(device: Device, lines: Iterable[FdbLine], *, head: bool = True) -> str:
    model = device.make.model
    rows = list(lines)
    if model in _NARROW:
        top = ["Unicast MAC Address Ageing Time = 300"] if head else []
        top += ["VID   VLAN Name         MAC Address        Port    Type  ",
                "----  ----------------  -----------------  ------  ----------------"]  # fmt: skip
        form = "{:<5} {:<17} {:<18} {:<7} {}"
    elif model in _WITH_STATUS and head:
        top = [" Unicast MAC Address Aging Time  = 300", "",
               " VID  VLAN Name                        MAC Address       Port  Type    Status",
               " ---- -------------------------------- ----------------- ----- ------- -------"]  # fmt: skip
        form = " {:<4} {:<32} {:<17} {:<5} {:<7} Forward "
    else:
        top = ["Unicast MAC Address Aging Time  = 300", ""] if head else []
        top += ["VID  VLAN Name                        MAC Address       Port Type",
                "---- -------------------------------- ----------------- ---- ---------------"]  # fmt: skip
        form = "{:<4} {:<32} {:<17} {:<4} {}"
    shown = [form.format(vlan, vlan_name(vlan), dashed(mac), port, kind) for mac, vlan, port, kind in rows]
    return "\n".join((*top, *shown, "", f"Total Entries  : {len(rows)}", "", ""))


def _show_fdb(session: Session, args: Args) -> str:
    lines = _learned(session)
    if "port" in args:
        wanted = {name(port) for port in listed(session.device, args["port"])}
        if not wanted:
            return _NO_SUCH
        lines = [line for line in lines if line[2] in wanted]
    if "mac" in args:
        mac = args["mac"].replace("-", "").replace(":", "").lower()
        lines = [line for line in lines if line[0] == mac]
    if "vlan" in args:
        lines = [line for line in lines if args["vlan"] in (str(line[1]), vlan_name(line[1]))]
    return _fdb_table(session.device, lines)


def _members(device: Device, vlan: int) -> tuple[list[Port], list[Port]]:
    """Untagged and tagged ports of a VLAN: subscribers' own VLAN is untagged, the others of the port are tagged."""
    untagged = [p for p in real(device) if p.stations and p.stations[0][1] == vlan and not p.link]
    tagged = [p for p in real(device) if p.link or any(own == vlan for _, own in p.stations[1:])]
    return untagged, [port for port in tagged if port not in untagged]


def span(ports: Iterable[Port]) -> str:
    """1-4,7 from ports."""
    numbers = sorted(port.shape.base_port for port in ports)
    unit = next((name(port).partition(":")[0] + ":" for port in ports if ":" in name(port)), "")
    parts: list[str] = []
    start = last = 0
    for number in [*numbers, 0]:
        if last and number != last + 1:
            parts.append(f"{unit}{start}" + (f"-{unit}{last}" if last > start else ""))
        start = number if number != last + 1 or not last else start
        last = number
    return ",".join(parts)


def _show_vlan(session: Session, args: Args) -> str:
    device = session.device
    blocks, known = [], vlans(device)
    for vlan in known:
        untagged, tagged = _members(device, vlan)
        every = sorted({*map(id, untagged), *map(id, tagged)})
        members = [port for port in real(device) if id(port) in every]
        blocks.append(
            f"VID             : {vlan:<11} VLAN Name       : {vlan_name(vlan)}\n"
            f"VLAN Type       : Static      Advertisement   : {'Enabled' if vlan == 1 else 'Disabled'}\n"
            f"Member Ports    : {span(members)}\n"
            f"Static Ports    : {span(members)}\n"
            f"Current Tagged Ports   : {span(tagged)}\n"
            f"Current Untagged Ports : {span(untagged)}\n"
            f"Static Tagged Ports    : {span(tagged)}\n"
            f"Static Untagged Ports  : {span(untagged)}\n"
            "Forbidden Ports        :\n"
        )
    return "\n".join(blocks) + f"\nTotal Entries : {len(known)}\n\n"


def _show_vlan_ports(session: Session, args: Args) -> str:
    device = session.device
    ports = listed(device, args.get("ports", "all"))
    if not ports:
        return _NO_SUCH
    lines = [
        " Port   VID    Untagged  Tagged  Forbidden  Dynamic",
        " -----  ----   --------  ------  ---------  -------",
    ]
    table = {vlan: _members(device, vlan) for vlan in vlans(device)}
    for port in ports:
        for vlan, (untagged, tagged) in table.items():
            if port in untagged or port in tagged:
                marks = ("X" if port in untagged else "-", "X" if port in tagged else "-")
                lines.append(f" {name(port):<6} {vlan:<7} {marks[0]:^6}   {marks[1]:^6}      -          -")
    return "\n".join((*lines, "", ""))


def _show_arp(session: Session, args: Args) -> str:
    device = session.device
    lines = [
        "",
        " ARP Aging Time : 20",
        "",
        "Interface      IP Address       MAC Address        Type",
        "-------------  ---------------  -----------------  ---------------",
    ]
    net = device.address.rsplit(".", 1)[0]
    rows = [(f"{net}.0", "f" * 12, "Local/Broadcast"), (device.address, device.mac.hex(), "Local")]
    rows += [(f"{net}.254", "00000c9ff001", "Dynamic"), (f"{net}.255", "f" * 12, "Local/Broadcast")]
    lines += [f"{'System':<14} {ip:<16} {dashed(mac):<18} {kind}" for ip, mac, kind in rows]
    return "\n".join((*lines, "", f"Total Entries: {len(rows)}", "", ""))


def _show_binding(session: Session, args: Args) -> str:
    ports = listed(session.device, args.get("ports", "all"))
    if not ports:
        return _NO_SUCH
    clients = [(port, client) for port in ports for client in wire.bound(port, session.now)]
    if session.device.make.model in OLD:
        lines = ["IP Address       MAC Address        Lease Time(sec)  Port  Status",
                 "---------------  -----------------  ---------------  ----  --------"]  # fmt: skip
        lines += [f"{c.ip:<16} {dashed(c.mac):<18} {c.lease_s:<16} {name(p):<5} Active" for p, c in clients]
    else:
        rule = "-" * 39
        lines = [" S (Status) - A: Active, I: Inactive", " Time - Left Time (sec)", "",
                 f" {'IP Address':<39} {'MAC Address':<17} S  LT(sec)    Port",
                 f" {rule} {'-' * 17} -- ---------- -----"]  # fmt: skip
        lines += [f" {c.ip:<39} {dashed(c.mac)} A  {c.lease_s:<10} {name(p)}" for p, c in clients]
    return "\n".join((*lines, "", f"Total Entries : {len(clients)}", "", ""))


def _show_ip_mac(session: Session, args: Args) -> str:
    rule = "-" * 39
    lines = [" M(Mode) - D:DHCP, N:ND S:Static  ST(ACL Status) - A:Active I:Inactive", "",
             f" {'IP Address':<39} {'MAC Address':<17} M  ST Ports",
             f" {rule} {'-' * 17} -- -- ---------------"]  # fmt: skip
    clients = [(port, client) for port in real(session.device) for client in wire.bound(port, session.now)]
    lines += [f" {c.ip:<39} {dashed(c.mac)} D  A  {name(p)}" for p, c in clients]
    return "\n".join((*lines, "", f"Total Entries : {len(clients)}", "", ""))


def _show_blocked(session: Session, args: Args) -> str:
    return _fdb_table(session.device, _blocked(session.device), head=False)


def _show_groups(session: Session, args: Args) -> str:
    ports = listed(session.device, args.get("ports", "all"))
    if not ports:
        return _NO_SUCH
    joined: dict[tuple[str, int], list[Port]] = {}
    for port in ports:
        for group, vlan in wire.groups(port):
            joined.setdefault((group, vlan), []).append(port)
    blocks = []
    for (group, vlan), members in joined.items():
        if session.device.make.model in OLD:
            mac = "01-00-5E-" + "-".join(f"{int(part) & 127:02X}" for part in group.split(".")[1:])
            blocks.append(f"VLAN Name        : {vlan_name(vlan)}\nMulticast group  : {group}\n"
                          f"MAC address      : {mac}\n"
                          f"Reports          : 1\nPort Member      : {span(members)}\n")  # fmt: skip
        else:
            blocks.append(f"Source/Group                  : NULL/{group}\n"
                          f"VLAN Name/VID                 : {vlan_name(vlan)}/{vlan}\n"
                          f"Member Ports                  : {span(members)}\nUP Time                       : 223\n"
                          "Expiry Time                   : 137\nFilter Mode                   : EXCLUDE\n")  # fmt: skip
    return "\n".join(blocks) + f"\nTotal Entries: {len(joined)}\n\n"


def _show_loops(session: Session, args: Args) -> str:
    ports = listed(session.device, args.get("ports", "all"))
    if not ports:
        return _NO_SUCH
    lines = ["Port   Loopdetect State   Loop Status", "------ ------------------ ------------"]
    for port in ports:
        state = "Disabled" if port.shape.is_uplink else "Enabled"
        lines.append(f"{name(port):<6} {state:<18} {'Loop!' if 'loop' in port.faults else 'Normal'}")
    return "\n".join((*lines, "", ""))


COMMANDS = (
    Command("show fdb", _show_fdb),
    Command("show fdb port <port>", _show_fdb),
    Command("show fdb mac_address <mac>", _show_fdb),
    Command("show fdb vlan <vlan>", _show_fdb),
    Command("show fdb vlanid <vlan>", _show_fdb),
    Command("show vlan", _show_vlan),
    Command("show vlan ports", _show_vlan_ports),
    Command("show vlan ports <ports>", _show_vlan_ports),
    Command("show arpentry", _show_arp),
    Command("show address_binding dhcp_snoop binding_entry", _show_binding),
    Command("show address_binding dhcp_snoop binding_entry port <ports>", _show_binding),
    Command("show address_binding ip_mac all", _show_ip_mac),
    Command("show address_binding blocked all", _show_blocked),
    Command("show igmp_snooping group", _show_groups),
    Command("show igmp_snooping group ports <ports>", _show_groups),
    Command("show loopdetect ports", _show_loops),
    Command("show loopdetect ports <ports>", _show_loops),
)
