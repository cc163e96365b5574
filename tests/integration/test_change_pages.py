"""Pages of changes: the form, the preview with its exact lines, the confirmation by role, the end, the lists."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests import web_data
from uzel.network.models import Change, Device, Site
from uzel.people.models import Role, User
from uzel.subscribers.models import Subscriber

pytestmark = pytest.mark.django_db
State = Change.State
LINES = ["configure terminal", "interface Gi0/1", "shutdown", "end"]


@pytest.fixture
def staff() -> dict[Role, User]:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=2)
    web_data.subscribers(Site.objects.filter(level=4).order_by("code")[0], 1)
    return web_data.people()


def switch() -> Device:
    return Device.objects.filter(services__isnull=False).distinct().get()


def client(user: User) -> Client:
    signed = Client()
    signed.force_login(user)
    return signed


def form(kind: str, **more: str) -> dict[str, str]:
    return {"device": switch().code, "port": "1", "kind": kind, "key": str(uuid4())} | more


def preview(user: User, kind: str = "port-restart", **more: str) -> Change:
    answer = client(user).post(reverse("network:change_ask"), form(kind, **more))
    assert answer.status_code == 302, answer.content.decode()
    change = Change.objects.latest("id")
    assert answer["Location"] == reverse("network:change", args=[change.pk])
    Change.objects.filter(pk=change.pk).update(
        state=State.READY, commands=LINES, undo=["no shutdown"], before={"admin_up": True, "link_up": True}
    )
    change.refresh_from_db()
    return change


def page(user: User, change: Change) -> str:
    return client(user).get(reverse("network:change", args=[change.pk])).content.decode()


def confirm(user: User, change: Change, reason: str = "нет линка") -> str:
    url = reverse("network:change_confirm", args=[change.pk])
    return client(user).post(url, {"reason": reason}, follow=True).content.decode()


def test_the_preview_shows_the_exact_lines_and_asks_why(staff: dict[Role, User]) -> None:
    change = preview(staff[Role.OPERATOR], subject=Subscriber.objects.get().account)
    text = page(staff[Role.OPERATOR], change)
    for line in (*LINES, "no shutdown"):
        assert f"<span>{line}</span>" in text
    assert re.search(r'<input id="reason" name="reason" required', text)
    assert Subscriber.objects.get().account in text
    assert "Выполнить эти команды" in text
    confirm(staff[Role.OPERATOR], change)
    change.refresh_from_db()
    assert (change.state, change.reason, change.confirmed_by) == (State.WAITING, "нет линка", staff[Role.OPERATOR])


def test_a_double_click_is_one_change(staff: dict[Role, User]) -> None:
    twice, operator = form("port-restart"), client(staff[Role.OPERATOR])
    answers = [operator.post(reverse("network:change_ask"), twice)["Location"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert Change.objects.count() == 1
    # The menu has one key: another of its buttons is another change, and so is the same one when the first has ended.
    operator.post(reverse("network:change_ask"), twice | {"kind": "clear-counters"})
    assert Change.objects.count() == 2
    Change.objects.filter(kind="port-restart").update(state=State.FAILED)
    again = operator.post(reverse("network:change_ask"), twice)["Location"]
    assert again not in answers
    assert operator.post(reverse("network:change_ask"), twice)["Location"] == again


def test_without_a_reason_nothing_is_confirmed(staff: dict[Role, User]) -> None:
    change = preview(staff[Role.OPERATOR])
    assert "Напишите, зачем" in confirm(staff[Role.OPERATOR], change, reason=" ")
    change.refresh_from_db()
    assert change.state == State.READY


def test_an_operator_asks_a_lead_for_a_shared_port(staff: dict[Role, User]) -> None:
    web_data.subscribers(switch().site, 1)
    change = preview(staff[Role.OPERATOR])
    text = page(staff[Role.OPERATOR], change)
    assert "больше одного абонента" in text
    assert "Попросить ведущего" in text
    assert "Выполнить эти команды" not in text
    assert "Ждёт ведущего" in confirm(staff[Role.OPERATOR], change)
    listed = client(staff[Role.LEAD]).get(reverse("network:changes")).content.decode()
    assert "Ждут ведущего" in listed
    assert "Выполнить эти команды" in page(staff[Role.LEAD], change)
    confirm(staff[Role.LEAD], change, reason="")
    change.refresh_from_db()
    assert (change.state, change.confirmed_by, change.reason) == (State.WAITING, staff[Role.LEAD], "нет линка")


def test_the_navigation_tells_those_who_may_confirm_how_many_wait(staff: dict[Role, User]) -> None:
    def shown(role: Role) -> str:
        text = client(staff[role]).get(reverse("outages:board")).content.decode()
        found = re.search(r'<span id="changes-waiting"[^>]*hx-trigger="sse:change.changed"[^>]*>(\d*)</span>', text)
        return found[1] if found else "none"

    web_data.subscribers(switch().site, 1)
    assert shown(Role.LEAD) == ""
    change = preview(staff[Role.OPERATOR])
    assert shown(Role.LEAD) == ""
    confirm(staff[Role.OPERATOR], change)
    assert (shown(Role.LEAD), shown(Role.OPERATOR), shown(Role.FIELD)) == ("1", "none", "none")
    url = reverse("network:changes_waiting")
    assert ">1</span>" in client(staff[Role.ENGINEER]).get(url, headers={"HX-Request": "true"}).content.decode()
    assert client(staff[Role.OPERATOR]).get(url).status_code == 403
    confirm(staff[Role.LEAD], change, reason="")
    assert shown(Role.LEAD) == ""


def test_a_port_that_was_left_off_stands_on_the_list_of_the_leads(staff: dict[Role, User]) -> None:
    change = preview(staff[Role.OPERATOR])
    confirm(staff[Role.OPERATOR], change)
    lost = {"state": State.UNKNOWN, "error": "runner_died", "transcript": [{"part": "do", "line": "x"}]}
    Change.objects.update(**lost, before={"admin_up": True}, after={"admin_up": False})
    listed = client(staff[Role.LEAD]).get(reverse("network:changes")).content.decode()
    assert "Порт остался выключенным" in listed
    url = reverse("network:changes_waiting")
    assert ">1</span>" in client(staff[Role.LEAD]).get(url, headers={"HX-Request": "true"}).content.decode()


def test_somebody_elses_preview_is_passed_on_by_nobody_else(staff: dict[Role, User]) -> None:
    web_data.subscribers(switch().site, 1)
    change = preview(staff[Role.COORDINATOR])
    assert "Попросить ведущего" not in page(staff[Role.OPERATOR], change)
    assert "пишет тот, кто попросил" in confirm(staff[Role.OPERATOR], change, reason="PLANTED")
    change.refresh_from_db()
    assert change.reason == ""


@pytest.mark.parametrize("text", ['kv" ; reboot', "кв 5", "x\ny", "x?", "a" * 33])
def test_a_description_that_may_not_be_typed_is_refused_with_a_way_back(staff: dict[Role, User], text: str) -> None:
    answer = client(staff[Role.COORDINATOR]).post(reverse("network:change_ask"), form("description", value=text))
    assert answer.status_code == 409
    assert "до 32 латинских букв" in answer.content.decode()
    assert not Change.objects.exists()


def test_what_is_not_there_is_not_found(staff: dict[Role, User]) -> None:
    engineer = client(staff[Role.ENGINEER])
    for wrong in ({"device": "none"}, {"port": "99"}, {"kind": "reboot"}, {"key": "x"}, {"port": "1\n2"}):
        answer = engineer.post(reverse("network:change_ask"), form("port-restart") | wrong)
        assert answer.status_code == 404, wrong
    assert engineer.get(reverse("network:change", args=[7])).status_code == 404
    assert engineer.post(reverse("network:change_ask"), form("port-restart", port="")).status_code == 409


def test_roles_see_what_they_may(staff: dict[Role, User]) -> None:
    device = reverse("network:device", args=[switch().code])
    assert client(staff[Role.FIELD]).get(reverse("network:changes")).status_code == 403
    assert "change-menu" not in client(staff[Role.FIELD]).get(device).content.decode()
    assert client(staff[Role.FIELD]).post(reverse("network:change_ask"), form("port-restart")).status_code == 403
    new = reverse("network:change_new") + f"?device={switch().code}"
    offered = {role: client(staff[role]).get(new).content.decode() for role in (Role.OPERATOR, Role.COORDINATOR)}
    assert 'value="port-off"' not in offered[Role.OPERATOR]
    assert 'value="port-off"' in offered[Role.COORDINATOR]
    assert client(staff[Role.OPERATOR]).post(reverse("network:change_ask"), form("port-off")).status_code == 409


# A look as the runner keeps it: each question with its way and what was said, what it came to with the last one.
LOOK = [
    {"part": "check", "line": "IF-MIB", "text": "admin_up: True", "error": "", "at": 1.8e9, "answered": True,
     "by": "snmp", "seen": None},
    {"part": "check", "line": "display interface GigabitEthernet0/0/1", "text": "Total: 62857 octets", "error": "",
     "at": 1.8e9, "answered": True, "by": "cli",
     "seen": {"admin_up": True, "link_up": False, "description": None, "octets": 62857, "blocked": [], "macs": None}},
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "error", "after", "words"),
    [
        ("done", "", {"admin_up": True}, ["Сделано", "снова включён"]),
        ("undone", "check_failed", {"admin_up": True}, ["Отменено: порт такой же", "проверка показала другое"]),
        ("failed", "undo_hung", {}, ["Не получилось", "Отменить не удалось", "замолчало посреди ответа"]),
        ("unknown", "runner_died", {"admin_up": False}, ["Чем кончилось, неизвестно", "порт выключен!"]),
    ],
)
def test_every_end_is_told_with_its_transcript(
    staff: dict[Role, User], state: str, error: str, after: dict[str, bool], words: list[str]
) -> None:
    change = preview(staff[Role.OPERATOR])
    entry = {"part": "do", "line": "shutdown", "text": "shutdown\r\n<b>", "error": "", "at": 1.8e9, "answered": True}
    unanswered = entry | {"line": "no shutdown", "text": "", "answered": False}
    Change.objects.filter(pk=change.pk).update(
        state=state, error=error, after=after, transcript=[entry, unanswered, *LOOK], reason="нет линка",
        confirmed_by=staff[Role.OPERATOR],
    )  # fmt: skip
    text = page(staff[Role.OPERATOR], change)
    for word in (*words, "отправлено, ответ не сохранился", "&lt;b&gt;", "нет линка"):
        assert word in text
    for word in ("по SNMP</span> <code>IF-MIB", "admin_up: True", "по командной строке</span> <code>display interface"):
        assert word in text
    assert re.search("порт включён · нет линка · насчитано байт: 62.857 · не пропущено клиентов: 0<", text)
    assert "Total: 62857 octets" in text


def test_a_port_that_was_left_off_is_one_press_from_its_way_back(staff: dict[Role, User]) -> None:
    change = preview(staff[Role.OPERATOR])
    rows = Change.objects.filter(pk=change.pk)
    rows.update(state=State.UNKNOWN, after={"admin_up": False}, confirmed_by=staff[Role.OPERATOR], reason="нет линка")
    assert "Включить его может координатор" in page(staff[Role.OPERATOR], change)
    text = page(staff[Role.COORDINATOR], change)
    assert 'name="kind" value="port-on"' in text
    assert 'hx-trigger="sse:change.changed"' in text
    key = re.search(r'name="key" value="([-0-9a-f]+)"', text.partition("Снова включить порт")[0].rpartition("<form")[2])
    assert key
    for _ in range(2):
        assert client(staff[Role.COORDINATOR]).post(reverse("network:change_ask"), form("port-on", key=key[1]))
    assert Change.objects.filter(kind="port-on").count() == 1
    rows.update(before={"admin_up": False})
    assert "Снова включить порт" not in page(staff[Role.COORDINATOR], change)


def test_what_a_switch_prints_neither_hides_nor_turns_around(staff: dict[Role, User]) -> None:
    change = preview(staff[Role.OPERATOR])
    entry = {
        "part": "do",
        "line": "shut",
        "text": "shut\r\n\x1b[8mhid\x08 \u202edlo",
        "error": "",
        "at": 1.8e9,
        "answered": True,
    }
    before = {"admin_up": True, "description": "\u2066kv 5"}
    Change.objects.filter(pk=change.pk).update(transcript=[entry], before=before)
    text = page(staff[Role.OPERATOR], change)
    assert "\u241b[8mhid\u2408 \u2039U+202E\u203adlo" in text
    assert "\u2039U+2066\u203akv 5" in text
    assert not re.search("[\x1b\x08\u202e\u2066]", text)


def test_the_card_and_the_device_have_their_menus_and_lists(staff: dict[Role, User]) -> None:
    subscriber = Subscriber.objects.get()
    change = preview(staff[Role.OPERATOR], subject=subscriber.account)
    confirm(staff[Role.OPERATOR], change)
    operator = client(staff[Role.OPERATOR])
    card = operator.get(reverse("desk:card", args=[subscriber.account])).content.decode()
    assert 'class="change-menu' in card
    assert f'name="subject" value="{subscriber.account}"' in card
    line = reverse("desk:line", args=[subscriber.account, subscriber.services.get().pk])
    link = f'href="{reverse("network:change", args=[change.pk])}"'
    assert link in operator.get(line).content.decode()
    assert link in operator.get(reverse("network:device", args=[switch().code])).content.decode()


@pytest.mark.slow
def test_the_list_costs_the_same_for_few_and_many(staff: dict[Role, User], django_assert_max_num_queries) -> None:
    for _ in range(12):
        confirm(staff[Role.ENGINEER], preview(staff[Role.ENGINEER]))
    lead = client(staff[Role.LEAD])
    lead.get(reverse("network:changes"))
    with django_assert_max_num_queries(8):
        assert lead.get(reverse("network:changes")).content.decode().count("data-row") == 12
