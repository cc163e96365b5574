"""A session with a switch as a pure machine: bytes in, bytes to send and answers out. No socket, no clock.

Whoever owns the connection calls `feed` with what came, `ask` when the machine is ready, `timeout` or `closed` when the
clock or the other end says so, and sends what `Send` holds. So telnet, SSH and a test drive it alike.
"""

import codecs
import re
from functools import cache

from uzel.drivers.cli_page import Page, Refusal
from uzel.drivers.cli_screen import draw, top, unfinished, written
from uzel.drivers.cli_steps import Answer, Demand, Failed, Ready, Send, Stage, Step, demand, says_expired

_LONGEST_PROMPT = 512
_REPEATS, _MOST_PAGES = 2, 64
_FIRST_CHARS = 4096
_FIRST_LINES = 4  # a refusal stands at the top of an answer; further down the same words are somebody's log
# Of Python's own cache a pattern falls out, and it is slow to look into.
_pattern = cache(re.compile)


class Session:
    """One session. The order of calls is feed* (ask feed*)*; `stage` says what is possible."""

    def __init__(
        self, page: Page, *, user: str, password: str, enable_password: str = "", limit: int = 4_000_000
    ) -> None:
        self.page, self.stage, self.host = page, Stage.LOGIN, ""
        self._user, self._password, self._enable_password = user, password, enable_password
        self._limit, self._end = limit, page.line_end.encode()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._buffer = self._command = ""
        self._seen = 0  # up to here pagers and questions of the buffer were dealt with
        self._set_up = list(page.no_paging)
        self._answers = page.confirms
        self.prompt = self._level = ""  # the last one, as it stood; what it told of our rights after the login
        self._whole, self._repeats = False, 0
        self._declined = False  # the offer of a new password
        self._pages: list[frozenset[str]] = []

    def feed(self, data: bytes) -> list[Step]:
        """Take what came. May be called with any cut of the stream."""
        if self._over:
            return []
        self._buffer += self._decoder.decode(data)
        if len(self._buffer) > self._limit:
            return self._fail("flood")
        steps: list[Step] = []
        while not self._over and (step := self._next()):
            steps += step
        return steps

    def ask(self, line: str, *, whole: bool = False, answers: tuple[tuple[str, str], ...] | None = None) -> list[Step]:
        """Send a command. Raises RuntimeError unless the session is ready.

        `whole`: of a screen that refreshes itself, all pages are wanted, not the first one only. `answers`: to the
        questions that the device may ask, in place of the page's.
        """
        if self.stage is not Stage.READY:
            raise RuntimeError(f"the session is {self.stage}, not ready")
        self.stage, self._whole = Stage.BUSY, whole
        self._answers = self.page.confirms if answers is None else answers
        self._pages, self._repeats = [], 0
        return self._send_command(line)

    def timeout(self) -> list[Step]:
        """Nothing more came in time. A prompt of another host than the one logged into is named as such."""
        tail = self._tail()
        if self._logging_in and self._says_expired():
            return self._fail(Refusal.EXPIRED)
        other = _pattern(self.page.prompt).match(tail) and self.host and not self._is_ours(tail)
        return self._fail("other_host" if other else "timeout")

    def closed(self) -> list[Step]:
        """The other end closed the connection."""
        return self._fail(Refusal.EXPIRED if self._logging_in and self._says_expired() else "closed")

    @property
    def heard(self) -> str:
        """What has come since the last thing was said."""
        return self._buffer

    @property
    def _logging_in(self) -> bool:
        return self.stage in (Stage.LOGIN, Stage.PASSWORD, Stage.ENABLE)

    @property
    def _over(self) -> bool:
        return self.stage is Stage.OVER

    def _next(self) -> list[Step]:
        """One thing to do about the unfinished last line, or nothing."""
        if self._logging_in:
            return self._new_password(self._tail()) or self._log_in(self._tail())
        if self.stage not in (Stage.BUSY, Stage.SETTING_UP):
            return []
        fresh = self._last_line()[-(len(self._buffer) - self._seen) :] if self._seen < len(self._buffer) else ""
        for pattern, reply in (*self.page.pagers, *self._answers):
            if _pattern(pattern).search(fresh):
                self._seen = len(self._buffer)
                return [Send(reply.encode() + (b"" if (pattern, reply) in self.page.pagers else self._end))]
        for pattern, forward, leave in self.page.screens:
            if _pattern(pattern).search(fresh):
                return [Send((forward if self._turn_page() else leave).encode())]
        # A prompt counts after the echo of the command only: DGS-3120 (4.04.R004) prints a second one after login.
        echoed = "\n" in self._buffer and (self.stage is not Stage.BUSY or self._command[:8] in self._buffer)
        return self._finish() if echoed and self._is_ours(self._tail()) else []

    def _turn_page(self) -> bool:
        """Whether there may be more pages of a screen. One that came before is cut out: it tells nothing new.

        The last page comes again when the next one is asked for, but any page does when its time to refresh comes in
        between: only two in a row that are known are an end.
        """
        page = self._buffer[self._seen :]
        starts = frozenset(words[0] for line in draw(page[: page.rfind("\n") + 1])[0] if (words := line.split()))
        # The first page has the echo of the command above it, its repetition has not.
        known = any(starts <= earlier for earlier in self._pages)
        if known:
            self._buffer = self._buffer[: self._seen]
        self._pages.append(starts)
        self._repeats = self._repeats + 1 if known else 0
        self._seen = len(self._buffer)
        return self._whole and self._repeats < _REPEATS and len(self._pages) < _MOST_PAGES

    def _new_password(self, tail: str) -> list[Step]:
        """What is to be done about a demand for a new password: an offer is declined, once; nothing else is typed."""
        wanted = demand(tail)
        if wanted is Demand.OFFERED and not self._declined:
            self._declined = True
            return [self._say("n")]
        return self._fail(Refusal.EXPIRED) if wanted else []

    def _says_expired(self) -> bool:
        """Whether the device has said that the password has to be changed: a warning as long as a prompt may follow."""
        return self._declined or any(map(says_expired, written(self._buffer[-_FIRST_CHARS:])))

    def _not_let_in(self) -> list[Step]:
        return self._fail(Refusal.EXPIRED if self._says_expired() else Refusal.LOGIN)

    def _log_in(self, tail: str) -> list[Step]:
        if self._refusal(everywhere=True) is Refusal.LOCKED:
            return self._fail(Refusal.LOCKED)
        if _pattern(self.page.password).search(tail):
            if self.stage is Stage.PASSWORD:
                return self._not_let_in()
            secret = self._enable_password if self.stage is Stage.ENABLE else self._password
            if self.stage is Stage.ENABLE and not secret:
                return self._fail(Refusal.LOW_PRIVILEGE)
            self.stage, self._enable_password = (
                (Stage.ENABLE, "") if self.stage is Stage.ENABLE else (Stage.PASSWORD, self._enable_password)
            )
            return [self._say(secret, secret=True)]
        if _pattern(self.page.login).search(tail):
            # Asked again after the password: it was wrong.
            return self._not_let_in() if self.stage is not Stage.LOGIN else [self._say(self._user)]
        if self.page.user_prompt and _pattern(self.page.user_prompt).match(tail):
            if self.stage is Stage.ENABLE or not self.page.enable:
                return self._fail(Refusal.LOW_PRIVILEGE)
            self.stage = Stage.ENABLE
            return [self._say(self.page.enable)]
        found = _pattern(self.page.prompt).match(tail)
        if not found:
            return self._not_let_in() if self._refusal(everywhere=True) is Refusal.LOGIN else []
        self.host, self._level = found.groupdict().get("host") or "", found.groupdict().get("level") or ""
        self.stage = Stage.SETTING_UP
        return self._finish()

    def _finish(self) -> list[Step]:
        """At a prompt: hand out the answer, or go on with the setting up."""
        command, text, self.prompt = self._command, self._buffer[: self._buffer.rfind("\n") + 1], self._tail()
        refusal = self._refusal()
        found = _pattern(self.page.prompt).match(self.prompt)
        if found and (found.groupdict().get("level") or "") != self._level:
            return self._fail(Refusal.LOW_PRIVILEGE)  # not the session that was opened
        self._buffer, self._seen = "", 0
        if self.stage is Stage.BUSY:
            self.stage = Stage.READY
            return [Answer(command, text, refusal)]
        if self._set_up:
            return self._send_command(self._set_up.pop(0))
        self.stage = Stage.READY
        return [Ready(self.host)]

    def _is_ours(self, tail: str) -> bool:
        found = _pattern(self.page.prompt).match(tail)
        if not found:
            return False
        named = found.groupdict()
        # Configuration modes: Cisco cuts the name to 20 characters, Huawei puts the view after it.
        name = named.get("host") or named.get("view") or ""
        return name == self.host or (bool(self.host) and name.startswith(self.host[:20]) and not named.get("host"))

    def _refusal(self, *, everywhere: bool = False) -> Refusal | None:
        lines = written(self._buffer) if everywhere else top(self._buffer[:_FIRST_CHARS], _FIRST_LINES + 1)
        echo = bool(lines) and self._command != "" and lines[0].endswith(self._command)
        for line in lines if everywhere else lines[echo : echo + _FIRST_LINES]:
            for pattern, refusal in self.page.refusals:
                if _pattern(pattern).search(line) and (refusal is Refusal.LOGIN) <= everywhere:
                    return refusal
        return None

    def _tail(self) -> str:
        return unfinished(self._last_line()).strip()

    def _last_line(self) -> str:
        """The unfinished last line, or the end of it: prompts, pagers and questions are short, floods are not."""
        return self._buffer[max(self._buffer.rfind("\n") + 1, len(self._buffer) - _LONGEST_PROMPT) :]

    def _say(self, line: str, *, secret: bool = False) -> Send:
        self._buffer, self._seen = "", 0
        return Send(line.encode() + self._end, secret)

    def _send_command(self, line: str) -> list[Step]:
        self._command = line
        return [self._say(line)]

    def _fail(self, code: str) -> list[Step]:
        if self.stage is Stage.OVER:
            return []
        stage, self.stage = self.stage, Stage.OVER
        return [Failed(stage, str(code), self._buffer)]
