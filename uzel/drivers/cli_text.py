"""From the bytes of a terminal to lines, and from lines to an answer that owns up to what it did not understand.

A device draws for a human: it pages, erases the pager's line with carriage returns, backspaces or cursor codes, ends
lines with \\n\\r, and echoes prompt and command. `Sheet` undoes that the way a terminal would, and counts every line.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

# Pager texts of all makes; blanked (not cut), because the cursor codes that follow count their width.
PAGER = re.compile(
    r"CTRL\+C[^\r\n\x08\x1b]{0,200}?(?:\ba (?:All|ALL)\b|\br Refresh\b|(?=[\r\n\x08\x1b]))"
    r"|-{2,4} ?(?:More|MORE|more) ?-{2,4}"
    r"|<-+ ?More ?-+>"
    r"|More: <space>,[^\r\n\x08\x1b]{0,200}"
)
_CLEAR = "\x1b[2J"
_CONTROL = re.compile(r"[\r\x08\x1b\x00\x07]")
_PLAIN = re.compile(r"[^\x00-\x08\x0a-\x1f]+")
_CODE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\x1b[()][A-Za-z0-9]|\x1b.")
_VERBS = r"(?:show?|sh|display|disp?|dis|cable_diag|cable|ping|test|virtual-cable-test|debug)"
_HOST = r"(?:<[^<>\s]{1,64}>|\[[~*]?[^\[\]\s]{1,64}\]|[^\s#>|]{1,64}[#>])"
_PROMPT = re.compile(rf"^{_HOST}\s*(?:{_VERBS}\b.*)?$")
_ECHO = re.compile(rf"^\s?{_VERBS} [a-z\d-].*$")
# A line of nothing but these is drawn for the eye.
_RULE = " \t-=+_*~|."


def _is_prompt(line: str) -> bool:
    """A prompt, with the command typed after it or without. Looked for only where the end of its name stands."""
    return ("#" in line or ">" in line or "]" in line) and bool(_PROMPT.match(line))


# No switch prints a longer line: a flood is reported, not searched for rows (and not drawn).
LONGEST_LINE = 2_000
# Nor many that are wider than this (the widest of all recordings has 240 characters). To search a line takes up to the
# square of its length: when so many wide ones have been looked at, the others are only reported.
WIDE_LINE, MOST_WIDE = 250, 20
# No cursor goes further to the right: a line of 2,000 characters could draw as half a million.
COLUMNS = 512


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


def _draw(raw: str) -> str:
    """One line as it would stand on a terminal after its control characters."""
    if len(raw) > LONGEST_LINE:
        return raw
    # At either end a return moves nothing: D-Link's lines end with \n\r, so every one of them begins with one.
    raw = raw.strip("\r")
    cleared = raw.rfind(_CLEAR)
    if cleared >= 0 and raw[cleared - 1 : cleared] != "\x1b":
        raw = raw[cleared + len(_CLEAR) :]  # of what stood there before, nothing is seen
    if "CTRL" in raw or "ore" in raw or "ORE" in raw:
        raw = PAGER.sub(lambda found: " " * len(found.group()), raw)
    if not _CONTROL.search(raw):
        return raw
    return _Row().drawn(raw)


class _Row:
    """A line of a terminal: its characters, where the cursor is, and whether anything but blanks stands there."""

    def __init__(self) -> None:
        self.cells: list[str] = []
        self.at = 0
        self.has_text = False

    def drawn(self, raw: str) -> str:
        """What stands there after these characters."""
        i = 0
        while i < len(raw):
            char = raw[i]
            if char == "\x1b":
                code = _CODE.match(raw, i)
                if code is None:
                    break
                self._obey(code.group(1) or "", code.group(2) or "")
                i = code.end()
                continue
            if found := _PLAIN.match(raw, i):
                self._write(found.group())
                i = found.end()
                continue
            i += 1
            if char == "\r":
                self.at = 0
            elif char == "\b":
                self.at = max(0, self.at - 1)
        return "".join(self.cells)

    def _write(self, plain: str) -> None:
        covers = self.at < len(self.cells)
        self.cells.extend(" " * (self.at - len(self.cells)))
        self.cells[self.at : self.at + len(plain)] = plain
        self.at += len(plain)
        if plain.strip():
            self.has_text = True
        elif covers:
            self._look()

    def _look(self) -> None:
        self.has_text = self.has_text and bool("".join(self.cells).strip())

    def _obey(self, numbers: str, letter: str) -> None:
        """Move the cursor or erase (ECMA-48). Up and colours leave it where it is."""
        first = numbers.split(";")[0]
        count = min(int(first), COLUMNS) if first.isdigit() else 1
        if letter == "D":
            self.at = max(0, self.at - count)
        elif letter == "C":  # D-Link steps up and right over the pager's line: nothing of ours stands there
            self.at = max(self.at, min(self.at + count, COLUMNS)) if self.has_text else self.at
        elif letter == "K":
            del self.cells[0 if first == "2" else self.at :]
            self.at = 0 if first == "2" else self.at
            self._look()
        elif letter == "J":
            self.cells.clear()
            self.at, self.has_text = 0, False


def _is_plain(line: str) -> bool:
    """Most lines are as they are: neither control characters in them, nor a pager."""
    return line.isprintable() and "ore" not in line and "CTRL" not in line and "ORE" not in line


def draw(text: str) -> tuple[list[str], str]:
    """The lines of a terminal's text, without ends and trailing blanks, and the unfinished last line ("" if none)."""
    # Returns at either end of a line move nothing; D-Link's lines end with \n\r.
    *whole, rest = text.replace("\r\n", "\n").replace("\n\r", "\n").split("\n")
    # A \r at the very end finishes the line: it is half of \r\n, or the start of \r\n cut in two.
    if rest.endswith("\r") and rest.strip() and _draw(rest.rstrip("\r")).strip():
        whole.append(rest.rstrip("\r"))
        rest = ""
    return [(line if _is_plain(line) else _draw(line)).rstrip() for line in whole], _draw(rest).rstrip()


