"""SNR (NAG) S2960, S2965, S2982, S2985, S2990: a shell in Cisco's likeness. Source: recordings of an S2985G-8T.

Its tables name a port `1/0/1`, IF-MIB and `show vlan` name it `Ethernet1/0/1`: answers have the latter. Login, pager
and privileges are as the makers of these boards have them elsewhere, unverified on an SNR.
"""

import re
from dataclasses import replace

from uzel.core.answers import Blocked, Identity, LogLine, Medium, Operation, PortStatus, VlanMembers
from uzel.drivers.cli_page import Ask, Page, Refusal
from uzel.drivers.cli_text import Parsed, Sheet, mac, uptime

_IDENTITY = re.compile(r"^\s*(CPU Mac|Vlan MAC|SoftWare Version|HardWare Version|Serial No\.:|Uptime is)\s*(.*?)\s*$")
_FIELDS = {"SoftWare Version": "firmware", "HardWare Version": "revision", "Serial No.:": "serial"}


def parse_identity(text: str) -> Parsed[Identity]:
    """`show version`: one row."""
    sheet: Sheet[Identity] = Sheet(
        text, r"(?:sysLocation|BootRom|CPLD|Copyright|Last reboot|Vlan MAC)\b.*|all rights reserved\.?"
    )
    row = Identity()
    for line in sheet:
        sheet.use()
        if found := re.match(r"^\s*(\S+) Device, Compiled on ", line):
            row = replace(row, model=found.group(1))
        elif not (found := _IDENTITY.match(line)):
            sheet.miss(line)
        elif found.group(1) == "CPU Mac":
            row = replace(row, mac=mac(found.group(2)))
        elif found.group(1) == "Uptime is":
            row = replace(row, uptime_s=uptime(found.group(2)))
        else:
            row = replace(row, **{_FIELDS[found.group(1)]: found.group(2) or None})  # type: ignore[arg-type]
    if row != Identity():
        sheet.rows.append(row)
    return sheet.parsed()


_PORT_ROW = re.compile(
    r"^(\d{1,2}/\d{1,2}/\d{1,3})\s+([A-Z-]+)/(\S+)\s+(auto|[af]-\d+[MG]?)\s+(auto|[af]-(?:FULL|HALF))\s+(\S+)\s+(\S+)"
    r"(?:\s+(\S.*?))?\s*$"
)


def parse_ports(text: str) -> Parsed[PortStatus]:
    """`show interface ethernet status`: one row a port; A-DOWN is switched off, E-DOWN shut by the switch itself."""
    sheet: Sheet[PortStatus] = Sheet(text, r"codes:.*|interface\s+link/protocol.*")
    for line in sheet:
        found = _PORT_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        port, link, _, speed, duplex, _, kind, description = found.groups()
        known = link in ("UP", "DOWN", "A-DOWN", "E-DOWN")
        live = link == "UP"
        sheet.rows.append(
            PortStatus(
                f"Ethernet{port}",
                admin_up=link != "A-DOWN" if known else None,
                link_up=live if known else None,
                speed_mbps=_speed(speed) if live else None,
                full_duplex=duplex.endswith("FULL") if live and duplex != "auto" else None,
                autonegotiation=speed.startswith("a"),
                medium=Medium.FIBRE if "SFP" in kind else Medium.COPPER if kind.endswith("TX") else None,
                blocked=Blocked.ERROR if link == "E-DOWN" else None,
                description=description,
            )
        )
        if not known:
            sheet.doubt(line)
    return sheet.parsed()


def _speed(text: str) -> int | None:
    found = re.fullmatch(r"[af]-(\d+)([MG]?)", text)
    return int(found.group(1)) * (1000 if found.group(2) == "G" else 1) if found else None


_VLAN_ROW = re.compile(r"^(\d{1,4})\s+(\S+)\s+(\S+)\s+ENET\b\s*(.*)$")
_VLAN_PORT = re.compile(r"((?:Ethernet|Port-Channel)\d+(?:/\d+)*)(\(T\))?")


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`show vlan`: (T) marks a tagged port; further ports stand on lines of their own."""
    sheet: Sheet[VlanMembers] = Sheet(text, r"vlan name\s+type\s+media.*")
    for line in sheet:
        found = _VLAN_ROW.match(line)
        rest = found.group(4) if found else line
        if found:
            sheet.rows.append(VlanMembers(int(found.group(1)), found.group(2)))
        if not sheet.rows or _VLAN_PORT.sub("", rest).strip():
            sheet.miss(line)
            continue
        ports, row = _VLAN_PORT.findall(rest), sheet.rows[-1]
        untagged = tuple(name for name, tag in ports if not tag)
        tagged = tuple(name for name, tag in ports if tag)
        sheet.rows[-1] = replace(row, untagged=row.untagged + untagged, tagged=row.tagged + tagged)
    return sheet.parsed()


_LOG_ROW = re.compile(r"^\s*\d+\s+%(\w{3} +\d+ [\d:]+ \d{4}) <(\w+)> (.*)$")


def parse_log(text: str) -> Parsed[LogLine]:
    """`show logging`: newest first, text may go on in the next line."""
    sheet: Sheet[LogLine] = Sheet(text, r"current messages in sdram:.*")
    for line in sheet:
        if found := _LOG_ROW.match(line):
            at, level, words = found.groups()
            port = re.search(r"\bEthernet\d+/\d+/\d+\b", words)
            sheet.rows.append(LogLine(words.strip(), at, level, port.group() if port else None))
        elif sheet.rows:
            row = sheet.rows[-1]
            port = re.search(r"\bEthernet\d+/\d+/\d+\b", line)
            sheet.rows[-1] = replace(
                row, text=f"{row.text} {line.strip()}", port=row.port or (port.group() if port else None)
            )
        else:
            sheet.miss(line)
    return sheet.parsed()


PAGE = Page(
    name="snr_nag",
    title="SNR S2960, S2965, S2982, S2985, S2990 (login and pager unverified)",
    prompt=r"^(?P<host>[\w.-]{1,64})(?:\((?P<mode>[\w-]+)\))?#\s*$",
    user_prompt=r"^[\w.-]{1,64}>\s*$",
    pagers=((r"^\s*--More--\s*$", " "),),
    refusals=(
        (r"^% ?(?:Invalid input|Unrecognized command|Ambiguous command)", Refusal.UNKNOWN_COMMAND),
        (r"^% ?Incomplete command", Refusal.WRONG_ARGUMENT),
        (r"^% ?(?:Login invalid|Authentication failed|Bad secrets)", Refusal.LOGIN),
    ),
    enable="enable",
    no_paging=("terminal length 0",),
    leave="exit",
    port_name=r"Ethernet\d{1,2}/\d{1,2}/\d{1,3}",
    mac_style="xx-xx-xx-xx-xx-xx",
    asks={
        Operation.IDENTITY: (Ask("show version", parse_identity),),
        Operation.PORTS: (Ask("show interface ethernet status", parse_ports),),
        Operation.VLANS: (Ask("show vlan", parse_vlans),),
        Operation.LOG: (Ask("show logging", parse_log),),
    },
)
