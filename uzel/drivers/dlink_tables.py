"""D-Link: the tables (`show fdb`, `show vlan`, `show arpentry`, `show lldp`, address binding, IGMP, loop detection).

Sources: recordings of DES-1228/ME, 3010G, 3028, 3200, 3526, DGS-3100, 3120, 3200; IGMP groups and loop detection by
other projects' parsers; the layout of `blocked` is unverified (docs/drivers.md).
"""

import re
from dataclasses import replace

from uzel.core.answers import ArpEntry, Binding, IgmpGroup, LoopState, MacEntry, MacKind, PortVlans, VlanMembers
from uzel.drivers.cli_text import Parsed, Sheet, mac, number

MAC = r"[0-9A-Fa-f]{2}(?:[-:][0-9A-Fa-f]{2}){5}"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
PORT = r"\d{1,3}(?::\d{1,3})?"
_TOTAL = r"total\b.*entries\s*:?\s*\d*"

_MAC_KINDS = {
    "dynamic": MacKind.DYNAMIC,
    "static": MacKind.STATIC,
    "self": MacKind.SELF,
    "cpu": MacKind.SELF,
    "asymmetric": MacKind.SELF,
    "asymmetric_vlan": MacKind.SELF,
    "permanent": MacKind.SECURED,
    "deleteontimeout": MacKind.SECURED,
    "deleteonreset": MacKind.SECURED,
    "del_on_timeout": MacKind.SECURED,
    "del_on_reset": MacKind.SECURED,
    "blockbyaddrbind": MacKind.BLOCKED,
    "unblockbyaddrbind": MacKind.DYNAMIC,
    "drop": MacKind.BLOCKED,
    "blocked": MacKind.BLOCKED,
}
# The VLAN name may be missing; the port is flushed to either side; DGS-3120 and stacks add a status at the end.
_FDB_ROW = re.compile(rf"^\s*(\d{{1,4}})\s+(?:(\S.*?)\s+)?({MAC})\s+(CPU|T?{PORT}|-)(?:\s+(\S+))?(?:\s+(\S+))?\s*$")


def parse_fdb(text: str) -> Parsed[MacEntry]:
    """`show fdb [port N | mac_address M]` and `show address_binding blocked all`, which has the same columns."""
    sheet: Sheet[MacEntry] = Sheet(text, rf"unicast mac.*|vid\s+vlan name.*|{_TOTAL}")
    for line in sheet:
        found = _FDB_ROW.match(line)
        address = mac(found.group(3)) if found else None
        if not found or address is None:
            sheet.miss(line)
            continue
        kind = _MAC_KINDS.get((found.group(5) or "").lower())
        port = None if found.group(4) in ("CPU", "-") else found.group(4)
        sheet.rows.append(MacEntry(address, port, int(found.group(1)), found.group(2), kind))
        if kind is None:
            sheet.doubt(line)
    return sheet.parsed()


_LIST = re.compile(r"^[\d:,()\-\sCF]*$")


def ports_of(text: str) -> tuple[str, ...]:
    """The ports of a list: "1:1,1:3-1:5", "1-3,25", "1:(2-24),2:(1-24)", "07 08". Zeros in front go."""
    names: list[str] = []
    flat = re.sub(r"(\d+):\(([\d,\-]*)\)", lambda m: ",".join(f"{m[1]}:{part}" for part in m[2].split(",")), text)
    for part in re.split(r"[,\s]+", flat):
        found = re.fullmatch(r"(?:(\d+):)?(\d+)(?:-(?:(\d+):)?(\d+))?(?:\([CF]\))?", part)
        if not found:
            continue
        unit, first, unit_to, last = found.groups()
        head = f"{int(unit)}:" if unit else ""
        end = int(last) if last and (unit_to is None or unit_to == unit) else int(first)
        names += [f"{head}{n}" for n in range(int(first), min(end, int(first) + 1024) + 1)]
    return tuple(names)


