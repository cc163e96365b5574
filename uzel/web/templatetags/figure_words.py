"""Figures of the monitor in words and units."""

from django import template
from django.utils.translation import gettext_lazy as _

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
MILLISECONDS = _("ms")
SECONDS = _("s")


@register.filter
def figure_word(name: str) -> str:
    """The figure in words; one that is not known stays as it is."""
    return str(FIGURES.get(name, name))


@register.filter
def figure_value(value: float, name: str) -> str:
    """The value with as many digits as matter, and its unit when it is a time."""
    if name.endswith(("_s", "_seconds")) and not name.endswith("per_s"):
        number, unit = (f"{value * 1000:.0f}", MILLISECONDS) if value < 1 else (f"{value:.1f}", SECONDS)
        return f"{number} {unit}"
    return f"{value:,.0f}".replace(",", "\u202f")
