"""Pages that belong to no one part."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from uzel.network.prober import prober_health
from uzel.outages.queries import monitoring_health

# The monitor's figures that people read, by group; the rest is in /metrics. Names as in `pollers.monitor_metrics`.
FIGURES = {
    "now": ("devices", "devices_silent", "devices_dark", "ups_on_battery", "outages_open"),
    "pace": ("round_p50_s", "round_p95_s", "decision_p50_s", "decision_p95_s", "loop_lag_seconds"),
    "rate": ("asked_per_s", "answered_per_s", "journalled_per_s"),
    "trouble": ("timed_out_total", "database_waits_total"),
}


def monitoring(request: HttpRequest) -> HttpResponse:
    """Whether monitor and prober run, the pace and lag of the monitor, what it could not use, the last hints."""
    health = monitoring_health(hints=30)
    known = health["figures"] | health["rates"]
    groups = {name: [(f, known[f]) for f in figures if f in known] for name, figures in FIGURES.items()}
    context: dict[str, Any] = {
        "now": timezone.now(),
        "health": health,
        "prober": prober_health(),
        "groups": groups,
        "queues": _labelled(known, "queue."),
        "malformed": _labelled(known, "malformed_total."),
        "hints": _labelled(known, "hints_total."),
    }
    template = "web/monitoring_inside.html" if request.headers.get("HX-Request") else "web/monitoring.html"
    return render(request, template, context)


def _labelled(figures: dict[str, float], prefix: str) -> list[tuple[str, float]]:
    """Figures that a label parts, by the label; zeros are left out."""
    return [(name.removeprefix(prefix), n) for name, n in sorted(figures.items()) if name.startswith(prefix) and n]
