"""The prober's sign of life: written by the pollers, shown by the board, the monitoring page and the card."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from uzel.network.models import ProberStatus

# A prober beats every three seconds; older than this, none is running, or it stands still.
STALE_AFTER = timedelta(seconds=12)
# By the database's clock, as every other time of a probe.
BEAT = """
INSERT INTO network_proberstatus (id, beat_at) VALUES (1, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at
"""


@dataclass(frozen=True, slots=True)
class ProberHealth:
    """`beat_at`: the last sign of life, None when there never was one."""

    running: bool
    beat_at: datetime | None


def beat() -> None:
    """Say that a prober lives."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT)


def prober_health() -> ProberHealth:
    """Whether a prober runs; one query."""
    at = ProberStatus.objects.values_list("beat_at", flat=True).first()
    return ProberHealth(at is not None and timezone.now() - at < STALE_AFTER, at)
