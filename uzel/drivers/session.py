"""An open session with a device: commands in, raw answers out, within their time and size, each failure by its name.

The dialogue itself (login, prompts, pagers, refusals) is `cli_session`'s; here are the wire and the clock.
"""

import asyncio
import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field

from uzel.drivers.cli_page import Ask, Page, Refusal
from uzel.drivers.cli_read import read
from uzel.drivers.cli_session import Session
from uzel.drivers.cli_steps import Answer, Failed, Ready, Send, Stage, Step
from uzel.drivers.session_errors import REFUSALS, Patience, SessionError, Trouble, head_and_tail
from uzel.drivers.transport import Channel, FloodError, HostKeys, Login, Wire, open_ssh, open_telnet

# No answer of a switch is longer; the configuration of a full stack is about 300 kB.
ANSWER_BYTES = 1_000_000
# Greetings and warnings before the prompt.
GREETING_BYTES = 64_000
# After so long without its end, the answer is taken for a screen that refreshes itself and gets its key to stop.
REFRESHING_S = 3.0
FAILURES = {"flood": Trouble.FLOODED, "other_host": Trouble.WRONG_HOST, "closed": Trouble.CLOSED}


@dataclass(frozen=True, slots=True)
class Name:
    """What a device calls itself, and how that is heard: by its prompt, or by the answer to `ask`.

    `last` is the name that it was met with, empty before that: then any will do that is not one of `others`, what other
    devices are called. `code` is its own, which it may always take. `met` is told a name that is new and right. `told`
    is what SNMP has just said, which the prompt has to say too. Not `by_prompt`: the prompt may show the model, an
    address, whatever somebody wrote; only the name of another device is wrong there.
    """

    last: str = ""
    told: str = ""
    code: str = ""
    others: Container[str] = field(repr=False, default=frozenset())
    met: Callable[[str], None] | None = field(repr=False, default=None)
    ask: Ask | None = field(repr=False, default=None)
    by_prompt: bool = True

    def fits(self, prompt: str) -> bool:
        """Whether the device's prompt may say so."""
        if self.by_prompt:
            return self.is_right(prompt)
        is_own = is_same(prompt, self.last) or is_same(prompt, self.code)
        return is_own or prompt.casefold() not in self.others

    def is_right(self, shown: str) -> bool:
        """Whether a device that calls itself so is the one; the domain behind a name does not matter."""
        if self.told and not is_same(shown, self.told):
            return False
        if not self.last:
            return is_same(shown, self.code) or shown.casefold() not in self.others
        return is_same(shown, self.last) or is_same(shown, self.code)

    def keep(self, shown: str) -> None:
        """Remember a name that is right."""
        if self.met and shown and not is_same(shown, self.last):
            self.met(shown)


def is_same(name: str, other: str) -> bool:
    """Whether two names are one, with a domain behind or without."""
    name, other = name.casefold(), other.casefold()
    return bool(name and other) and (name == other or name.startswith(f"{other}.") or other.startswith(f"{name}."))


@dataclass(frozen=True, slots=True)
class Target:
    """A device's command line. `name`: None for one that may be called anything."""

    address: str
    port: int
    wire: Wire
    page: Page = field(repr=False)
    login: Login = field(repr=False)
    limit: int = 1
    name: Name | None = field(default=None, compare=False)

    def is_named(self, host: str) -> bool:
        """Whether a prompt with this name is the device's own."""
        return self.name is None or self.name.fits(host)

    @property
    def place(self) -> str:
        return f"{self.address}:{self.port}"


async def connect(target: Target, known: HostKeys, patience: Patience) -> "CliSession":
    """Open, log in, turn the pager off. Raises SessionError."""
    if not target.login.user:
        raise SessionError(Trouble.NO_CREDENTIALS, stage="connect")
    if target.wire is Wire.SSH:
        seconds = patience.connect_s + patience.login_s
        channel = await open_ssh(target.address, target.port, target.login, known, within_s=seconds)
    else:
        channel = await open_telnet(target.address, target.port, within_s=patience.connect_s)
    session = CliSession(channel, target, patience)
    try:
        await session.log_in()
    except BaseException:
        session.abort()
        raise
    return session


