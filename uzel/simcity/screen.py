"""What stands on the screen of a terminal: text, pages that are turned, screens that refresh themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from uzel.simcity.keyboard import CTRL_C, ENTER, Keyboard
from uzel.simcity.shell import Dialect

_ESCAPE = "\x1b"
REFRESH_S = 2.0
_QUIT = ("q", _ESCAPE, CTRL_C)
# Gives the pages of a screen that refreshes itself, as things are now.
Draw = Callable[[], Sequence[str]]


class Later(Protocol):
    """What `call_later` of a loop gives."""

    def cancel(self) -> None:
        """Let it not happen."""


@dataclass(frozen=True, slots=True)
class Wires:
    """How a terminal reaches the world."""

    write: Callable[[bytes], None]
    close: Callable[[], None]
    later: Callable[[float, Callable[[], None]], Later]


class Screen:
    """The screen and the keyboard of one session. Nothing is drawn any more once `is_alive` says no."""

    def __init__(self, dialect: Dialect, wires: Wires, is_alive: Callable[[], bool]) -> None:
        self._dialect, self._wires, self._is_alive = dialect, wires, is_alive
        self.keys = Keyboard(self.say, self.raw)
        self._timer: Later | None = None

    def raw(self, text: str) -> None:
        """Send as it is."""
        if text:
            self._wires.write(text.encode())

    def say(self, text: str) -> None:
        """Send text with the make's line ends."""
        self.raw(text.replace("\n", self._dialect.line_end))

    def stop(self) -> None:
        """Wait for nothing, read nothing."""
        self.keys.rest()
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def later(self, seconds: float, run: Callable[[], None]) -> None:
        """Do something later; what is typed meanwhile waits."""
        self.keys.rest()
        self._timer = self._wires.later(seconds, run)

    def page(self, lines: Sequence[str], done: Callable[[], None]) -> None:
        """Show lines page by page."""
        rows = self._dialect.rows
        if len(lines) <= rows + 1:
            self.say("\n".join(lines))
            done()
            return
        self.say("\n".join(lines[:rows]) + "\n")
        self._pause(lines[rows:], done)
        self.keys.take()

    def _pause(self, rest: Sequence[str], done: Callable[[], None]) -> None:
        self.raw(self._dialect.pager)
        self.keys.press(lambda key: self._turn(key, rest, done))

    def _turn(self, key: str, rest: Sequence[str], done: Callable[[], None]) -> None:
        if key not in (*_QUIT, *"an \r\nbY"):
            return
        self.keys.rest()
        self.raw(self._dialect.erase)
        if key in _QUIT:
            done()
        elif key in ("a", "Y"):
            self.say("\n".join(rest))
            done()
        elif key in ENTER and len(rest) > 2:
            self.say(rest[0] + "\n")
            self._pause(rest[1:], done)
        else:
            self.page(rest, done)

    def watch(self, draw: Draw, done: Callable[[], None], at: int = 0, pages: Sequence[str] | None = None) -> None:
        """Show a page of a screen that refreshes itself, and draw it again after a while, until somebody quits.

        `pages`: what was drawn a moment ago, of which another page is wanted.
        """
        if not self._is_alive():
            return
        pages = pages or draw()
        at = max(0, min(at, len(pages) - 1))
        self.say(pages[at])
        self.raw(self._dialect.refresh)
        self.keys.press(lambda key: self._browse(key, draw, done, at, pages))
        self._timer = self._wires.later(REFRESH_S, lambda: self._again(draw, done, at))
        self.keys.take()

    def _again(self, draw: Draw, done: Callable[[], None], at: int, pages: Sequence[str] | None = None) -> None:
        if self._is_alive():
            self.raw("\x1b[2J\x1b[1;1H")
            self.watch(draw, done, at, pages)

    def _browse(self, key: str, draw: Draw, done: Callable[[], None], at: int, pages: Sequence[str]) -> None:
        if key in _QUIT:
            self.stop()
            self.raw(self._dialect.erase)
            self.say("\n")
            done()
        elif key in " npr":
            self.stop()
            self._again(draw, done, at + {" ": 1, "n": 1, "p": -1, "r": 0}[key], pages if key != "r" else None)
