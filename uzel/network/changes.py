"""Ask for a change, confirm it, cancel it. A web request writes the row; the runner makes the lines and types them."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from uzel.core.changes import CHIEFS, OF_A_PORT, Kind, PortFacts, is_text, refusals
from uzel.core.topology import lit
from uzel.core.words import clean
from uzel.journal.operations import audit, emit
from uzel.network import blast
from uzel.network.models import Change, Device, Link, Port
from uzel.people.models import User

# A preview that nobody confirmed for so long is old: the port may have changed since.
PREVIEW_LASTS = timedelta(minutes=30)
# So many changes may one person ask for within a minute.
PER_MINUTE = 20
SHORTEST_REASON = 3


class Refused(Exception):
    """`code`: one of `core.changes.Refusal`, or bad_text, not_switch, too_many, no_reason, needs_lead, not_asker,
    too_late.
    """

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def port_facts(port: Port) -> PortFacts:
    """What hangs on a port: by the model of the network, not by what shines just now."""
    link = Link.objects.filter(Q(a_port=port) | Q(b_port=port)).first()
    people = port.services.filter(is_active=True).values("subscriber").distinct().count()
    return PortFacts(port.is_uplink or link is not None, _darkens(link) if link else 0, people)


def _darkens(link: Link) -> int:
    """How many devices lose their light without this link, as things are: a ring that is broken already is no ring."""
    network, _ = blast.whole()
    dark = set(Device.objects.filter(state__is_lit=False).values_list("pk", flat=True))
    down = Link.objects.filter(Q(a_port__state__oper_up=False) | Q(b_port__state__oper_up=False)).exclude(pk=link.pk)
    cut = set(down.values_list("pk", flat=True))
    shining = lit(network, failed=dark, cut=cut)
    return len([pk for pk in shining - lit(network, failed=dark, cut=cut | {link.pk}) if pk > 0])


def ask(
    *,
    kind: Kind,
    device: Device,
    port: Port | None,
    value: str,
    subject: str,
    user: User,
    key: UUID,
    request: HttpRequest | None = None,
) -> Change:
    """The preview of a change, which the runner fills. The same `key` gives the same change. Raises Refused."""
    port = port if kind in OF_A_PORT else None
    value = re.sub(" +", " ", value).strip(" ") if kind is Kind.DESCRIPTION else ""
    if not is_text(value):
        raise Refused("bad_text")
    if device.kind != "switch" or not device.address:
        raise Refused("not_switch")
    found = refusals(kind, port_facts(port) if port else None, user.role)
    for refusal in found:
        if not refusal.confirmable:
            raise Refused(refusal.code)
    row = {
        "kind": kind,
        "device": device,
        "port": port,
        "value": value,
        "subject": _subject(port, subject),
        "asked_by": user,
        "needs_lead": [refusal.code for refusal in found],
    }
    with transaction.atomic():
        _limit(user, key)
        change, is_new = Change.objects.get_or_create(key=key, defaults=row)
        if is_new:
            _wake()
            audit(user=user, action="change.asked", obj=device, request=request, detail=_told(change))
    return change


def _limit(user: User, key: UUID) -> None:
    """Raises Refused. One form at a time of one person: of many at once each would see the count before the others."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    lately = Change.objects.filter(asked_by=user, asked_at__gte=timezone.now() - timedelta(minutes=1))
    if lately.exclude(key=key).count() >= PER_MINUTE:
        raise Refused("too_many")


def _subject(port: Port | None, wanted: str) -> str:
    """For whom: one of those on the port; the only one when nobody was named."""
    if port is None:
        return ""
    people = set(port.services.filter(is_active=True).values_list("subscriber__account", flat=True))
    return wanted if wanted in people else people.pop() if len(people) == 1 and not wanted else ""


