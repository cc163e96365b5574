"""The board, the outages, the planned works."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def board(request: HttpRequest) -> HttpResponse:
    """What is wrong in the city now."""
    return render(request, "outages/board.html", {})


def history(request: HttpRequest) -> HttpResponse:
    """Outages that were."""
    return render(request, "outages/board.html", {})


def planned(request: HttpRequest) -> HttpResponse:
    """Planned works."""
    return render(request, "outages/board.html", {})
