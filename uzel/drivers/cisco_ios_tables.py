"""Cisco IOS and IOS-XE: the tables (MAC, ARP, VLANs, switchport, DHCP snooping, IGMP snooping, ports held down).

Sources: recordings of Catalyst 2900XL, 2960, 3560, 3750, 4500, 6500; IGMP groups by published examples.
"""

import re
from dataclasses import replace

from uzel.core.answers import ArpEntry, Binding, IgmpGroup, LoopState, MacEntry, MacKind, PortVlans, VlanMembers
from uzel.drivers.cli_names import PORT, if_name, vlan_numbers
from uzel.drivers.cli_text import Parsed, Sheet, mac, number

_MAC = r"[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}"
IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"

_KINDS = {
    "dynamic": MacKind.DYNAMIC,
    "static": MacKind.STATIC,
    "self": MacKind.SELF,
    "system": MacKind.SELF,
    "secure": MacKind.SECURED,
    "securedynamic": MacKind.SECURED,
    "securesticky": MacKind.SECURED,
    "drop": MacKind.BLOCKED,
}
_OWN = {"CPU", "Router", "Switch", "Sup"}
# 2950…9000: VLAN first, flags of 6500 before it; learn, age and protocols between type and port on 4500 and 6500.
_MAC_ROW = re.compile(rf"^[\s*RSD#]*(\d{{1,4}}|All|N/A|---)\s+({_MAC})\s+(\w+)\s*(.*?)\s*$", re.IGNORECASE)
_MAC_ROW_XL = re.compile(rf"^\s*({_MAC})\s+(\w+)\s+(\d{{1,4}})\s+(\S.*?)\s*$")  # 2900XL, 3500XL
_MAC_HEADINGS = (
    r".*mac address.*|.*mac addresses.*|legend.*|.*address(?:es)?(?: \(.*\))? count.*|(?:non-)?static address table.*|"
    r"destination address.*|(?:uni|multi)cast entries|displaying entries.*|(?:age|n/a|s|r|d|#) - .*|\s*[-+ ]+\s*"
)
_PORTS = re.compile(rf"(?:{PORT}|{'|'.join(_OWN)})(?:\s*,\s*(?:{PORT}|{'|'.join(_OWN)}))*$")


def parse_macs(text: str) -> Parsed[MacEntry]:
    """`show mac address-table …` of any age. The switch's reserved rows ("All … CPU") and multicast give no row."""
    sheet: Sheet[MacEntry] = Sheet(text, _MAC_HEADINGS)
    for line in sheet:
        row, old = _MAC_ROW.match(line), _MAC_ROW_XL.match(line)
        if row:
            vlan, address, word, rest = row.groups()
        elif old:
            address, word, vlan, rest = old.groups()
        else:
            sheet.miss(line)
            continue
        digits = mac(address) or ""
        if vlan == "All" or int(digits[:2] or "0", 16) & 1:
            sheet.use()
            continue
        kind = _KINDS.get(word.lower())
        found = _PORTS.search(rest)
        port = re.split(r"\s*,\s*", found.group())[0] if found else ""
        if kind is MacKind.STATIC and (port in _OWN or port.startswith(("Vl", "vl"))):
            kind = MacKind.SELF
        if kind is None or not (found or re.fullmatch(r"(?:yes|no)?[\s\d-]*", rest, re.IGNORECASE)):
            sheet.doubt(line)
        sheet.rows.append(
            MacEntry(digits, if_name(port) if port and port not in _OWN else None, number(vlan), None, kind)
        )
    return sheet.parsed()


_ARP_ROW = re.compile(
    rf"^\s*Internet\s+({IPV4})\s+(-|--|\d+)\s+({_MAC}|Incomplete)\s+(\S+)(?:\s+({PORT}))?(?: pv \d+)?\s*$",
    re.IGNORECASE,
)


def parse_arp(text: str) -> Parsed[ArpEntry]:
    """`show ip arp`. An age of "-" is the switch's own address or a static one; "Incomplete" has no MAC."""
    sheet: Sheet[ArpEntry] = Sheet(text, r"protocol\s+address.*|total number of arp.*")
    for line in sheet:
        found = _ARP_ROW.match(line)
        if not found:
            sheet.miss(line)
            continue
        age = number(found.group(2))
        interface = if_name(found.group(5)) if found.group(5) else None
        vlan = number(interface[2:]) if interface and interface.startswith("Vl") else None
        sheet.rows.append(ArpEntry(found.group(1), mac(found.group(3)), interface, None, vlan, age is None, age))
    return sheet.parsed()


_VLAN_ROW = re.compile(
    r"^\s*(\d{1,4})\s+(\S.*?)\s+(active|act/\w+|sus/\w+|suspend(?:ed)?|STATIC|DYNAMIC)(?:\s+(\S.*?))?\s*$"
)
_VLAN_MORE = re.compile(rf"^\s{{20,}}({PORT}(?:, {PORT})*)\s*$")
# The second and further tables of `show vlan`, about what no one runs any more.
_VLAN_OTHER = (
    r"vlan name.*|vlan type.*"
    r"|\d{1,4}\s+(?:enet|fddi|tr|fdnet|trnet|trcrf|trbrf)\s+\d+.*|vlan are?hops.*|\d+ +\d+ +\d+ +off"
    r"|remote span vlans|primary secondary.*"
)


