"""Huawei VRP 3, 5 and 8: the tables (MAC, ARP, VLANs, DHCP snooping, IGMP snooping, loop detection).

Sources: recordings of S2300, S5300, S5720, S8505, NE40E; bindings and groups by Huawei's documents, loops unverified.
"""

import re
from dataclasses import replace

from uzel.core.answers import ArpEntry, Binding, IgmpGroup, LoopState, MacEntry, MacKind, PortVlans, VlanMembers
from uzel.drivers.cli_names import vlan_numbers
from uzel.drivers.cli_text import Parsed, Sheet, mac, number
from uzel.drivers.huawei_vrp_ports import PORT, if_name

_MAC = r"[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"

_KINDS = {
    "dynamic": MacKind.DYNAMIC,
    "static": MacKind.STATIC,
    "security": MacKind.SECURED,
    "sec-config": MacKind.SECURED,
    "sticky": MacKind.SECURED,
    "authen": MacKind.SECURED,
    "blackhole": MacKind.BLOCKED,
}
# 5.30: VLAN, port, type. 5.50/5.70: PEVLAN and CEVLAN between. S5720 and VRP8: "10/-/-" for the VLAN.
_MAC_ROW = re.compile(rf"^\s*({_MAC})\s+(\S+)\s+(?:(?:-|\d+)\s+(?:-|\d+)\s+)?({PORT}|-)\s+([a-z-]+)(?:\s+\S+)?\s*$")


def parse_macs(text: str) -> Parsed[MacEntry]:
    """`display mac-address …`. There is one table per slot; S2300 shows the secured addresses in one of their own."""
    sheet: Sheet[MacEntry] = Sheet(text, r"mac address.*|vsi/si.*|total .*|flags?:.*|.*backup.*")
    for line in sheet:
        found = _MAC_ROW.match(line)
        address = mac(found.group(1)) if found else None
        if not found or not address:
            sheet.miss(line)
            continue
        kind = _KINDS.get(found.group(4))
        port = None if found.group(3) == "-" else if_name(found.group(3))
        sheet.rows.append(MacEntry(address, port, number(found.group(2).split("/")[0]), None, kind))
        if kind is None:
            sheet.doubt(line)
    return sheet.parsed()


_ARP_ROW = re.compile(
    rf"^\s*({IPV4})\s+({_MAC}|Incomplete)\s+(?:(\d+)\s+)?([A-Z][A-Z0-9-]{{0,2}}(?: -)?)\s+"
    rf"({PORT})(?:\s+(\d+)/\S+)?(?:\s+\S+)?\s*$"
)
_ARP_MORE = re.compile(r"^\s{20,}(\d{1,4})(?:/\S*)?(?:\s+\S+)?\s*$")


def parse_arp(text: str) -> Parsed[ArpEntry]:
    """`display arp [all]`: a learned row has its VLAN on a second line. Type I: its own address; S: static."""
    sheet: Sheet[ArpEntry] = Sheet(text, r"ip address\s.*|vlan(?:/cevlan.*)?|total:.*")
    for line in sheet:
        found, more = _ARP_ROW.match(line), _ARP_MORE.match(line)
        if found:
            ip, address, age, kind, name, vlan = found.groups()
            interface = if_name(name)
            own = number(interface.removeprefix("Vlanif")) if interface.startswith("Vlanif") else None
            port = None if own is not None else interface
            sheet.rows.append(
                ArpEntry(ip, mac(address), interface, port, number(vlan) or own, not kind.startswith("D"), number(age))
            )
        elif more and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], vlan=int(more.group(1)))
        else:
            sheet.miss(line)
    return sheet.parsed()


_PORT_VLAN = re.compile(rf"^\s*({PORT})\s+([a-z-]+)\s+(\d{{1,4}})\s+(-|[\d -]+?)\s*$")


