"""The monitor's only way to the database: one connection in one thread, and the leader's lock on that connection.

Who holds the lock is the leader, and everything is written over the connection that holds it: a monitor that lost its
connection has lost the lock too, so two leaders cannot write. What must not be lost waits here while the database is
away.
"""

import asyncio
import json
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from uzel.journal import operations as journal
from uzel.pollers.monitor_metrics import Metrics

LOCK_KEY = 0x757A656C  # "uzel"
LOCK_RETRY_S = 1.0
DATABASE_RETRY_S = 0.5
FLUSH_S = 1.0
# Facts kept while the database is away: an hour of a stormy city. The oldest are dropped first, and counted.
JOURNAL_LIMIT = 2_000_000
HINT_LIMIT = 20_000
# PostgreSQL counts microseconds from 2000-01-01.
_EPOCH_2000 = 946_684_800
_COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        part
        for name, kind in (("at", ">i8"), ("device", ">i8"), ("what", ">i2"), ("part", ">i4"), ("value", ">f8"))
        for part in ((f"{name}_size", ">i4"), (name, kind))
    ]
)
_SIZES = {"at": 8, "device": 8, "what": 2, "part": 4, "value": 8}

log = logging.getLogger(__name__)
Result = TypeVar("Result")
# (unix seconds, device, what, part, value), as `outages.Observation` has them.
Fact = tuple[float, int, int, int, float]


class NotLeading(Exception):
    """Another monitor holds the lock."""


@dataclass(frozen=True, slots=True)
class StateRow:
    """One row of DeviceState; times in unix seconds. `loud`: pages should hear of it."""

    device: int
    answers: bool | None
    since: float | None
    last_answer: float | None
    is_lit: bool
    booted_at: float | None
    rtt_ms: float | None
    readings: dict[str, Any]
    readings_at: float | None
    loud: bool


@dataclass(frozen=True, slots=True)
class PortRow:
    """One row of PortState; times in unix seconds."""

    port: int
    admin_up: bool | None
    oper_up: bool | None
    speed_mbps: int | None
    since: float | None
    seen_at: float


@dataclass(frozen=True, slots=True)
class HintRow:
    """One datagram that came by itself."""

    at: float
    kind: str
    source: str
    device: int | None
    raw: bytes
    parsed: dict[str, Any]


def pack_facts(facts: Sequence[Fact]) -> bytes:
    """Facts as PostgreSQL's binary COPY rows (documentation of COPY, "Binary Format"), without head and tail."""
    rows = np.zeros(len(facts), _ROW)
    columns = np.array(facts, np.float64).reshape(-1, 5)
    rows["fields"] = 5
    for name, size in _SIZES.items():
        rows[f"{name}_size"] = size
    rows["at"] = np.round((columns[:, 0] - _EPOCH_2000) * 1e6).astype(np.int64)
    for at, name in enumerate(("device", "what", "part", "value"), start=1):
        rows[name] = columns[:, at]
    return rows.tobytes()


