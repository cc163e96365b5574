"""Filters of lists, comments, planned works."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from uzel.network.adjacency import CATV
from uzel.network.models import Device, Level
from uzel.outages.models import Outage
from uzel.subscribers.models import Service, Subscriber

EVERY = ("", pgettext_lazy("filter", "all"))
# A work lies near to now: a slip of the pen («20260») must neither stop the pages nor the monitor that read it.
WORK_WITHIN = timedelta(days=10 * 366)


class HistoryFilter(forms.Form):
    """Which outages to list. What cannot be read is left out of the filter."""

    q = forms.CharField(label=_("Where"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[EVERY, *Outage.State.choices])
    cause = forms.ChoiceField(label=_("Cause"), required=False, choices=[EVERY, *Outage.Cause.choices])
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def chosen(self, rows: QuerySet[Outage]) -> QuerySet[Outage]:
        """Narrow `rows` to what was asked for."""
        asked = self.cleaned_data if self.is_bound and (self.is_valid() or True) else {}
        if text := asked.get("q"):
            rows = rows.filter(
                Q(site__name__icontains=text) | Q(site__code__icontains=text) | Q(site__address__icontains=text)
            )
        for name in ("state", "cause"):
            if value := asked.get(name):
                rows = rows.filter(**{name: value})
        if day := asked.get("since"):
            rows = rows.filter(began_at__gte=timezone.make_aware(datetime.combine(day, time.min)))
        if day := asked.get("until"):
            rows = rows.filter(began_at__lte=timezone.make_aware(datetime.combine(day, time.max)))
        return rows


class SubscribersFilter(forms.Form):
    """Which of the touched subscribers to list."""

    kind = forms.ChoiceField(label=_("Customers"), required=False, choices=[EVERY, *Subscriber.Kind.choices])
    service = forms.ChoiceField(label=_("Service"), required=False, choices=[EVERY, *Service.Kind.choices])

    def chosen(self, services: QuerySet[Service]) -> QuerySet[Service]:
        """Narrow the dark services to what was asked for."""
        asked = self.cleaned_data if self.is_bound and (self.is_valid() or True) else {}
        if kind := asked.get("kind"):
            services = services.filter(subscriber__kind=kind)
        if service := asked.get("service"):
            services = services.filter(kind=service)
        return services


class WeakFilter(forms.Form):
    """Which weak points to list. What cannot be read is left out of the filter."""

    level = forms.TypedChoiceField(
        label=_("Level"), required=False, choices=[EVERY, *Level.choices], coerce=int, empty_value=None
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[EVERY, ("data", pgettext_lazy("tree of light", "data")), ("catv", _("cable TV"))],
    )

    def chosen(self, devices: QuerySet[Device]) -> QuerySet[Device]:
        """Narrow `devices` to what was asked for."""
        asked = self.cleaned_data if self.is_bound and (self.is_valid() or True) else {}
        if (level := asked.get("level")) is not None:
            devices = devices.filter(site__level=level)
        if kind := asked.get("kind"):
            of_catv = Q(kind__in=CATV)
            devices = devices.filter(of_catv if kind == "catv" else ~of_catv)
        return devices


class CommentForm(forms.Form):
    """A comment of staff."""

    text = forms.CharField(label=_("Comment"), max_length=2000, strip=True)


class CloseForm(forms.Form):
    """Why a person ends an outage."""

    reason = forms.CharField(label=_("Why it is closed"), max_length=500, strip=True)


class WorkForm(forms.Form):
    """A planned work: when, and what it touches, by code."""

    title = forms.CharField(label=_("What is done"), max_length=200)
    starts_at = forms.DateTimeField(
        label=_("Begins"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    ends_at = forms.DateTimeField(
        label=_("Ends"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    codes = forms.CharField(
        label=_("What is touched"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=_("Codes of sites, devices and links, one a line. All devices of a site are touched."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("The end is before the beginning."))
        now = timezone.now()
        for name, at in (("starts_at", starts), ("ends_at", ends)):
            if at and abs(at - now) > WORK_WITHIN:
                self.add_error(name, _("Look at the year: it is more than ten years away."))
        return cleaned
