"""Configurations in a browser: read one now and see it come, compare two versions, search, without a mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import web_data
from uzel.core.configs import clean
from uzel.network.models import BackupState, ConfigBackup
from uzel.people.models import Role
from uzel.pollers import backup_store as store

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

TEXT = "hostname a\n!\ninterface Fa0/1\n switchport access vlan 700\n!\nusername chief password 0 Owl-by-night\nend\n"


@pytest.fixture
def town(site: str) -> None:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.probed()


def _read(text: str) -> None:
    """What the keeper would do with the one that was asked for."""
    (job,) = store.claim(1, of_rounds=0)
    assert store.keep(job, clean(text)) == "changed"


def test_read_it_now_compare_and_search(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR)
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/configs/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/devices/*/configs/")
    expect(page.locator("#config-history")).to_contain_text("Пока ничего не сохранено")
    part = page.locator("#config-of-device")
    for text in (TEXT, TEXT.replace("700", "800").replace("Owl", "Cat")):
        part.get_by_role("button", name="Прочитать сейчас").click()
        expect(part).to_contain_text("в очереди")
        _read(text)
        expect(part).to_contain_text("свежая")
        expect(part.get_by_role("button")).to_be_enabled()
    # The history came by itself, without a reload.
    expect(page.locator(".config-versions tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Сравнить выбранные").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/difference/?*")
    expect(page.locator("tr.config-gone b").first).to_have_text("700")
    expect(page.locator("tr.config-come b").first).to_have_text("800")
    expect(page.locator("tr.config-come")).to_have_count(2)
    expect(page.locator("main")).not_to_contain_text("by-night")
    page.get_by_role("link", name="Рядом").click()
    expect(page.locator("td.config-come").first).to_contain_text("vlan 800")
    page.goto("/configs/search/")
    page.keyboard.type("VLAN 800")
    page.keyboard.press("Enter")
    page.get_by_role("row").get_by_role("link").click()
    expect(page.locator(".config-hit")).to_have_text("switchport access vlan 800")
    assert ConfigBackup.objects.count() == 2


def test_a_round_is_seen_to_go_on(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.ENGINEER, "/configs/")
    page.get_by_role("button", name="Прочитать все").click()
    total = BackupState.objects.filter(state="waiting").count()
    expect(page.locator(".config-round")).to_contain_text(f"0 / {total}")
    jobs = store.claim(2, of_rounds=2)
    store.write([store.Result(jobs[0], clean(TEXT)), store.Result(jobs[1], None, "hung", "half of it")])
    expect(page.locator(".config-round")).to_contain_text(f"2 / {total}")
    expect(page.locator("tr", has_text="замолчало посреди ответа")).to_have_count(1)
    page.get_by_role("button", name="Остановить").click()
    expect(page.get_by_role("button", name="Прочитать все")).to_be_visible()
