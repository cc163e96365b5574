"""The command `uzel`."""

import os
import sys

import click
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")


@click.group()
def main() -> None:
    """Uzel: the support desk of a city broadband operator, joined to its network."""


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run a Django management command."""
    execute_from_command_line([sys.argv[0], *arguments])
