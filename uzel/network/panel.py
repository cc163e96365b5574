"""The front panel of a switch: which port is which kind of hole, where it sits, how it is, and who lives behind it."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from uzel.core.evidence import Evidence, Note
from uzel.network.models import Device, Link, Medium, Port, Probe

COPPER, COMBO, SFP = "copper", "combo", "sfp"
# Holes by model, where ports are not all of copper: (pattern of the model, {kind: numbers}); the first that fits.
# DES-35xx, DES-1228/ME, DGS-3120 and DGS-3000-26TC as their recorded `show ports` names (C) and (F); the others by
# their makers' data sheets. A fibre in a port that is copper here is drawn as a cage: the engineer's plan knows better.
CAGES: tuple[tuple[re.Pattern[str], Mapping[str, range]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kinds)
    for pattern, kinds in (
        (r"^DES-3526|^DES-1228/ME", {COMBO: range(25, 27)}),
        (r"^DES-3550", {COMBO: range(49, 51)}),
        (r"^DES-3028|^DES-1210-28", {COMBO: range(27, 29)}),
        (r"^DES-3200-28", {COMBO: range(25, 29)}),
        (r"^DES-3200-18", {COMBO: range(17, 19)}),
        (r"^DGS-3120-24|^DGS-3000-26", {COMBO: range(21, 25), SFP: range(25, 27)}),
        (r"^DGS-(?:3000|1510|1250|3130)-28|^DGS-1210-28", {SFP: range(25, 29)}),
        (r"^DGS-3620-28SC", {SFP: range(1, 21), COMBO: range(21, 25)}),
        (r"^WS-C3560G-48", {SFP: range(49, 53)}),
        (r"^WS-C3560G-24", {SFP: range(25, 29)}),
    )
)
# Ports of this speed have no copper plug in the switches of a city.
CAGE_MBPS = 10_000
# From so many ports on a panel has two rows, odd above even; so many columns stand together.
TWO_ROWS, COLUMNS = 12, 6
# What the device itself said by trap and syslog holds until it says otherwise, at most so long.
SAID = timedelta(hours=24)
LOOPS_SEEN = timedelta(minutes=10)
NOTES = ("loop", "loop_gone", "storm", "storm_gone", "error_disabled", "link_up")
SHORT = {"GigabitEthernet": "GE", "XGigabitEthernet": "XGE", "FastEthernet": "Fa", "TenGigabitEthernet": "Te"}

# The latest of each kind about each port: one that flaps says thousands of things a day. The hints' app is above this.
LATEST_NOTES = """
SELECT DISTINCT ON (parsed->>'kind', parsed->>'port', parsed->>'if_index')
  at, parsed->>'kind', parsed->>'port', parsed->>'if_index'
FROM outages_hint WHERE device_id = %s AND at >= %s AND parsed->>'kind' = ANY(%s)
ORDER BY parsed->>'kind', parsed->>'port', parsed->>'if_index', id DESC
"""
# What names a port in a note: its ifIndex, or its name.
Key = int | str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody behind a port. `services` are their kinds."""

    account: str
    name: str
    flat: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortCell:
    """A port as on the front panel.

    look: up, down, off, slow, half (duplex), damaged (frames), storm, loop, error (the switch holds it down), unknown.
    peer: the device at the other end.
    """

    port: Port
    look: str
    speed_mbps: int | None = None
    peer: str = ""
    people: tuple[Person, ...] = ()
    hole: str = COPPER
    medium: str = ""

    @property
    def mark(self) -> str:
        """How it is drawn: what goes badly looks alike, and the words tell it apart."""
        return {"half": "slow", "damaged": "slow", "storm": "loop"}.get(self.look, self.look)

    @property
    def cage(self) -> str:
        """What is in the hole: a fibre that the plan knows makes a copper hole a cage, whatever our table says."""
        return SFP if self.hole == COPPER and self.medium == Medium.FIBRE else self.hole

    @property
    def label(self) -> str:
        """The name where the slot is not told beside it: «0/0/1» of GigabitEthernet0/0/1, «X0/0/1» of XGigabit…"""
        found = re.fullmatch(r"([A-Za-z-]*) ?(\d[\d/.:]*)", self.port.name)
        if found is None:
            return str(self.port.if_index)
        plain = not found[1] or found[1][0].upper() in "FGE"
        return f"{'' if plain else found[1][0].upper()}{found[2]}"

    @property
    def number(self) -> str:
        """What is printed at the port itself: its last number."""
        found = re.search(r"(\d+)$", self.port.name)
        return found[1] if found else self.label

    @property
    def slot(self) -> str:
        """The name but for the last number, shortened; empty for «7»."""
        slot = self.port.name[: -len(self.number)] if self.port.name.endswith(self.number) else ""
        word = re.match(r"[A-Za-z]*", slot)
        return SHORT.get(word[0], word[0]) + slot[word.end() :] if word else slot

    @property
    def speed(self) -> str:
        """The speed of the link as on a label: 10, 100, 1G, 10G; empty without one."""
        if not self.speed_mbps or self.look in {"down", "off", "error", "unknown"}:
            return ""
        return f"{self.speed_mbps // 1000}G" if self.speed_mbps >= 1000 else str(self.speed_mbps)

    @property
    def only(self) -> Person | None:
        """The one subscriber of the port."""
        return self.people[0] if len(self.people) == 1 else None


