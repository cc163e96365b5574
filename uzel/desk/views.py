"""The search and the subscriber's card."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from uzel.core.evidence import STALE_S
from uzel.core.words import clean
from uzel.desk import queries
from uzel.desk.checks import checks_of
from uzel.desk.history import Past, past
from uzel.desk.lines import CABLE, OPERATION, Line, Verdict, lines_of, so_far, verdicts
from uzel.desk.operations import ask_lines
from uzel.journal.operations import audit, audit_sight
from uzel.network.models import Device, Probe
from uzel.network.prober import ProberHealth, prober_health
from uzel.subscribers.models import Subscriber
from uzel.subscribers.queries import search as find

# How many subscribers the list under the field of the header has.
_SHORT, _WHOLE = 7, 20
_UNDER_WAY = frozenset({Probe.State.WAITING, Probe.State.RUNNING})
# While a line is looked at anew, what was seen before this says nothing of now.
_STALE = timedelta(seconds=STALE_S)


def _sees_contacts(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") in queries.SEES_CONTACTS


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Results as one types (a fragment), or the page; one thing named exactly opens at once."""
    text = clean(request.GET.get("q", ""))
    is_short = "short" in request.GET
    results = find(text, _SHORT if is_short else _WHOLE, by_phone=_sees_contacts(request))
    is_typing = bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")
    if results.subscribers:
        audit(
            user=request.user,
            action="subscriber.searched",
            request=request,
            detail={"q": text, "found": [hit.item.account for hit in results.subscribers]},
        )
    if results.only and not is_typing:
        item = results.only.item
        if isinstance(item, Subscriber):
            return redirect("desk:card", account=item.account)
        return redirect("network:device" if isinstance(item, Device) else "network:site", code=item.code)
    if is_short and is_typing:
        return render(request, "desk/found.html", {"q": text, "results": results})
    context = {"q": text, "results": results, "sees_contacts": _sees_contacts(request)}
    return render(request, "desk/results.html" if is_typing else "desk/search.html", context)


@require_safe
def card(request: HttpRequest, account: str) -> HttpResponse:
    """Everything about one subscriber; opening it asks for a live look at each line."""
    subscriber = _subscriber(account)
    lines = lines_of(subscriber)
    # One commit for the trace and the probes: it ends before the page is drawn, so that the prober starts meanwhile.
    with transaction.atomic():
        audit(user=request.user, action="subscriber.seen", obj=subscriber, request=request)
        refused = _ask(lines[: queries.SHOWN_AT_ONCE], request)
    context = _state(subscriber, lines) | {
        "subscriber": subscriber,
        "phones": subscriber.phones.all() if _sees_contacts(request) else (),
        "sees_contacts": _sees_contacts(request),
        "refused": refused,
    }
    return render(request, "desk/card.html", context)


@require_safe
def card_state(request: HttpRequest, account: str) -> HttpResponse:
    """The part of the card that changes with the network: outages, services with their light, the way to the centre."""
    subscriber = _subscriber(account)
    _trace(subscriber, request)
    return render(request, "desk/state.html", _state(subscriber, lines_of(subscriber)) | {"subscriber": subscriber})


@require_safe
def line(request: HttpRequest, account: str, line: int) -> HttpResponse:
    """One line with its neighbours and its past; asks for a live look."""
    subscriber, lines, one = _line(account, line)
    refused = _ask([one], request)
    audit(user=request.user, action="subscriber.line_seen", obj=subscriber, request=request, detail={"line": line})
    context = _state(subscriber, [one]) | {
        "subscriber": subscriber,
        "line": one,
        "neighbours": queries.neighbours(one),
        "past_probes": queries.past_probes(one),
        "past_outages": queries.past_outages(one),
        "refused": refused,
        "of": len(lines),
    }
    return render(request, "desk/line.html", context)


@require_safe
def verdict(request: HttpRequest, account: str, line: int) -> HttpResponse:
    """The verdict on one line as it is now; asks for itself again until the probe has ended."""
    subscriber, _, one = _line(account, line)
    _trace(subscriber, request)
    return render(request, "desk/verdict.html", {"entry": _entry_of(one)})


@require_POST
def check(request: HttpRequest, account: str, line: int) -> HttpResponse:
    """Look again, now."""
    subscriber, _, one = _line(account, line)
    _trace(subscriber, request)
    refused = _ask([one], request, again=True)
    return render(request, "desk/verdict.html", {"entry": _entry_of(one), "refused": refused})