class CliSession:
    """One session, used by one asker at a time. After an error it is over: `is_open` is False."""

    def __init__(self, channel: Channel, target: Target, patience: Patience) -> None:
        """Take over an open channel; nothing has been read from it yet."""
        self.target = target
        self.is_open = True
        self._channel, self._patience = channel, patience
        login = target.login
        self._machine = Session(
            target.page,
            user=login.user,
            password=login.password,
            enable_password=login.enable,
            limit=ANSWER_BYTES,
        )

    @property
    def host(self) -> str:
        """The device's name, as its prompt tells it."""
        return self._machine.host

    async def log_in(self) -> None:
        """Answer the greeting until there is a prompt. Raises SessionError."""
        await self._until_done([], self._patience.login_s, limit=GREETING_BYTES)
        name = self.target.name
        if name and not name.fits(self.host):
            raise self._other(name, self.host, "login")
        if name and name.by_prompt:
            name.keep(self.host)

    async def identify(self) -> None:
        """Ask a device for its name whose prompt does not tell it. Raises SessionError for another one's."""
        name = self.target.name
        if not name or not name.ask:
            return
        try:
            text = await self.run(name.ask.command)
        except SessionError:
            if self.is_open:
                return  # it does not know the question: there is nothing to hold it to
            raise
        parsed = await read(name.ask.parse, text, self.without_secrets)
        told = [row.name for row in parsed.rows if row.name]
        if told and not name.is_right(told[0]):
            raise self._other(name, told[0], "command")
        if told:
            name.keep(told[0])

    def _other(self, name: Name, shown: str, stage: str) -> SessionError:
        return self._fail(Trouble.WRONG_HOST, stage, f"{shown!r} answers, not {name.last or name.told or name.code!r}")

    @property
    def modes(self) -> dict[str, str | None]:
        """What the last prompt told beside the host: the groups of the page's pattern (`mode`, `view`, `changed`)."""
        found = re.match(self.target.page.prompt, self._machine.prompt)
        return found.groupdict() if found else {}

    async def run(
        self,
        line: str,
        *,
        stop: str = "",
        whole: bool = False,
        answers: tuple[tuple[str, str], ...] | None = None,
        seconds: float = 0.0,
    ) -> str:
        """Send a command, return what came until the prompt, as it came: a configuration is kept whole.

        Whoever shows it or keeps it as a transcript takes `without_secrets` of it. `stop` ends a screen that refreshes
        itself.

        `whole`: of such a screen, all pages are wanted. `answers`: to the questions that it may ask, instead of the
        page's. `seconds`: how long the answer may take, if not as long as any.

        Raises SessionError; after command_refused and low_privilege the session is still good.
        """
        if not self.is_open:
            raise self._fail(Trouble.CLOSED, "command", "")
        self._channel.unread()  # what was said while nobody asked, a line of the log, is no part of the answer
        steps = self._machine.ask(line, whole=whole, answers=answers)
        try:
            answer = await self._until_done(steps, seconds or self._patience.command_s, stop=stop)
        except BaseException:
            self.abort()  # whoever was cancelled in the middle of an answer finds no session to type into
            raise
        text = answer.text if answer else ""
        if answer and answer.refusal:
            trouble = REFUSALS[answer.refusal]
            if answer.refusal is Refusal.LOCKED:
                self.abort()
            raise SessionError(trouble, stage="command", text=self.without_secrets(text), refusal=answer.refusal)
        return text + await self._behind_the_prompt()

    async def _behind_the_prompt(self) -> str:
        """Nothing, mostly. Text that stands there already on the prompt's own line: what looked like it was data.

        The answer ends there, in the middle of a line, by which it is known as cut. This is no place to type into.
        """
        await asyncio.sleep(0)  # one look into the socket, no waiting
        line = re.split(r"[\r\n]", self._channel.unread().decode(errors="replace"))[0]
        if not line.strip():
            return ""
        self.abort()
        return f"{self._machine.prompt}{line}"

    def leave(self) -> None:
        """Log out and hang up, without waiting: old D-Links count a line as taken until they hear of it."""
        if self.is_open and self._machine.stage is Stage.READY:
            self._channel.write(f"{self.target.page.leave}{self.target.page.line_end}".encode())
        self.abort()

    def abort(self) -> None:
        """Hang up."""
        self.is_open = False
        self._channel.close()

    async def _until_done(
        self, steps: Sequence[Step], seconds: float, *, stop: str = "", limit: int = ANSWER_BYTES
    ) -> Answer | None:
        """Feed the machine until it is ready; the answer, or None when there was none to wait for (a login)."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        stop_at = loop.time() + REFRESHING_S if stop else deadline
        got = 0
        while True:
            for step in steps:
                if isinstance(step, Send):
                    self._channel.write(step.data)
                    stop_at = loop.time() + REFRESHING_S if stop else deadline  # it goes on: a page was turned
                elif isinstance(step, Failed):
                    raise self._failed(step)
                elif isinstance(step, Answer):
                    return step
                elif isinstance(step, Ready):
                    return None
            now = loop.time()
            if stop and now >= stop_at:
                self._channel.write(stop.encode())
                # The key may have met the prompt: this session's next command line is not to be trusted.
                self.is_open, stop, stop_at = False, "", deadline
            data = await self._read(min(deadline - now, stop_at - now, self._patience.silence_s))
            if data is None and stop and loop.time() >= stop_at:
                steps = []
                continue
            got += len(data or b"")
            steps = self._take(data, expired=loop.time() >= deadline, flooded=got > limit)

    def _take(self, data: bytes | None, *, expired: bool, flooded: bool) -> list[Step]:
        """What the machine makes of what came: None is silence, nothing is the end."""
        if data is None:
            return self._machine.timeout()
        if not data:
            return self._machine.closed()
        if flooded:
            heard = self._machine.heard + data.decode(errors="replace")
            raise self._fail(Trouble.FLOODED, self._stage(self._machine.stage), heard)
        steps = self._machine.feed(data)
        return steps if not expired or any(isinstance(s, Answer | Ready | Failed) for s in steps) else self._late(steps)

    def _late(self, steps: list[Step]) -> list[Step]:
        return [*steps, *self._machine.timeout()]

    async def _read(self, seconds: float) -> bytes | None:
        try:
            return await self._channel.read(max(seconds, 0.001))
        except TimeoutError:
            return None
        except FloodError as error:
            raise self._fail(Trouble.FLOODED, self._stage(self._machine.stage), self._machine.heard) from error
        except OSError:
            return b""

    def _failed(self, failed: Failed) -> SessionError:
        trouble = FAILURES.get(failed.code)
        if trouble is None and failed.code == "timeout":
            trouble = Trouble.HUNG if failed.stage is Stage.BUSY else Trouble.NO_PROMPT
        if trouble is Trouble.CLOSED and failed.stage is Stage.LOGIN and not failed.text.strip():
            trouble = Trouble.REFUSED  # hung up before the first word: the switch takes no more sessions
        return self._fail(trouble or REFUSALS[Refusal(failed.code)], self._stage(failed.stage), failed.text)

    def _fail(self, trouble: Trouble, stage: str, text: str) -> SessionError:
        self.abort()
        text = self.without_secrets(text)
        return SessionError(trouble, stage=stage, text=head_and_tail(text) if trouble is Trouble.FLOODED else text)

    @staticmethod
    def _stage(stage: Stage) -> str:
        return "command" if stage in (Stage.BUSY, Stage.READY) else "login"

    def without_secrets(self, text: str) -> str:
        """Some firmware echoes what is typed at a password prompt, and a configuration has it in clear."""
        return self.target.login.starred(text)
