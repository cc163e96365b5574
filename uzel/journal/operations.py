"""Write the journal: news for other parts of Uzel, and the audit trail."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from uzel.core.words import clean
from uzel.journal.models import AuditRecord, Event


def emit(name: str, payload: Mapping[str, Any]) -> Event:
    """Write one event in the caller's transaction; listeners hear of it when that commits.

    `name` is "subject.what_happened", as listed in `config.wiring`; `payload` must be JSON and small: ids, not records.
    """
    return Event.objects.create(name=name, payload=dict(payload))


def audit(
    *,
    user: Any,
    action: str,
    obj: Model | None = None,
    request: HttpRequest | None = None,
    detail: Mapping[str, Any] | None = None,
    username: str = "",
) -> AuditRecord:
    """Record that `user` saw or did something; name and role are copied, so that they stay as they were.

    `action` is a code such as "subscriber.seen" or "outage.commented". `username` is for one who could not sign in.
    """
    known = user if user is not None and not isinstance(user, AnonymousUser) else None
    return AuditRecord.objects.create(
        user=known,
        username=known.get_username() if known else clean(username, limit=150),
        role=getattr(known, "role", ""),
        action=action,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        object_name=str(obj)[:200] if obj is not None else "",
        address=request.META.get("REMOTE_ADDR") or None if request is not None else None,
        detail=dict(detail or {}),
    )


def audit_sight(*, user: Any, action: str, obj: Model, request: HttpRequest, within: timedelta) -> None:
    """Record that `user` saw `obj`, unless the trail already says so of the last `within`.

    For fragments that a page asks for again and again: whoever asks for them without the page leaves a trace too.
    """
    seen = AuditRecord.objects.filter(
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        at__gte=timezone.now() - within,
        user=user,
        action=action,
    )
    if not seen.exists():
        audit(user=user, action=action, obj=obj, request=request)


def prune_events(*, days: int) -> int:
    """Remove events older than `days`; returns how many. The newest one stays, so that ids never start anew."""
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    removed, _ = Event.objects.filter(at__lt=timezone.now() - timedelta(days=days), pk__lt=newest).delete()
    return removed
