"""The command `uzel import`."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder
from uzel.subscribers.importing.netbox import Export, NetBox
from uzel.subscribers.importing.problems import REASONS, Cause, Problem, Problems

# How many problems are printed without --all, shared by their kinds: one of each kind whatever their number.
LISTED = 40


@click.group("import")
def import_() -> None:
    """Bring in a whole network and its subscribers: all of it or nothing."""


def _common(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--dry-run", is_flag=True, help="Only tell what would change.")(command)
    command = click.option(
        "--all", "whole", is_flag=True, help="Print every bad row and every row that refers to one, not only the first."
    )(command)
    return click.option(
        "--prune", is_flag=True, help="Remove what the import does not have, unless history mentions it."
    )(command)


@import_.command("csv")
@click.argument("folder", type=click.Path(path_type=Path))
@_common
def csv_(folder: Path, **how: bool) -> None:
    """Import a folder of CSV files (docs/import.md)."""
    _run(Folder(folder), **how)


@import_.command()
@click.argument("source")
@click.option("--token-env", default="NETBOX_TOKEN", show_default=True, help="The variable that holds the API token.")
@_common
def netbox(source: str, token_env: str, **how: bool) -> None:
    """Import from NetBox: the URL of its REST API, or its JSON export as a file."""
    if source.startswith(("http://", "https://")):
        _run(NetBox(source, os.environ.get(token_env, "")), **how)
    else:
        _run(Export(Path(source)), **how)


def _run(source: importing.Source, *, dry_run: bool, prune: bool, whole: bool) -> None:
    """Exit status 0: done (or a dry run without problems); 1: problems, nothing was changed."""
    console, began = Console(), time.monotonic()
    columns = (TextColumn("{task.description:<20}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=max(total, 1))

        run = importing.plan if dry_run else importing.bring_in
        diff = run(source, prune=prune, progress=show, whole=whole)
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
        grid.add_row(name, *(_grouped(count) if count else "·" for count in counts))
    console.print(grid)
    for name, change in diff.changes.items():
        for status, keys in change.examples.items():
            if status != "added" or name in {"sites", "devices"}:
                for key in keys:
                    console.print(f"  {status} {name}: {key}", markup=False, highlight=False, soft_wrap=True)
    if any(change.kept for change in diff.changes.values()) and not diff.prune:
        console.print("Kept: in Uzel and not in the import. --prune removes what history does not mention.")


def print_problems(console: Console, problems: Problems) -> None:
    """The problems with file, line, column and reason, each with what follows from it; then how many of each kind."""
    left = dict(problems.following)
    behind: dict[Cause | None, list[Problem]] = {}
    for follower in problems.followers:
        behind.setdefault(follower.cause, []).append(follower)
    listed = problems.examples if problems.whole else problems.shared(LISTED)
    for problem in listed:
        cause = Cause(problem.file, problem.line, problem.reason)
        files = left.pop(cause, None)
        _line(console, _told(problem) + (f"; {_behind(files)}" if files else ""))
        for follower in behind.pop(cause, ()):
            where = f"{_place(follower)}: {follower.column}: «{follower.value}»"
            _line(console, f"  {where} follows from {_place(problem)}")
    grid = Grid("file", "reason", "rows", "refer to them")
    follow: Counter[tuple[str, str]] = Counter()
    for cause, files in problems.following.items():
        follow[cause.file, cause.reason] += files.total()
    for (file, reason), count in problems.counts.most_common():
        grid.add_row(file, REASONS[reason], _grouped(count), _grouped(follow[file, reason]) if follow else "")
    console.print(grid)
    many = "problem" if problems.total == 1 else "problems"
    others = f", and {_rows(problems.followed)} that refer to them" if follow else ""
    hint = " --all lists every one." if not problems.whole and (follow or problems.total > len(listed)) else ""
    console.print(f"{problems.total} {many}{others}. Nothing was imported.{hint}", style="bold red", soft_wrap=True)


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def _place(problem: Problem) -> str:
    return problem.file + (f":{problem.line}" if problem.line else "")


def _told(problem: Problem) -> str:
    column = f" {problem.column}:" if problem.column else ""
    value = f" «{problem.value}»" if problem.value else ""
    near = f" ({problem.near})" if problem.near else ""
    return f"{_place(problem)}:{column}{value} {REASONS[problem.reason]}{near}".removeprefix(": ")


def _behind(files: Mapping[str, int]) -> str:
    """«and 212 rows that refer to it (ports.csv 28, services.csv 184)»."""
    by_file = ", ".join(f"{file} {_grouped(count)}" for file, count in files.items())
    return f"and {_rows(sum(files.values()))} that refer to it ({by_file})"


def _rows(count: int) -> str:
    return f"{_grouped(count)} {'row' if count == 1 else 'rows'}"


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", " ")
