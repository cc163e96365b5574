"""A whole network and its subscribers brought in at once: all of it or nothing.

A source (`csv_folder.Folder`, `netbox.NetBox`, `netbox.Export`) is read and checked without touching the database;
then one transaction compares, writes and removes. A dry run is the same transaction, rolled back: what it tells is
what would happen.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django.db import DataError, IntegrityError, connection, transaction

from uzel.journal.operations import emit
from uzel.subscribers.importing.checks import check
from uzel.subscribers.importing.merge import Change, merge
from uzel.subscribers.importing.problems import Problems
from uzel.subscribers.importing.tables import BY_NAME, Records

Progress = Callable[[str, int, int], None]
# One import at a time: any number that nothing else locks with.
_LOCK = 7_105_001


class Source(Protocol):
    """Where a network comes from."""

    def read(self, problems: Problems, progress: Progress) -> dict[str, Records]:
        """Parse all of it by tables of `tables.TABLES`, without phones; what is wrong goes to `problems`."""


@dataclass(slots=True)
class Diff:
    """What an import does, or why it cannot. `applied` is set once it is in the database."""

    imported: Mapping[str, Records]
    problems: Problems
    changes: dict[str, Change] = field(default_factory=dict)
    prune: bool = False
    applied: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing would change."""
        return not any(c.added or c.changed or c.removed for c in self.changes.values())


class _Undo(Exception):
    """Leaves the transaction without its changes."""


def _silent(stage: str, done: int, total: int) -> None:
    """Show nothing."""


def check_source(source: Source, *, prune: bool = False, progress: Progress = _silent, whole: bool = False) -> Diff:
    """Read and check a source; the database is only read. `problems` of the result tells what is wrong.

    whole: all that is wrong, and all that follows from it, not only the first few of each kind.
    """
    problems = Problems(whole=whole)
    imported = source.read(problems, progress)
    check(imported, problems)
    if "subscribers" in imported:
        imported["phones"] = _phones(imported["subscribers"])
    return Diff(imported, problems, prune=prune)


def plan(source: Source, *, prune: bool = False, progress: Progress = _silent, whole: bool = False) -> Diff:
    """What an import of the source would do, exactly; nothing is changed."""
    diff = check_source(source, prune=prune, progress=progress, whole=whole)
    _merge(diff, progress, keep=False)
    return diff


def apply(diff: Diff, *, progress: Progress = _silent) -> Diff:
    """Bring in what was planned, in one transaction, compared anew with the database as it is now.

    Returns the same diff with the changes that were made; with problems nothing is made. Emits "network.changed".
    """
    _merge(diff, progress, keep=True)
    return diff


def bring_in(source: Source, *, prune: bool = False, progress: Progress = _silent, whole: bool = False) -> Diff:
    """Plan and apply in one pass."""
    return apply(check_source(source, prune=prune, progress=progress, whole=whole), progress=progress)


def _merge(diff: Diff, progress: Progress, *, keep: bool) -> None:
    if diff.problems:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            diff.changes = merge(cursor, diff.imported, diff.problems, prune=diff.prune, tell=progress)
            if not diff.problems:
                # Foreign keys wait for the commit, which a dry run never comes to.
                connection.check_constraints()
            if diff.problems or not keep:
                raise _Undo
            if not diff.is_empty:
                emit("network.changed", {name: _counts(change) for name, change in diff.changes.items()})
    except _Undo:
        return
    except (DataError, IntegrityError) as error:
        told, _, where = str(error).strip().partition("\n")
        diff.problems.add("", 0, "", "refused_by_database", told, where.removeprefix("DETAIL:").strip())
        return
    diff.applied = True


def _counts(change: Change) -> list[int]:
    return [change.added, change.changed, change.removed]


def _phones(subscribers: Records) -> Records:
    """The phones of the subscribers as rows of their own table."""
    place = subscribers.table.at("phones")
    phones = Records(BY_NAME["phones"], subscribers.file)
    for row, line in zip(subscribers.rows, subscribers.lines, strict=True):
        numbers = row[place]
        for number in numbers if isinstance(numbers, tuple) else ():
            phones.rows.append((row[0], number))
            phones.lines.append(line)
    return phones
