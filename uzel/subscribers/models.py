"""Who is served, where they live, and what hangs on which port."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from uzel.network.models import Device, Port, Site


class Building(models.Model):
    """A house with its address in parts, as people say it."""

    code = models.CharField(max_length=60, unique=True)
    locality = models.CharField(max_length=100, blank=True)
    street = models.CharField(max_length=150)
    number = models.CharField(max_length=30)
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="buildings")

    def __str__(self) -> str:
        return f"{self.street}, {self.number}"


class Subscriber(models.Model):
    """The holder of one account."""

    class Kind(models.TextChoices):
        PERSON = "person", _("household")
        BUSINESS = "business", _("business")
        MUNICIPAL = "municipal", _("city")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED_DEBT = "blocked_debt", _("blocked for debt")
        BLOCKED_REQUEST = "blocked_request", _("suspended on request")
        CLOSED = "closed", _("contract ended")

    account = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.ACTIVE)
    building = models.ForeignKey(Building, null=True, blank=True, on_delete=models.PROTECT, related_name="subscribers")
    entrance = models.CharField(max_length=10, blank=True)
    floor = models.CharField(max_length=10, blank=True)
    flat = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class Phone(models.Model):
    """A phone of a subscriber. `digits` is E.164 without the plus, or a short code as it is."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="phones")
    digits = models.CharField(max_length=20, db_index=True)
    note = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscriber", "digits"], name="phone_once_per_subscriber")]

    def __str__(self) -> str:
        return self.digits


class Service(models.Model):
    """One service of a subscriber, attached to a port or to a receiver (then `port` is empty)."""

    class Kind(models.TextChoices):
        INTERNET = "internet", _("internet")
        CATV = "catv", _("cable TV")
        DTV = "dtv", _("digital TV")
        IPTV = "iptv", _("IPTV")
        TELEPHONY = "telephony", _("telephony")
        TRAFFIC_LIGHT = "traffic_light", _("traffic light")

    code = models.CharField(max_length=60, unique=True)
    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="services")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="services")
    port = models.ForeignKey(Port, null=True, blank=True, on_delete=models.PROTECT, related_name="services")
    is_active = models.BooleanField(default=True)
    speed_mbps = models.PositiveIntegerField(null=True, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True, db_index=True)
    # Twelve lower-case hex digits.
    mac = models.CharField(max_length=12, blank=True, db_index=True)
    vlan = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="service_data_needs_port",
                condition=Q(kind__in=["catv", "dtv"]) | Q(port__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"
