"""D-Link's shell in Cisco's likeness: its tables. Not Cisco's: MACs, blocks and columns are D-Link's own.

Sources: recordings of DGS-3610 (RGOS 10.3); DGS-1510 is unverified.
"""

import re
from dataclasses import replace

from uzel.core.answers import (
    ArpEntry,
    Blocked,
    Identity,
    MacEntry,
    MacKind,
    Medium,
    Neighbour,
    PortStatus,
    PortVlans,
    VlanMembers,
)
from uzel.drivers.cli_names import if_name, vlan_numbers
from uzel.drivers.cli_text import Parsed, Sheet, lldp_value, mac, number, uptime

_PORT = r"(?:[A-Z][A-Za-z]{1,24}(?:-[a-z]+)? ?\d+(?:/\d+){0,3}|eth\d+/\d+/\d+|port-channel ?\d+)"
_MAC = r"(?:[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5})"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"

_UNIT = re.compile(r"^\s*\d+\s+(D[A-Z]{2}-\S+)\s+H/W:\s*(\S+)\s*$")


def parse_identity(text: str) -> Parsed[Identity]:
    """`show version`: "key : value" on DGS-3610, a table of modules on DGS-1510 (the row of unit 1)."""
    modules = r"unit id\s+module.*|device information:|device-\d+|\s*(?:hardware|boot|ctrl|software) .*|bootloader:.*"
    sheet: Sheet[Identity] = Sheet(text, modules, prose=True)
    row = Identity()
    for line in sheet:
        pair = re.match(r"^\s*([A-Za-z ]+?)\s*:\s*(.*?)\s*$", line)
        unit = _UNIT.match(line)
        key, value = (pair.group(1).lower(), pair.group(2)) if pair else ("", "")
        if unit:
            row = replace(row, model=unit.group(1), revision=unit.group(2))
        elif key == "runtime" and row.firmware is None:
            row = replace(row, firmware=value)
        elif key == "system uptime":
            row = replace(row, uptime_s=uptime(value))
        elif key == "system mac address":
            row = replace(row, mac=mac(value))
        elif key == "system description":
            row = replace(row, model=value.split()[0] if value else None)
        elif key == "system hardware version":
            row = replace(row, revision=value or None)
        elif key == "system software version":
            row = replace(row, firmware=value.split(",")[0].lstrip("v") or None)
        elif not pair:
            sheet.miss(line)
    if row != Identity():
        sheet.rows.append(row)
    return sheet.parsed()


_STATES: dict[str, tuple[bool | None, bool | None]] = {
    "up": (True, True),
    "connected": (True, True),
    "down": (None, False),  # DGS-3610 does not tell a port that is off from one without a link
    "not-connected": (True, False),
    "disabled": (False, False),
    "err-disabled": (True, False),
}
_STATUS_ROW = re.compile(rf"^\s*({_PORT})\s+([A-Za-z-]+)\s+(\d+|trunk|routed|-)\s+(\S+)\s+(\S+)(?:\s+(\S.*?))?\s*$")


def parse_ports(text: str) -> Parsed[PortStatus]:
    """`show interfaces status`."""
    sheet: Sheet[PortStatus] = Sheet(text, r"(?:port|interface)\s+status\s.*")
    for line in sheet:
        found = _STATUS_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        port, word, _, duplex, speed, kind = found.groups()
        if word.lower() not in _STATES:
            sheet.doubt(line)
        admin, link = _STATES.get(word.lower(), (None, None))
        rate = re.fullmatch(r"(?:a-)?(\d+)([MG]?)", speed)
        mbps = int(rate.group(1)) * (1000 if rate.group(2) == "G" else 1) if rate else None
        fibre = re.search(r"fiber|BASE-?[SLEZB][XRH]", kind or "", re.IGNORECASE)
        medium = Medium.FIBRE if fibre else Medium.COPPER if re.search(r"copper|-?T\b", kind or "") else None
        full = duplex.lower().endswith("full") if re.search(r"full|half", duplex, re.IGNORECASE) else None
        live_mbps, live_full = (mbps, full) if link else (None, None)
        blocked = Blocked.ERROR if word == "err-disabled" else None
        sheet.rows.append(PortStatus(if_name(port), admin, link, live_mbps, live_full, None, medium, blocked=blocked))
    return sheet.parsed()


_MAC_ROW = re.compile(rf"^\s*(\d{{1,4}})\s+({_MAC})\s+([A-Za-z]+)\s+({_PORT}|CPU)\s*$")
_KINDS = {"dynamic": MacKind.DYNAMIC, "static": MacKind.STATIC, "self": MacKind.SELF, "secure": MacKind.SECURED}


def parse_macs(text: str) -> Parsed[MacEntry]:
    """`show mac-address-table …`."""
    sheet: Sheet[MacEntry] = Sheet(text, r"vlan\s+mac address.*|total entries.*")
    for line in sheet:
        found = _MAC_ROW.match(line)
        address = mac(found.group(2)) if found else None
        if not found or not address:
            sheet.miss(line)
            continue
        own = found.group(4) == "CPU"
        kind = MacKind.SELF if own else _KINDS.get(found.group(3).lower())
        sheet.rows.append(MacEntry(address, None if own else if_name(found.group(4)), int(found.group(1)), None, kind))
        if kind is None:
            sheet.doubt(line)
    return sheet.parsed()


_ARP_ROW = re.compile(rf"^\s*Internet\s+({IPV4})\s+(--|\d+)\s+({_MAC})\s+arpa\s+(\S.*?)\s*$", re.IGNORECASE)


