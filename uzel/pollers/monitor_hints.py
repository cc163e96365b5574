"""Traps and syslog: stored raw, understood, and taken as a hint of where to look at once. Never as a proof.

A flood costs at most the room of one queue: what does not fit, or comes too fast from one source, is counted and let
go.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uzel.core.topology import Kind
from uzel.drivers import ber, syslog, traps
from uzel.drivers.pulse import Pulse
from uzel.outages.models import Hint
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_read import Readings
from uzel.pollers.monitor_store import HintRow, Store
from uzel.pollers.monitor_watch import Flips
from uzel.pollers.monitor_world import World

QUEUE_LIMIT = 5_000
# Stored per source and second, after a burst; and handled in one go before others get their turn.
RATE, BURST = 20.0, 100.0
BATCH = 200
SOURCES_LIMIT = 20_000
# The same device is looked at again because of hints at most this often.
LOOK_S = 0.5
TEXT_LIMIT = 300
DATAGRAM_LIMIT = 2048

LINK_HINTS = frozenset({"link_down", "link_up", "loop"})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came by itself: `kind` is trap or syslog, `at` unix seconds."""

    kind: str
    source: str
    data: bytes
    at: float


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, kind: str, take: Callable[[Datagram], None]) -> None:
        self._kind, self._take = kind, take
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        self._take(Datagram(self._kind, str(addr[0]), data[:DATAGRAM_LIMIT], time.time()))
        if self._kind == Hint.Kind.TRAP and data[:1] == b"\x30" and b"\xa6" in data[:80] and self._transport:
            self._answer_inform(data, addr)

    def _answer_inform(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        try:
            reply = traps.parse(data).reply
        except ber.Malformed:
            return
        if reply and self._transport:
            self._transport.sendto(reply, addr)


class Hints:
    """The two listeners, the bounded queue between them and the looks, and the limits."""

    def __init__(self, flips: Flips, pulse: Pulse, readings: Readings, store: Store, metrics: Metrics) -> None:
        """Nothing is bound yet: `listen` does that."""
        self._flips, self._pulse, self._readings = flips, pulse, readings
        self._store, self._metrics = store, metrics
        self._queue: deque[Datagram] = deque()
        self._more = asyncio.Event()
        self._tokens: dict[str, tuple[float, float]] = {}
        self._looked: dict[int, float] = {}
        self._looks: dict[int, asyncio.Task[None]] = {}
        self._transports: list[asyncio.BaseTransport] = []

    async def listen(self, trap_listen: str, syslog_listen: str) -> None:
        """Bind both ports ("host:port"). A port that is taken is left: hints only make the polls quicker."""
        loop = asyncio.get_running_loop()
        for kind, where in ((Hint.Kind.TRAP, trap_listen), (Hint.Kind.SYSLOG, syslog_listen)):
            host, _, port = where.rpartition(":")
            address = (host or "0.0.0.0", int(port))  # noqa: S104
            try:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda kind=kind: _Receiver(kind.value, self.take),  # type: ignore[misc]
                    local_addr=address,
                )
            except OSError as error:
                log.error("no %s is heard at %s: %s", kind, where, error.strerror)
            else:
                self._transports.append(transport)

    def close(self) -> None:
        """Stop listening."""
        for transport in self._transports:
            transport.close()
        for look in list(self._looks.values()):
            look.cancel()

    def take(self, datagram: Datagram) -> None:
        """Put a datagram into the queue, unless it is full or its source is too loud."""
        if len(self._queue) >= QUEUE_LIMIT:
            self._metrics.hints.labels(datagram.kind, "queue_full").inc()
        elif not self._allowed(datagram.source, datagram.at):
            self._metrics.hints.labels(datagram.kind, "too_many").inc()
        else:
            self._queue.append(datagram)
            self._more.set()

    def _allowed(self, source: str, now: float) -> bool:
        """A bucket of tokens per source."""
        if len(self._tokens) > SOURCES_LIMIT:
            # Forged sources: forget them all rather than grow.
            self._tokens.clear()
        tokens, at = self._tokens.get(source, (BURST, now))
        tokens = min(BURST, tokens + (now - at) * RATE)
        if tokens < 1:
            self._tokens[source] = (tokens, now)
            return False
        self._tokens[source] = (tokens - 1, now)
        return True

    async def run(self, world: Callable[[], World]) -> None:
        """Handle what comes, until cancelled."""
        while True:
            await self._more.wait()
            self._more.clear()
            while self._queue:
                for _ in range(min(BATCH, len(self._queue))):
                    self._handle(world(), self._queue.popleft())
                self._metrics.queue.labels("hints").set(len(self._queue))
                await asyncio.sleep(0)

    def _handle(self, world: World, datagram: Datagram) -> None:
        kind, parsed, index = understand(datagram)
        device = world.net.by_address.get(str(parsed.get("agent") or "")) or world.net.by_address.get(datagram.source)
        row = HintRow(datagram.at, datagram.kind, datagram.source.split("%")[0], device, datagram.data, parsed)
        self._store.hints.append(row)
        fate = "malformed" if kind is None else "unknown_source" if device is None else "taken"
        self._metrics.hints.labels(datagram.kind, fate).inc()
        if kind is not None and device is not None:
            self._look(world, device, kind, index)

    def _look(self, world: World, device: int, kind: str, index: int | None) -> None:
        now = time.monotonic()
        if now - self._looked.get(device, -LOOK_S) < LOOK_S:
            return
        self._looked[device] = now
        near = {near for _, near in world.net.network.neighbours.get(device, ())} if kind in LINK_HINTS else set()
        self._pulse.ask((world.views[i].target for i in {device, *near} if i in world.views), urgent=True)
        # One look at a device at a time: a flood with the addresses of all devices must not pile up readings.
        if device not in self._looks and (kind in LINK_HINTS or world.net.contacts[device].kind == Kind.UPS):
            self._looks[device] = asyncio.create_task(self._read(world, device, index))
            self._looks[device].add_done_callback(lambda _: self._looks.pop(device, None))

    async def _read(self, world: World, device: int, index: int | None) -> None:
        if world.net.contacts[device].kind == Kind.UPS:
            changed = await self._readings.power_and_light(world, [device])
        else:
            known = index is not None and (device, index) in world.ports
            changed = await self._readings.ports(world, [(device, [index] if known and index else None)])
        if changed:
            self._flips.note("other")


def understand(datagram: Datagram) -> tuple[str | None, dict[str, Any], int | None]:
    """The kind of a hint (None: not understood), what is stored of it, and the ifIndex that it names."""
    if datagram.kind == Hint.Kind.SYSLOG:
        line = syslog.parse(datagram.data)
        parsed = {"kind": line.kind, "text": line.text[:TEXT_LIMIT], "port": line.port, "severity": line.severity}
        return line.kind, {name: value for name, value in parsed.items() if value not in ("", None)}, None
    try:
        trap = traps.parse(datagram.data)
    except ber.Malformed as error:
        return None, {"error": str(error)}, None
    told: dict[str, Any] = {"kind": trap.kind, "oid": trap.oid, "if_index": trap.if_index, "agent": trap.agent}
    told["variables"] = {name: _plain(value) for name, value in list(trap.variables.items())[:20]}
    return trap.kind, {name: value for name, value in told.items() if value not in ("", None)}, trap.if_index


def _plain(value: int | str | bytes | None) -> int | str | None:
    if isinstance(value, bytes):
        text = value[:TEXT_LIMIT].decode("utf-8", "replace")
        return text if text.isprintable() else value[:TEXT_LIMIT].hex()
    return value
