"""The monitor's memory of one device: flips, restarts, wraps of counters, and what counts as evidence."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor_city import plain_scope
from uzel.core.engine import Engine
from uzel.core.outage import explain
from uzel.core.scope import Attachment
from uzel.core.topology import Kind, Link, Network, Node
from uzel.drivers.pulse import Pulse, Target
from uzel.network.core_map import area_mains, mains_place, site_mains
from uzel.outages.network_map import (
    Contact,
    LinkEnds,
    NetworkMap,
)
from uzel.pollers.monitor_settle import lights_to_read, mark_read
from uzel.pollers.monitor_store import pack_facts
from uzel.pollers.monitor_world import WRAP_S, World

NOW = 1_800_000_000.0


def world() -> World:
    """core(1) -port 5--port 1- house(2), and the house's receiver(3) asked through it."""
    nodes = [
        Node(1, Kind.SWITCH, 1, source=True),
        Node(2, Kind.SWITCH, 2),
        Node(3, Kind.OPTICAL_RECEIVER, 2, via=2),
        Node(4, Kind.UPS, 2, via=2),
    ]
    contacts = {
        node.id: Contact(
            node.id, f"d{node.id}", node.kind, node.site, 4, None, "", "", f"10.0.0.{node.id}", 161, "p", node.via
        )
        for node in nodes
    }
    ends = {9: LinkEnds((1, 5, 50), (2, 1, 10))}
    network = Network.of(nodes, [Link(9, 1, 2)])
    ports = {(1, 5): 50, (2, 1): 10}
    net = NetworkMap(network, contacts, ends, ports, {}, Engine.of(network))
    return World(net, ports, [])


def test_a_flip_is_told_once_and_journalled() -> None:
    it = world()
    view = it.views[2]
    assert it.answered(view, 100, 0.001, NOW)
    assert not it.answered(view, 300, 0.001, NOW + 2)
    assert it.silent(view, NOW + 3, NOW + 4)
    assert not it.silent(view, NOW + 5, NOW + 6)
    assert (view.since, view.at) == (NOW + 3, NOW + 6)
    assert [fact[4] for fact in it.take_facts() if fact[2] == 1] == [1.0, 0.0]
    assert it.take_states()[2].loud


def test_a_counter_that_came_round_is_no_restart() -> None:
    it = world()
    view = it.views[2]
    it.answered(view, 2**32 - 1000, 0.001, NOW)
    booted = view.booted_at
    it.answered(view, 1000, 0.001, NOW + 20)
    assert view.booted_at == booted
    it.answered(view, 100, 0.001, NOW + 3600)
    assert view.booted_at == NOW + 3600 - 1
    assert WRAP_S == 42949672.96


def test_a_port_read_before_the_silence_is_no_evidence() -> None:
    it = world()
    it.answered(it.views[1], 1, 0.001, NOW)
    it.port_seen((1, 5), True, True, 100, NOW)
    it.silent(it.views[2], NOW + 1, NOW + 2)
    assert it.evidence(NOW + 2).link_up == {}
    assert it.port_seen((1, 5), True, False, 100, NOW + 3)
    assert it.evidence(NOW + 3).link_up == {9: False}


def test_dark_receivers_and_empty_batteries() -> None:
    it = world()
    for view in it.views.values():
        it.answered(view, 1, 0.001, NOW)
    it.read(it.views[3], {"input_dbm": -40.0}, NOW)
    it.read(it.views[4], {"on_battery": True, "runtime_min": 2.0}, NOW)
    evidence = it.evidence(NOW)
    assert (evidence.unlit, evidence.on_battery, evidence.discharged) == ({3}, {4}, set())
    it.silent(it.views[4], NOW + 90, NOW + 91)
    assert it.evidence(NOW + 91).discharged == {4}


def test_one_that_answers_pings_is_alive() -> None:
    it = world()
    it.silent(it.views[2], NOW, NOW + 1)
    it.views[2].pings = True
    assert it.evidence(NOW + 1).answers(2) is True


def tree_of_television() -> World:
    """core(1) - houses 2, 3 with receivers 12, 13 behind the splitter 10 of the transmitter 11."""
    nodes = [
        Node(1, Kind.SWITCH, 1, source=True),
        *(Node(i, Kind.SWITCH, i) for i in (2, 3)),
        Node(11, Kind.OPTICAL_TRANSMITTER, 1, source=True, watched=False),
        Node(10, Kind.OPTICAL_SPLITTER, 1, watched=False),
        *(Node(i, Kind.OPTICAL_RECEIVER, i - 10, via=i - 10) for i in (12, 13)),
    ]
    links = [Link(1, 1, 2), Link(2, 1, 3), Link(3, 11, 10), Link(4, 10, 12), Link(5, 10, 13)]
    contacts = {
        it.id: Contact(it.id, f"d{it.id}", it.kind, it.site, 4, None, "", "", f"10.0.0.{it.id}", 161, "p", it.via)
        for it in nodes
        if it.watched
    }
    network = Network.of(nodes, links)
    it = World(NetworkMap(network, contacts, {}, {}, {}, Engine.of(network)), {}, [])
    for view in it.views.values():
        it.answered(view, 10**6, 0.001, NOW)
    for i in (12, 13):
        it.read(it.views[i], {"input_dbm": -3.0}, NOW)
    return it


