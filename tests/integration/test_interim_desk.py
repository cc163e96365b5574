"""The card while a probe goes on: what is known is said, marked as not final, and nothing more than that."""

import html
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import web_data
from tests.probe_result import so_far
from uzel.core.answers import CablePair, CableTest, PairState
from uzel.core.diagnosis import Code
from uzel.desk.checks import checks_of
from uzel.desk.lines import SO_FAR_SPEAKS, Verdict, lines_of, verdicts
from uzel.network.models import Probe, Site
from uzel.people.models import Role
from uzel.subscribers.models import Service, Subscriber

pytestmark = pytest.mark.django_db

MAC = "001a2b3c4d5e"
CARD = "/subscribers/500001/"


@pytest.fixture
def client(db: None) -> Client:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 2)
    Service.objects.filter(subscriber__account="500001").update(mac=MAC)
    web_data.probed()
    signed_in = Client()
    signed_in.force_login(web_data.people()[Role.OPERATOR])
    return signed_in


def result(*under_way: str, up: bool, **more: Any) -> dict[str, Any]:
    """What the prober has told so far."""
    now = timezone.now().timestamp()
    return so_far(*under_way, up=up, index=1, mac=MAC, at=(now - 1.0, now - 0.5)) | more


def cut(metres: int) -> dict[str, Any]:
    pairs = (CablePair(1, PairState.OPEN, metres), CablePair(2, PairState.OPEN, metres))
    return asdict(CableTest("1", False, PairState.FAULT, pairs=pairs))


def tell(told: dict[str, Any] | None, *, state: str = "running", ago: timedelta = timedelta(0)) -> None:
    """The latest look at the line is so far, or has ended so."""
    ended = None if state == "running" else timezone.now()
    probe = Probe.objects.filter(operation="line").latest("pk")
    started = timezone.now() - ago
    Probe.objects.filter(pk=probe.pk).update(state=state, result=told, started_at=started, ended_at=ended)


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


def shown(client: Client) -> str:
    return client.get(CARD).content.decode()


def verdict() -> Verdict:
    line = lines_of(Subscriber.objects.get(account="500001"))[0]
    return verdicts([line])[line.id]


def test_a_missing_link_is_said_while_the_cable_is_tested(client: Client) -> None:
    shown(client)
    tell(result("cable-test", "log", up=False))
    page = shown(client)
    said = words(page)
    assert "verdict-broken" in page and "Нет линка на порту" in said and "ещё не окончательно" in said
    assert "проверяем кабель…" in said and "Кабель проверяем…" in said and "спрашиваем…" in said
    assert "Не отпускать абонента" in said and "направить бригаду" not in said.lower()
    assert "sse:probe.told" in page and "sse:probe.done" in page and "data-copy" in page
    # It is tested already: nobody needs a second test of it.
    assert re.search(r"<button[^>]*data-cable[^>]* disabled", page)
    tell(result(up=False, cable=cut(31)), state="done")
    page = shown(client)
    said = words(page)
    assert "31 м" in said and "ещё не окончательно" not in said and "проверяем" not in said
    assert "sse:probe.told" not in page and not re.search(r"<button[^>]*data-cable[^>]* disabled", page)


def test_a_line_is_not_fine_while_answers_are_to_come(client: Client) -> None:
    shown(client)
    tell(result("loops", "log", up=True))
    assert verdict().head.code is Code.NOT_ENOUGH_EVIDENCE
    page = shown(client)
    assert "verdict-waiting" in page and "verdict-fine" not in page
    tell(result("log", up=True))
    head = verdict().head
    assert head.code is Code.LINE_FINE and head.confidence < 0.8
    assert "вероятно" in words(shown(client)) and "ещё не окончательно" in words(shown(client))
    tell(result(up=True), state="done")
    assert "ещё не окончательно" not in words(shown(client))


def test_what_a_dead_prober_told_is_not_told_as_now(client: Client) -> None:
    shown(client)
    tell(result("cable-test", up=False), ago=SO_FAR_SPEAKS)
    Probe.objects.update(asked_at=timezone.now())
    assert verdict().head.code is not Code.NO_LINK and verdict().under_way == frozenset()
    assert "Нет линка на порту" not in words(shown(client))


def test_an_earlier_test_says_nothing_of_a_cable_that_is_tested_anew(client: Client) -> None:
    shown(client)
    probe = Probe.objects.get()
    ended = timezone.now() - timedelta(seconds=30)
    Probe.objects.create(
        operation="cable", device=probe.device, port=probe.port, state="done", ended_at=ended, result={"cable": cut(31)}
    )
    tell(result("cable-test", up=False))
    assert verdict().head.code is Code.NO_LINK
    assert "31 м" not in words(shown(client))
    tell(result("log", up=False, cable=cut(12)))
    assert verdict().head.code is Code.CABLE_BREAK and "12 м" in words(shown(client))


def test_a_row_keeps_its_key_while_another_is_asked(client: Client) -> None:
    shown(client)
    said = {"operation": "loops", "by": "cli", "asked": [], "text": "x", "mark": "recorded", "not_understood": []}
    keys = []
    for under_way in (("igmp-groups", "bindings", "log"), ("bindings",)):
        tell(
            result(
                *under_way,
                up=True,
                groups=[],
                loops=[{"loop": False}],
                said=[said, said | {"operation": "igmp-groups"}],
            )
        )
        rows = checks_of(Probe.objects.latest("pk"), None, now=timezone.now())
        keys.append({row.name: row.number for row in rows if row.number})
    assert keys[0]["loops"] == keys[1]["loops"] == 3 and keys[1]["groups"] == 2