_VLAN_START = re.compile(
    r"^\s*(?:VID|VLAN ID)\s*:\s*(\d{1,4})(?:\s+(?:VLAN Name\s*:\s*(.*?)|\(VLAN Name\s*:\s*(.*?)\)))?\s*$", re.IGNORECASE
)
_VLAN_KEY = re.compile(r"^\s*([A-Za-z][A-Za-z0-9 ]*?)\s*:\s*(.*?)\s*$")


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`show vlan`: a block per VLAN; port lists may wrap onto lines of their own."""
    sheet: Sheet[VlanMembers] = Sheet(text, rf"{_TOTAL}|vlan trunk.*", head=r".*\b(?:vid|vlan (?:id|name))\b")
    lists: dict[str, str] = {}
    key = ""
    for line in sheet:
        start, pair = _VLAN_START.match(line), _VLAN_KEY.match(line)
        if start:
            lists, key = {}, ""
            sheet.rows.append(VlanMembers(int(start.group(1)), start.group(2) or start.group(3) or None))
        elif pair and sheet.rows:
            key = " ".join(pair.group(1).lower().split())
            if key in lists:  # of another VLAN, whose head was not understood
                key = ""
                sheet.miss(line)
                continue
            lists[key] = pair.group(2)
        elif key.endswith("ports") and _LIST.match(line):
            joined = lists[key]
            lists[key] = joined + line.strip() if joined.endswith((",", "-")) else f"{joined},{line.strip()}"
        else:
            sheet.miss(line)
            continue
        sheet.rows[-1] = _members(sheet.rows[-1], lists)
    return sheet.parsed()


def _members(vlan: VlanMembers, lists: dict[str, str]) -> VlanMembers:
    def first(*keys: str) -> tuple[str, ...] | None:
        return next((ports_of(lists[key]) for key in keys if key in lists), None)

    members = first("member ports") or ()
    untagged = first("current untagged ports", "static untagged ports", "untagged ports")
    tagged = first("current tagged ports", "static tagged ports", "tagged ports")
    if tagged is None and untagged is not None and not any(key.startswith(("current", "static t")) for key in lists):
        # DGS-3100 and old firmware list only the untagged of the members.
        tagged = tuple(port for port in members if port not in set(untagged))
    known = {*(untagged or ()), *(tagged or ())}
    return replace(
        vlan,
        untagged=untagged or (),
        tagged=tagged or (),
        members=tuple(port for port in members if port not in known),
    )


_VLAN_PORT = re.compile(rf"^\s*(?:({PORT})\s+)?(\d{{1,4}})((?:\s+[X-]){{3,6}})\s*$")


def parse_vlan_ports(text: str) -> Parsed[PortVlans]:
    """`show vlan ports [N]`: a cross in a column; Untagged and Tagged come first on all models."""
    sheet: Sheet[PortVlans] = Sheet(text, rf"port\s+vid.*|{_TOTAL}")
    port: str | None = None
    for line in sheet:
        found = _VLAN_PORT.match(line)
        # A line without a port goes on with the last one, unless that one was not understood.
        port = found.group(1) or port if found else None
        if not found or port is None:
            sheet.miss(line)
            continue
        if not sheet.rows or sheet.rows[-1].port != port:
            sheet.rows.append(PortVlans(port))
        row, vlan = sheet.rows[-1], int(found.group(2))
        untagged, tagged = (mark == "X" for mark in found.group(3).split()[:2])
        sheet.rows[-1] = replace(
            row, native=vlan if untagged else row.native, tagged=(*row.tagged, vlan) if tagged else row.tagged
        )
    return sheet.parsed()


_ARP_ROW = re.compile(rf"^\s*(\S+)\s+({IPV4})\s+({MAC})\s+(\S.*?)\s*$")


def parse_arp(text: str) -> Parsed[ArpEntry]:
    """`show arpentry`. The subnet's own broadcast rows (FF-FF-…) are left out: they are not stations."""
    sheet: Sheet[ArpEntry] = Sheet(text, rf"arp aging time.*|interface\s+ip address.*|{_TOTAL}")
    for line in sheet:
        found = _ARP_ROW.match(line)
        if not found:
            sheet.miss(line)
        elif mac(found.group(3)) != "f" * 12:
            kind = found.group(4).lower()
            static = False if kind.startswith("dynamic") else True if kind.startswith(("local", "static")) else None
            sheet.rows.append(ArpEntry(found.group(2), mac(found.group(3)), found.group(1), static=static))
            if static is None:
                sheet.doubt(line)
        else:
            sheet.use()
    return sheet.parsed()


