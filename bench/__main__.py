"""`python -m bench [NAME ...]`: run the measurements (all of them without a name) and print a table.

What was measured is kept in bench/out, a file a measurement; `python -m bench --page` puts it into docs/figures.md,
where the parts that were not measured anew stay as they were, each with its date.
Exit status 1 when a target was not reached or a measurement failed.
"""

import importlib
import json
import os
import pkgutil
import platform
import re
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import bench

VERDICT = {True: "[green]yes[/]", False: "[red]no[/]", None: "–"}
OUT = Path(bench.__path__[0]) / "out"
PAGE = OUT.parents[1] / "docs" / "figures.md"


def machine() -> str:
    """Where and when, in one line."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {time.ctime()}"


def keep(name: str, summary: str, figures: list[bench.Figure]) -> None:
    """Keep what one measurement gave, with the machine and its load."""
    OUT.mkdir(exist_ok=True)
    load = ", ".join(f"{it:.1f}" for it in os.getloadavg())
    kept = {"summary": summary, "where": f"{machine()}, load {load}", "figures": [asdict(it) for it in figures]}
    (OUT / f"{name}.figures.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1))


HEAD = """# Figures

Measured by `make bench`; `python -m bench NAME` runs one part. Written by `python -m bench --page`.
Ratios stand against a named baseline in the same run; the machine is small and shared.
Each part says when it was measured; a part that is older than the code is to be run again.
"""


def write_page() -> None:
    """docs/figures.md: what is kept in bench/out, beside the parts of the page that were not measured anew."""
    old = re.split(r"^## (\w+)\n", PAGE.read_text() if PAGE.is_file() else "", flags=re.MULTILINE)
    parts = dict(zip(old[1::2], old[2::2], strict=True))
    for file in OUT.glob("*.figures.json"):
        name = file.name.removesuffix(".figures.json")
        parts[name] = _part(name, json.loads(file.read_text()))
    PAGE.write_text(HEAD + "".join(f"\n## {name}\n\n{parts[name].strip()}\n" for name in sorted(parts)))


def _part(name: str, kept: dict[str, Any]) -> str:
    lines = [f"{kept['summary']} `python -m bench {name}`, {kept['where']}.", ""]
    lines += ["| figure | measured | target | reached | against | how |", "|---|---|---|---|---|---|"]
    for row in kept["figures"]:
        figure = bench.Figure(**row)
        reached = {True: "yes", False: "**no**", None: ""}[figure.reached]
        cells = [figure.name, f"{figure.value:,.4g} {figure.unit}", figure.target, reached]
        cells += [figure.baseline, figure.note]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines)


def main(names: list[str]) -> int:
    """Run the named measurements, print each as it ends, keep them in bench/out."""
    if names == ["--page"]:
        write_page()
        return 0
    every = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    unknown = set(names) - set(every)
    if unknown:
        print(f"no such measurement: {', '.join(sorted(unknown))}; there are: {', '.join(every)}")
        return 2
    console = Console(width=int(os.environ.get("COLUMNS", "150")))
    console.print(machine())
    missed = count = 0
    for name in names or every:
        module = importlib.import_module(f"bench.{name}")
        if not hasattr(module, "run"):
            continue
        summary = (module.__doc__ or "").splitlines()[0]
        table = Table(title=f"{name}: {summary}", title_justify="left", expand=True)
        for column in ("figure", "measured", "unit", "target", "reached", "against", "how"):
            table.add_column(column, justify="right" if column == "measured" else "left")
        figures: list[bench.Figure] = []
        try:
            for figure in module.run():
                figures.append(figure)
                missed += figure.reached is False
                table.add_row(
                    figure.name, f"{figure.value:,.4g}", figure.unit, figure.target,
                    VERDICT[figure.reached], figure.baseline, figure.note,
                )  # fmt: skip
        except Exception:
            missed += 1
            console.print(f"[red]{name} failed[/]")
            traceback.print_exc()
        console.print(table)
        keep(name, summary, figures)
        count += len(figures)
    console.print(f"{count} figures, {missed} not reached or failed; kept in bench/out")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
