"""Cisco IOS and IOS-XE: the switch as a whole (version, optics, log, load, memory, ping).

Sources: recordings of Catalyst 2960 … 9500 and ISR; memory by other projects' parsers and Cisco's documents.
"""

import re
from dataclasses import replace

from uzel.core.answers import Identity, Load, LogLine, Memory, Optics, PingResult
from uzel.drivers.cli_names import PORT, if_name
from uzel.drivers.cli_text import Parsed, Sheet, decimal, mac, number, uptime

_VERSION_LINES = (
    (re.compile(r"^(?:Cisco )?I?OS\b.*?, Version ([^ ,]+)"), "firmware"),
    (re.compile(r"^Cisco (?:IOS|Internetwork Operating System)\b.*?, Version ([^ ,]+)"), "firmware"),
    (re.compile(r"^IOS \(tm\).*?, Version ([^ ,]+)"), "firmware"),
    (re.compile(r"^[Cc]isco (\S+) .*(?:processor|with) .*\bmemory"), "model"),
    (re.compile(r"^Processor board ID (\w+)"), "board"),
    (re.compile(r"^System [Ss]erial [Nn]umber\s*: (\w+)"), "serial"),
    (re.compile(r"^Model [Nn]umber\s*: (\S+)"), "model"),
    (re.compile(r"^Model [Rr]evision [Nn]umber\s*: (\S+)"), "revision"),
    (re.compile(r"^Base [Ee]thernet MAC [Aa]ddress\s*: (\S+)"), "mac"),
)
_UPTIME = re.compile(r"^\s*(\S+) uptime is (.*?)\s*$")


def parse_identity(text: str) -> Parsed[Identity]:
    """`show version`: one row. The text is prose with a licence in it: only one without any fact is reported."""
    sheet: Sheet[Identity] = Sheet(text, prose=True)
    said: dict[str, str] = {}
    for line in map(str.strip, sheet):
        for pattern, field in _VERSION_LINES:
            found = pattern.match(line)
            if found:
                said.setdefault(field, found.group(1))
        up = _UPTIME.match(line)
        if up:
            said.setdefault("name", up.group(1))
            said.setdefault("uptime", up.group(2))
    if said:
        serial = said.get("serial") or said.get("board")
        address, seconds = mac(said.get("mac", "")), uptime(said.get("uptime", ""))
        model, revision, firmware = said.get("model"), said.get("revision"), said.get("firmware")
        sheet.rows.append(Identity(model, revision, firmware, serial, address, said.get("name"), seconds))
    return sheet.parsed()


_UNITS = {"(celsius)": "temperature_c", "(volts)": "supply_v", "(ma)": "bias_ma"}
_CELL = re.compile(r"[-+]?\d{1,4}(?:\.\d{1,4})?|N/A|NA|-inf")


def parse_optics(text: str) -> Parsed[Optics]:
    """`show interfaces [X] transceiver`: the columns are those of the heading (some have no current); Tx before Rx."""
    legend = r"if device is.*|\+\+ ?:.*|na or n/a.*|ma:.*|.*optical\s+optical.*|.*temperature\s+voltage.*"
    sheet: Sheet[Optics] = Sheet(text, legend)
    columns: list[str] = []
    for line in sheet:
        words = line.split()
        if words[0] == "Port" and len(words) > 1:
            powers = iter(("tx_dbm", "rx_dbm"))
            columns = [_UNITS.get(word.lower()) or next(powers, "") for word in words[1:]]
            sheet.use()
            continue
        # Alarm flags ("++", "-") may stand after a value.
        cells = [word for word in words[1:] if word not in ("++", "+", "-", "--")]
        if not re.fullmatch(PORT, words[0]) or not columns or len(cells) != len(columns):
            sheet.miss(line)
            continue
        known = {name: decimal(cell) for name, cell in zip(columns, cells, strict=True) if name}
        sheet.rows.append(replace(Optics(if_name(words[0])), **known))  # type: ignore[arg-type]
        if not all(_CELL.fullmatch(cell) for cell in cells):
            sheet.doubt(line)
    return sheet.parsed()


_MESSAGE = re.compile(r"^(.*?)[:\s]*%([A-Z0-9_]+(?:-[A-Z0-9_]+)*?)-(\d)-([A-Z0-9_]+):\s*(.*)$")
_PLAIN = re.compile(
    r"^\s*(?:\d{1,9}:\s+)?([*.]?[A-Z][a-z]{2}\s+\d{1,2}(?: \d{4})? \d{2}:\d{2}:\d{2}(?:\.\d+)?(?: [A-Z]+)?): (.+)$"
)


