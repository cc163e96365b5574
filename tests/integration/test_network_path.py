"""The way from a device to the centre, with what each element's state is."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from uzel.network.drawing import around
from uzel.network.light import Light
from uzel.network.models import Device, DeviceState, Link, MainsArea, Port, PortState, Site
from uzel.network.queries import path_to_source
from uzel.people.models import Role, User

pytestmark = pytest.mark.django_db


def make_site(code: str, level: int, parent: Site | None = None) -> Site:
    return Site.objects.create(code=code, name=code.upper(), level=level, parent=parent)


def make_device(code: str, site: Site, kind: str = "switch", **more: Any) -> Device:
    return Device.objects.create(code=code, site=site, kind=kind, **more)


def join(a: Device, b: Device, **ports: Port) -> Link:
    return Link.objects.create(code=f"{a.code}--{b.code}", a_device=a, b_device=b, **ports)


@pytest.fixture
def street() -> dict[str, Device]:
    """core - agg - house, with a ring house - spare - core that is one hop longer; a receiver and a UPS beside."""
    centre = make_site("c", 0)
    okrug = make_site("o1", 1, centre)
    MainsArea.objects.create(code="m1")
    core = make_device("core", centre, is_source=True, address="10.0.0.1")
    transmitter = make_device("tx", centre, "optical_transmitter", is_source=True)
    agg = make_device("agg", okrug, address="10.0.0.2")
    house = make_device("house", okrug, address="10.0.0.3")
    spare = make_device("spare", okrug, address="10.0.0.4")
    far = make_device("far", okrug, address="10.0.0.9")
    splitter = make_device("split", okrug, "optical_splitter")
    receiver = make_device("rx", okrug, "optical_receiver", managed_via=house, address="10.0.0.5")
    ups = make_device("ups", okrug, "ups", managed_via=house, address="10.0.0.6")
    up = Port.objects.create(device=house, name="25", if_index=25, is_uplink=True)
    down = Port.objects.create(device=agg, name="1", if_index=1)
    join(core, agg)
    join(house, agg, a_port=up, b_port=down)
    join(house, spare)
    join(spare, far)
    join(far, core)
    join(transmitter, splitter)
    join(splitter, receiver)
    PortState.objects.create(port=up, oper_up=False)
    # The dark device said so before it went dark: that is no longer known.
    PortState.objects.create(port=down, oper_up=True)
    DeviceState.objects.create(device=agg, answers=False, is_lit=False, since=timezone.now())
    DeviceState.objects.create(device=core, answers=True)
    return {d.code: d for d in (core, transmitter, agg, house, spare, far, splitter, receiver, ups)}


def test_shortest_way_with_states(street: dict[str, Device]) -> None:
    steps = path_to_source(street["house"].pk)
    assert [s.code for s in steps] == ["house", "agg", "core"]
    assert [s.light for s in steps] == [Light.UNKNOWN, Light.DARK, Light.LIT]
    link = steps[0].link
    assert link is not None
    assert (link.below_port, link.above_port, link.up) == ("25", "1", False)
    assert steps[-1].is_source and steps[-1].link is None


def test_a_link_between_the_silent_is_not_known(street: dict[str, Device]) -> None:
    DeviceState.objects.create(device=street["house"], answers=False, is_lit=False)
    PortState.objects.update(oper_up=True)
    link = path_to_source(street["house"].pk)[0].link
    assert link is not None and link.up is None


def test_receiver_climbs_the_cable_tv_tree(street: dict[str, Device]) -> None:
    assert [s.code for s in path_to_source(street["rx"].pk)] == ["rx", "split", "tx"]


def test_a_splitter_has_light_when_what_it_feeds_on_this_way_is_lit_and_answers(street: dict[str, Device]) -> None:
    def lights(answers: bool | None, is_lit: bool) -> list[Light]:
        DeviceState.objects.update_or_create(device=street["rx"], defaults={"answers": answers, "is_lit": is_lit})
        return [step.light for step in path_to_source(street["rx"].pk)]

    assert lights(True, True) == [Light.LIT, Light.LIT, Light.LIT]
    assert lights(None, True) == [Light.UNKNOWN] * 3
    assert lights(False, True) == [Light.SILENT, Light.UNKNOWN, Light.UNKNOWN]
    assert lights(True, False) == [Light.DARK, Light.UNKNOWN, Light.UNKNOWN]
    lights(True, True)
    DeviceState.objects.create(device=street["split"], is_lit=False)
    assert [step.light for step in path_to_source(street["split"].pk)] == [Light.DARK, Light.UNKNOWN]


def test_the_drawing_knows_of_a_splitter_what_the_way_knows(street: dict[str, Device]) -> None:
    DeviceState.objects.create(device=street["rx"], answers=True)
    drawn = {node["code"]: node["light"] for node in around([street["rx"].pk])["nodes"]}
    assert drawn == {"rx": "lit", "split": "lit", "tx": "lit"}
    DeviceState.objects.update(answers=None)
    drawn = {node["code"]: node["light"] for node in around([street["rx"].pk])["nodes"]}
    assert drawn == {"rx": "unknown", "split": "unknown", "tx": "unknown"}


@pytest.mark.parametrize(("answers", "word"), [(True, "lit"), (None, "unknown")])
def test_a_page_says_the_same_of_a_splitter_wherever_it_names_it(
    street: dict[str, Device], client: Client, answers: bool | None, word: str
) -> None:
    """The table of the place, the head of the device, the way, the drawing and the list of its links."""
    DeviceState.objects.create(device=street["rx"], answers=answers)
    client.force_login(User.objects.create_user("e", role=Role.ENGINEER))
    place = client.get("/sites/o1/").context
    assert {device.code: light for device, light in place["devices"]}["split"] == word
    device = client.get("/devices/split/").context
    assert device["light"] == word and device["way"][0].light == word
    for drawing in (place["drawing"], device["drawing"]):
        assert {node["light"] for node in drawing["nodes"] if node["code"] == "split"} == {word}
        assert [edge["state"] for edge in drawing["edges"] if "split" in edge["code"]] == [word, word]


def test_a_strip_is_not_proven_by_the_switch_that_it_is_asked_through(street: dict[str, Device]) -> None:
    DeviceState.objects.create(device=street["ups"], answers=True)
    assert path_to_source(street["ups"].pk)[1].light is Light.UNKNOWN


def test_ups_goes_on_from_its_switch(street: dict[str, Device]) -> None:
    steps = path_to_source(street["ups"].pk)
    assert [s.code for s in steps] == ["ups", "house", "agg", "core"]
    assert steps[0].link is None


def test_unknown_device_has_no_way() -> None:
    assert path_to_source(404) == []


def test_new_link_is_seen_at_once(street: dict[str, Device]) -> None:
    assert len(path_to_source(street["house"].pk)) == 3
    join(street["house"], street["core"])
    assert [s.code for s in path_to_source(street["house"].pk)] == ["house", "core"]


def test_three_queries(street: dict[str, Device], django_assert_num_queries: Any) -> None:
    path_to_source(street["house"].pk)
    with django_assert_num_queries(3):
        path_to_source(street["far"].pk)
