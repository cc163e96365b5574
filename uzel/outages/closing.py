"""An outage that a person ends: its devices were taken down for good, and nothing else would ever close it."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from uzel.journal.operations import audit, emit
from uzel.network.models import Link
from uzel.outages.models import Outage, OutageElement, OutageEvent
from uzel.outages.network_map import empty_scope

# Of these devices those that a person closed an outage of, and that have neither answered nor been joined since.
GIVEN_UP = """
SELECT DISTINCT element.device_id
FROM outages_outageelement element
JOIN outages_outageevent closing ON closing.outage_id = element.outage_id AND closing.kind = 'closed_by_hand'
LEFT JOIN network_devicestate state ON state.device_id = element.device_id
WHERE element.device_id = ANY(%s) AND element.lit_at = closing.at
  AND (state.last_answer_at IS NULL OR state.last_answer_at < closing.at)
  AND NOT EXISTS (SELECT FROM network_link WHERE a_device_id = element.device_id)
  AND NOT EXISTS (SELECT FROM network_link WHERE b_device_id = element.device_id)
"""


class CannotClose(Exception):
    """The outage is not open any more, or devices of it are still joined to the network: the monitor decides then."""


def is_closable(outage: Outage) -> bool:
    """Whether a person may end it: it is open, and nothing that it holds dark has a link in the plan."""
    held = OutageElement.objects.filter(outage=outage, lit_at=None).values("device")
    joined = Link.objects.filter(Q(a_device__in=held) | Q(b_device__in=held))
    return outage.state == Outage.State.OPEN and not joined.exists()


def close_by_hand(*, outage: Outage, user: Any, reason: str, request: HttpRequest | None = None) -> OutageEvent:
    """End the outage with a reason that stays in its story. Raises CannotClose."""
    with transaction.atomic():
        row = Outage.objects.select_for_update().get(pk=outage.pk)
        if not is_closable(row):
            raise CannotClose
        now = timezone.now()
        row.elements.filter(lit_at=None).update(lit_at=now)
        row.state, row.closed_at, row.scope, row.version = Outage.State.CLOSED, now, empty_scope(), row.version + 1
        row.save()
        event = OutageEvent.objects.create(
            outage=row, at=now, kind="closed_by_hand", data={"reason": reason}, user=user
        )
        audit(user=user, action="outage.closed_by_hand", obj=row, request=request, detail={"reason": reason})
        emit("outage.closed", {"id": row.pk})
    return event


def given_up(devices: Iterable[int]) -> set[int]:
    """Those of the devices whose silence is no news: a person has ended the outage of it, and it is the same one."""
    asked = list(devices)
    if not asked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(GIVEN_UP, [asked])
        return {row[0] for row in cursor.fetchall()}