def test_a_receiver_without_light_has_the_others_read_before_anything_is_said() -> None:
    it = tree_of_television()
    it.read(it.views[12], {"input_dbm": -40.0}, NOW + 10)
    evidence = it.evidence(NOW + 10)
    asked = it.net.engine.to_ask(it.net.network, evidence)
    assert lights_to_read(it, asked) == [13], "answering is no light"
    it.answered(it.views[13], 10**6 + 1100, 0.001, NOW + 11)
    assert 13 in it.net.engine.to_ask(it.net.network, it.evidence(NOW + 11))
    for now in (NOW + 12, NOW + 13):
        for i in it.net.engine.to_ask(it.net.network, it.evidence(now)):
            it.answered(it.views[i], int(100 * (now - NOW)) + 10**6, 0.001, now)
            if i > 10:
                it.read(it.views[i], {"input_dbm": -40.0}, now)
    evidence = it.evidence(NOW + 14)
    assert not it.net.engine.to_ask(it.net.network, evidence)
    (found,) = explain(it.net.network, evidence)
    assert (found.dark, found.began_at) == ({10, 12, 13}, NOW + 10), "one outage, since the first loss of light"


def test_a_receiver_whose_switch_dies_stays_dark_by_its_last_word() -> None:
    it = tree_of_television()
    for i in (12, 13):
        it.read(it.views[i], {"input_dbm": -40.0}, NOW + 10)
    for i in (2, 12):
        it.silent(it.views[i], NOW + 20, NOW + 21)
    television, house = explain(it.net.network, it.evidence(NOW + 22))
    assert (television.dark, television.began_at) == ({10, 12, 13}, NOW + 10)
    assert (house.dark, house.began_at) == ({2}, NOW + 20)


def test_a_word_of_darkness_is_heard_anew_once_it_may_be_over() -> None:
    it = tree_of_television()
    for i in (12, 13):
        it.read(it.views[i], {"input_dbm": -40.0}, NOW + 10)
    assert lights_to_read(it, ()) == []
    it.read(it.views[12], {"input_dbm": -3.0}, NOW + 30)
    assert lights_to_read(it, ()) == [13], "another one has light again"
    mark_read(it, [13], {})
    it.silent(it.views[13], NOW + 40, NOW + 41)
    it.answered(it.views[13], 1, 0.001, time.time() + 60)
    assert lights_to_read(it, ()) == [13], "it was away"


@given(st.integers(1, 10**6))
def test_mains_have_numbers_of_their_own(pk: int) -> None:
    assert mains_place(site_mains(pk)) == ("site", pk)
    assert mains_place(area_mains(pk)) == ("area", pk)
    assert mains_place(pk) is None


ROWS = st.lists(
    st.tuples(
        st.integers(1, 6),
        st.integers(1, 8),
        st.sampled_from(["internet", "catv"]),
        st.sampled_from(["person", "business"]),
    ),
    max_size=40,
)


@given(ROWS, st.frozensets(st.integers(1, 8)))
def test_scope_by_the_engine_is_the_plain_rule(rows: list[tuple[int, int, str, str]], dark: frozenset[int]) -> None:
    # One subscriber has one class.
    people = [Attachment(node, who, kind, "person" if who % 2 else "business") for node, who, kind, _ in rows]
    network = Network.of([Node(i, Kind.SWITCH) for i in range(1, 7)], [Link(i, 1, i) for i in range(2, 7)])
    net = NetworkMap(network, {}, {}, {}, {}, Engine.of(network, people))
    assert net.scope(dark, 3) == plain_scope(people, dark, 3)


def test_packed_facts_are_of_one_size() -> None:
    # 2 (count of fields) + 5 lengths of 4 + 8 + 8 + 2 + 4 + 8.
    data = pack_facts([(NOW, 7, 1, 0, 1.0)] * 3)
    assert len(data) == 3 * 52
    assert data[:2] == b"\x00\x05"


