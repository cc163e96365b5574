"""Configurations of switches as they were read: each text once, who had it when, and who is to be read next."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ConfigText(models.Model):
    """A configuration without its clocks, once for all times and devices that have it. PostgreSQL compresses it."""

    sha256 = models.CharField(max_length=64, unique=True)
    text = models.TextField()
    # The same with its secrets as stars: all that most roles see, and all that their search looks through.
    masked = models.TextField()
    lines = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.sha256[:12]


class ConfigReason(models.TextChoices):
    """Why a configuration was read."""

    NIGHT = "night", _("by night")
    ASKED = "asked", _("on demand")
    CHANGE = "change", _("after a change")


class ConfigBackup(models.Model):
    """One version of a device's configuration: first found at `taken_at`, last found the same at `seen_at`.

    `added` and `removed` count the lines against the version before; None for the first one.
    """

    device = models.ForeignKey("network.Device", on_delete=models.CASCADE, related_name="configs")
    body = models.ForeignKey(ConfigText, on_delete=models.PROTECT, related_name="backups")
    taken_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    added = models.PositiveIntegerField(null=True)
    removed = models.PositiveIntegerField(null=True)
    why = models.CharField(max_length=10, choices=ConfigReason.choices)
    asked_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["device", "-taken_at"], name="config_of_device")]
        constraints = [models.CheckConstraint(name="config_seen_after_taken", condition=Q(seen_at__gte=F("taken_at")))]

    def __str__(self) -> str:
        return f"{self.device_id} {self.taken_at}"


class BackupRound(models.Model):
    """All switches read one after another. At most one is open; a night has one."""

    why = models.CharField(max_length=10, choices=ConfigReason.choices)
    night = models.DateField(null=True, unique=True)
    asked_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ended_at"],
                name="backup_round_one_open",
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.why}"

    @property
    def done(self) -> int:
        """Devices that were read or could not be read."""
        return self.changed + self.same + self.failed


class BackupState(models.Model):
    """Where the reading of one device's configuration stands: asked for, claimed, ended with its outcome."""

    class State(models.TextChoices):
        IDLE = "idle", _("idle")
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")

    device = models.OneToOneField(
        "network.Device", primary_key=True, on_delete=models.CASCADE, related_name="backup_state"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # Asked for by a person, or after a change: goes before a round.
    urgent = models.BooleanField(default=False)
    # Asked for anew while it was being read: what is being read may be from before a change.
    again = models.BooleanField(default=False)
    why = models.CharField(max_length=10, choices=ConfigReason.choices)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(BackupRound, null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField(null=True)
    # Readers that died with this device in their hands.
    lost = models.PositiveSmallIntegerField(default=0)
    # The last attempt: when it ended, the code of what kept it from a whole configuration, what the device had said.
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=60, blank=True)
    said = models.TextField(blank=True)
    failing_since = models.DateTimeField(null=True)
    latest = models.ForeignKey(ConfigBackup, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["-urgent", "asked_at"], name="backup_waiting", condition=Q(state="waiting")),
            models.Index(fields=["started_at"], name="backup_running", condition=Q(state="running")),
        ]

    def __str__(self) -> str:
        return f"{self.device_id}: {self.state}"
