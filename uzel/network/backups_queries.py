"""What is known of the configurations: who has a fresh one, a device's versions, what stands in which."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from uzel.core.configs import lines_of
from uzel.network.models import BackupRound, BackupState, ConfigBackup, Device, DeviceKind

# A night that failed shows by the next noon.
FRESH = timedelta(hours=36)
# By how well a device is kept, worst first.
STANDINGS: Mapping[str, object] = {
    "failed": _("could not be read"),
    "never": _("never read"),
    "stale": _("out of date"),
    "fresh": _("fresh"),
}
SORTS: Mapping[str, object] = {"": _("trouble first"), "changed": _("changed lately first"), "code": _("by code")}
# Devices that a search lists, and lines of each.
FOUND_AT_MOST, LINES_AT_MOST = 200, 5

_FAILED = Q(backup_state__isnull=False) & ~Q(backup_state__error="")

SEARCH = """
SELECT d.code, s.name, b.id, b.seen_at, {text}
FROM network_backupstate st
  JOIN network_device d ON d.id = st.device_id JOIN network_site s ON s.id = d.site_id
  JOIN network_configbackup b ON b.id = st.latest_id JOIN network_configtext t ON t.id = b.body_id
WHERE (strpos(lower({text}), lower(%s)) > 0) = %s
ORDER BY d.code
"""


def switches() -> Any:
    """The devices that are expected to have a configuration."""
    return Device.objects.filter(kind=DeviceKind.SWITCH, address__isnull=False)


def standings(now: datetime) -> Any:
    """Every switch with its `standing`, a key of STANDINGS: a query set of `Device`."""
    kept_since = Q(backup_state__latest__seen_at__gte=now - FRESH)
    standing = Case(
        When(_FAILED, then=Value("failed")),
        When(backup_state__latest__isnull=True, then=Value("never")),
        When(kept_since, then=Value("fresh")),
        default=Value("stale"),
        output_field=CharField(),
    )
    return switches().annotate(standing=standing)


def counts(now: datetime) -> dict[str, int]:
    """How many switches stand how; all keys are there."""
    rows = standings(now).values_list("standing").annotate(count=Count("pk")).order_by()
    return dict.fromkeys(STANDINGS, 0) | dict(rows)


def listed(now: datetime, *, text: str = "", standing: str = "", sort: str = "") -> Any:
    """The switches that a person asked to see."""
    rows = standings(now).select_related("site", "backup_state__latest__body")
    texts = "backup_state__latest__body__text", "backup_state__latest__body__masked"
    rows = rows.defer(*texts, "backup_state__said")
    if text:
        named = Q(code__icontains=text) | Q(site__name__icontains=text) | Q(model__icontains=text)
        rows = rows.filter(named | Q(vendor__icontains=text) | Q(address__startswith=text))
    if standing in STANDINGS:
        rows = rows.filter(standing=standing)
    if sort == "changed":
        return rows.order_by(F("backup_state__latest__taken_at").desc(nulls_last=True), "code")
    if sort == "code":
        return rows.order_by("code")
    whens = [When(standing=name, then=Value(rank)) for rank, name in enumerate(STANDINGS)]
    return rows.order_by(Case(*whens), "code")


def last_round() -> BackupRound | None:
    """The round that is under way, else the one before."""
    return BackupRound.objects.select_related("asked_by").order_by(F("ended_at").desc(nulls_first=True)).first()


def versions(device: Device) -> QuerySet[ConfigBackup]:
    """A device's versions, the newest first; without their texts."""
    return (
        ConfigBackup.objects.filter(device=device)
        .select_related("asked_by", "body")
        .defer("body__text", "body__masked")
        .order_by("-taken_at", "-pk")
    )


def before(version: ConfigBackup) -> ConfigBackup | None:
    """The version that this one took the place of."""
    return versions(version.device).filter(taken_at__lt=version.taken_at).first()


def state_of(device: Device) -> BackupState | None:
    """Where the reading of a device stands."""
    return BackupState.objects.select_related("latest", "asked_by").filter(pk=device.pk).first()


@dataclass(frozen=True, slots=True)
class Found:
    """A device whose latest configuration has what was looked for; `lines` are (number, text), some of `count`."""

    code: str
    site: str
    version: int
    seen_at: datetime
    count: int
    lines: tuple[tuple[int, str], ...]


def search(text: str, *, without: bool = False, masked: bool = True) -> Iterator[Found]:
    """Devices whose latest configuration has the text (or has it not), in any case of letters.

    `masked`: in the texts without their secrets. Nothing is found by a secret then, and no answer takes longer for one.
    """
    with connection.cursor() as cursor:
        cursor.execute(SEARCH.format(text="t.masked" if masked else "t.text"), [text, not without])
        rows = cursor.fetchall()
    for code, site, version, seen_at, body in rows:
        hits = [] if without else _hits(body, text)
        if without or hits:
            yield Found(code, site, version, seen_at, len(hits), tuple(hits[:LINES_AT_MOST]))


def _hits(body: str, text: str) -> list[tuple[int, str]]:
    wanted = text.lower()
    return [(number, line) for number, line in enumerate(lines_of(body), start=1) if wanted in line.lower()]
