"""The network as the engineer draws it, and the last known state of each of its parts."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# Here only so that Django finds them.
from uzel.network.backups_models import BackupRound as BackupRound
from uzel.network.backups_models import BackupState as BackupState
from uzel.network.backups_models import ConfigBackup as ConfigBackup
from uzel.network.backups_models import ConfigReason as ConfigReason
from uzel.network.backups_models import ConfigText as ConfigText
from uzel.network.names_models import DeviceName as DeviceName
from uzel.network.prober_models import ProberStatus as ProberStatus


class Level(models.IntegerChoices):
    CENTRE = 0, _("centre")
    OKRUG = 1, _("okrug node")
    DISTRICT = 2, _("district node")
    CAMPUS = 3, _("campus node")
    HOUSE = 4, _("house node")


class MainsArea(models.Model):
    """What one transformer substation feeds: sites that lose mains together."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.code


class Site(models.Model):
    """A place with a cabinet. `parent` is the place it is fed from in the plan; rings are in the links."""

    code = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    address = models.CharField(max_length=300, blank=True)
    mains_area = models.ForeignKey(MainsArea, null=True, blank=True, on_delete=models.PROTECT, related_name="sites")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="site_only_centre_has_no_parent",
                condition=Q(level=0, parent__isnull=True) | Q(level__gt=0, parent__isnull=False),
            ),
            models.CheckConstraint(name="site_not_its_own_parent", condition=~Q(parent=F("id"))),
        ]

    def __str__(self) -> str:
        return self.name


class DeviceKind(models.TextChoices):
    SWITCH = "switch", _("switch")
    OPTICAL_RECEIVER = "optical_receiver", _("optical receiver")
    OPTICAL_TRANSMITTER = "optical_transmitter", _("optical transmitter")
    OPTICAL_SPLITTER = "optical_splitter", _("optical splitter")
    UPS = "ups", _("UPS")
    POWER_STRIP = "power_strip", _("power strip")


class AccessGroup(models.Model):
    """How a group of devices is asked. Read only by the pollers, never by web workers.

    The passwords are ciphertexts: the key is the pollers' (see docs/settings.md), the database has none.
    """

    class Wire(models.TextChoices):
        TELNET = "telnet", "telnet"
        SSH = "ssh", "SSH"

    code = models.CharField(max_length=60, unique=True)
    snmp_community = models.CharField(max_length=100, default="public")
    snmp_port = models.PositiveIntegerField(default=161)
    # Where upsd of NUT (RFC 9271) listens at the addresses of the group's UPSes; null: they are asked by SNMP.
    nut_port = models.PositiveIntegerField(null=True, blank=True)
    # The imports write these rows by SQL, so the database itself knows the defaults.
    cli_protocol = models.CharField(max_length=10, choices=Wire.choices, default=Wire.TELNET, db_default=Wire.TELNET)
    cli_port = models.PositiveIntegerField(default=23, db_default=23)
    # Empty: the devices of the group are not asked by their command line.
    username = models.CharField(max_length=100, blank=True, default="", db_default="")
    password_encrypted = models.CharField(max_length=1000, blank=True, default="", db_default="")
    enable_encrypted = models.CharField(max_length=1000, blank=True, default="", db_default="")

    def __str__(self) -> str:
        return self.code


