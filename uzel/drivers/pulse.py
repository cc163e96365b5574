"""Liveness of a whole city: one question, sysUpTime, asked of thousands of agents from one socket.

One socket per device (as gufo-snmp has it) costs a descriptor and two epoll calls per question; a question of fixed
shape needs neither. Answers are matched by request-id and source address: whoever repeats our id has heard the question
and lives, however spoilt the rest is. Octets without it prove nothing: anybody can send them. All that is wrong is
counted.
"""

import asyncio
import random
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from uzel.drivers import ber

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
_OID = ber.object_id(ber.parse_oid(SYS_UPTIME))
_BINDINGS = ber.tlv(ber.SEQUENCE, ber.tlv(ber.SEQUENCE, _OID + bytes((ber.NULL, 0))))
_NO_ERROR = b"\x02\x01\x00\x02\x01\x00"
# Request-ids of four octets: BER wants the shortest form, so they begin where the fourth octet is needed.
_FIRST_ID, _LAST_ID = 0x0100_0000, 0x7FFF_FFFF
# A small datagram takes about this much of the socket's receive buffer in Linux (skb truesize).
_SLOT = 1024
# A question younger than this may still be answered in one burst with others: it holds a place in the window.
_FRESH_S = 0.04
# No burst larger than this, whatever our own buffer holds: the way there has buffers too.
_WINDOW_LIMIT = 160
_TICK_S = 0.02
TIMEOUT_LIMIT_S = 2.0


@dataclass(slots=True)
class Target:
    """Whom to ask: `id` is the caller's own. IPv4 only, as the asker's socket is."""

    id: int
    address: str
    port: int
    community: str
    head: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Encode what never changes: everything before the request-id."""
        pdu = ber.tlv(ber.GET, b"\x02\x04" + bytes(4) + _NO_ERROR + _BINDINGS)
        whole = ber.tlv(ber.SEQUENCE, ber.integer(1) + ber.tlv(ber.OCTETS, self.community.encode()) + pdu)
        self.head = whole[: len(whole) - len(_BINDINGS) - 10]

    def message(self, request: int) -> bytes:
        """Encode the whole question."""
        return self.head + request.to_bytes(4, "big") + _NO_ERROR + _BINDINGS


class Listener(Protocol):
    """Who hears the outcome of every question. Times are of the event loop's clock, seconds."""

    def answered(self, target: Target, uptime: int | None, rtt_s: float, asked_at: float) -> None:
        """The device answered; `uptime` in hundredths of a second, None when it could not be believed."""

    def suspected(self, target: Target) -> None:
        """The first attempt was not answered in time; further attempts are under way."""

    def silent(self, target: Target, asked_at: float) -> None:
        """No attempt was answered; the first was sent at `asked_at`."""


@dataclass(slots=True)
class _Question:
    target: Target
    asked_at: float
    sent_at: float
    retries: int
    attempt: int = 0
    done: Callable[[], None] | None = None
    settled: bool = False
    flying: bool = False


