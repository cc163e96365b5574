"""The command `uzel`. A command is loaded when it is called for: `uzel city cut …` waits for no other's libraries."""

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click
import django
from django.conf import settings
from django.db import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
# gufo-snmp panics on some broken answers, which is caught and counted: each would leave two hundred lines in the log.
os.environ.pop("RUST_BACKTRACE", None)

# Where each command is: its module, and its name there.
COMMANDS: Mapping[str, str] = {
    "backup": "uzel.pollers.backup_cli:backup",
    "city": "uzel.simcity.cli:city",
    "demo": "uzel.config.cli_run:demo",
    "device": "uzel.pollers.cli_device:device",
    "import": "uzel.subscribers.cli:import_",
    "manage": "uzel.config.cli_run:manage",
    "monitor": "uzel.pollers.cli:monitor",
    "prober": "uzel.pollers.cli:prober",
    "web": "uzel.config.cli_run:web",
}
# Commands of a command that are not in its module.
WITHIN: Mapping[str, Mapping[str, str]] = {
    "device": {"change": "uzel.pollers.cli_change:change", "nut": "uzel.pollers.cli_nut:nut_"},
}
# The city knows nothing of Uzel: it needs neither the database nor Django.
WITHOUT_DATABASE = {"city"}
# These make the tables themselves.
MAKES_TABLES = {"demo", "manage"}
# Of PostgreSQL: no such table, no such column.
OLD_TABLES = frozenset({"42P01", "42703"})


class LazyGroup(click.Group):
    """A group some of whose commands are loaded by name, when they are called for or listed."""

    def __init__(self, *args: Any, lazy: Mapping[str, str], **options: Any) -> None:
        """`lazy`: a command's name -> "module:name"."""
        super().__init__(*args, **options)
        self.lazy = lazy

    def invoke(self, ctx: click.Context) -> Any:
        """Run; a database that is away, or has tables of another version, is told in one line, not in a traceback."""
        try:
            return super().invoke(ctx)
        except OperationalError as error:
            raise click.ClickException(f"The database failed: {str(error).splitlines()[0]}") from error
        except Exception as error:
            if getattr(error.__cause__, "sqlstate", "") not in OLD_TABLES:
                raise
            raise click.ClickException(f"{str(error).splitlines()[0]}: run `uzel manage migrate`") from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, those of commands not loaded yet too."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in self.lazy or cmd_name in self.commands:
            return super().get_command(ctx, cmd_name)
        if ctx.parent is None and cmd_name not in WITHOUT_DATABASE:
            django.setup()  # Django refuses models before it
        module, _, name = self.lazy[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        if ctx.parent is None and isinstance(command, click.Group) and cmd_name in WITHIN:
            group = LazyGroup(cmd_name, lazy=WITHIN[cmd_name], help=command.help, commands=command.commands)
            group.callback, group.params, command = command.callback, command.params, group
        self.add_command(command, cmd_name)
        return command


@click.group(cls=LazyGroup, lazy=COMMANDS)
@click.pass_context
def main(context: click.Context) -> None:
    """Uzel: the support desk of a city broadband operator, joined to its network."""
    asks_for_help = any(flag in sys.argv for flag in context.help_option_names)
    if context.invoked_subcommand in WITHOUT_DATABASE or asks_for_help:
        return
    is_ours = not os.environ.get("DATABASE_URL")
    if is_ours:
        embedded = importlib.import_module("uzel.config.embedded")
        try:
            server = embedded.start(settings.HOME)
        except embedded.NotStarted as error:
            raise click.ClickException(str(error)) from error
        context.call_on_close(lambda: embedded.stop(server))
    if context.invoked_subcommand not in MAKES_TABLES:
        importlib.import_module("uzel.config.ready").make_ready(is_ours=is_ours)
