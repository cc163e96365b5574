"""Cisco IOS and IOS-XE: what the ports say (`show interfaces …`, TDR).

Sources: recordings of Catalyst 2960, 3560, 3750, 4500, 9x00 and of ISR 800/2800.
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
from uzel.drivers.cli_names import PORT, if_name
from uzel.drivers.cli_text import Parsed, Sheet, number

_STATES: dict[str, tuple[bool | None, bool | None]] = {
    "connected": (True, True),
    "up": (True, True),
    "monitoring": (True, True),
    "notconnect": (True, False),
    "notconnected": (True, False),
    "down": (True, False),
    "err-disabled": (True, False),
    "inactive": (True, False),
    "sfpAbsent": (True, False),
    "suspended": (True, None),
    "disabled": (False, False),
}
_STATUS_ROW = re.compile(
    rf"^({PORT})\s+(?:(\S.*?)\s+)?({'|'.join(_STATES)}|[A-Za-z-]+)(?::(?: [A-Z]{{1,4}})?)?\s+"
    r"(trunk|routed|unassigned|pvlan \S+|\d[\d,]*|--?)\s+(a-full|a-half|full|half|auto|--?)\s+(\S+)(?:\s+(\S.*?))?\s*$"
)
_FIBRE = re.compile(r"(?:base|GE-)-?[A-Z]*(?:SX|LX|LH|SR|LR|ER|ZX|ZR|BX|EX|FX|CWDM|DWDM)", re.IGNORECASE)


def _speed(text: str) -> int | None:
    found = re.fullmatch(r"(?:a-)?(\d+)(G?)", text)
    return int(found.group(1)) * (1000 if found.group(2) else 1) if found else None


def parse_status(text: str) -> Parsed[PortStatus]:
    """`show interfaces status`. The names are cut to 18 characters by the device; a forced speed is not a live one."""
    sheet: Sheet[PortStatus] = Sheet(text, r"port\s+name\s.*")
    for line in sheet:
        found = _STATUS_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        port, name, word, _, duplex, speed, kind = found.groups()
        if word not in _STATES:
            sheet.doubt(line)
        admin, link = _STATES.get(word, (None, None))
        sheet.rows.append(
            PortStatus(
                port=if_name(port),
                admin_up=admin,
                link_up=link,
                speed_mbps=_speed(speed) if link else None,
                full_duplex=duplex.endswith("full") if link and duplex != "auto" else None,
                autonegotiation=speed.startswith("a") if speed != "--" else None,
                medium=Medium.FIBRE
                if _FIBRE.search(kind or "")
                else Medium.COPPER
                if re.search(r"T[Xx]?\b", kind or "")
                else None,
                blocked=Blocked.ERROR if word == "err-disabled" else None,
                description=name,
            )
        )
    return sheet.parsed()


_ANY_PORT = r"[A-Z][A-Za-z-]{1,40} ?\d+(?:/\d+){0,3}(?:\.\d+)?(?::\d+)?"  # "Serial0/0/0:15", "Virtual-Access1"
_BLOCK = re.compile(rf"^\s*({_ANY_PORT}) is (.*?), line protocol is (\w+)(.*)$")
# Nothing else of a block stands at the left edge.
_BLOCK_LIKE = rf"\S|.*\bline protocol\b|\s*{_ANY_PORT} is "
_DUPLEX = re.compile(r"^\s*(Full|Half|Auto|Unknown)[- ]?[Dd]uplex, +(Auto[- ]?[Ss]peed|(\d+) ?([MG])b(?:/s|ps))")


def _blocks(sheet: Sheet[Any]) -> Iterator[tuple[re.Match[str] | None, str]]:
    """Every line of `show interfaces`, with the match when it opens a block. Lines outside a block are reported."""
    inside = False
    for line in sheet:
        found = _BLOCK.match(line)
        inside = inside or bool(found)
        if found or (inside and line.startswith(" ")):
            yield found, line
        else:
            sheet.miss(line)


def parse_interfaces(text: str) -> Parsed[PortStatus]:
    """`show interfaces [X]`: state, speed, duplex and the whole description."""
    sheet: Sheet[PortStatus] = Sheet(text, head=_BLOCK_LIKE)
    for found, line in _blocks(sheet):
        duplex, said = _DUPLEX.match(line), re.match(r"^\s+Description: (.*?)\s*$", line)
        if found:
            admin = False if "administratively" in found.group(2) else None
            if admin is None and re.match(r"up|down", found.group(2)):
                admin = True
            link = found.group(2).startswith("up") and found.group(3).lower() == "up"
            blocked = Blocked.ERROR if "err-disabled" in found.group(4) else None
            sheet.rows.append(PortStatus(if_name(found.group(1)), admin, link, blocked=blocked))
        elif duplex and sheet.rows[-1].autonegotiation is None:
            row, speed = sheet.rows[-1], number(duplex.group(3))
            mbps = speed * (1000 if duplex.group(4) == "G" else 1) if speed and row.link_up else None
            full = duplex.group(1) == "Full" if mbps and duplex.group(1) in ("Full", "Half") else None
            auto = True if duplex.group(2).startswith("Auto") else None
            sheet.rows[-1] = replace(row, speed_mbps=mbps, full_duplex=full, autonegotiation=auto)
        elif said:
            sheet.rows[-1] = replace(sheet.rows[-1], description=said.group(1) or None)
    return sheet.parsed()


_ERRORS = (
    (re.compile(r"(\d+) input errors, (\d+) CRC"), ("in_errors", "crc")),
    (re.compile(r"(\d+) runts, (\d+) giants"), ("in_undersize", "in_oversize")),
    (re.compile(r"(\d+) output errors, (\d+) collisions"), ("out_errors", "collisions")),
    (re.compile(r"(\d+) late collision, (\d+) deferred"), ("late_collisions", "out_deferred")),
    (re.compile(r"Total output drops: (\d+)"), ("out_drops",)),
    (re.compile(r"Input queue: \d+/\d+/(\d+)/\d+"), ("in_drops",)),
)
_COUNTERS = (
    (re.compile(r"^\s+(\d+) packets input, (\d+) bytes"), ("in_frames", "in_octets")),
    (re.compile(r"^\s+(\d+) packets output, (\d+) bytes"), ("out_frames", "out_octets")),
    (re.compile(r"^\s+Received (\d+) broadcasts"), ("in_broadcast",)),
)


def _values(line: str, table: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for pattern, names in table:
        found = pattern.search(line)
        if found:
            values |= {name: number(value) for name, value in zip(names, found.groups(), strict=True)}
    return values


def parse_interface_errors(text: str) -> Parsed[PortErrors]:
    """`show interfaces X`: the error counters."""
    sheet: Sheet[PortErrors] = Sheet(text, head=_BLOCK_LIKE)
    for found, line in _blocks(sheet):
        if found:
            sheet.rows.append(PortErrors(if_name(found.group(1))))
        sheet.rows[-1] = replace(sheet.rows[-1], **_values(line, _ERRORS))
    return sheet.parsed()


def parse_interface_counters(text: str) -> Parsed[PortCounters]:
    """`show interfaces X`: the traffic counters."""
    sheet: Sheet[PortCounters] = Sheet(text, head=_BLOCK_LIKE)
    for found, line in _blocks(sheet):
        if found:
            sheet.rows.append(PortCounters(if_name(found.group(1))))
        sheet.rows[-1] = replace(sheet.rows[-1], **_values(line, _COUNTERS))
    return sheet.parsed()


_ERROR_COLUMNS = {
    "fcs-err": "crc",
    "xmit-err": "out_errors",
    "rcv-err": "in_errors",
    "undersize": "in_undersize",
    "outdiscards": "out_drops",
    "late-col": "late_collisions",
    "excess-col": "excessive_collisions",
    "giants": "in_oversize",
}


def parse_counters_errors(text: str) -> Parsed[PortErrors]:
    """`show interfaces counters errors`: two tables under each other, one row a port out of both."""
    sheet: Sheet[PortErrors] = Sheet(text)
    columns: list[str] = []
    at: dict[str, int] = {}
    for line in sheet:
        words = line.split()
        if words[0] == "Port":
            columns = [word.lower() for word in words[1:]]
            sheet.use()
        elif re.fullmatch(PORT, words[0]) and len(words) == len(columns) + 1 and all(w.isdecimal() for w in words[1:]):
            port = if_name(words[0])
            if port not in at:
                at[port] = len(sheet.rows)
                sheet.rows.append(PortErrors(port))
            pairs = zip(columns, words[1:], strict=True)
            values: dict[str, Any] = {_ERROR_COLUMNS[c]: number(v) for c, v in pairs if c in _ERROR_COLUMNS}
            sheet.rows[at[port]] = replace(sheet.rows[at[port]], **values)
        else:
            sheet.miss(line)
    return sheet.parsed()


_PAIR_OF = {"A": 1, "B": 2, "C": 3, "D": 4, "1-2": 1, "3-6": 2, "4-5": 3, "7-8": 4}
_PAIR_ROW = re.compile(
    rf"^\s*(?:({PORT})\s+\S+\s+)?(?:Pair +([A-D])|(1-2|3-6|4-5|7-8))\s+"
    r"(?:(\d{1,4})\s*\+/- ?(\d+) *m(?:eters)?|N/A|Not Available)\s+(?:Pair +[A-D]|N/A|Unknown)?\s*(\S.*?)\s*$"
)
_PAIR_STATES = {
    "normal": PairState.OK,
    "ok": PairState.OK,
    "terminated": PairState.OK,
    "open": PairState.OPEN,
    "short": PairState.SHORT,
    "short/crosstalk": PairState.CROSSTALK,
    "impedance mis": PairState.MISMATCH,
    "impedancemis": PairState.MISMATCH,
    "not completed": PairState.NOT_FINISHED,
    "inprogress": PairState.NOT_FINISHED,
    "not supported": PairState.NOT_SUPPORTED,
}


def parse_tdr(text: str) -> Parsed[CableTest]:
    """`show cable-diagnostics tdr interface X`: one row a port. Repeat the question while a pair is NOT_FINISHED."""
    sheet: Sheet[CableTest] = Sheet(text, r"tdr test.*|interface\s+speed.*")
    lost = 0
    for line in sheet:
        found = _PAIR_ROW.match(line)
        if not found or not (found.group(1) or sheet.rows):
            sheet.miss(line)
            continue
        port, letter, wires, length, accuracy, word = found.groups()
        state = _PAIR_STATES.get(word.lower())
        if state is None and word.lower() != "unknown":
            sheet.doubt(line)
        if port:
            sheet.rows.append(CableTest(if_name(port)))
            lost = sheet.lost - sheet.cut
        row = sheet.rows[-1]
        pairs = (*row.pairs, CablePair(_PAIR_OF[letter or wires], state, number(length)))
        accuracy_m = number(accuracy) or row.accuracy_m
        sheet.rows[-1] = replace(row, pairs=pairs, accuracy_m=accuracy_m)
    if sheet.rows:
        # A port of 100 Mbit/s has two pairs; what was lost may be a third one.
        row = sheet.rows[-1]
        of = 2 if str(row.port).startswith("Fa") and sheet.lost == lost else 4
        sheet.rows[-1] = replace(row, state=whole_cable(row.pairs, of=of))
    return sheet.parsed()
