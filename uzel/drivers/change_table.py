"""The table of docs/changes.md: what is typed at which make, and on what that rests.

python -m uzel.drivers.change_table docs/changes.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from uzel.core.changes import OF_A_PORT, Kind
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_page import Page, Way

BEGIN, END = "<!-- table: python -m uzel.drivers.change_table docs/changes.md -->", "<!-- end of table -->"
_VRP8 = "VRP 8"


def _typed(way: Way) -> str:
    """The lines of a way on one line of the table."""
    lines = [*way.first.split("\n"), *way.do.split("\n"), *way.after.split("\n")]
    shown = "; ".join(f"`{line}`" for line in lines if line)
    return f"{shown} ({_VRP8})" if way.only else shown


def _undone(kind: Kind, ways: tuple[Way, ...]) -> str:
    if kind is Kind.DESCRIPTION:
        return "the same with the old text"
    each = ["; ".join(f"`{line}`" for line in way.undo.split("\n") if line) for way in ways]
    return "<br>".join(each) if any(each) else "–"


def _rows(page: Page) -> Iterator[str]:
    for kind, ways in page.changes.items():
        typed = "<br>".join(_typed(way) for way in ways)
        check = ways[0].check.value if kind in OF_A_PORT else "its own word"
        marks = "<br>".join(way.mark.value for way in ways)
        yield f"| {kind.value} | {typed} | {check} | {_undone(kind, ways)} | {marks} |"


def table() -> str:
    """Every make's changes, one under the other."""
    parts = []
    for page in DRIVERS.values():
        if page.changes:
            head = ["| change | typed | check | taken back by | rests on |", "|---|---|---|---|---|"]
            parts += [f"\n**{page.title}**\n", *head, *_rows(page)]
    return "\n".join(parts).strip("\n")


def document(text: str) -> str:
    """The page with its table as it has to be now."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(document(path.read_text()))
