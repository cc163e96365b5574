"""Cisco's command line: tables of addresses, VLANs, bindings and multicast groups."""

from uzel.simcity import wire
from uzel.simcity.makes import MANAGEMENT_VLAN
from uzel.simcity.mib_bridge import fdb, vlan_name, vlans
from uzel.simcity.shell import Args, Command, Session
from uzel.simcity.shell_cisco_ports import NO_SUCH, dotted, find_port, real, vlan_of

_RESERVED = ("0100.0ccc.cccc", "0100.0ccc.cccd", "0180.c200.0000", "ffff.ffff.ffff")


def _show_macs(session: Session, args: Args) -> str:
    device = session.device
    names = {port.shape.base_port: port.shape.name for port in real(device)}
    rows = [(vlan, mac, names[base]) for mac, vlan, base, _ in fdb(session.asked)]
    head = [f" All    {mac}    STATIC      CPU" for mac in _RESERVED]
    if "port" in args:
        port = find_port(device, args["port"])
        if port is None:
            return NO_SUCH
        rows, head = [row for row in rows if row[2] == port.shape.name], []
    if "mac" in args:
        wanted = args["mac"].replace(".", "").lower()
        rows, head = [row for row in rows if row[1] == wanted], []
    if "vlan" in args:
        rows = [row for row in rows if str(row[0]) == args["vlan"]]
    lines = ["          Mac Address Table", "-" * 43, "", "Vlan    Mac Address       Type        Ports",
             "----    -----------       --------    -----", *head]  # fmt: skip
    lines += [f"{vlan:>4}    {dotted(mac)}    DYNAMIC     {name}" for vlan, mac, name in sorted(rows)]
    return "\n".join((*lines, f"Total Mac Addresses for this criterion: {len(rows) + len(head)}")) + "\n"


def _show_arp(session: Session, args: Args) -> str:
    device = session.device
    net = device.address.rsplit(".", 1)[0]
    rows = [(device.address, "-", device.mac.hex()), (f"{net}.254", "3", "00000c9ff001")]
    lines = ["Protocol  Address          Age (min)  Hardware Addr   Type   Interface"]
    lines += [f"Internet  {ip:<16} {age:>8}   {dotted(mac)}  ARPA   Vlan{MANAGEMENT_VLAN}" for ip, age, mac in rows]
    return "\n".join(lines) + "\n"


def _show_vlans(session: Session, args: Args) -> str:
    lines = ["", "VLAN Name                             Status    Ports",
             "---- -------------------------------- --------- -------------------------------"]  # fmt: skip
    for vlan in vlans(session.device):
        names = [port.shape.name for port in real(session.device) if not port.link and vlan_of(port) == vlan]
        rows = [", ".join(names[at : at + 4]) for at in range(0, len(names), 4)] or [""]
        lines.append(f"{vlan:<4} {vlan_name(vlan):<32} active    {rows[0]}")
        lines += [f"{'':<48}{row}" for row in rows[1:]]
    return "\n".join((*lines, "1002 fddi-default                     act/unsup ")) + "\n"


def _show_bindings(session: Session, args: Args) -> str:
    ports = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    lines = ["MacAddress          IpAddress        Lease(sec)  Type           VLAN  Interface",
             "------------------  ---------------  ----------  -------------  ----  --------------------"]  # fmt: skip
    clients = [(port, client) for port in ports if port for client in wire.bound(port, session.now)]
    for port, client in clients:
        mac = ":".join(client.mac[n : n + 2] for n in range(0, 12, 2)).upper()
        row = f"{mac:<18}  {client.ip:<15}  {client.lease_s:<10}  dhcp-snooping  {client.vlan:<4}  {port.shape.descr}"
        lines.append(row)
    return "\n".join((*lines, f"Total number of bindings: {len(clients)}", "")) + "\n"


def _show_groups(session: Session, args: Args) -> str:
    joined: dict[tuple[int, str], list[str]] = {}
    for port in real(session.device):
        for group, vlan in wire.groups(port):
            joined.setdefault((vlan, group), []).append(port.shape.name)
    lines = ["Vlan      Group                    Type        Version     Port List", "-" * 71]
    for (vlan, group), names in sorted(joined.items()):
        rows = [", ".join(names[at : at + 2]) for at in range(0, len(names), 2)]
        lines.append(f"{vlan:<9} {group:<24} {'igmp':<11} {'v2':<11} {rows[0]}")
        lines += [f"{'':<59}{row}" for row in rows[1:]]
    return "\n".join((*lines, "")) + "\n"


COMMANDS = (
    *(
        Command(f"show {words}{rest}", _show_macs)
        for words in ("mac address-table", "mac-address-table")
        for rest in ("", " dynamic", " interface <port>", " address <mac>", " vlan <vlan>")
    ),
    Command("show ip arp", _show_arp),
    Command("show arp", _show_arp),
    Command("show vlan", _show_vlans),
    Command("show vlan brief", _show_vlans),
    Command("show ip dhcp snooping binding", _show_bindings),
    Command("show ip dhcp snooping binding interface <port>", _show_bindings),
    Command("show ip igmp snooping groups", _show_groups),
)
