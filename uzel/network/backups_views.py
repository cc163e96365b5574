"""Pages of configurations: all devices, one device's history, what changed, the text, a search in all of them."""

from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from uzel.core.config_secrets import mask
from uzel.core.configs import Hunk, Line, compare, lines_of
from uzel.core.words import clean
from uzel.journal.operations import audit, audit_sight
from uzel.network import backups
from uzel.network import backups_queries as queries
from uzel.network.models import ConfigBackup, ConfigReason, Device
from uzel.people.models import Role

PAGE, VERSIONS = 100, 50
# A look at the same device's configuration within this time is one look in the audit trail.
SIGHT = timedelta(minutes=10)
# More is for a download, not for a screen.
LINES_AT_MOST = 20_000
AROUND, WHOLE = 3, 1_000_000
# Who may read passwords, communities and keys; the same who may download them (`config.access`, held by a test).
SEES_SECRETS = frozenset({Role.ENGINEER, Role.ADMINISTRATOR})


@require_GET
def devices(request: HttpRequest) -> HttpResponse:
    """All switches: whose configuration is fresh, whose is not and why."""
    now = timezone.now()
    asked = {name: clean(request.GET.get(name, "")) for name in ("find", "standing", "sort")}
    rows = queries.listed(now, text=asked["find"], standing=asked["standing"], sort=asked["sort"])
    counts = queries.counts(now)
    context = {
        "asked": asked,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "standings": [(name, word, counts[name]) for name, word in queries.STANDINGS.items()],
        "sorts": queries.SORTS.items(),
        "all": sum(counts.values()),
        "round": queries.last_round(),
    }
    return _page(request, "network/configs", context)


@require_GET
def history(request: HttpRequest, code: str) -> HttpResponse:
    """The versions of one device's configuration."""
    device = _device(code)
    page = Paginator(queries.versions(device), VERSIONS).get_page(request.GET.get("page"))
    context = {"device": device, "page": page, "versions": list(page)}
    return _page(request, "network/config_history", context)


@require_GET
def difference(request: HttpRequest, code: str) -> HttpResponse:
    """What changed between two versions: ?a= and ?b=; without ?a= the one before."""
    device = _device(code)
    new = _version(device, request.GET.get("b"))
    old = _version(device, request.GET.get("a")) if request.GET.get("a") else queries.before(new)
    if old is not None and (old.taken_at, old.pk) > (new.taken_at, new.pk):
        old, new = new, old
    whole, split = "whole" in request.GET, request.GET.get("view") == "split"
    hunks = _hunks(request, old, new, WHOLE if whole else AROUND)
    lines = [line for hunk in hunks for line in hunk.lines]
    audit_sight(user=request.user, action="config.seen", obj=device, request=request, within=SIGHT)
    context = {
        "device": device,
        "old": old,
        "new": new,
        "hunks": hunks if len(lines) <= LINES_AT_MOST else [],
        "too_long": len(lines) > LINES_AT_MOST,
        "added": sum(line.sign == "+" for line in lines),
        "removed": sum(line.sign == "-" for line in lines),
        "whole": whole,
        "split": split,
        "masked": not _sees_secrets(request),
    }
    return render(request, "network/config_difference.html", context)


