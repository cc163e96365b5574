"""A look that goes on, in a browser: the first word comes by itself, and the last one disturbs nobody who reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests import web_data
from uzel.core.answers import CablePair, CableTest, LogLine, PairState
from uzel.core.readings import PortReading
from uzel.journal.operations import emit
from uzel.network.models import Probe, Site
from uzel.people.models import Role

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def town(site: str) -> None:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.probed()
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 2)


def ports() -> dict[str, Any]:
    """A port without link."""
    now = timezone.now().timestamp()
    port = PortReading(if_index=1, name="1", admin_up=True, oper_up=False, speed_mbps=100, in_errors=0, uptime_s=9e5)
    return {"ports": [asdict(port) | {"at": now - ago} for ago in (1, 0.5)], "said": [], "missing": {}}


def tell() -> None:
    """The prober's first word."""
    probe = Probe.objects.latest("pk")
    so_far = ports() | {"under_way": ["cable-test", "log"]}
    Probe.objects.filter(pk=probe.pk).update(state="running", started_at=timezone.now(), result=so_far)
    emit("probe.told", {"id": probe.pk})


def end() -> None:
    """Its last word."""
    probe = Probe.objects.latest("pk")
    pairs = (CablePair(1, PairState.OPEN, 31), CablePair(2, PairState.OPEN, 31))
    test = asdict(CableTest("1", False, PairState.FAULT, pairs=pairs))
    said = [
        {"operation": name, "by": "cli", "asked": [], "text": f"{name} printed", "mark": "recorded"}
        for name in ("cable-test", "log")
    ]
    result = ports() | {"cable": test, "log": [asdict(LogLine("Port 1 link down"))], "said": said}
    Probe.objects.filter(pk=probe.pk).update(state="done", ended_at=timezone.now(), result=result)
    emit("probe.done", {"id": probe.pk})


def test_the_first_word_and_the_last(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR, "/subscribers/500001/")
    head, copy = page.locator(".verdict-head"), page.locator("[data-copy]")
    expect(page.locator(".running")).to_be_visible()
    tell()
    expect(head).to_contain_text("Нет линка на порту")
    expect(head).to_contain_text("ещё не окончательно")
    expect(page.locator(".check-cable")).to_contain_text("проверяем…")
    expect(page.locator(".running")).to_contain_text("Проверяем кабель")
    copy.focus()
    page.keyboard.press("e")
    expect(page.locator("details.raw .raw-rows")).to_be_visible()
    end()
    expect(head).to_contain_text("31 м")
    expect(head).not_to_contain_text("ещё не окончательно")
    expect(copy).to_be_focused()
    expect(page.locator("details.raw .raw-rows")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(".check-cable .printed")).to_have_text("cable-test printed")


def test_a_button_that_is_asleep_for_a_while_gets_the_focus_back(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR, "/subscribers/500001/")
    expect(page.locator(".running")).to_be_visible()
    end()
    expect(page.locator(".running")).to_have_count(0)
    page.keyboard.press("1")
    Probe.objects.update(ended_at=timezone.now() - timedelta(seconds=30))
    again, printed = page.locator("[data-again]"), page.locator(".check-cable .printed")
    again.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".checking")).to_be_visible()
    expect(page.locator(".verdict")).to_be_focused()
    tell()
    expect(page.locator(".check-cable")).to_contain_text("проверяем…")
    end()
    expect(again).to_be_focused()
    expect(printed).to_be_visible()
