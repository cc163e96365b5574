"""Planned works: the list and the form."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from uzel.outages.forms import WorkForm
from uzel.outages.models import PlannedWork
from uzel.outages.planning import Touched, cancel_work, read_codes, save_work, write_codes


def works(request: HttpRequest) -> HttpResponse:
    """Works to come and going on, then those that were."""
    now = timezone.now()
    rows = PlannedWork.objects.select_related("author").prefetch_related("sites", "devices", "links")
    coming = rows.filter(ends_at__gt=now).annotate(outage_count=Count("outages")).order_by("starts_at")
    past = Paginator(rows.filter(ends_at__lte=now).order_by("-ends_at"), 50).get_page(request.GET.get("page"))
    return render(request, "outages/planned.html", {"now": now, "coming": coming, "past": past})


def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make a planned work, or change one."""
    work = get_object_or_404(PlannedWork, pk=pk) if pk is not None else PlannedWork()
    form = WorkForm(request.POST or None, initial=_initial(work))
    if request.method == "POST" and form.is_valid():
        touched = read_codes(form.cleaned_data["codes"])
        if _complete(form, touched):
            for name in ("title", "starts_at", "ends_at", "note"):
                setattr(work, name, form.cleaned_data[name])
            save_work(work=work, touched=touched, user=request.user, request=request)
            messages.success(request, _("Saved."))
            return redirect("outages:planned")
    return render(request, "outages/planned_edit.html", {"form": form, "work": work})


def _initial(work: PlannedWork) -> dict[str, object]:
    if work._state.adding:
        return {}
    names = ("title", "starts_at", "ends_at", "note")
    return {name: getattr(work, name) for name in names} | {"codes": write_codes(work)}


def _complete(form: WorkForm, touched: Touched) -> bool:
    """Every code names something; those that do not are named in the form."""
    if touched.unknown:
        form.add_error("codes", _("No site, device or link has the code: %s") % ", ".join(touched.unknown[:10]))
    return not touched.unknown


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a work, or end it now."""
    work = get_object_or_404(PlannedWork, pk=pk)
    cancel_work(work=work, user=request.user, request=request)
    messages.success(request, _("Cancelled."))
    return redirect("outages:planned")
