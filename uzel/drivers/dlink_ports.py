"""D-Link: what the ports say (`show ports`, `cable_diag`, `show error ports`, `show packet ports`).

One set of parsers for the classic CLI: the layouts differ by model and firmware, the words hardly do. Sources:
recordings of DES-1228/ME, 3010G, 3200, 3526, 3528, DGS-1510/ME, 3000, 3100, 3120; CLI manuals of DES-3200, DGS-3627.
"""

import re
from dataclasses import replace
from functools import lru_cache
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

PORT = r"\d{1,3}(?::\d{1,3})?"
_ADMIN = {"enabled": True, "disabled": False}
_MEDIUM = {"C": Medium.COPPER, "F": Medium.FIBRE}
_BLOCKED = {"errdisabled": Blocked.ERROR, "loopdisabled": Blocked.LOOP}  # with a hyphen or without
_DOWN = {"linkdown", "empty", "down"}

_PORT_ROW = re.compile(rf"^\s*({PORT})\s*(?:\(([CF])\))?\s+(\S.*)$")
# DGS-1210/ME writes "1G" for "1000M"; newer boards have 2.5G.
_SPEED = re.compile(r"([\d.]{1,5})([MG])(?:bps)?/(full|half)\b.*", re.IGNORECASE)
_PORT_HEADINGS = (
    r"(?!\s*\d)(?:port\b.*|state/?.*|mdix?\s+speed.*|.*speed/duplex/flow.*|.*learning\s*|notes?\s*:.*|"
    r"auto|mdix?|mdi-x|cross|normal)"  # second line of a row: the MDI state, which no one asks for
)
_LINK = re.compile(r"\bLink\s+(Down|Up)\b", re.IGNORECASE)
_DESCRIPTION = re.compile(r"^\s*Desc(?:ription)?\s*:\s?(.*)$")


def speed_mbps(text: str) -> int | None:
    """100 from "100M/Full/None", 1000 from "1G/Full/None"."""
    found = _SPEED.fullmatch(text)
    if not found:
        return None
    value = float(found.group(1)) if found.group(1).replace(".", "", 1).isdigit() else 0.0
    return int(value * (1000 if found.group(2).upper() == "G" else 1)) or None


def parse_ports(text: str) -> Parsed[PortStatus]:
    """`show ports [description]`: one row a port, two for a combo port."""
    sheet: Sheet[PortStatus] = Sheet(text, _PORT_HEADINGS)
    for line in sheet:
        found = _PORT_ROW.match(line)
        row = _port(found) if found else None
        if row is not None:
            sheet.rows.append(row)
            if row.admin_up is None or row.link_up is None:
                sheet.doubt(line)
        elif sheet.rows and (description := _DESCRIPTION.match(line)):
            if told := description.group(1).strip():
                sheet.rows[-1] = replace(sheet.rows[-1], description=told)
        else:
            sheet.miss(line)
    return sheet.parsed()


def _port(found: re.Match[str]) -> PortStatus | None:
    """A row, or None when neither its state nor its connection is a word of this table."""
    port, slot, rest = found.groups()
    state = _state(rest)
    if state is None:
        return None
    return PortStatus(port=port, medium=_MEDIUM.get(slot or ""), combo=slot is not None, **state)


# The same few states stand in all rows of all switches.
@lru_cache(maxsize=256)
def _state(rest: str) -> dict[str, Any] | None:
    """What a row says after the port's number, by the fields of PortStatus."""
    words = _LINK.sub(r"Link\1", rest).replace("Err Disabled", "Err-Disabled").split()
    if len(words) < 3:
        return None
    admin = _ADMIN.get(words[0].lower())
    # An admin-down port of some firmware has a bare "Disabled" for its settings; the columns stay.
    settings, connection = words[1].lower(), words[2].lower().replace("-", "")
    speed = _SPEED.fullmatch(connection)
    blocked = _BLOCKED.get(connection)
    link = True if speed else False if blocked or connection in _DOWN else None
    if admin is None and link is None:
        return None
    return {
        "admin_up": admin,
        "link_up": link,
        "speed_mbps": speed_mbps(connection),
        "full_duplex": speed.group(3) == "full" if speed else None,
        "autonegotiation": True if settings.startswith("auto") else False if _SPEED.fullmatch(settings) else None,
        "blocked": blocked,
    }


