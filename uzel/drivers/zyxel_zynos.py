"""Zyxel ES-2108, GS-3012, GS-4012 and kin (ZyNOS 3.7 and 3.8). Source: recordings of these three.

`show interfaces` tells state, traffic and errors of a port in one block. Login and pager are unverified.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from uzel.core.answers import (
    ArpEntry,
    Identity,
    MacEntry,
    MacKind,
    Medium,
    Operation,
    PortCounters,
    PortErrors,
    PortStatus,
    VlanMembers,
)
from uzel.drivers.cli_page import Ask, Mark, Page, Refusal
from uzel.drivers.cli_text import Parsed, Sheet, mac, number

_PAIR = re.compile(r"^\s*([A-Za-z][\w ./-]*?)\s*:\s*(.*?)\s*$")


def parse_identity(text: str) -> Parsed[Identity]:
    """`show system-information`: one row. The uptime is in hours, minutes and seconds."""
    sheet: Sheet[Identity] = Sheet(
        text, r"(?:system contact|system location|romrassize|bootbase version|zynos code|default gateway)\s*:.*"
    )
    row = Identity()
    for line in sheet:
        sheet.use()
        found = _PAIR.match(line)
        key, value = found.groups() if found else ("", "")
        if key == "System Name":
            row = replace(row, name=value or None)
        elif key == "Product Model":
            row = replace(row, model=value or None)
        elif key == "Ethernet Address":
            row = replace(row, mac=mac(value))
        elif key == "ZyNOS F/W Version":
            row = replace(row, firmware=value.split(" ")[0].removeprefix("V") or None)
        elif key == "System up Time" and (clock := re.match(r"(\d+):(\d+):(\d+)\b", value)):
            hours, minutes, seconds = map(int, clock.groups())
            row = replace(row, uptime_s=hours * 3600 + minutes * 60 + seconds)
        else:
            sheet.miss(line)
    if row != Identity():
        sheet.rows.append(row)
    return sheet.parsed()


# The group that a value belongs to stands before the first one of it.
_VALUE = re.compile(
    r"^\s*(?:(Port Info|TX Packet|RX Packet|TX Colli\w+|Error Packet|Distribution)\s+)?"
    r"([A-Za-z\d][\w ./]*?)\s*:\s*(.*?)\s*$"
)
_LINK = re.compile(r"(\d+)M/([FH])(?:\s+(Copper|SFP))?")
_MEDIUM = {"Copper": Medium.COPPER, "SFP": Medium.FIBRE}
Values = dict[str, str]


def _blocks(sheet: Sheet[PortStatus] | Sheet[PortErrors] | Sheet[PortCounters]) -> Iterator[tuple[str, Values]]:
    """(port, its values by "group/name") of each block of `show interfaces`."""
    port, group = "", ""
    values: Values = {}
    for line in sheet:
        found = _VALUE.match(line)
        if not found:
            sheet.miss(line)
            continue
        group, name = found.group(1) or group, found.group(2)
        if name == "Port NO.":
            if port:
                yield port, values
            port, values = found.group(3), {}
            sheet.use()
        elif port:
            values[f"{group}/{name}"] = found.group(3)
            sheet.use()
        else:
            sheet.miss(line)
    if port:
        yield port, values


def parse_ports(text: str) -> Parsed[PortStatus]:
    """One row a port. Whether a port is switched off is not told."""
    sheet: Sheet[PortStatus] = Sheet(text)
    for port, values in _blocks(sheet):
        said = values.get("Port Info/Link", "")
        live = _LINK.fullmatch(said)
        up = True if live else False if said == "Down" else None
        speed, full, medium = live.groups() if live else (None, None, None)
        sheet.rows.append(
            PortStatus(
                port,
                link_up=up,
                speed_mbps=int(speed) if speed else None,
                full_duplex=full == "F" if full else None,
                medium=_MEDIUM.get(medium or ""),
            )
        )
        if up is None:
            sheet.doubt(f"Port NO. :{port} Link :{said}")
    return sheet.parsed()


def parse_errors(text: str) -> Parsed[PortErrors]:
    """One row a port; collisions are those that were overcome."""
    sheet: Sheet[PortErrors] = Sheet(text)
    for port, values in _blocks(sheet):
        told = {name.split("/", 1)[1]: number(value) for name, value in values.items()}
        overcome = [told.get("Single"), told.get("Multiple")]
        sheet.rows.append(
            PortErrors(
                port,
                crc=told.get("RX CRC"),
                in_undersize=told.get("Runt"),
                in_oversize=told.get("Giant"),
                in_errors=told.get("Errors"),
                late_collisions=told.get("Late"),
                excessive_collisions=told.get("Excessive"),
                collisions=None if None in overcome else sum(filter(None, overcome)),
            )
        )
    return sheet.parsed()


def parse_counters(text: str) -> Parsed[PortCounters]:
    """One row a port, in frames."""
    sheet: Sheet[PortCounters] = Sheet(text)
    for port, values in _blocks(sheet):
        told = {name: number(value) for name, value in values.items()}
        sheet.rows.append(
            PortCounters(
                port,
                in_frames=told.get("RX Packet/Rx Packets"),
                out_frames=told.get("TX Packet/Tx Packets"),
                in_multicast=told.get("RX Packet/Multicast"),
                in_broadcast=told.get("RX Packet/Broadcast"),
                out_multicast=told.get("TX Packet/Multicast"),
                out_broadcast=told.get("TX Packet/Broadcast"),
            )
        )
    return sheet.parsed()


_MAC_ROW = re.compile(r"^\s*(\d{1,2}|CPU)\s+(\d{1,4})\s+([0-9a-fA-F:]{17})\s+(Dynamic|Static)\s*$")


def parse_macs(text: str) -> Parsed[MacEntry]:
    """`show mac address-table all`. What stands on port CPU is the switch's own."""
    sheet: Sheet[MacEntry] = Sheet(text, r"port\s+vlan id\s+mac address.*")
    for line in sheet:
        found = _MAC_ROW.match(line)
        address = mac(found.group(3)) if found else None
        if not found or not address:
            sheet.miss(line)
            continue
        own = found.group(1) == "CPU"
        kind = MacKind.SELF if own else MacKind(found.group(4).lower())
        sheet.rows.append(MacEntry(address, None if own else found.group(1), int(found.group(2)), None, kind))
    return sheet.parsed()