class Heard:
    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()

    def answered(self, target: Target, uptime: int | None, rtt_s: float, asked_at: float) -> None:
        self.outcomes["answered" if uptime is not None else "answered without value"] += 1

    def suspected(self, target: Target) -> None:
        self.outcomes["suspected"] += 1

    def silent(self, target: Target, asked_at: float) -> None:
        self.outcomes["silent"] += 1


async def test_pulse_tells_each_question_once() -> None:
    """Nobody listens: suspected once, silent once; a cut answer has no value; `once` has no retries."""
    deaf, liar = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(("127.30.9.1", 0))
    liar.bind(("127.30.9.2", 0))
    liar.setblocking(False)
    loop = asyncio.get_running_loop()

    def lie() -> None:
        data, peer = liar.recvfrom(2048)
        liar.sendto(data.replace(b"\xa0", b"\xa2", 1)[:-9], peer)

    loop.add_reader(liar.fileno(), lie)
    heard = Heard()
    pulse = Pulse(heard, timeout_s=0.05, retries=2)
    try:
        silent = Target(1, *deaf.getsockname(), "public")
        await pulse.ask_now([silent, Target(2, *liar.getsockname(), "public")])
        assert heard.outcomes == {"suspected": 1, "silent": 1, "answered without value": 1}
        assert pulse.malformed == {"undecodable": 1}
        assert pulse.counts["asked"] == 4
        await pulse.ask_now([silent], once=True)
        assert heard.outcomes["silent"] == 2
        assert heard.outcomes["suspected"] == 1
        assert pulse.backlog == 0
    finally:
        pulse.close()
        loop.remove_reader(liar.fileno())
        deaf.close()
        liar.close()


@pytest.mark.parametrize("kept", [0, 2, 9, 14])
async def test_octets_without_our_id_are_no_sign_of_life(kept: int) -> None:
    """Random octets, or an answer cut before the id, can come from anybody; they are counted."""
    liar = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    liar.bind(("127.30.9.5", 0))
    liar.setblocking(False)
    loop = asyncio.get_running_loop()

    def lie() -> None:
        data, peer = liar.recvfrom(2048)
        liar.sendto(data.replace(b"\xa0", b"\xa2", 1)[:kept] + random.Random(7).randbytes(0 if kept else 200), peer)

    loop.add_reader(liar.fileno(), lie)
    heard = Heard()
    pulse = Pulse(heard, timeout_s=0.05, retries=1)
    try:
        await pulse.ask_now([Target(1, *liar.getsockname(), "public")])
        assert heard.outcomes == {"suspected": 1, "silent": 1}
        assert pulse.malformed == {"undecodable": 2}
    finally:
        pulse.close()
        loop.remove_reader(liar.fileno())
        liar.close()


@pytest.mark.parametrize(("community", "outcome"), [(b"public", "answered without value"), (b"secret", "silent")])
async def test_a_router_that_answers_from_another_address_of_its_own_lives(community: bytes, outcome: str) -> None:
    """It knows our id, the community and the port that was asked; the odd address is counted."""
    asked, other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind(("127.30.9.6", 0))
    asked.setblocking(False)
    other.bind(("127.30.9.7", asked.getsockname()[1]))
    loop = asyncio.get_running_loop()

    def answer() -> None:
        data, peer = asked.recvfrom(2048)
        other.sendto(data.replace(b"\xa0", b"\xa2", 1).replace(b"public", community, 1), peer)

    loop.add_reader(asked.fileno(), answer)
    heard = Heard()
    pulse = Pulse(heard, timeout_s=0.05, retries=0)
    try:
        await pulse.ask_now([Target(1, *asked.getsockname(), "public")])
        assert heard.outcomes == {outcome: 1}
        assert pulse.malformed["wrong_source"] == 1
    finally:
        pulse.close()
        loop.remove_reader(asked.fileno())
        asked.close()
        other.close()


async def test_an_answer_from_another_address_is_not_believed() -> None:
    forged, asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asked.bind(("127.30.9.3", 0))
    asked.setblocking(False)
    forged.bind(("127.30.9.4", 0))
    loop = asyncio.get_running_loop()

    def forge() -> None:
        data, peer = asked.recvfrom(2048)
        forged.sendto(data.replace(b"\xa0", b"\xa2", 1), peer)

    loop.add_reader(asked.fileno(), forge)
    heard = Heard()
    pulse = Pulse(heard, timeout_s=0.05, retries=0)
    try:
        await pulse.ask_now([Target(1, *asked.getsockname(), "public")])
        assert heard.outcomes == {"silent": 1}
        assert pulse.malformed["wrong_source"] == 1
    finally:
        pulse.close()
        loop.remove_reader(asked.fileno())
        forged.close()
        asked.close()
