"""What the monitor writes, held against a real PostgreSQL: counts of queries, invariants, the journal, its pruning."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests.monitor_city import Rows
from uzel.core.outage import Evidence, Seen, explain
from uzel.core.topology import answering
from uzel.journal.models import Event
from uzel.network.core_map import area_mains
from uzel.network.models import Device, DeviceState, Link, Port, PortState, Probe
from uzel.outages import network_map, operations, queries
from uzel.outages.holding import STEADY_AFTER, Memory
from uzel.outages.models import Hint, Observation, Outage, OutageElement
from uzel.outages.pruning import prune_all
from uzel.pollers import monitor_store, monitor_world
from uzel.pollers.monitor_store import HintRow, PortRow, StateRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def net() -> network_map.NetworkMap:
    Rows()
    return network_map.load()


def evidence(net: network_map.NetworkMap, failed: set[int], now: float) -> Evidence:
    answers = answering(net.network, failed=failed)
    return Evidence(
        {i: Seen(i in answers, now, now - 9000, now - 5) for i in net.contacts if net.network.nodes[i].watched}, now=now
    )


def settle(net: network_map.NetworkMap, failed: set[int], now: float) -> operations.Settled:
    it = evidence(net, failed, now)
    return operations.settle(net=net, found=explain(net.network, it), evidence=it)


def node(code: str) -> int:
    return Device.objects.get(site__code=code, kind="switch").pk


def test_the_map_is_read_by_few_queries(django_assert_max_num_queries: Any) -> None:
    Rows()
    with django_assert_max_num_queries(8):
        net = network_map.load()
    assert len(net.contacts) == Device.objects.count()
    assert net.scope(net.contacts, 0)["total"]["services"] == 12 * 6


def test_settling_twice_changes_nothing(net: network_map.NetworkMap) -> None:
    now = time.time()
    assert settle(net, {node("o1")}, now).opened
    events = Event.objects.count()
    again = settle(net, {node("o1")}, now + 1)
    assert not again
    assert Event.objects.count() == events
    assert Outage.objects.get().version == 1


def test_a_decision_is_few_queries_whatever_its_size(
    net: network_map.NetworkMap, django_assert_max_num_queries: Any
) -> None:
    it = evidence(net, {node("o1"), node("o2-d1-h1")}, time.time())
    found = explain(net.network, it)
    with django_assert_max_num_queries(16):
        assert len(operations.settle(net=net, found=found, evidence=it).opened) == 2


def test_no_device_is_dark_twice(net: network_map.NetworkMap) -> None:
    settle(net, {node("o1")}, time.time())
    element = OutageElement.objects.first()
    assert element is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        OutageElement.objects.create(outage=element.outage, device=element.device, dark_at=timezone.now())


def test_a_conflicting_writer_is_noticed(net: network_map.NetworkMap, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    settle(net, {node("o1")}, now)
    read = operations._Decision.__init__

    def late(self: Any, *args: Any) -> None:
        read(self, *args)
        Outage.objects.update(version=7)

    monkeypatch.setattr(operations._Decision, "__init__", late)
    with pytest.raises(operations.Conflict):
        settle(net, set(), now + 1)
    assert Outage.objects.get().state == "open"


def test_parts_of_an_outage_stay_together_while_it_is_repaired(net: network_map.NetworkMap) -> None:
    """Houses start one by one; two that are still dark are no new outages, unless they stay so."""
    now = time.time()
    settle(net, {node("o1-d1")}, now)
    houses = {node("o1-d1-h1"), node("o1-d1-h2")}
    shrunk = settle(net, houses, now + 10)
    assert (shrunk.opened, shrunk.waits) == ([], True)
    outage = Outage.objects.get()
    assert outage.scope["devices"] == 2
    assert outage.cause == "device_dead"
    assert not settle(net, houses, now + 20).opened
    later = settle(net, houses, now + 500)
    assert len(later.opened) == 1
    assert settle(net, set(), now + 510).open == 0


def test_parts_stay_together_before_the_first_has_started(net: network_map.NetworkMap) -> None:
    """The mains of an area are back, its UPS says so at once, and not one house has started yet."""
    now, memory = time.time(), Memory()
    area = Device.objects.get(pk=node("o1-d1")).site.mains_area_id
    ups = Device.objects.get(site__code="o1-d1", kind="ups").pk
    it = replace(evidence(net, {area_mains(area)}, now), on_battery=frozenset({ups}))
    operations.settle(net=net, found=explain(net.network, it), evidence=it, memory=memory)
    assert Outage.objects.get().cause == "mains_lost"
    houses = {node(f"o1-d1-h{n}") for n in (1, 2, 3)}
    for later, opened in ((10, 0), (100, 0), (131, 2)):
        it = evidence(net, houses, now + later)
        # No common cause any more: a UPS of the area says that it has mains.
        found = explain(net.network, it)
        assert len(found) == 3
        settled = operations.settle(net=net, found=found, evidence=it, memory=memory)
        assert len(settled.opened) == opened, later


def test_a_line_that_flaps_is_one_outage(net: network_map.NetworkMap) -> None:
    """It falls, comes back and falls again: one record, each of its devices in it once, with the whole story."""
    now, okrug = time.time(), {node("o1")}
    for step in range(3):
        settle(net, okrug, now + 20 * step)
        settle(net, set(), now + 20 * step + 8)
    outage = Outage.objects.get()
    kinds = [*outage.events.exclude(kind="cause").order_by("pk").values_list("kind", flat=True)]
    assert (outage.state, kinds) == ("closed", ["opened", "closed", "again", "closed", "again", "closed"])
    assert outage.elements.count() == outage.elements.values("device").distinct().count()
    settle(net, okrug, now + 50)
    assert Outage.objects.get(state="open").pk == outage.pk
    settle(net, set(), now + 51)
    settle(net, okrug, now + 51 + operations.AGAIN_WITHIN.total_seconds() + 1)
    assert Outage.objects.get(state="open").pk != outage.pk


def test_a_line_that_comes_and_goes_is_over_once_it_is_steady(net: network_map.NetworkMap) -> None:
    """Nobody is told that it is mended while it falls again and again; what it holds stays on the board."""
    now, memory, okrug = time.time(), Memory(), {node("o1")}

    def later(seconds: float, dark: set[int]) -> operations.Settled:
        it = evidence(net, dark, now + seconds)
        return operations.settle(net=net, found=explain(net.network, it), evidence=it, memory=memory)

    assert (later(0, okrug).opened, later(3, set()).open) == ([Outage.objects.get().pk], 0)
    scope = Outage.objects.get().scope_peak
    for start in range(6, 60, 6):
        later(start, okrug)
        assert later(start + 3, set()).waits
    outage = Outage.objects.get()
    assert (outage.state, outage.scope) == ("open", scope)
    assert outage.elements.filter(lit_at=None).count() == scope["devices"]
    assert later(57 + STEADY_AFTER.total_seconds() - 1, set()).open == 1
    assert later(57 + STEADY_AFTER.total_seconds() + 1, set()).closed == [outage.pk]
    kinds = [*outage.events.exclude(kind="cause").order_by("pk").values_list("kind", flat=True)]
    assert kinds == ["opened", "closed", "again", "unsteady", "closed"]
    assert not outage.elements.filter(lit_at=None).exists()


def test_another_failure_at_the_same_place_is_another_outage(net: network_map.NetworkMap) -> None:
    now = time.time()
    settle(net, {node("o1")}, now)
    settle(net, set(), now + 5)
    settle(net, {node("o1-d1")}, now + 10)
    assert sorted(Outage.objects.values_list("state", flat=True)) == ["closed", "open"]


def test_two_become_one_by_a_common_cause(net: network_map.NetworkMap) -> None:
    now = time.time()
    settle(net, {node("o1-d1-h1")}, now)
    settle(net, {node("o1-d1-h1"), node("o1-d2-h1")}, now + 1)
    assert Outage.objects.filter(state="open").count() == 2
    merged = settle(net, {node("o1")}, now + 2)
    assert len(merged.merged) == 1
    assert Outage.objects.filter(state="open").count() == 1
    assert queries.counts()["outages"] == 1


def test_hypotheses_come_back_as_they_were(net: network_map.NetworkMap) -> None:
    it = evidence(net, {node("o1-d1-h1")}, time.time())
    found = explain(net.network, it)
    operations.settle(net=net, found=found, evidence=it)
    assert operations.causes_of(Outage.objects.get().hypotheses) == found[0].hypotheses


def test_states_ports_hints_and_facts_are_written_and_read_back(net: network_map.NetworkMap) -> None:
    device, now = node("o1"), time.time()
    (key, port), *_ = net.ports.items()
    state = StateRow(device, False, now - 5, now - 6, False, now - 9000, 1.5, {"charge_percent": 5}, now, True)
    hint = HintRow(now, "syslog", "127.30.0.1", None, b"\x00\xff raw", {"kind": "other", "text": "a\x00b"})
    gone = replace(state, device=10**9)
    monitor_store.write([state, gone], [PortRow(port, True, False, 100, now, now)], [hint], [(now, device, 1, 0, 0.0)])
    row = DeviceState.objects.get()
    assert (row.answers, row.is_lit, row.readings) == (False, False, {"charge_percent": 5})
    assert abs(row.since.timestamp() - now + 5) < 0.001
    assert PortState.objects.get().oper_up is False
    assert bytes(Hint.objects.get().raw) == b"\x00\xff raw"
    fact = Observation.objects.get()
    assert (fact.device_id, fact.what, fact.value) == (device, 1, 0.0)
    assert abs(fact.at.timestamp() - now) < 0.001
    assert Event.objects.get(name="device.state").payload == {"ids": [device, 10**9]}
    loaded = monitor_world.load()
    assert loaded.views[device].answers is False
    assert device in loaded.dark
    assert loaded.ports[key].oper_up is False


def test_pages_hear_of_a_link_that_turned_and_of_no_other_port(net: network_map.NetworkMap) -> None:
    """The reserve of a double uplink goes without any device falling silent: only its ports tell."""
    now = time.time()
    link = Link.objects.filter(a_port__isnull=False).first()
    assert link is not None and link.a_port is not None
    client = Port.objects.create(device=link.b_device, name="77", if_index=77)

    def seen(port: int, up: bool, at: float) -> list[dict[str, Any]]:
        Event.objects.all().delete()
        monitor_store.write([], [PortRow(port, True, up, 1000, at, at)], [], [])
        return [event.payload for event in Event.objects.filter(name="port.state")]

    assert seen(link.a_port.pk, True, now) == seen(client.pk, True, now) == []
    assert seen(client.pk, False, now + 1) == []
    assert seen(link.a_port.pk, True, now + 1) == []
    assert seen(link.a_port.pk, False, now + 2) == [{"ids": [link.a_device_id]}]
    assert seen(link.a_port.pk, True, now + 3) == [{"ids": [link.a_device_id]}]


def test_pruning_forgets_only_what_is_old(net: network_map.NetworkMap) -> None:
    old = time.time() - timedelta(days=100).total_seconds()
    monitor_store.copy_facts([(old, 1, 1, 0, 1.0)] * 3 + [(time.time(), 1, 1, 0, 1.0)])
    call_command("prune_observations", verbosity=0)
    assert Observation.objects.count() == 1


def test_the_monitor_forgets_what_is_too_old_by_itself(net: network_map.NetworkMap) -> None:
    old, device = timezone.now() - timedelta(days=100), Device.objects.first()
    assert device
    monitor_store.copy_facts([(old.timestamp(), 1, 1, 0, 1.0)] * 3 + [(time.time(), 1, 1, 0, 1.0)])
    for n in range(3):
        Event.objects.create(name="x", payload={"n": n})
        Hint.objects.create(at=old if n else timezone.now(), kind="trap", source="::1", raw=b"")
        Probe.objects.create(operation="line", device=device, state="waiting" if n else "done")
    Event.objects.update(at=old)
    Probe.objects.update(asked_at=old)
    settle(net, {node("o1")}, old.timestamp())
    outages = OutageElement.objects.count()
    assert prune_all(limit=2) == 2 + 2 + 2 + 1, "so many of each table at a time"
    while prune_all(limit=2):
        pass
    assert Observation.objects.count() == 1
    assert Hint.objects.count() == 1
    assert Event.objects.exists(), "the newest stays"
    assert set(Probe.objects.values_list("state", flat=True)) == {"waiting"}
    assert OutageElement.objects.count() == outages
