"""The monitor as a process against a small city on loopback and a real PostgreSQL."""

from __future__ import annotations

import random
import socket
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from tests.monitor_city import HOST, City, Monitor, Rows, attachments, plain_scope, until
from uzel.journal.operations import emit
from uzel.network.batteries import battery_warnings
from uzel.network.core_map import area_mains
from uzel.network.models import Device, DeviceState, Link
from uzel.outages import queries
from uzel.outages.models import Hint, MonitorStatus, Observation, Outage, OutageElement, PlannedWork

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("monitor")]


@pytest.fixture
def city() -> Iterator[City]:
    Rows()
    with City() as city:
        yield city


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "monitor.log"


def watching() -> None:
    until(lambda: Device.objects.count() == DeviceState.objects.filter(answers=True).count(), what="all answer")


def open_outage() -> Outage | None:
    return Outage.objects.filter(state="open").first()


def expected_scope(city: City) -> dict[str, object]:
    dark = city.dark()
    return plain_scope(attachments(), dark, len(dark))


def node(code: str) -> int:
    return Device.objects.get(site__code=code, kind="switch").pk


def held() -> set[int]:
    return set(OutageElement.objects.filter(lit_at=None).values_list("device_id", flat=True))


def the_outage_is_right(city: City) -> Outage:
    """One open outage with the exact dark devices and counts."""
    until(lambda: open_outage(), what="an outage")
    assert Outage.objects.count() == 1
    outage = Outage.objects.get()
    assert held() == city.dark()
    assert outage.scope == expected_scope(city)
    return outage


def closes(outages: int = 1) -> None:
    until(lambda: not Outage.objects.filter(state="open").exists(), what="closed")
    assert Outage.objects.filter(state="closed").count() == outages
    assert not OutageElement.objects.filter(lit_at=None).exists()


def test_cut_is_one_exact_outage_and_heals(city: City, log: Path) -> None:
    link = Link.objects.get(b_device=node("o1-d1-h2")).pk
    with Monitor(log):
        watching()
        city.change(cut=[link])
        outage = the_outage_is_right(city)
        assert outage.cause == "undecided"
        assert {h["cause"] for h in outage.hypotheses} >= {"link_cut", "device_dead"}
        city.change(heal=True)
        closes()
    # It came back with its old uptime: it was the line.
    assert Outage.objects.get().cause == "link_cut"
    assert [e.kind for e in Outage.objects.get().events.order_by("id")] == ["opened", "cause", "closed"]
    assert Observation.objects.filter(what=Observation.What.ANSWERS, value=0).exists()


def test_district_dies_in_random_order_is_one_outage(city: City, log: Path) -> None:
    """Each silence is found at a random moment; nothing is told before all of it is known."""
    with Monitor(log):
        watching()
        for trial in range(3):
            dead = node(random.choice(["o1", "o2"]))
            time.sleep(random.random())
            city.change(failed=[dead])
            until(open_outage, what="an outage")
            outage = Outage.objects.get(state="open")
            assert outage.events.get(kind="opened").data["devices"] == len(city.dark())
            assert set(outage.elements.values_list("device_id", flat=True)) == city.dark()
            assert outage.scope == expected_scope(city)
            assert {h["cause"] for h in outage.hypotheses} >= {"device_dead"}
            city.change(heal=True)
            closes(trial + 1)
            watching()


def test_partial_repair_is_followed(city: City, log: Path) -> None:
    """Two houses of one okrug stay dark after the okrug is back; the outage goes on with them."""
    okrug = node("o2")
    house = Link.objects.get(b_device=node("o2-d1-h1")).pk
    with Monitor(log):
        watching()
        city.change(failed=[okrug], cut=[house])
        first = the_outage_is_right(city)
        city.failed.clear()
        city.change()
        until(lambda: Outage.objects.get(pk=first.pk).scope["devices"] == len(city.dark()) == 1, what="shrunk")
        assert Outage.objects.count() == 1
        shrunk = Outage.objects.get()
        assert shrunk.scope == expected_scope(city)
        assert shrunk.scope_peak["devices"] > 8
        city.change(heal=True)
        closes()


def test_mains_of_an_area_with_its_witness(city: City, log: Path) -> None:
    """Houses without batteries fall silent, the UPS of their area says that it is on battery: mains, named as such."""
    area = Device.objects.get(site__code="o1-d1", kind="switch").site.mains_area
    ups = Device.objects.get(site__code="o1-d1", kind="ups")
    with Monitor(log):
        watching()
        city.change(failed=[area_mains(area.pk)])
        outage = the_outage_is_right(city)
        assert outage.cause == "mains_lost"
        assert outage.mains_area_id == area.pk
        reasons = {reason["code"]: reason for reason in outage.hypotheses[0]["reasons"]}
        assert reasons["ups_on_battery"]["devices"] == [ups.pk]
        warning = until(battery_warnings, what="a battery warning")[0]
        assert warning["device"] == ups
        assert 40 < warning["minutes_left"] <= 42
        assert warning["devices"] == 1
        city.change(heal=True)
        closes()
        until(lambda: not battery_warnings(), what="no warning")
    assert Outage.objects.get().cause == "mains_lost"


def test_management_fault_is_no_outage_of_service(city: City, log: Path) -> None:
    with Monitor(log):
        watching()
        mute = node("o1-d2")
        city.mute.add(mute)
        city.change()
        outage = until(open_outage, what="a management fault")
        assert outage.cause == "management_fault"
        assert outage.scope["total"] == {"subscribers": 0, "services": 0}
        assert [e.device_id for e in outage.elements.all()] == [mute]
        until(lambda: DeviceState.objects.get(device=mute).answers is False)
        assert DeviceState.objects.get(device=mute).is_lit
        city.mute.clear()
        city.change()
        closes()


