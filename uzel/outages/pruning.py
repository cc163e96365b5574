"""Forget what need not be kept: outages and their stories stay for good, what led to them does not.

The monitor does this by itself every few minutes; `uzel manage prune_observations` does it with ages of one's own.
"""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

# How long rows are kept. The newest event stays, whatever its age, so that pages always have a place to go on from.
KEPT = {
    "outages_observation": timedelta(days=90),
    "outages_hint": timedelta(days=14),
    "journal_event": timedelta(days=7),
    "network_probe": timedelta(days=90),
}
_DELETE = {
    "outages_observation": "DELETE FROM outages_observation WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM outages_observation WHERE at < %s LIMIT %s))",
    "outages_hint": "DELETE FROM outages_hint WHERE ctid = ANY(ARRAY("
    "SELECT ctid FROM outages_hint WHERE at < %s LIMIT %s))",
    "journal_event": "DELETE FROM journal_event WHERE ctid = ANY(ARRAY(SELECT ctid FROM journal_event "
    "WHERE at < %s AND id < (SELECT max(id) FROM journal_event) LIMIT %s))",
    "network_probe": "DELETE FROM network_probe WHERE ctid = ANY(ARRAY(SELECT ctid FROM network_probe "
    "WHERE asked_at < %s AND state IN ('done', 'failed') LIMIT %s))",
}


def prune(table: str, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` rows of one of the tables above that are older than `before`; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE[table], [before, limit])
        return int(cursor.rowcount)


def prune_all(*, limit: int) -> int:
    """Delete up to `limit` rows of each table that are older than they are kept; returns how many in all."""
    now = timezone.now()
    return sum(prune(table, before=now - kept, limit=limit) for table, kept in KEPT.items())
