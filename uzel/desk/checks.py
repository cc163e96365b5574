"""The checks of a line, one row each: what is shown in plain words, how it looks, and what the device itself printed.

Takes `Probe.result` as it is told in `pollers.probe_read`: an older or odd one costs its rows, never the card.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from uzel.core.answers import Operation
from uzel.core.diagnosis_port import age
from uzel.core.readings import PortReading
from uzel.core.words import without_codes
from uzel.desk import cable, errors
from uzel.network import level
from uzel.network.models import Probe

# An answer so old is a past, not a check: it is shown with its verdict under "earlier checks".
CABLE_AGE = timedelta(hours=24)
LOG_LINES, MAC_ROWS = 20, 24
# Which row tells of which question.
ROW_OF: Mapping[str, str] = {
    Operation.CABLE_TEST: "cable",
    Operation.PORTS: "port",
    Operation.IDENTITY: "port",
    Operation.ERRORS: "errors",
    Operation.COUNTERS: "errors",
    Operation.MACS: "macs",
    Operation.BINDINGS: "bindings",
    Operation.BLOCKED: "bindings",
    Operation.IGMP_GROUPS: "groups",
    Operation.OPTICS: "light",
    Operation.LOOPS: "loops",
    Operation.NEIGHBOURS: "neighbours",
    Operation.LOG: "log",
}
# The order of the rows.
PLACES = ("cable", "port", "errors", "macs", "bindings", "groups", "light", "loops", "neighbours", "log")
# The parts that SNMP reads have names of their own in the prober's "errors".
PART_OF: Mapping[str, str] = {"fdb": Operation.MACS, "uplinks": Operation.OPTICS}
# What of the readings of the port belongs to which row.
READ_BY: Mapping[str, tuple[str, ...]] = {
    "port": (
        "at",
        "name",
        "description",
        "admin_up",
        "oper_up",
        "speed_mbps",
        "full_duplex",
        "last_change_s",
        "uptime_s",
    ),
    "errors": ("at", "crc", "in_errors", "out_errors", "late_collisions", "in_discards", "out_discards"),
}
# On what a format may rest without a word of warning.
PROVEN = frozenset({"recorded", "standard"})


@dataclass(frozen=True, slots=True)
class Said:
    """What a device printed when it was asked: hostile text, to be escaped wherever it is shown."""

    operation: str
    by: str
    asked: tuple[str, ...]
    text: str
    mark: str
    not_understood: tuple[str, ...]

    @property
    def is_proven(self) -> bool:
        return self.mark in PROVEN


@dataclass(frozen=True, slots=True)
class Check:
    """A row. `name` names its template and its word, `look` its state, `shown` is what the template draws.

    `number` is the key that opens what the device printed; 0: there is nothing to open. `under_way`: it is still being
    asked, and keeps its place and its key. `read` are the readings by SNMP that the row rests on, the oldest first.
    """

    name: str
    look: str
    shown: Any
    said: tuple[Said, ...] = ()
    number: int = 0
    under_way: bool = False
    read: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Mac:
    """A MAC address of the port. known: it is on record for this subscriber."""

    mac: str
    vlan: int | None
    known: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A multicast group."""

    group: str
    vlan: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """The port now. `since_s`: for how long it has been so."""

    reading: PortReading
    since_s: int | None
    wanted_mbps: int | None


def checks_of(
    read: Probe | None,
    tested: Probe | None,
    *,
    readings: Sequence[Mapping[str, Any]] = (),
    cables: Sequence[Mapping[str, Any]] = (),
    expected: frozenset[str] = frozenset(),
    wanted_mbps: int | None = None,
    now: datetime,
) -> tuple[Check, ...]:
    """The rows of a line from its latest reading (which may still go on) and its latest finished cable test on demand.

    The last one, "missing", holds the questions that got no answer as (operation, code of the reason). `readings` and
    `cables` are of earlier probes of the port, the newest first; `expected` are the MACs on record.
    """
    result = _mapping(read.result if read else None)
    said, under_way = _said_of(read), _texts(result.get("under_way"))
    rows = (
        None if Operation.CABLE_TEST in under_way else _cable(read, tested, cables, now),
        _link(result, wanted_mbps),
        _errors(result, readings),
        _macs(result, expected),
        _bindings(result),
        _groups(result),
        _light(result),
        _loops(result),
        _neighbours(result),
        _log(result),
    )
    own = [row if row.said else replace(row, said=_of(said, row.name)) for row in _placed(rows, under_way)]
    own = [replace(row, read=_read(result, row.name)) for row in own]
    if lacking := _missing(read, tested, now):
        told = {row.name for row in own}
        newest = said if not _speaks(read, tested, now) else [*said, *_said_of(tested)]
        rest = tuple(one for one in newest if ROW_OF.get(one.operation) not in told)
        own.append(Check("missing", "unknown", lacking, rest))
    return tuple(_numbered(own))


