"""`uzel manage prune_observations`: forget journal rows and hints that are older than they need to be."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

# Deleted so many at a time, so that the monitor's writes never wait long.
BATCH = 50_000

_DELETE = {
    "outages_observation": "DELETE FROM outages_observation WHERE id IN "
    "(SELECT id FROM outages_observation WHERE at < %s LIMIT %s)",
    "outages_hint": "DELETE FROM outages_hint WHERE id IN (SELECT id FROM outages_hint WHERE at < %s LIMIT %s)",
}


class Command(BaseCommand):
    """Deletes in batches; outages and their stories are kept for good."""

    help = "Forget observations and hints older than so many days (run it nightly)"

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the ages in days."""
        parser.add_argument("--observations-days", type=float, default=90)
        parser.add_argument("--hints-days", type=float, default=14)

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, and say how much."""
        ages = {"outages_observation": options["observations_days"], "outages_hint": options["hints_days"]}
        for table, days in ages.items():
            before, deleted = timezone.now() - timedelta(days=days), 0
            while count := self._delete(table, before):
                deleted += count
            self.stdout.write(f"{table}: {deleted}")

    @staticmethod
    def _delete(table: str, before: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(_DELETE[table], [before, BATCH])
            return int(cursor.rowcount)
