"""What a driver reads in its recordings now, written beside them as the results to expect.

    python -m uzel.drivers.cli_expect tests/contract/drivers/data/<driver>

Look through the difference before it is committed: a test holds every reading from now on against it.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from uzel.core.answers import Operation
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_page import Ask
from uzel.drivers.cli_text import Parsed


def expected(way: Ask, parsed: Parsed[Any]) -> str:
    """The rows of an answer and what was not understood of it, with the command that it answers, as JSON."""
    told = {
        "asked": way.command,
        "rows": [asdict(row) for row in parsed.rows],
        "not_understood": list(parsed.not_understood),
        "doubts": list(parsed.doubts),
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def best(ways: Sequence[Ask], text: str) -> Ask:
    """The way whose parser understands a text best."""

    def rank(way: Ask) -> tuple[bool, bool, int]:
        parsed = way.parse(text)
        return not parsed.not_understood, not parsed.doubts, len(parsed.rows)

    return max(ways, key=rank)


def write(folder: Path) -> Iterator[tuple[Path, Parsed[Any]]]:
    """Write the results beside the recordings of a driver; the way stays that of the result that is there."""
    asks = DRIVERS[folder.name].asks
    for file in sorted(folder.glob("*/*.txt")):
        ways, beside = asks[Operation(file.name.split(".")[0])], file.with_suffix(".json")
        text = file.read_bytes().decode()
        asked = json.loads(beside.read_text())["asked"] if beside.exists() else ""
        way = next((way for way in ways if way.command == asked), None) or best(ways, text)
        parsed = way.parse(text)
        beside.write_text(expected(way, parsed))
        yield file, parsed


if __name__ == "__main__":
    for file, parsed in write(Path(sys.argv[1])):
        print(f"{file}: {len(parsed.rows)} rows, {len(parsed.not_understood)} lines not understood")
        for line in parsed.not_understood:
            print("    ", line[:150])
