"""An outage of devices that were taken down: a person ends it, and the monitor does not open it again."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import web_data
from tests.monitor_city import Rows
from uzel.core.outage import Evidence, Seen, explain
from uzel.core.topology import answering
from uzel.journal.models import AuditRecord, Event
from uzel.network.models import Device, DeviceState, Link, Site
from uzel.outages import network_map, operations
from uzel.outages.models import Outage, OutageEvent
from uzel.people.models import Role

pytestmark = pytest.mark.django_db
REASON = {"reason": "Узел демонтирован"}


@pytest.fixture
def lone() -> Device:
    """A switch that was pruned from the plan: its links are gone, it is kept and silent for good."""
    rows = Rows()
    return rows.device(Site.objects.get(code="o1-d1"), "switch")


def decide(silent: set[int], now: float) -> operations.Settled:
    """One decision of the monitor on the network as it is in the database."""
    net = network_map.load()
    answers = answering(net.network, failed=silent)
    seen = {i: Seen(i in answers, now, now - 9000, now - 5) for i in net.contacts if net.network.nodes[i].watched}
    it = Evidence(seen, now=now)
    return operations.settle(net=net, found=explain(net.network, it), evidence=it)


def signed_in(role: Role, staff: dict[Role, Any]) -> Client:
    client = Client()
    client.force_login(staff[role])
    return client


def test_it_stays_closed_while_the_device_is_silent_and_joined_to_nothing(lone: Device) -> None:
    staff, now = web_data.people(), time.time()
    assert len(decide({lone.pk}, now).opened) == 1
    outage = Outage.objects.get()
    lead = signed_in(Role.LEAD, staff)
    address = f"/outages/{outage.pk}/"
    assert "Закрыть аварию" in lead.get(address).content.decode()
    assert "Закрыть аварию" not in signed_in(Role.OPERATOR, staff).get(address).content.decode()
    lead.post(address + "close/", REASON)
    outage.refresh_from_db()
    assert outage.state == "closed" and outage.closed_at is not None
    assert not outage.elements.filter(lit_at=None).exists()
    told = OutageEvent.objects.get(kind="closed_by_hand")
    assert told.user == staff[Role.LEAD] and told.data == REASON
    assert AuditRecord.objects.get(action="outage.closed_by_hand").object_id == str(outage.pk)
    assert Event.objects.filter(name="outage.closed", payload={"id": outage.pk}).exists()
    page = lead.get(address).content.decode()
    assert "закрыто вручную" in page and "Узел демонтирован" in page and "Закрыть аварию" not in page
    assert "оборудование не вернулось" in page and "Всё работает" not in page and "устранена" not in page
    for later in (2, 60, 86_400):
        assert not decide({lone.pk}, now + later)
    assert not Outage.objects.filter(state="open").exists()


@pytest.mark.parametrize("how", ["answers", "joined"])
def test_it_is_news_again_once_the_device_came_back(lone: Device, how: str) -> None:
    staff, now = web_data.people(), time.time()
    decide({lone.pk}, now)
    signed_in(Role.ENGINEER, staff).post(f"/outages/{Outage.objects.get().pk}/close/", REASON)
    if how == "answers":
        seen = timezone.now() + timedelta(seconds=1)
        DeviceState.objects.update_or_create(device=lone, defaults={"last_answer_at": seen})
    else:
        Link.objects.create(code="new", a_device=lone, b_device=Device.objects.get(is_source=True))
    assert len(decide({lone.pk}, now + 60).opened) == 1


def test_an_outage_of_what_is_joined_is_the_monitors_to_close(lone: Device) -> None:
    staff = web_data.people()
    house = Device.objects.get(site__code="o1-d1-h1", kind="switch")
    decide({house.pk}, time.time())
    outage = Outage.objects.get(elements__device=house)
    lead = signed_in(Role.LEAD, staff)
    assert "Закрыть аварию" not in lead.get(f"/outages/{outage.pk}/").content.decode()
    answer = lead.post(f"/outages/{outage.pk}/close/", REASON, follow=True)
    assert "нельзя" in answer.content.decode()
    outage.refresh_from_db()
    assert outage.state == "open" and not OutageEvent.objects.filter(kind="closed_by_hand").exists()


def test_another_failure_beside_it_is_told(lone: Device) -> None:
    staff, now = web_data.people(), time.time()
    decide({lone.pk}, now)
    signed_in(Role.LEAD, staff).post(f"/outages/{Outage.objects.get().pk}/close/", REASON)
    house = Device.objects.get(site__code="o1-d1-h1", kind="switch")
    assert len(decide({lone.pk, house.pk}, now + 60).opened) == 1
    assert list(Outage.objects.get(state="open").elements.values_list("device", flat=True)) == [house.pk]


def test_a_reason_is_due(lone: Device) -> None:
    staff = web_data.people()
    decide({lone.pk}, time.time())
    outage = Outage.objects.get()
    signed_in(Role.LEAD, staff).post(f"/outages/{outage.pk}/close/", {"reason": " "})
    assert Outage.objects.get().state == "open"