def confirm(*, change: Change, user: User, reason: str, request: HttpRequest | None = None) -> Change:
    """Let the runner make it, once; a second call changes nothing. Raises Refused.

    From whoever asked but may not confirm it, the reason is kept, and the change waits for a lead ("needs_lead").
    """
    change.refresh_from_db()
    given = clean(reason, limit=500)
    left = refusals(Kind(change.kind), port_facts(change.port) if change.port else None, user.role)
    if left and not left[0].confirmable:
        raise Refused(left[0].code)
    now = timezone.now()
    ready = Change.objects.filter(pk=change.pk, state=Change.State.READY, asked_at__gte=now - PREVIEW_LASTS)
    if left:
        _hand_over(change, ready.filter(reason=""), user, given, [refusal.code for refusal in left], request)
        raise Refused("needs_lead")
    with transaction.atomic():
        # The reason of whoever asked stays; what a lead has to say is added to it.
        kept = Change.objects.select_for_update().values_list("reason", flat=True).get(pk=change.pk)
        reason = clean(" · ".join(dict.fromkeys(each for each in (kept, given) if each)), limit=500)
        if len(reason) < SHORTEST_REASON:
            raise Refused("no_reason")
        if ready.update(state=Change.State.WAITING, reason=reason, confirmed_by=user, confirmed_at=now):
            _wake()
            _changed(change)
            detail = _told(change) | {"reason": reason, "commands": "; ".join(change.commands)}
            audit(user=user, action="change.confirmed", obj=change.device, request=request, detail=detail)
    change.refresh_from_db()
    if change.confirmed_by_id is None:
        raise Refused("too_late")
    return change


def _hand_over(
    change: Change, ready: QuerySet[Change], user: User, reason: str, codes: list[str], request: HttpRequest | None
) -> None:
    """Only whoever asked says why it is wanted, once: nobody puts words into somebody else's mouth."""
    if change.reason:
        return
    if change.asked_by_id != user.pk:
        raise Refused("not_asker")
    if len(reason) < SHORTEST_REASON:
        raise Refused("no_reason")
    with transaction.atomic():
        if ready.update(reason=reason, needs_lead=codes):
            _changed(change)
            detail = _told(change) | {"reason": reason, "commands": "; ".join(change.commands)}
            audit(user=user, action="change.handed_over", obj=change.device, request=request, detail=detail)


def waiting() -> QuerySet[Change]:
    """What waits for a lead's word, and may still get it."""
    fresh = Change.objects.filter(state=Change.State.READY, asked_at__gte=timezone.now() - PREVIEW_LASTS)
    return fresh.exclude(needs_lead=[]).exclude(reason="")


def left_off() -> QuerySet[Change]:
    """Changes after which a port is off that was on before, for all that is known, and that nobody has put right."""
    port_kinds = [Kind.PORT_ON, Kind.PORT_OFF, Kind.PORT_RESTART]
    mended = Q(state=Change.State.DONE) | Q(kind=Kind.PORT_ON, error="already_so")
    mended |= Q(state=Change.State.UNDONE) & ~Q(kind=Kind.PORT_ON)
    later = Change.objects.filter(mended, port=OuterRef("port"), id__gt=OuterRef("id"), kind__in=port_kinds)
    # JSON: a key that is missing, null or false.
    off = Q(after__admin_up__isnull=True) | Q(after__admin_up=None) | Q(after__admin_up=False)
    touched = Q(after__touched__isnull=True) | Q(after__touched=True)
    ended = Change.objects.filter(state__in=[Change.State.FAILED, Change.State.UNKNOWN], confirmed_by__isnull=False)
    left = ended.filter(off, touched, kind__in=[Kind.PORT_OFF, Kind.PORT_RESTART], before__admin_up=True)
    return left.exclude(transcript=[]).exclude(Exists(later))


def for_leads() -> QuerySet[Change]:
    """All that a lead has to see to."""
    return waiting() | left_off()


def cancel(*, change: Change, user: User, request: HttpRequest | None = None) -> Change:
    """Give up a change that was not confirmed yet: whoever asked, or a lead."""
    if change.asked_by_id != user.pk and user.role not in CHIEFS:
        raise Refused("role")
    open_ = Change.objects.filter(pk=change.pk, state__in=[Change.State.ASKED, Change.State.READY])
    with transaction.atomic():
        if open_.update(state=Change.State.CANCELLED, ended_at=timezone.now()):
            _changed(change)
            audit(user=user, action="change.cancelled", obj=change.device, request=request, detail=_told(change))
    change.refresh_from_db()
    return change


def _told(change: Change) -> dict[str, Any]:
    """A change in the audit trail."""
    told = {"change": change.pk, "kind": change.kind, "port": change.port.name if change.port else "",
            "value": change.value, "subject": change.subject}  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _changed(change: Change) -> None:
    emit("change.changed", {"id": change.pk, "device": change.device_id})


def _wake() -> None:
    """Wakes the runners when this transaction commits; without it they look once a second."""
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY uzel_change")
