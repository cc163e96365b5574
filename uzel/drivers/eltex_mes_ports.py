"""Eltex MES: what the ports say. Sources: recordings of MES-3124F 2.1.7, and of MES3124, 3324, 5248 of firmware 2…4."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from uzel.core.answers import Medium, PortCounters, PortErrors, PortStatus
from uzel.drivers.cli_text import Parsed, Sheet, number

PORT = r"(?:gi|te|fa|Po|oob|tunnel|loopback)\d*(?:/\d+){0,2}"
_LONG = (("tengigabitethernet", "te"), ("gigabitethernet", "gi"), ("fastethernet", "fa"), ("port-channel", "Po"))


def if_name(text: str) -> str:
    """ "gi1/0/1" from "gigabitethernet1/0/1"."""
    for long, short in _LONG:
        if text.lower().startswith(long):
            return short + text[len(long) :]
    return text


_STATUS_ROW = re.compile(
    rf"^\s*({PORT})\s+(\S+-(?:Copper|Fiber|Combo-[CF])|--)\s+(?:(Full|Half|--)\s+)?(\d+|--)\s+"
    r"(?:(Enabled|Disabled|--)\s+)?(On|Off|--)\s+(Up|Down)\b.*$"
)
_CHANNEL = re.compile(r"^\s*(Po\d+)\s.*?\b(Up|Down)\b")
_STATUS_HEADINGS = (
    r".*\b(?:flow|link)\s+.*(?:link|state|mode|back|mdix).*|(?:port|ch)\s+.*|po\d+\s.*not present.*|flow\s+link"
    r"|(?:nc|err|adm) \(.*"
)


def parse_status(text: str) -> Parsed[PortStatus]:
    """`show interfaces status`: without the administrative state. Port channels that do not exist give no row."""
    sheet: Sheet[PortStatus] = Sheet(text, _STATUS_HEADINGS)
    for line in sheet:
        found, channel = _STATUS_ROW.match(line), _CHANNEL.match(line)
        if found:
            port, kind, duplex, speed, auto, _, state = found.groups()
            up = state == "Up"
            fibre = Medium.FIBRE if kind.endswith(("Fiber", "-F")) else Medium.COPPER
            sheet.rows.append(
                PortStatus(
                    port,
                    None,
                    up,
                    number(speed) if up else None,
                    {"Full": True, "Half": False}.get(duplex or "") if up else None,
                    {"Enabled": True, "Disabled": False}.get(auto or ""),
                    None if kind == "--" else fibre,
                    "Combo" in kind,
                )
            )
        elif channel:
            sheet.rows.append(PortStatus(channel.group(1), None, channel.group(2) == "Up"))
        else:
            sheet.miss(line)
    return sheet.parsed()


_SAID_ROW = re.compile(rf"^\s*({PORT})\s+(Up|Down)\s+(Up|Down|Not Present)(?:\s+(\S.*?))?\s*$")
# VLANs stand in a table of their own below the ports.
_SAID_HEADINGS = (
    r"\s*admin link|(?:port|ch|vlan|loopback)\s+.*description|\d{1,4}\s+(?:up|down)\s+(?:up|down|not present)\s.*"
)


def parse_descriptions(text: str) -> Parsed[PortStatus]:
    """`show interfaces description`: states and what is written on the port. Older firmware writes no states."""
    sheet: Sheet[PortStatus] = Sheet(text, _SAID_HEADINGS)
    for line in sheet:
        found, bare = _SAID_ROW.match(line), re.match(rf"^\s*({PORT})(?:\s{{2,}}(\S.*?))?\s*$", line)
        if found and found.group(3) != "Not Present":
            port, admin, link, said = found.groups()
            sheet.rows.append(PortStatus(port, admin == "Up", link == "Up", description=said))
        elif bare and not found:
            sheet.rows.append(PortStatus(bare.group(1), description=bare.group(2)))
        elif not found:
            sheet.miss(line)
    return sheet.parsed()


_BLOCK = re.compile(r"^\s*([A-Za-z-]+\d+(?:/\d+){0,2}) is (up|down) \(([a-z. ]+)\)")
_DUPLEX = re.compile(r"^\s+(Full|Half)-duplex, (\d+)Mbps, link type is ([^,]+)(?:, media type is (\S+))?\s*$")
_FIGURES = re.compile(r"(\d{1,20}) ((?:packets |pause )?[A-Za-z]+(?: [A-Za-z]+)?)")
_BLOCK_LIKE = r"\s*\S+\d\W+is\b"
_TITLE = r"-{4,} show interfaces .* -{4,}"
_IN: Mapping[str, str] = {"input errors": "in_errors", "fcs": "crc", "oversize": "in_oversize"}
_OUT: Mapping[str, str] = {
    "output errors": "out_errors",
    "collisions": "collisions",
    "excessive collisions": "excessive_collisions",
    "late collisions": "late_collisions",
    "symbol errors": "in_symbol",
}
_TRAFFIC: Mapping[str, str] = {
    "packets input": "in_frames",
    "bytes received": "in_octets",
    "packets output": "out_frames",
    "bytes sent": "out_octets",
}


def _blocks(sheet: Sheet[Any], row: type[Any], figures: Mapping[str, str]) -> Parsed[Any]:
    """Rows from the figures of each block; broadcasts stand under what came in, then under what went out."""
    way = "in"
    for line in sheet:
        found = _BLOCK.match(line)
        if found:
            sheet.rows.append(row(if_name(found.group(1))))
            way = "in"
        elif not line.startswith(" "):
            sheet.miss(line)
            continue
        told = {name.lower(): number(value) for value, name in _FIGURES.findall(line)}
        way = "out" if "packets output" in told else way
        values = {figures[name]: value for name, value in told.items() if name in figures}
        if row is PortCounters:
            kinds = ("broadcast", "multicast")
            values |= {f"{way}_{kind}": told[f"{kind}s"] for kind in kinds if f"{kind}s" in told}
        sheet.rows[-1] = replace(sheet.rows[-1], **values)
    return sheet.parsed()


def parse_interface_errors(text: str) -> Parsed[PortErrors]:
    """`show interfaces [X]`: the error counters."""
    return _blocks(Sheet(text, _TITLE, head=_BLOCK_LIKE), PortErrors, {**_IN, **_OUT})


def parse_interface_counters(text: str) -> Parsed[PortCounters]:
    """`show interfaces [X]`: the traffic counters."""
    return _blocks(Sheet(text, _TITLE, head=_BLOCK_LIKE), PortCounters, _TRAFFIC)


def parse_interfaces(text: str) -> Parsed[PortStatus]:
    """`show interfaces [X]`: states, the live speed, what is written on the port."""
    sheet: Sheet[PortStatus] = Sheet(text, _TITLE, head=_BLOCK_LIKE)
    for line in sheet:
        found, live = _BLOCK.match(line), _DUPLEX.match(line)
        said = re.match(r"^\s+Description: (.*?)\s*$", line)
        if found:
            port, state, why = found.groups()
            sheet.rows.append(PortStatus(if_name(port), why != "admin.shutdown", state == "up"))
        elif live and sheet.rows and sheet.rows[-1].link_up:
            duplex, speed, auto, media = live.groups()
            medium = None if not media else Medium.FIBRE if media.endswith(("Fiber", "-F")) else Medium.COPPER
            sheet.rows[-1] = replace(
                sheet.rows[-1],
                speed_mbps=int(speed),
                full_duplex=duplex == "Full",
                autonegotiation=auto == "auto",
                medium=medium,
                combo="Combo" in (media or ""),
            )
        elif said and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], description=said.group(1) or None)
        elif not line.startswith(" "):
            sheet.miss(line)
    return sheet.parsed()
