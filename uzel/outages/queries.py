"""Reads of outages, of their scope, and of the monitor's health."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from uzel.network.light import with_planned
from uzel.network.models import Device
from uzel.network.prober import prober_health
from uzel.outages.models import Hint, MonitorStatus, Outage, OutageElement, PlannedWork

# The monitor writes its status every two seconds; older than this, it is not running.
STALE_AFTER = timedelta(seconds=15)


def open_outages() -> QuerySet[Outage]:
    """Open outages with their site and area, the most subscribers dark first."""
    return (
        Outage.objects.filter(state=Outage.State.OPEN)
        .select_related("site", "mains_area", "planned_work")
        .order_by(F("scope__total__subscribers").desc(nulls_last=True), "began_at")
    )


def outage(pk: int) -> Outage:
    """One outage with everything its page shows. Raises Outage.DoesNotExist."""
    return (
        Outage.objects.select_related("site", "mains_area", "planned_work", "merged_into")
        .prefetch_related("events__user", "merged_from")
        .get(pk=pk)
    )


def elements(pk: int) -> QuerySet[OutageElement]:
    """The devices of an outage, roots first, then by level of their site."""
    rows = OutageElement.objects.filter(outage=pk).select_related("device__site")
    return rows.order_by("-is_root", F("lit_at").asc(nulls_first=True), "device__site__level", "device__code")


def outages_of_devices(device_ids: Iterable[int]) -> list[OutageElement]:
    """The open elements that explain the trouble of whoever hangs on these devices, the most recent first.

    A device behind a failure is an element of the outage itself, so the path to the centre need not be walked.
    Management faults leave everybody with service: they are told apart by `outage.cause`.
    """
    rows = OutageElement.objects.filter(device__in=list(device_ids), lit_at=None, outage__state=Outage.State.OPEN)
    return list(rows.select_related("outage__site", "outage__mains_area", "device").order_by("-dark_at"))


def history(
    *, since: datetime | None = None, until: datetime | None = None, cause: str = "", site: int | None = None
) -> QuerySet[Outage]:
    """Outages that were (merged ones left out), the latest first."""
    rows = Outage.objects.exclude(state=Outage.State.MERGED).select_related("site", "mains_area", "planned_work")
    if since:
        rows = rows.filter(Q(closed_at__gte=since) | Q(closed_at=None))
    if until:
        rows = rows.filter(began_at__lt=until)
    if cause:
        rows = rows.filter(cause=cause)
    if site:
        rows = rows.filter(Q(site=site) | Q(elements__device__site=site)).distinct()
    return rows.order_by("-began_at")


def counts() -> dict[str, int]:
    """Totals for the board: devices and their light, and who is without service by the open outages.

    Scopes of two outages share no device, so services add up exactly; a subscriber with lines on two dark devices of
    different outages is counted with each of them.
    """
    states = Device.objects.aggregate(
        devices=Count("id"),
        lit=Count("id", filter=Q(state__answers=True)),
        silent=Count("id", filter=Q(state__answers=False)),
        dark=Count("id", filter=Q(state__is_lit=False)),
    )
    scopes = [scope.get("total", {}) for scope in open_outages().values_list("scope", flat=True)]
    return states | {
        "outages": len(scopes),
        "subscribers_dark": sum(total.get("subscribers", 0) for total in scopes),
        "services_dark": sum(total.get("services", 0) for total in scopes),
    }


def weak_points() -> QuerySet[Device]:
    """Devices with what each takes along when it fails alone (`weak_point`), place and state; the worst first."""
    rows = with_planned(Device.objects.filter(weak_point__isnull=False))
    rows = rows.select_related("weak_point", "site", "state")
    return rows.order_by("-weak_point__subscribers", "-weak_point__devices", "weak_point__device")


def works_now() -> QuerySet[PlannedWork]:
    """Planned works under way or to come, the nearest first."""
    return PlannedWork.objects.filter(ends_at__gte=timezone.now()).order_by("starts_at")


class Health(TypedDict):
    """The monitor as its page shows it.

    `blind_since`: since when not one device answers it, None when some do. `figures`: by the names of `/metrics`
    without the prefix, empty when it never ran.
    """

    running: bool
    beat_at: datetime | None
    started_at: datetime | None
    blind_since: datetime | None
    figures: dict[str, float]
    rates: dict[str, float]
    hints: list[Hint]


def monitoring_health(*, hints: int = 20) -> Health:
    """Whether the monitor runs, its figures, and the last datagrams that came by themselves; two queries."""
    status = MonitorStatus.objects.first()
    latest = list(Hint.objects.select_related("device").order_by("-id")[:hints])
    if status is None:
        return Health(
            running=False, beat_at=None, started_at=None, blind_since=None, figures={}, rates={}, hints=latest
        )
    figures = dict(status.figures)
    rates = {name: figures.pop(name) for name in [*figures] if name.endswith("_per_s")}
    return Health(
        running=timezone.now() - status.beat_at < STALE_AFTER,
        beat_at=status.beat_at,
        started_at=status.started_at,
        blind_since=_blind_since(figures),
        figures=figures,
        rates=rates,
        hints=latest,
    )


def health_summary() -> dict[str, Any]:
    """A line for the board: whether monitor and prober run, since when not, since when nobody is seen; two queries."""
    status = MonitorStatus.objects.values("beat_at", "figures").first()
    beat = status["beat_at"] if status else None
    blind_since = _blind_since(status["figures"]) if status else None
    return {
        "running": beat is not None and timezone.now() - beat < STALE_AFTER,
        "beat_at": beat,
        "blind_since": blind_since,
        "prober": prober_health(),
    }


def _blind_since(figures: dict[str, float]) -> datetime | None:
    since = figures.get("blind_since_seconds")
    return datetime.fromtimestamp(since, UTC) if since else None
