"""What the monitor knows: the map, and of every element the last that was seen of it. Times are unix seconds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.utils import timezone

from uzel.core.engine_heard import ANSWERS, SILENT, UNASKED, Columns
from uzel.core.outage_words import Evidence, Seen
from uzel.core.topology import Kind
from uzel.drivers.pulse import Target
from uzel.network.core_map import site_mains
from uzel.network.models import DeviceState, Port, PortState
from uzel.outages import network_map
from uzel.outages.models import Observation, PlannedWork
from uzel.outages.network_map import Contact, NetworkMap
from uzel.pollers.monitor_pulse import NutTarget
from uzel.pollers.monitor_store import Fact, PortRow, StateRow

What = Observation.What
# sysUpTime counts hundredths in 32 bits: it begins again after 497 days (RFC 3418).
WRAP_S = 2**32 / 100
# Clocks of devices and the round trip make the computed moment of start jitter by this much.
JITTER_S = 5.0
# So long after power or light is back a device may still be starting: switches take a minute, cards of UPSes two.
START_GRACE_S = 120.0
# Power meters of receivers read about -40 dBm in the dark; the weakest working input is far above.
NO_LIGHT_DBM = -20.0
# A UPS that fell silent with less than this many minutes left is taken as empty.
EMPTY_MIN = 1.0


@dataclass(slots=True)
class View:
    """One asked device. `since`: how long it has answered or been silent; `known_at`: when that was certain, after all
    retries; `asked_at`: when the last question was sent that nobody answered; `on_battery` keeps a UPS's last word."""

    target: Target
    kind: str
    answers: bool | None = None
    at: float = 0.0
    since: float | None = None
    known_at: float = 0.0
    asked_at: float = 0.0
    last_answer: float | None = None
    booted_at: float | None = None
    rtt_ms: float | None = None
    is_lit: bool = True
    suspected: bool = False
    readings: dict[str, Any] = field(default_factory=dict)
    readings_at: float | None = None
    # When a reading was last asked for a decision, whether it came or not.
    read_at: float = 0.0
    pings: bool | None = None
    pinged_at: float = 0.0

    @property
    def on_battery(self) -> bool:
        return self.kind == Kind.UPS and self.readings.get("on_battery") is True

    def runtime_left_min(self, now: float) -> float | None:
        """Minutes until the battery is empty by its last word, None when it is not on battery or did not say."""
        minutes = self.readings.get("runtime_min")
        if not self.on_battery or minutes is None or self.readings_at is None:
            return None
        return float(minutes) - (now - self.readings_at) / 60

    def is_discharged(self, now: float) -> bool:
        """A UPS that fell silent on battery with nothing left in it, by its last word."""
        if self.answers is not False or not self.on_battery:
            return False
        left = self.runtime_left_min(now)
        return self.readings.get("low") is True or (left is not None and left <= EMPTY_MIN)

    @property
    def tells_light(self) -> bool:
        """A receiver that has said how much light comes in: by that it is judged, not by its answering."""
        return self.kind == Kind.OPTICAL_RECEIVER and isinstance(self.readings.get("input_dbm"), int | float)

    @property
    def unlit(self) -> bool:
        """A receiver whose last word was that no light comes in."""
        return self.tells_light and self.readings["input_dbm"] <= NO_LIGHT_DBM

    @property
    def told_at(self) -> float:
        """When its readings were last asked for: what it did not say then is not waited for."""
        return max(self.readings_at or 0.0, self.read_at)

    def seen(self) -> Seen:
        """As evidence. What tells its light has been seen when it last told, and is dark since it first told so."""
        at, since = self.at, self.since
        if self.tells_light and self.answers:
            at = self.told_at
        if self.unlit:
            since = self.readings.get("unlit_since", since)
        return Seen(bool(self.answers), at, self.booted_at, since)


@dataclass(slots=True)
class PortView:
    """A port as IF-MIB has it."""

    id: int
    admin_up: bool | None = None
    oper_up: bool | None = None
    speed_mbps: int | None = None
    since: float | None = None
    seen_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """A planned work, resolved to elements."""

    id: int
    starts: float
    ends: float
    nodes: frozenset[int]
    links: frozenset[int]


