"""The desk without a mouse: from the search field to the verdict, live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests import web_data
from uzel.core.readings import FdbEntry, PortReading
from uzel.journal.operations import emit
from uzel.network.models import Probe, Site
from uzel.people.models import Role
from uzel.subscribers.models import Subscriber

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def town(site: str) -> None:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.probed()
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 3)
    Subscriber.objects.filter(account="500002").update(name="Кузнецова Анна Петровна")


def _answer(**port: object) -> None:
    now = timezone.now().timestamp()
    well = PortReading(if_index=1, name="1", admin_up=True, oper_up=True, speed_mbps=100, full_duplex=True, in_errors=0)
    rows = [asdict(well) | {"at": now - s} | port for s in (2, 0)]
    probe = Probe.objects.latest("pk")
    Probe.objects.filter(pk=probe.pk).update(
        state="done", ended_at=timezone.now(), result={"ports": rows, "fdb": [asdict(FdbEntry("001a2b3c4d5e"))]}
    )
    emit("probe.done", {"id": probe.pk})


def test_from_the_search_to_the_verdict(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR)
    page.keyboard.press("/")
    page.keyboard.type("абонент")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
    expect(page.locator("#results [data-row]")).to_have_count(2)
    # Live results: another name, without Enter, and with the wrong layout.
    page.keyboard.press("/")
    page.keyboard.type("repytwjdf")
    expect(page.locator("#results [data-row]")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("Кузнецова Анна Петровна")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/subscribers/500002/")
    verdict = page.locator(".verdict")
    expect(verdict).to_have_class("panel verdict verdict-waiting")
    _answer(oper_up=False)
    expect(verdict).to_have_class("panel verdict verdict-broken")
    assert Probe.objects.count() == 1
    Probe.objects.update(ended_at=timezone.now() - timedelta(seconds=30))
    page.keyboard.press("e")
    expect(verdict.locator("details.raw")).to_have_attribute("open", "")
    page.keyboard.press("r")
    expect(verdict.locator(".checking")).to_be_visible()
    assert Probe.objects.count() == 2
    _answer()
    expect(verdict).to_have_class("panel verdict verdict-fine")


def test_an_outage_comes_onto_the_open_card(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR, "/subscribers/500001/")
    expect(page.locator(".trouble")).to_have_count(0)
    page.wait_for_timeout(500)
    web_data.darken(Site.objects.get(code="o1-d1-k1"))
    expect(page.locator(".trouble")).to_have_count(1)
    expect(page.locator(".climb .state-dark").first).to_be_visible()


def test_an_account_typed_whole_opens_at_once(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.FIELD)
    page.keyboard.press("/")
    page.keyboard.type("500003")
    page.keyboard.press("Enter")
    page.wait_for_url("**/subscribers/500003/")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_field_of_the_header_finds_from_any_page(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR, "/outages/")
    page.keyboard.press("/")
    page.keyboard.type("кузнецова")
    found = page.locator("#found a")
    expect(found.first).to_contain_text("Кузнецова Анна Петровна")
    page.keyboard.press("ArrowDown")
    expect(found.first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    page.keyboard.type(" анна")
    expect(found.first).to_contain_text("Кузнецова Анна Петровна")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/subscribers/500002/")
    page.keyboard.press("/")
    page.keyboard.type("абонент")
    expect(found).to_have_count(3)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*")
