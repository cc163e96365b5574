"""What staff add to the story of an outage."""

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from uzel.journal.operations import audit, emit
from uzel.outages.models import Outage, OutageEvent


def add_comment(*, outage: Outage, user: Any, text: str, request: HttpRequest | None = None) -> OutageEvent:
    """Write a comment into the story and tell open pages."""
    with transaction.atomic():
        event = OutageEvent.objects.create(
            outage=outage, at=timezone.now(), kind="comment", data={"text": text}, user=user
        )
        audit(user=user, action="outage.commented", obj=outage, request=request, detail={"text": text})
        emit("outage.commented", {"id": outage.pk})
    return event
