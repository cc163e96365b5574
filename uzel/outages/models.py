"""One record per failure: its cause, its scope, its story. Everything that follows is driven by it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from uzel.network.models import Device, Link, MainsArea, Site


class PlannedWork(models.Model):
    """Work agreed beforehand: what goes dark within it is not news."""

    title = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    sites = models.ManyToManyField(Site, blank=True, related_name="planned_works")
    devices = models.ManyToManyField(Device, blank=True, related_name="planned_works")
    links = models.ManyToManyField(Link, blank=True, related_name="planned_works")
    author = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="planned_work_ends_later", condition=Q(ends_at__gt=models.F("starts_at")))
        ]

    def __str__(self) -> str:
        return self.title


class Outage(models.Model):
    """One cause, its scope, its story. Opened, updated and closed only by `operations`."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        MERGED = "merged", _("merged into another")

    class Cause(models.TextChoices):
        LINK_CUT = "link_cut", _("link cut")
        DEVICE_DEAD = "device_dead", _("device dead")
        MAINS_LOST = "mains_lost", _("mains lost")
        MANAGEMENT_FAULT = "management_fault", _("management fault")
        PLANNED_WORK = "planned_work", _("planned work")
        UNDECIDED = "undecided", _("not decided yet")

    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    cause = models.CharField(max_length=20, choices=Cause.choices)
    # Where to send the crew: the place nearest the centre that is down.
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="outages")
    mains_area = models.ForeignKey(MainsArea, null=True, on_delete=models.PROTECT, related_name="outages")
    planned_work = models.ForeignKey(PlannedWork, null=True, on_delete=models.PROTECT, related_name="outages")
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged_from")
    # First silence; when it was decided; when the last line was back.
    began_at = models.DateTimeField()
    opened_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    closed_at = models.DateTimeField(null=True)
    # Ranked: [{"cause": …, "devices": [...], "links": [...], "areas": [...], "reasons": [{"code": …, …}]}, …]
    hypotheses = models.JSONField(default=list)
    # {"subscribers": {class: n}, "services": {kind: {class: n}}, "devices": n}: dark now, and at the worst.
    scope = models.JSONField(default=dict)
    scope_peak = models.JSONField(default=dict)
    # Compare-and-set: a writer names the version that it read.
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["-began_at"]), models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"#{self.pk} {self.cause}"


class OutageElement(models.Model):
    """A device that an outage holds dark (or, in a management fault, silent)."""

    outage = models.ForeignKey(Outage, on_delete=models.CASCADE, related_name="elements")
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="outage_elements")
    is_root = models.BooleanField(default=False)
    dark_at = models.DateTimeField()
    lit_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # No device is dark twice: the database itself refuses a doubled outage.
            models.UniqueConstraint(fields=["device"], name="device_dark_once", condition=Q(lit_at__isnull=True)),
        ]
        indexes = [models.Index(fields=["outage", "lit_at"])]

    def __str__(self) -> str:
        return f"{self.outage_id}: {self.device_id}"


class OutageEvent(models.Model):
    """A line of an outage's story. `kind` is a code; sentences live in templates."""

    outage = models.ForeignKey(Outage, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    user = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["outage", "at"])]

    def __str__(self) -> str:
        return self.kind
