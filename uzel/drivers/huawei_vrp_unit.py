"""Huawei VRP 3, 5 and 8: the switch as a whole (version, LLDP neighbours, log, load, memory, ping, optics).

Sources: recordings of S2300 … S7700, S8505, NE40E, ATN, AR; log buffers and pings of published sessions;
memory by other projects' parsers and Huawei's documents.
"""

import re
from dataclasses import replace
from typing import Any

from uzel.core.answers import Identity, Load, LogLine, Memory, Neighbour, Optics, PingResult
from uzel.drivers.cli_text import Parsed, Sheet, decimal, lldp_value, number, uptime
from uzel.drivers.huawei_vrp_ports import PORT, if_name

_SOFTWARE = re.compile(r"^VRP (?:\(R\) )?[Ss]oftware, ?Version (\S+?),?\s+(?:\((.*)\)|Release (\S+))\s*$")
_DEVICE = re.compile(
    r"^(?:Quidway|HUAWEI|Huawei) (.+?)(?: (?:Terabit )?(?:Routing Switch|Switch|Router))? uptime is (.*?)\s*$"
)
_SERIAL = re.compile(r"^\s*ESN of (?:device|slot \d+|master)\s*: ?(\w+)")


def parse_identity(text: str) -> Parsed[Identity]:
    """`display version`: one row. It goes on with boards and boot loaders: only one without any fact is reported."""
    sheet: Sheet[Identity] = Sheet(text, prose=True)
    row = Identity()
    for line in map(str.strip, sheet):
        software, device, serial = _SOFTWARE.match(line), _DEVICE.match(line), _SERIAL.match(line)
        board = re.match(r"^\s*(?:1\. )?[Pp][Cc][Bb]\s+Version\s*:\s*(\S.*?)\s*$", line)
        if software and row.firmware is None:
            release = software.group(2) or software.group(3)
            row = replace(row, firmware=f"{software.group(1)} {release.split()[-1]}")
        elif device and row.model is None:
            row = replace(row, model=device.group(1), uptime_s=uptime(device.group(2)))
        elif serial and row.serial is None:
            row = replace(row, serial=serial.group(1))
        elif board and row.revision is None:
            row = replace(row, revision=board.group(1))
    if row != Identity():
        sheet.rows.append(row)
    return sheet.parsed()


_HAS = re.compile(rf"^i?({PORT}) has (\d+) neighbor")
_KEY = re.compile(r"^\s*([A-Z][A-Za-z0-9()/ -]*?)\s*:\s*(.*?)\s*$")
_FIELDS = {
    "chassis id": "chassis_id",
    "chassisid": "chassis_id",
    "port id": "port_id",
    "portid": "port_id",
    "port description": "port_description",
    "portdesc": "port_description",
    "system name": "system_name",
    "sysname": "system_name",
    "system description": "system_description",
    "sysdesc": "system_description",
    "management address": "address",
    "management address value": "address",
}
_AFTER_TEXT = ("system capabilities supported", "syscapsupported")
# What stands between the "key: value" lines of the optional parts.
_HEADINGS = r"med device information|ca type ca value|.* information|unrecognized .*tlv|power type.*|inventory.*"


def parse_neighbours(text: str) -> Parsed[Neighbour]:
    """`display lldp neighbor [interface X]`. A description may be of many lines and hold colons itself."""
    sheet: Sheet[Neighbour] = Sheet(text, _HEADINGS)
    port, field = "", ""
    for line in sheet:
        has, found = _HAS.match(line), _KEY.match(line)
        key, value = (" ".join(found.group(1).lower().split()), found.group(2)) if found else ("", "")
        values: dict[str, Any] = {}
        if has:
            port, field = if_name(has.group(1)), ""
            sheet.use()
        elif port and re.match(r"^\s*neighbor (?:index|\d+)\s*:", line, re.IGNORECASE):
            sheet.rows.append(Neighbour(port))
            field = ""
        elif not port or not sheet.rows or sheet.rows[-1].port != port:
            sheet.miss(line)
        elif field == "system_description" and key not in _AFTER_TEXT:
            said = sheet.rows[-1].system_description
            sheet.rows[-1] = replace(sheet.rows[-1], system_description=f"{said} {line.strip()}".strip())
        elif key in _AFTER_TEXT:
            field = "done"
        elif key in _FIELDS and getattr(sheet.rows[-1], _FIELDS[key]) is None and field != "done":
            field = _FIELDS[key]
            values[field] = lldp_value(field, value)
            sheet.rows[-1] = replace(sheet.rows[-1], **values)
        elif key.startswith("management address") and sheet.rows[-1].address is None:
            address = re.search(r"\d+\.\d+\.\d+\.\d+", value)
            sheet.rows[-1] = replace(sheet.rows[-1], address=address.group() if address else None)
        elif not found:
            sheet.miss(line)
    return sheet.parsed()


_LOG_ROW = re.compile(
    r"^\s*([A-Z][a-z]{2} +\d{1,2} \d{4} \d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[+-]\d{2}:\d{2})?)\s+(\S+)\s+"
    r"%%\d*([A-Z0-9_]+)/(\d)/(\S.*)$"
)


