"""News to open pages: one LISTEN connection per web process, fanned out to every page by server-sent events.

A stream says that something changed and names it by id; the page then asks for the fragment that shows it. So a doubled
message is harmless, and a page that fell too far behind is told "resync": ask for everything once.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

log = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
# How many messages may wait for a slow page before it is told to ask for everything.
BACKLOG = 200
# Ids are given before the commit, so an event may become visible after one with a greater id: look that far back.
# (Pages drop what they have seen already.)
LATE_IDS = 100
CATCH_UP_LIMIT = 300
# No id and no time is so great.
MOST = 1e12

EVENTS_BY_ID = (
    "SELECT id, name, payload, extract(epoch FROM at)::float8 FROM journal_event WHERE id = ANY(%s) ORDER BY id"
)
EVENTS_AFTER = """
SELECT id, name, payload, extract(epoch FROM at)::float8 FROM journal_event
WHERE id > %s::bigint ORDER BY id LIMIT %s
"""
EVENTS_SINCE = """
SELECT id, name, payload, extract(epoch FROM at)::float8 FROM journal_event
WHERE id > (SELECT coalesce(max(id), 0) - 1000 FROM journal_event) AND at >= to_timestamp(%s) ORDER BY id LIMIT %s
"""
SESSIONS_ALIVE = "SELECT session_key FROM django_session WHERE session_key = ANY(%s) AND expire_date > now()"


@dataclass(frozen=True, slots=True)
class News:
    """One event; `at` in unix seconds. id 0: not an event of the table."""

    id: int
    name: str
    data: Any = None
    at: float = 0.0

    def frame(self) -> bytes:
        """The message as text/event-stream has it. All go under one name, since a page cannot listen to "any"."""
        body = json.dumps({"name": self.name, "data": self.data, "at": self.at}, ensure_ascii=False)
        head = f"id: {self.id}\n" if self.id else ""
        return f"{head}event: news\ndata: {body}\n\n".encode()


RESYNC = News(0, "resync")


@dataclass(eq=False)
class Reader:
    """One open page. `session` is the key of its session: when that ends, so does the stream."""

    session: str
    queue: asyncio.Queue[News | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def put(self, news: News | None) -> None:
        """Queue a message; None ends the stream. A page that does not keep up loses the backlog and resyncs."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(RESYNC)
        self.queue.put_nowait(news)