@dataclass(frozen=True, slots=True)
class Bank:
    """Ports that sit together. `slot` is told above them; `columns` from left to right, each from top to bottom."""

    slot: str
    has_cages: bool
    columns: tuple[tuple[PortCell, ...], ...]


def front_panel(device: Device) -> list[PortCell]:
    """The ports of a device in the order of their numbers; a fixed number of queries."""
    links = _links(device)
    people = _people(device)
    # What a silent device said of its ports is old.
    silent = getattr(getattr(device, "state", None), "answers", None) is False
    held: Mapping[Key, set[Note]] = {} if silent else _held(device)
    return [
        _cell(port, device, links.get(port.pk), tuple(people.get(port.pk, ())), held, silent)
        for port in device.ports.select_related("state").order_by("if_index")
    ]


def banks(cells: Sequence[PortCell]) -> list[Bank]:
    """The cells as they sit on the panel: slots, speeds and kinds of holes apart, two rows where there are many."""
    found = []
    rows = 2 if len(cells) >= TWO_ROWS else 1
    for (slot, _, hole), group in groupby(cells, key=lambda cell: (cell.slot, cell.port.speed_mbps, cell.hole)):
        columns = _columns(list(group), rows)
        found += [
            Bank("" if start else slot, hole != COPPER, tuple(columns[start : start + COLUMNS]))
            for start in range(0, len(columns), COLUMNS)
        ]
    return found


def _columns(bank: Sequence[PortCell], rows: int) -> list[tuple[PortCell, ...]]:
    """Odd above even; the place of a port is that of its number, so that 1 and 2 stand together and never 2 and 3."""

    def column(cell: PortCell) -> int:
        return (int(cell.number) - 1) // rows if cell.number.isdecimal() else cell.port.if_index

    return [tuple(group) for _, group in groupby(bank, key=column)]


def cell_of(device: Device, if_index: int) -> PortCell | None:
    """One port of a device."""
    return next((cell for cell in front_panel(device) if cell.port.if_index == if_index), None)


def _links(device: Device) -> dict[int, tuple[str, str]]:
    """By port: the device at the other end, and the medium."""
    found = {}
    for link in Link.objects.filter(Q(a_device=device) | Q(b_device=device)).select_related("a_device", "b_device"):
        if link.a_device_id == device.pk and link.a_port_id:
            found[link.a_port_id] = link.b_device.code, link.medium
        elif link.b_port_id:
            found[link.b_port_id] = link.a_device.code, link.medium
    return found


def _people(device: Device) -> dict[int, list[Person]]:
    """By port: who has a service there."""
    # Subscribers live above this app: they are reached through the relations that they themselves declare.
    names = ("account", "name", "flat")
    rows = (
        Port.objects.filter(device=device, services__isnull=False)
        .order_by("pk", "services__subscriber__account", "services__kind")
        .values_list("pk", *(f"services__subscriber__{name}" for name in names), "services__kind")
    )
    found: dict[int, list[Person]] = defaultdict(list)
    for (port, *who), group in groupby(rows, key=lambda row: row[:4]):
        account, name, flat = who
        found[port].append(Person(account, name, flat, tuple(dict.fromkeys(row[4] for row in group))))
    return found