def copy_facts(facts: Sequence[Fact]) -> None:
    """Append facts to the journal of observations, in the caller's transaction."""
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        connection.connection.cursor() as cursor,
        cursor.copy("COPY outages_observation (at, device_id, what, part, value) FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.write(_COPY_HEAD)
        copy.write(pack_facts(facts))
        copy.write(b"\xff\xff")


_STATES = """
INSERT INTO network_devicestate AS s (device_id, answers, since, last_answer_at, is_lit, booted_at, rtt_ms, readings,
  readings_at)
SELECT d.id, t.answers, to_timestamp(t.since), to_timestamp(t.last), t.lit, to_timestamp(t.booted), t.rtt,
  t.readings::jsonb, to_timestamp(t.read_at)
FROM unnest(%s::bigint[], %s::boolean[], %s::float8[], %s::float8[], %s::boolean[], %s::float8[], %s::float8[],
  %s::text[], %s::float8[]) AS t (id, answers, since, last, lit, booted, rtt, readings, read_at)
JOIN network_device d ON d.id = t.id
ON CONFLICT (device_id) DO UPDATE SET answers = excluded.answers, since = excluded.since,
  last_answer_at = excluded.last_answer_at, is_lit = excluded.is_lit, booted_at = excluded.booted_at,
  rtt_ms = excluded.rtt_ms, readings = excluded.readings, readings_at = excluded.readings_at
"""

_PORTS = """
INSERT INTO network_portstate (port_id, admin_up, oper_up, speed_mbps, since, seen_at)
SELECT p.id, t.admin_up, t.oper_up, t.speed, to_timestamp(t.since), to_timestamp(t.seen)
FROM unnest(%s::bigint[], %s::boolean[], %s::boolean[], %s::int[], %s::float8[], %s::float8[])
  AS t (id, admin_up, oper_up, speed, since, seen)
JOIN network_port p ON p.id = t.id
ON CONFLICT (port_id) DO UPDATE SET admin_up = excluded.admin_up, oper_up = excluded.oper_up,
  speed_mbps = excluded.speed_mbps, since = excluded.since, seen_at = excluded.seen_at
"""

_LINKS_TURNED = """
SELECT DISTINCT p.device_id
FROM unnest(%s::bigint[], %s::boolean[]) AS t (id, oper_up)
JOIN network_portstate s ON s.port_id = t.id AND s.oper_up IS DISTINCT FROM t.oper_up
JOIN network_port p ON p.id = t.id
JOIN network_link l ON p.id IN (l.a_port_id, l.b_port_id)
ORDER BY p.device_id
"""

_HINTS = """
INSERT INTO outages_hint (at, kind, source, device_id, raw, parsed)
SELECT to_timestamp(t.at), t.kind, t.source::inet, d.id, t.raw, t.parsed::jsonb
FROM unnest(%s::float8[], %s::text[], %s::text[], %s::bigint[], %s::bytea[], %s::text[])
  AS t (at, kind, source, device, raw, parsed)
LEFT JOIN network_device d ON d.id = t.device
"""


def _json(value: Any) -> str:
    """JSON as PostgreSQL takes it: no NUL or half of a surrogate pair in its text, no NaN among its numbers."""
    return json.dumps(_storable(value))


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_storable(str(name)): _storable(part) for name, part in value.items()}
    return [_storable(part) for part in value] if isinstance(value, list | tuple) else value


def write(
    states: Iterable[StateRow], ports: Iterable[PortRow], hints: Sequence[HintRow], facts: Sequence[Fact]
) -> None:
    """Write everything in one transaction, with the event that pages wait for."""
    states, ports = list(states), list(ports)
    with transaction.atomic(), connection.cursor() as cursor:
        if states:
            columns = zip(
                *((s.device, s.answers, s.since, s.last_answer, s.is_lit, s.booted_at, s.rtt_ms,
                   _json(s.readings), s.readings_at) for s in states),
                strict=True,
            )  # fmt: skip
            cursor.execute(_STATES, [list(column) for column in columns])
        if ports:
            _write_ports(cursor, ports)
        if hints:
            parsed = [_json(h.parsed) for h in hints]
            cursor.execute(
                _HINTS,
                [[h.at for h in hints], [h.kind for h in hints], [h.source for h in hints],
                 [h.device for h in hints], [h.raw for h in hints], parsed],
            )  # fmt: skip
        if facts:
            copy_facts(facts)
        if loud := sorted(s.device for s in states if s.loud):
            journal.emit("device.state", {"ids": loud[:500]})


def _write_ports(cursor: Any, ports: Iterable[PortRow]) -> None:
    """Write them, and tell the pages of whose ports a link went up or down; what is seen first is no news."""
    rows = ((p.port, p.admin_up, p.oper_up, p.speed_mbps, p.since, p.seen_at) for p in ports)
    columns = [list(column) for column in zip(*rows, strict=True)]
    cursor.execute(_LINKS_TURNED, [columns[0], columns[2]])
    turned = [device for (device,) in cursor.fetchall()]
    cursor.execute(_PORTS, columns)
    if turned:
        journal.emit("port.state", {"ids": turned[:500]})


