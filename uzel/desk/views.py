"""The search and the subscriber's card."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from uzel.core.words import clean
from uzel.desk import queries
from uzel.desk.lines import Line, lines_of, verdicts
from uzel.desk.operations import ask_lines
from uzel.journal.operations import audit, audit_sight
from uzel.network.models import Device, Probe
from uzel.subscribers.models import Subscriber
from uzel.subscribers.queries import search as find

_UNDER_WAY = frozenset({Probe.State.WAITING, Probe.State.RUNNING})


def _sees_contacts(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") in queries.SEES_CONTACTS


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Results as one types (a fragment), or the page; one thing named exactly opens at once."""
    text = clean(request.GET.get("q", ""))
    results = find(text)
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
    context = {"q": text, "results": results, "sees_contacts": _sees_contacts(request)}
    return render(request, "desk/results.html" if is_typing else "desk/search.html", context)


@require_GET
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


@require_GET
def card_state(request: HttpRequest, account: str) -> HttpResponse:
    """The part of the card that changes with the network: outages, services with their light, the way to the centre."""
    subscriber = _subscriber(account)
    _trace(subscriber, request)
    return render(request, "desk/state.html", _state(subscriber, lines_of(subscriber)) | {"subscriber": subscriber})


@require_GET
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


@require_GET
def verdict(request: HttpRequest, account: str, line: int) -> HttpResponse:
    """The verdict on one line as it is now; asks for itself again until the probe has ended."""
    subscriber, _, one = _line(account, line)
    _trace(subscriber, request)
    return render(request, "desk/verdict.html", {"entry": _entry(one, verdicts([one]))})


@require_POST
def check(request: HttpRequest, account: str, line: int) -> HttpResponse:
    """Look again, now."""
    subscriber, _, one = _line(account, line)
    _trace(subscriber, request)
    refused = _ask([one], request, again=True)
    return render(request, "desk/verdict.html", {"entry": _entry(one, verdicts([one])), "refused": refused})


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


def _ask(lines: list[Line], request: HttpRequest, *, again: bool = False) -> bool:
    """Ask for a probe of each line; whether some had to be refused."""
    user: Any = request.user
    probes = ask_lines(lines=lines, user=user, again=again)
    for one in lines:
        one.probe = probes.get(one.id, one.probe)
    return len(probes) < len(lines)


def _state(subscriber: Subscriber, lines: list[Line]) -> dict[str, Any]:
    shown = lines[: queries.SHOWN_AT_ONCE]
    said = verdicts(shown)
    outages = {element.outage_id: element.outage for one in lines for element in one.trouble}
    return {
        "lines": lines,
        "entries": [_entry(one, said) for one in shown],
        "hidden": lines[queries.SHOWN_AT_ONCE :],
        "ways": queries.ways(shown),
        "outages": list(outages.values()),
    }


def _entry(one: Line, said: dict[int, Any]) -> dict[str, Any]:
    """A line with its verdict as the template wants it. While a probe runs, what is known without it is shown."""
    return {
        "line": one,
        "verdict": said[one.id],
        "waiting": one.probe is not None and one.probe.state in _UNDER_WAY,
    }
