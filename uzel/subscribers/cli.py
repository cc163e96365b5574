"""The command `uzel import`."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder
from uzel.subscribers.importing.netbox import Export, NetBox
from uzel.subscribers.importing.problems import REASONS, Problems

# Of the problems kept, how many are printed; the counts by reason follow in any case.
LISTED = 40


@click.group("import")
def import_() -> None:
    """Bring in a whole network and its subscribers: all of it or nothing."""


def _common(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--dry-run", is_flag=True, help="Only tell what would change.")(command)
    return click.option(
        "--prune", is_flag=True, help="Remove what the import does not have, unless history mentions it."
    )(command)


@import_.command("csv")
@click.argument("folder", type=click.Path(path_type=Path))
@_common
def csv_(folder: Path, dry_run: bool, prune: bool) -> None:
    """Import a folder of CSV files (docs/import.md)."""
    _run(Folder(folder), dry_run=dry_run, prune=prune)


@import_.command()
@click.argument("source")
@click.option("--token-env", default="NETBOX_TOKEN", show_default=True, help="The variable that holds the API token.")
@_common
def netbox(source: str, token_env: str, dry_run: bool, prune: bool) -> None:
    """Import from NetBox: the URL of its REST API, or its JSON export as a file."""
    if source.startswith(("http://", "https://")):
        _run(NetBox(source, os.environ.get(token_env, "")), dry_run=dry_run, prune=prune)
    else:
        _run(Export(Path(source)), dry_run=dry_run, prune=prune)


def _run(source: importing.Source, *, dry_run: bool, prune: bool) -> None:
    """Exit status 0: done (or a dry run without problems); 1: problems, nothing was changed."""
    console, began = Console(), time.monotonic()
    columns = (TextColumn("{task.description:<20}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=max(total, 1))

        run = importing.plan if dry_run else importing.bring_in
        diff = run(source, prune=prune, progress=show)
    if diff.problems:
        print_problems(console, diff.problems)
        sys.exit(1)
    print_changes(console, diff)
    seconds = f"{time.monotonic() - began:.1f} s"
    if diff.is_empty:
        console.print(f"Nothing to change. {seconds}")
    else:
        console.print(f"{'Dry run: nothing was changed.' if dry_run else 'Imported.'} {seconds}")


def print_changes(console: Console, diff: importing.Diff) -> None:
    """The counts by kind of record, then examples."""
    grid = Grid("", "added", "changed", "removed", "kept", "unchanged")
    for column in grid.columns[1:]:
        column.justify = "right"
    for name, change in diff.changes.items():
        counts = (change.added, change.changed, change.removed, change.kept, change.unchanged)
        grid.add_row(name, *(f"{count:,}".replace(",", " ") if count else "·" for count in counts))
    console.print(grid)
    for name, change in diff.changes.items():
        for status, keys in change.examples.items():
            if status != "added" or name in {"sites", "devices"}:
                for key in keys:
                    console.print(f"  {status} {name}: {key}", markup=False, highlight=False, soft_wrap=True)
    if any(change.kept for change in diff.changes.values()) and not diff.prune:
        console.print("Kept: in Uzel and not in the import. --prune removes what history does not mention.")


def print_problems(console: Console, problems: Problems) -> None:
    """The first problems with file, line, column and reason; then how many of each there are."""
    for problem in problems.examples[:LISTED]:
        place = problem.file + (f":{problem.line}" if problem.line else "")
        column = f" {problem.column}:" if problem.column else ""
        value = f" «{problem.value}»" if problem.value else ""
        near = f" ({problem.near})" if problem.near else ""
        text = f"{place}:{column}{value} {REASONS[problem.reason]}{near}".removeprefix(": ")
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    grid = Grid("file", "reason", "rows")
    for (file, reason), count in problems.counts.most_common():
        grid.add_row(file, REASONS[reason], f"{count:,}".replace(",", " "))
    console.print(grid)
    console.print(f"{problems.total} problems. Nothing was imported.", style="bold red")