def parse_arp(text: str) -> Parsed[ArpEntry]:
    """`show arp` of DGS-3610. An age of "--" is the switch's own address."""
    sheet: Sheet[ArpEntry] = Sheet(text, r"protocol\s+address.*|total number of arp.*")
    for line in sheet:
        found = _ARP_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        ip, age, address, interface = found.groups()
        vlan = number(interface[5:]) if interface.startswith("VLAN ") else None
        sheet.rows.append(ArpEntry(ip, mac(address), if_name(interface), None, vlan, age == "--", number(age)))
    return sheet.parsed()


_VLAN_ROW = re.compile(rf"^\s*(\d{{1,4}})\s+(\S.*?)\s+(?:STATIC|DYNAMIC)(?:\s+({_PORT}(?:, {_PORT})*))?\s*$")
_VLAN_KEY = re.compile(r"^\s+(Name|Description|Tagged Member Ports|Untagged Member Ports)\s*:\s*(.*?)\s*$")


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`show vlan`: a table of members on DGS-3610, blocks with tagged and untagged ports on DGS-1510."""
    sheet: Sheet[VlanMembers] = Sheet(text, r"vlan name\s.*|total entries.*")
    for line in sheet:
        row, head, key = _VLAN_ROW.match(line), re.fullmatch(r"\s*VLAN (\d{1,4})\s*", line), _VLAN_KEY.match(line)
        more = re.fullmatch(rf"\s{{20,}}({_PORT}(?:, {_PORT})*)\s*", line)
        if head:
            sheet.rows.append(VlanMembers(int(head.group(1))))
        elif row or more:
            names = tuple(if_name(name) for name in re.findall(_PORT, (row.group(3) if row else line) or ""))
            if row:
                sheet.rows.append(VlanMembers(int(row.group(1)), row.group(2), members=names))
            elif sheet.rows:
                sheet.rows[-1] = replace(sheet.rows[-1], members=(*sheet.rows[-1].members, *names))
        elif key and sheet.rows:
            last, word = sheet.rows[-1], key.group(1).split()[0]
            if word == "Name":
                sheet.rows[-1] = replace(last, name=key.group(2) or None)
            elif word == "Tagged":
                sheet.rows[-1] = replace(last, tagged=_eth(key.group(2)))
            elif word == "Untagged":
                sheet.rows[-1] = replace(last, untagged=_eth(key.group(2)))
        else:
            sheet.miss(line)
    return sheet.parsed()


def _eth(text: str) -> tuple[str, ...]:
    """eth1/0/1 … from "1/0/1-1/0/3,1/0/9"."""
    names: list[str] = []
    for unit, first, last in re.findall(r"(\d+/\d+)/(\d+)(?:-\d+/\d+/(\d+))?", text):
        names += [f"eth{unit}/{n}" for n in range(int(first), min(int(last or first), int(first) + 128) + 1)]
    return tuple(names)


_SWITCHPORT_ROW = re.compile(
    rf"^\s*({_PORT})\s+(?:enabled|disabled)\s+(ACCESS|TRUNK|HYBRID|\S+)\s+(\d+)\s+(\d+)\s+\S+\s+(\S+)\s*$"
)


def parse_switchport(text: str) -> Parsed[PortVlans]:
    """`show interfaces switchport` of DGS-3610: a table. "ALL" of an access port means nothing."""
    sheet: Sheet[PortVlans] = Sheet(text, r"interface\s+switchport.*")
    for line in sheet:
        found = _SWITCHPORT_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        port, word, access, native, listed = found.groups()
        mode = word.lower() if word in ("ACCESS", "TRUNK", "HYBRID") else None
        own = int(access if mode == "access" else native)
        tagged = tuple(vlan for vlan in vlan_numbers(listed) if vlan != own) if mode in ("trunk", "hybrid") else ()
        sheet.rows.append(PortVlans(if_name(port), own, tagged, mode == "trunk" and listed == "ALL", mode))
        if mode is None:
            sheet.doubt(line)
    return sheet.parsed()


_LLDP_HEAD = re.compile(rf"^\s*Lldp neighbor-information of port \[({_PORT})\]\s*$")
_LLDP_KEY = re.compile(r"^\s*([A-Za-z0-9][^:]*?)\s*:\s*(.*?)\s*$")
_LLDP_FIELDS = {
    "chassis id": "chassis_id",
    "port id": "port_id",
    "port description": "port_description",
    "system name": "system_name",
    "system description": "system_description",
    "management address": "address",
}


def parse_neighbours(text: str) -> Parsed[Neighbour]:
    """`show lldp neighbor-information` of DGS-3610."""
    sheet: Sheet[Neighbour] = Sheet(text, r"802\.\d organizationally.*|(?:0x[0-9a-f]{2} ?)+")
    port, prose = "", False
    for line in sheet:
        head, found = _LLDP_HEAD.match(line), _LLDP_KEY.match(line)
        key, value = (" ".join(found.group(1).lower().split()), found.group(2)) if found else ("", "")
        if head:
            port = if_name(head.group(1))
            sheet.use()
        elif key == "neighbor index" and port:
            sheet.rows.append(Neighbour(port))
            prose = False
        elif key in _LLDP_FIELDS and sheet.rows and sheet.rows[-1].port == port:
            prose = key == "system description"
            known = {_LLDP_FIELDS[key]: lldp_value(_LLDP_FIELDS[key], value)}
            sheet.rows[-1] = replace(sheet.rows[-1], **known)  # type: ignore[arg-type]
        elif prose and not key.startswith("system capabilities"):
            said = f"{sheet.rows[-1].system_description or ''} {line.strip()}".strip()
            sheet.rows[-1] = replace(sheet.rows[-1], system_description=said)
        else:
            prose = False
            if not (found and port):
                sheet.miss(line)
    return sheet.parsed()
