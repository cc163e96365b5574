"""Figures of the monitor in words and units."""

from django import template
from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

register = template.Library()

FIGURES = {
    "devices": _("devices asked"),
    "devices_silent": _("do not answer"),
    "devices_dark": _("without light"),
    "ups_on_battery": _("UPSes on battery"),
    "outages_open": _("open outages"),
    "round_p50_s": _("a round over all devices, median"),
    "round_p95_s": _("a round over all devices, 95 %"),
    "decision_p50_s": _("from silence to outage, median"),
    "decision_p95_s": _("from silence to outage, 95 %"),
    "loop_lag_seconds": _("how late the monitor is"),
    "asked_per_s": _("questions a second"),
    "answered_per_s": _("answers a second"),
    "journalled_per_s": _("observations written a second"),
    "timed_out_total": _("attempts without an answer"),
    "database_waits_total": _("waits for the database"),
}
# What waits, by the monitor's own names.
QUEUES = {
    "liveness": _("questions to devices"),
    "journal": _("observations to be written"),
    "hints": _("traps and syslog lines"),
}
# What could not be used of what came.
MALFORMED = {
    "undecodable": _("answers that are no SNMP"),
    "wrong_value": _("answers without the value"),
    "wrong_source": _("answers from another address"),
    "empty_reading": _("empty readings"),
    "not_written": _("observations not written"),
}
# What a trap or a syslog line was understood as: the words of the drivers.
HINTS = {
    "cold_start": pgettext_lazy("hint", "switched on"),
    "warm_start": pgettext_lazy("hint", "restarted"),
    "link_down": pgettext_lazy("hint", "link down"),
    "link_up": pgettext_lazy("hint", "link up"),
    "authentication_failure": pgettext_lazy("hint", "wrong SNMP community"),
    "loop": pgettext_lazy("hint", "loop"),
    "loop_gone": pgettext_lazy("hint", "the loop is gone"),
    "storm": pgettext_lazy("hint", "storm"),
    "storm_gone": pgettext_lazy("hint", "the storm is over"),
    "error_disabled": pgettext_lazy("hint", "port shut by the switch"),
    "binding_blocked": pgettext_lazy("hint", "address blocked by binding"),
    "mac_flapping": pgettext_lazy("hint", "a MAC address moves between ports"),
    "power_lost": pgettext_lazy("hint", "power lost"),
    "ups_on_battery": pgettext_lazy("hint", "on battery"),
    "ups_on_line": pgettext_lazy("hint", "on mains again"),
    "ups_battery_low": pgettext_lazy("hint", "battery low"),
    "ups_alarm": pgettext_lazy("hint", "UPS alarm"),
    "ups_alarm_gone": pgettext_lazy("hint", "UPS alarm gone"),
    "other": pgettext_lazy("hint", "other"),
}
MILLISECONDS = _("ms")
SECONDS = _("s")


@register.filter
def figure_word(name: str) -> str:
    """The figure in words; one that is not known stays as it is."""
    return str((FIGURES | QUEUES | MALFORMED).get(name, name))


@register.filter
def hint_word(kind: str) -> str:
    """What a trap or a log line told; a kind that is not known stays as it is."""
    return str(HINTS.get(kind, kind))


@register.filter
def figure_value(value: float, name: str) -> str:
    """The value with as many digits as matter, and its unit when it is a time."""
    if name.endswith(("_s", "_seconds")) and not name.endswith("per_s"):
        number, unit = (f"{value * 1000:.0f}", MILLISECONDS) if value < 1 else (localize(round(value, 1)), SECONDS)
        return f"{number} {unit}"
    return f"{value:,.0f}".replace(",", "\u202f")
