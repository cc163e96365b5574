"""Weak points: the rows say what the plain rule says of each device failed alone; the page has the worst first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.test import Client

from tests import web_data
from tests.monitor_city import City, Monitor, Rows, attachments, until
from uzel.config.access import ACCESS
from uzel.core.scope import affected
from uzel.core.topology import Kind, lit
from uzel.journal.models import Event
from uzel.journal.operations import emit
from uzel.network.models import Device, DeviceState, Link, Site
from uzel.outages import network_map, weak
from uzel.outages.models import Outage, OutageElement, PlannedWork, WeakPoint
from uzel.people.models import Role, User
from uzel.pollers.monitor import write_weak_points
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_store import Store
from uzel.subscribers.models import Service, Subscriber

Row = tuple[int, int, dict[str, dict[str, int]]]


def rows() -> dict[int, Row]:
    kept = WeakPoint.objects.values_list("device_id", "subscribers", "devices", "services")
    return {device: (subscribers, devices, services) for device, subscribers, devices, services in kept}


def plainly() -> dict[int, Row]:
    """Fail each element of light alone and count, by the core's rule itself."""
    network, people = network_map.load().network, attachments()
    healthy = lit(network)
    told: dict[int, Row] = {}
    for node in network.nodes.values():
        if node.carries_light and node.id in healthy:
            dark = healthy - lit(network, failed={node.id})
            scope = affected(people, dark)
            told[node.id] = (scope.total, len(dark), scope.services)
    return told


def served(device: Device, *, account: str, kinds: tuple[str, ...]) -> None:
    person, _ = Subscriber.objects.get_or_create(account=account, defaults={"name": "x", "kind": "person"})
    for kind in kinds:
        Service.objects.create(code=f"{device.pk}-{account}-{kind}", subscriber=person, kind=kind, device=device)


def catv(made: Rows) -> None:
    """Cable TV beside the data: a transmitter, a splitter, a receiver in each house, some people with both."""
    head = made.device(Site.objects.get(level=0), Kind.OPTICAL_TRANSMITTER, is_source=True)
    splitter = made.device(Site.objects.get(code="o1"), Kind.OPTICAL_SPLITTER)
    Device.objects.filter(pk=splitter.pk).update(address=None)
    Link.objects.create(code="tx", a_device=head, b_device=splitter)
    for house in Site.objects.filter(level=4, code__startswith="o1"):
        switch = house.devices.get(kind=Kind.SWITCH)
        receiver = made.device(house, Kind.OPTICAL_RECEIVER, managed_via=switch)
        Link.objects.create(code=f"tx-{house.code}", a_device=splitter, b_device=receiver)
        served(receiver, account=f"{switch.pk}-0", kinds=("catv", "dtv"))
        served(receiver, account=f"tv-{house.pk}", kinds=("catv",))


@pytest.fixture
def made(db: None) -> Rows:
    made = Rows()
    catv(made)
    return made


def test_rows_are_what_the_plain_rule_says(made: Rows) -> None:
    assert weak.renew(network_map.load()) == WeakPoint.objects.count()
    assert rows() == plainly()
    core = rows()[made.core.pk]
    assert core[0] == Subscriber.objects.exclude(account__startswith="tv-").count()
    assert len({it[:2] for it in rows().values()}) > 4
    assert not WeakPoint.objects.filter(device__kind="ups").exists()
    assert WeakPoint.objects.filter(device__is_source=True).count() == 2


def test_only_what_differs_is_written_and_told(made: Rows) -> None:
    weak.renew(network_map.load())
    told = Event.objects.filter(name="weak.changed").count()
    assert (weak.renew(network_map.load()), Event.objects.filter(name="weak.changed").count()) == (0, told)
    house = Device.objects.get(site__code="o1-d1-h1", kind=Kind.SWITCH)
    before = rows()
    # A second way, to the other district: the house no longer falls with its own one.
    made.link(Device.objects.get(site__code="o1-d2", kind=Kind.SWITCH), house)
    Service.objects.filter(device__site__code="o2-d1-h1", kind="iptv").update(is_active=False)
    changed = weak.renew(network_map.load())
    after = rows()
    assert after == plainly()
    assert changed == sum(before[pk] != after[pk] for pk in after) < len(after)
    assert Event.objects.filter(name="weak.changed").count() == told + 1


