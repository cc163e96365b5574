"""Rows of an answer into which the switch printed its log: only those that the log cannot have spoiled.

A message that falls into the middle of a row splits it, and each half may look like a row of its own. Both are left
out and told. What comes after them is read as a text by itself: a heading may have been lost with them, under which
the figures that follow belong.
"""

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from uzel.core.answers import LogLine
from uzel.core.configs import BARE, LOGGED
from uzel.drivers.cli_screen import LONGEST_LINE, draw
from uzel.drivers.cli_text import Parsed

# A text that is full of log is a flood, or is a log.
MOST = 40
_MESSAGE = re.compile(rf"{LOGGED.pattern}|{BARE.pattern}|(?:CRIT|ERROR|WARN|NOTICE|INFO|DEBUG): [A-Za-z]")
# A clock alone in front of a message is a part of it, not the first half of a row.
_CLOCK = re.compile(r"(?:\d{4}[-/.]\d\d[-/.]\d\d[ T])?\d{1,2}:\d\d:\d\d")


@functools.cache
def guarded(parse: Callable[[str], Parsed[Any]]) -> Callable[[str], Parsed[Any]]:
    """The parser, with nothing spoilt among its rows; of one that is guarded already, itself."""
    if hasattr(parse, "__wrapped__"):
        return parse

    @functools.wraps(parse)
    def whole(text: str) -> Parsed[Any]:
        return _whole_rows(parse, text)

    return whole


def _whole_rows(parse: Callable[[str], Parsed[Any]], text: str) -> Parsed[Any]:
    """What a parser makes of a text. In the log itself, whose rows look like this, nothing is left out."""
    parsed = parse(text)
    if not _MESSAGE.search(text) or any(isinstance(row, LogLine) for row in parsed.rows):
        return parsed
    lines, rest = draw(text)
    pieces = list(_pieces(lines))
    if len(pieces) == 1 and not pieces[0][1]:
        return parsed
    rows: list[Any] = []
    missed: list[str] = []
    doubts: list[str] = []
    for at, (piece, spoilt) in enumerate(pieces):
        last = rest if at == len(pieces) - 1 and not _logged(rest) else ""
        part = parse("\n".join((*piece, last)))
        rows += part.rows
        missed += [*part.not_understood, *spoilt]
        doubts += part.doubts
    missed += [rest] if _logged(rest) else []
    return Parsed(tuple(rows), tuple(missed), tuple(doubts), parsed.cut)


def _logged(line: str) -> str:
    """What stands before a message of the log, stripped, or a dot for nothing; empty without a message."""
    found = _MESSAGE.search(line) if len(line) <= LONGEST_LINE else None
    if not found:
        return ""
    before = line[: found.start()].strip()
    return "." if not before or _CLOCK.fullmatch(before) else before


def _pieces(lines: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """The lines up to a row with a message in it, and what was left out there; lines that are a message anywhere."""
    piece: list[str] = []
    spoilt: list[str] = []
    count, half = 0, False
    for line in lines:
        before = _logged(line)
        if not half and not before:
            piece.append(line)
            continue
        if line.strip():
            spoilt.append(line.strip()[:LONGEST_LINE])
        if half or (before and before != "."):
            half = bool(before) and before != "."
            if not half and count < MOST:
                yield piece, spoilt
                piece, spoilt, count = [], [], count + 1
    yield piece, spoilt
