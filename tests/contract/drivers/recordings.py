"""Our recordings of what devices print, and the parser that fits each."""

from functools import cache
from pathlib import Path

from uzel.core.answers import Operation
from uzel.drivers import cli_expect, cli_table
from uzel.drivers.cli_drivers import DRIVERS

DATA = Path(__file__).parent / "data"
RECORDINGS = list(cli_table.recordings(DATA))
NAMES = [f"{driver}/{file.parent.name}/{file.name}" for driver, _, _, file in RECORDINGS]


@cache
def best(driver: str, operation: Operation, text: str):
    """The parser that understands this recording best."""
    return cli_expect.best(DRIVERS[driver].asks[operation], text).parse


# Of each recording the parser and the text.
TEXTS = {
    name: (best(d, o, f.read_bytes().decode()), f.read_bytes().decode())
    for name, (d, o, _, f) in zip(NAMES, RECORDINGS, strict=True)
}
