"""The checks and the front panel in a browser: the keys, the warning, where things are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from tests import web_data
from uzel.core.answers import CablePair, CableTest, LogLine, PairState
from uzel.core.readings import PortReading
from uzel.journal.operations import emit
from uzel.network.models import Device, Port, PortState, Probe, Site
from uzel.people.models import Role
from uzel.subscribers.models import Subscriber

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
PRINTED = "DES-3028:admin#cable_diag ports 1\n  1  FE  Link Down  Pair1 Open  at 31  M <b>odd</b>"


@pytest.fixture
def town(site: str) -> None:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.probed()
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 2)


def _end(operation: str, *, up: bool) -> None:
    """End the latest probe: a cable with pair 1 cut at 31 m and pair 2 whole, 45 m long."""
    now = timezone.now().timestamp()
    port = PortReading(if_index=1, name="1", admin_up=True, oper_up=up, speed_mbps=100, full_duplex=True, in_errors=0)
    pairs = (CablePair(1, PairState.OPEN, 31), CablePair(2, PairState.OK, 45))
    test = asdict(CableTest("1", up, PairState.FAULT, pairs=pairs))
    said = [
        {"operation": "cable-test", "by": "cli", "asked": ["cable_diag ports 1"], "text": PRINTED, "mark": "recorded"}
    ]
    log = [asdict(LogLine("Port 1 link down"))]
    result = {"cable": test, "said": said, "missing": {}}
    if operation == "line":
        result |= {"ports": [asdict(port) | {"at": now - ago} for ago in (1, 0.5)], "log": log}
        said.append(
            {"operation": "log", "by": "cli", "asked": ["show log"], "text": "the log itself", "mark": "recorded"}
        )
    probe = Probe.objects.filter(operation=operation).latest("pk")
    Probe.objects.filter(pk=probe.pk).update(state="done", ended_at=timezone.now(), result=result)
    emit("probe.done", {"id": probe.pk})


def _middle(mark: Locator) -> float:
    box = mark.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2


def test_the_keys_open_what_the_device_printed(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR, "/subscribers/500001/")
    expect(page.locator(".running")).to_be_visible()
    _end("line", up=False)
    cable, log = page.locator(".check-cable .printed"), page.locator(".check-log .printed")
    expect(page.locator(".check-cable")).to_contain_text("пара 1 обрыв на 31 м, пара 2 цела, 45 м")
    expect(cable).to_be_hidden()
    page.keyboard.press("1")
    expect(cable).to_be_visible()
    assert cable.inner_text() == PRINTED
    expect(page.locator(".check-cable .said-how code")).to_have_text("cable_diag ports 1")
    page.keyboard.press("2")
    expect(log).to_have_text("the log itself")
    # It stays open while the verdict is drawn anew, and the same key shuts it.
    Probe.objects.update(ended_at=timezone.now() - timedelta(seconds=30))
    page.keyboard.press("r")
    expect(page.locator(".checking")).to_be_visible()
    expect(cable).to_be_visible()
    page.keyboard.press("1")
    expect(cable).to_be_hidden()
    page.locator(".check-cable summary").click()
    expect(cable).to_be_visible()


def test_the_break_is_drawn_at_its_metre(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR, "/subscribers/500001/")
    expect(page.locator(".running")).to_be_visible()
    _end("line", up=False)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        wire = page.locator("svg.wire")
        ticks = [wire.locator("text.wire-small", has_text="30"), wire.locator("text.wire-small", has_text="40 м")]
        thirty, forty = (_middle(tick) for tick in ticks)
        cut = _middle(wire.locator(".wire-mark.wire-dark"))
        assert abs(cut - (thirty + (forty - thirty) / 10)) < 6, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_live_line_is_cut_off_only_after_a_warning(town: None, sign_in: Callable[..., Page]) -> None:
    page = sign_in(Role.OPERATOR, "/subscribers/500001/")
    expect(page.locator(".running")).to_be_visible()
    _end("line", up=True)
    expect(page.locator(".check-port")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator(".agree")).to_contain_text("прервёт связь")
    page.keyboard.press("c")
    assert not Probe.objects.filter(operation="cable").exists()
    expect(page.locator("[data-agree]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".running")).to_contain_text("Проверяем кабель")
    assert Probe.objects.filter(operation="cable").count() == 1
    _end("cable", up=True)
    expect(page.locator(".running")).to_have_count(0)
    expect(page.locator("svg.wire")).to_be_visible()


def test_the_front_panel_without_a_mouse(town: None, sign_in: Callable[..., Page]) -> None:
    switch = Device.objects.get(code="o1-d1-k1-h1-sw1")
    Subscriber.objects.filter(account="500002").delete()
    Port.objects.bulk_create(Port(device=switch, name=str(n), if_index=n) for n in range(2, 25))
    PortState.objects.create(port=Port.objects.get(device=switch, name="1"), admin_up=True, oper_up=False)
    page = sign_in(Role.OPERATOR, f"/devices/{switch.code}/")
    told = page.locator("#port-told")
    page.locator(".jack").nth(2).focus()
    expect(told).to_contain_text("3:")
    page.keyboard.press("ArrowDown")
    expect(told).to_contain_text("4:")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect(told).to_contain_text("1: нет линка")
    expect(told).to_contain_text("Абонент 1")
    page.locator(".jack").nth(5).hover()
    expect(told).to_contain_text("6:")
    page.mouse.move(0, 0)
    expect(told).to_contain_text("1: нет линка")
    page.keyboard.press("Enter")
    page.wait_for_url("**/subscribers/500001/")
