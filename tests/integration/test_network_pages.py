"""The pages of the network: they open on an empty, a small and a large city, with a bounded number of queries."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests import web_data
from uzel.core.readings import OpticalReading, UpsReading
from uzel.network.models import Device, DeviceState, Port, PortState, PowerFeed, Site
from uzel.network.panel import PortCell
from uzel.network.templatetags.network_words import READINGS, moment, reading_rows, reading_value
from uzel.outages.models import Outage
from uzel.people.models import Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(User.objects.create_user("e", password="long-enough-7", role=Role.ENGINEER, language="en"))
    return client


def darken(code: str) -> None:
    for device in Device.objects.filter(site__code__startswith=code):
        DeviceState.objects.update_or_create(device=device, defaults={"answers": False, "is_lit": False})


def test_empty_city(reader: Client) -> None:
    assert reader.get("/network/").status_code == 200
    assert reader.get("/sites/none/").status_code == 404
    assert reader.get("/devices/none/").status_code == 404
    assert reader.get("/network/none/below/", headers=web_data.HTMX).status_code == 404


def test_tree_opens_by_branches_and_counts_trouble(reader: Client) -> None:
    web_data.city()
    darken("o1-d1-k1")
    page = reader.get("/network/").content.decode()
    assert "o2" in page and "o1-d1" not in page
    branch = reader.get("/network/o1/below/", headers=web_data.HTMX).content.decode()
    assert "o1-d1" in branch and "troubled" in branch
    assert "state-dark" in reader.get("/network/o1-d1/below/", headers=web_data.HTMX).content.decode()
    asked = {"place": [Site.objects.get(code="o1").pk, "x", "9" * 30]}
    again = reader.get("/network/lines/", asked, headers=web_data.HTMX)
    assert b"hx-swap-oob" in again.content


def test_number_of_queries_does_not_grow(reader: Client, django_assert_max_num_queries: Any) -> None:
    web_data.city(okrugs=2, houses=12)
    for url, most in (("/network/", 14), ("/network/o1-d1-k1/below/", 9), ("/sites/o1-d1-k1/", 22)):
        with django_assert_max_num_queries(most):
            assert reader.get(url, headers=web_data.HTMX).status_code == 200


def test_device_page_shows_ports_power_and_reach(reader: Client, django_assert_max_num_queries: Any) -> None:
    web_data.city()
    switch = Device.objects.filter(site__code="o1-d1-k1", kind="switch").get()
    ups = Device.objects.create(code="u9", site=switch.site, kind="ups")
    strip = Device.objects.create(code="p9", site=switch.site, kind="power_strip")
    PowerFeed.objects.create(consumer=switch, source=strip)
    PowerFeed.objects.create(consumer=strip, source=ups)
    PowerFeed.objects.create(consumer=ups)
    DeviceState.objects.update_or_create(device=ups, defaults={"readings": {"charge_percent": 97, "low": None}})
    for n, up in ((901, True), (902, False)):
        port = Port.objects.create(device=switch, name=f"x{n}", if_index=n)
        PortState.objects.create(port=port, admin_up=True, oper_up=up, seen_at=timezone.now())
    with django_assert_max_num_queries(32):
        page = reader.get(f"/devices/{switch.code}/").content.decode()
    assert "jack-up" in page and "jack-down" in page
    assert page.index("p9") < page.index("u9")
    assert "97" in reader.get("/devices/u9/").content.decode()
    assert reader.get(f"/devices/{switch.code}/", headers=web_data.HTMX).content.lstrip().startswith(b"<div")


def test_blast_is_what_goes_dark(reader: Client) -> None:
    web_data.city()
    centre = Device.objects.filter(site__code="centre", kind="switch").get()
    Device.objects.filter(pk=centre.pk).update(is_source=True)
    house = Device.objects.filter(site__level=4, kind="switch").first()
    assert house is not None
    assert reader.get(f"/devices/{house.code}/blast/", headers=web_data.HTMX).status_code == 200
    everything = reader.get(f"/devices/{centre.code}/blast/", headers=web_data.HTMX).content.decode()
    assert "device" in everything


@pytest.mark.slow
def test_hundred_thousand_places(reader: Client, django_assert_max_num_queries: Any) -> None:
    centre = Site.objects.create(code="c", name="C", level=0)
    okrugs = Site.objects.bulk_create(Site(code=f"o{n}", name="O", level=1, parent=centre) for n in range(100))
    houses = Site.objects.bulk_create(
        Site(code=f"{o.code}-h{n:04}", name="H", level=4, parent=o) for o in okrugs for n in range(1000)
    )
    devices = Device.objects.bulk_create(Device(code=f"{s.code}-sw", site=s, kind="switch") for s in houses)
    DeviceState.objects.bulk_create(DeviceState(device=d, is_lit=False) for d in devices[:20_000])
    with django_assert_max_num_queries(20):
        assert reader.get("/network/").status_code == 200
        part = reader.get("/network/o1/below/", headers=web_data.HTMX).content.decode()
    assert "o1-h0199" in part and "o1-h0200" not in part
    assert "o1-h0200" in reader.get("/network/o1/below/?after=o1-h0199", headers=web_data.HTMX).content.decode()


def test_what_a_silent_device_said_of_its_ports_is_not_shown_as_true(reader: Client) -> None:
    web_data.city()
    switch = Device.objects.filter(site__code="o1-d1-k1", kind="switch").get()
    port = Port.objects.create(device=switch, name="GigabitEthernet0/0/7", if_index=12)
    PortState.objects.create(port=port, oper_up=True, admin_up=True)
    state, _ = DeviceState.objects.update_or_create(device=switch, defaults={"answers": True, "is_lit": True})
    page = reader.get(f"/devices/{switch.code}/").content.decode()
    assert "jack-up" in page and ">7</span>" in page and "GE0/0/" in page
    DeviceState.objects.filter(pk=state.pk).update(answers=False, is_lit=False)
    page = reader.get(f"/devices/{switch.code}/").content.decode()
    assert "jack jack-unknown" in page and "jack jack-up" not in page


@pytest.mark.parametrize(
    ("name", "label"),
    [("25", "25"), ("1/25", "1/25"), ("GigabitEthernet0/0/1", "0/0/1"), ("XGigabitEthernet0/0/1", "X0/0/1"),
     ("Fa0/1", "0/1"), ("Te1/1", "T1/1"), ("lag 1", "L1"), ("uplink", "3")],
)  # fmt: skip
def test_a_port_has_a_short_label(name: str, label: str) -> None:
    cell = PortCell(Port(name=name, if_index=3), "up")
    assert cell.label == label


@pytest.mark.parametrize(
    ("language", "value", "words"),
    [
        ("ru", -3.25, "−3,25"),
        ("en", -3.25, "−3.25"),
        ("ru", [-3.3, -30.0], "−3,3 · −30"),
        ("ru", -7, "−7"),
        ("ru", True, "да"),
        ("en", "1.29", "1.29"),
    ],
)
def test_readings_are_told_as_the_language_writes_them(language: str, value: object, words: str) -> None:
    with translation.override(language):
        assert reading_value(value) == words


def test_every_reading_that_the_monitor_writes_has_a_word() -> None:
    forecast = {"on_battery_since", "dark_at", "keeps_alive", "subscribers", "unlit_since"}
    written = {field.name for kind in (UpsReading, OpticalReading) for field in fields(kind)} | forecast
    # `subscribers` is told in the words of `keeps_alive`.
    assert written - READINGS.keys() == {"subscribers"}


def test_a_battery_that_runs_down_is_told_in_words(reader: Client) -> None:
    web_data.city()
    now = timezone.localtime().replace(microsecond=0)
    since, dark_at = now - timedelta(minutes=3), now + timedelta(minutes=17)
    readings = {
        "on_battery": True, "on_battery_since": since.timestamp(), "dark_at": round(dark_at.timestamp()),
        "keeps_alive": 3, "subscribers": 44, "battery_v": 27.1, "seconds_on_battery": 180.0, "serial": None,
    }  # fmt: skip
    with translation.override("ru"):
        rows = dict(reading_rows(readings))
    assert rows["погаснет в"] == moment(dark_at) and rows["на батарее с"] == moment(since)
    assert rows["держит"] == "3 устройства, 44 абонента"
    assert rows["батарея, В"] == "27,1" and len(rows) == 5
    ups = Device.objects.get(code="o1-d1-k1-ups1")
    DeviceState.objects.filter(device=ups).update(readings=readings)
    page = reader.get(f"/devices/{ups.code}/").content.decode()
    assert "3 devices, 44 subscribers" in page
    assert not any(name in page for name in ("dark_at", "keeps_alive", "on_battery_since", "battery_v"))


@pytest.fixture
def on_battery() -> Device:
    """A campus that has lost its mains: its UPS says so and feeds its switch; a house of the same area is dark."""
    web_data.city()
    ups = Device.objects.get(code="o1-d1-k1-ups1")
    Device.objects.filter(pk=ups.pk).update(address="127.60.0.1")
    PowerFeed.objects.create(consumer=ups.site.devices.get(kind="switch"), source=ups)
    PowerFeed.objects.create(consumer=ups)
    dark_at = round((timezone.now() + timedelta(minutes=17)).timestamp())
    readings = {"on_battery": True, "dark_at": dark_at, "on_battery_since": dark_at - 1200, "keeps_alive": 3}
    DeviceState.objects.filter(device=ups).update(answers=True, readings=readings)
    web_data.darken(Site.objects.get(code="o1-d1-k1-h1"), cause="mains_lost")
    return ups


@pytest.mark.parametrize("path", ["/sites/o1-d1-k1/", "/devices/o1-d1-k1-sw1/", "/devices/o1-d1-k1-ups1/"])
def test_a_site_on_battery_says_so_until_when_and_why(reader: Client, on_battery: Device, path: str) -> None:
    page = reader.get(path).content.decode()
    until = moment(datetime.fromtimestamp(on_battery.state.readings["dark_at"], UTC))
    outage = Outage.objects.get()
    assert f"on battery until {until}" in page and f"at {until}" in page and "On battery" in page
    assert f"/outages/{outage.pk}/" in page and "Mains lost" in page
    if path.startswith("/devices/"):
        assert ">no mains<" in page


def test_power_is_told_as_the_ups_says_it(reader: Client, on_battery: Device) -> None:
    switch = on_battery.site.devices.get(kind="switch")
    DeviceState.objects.filter(device=on_battery).update(readings={"on_battery": False})
    page = reader.get(f"/devices/{switch.code}/").content.decode()
    assert ">mains<" in page and "on battery until" not in page and "/outages/" not in page.split("page-head")[1]
    # A silent UPS says nothing any more.
    DeviceState.objects.filter(device=on_battery).update(answers=False, readings={"on_battery": True})
    page = reader.get(f"/devices/{switch.code}/").content.decode()
    assert "on battery" not in page and ">mains<" not in page and "no mains" not in page


def test_the_only_input_of_a_receiver_is_told_once() -> None:
    one, two = ({"input_dbm": -3.2, "inputs_dbm": inputs, "firmware": None} for inputs in ([-3.2], [-3.2, -30.0]))
    assert len(reading_rows(one)) == 1
    assert len(reading_rows(two)) == 2


def test_the_equipment_of_a_place_folds_into_cards_on_a_phone(reader: Client) -> None:
    web_data.city()
    page = reader.get("/sites/o1-d1-k1/").content.decode()
    table = page[page.rindex("<table", 0, page.index("DES-3200-28")) :]
    assert table.startswith('<table class="rows stack">')