def test_killed_in_a_storm_loses_and_doubles_nothing(city: City, log: Path) -> None:
    """Killed at random moments while an okrug dies and heals; the next one takes over."""
    okrug = node("o1")
    monitor = Monitor(log)
    try:
        watching()
        for trial in range(3):
            city.change(failed=[okrug])
            time.sleep(random.uniform(0.2, 2.0))
            monitor.kill()
            monitor = Monitor(log)
            until(
                lambda: (
                    set(OutageElement.objects.filter(lit_at=None).values_list("device_id", flat=True)) == city.dark()
                )
            )
            assert Outage.objects.filter(state="open").count() == 1
            assert Outage.objects.count() == trial + 1
            time.sleep(random.uniform(0, 0.5))
            monitor.kill()
            city.change(heal=True)
            monitor = Monitor(log)
            closes(trial + 1)
    finally:
        monitor.__exit__()


def test_two_monitors_have_one_leader(city: City, log: Path) -> None:
    with Monitor(log) as first:
        watching()
        with Monitor(log, number=1) as second:
            time.sleep(1.5)
            text = log.read_text()
            assert text.count("leading") == 1
            city.change(failed=[node("o1")])
            the_outage_is_right(city)
            first.kill()
            until(lambda: log.read_text().count("leading") == 2, what="the second leads")
            city.change(heal=True)
            closes()
            assert second.process.poll() is None


def test_floods_and_garbage_are_counted_not_fatal(city: City, log: Path) -> None:
    """Traps, syslog and SNMP answers of random octets at once; a cut is still found."""
    rng = random.Random(7)
    with Monitor(log) as monitor:
        watching()
        liar = node("o2-d2-h3")
        city.garbage[liar] = rng.randbytes(60)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for n in range(30_000):
            port = monitor.ports["trap" if n % 2 else "syslog"]
            sock.sendto(rng.randbytes(rng.randrange(0, 200)), (HOST, port))
        city.change(failed=[node("o1-d1-h1")])
        the_outage_is_right(city)
        until(lambda: Hint.objects.count() > 50, what="hints")
        assert Hint.objects.count() < 5000
        city.change(heal=True)
        closes()
        url = f"http://{HOST}:{monitor.ports['metrics']}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            metrics = answer.read().decode()
        assert 'uzel_monitor_malformed_total{kind="undecodable"}' in metrics
        assert 'fate="too_many"' in metrics
        health = until(
            lambda: (h := queries.monitoring_health()) and h["figures"].get("malformed_total.undecodable") and h
        )
        assert health["running"]
    assert DeviceState.objects.get(device=liar).answers


def test_a_trap_brings_the_look_forward(city: City, log: Path) -> None:
    """With a slow round the link trap of the neighbour is what makes it fast."""
    house, campus = node("o1-d1-h3"), Device.objects.get(site__code="o1-d1", kind="switch")
    with Monitor(log, UZEL_MONITOR_INTERVAL_S="20") as monitor:
        watching()
        link = Link.objects.get(b_device=house)
        city.change(cut=[link.pk])
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((campus.address, 0))
        text = f"<190>Nov 22 12:00:00 sw: INFO: Port {link.a_port.if_index} link down"
        sock.sendto(text.encode(), (HOST, monitor.ports["syslog"]))
        until(open_outage, seconds=6, what="an outage well before the round comes to it")
        the_outage_is_right(city)
        hint = until(lambda: Hint.objects.filter(kind="syslog").first())
        assert hint.device_id == campus.pk
        assert hint.parsed["kind"] == "link_down"
        assert bytes(hint.raw) == text.encode()


def test_database_restart_is_waited_for(city: City, log: Path) -> None:
    """Connections are cut while an outage begins: the monitor waits, reconnects, and writes it once."""
    with Monitor(log):
        watching()
        city.change(failed=[node("o2")])
        for _ in range(8):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            time.sleep(0.3)
        the_outage_is_right(city)
        city.change(heal=True)
        closes()
        until(lambda: MonitorStatus.objects.get().figures["database_waits_total"] > 0, what="waits on the page")
    assert "the database is back" in log.read_text()


def test_new_devices_are_watched_after_an_import(city: City, log: Path) -> None:
    with Monitor(log):
        watching()
        gone = Device.objects.get(pk=node("o2-d2-h3"))
        gone.services.all().delete()
        gone.delete()
        emit("network.changed", {})
        until(lambda: "the network changed: watching 24" in log.read_text(), what="the reload")
        city.change(failed=[node("o1")])
        the_outage_is_right(city)


def test_planned_work_is_no_news_but_is_shown(city: City, log: Path) -> None:
    now = timezone.now()
    work = PlannedWork.objects.create(title="x", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))
    work.devices.add(node("o1"))
    with Monitor(log):
        watching()
        city.change(failed=[node("o1")])
        outage = the_outage_is_right(city)
        assert (outage.cause, outage.planned_work_id) == ("planned_work", work.pk)


def test_one_that_answers_pings_has_lost_its_management_only(city: City, log: Path) -> None:
    """On loopback the kernel answers every ping, as a switch does whose SNMP agent hangs."""
    house = node("o1-d1-h1")
    with Monitor(log, UZEL_ICMP="1"):
        watching()
        city.mute.add(house)
        city.change()
        outage = until(open_outage, what="a management fault")
    assert outage.cause == "management_fault"
    assert [reason["code"] for reason in outage.hypotheses[0]["reasons"]] == ["answers_ping"]
    assert outage.scope["total"] == {"subscribers": 0, "services": 0}