class Pulse:
    """Asks and listens. `timeout_s` per attempt, `retries` further attempts. Close it when done."""

    def __init__(self, listener: Listener, *, timeout_s: float = 0.4, retries: int = 2) -> None:
        """Open the socket on the running loop."""
        self._listener = listener
        self._timeout_s = timeout_s
        self._retries = retries
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._window = min(self._grow_buffer() // _SLOT, _WINDOW_LIMIT)
        self._loop.add_reader(self._socket.fileno(), self._on_readable)
        self._request = random.randint(_FIRST_ID, _LAST_ID)
        self._pending: dict[int, _Question] = {}
        self._urgent: deque[_Question] = deque()
        self._queue: deque[_Question] = deque()
        self._deadlines: deque[tuple[float, int]] = deque()
        # What may still be answered in one burst: sent less than _FRESH_S ago and not answered.
        self._recent: deque[tuple[float, _Question]] = deque()
        self._flying = 0
        self._timer: asyncio.TimerHandle | None = None
        self._rtt = self._rtt_spread = 0.0
        self.counts: Counter[str] = Counter()
        self.malformed: Counter[str] = Counter()

    def _grow_buffer(self) -> int:
        """Make the receive buffer as large as allowed; returns its size in octets as the kernel counts it."""
        for option in (getattr(socket, "SO_RCVBUFFORCE", 33), socket.SO_RCVBUF):
            try:
                self._socket.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
                break
            except PermissionError:
                continue
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def close(self) -> None:
        """Stop asking; open questions are never settled."""
        if self._timer:
            self._timer.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._pending.clear()

    @property
    def timeout_s(self) -> float:
        """How long an attempt waits: as set, or longer where answers take longer (RFC 6298, with a wider margin)."""
        return max(self._timeout_s, min(self._rtt + 8 * self._rtt_spread, TIMEOUT_LIMIT_S))

    @property
    def backlog(self) -> int:
        """How many questions wait to be sent or answered."""
        return len(self._queue) + len(self._urgent) + len(self._pending)

    def ask(self, targets: Iterable[Target], *, urgent: bool = False, once: bool = False) -> None:
        """Put one question to each; the outcome goes to the listener.

        Urgent ones overtake the rest. `once`: without retries, for those that are known to be silent.
        """
        queue = self._urgent if urgent else self._queue
        now, retries = self._loop.time(), 0 if once else self._retries
        queue.extend(_Question(target, now, now, retries) for target in targets)
        self._pump()

    async def ask_now(self, targets: Iterable[Target], *, once: bool = False) -> None:
        """Ask at once and return when every one of these has answered or is silent after its retries, if any."""
        wanted = list(targets)
        if not wanted:
            return
        left, future = len(wanted), self._loop.create_future()

        def done() -> None:
            nonlocal left
            left -= 1
            if not left and not future.done():
                future.set_result(None)

        now, retries = self._loop.time(), 0 if once else self._retries
        self._urgent.extend(_Question(target, now, now, retries, done=done) for target in wanted)
        self._pump()
        await future

    def _pump(self) -> None:
        """Send what the window allows; look at deadlines; come again while anything is open."""
        now = self._loop.time()
        self._expire(now)
        while self._recent and self._recent[0][0] < now - _FRESH_S:
            self._land(self._recent.popleft()[1])
        room = self._window - self._flying
        while room > 0 and (self._urgent or self._queue):
            self._send(self._urgent.popleft() if self._urgent else self._queue.popleft(), now)
            room -= 1
        if self._timer is None and (self._pending or self._urgent or self._queue):
            self._timer = self._loop.call_later(_TICK_S, self._on_tick)

    def _on_tick(self) -> None:
        self._timer = None
        # What has come is read before anything is called late: our own lateness is nobody's silence.
        self._drain()
        self._pump()

    def _send(self, question: _Question, now: float) -> None:
        self._request = self._request + 1 if self._request < _LAST_ID else _FIRST_ID
        request, target = self._request, question.target
        question.sent_at = now
        if not question.attempt:
            question.asked_at = now
        address = (target.address, target.port)
        try:
            self._socket.sendto(target.message(request), address)
            self.counts["asked"] += 1
        except OSError:
            # No route, or the kernel's buffer is full: as good as a lost datagram; the deadline takes care of it.
            self.counts["send_failed"] += 1
        self._pending[request] = question
        self._deadlines.append((now + self.timeout_s, request))
        self._recent.append((now, question))
        question.flying = True
        self._flying += 1

    def _expire(self, now: float) -> None:
        while self._deadlines and self._deadlines[0][0] <= now:
            question = self._pending.pop(self._deadlines.popleft()[1], None)
            if question is None or question.settled:
                continue
            self.counts["timed_out"] += 1
            if question.attempt < question.retries:
                question.attempt += 1
                self._urgent.append(question)
                if question.attempt == 1:
                    self._listener.suspected(question.target)
            else:
                self._settle(question)
                self._listener.silent(question.target, question.asked_at)
                self._done(question)

    def _land(self, question: _Question) -> None:
        if question.flying:
            question.flying = False
            self._flying -= 1

    def _settle(self, question: _Question) -> None:
        question.settled = True
        self._land(question)

    @staticmethod
    def _done(question: _Question) -> None:
        if question.done:
            question.done()

    def _on_readable(self) -> None:
        self._drain(128)
        if self._urgent or self._queue:
            self._pump()

    def _drain(self, limit: int = 10_000) -> None:
        for _ in range(limit):
            try:
                data, source = self._socket.recvfrom(2048)
            except BlockingIOError:
                break
            except OSError:
                continue
            self._hear(data, source)

    def _hear(self, data: bytes, source: tuple[str, int]) -> None:
        try:
            request, uptime = _fast(data) or _parse(data)
            spoilt = False
        except ber.Malformed:
            self.malformed["undecodable"] += 1
            request, uptime, spoilt = _head(data)[1], None, True
        question = self._pending.get(request)
        if question is None or question.settled:
            self.counts["late"] += not spoilt
            return
        if source != (question.target.address, question.target.port):
            self.malformed["wrong_source"] += 1
            # Routers answer from whichever address is nearest to us; what is forged rarely knows port and community.
            if spoilt or source[1] != question.target.port or _head(data)[0] != question.target.community.encode():
                return
        del self._pending[request]
        if uptime is None and not spoilt:
            self.malformed["wrong_value"] += 1
        self.counts["answered"] += 1
        self._settle(question)
        rtt = self._loop.time() - question.sent_at
        self._rtt_spread += (abs(rtt - self._rtt) - self._rtt_spread) / 64
        self._rtt += (rtt - self._rtt) / 64
        self._listener.answered(question.target, uptime, rtt, question.asked_at)
        self._done(question)


def _fast(data: bytes) -> tuple[int, int] | None:
    """Read the shape that nearly every agent sends, all lengths in one octet; None for any other shape."""
    if len(data) < 40 or data[1] > 0x7F or data[1] != len(data) - 2 or data[:7:6] != b"\x30" + data[6:7]:
        return None
    at = 7 + data[6]
    tail = at + 8
    if (
        data[at : at + 4 : 2] != b"\xa2\x02"
        or data[at + 3] != 4
        or data[tail : tail + 6] != b"\x02\x01\x00\x02\x01\x00"
    ):
        return None
    bound = tail + 10
    if data[bound : bound + 10] != _OID or data[bound + 10] != ber.TIME_TICKS:
        return None
    size = data[bound + 11]
    if not 1 <= size <= 5 or bound + 12 + size != len(data) or (size == 5 and data[bound + 12]):
        return None
    return int.from_bytes(data[at + 4 : tail], "big"), int.from_bytes(data[bound + 12 :], "big")


def _head(data: bytes) -> tuple[bytes, int]:
    """Community and request-id of a response that is spoilt or cut behind them; an id of 0 when they are spoilt too."""
    try:
        at = _body(data, 0, ber.SEQUENCE)
        _, at = ber.expect(data, at, len(data), ber.INTEGER)
        start, at = ber.expect(data, at, len(data), ber.OCTETS)
        community = data[start:at]
        start, at = ber.expect(data, _body(data, at, ber.RESPONSE), len(data), ber.INTEGER)
        return community, ber.read_integer(data, start, at)
    except (ber.Malformed, IndexError):
        return b"", 0


def _body(data: bytes, at: int, tag: int) -> int:
    """Where the value of a tag begins, whether or not it is there as long as it says."""
    if data[at] != tag:
        raise ber.Malformed
    return at + 2 + (data[at + 1] & 0x7F if data[at + 1] > 0x7F else 0)


def _parse(data: bytes) -> tuple[int, int | None]:
    """Read a response of any lawful shape: its request-id, and the uptime or None. Raises ber.Malformed."""
    at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
    _, at = ber.expect(data, at, end, ber.INTEGER)
    _, at = ber.expect(data, at, end, ber.OCTETS)
    at, end = ber.expect(data, at, end, ber.RESPONSE)
    start, at = ber.expect(data, at, end, ber.INTEGER)
    request = ber.read_integer(data, start, at)
    try:
        for _ in range(2):
            _, at = ber.expect(data, at, end, ber.INTEGER)
        for name, bound in ber.varbinds(data, at, end):
            if name == SYS_UPTIME and isinstance(bound, int) and 0 <= bound <= 0xFFFF_FFFF:
                return request, bound
    except ber.Malformed:
        pass
    return request, None
