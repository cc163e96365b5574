"""What of a recording is somebody's own, and must not leave the house: data for `cli_mask`, which puts it out.

Some of it is known by its form (addresses), some by the words before it, and most because a parser has read it.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from uzel.drivers.cli_text import mac

_HEX = r"[0-9A-Fa-f]"
# Two by two, four by four, or twelve together: those begin with 0 or hold a letter, other twelve digits are a counter.
MAC = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_HEX}{{2}}([-:]){_HEX}{{2}}(?:\1{_HEX}{{2}}){{4}}|{_HEX}{{4}}([.-]){_HEX}{{4}}\2{_HEX}{{4}}"
    rf"|(?=0|\d*[A-Fa-f]){_HEX}{{12}})(?![0-9A-Za-z])"
)
IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
IPV6 = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f:]{3,45}(?:(?:\.\d{1,3}){3}(?!\.?\d))?")
_VERSION = re.compile(
    r"(?:version|firmware|release|revision|build|prom)\.?\s{0,20}[:=]?\s{0,9}(?:build\s+)?v?$|\bv$", re.IGNORECASE
)

# Set aside for examples: RFC 3849, 6676. What stands there is left as it is.
_EXAMPLE_GROUPS = ipaddress.ip_network("233.252.0.0/16")
_EXAMPLES_6 = ipaddress.ip_network("2001:db8::/32")


def ipv4_kind(text: str, before: str) -> str:
    """ "host", "group", or "" for a mask, a version (by the words before it) and what is nobody's address."""
    octets = [int(octet) for octet in text.split(".")]
    if max(octets) > 255 or octets[0] in (0, 255) or octets == [127, 0, 0, 1] or _VERSION.search(before[-60:]):
        return ""
    address = ipaddress.IPv4Address(bytes(octets))
    if address.is_multicast:
        return "" if octets[:3] == [224, 0, 0] or address in _EXAMPLE_GROUPS else "group"
    return "host"


def ipv6(text: str) -> ipaddress.IPv6Address | None:
    """The address, unless it is no one's: ::, ::1, a group, an example."""
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    nobody = address.is_multicast or address.is_loopback or address.is_unspecified or address in _EXAMPLES_6
    return None if nobody else address


def mac_kind(digits: str) -> str:
    """ "host" for a station, "group" for an IPv4 group's address, "" for other groups and what stands in for a MAC."""
    if digits.startswith("01005e"):
        return "" if digits.startswith(("01005e0000", "01005e7c")) else "group"
    nobody = int(digits[1], 16) & 1 or digits == "0" * 12 or digits.startswith("020000")
    return "" if nobody else "host"


_REST = r"[ \t]*(?P<own>\S[^\r\n\x1b]*)"
_WORD = r"[ \t]*(?P<own>[^\s,;()\x1b]+)"
RULES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(rule, re.MULTILINE | re.IGNORECASE)
    for rule in (
        rf"^\s*(?:sys(?:tem)? ?|device |host ?|vlan |profile )?(?:name|location|contact)[ \t]*[:=]{_REST}",
        rf"^\s*(?:(?:port|interface) (?:\S{{1,12}} )?)?desc(?:ription)?[ \t]*:{_REST}",
        rf"^\s*device id[ \t]*:{_REST}",
        rf"\b(?:serial(?: (?:number|num|no)\.?)?|S/N|E?SN(?: of [\w/ ]{{1,20}})?|barcode)[ \t]*(?:\([^)\n]*\))?"
        rf"[ \t]*[:=]{_WORD}",
        r"\bserial number[ \t]+(?P<own>(?=[A-Z]*\d)[\w-]{5,})",
        rf"\bboard ID {_WORD}",
        rf"\b(?:user ?name|user|login(?: name)?|account)[ \t]*[:=]{_WORD}",
        rf"\b(?:by|user) {_WORD}[ \t]+(?:on (?:vty|console|con)|logged|logout|login)",
        rf"\b(?:password|passwd|secret|community(?:[ -](?:name|string))?|key|cipher|passphrase|key-string)[ \t]*[:=]"
        rf"{_REST}",
        # Lines of a configuration.
        rf"^\s*(?:hostname|sysname|system-name|ip domain-name|domain-name){_WORD}",
        rf"^\r?[ \t]+description{_REST}",
        rf"\bconfig ports \S+.*\bdescription{_REST}",
        rf"^\s*config snmp system_(?:name|location|contact){_REST}",
        rf"^\s*(?:snmp-server|snmp-agent sys-info) (?:location|contact){_REST}",
        rf"\bsnmp-server host \S+ (?:traps |informs )?(?:version (?:1|2c|3)(?: auth| noauth| priv)?)?{_WORD}",
        rf"\bcommunity (?:read |write |cipher |simple |complexity-check disable |0 |7 ){{0,3}}{_WORD}"
        r"(?![^\r\n]*[ \t]:)",
        rf"\b(?:secret|password|passwd|cipher|irreversible-cipher|simple|key|encryption sha1|md5|sha)"
        rf" (?:\d\d? |cipher |simple |irreversible-cipher ){{0,2}}{_WORD}(?![^\r\n]*[ \t]:)",
        rf"\b(?:username|local-user|create account (?:admin|operator|user)){_WORD}",
        rf"^\s*(?:create|config) vlan{_WORD}",
    )
)

# Words that a rule may meet where a name could be, and that are the device's own.
_DEVICES_WORDS = re.compile(
    r"(?:default|none|n/?a|null|unknown|enabled?|disabled?|active|static|dynamic|local|system|vlan ?\d{1,4}|vlanid|tag"
    r"|read|write|view|cipher|simple|encrypted|is|not|set|\W*|(?:HUAWEI|Quidway), .{1,60} Interface)",
    re.IGNORECASE,
)
# How devices name their ports.
_PORT = re.compile(
    r"(?:(?:(?:x|ten|forty|hundred|twentyfive)?-?gig(?:abit|e)?(?:ethernet)?|fast-?ethernet|m?eth(?:ernet)?|x?ge|fa|gi"
    r"|te|fo|hu|twe|po|port(?:-channel)?|eth-trunk|vlan(?:if)?|vl|slot|unit|ch|trunk|lag|ae|xe|swp|cpu|mgmt|null|loopback"
    r"|lo)[ -]?)?\d{0,4}(?:[/:.]\d{1,4})*"
    r"|(?:D-Link|RMON|Ethernet|Quidway).{0,60}port\s+\d{1,3}(?: on unit \d{1,2}.{0,20})?"
    r"|D-Link \S+ R\d\S*(?: P[ort \d]*)?",
    re.IGNORECASE,
)
_OWN_FIELDS = frozenset({"name", "serial", "description", "vlan_name", "system_name", "port_description", "interface"})
_IDS = frozenset({"chassis_id", "port_id"})


def is_own(value: str) -> bool:
    """Whether a value is somebody's choice: not a word of the device, not how a device names a port."""
    value = value.strip()
    return not _DEVICES_WORDS.fullmatch(value) and not _PORT.fullmatch(value)


def own_values(rows: Iterable[Any]) -> Iterator[str]:
    """Names, serials and descriptions of an answer's rows. MACs and addresses are known by their form."""
    for row in rows:
        for field in fields(row) if is_dataclass(row) else ():
            value = getattr(row, field.name)
            if not isinstance(value, str) or field.name not in _OWN_FIELDS | _IDS or not is_own(value):
                continue
            if not (field.name in _IDS and mac(value)):
                yield value
