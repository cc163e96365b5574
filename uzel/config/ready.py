"""Whether the database has its tables before a command needs them."""

import click
from django.core.management import call_command
from django.db import OperationalError, connection

# Several processes of one machine may start on a new database at once. Any number that nothing else locks with.
_LOCK = 7_105_003
NOT_READY = "The database has no tables of this version of Uzel yet: run `uzel manage migrate`"


def make_ready(*, is_ours: bool) -> None:
    """Make the tables in an empty database of our own; raise click.ClickException for an empty one of somebody else.

    A database that is away is left to the command: some wait for it.
    """
    try:
        if _is_empty():
            if not is_ours:
                raise click.ClickException(NOT_READY)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
                call_command("migrate", verbosity=0, interactive=False)
    except OperationalError:
        return
    finally:
        connection.close()


def _is_empty() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NULL")
        return bool(cursor.fetchone()[0])