def test_what_lost_its_light_in_the_plan_or_is_gone_has_no_row(made: Rows) -> None:
    weak.renew(network_map.load())
    lost, gone = (Device.objects.get(site__code=f"o2-d1-h{n}", kind=Kind.SWITCH) for n in (1, 2))
    Link.objects.filter(b_device=lost).delete()
    net = network_map.load()
    Service.objects.filter(device=gone).delete()
    gone.delete()
    # The map still has the device that somebody has just removed.
    assert weak.renew(net)
    assert not WeakPoint.objects.filter(device__in=[lost.pk, gone.pk]).exists()
    weak.renew(network_map.load())
    assert rows() == plainly()


def test_queries_do_not_grow_with_the_city(made: Rows, django_assert_max_num_queries: Any) -> None:
    net = network_map.load()
    with django_assert_max_num_queries(5):
        weak.renew(net)


class Refusing(Store):
    """A store of which the database refuses everything."""

    async def run(self, job: Any, *arguments: Any) -> Any:
        raise IntegrityError("refused\nat length")


async def test_a_refusal_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    assert issubclass(IntegrityError, DatabaseError)
    store = Refusing(Metrics())
    await write_weak_points(store, None)  # type: ignore[arg-type]
    assert [record.getMessage() for record in caplog.records] == ["the weak points are not written: refused"]
    store.close()


@pytest.fixture
def city(transactional_db: None) -> Iterator[City]:
    Rows()
    with City() as city:
        yield city


@pytest.mark.slow
@pytest.mark.xdist_group("monitor")
def test_the_monitor_writes_them_at_its_start_and_after_each_change(city: City, tmp_path: Path) -> None:
    wanted = plainly()
    with Monitor(tmp_path / "monitor.log"):
        until(lambda: rows() == wanted, what="the rows of the first map")
        house = Device.objects.get(site__code="o1-d1-h1", kind=Kind.SWITCH)
        Link.objects.create(
            code="second", a_device=Device.objects.get(site__code="o1-d2", kind=Kind.SWITCH), b_device=house
        )
        emit("network.changed", {})
        anew = plainly()
        assert anew != wanted
        until(lambda: rows() == anew, what="the rows of the new map")


@pytest.fixture
def staff(db: None) -> dict[Role, User]:
    return web_data.people()


def reader(people: dict[Role, User], role: Role, language: str = "en") -> Client:
    User.objects.filter(pk=people[role].pk).update(language=language)
    client = Client()
    client.force_login(people[role], backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = language
    return client


def plan(*, houses: int = 2) -> None:
    """The city of the pages, with people in two houses and a transmitter of cable TV that feeds a receiver."""
    centre = web_data.city(houses=houses)
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 7)
    web_data.subscribers(Site.objects.get(code="o2-d1-k1-h1"), 3, service="traffic_light", kind="municipal")
    head = Device.objects.create(code="tx", site=centre, kind="optical_transmitter", is_source=True)
    tail = Device.objects.create(code="rx", site=Site.objects.get(code="o1-d1-k1-h1"), kind="optical_receiver")
    Link.objects.create(code="tx-rx", a_device=head, b_device=tail)
    served(tail, account="tv", kinds=("catv",))
    weak.renew(network_map.load())


def listed(page: str) -> list[str]:
    return re.findall(r'<td class="nowrap"><a href="/devices/([^/]+)/">', page)


def test_empty_page_says_who_will_reckon(staff: dict[Role, User]) -> None:
    page = reader(staff, Role.LEAD, "ru").get("/network/weak/").content.decode()
    assert "Ещё не посчитано" in page and "Узкие места" in page
    assert "Ничего не найдено" in reader(staff, Role.LEAD, "ru").get("/network/weak/?level=2").content.decode()


