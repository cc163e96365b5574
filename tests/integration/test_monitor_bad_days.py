"""Bad days of the monitor: devices that start slowly, nobody answering at all, the database server gone."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from tests.integration.test_monitor_city import closes, held, node, open_outage, the_outage_is_right, watching
from tests.monitor_city import City, Monitor, Rows, until
from uzel.network.core_map import area_mains, site_mains
from uzel.network.models import Device, DeviceState
from uzel.outages import queries
from uzel.outages.models import Hint, Observation, Outage, OutageElement
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_store import LOCK_KEY, HintRow, Store

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("monitor")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "monitor.log"


def settled() -> None:
    """Everybody answers, and what could still be said of the past has been said."""
    watching()
    time.sleep(2.5)


def test_what_starts_slowly_is_no_outage_of_its_own(log: Path) -> None:
    """Ports are up at once, devices answer seconds later, each in its time: one outage for each failure, no more."""
    Rows()
    with City(boot_s=4.0) as city, Monitor(log):
        watching()
        area = Device.objects.get(site__code="o1-d1", kind="switch").site.mains_area
        for trial, trouble in enumerate(
            (
                {node("o1")},
                {area_mains(area.pk)},
                {node("o2-d1")},
                {site_mains(Device.objects.get(pk=node("o2-d2-h1")).site_id)},
            ),
            start=1,
        ):
            city.change(failed=trouble)
            until(open_outage, what="an outage")
            until(lambda: held() == city.dark(), what="all that is dark")
            city.change(heal=True)
            until(lambda: not open_outage(), what="closed")
            settled()
            extra = Outage.objects.order_by("pk")[trial:]
            assert not [(trial, o.hypotheses, list(o.elements.values_list("device__code", flat=True))) for o in extra]
            assert "management_fault" not in {h["cause"] for o in Outage.objects.all() for h in o.hypotheses[:1]}
        assert not held()


def test_an_outage_keeps_its_name_while_parts_start_slowly(log: Path) -> None:
    Rows()
    with City(boot_s=3.0) as city, Monitor(log):
        watching()
        city.change(failed=[node("o2"), node("o2-d1-h1")])
        first = the_outage_is_right(city)
        city.failed.discard(node("o2"))
        city.change()
        until(lambda: held() == city.dark() == {node("o2-d1-h1")}, what="only the dead house is left")
        time.sleep(2.5)
        assert [o.pk for o in Outage.objects.all()] == [first.pk]
        city.change(heal=True)
        closes()


def test_who_never_saw_anybody_tells_of_no_outage(log: Path) -> None:
    """The monitor starts before the network, or with its own line dead; an outage that was open stays as it was."""
    Rows()
    with City() as city:
        with Monitor(log):
            watching()
            city.change(failed=[node("o1")])
            before = the_outage_is_right(city)
        city.away = True
        with Monitor(log):
            health = until(lambda: (h := queries.health_summary())["blind_since"] and h, what="blindness on the board")
            assert health["running"]
            until(lambda: not DeviceState.objects.filter(answers=True).exists(), what="all silent")
            time.sleep(3)
            assert [(o.pk, o.state, o.version) for o in Outage.objects.all()] == [(before.pk, "open", before.version)]
            assert queries.monitoring_health()["blind_since"] == health["blind_since"]
            city.away = False
            until(lambda: DeviceState.objects.filter(answers=True).count() == len(city.state.answering), what="sight")
            time.sleep(2.5)
            assert Outage.objects.count() == 1
            assert held() == city.dark()
            until(lambda: queries.health_summary()["blind_since"] is None, what="the board sees again")
            city.change(heal=True)
            closes()


def test_a_restart_of_the_whole_network_is_a_moment_of_silence(log: Path) -> None:
    """All are gone for some seconds and come back in any order: nothing is told, nothing is left."""
    Rows()
    with City() as city, Monitor(log):
        watching()
        for _ in range(2):
            city.away = True
            until(lambda: queries.health_summary()["blind_since"], what="blindness")
            time.sleep(random.uniform(0, 2))
            order = list(city.net.contacts)
            random.shuffle(order)
            city.mute = set(order)
            city.change()
            city.away = False
            while order:
                city.mute = set(order := order[3:])
                city.change()
                time.sleep(0.1)
            settled()
        assert not Outage.objects.exists()


def test_silence_of_everybody_that_lasts_is_one_outage_with_both_readings(log: Path) -> None:
    """The centre is dead, or the monitor is cut off: from here nobody can tell, and the record says so."""
    Rows()
    centre = Device.objects.get(is_source=True).pk
    with City() as city, Monitor(log):
        watching()
        city.change(failed=[centre])
        outage = until(open_outage, seconds=60, what="an outage")
        assert outage.cause == "undecided"
        told = {reason["code"] for h in outage.hypotheses for reason in h["reasons"]}
        assert {"nobody_answers", "monitor_cut_off", "source_silent"} <= told
        assert held() >= {i for i in city.dark() if city.net.network.nodes[i].carries_light}
        city.change(heal=True)
        until(lambda: not open_outage(), what="closed")
        settled()
    assert Outage.objects.count() == 1
    # It came back freshly started: it had been dead indeed.
    assert Outage.objects.get().cause == "device_dead"
    assert not OutageElement.objects.filter(lit_at=None).exists()


def test_a_row_that_postgresql_refuses_is_let_go_alone() -> None:
    """One odd datagram must not keep everything else from being written, nor stop the monitor."""
    Rows()
    metrics = Metrics()
    store = Store(metrics)
    now, device = time.time(), node("o1")
    good = HintRow(now, "syslog", "127.44.0.1", None, b"x", {"text": r"a \u0000 b", "level": float("inf")})
    store.hints.extend([good, replace(good, source="nowhere"), good, replace(good, source="10.0.0.300"), good])
    store.facts.extend([(now, device, 1, 0, 0.0), (now, device, 1, 0, 1.0)])

    async def flush() -> None:
        await store.lead()
        await store.flush()
        store.close()

    asyncio.run(flush())
    assert Hint.objects.count() == 3
    assert Hint.objects.first().parsed == {"text": r"a \u0000 b", "level": None}
    assert Observation.objects.count() == 2
    assert metrics.figures()["malformed_total.not_written"] == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s), pg_advisory_unlock(%s)", [LOCK_KEY, LOCK_KEY])
        assert cursor.fetchone()[0], "who closes leads no more"


def test_the_database_server_may_stop_in_a_storm(tmp_path: Path) -> None:
    env = os.environ | {"UZEL_HOME": str(tmp_path), "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.monitor_server_restart"],
        env=env, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def test_ports_that_others_hold_keep_nobody_from_watching(log: Path) -> None:
    """Traps, syslog and /metrics only help: without their ports the network is watched all the same."""
    Rows()
    taken = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for each in taken:
        each.bind(("127.0.0.1", 0))
    taken[2].listen()
    where = [f"127.0.0.1:{each.getsockname()[1]}" for each in taken]
    names = ("UZEL_TRAP_LISTEN", "UZEL_SYSLOG_LISTEN", "UZEL_METRICS_LISTEN")
    with City() as city, Monitor(log, **dict(zip(names, where, strict=True))):
        watching()
        city.change(failed={node("o1-d1")})
        until(open_outage, what="an outage")
    for each in taken:
        each.close()
    said = log.read_text()
    assert all(address in said for address in where) and "Traceback" not in said