def _held(device: Device) -> dict[Key, set[Note]]:
    """By port: what the device said of it lately, by itself or when it was asked."""
    now = timezone.now()
    notes: dict[Key, set[Note]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(LATEST_NOTES, [device.pk, now - SAID, list(NOTES)])
        for at, kind, port, index in cursor.fetchall():
            notes[_key(port, index)].add(Note(kind, at.timestamp()))
    since = now - LOOPS_SEEN
    seen = Probe.objects.filter(device=device, state=Probe.State.DONE, ended_at__gte=since, port__isnull=False)
    asked = seen.order_by("port_id", "-id").distinct("port_id")
    for if_index, loops, ports in asked.values_list("port__if_index", "result__loops", "result__ports"):
        if any(row.get("loop") for row in loops or () if isinstance(row, Mapping)):
            notes[if_index].add(Note("loop", since.timestamp()))
        notes[if_index] |= {Note(code, since.timestamp()) for code in _read(ports)}
    return {key: said for key, said in notes.items() if key}


def _read(ports: object) -> Iterator[str]:
    """What the two readings of a probe tell of a port with link."""
    rows = [row for row in ports if isinstance(row, Mapping)] if isinstance(ports, list) else []
    if not rows or not rows[-1].get("oper_up"):
        return
    if rows[-1].get("full_duplex") is False:
        yield "half"
    pairs = [(rows[0].get(name), rows[-1].get(name)) for name in ("crc", "in_errors")]
    if any(isinstance(before, int) and isinstance(now, int) and now > before for before, now in pairs):
        yield "damaged"


def _key(port: str | None, index: str | None) -> Key:
    """A trap names the port by ifIndex, a syslog line by its name; D-Link's stacks as unit:port."""
    return int(index) if index and index.isdecimal() else _plain(port or "")


def _plain(name: str) -> str:
    return name.replace(":", "/").lower()


def _told(port: Port, held: Mapping[Key, set[Note]]) -> Evidence:
    """All that was said of one port, by whichever of its names."""
    name = _plain(port.name)
    mine = (key == port.if_index or (isinstance(key, str) and _is_same(name, key)) for key in held)
    said = [notes for is_mine, notes in zip(mine, held.values(), strict=True) if is_mine]
    return Evidence(notes=frozenset().union(*said))


def _is_same(name: str, said: str) -> bool:
    """Devices write a port shorter or longer than its ifName: «0/0/7» of GigabitEthernet0/0/7, «1/7» of 7."""
    return (
        name == said or name.endswith("/" + said) or said.endswith("/" + name) or re.sub("^[a-z-]+", "", name) == said
    )


def _cell(
    port: Port,
    device: Device,
    link: tuple[str, str] | None,
    people: tuple[Person, ...],
    held: Mapping[Key, set[Note]],
    silent: bool,
) -> PortCell:
    state = None if silent else getattr(port, "state", None)
    peer, medium = link or ("", "")
    look = _look(port, state, _told(port, held))
    return PortCell(port, look, state.speed_mbps if state else None, peer, people, _hole(port, device), medium)


def _look(port: Port, state: Any, told: Evidence) -> str:
    if state is None or (state.oper_up is None and state.admin_up is None):
        return "unknown"
    if state.admin_up is False:
        return "off"
    if told.noted("loop"):
        return "loop"
    if not state.oper_up:
        return "error" if told.noted("error_disabled") else "down"
    for look in ("storm", "half", "damaged"):
        if told.noted(look):
            return look
    return "slow" if state.speed_mbps and state.speed_mbps < port.speed_mbps else "up"


def _hole(port: Port, device: Device) -> str:
    number = re.search(r"(\d+)$", port.name)
    kinds = next((kinds for model, kinds in CAGES if model.search(device.model)), {})
    for kind, numbers in kinds.items():
        if number and int(number[1]) in numbers:
            return kind
    return SFP if port.speed_mbps >= CAGE_MBPS else COPPER
