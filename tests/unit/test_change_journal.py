"""The transcript is written before a line goes out; a database that is away does not hold a switch up in its modes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DataError, OperationalError

from uzel.core.changes import Kind
from uzel.drivers import change
from uzel.drivers.change import Entry, Outcome
from uzel.drivers.pool import Pool
from uzel.pollers import change_run, change_store
from uzel.pollers.change_run import ChangeRunner
from uzel.pollers.change_store import Job


class Database:
    """Notes what was written; `away`: short writes fail."""

    def __init__(self) -> None:
        self.waited: list[list[str]] = []
        self.tried = 0
        self.away = False

    async def __call__(self, function: Callable[..., Any], job: Job) -> None:
        assert function is change_store.keep
        self.waited.append([entry.line for entry in job.entries])

    async def once(self, function: Callable[..., Any], job: Job) -> None:
        self.tried += 1
        if self.away:
            raise OperationalError("gone")


class Runner:
    def __init__(self) -> None:
        self.db = Database()


def job() -> Job:
    return Job(1, "run", Kind.PORT_OFF, "1", "", [], [], None)


async def test_the_first_line_waits_for_the_database_and_later_ones_do_not() -> None:
    runner, mine = Runner(), job()
    journal = change_run._Journal(runner, mine)  # type: ignore[arg-type]
    await journal(Entry("do", "shutdown", at=1.0))
    assert runner.db.waited == [["shutdown"]]
    runner.db.away = True
    await journal(Entry("do", "shutdown", "ok", at=2.0))
    await journal(Entry("do", "end", at=3.0))
    assert (runner.db.tried, len(runner.db.waited)) == (2, 1)
    # Nothing is lost: an answer stands in the place of its question.
    assert [(entry.line, entry.text) for entry in mine.entries] == [("shutdown", "ok"), ("end", None)]


async def test_a_line_typed_again_by_the_undo_is_another_entry() -> None:
    mine = job()
    journal = change_run._Journal(Runner(), mine)  # type: ignore[arg-type]
    for entry in (Entry("do", "x", "", at=1.0), Entry("undo", "x", at=2.0), Entry("undo", "x", "", at=3.0)):
        await journal(entry)
    assert [(entry.part, entry.at) for entry in mine.entries] == [("do", 1.0), ("undo", 3.0)]


class Choosy(Database):
    """Takes nothing that a device said."""

    async def __call__(self, function: Callable[..., Any], job: Job, *rest: Any) -> Any:
        if function is change_store.no_longer:
            return self.refusal
        bare = getattr(function, "keywords", {}).get("bare", False)
        self.ends.append((rest[0], bare))
        if not bare:
            raise DataError("unsupported Unicode escape sequence")
        return None

    def __init__(self, refusal: str = "") -> None:
        super().__init__()
        self.ends: list[tuple[Outcome, bool]] = []
        self.refusal = refusal


def runner_of(database: Database, monkeypatch: pytest.MonkeyPatch) -> tuple[ChangeRunner, list[Any]]:
    """A runner whose plans are as they were shown, and what it typed."""
    runner, typed = ChangeRunner(Pool()), list[Any]()
    runner.db = database  # type: ignore[assignment]

    async def prepared(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(commands=(), undoing=())

    async def perform(*given: Any, stop: asyncio.Event, **_: Any) -> Outcome:
        assert stop is runner.stop
        typed.append(given)
        return Outcome("undone", "check_failed")

    monkeypatch.setattr(change_run, "prepare", prepared)
    monkeypatch.setattr(change_run, "perform", perform)
    return runner, typed


async def test_an_end_outlives_what_the_database_does_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Choosy()
    runner, typed = runner_of(database, monkeypatch)
    mine = job()
    mine.phase, mine.facts = "run", object()  # type: ignore[assignment]
    await runner.work(mine)
    assert typed
    assert [(end.state, bare) for end, bare in database.ends] == [("undone", False), ("undone", True)]


async def test_told_to_stop_a_preview_goes_to_another_and_a_change_is_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(change, "STOP_S", 0.01)
    given: list[Any] = []

    async def note(function: Callable[..., Any], *arguments: Any) -> None:
        given.append((function, *arguments))

    async def slow(*_: Any, **__: Any) -> None:
        await asyncio.sleep(3600)

    runner, typed = runner_of(Choosy(), monkeypatch)
    runner.db = note  # type: ignore[assignment]
    monkeypatch.setattr(change_run, "prepare", slow)
    runner.stop.set()
    jobs = [job(), job()]
    for mine, phase in zip(jobs, ("prepare", "run"), strict=True):
        mine.phase, mine.facts = phase, object()  # type: ignore[assignment]
        await runner.work(mine)
    assert not typed
    assert given[0] == (change_store.release, [jobs[0]])
    assert (given[1][2].state, given[1][2].error, given[1][2].touched) == ("failed", "stopped", False)


async def test_what_is_not_allowed_any_more_is_not_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Choosy("now_uplink")
    runner, typed = runner_of(database, monkeypatch)
    mine = job()
    mine.phase, mine.facts = "run", object()  # type: ignore[assignment]
    await runner.work(mine)
    assert not typed
    assert {(end.state, end.error, end.touched) for end, _ in database.ends} == {("failed", "now_uplink", False)}
