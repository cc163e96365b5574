"""D-Link: the switch as a whole (`show switch`, LLDP neighbours, log, optics, ping).

Sources: recordings of DES-1228/ME … DGS-3627; `ping` by the CLI manual of DES-3200.
"""

import math
import re
from dataclasses import replace

from uzel.core.answers import Identity, LogLine, Neighbour, Optics, PingResult, PortStatus
from uzel.drivers.cli_text import Parsed, Sheet, decimal, lldp_value, mac, number, uptime

PORT = r"\d{1,3}(?::\d{1,3})?"
# "BGP   \t  : Disabled", "TELNET : Enabled(TCP  23)", DES-21xx "Product Name:DES-2108"
_PAIR = re.compile(r"^\s*([A-Za-z0-9][^:]*?)\s*:\s*(.*?)\s*$")
_UNIT_SERIAL = re.compile(r"^\s*(\S+?)\s*\(unit (\d+)\)\s*$", re.IGNORECASE)

# Not told; a long one goes on in a line of its own.
_FREE_TEXTS = ("system location", "system contact")


def parse_identity(text: str) -> Parsed[Identity]:
    """`show switch`: one row; DGS-3100 lists a serial per unit of the stack and so gives a row per unit."""
    sheet: Sheet[Identity] = Sheet(text, prose=True)
    key = ""
    for line in sheet:
        pair, serial = _PAIR.match(line), _UNIT_SERIAL.match(line)
        if pair:
            key = " ".join(pair.group(1).lower().split())
            row = _identity(sheet.rows[0] if sheet.rows else Identity(), key, pair.group(2))
            if row is None:
                sheet.doubt(line)
            elif row != Identity():
                sheet.rows[:1] = [row]
        elif serial and sheet.rows:
            sheet.rows.append(replace(sheet.rows[0], serial=serial.group(1), mac=None))
        elif key in _FREE_TEXTS:
            key = ""
        else:
            sheet.miss(line)
    return sheet.parsed()


def _identity(row: Identity, key: str, value: str) -> Identity | None:
    """The row with the key's value in it; None when the value is nonsense for its key."""
    if key in ("device type", "product name", "system type"):
        return replace(row, model=value.split()[0] if value else None)
    if key in ("firmware version", "system firmware version", "firmware"):
        return replace(row, firmware=re.sub(r"^Build\s+", "", value) or None)
    if key in ("hardware version", "system hardware version"):
        return replace(row, revision=value or None)
    if key in ("serial number", "system serial number", "device s/n"):
        unit = _UNIT_SERIAL.match(value)
        if not unit and " " in value:
            return None  # a line of the log
        return replace(row, serial=unit.group(1) if unit else value or None)
    if key == "system name":
        return replace(row, name=value or None)
    if key in ("system uptime", "device uptime", "system up time"):
        seconds = uptime(value)
        return None if value and seconds is None else replace(row, uptime_s=seconds)
    if key in ("mac address", "system mac address"):
        address = mac(value)
        return None if value and address is None and "X" not in value else replace(row, mac=address)
    return row


_LLDP_LOCAL = re.compile(rf"^Port ID\s*:\s*({PORT})\s*$")
_LLDP_FIELDS = {
    "chassis id": "chassis_id",
    "port id": "port_id",
    "port description": "port_description",
    "system name": "system_name",
    "system description": "system_description",
    "management address": "address",
}
_LLDP_TEXTS = {"port_description", "system_name", "system_description"}
_LLDP_WIDTH = 30  # of the value's column: a longer value is wrapped in the middle of a word