class Device(models.Model):
    """What stands in a site. `address` is where it is asked; without one it is unmonitored."""

    code = models.CharField(max_length=60, unique=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="devices")
    kind = models.CharField(max_length=20, choices=DeviceKind.choices)
    vendor = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=60, blank=True)
    serial = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True, unique=True)
    access_group = models.ForeignKey(AccessGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Light starts here: the centre's core switch, the cable-TV transmitter.
    is_source = models.BooleanField(default=False)
    # The switch through which a device that carries no data (UPS, receiver) is asked.
    managed_via = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return self.code


class Port(models.Model):
    """A port of a device; `if_index` as IF-MIB has it."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="ports")
    name = models.CharField(max_length=60)
    if_index = models.PositiveIntegerField()
    # What the model promises, Mbit/s: a slower link is a finding.
    speed_mbps = models.PositiveIntegerField(default=100)
    is_uplink = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "name"], name="port_name_unique"),
            models.UniqueConstraint(fields=["device", "if_index"], name="port_if_index_unique"),
            # What a service points at, so that the database itself keeps port and device together.
            models.UniqueConstraint(fields=["id", "device"], name="port_id_device_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.device}:{self.name}"


class Medium(models.TextChoices):
    FIBRE = "fibre", _("fibre")
    COPPER = "copper", _("copper")
    COAX = "coax", _("coaxial")


class Link(models.Model):
    """Joins two devices, by their ports where they have any (splitters have none). Two-way."""

    code = models.CharField(max_length=120, unique=True)
    a_device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+")
    a_port = models.OneToOneField(Port, null=True, blank=True, on_delete=models.CASCADE, related_name="link_as_a")
    b_device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+")
    b_port = models.OneToOneField(Port, null=True, blank=True, on_delete=models.CASCADE, related_name="link_as_b")
    medium = models.CharField(max_length=10, choices=Medium.choices, default=Medium.FIBRE)

    class Meta:
        constraints = [models.CheckConstraint(name="link_joins_two", condition=~Q(a_device=F("b_device")))]

    def __str__(self) -> str:
        return self.code


class PowerFeed(models.Model):
    """`consumer` is fed by `source`, or straight by the mains of its site when there is none.

    Any one live feed is enough. A device without feeds is taken as always powered.
    """

    consumer = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="feeds")
    source = models.ForeignKey(Device, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consumer", "source"], name="power_feed_unique", nulls_distinct=False),
            models.CheckConstraint(name="power_feed_not_itself", condition=~Q(consumer=F("source"))),
        ]

    def __str__(self) -> str:
        return f"{self.source or 'mains'} → {self.consumer}"


class DeviceState(models.Model):
    """What the monitor knows of a device now. Written only by the monitor."""

    device = models.OneToOneField(Device, primary_key=True, on_delete=models.CASCADE, related_name="state")
    # None: not asked yet.
    answers = models.BooleanField(null=True)
    since = models.DateTimeField(null=True)
    last_answer_at = models.DateTimeField(null=True)
    # Lit and powered by the engine's reckoning; True until shown otherwise.
    is_lit = models.BooleanField(default=True)
    booted_at = models.DateTimeField(null=True)
    rtt_ms = models.FloatField(null=True)
    # UPS (RFC 1628 words) and receiver readings, by the names of `core.readings`.
    readings = models.JSONField(default=dict)
    readings_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.device_id}: {self.answers}"


class PortState(models.Model):
    """What the monitor knows of a port now (IF-MIB words)."""

    port = models.OneToOneField(Port, primary_key=True, on_delete=models.CASCADE, related_name="state")
    admin_up = models.BooleanField(null=True)
    oper_up = models.BooleanField(null=True)
    speed_mbps = models.PositiveIntegerField(null=True)
    since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.port_id}: {self.oper_up}"


class Probe(models.Model):
    """One question asked of a device. The page writes it; the prober claims it, runs it, answers it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    operation = models.CharField(max_length=40)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="probes")
    port = models.ForeignKey(Port, null=True, blank=True, on_delete=models.CASCADE, related_name="probes")
    # Whom it was asked for and why; ids as text, since subscribers live above this app.
    subject = models.CharField(max_length=60, blank=True)
    asked_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="probe_waiting", condition=Q(state="waiting")),
            models.Index(fields=["device", "-asked_at"]),
            # How many one person asked for lately.
            models.Index(fields=["asked_by", "-asked_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.device_id}"


class Change(models.Model):
    """Something to change at a device: asked for, shown as exact commands, confirmed, run once, checked, kept for good.

    ASKED and READY are the preview; the change itself begins with WAITING. What kinds there are: `core.changes.Kind`.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("being prepared")
        READY = "ready", _("to be confirmed")
        WAITING = "waiting", _("waiting for its turn")
        RUNNING = "running", _("being made")
        DONE = "done", _("done and checked")
        UNDONE = "undone", _("undone")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("end not known")
        CANCELLED = "cancelled", _("cancelled")

    # Made by the form: the same form sent twice is one change.
    key = models.UUIDField(unique=True)
    kind = models.CharField(max_length=20)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="changes")
    port = models.ForeignKey(Port, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    value = models.CharField(max_length=60, blank=True)
    # For which subscriber; ids as text, since subscribers live above this app.
    subject = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    # Why only a lead specialist or an engineer may confirm it: codes of `core.changes.Refusal`.
    needs_lead = models.JSONField(default=list)
    asked_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey("people.User", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    # What is shown before it runs: the lines, the lines that take it back, what the port said, on what it all rests.
    commands = models.JSONField(default=list)
    undo = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    mark = models.CharField(max_length=20, blank=True)
    # What came of it. transcript: [{"at", "part": do|undo|check, "line", "text", "error",
    # "by": snmp|cli, "seen": what a check came to}], written as it grows.
    after = models.JSONField(default=dict)
    transcript = models.JSONField(default=list)
    error = models.CharField(max_length=60, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    # The runner's sign of life: one that is killed ceases to give it.
    alive_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two changes of one device are made one after the other, whoever runs them.
            models.UniqueConstraint(fields=["device"], condition=Q(state="running"), name="change_one_at_a_time"),
            models.CheckConstraint(
                name="change_runs_only_confirmed",
                condition=Q(state__in=["asked", "ready", "cancelled", "failed"])
                | (Q(confirmed_by__isnull=False) & ~Q(reason="")),
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="change_to_do", condition=Q(state__in=["asked", "waiting", "running"])),
            models.Index(fields=["device", "-id"]),
            models.Index(fields=["subject", "-id"]),
            models.Index(fields=["state", "-id"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.device_id}:{self.port_id or ''}"
