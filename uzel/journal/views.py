"""The audit trail."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from uzel.journal.models import AuditRecord


def audit_trail(request: HttpRequest) -> HttpResponse:
    """Who saw and did what."""
    return render(request, "journal/audit.html", {"records": AuditRecord.objects.order_by("-id")[:100]})
