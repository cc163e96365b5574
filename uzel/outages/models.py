"""One record per failure: its cause, its scope, its story. Everything that follows is driven by it."""

from django.contrib.postgres.indexes import BrinIndex
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
        return f"#{self.pk} {self.site.name}" if self.site else f"#{self.pk}"

    @property
    def is_unsteady(self) -> bool:
        """Open, and its light came back more than once: see `holding.keep_unsteady`. Prefetch `events` for many."""
        return self.state == self.State.OPEN and any(event.kind == "unsteady" for event in self.events.all())


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


class Hint(models.Model):
    """A trap or a syslog line as it came, stored raw before anything is made of it."""

    class Kind(models.TextChoices):
        TRAP = "trap", "SNMP trap"
        SYSLOG = "syslog", "syslog"

    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    source = models.GenericIPAddressField()
    device = models.ForeignKey(Device, null=True, on_delete=models.SET_NULL, related_name="hints")
    raw = models.BinaryField()
    # What it was understood as: {"kind": code, "port": …, "if_index": …, "text": …}; empty when it was not.
    parsed = models.JSONField(default=dict)

    class Meta:
        indexes = [BrinIndex(fields=["at"], name="hint_at_brin"), models.Index(fields=["device", "-id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


class Observation(models.Model):
    """The journal of what the monitor saw: one narrow row per fact, written by COPY, kept for a set time.

    `device_id` is no foreign key: history outlives the device, and a check per row would cost more than the row.
    """

    class What(models.IntegerChoices):
        ANSWERS = 1, "answers"  # value: 1 answered, 0 went silent
        BOOTED = 2, "booted"  # value: unix seconds
        PORT = 3, "port"  # part: ifIndex; value: 1 up, 0 down
        LIT = 4, "lit"  # value: 1 lit, 0 dark
        ON_BATTERY = 5, "on battery"
        CHARGE = 6, "charge, %"
        RUNTIME = 7, "runtime left, min"
        INPUT_DBM = 8, "optical input, dBm"
        OUTPUT_DBUV = 9, "output, dBµV"
        RTT = 10, "round trip, ms"

    at = models.DateTimeField()
    device_id = models.BigIntegerField()
    what = models.SmallIntegerField(choices=What.choices)
    part = models.IntegerField(default=0)
    value = models.FloatField()

    class Meta:
        indexes = [BrinIndex(fields=["at"], name="observation_at_brin", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.device_id} {self.what} {self.value}"


class WeakPoint(models.Model):
    """What one device takes with it when it fails alone, rings and double uplinks reckoned with.

    Written only by the monitor (`outages.weak`), from the map that it watches by. A device has no row when it carries
    no light (a UPS, a strip) or gets none even on a healthy network.
    """

    device = models.OneToOneField(Device, primary_key=True, on_delete=models.CASCADE, related_name="weak_point")
    # Distinct subscribers who lose service; devices that lose light, itself among them.
    subscribers = models.PositiveIntegerField()
    devices = models.PositiveIntegerField()
    # {kind: {class: n}}, as in Outage.scope.
    services = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-subscribers", "-devices", "device"], name="weak_point_worst_first")]

    def __str__(self) -> str:
        return f"{self.device_id}: {self.subscribers}"


class MonitorStatus(models.Model):
    """How the monitor fares, for the page of its health: one row, written by the leader every few seconds."""

    beat_at = models.DateTimeField()
    started_at = models.DateTimeField()
    # Numbers by name, as in `pollers.monitor_metrics`.
    figures = models.JSONField(default=dict)

    class Meta:
        constraints = [models.CheckConstraint(name="monitor_status_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"monitor at {self.beat_at}"