def _placed(rows: Iterable[Check | None], under_way: Iterable[str]) -> list[Check]:
    """The rows at hand, and one for each that is still being asked, where it will stand."""
    found = {row.name: row for row in rows if row}
    for name in {ROW_OF[operation] for operation in under_way if operation in ROW_OF} - set(found):
        found[name] = Check(name, "unknown", None, under_way=True)
    return sorted(found.values(), key=lambda row: PLACES.index(row.name))


def _read(result: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    """The part of the readings that a row rests on."""
    if name == "light":
        receiver = _mapping(result.get("receiver"))
        return (receiver,) if receiver else tuple(_lit(row) for row in _rows(result, "uplinks") or ())
    names = READ_BY.get(name, ())
    return tuple({key: row.get(key) for key in names} for row in _rows(result, "ports") or () if names)


def _lit(uplink: Mapping[str, Any]) -> Mapping[str, Any]:
    now = (_rows(uplink, "readings") or [{}])[-1]
    return {key: now.get(key) for key in ("name", "crc", "in_errors")} | {"input_dbm": uplink.get("rx_dbm")}


def _of(said: Iterable[Said], name: str) -> tuple[Said, ...]:
    return tuple(one for one in said if ROW_OF.get(one.operation) == name)


def _numbered(rows: Iterable[Check]) -> Iterator[Check]:
    """Rows that the device printed something for get the keys 1…9 in their order."""
    number = 0
    for row in rows:
        number += bool(row.said) or row.under_way
        yield replace(row, number=number if row.said and number < 10 else 0)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _rows(result: Mapping[str, Any], name: str) -> list[Mapping[str, Any]] | None:
    """The rows of a part; None where it was not asked."""
    value = result.get(name)
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else None


def _is_fresh(probe: Probe | None, now: datetime) -> bool:
    return bool(probe and probe.ended_at and now - probe.ended_at < CABLE_AGE)


def _said_of(probe: Probe | None) -> list[Said]:
    rows = _rows(_mapping(probe.result), "said") if probe else None
    return [
        Said(
            operation=str(row.get("operation", "")),
            by=str(row.get("by", "")),
            asked=_texts(row.get("asked")),
            text=without_codes(str(row.get("text") or "")).replace("\r", ""),
            mark=str(row.get("mark", "")),
            not_understood=_texts(row.get("not_understood")),
        )
        for row in rows or ()
    ]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list | tuple) else ()


def _tests(read: Probe | None, tested: Probe | None) -> list[tuple[datetime, Probe, Mapping[str, Any]]]:
    """The cable tests at hand with their time, the newest first."""
    found = []
    for probe in (read, tested):
        test = _mapping(_mapping(probe.result).get("cable")) if probe else {}
        at = probe and (probe.ended_at or probe.started_at)
        if probe and at and test:
            found.append((at, probe, test))
    return sorted(found, key=lambda each: each[0], reverse=True)


def _cable(
    read: Probe | None, tested: Probe | None, cables: Sequence[Mapping[str, Any]], now: datetime
) -> Check | None:
    """The newest of the tests at hand, with what was printed for it."""
    for at, probe, test in _tests(read, tested)[:1]:
        if now - at < CABLE_AGE:
            wire = cable.draw(test, at=at, known_m=cable.known_length(cables))
            if _has_link(read, at):
                wire = cable.since_back(wire)
            return Check("cable", wire.look, wire, _of(_said_of(probe), "cable"))
    return None


def _has_link(read: Probe | None, tested_at: datetime) -> bool:
    """Whether the port had link when it was read, which was not before the test."""
    rows = _rows(_mapping(read.result), "ports") if read else None
    reading = errors.reading_of(rows[-1]) if rows else None
    at = read and (read.ended_at or read.started_at)
    return bool(reading and reading.oper_up and at and at >= tested_at)


def _link(result: Mapping[str, Any], wanted_mbps: int | None) -> Check | None:
    rows = _rows(result, "ports")
    reading = errors.reading_of(rows[-1]) if rows else None
    if reading is None or reading.oper_up is None:
        return None
    slow = bool(reading.oper_up and wanted_mbps and reading.speed_mbps and reading.speed_mbps < wanted_mbps)
    look = "silent" if slow or (reading.oper_up and reading.full_duplex is False) else "lit"
    return Check("port", look if reading.oper_up else "dark", Link(reading, age(reading), wanted_mbps))


