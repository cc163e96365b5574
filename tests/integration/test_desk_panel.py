"""The front panel of a switch: where each port sits, how it is, who lives behind it; the page of one port."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import web_data
from uzel.journal.models import AuditRecord
from uzel.network.models import Device, DeviceState, Port, PortState, Probe, Site
from uzel.network.panel import PortCell, banks, front_panel
from uzel.outages.models import Hint
from uzel.people.models import Role, User
from uzel.subscribers.models import Service, Subscriber

pytestmark = pytest.mark.django_db


def _cells(model: str, *groups: tuple[str, int, int, int]) -> list[PortCell]:
    """Ports of a model: (name up to the number, first, last, Mbit/s)."""
    site = Site.objects.create(code=f"s{Site.objects.count()}", name="S", level=0)
    device = Device.objects.create(code=f"{site.code}-sw1", site=site, kind="switch", model=model)
    made: list[Port] = []
    for prefix, first, last, speed in groups:
        for n in range(first, last + 1):
            made.append(Port(device=device, name=f"{prefix}{n}", if_index=len(made) + 1, speed_mbps=speed))
    Port.objects.bulk_create(made)
    return front_panel(device)


def _drawn(cells: list[PortCell]) -> list[tuple[str, list[list[str]]]]:
    return [(bank.slot, [[cell.number for cell in column] for column in bank.columns]) for bank in banks(cells)]


def test_odd_ports_stand_above_even_ones_and_combo_ports_apart() -> None:
    cells = _cells("DES-3526", ("", 1, 24, 100), ("", 25, 26, 1000))
    first, second, combo = _drawn(cells)
    assert first[1] == [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"], ["9", "10"], ["11", "12"]]
    assert second[1][0] == ["13", "14"] and combo[1] == [["25", "26"]]
    assert {cell.number: cell.cage for cell in cells}["25"] == "combo"
    assert {cell.cage for cell in cells[:24]} == {"copper"}


def test_a_small_switch_has_one_row_and_slots_have_names() -> None:
    assert _drawn(_cells("DES-2108", ("", 1, 8, 100)))[0][1][:2] == [["1"], ["2"]]
    cells = _cells("S5720-56C-PWR-EI", ("GigabitEthernet0/0/", 1, 48, 1000), ("XGigabitEthernet0/0/", 1, 4, 10000))
    drawn = _drawn(cells)
    assert [slot for slot, _ in drawn] == ["GE0/0/", "", "", "", "XGE0/0/"]
    assert drawn[-1][1] == [["1", "2"], ["3", "4"]]
    assert cells[-1].cage == "sfp"


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(User.objects.create_user("e", password="long-enough-7", role=Role.ENGINEER, language="ru"))
    return client


@pytest.fixture
def switch() -> Device:
    """A house switch with two households on port 1 and one on port 2."""
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    site = Site.objects.get(code="o1-d1-k1-h1")
    web_data.subscribers(site, 3)
    found = site.devices.get(kind="switch")
    other = Port.objects.create(device=found, name="2", if_index=2)
    Service.objects.filter(subscriber__account="500003").update(port=other)
    return found


def _state(switch: Device, name: str, **state: Any) -> Port:
    port = Port.objects.get(device=switch, name=name)
    PortState.objects.update_or_create(port=port, defaults={"admin_up": True, "oper_up": True} | state)
    return port


def _look(switch: Device, name: str) -> str:
    return next(cell.look for cell in front_panel(Device.objects.get(pk=switch.pk)) if cell.port.name == name)


@pytest.mark.parametrize(
    ("state", "look"),
    [
        ({"speed_mbps": 100}, "up"),
        ({"speed_mbps": 10}, "slow"),
        ({"oper_up": False}, "down"),
        ({"admin_up": False, "oper_up": False}, "off"),
        ({"admin_up": None, "oper_up": None}, "unknown"),
    ],
)
def test_the_look_of_a_port(switch: Device, state: dict[str, Any], look: str) -> None:
    _state(switch, "1", **state)
    assert _look(switch, "1") == look


def _hint(switch: Device, kind: str, *, ago_s: float = 60.0, **parsed: Any) -> None:
    at = timezone.now() - timedelta(seconds=ago_s)
    Hint.objects.create(
        at=at, kind="syslog", source="127.0.0.1", device=switch, parsed={"kind": kind} | parsed, raw=b""
    )


def test_what_the_switch_itself_holds_down(switch: Device) -> None:
    _state(switch, "1", oper_up=False)
    _state(switch, "2")
    _hint(switch, "error_disabled", port="1")
    _hint(switch, "loop", if_index=2, ago_s=90)
    assert (_look(switch, "1"), _look(switch, "2")) == ("error", "loop")
    _hint(switch, "loop_gone", port="2", ago_s=30)
    _hint(switch, "link_up", port="1", ago_s=30)
    assert (_look(switch, "1"), _look(switch, "2")) == ("down", "up")


def test_a_port_that_flaps_does_not_talk_a_loop_away(switch: Device) -> None:
    _state(switch, "2")
    _hint(switch, "loop", port="2", ago_s=3600)
    at = timezone.now() - timedelta(seconds=60)
    noise = {"kind": "link_up", "port": "1"}
    Hint.objects.bulk_create(
        Hint(at=at, kind="syslog", source="127.0.0.1", device=switch, parsed=noise, raw=b"") for _ in range(1000)
    )
    assert _look(switch, "2") == "loop"


def test_a_number_in_a_note_is_a_name_or_an_ifindex_never_both(switch: Device) -> None:
    """Huawei's GigabitEthernet0/0/2 has ifIndex 7: a line about «7» is not about it."""
    odd = Port.objects.create(device=switch, name="GigabitEthernet0/0/2", if_index=7)
    _state(switch, odd.name)
    _hint(switch, "loop", port="7")
    assert _look(switch, odd.name) == "up"
    _hint(switch, "loop", port="0/0/2")
    assert _look(switch, odd.name) == "loop"