def unfinished(line: str) -> str:
    """The last line of a terminal, as `draw` has it, when it is known to be alone."""
    return line.rstrip() if _is_plain(line) else draw(line)[1]


def written(text: str) -> list[str]:
    """The whole lines with something on them, stripped."""
    return [stripped for line in draw(text)[0] if (stripped := line.strip())]


def top(text: str, wanted: int) -> list[str]:
    """As `written`, but no more than the beginning is looked at, where it has as many lines as wanted."""
    head = text.split("\n", 3 * wanted)
    lines = written("\n".join((*head[:-1], ""))) if len(head) > 3 * wanted else []
    return lines if len(lines) >= wanted else written(text)


class Sheet(Generic[T]):
    """A text being parsed: gives the lines that may hold data, collects rows and what was not understood."""

    def __init__(self, text: str, furniture: str = "") -> None:
        """`furniture` is a pattern (case ignored, whole line) of headings and footers of this output."""
        self._lines, rest = draw(text)
        self._furniture = re.compile(rf"\s*(?:{furniture})\s*", re.IGNORECASE) if furniture else None
        rest = rest if len(rest) <= LONGEST_LINE else rest[:80] + "…"
        self.cut = bool(rest.strip()) and not _is_prompt(rest.strip())
        self._rest = rest if self.cut else ""
        self.rows: list[T] = []
        self._missed: list[str] = []
        self._doubts: list[str] = []

    def __iter__(self) -> Iterator[str]:
        first, furniture, wide = True, self._furniture, 0
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
            if furniture is None or not furniture.fullmatch(line):
                yield line

    def miss(self, line: str) -> None:
        """Report a line that gave nothing."""
        self._missed.append(line.strip())

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
        missed = [*self._missed, self._rest.strip()] if self.cut and not is_furniture else self._missed
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
