"""What devices call themselves."""

from django.db import models


class DeviceName(models.Model):
    """The name that a device was met with: what answers under another one is another device.

    A device that was renamed for good is met anew after `uzel device renamed`. Written only by the pollers.
    """

    device = models.OneToOneField("network.Device", primary_key=True, on_delete=models.CASCADE, related_name="called")
    name = models.CharField(max_length=255)
    met_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name