def parse_neighbours(text: str) -> Parsed[Neighbour]:
    """`show lldp remote_ports [mode normal]`: local port, then its entities. A port without neighbours gives no row."""
    sheet: Sheet[Neighbour] = Sheet(text, r"\(none\)|.*: *\(none\)")
    port, counted, field, inside, glue = "", "", "", False, ""
    for line in sheet:
        local, pair = _LLDP_LOCAL.match(line), _PAIR.match(line)
        if local and not (inside and sheet.rows[-1].chassis_id and sheet.rows[-1].port_id is None):
            port, field, inside = local.group(1), "", False
            sheet.use()
        elif re.fullmatch(r"\s*Remote Entities Count.*", line, re.IGNORECASE):
            # It stands below the port: a second one is of a port whose line was not understood.
            port, counted = ("" if counted == port else port), port
            sheet.use()
        elif re.fullmatch(r"\s*Entity\s+\d+\s*", line, re.IGNORECASE) and port:
            sheet.rows.append(Neighbour(port))
            field, inside = "", True
        elif pair and inside and len(line) - len(line.lstrip()) < 20:
            field = _LLDP_FIELDS.get(" ".join(pair.group(1).lower().split()), "")
            value = lldp_value(field, pair.group(2))
            # A description may hold anything, "(unit 1)" and MACs too; DGS-3100 refers to its detail page.
            if field and value and value != "See Detail" and getattr(sheet.rows[-1], field) is None:
                sheet.rows[-1] = replace(sheet.rows[-1], **{field: value})
                glue = "" if len(pair.group(2)) >= _LLDP_WIDTH else " "
        elif inside and line.startswith(" " * 20):
            said = getattr(sheet.rows[-1], field) if field in _LLDP_TEXTS else None
            if said:
                sheet.rows[-1] = replace(sheet.rows[-1], **{field: said + glue + line.strip()})
                glue = "" if len(line.strip()) >= _LLDP_WIDTH else " "
        elif not (inside and pair):
            sheet.miss(line)
    return sheet.parsed()


_LEVEL = r"(?:(INFO|WARN|CRIT|ERR|ERRO|NOTI|NOTICE|ALER|ALERT|EMER|DEBU|DEBUG)(?:\(\d\))?:?\s+)?"
_STAMP = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\s+\d{1,2}:\d{2}:\d{2}|[A-Z][a-z]{2}\s+\d{1,2}\s+\d{1,2}:\d{2}:\d{2}"
_LOG_ROW = re.compile(rf"^\s*(?:\d{{1,6}}\s+)?({_STAMP})\s+{_LEVEL}(\S.*)$")
_LOG_PORT = re.compile(rf"\bport(?:\s*:\s*|\s+)({PORT})\b", re.IGNORECASE)
_WIDTH = 80  # the terminal for which D-Link wraps log lines, in the middle of a word


def parse_log(text: str) -> Parsed[LogLine]:
    """`show log`, newest first. Wrapped lines are joined."""
    sheet: Sheet[LogLine] = Sheet(text, r"index\s+(?:date|time|log).*|date\s+time.*|total log.*")
    glue = ""
    for line in sheet:
        found = _LOG_ROW.match(line)
        if found:
            sheet.rows.append(_log(LogLine(found.group(3), found.group(1), found.group(2))))
        elif line.startswith(" " * 8) and sheet.rows:
            last = sheet.rows[-1]
            sheet.rows[-1] = _log(replace(last, text=last.text + glue + line.strip()))
        else:
            sheet.miss(line)
            continue
        glue = "" if len(line) >= _WIDTH else " "
    return sheet.parsed()


def _log(line: LogLine) -> LogLine:
    port = _LOG_PORT.search(line.text)
    return replace(line, port=port.group(1) if port else None)


_CELL = r"[-+]?\d{1,6}(?:\.\d{1,6})?|-{1,2}|N/A|N/S"
_DDM_ROW = re.compile(rf"^\s*({PORT})\s+({_CELL})\s+({_CELL})\s+({_CELL})\s+({_CELL})\s+({_CELL})(?:\s+\S+)?\s*$")


def dbm(milliwatts: float | None) -> float | None:
    """dBm from mW; nothing at all is -40 dBm."""
    return None if milliwatts is None else round(10 * math.log10(milliwatts), 2) if milliwatts > 0.0001 else -40.0


