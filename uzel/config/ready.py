"""Whether what a command needs is there: the tables of the database, the styles and words of the pages."""

import click
from django.conf import settings
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


def require_assets() -> None:
    """Raise click.ClickException where the pages would be without their styles or their translations."""
    words = sorted(settings.PACKAGE_DIR.glob("*/locale/*/LC_MESSAGES/django.po"))
    missing = [str(path) for path in settings.VENDOR.values() if not path.is_dir()]
    missing += [str(path.with_suffix(".mo")) for path in words if not path.with_suffix(".mo").is_file()]
    if missing:
        raise click.ClickException(
            f"The pages lack {missing[0]}"
            + (f" and {len(missing) - 1} more" if missing[1:] else "")
            + ": Uzel is run from a checkout in which `make setup` was run (docs/install.md)"
        )


def _is_empty() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('django_migrations') IS NULL")
        return bool(cursor.fetchone()[0])