class Hub:
    """Listens while anybody reads, reconnects after a lost database, and hands out what came meanwhile."""

    def __init__(self, connect: Callable[[], Any], *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self.connect = connect
        self.heartbeat_s = heartbeat_s
        self.readers: set[Reader] = set()
        self.last_id = 0
        # Whether it listens just now.
        self.listens = False
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def reader(self, session: str) -> AsyncIterator[Reader]:
        """A place in the fan-out for as long as the block lasts; the last one out stops the listening."""
        reader = Reader(session)
        self.readers.add(reader)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield reader
        finally:
            self.readers.discard(reader)
            if not self.readers and self._task is not None:
                self._task.cancel()
                self._task = None
                self.listens = False

    async def _run(self) -> None:
        wait = 0.2
        lost = False
        while True:
            try:
                async with await self.connect() as listening:
                    await listening.execute("LISTEN uzel_event")
                    await self._begin(listening, lost)
                    lost, wait = False, 0.2
                    self.listens = True
                    await self._listen(listening)
            except (psycopg.Error, OSError) as error:
                if not lost:
                    log.warning("live: the database is lost, trying again: %s", str(error).strip())
                lost = True
                self.listens = False
                await asyncio.sleep(wait)
                wait = min(wait * 2, 5.0)

    async def _begin(self, listening: Any, lost: bool) -> None:
        """Start from the newest event; after a gap hand out what was missed."""
        if lost:
            missed = await catch_up(listening, EVENTS_AFTER, max(self.last_id - LATE_IDS, 0))
            self._hand_out(missed)
        row = await (await listening.execute("SELECT coalesce(max(id), 0) FROM journal_event")).fetchone()
        self.last_id = max(self.last_id, row[0])

    async def _listen(self, listening: Any) -> None:
        clock = asyncio.get_running_loop().time
        check_at = clock() + self.heartbeat_s
        while True:
            ids = [int(n.payload.split()[0]) async for n in listening.notifies(timeout=self.heartbeat_s, stop_after=1)]
            # What was committed together comes together.
            ids += [int(n.payload.split()[0]) async for n in listening.notifies(timeout=0.02)]
            if ids:
                rows = await (await listening.execute(EVENTS_BY_ID, [ids])).fetchall()
                self.last_id = max(self.last_id, *ids)
                self._hand_out([News(*row) for row in rows])
            if clock() >= check_at:
                check_at = clock() + self.heartbeat_s
                await self._end_closed_sessions(listening)

    def _hand_out(self, news: list[News]) -> None:
        for reader in self.readers:
            for item in news:
                reader.put(item)

    async def _end_closed_sessions(self, listening: Any) -> None:
        keys = [reader.session for reader in self.readers]
        alive = {row[0] for row in await (await listening.execute(SESSIONS_ALIVE, [keys])).fetchall()}
        for reader in self.readers:
            if reader.session not in alive:
                reader.put(None)


async def catch_up(listening: Any, query: str, since: float | int) -> list[News]:
    """What came since an id or a time, or a single RESYNC when that is too much to tell one by one."""
    rows = await (await listening.execute(query, [since, CATCH_UP_LIMIT + 1])).fetchall()
    return [RESYNC] if len(rows) > CATCH_UP_LIMIT else [News(*row) for row in rows]


async def _connect() -> Any:
    """A connection of our own, outside Django's: it lives as long as the process has readers."""
    parameters = await sync_to_async(connection.get_connection_params)()
    kept = {name: parameters[name] for name in ("dbname", "host", "port", "user", "password") if name in parameters}
    return await psycopg.AsyncConnection.connect(**kept, autocommit=True, application_name="uzel-live")


HUB = Hub(_connect)


async def stream(request: HttpRequest) -> StreamingHttpResponse | HttpResponse:
    """/live/: the stream itself. `Last-Event-ID` (or ?last=) replays what came after; ?since= a unix time does too."""
    if request.method != "GET":
        return HttpResponse(status=405, headers={"Allow": "GET"})
    last = _number(request.headers.get("Last-Event-ID") or request.GET.get("last"))
    since = _number(request.GET.get("since"))
    session = str(request.session.session_key)
    # The sign-in was read through Django's connection; a stream that lasts hours must not hold it.
    await sync_to_async(connections.close_all)()
    response = StreamingHttpResponse(_frames(HUB, session, last, since), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    # Told to proxies: pass each message on at once.
    response.headers["X-Accel-Buffering"] = "no"
    return response


async def _frames(hub: Hub, session: str, last: float, since: float) -> AsyncIterator[bytes]:
    async with hub.reader(session) as reader:
        yield b"retry: 2000\n\n"
        for news in await _missed(last, since):
            yield news.frame()
        while True:
            try:
                # Not wait_for: that of Python 3.11 can swallow a cancellation, or lose what it took from the queue.
                async with asyncio.timeout(hub.heartbeat_s):
                    news_or_end = await reader.queue.get()
            except TimeoutError:
                yield b": beat\n\n"
                continue
            if news_or_end is None:
                return
            yield news_or_end.frame()


async def _missed(last: float, since: float) -> list[News]:
    if not last and not since:
        return []
    async with await _connect() as asking:
        if last:
            return await catch_up(asking, EVENTS_AFTER, max(int(last) - LATE_IDS, 0))
        return await catch_up(asking, EVENTS_SINCE, since)


def _number(text: str | None) -> float:
    """An id or a unix time; 0 for what can be neither (PostgreSQL has no time beyond 9.2e12)."""
    try:
        number = float(text or 0)
    except ValueError:
        return 0.0
    return number if 0 < number < MOST else 0.0