_CABLE_ROW = re.compile(
    rf"^\s*({PORT}|eth\d{{1,2}}/\d{{1,2}}/\d{{1,3}})\s*(?:\([CF]\))?\s+(\S+)\s+(Link\s*Up|Link\s*Down|Unknown|Down|Up|-)\s+(\S.*?)\s*$",
    re.IGNORECASE,
)
_PAIR = re.compile(r"^\s*Pair[\s-]*([1-4])\s+(.+?)(?:\s+at\s+(\d{1,4})(?:\.\d{1,3})?\s*M)?(?:\s+-)?\s*$", re.IGNORECASE)
_GIGABIT = re.compile(r"1000|GE|G-?BASE", re.IGNORECASE)
_LENGTH = re.compile(r"^(.*?)\s+(\d{1,4}|-)(?:\s*M)?$", re.IGNORECASE)
_PAIR_STATES: dict[str, PairState | None] = {
    "ok": PairState.OK,
    "normal": PairState.OK,
    "open": PairState.OPEN,
    "short": PairState.SHORT,
    "open/short": PairState.OPEN_OR_SHORT,
    "open or short": PairState.OPEN_OR_SHORT,
    "crosstalk": PairState.CROSSTALK,
    "cross talk": PairState.CROSSTALK,
    "mismatch": PairState.MISMATCH,
    "impedance mismatch": PairState.MISMATCH,
    "no cable": PairState.NO_CABLE,
    "shutdown": PairState.SHUT_DOWN,
    "shut down": PairState.SHUT_DOWN,
    "unknown": None,
    "-": None,
}


def _pair_state(words: str) -> tuple[PairState | None, bool]:
    """The state, and whether the words are known at all."""
    words = " ".join(words.lower().split())
    # "Not Support", "Fiber is not supported", "The PHY can't support Cable Diagnostic"
    if "support" in words:
        return PairState.NOT_SUPPORTED, True
    return _PAIR_STATES.get(words), words in _PAIR_STATES


def parse_cable(text: str) -> Parsed[CableTest]:
    """`cable_diag ports N|all`: one row a port; further pairs stand on lines of their own."""
    sheet: Sheet[CableTest] = Sheet(
        text, r"perform cable.*|port\s+type.*|cable length.*|notes?\s*:.*", head=r"\s*(?!pair)\S"
    )
    must, lost = 2, 0
    for line in sheet:
        found, pair = _CABLE_ROW.match(line), _PAIR.match(line)
        if found:
            row, known = _cable(found)
            sheet.rows.append(row)
            must, lost = 4 if _GIGABIT.search(found.group(2)) else 2, sheet.lost - sheet.cut
        elif pair and sheet.rows and sheet.rows[-1].pairs:
            added, known = _cable_pair(pair)
            sheet.rows[-1] = replace(sheet.rows[-1], pairs=(*sheet.rows[-1].pairs, added))
        else:
            sheet.miss(line)
            known = True
        if not known:
            sheet.doubt(line)
        if sheet.rows and (pairs := sheet.rows[-1].pairs):
            # Some print two pairs of a port of 100 Mbit/s, some four; what was lost may be one of them.
            of = max(must, 4 if sheet.lost > lost else 0, len(pairs) + len(pairs) % 2)
            sheet.rows[-1] = replace(sheet.rows[-1], state=whole_cable(pairs, of=of))
    return sheet.parsed()


def _cable_pair(found: re.Match[str]) -> tuple[CablePair, bool]:
    state, known = _pair_state(found.group(2))
    return CablePair(int(found.group(1)), state, number(found.group(3))), known


