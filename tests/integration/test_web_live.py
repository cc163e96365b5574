"""The stream of news: in time, in order, after a gap, after a lost database, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import connection, connections, transaction

from uzel.journal.models import Event
from uzel.journal.operations import emit, prune_events
from uzel.web import live

pytestmark = pytest.mark.django_db(transaction=True)


def _run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run with a loop of its own, as a web process does, and close what its threads opened."""

    async def whole() -> None:
        try:
            await asyncio.wait_for(test(), 20)
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(whole())


LISTENERS = "FROM pg_stat_activity WHERE application_name = 'uzel-live' AND datname = current_database()"


def _listeners() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {LISTENERS}")
        return int(cursor.fetchone()[0])


async def _listening(hub: live.Hub) -> None:
    """Wait until the hub hears: an event that nobody heard would fail the test for no fault."""
    for _ in range(200):
        if hub.listens:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the hub does not listen")


async def _next(reader: live.Reader) -> Any:
    return await asyncio.wait_for(reader.queue.get(), 10)


def test_one_connection_serves_every_page_and_is_freed_with_the_last() -> None:
    hub = live.Hub(live._connect)

    async def test() -> None:
        async with contextlib.AsyncExitStack() as stack:
            readers = [await stack.enter_async_context(hub.reader(f"s{n}")) for n in range(20)]
            await _listening(hub)
            assert await sync_to_async(_listeners)() == 1
            await sync_to_async(emit)("outage.opened", {"id": 5})
            heard = [await _next(reader) for reader in readers]
            assert {(news.name, news.data["id"]) for news in heard} == {("outage.opened", 5)}
        assert not hub.readers
        for _ in range(100):
            if not await sync_to_async(_listeners)():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the connection was left open")

    _run(test)


def test_nothing_is_told_of_a_change_that_was_rolled_back() -> None:
    hub = live.Hub(live._connect)

    def half() -> None:
        with contextlib.suppress(RuntimeError), transaction.atomic():
            emit("outage.opened", {"id": 1})
            raise RuntimeError
        emit("outage.opened", {"id": 2})

    async def test() -> None:
        async with hub.reader("s") as reader:
            await _listening(hub)
            await sync_to_async(half)()
            assert (await _next(reader)).data == {"id": 2}

    _run(test)


def test_a_lost_database_connection_is_made_anew_and_the_gap_is_filled() -> None:
    hub = live.Hub(live._connect)

    def cut_and_go_on() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) {LISTENERS}")
        emit("outage.changed", {"id": 2})

    async def test() -> None:
        async with hub.reader("s") as reader:
            await _listening(hub)
            await sync_to_async(emit)("outage.changed", {"id": 1})
            assert (await _next(reader)).data == {"id": 1}
            await sync_to_async(cut_and_go_on)()
            # What was told before may come again; what came in the gap must come.
            while (await _next(reader)).data != {"id": 2}:
                pass

    _run(test)


def test_a_reader_whose_session_ended_is_sent_away() -> None:
    hub = live.Hub(live._connect, heartbeat_s=0.1)

    async def test() -> None:
        async with hub.reader("no-such-session") as reader:
            assert await _next(reader) is None

    _run(test)


def test_a_page_that_does_not_keep_up_is_told_to_ask_for_everything() -> None:
    async def test() -> None:
        reader = live.Reader("s")
        for n in range(live.BACKLOG + 1):
            reader.put(live.News(n + 1, "device.state"))
        assert [await _next(reader) for _ in range(2)] == [live.RESYNC, live.News(live.BACKLOG + 1, "device.state")]

    _run(test)


async def _frames(count: int, **since: float) -> list[dict[str, Any]]:
    """The first `count` messages of a stream."""
    told: list[dict[str, Any]] = []
    stream: AsyncIterator[bytes] = live._frames(live.HUB, "s", since.get("last", 0), since.get("since", 0))
    async with contextlib.aclosing(stream) as frames:  # type: ignore[type-var]
        async for frame in frames:
            if b"event: news" in frame:
                fields = dict(line.split(": ", 1) for line in frame.decode().strip().split("\n"))
                told.append(json.loads(fields["data"]) | {"id": int(fields.get("id", 0))})
            if len(told) == count:
                break
    return told


def test_reconnecting_replays_what_came_after_the_last_message() -> None:
    ids = [emit("outage.changed", {"id": n}).pk for n in range(5)]

    async def test() -> None:
        told = await _frames(5, last=ids[1])
        # The window looks back a little, for events that were committed late; pages know those by id.
        assert [news["id"] for news in told][-3:] == ids[2:]
        assert [news["id"] for news in await _frames(5, since=1.0)] == ids
        assert not live.HUB.readers

    _run(test)


def test_too_much_to_replay_is_one_resync() -> None:
    Event.objects.bulk_create(Event(name="device.state") for _ in range(live.CATCH_UP_LIMIT + live.LATE_IDS + 10))
    first = Event.objects.order_by("pk").first()
    assert first is not None

    async def test() -> None:
        told = await _frames(1, last=first.pk)
        assert [news["name"] for news in told] == ["resync"]

    _run(test)


def test_old_events_are_removed_but_never_the_newest() -> None:
    for n in range(3):
        emit("outage.changed", {"id": n})
    assert prune_events(days=1) == 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_event SET at = at - interval '3 days'")
    assert prune_events(days=1) == 2
    assert Event.objects.get().payload == {"id": 2}
    assert not Session.objects.exists()


@pytest.mark.parametrize("text", ["1e308", "inf", "nan", "-5", "9" * 400, "x", "", None])
def test_an_impossible_place_to_go_on_from_is_the_end(text: str | None) -> None:
    assert live._number(text) == 0.0
    assert live._number("1795392266.5") == 1795392266.5
