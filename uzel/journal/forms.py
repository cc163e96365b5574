"""The filter of the audit trail."""

from datetime import datetime, time

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from uzel.journal.models import AuditRecord


class AuditFilter(forms.Form):
    """Which records to list. What cannot be read is left out of the filter."""

    user = forms.CharField(label=_("Who"), required=False)
    action = forms.CharField(label=_("What"), required=False)
    about = forms.CharField(label=_("About whom or what"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    @property
    def asked(self) -> dict[str, str]:
        """What was asked for, as text, by field: only what could be read."""
        self.is_valid()
        return {name: str(value) for name, value in getattr(self, "cleaned_data", {}).items() if value}

    def chosen(self, rows: QuerySet[AuditRecord]) -> QuerySet[AuditRecord]:
        """Narrow `rows` to what was asked for."""
        self.is_valid()
        asked = self.cleaned_data if self.is_bound else {}
        if user := asked.get("user"):
            rows = rows.filter(username=user)
        if action := asked.get("action"):
            rows = rows.filter(action__startswith=action)
        if about := asked.get("about"):
            rows = rows.filter(Q(object_id=about) | Q(object_name__icontains=about) | Q(detail__q__icontains=about))
        if day := asked.get("since"):
            rows = rows.filter(at__gte=timezone.make_aware(datetime.combine(day, time.min)))
        if day := asked.get("until"):
            rows = rows.filter(at__lte=timezone.make_aware(datetime.combine(day, time.max)))
        return rows
