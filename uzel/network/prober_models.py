"""Whether anybody answers the questions that pages ask of devices."""

from django.db import models


class ProberStatus(models.Model):
    """The latest sign of life of any prober: one row, written by each of them every few seconds."""

    beat_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="prober_status_one_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"prober at {self.beat_at}"