def parse_port_vlans(text: str) -> Parsed[PortVlans]:
    """`display port vlan`: mode, PVID and the VLANs of a trunk, which go on over lines. PVID 0 means none."""
    sheet: Sheet[PortVlans] = Sheet(text, r"port\s+link type.*")
    for line in sheet:
        found = _PORT_VLAN.match(line)
        if found:
            port, mode, native, listed = found.groups()
            sheet.rows.append(PortVlans(if_name(port), int(native) or None, mode=mode))
        elif sheet.rows and re.fullmatch(r"\s{20,}[\d -]+", line):
            listed = line
        else:
            sheet.miss(line)
            continue
        row = sheet.rows[-1]
        tagged = tuple(vlan for vlan in vlan_numbers(listed) if vlan != row.native)
        sheet.rows[-1] = replace(row, tagged=(*row.tagged, *tagged), all_tagged=row.all_tagged or "1-4094" in listed)
    return sheet.parsed()


_VLAN_ROW = re.compile(
    r"^\s*(\d{1,4})\s+(?:\*?[a-z-]+|.{0,32}?\s+(?:enable|disable))(?:\s+((?:UT|TG|MP|ST): ?\S.*?))?\s*$"
)
_VLAN_ID = re.compile(r"^\s*(\d{1,4})\s+\*?[a-z-]+\s+(?:enable|disable)\s+(?:enable|disable)\b.*$")
_VLAN_NAME = re.compile(
    r"^\s*(\d{1,4})\s+(?:enable|disable)\s+\S+\s+(?:enable|disable)\s+(?:enable|disable)\s+(\S.*?)\s*$"
)
_VLAN_LEGEND = (
    r"\* ?: management.*|the total number.*|vlan id\s+type.*|total vlan.*|vid\s+\w+.*|u ?: ?up;.*|mp: .*|#: .*|"
    r"(?:u|d|tg|ut)\s*:.*untagged;"
)


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`display vlan`: with ports (UT and TG) on VRP 5.30+ of some models, else the numbers alone; then the names."""
    sheet: Sheet[VlanMembers] = Sheet(text, _VLAN_LEGEND)
    kind, names = "", dict[int | None, str]()
    for line in sheet:
        row, bare, name = _VLAN_ROW.match(line), _VLAN_ID.match(line), _VLAN_NAME.match(line)
        if name:
            names[int(name.group(1))] = name.group(2)
            continue
        if bare or row:
            vlan = int((bare or row).group(1))  # type: ignore[union-attr]
            sheet.rows.append(VlanMembers(vlan))
            listed = "" if bare or not row else row.group(2) or ""
        elif sheet.rows and re.match(rf"^\s+(?:(?:UT|TG|MP|ST): ?)?{PORT}\([UD]\)", line):
            listed = line
        else:
            sheet.miss(line)
            continue
        mark = re.match(r"\s*(UT|TG|MP|ST):", listed)
        kind = mark.group(1) if mark else kind
        ports = tuple(if_name(port) for port in re.findall(rf"({PORT})\([UD]\)", listed))
        last = sheet.rows[-1]
        if kind == "UT":
            sheet.rows[-1] = replace(last, untagged=(*last.untagged, *ports))
        elif kind == "TG":
            sheet.rows[-1] = replace(last, tagged=(*last.tagged, *ports))
    # All at once: of thousands of names, each would go through thousands of rows.
    sheet.rows[:] = [replace(old, name=names[old.vlan]) if old.vlan in names else old for old in sheet.rows]
    return sheet.parsed()


_VRP3_KEY = re.compile(r"^\s*(VLAN ID|Name|Tagged\s+Ports|Untagged Ports)\s*:\s*(.*?)\s*$")


def parse_vlans_vrp3(text: str) -> Parsed[VlanMembers]:
    """`display vlan all` of VRP 3 (S8500): a block per VLAN."""
    sheet: Sheet[VlanMembers] = Sheet(text, r"(?:vlan type|route interface|ip address|subnet mask|description)\s*:.*")
    key = ""
    for line in sheet:
        found = _VRP3_KEY.match(line)
        if found:
            key = found.group(1).split()[0]
            vlan = number(found.group(2)) if key == "VLAN" else None
            if vlan is not None:
                sheet.rows.append(VlanMembers(vlan))
        if not sheet.rows or not (found or re.fullmatch(rf"\s+{PORT}(?:\s+{PORT})*\s*", line)):
            sheet.miss(line)
            continue
        row, ports = sheet.rows[-1], tuple(if_name(port) for port in re.findall(PORT, line))
        if key == "Name" and found:
            sheet.rows[-1] = replace(row, name=found.group(2) or None)
        elif key == "Tagged":
            sheet.rows[-1] = replace(row, tagged=(*row.tagged, *ports))
        elif key == "Untagged":
            sheet.rows[-1] = replace(row, untagged=(*row.untagged, *ports))
    return sheet.parsed()


_BIND_ROW = re.compile(rf"^\s*({IPV4})\s+({_MAC})\s+(\d{{1,4}}|--)\s*/\S+\s*/\S+\s+({PORT}|--)(?:\s+(\S+))?\s*$")


def parse_bindings(text: str) -> Parsed[Binding]:
    """`display dhcp snooping user-bind all`, `display dhcp static user-bind all`: the heading says which."""
    heads = r"dhcp .*bind-table:|flags:.*|ip address\s.*|print count:.*|bind-table:"
    sheet: Sheet[Binding] = Sheet(text, heads)
    dynamic = True if "Dynamic Bind-table" in text else False if "Static Bind-table" in text else None
    for line in sheet:
        found = _BIND_ROW.match(line)
        address = mac(found.group(2)) if found else None
        if not found or not address:
            sheet.miss(line)
            continue
        ports = () if found.group(4) == "--" else (if_name(found.group(4)),)
        sheet.rows.append(Binding(address, found.group(1), ports, number(found.group(3)), dynamic))
    return sheet.parsed()


_GROUP_VLAN = re.compile(r"^\s*(?:VLAN (\d{1,4})|VSI \S+), \d+ Entr", re.IGNORECASE)
_GROUP_ROW = re.compile(rf"^\s*\((\*|{IPV4}), ({IPV4})\)\s+(?:({PORT})\s+)?[A-Z-]+\s*$")
_GROUP_LEGEND = (
    r"\(source, group\).*|flag:.*|\w:\w+\s+\w:.*|.*f: ?fast-channel.*|\d+ port\(s\) include|pw\(\S+\)\s+[a-z-]+"
)


def parse_igmp_groups(text: str) -> Parsed[IgmpGroup]:
    """`display igmp-snooping port-info`: the ports of a group stand under it, by one. A pseudo wire is none."""
    sheet: Sheet[IgmpGroup] = Sheet(text, _GROUP_LEGEND)
    vlan: int | None = None
    for line in sheet:
        head, found = _GROUP_VLAN.match(line), _GROUP_ROW.match(line)
        more = re.fullmatch(rf"\s{{10,}}({PORT})(?:\([\w:/]+\))?\s+[A-Z-]+\s*", line)
        if head:
            vlan = number(head.group(1))
            sheet.use()
        elif found:
            source = None if found.group(1) == "*" else found.group(1)
            ports = (if_name(found.group(3)),) if found.group(3) else ()
            sheet.rows.append(IgmpGroup(found.group(2), vlan, source, ports))
        elif more and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], ports=(*sheet.rows[-1].ports, if_name(more.group(1))))
        else:
            sheet.miss(line)
    return sheet.parsed()


_LOOP_ROW = re.compile(rf"^\s*({PORT})\s+\d+\s+(\w+)\s+(\S.*?)\s*$")


def parse_loops(text: str) -> Parsed[LoopState]:
    """`display loopback-detect`: only ports with detection on are listed."""
    sheet: Sheet[LoopState] = Sheet(text, r"loopback-detect .*|interface\s+recovertime.*")
    for line in sheet:
        found = _LOOP_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        word = found.group(3).lower()
        loop = False if word.startswith("normal") else True if re.match(r"block|shut|trap|quit|loop", word) else None
        sheet.rows.append(LoopState(if_name(found.group(1)), True, loop))
        if loop is None:
            sheet.doubt(line)
    return sheet.parsed()