def _target(contact: Contact, address: str) -> Target:
    if contact.nut_port and contact.kind == Kind.UPS:
        return NutTarget(contact.id, address, contact.nut_port, "", contact.code)
    return Target(contact.id, address, contact.port, contact.community)


def _unix(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


class World:
    """The map with what was seen. Pure bookkeeping: it neither asks nor writes, it collects what is to be written."""

    def __init__(self, net: NetworkMap, ports: Mapping[tuple[int, int], int], works: Iterable[Work]) -> None:
        """Begin with nothing seen; `load` fills in what the database remembers."""
        self.net = net
        self.works = list(works)
        self.views = {
            i: View(_target(contact, contact.address), contact.kind)
            for i, contact in net.contacts.items()
            # The asker's socket speaks IPv4; a device with another address counts as unmonitored.
            if contact.address and ":" not in contact.address
        }
        # The same observations as the engine takes them; `_hear` keeps them so.
        self._heard = Columns(net.places)
        self._place = {i: net.places.place(i) for i in self.views}
        self.meters = [i for i, view in self.views.items() if view.kind in (Kind.UPS, Kind.OPTICAL_RECEIVER)]
        self.ports = {key: PortView(pk) for key, pk in ports.items()}
        self.indexes: dict[int, list[int]] = {}
        for device, index in self.ports:
            self.indexes.setdefault(device, []).append(index)
        # What was last read of the ports at both ends of a link: link -> {device: (up, when)}.
        self.link_ends: dict[int, dict[int, tuple[bool, float]]] = {}
        self.link_at = {end[:2]: (link, end[0]) for link, ends in net.ends.items() for end in (ends.a, ends.b) if end}
        # When somebody silent last answered again: silence found before that may be over too.
        self.returned_at = 0.0
        # The same of a receiver without light that has some again.
        self.relit_light_at = 0.0
        # When an end of a link last turned from down to up.
        self.relit_at: dict[int, float] = {}
        # When a port, as (device, ifIndex), was last asked for a decision, whether it answered or not.
        self.asked_at: dict[tuple[int, int], float] = {}
        self.dark: frozenset[int] = frozenset()
        self.changed: dict[int, bool] = {}
        self.changed_ports: set[tuple[int, int]] = set()
        self.facts: list[Fact] = []

    def answered(self, view: View, uptime: int | None, rtt_s: float, now: float) -> bool:
        """Note an answer; True when the device was not known to answer."""
        view.rtt_ms = round(rtt_s * 1000, 2)
        view.last_answer = view.at = now
        view.suspected, view.pings, view.pinged_at = False, None, 0.0
        if uptime is not None:
            self._note_uptime(view, now - uptime / 100, now)
        was, view.answers = view.answers, True
        if not was:
            view.since, view.known_at = now, now
        self.hear(view)
        if was:
            return False
        if was is False:
            self.returned_at = now
        self._fact(now, view, What.ANSWERS, 1)
        self.touch(view.target.id, loud=True)
        return True

    def _note_uptime(self, view: View, booted_at: float, now: float) -> None:
        known = view.booted_at
        # Apart by whole rounds of the counter: it came round, the device never stopped.
        if known is not None and abs((booted_at - known + WRAP_S / 2) % WRAP_S - WRAP_S / 2) <= JITTER_S:
            return
        view.booted_at = booted_at
        self._fact(now, view, What.BOOTED, booted_at)
        self.touch(view.target.id)

    def silent(self, view: View, asked_at: float, now: float) -> bool:
        """Note silence after all retries; True when the device was not known to be silent."""
        view.at, view.asked_at = now, asked_at
        view.suspected = False
        was, view.answers = view.answers, False
        if was is not False:
            view.since, view.known_at = asked_at, now
        self.hear(view)
        if was is False:
            return False
        self._fact(now, view, What.ANSWERS, 0)
        self.touch(view.target.id, loud=True)
        return True

    def port_seen(
        self, key: tuple[int, int], admin_up: bool | None, oper_up: bool | None, speed: int | None, now: float
    ) -> bool:
        """Note the state of a port; True when a link's light at this end changed."""
        if (link := self.link_at.get(key)) and oper_up is not None:
            self.link_ends.setdefault(link[0], {})[link[1]] = (oper_up, now)
        port = self.ports.get(key)
        if port is None:
            return False
        is_first = port.oper_up is None
        changed = oper_up is not None and port.oper_up is not oper_up
        if changed:
            port.since = now
            if link and oper_up and not is_first:
                self.relit_at[link[0]] = now
            self.facts.append((now, key[0], What.PORT, key[1], float(bool(oper_up))))
        if changed or port.admin_up is not admin_up or port.speed_mbps != speed:
            self.changed_ports.add(key)
        port.admin_up, port.oper_up, port.speed_mbps, port.seen_at = admin_up, oper_up, speed, now
        return changed and link is not None and not is_first

    def read(self, view: View, readings: dict[str, Any], now: float) -> bool:
        """Note the readings of a UPS or a receiver; True when what matters to outages changed."""
        before = (view.on_battery, view.unlit)
        was, view.readings, view.readings_at = view.readings, readings, now
        loud = was.get("on_battery") is not readings.get("on_battery")
        if view.unlit:
            readings["unlit_since"] = was.get("unlit_since", now)
        elif before[1]:
            self.relit_light_at = now
        changed = was != readings
        self.hear(view)
        for what, name in (
            (What.ON_BATTERY, "on_battery"), (What.CHARGE, "charge_percent"), (What.RUNTIME, "runtime_min"),
            (What.INPUT_DBM, "input_dbm"), (What.OUTPUT_DBUV, "output_dbuv"),
        ):  # fmt: skip
            if changed and isinstance(value := readings.get(name), bool | int | float):
                self._fact(now, view, what, float(value))
        self.touch(view.target.id, loud=loud)
        return before != (view.on_battery, view.unlit)

    def set_dark(self, dark: frozenset[int], now: float) -> None:
        """Note which elements have no light by the engine's reckoning."""
        for node in dark ^ self.dark:
            if node >= 0:
                self.touch(node, loud=True)
                self.facts.append((now, node, What.LIT, 0, float(node in self.dark)))
        self.dark = dark
        for node, view in self.views.items():
            view.is_lit = node not in dark

    def evidence(self, now: float) -> Evidence:
        """All that is known now, as the core takes it."""
        seen, meters = self._heard.copy(), {i: self.views[i] for i in self.meters}
        for place in np.flatnonzero(seen.answers == SILENT).tolist():
            device = int(seen.places.ids[place])
            # One that answers pings is alive: it is no sign of darkness, whatever its SNMP does.
            if self.views[device].pings:
                seen.answers[place] = ANSWERS
            elif _is_starting(self, device, self.views[device], now):
                # What it said of its light holds until it says something else.
                seen.answers[place] = ANSWERS if self.views[device].unlit else UNASKED
        works = [work for work in self.works if work.starts <= now <= work.ends]
        return Evidence(
            seen=seen,
            link_up=_links_up(self, now),
            on_battery=frozenset(i for i, view in meters.items() if view.on_battery),
            discharged=frozenset(i for i, view in meters.items() if view.is_discharged(now)),
            planned={node: work.id for work in works for node in work.nodes},
            planned_links={link: work.id for work in works for link in work.links},
            now=now,
            unlit=frozenset(i for i, view in meters.items() if view.unlit),
        )

    def hear(self, view: View) -> None:
        """Keep what was seen of a device as evidence."""
        if view.answers is not None:
            self._heard.note(self._place[view.target.id], view.seen())

    def touch(self, device: int, *, loud: bool = False) -> None:
        """Mark a device's state as to be written."""
        if device in self.net.contacts:
            self.changed[device] = loud or self.changed.get(device, False)

    def _fact(self, now: float, view: View, what: What, value: float) -> None:
        self.facts.append((now, view.target.id, int(what), 0, value))

    def take_states(self) -> dict[int, StateRow]:
        """State rows that are to be written; forgets that they are."""
        changed, self.changed = self.changed, {}
        return {device: self._row(device, loud) for device, loud in changed.items()}

    def _row(self, device: int, loud: bool) -> StateRow:
        lit = device not in self.dark
        view = self.views.get(device)
        if view is None:
            return StateRow(device, None, None, None, lit, None, None, {}, None, loud)
        return StateRow(
            device, view.answers, view.since, view.last_answer, lit, view.booted_at, view.rtt_ms, view.readings,
            view.readings_at, loud,
        )  # fmt: skip

    def take_ports(self) -> dict[int, PortRow]:
        """Port rows that are to be written; forgets that they are."""
        keys, self.changed_ports = self.changed_ports, set()
        ports = [self.ports[key] for key in keys if key in self.ports]
        return {p.id: PortRow(p.id, p.admin_up, p.oper_up, p.speed_mbps, p.since, p.seen_at) for p in ports}

    def take_facts(self) -> list[Fact]:
        """Facts for the journal; forgets them here."""
        facts, self.facts = self.facts, []
        return facts


def _is_starting(world: World, device: int, view: View, now: float) -> bool:
    """Silent since the switch through which it is asked started, which was just now: it may be starting itworld."""
    via = world.views.get(world.net.contacts[device].via or 0)
    if view.answers is not False or not via or not via.answers or not via.booted_at:
        return False
    return now - via.booted_at < START_GRACE_S and (view.last_answer or 0.0) < via.booted_at


def _links_up(world: World, now: float) -> dict[int, bool]:
    """A link is up when every answering end says so, asked after an end fell silent for certain: until then both
    may have been true, one after the other. A link that came up since is light on its way to a device that
    starts: no sign yet that its silence is a fault of management.
    """
    result: dict[int, bool] = {}
    for link, ends in world.link_ends.items():
        there = world.net.network.links.get(link)
        if there is None:
            continue
        silent = [v for i in (there.a, there.b) if (v := world.views.get(i)) and v.answers is False]
        after = max((v.known_at for v in silent), default=0.0)
        words = [up for i, (up, at) in ends.items() if (v := world.views.get(i)) and v.answers and at >= after]
        relit = world.relit_at.get(link, 0.0)
        if silent and relit > min(v.since or 0.0 for v in silent) and now - relit < START_GRACE_S and all(words):
            continue
        if words:
            result[link] = all(words)
    return result


def load() -> World:
    """Read the map and what was known before this process began: a restart in a storm loses nothing."""
    net = network_map.load()
    ports = {(device, index): pk for device, index, pk in Port.objects.values_list("device_id", "if_index", "id")}
    world = World(net, ports, load_works(net))
    for state in DeviceState.objects.all():
        if view := world.views.get(state.device_id):
            view.answers, view.since = state.answers, _unix(state.since)
            view.at = view.last_answer = _unix(state.last_answer_at) or 0.0
            view.known_at = view.since or 0.0
            view.booted_at, view.rtt_ms, view.is_lit = _unix(state.booted_at), state.rtt_ms, state.is_lit
            view.readings, view.readings_at = dict(state.readings or {}), _unix(state.readings_at)
            world.hear(view)
    world.dark = frozenset(DeviceState.objects.filter(is_lit=False).values_list("device_id", flat=True))
    by_pk = {port.id: port for port in world.ports.values()}
    for known in PortState.objects.all():
        if port := by_pk.get(known.port_id):
            port.admin_up, port.oper_up, port.speed_mbps = known.admin_up, known.oper_up, known.speed_mbps
            port.since, port.seen_at = _unix(known.since), _unix(known.seen_at) or 0.0
    return world


def load_works(net: NetworkMap) -> list[Work]:
    """Planned works that are under way or to come. A site's work covers its devices and its mains."""
    works = []
    by_site: dict[int, list[int]] = {}
    for contact in net.contacts.values():
        by_site.setdefault(contact.site, []).append(contact.id)
    rows = PlannedWork.objects.filter(ends_at__gte=timezone.now()).prefetch_related("sites", "devices", "links")
    for row in rows:
        nodes = {device.pk for device in row.devices.all()}
        for site in row.sites.all():
            nodes |= {*by_site.get(site.pk, ()), site_mains(site.pk)}
        links = frozenset(link.pk for link in row.links.all())
        works.append(Work(row.pk, row.starts_at.timestamp(), row.ends_at.timestamp(), frozenset(nodes), links))
    return works
