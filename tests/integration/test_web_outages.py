"""The pages of outages and planned works: what they say, to whom, and in how many queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from tests import web_data
from uzel.journal.models import AuditRecord, Event
from uzel.journal.operations import emit
from uzel.network.models import Device, DeviceState, Link, Port, PortState, Site
from uzel.outages import board
from uzel.outages.models import Outage, OutageElement, OutageEvent, PlannedWork
from uzel.outages.telling import counts, total
from uzel.outages.templatetags.outage_words import counted_service
from uzel.people.models import Role, User
from uzel.subscribers.models import Phone, Subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> dict[Role, User]:
    return web_data.people()


@pytest.fixture
def operator(staff: dict[Role, User]) -> Client:
    client = Client()
    client.force_login(staff[Role.OPERATOR])
    return client


def _site(code: str) -> Site:
    return Site.objects.get(code=code)


def _queries(client: Client, path: str) -> int:
    client.get(path)
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def test_all_is_well_only_when_somebody_watches_a_network(operator: Client) -> None:
    page = operator.get("/").content.decode()
    assert "Ничего не известно" in page and "Сеть ещё не загружена" in page and "Аварий нет" not in page
    web_data.city()
    cache.clear()
    page = operator.get("/").content.decode()
    assert "монитор не запущен" in page and "Сеть ещё не загружена" not in page and "Аварий нет" not in page
    web_data.watched()
    cache.clear()
    assert "Аварий нет" in operator.get("/").content.decode()


@pytest.mark.slow
def test_the_board_needs_the_same_queries_for_one_outage_and_for_thirty(operator: Client) -> None:
    web_data.city(okrugs=2, districts=3, campuses=3, houses=3)
    houses = list(Site.objects.filter(level=4))
    for site in houses[:2]:
        web_data.darken(site, cause="device_dead")
    few = _queries(operator, "/")
    for site in houses[2:30]:
        web_data.darken(site, cause="link_cut")
    assert _queries(operator, "/") <= few + 1  # links are read once any cause names one
    assert few <= 15


def test_the_board_tells_of_a_lost_reserve_until_the_link_is_back(operator: Client) -> None:
    web_data.city()
    web_data.watched()
    above, below = (Device.objects.get(code=code) for code in ("o1-sw1", "o1-d2-k1-sw1"))
    ports = [Port.objects.create(device=d, name="26", if_index=26, is_uplink=True) for d in (above, below)]
    Link.objects.create(code="reserve", a_device=below, a_port=ports[1], b_device=above, b_port=ports[0])
    down = PortState.objects.create(port=ports[0], oper_up=False, since=timezone.now() - timedelta(minutes=2))

    def shown() -> str:
        cache.clear()
        return operator.get("/").content.decode()

    page = shown()
    assert "Аварий нет" in page and "Потерян резерв" in page
    assert page.index("/devices/o1-sw1/") < page.index("/devices/o1-d2-k1-sw1/")
    PortState.objects.filter(pk=down.pk).update(since=timezone.now())
    assert "Потерян резерв" not in shown(), "it may be an outage that is not decided yet"
    assert "every 5s" in shown()
    PortState.objects.filter(pk=down.pk).update(since=timezone.now() - timedelta(minutes=2))
    DeviceState.objects.filter(device=below).update(is_lit=False)
    assert "Потерян резерв" not in shown(), "an outage is no lost reserve"
    DeviceState.objects.filter(device=below).update(is_lit=True)
    PortState.objects.filter(pk=down.pk).update(oper_up=True)
    assert "Потерян резерв" not in shown()


@pytest.mark.parametrize("path", ["/", "/sites/o1-d1/", "/devices/o1-d1-sw1/"])
def test_pages_with_links_listen_to_ports(operator: Client, path: str) -> None:
    web_data.city()
    assert "sse:port.state" in operator.get(path).content.decode()


def test_every_desk_sees_the_board_that_was_made_for_the_first_until_there_is_news(operator: Client) -> None:
    web_data.city()
    outage = web_data.darken(_site("o1-d1"))
    operator.get("/")
    with CaptureQueriesContext(connection) as queries:
        assert "Обрыв линии" in operator.get("/", headers={"HX-Request": "true"}).content.decode()
    assert len(queries) <= 3  # session, person, version
    Outage.objects.filter(pk=outage.pk).update(cause="device_dead")
    emit("outage.changed", {"id": outage.pk})
    assert "Отказ оборудования" in operator.get("/").content.decode()
    operator.post("/people/language/", {"language": "en"})
    assert "Device dead" in operator.get("/").content.decode()


def test_the_outage_page_needs_the_same_queries_however_much_is_dark(operator: Client) -> None:
    web_data.city(okrugs=2, districts=3, campuses=3, houses=3)
    small, great = web_data.darken(_site("o1-d1-k1-h1")), web_data.darken(_site("o2"))
    assert _queries(operator, f"/outages/{great.pk}/") <= _queries(operator, f"/outages/{small.pk}/") <= 20


@pytest.mark.slow
def test_lists_need_the_same_queries_for_one_row_and_for_a_page_of_them(
    operator: Client, staff: dict[Role, User]
) -> None:
    web_data.city()
    now = timezone.now()
    outage = web_data.darken(_site("o1-d1"), closed=now)
    path = f"/outages/{web_data.darken(_site('o2')).pk}/subscribers/"
    web_data.subscribers(_site("o2-d1-k1-h1"), 1)
    work = PlannedWork.objects.create(title="а", starts_at=now, ends_at=now + timedelta(hours=1))
    work.sites.add(outage.site)
    paths = ("/outages/", path, "/planned/")
    few = [_queries(operator, p) for p in paths]
    web_data.subscribers(_site("o2-d1-k1-h1"), 40)
    for n in range(30):
        web_data.darken(_site("o1-d1"), closed=now - timedelta(hours=n))
        more = PlannedWork.objects.create(title="б", starts_at=now, ends_at=now + timedelta(hours=1))
        more.sites.add(outage.site)
    assert [_queries(operator, p) for p in paths] == few


def test_the_list_of_subscribers_is_told_as_the_card_tells_it(operator: Client) -> None:
    web_data.city()
    house = _site("o1-d1-k1-h1")
    outage = web_data.darken(house, cause="mains_lost")
    web_data.subscribers(house, 60)
    first = Subscriber.objects.order_by("account").first()
    assert first is not None and first.building is not None
    Phone.objects.create(subscriber=first, digits="79413764982")
    path = f"/outages/{outage.pk}/subscribers/"
    page = operator.get(path).content.decode()
    assert 'href="tel:+79413764982"' in page and "+7\u00a0941\u00a0376-49-82" in page and ">79413764982" not in page
    assert f"{first.building} – {first.flat}" in page and f"{first.building}, {first.flat}" not in page
    crumbs = page.split('class="crumbs"')[1].split("</p>")[0]
    assert "ТП-11" in crumbs and house.name not in crumbs
    assert "дальше →" in page and "раньше" not in page and "<h1>Абоненты без услуг</h1>" in page
    assert "← назад" in operator.get(path, {"page": "2"}).content.decode()
    Outage.objects.filter(pk=outage.pk).update(state="closed", closed_at=timezone.now())
    assert "<h1>Были без услуг</h1>" in operator.get(path).content.decode()


@pytest.mark.parametrize(
    ("kind", "n", "words"),
    [("traffic_light", 1, "светофор"), ("traffic_light", 22, "светофора"), ("traffic_light", 11, "светофоров"),
     ("telephony", 4, "телефонные линии"), ("internet", 1, "ШПД")],
)  # fmt: skip
def test_a_count_and_its_service_agree(kind: str, n: int, words: str) -> None:
    with translation.override("ru"):
        assert counted_service(kind, n) == words


def test_a_printed_outage_says_of_which_day_its_times_are(operator: Client) -> None:
    web_data.city()
    outage = web_data.darken(_site("o1-d1"))
    for path in (f"/outages/{outage.pk}/", f"/outages/{outage.pk}/subscribers/"):
        assert f"распечатано {timezone.localtime():%d.%m.%Y}" in operator.get(path).content.decode()


def test_a_subscriber_with_lines_in_two_outages_is_one_subscriber_without_service() -> None:
    web_data.city()
    here, there = _site("o1-d1-k1-h1"), _site("o2-d1-k1-h1")
    web_data.subscribers(here, 5)
    for service in here.devices.get(kind="switch").services.all()[:2]:
        service.pk, service.code = None, service.code + "-tv"
        service.device, service.port = there.devices.get(kind="switch"), None
        service.kind = "catv"
        service.save()
    web_data.darken(here, people=5)
    web_data.darken(there, people=2)
    lines = board.open_outages()
    assert total(line.counts for line in lines).subscribers == 7
    assert board.in_all(lines).subscribers == 5
    assert dict(board.in_all(lines).by_class) == {"person": 5}


@pytest.mark.parametrize(
    "scope", [{}, {"subscribers": None}, {"subscribers": {"person": 3}, "services": {"new": {"person": 1}}}]
)
def test_counts_of_a_scope_that_lacks_parts(scope: dict[str, object]) -> None:
    told = counts(scope)
    assert told.subscribers in {0, 3} and told.traffic_lights == 0
    assert [s.kind for s in told.services] == (["new"] if "services" in scope else [])


def test_a_campus_cell_shows_the_worst_below_it_and_how_many_houses() -> None:
    web_data.city(okrugs=1, districts=1, campuses=2, houses=4)
    web_data.darken(_site("o1-d1-k1-h1"))
    DeviceState.objects.filter(device__site__code="o1-d1-k1-h2").update(answers=False)
    (centre,) = board.city()
    first, second = centre.below[0].below[0].below
    assert (first.shown, first.light, first.troubled, first.all_houses) == ("dark", "lit", 2, 4)
    assert (second.shown, second.troubled) == ("lit", 0)
    assert centre.troubled == 2


def test_the_outage_page_says_cause_reasons_scope_and_what_to_tell(operator: Client) -> None:
    web_data.city()
    outage = web_data.darken(_site("o1-d1"), people=240, second="device_dead")
    page = operator.get(f"/outages/{outage.pk}/").content.decode()
    for words in ("Обрыв линии", "ОУ-1 — РУ-1.1", "молчит, а сосед отвечает", "Отказ оборудования", "224", "светофоры",
                  "повреждён кабель", "началось здесь", "КУ-1.1.1"):  # fmt: skip
        assert words in page, words
    seen = AuditRecord.objects.get(action="outage.seen")
    assert (seen.username, seen.object_id) == ("operator", str(outage.pk))


def test_a_management_fault_does_not_frighten(operator: Client) -> None:
    web_data.city()
    outage = web_data.darken(_site("o1-d1"), cause="management_fault", people=0)
    page = operator.get(f"/outages/{outage.pk}/").content.decode()
    assert "Что сказать абоненту" not in page and "линии работают" in page
    assert "услуги работают" in operator.get("/").content.decode()


def test_names_and_comments_cannot_smuggle_markup(operator: Client, staff: dict[Role, User]) -> None:
    web_data.city()
    Site.objects.filter(code="o1-d1").update(name="<script>alert(1)</script>")
    outage = web_data.darken(_site("o1-d1"))
    operator.post(f"/outages/{outage.pk}/comment/", {"text": "<img src=x onerror=alert(1)>\nвторая"})
    for path in ("/", f"/outages/{outage.pk}/", "/outages/", "/audit/"):
        page = operator.get(path).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page
    assert "&lt;img" in operator.get(f"/outages/{outage.pk}/").content.decode()


def test_a_comment_too_long_is_refused_in_words(operator: Client) -> None:
    web_data.city()
    made = web_data.darken(_site("o1-d1"))
    page = operator.post(f"/outages/{made.pk}/comment/", {"text": "x" * 2001}, follow=True)
    assert "2000" in page.content.decode()
    assert not OutageEvent.objects.filter(kind="comment").exists()


def test_the_inside_asked_without_its_page_leaves_a_trace_once(operator: Client) -> None:
    web_data.city()
    path = f"/outages/{web_data.darken(_site('o1-d1')).pk}/"
    for _ in range(3):
        operator.get(path, headers={"HX-Request": "true"})
    assert AuditRecord.objects.filter(action="outage.seen").count() == 1
    operator.get(path)
    operator.get(path, headers={"HX-Request": "true"})
    assert AuditRecord.objects.filter(action="outage.seen").count() == 2, "the page itself, not its live refresh"


def test_a_comment_is_a_line_of_the_story_an_event_and_a_record(operator: Client) -> None:
    web_data.city()
    outage = web_data.darken(_site("o1-d1"))
    operator.post(f"/outages/{outage.pk}/comment/", {"text": "Бригада едет"})
    operator.post(f"/outages/{outage.pk}/comment/", {"text": "   "})
    assert OutageEvent.objects.get(kind="comment").data == {"text": "Бригада едет"}
    assert Event.objects.get(name="outage.commented").payload == {"id": outage.pk}
    assert AuditRecord.objects.get(action="outage.commented").detail == {"text": "Бригада едет"}


def test_history_is_filtered_and_bad_filters_are_ignored(operator: Client) -> None:
    web_data.city()
    now = timezone.now()
    web_data.darken(_site("o1-d1"), cause="mains_lost", closed=now, began=now - timedelta(days=3))
    web_data.darken(_site("o2-d1"), cause="link_cut")

    def rows(query: str) -> int:
        return operator.get(f"/outages/?{query}").content.decode().count("<tr data-row>")

    day = (timezone.localtime(now) - timedelta(days=3)).date().isoformat()
    assert rows("") == 2
    assert (
        rows("cause=mains_lost") == rows("state=open") == rows("q=РУ-2") == rows(f"until={day}") == rows("q=o1-d1") == 1
    )
    assert rows(f"since={day}") == 2
    assert rows("cause=nonsense&since=yesterday&page=999") == 2
    assert rows("q=%25") == 0


def test_the_list_of_subscribers_by_class_and_service(staff: dict[Role, User]) -> None:
    web_data.city()
    house = _site("o1-d1-k1-h1")
    web_data.subscribers(house, 3)
    web_data.subscribers(house, 2, kind="business", service="telephony")
    web_data.subscribers(_site("o2-d1-k1-h1"), 4)
    outage = web_data.darken(_site("o1-d1"))
    client = Client()
    client.force_login(staff[Role.OPERATOR])

    def rows(query: str) -> int:
        return client.get(f"/outages/{outage.pk}/subscribers/?{query}").content.decode().count("<tr data-row>")

    assert (rows(""), rows("kind=business"), rows("service=telephony"), rows("kind=person&service=telephony")) == (
        5,
        2,
        2,
        0,
    )
    # Who was without service stays in the list of a closed outage, though parts of it came back at other times.
    OutageElement.objects.filter(outage=outage, device__site=house).update(lit_at=timezone.now() - timedelta(minutes=3))
    Outage.objects.filter(pk=outage.pk).update(state="closed", closed_at=timezone.now())
    OutageElement.objects.filter(outage=outage, lit_at=None).update(lit_at=timezone.now())
    assert rows("") == 5
    client.force_login(staff[Role.FIELD])
    assert client.get(f"/outages/{outage.pk}/subscribers/").status_code == 403


def test_a_planned_work_by_codes(staff: dict[Role, User]) -> None:
    web_data.city()
    client = Client()
    client.force_login(staff[Role.ENGINEER])
    device = Device.objects.get(code="o1-d1-sw1")
    form = {
        "title": "Замена",
        "starts_at": "2030-01-02T10:00",
        "ends_at": "2030-01-02T12:00",
        "codes": "o2-d1, o1-d1-sw1",
    }
    assert client.post("/planned/new/", form | {"ends_at": "2030-01-02T09:00"}).status_code == 200
    assert client.post("/planned/new/", form | {"codes": "nothing"}).status_code == 200
    assert not PlannedWork.objects.exists()
    assert client.post("/planned/new/", form).status_code == 302
    work = PlannedWork.objects.get()
    assert list(work.devices.all()) == [device] and work.sites.get().code == "o2-d1"
    assert timezone.localtime(work.starts_at).hour == 10 and work.author == staff[Role.ENGINEER]
    assert client.post(f"/planned/{work.pk}/", form | {"title": "Замена муфты", "codes": "o2"}).status_code == 302
    work.refresh_from_db()
    assert work.title == "Замена муфты" and work.sites.get().code == "o2" and not work.devices.exists()
    assert client.post(f"/planned/{work.pk}/cancel/").status_code == 302
    assert not PlannedWork.objects.exists()
    assert Event.objects.filter(name="planned.changed").count() == 3
    actions = AuditRecord.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["planned.created", "planned.changed", "planned.cancelled"]


@pytest.mark.parametrize("wrong", [{"starts_at": "0001-01-01T00:00"}, {"ends_at": "9999-12-31T23:59"}])
def test_a_work_in_an_impossible_year_is_refused(staff: dict[Role, User], wrong: dict[str, str]) -> None:
    """Such a date cannot be read back in the city's time zone: the board and the monitor would stand still."""
    Site.objects.create(code="w1", level=0, name="а")
    client = Client()
    client.force_login(staff[Role.LEAD])
    now = timezone.localtime()
    form = {"title": "а", "codes": "w1", "starts_at": f"{now:%Y-%m-%dT%H:%M}"}
    form["ends_at"] = f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}"
    assert client.post("/planned/new/", form | wrong).status_code == 200
    assert not PlannedWork.objects.exists()
    assert client.post("/planned/new/", form).status_code == 302


