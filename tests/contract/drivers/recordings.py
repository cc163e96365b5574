"""Our recordings of what devices print, and the parser that fits each."""

from pathlib import Path

from uzel.core.answers import Operation
from uzel.drivers import cli_table
from uzel.drivers.cli_drivers import DRIVERS

DATA = Path(__file__).parent / "data"
RECORDINGS = list(cli_table.recordings(DATA))
NAMES = [f"{driver}/{file.parent.name}/{file.name}" for driver, _, _, file in RECORDINGS]


def parsers(driver: str, operation: Operation) -> list:
    """The distinct parsers that a driver has for an operation, best way first."""
    return list(dict.fromkeys(ask.parse for ask in DRIVERS[driver].asks[operation]))


def best(driver: str, operation: Operation, text: str):
    """The parser that understands this recording best."""

    def rank(parse):
        parsed = parse(text)
        return (not parsed.not_understood, not parsed.doubts, len(parsed.rows))

    return max(parsers(driver, operation), key=rank)