def test_a_loop_that_a_probe_has_seen_is_shown(switch: Device) -> None:
    port = _state(switch, "2")
    probe = Probe.objects.create(operation="line", device=switch, port=port, state="done", result={"loops": "odd"})
    Probe.objects.filter(pk=probe.pk).update(ended_at=timezone.now())
    assert _look(switch, "2") == "up"
    Probe.objects.filter(pk=probe.pk).update(result={"loops": [{"port": "2", "loop": True}]})
    assert _look(switch, "2") == "loop"
    DeviceState.objects.filter(device=switch).update(answers=False)
    assert _look(switch, "2") == "unknown"


def test_a_port_that_goes_badly_is_not_plain_green(switch: Device) -> None:
    port = _state(switch, "2")
    fine = {"if_index": 2, "oper_up": True, "full_duplex": True, "crc": 5, "in_errors": None}
    probe = Probe.objects.create(operation="line", device=switch, port=port, state="done", result={"ports": "odd"})

    def look(**now: Any) -> str:
        Probe.objects.filter(pk=probe.pk).update(ended_at=timezone.now(), result={"ports": [fine, fine | now]})
        return _look(switch, "2")

    assert (look(), look(full_duplex=False), look(crc=6)) == ("up", "half", "damaged")
    assert look(crc=6, oper_up=False) == "up"  # by the monitor, who looked later
    _hint(switch, "storm", port="2")
    assert look() == "storm"
    _hint(switch, "storm_gone", port="2", ago_s=30)
    assert look() == "up"


def test_the_panel_tells_who_lives_there_and_leads_to_them(reader: Client, switch: Device) -> None:
    Subscriber.objects.filter(account="500003").update(name='Ё"><script>alert(1)</script>', flat="12")
    _state(switch, "2", speed_mbps=100)
    page = reader.get(f"/devices/{switch.code}/").content.decode()
    jacks = re.findall(r'<a class="jack [^"]*" href="([^"]+)" data-told="([^"]*)"', page)
    assert len(jacks) == 3
    leads = {told.split(":")[0]: (to, html.unescape(told)) for to, told in jacks}
    assert leads["2"][0] == "/subscribers/500003/"
    assert leads["2"][1].startswith("2: линк есть, 100 Мбит/с; кв. 12, Ё")
    assert leads["1"][0] == f"/devices/{switch.code}/ports/1/" and "Абонент 2" in leads["1"][1]
    assert "аплинк → o1-d1-k1-sw1" in leads["25"][1]
    assert "<script>alert" not in page
    assert AuditRecord.objects.filter(action="device.people_seen").count() == 1
    reader.get(f"/devices/{switch.code}/")
    assert AuditRecord.objects.filter(action="device.people_seen").count() == 1


def test_the_page_of_a_port(reader: Client, switch: Device, django_assert_max_num_queries: Any) -> None:
    port = _state(switch, "1", speed_mbps=100)
    Probe.objects.create(operation="cable", device=switch, port=port, state="failed", error="timeout")
    with django_assert_max_num_queries(26):
        page = reader.get(f"/devices/{switch.code}/ports/1/").content.decode()
    assert page.count("/subscribers/50000") == 2
    assert "проверка кабеля" in page and "линк есть, 100 Мбит/с" in page
    assert reader.get(f"/devices/{switch.code}/ports/99/").status_code == 404
    assert reader.get("/devices/none/ports/1/").status_code == 404
    fragment = reader.get(f"/devices/{switch.code}/ports/1/", headers={"HX-Request": "true"}).content
    assert fragment.lstrip().startswith(b'<div id="port"')


def test_statements_of_a_panel_do_not_grow_with_its_ports(
    reader: Client, switch: Device, django_assert_max_num_queries: Any
) -> None:
    Port.objects.bulk_create(Port(device=switch, name=str(n), if_index=n) for n in range(30, 90))
    with django_assert_max_num_queries(40):
        assert reader.get(f"/devices/{switch.code}/").status_code == 200


def test_a_receiver_shows_its_light(reader: Client, switch: Device) -> None:
    receiver = Device.objects.create(code="r1", site=switch.site, kind="optical_receiver")
    DeviceState.objects.create(device=receiver, readings={"input_dbm": -8.0})
    page = reader.get("/devices/r1/").content.decode()
    assert "−8,0 дБм — слабый, запаса нет" in " ".join(re.sub("<[^>]+>", "", page).split())


def test_an_outage_of_an_area_has_one_name_everywhere(reader: Client, switch: Device) -> None:
    area = Site.objects.get(code="o1-d1-k1").mains_area
    outage = web_data.darken(Site.objects.get(code="o1-d1-k1"), cause="mains_lost")
    assert area is not None and outage.mains_area == area
    line = Service.objects.filter(subscriber__account="500003").values_list("pk", flat=True)[0]
    for path in ("/", "/outages/", f"/outages/{outage.pk}/", "/subscribers/500003/"):
        page = reader.get(path).content.decode()
        assert area.name in page, path
    assert area.name in reader.get(f"/subscribers/500003/lines/{line}/").content.decode()
