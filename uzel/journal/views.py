"""The audit trail."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from uzel.journal.forms import AuditFilter
from uzel.journal.models import AuditRecord
from uzel.journal.operations import audit

PAGE = 100


def audit_trail(request: HttpRequest) -> HttpResponse:
    """Who saw and did what, the newest first. Pages by id, so that the last page is as quick as the first."""
    form = AuditFilter(request.GET or None)
    rows = form.chosen(AuditRecord.objects.order_by("-id"))
    before = request.GET.get("before", "")
    before = before[:18] if before.isdecimal() else ""
    if before:
        rows = rows.filter(id__lt=int(before))
    found = list(rows[: PAGE + 1])
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    context = {"form": form, "records": found[:PAGE], "older": older, "is_first": not before}
    audit(
        user=request.user,
        action="audit.seen",
        request=request,
        detail=form.asked | ({"before": before} if before else {}),
    )
    return render(request, "journal/audit.html", context)
