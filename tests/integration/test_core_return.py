"""What an outage is called once its devices are back, by a monitor that sees nothing but their uptimes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import monitor_city
from tests.monitor_city import City, Monitor, Rows, until
from uzel.network.core_map import site_mains
from uzel.network.models import Device, DeviceKind, DeviceState, Link, PowerFeed
from uzel.outages.models import Outage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("monitor")]


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    """The small city; in one house a receiver stands beside the switch, on the same mains, lit from the node above."""
    monkeypatch.setattr(monitor_city, "NET", 37)
    rows = Rows()
    house, above = switch("o1-d1-h2"), switch("o1-d1")
    receiver = rows.device(house.site, DeviceKind.OPTICAL_RECEIVER, managed_via=house)
    PowerFeed.objects.create(consumer=receiver)
    rows.link(above, receiver)
    with City() as city:
        yield city


def switch(code: str) -> Device:
    return Device.objects.get(site__code=code, kind="switch")


def watched() -> None:
    until(lambda: Device.objects.count() == DeviceState.objects.filter(answers=True).count(), what="all answer")


def told() -> list[str]:
    """The causes that the latest outage's record gives, best first."""
    return [it["cause"] for it in Outage.objects.latest("pk").hypotheses]


def test_uptimes_tell_line_power_and_device_apart(city: City, tmp_path: Path) -> None:
    house = switch("o1-d1-h2")
    lone = switch("o1-d1-h3")
    harms = (
        ({"cut": [Link.objects.get(b_device=house).pk]}, ["link_cut"], "uptime_kept"),
        ({"failed": [site_mains(house.site_id)]}, ["mains_lost"], "uptime_reset"),
        ({"failed": [house.pk]}, ["device_dead"], "uptime_reset"),
        ({"failed": [lone.pk]}, ["undecided", "device_dead", "mains_lost"], "uptime_reset"),
    )
    with Monitor(tmp_path / "monitor.log", number=5):
        for harm, causes, reason in harms:
            watched()
            # Uptimes are rounded: a start less than five seconds before a failure could be taken for one after it.
            time.sleep(7)
            city.change(**harm)
            outage = until(lambda: Outage.objects.filter(state="open").first(), what="an outage")
            assert outage.cause == "undecided", harm
            city.change(heal=True)
            until(lambda: not Outage.objects.filter(state="open").exists(), what="closed")
            # A receiver starts after its switch and is heard later: it may tell after the end.
            until(lambda causes=causes: told() == causes, what=f"{causes}, not {told()}")
            outage.refresh_from_db()
            assert outage.cause == causes[0]
            assert reason in {it["code"] for it in outage.hypotheses[0]["reasons"]}
            assert outage.events.filter(kind="cause").count() == (outage.cause != "undecided")
    assert Outage.objects.count() == len(harms)
