from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from uzel.journal.operations import prune_events


class Command(BaseCommand):
    help = "Remove events older than some days; pages that were away longer ask for everything."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=7)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{prune_events(days=options['days'])} events removed")
