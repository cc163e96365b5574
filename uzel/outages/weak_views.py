"""The page of weak points: which device, if it fails, leaves the most subscribers without service."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from uzel.network.queries import lights_of
from uzel.outages import queries
from uzel.outages.forms import WeakFilter
from uzel.outages.telling import counts

PAGE = 50


@require_safe
def weak(request: HttpRequest) -> HttpResponse:
    """Devices by whom they take along, the worst first. htmx asks for the same page and gets its inside only."""
    form = WeakFilter(request.GET or None)
    page = Paginator(form.chosen(queries.weak_points()), PAGE).get_page(request.GET.get("page"))
    lights = lights_of(page)
    lines = [(it, lights[it.pk], counts({"services": it.weak_point.services}).services) for it in page]
    inside = bool(request.headers.get("HX-Request"))
    context = {"form": form, "page": page, "lines": lines}
    return render(request, "outages/weak_inside.html" if inside else "outages/weak.html", context)
