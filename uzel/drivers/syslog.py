"""Lines of switches' and UPSes' logs (RFC 3164, as real devices bend it): what they tell of, in words of no vendor.

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
        ("link_down", r"%LINK-\d-\w+: Interface (?P<port>[^,]+), changed state to (?:administratively )?down"),
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
        ("binding_blocked", r"bind-table check dropped.*?\binterface=(?P<port>[^\s,)]+)"),
        ("error_disabled", r"%PM-4-ERR_DISABLE: .* error detected on (?P<port>[^,]+),"),
        ("binding_blocked", r"unauthenticated ip-mac address.*port:? ?(?P<port>[\d:/]+)"),
        ("mac_flapping", r"MAC_FLAPPING|MACFLAP_NOTIF"),
    )
)
# As D-Link and APC, as Cisco, as Huawei write it. Where a line names several (an ARP packet has the sender's first and
# then the target's), the first one is the one that was heard.
_MAC = re.compile(
    r"(?<![\w.:-])(?:[0-9a-f]{2}([-:])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}([.-])[0-9a-f]{4}\2[0-9a-f]{4})"
    r"(?![\w.:-])",
    re.IGNORECASE,
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
    kind, port = _kind(text)
    return Line(kind or "other", text, port, facility, severity)


def _kind(text: str) -> tuple[str | None, str]:
    for kind, pattern in PATTERNS:
        if found := pattern.search(text):
            return kind, found.groupdict().get("port") or ""
    return None, ""


def kind_of(text: str) -> str | None:
    """What a line tells of, as a word of `PATTERNS`; None for a line of another kind."""
    return _kind(text)[0]


def mac_of(text: str) -> str | None:
    """The first MAC address that a line names, as twelve hex digits."""
    found = _MAC.search(text)
    return re.sub(r"[-:.]", "", found[0]).lower() if found else None
