"""The board, the outages, and who is touched by them."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uzel.journal.operations import audit, audit_sight
from uzel.network.batteries import battery_warnings
from uzel.network.reserves import lost_reserves
from uzel.outages import board as board_rows
from uzel.outages import queries
from uzel.outages.closing import CannotClose, close_by_hand, is_closable
from uzel.outages.comments import add_comment
from uzel.outages.forms import CloseForm, CommentForm, HistoryFilter, SubscribersFilter
from uzel.outages.models import Outage, OutageElement
from uzel.outages.telling import CLASSES, PARENTS, Names, chain, counts, dark
from uzel.subscribers.models import Service, Subscriber

PAGE = 50
# One trace of an open page in so long.
SIGHT = timedelta(minutes=15)
# Ages and the monitor's own beat are not news: they are read anew at least so often.
BOARD_KEPT_S = 5


def board(request: HttpRequest) -> HttpResponse:
    """What is wrong in the city now. htmx asks for the same page and gets its inside only.

    In a storm every desk asks at once and sees the same: the inside is made once for each state of the news.
    """
    version = board_rows.version()
    key = f"board:{get_language()}:{version}:{int(timezone.now().timestamp()) // BOARD_KEPT_S}"
    inside = cache.get(key) if version else None
    if inside is None:
        inside = render_to_string("outages/board_inside.html", _board())
        if version:
            cache.set(key, inside, BOARD_KEPT_S)
    if request.headers.get("HX-Request"):
        return HttpResponse(inside)
    return render(request, "outages/board.html", {"inside": inside})


def _board() -> dict[str, Any]:
    now = timezone.now()
    lines = board_rows.open_outages()
    reserves = lost_reserves()
    return {
        "now": now,
        "lines": lines,
        "all": board_rows.in_all(lines),
        "batteries": battery_warnings(),
        "reserves": [it for it in reserves if not it.is_fresh(now)],
        "fresh_reserves": any(it.is_fresh(now) for it in reserves),
        "health": queries.health_summary(),
        "works": board_rows.works_today(now),
        "city": board_rows.city(),
    }


def history(request: HttpRequest) -> HttpResponse:
    """All outages, the newest first."""
    form = HistoryFilter(request.GET or None)
    rows: QuerySet[Outage] = form.chosen(Outage.objects.select_related(PARENTS, "mains_area", "merged_into"))
    page = Paginator(rows.order_by("-began_at", "-pk"), PAGE).get_page(request.GET.get("page"))
    lines = [board_rows.OutageLine(o, chain(o.site), counts(o.scope_peak or o.scope), ()) for o in page]
    return render(request, "outages/history.html", {"form": form, "page": page, "lines": lines})


def outage(request: HttpRequest, pk: int) -> HttpResponse:
    """One outage: cause, evidence, scope, story, what to tell callers."""
    found = get_object_or_404(
        Outage.objects.select_related(PARENTS, "mains_area", "planned_work", "merged_into"), pk=pk
    )
    inside = bool(request.headers.get("HX-Request"))
    if inside:
        # An open page asks again and again; whoever asks for the fragment without the page leaves a trace too.
        audit_sight(user=request.user, action="outage.seen", obj=found, request=request, within=SIGHT)
    else:
        audit(user=request.user, action="outage.seen", obj=found, request=request)
    now, peak = counts(found.scope), counts(found.scope_peak or found.scope)
    elements = _elements(found)
    context = {
        "outage": found,
        "place": chain(found.site),
        "hypotheses": Names([found]).hypotheses(found),
        "now": now,
        "peak": peak,
        "kinds": _kinds(now, peak),
        "classes": CLASSES,
        "dark": dark(e for e in elements if e.lit_at is None),
        "lit_again": sum(e.lit_at is not None for e in elements),
        "by_hand": found.events.filter(kind="closed_by_hand").exists(),
        "story": found.events.select_related("user").order_by("at", "pk"),
        "merged_from": found.merged_from.all(),
        "form": CommentForm(),
        "closable": not inside and is_closable(found),
    }
    return render(request, "outages/outage_inside.html" if inside else "outages/outage.html", context)


def _elements(found: Outage) -> list[OutageElement]:
    return list(
        found.elements.select_related("device__site__parent").order_by("device__site__level", "device__site__code")
    )


def _kinds(now: Any, peak: Any) -> list[dict[str, Any]]:
    """Rows of the scope table: every kind that was ever dark, now beside the worst."""
    dark_now = {service.kind: service for service in now.services}
    return [{"kind": service.kind, "now": dark_now.get(service.kind), "peak": service} for service in peak.services]


@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a line of staff to the story."""
    found = get_object_or_404(Outage, pk=pk)
    form = CommentForm(request.POST)
    if form.is_valid():
        add_comment(outage=found, user=request.user, text=form.cleaned_data["text"], request=request)
    for error in form.errors.get("text", ()):
        messages.error(request, str(error))
    return redirect("outages:outage", pk=pk)


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """End an outage whose devices are joined to nothing any more."""
    found = get_object_or_404(Outage, pk=pk)
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            close_by_hand(outage=found, user=request.user, reason=form.cleaned_data["reason"], request=request)
        except CannotClose:
            messages.error(request, _("It cannot be closed by hand: it has ended, or its devices are joined again."))
    for error in form.errors.get("reason", ()):
        messages.error(request, str(error))
    return redirect("outages:outage", pk=pk)


def subscribers(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is without service in an open outage, or was in one that is closed, by name."""
    found = get_object_or_404(Outage.objects.select_related(PARENTS, "mains_area"), pk=pk)
    form = SubscribersFilter(request.GET or None)
    held = found.elements.filter(lit_at=None) if found.state == Outage.State.OPEN else found.elements.all()
    services = form.chosen(Service.objects.filter(is_active=True, device__in=held.values("device")))
    people = (
        Subscriber.objects.filter(pk__in=services.values("subscriber"))
        .select_related("building")
        .prefetch_related("phones", Prefetch("services", services, to_attr="dark"))
        .order_by("building__street", "building__number", "account")
    )
    page = Paginator(people, PAGE).get_page(request.GET.get("page"))
    audit(user=request.user, action="outage.subscribers_seen", obj=found, request=request)
    context = {"outage": found, "place": chain(found.site), "form": form, "page": page}
    return render(request, "outages/subscribers.html", context)
