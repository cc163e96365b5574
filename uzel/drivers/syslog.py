"""Syslog of switches and UPSes (RFC 3164, as real devices bend it) as hints of where to look.

Texts are those that D-Link, Cisco, Huawei and APC firmware sends; their severity prefixes differ (`WARN:`, `INFO(6)`,
`CRIT(2)`, none), so only the words of the event are looked for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# A datagram longer than this is no log line of a switch (RFC 3164 §4.1 allows 1,024 octets; devices send more).
TEXT_LIMIT = 2000

_PRIORITY = re.compile(r"^<(\d{1,3})>")
_HEAD = re.compile(r"^(?:\d+: )?(?:[*.]?[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?:? )?")

# (kind, pattern): the first that matches wins. `port` is the port's name as the device writes it.
PATTERNS: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("loop", r"port (?P<port>[\d:/]+) (?:vid \d+ )?LBD loop occurr?ed"),
        ("loop", r"detects a loop in port (?P<port>[\d:/]+)"),
        ("loop_gone", r"port (?P<port>[\d:/]+) (?:vid \d+ )?LBD port recovered"),
        ("loop", r"loopback exists on interface\(\d+\) (?P<port>[^\s,]+).* detect status: [23]"),
        ("loop_gone", r"loopback .*interface\(\d+\) (?P<port>[^\s,]+).* detect status: 1"),
        ("link_down", r"\bport (?P<port>[\d:/]+) link down"),
        ("link_up", r"\bport (?P<port>[\d:/]+) link up"),
        ("link_down", r"%LINK-3-UPDOWN: Interface (?P<port>[^,]+), changed state to (?:administratively )?down"),
        ("link_up", r"%LINK-3-UPDOWN: Interface (?P<port>[^,]+), changed state to up"),
        ("link_down", r"interface (?P<port>\S+) (?:has )?turn(?:ed|s) into DOWN state"),
        ("link_up", r"interface (?P<port>\S+) (?:has )?turn(?:ed|s) into UP state"),
        ("link_down", r"PHY_STATUS_UP2DOWN.*?(?P<port>[A-Za-z]*Ethernet[\d/]+)"),
        ("ups_on_line", r"no longer on battery power|power restored"),
        ("ups_battery_low", r"battery power is too low|low.battery"),
        ("ups_on_battery", r"\bon battery power\b|on battery"),
        ("power_lost", r"dying gasp|%DYINGGASP|internal power failed"),
        ("cold_start", r"system (?:cold start|started up)|%SYS-5-RESTART"),
        ("warm_start", r"system warm start"),
        ("storm", r"(?:broadcast|multicast) storm is occurring(?: \(port: ?(?P<port>[\d:/]+)\))?"),
        ("storm_gone", r"(?:broadcast|multicast) storm (?:has )?cleared(?: \(port: ?(?P<port>[\d:/]+)\))?"),
        ("storm", r"port (?P<port>[\d:/]+) is currently shut down due to (?:a )?packet storm"),
        ("storm", r"%STORM_CONTROL-3-\w+: .*\bstorm .*\bon (?P<port>[\w/]+)"),
        ("binding_blocked", r"DHCP_SNOOPING_DENY: .* on (?P<port>[^,]+), vlan"),
        ("error_disabled", r"%PM-4-ERR_DISABLE: .* error detected on (?P<port>[^,]+),"),
        ("binding_blocked", r"unauthenticated ip-mac address.*port:? ?(?P<port>[\d:/]+)"),
        ("mac_flapping", r"MAC_FLAPPING|MACFLAP_NOTIF"),
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    """A decoded line. `kind` is a word of `PATTERNS` or "other"; `severity` 0..7 (RFC 3164 §4.1.1)."""

    kind: str
    text: str
    port: str = ""
    facility: int | None = None
    severity: int | None = None


def parse(data: bytes) -> Line:
    """Decode one datagram; never fails: what is not understood is kind "other" with its printable text."""
    text = data[:TEXT_LIMIT].decode("utf-8", "replace")
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    facility = severity = None
    if (match := _PRIORITY.match(text)) and (priority := int(match[1])) <= 191:
        facility, severity = divmod(priority, 8)
        text = text[match.end() :]
    text = _HEAD.sub("", text, count=1)
    for kind, pattern in PATTERNS:
        if found := pattern.search(text):
            return Line(kind, text, found.groupdict().get("port") or "", facility, severity)
    return Line("other", text, "", facility, severity)