_BINDING_HEAD = re.compile(r"^\s*IP Address\s+MAC Address\s+(.*)$", re.IGNORECASE)
_BINDING_ROW = re.compile(rf"^\s*({IPV4})\s+({MAC})\s+(\S.*?)\s*$")


def parse_bindings(text: str) -> Parsed[Binding]:
    """`show address_binding dhcp_snoop binding_entry` and `… ip_mac all`: what the columns are, the heading says."""
    legend = r"s ?\(status\).*|m ?\(mode\).*|(?:left )?time -.*|st ?\(.*|d.?- ?dhcp.*|enabled? .*"
    sheet: Sheet[Binding] = Sheet(text, rf"{legend}|{_TOTAL}")
    columns: list[str] = []
    for line in sheet:
        head, found = _BINDING_HEAD.match(line), _BINDING_ROW.match(line)
        address = mac(found.group(2)) if found else None
        if head:
            columns = re.sub(r"lease( time)?(\(.*?\))?|lt\(sec\)", "lease", head.group(1).lower()).split()
            sheet.use()
        elif found and address:
            cells = found.group(3).split()
            sheet.rows.append(_binding(Binding(address, found.group(1)), columns, cells))
            if len(cells) != len(columns) or not sheet.rows[-1].ports:
                sheet.doubt(line)
        else:
            sheet.miss(line)
    return sheet.parsed()


def _binding(row: Binding, columns: list[str], cells: list[str]) -> Binding:
    if len(cells) != len(columns):
        return row
    for column, cell in zip(columns, cells, strict=True):
        letter = cell[:1].upper()
        if column in ("s", "st", "status") and letter in "AI":
            row = replace(row, active=letter == "A")
        elif column in ("m", "mode") and letter in "DS":
            row = replace(row, dynamic=letter == "D")
        elif column == "lease":
            row = replace(row, lease_s=number(cell), dynamic=True)
        elif column in ("port", "ports"):
            row = replace(row, ports=ports_of(cell))
    return row


_IGMP_KEY = re.compile(r"^\s*([A-Za-z][A-Za-z /]*?)\s*:\s*(.*?)\s*$")


def parse_igmp_groups(text: str) -> Parsed[IgmpGroup]:
    """`show igmp_snooping group`: blocks. DES-3526: VLAN first, "Multicast group"; later: "Source/Group" first."""
    # DES-3526 tells the VLAN's name alone, and before the group.
    sheet: Sheet[IgmpGroup] = Sheet(text, rf"{_TOTAL}|total .*:\s*\d+|vlan name\s*:.*", head=r"[^:]*group\W*:")
    for line in sheet:
        found = _IGMP_KEY.match(line)
        key, value = (" ".join(found.group(1).lower().split()), found.group(2)) if found else ("", "")
        if key in ("source/group", "multicast group", "group"):
            source, _, group = value.rpartition("/")
            sheet.rows.append(IgmpGroup(group, source=source if re.fullmatch(IPV4, source) else None))
        elif key == "vlan name/vid" and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], vlan=number(value.rpartition("/")[2]))
        elif key in ("member ports", "port member", "ports") and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], ports=ports_of(value))
        elif not found:
            sheet.miss(line)
    return sheet.parsed()


_LOOP_ROW = re.compile(rf"^\s*({PORT})\s+(Enabled|Disabled)\s+(\S.*?)\s*$", re.IGNORECASE)
_LOOP = {"normal": False, "none": False, "-": False, "loop": True, "loop!": True, "loop detected": True}


def parse_loops(text: str) -> Parsed[LoopState]:
    """`show loopdetect ports [all]`."""
    sheet: Sheet[LoopState] = Sheet(text, r"port\s+(?:lbd|loop).*")
    for line in sheet:
        found = _LOOP_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        loop = _LOOP.get(found.group(3).lower())
        sheet.rows.append(LoopState(found.group(1), found.group(2).lower() == "enabled", loop))
        if loop is None:
            sheet.doubt(line)
    return sheet.parsed()