def parse_optics(text: str) -> Parsed[Optics]:
    """`show ddm ports [N] status` and DGS-3100's `show optical-transceiver`: mW or dBm, as the heading says."""
    headings = r"port\s+temp.*|.*\[(?:c|volt|mwatt)\].*|.*\((?:in celsius|mw|dbm)\).*"
    legend = r"(?:temp|voltage|current|output power|input power|los|n/a)\s+-\s.*"
    sheet: Sheet[Optics] = Sheet(text, rf"{headings}|{legend}")
    in_mw = bool(re.search(r"\(mW\)|\[mWatt\]", text))
    in_dbm = "(dBm)" in text
    for line in sheet:
        found = _DDM_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        temperature, supply, bias, tx, rx = (decimal(cell) for cell in found.groups()[1:6])
        if in_mw == in_dbm:
            sheet.doubt(line)  # the heading is gone: the powers' unit is not known
            tx = rx = None
        elif in_mw:
            tx, rx = dbm(tx), dbm(rx)
        sheet.rows.append(Optics(found.group(1), temperature, supply, bias, tx, rx))
    return sheet.parsed()


_REPLY = re.compile(r"^\s*Reply from .*?time\s*[<=]\s*(\d{1,6})\s*ms", re.IGNORECASE)
_SENT = re.compile(r"Sent\s*=\s*(\d+),\s*Received\s*=\s*(\d+)", re.IGNORECASE)
_SENT_ME = re.compile(r"^\s*(\d+) Packets Transmitted,\s*(\d+) Packets Received", re.IGNORECASE)  # DES-1210-28/ME


def parse_ping(text: str) -> Parsed[PingResult]:
    """`ping A times N`: one row. Times are the device's upper bounds: it says "time<10ms"."""
    sheet: Sheet[PingResult] = Sheet(text, r"ping statistics.*|request timed? ?out.*|(?:type|press) .*abort.*|-+ .* -+")
    times: list[int] = []
    for line in sheet:
        reply, summary = _REPLY.match(line), _SENT.search(line) or _SENT_ME.match(line)
        if reply:
            times.append(int(reply.group(1)))
            sheet.use()
        elif summary:
            sheet.rows[:] = [PingResult(number(summary.group(1)), number(summary.group(2)))]
        else:
            sheet.miss(line)
    if sheet.rows and times:
        average = round(sum(times) / len(times), 1)
        sheet.rows[0] = replace(sheet.rows[0], min_ms=min(times), avg_ms=average, max_ms=max(times))
    return sheet.parsed()


_DETAIL_PORT = re.compile(rf"^\s*Port\s*:\s*({PORT})\s*(?:\([CF]\))?\s*$")
_LINKS = {"link up": True, "link down": False}


def parse_port_details(text: str) -> Parsed[PortStatus]:
    """`show ports N details` of DES-3200 C1: a block a port. It does not tell whether the port is switched on."""
    sheet: Sheet[PortStatus] = Sheet(text, head=r"\W*port\W*:")
    said: set[str] = set()
    for line in sheet:
        port, pair = _DETAIL_PORT.match(line), _PAIR.match(line)
        if port:
            sheet.rows.append(PortStatus(port.group(1)))
            said = set()
        elif pair and (key := " ".join(pair.group(1).lower().split())) in said:
            sheet.miss(line)  # of another port, whose head was not understood
        elif pair and sheet.rows:
            said.add(key)
            row = _detail(sheet.rows[-1], key, pair.group(2))
            sheet.rows[-1] = row or sheet.rows[-1]
            if row is None:
                sheet.doubt(line)
        elif not (sheet.rows and line.startswith(" ")):  # figures may go on below
            sheet.miss(line)
    return sheet.parsed()


def _detail(row: PortStatus, key: str, value: str) -> PortStatus | None:
    """The row with a value in it, None for a word that is not known. Speed and duplex are of a live link only."""
    if key == "port status":
        link = _LINKS.get(value.lower())
        return None if link is None else replace(row, link_up=link)
    if key == "description":
        return replace(row, description=value or None)
    if key == "auto-negotiation":
        return replace(row, autonegotiation=value.lower() == "enabled")
    kbit = re.fullmatch(r"(\d+) ?([KM])bit", value)
    if key == "bandwidth" and kbit and row.link_up:
        return replace(row, speed_mbps=int(kbit.group(1)) // (1000 if kbit.group(2) == "K" else 1))
    if key == "duplex mode" and row.link_up:
        return replace(row, full_duplex=value.lower().startswith("full"))
    return row
