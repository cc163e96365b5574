"""`python -m bench [NAME ...]`: run the measurements (all of them without a name) and print a table.

Exit status 1 when a target was not reached or a measurement failed.
"""

import importlib
import json
import os
import pkgutil
import platform
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

import bench

VERDICT = {True: "[green]yes[/]", False: "[red]no[/]", None: "–"}


def main(names: list[str]) -> int:
    """Run the named measurements, print each as it ends, keep them in bench/out/figures.json."""
    every = sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_"))
    unknown = set(names) - set(every)
    if unknown:
        print(f"no such measurement: {', '.join(sorted(unknown))}; there are: {', '.join(every)}")
        return 2
    console = Console(width=int(os.environ.get("COLUMNS", "150")))
    console.print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {time.ctime()}")
    missed, kept = 0, []
    for name in names or every:
        module = importlib.import_module(f"bench.{name}")
        if not hasattr(module, "run"):
            continue
        summary = (module.__doc__ or "").splitlines()[0]
        table = Table(title=f"{name}: {summary}", title_justify="left", expand=True)
        for column in ("figure", "measured", "unit", "target", "reached", "against", "how"):
            table.add_column(column, justify="right" if column == "measured" else "left")
        try:
            for figure in module.run():
                kept.append(asdict(figure) | {"bench": name})
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
    out = Path(bench.__path__[0]) / "out"
    out.mkdir(exist_ok=True)
    (out / "figures.json").write_text(json.dumps(kept, ensure_ascii=False, indent=1))
    console.print(f"{len(kept)} figures, {missed} not reached or failed; kept in bench/out/figures.json")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
