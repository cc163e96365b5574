"""Planned works: made, changed, cancelled."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from uzel.journal.operations import audit, emit
from uzel.network.models import Device, Link, Site
from uzel.outages.models import PlannedWork


@dataclass(slots=True)
class Touched:
    """What codes name: sites, devices, links, and those that name nothing."""

    sites: list[Site] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read_codes(text: str) -> Touched:
    """Find what the codes name; commas, spaces and line ends part them."""
    codes = list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
    touched = Touched(
        list(Site.objects.filter(code__in=codes)),
        list(Device.objects.filter(code__in=codes)),
        list(Link.objects.filter(code__in=codes)),
    )
    known = {row.code for rows in (touched.sites, touched.devices, touched.links) for row in rows}
    touched.unknown = [code for code in codes if code not in known]
    return touched


def write_codes(work: PlannedWork) -> str:
    """The codes of a work, one a line."""
    rows: list[Iterable[Any]] = [work.sites.all(), work.devices.all(), work.links.all()]
    return "\n".join(row.code for part in rows for row in part)


def save_work(
    *,
    work: PlannedWork,
    touched: Touched,
    user: Any,
    request: HttpRequest | None = None,
) -> PlannedWork:
    """Make or change a planned work with all that it touches."""
    with transaction.atomic():
        made = work._state.adding
        if made:
            work.author = user
        work.save()
        work.sites.set(touched.sites)
        work.devices.set(touched.devices)
        work.links.set(touched.links)
        _tell(work, user, "planned.created" if made else "planned.changed", request)
    return work


def cancel_work(
    *, work: PlannedWork, user: Any, now: datetime | None = None, request: HttpRequest | None = None
) -> None:
    """Cancel a work that has not begun; end at once one that has."""
    now = now or timezone.now()
    with transaction.atomic():
        _tell(work, user, "planned.cancelled", request)
        if work.starts_at > now and not work.outages.exists():
            work.delete()
        elif work.ends_at > now:
            work.ends_at = max(now, work.starts_at + timedelta(seconds=1))
            work.save(update_fields=["ends_at"])


def _tell(work: PlannedWork, user: Any, action: str, request: HttpRequest | None) -> None:
    times = {"starts_at": work.starts_at.isoformat(), "ends_at": work.ends_at.isoformat()}
    audit(user=user, action=action, obj=work, request=request, detail=times)
    emit("planned.changed", {"id": work.pk})