def parse_vlans(text: str) -> Parsed[VlanMembers]:
    """`show vlan [brief]`, `show vlan-switch`: only access ports are listed, so they are the untagged ones."""
    sheet: Sheet[VlanMembers] = Sheet(text, _VLAN_OTHER)
    for line in sheet:
        found, more = _VLAN_ROW.match(line), _VLAN_MORE.match(line)
        if found:
            sheet.rows.append(VlanMembers(int(found.group(1)), found.group(2), _names(found.group(4) or "")))
        elif more and sheet.rows:
            row = sheet.rows[-1]
            sheet.rows[-1] = replace(row, untagged=(*row.untagged, *_names(more.group(1))))
        else:
            sheet.miss(line)
    return sheet.parsed()


def _names(text: str) -> tuple[str, ...]:
    return tuple(if_name(found) for found in re.findall(PORT, text))


_SWITCHPORT_KEY = re.compile(r"^\s*([A-Z][A-Za-z0-9 -]*?):\s*(.*?)\s*$")


def parse_switchport(text: str) -> Parsed[PortVlans]:
    """`show interfaces [X] switchport`: mode, access or native VLAN, the VLANs of a trunk, the voice VLAN."""
    sheet: Sheet[PortVlans] = Sheet(
        text, r"(?:capture|protected|(?:unknown|priority|override|appliance|vepa|app).*)\b.*", head=r"\s*name\b"
    )
    said: dict[str, str] = {}
    key = ""
    for line in sheet:
        found = _SWITCHPORT_KEY.match(line)
        if found and found.group(1) == "Name":
            sheet.rows.append(PortVlans(if_name(found.group(2))))
            said = {}
        elif found and found.group(1) in said:  # of another port, whose head was not understood
            key = ""
            sheet.miss(line)
        elif found and sheet.rows:
            key = found.group(1)
            said[key] = found.group(2)
        elif sheet.rows and key == "Trunking VLANs Enabled" and re.fullmatch(r"\s+[\d,-]+\s*", line):
            said[key] += line.strip()
        elif not (sheet.rows and line.startswith(" ")):
            sheet.miss(line)
        if sheet.rows:
            sheet.rows[-1] = _switchport(sheet.rows[-1].port, said)
    return sheet.parsed()


def _switchport(port: str, said: dict[str, str]) -> PortVlans:
    operational, administrative = said.get("Operational Mode", ""), said.get("Administrative Mode", "")
    words = administrative if operational.startswith("down") else operational
    mode = "trunk" if "trunk" in words else "access" if "access" in words else None
    voice = vlan_numbers(said.get("Voice VLAN", "").split(" ")[0])
    if mode == "trunk":
        native = vlan_numbers(said.get("Trunking Native Mode VLAN", ""))[:1]
        listed = said.get("Trunking VLANs Enabled", "")
        tagged = tuple(vlan for vlan in vlan_numbers(listed) if vlan not in native)
        return PortVlans(port, native[0] if native else None, tagged, listed == "ALL", mode)
    if mode == "access":
        access = vlan_numbers(said.get("Access Mode VLAN", ""))[:1]
        return PortVlans(port, access[0] if access else None, voice, mode=mode)
    return PortVlans(port)


_BINDING_ROW = re.compile(
    rf"^\s*([0-9A-Fa-f:.]{{14,17}})\s+({IPV4})\s+(\d+|infinite)\s+(\S+)\s+(\d{{1,4}})\s+({PORT})\s*$", re.IGNORECASE
)


def parse_bindings(text: str) -> Parsed[Binding]:
    """`show ip dhcp snooping binding [interface X]`, `show ip source binding`."""
    sheet: Sheet[Binding] = Sheet(text, r"mac ?address\s+ip ?address.*|total number of bindings.*")
    for line in sheet:
        found = _BINDING_ROW.match(line)
        address = mac(found.group(1)) if found else None
        if not found or not address:
            sheet.miss(line)
            continue
        dynamic = True if "dhcp" in found.group(4).lower() else False if "static" in found.group(4).lower() else None
        lease, vlan, port = number(found.group(3)), int(found.group(5)), if_name(found.group(6))
        sheet.rows.append(Binding(address, found.group(2), (port,), vlan, dynamic, None, lease))
        if dynamic is None:
            sheet.doubt(line)
    return sheet.parsed()


_GROUP_ROW = re.compile(rf"^\s*(\d{{1,4}})\s+({IPV4})\s+(\S+)\s+(?:(v\d)\s+)?(\S.*?)\s*$")


def parse_igmp_groups(text: str) -> Parsed[IgmpGroup]:
    """`show ip igmp snooping groups`; a long list of ports goes on under the last column."""
    sheet: Sheet[IgmpGroup] = Sheet(text, r"vlan\s+group.*|flags:.*")
    for line in sheet:
        found, more = _GROUP_ROW.match(line), _VLAN_MORE.match(line)
        if found:
            sheet.rows.append(IgmpGroup(found.group(2), int(found.group(1)), ports=_names(found.group(5))))
        elif more and sheet.rows:
            sheet.rows[-1] = replace(sheet.rows[-1], ports=(*sheet.rows[-1].ports, *_names(more.group(1))))
        else:
            sheet.miss(line)
    return sheet.parsed()


# A name may be of many words, and there need not be one; a reason may hold "(STP)".
_HELD_ROW = re.compile(rf"^({PORT})\s.*?\berr-disabled\s+([a-z][\w-]*)(?:\s.*)?$")


def parse_err_disabled(text: str) -> Parsed[LoopState]:
    """`show interfaces status err-disabled`: a row per port that is held down; for a loop by one reason alone."""
    sheet: Sheet[LoopState] = Sheet(text, r"port\s+name\s+status\s+reason.*")
    return sheet.each(_HELD_ROW, lambda found: LoopState(if_name(found[1]), loop=found[2] == "loopback"))
