"""From what a terminal gets to the lines that stand on it.

A device pages, erases the pager's line with carriage returns, backspaces or cursor codes, and ends lines with \\n\\r.
That is undone the way a terminal would.
"""

import re

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
# No switch prints a longer line: a flood is reported, not searched for rows (and not drawn).
LONGEST_LINE = 2_000
# No cursor goes further to the right: a line of 2,000 characters could draw as half a million.
COLUMNS = 512


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
