"""D-Link DES-2108/2110 and kin: the tables of the oldest command line. Source: recordings of firmware 3.00 and 5.01."""

import re
from dataclasses import replace

from uzel.core.answers import MacEntry, MacKind, PortStatus, VlanMembers
from uzel.drivers.cli_text import Parsed, Sheet, mac
from uzel.drivers.dlink_tables import ports_of

_PORT_ROW = re.compile(
    r"^\s*(\d{1,2})\s+(Auto|\d+M (?:Full|Half)|\S+)\s+(\S+)\s+(\S+)\s+(Down|\d+M (?:Full|Half)|\S+)\s*$"
)


def parse_ports(text: str) -> Parsed[PortStatus]:
    """`show ports`: "01" is port 1. The table does not say whether a port is off or has no link."""
    sheet: Sheet[PortStatus] = Sheet(text, r"port status:|id\s+speed.*")
    for line in sheet:
        found = _PORT_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        port, settings, link = str(int(found.group(1))), found.group(2), found.group(5)
        live = re.fullmatch(r"(\d+)M (Full|Half)", link)
        up = True if live else False if link == "Down" else None
        speed, full = (int(live.group(1)), live.group(2) == "Full") if live else (None, None)
        sheet.rows.append(PortStatus(port, None, up, speed, full, settings == "Auto"))
        if up is None:
            sheet.doubt(line)
    return sheet.parsed()


_MAC_ROW = re.compile(r"^\s*\d{1,4}\s+(\d{1,2})\s+(\d{1,4})\s+([0-9A-Fa-f-]{12,17})\s*$")


def parse_macs(text: str) -> Parsed[MacEntry]:
    """`show fdb port N` (learned) and `show smac` (static): the title tells which."""
    sheet: Sheet[MacEntry] = Sheet(text, r"(?:dynamic|static) mac .*|(?:idx|id)\s+port.*")
    title = re.search(r"\b(static|dynamic) mac ", text, re.IGNORECASE)
    kind = MacKind(title[1].lower()) if title else None
    for line in sheet:
        found = _MAC_ROW.match(line)
        address = mac(found.group(3)) if found else None
        if found and address:
            sheet.rows.append(MacEntry(address, str(int(found.group(1))), int(found.group(2)), None, kind))
        else:
            sheet.miss(line)
    return sheet.parsed()


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`show vlan`: blocks; ports stand as "01 02"."""
    sheet: Sheet[VlanMembers] = Sheet(text, r"(?:vlan type|management vlan|asymmetric vlan)\s*:.*|member:.*")
    for line in sheet:
        found = re.match(r"^(VLAN_ID|VLAN name|TAG PORT|UNTAG PORT):(.*)$", line)
        key, value = (found.group(1), found.group(2).strip()) if found else ("", "")
        if key == "VLAN_ID" and re.fullmatch(r"\d{1,4}", value):
            sheet.rows.append(VlanMembers(int(value)))
        elif not found or not sheet.rows:
            sheet.miss(line)
        elif key == "VLAN name":
            sheet.rows[-1] = replace(sheet.rows[-1], name=value or None)
        else:
            ports = tuple(str(int(port)) for port in ports_of(value))
            field = "tagged" if key == "TAG PORT" else "untagged"
            sheet.rows[-1] = replace(sheet.rows[-1], **{field: ports})  # type: ignore[arg-type]
    return sheet.parsed()
