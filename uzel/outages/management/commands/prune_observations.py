"""`uzel manage prune_observations`: forget journal rows and hints that are older than they need to be."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from uzel.outages.pruning import KEPT, prune

# Deleted so many at a time, so that the monitor's writes never wait long.
BATCH = 50_000


class Command(BaseCommand):
    """Deletes in batches; outages and their stories are kept for good."""

    help = "Forget observations and hints older than so many days (the monitor does it by itself with these ages)"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the ages in days."""
        parser.add_argument("--observations-days", type=float, default=KEPT["outages_observation"].days)
        parser.add_argument("--hints-days", type=float, default=KEPT["outages_hint"].days)

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, and say how much."""
        ages = {"outages_observation": options["observations_days"], "outages_hint": options["hints_days"]}
        for table, days in ages.items():
            before, deleted = timezone.now() - timedelta(days=days), 0
            while count := prune(table, before=before, limit=BATCH):
                deleted += count
            self.stdout.write(f"{table}: {deleted}")
