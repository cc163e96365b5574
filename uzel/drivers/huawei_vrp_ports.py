"""Huawei VRP 3, 5 and 8: what the ports say (`display interface …`, `virtual-cable-test`).

Sources: recordings of S2300, S5300, S5700, S6730, NE40E, AR, ATN.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from uzel.core.answers import (
    Blocked,
    CablePair,
    CableTest,
    Medium,
    PairState,
    PortCounters,
    PortErrors,
    PortStatus,
    whole_cable,
)
from uzel.drivers.cli_text import Parsed, Sheet, number

PORT = r"(?:\d{2,3}GE|[A-Z][A-Za-z]{1,20}(?:-[A-Z][a-z]+)?)\d+(?:/\d+){0,3}(?:\.\d+)?(?::\d+)?"
_LONG = (("XGE", "XGigabitEthernet"), ("GE", "GigabitEthernet"), ("Eth", "Ethernet"))


def if_name(text: str) -> str:
    """ifName as IF-MIB gives it: "GigabitEthernet0/0/1" from "GE0/0/1"; MAC, ARP and VLAN tables shorten it."""
    text = re.sub(r"\(\d+G\)$", "", text.strip())
    for short, long in _LONG:
        if text.startswith(short) and text[len(short) : len(short) + 1].isdigit():
            return long + text[len(short) :]
    return text


_BRIEF_ROW = re.compile(
    rf"^\s*({PORT})(?:\(\d+G\))?\s+([*^#!-]?)(up|down)((?:\(\w+\))*)\s+(\S+)\s+([\d.]+%|--?)\s+([\d.]+%|--?)"
    r"\s+(\d+|--)\s+(\d+|--)\s*$"
)
_BRIEF_LEGEND = r"phy: .*|[*^#!-]down: .*|\(\w+\): .*|inuti/oututi.*|interface\s+phy.*"


def _brief(sheet: Sheet[Any]) -> Iterator[re.Match[str]]:
    for line in sheet:
        found = _BRIEF_ROW.match(line)
        if found:
            yield found
        else:
            sheet.miss(line)


def parse_brief(text: str) -> Parsed[PortStatus]:
    """`display interface brief`: admin and link of every port. "#down" is a loop only where the legend says LBDT."""
    sheet: Sheet[PortStatus] = Sheet(text, _BRIEF_LEGEND)
    loop_mark = bool(re.search(r"#down: LBDT", text))
    for found in _brief(sheet):
        port, mark, state, flags = found.groups()[:4]
        loop = "(lb)" in flags or (mark == "#" and loop_mark)
        sheet.rows.append(PortStatus(if_name(port), mark != "*", state == "up", blocked=Blocked.LOOP if loop else None))
    return sheet.parsed()


def parse_brief_errors(text: str) -> Parsed[PortErrors]:
    """`display interface brief`: the error sums of every port."""
    sheet: Sheet[PortErrors] = Sheet(text, _BRIEF_LEGEND)
    for found in _brief(sheet):
        errors, sent = number(found.group(8)), number(found.group(9))
        sheet.rows.append(PortErrors(if_name(found.group(1)), in_errors=errors, out_errors=sent))
    return sheet.parsed()


_BRIEF3_ROW = re.compile(
    rf"^\s*({PORT})\s+(UP|DOWN|ADM DOWN)\s+(\S+)\s+(\S+)\s+(access|trunk|hybrid|--)\s+(\d+|--)(?:\s+(\S.*?))?\s*$"
)


def parse_brief_vrp3(text: str) -> Parsed[PortStatus]:
    """`display brief interface` of VRP 3 (S2403, S3900): "A", "100M(a)" were negotiated, speeds only of live links."""
    sheet: Sheet[PortStatus] = Sheet(
        text, r"interface\s+link\s+speed.*|interface: .*|speed/duplex: .*|loop - .*|vlan - .*"
    )

    def row(found: re.Match[str]) -> PortStatus:
        port, link, speed, duplex, _, _, said = found.groups()
        live = re.match(r"(\d+)([MG])?", speed)
        mbps = int(live.group(1)) * (1000 if live.group(2) == "G" else 1) if live and link == "UP" else None
        full = {"f": True, "h": False}.get(duplex[:1].lower()) if link == "UP" else None
        auto = None if speed == "--" else speed in ("A", "auto") or speed.lower().endswith("(a)")
        return PortStatus(if_name(port), link != "ADM DOWN", link == "UP", mbps, full, auto, description=said)

    return sheet.each(_BRIEF3_ROW, row)


_BLOCK = re.compile(rf"^\s*({PORT}) current (?:link )?state ?: ?(.*?)\s*,?\s*$")
_BLOCK_LIKE = rf"(?!.*protocol)(?:.*\bcurrent\s+(?:\S+\s+)?state\b|\s*{PORT}\s+(?:is|current|state)\b)"


_PROSE = re.compile(
    r"[:=\d]|^\s*(?:Encapsulation|LCP|Link layer|Physical is|Port ?Name|TRANS IS|Tunnel|keepalive|Checksum)|ransceiver"
)


def _blocks(sheet: Sheet[Any]) -> Iterator[tuple[re.Match[str] | None, str]]:
    """Every line of `display interface`. It is half prose; a line with a figure or a "key: value" belongs there."""
    inside = False
    for line in sheet:
        found = _BLOCK.match(line)
        inside = inside or bool(found)
        if inside and _PROSE.search(line):
            yield found, line
        else:
            sheet.miss(line)


def parse_interfaces(text: str) -> Parsed[PortStatus]:
    """`display interface [X]`. A speed is only taken from a port that is up: others show what is configured."""
    sheet: Sheet[PortStatus] = Sheet(text, head=_BLOCK_LIKE)
    for found, line in _blocks(sheet):
        if found:
            state = found.group(2).lower()
            admin = "administratively" not in state
            link = bool(re.match(r"up\b", state))
            known = link or "down" in state
            sheet.rows.append(PortStatus(if_name(found.group(1)), admin if known else None, link if known else None))
            continue
        row, line = sheet.rows[-1], line.strip()
        speed, duplex = re.match(r"^Speed\s*:\s*(\d+)\b", line), re.match(r"^Duplex\s*:\s*(FULL|HALF)", line)
        medium = re.match(r"^Port Mode: .*\b(FIBER|COPPER)|^(Fiber) transceiver information", line)
        said = re.match(r"^Description ?: ?(.*?)(?:, (?:Switch|Route) Port)?\s*$", line)
        auto = re.search(r"\bNegotiation\s*: (ENABLE|DISABLE)", line)
        old = re.match(r"^(NO )?AUTO NEGOTIATION, SPEED (\d+)M, DUPLEX (FULL|HALF)", line)  # VRP 5.30
        if old:
            row = replace(row, autonegotiation=not old.group(1))
            if row.link_up:
                row = replace(row, speed_mbps=number(old.group(2)), full_duplex=old.group(3) == "FULL")
        if speed and row.link_up and row.speed_mbps is None:
            row = replace(row, speed_mbps=number(speed.group(1)))
        if duplex and row.link_up:
            row = replace(row, full_duplex=duplex.group(1) == "FULL")
        if auto:
            row = replace(row, autonegotiation=auto.group(1) == "ENABLE")
        if medium:
            row = replace(row, medium=Medium.COPPER if medium.group(1) == "COPPER" else Medium.FIBRE)
        if said and row.description is None:
            row = replace(row, description=said.group(1) or None)
        sheet.rows[-1] = row
    return sheet.parsed()


_PAIRS = re.compile(r"([A-Z][A-Za-z ]*?)\s*:\s*(\d+)(?=\s|,|$)")
_IN_ERRORS = {
    "crc": "crc",
    "giants": "in_oversize",
    "jabbers": "in_jabbers",
    "fragments": "in_fragments",
    "runts": "in_undersize",
    "symbols": "in_symbol",
    "discard": "in_drops",
    "total error": "in_errors",
    "fcss": "crc",
    "oversizes": "in_oversize",
    "undersizes": "in_undersize",
}
_OUT_ERRORS = {
    "collisions": "collisions",
    "late collisions": "late_collisions",
    "excessivecollisions": "excessive_collisions",
    "deferreds": "out_deferred",
    "discard": "out_drops",
    "total error": "out_errors",
    "defers": "out_deferred",
}
_IN_COUNTERS = {f"{kind}{s}": f"in_{kind}" for kind in ("unicast", "multicast", "broadcast") for s in ("", "s")}
_OUT_COUNTERS = {f"{kind}{s}": f"out_{kind}" for kind in ("unicast", "multicast", "broadcast") for s in ("", "s")}
_TRAFFIC = re.compile(r"^\s*(Input|Output) ?:\s*(\d+) packets, ?(\d+) bytes", re.IGNORECASE)
_PAIRS_530 = re.compile(r"(\d+) ([A-Za-z]+)(?=,|\s*$)")  # "0 Oversizes, 0 Undersizes"


def _sum_up(sheet: Sheet[Any], row: type[Any], received: dict[str, str], sent: dict[str, str]) -> Parsed[Any]:
    """Rows from the "name: number" pairs of each block; what is under "Output:" was sent."""
    names = received
    for found, line in _blocks(sheet):
        if found:
            sheet.rows.append(row(if_name(found.group(1))))
        traffic = _TRAFFIC.match(line)
        if traffic or re.match(r"^\s*(Input|Output) ?:", line):
            names = received if line.lstrip().startswith("Input") else sent
        pairs = [*_PAIRS.findall(line), *((name, value) for value, name in _PAIRS_530.findall(line))]
        values = {names[n.lower()]: number(v) for n, v in pairs if n.lower() in names}
        if traffic and row is PortCounters:
            way = "in" if names is received else "out"
            values |= {f"{way}_frames": number(traffic.group(2)), f"{way}_octets": number(traffic.group(3))}
        sheet.rows[-1] = replace(sheet.rows[-1], **values)
    return sheet.parsed()


def parse_interface_errors(text: str) -> Parsed[PortErrors]:
    """`display interface [X]`: the error counters."""
    return _sum_up(Sheet(text, head=_BLOCK_LIKE), PortErrors, _IN_ERRORS, _OUT_ERRORS)


def parse_interface_counters(text: str) -> Parsed[PortCounters]:
    """`display interface [X]`: the traffic counters."""
    return _sum_up(Sheet(text, head=_BLOCK_LIKE), PortCounters, _IN_COUNTERS, _OUT_COUNTERS)


_PAIR = re.compile(r"^\s*Pair ([A-D]) (length|state)\s*: ?(?:(\d+) ?meter\(s\)|(\S.*?))\s*$", re.IGNORECASE)
_PAIR_STATES = {
    "ok": PairState.OK,
    "normal": PairState.OK,
    "open": PairState.OPEN,
    "short": PairState.SHORT,
    "open-short": PairState.OPEN_OR_SHORT,
    "open or short": PairState.OPEN_OR_SHORT,
    "crosstalk": PairState.CROSSTALK,
    "not supported": PairState.NOT_SUPPORTED,
}


def parse_cable(text: str) -> Parsed[CableTest]:
    """`virtual-cable-test`, run in the port's view: one row; the port is that of the prompt."""
    sheet: Sheet[CableTest] = Sheet(text, r"warning: .*|info: .*|continue\?.*|virtual-cable-test")
    view = re.search(rf"-({PORT})\]\s*virtual-cable-test", text)
    pairs: dict[str, CablePair] = {}
    lost = 0
    for line in sheet:
        found = _PAIR.match(line)
        if not found:
            sheet.miss(line)
            continue
        letter, what, metres, words = found.groups()
        lost = lost if pairs else sheet.lost - sheet.cut
        pair = pairs.get(letter, CablePair("ABCD".index(letter.upper()) + 1))
        if what.lower() == "length":
            pair = replace(pair, length_m=number(metres))
        else:
            pair = replace(pair, state=_PAIR_STATES.get((words or "").lower()))
            if pair.state is None and (words or "").lower() != "unknown":
                sheet.doubt(line)
        pairs[letter] = pair
        sheet.use()
    if pairs:
        every = tuple(pairs.values())
        port = if_name(view.group(1)) if view else None
        # A port of 100 Mbit/s has two pairs; what was lost may be a third one.
        of = 2 if sheet.lost == lost and re.match(r"Eth|None", str(port)) and len(every) == 2 else 4
        sheet.rows.append(CableTest(port, state=whole_cable(every, of=of), pairs=every))
    return sheet.parsed()
