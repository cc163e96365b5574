"""The line discipline of a switch: login, echo, prompt, pager, questions, screens that refresh themselves.

Knows no transport: bytes of the terminal come in by `feed`, bytes go out by `write`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from uzel.simcity.shell import ACCOUNTS, Dialect, Reply, Session, Shells, find
from uzel.simcity.world import Device, spread

_ENTER, _ERASE, _CTRL_C, _ESCAPE = "\r\n", "\b\x7f", "\x03", "\x1b"
_TRIES = 3
REFRESH_S = 2.0
# Nobody types for so long: the device hangs up.
IDLE_S = 600.0
# What is typed ahead of that is lost.
MOST_TYPED = 8192
# A device hangs over a real answer, not over "Success.".
_SHORTEST_HUNG = 5
_RUBBISH = "7e 3f 0a 91 5c ff 00 1d 22 6b a8 e4 "


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


class Terminal:
    """One session at the command line of a device. `user` is given where the transport has checked it (SSH)."""

    def __init__(self, shells: Shells, device: Device, dialect: Dialect, wires: Wires, peer: str = "") -> None:
        self.session = Session(shells, device, peer=peer, paging=device.id not in shells.unpaged)
        self._dialect, self._wires = dialect, wires
        self._typed, self._waiting = "", ""
        self._echo = "plain"
        self._on_line: Callable[[str], None] | None = None
        self._on_key: Callable[[str], None] | None = None
        self._timer: Later | None = None
        self._idle: Later | None = None
        self._tries = 0
        self._after_return = self._taking = False
        self._booted_at = device.booted_at
        self._counted = False
        self.over = False

    def start(self, user: str = "") -> None:
        """Greet. A device that is not reachable stays silent, as a dark one would."""
        if not self.reachable:
            return
        shells, device, dialect = self.session.shells, self.session.device, self._dialect
        shells.sessions[device.id] += 1
        shells.opened += 1
        self._counted = True
        if shells.sessions[device.id] > dialect.most(device):
            self._say(f"\n{dialect.too_many}\n" if dialect.too_many else "")
            self.end()
            return
        self._stay()
        self._say(dialect.greeting(device))
        if user:
            self._enter(user)
        else:
            self._ask(dialect.login, self._name)

    @property
    def reachable(self) -> bool:
        """Whether light comes to the device, and it is the same run of it that the session began with."""
        device, city = self.session.device, self.session.city
        return device.id in city.lit and device.booted_at == self._booted_at

    def feed(self, data: bytes) -> None:
        """Take what was typed."""
        if self.over:
            return
        if self.session.device.booted_at != self._booted_at:
            self.end()
            return
        if not self.reachable:
            return
        self._stay()
        self._waiting = (self._waiting + data.decode("utf-8", "replace"))[:MOST_TYPED]
        self._take()

    def end(self) -> None:
        """Hang up."""
        if not self.over:
            self.closed()
            self._wires.close()

    def closed(self) -> None:
        """The other end is gone."""
        self.over = True
        self._cancel()
        if self._idle:
            self._idle.cancel()
        if self._counted:
            self._counted = False
            shells, device = self.session.shells, self.session.device
            shells.sessions[device.id] -= 1
            if not shells.sessions[device.id]:
                del shells.sessions[device.id]

    def _stay(self) -> None:
        if self._idle:
            self._idle.cancel()
        self._idle = self._wires.later(IDLE_S, self.end)

    def _cancel(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _take(self) -> None:
        """Go through what was typed, as long as somebody reads it."""
        if self._taking:
            return
        self._taking = True
        while self._waiting and not self.over and (self._on_key or self._on_line):
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
        if key in _ENTER:
            typed, self._typed = self._typed, ""
            on_line, self._on_line = self._on_line, None
            self._say("\n")
            if on_line:
                on_line(typed)
        elif key in _ERASE:
            if self._typed:
                self._typed = self._typed[:-1]
                self._raw("\b \b" if self._echo != "none" else "")
        elif key == _CTRL_C:
            self._typed = ""
        elif key >= " " and len(self._typed) < 1024:
            self._typed += key
            self._raw({"plain": key, "stars": "*", "none": ""}[self._echo])

    def _ask(self, question: str, then: Callable[[str], None], echo: str = "plain") -> None:
        self._say(question)
        self._echo, self._on_line, self._on_key = echo, then, None

    def _raw(self, text: str) -> None:
        if text and not self.over:
            self._wires.write(text.encode())

    def _say(self, text: str) -> None:
        self._raw(text.replace("\n", self._dialect.line_end))

    # Login

    def _name(self, name: str) -> None:
        echo = "stars" if self._dialect.stars else "none"
        self._ask(self._dialect.password, lambda secret: self._secret(name, secret), echo)

    def _secret(self, name: str, secret: str) -> None:
        account = ACCOUNTS.get(name)
        if account and account[0] == secret:
            self._enter(name)
            return
        self._tries += 1
        self._say(f"\n{self._dialect.wrong}\n\n")
        if self._tries >= _TRIES:
            self.end()
        else:
            self._ask(self._dialect.login, self._name)

    def _enter(self, name: str) -> None:
        session = self.session
        session.user, session.level = name, ACCOUNTS[name][1]
        session.note("login", detail=name)
        if "cli-close-after-login" in session.device.faults:
            self.end()
            return
        self._say("\n" + self._dialect.welcome(session))
        self._prompt()

    # Commands

    def _prompt(self) -> None:
        if self.over:
            return
        self._ask(self._dialect.prompt(self.session), self._command)
        self._take()

    def _command(self, line: str) -> None:
        session, dialect, faults = self.session, self._dialect, self.session.device.faults
        line, _, sieve = line.partition("|") if dialect.filters else (line, "", "")
        words = dialect.words(line)
        if dialect.repeats and words:
            self._say(f"Command: {line.strip()}\n\n")
        if not words:
            self._prompt()
            return
        if "cli-locked" in faults and dialect.is_locked(words[0].lower()):
            self._show(Reply(dialect.locked + "\n"))
            return
        found = find(dialect.commands, words, session)
        if isinstance(found, tuple):
            result = found[0].run(session, found[1])
            reply = result if isinstance(result, Reply) else Reply(result)
        else:
            reply = Reply(dialect.missed(session, words, found))
        if sieve:
            reply = replace(reply, text=_sifted(reply.text, sieve.split()))
        session.renamed = session.renamed or "cli-prompt-change" in faults
        self._soon(reply)

    def _soon(self, reply: Reply) -> None:
        """Show the reply when the device is done with it; what is typed meanwhile waits."""
        session = self.session
        slow = session.device.faults.get("cli-slow")
        wait = reply.delay_s + session.shells.delay_s * (0.5 + spread(session.device.code, "pace"))
        wait += slow.value if slow else 0.0
        if wait:
            self._on_line = self._on_key = None
            self._timer = self._wires.later(wait, lambda: self._show(reply))
        else:
            self._show(reply)

    def _show(self, reply: Reply) -> None:
        if self.over or not self.reachable:
            return
        if reply.ends:
            self._say(reply.text)
            self.end()
        elif reply.screen:
            self._watch(reply.screen, 0)
        else:
            lines = self._spoil(reply.text).split("\n")
            self._page(lines, lambda: self._finish(reply))

    def _finish(self, reply: Reply) -> None:
        if not reply.then:
            self._prompt()
            return
        then = reply.then
        if reply.one_key:
            self._say(reply.question)
            self._on_key = lambda key: self._key_answer(key, then)
        else:
            echo = "stars" if self._dialect.stars else "none"
            self._ask(reply.question, lambda said: self._soon(then(said)), echo if reply.secret else "plain")
        self._take()

    def _key_answer(self, key: str, then: Callable[[str], Reply]) -> None:
        self._on_key = None
        self._say((key if key >= " " else "") + "\n")
        self._soon(then(key))

    def _spoil(self, text: str) -> str:
        """What the faults of the command line make of an answer."""
        faults = self.session.device.faults
        if "cli-flood" in faults:
            rows = int(faults["cli-flood"].value * 1_000_000 / 80)
            return text + "\n".join(f"{n:08x}  {_RUBBISH * 2}"[:78] for n in range(rows)) + "\n"
        lines = text.split("\n")
        if "cli-log-noise" in faults and len(lines) > 2:
            noise = self._dialect.noise(self.session)
            step = max(2, len(lines) // 3)
            for at in range(len(lines) - 2, 0, -step):
                lines.insert(at, noise)
        return "\n".join(lines)

    # Pages

    def _page(self, lines: Sequence[str], done: Callable[[], None]) -> None:
        faults = self.session.device.faults
        if "cli-hang" in faults and len(lines) >= _SHORTEST_HUNG:
            text = "\n".join(lines)
            self._say(text[: len(text) * 2 // 3])
            self._on_line = self._on_key = None
            return
        rows = self._dialect.rows
        paging = self.session.paging and "cli-flood" not in faults
        if not paging or len(lines) <= rows + 1:
            self._say("\n".join(lines))
            done()
            return
        self._say("\n".join(lines[:rows]) + "\n")
        self._raw(self._dialect.pager)
        self._on_key = lambda key: self._turn(key, lines[rows:], done)
        self._take()

    def _turn(self, key: str, rest: Sequence[str], done: Callable[[], None]) -> None:
        if key not in f"q{_ESCAPE}{_CTRL_C}an \r\nbY":
            return
        self._on_key = None
        self._raw(self._dialect.erase)
        if key in ("q", _ESCAPE, _CTRL_C):
            done()
        elif key in ("a", "Y"):
            self._say("\n".join(rest))
            done()
        elif key in _ENTER and len(rest) > 2:
            self._say(rest[0] + "\n")
            self._raw(self._dialect.pager)
            self._on_key = lambda again: self._turn(again, rest[1:], done)
        else:
            self._page(rest, done)

    def _watch(self, screen: Callable[[], Sequence[str]], at: int, *, again: bool = False) -> None:
        """Draw a page of a screen that refreshes itself, and draw it again after a while."""
        if self.over or not self.reachable:
            return
        pages = screen()
        at = max(0, min(at, len(pages) - 1))
        self._raw("\x1b[2J\x1b[1;1H" if again else "")
        self._say(pages[at])
        self._raw(self._dialect.refresh)
        self._on_key = lambda key: self._browse(key, screen, at)
        self._timer = self._wires.later(REFRESH_S, lambda: self._watch(screen, at, again=True))
        self._take()

    def _browse(self, key: str, screen: Callable[[], Sequence[str]], at: int) -> None:
        if key in ("q", _ESCAPE, _CTRL_C):
            self._cancel()
            self._on_key = None
            self._raw(self._dialect.erase)
            self._say("\n")
            self._prompt()
        elif key in " npr":
            self._cancel()
            self._watch(screen, at + {" ": 1, "n": 1, "p": -1, "r": 0}[key], again=True)


def _sifted(text: str, sieve: Sequence[str]) -> str:
    """The lines that `| include`, `| exclude` or `| begin` leaves. A pattern that is none is taken word by word."""
    if len(sieve) < 2:
        return text
    word, wanted = sieve[0].lower(), " ".join(sieve[1:])
    try:
        pattern = re.compile(wanted)
    except re.error:
        pattern = re.compile(re.escape(wanted))
    lines = text.splitlines(keepends=True)
    if "begin".startswith(word):
        start = next((n for n, line in enumerate(lines) if pattern.search(line)), len(lines))
        return "".join(lines[start:])
    keep = not "exclude".startswith(word)
    return "".join(line for line in lines if bool(pattern.search(line)) == keep)
