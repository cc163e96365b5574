"""The checks on the card: rows in words, what the device printed (hostile), the cable test and its warning."""

import html
import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests import web_data
from uzel.core.answers import (
    Binding,
    CablePair,
    CableTest,
    IgmpGroup,
    LogLine,
    LoopState,
    Neighbour,
    Operation,
    Optics,
    PairState,
)
from uzel.core.diagnosis import Code
from uzel.core.readings import FdbEntry, OpticalReading, PortReading
from uzel.desk.checks import Check, checks_of
from uzel.desk.lines import lines_of, verdicts
from uzel.desk.operations import PER_MINUTE
from uzel.desk.templatetags import check_words, own_words
from uzel.journal.models import AuditRecord
from uzel.network.models import Port, Probe, Site
from uzel.people.models import Role, User
from uzel.subscribers.models import Service, Subscriber

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e' onmouseover=x"
MAC = "001a2b3c4d5e"


@pytest.fixture
def staff(db: None) -> dict[Role, User]:
    return web_data.people()


@pytest.fixture
def subscriber(db: None) -> Subscriber:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 2)
    one = Subscriber.objects.get(account="500001")
    Service.objects.filter(subscriber=one).update(mac=MAC)
    return one


@pytest.fixture
def client(staff: dict[Role, User]) -> Client:
    web_data.probed()
    signed_in = Client()
    signed_in.force_login(staff[Role.OPERATOR])
    return signed_in


def _ports(*, up: bool = True, **other: Any) -> list[dict[str, Any]]:
    now = timezone.now().timestamp()
    port = PortReading(
        if_index=1, name="1", admin_up=True, oper_up=up, speed_mbps=100, full_duplex=True, in_errors=0, uptime_s=9e5,
        last_change_s=1.0,
    )  # fmt: skip
    return [asdict(port) | {"at": now - ago} | other for ago in (1.0, 0.5)]


def _said(operation: str, text: str, **other: Any) -> dict[str, Any]:
    return {
        "operation": operation, "by": "cli", "asked": [f"show {operation}"], "text": text, "mark": "recorded",
        "not_understood": [],
    } | other  # fmt: skip


def _cut(*metres: int) -> dict[str, Any]:
    pairs = tuple(CablePair(n, PairState.OPEN, at) for n, at in enumerate(metres, 1))
    return asdict(CableTest("1", False, PairState.FAULT, pairs=pairs))


def _end(probe: Probe, result: dict[str, Any] | None, *, error: str = "", ago_s: float = 0.0) -> None:
    ended = timezone.now() - timedelta(seconds=ago_s)
    state = "failed" if error else "done"
    Probe.objects.filter(pk=probe.pk).update(state=state, result=result, error=error, ended_at=ended)


def _answered(client: Client, result: dict[str, Any]) -> str:
    """The card after its probe has ended with this result."""
    client.get("/subscribers/500001/")
    _end(Probe.objects.latest("pk"), result)
    response = client.get("/subscribers/500001/")
    assert response.status_code == 200
    return response.content.decode()


