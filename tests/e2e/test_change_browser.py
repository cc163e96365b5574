"""A port restarted by an operator without a mouse: the menu, the preview that comes by itself, why, the live end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import web_data
from uzel.journal.operations import emit
from uzel.network.models import Change, Site
from uzel.people.models import Role
from uzel.subscribers.models import Subscriber

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
LINE = "config ports 1 state disable"


def becomes(state: str, **values: object) -> None:
    """What the runner would write."""
    change = Change.objects.get()
    Change.objects.filter(pk=change.pk).update(state=state, **values)
    emit("change.changed", {"id": change.pk, "device": change.device_id})


def test_a_port_is_restarted_from_the_card(site: str, sign_in: Callable[..., Page]) -> None:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 1)
    account = Subscriber.objects.get().account
    page = sign_in(Role.OPERATOR, f"/subscribers/{account}/")
    menu = page.locator(".verdict-acts .change-menu summary")
    menu.focus()
    page.keyboard.press("Enter")
    choices = page.locator(".change-choices button")
    expect(choices).to_have_count(3)
    choices.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/changes/*/")
    expect(page.locator(".change-busy")).to_be_visible()
    becomes("ready", commands=[LINE], undo=["config ports 1 state enable"], before={"admin_up": True})
    # The page hears of it and puts the cursor where the reason goes.
    expect(page.locator(".console").first).to_contain_text(LINE)
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type("нет линка после грозы")
    page.keyboard.press("Enter")
    expect(page.locator("h1 + .state")).to_have_text("ждёт очереди")
    change = Change.objects.get()
    assert (change.state, change.reason, change.subject) == ("waiting", "нет линка после грозы", account)
    entry = {"part": "do", "line": LINE, "text": f"{LINE}\r\nSuccess.", "error": "", "at": 1.8e9, "answered": True}
    becomes("running", transcript=[entry])
    expect(page.locator(".transcript")).to_contain_text("Success.")
    becomes("done", after={"admin_up": True})
    expect(page.locator(".change-done")).to_contain_text("снова включён")
    page.go_back()
    page.goto(f"/subscribers/{account}/")
    page.locator(".verdict-acts .change-menu summary").click()
    expect(page.locator(".change-choices")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".change-choices")).to_be_hidden()
