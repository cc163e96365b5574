"""Eltex MES: the switch and its tables. Sources: recordings of MES-3124F 2.1.7, and of MES3124 and 5248 of 2…4."""

import re
from dataclasses import replace

from uzel.core.answers import ArpEntry, Identity, MacEntry, MacKind, PortVlans, VlanMembers
from uzel.drivers.cli_screen import draw
from uzel.drivers.cli_text import Parsed, Sheet, mac, number
from uzel.drivers.eltex_mes_ports import PORT, if_name

MAC = r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"


def ports_of(text: str) -> tuple[str, ...]:
    """The ports of a list: "gi1/0/2,te1/0/3-4,Po1-12"."""
    names: list[str] = []
    for prefix, first, last in re.findall(r"([A-Za-z]+(?:\d+/)*)(\d{1,3})(?:-(\d{1,3}))?", text):
        names += [f"{prefix}{at}" for at in range(int(first), min(int(last or first), int(first) + 128) + 1)]
    return tuple(names)


_SYSTEM = re.compile(r"^\s*([A-Z][A-Za-z -]*?(?: \(days,hour:min:sec\))?)\s*:\s*(.*?)\s*$")
_VERSION = re.compile(r"^\s*(SW|HW) version\s+(\S+)")
_UPTIME = re.compile(r"^(\d+),(\d+):(\d+):(\d+)$")
_SENSORS = r"boot version.*|(?:main|redundant) power.*|fan .*|unit .*|sensor index.*|\d+\s+\d+\s+ok|reset-button:.*"


def parse_identity(text: str) -> Parsed[Identity]:
    """`show system` (name, MAC, uptime), `show version` (firmware, revision), `show system id` (serial): one row."""
    sheet: Sheet[Identity] = Sheet(text, _SENSORS, prose=True)
    row = Identity()
    for line in sheet:
        pair, version = _SYSTEM.match(line), _VERSION.match(line)
        if version:
            field = "firmware" if version.group(1) == "SW" else "revision"
            row = replace(row, **{field: version.group(2)})  # type: ignore[arg-type]
        elif pair:
            row = _identity(row, " ".join(pair.group(1).lower().split()), pair.group(2))
        elif not line.startswith(" " * 20):  # a long place goes on below
            sheet.miss(line)
    if row != Identity():
        sheet.rows.append(row)
    return sheet.parsed()


