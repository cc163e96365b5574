"""What a diagnosis may find, how grave it is, and the codes of what to tell the caller and do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What may be found, the one that explains more first: the rank of two findings is their order here."""

    ACCOUNT_BLOCKED = "account_blocked"
    SERVICE_OFF = "service_off"
    KNOWN_OUTAGE = "known_outage"
    DEVICE_DARK = "device_dark"
    DEVICE_SILENT = "device_silent"
    PORT_ADMIN_DOWN = "port_admin_down"
    LOOP = "loop"
    STORM = "storm"
    ERROR_DISABLED = "error_disabled"
    CABLE_SHORT = "cable_short"
    CABLE_BREAK = "cable_break"
    FLAPPING = "flapping"
    FAR_END_OFF = "far_end_off"
    NO_LINK = "no_link"
    HALF_DUPLEX = "half_duplex"
    TWO_PAIRS = "two_pairs"
    WRONG_SPEED = "wrong_speed"
    ERRORS_GROWING = "errors_growing"
    LOW_LIGHT = "low_light"
    BINDING_BLOCKED = "binding_blocked"
    NO_MAC = "no_mac"
    TOO_MANY_MACS = "too_many_macs"
    FOREIGN_MAC = "foreign_mac"
    WEAK_UPLINK = "weak_uplink"
    NO_GROUPS = "no_groups"
    BATTERY_LOW = "battery_low"
    DEVICE_RESTARTED = "device_restarted"
    FLAPPED_LATELY = "flapped_lately"
    MONITORING_SILENT = "monitoring_silent"
    LINE_FINE = "line_fine"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"


class Severity(StrEnum):
    """Broken: no service. Degraded: a bad one. Hint: worth saying. Fine. Unknown."""

    BROKEN = "broken"
    DEGRADED = "degraded"
    HINT = "hint"
    FINE = "fine"
    UNKNOWN = "unknown"


# code -> (severity, what to tell the caller, what to do next, guide page). Codes again: the sentences are the desk's.
ADVICE: Mapping[Code, tuple[Severity, str, str, str]] = {
    Code.ACCOUNT_BLOCKED: (Severity.BROKEN, "account_blocked", "explain_account", "internet.account"),
    Code.SERVICE_OFF: (Severity.BROKEN, "service_off", "explain_account", "internet.account"),
    Code.KNOWN_OUTAGE: (Severity.BROKEN, "known_outage", "add_to_outage", "outages.known"),
    Code.DEVICE_DARK: (Severity.BROKEN, "device_dark", "report_outage", "outages.new"),
    Code.DEVICE_SILENT: (Severity.BROKEN, "device_silent", "report_device", "outages.silent-device"),
    Code.PORT_ADMIN_DOWN: (Severity.BROKEN, "port_admin_down", "ask_why_port_is_off", "internet.port-off"),
    Code.LOOP: (Severity.BROKEN, "loop", "find_loop_at_home", "internet.loop"),
    Code.STORM: (Severity.DEGRADED, "storm", "find_storm_at_home", "internet.storm"),
    Code.ERROR_DISABLED: (Severity.BROKEN, "error_disabled", "report_port", "internet.port-off"),
    Code.CABLE_SHORT: (Severity.BROKEN, "cable_short", "send_crew_to_cable", "internet.cable"),
    Code.CABLE_BREAK: (Severity.BROKEN, "cable_break", "reseat_cable_then_crew", "internet.cable"),
    Code.FLAPPING: (Severity.DEGRADED, "flapping", "reseat_cable_then_crew", "internet.flapping"),
    Code.FAR_END_OFF: (Severity.BROKEN, "far_end_off", "check_router_power", "internet.no-link"),
    Code.NO_LINK: (Severity.BROKEN, "no_link", "check_router_and_cable", "internet.no-link"),
    Code.HALF_DUPLEX: (Severity.DEGRADED, "half_duplex", "set_autonegotiation", "internet.duplex"),
    Code.TWO_PAIRS: (Severity.DEGRADED, "two_pairs", "reseat_cable_then_crew", "internet.speed"),
    Code.WRONG_SPEED: (Severity.DEGRADED, "wrong_speed", "reseat_cable_then_crew", "internet.speed"),
    Code.ERRORS_GROWING: (Severity.DEGRADED, "errors_growing", "reseat_cable_then_crew", "internet.errors"),
    Code.LOW_LIGHT: (Severity.DEGRADED, "low_light", "send_crew_to_receiver", "catv.low-light"),
    Code.BINDING_BLOCKED: (Severity.BROKEN, "binding_blocked", "check_router_binding", "internet.binding"),
    Code.NO_MAC: (Severity.BROKEN, "no_mac", "restart_router", "internet.no-mac"),
    Code.TOO_MANY_MACS: (Severity.DEGRADED, "too_many_macs", "find_switch_at_home", "internet.many-macs"),
    Code.FOREIGN_MAC: (Severity.BROKEN, "foreign_mac", "check_router_binding", "internet.foreign-mac"),
    Code.WEAK_UPLINK: (Severity.DEGRADED, "weak_uplink", "report_uplink", "internet.uplink"),
    Code.NO_GROUPS: (Severity.DEGRADED, "no_groups", "restart_set_top_box", "iptv.no-groups"),
    Code.BATTERY_LOW: (Severity.HINT, "battery_low", "warn_coordinator", "outages.power"),
    Code.DEVICE_RESTARTED: (Severity.HINT, "device_restarted", "ask_to_restart_router", "internet.restarted"),
    Code.FLAPPED_LATELY: (Severity.HINT, "flapped_lately", "watch_the_line", "internet.flapping"),
    Code.MONITORING_SILENT: (Severity.HINT, "monitoring_silent", "report_monitoring", "outages.silent-device"),
    Code.LINE_FINE: (Severity.FINE, "line_fine", "check_customer_equipment", "internet.line-fine"),
    Code.NOT_ENOUGH_EVIDENCE: (Severity.UNKNOWN, "not_enough_evidence", "ask_again", "internet.not-enough"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value that a finding rests on, e.g. ("link_mbps", 10); units are in the name."""

    name: str
    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is so. `confidence` is 0…1; `tell`, `do` and `guide` are codes."""

    code: Code
    severity: Severity
    evidence: tuple[Fact, ...]
    tell: str
    do: str
    guide: str
    confidence: float


def finding(code: Code, confidence: float, **facts: str | int | float | bool | None) -> Finding:
    """A finding with the facts that are known, as grave as its code usually is."""
    severity, tell, do, guide = ADVICE[code]
    evidence = tuple(Fact(name, value) for name, value in facts.items() if value is not None)
    return Finding(code, severity, evidence, tell, do, guide, confidence)