_ARP_ROW = re.compile(r"^\s*\d+\s+(\d+(?:\.\d+){3})\s+([0-9a-fA-F:]{17})\s+(\d{1,4})\s+(\d+)\s+(dynamic|static)\s*$")


def parse_arp(text: str) -> Parsed[ArpEntry]:
    """`show ip arp`."""
    sheet: Sheet[ArpEntry] = Sheet(text, r"index\s+ip\s+mac.*")
    for line in sheet:
        if found := _ARP_ROW.match(line):
            ip, address, vlan, age, kind = found.groups()
            row = ArpEntry(ip, mac(address), vlan=int(vlan), static=kind == "static", age_min=int(age) // 60)
            sheet.rows.append(row)
        else:
            sheet.miss(line)
    return sheet.parsed()


_VLAN_ROW = re.compile(r"^\s*\d+\s+(\d{1,4})\s+\w+\s+[\d:]+\s+(Untagged)\s*:(.*)$|^\s*(Tagged)\s*:(.*)$")


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`show vlan`: untagged ports, and the tagged ones on the line below, as 1-5,11."""
    sheet: Sheet[VlanMembers] = Sheet(text, r"the number of vlan\s*:.*|idx\.\s+vid.*")
    for line in sheet:
        found = _VLAN_ROW.match(line)
        if found and found.group(2):
            sheet.rows.append(VlanMembers(int(found.group(1)), untagged=_ports(found.group(3))))
        elif found and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], tagged=_ports(found.group(5)))
        else:
            sheet.miss(line)
    return sheet.parsed()


def _ports(text: str) -> tuple[str, ...]:
    """The ports of "1-3,9"."""
    ports: list[str] = []
    for found in re.finditer(r"(\d{1,2})(?:-(\d{1,2}))?", text):
        first, last = int(found.group(1)), int(found.group(2) or found.group(1))
        ports += map(str, range(first, last + 1))
    return tuple(ports)


def _interfaces(parse: Callable[[str], Parsed[Any]]) -> tuple[Ask, ...]:
    # Only the question about all ports was recorded.
    return Ask("show interfaces {port}", parse, Mark.UNVERIFIED), Ask("show interfaces *", parse)


PAGE = Page(
    name="zyxel_zynos",
    title="Zyxel ES-2108, GS-3012, GS-4012, ZyNOS 3.7 and 3.8 (login and pager unverified)",
    prompt=r"^(?P<host>[\w.-]{1,64})(?:\((?P<mode>[\w-]+)\))?#\s*$",
    user_prompt=r"^[\w.-]{1,64}>\s*$",
    pagers=((r"^-- more --.*$", " "),),
    refusals=((r"^(?:Invalid|Unknown|Incomplete) (?:command|input|argument)", Refusal.UNKNOWN_COMMAND),),
    enable="enable",
    leave="exit",
    port_name=r"\d{1,2}",
    mac_style="xx:xx:xx:xx:xx:xx",
    asks={
        Operation.IDENTITY: (Ask("show system-information", parse_identity),),
        Operation.PORTS: _interfaces(parse_ports),
        Operation.ERRORS: _interfaces(parse_errors),
        Operation.COUNTERS: _interfaces(parse_counters),
        Operation.MACS: (Ask("show mac address-table all", parse_macs),),
        Operation.ARP: (Ask("show ip arp", parse_arp),),
        Operation.VLANS: (Ask("show vlan", parse_vlans),),
    },
)