def _words(page: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


def test_a_cut_cable_is_told_and_drawn(client: Client, subscriber: Subscriber) -> None:
    page = _answered(client, {"ports": _ports(up=False), "cable": _cut(31, 31), "said": [_said("cable-test", "Pair1")]})
    assert "пара 1 обрыв на 31 м, пара 2 обрыв на 31 м — обрыв в подъезде" in _words(page)
    drawing = page[page.index('<svg class="wire"') :]
    assert drawing.count('<text class="wire-word wire-dark"') == 2
    assert '<details class="said" data-said="1" data-check="cable">' in page


def test_the_length_of_an_earlier_whole_cable_says_where_the_break_is(client: Client, subscriber: Subscriber) -> None:
    whole = asdict(CableTest("1", True, PairState.OK, pairs=(CablePair(1, PairState.OK, 32),)))
    _answered(client, {"ports": _ports(), "cable": whole})
    Probe.objects.update(ended_at=timezone.now() - timedelta(minutes=9))
    page = _answered(client, {"ports": _ports(up=False), "cable": _cut(31, 31)})
    assert "обрыв у квартиры или кабель вынут из роутера" in _words(page)
    assert "квартира, 32 м" in _words(page)


@pytest.mark.parametrize(
    ("kind", "service", "end", "says"),
    [
        ("person", "internet", "квартира", "обрыв у квартиры или кабель вынут из роутера"),
        ("business", "internet", "помещение", "обрыв у помещения или кабель вынут из роутера"),
        ("municipal", "internet", "помещение", "обрыв у помещения или кабель вынут из роутера"),
        ("municipal", "traffic_light", "светофор", "обрыв у светофора или кабель вынут из контроллера"),
    ],
)
def test_a_cable_ends_where_this_customer_is(
    client: Client, subscriber: Subscriber, kind: str, service: str, end: str, says: str
) -> None:
    Subscriber.objects.update(kind=kind)
    Service.objects.update(kind=service)
    whole = asdict(CableTest("1", True, PairState.OK, pairs=(CablePair(1, PairState.OK, 32),)))
    _answered(client, {"ports": _ports(), "cable": whole})
    Probe.objects.update(ended_at=timezone.now() - timedelta(minutes=9))
    page = _words(_answered(client, {"ports": _ports(up=False), "cable": _cut(31, 31)}))
    assert f"{end}, 32 м" in page and f"— {says}" in page
    assert kind == "person" or "квартир" not in page[page.index("Кабель") : page.index("Линк")]


@pytest.mark.parametrize("language", ["ru", "en"])
def test_no_cable_of_a_firm_or_a_traffic_light_leads_to_a_flat(language: str) -> None:
    """Every code whose common words are of a flat, its entrance or its router is told otherwise."""
    home = re.compile("flat|entrance|квартир|подъезд")
    with translation.override(language):
        of_a_flat = {code for code, word in check_words.CABLE_SAYS.items() if home.search(str(word))}
        for words in (own_words.LIGHTS["cable"], own_words.PREMISES["cable"]):
            assert of_a_flat <= words.keys()
            assert not [word for word in map(str, words.values()) if home.search(word)]


@pytest.mark.parametrize(
    ("value", "words"), [(-27.5, "−27,5"), (-3, "−3"), ([-3.25, 2], "−3,25, 2"), (12345, "12\u202f345")]
)
def test_a_raw_reading_has_a_real_minus(value: object, words: str) -> None:
    with translation.override("ru"):
        assert check_words.plain_value(value) == words


def test_what_a_device_printed_is_text_and_nothing_else(client: Client, subscriber: Subscriber) -> None:
    result = {
        "ports": _ports(description=HOSTILE),
        "cable": _cut(5) | {"state": HOSTILE},
        "groups": [asdict(IgmpGroup(HOSTILE, 700))],
        "bindings": [asdict(Binding(MAC, HOSTILE))],
        "blocked_macs": [HOSTILE],
        "log": [asdict(LogLine(HOSTILE, HOSTILE))] * 9,
        "neighbours": [asdict(Neighbour("1", system_name=HOSTILE, system_description=HOSTILE))],
        "missing": {HOSTILE: HOSTILE},
        "errors": {HOSTILE: HOSTILE},
        "said": [
            _said("log", HOSTILE, not_understood=[HOSTILE], asked=[HOSTILE], mark=HOSTILE, by=HOSTILE),
            _said(HOSTILE, HOSTILE),
        ],
    }
    page = _answered(client, result)
    assert "<script>alert" not in page
    assert "' onmouseover" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 12


def test_lines_of_the_log_are_told_in_words_with_the_raw_line_behind_the_key(
    client: Client, subscriber: Subscriber
) -> None:
    raw = "Unauthenticated IP-MAC address and discarded by ip mac port binding (MAC: 50-C7-BF-00-00-01, Port: 1)"
    log = [
        LogLine(raw, "2026/03/14 09:10:02", when="2026-03-14T09:10:02", kind="binding_blocked", mac="50c7bf000001"),
        LogLine("Port 1 link up", "Mar 14 09:10:02", kind="link_up"),
        LogLine("Fan 1 is back", "Mar 14 09:10:01"),
    ]
    page = _answered(client, {"ports": _ports(), "log": [asdict(row) for row in log], "said": [_said("log", raw)]})
    words = _words(page)
    assert "14.03.2026 09:10:02 адрес заблокирован привязкой 50:c7:bf:00:00:01" in words
    assert "Mar 14 09:10:02 линк появился" in words and "Mar 14 09:10:01 Fan 1 is back" in words
    assert "Port 1 link up" not in words and raw in page


def test_the_raw_answer_tells_the_command_the_way_and_the_ground(client: Client, subscriber: Subscriber) -> None:
    said = [
        _said("log", "line one\r\nline two", asked=["show log", "q"]),
        _said("igmp-groups", "", by="snmp", mark="standard"),
        _said("loops", "odd", mark="unverified", not_understood=["odd row"]),
    ]
    parts = {
        "groups": [],
        "log": [asdict(LogLine("Port 1 link up"))],
        "loops": [asdict(LoopState("1", True, False))],
    }
    page = _answered(client, {"ports": _ports(), "said": said} | parts)
    words = _words(page)
    assert "line one\nline two" in page
    assert "Спрошено в командной строке: show log , q формат проверен на живом устройстве" in words
    assert "Спрошено по SNMP" in words
    assert "формат предположительный, на живом устройстве не проверен" in words
    assert "1 строка не понята: odd row" in words
    assert re.findall(r'data-said="(\d)" data-check="(\w+)"', page) == [("1", "groups"), ("2", "loops"), ("3", "log")]


def test_a_row_by_snmp_opens_its_own_readings(client: Client, subscriber: Subscriber) -> None:
    lit = {"uplinks": [{"readings": _ports(), "rx_dbm": -8.5}, {"readings": []}]}
    page = _answered(client, {"ports": _ports()} | lit)
    rows = dict(re.findall(r'<details class="said" data-check="(\w+)">(.*?)</details>', page, re.DOTALL))
    assert set(rows) == {"port", "errors", "light"}
    assert "полный дуплекс" in rows["port"] and "испорченных" not in rows["port"]
    assert "принято испорченных кадров" in rows["errors"] and "полный дуплекс" not in rows["errors"]
    assert "−8,5" in rows["light"]


def test_what_could_not_be_had_is_said_in_words(client: Client, subscriber: Subscriber) -> None:
    missing = {"cable-test": "no_credentials", "igmp-groups": "no_credentials", "log": "late"}
    said = [_said("log", "half an answer", mark="", asked=[])]
    page = _answered(
        client, {"ports": _ports(up=False), "missing": missing, "errors": {"fdb": "timeout"}, "said": said}
    )
    words = _words(page)
    assert "кабель, каналы приставки: у группы доступа нет учётной записи для командной строки" in words
    assert "таблица MAC: нет ответа" in words
    assert "half an answer" in page and "ответ не закончен" in words
    assert "нет линка" in words


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_question_has_words(language: str) -> None:
    with translation.override(language):
        asked = [check_words.question_word(operation) for operation in Operation if operation in check_words.OPERATIONS]
        pairs = [str(check_words.PAIRS[state]) for state in PairState]
        says = [str(word) for word in check_words.CABLE_SAYS.values()]
    for words in (asked, pairs, says):
        cyrillic = [bool(re.search("[а-я]", word)) for word in words]
        assert all(cyrillic) if language == "ru" else not any(cyrillic)


def test_all_rows_of_a_full_answer(client: Client, subscriber: Subscriber) -> None:
    result = {
        "ports": _ports(), "fdb": [asdict(FdbEntry(MAC, 100, 1))], "fdb_total": 1, "groups": [{"group": "239.1.1.1"}],
        "bindings": [asdict(Binding(MAC, "100.64.0.1", lease_s=7200))], "blocked_macs": [MAC], "log": [],
        "loops": [asdict(LoopState("1", True, True))], "neighbours": [asdict(Neighbour("1", system_name="keenetic"))],
        "uplinks": [{"readings": _ports(), "rx_dbm": -27.5}], "optics": [asdict(Optics("26", rx_dbm=-8.0))],
    }  # fmt: skip
    words = _words(_answered(client, result))
    for part in (
        "100 Мбит/с", "00:1a:2b:3c:4d:5e VLAN 100 по учёту", "239.1.1.1", "не пропущен", "аренда", "петлю", "keenetic",
        "−27,5 дБм — слишком слабый", "−8,0 дБм — в норме", "об этом порте ничего нет",
    ):  # fmt: skip
        assert part in words, part


def test_the_receiver_of_cable_tv_stands_on_a_scale(client: Client, subscriber: Subscriber) -> None:
    receiver = subscriber.services.get().device.site.devices.create(code="r1", kind="optical_receiver")
    subscriber.services.update(kind="catv", device=receiver, port=None)
    page = _answered(client, {"receiver": asdict(OpticalReading(input_dbm=-11.8, output_dbuv=104.0))})
    assert "−11,8 дБм — слишком слабый" in _words(page) and '<svg class="level-scale"' in page
    assert "data-cable" not in page
    assert (
        client.post(
            f"/subscribers/500001/lines/{subscriber.services.get().pk}/cable/", headers=web_data.HTMX
        ).status_code
        == 404
    )


def _press(client: Client, subscriber: Subscriber, **data: str) -> str:
    line = lines_of(subscriber)[0]
    response = client.post(f"/subscribers/500001/lines/{line.id}/cable/", data, headers=web_data.HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_a_live_line_is_not_cut_off_without_a_yes(client: Client, subscriber: Subscriber) -> None:
    _answered(client, {"ports": _ports()})
    page = _press(client, subscriber)
    assert "data-agree" in page and "прервёт связь" in page
    assert not Probe.objects.filter(operation="cable").exists()
    page = _press(client, subscriber, agreed="yes")
    probe = Probe.objects.get(operation="cable")
    assert (probe.subject, probe.port, probe.state) == ("500001", Port.objects.get(name="1"), "waiting")
    assert "Проверяем кабель" in page and "sse:probe.done" in page
    assert AuditRecord.objects.filter(action="line.cable_tested").count() == 1


def test_a_dead_line_is_tested_at_once_and_twice_at_once_is_one_test(client: Client, subscriber: Subscriber) -> None:
    _answered(client, {"ports": _ports(up=False)})
    assert "data-agree" not in _press(client, subscriber)
    _press(client, subscriber)
    assert Probe.objects.filter(operation="cable").count() == 1
    _end(Probe.objects.get(operation="cable"), {"cable": _cut(31), "said": [], "missing": {}}, ago_s=30)
    _press(client, subscriber)
    assert Probe.objects.filter(operation="cable").count() == 2


def test_the_cable_test_is_throttled_as_other_probes(
    client: Client, staff: dict[Role, User], subscriber: Subscriber
) -> None:
    _answered(client, {"ports": _ports(up=False)})
    device = lines_of(subscriber)[0].device
    Probe.objects.bulk_create(
        Probe(operation="line", device=device, asked_by=staff[Role.OPERATOR]) for _ in range(PER_MINUTE)
    )
    assert "tag-warn" in _press(client, subscriber)
    assert not Probe.objects.filter(operation="cable").exists()


def test_a_test_on_demand_speaks_in_the_verdict_for_a_while(client: Client, subscriber: Subscriber) -> None:
    Port.objects.filter(name="1").update(speed_mbps=1000)
    _answered(client, {"ports": _ports(), "fdb": [asdict(FdbEntry(MAC))]})
    _press(client, subscriber, agreed="yes")
    pairs = (CablePair(1, PairState.OK, 40), CablePair(2, PairState.OK, 40), CablePair(3, PairState.OPEN, 7))
    test = asdict(CableTest("1", True, PairState.FAULT, pairs=pairs))
    probe = Probe.objects.get(operation="cable")
    _end(probe, {"cable": test, "said": [_said("cable-test", "raw")], "missing": {}})
    line = lines_of(subscriber)[0]
    head = verdicts([line])[line.id].head
    assert head.code is Code.TWO_PAIRS and head.confidence > 0.9
    page = client.get("/subscribers/500001/").content.decode()
    assert "пара 3 обрыв на 7 м" in _words(page) and 'data-check="cable"' in page
    _end(probe, {"cable": test}, ago_s=600)
    line = lines_of(subscriber)[0]
    assert verdicts([line])[line.id].head.confidence < 0.9


def test_a_test_that_failed_says_why_and_leaves_the_rest(client: Client, subscriber: Subscriber) -> None:
    _answered(client, {"ports": _ports(up=False), "cable": _cut(31)})
    _press(client, subscriber)
    _end(Probe.objects.get(operation="cable"), None, error="timeout")
    words = _words(client.get("/subscribers/500001/").content.decode())
    assert "пара 1 обрыв на 31 м" in words
    assert "Не удалось кабель: " in words


def test_an_old_answer_is_not_shown_as_now_while_the_line_is_looked_at(client: Client, subscriber: Subscriber) -> None:
    _answered(client, {"ports": _ports(up=False), "cable": _cut(31)})
    Probe.objects.update(ended_at=timezone.now() - timedelta(minutes=30))
    page = client.get("/subscribers/500001/").content.decode()
    assert "Спрашиваем коммутатор" in page and "обрыв на 31" not in page


@pytest.mark.parametrize(
    "path", ["/subscribers/500001/", "/search/?q=1", "/network/", "/devices/o1-sw1/", "/sites/o1/"]
)
def test_head_is_answered_where_get_is(client: Client, subscriber: Subscriber, path: str) -> None:
    assert client.head(path).status_code == 200


ODD: list[Any] = [
    None, [], "x", {"ports": "x"}, {"ports": [{}]}, {"ports": [None]}, {"cable": "x"}, {"cable": {"pairs": "x"}},
    {"said": [None, {"asked": 5}]}, {"missing": []}, {"errors": 1}, {"groups": [None, 5]}, {"loops": {"loop": True}},
    {"uplinks": [{"readings": []}]}, {"uplinks": [{}]}, {"log": [{}]}, {"fdb": [{}]}, {"blocked_macs": [None]},
]  # fmt: skip


@pytest.mark.parametrize("result", ODD)
def test_an_odd_result_costs_its_rows_and_never_the_card(result: Any) -> None:
    now = timezone.now()
    rows = checks_of(Probe(result=result, ended_at=now), Probe(result=result, ended_at=now), now=now)
    assert all(isinstance(row, Check) for row in rows)


def test_raw_readings_have_names_of_people(client: Client, subscriber: Subscriber) -> None:
    page = _answered(
        client, {"ports": _ports(in_octets=1234567, uptime_s=15365100.25, late_collisions=2), "took_ms": 480}
    )
    words = _words(page[page.index('class="raw') :])
    assert "принято, байт 1 234 567 1 234 567" in words.replace("\u202f", " ")
    assert "15 365 100,25" in words.replace("\u202f", " ")
    assert "линк есть да да" in words and "late_collisions" not in page and "за 480 мс" in words
    assert words.index("снято в") < words.index("линк есть") < words.index("ifIndex")
