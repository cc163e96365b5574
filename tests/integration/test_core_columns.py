"""The map read as columns is the map read row by row, and so is the engine made of it."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest
from django.db import connection

from tests.monitor_city import Rows, attachments
from uzel.core.engine import Engine
from uzel.core.outage import Evidence, Seen, explain
from uzel.core.topology import answering
from uzel.network.models import Device, DeviceKind
from uzel.outages import map_columns, network_map
from uzel.subscribers.models import Service

pytestmark = pytest.mark.django_db


def plain_engine(net: network_map.NetworkMap) -> Engine:
    return Engine.of(net.network, attachments())


@pytest.mark.slow
def test_engine_of_columns_says_what_the_engine_of_rows_says() -> None:
    """Blast radius of every element, by class and kind of service; one service hangs on a UPS and is left out."""
    Rows()
    ups = Device.objects.filter(kind=DeviceKind.UPS).first()
    Service.objects.filter(pk=Service.objects.first().pk).update(device=ups, port=None, kind="catv")
    Service.objects.filter(pk=Service.objects.last().pk).update(is_active=False)
    net = network_map.load()
    fast, plain = map_columns.read().engine(), plain_engine(net)
    carriers = np.array([i for i, node in net.network.nodes.items() if node.carries_light], np.int64)
    assert sorted(fast.layout.ids.tolist()) == sorted(carriers.tolist())
    for a, b in zip(fast.numbers(carriers), plain.numbers(carriers), strict=True):
        assert fast.scope_behind(a) == plain.scope_behind(b)
        assert set(fast.layout.ids[fast.dark_behind(a)]) == set(plain.layout.ids[plain.dark_behind(b)])


@pytest.mark.slow
def test_explanation_by_the_engine_is_the_plain_one() -> None:
    """What the monitor says with the engine it is given, and what it would say without it, failure by failure."""
    Rows()
    net = network_map.load()
    engine = net.engine
    draw, now = random.Random(5), time.time()
    links, nodes = sorted(net.network.links), sorted(net.network.nodes)
    for _ in range(60):
        failed = set(draw.sample(nodes, draw.randrange(3)))
        cut = set(draw.sample(links, draw.randrange(3)))
        answers = answering(net.network, failed=failed, cut=cut)
        seen = {i: Seen(i in answers, now, None, now - 5) for i in net.watched if draw.random() < 0.95}
        ports = {link: link not in cut for link in draw.sample(links, 5)}
        evidence = Evidence(seen, ports, now=now)
        assert explain(net.network, evidence, engine.picture) == explain(net.network, evidence)


def test_an_empty_network_has_an_engine() -> None:
    columns = map_columns.read()
    assert columns.engine().layout.ids.size == 0
    assert columns.device.size == 0


def test_what_is_no_array_of_numbers_is_refused() -> None:
    assert [it.tolist() for it in map_columns.arrays("SELECT ARRAY[1, -2], ARRAY[true, false], NULL::int[]")] == [
        [1, -2],
        [1, 0],
        [],
    ]
    for wrong in ("SELECT ARRAY['a']", "SELECT ARRAY[1, NULL]", "SELECT ARRAY[[1, 2], [3, 4]]"):
        with pytest.raises(ValueError, match="no array of numbers"):
            map_columns.arrays(wrong)


@pytest.mark.django_db(transaction=True)
def test_a_snapshot_does_not_see_what_is_written_meanwhile() -> None:
    Rows()
    with map_columns.snapshot():
        before = map_columns.read().ids.size
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("UPDATE network_device SET kind = 'ups'")
        other.close()
        assert map_columns.read().ids.size == before
    assert map_columns.read().ids.size == 0
