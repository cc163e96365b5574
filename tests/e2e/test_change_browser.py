"""A port restarted by an operator without a mouse: the menu, the preview that comes by itself, why, the live end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests import web_data
from uzel.core.changes import Kind
from uzel.journal.operations import emit
from uzel.network import changes
from uzel.network.changes import Refused
from uzel.network.models import Change, DeviceState, Port, Site
from uzel.people.models import Role, User
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
    web_data.probed()
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


def test_the_board_tells_a_lead_at_once_that_a_change_waits(site: str, sign_in: Callable[..., Page]) -> None:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.probed()
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 2)
    page = sign_in(Role.LEAD, "/")
    count = page.locator("#changes-waiting")
    expect(count).to_have_text("")
    expect(page.locator("body")).to_have_attribute("data-listening", "yes")
    operator = User.objects.get(role=Role.OPERATOR)
    port = Port.objects.filter(services__isnull=False).distinct().get(name="1")
    change = changes.ask(
        kind=Kind.PORT_RESTART, device=port.device, port=port, value="", subject="", user=operator, key=uuid4()
    )
    becomes("ready", commands=[LINE])
    with pytest.raises(Refused, match="needs_lead"):
        changes.confirm(change=change, user=operator, reason="нет линка")
    expect(count).to_have_text("1")
    changes.confirm(change=change, user=User.objects.get(role=Role.LEAD), reason="")
    expect(count).to_have_text("")


@pytest.mark.parametrize("width", [390, 1280])
def test_what_a_switch_printed_and_long_names_of_readings_stay_in_their_panels(
    site: str, sign_in: Callable[..., Page], width: int
) -> None:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.probed()
    web_data.watched()
    page = sign_in(Role.LEAD, "/")
    lead, port = User.objects.get(role=Role.LEAD), Port.objects.filter(device__kind="switch").first()
    assert port
    line = "show ports 25 description, and a line that no switch would take for it is so very long"
    entry = {"part": "do", "line": line, "text": "Port State/MDI " * 20, "error": "", "at": 1.8e9, "answered": True}
    change = Change.objects.create(
        key=uuid4(), kind=Kind.PORT_RESTART, device=port.device, port=port, reason="no link", asked_by=lead,
        confirmed_by=lead, state="done", commands=[line], transcript=[entry, entry | {"part": "check"}],
    )  # fmt: skip
    readings = {"model": "VS5793", "serial": "R6E10FAA5816XXXXXXXXXXXXXXX", "input_high_dbm": 2.5}
    DeviceState.objects.filter(device=port.device).update(readings=readings, readings_at=timezone.now())
    page.set_viewport_size({"width": width, "height": 844})
    for path in (f"/changes/{change.pk}/", f"/devices/{port.device.code}/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        outside = """() => [...document.querySelectorAll('.facts dd, .transcript code, .transcript pre')].filter(
          e => e.getBoundingClientRect().right > e.closest('.panel').getBoundingClientRect().right).length"""
        assert page.evaluate(outside) == 0, path
