"""Pages that belong to no one part."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def monitoring(request: HttpRequest) -> HttpResponse:
    """How the monitor itself is doing."""
    return render(request, "web/monitoring.html", {})