def parse_log(text: str) -> Parsed[LogLine]:
    """`display logbuffer`, newest first. The level is the severity's digit. Lines of one message are joined."""
    heads = (
        r"logging buffer.*|allowed max.*|actual buffer.*|current messages.*|channel number.*|dropped.*|overwritten.*"
    )
    sheet: Sheet[LogLine] = Sheet(text, heads)
    for line in sheet:
        found = _LOG_ROW.match(line)
        if found:
            stamp, _, module, level, rest = found.groups()
            port = re.search(rf"\b({PORT})\b", rest)
            name = if_name(port.group(1)) if port and "/" in port.group(1) else None
            sheet.rows.append(LogLine(f"{module}/{level}/{rest}", stamp, level, name))
        elif sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], text=f"{sheet.rows[-1].text} {line.strip()}")
        else:
            sheet.miss(line)
    return sheet.parsed()


_CPU = re.compile(r"five seconds: (\d+)%: one minute: (\d+)%: five minutes: (\d+)%")


def parse_load(text: str) -> Parsed[Load]:
    """`display cpu-usage`: one row; the table of tasks after it is passed over."""
    sheet: Sheet[Load] = Sheet(text, r"(?:max )?cpu usage.*|taskname\s.*|\S+\s+\d+%.*")
    return sheet.each(_CPU, lambda found: Load(*map(int, found.groups())))


_MEMORY = re.compile(r"^\s*(System Total Memory|Total Memory Used|Memory Using Percentage) Is:\s*(\d+)\s*(\S*)\s*$")
_SIZES = {"bytes": 1, "kbytes": 1024}
_MEMORY_FIELDS = {"System Total Memory": "total_bytes", "Total Memory Used": "used_bytes"}


def parse_memory(text: str) -> Parsed[Memory]:
    """`display memory-usage`: one row; the table of processes after it is passed over."""
    sheet: Sheet[Memory] = Sheet(
        text, r"memory utilization statistics.*|process memory information.*|processid\s.*|\d+\s+\S+\s+\d+"
    )
    for line in sheet:
        found = _MEMORY.match(line)
        if not found:
            sheet.miss(line)
            continue
        name, value, unit = found[1], int(found[2]), found[3].lower()
        row = sheet.rows[0] if sheet.rows else Memory()
        if name in _MEMORY_FIELDS and unit in _SIZES:
            values: dict[str, Any] = {_MEMORY_FIELDS[name]: value * _SIZES[unit]}
            row = replace(row, **values)
        elif name not in _MEMORY_FIELDS and unit == "%":
            row = replace(row, used_percent=value)
        else:
            sheet.doubt(line)
        sheet.rows[:] = [row]
    return sheet.parsed()


_SENT = re.compile(r"^\s*(\d+) packet\(?s?\)? transmitted")
_RECEIVED = re.compile(r"^\s*(\d+) packet\(?s?\)? received")
_TIMES = re.compile(r"^\s*round-trip min/avg/max = (\d+)/(\d+)/(\d+) ms")


def parse_ping(text: str) -> Parsed[PingResult]:
    """`ping -c N A`: one row. With every packet lost there is no line of times."""
    sheet: Sheet[PingResult] = Sheet(
        text, r"ping .*|reply from .*|request time out|--- .* ---|.*packet loss|.*bytes from.*"
    )
    for line in sheet:
        sent, received, times = _SENT.match(line), _RECEIVED.match(line), _TIMES.match(line)
        if sent:
            sheet.rows.append(PingResult(number(sent.group(1))))
        elif received and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], received=number(received.group(1)))
        elif times and sheet.rows:
            low, mean, high = (decimal(value) for value in times.groups())
            sheet.rows[-1] = replace(sheet.rows[-1], min_ms=low, avg_ms=mean, max_ms=high)
        else:
            sheet.miss(line)
    return sheet.parsed()


_OPTICS_HEAD = re.compile(rf"^\s*({PORT})(?: transceiver (?:diagnostic )?information:)?\s*$")
_OPTICS_KEY = re.compile(
    r"^\s*(Temperature|Voltage|Bias Current|RX Power|TX Power)\s*(?:\([^)]*\))?\s*:\s*(-?\d+\.\d+)", re.IGNORECASE
)
_OPTICS_FIELDS = {
    "temperature": "temperature_c",
    "voltage": "supply_v",
    "bias current": "bias_ma",
    "rx power": "rx_dbm",
    "tx power": "tx_dbm",
}


def parse_optics(text: str) -> Parsed[Optics]:
    """`display transceiver interface X verbose` and NE's `display interface phy-option`; of many lanes, the first."""
    none = r"error: the transceiver .*|info: port .* transceiver (?:is )?absent.*"  # a copper port, or an empty slot
    heads = r"[a-z. ]*information:|the vendor .*|.*\(lane\d\|lane\d\).*|sfp im?formation:?"
    sheet: Sheet[Optics] = Sheet(text, f"{heads}|{none}")
    for line in sheet:
        head, found = _OPTICS_HEAD.match(line), _OPTICS_KEY.match(line)
        if head:
            sheet.rows.append(Optics(if_name(head.group(1))))
        elif found and sheet.rows:
            values: dict[str, Any] = {_OPTICS_FIELDS[found.group(1).lower()]: decimal(found.group(2))}
            sheet.rows[-1] = replace(sheet.rows[-1], **values)
        elif not (sheet.rows and ":" in line):
            sheet.miss(line)
    return sheet.parsed()
