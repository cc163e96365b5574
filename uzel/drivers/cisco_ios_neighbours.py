"""Cisco IOS and IOS-XE: who is at the other end (LLDP, CDP). Sources: recordings of Catalyst 2960 … 9500 and ISR."""

import re
from dataclasses import replace

from uzel.core.answers import Neighbour
from uzel.drivers.cli_names import PORT, if_name
from uzel.drivers.cli_text import Parsed, Sheet, lldp_value, mac

_KEY = re.compile(r"^\s*([A-Z][A-Za-z ()/+-]*?)\s*:\s*(.*?)\s*$")
_ABSENT = re.compile(r"^\s*[A-Z][A-Za-z -]*? - (?:not|supported)\b|.*: - not advertised")
_LLDP = {
    "chassis id": "chassis_id",
    "port id": "port_id",
    "port description": "port_description",
    "system name": "system_name",
    "ip": "address",
}


def parse_lldp(text: str) -> Parsed[Neighbour]:
    """`show lldp neighbors [X] detail`. Old releases do not name the local port: it is that of the question."""
    asked = re.search(rf"show lldp neighbors ({PORT}) detail", text)
    sheet: Sheet[Neighbour] = Sheet(text, r"total entries displayed.*|capability codes.*|\([A-Z]\) .*")
    field, start = "", True
    for line in sheet:
        found = _KEY.match(line)
        key, value = (found.group(1).lower(), found.group(2)) if found else ("", "")
        if key == "local intf":
            sheet.rows.append(Neighbour(if_name(value)))
            start = False
        elif key == "chassis id" and (start or sheet.rows[-1].chassis_id is not None):
            sheet.rows.append(Neighbour(if_name(asked.group(1)) if asked else None, chassis_id=mac(value) or value))
        elif not sheet.rows:
            sheet.miss(line)
        elif line.lstrip().startswith("Time remaining"):
            field = "done"
        elif key == "system description":
            field = "system_description"
            continue
        elif field == "system_description":
            said = f"{sheet.rows[-1].system_description or ''} {line.strip()}".strip()
            sheet.rows[-1] = replace(sheet.rows[-1], system_description=said)
            continue
        elif key in _LLDP and getattr(sheet.rows[-1], _LLDP[key]) is None and value:
            sheet.rows[-1] = replace(sheet.rows[-1], **{_LLDP[key]: lldp_value(_LLDP[key], value)})  # type: ignore[arg-type]
        elif not (found or field == "system_description" or line.startswith(" ") or _ABSENT.match(line)):
            sheet.miss(line)
        if key in ("local intf", "chassis id"):
            field = ""
    return sheet.parsed()


_BRIEF = re.compile(rf"^(\S.{{0,19}}?)\s*({PORT})\s+\d+\s+(?:[A-Z](?:,[A-Z])*\s+)?(\S.*?)\s*$")


def parse_lldp_brief(text: str) -> Parsed[Neighbour]:
    """`show lldp neighbors`: names are cut to 20 characters, and a full-length one runs into the port."""
    sheet: Sheet[Neighbour] = Sheet(text, r"total entries displayed.*|capability codes.*|\([A-Z]\) .*|device id\s.*")
    for line in sheet:
        found = _BRIEF.match(line)
        if found:
            name, port, remote = found.groups()
            sheet.rows.append(Neighbour(if_name(port), port_id=mac(remote) or remote, system_name=name))
        else:
            sheet.miss(line)
    return sheet.parsed()


_CDP_PORTS = re.compile(rf"^\s*Interface: ({PORT}),\s+Port ID \(outgoing port\): (\S.*?)\s*$")


def parse_cdp(text: str) -> Parsed[Neighbour]:
    """`show cdp neighbors [X] detail`. The device's platform goes before its software in the description."""
    sheet: Sheet[Neighbour] = Sheet(text, r"total cdp entries.*")
    name, address, platform, prose, head = "", None, "", False, ""
    for line in sheet:
        found, ports = _KEY.match(line), _CDP_PORTS.match(line)
        key, value = (found.group(1).lower(), found.group(2)) if found else ("", "")
        if key == "device id":
            if head:
                sheet.miss(head)
            name, address, platform, prose, head = value, None, "", False, line
        elif not name:
            sheet.miss(line)
        elif key == "ip address" and address is None:
            address = value
        elif key == "platform":
            platform = value.split(",")[0]
        elif ports:
            local, remote = if_name(ports.group(1)), if_name(ports.group(2))
            sheet.rows.append(Neighbour(local, "cdp", name, remote, None, name, platform or None, address))
            head = ""
        elif key == "version" and not value:
            prose = True
        elif line.lstrip().startswith("advertisement version"):
            prose = False
        elif prose and sheet.rows and not head:
            said = f"{sheet.rows[-1].system_description or ''}, {line.strip()}".lstrip(", ")
            sheet.rows[-1] = replace(sheet.rows[-1], system_description=said)
        elif not found:
            sheet.miss(line)
        sheet.use()
    if head:  # a neighbour without a line of ports that is understood
        sheet.miss(head)
    return sheet.parsed()


# "Gig 1/0/10", "Fas 0/1"; what stands before it may be cut off, and a long name stands on a line of its own.
_LOCAL = r"(?:Gig|Fas|Ten|Eth|Two|Fiv|Twe|For|Fif|Hun|Ser)[a-z]* ?\d+(?:/\d+)*"
_CDP_ROW = re.compile(rf"^(?:(\S+)\s+|\s+)?({_LOCAL})\s+(\d{{1,3}})\s+((?:[A-Za-z] +)*)(\S.*?)\s*$")
_FAR = re.compile(rf"^(.*?)\s*({_LOCAL}|Gig 0|[Pp]ort \d+|[a-z]+\d+|InlinePort \S+|mgmt\d|\S+)$")
_CDP_HEADINGS = r"capability codes:.*|(?:[SD] - |\s+[A-Z] - ).*|device id\s+local.*|port id|total cdp entries.*"


def parse_cdp_brief(text: str) -> Parsed[Neighbour]:
    """`show cdp neighbors`: platforms are cut to ten characters, and a full-length one runs into the port."""
    sheet: Sheet[Neighbour] = Sheet(text, _CDP_HEADINGS)
    name = ""
    for line in sheet:
        found = _CDP_ROW.match(line)
        if not found:
            if name or not re.fullmatch(r"\S+", line):
                sheet.miss(name or line)
            name = line if re.fullmatch(r"\S+", line) else ""
            continue
        own, local, _, _, rest = found.groups()
        far = _FAR.match(rest)
        platform, remote = far.groups() if far else ("", rest)
        who = own or name
        sheet.rows.append(
            Neighbour(if_name(local), "cdp", who or None, if_name(remote), None, who or None, platform or None)
        )
        if not who:
            sheet.doubt(line)
        name = ""
    if name:
        sheet.miss(name)
    return sheet.parsed()
