"""The frame of every page in a real browser: sign-in, live board, keys, access, languages, narrow screens."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from tests import web_data
from uzel.journal.operations import emit
from uzel.network.models import DeviceState, Site
from uzel.outages.models import Outage, OutageEvent
from uzel.people.models import Role, User
from uzel.web import live

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

SignIn = Callable[..., Page]


def _hears(page: Page) -> None:
    """Wait until the page hears news."""
    expect(page.locator("body")).to_have_attribute("data-listening", "yes")


def test_sign_in_with_a_wrong_and_a_right_password(context: BrowserContext, staff: dict[Role, User]) -> None:
    page = context.new_page()
    page.goto("/outages/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Неверный логин или пароль.")
    page.fill("#id_password", web_data.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/outages/")


def test_an_outage_appears_changes_and_leaves_without_reload(sign_in: SignIn) -> None:
    web_data.city()
    web_data.probed()
    web_data.watched()
    page = sign_in(Role.OPERATOR)
    expect(page.locator(".outage-line")).to_have_count(0)
    expect(page.locator(".tally")).to_contain_text("Аварий нет")
    page.evaluate("window.notReloaded = true")
    _hears(page)

    outage = web_data.darken(Site.objects.get(code="o1-d1"), people=240)
    line = page.locator(".outage-line")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("Обрыв линии")
    expect(line).to_contain_text("РУ-1.1")
    expect(line).to_contain_text("240")
    expect(page.locator(".city .cell-dark")).to_have_count(2)

    Outage.objects.filter(pk=outage.pk).update(scope={"subscribers": {"person": 17}})
    emit("outage.changed", {"id": outage.pk})
    expect(line.locator(".who-number b")).to_have_text("17")

    Outage.objects.filter(pk=outage.pk).update(state="closed", closed_at=timezone.now())
    DeviceState.objects.update(is_lit=True, answers=True)
    emit("outage.closed", {"id": outage.pk})
    expect(line).to_have_count(0)
    expect(page.locator(".city .cell-dark")).to_have_count(0)
    assert page.evaluate("window.notReloaded")


def test_two_tabs_share_one_stream_and_the_second_takes_over(sign_in: SignIn, context: BrowserContext) -> None:
    web_data.city()
    web_data.probed()
    first = sign_in(Role.OPERATOR)
    _hears(first)
    second = context.new_page()
    streams: list[str] = []
    second.on("request", lambda request: streams.append(request.url) if "/live/" in request.url else None)
    second.goto("/")
    web_data.darken(Site.objects.get(code="o1-d1"))
    expect(second.locator(".outage-line")).to_have_count(1)
    assert not streams, "the second tab opened a stream of its own"
    with second.expect_request("**/live/**"):
        first.close()
    _hears(second)
    web_data.darken(Site.objects.get(code="o2-d1"), cause="mains_lost")
    expect(second.locator(".outage-line")).to_have_count(2)
    assert len(streams) == 1


def test_a_page_that_is_left_frees_its_place(sign_in: SignIn) -> None:
    page = sign_in(Role.OPERATOR)
    _hears(page)
    assert len(live.HUB.readers) == 1
    page.close()
    deadline = time.monotonic() + 10
    while live.HUB.readers and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not live.HUB.readers


def test_whoever_is_signed_out_hears_no_more(
    sign_in: SignIn, context: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live.HUB, "heartbeat_s", 0.2)
    page = sign_in(Role.OPERATOR)
    _hears(page)
    Session.objects.all().delete()
    expect(page.locator("#live-state")).to_have_text("Нет обновлений")


def test_the_outage_page_follows_the_story_and_keeps_what_is_being_typed(
    sign_in: SignIn, staff: dict[Role, User]
) -> None:
    web_data.city()
    web_data.probed()
    outage = web_data.darken(Site.objects.get(code="o1-d1"))
    page = sign_in(Role.LEAD, f"/outages/{outage.pk}/")
    _hears(page)
    page.locator("#id_text").press_sequentially("Бригада")
    OutageEvent.objects.create(
        outage=outage, at=timezone.now(), kind="comment", data={"text": "уже едут"}, user=staff[Role.COORDINATOR]
    )
    emit("outage.commented", {"id": outage.pk})
    expect(page.locator(".story")).to_contain_text("уже едут")
    expect(page.locator("#id_text")).to_have_value("Бригада")
    expect(page.locator("#id_text")).to_be_focused()
    page.keyboard.type(" выехала")
    page.get_by_role("button", name="Добавить").click()
    expect(page.locator(".story")).to_contain_text("Бригада выехала")


def test_by_keyboard_alone_from_sign_in_to_the_text_for_the_caller(
    context: BrowserContext, staff: dict[Role, User]
) -> None:
    web_data.city()
    web_data.probed()
    small, great = Site.objects.get(code="o2-d1-k1-h1"), Site.objects.get(code="o1-d1")
    web_data.darken(small, people=20, cause="device_dead")
    web_data.darken(great, people=300)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/")
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(web_data.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".outage-line")).to_have_count(2)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(":focus")).to_contain_text("РУ-1.1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/outages/*/")
    page.keyboard.press("y")
    expect(page.locator("[data-copy]")).to_have_text("Скопировано")
    assert "кабель" in page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/planned/")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


def test_a_planned_work_is_made_changed_and_cancelled(sign_in: SignIn, faults: Any) -> None:
    web_data.city()
    web_data.probed()
    page = sign_in(Role.LEAD, "/planned/")
    page.get_by_role("link", name="Новая работа").click()
    page.fill("#id_title", "Замена муфты")
    begin = timezone.localtime() + timedelta(hours=1)
    page.fill("#id_starts_at", begin.strftime("%Y-%m-%dT%H:%M"))
    page.fill("#id_ends_at", (begin + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"))
    page.fill("#id_codes", "o1-d1\nno-such-code")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("alert")).to_contain_text("no-such-code")
    page.fill("#id_codes", "o1-d1")
    page.get_by_role("button", name="Сохранить").click()
    row = page.locator("tr[data-row]")
    expect(row).to_contain_text("Замена муфты")
    expect(row).to_contain_text("РУ-1.1")
    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Отменить").click()
    expect(page.locator("tr[data-row]")).to_have_count(0)


def test_a_page_of_another_role_says_so(sign_in: SignIn, faults: Any) -> None:
    faults.expected.append("403")
    page = sign_in(Role.OPERATOR, "/audit/")
    expect(page.locator("main")).to_contain_text("не для вашей роли")
    expect(page.locator(".topnav")).not_to_contain_text("Аудит")


def test_theme_and_language_are_switched_and_kept(sign_in: SignIn) -> None:
    page = sign_in(Role.OPERATOR)
    page.locator(".me summary").click()
    page.get_by_role("button", name="тёмное").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="English").click()
    expect(page.locator(".tally")).to_contain_text("Nothing is known")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen(sign_in: SignIn, width: int) -> None:
    web_data.city(okrugs=2, districts=3, campuses=4)
    outage = web_data.darken(Site.objects.get(code="o1-d1"), people=4213, second="device_dead")
    web_data.darken(Site.objects.get(code="o2-d2-k1"), cause="mains_lost", people=55)
    page = sign_in(Role.ADMINISTRATOR)
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("/", "/outages/", f"/outages/{outage.pk}/", "/planned/", "/planned/new/", "/monitoring/", "/audit/",
                 "/people/accounts/", "/people/accounts/new/", "/people/password/"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path


@pytest.mark.parametrize("is_open", [True, False])
def test_who_is_without_service_is_read_whole_on_a_phone(sign_in: SignIn, is_open: bool) -> None:
    """Every column of the table stands on a screen of 390 px, with the counts of a whole city."""
    web_data.city()
    closed = None if is_open else timezone.now()
    outage = web_data.darken(Site.objects.get(code="o1-d1"), people=60_213, closed=closed)
    page = sign_in(Role.OPERATOR)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/outages/{outage.pk}/")
    box = page.locator(".scroll-x", has=page.locator("table.counts"))
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
