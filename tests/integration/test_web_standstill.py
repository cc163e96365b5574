"""What pages say while the prober stands still."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import web_data
from uzel.drivers.pool import Pool
from uzel.network.models import Probe, ProberStatus, Site
from uzel.network.prober import STALE_AFTER, beat, prober_health
from uzel.outages.models import MonitorStatus
from uzel.people.models import Role
from uzel.pollers.prober import Prober

NOBODY = "лужба проверок"


@pytest.fixture
def client(db: None) -> Client:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 1)
    web_data.watched()
    cache.clear()
    signed_in = Client()
    signed_in.force_login(web_data.people()[Role.OPERATOR])
    return signed_in


def _pages(client: Client) -> dict[str, str]:
    cache.clear()
    return {path: client.get(path).content.decode() for path in ("/", "/monitoring/", "/subscribers/500001/")}


def test_every_page_that_needs_the_prober_says_that_there_is_none(client: Client) -> None:
    for path, page in _pages(client).items():
        assert NOBODY in page and "ещё не запускалась" in page, path


def test_a_prober_that_stands_still_is_told_with_its_last_beat(client: Client) -> None:
    ProberStatus.objects.create(id=1, beat_at=timezone.now() - STALE_AFTER - timedelta(seconds=1))
    said = timezone.localtime(ProberStatus.objects.get().beat_at).strftime("%H:%M")
    pages = _pages(client)
    for path, page in pages.items():
        assert NOBODY in page and said in page, path
    card = pages["/subscribers/500001/"]
    assert "Проверка не идёт" in card and 'role="alert"' in card
    assert "<progress" not in card, "nothing goes on"
    # The card still asks for itself: the prober may come back.
    assert "sse:probe.done" in card


def test_a_prober_that_beats_is_not_spoken_of(client: Client) -> None:
    beat()
    pages = _pages(client)
    assert NOBODY not in pages["/"] and "Служба проверок работает" in pages["/monitoring/"]
    assert "Проверка не идёт" not in pages["/subscribers/500001/"] and "<progress" in pages["/subscribers/500001/"]
    Probe.objects.update(state="failed", error="timeout", ended_at=timezone.now())
    ProberStatus.objects.update(beat_at=timezone.now() - timedelta(hours=1))
    line = Probe.objects.get().port
    assert line is not None
    assert "Проверка не идёт" not in client.get("/subscribers/500001/state/", headers=web_data.HTMX).content.decode(), (
        "nothing is awaited"
    )


def test_what_the_monitor_could_not_use_is_told_in_words(client: Client) -> None:
    MonitorStatus.objects.update(figures={"malformed_total.wrong_source": 3.0, "malformed_total.undecodable": 2.0})
    page = client.get("/monitoring/").content.decode()
    assert "ответы с другого адреса" in page and "ответы не по SNMP" in page


@pytest.mark.django_db(transaction=True)
def test_the_prober_beats_often_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert timedelta(seconds=Prober.tidy_s * 3) <= STALE_AFTER
    assert not prober_health().running

    async def work() -> None:
        async with Pool() as pool:
            prober = Prober(pool)
            running = asyncio.create_task(prober.run())
            until = time.monotonic() + 10
            while not (await asyncio.to_thread(_health)).running and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            prober.stop.set()
            await running

    asyncio.run(work())
    assert prober_health().running


def _health() -> Any:
    try:
        return prober_health()
    finally:
        connection.close()