# The page before the messages.
_SETTINGS = re.compile(
    r"\s*(?:(?:syslog|console|monitor|buffer|trap|file|exception|persistent) logging:.*|no (?:in)?active .*"
    r"|count and timestamp logging messages:.*|logging (?:to|source-interface).*|tls profiles:.*"
    rf"|(?:\d+ message lines |xml |filtering |sequence number |audit |link up\)|authentication ).*|{PORT}(?:\s+\S+)?"
    r"|log buffer .*)\s*",
    re.IGNORECASE,
)


def parse_log(text: str) -> Parsed[LogLine]:
    """`show logging`, oldest first. The level is the severity's digit (0 emergency … 7 debugging).

    A page of settings stands before the buffer and is passed over; a message of many lines is joined.
    """
    sheet: Sheet[LogLine] = Sheet(text)
    begun = False
    for line in sheet:
        message, plain = _MESSAGE.match(line), _PLAIN.match(line)
        if message:
            stamp = re.sub(r"^\s*(?:\d{1,9}:\s+)?", "", message.group(1)) or None
            said = f"%{message.group(2)}-{message.group(3)}-{message.group(4)}: {message.group(5)}"
            # "Host 0000.0c9f.f001 … is flapping between port Gi0/3 …" begins with no port.
            port = re.search(rf"(?<![\w-])(?!Host )({PORT})\b", message.group(5))
            sheet.rows.append(LogLine(said, stamp, message.group(3), if_name(port.group(1)) if port else None))
        elif plain:
            sheet.rows.append(LogLine(plain.group(2), plain.group(1)))
        elif sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], text=f"{sheet.rows[-1].text} {line.strip()}")
        elif not begun and _SETTINGS.fullmatch(line):
            sheet.use()
        elif begun:  # a full buffer begins in the middle of its oldest message
            sheet.rows.append(LogLine(line.strip()))
        begun = begun or line.lstrip().startswith("Log Buffer")
    return sheet.parsed()


_CPU = re.compile(r"five seconds: (\d+)%(?:/\d+%)?; one minute: (\d+)%; five minutes: (\d+)%")


def parse_load(text: str) -> Parsed[Load]:
    """`show processes cpu`: one row from its first line; processes are passed over."""
    sheet: Sheet[Load] = Sheet(text, r"pid runtime.*|\d+\s+\d+\s+\d+\s+\d+\s+[\d.]+%.*")
    return sheet.each(_CPU, lambda found: Load(*map(int, found.groups())))


def _pool(name: str, total: int, used: int) -> Memory:
    return Memory(name, used, total, round(100 * used / total) if total else None)


# The first number is where the pool begins, in hex.
_STATISTICS = re.compile(r"^\s*([A-Za-z][\w/ -]*?)\s+[0-9A-Fa-f]+\s+(\d+)\s+(\d+)\s+\d+\s+\d+\s+\d+\s*$")
_POOL = re.compile(r"^\s*(\S.*?) Pool Total:\s*(\d+)\s+Used:\s*(\d+)\s+Free:\s*\d+\s*$")


def parse_memory_statistics(text: str) -> Parsed[Memory]:
    """`show memory statistics`: a row per pool."""
    sheet: Sheet[Memory] = Sheet(text, r"head\s+total\(b\).*|tracekey :.*")
    return sheet.each(_STATISTICS, lambda found: _pool(found[1], int(found[2]), int(found[3])))


def parse_memory_pools(text: str) -> Parsed[Memory]:
    """`show processes memory`: a row per pool; the processes, and their total, are passed over."""
    sheet: Sheet[Memory] = Sheet(text, r"pid\s+tty\s.*|\d+\s+\d+(?:\s+\d+){5}\s.*|\d+ total")
    return sheet.each(_POOL, lambda found: _pool(found[1], int(found[2]), int(found[3])))


_RATE = re.compile(r"^Success rate is \d+ percent \((\d+)/(\d+)\)(?:, round-trip min/avg/max = (\d+)/(\d+)/(\d+) ms)?")


def parse_ping(text: str) -> Parsed[PingResult]:
    """`ping A repeat N`: one row."""
    sheet: Sheet[PingResult] = Sheet(text, r"type escape.*|sending \d+.*|[!.UQM?&]+|packet sent.*")
    for line in sheet:
        found = _RATE.match(line)
        if found:
            received, sent, *times = found.groups()
            low, mean, high = (decimal(value) for value in times)
            sheet.rows.append(PingResult(number(sent), number(received), low, mean, high))
        else:
            sheet.miss(line)
    return sheet.parsed()