def test_the_worst_come_first_and_filters_narrow(staff: dict[Role, User]) -> None:
    plan()
    client = reader(staff, Role.ENGINEER)
    page = client.get("/network/weak/").content.decode()
    assert listed(page)[:2] == ["centre-sw1", "o1-sw1"]
    assert "DES-3200-28" in page and "/sites/o1/" in page and "traffic lights 3" in page
    of_level = listed(client.get("/network/weak/?level=1").content.decode())
    assert of_level == ["o1-sw1", "o2-sw1"]
    assert listed(client.get("/network/weak/?level=0&kind=data").content.decode()) == ["centre-sw1"]
    assert set(listed(client.get("/network/weak/?kind=catv").content.decode())) == {"tx", "rx"}
    assert listed(client.get("/network/weak/?level=x&kind=%00&page=zzz").content.decode()) == listed(page)
    inside = client.get("/network/weak/?level=1", headers={"HX-Request": "true"}).content.decode()
    assert listed(inside) == of_level and "<html" not in inside
    assert 'hx-get="/network/weak/?level=1"' in inside


def test_a_splitter_that_nobody_can_ask_is_told_by_what_it_feeds(staff: dict[Role, User]) -> None:
    plan()
    head, tail = Device.objects.get(code="tx"), Device.objects.get(code="rx")
    splitter = Device.objects.create(code="sp", site=head.site, kind="optical_splitter")
    Link.objects.filter(code="tx-rx").update(b_device=splitter)
    Link.objects.create(code="sp-rx", a_device=splitter, b_device=tail)
    Device.objects.filter(pk=tail.pk).update(address="127.50.9.9")
    DeviceState.objects.create(device=tail, answers=True)
    weak.renew(network_map.load())
    client = reader(staff, Role.LEAD)
    assert client.get("/network/weak/?kind=catv").content.decode().count("state-lit") == 3
    DeviceState.objects.filter(device=tail).update(is_lit=False)
    page = client.get("/network/weak/?kind=catv").content.decode()
    assert (page.count("state-lit"), page.count("state-unknown"), page.count("state-dark")) == (0, 2, 1)


def test_light_now_is_shown_and_agreed_work_is_no_alarm(staff: dict[Role, User]) -> None:
    plan()
    held = Device.objects.get(code="o1-sw1")
    DeviceState.objects.filter(device=held).update(answers=False, is_lit=False)
    client = reader(staff, Role.COORDINATOR)
    assert "state-dark" in client.get("/network/weak/?level=1").content.decode()
    work = PlannedWork.objects.create(title="w", starts_at="2026-01-01T00:00Z", ends_at="2026-01-02T00:00Z")
    outage = Outage.objects.create(cause="planned_work", began_at="2026-01-01T00:00Z", planned_work=work)
    OutageElement.objects.create(outage=outage, device=held, dark_at="2026-01-01T00:00Z")
    page = client.get("/network/weak/?level=1").content.decode()
    assert "state-planned" in page and "state-dark" not in page


def test_roles_and_links_to_the_page(staff: dict[Role, User]) -> None:
    plan()
    for role in Role:
        client = reader(staff, role)
        may = role in ACCESS["outages:weak"]
        assert client.get("/network/weak/").status_code == (200 if may else 403), role
        for path in ("/network/", "/devices/o1-sw1/"):
            assert ("/network/weak/" in client.get(path).content.decode()) is may, (role, path)
    assert {*Role} - ACCESS["outages:weak"] == {Role.OPERATOR, Role.FIELD}


@pytest.mark.slow
def test_pages_cost_the_same_for_few_and_many(staff: dict[Role, User], django_assert_max_num_queries: Any) -> None:
    plan(houses=12)
    client = reader(staff, Role.LEAD)
    assert WeakPoint.objects.count() > 100
    client.get("/network/weak/")
    for path in ("/network/weak/?level=0", "/network/weak/", "/network/weak/?page=3"):
        with django_assert_max_num_queries(8):
            page = client.get(path).content.decode()
    assert "page=2" in page and len(listed(page)) > 10
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outages_weakpoint WHERE devices < 1")
        assert cursor.fetchone() == (0,)
