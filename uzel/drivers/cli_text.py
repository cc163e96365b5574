"""From the lines of a terminal to an answer that owns up to what it did not understand.

A device draws for a human: `Sheet` leaves out what is drawn for the eye, echoes and prompts, and counts every line.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from uzel.drivers.cli_screen import LONGEST_LINE, draw

T = TypeVar("T")

_VERBS = r"(?:show?|sh|display|disp?|dis|cable_diag|cable|ping|test|virtual-cable-test|debug)"
_HOST = r"(?:<[^<>\s]{1,64}>|\[[~*]?[^\[\]\s]{1,64}\]|[^\s#>|]{1,64}[#>])"
_PROMPT = re.compile(rf"^{_HOST}\s*(?:{_VERBS}\b.*)?$")
_ECHO = re.compile(rf"^\s?{_VERBS} [a-z\d-].*$")
# A prompt glued onto a line: of a host's name (a syslog's <189> is none). Two words apart from data: `int#1`, `<1>`.
_GLUED = re.compile(r"(<[A-Za-z][^<>\s]{0,63}>|\[[~*]?[A-Za-z][^\[\]\s]{0,63}\]|[A-Za-z\d][\w.:/-]{0,63}[#>])(?=\s*\S)")
# A line of nothing but these is drawn for the eye.
_RULE = " \t-=+_*~|."


def _is_prompt(line: str) -> bool:
    """A prompt, with the command typed after it or without. Looked for only where the end of its name stands."""
    return ("#" in line or ">" in line or "]" in line) and bool(_PROMPT.match(line))


def _hosts(lines: list[str]) -> frozenset[str]:
    """The prompts that stand alone, or before a command, at either end of an answer."""
    found = (_PROMPT.match(line) and _GLUED.match(f"{line}.") for line in (*lines[:3], *lines[-2:]) if len(line) <= 250)
    return frozenset(prompt.group(1) for prompt in found if prompt)


# Few lines are wider than this (the widest of all recordings has 240 characters). To search one takes up to the square
# of its length: when so many wide ones have been looked at, the others are only reported.
WIDE_LINE, MOST_WIDE = 250, 20


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """An answer. `not_understood`: lines that gave nothing. `doubts`: lines whose row is there with a field left None.

    `cut`: the text ended in the middle of a line (the device hung, the session was cut). That last line is never made
    into a row, because a cut number looks like a number.
    """

    rows: tuple[T, ...] = ()
    not_understood: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    cut: bool = False

    @property
    def understood(self) -> float:
        """The share of lines with data that were understood whole, 0…1."""
        everything = len(self.rows) + len(self.not_understood)
        return 1.0 if not everything else (len(self.rows) - min(len(self.doubts), len(self.rows))) / everything


class Sheet(Generic[T]):
    """A text being parsed: gives the lines that may hold data, collects rows and what was not understood.

    A line before the first row of which the parser makes nothing (no row, no `miss`, no `use`) is reported here, so
    that a head in an unknown shape does not take the lines below it along in silence.
    """

    def __init__(self, text: str, furniture: str = "", *, head: str = "", prose: bool = False) -> None:
        """Patterns ignore case. `furniture` is one of headings and footers of this output, for whole lines.

        `head` is one of whatever looks like the first line of a block, from the start of the line. A line that looks so
        and gave no row is reported, with all lines up to the next one: they are not the former block's.
        `prose`: lines without a fact are to be expected, and reported only if the whole text gave no row.
        """
        self._lines, rest = draw(text)
        self._rest_seen = rest
        self._furniture = re.compile(rf"\s*(?:{furniture})\s*", re.IGNORECASE) if furniture else None
        self._head = re.compile(head, re.IGNORECASE) if head else None
        self._prose, self._used, self._passed = prose, False, list[str]()
        rest = rest if len(rest) <= LONGEST_LINE else rest[:80] + "…"
        self.cut = bool(rest.strip()) and not _is_prompt(rest.strip())
        self._rest = rest if self.cut else ""
        self.rows: list[T] = []
        self._missed: list[str] = []
        self._doubts: list[str] = []

    def __iter__(self) -> Iterator[str]:
        first, furniture, wide = True, self._furniture, 0
        hosts = _hosts([line.strip() for line in (*self._lines, self._rest_seen)])
        is_open = self._head is None
        for line in self._lines:
            wide += len(line) > WIDE_LINE
            if len(line) > LONGEST_LINE or (len(line) > WIDE_LINE and wide > MOST_WIDE):
                self.miss(line[:80] + "…")
                continue
            stripped = line.strip()
            if not stripped.strip(_RULE):
                continue
            if stripped.startswith("Command:") or _is_prompt(stripped) or (first and _ECHO.match(line)):
                first = False
                continue
            first = False
            glued = _GLUED.match(line)
            # A name that is seen nowhere else may be data (D-Link's interfaces are named at will): it is told.
            odd = line if glued and glued.group(1) not in hosts else ""
            line = line[glued.end() :] if glued else line
            if furniture is not None and furniture.fullmatch(line):
                continue
            is_head = self._head is not None and self._head.match(line) is not None
            if not (is_open or is_head):
                self.miss(line)
                continue
            if odd and not self._prose:  # prose has a column "Device#"
                self.doubt(odd)
            rows, told, self._used = len(self.rows), len(self._missed) + len(self._doubts), False
            yield line
            is_open = len(self.rows) > rows if is_head else is_open
            nothing = not is_open if is_head else not (self.rows or self._used)
            if nothing and told == len(self._missed) + len(self._doubts):
                (self._passed if self._prose else self._missed).append(line.strip())

    def use(self) -> None:
        """Say that the line at hand was understood, though it gives no row, or none yet."""
        self._used = True

    def miss(self, line: str) -> None:
        """Report a line that gave nothing."""
        self._missed.append(line.strip())

    @property
    def lost(self) -> int:
        """How many lines gave nothing so far, with the one in the middle of which the text ended."""
        return len(self._missed) + self.cut

    def doubt(self, line: str) -> None:
        """Report a line that gave a row with a field unknown."""
        self._doubts.append(line.strip())

    def each(self, pattern: re.Pattern[str], make: Callable[[re.Match[str]], T]) -> Parsed[T]:
        """An answer of which every line of data has this somewhere in it: a row from each, the others reported."""
        for line in self:
            found = pattern.search(line)
            if found:
                self.rows.append(make(found))
            else:
                self.miss(line)
        return self.parsed()

    def parsed(self) -> Parsed[T]:
        is_furniture = self._furniture is not None and self._furniture.fullmatch(self._rest)
        missed = self._missed if self.rows else [*self._missed, *self._passed]
        if self.cut and not is_furniture:
            missed = [*missed, self._rest.strip()]
        return Parsed(tuple(self.rows), tuple(missed), tuple(self._doubts), self.cut)


_HEX = re.compile(r"[0-9A-Fa-f]{12}")


def mac(text: str) -> str | None:
    """Twelve lower-case hex digits from any way of writing a MAC, or None."""
    digits = re.sub(r"[-:.]", "", text.strip())
    return digits.lower() if _HEX.fullmatch(digits) else None


def lldp_value(field: str, value: str) -> str | None:
    """A value of LLDP: ids that are MACs as twelve digits; a name or description stays as sent, even if it is a MAC."""
    return (mac(value) if field in ("chassis_id", "port_id") else None) or value or None


def number(text: str | None) -> int | None:
    """A whole number from its decimal text (spaces and commas between thousands allowed), or None."""
    digits = (text or "").strip().replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None


def decimal(text: str | None) -> float | None:
    """A number from its text, or None ("N/A", "-", "--")."""
    found = re.fullmatch(r"\s*([-+]?\d{1,12}(?:\.\d{1,12})?)\s*", text or "")
    return float(found.group(1)) if found else None


_UNITS = {"day": 86400, "hour": 3600, "min": 60, "sec": 1, "week": 604800, "year": 31536000}


def uptime(text: str) -> int | None:
    """Seconds from "3 weeks, 2 days, 4 hours, 5 minutes", "32 days 12 hours 17 mins", "9day 7hour" or "0:1:34:53"."""
    clock = re.fullmatch(r"\s*(\d+):(\d+):(\d+):(\d+)\s*", text)
    if clock:
        days, hours, minutes, seconds = map(int, clock.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + seconds
    parts = re.findall(r"(\d+) ?(year|week|day|hour|min|sec)", text.lower())
    return sum(int(count) * _UNITS[unit] for count, unit in parts) if parts else None