def _errors(result: Mapping[str, Any], readings: Iterable[Mapping[str, Any]]) -> Check | None:
    rows = _rows(result, "ports")
    if not rows:
        return None
    # One reading is both in the history and in the latest result: the same moment is one reading.
    known = {
        row.get("at"): row
        for row in (*readings, *(_rows(result, "previous") or ()), *rows)
        if row.get("at") is not None
    }
    drawn = errors.chart(known.values())
    return Check("errors", drawn.look, drawn) if drawn else None


def _macs(result: Mapping[str, Any], expected: frozenset[str]) -> Check | None:
    rows = _rows(result, "fdb")
    if rows is None:
        return None
    macs = [Mac(str(row.get("mac", "")), row.get("vlan"), row.get("mac") in expected) for row in rows[:MAC_ROWS]]
    strange = expected and not any(mac.known for mac in macs)
    look = "unknown" if not macs else "silent" if strange else "lit"
    return Check("macs", look, {"macs": macs, "total": result.get("fdb_total") or len(rows)})


def _bindings(result: Mapping[str, Any]) -> Check | None:
    bound, blocked = _rows(result, "bindings"), result.get("blocked_macs")
    if bound is None and not isinstance(blocked, list):
        return None
    away = _texts(blocked)
    look = "dark" if away else "lit" if bound else "unknown"
    return Check("bindings", look, {"bound": bound, "blocked": away})


def _groups(result: Mapping[str, Any]) -> Check | None:
    value = result.get("groups")
    if not isinstance(value, list):
        return None
    rows = [row if isinstance(row, Mapping) else {"group": row} for row in value]
    groups = [Group(str(row.get("group", "")), row.get("vlan")) for row in rows]
    return Check("groups", "lit" if groups else "silent", groups)


def _light(result: Mapping[str, Any]) -> Check | None:
    levels = list(level.of_receiver(_mapping(result.get("receiver"))))
    for row in _rows(result, "optics") or ():
        levels += level.of_module(str(row.get("port") or ""), row.get("rx_dbm"))
    for row in _rows(result, "uplinks") or ():
        readings = _rows(row, "readings")
        name = str(readings[-1].get("name") or readings[-1].get("if_index") or "") if readings else ""
        if name not in {one.name for one in levels}:
            levels += level.of_module(name, row.get("rx_dbm"))
    if not levels:
        return None
    worst = min((one.look for one in levels), key=("dark", "silent", "lit").index)
    return Check("light", worst, levels)


def _loops(result: Mapping[str, Any]) -> Check | None:
    value = result.get("loops")
    rows = [value] if isinstance(value, Mapping) else _rows(result, "loops")
    if not rows:
        return None
    looped = [row for row in rows if row.get("loop")]
    watched = [row for row in rows if row.get("enabled") is not False]
    return Check("loops", "dark" if looped else "lit" if watched else "unknown", {"looped": looped, "watched": watched})


def _neighbours(result: Mapping[str, Any]) -> Check | None:
    rows = _rows(result, "neighbours")
    return Check("neighbours", "lit", rows) if rows else None


def _log(result: Mapping[str, Any]) -> Check | None:
    rows = _rows(result, "log")
    return None if rows is None else Check("log", "lit" if rows else "unknown", rows[:LOG_LINES])


def _speaks(read: Probe | None, tested: Probe | None, now: datetime) -> bool:
    """Whether the cable test on demand is the newer of the two, and not of another day."""
    return _is_fresh(tested, now) and (read is None or (read.ended_at or now) <= ((tested and tested.ended_at) or now))


def _missing(read: Probe | None, tested: Probe | None, now: datetime) -> tuple[tuple[str, str], ...]:
    """What could not be had, each question once; of the cable the newer of the two probes speaks."""
    result = _mapping(read.result if read else None)
    found = {PART_OF.get(part, part): str(code) for part, code in _mapping(result.get("errors")).items()}
    found |= {str(operation): str(code) for operation, code in _mapping(result.get("missing")).items()}
    if tested and _speaks(read, tested, now):
        found.pop(Operation.CABLE_TEST, None)
        lacking = _mapping(_mapping(tested.result).get("missing"))
        found |= {str(operation): str(code) for operation, code in lacking.items()}
        if tested.error:
            found[Operation.CABLE_TEST] = tested.error
    return tuple(found.items())
