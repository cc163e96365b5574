"""Huawei's command line: tables of addresses, VLANs, bindings, multicast groups and loops."""

import re
import time

from uzel.simcity import wire
from uzel.simcity.makes import MANAGEMENT_VLAN
from uzel.simcity.mib_bridge import fdb, vlan_name, vlans
from uzel.simcity.shell import Args, Command, Session
from uzel.simcity.shell_cisco_ports import real, vlan_of
from uzel.simcity.shell_huawei_ports import WRONG, find_port, hyphened, short
from uzel.simcity.world import Port

_RULE = "-" * 79
# VRP up to 5.110 has a table per slot, with columns for VLANs in VLANs.
_OLD = {"S5328C-EI"}


def _show_macs(session: Session, args: Args) -> str:
    device = session.device
    by_base = {port.shape.base_port: port for port in real(device)}
    rows = [(mac, vlan, by_base[base]) for mac, vlan, base, _ in fdb(session.asked)]
    if "what" in args and args["what"] != "dynamic":
        if re.fullmatch(r"[0-9a-fA-F]{1,4}(-[0-9a-fA-F]{1,4}){2}", args["what"]):
            wanted = "".join(part.zfill(4) for part in args["what"].lower().split("-"))
            rows = [row for row in rows if row[0] == wanted]
        elif port := find_port(device, args["what"]):
            rows = [row for row in rows if row[2] is port]
        else:
            return WRONG
    if device.make.model in _OLD:
        lines = ["MAC address table of slot 0:", _RULE,
                 "MAC Address    VLAN/       PEVLAN CEVLAN Port            Type      LSP/LSR-ID  ",
                 "               VSI/SI                                              MAC-Tunnel  ", _RULE]  # fmt: skip
        lines += [f"{hyphened(m)} {v:<11} -      -      {short(p):<15} dynamic   -           " for m, v, p in rows]
        return "\n".join((*lines, "", _RULE, f"Total matching items on slot 0 displayed = {len(rows)} ", "", ""))
    lines = [_RULE, "MAC Address    VLAN/VSI/BD                       Learned-From        Type      ", _RULE]
    lines += [f"{hyphened(mac)} {f'{vlan}/-/-':<33} {short(port):<19} dynamic   " for mac, vlan, port in rows]
    return "\n".join((*lines, "", _RULE, f"Total items displayed = {len(rows)} ", "", ""))


def _show_arp(session: Session, args: Args) -> str:
    device = session.device
    net = device.address.rsplit(".", 1)[0]
    uplink = next((port for port in real(device) if port.link), real(device)[-1])
    lines = [
        "IP ADDRESS      MAC ADDRESS     EXPIRE(M) TYPE        INTERFACE   VPN-INSTANCE",
        "                                          VLAN/CEVLAN",
        "-" * 78,
        f"{device.address:<15} {hyphened(device.mac.hex()):<15}           I -         Vlanif{MANAGEMENT_VLAN}",
        f"{net + '.254':<15} {hyphened('00000c9ff001'):<15} 17        D-0         {short(uplink)}",
        f"{'':<42}{MANAGEMENT_VLAN}/-",
        "-" * 78,
        "Total:2         Dynamic:1       Static:0     Interface:1",
    ]
    return "\n".join(lines) + "\n"


def _show_port_vlan(session: Session, args: Args) -> str:
    ports = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    lines = ["Port                    Link Type    PVID  Trunk VLAN List", _RULE]
    for port in ports:
        if port is None:
            return WRONG
        tagged = [vlan for _, vlan in port.stations[1:]]
        mode = "trunk" if port.link else "hybrid" if tagged else "access"
        listed = "1-4094" if port.link else " ".join(map(str, tagged)) or "-"
        lines.append(f"{port.shape.name:<23} {mode:<12} {1 if port.link else vlan_of(port):<5} {listed}")
    return "\n".join(lines) + "\n"


def _listed(mark: str, ports: list[Port]) -> list[str]:
    names = [f"{short(port)}({'U' if port.oper else 'D'})" for port in ports]
    rows = ["".join(f"{name:<16}" for name in names[at : at + 3]).rstrip() for at in range(0, len(names), 3)]
    return [f"{mark}:{rows[0]}", *(f"   {row}" for row in rows[1:])] if rows else []


