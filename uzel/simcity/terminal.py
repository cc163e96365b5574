"""The line discipline of a switch: login, echo, prompt, pager, questions, screens that refresh themselves.

Knows no transport: bytes of the terminal come in by `feed`, bytes go out by `write`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from uzel.simcity.screen import Later, Screen, Wires
from uzel.simcity.shell import ACCOUNTS, Dialect, Reply, Session, Shells, find
from uzel.simcity.world import Device, spread

_TRIES = 3
# Nobody types for so long: the device hangs up.
IDLE_S = 600.0
# A device hangs over a real answer, not over "Success.".
_SHORTEST_HUNG = 5
_RUBBISH = "7e 3f 0a 91 5c ff 00 1d 22 6b a8 e4 "


class Terminal:
    """One session at the command line of a device. `user` is given where the transport has checked it (SSH)."""

    def __init__(self, shells: Shells, device: Device, dialect: Dialect, wires: Wires, peer: str = "") -> None:
        self.session = Session(shells, device, peer=peer, paging=device.id not in shells.unpaged)
        self._dialect, self._wires = dialect, wires
        self._screen = Screen(dialect, wires, lambda: self.reachable and not self.over)
        self._idle: Later | None = None
        self._tries = 0
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
            self._screen.keys.ask(dialect.login, self._name)

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
        self._screen.keys.feed(data.decode("utf-8", "replace"))

    def end(self) -> None:
        """Hang up."""
        if not self.over:
            self.closed()
            self._wires.close()

    def closed(self) -> None:
        """The other end is gone."""
        self.over = True
        self._screen.stop()
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

    def _say(self, text: str) -> None:
        if not self.over:
            self._screen.say(text)

    # Login

    def _name(self, name: str) -> None:
        echo = "stars" if self._dialect.stars else "none"
        self._screen.keys.ask(self._dialect.password, lambda secret: self._secret(name, secret), echo)

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
            self._screen.keys.ask(self._dialect.login, self._name)

    def _enter(self, name: str) -> None:
        session = self.session
        session.user, session.level = name, ACCOUNTS[name][1]
        session.note("login", detail=name)
        if "cli-close-after-login" in session.device.faults:
            self.end()
            return
        if "cli-password-expired" in session.device.faults:
            self._say("\nYour password has expired. Please change the password.\n")
            self._screen.keys.ask("Enter new password:", lambda secret: self.end(), "none")
            return
        self._say("\n" + self._dialect.welcome(session))
        self._prompt()

    # Commands

    def _prompt(self) -> None:
        if self.over:
            return
        self._screen.keys.ask(self._dialect.prompt(self.session), self._command)
        self._screen.keys.take()

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
            self._screen.later(wait, lambda: self._show(reply))
        else:
            self._show(reply)

    def _show(self, reply: Reply) -> None:
        if self.over or not self.reachable:
            return
        if reply.ends:
            self._say(reply.text)
            self.end()
        elif reply.screen:
            self._screen.watch(reply.screen, self._prompt)
        else:
            self._print(_spoiled(reply.text, self.session, self._dialect.noise(self.session)), reply)

    def _print(self, text: str, reply: Reply) -> None:
        lines, faults = text.split("\n"), self.session.device.faults
        if "cli-hang" in faults and len(lines) >= _SHORTEST_HUNG:
            self._screen.keys.rest()
            self._say(text[: len(text) * 2 // 3])
        elif self.session.paging and "cli-flood" not in faults:
            self._screen.page(lines, lambda: self._finish(reply))
        else:
            self._say(text)
            self._finish(reply)

    def _finish(self, reply: Reply) -> None:
        if not reply.then:
            self._prompt()
            return
        then = reply.then
        if reply.one_key:
            self._say(reply.question)
            self._screen.keys.press(lambda key: self._key_answer(key, then))
        else:
            echo = "stars" if self._dialect.stars else "none"
            self._screen.keys.ask(
                reply.question, lambda said: self._soon(then(said)), echo if reply.secret else "plain"
            )
        self._screen.keys.take()

    def _key_answer(self, key: str, then: Callable[[str], Reply]) -> None:
        self._screen.keys.rest()
        self._say((key if key >= " " else "") + "\n")
        self._soon(then(key))


def _spoiled(text: str, session: Session, noise: str) -> str:
    """What the faults of the command line make of an answer."""
    faults = session.device.faults
    if "cli-flood" in faults:
        rows = int(faults["cli-flood"].value * 1_000_000 / 80)
        return text + "\n".join(f"{n:08x}  {_RUBBISH * 2}"[:78] for n in range(rows)) + "\n"
    lines = text.split("\n")
    if "cli-log-noise" in faults and len(lines) > 2:
        step = max(2, len(lines) // 3)
        for at in range(len(lines) - 2, 0, -step):
            lines.insert(at, noise)
    return "\n".join(lines)


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