def _identity(row: Identity, key: str, value: str) -> Identity:
    up = _UPTIME.match(value)
    if key == "system description":
        model = re.match(r"MES-?\w+", value)
        return replace(row, model=model.group() if model else None)
    if key.startswith("system up time") and up:
        days, hours, minutes, seconds = map(int, up.groups())
        return replace(row, uptime_s=((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    if key == "system name":
        return replace(row, name=value or None)
    if key == "system mac address":
        return replace(row, mac=mac(value))
    return replace(row, serial=value or None) if key == "serial number" else row


_MAC_ROW = re.compile(rf"^\s*(\d{{1,4}})\s+({MAC})\s+(\S+)\s+(dynamic|static|self|secure)\s*$", re.IGNORECASE)
_KINDS = {"dynamic": MacKind.DYNAMIC, "static": MacKind.STATIC, "self": MacKind.SELF, "secure": MacKind.SECURED}


def parse_macs(text: str) -> Parsed[MacEntry]:
    """`show mac address-table`. Port 0 is the switch itself."""
    sheet: Sheet[MacEntry] = Sheet(text, r"aging time.*|vlan\s+mac address.*")

    def row(found: re.Match[str]) -> MacEntry:
        vlan, address, port, kind = found.groups()
        return MacEntry(mac(address) or "", None if port == "0" else port, int(vlan), None, _KINDS[kind.lower()])

    return sheet.each(_MAC_ROW, row)


_ARP_ROW = re.compile(
    rf"^\s*(?:vlan (\d{{1,4}})\s+)?({PORT}|\S+)\s+({IPV4})\s+({MAC})\s+(dynamic|static)\s*$", re.IGNORECASE
)


def parse_arp(text: str) -> Parsed[ArpEntry]:
    """`show arp`: the port stands in the table."""
    sheet: Sheet[ArpEntry] = Sheet(text, r"vlan\s+interface\s.*|total number.*")

    def row(found: re.Match[str]) -> ArpEntry:
        vlan, port, ip, address, kind = found.groups()
        return ArpEntry(
            ip, mac(address), f"vlan {vlan}" if vlan else None, port, number(vlan), kind.lower() == "static"
        )

    return sheet.each(_ARP_ROW, row)


_RULER = re.compile(r"^\s*-{3,}(?: -+)+$")
_HEADING = re.compile(r"^\s*Vlan\s+Name\s")
_WRAPPED = ("name", "ports", "tagged ports", "untagged ports")
_COLUMNS = {"ports": "members", "tagged ports": "tagged", "untagged ports": "untagged"}


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`show vlan`: cells are centred under a ruler and go on in the lines below. Firmware 2 does not tell of tags."""
    lines = draw(text)[0]
    heading = next((line for line in lines if _HEADING.match(line)), "")
    ruler = next((line for line in lines if _RULER.match(line.rstrip())), "") if heading else ""
    cells = [found.span() for found in re.finditer(r"-+", ruler)]
    heads = [heading[s:e].strip().lower() for s, e in cells]
    ends, starts = [0, *(e for _, e in cells)], [*(s for s, _ in cells), None]
    sheet: Sheet[VlanMembers] = Sheet(text, r"vlan\s+name\s.*|created by:.*")
    for line in sheet:
        told = {head: line[s:e].strip() for head, (s, e) in zip(heads, cells, strict=True)}
        vlan, name = told.pop("vlan", ""), told.get("name", "")
        between = "".join(line[end:start] for end, start in zip(ends, starts, strict=True))
        if between.strip():  # the row does not stand under the ruler: a cell would be cut
            sheet.miss(line)
            continue
        if re.fullmatch(r"[1-9]\d{0,3}", vlan):
            sheet.rows.append(VlanMembers(int(vlan), None if name in ("-", "") else name))
        elif not vlan and sheet.rows and not any(cell for head, cell in told.items() if head not in _WRAPPED):
            sheet.rows[-1] = replace(sheet.rows[-1], name=((sheet.rows[-1].name or "") + name) or None)
        else:
            sheet.miss(line)
            continue
        row = sheet.rows[-1]
        for head, field in _COLUMNS.items():
            row = replace(row, **{field: (*getattr(row, field), *ports_of(told.get(head, "")))})  # type: ignore[arg-type]
        sheet.rows[-1] = row
    return sheet.parsed()


_MEMBER = re.compile(r"^\s*(\d{1,4})\s+(?:(\S.*?)\s+)?(Tagged|Untagged)\s+\S+\s*$")
_SWITCHPORT = (
    r"(?:gvrp status|ingress filtering|acceptable frame type|protected|port is member in|forbidden vlans"
    r"|classification rules|(?:protocol|mac|subnet) based vlans)\s*:.*|vlan\s+name.*|group id\s+vlan id"
)


def parse_switchport(text: str) -> Parsed[PortVlans]:
    """`show interfaces switchport X`: mode, native VLAN, and the VLANs that it is a member of."""
    sheet: Sheet[PortVlans] = Sheet(text, _SWITCHPORT)
    for line in sheet:
        pair, member = (
            re.match(r"^(Port|Port Mode|Ingress UnTagged VLAN \( NATIVE \))\s*: ?(\S+)", line),
            _MEMBER.match(line),
        )
        if pair and pair.group(1) == "Port":
            sheet.rows.append(PortVlans(if_name(pair.group(2))))
        elif pair and sheet.rows and pair.group(1) == "Port Mode":
            sheet.rows[-1] = replace(sheet.rows[-1], mode=pair.group(2).lower())
        elif pair and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], native=number(pair.group(2)))
        elif member and sheet.rows:
            if member.group(3) == "Tagged":
                sheet.rows[-1] = replace(sheet.rows[-1], tagged=(*sheet.rows[-1].tagged, int(member.group(1))))
        else:
            sheet.miss(line)
    return sheet.parsed()