def _show_vlan(session: Session, args: Args) -> str:
    device, known = session.device, vlans(session.device)
    rule = "-" * 80
    lines = [f"The total number of VLANs is: {len(known)}", rule,
             "U: Up;         D: Down;         TG: Tagged;         UT: Untagged;",
             "MP: Vlan-mapping;               ST: Vlan-stacking;",
             "#: ProtocolTransparent-vlan;    *: Management-vlan;", rule, "", "VID  Type    Ports", rule]  # fmt: skip
    for vlan in known:
        untagged = [port for port in real(device) if not port.link and vlan_of(port) == vlan]
        tagged = [p for p in real(device) if p.link or any(own == vlan for _, own in p.stations[1:])]
        rows = [*_listed("UT", untagged), *_listed("TG", [p for p in tagged if p not in untagged])] or [""]
        lines.append(f"{vlan:<4} common  {rows[0]}".rstrip())
        lines += [f"{'':<13}{row}" for row in rows[1:]]
    lines += ["", "VID  Status  Property      MAC-LRN Statistics Description", rule]
    lines += [f"{vlan:<4} enable  default       enable  disable    {vlan_name(vlan)}" for vlan in known]
    return "\n".join(lines) + "\n"


def _show_bindings(session: Session, args: Args) -> str:
    ports = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    rule = "-" * 80
    lines = ["DHCP Dynamic Bind-table:", "Flags:O - outer vlan ,I - inner vlan ,P - map vlan ",
             "IP Address       MAC Address     VSI/VLAN(O/I/P) Interface      Lease           ", rule]  # fmt: skip
    clients = [(port, client) for port in ports if port for client in wire.bound(port, session.now)]
    for port, client in clients:
        until = time.strftime("%Y.%m.%d-%H:%M", time.localtime(session.now + client.lease_s))
        row = f"{client.ip:<16} {hyphened(client.mac)}  {client.vlan:<4} /--  /--    {short(port):<14} {until}"
        lines.append(row)
    count = len(clients)
    return "\n".join((*lines, rule, f"print count: {count:>11}          total count: {count:>11}", ""))


def _show_groups(session: Session, args: Args) -> str:
    joined: dict[int, dict[str, list[Port]]] = {}
    for port in real(session.device):
        for group, vlan in wire.groups(port):
            joined.setdefault(vlan, {}).setdefault(group, []).append(port)
    rule = " " + "-" * 83
    lines = [rule, "  Flag: S:Static     D:Dynamic     M:Ssm-mapping",
             "        A:Active     P:Protocol    F:Fast-channel",
             f"{'(Source, Group)':>36}  {'Port':<42}Flag", rule]  # fmt: skip
    for vlan, groups in joined.items():
        lines.append(f" VLAN {vlan}, {len(groups)} Entry(s)")
        for group, ports in groups.items():
            lines.append(f"{f'(*, {group})':>36}  {'':<42}P--")
            lines += [f"{'':<38}{short(port):<42}-D-" for port in ports]
            lines.append(f"{f'{len(ports)} port(s) include':>73}")
    return "\n".join((*lines, rule, ""))


def _show_loops(session: Session, args: Args) -> str:
    rule = "-" * 82
    lines = ["Loopback-detect sending-packet interval:  5", rule,
             "Interface                     RecoverTime  Action     Status", rule]  # fmt: skip
    for port in real(session.device):
        if not port.link:
            state = "BLOCK(Loopback detected)" if "loop" in port.faults else "NORMAL"
            lines.append(f"{port.shape.name:<30}30           block      {state}")
    return "\n".join((*lines, rule, ""))


_ANYWHERE = ("*",)
COMMANDS = (
    Command("display mac-address", _show_macs, views=_ANYWHERE),
    Command("display mac-address <what>", _show_macs, views=_ANYWHERE),
    Command("display arp", _show_arp, views=_ANYWHERE),
    Command("display arp all", _show_arp, views=_ANYWHERE),
    Command("display port vlan", _show_port_vlan, views=_ANYWHERE),
    Command("display port vlan <port>", _show_port_vlan, views=_ANYWHERE),
    Command("display vlan", _show_vlan, views=_ANYWHERE),
    Command("display dhcp snooping user-bind all", _show_bindings, views=_ANYWHERE),
    Command("display dhcp snooping user-bind interface <port>", _show_bindings, views=_ANYWHERE),
    Command("display igmp-snooping port-info", _show_groups, views=_ANYWHERE),
    Command("display loopback-detect", _show_loops, views=_ANYWHERE),
)