def test_a_work_that_goes_on_is_ended_not_removed(staff: dict[Role, User]) -> None:
    now = timezone.now()
    work = PlannedWork.objects.create(title="а", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    client = Client()
    client.force_login(staff[Role.LEAD])
    client.post(f"/planned/{work.pk}/cancel/")
    work.refresh_from_db()
    assert abs(work.ends_at - timezone.now()) < timedelta(seconds=30)


def test_audit_is_filtered_and_paged(staff: dict[Role, User]) -> None:
    AuditRecord.objects.bulk_create(
        AuditRecord(username=f"u{n % 3}", action="subscriber.searched", detail={"q": f"иванов {n}"}) for n in range(250)
    )
    client = Client()
    client.force_login(staff[Role.ADMINISTRATOR])

    def rows(query: str) -> int:
        return client.get(f"/audit/?{query}").content.decode().count('<tr><td class="nowrap">')

    assert rows("") == 100
    last = AuditRecord.objects.filter(action="subscriber.searched").order_by("-pk")[99].pk
    assert rows(f"before={last}") == 100
    assert rows(f"before={last - 100}") == 50
    assert rows("user=u1") == 83
    assert rows("about=иванов 249") == 1
    assert rows("action=session.") == rows("until=2001-01-01") == 0
    assert rows("before=x&since=nonsense") == 100
