"""What somebody types at a terminal: lines with rubbing out and echo, or single keys."""

from collections.abc import Callable

ENTER, _ERASE, CTRL_C = "\r\n", "\b\x7f", "\x03"
# What is typed ahead of that is lost.
MOST_TYPED = 8192
_LONGEST_LINE = 1024


class Keyboard:
    """Gives what is typed to whoever reads now; what nobody reads yet waits."""

    def __init__(self, say: Callable[[str], None], raw: Callable[[str], None]) -> None:
        self._say, self._raw = say, raw
        self._typed, self._waiting = "", ""
        self._echo = "plain"
        self._on_line: Callable[[str], None] | None = None
        self._on_key: Callable[[str], None] | None = None
        self._after_return = self._taking = False

    def feed(self, text: str) -> None:
        """Take keys."""
        self._waiting = (self._waiting + text)[:MOST_TYPED]
        self.take()

    def ask(self, question: str, then: Callable[[str], None], echo: str = "plain") -> None:
        """Put a question; `then` gets the next line. `echo`: plain, stars or none."""
        self._say(question)
        self._echo, self._on_line, self._on_key = echo, then, None

    def press(self, then: Callable[[str], None]) -> None:
        """`then` gets every key from now on."""
        self._on_key = then

    def rest(self) -> None:
        """Nobody reads for now."""
        self._on_line = self._on_key = None

    def take(self) -> None:
        """Go through what was typed, as long as somebody reads it."""
        if self._taking:
            return
        self._taking = True
        while self._waiting and (self._on_key or self._on_line):
            key, self._waiting = self._waiting[0], self._waiting[1:]
            if self._after_return and key in "\n\0":
                self._after_return = False
                continue
            self._after_return = key == "\r"
            if self._on_key:
                self._on_key(key)
            else:
                self._type(key)
        self._taking = False

    def _type(self, key: str) -> None:
        if key in ENTER:
            typed, self._typed = self._typed, ""
            on_line, self._on_line = self._on_line, None
            self._say("\n")
            if on_line:
                on_line(typed)
        elif key in _ERASE:
            if self._typed:
                self._typed = self._typed[:-1]
                self._raw("\b \b" if self._echo != "none" else "")
        elif key == CTRL_C:
            self._typed = ""
        elif key >= " " and len(self._typed) < _LONGEST_LINE:
            self._typed += key
            self._raw({"plain": key, "stars": "*", "none": ""}[self._echo])