@require_GET
def text(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """A whole configuration, its lines numbered."""
    device = _device(code)
    version = _version(device, pk)
    body = version.body.text if _sees_secrets(request) else version.body.masked
    wanted = clean(request.GET.get("find", ""))
    lines = [(line, bool(wanted) and wanted.lower() in line.lower()) for line in lines_of(body)]
    audit_sight(user=request.user, action="config.seen", obj=device, request=request, within=SIGHT)
    context = {
        "device": device,
        "version": version,
        "lines": lines[:LINES_AT_MOST],
        "too_long": len(lines) > LINES_AT_MOST,
        "find": wanted,
        "hits": sum(hit for _line, hit in lines),
        "masked": not _sees_secrets(request),
    }
    return render(request, "network/config_text.html", context)


@require_GET
def download(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """A configuration as a file, its secrets as stars."""
    device = _device(code)
    version = _version(device, pk)
    audit(user=request.user, action="config.downloaded", obj=device, request=request)
    return _file(device, version, version.body.masked)


@require_GET
def secrets(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """A configuration as a file, as it was: to be loaded into a switch."""
    device = _device(code)
    version = _version(device, pk)
    audit(user=request.user, action="config.secrets_downloaded", obj=device, request=request)
    return _file(device, version, version.body.text)


@require_GET
def fragment(request: HttpRequest, code: str) -> HttpResponse:
    """What the page of a device shows of its configuration."""
    return _fragment(request, _device(code))


@require_POST
def ask(request: HttpRequest, code: str) -> HttpResponse:
    """Have the configuration of one device read now."""
    device = _device(code)
    admitted = backups.admit(request, "config.asked", obj=device)
    if admitted:
        backups.ask(devices=[device.pk], why=ConfigReason.ASKED, user=request.user)
    if request.headers.get("HX-Request"):
        return _fragment(request, device, refused=not admitted)
    if not admitted:
        messages.error(request, _("Too many readings in a minute. Try again a little later."))
    return redirect("network:configs_of", code)


@require_POST
def ask_all(request: HttpRequest) -> HttpResponse:
    """Have all configurations read, or only those that are missing; `stop` ends the round that is under way."""
    opened = backups.open_round()
    if "stop" in request.POST:
        if opened is not None:
            backups.end_round(opened)
            audit(user=request.user, action="config.round_stopped", obj=opened, request=request)
    elif opened is not None:
        messages.info(request, _("The configurations are being read already."))
    else:
        failed_only = "failed" in request.POST
        begun = backups.begin_round(why=ConfigReason.ASKED, user=request.user, failed_only=failed_only)
        audit(user=request.user, action="config.round_asked", obj=begun, request=request)
    return redirect("network:configs")


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Which devices have a text in their latest configuration, or have it not."""
    wanted, without = clean(request.GET.get("find", "")), "without" in request.GET
    masked = not _sees_secrets(request)
    refused = bool(wanted) and not backups.admit(request, "config.searched", detail={"q": _told(wanted, masked=masked)})
    rows = queries.search(wanted, without=without, masked=masked) if wanted and not refused else iter(())
    found = list(islice(rows, queries.FOUND_AT_MOST + 1))
    context = {
        "refused": refused,
        "find": wanted,
        "without": without,
        "found": found[: queries.FOUND_AT_MOST],
        "more": len(found) > queries.FOUND_AT_MOST,
        "masked": masked,
    }
    return render(request, "network/config_search.html", context, status=429 if refused else 200)


def _told(wanted: str, *, masked: bool) -> str:
    """A searched text for the audit trail. Who may find secrets may have typed one: its beginning, and a sign of it.

    The sign is the same for the same text, and nobody without the key of this installation can try texts against it.
    """
    if masked:
        return mask(wanted)
    sign = salted_hmac("uzel.config.searched", wanted, algorithm="sha256").hexdigest()[:8]
    return f"{wanted[: min(3, len(wanted) // 3)]}… ({len(wanted)}, {sign})"


def _device(code: str) -> Device:
    return get_object_or_404(Device.objects.select_related("site"), code=code)


def _version(device: Device, pk: str | int | None) -> ConfigBackup:
    number = int(str(pk)) if str(pk).isdecimal() and len(str(pk)) < 19 else 0
    return get_object_or_404(ConfigBackup.objects.select_related("body", "asked_by"), pk=number, device=device)


def _sees_secrets(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") in SEES_SECRETS


def _hunks(request: HttpRequest, old: ConfigBackup | None, new: ConfigBackup, around: int) -> list[Hunk]:
    """Compared as they were, so that a changed password shows as a changed line; shown as the person may see them."""
    before = old.body.text if old else ""
    hunks = compare(before, new.body.text, around=around)
    if _sees_secrets(request):
        return hunks
    shown = lines_of(old.body.masked if old else ""), lines_of(new.body.masked)

    def text_of(was: int | None, now: int | None) -> str:
        return shown[1][now - 1] if now else shown[0][was - 1] if was else ""

    def hidden(line: Line) -> Line:
        text = text_of(line.old, line.new)
        return line if text == line.text else Line(line.sign, line.old, line.new, text)

    return [
        replace(hunk, head=text_of(hunk.head_old, hunk.head_new), lines=tuple(map(hidden, hunk.lines)))
        for hunk in hunks
    ]


def _file(device: Device, version: ConfigBackup, body: str) -> HttpResponse:
    name = f"{device.code}_{timezone.localtime(version.taken_at):%Y-%m-%d_%H%M}.txt"
    response = HttpResponse(body, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{"".join(c for c in name if c.isalnum() or c in "-_.")}"'
    return response


def _fragment(request: HttpRequest, device: Device, *, refused: bool = False) -> HttpResponse:
    state = queries.state_of(device)
    standing = queries.standings(timezone.now()).filter(pk=device.pk).values_list("standing", flat=True).first()
    # Half a configuration has lost the places by which some secrets are known: it is not for everybody even masked.
    said = state.said.replace("\r", "").strip() if state and _sees_secrets(request) else ""
    context: dict[str, Any] = {
        "device": device,
        "backup": state,
        "standing": standing,
        "said": said,
        "refused": refused,
    }
    return render(request, "network/config_device_inside.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    is_fragment = bool(request.headers.get("HX-Request"))
    return render(request, f"{template}_inside.html" if is_fragment else f"{template}.html", context)