@require_POST
def check_cable(request: HttpRequest, account: str, line: int) -> HttpResponse:
    """Test the cable, now. On a line that works it is cut off for a moment: then somebody has to say yes to that."""
    subscriber, _, one = _line(account, line)
    if not one.has_cable:
        raise Http404
    agreed = not one.is_live or request.POST.get("agreed") == "yes"
    refused = _ask([one], request, operation=CABLE) if agreed else False
    if agreed and not refused:
        audit(user=request.user, action="line.cable_tested", obj=subscriber, request=request, detail={"line": line})
    context = {"entry": _entry_of(one), "refused": refused, "warn": not agreed}
    return render(request, "desk/verdict.html", context)


def _trace(subscriber: Subscriber, request: HttpRequest) -> None:
    """A fragment of a card is a sight of the subscriber as well."""
    audit_sight(user=request.user, action="subscriber.seen", obj=subscriber, request=request, within=timedelta(hours=1))


def _subscriber(account: str) -> Subscriber:
    try:
        return queries.subscriber(clean(account))
    except (Subscriber.DoesNotExist, ValidationError) as error:
        raise Http404 from error


def _line(account: str, line: int) -> tuple[Subscriber, list[Line], Line]:
    subscriber = _subscriber(account)
    lines = lines_of(subscriber)
    one = next((found for found in lines if any(service.pk == line for service in found.services)), None)
    if one is None:
        raise Http404
    return subscriber, lines, one


def _ask(lines: list[Line], request: HttpRequest, *, again: bool = False, operation: str = OPERATION) -> bool:
    """Ask for a probe of each line; whether some had to be refused."""
    user: Any = request.user
    probes = ask_lines(lines=lines, user=user, again=again, operation=operation)
    for one in lines:
        if operation == CABLE:
            one.test = probes.get(one.id, one.test)
        else:
            one.probe = probes.get(one.id, one.probe)
    return len(probes) < len(lines)


def _state(subscriber: Subscriber, lines: list[Line]) -> dict[str, Any]:
    shown = lines[: queries.SHOWN_AT_ONCE]
    said, before, prober = verdicts(shown), past(one.key for one in shown), prober_health()
    outages = {element.outage_id: element.outage for one in lines for element in one.trouble}
    return {
        "lines": lines,
        "entries": [_entry(one, said[one.id], before, prober) for one in shown],
        "hidden": lines[queries.SHOWN_AT_ONCE :],
        "ways": queries.ways(shown),
        "outages": list(outages.values()),
    }


def _entry_of(one: Line) -> dict[str, Any]:
    return _entry(one, verdicts([one])[one.id], past([one.key]), prober_health())


def _is_past(one: Line, read: Probe | None) -> bool:
    """Whether a line that is dark now was read before it went dark, so that the reading says nothing of now."""
    dark_at = max((element.dark_at for element in one.trouble), default=None)
    return read is not None and dark_at is not None and (read.started_at or read.asked_at) < dark_at


def _entry(one: Line, said: Verdict, before: Past, prober: ProberHealth) -> dict[str, Any]:
    """A line with its verdict as the template wants it. While a probe runs, what it has told so far is shown.

    Before its first word: what is known without it.
    """
    port, now = one.port.pk if one.port else 0, timezone.now()
    waiting = one.probe is not None and one.probe.state in _UNDER_WAY
    testing = one.test is not None and one.test.state in _UNDER_WAY
    read = so_far(one.probe, now) or one.latest.ended.get(OPERATION)
    is_old = waiting and read is not None and read.ended_at is not None and now - read.ended_at > _STALE
    return {
        "line": one,
        "verdict": said,
        "waiting": waiting,
        "testing": testing,
        # Nobody takes the question: say so rather than let the caller wait.
        "stalled": prober if (waiting or testing) and not prober.running else None,
        "read": read,
        "is_past": _is_past(one, read),
        "checks": checks_of(
            None if is_old else read,
            one.latest.ended.get(CABLE),
            readings=before.readings.get(port, ()),
            cables=before.cables.get(port, ()),
            expected=one.macs,
            wanted_mbps=one.sold_mbps,
            now=now,
        ),
    }