def _cable(found: re.Match[str]) -> tuple[CableTest, bool]:
    link_words = found.group(3).lower()
    link = True if link_words.endswith("up") else False if link_words.endswith("down") else None
    pair = _PAIR.match(found.group(4))
    if pair:
        first, known = _cable_pair(pair)
        return CableTest(found.group(1), link, pairs=(first,)), known
    split = _LENGTH.match(found.group(4))
    words, length = split.groups() if split else (found.group(4), None)
    state, known = _pair_state(words)
    return CableTest(found.group(1), link, state, number(length)), known


_PORT_NUMBER = re.compile(rf"^\s*Port\s*(?:number)?\s*:\s*({PORT})\s*(?:\([CF]\))?\s*$", re.IGNORECASE)
_COUNTER = re.compile(r"([A-Za-z][A-Za-z ./]*?)[ \t]{2,}(\d{1,20}|-)(?=\s|$)")
_RX = {
    "crc error": "crc",
    "undersize": "in_undersize",
    "oversize": "in_oversize",
    "fragment": "in_fragments",
    "jabber": "in_jabbers",
    "drop pkts": "in_drops",
    "symbol error": "in_symbol",
}
_TX = {
    "excessive deferral": "out_deferred",
    "late collision": "late_collisions",
    "excessive collision": "excessive_collisions",
    "collision": "collisions",
    "drop pkts": "out_drops",
}


def parse_errors(text: str) -> Parsed[PortErrors]:
    """`show error ports N`: two columns of counters, received on the left, sent on the right."""
    sheet: Sheet[PortErrors] = Sheet(text, r"rx frames.*|tx frames.*", head=r"\W*port\b")
    for line in sheet:
        port = _PORT_NUMBER.match(line)
        counters = _COUNTER.findall(line)
        if port:
            sheet.rows.append(PortErrors(port.group(1)))
        elif counters and sheet.rows and len(counters) <= 2:
            values: dict[str, Any] = {}
            # A lone counter of a wide line stands in the right column (DGS-1210/ME has more on the left).
            columns = (_RX, _TX) if len(counters) == 2 or line.index(counters[0][0]) < 24 else (_TX,)
            for names, (name, value) in zip(columns, counters, strict=False):
                field = names.get(" ".join(name.lower().split()))
                if field:
                    values[field] = number(value)
            sheet.rows[-1] = replace(sheet.rows[-1], **values)
        else:
            sheet.miss(line)
    return sheet.parsed()


_TRAFFIC = re.compile(
    r"\b((?:Unicast|Multicast|Broadcast) [RT]X|[RT]X (?:Bytes|Frames)|\d+-\d+|64)\s+(\d{1,20})(?=\s|$)"
)
_FIELDS = {"rx bytes": "in_octets", "tx bytes": "out_octets", "rx frames": "in_frames", "tx frames": "out_frames"}
for _kind in ("unicast", "multicast", "broadcast"):
    _FIELDS |= {f"{_kind} rx": f"in_{_kind}", f"{_kind} tx": f"out_{_kind}"}


def parse_packets(text: str) -> Parsed[PortCounters]:
    """`show packet ports N`: frames by size and kind; the two tables stand under or beside each other."""
    sheet: Sheet[PortCounters] = Sheet(text, r"frame (?:size|type).*", head=r"\W*port\b")
    for line in sheet:
        port = _PORT_NUMBER.match(line)
        found = _TRAFFIC.findall(line)
        if port:
            sheet.rows.append(PortCounters(port.group(1)))
        elif found and sheet.rows:
            values: dict[str, Any] = {
                _FIELDS[name.lower()]: number(value) for name, value in found if name.lower() in _FIELDS
            }
            sheet.rows[-1] = replace(sheet.rows[-1], **values)
        else:
            sheet.miss(line)
    return sheet.parsed()
