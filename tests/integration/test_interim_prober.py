"""The first word of a probe, while a cable is tested or a command line hangs, and what of it outlives its prober."""

import asyncio
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from tests.city_served import Running
from tests.probing import answered, ask, hurt, lines, run_probers, verdict
from tests.probing import city as city
from tests.probing import live as live
from uzel.core.diagnosis import Code
from uzel.drivers.pool import Pool
from uzel.journal.models import Event
from uzel.network.models import Probe
from uzel.pollers import probe_cli, probe_read, probe_store, prober
from uzel.pollers.prober import Prober
from uzel.pollers.worker import run_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("diag_city_cli")]


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The rows as they stood after each word."""
    rows: list[dict[str, Any]] = []
    real = probe_store.tell

    def tell(question: Any, *, result: dict[str, Any]) -> bool:
        written = real(question, result=result)
        rows.append(Probe.objects.values("state", "result", "ended_at").get(pk=question.id) | {"written": written})
        return written

    monkeypatch.setattr(probe_store, "tell", tell)
    return rows


def test_a_slow_test_of_a_cable_is_not_waited_for(city: Running, words: list[dict[str, Any]]) -> None:
    port = lines(city, "cisco")[-1]
    hurt(city, port, "cable-open-at=31m")
    probe = ask(port)
    run_probers(answered)
    first = words[0]
    assert (first["state"], first["ended_at"], first["written"]) == ("running", None, True)
    assert first["result"]["under_way"][0] == "cable-test" and "cable" not in first["result"]
    assert [reading["oper_up"] for reading in first["result"]["ports"]] == [False, False]
    assert verdict(probe, port)[0] is Code.CABLE_BREAK
    assert probe.state == "done" and "under_way" not in probe.result
    names = list(Event.objects.filter(payload__id=probe.pk).order_by("id").values_list("name", flat=True))
    assert names == ["probe.told"] * len(words) + ["probe.done"]


def test_what_was_answered_before_the_command_line_hangs_is_told(
    city: Running, words: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe_read, "CABLE_S", 2.0)
    port = lines(city, "dlink")[-1]
    hurt(city, port, "no-link")
    hurt(city, port.device, "cli-hang")
    probe = ask(port)
    run_probers(answered)
    assert words and all("ports" in word["result"] for word in words)
    assert verdict(probe, port)[0] is Code.NO_LINK
    assert probe.state == "done" and probe_cli.LATE in probe.result["missing"].values()


def test_a_probe_whose_time_is_over_ends_with_what_it_told(
    city: Running, words: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "DEADLINE_S", 2.0)
    port = lines(city, "cisco")[-2]
    hurt(city, port, "no-link")
    probe = ask(port)
    run_probers(answered)
    assert words and verdict(probe, port) == [Code.NO_LINK]
    assert (probe.state, probe.error, probe.result["missing"]["cable-test"]) == ("done", "", probe_cli.LATE)


def test_a_database_that_is_away_costs_the_first_word_only(city: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> bool:
        raise OperationalError

    monkeypatch.setattr(probe_store, "tell", away)
    port = lines(city, "cisco")[-3]
    hurt(city, port, "no-link")
    probe = ask(port)
    run_probers(answered)
    assert verdict(probe, port)[0] is Code.NO_LINK and "cable" in probe.result


def test_a_prober_that_is_stopped_in_between_gives_the_row_back_as_it_was(city: Running) -> None:
    port = lines(city, "cisco")[-4]
    hurt(city, port, "no-link")
    probe = ask(port)

    async def scenario() -> None:
        stop = asyncio.Event()
        async with Pool() as pool, asyncio.TaskGroup() as group:
            group.create_task(run_all([partial(HastyProber, pool)], stop))
            await asyncio.to_thread(_wait_for_a_word)
            stop.set()

    asyncio.run(scenario())
    probe.refresh_from_db()
    assert (probe.state, probe.result, probe.started_at) == ("waiting", None, None)
    assert Event.objects.filter(name="probe.told", payload__id=probe.pk).exists()


class HastyProber(Prober):
    """One that waits for nothing at its end."""

    grace_s = 0.3


def _wait_for_a_word() -> None:
    end = time.monotonic() + 20
    try:
        while not Probe.objects.filter(result__isnull=False).exists() and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        connection.close()


def test_what_a_killed_prober_told_is_not_the_answer(city: Running) -> None:
    now, port = timezone.now(), lines(city, "dlink")[0]
    so_far = {"ports": [], "under_way": ["cable-test"], "mine": True}
    left = timedelta(seconds=probe_store.RUNS_AT_MOST_S + 1)
    taken_up = ask(port, state="running", started_at=now - left, result=so_far)
    long_ago = now - timedelta(seconds=probe_store.EXPIRES_S + 1)
    forgotten = ask(port, state="running", started_at=now - left, asked_at=long_ago, result=so_far)
    probe_store.tidy()
    for probe in (taken_up, forgotten):
        probe.refresh_from_db()
        assert probe.result is None
    assert (taken_up.state, forgotten.state, forgotten.error) == ("waiting", "failed", "expired")
    run_probers(answered)
    taken_up.refresh_from_db()
    assert taken_up.state == "done" and "mine" not in taken_up.result


def test_a_word_for_a_row_that_has_ended_or_is_somebody_elses_is_not_written(city: Running) -> None:
    probe = ask(lines(city, "dlink")[0])
    (mine,) = probe_store.claim(1)
    assert probe_store.finish(mine, result={"last": True})
    assert not probe_store.tell(mine, result={"under_way": ["log"]})
    Probe.objects.filter(pk=probe.pk).update(state="running", started_at=timezone.now() + timedelta(seconds=1))
    assert not probe_store.tell(mine, result={"under_way": ["log"]})
    probe.refresh_from_db()
    assert probe.result == {"last": True}
    assert not Event.objects.filter(name="probe.told").exists()