@dataclass(frozen=True, slots=True)
class Batch:
    """What is written at once."""

    states: list[StateRow]
    ports: list[PortRow]
    hints: list[HintRow]
    facts: list[Fact]

    def __len__(self) -> int:
        """Rows of every kind."""
        return len(self.states) + len(self.ports) + len(self.hints) + len(self.facts)

    def halves(self) -> "tuple[Batch, Batch]":
        """Two batches with half of the rows each."""
        left = len(self) // 2
        firsts: list[Any] = []
        seconds: list[Any] = []
        for rows in (self.states, self.ports, self.hints, self.facts):
            firsts.append(rows[:left])
            seconds.append(rows[left:])
            left -= len(firsts[-1])
        return Batch(*firsts), Batch(*seconds)


class Store:
    """The thread, the connection, the lock and the buffers."""

    def __init__(self, metrics: Metrics) -> None:
        """Nothing is opened yet; `lead` waits for the lock."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._metrics = metrics
        self._locked: Any = None
        self.states: dict[int, StateRow] = {}
        self.ports: dict[int, PortRow] = {}
        self.hints: deque[HintRow] = deque(maxlen=HINT_LIMIT)
        self.facts: deque[Fact] = deque(maxlen=JOURNAL_LIMIT)

    async def lead(self) -> None:
        """Return once this process is the leader."""
        while True:
            try:
                await self.run(lambda: None)
            except NotLeading:
                self._metrics.leading.set(0)
                await asyncio.sleep(LOCK_RETRY_S)
            else:
                self._metrics.leading.set(1)
                return

    async def run(self, job: Callable[..., Result], *arguments: Any) -> Result:
        """Do a piece of work on the connection, again and again while the database is away.

        The job must be one transaction and safe to repeat. Raises NotLeading when the lock is another's.
        """
        loop = asyncio.get_running_loop()
        away = False
        while True:
            began = time.monotonic()
            try:
                result = await loop.run_in_executor(self._thread, self._locked_call, job, arguments)
            except (OperationalError, InterfaceError) as error:
                if not away:
                    log.warning("the database is away: %s", str(error).strip().split("\n")[0])
                away = True
                self._metrics.database_waits.inc()
                await asyncio.sleep(DATABASE_RETRY_S)
            else:
                if away:
                    log.warning("the database is back")
                self._metrics.database_seconds.observe(time.monotonic() - began)
                return result

    def _locked_call(self, job: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        try:
            connection.ensure_connection()
            if self._locked is not connection.connection:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
                    if not cursor.fetchone()[0]:
                        raise NotLeading
                self._locked = connection.connection
            return job(*arguments)
        except (OperationalError, InterfaceError):
            self._locked = None
            connection.close()
            raise

    async def flush(self) -> None:
        """Write what has gathered; on failure of this process nothing else than these buffers is lost."""
        states, self.states = self.states, {}
        ports, self.ports = self.ports, {}
        hints, facts = list(self.hints), list(self.facts)
        self.hints.clear()
        self.facts.clear()
        if states or ports or hints or facts:
            await self._write(Batch(list(states.values()), list(ports.values()), hints, facts))
            self._metrics.journalled.inc(len(facts))

    async def _write(self, batch: "Batch") -> None:
        """Write all of it; what PostgreSQL refuses is halved until one bad row stands alone, counted and let go."""
        try:
            await self.run(write, batch.states, batch.ports, batch.hints, batch.facts)
        except (DataError, IntegrityError) as error:
            if len(batch) == 1:
                log.error("not written, %s: %r", str(error).strip().split("\n")[0], batch)
                self._metrics.malformed.labels("not_written").inc()
                return
            for half in batch.halves():
                await self._write(half)

    def close(self) -> None:
        """Give up the lock and the connection."""
        # Not `submit(connection.close)`: that would name the connection of the calling thread.
        self._thread.submit(lambda: connection.close())
        self._thread.shutdown()
