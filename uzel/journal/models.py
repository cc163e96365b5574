"""What happened, kept for good: news for other parts of Uzel, and the audit trail of people's acts."""

from django.conf import settings
from django.db import models


class Event(models.Model):
    """News that must travel upward, written in the transaction of the change that it tells of.

    A trigger sends ``NOTIFY uzel_event, '<id> <name>'`` at commit; live pages and `config.wiring` listen.
    """

    name = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["name", "-id"])]

    def __str__(self) -> str:
        return f"{self.name} #{self.pk}"


class AuditRecord(models.Model):
    """Who saw or did what. Append-only: a trigger refuses UPDATE and DELETE."""

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    username = models.CharField(max_length=150)
    role = models.CharField(max_length=20)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=60, blank=True)
    object_name = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["-at"]),
            models.Index(fields=["object_type", "object_id", "-at"]),
            models.Index(fields=["user", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.username} {self.action} {self.object_name}"
