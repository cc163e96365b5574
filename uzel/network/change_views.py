"""Pages of changes: what to change, the preview with its exact lines, the live state, the transcript, the lists."""

from typing import Any
from uuid import UUID, uuid4, uuid5

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from uzel.core.changes import LONGEST_TEXT, OF_A_PORT, WHO, Kind, refusals
from uzel.core.words import clean
from uzel.network import changes
from uzel.network.changes import Refused, port_facts
from uzel.network.models import Change, Device, Port
from uzel.network.templatetags.change_words import refusal_word

State = Change.State
UNDER_WAY = frozenset({State.ASKED, State.WAITING, State.RUNNING})
ENDED = frozenset({State.DONE, State.UNDONE, State.FAILED, State.UNKNOWN, State.CANCELLED})
# How a change may end with the port off that was on before it.
LEFT = frozenset({State.FAILED, State.UNKNOWN})
PER_PAGE = 50


@require_GET
def new(request: HttpRequest) -> HttpResponse:
    """The form: which port, what to do with it. Nothing is written yet."""
    device = get_object_or_404(Device.objects.select_related("site"), code=clean(request.GET.get("device", "")))
    role = getattr(request.user, "role", "")
    context = {
        "device": device,
        "ports": device.ports.order_by("if_index"),
        "kinds": [kind for kind in Kind if role in WHO[kind]],
        "port": clean(request.GET.get("port", "")),
        "kind": clean(request.GET.get("kind", "")),
        "value": request.GET.get("value", ""),
        "subject": clean(request.GET.get("subject", "")),
        "longest": LONGEST_TEXT,
        "key": uuid4(),
    }
    return render(request, "network/change_new.html", context)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the preview; the same form sent twice leads to the same change."""
    device, port, kind = _wanted(request)
    try:
        form = UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Http404 from error
    # One menu has one key for all of its buttons.
    key = uuid5(form, f"{kind} {port.pk if port else 0} {request.POST.get('value', '')}")
    # The page of an old menu is still open: what was asked from it has ended, so this is another change.
    while (old := Change.objects.filter(key=key, state__in=ENDED).first()) is not None:
        key = uuid5(key, str(old.pk))
    user: Any = request.user
    subject = clean(request.POST.get("subject", ""), limit=60)
    value = request.POST.get("value", "")
    try:
        change = changes.ask(
            kind=kind, device=device, port=port, value=value, subject=subject, user=user, key=key, request=request
        )
    except Refused as refused:
        context = {"device": device, "port": port, "kind": kind, "code": refused.code, "value": value}
        return render(request, "network/change_refused.html", context, status=409)
    return redirect("network:change", pk=change.pk)


def _wanted(request: HttpRequest) -> tuple[Device, Port | None, Kind]:
    """Device, port and kind of the form; 404 for what there is not."""
    device = get_object_or_404(Device, code=clean(request.POST.get("device", "")))
    name = clean(request.POST.get("port", ""))
    try:
        kind = Kind(request.POST.get("kind", ""))
    except ValueError as error:
        raise Http404 from error
    return device, get_object_or_404(device.ports, name=name) if name and kind in OF_A_PORT else None, kind


@require_GET
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change, in whatever state it is."""
    return _page(request, _found(pk))


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it be made."""
    found, user = _found(pk), request.user
    try:
        changes.confirm(change=found, user=user, reason=request.POST.get("reason", ""), request=request)  # type: ignore[arg-type]
    except Refused as refused:
        messages.warning(request, refusal_word(refused.code))
    return redirect("network:change", pk=pk)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it up."""
    try:
        changes.cancel(change=_found(pk), user=request.user, request=request)  # type: ignore[arg-type]
    except Refused as refused:
        messages.warning(request, refusal_word(refused.code))
    return redirect("network:change", pk=pk)


@require_GET
def all_of(request: HttpRequest) -> HttpResponse:
    """What waits for a lead, ports that were left off, what did not end well, and everything, the latest first."""
    rows = Change.objects.select_related("device", "port", "asked_by", "confirmed_by").order_by("-id")
    chosen = request.GET.get("state", "")
    if chosen == "trouble":
        listed = rows.filter(state__in=[State.FAILED, State.UNKNOWN, State.UNDONE])
    elif chosen == "all":
        listed = rows
    else:
        # Previews that nobody confirmed are no changes.
        listed = rows.filter(confirmed_by__isnull=False)
    context = {
        "waiting": changes.waiting().select_related("device", "port", "asked_by").order_by("-id"),
        "left_off": changes.left_off().select_related("device", "port", "asked_by").order_by("-id"),
        "changes": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
        "chosen": chosen,
    }
    template = "network/changes_inside.html" if request.headers.get("HX-Request") else "network/changes.html"
    return render(request, template, context)


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """How many wait for a lead: the figure at the navigation's "Changes"."""
    return render(request, "network/changes_waiting.html")


def _found(pk: int) -> Change:
    rows = Change.objects.select_related("device__site", "port", "asked_by", "confirmed_by")
    return get_object_or_404(rows, pk=pk)


def _page(request: HttpRequest, found: Change) -> HttpResponse:
    role = getattr(request.user, "role", "")
    # What hangs on the port matters while it can still be decided; the network is looked through for it.
    facts = port_facts(found.port) if found.port and found.state == State.READY else None
    left = refusals(Kind(found.kind), facts, role) if found.state == State.READY else ()
    context = {
        "change": found,
        "facts": facts,
        "under_way": found.state in UNDER_WAY,
        "ended": found.state in ENDED,
        "may_confirm": not left,
        "needs_lead": bool(left) and left[0].confirmable and found.asked_by_id == request.user.pk,
        "handed_over": bool(left) and bool(found.reason),
        # It was on, nobody wanted it off for good or nobody knows: the way back is one press away.
        "left_off": found.state in LEFT
        and (found.before.get("admin_up"), found.after.get("admin_up")) == (True, False),
        "may_switch_on": role in WHO[Kind.PORT_ON],
        "key": uuid5(found.key, "on again"),
        "slow": found.state == State.ASKED and (timezone.now() - found.asked_at).total_seconds() > 15,
    }
    inside = bool(request.headers.get("HX-Request"))
    return render(request, "network/change_inside.html" if inside else "network/change.html", context)
