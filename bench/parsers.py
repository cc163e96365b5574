"""How much of what real switches printed is understood, and how fast."""

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench import Figure
from uzel.drivers import cli_report
from uzel.drivers.dlink_tables import parse_fdb

CAPTURES = Path(os.environ.get("UZEL_CAPTURES", Path(__file__).parents[2] / "shared" / "captures"))


def run() -> Iterator[Figure]:
    """The share of rows understood per driver (needs the folder of recordings), and the time of a full MAC table."""
    sums: dict[str, list[int]] = {}
    for (driver, _), tally in cli_report.tallies(CAPTURES / "cli").items():
        good, total, files = sums.setdefault(driver, [0, 0, 0])
        rows = tally.rows - min(tally.doubts, tally.rows)
        sums[driver] = [good + rows, total + tally.rows + tally.not_understood, files + tally.files]
    for driver, (good, total, files) in sorted(sums.items()):
        yield Figure(
            f"CLI rows understood, {driver}", 100 * good / total, "%", ">= 99", note=f"{total} rows of {files} files"
        )
    row = "1    default                          02-21-91-{:02X}-{:02X}-B3 {:<4} Dynamic\n"
    table = "".join(row.format(n // 256, n % 256, n % 28 + 1) for n in range(8192))
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        parsed = parse_fdb(table)
        taken.append(time.perf_counter() - begun)
    middle = 1000 * statistics.median(taken)
    yield Figure("MAC table of 8,192 rows parsed", middle, "ms", note=f"{len(parsed.rows)} rows")
