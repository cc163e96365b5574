"""Light read from signs by compiled loops, as `outage_light` reads it plainly; the rules are numbered as there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from uzel.core import engine_read as rd
from uzel.core.labels import Flags, Ints, Longs, dominators, preorder, rows
from uzel.core.outage_light import Picture, Signs
from uzel.core.outage_words import Evidence

NOTHING: Ints = np.empty(0, np.int32)
NO_FLAGS: Flags = np.empty(0, np.uint8)


@dataclass(frozen=True, slots=True)
class Layout:
    """The map in the engine's numbers: rows of neighbours, runs of the breadth-first and of the dominator tree."""

    ids: Longs
    sorted_ids: Longs
    number_of: Ints
    source: Flags
    start: Ints
    near: Ints
    link: Ints
    link_ids: Longs
    ends: Ints
    size: Ints
    healthy: int
    idom: Ints
    first: Ints
    run: Ints
    at_place: Ints

    @classmethod
    def of(cls, ids: Longs, source: Flags, link_ids: Longs, a: Ints, b: Ints) -> "Layout":
        """`a`, `b`: positions in `ids` of the ends of each link."""
        n = ids.size
        number, size, healthy = preorder(n, *rows(n, a, b)[:2], source)
        start, near, link = rows(n, number[a], number[b])
        own_ids, own_source = np.empty_like(ids), np.empty_like(source)
        own_ids[number], own_source[number] = ids, source
        if n > 1 and bool((ids[1:] > ids[:-1]).all()):
            order, number_of = ids, number
        else:
            by_id = np.argsort(ids, kind="stable")
            order, number_of = ids[by_id], number[by_id]
        labels = dominators(n, start, near, own_source)
        ends = np.maximum(number[a], number[b])
        return cls(own_ids, order, number_of, own_source, start, near, link, link_ids, ends, size, healthy, *labels)

    def numbers(self, ids: Longs) -> Ints:
        """Raises KeyError when an id is not on the map."""
        at = np.searchsorted(self.sorted_ids, ids)
        if ids.size and (at.max(initial=0) >= self.sorted_ids.size or (self.sorted_ids[at] != ids).any()):
            raise KeyError("not on the map of light")
        return self.number_of[at]


@dataclass(frozen=True, slots=True)
class Reading:
    """The runs that were looked at, and the silent elements that have light (numbers)."""

    spans: Ints
    believed: Ints


class Light:
    """The sign of each element, and the reading of them. The states are scratch: clear between readings."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.sign: Flags = np.zeros(layout.ids.size, np.uint8)
        self._state: Flags = np.zeros(layout.ids.size, np.uint8)

    def dark_if(self, failed: Ints) -> Ints:
        """What is dark when all of `failed` fail at once, in order of numbers."""
        at = self.layout
        closed = np.unique(failed)
        spans = rd.runs(closed, at.size, at.healthy, at.ids.size)
        self.light(spans, closed, NO_FLAGS, NO_FLAGS)
        dark: Ints = rd.dark_of(self._state, spans, at.healthy)
        rd.clear(self._state, spans)
        return dark

    def picture(self, signs: Signs, evidence: Evidence) -> Picture:
        """The whole picture, in ids."""
        at = self.layout
        self.sign[:] = rd.UNKNOWN
        for heard, value in ((signs.bright, rd.BRIGHT), (signs.silent, rd.SILENT), (signs.unlit, rd.UNLIT)):
            self.sign[self._known(heard)] = value
        up = [link for link, is_up in evidence.link_up.items() if is_up]
        reading = self.read(self._link_flags(signs.down), self._link_flags(up))
        dark = rd.dark_of(self._state, reading.spans, at.healthy)
        shine = np.ones(at.ids.size, np.bool_)
        shine[at.healthy :] = self._state[at.healthy :] == rd.LIT_AGAIN
        shine[dark] = False
        rd.clear(self._state, reading.spans)
        lit, out, trusted = (frozenset(at.ids[which].tolist()) for which in (shine, dark, reading.believed))
        return Picture(lit, out, trusted, signs)

    def _known(self, ids: Iterable[int]) -> Ints:
        return self.layout.numbers(np.fromiter(ids, np.int64))

    def _link_flags(self, links: Iterable[int]) -> Flags:
        """A flag per link, or nothing when there is none to flag."""
        named = np.fromiter(links, np.int64)
        return np.isin(self.layout.link_ids, named).astype(np.uint8) if named.size else NO_FLAGS

    def read(self, down: Flags, up: Flags) -> "Reading":
        """Read the light from the signs. The states of the elements stay as they were found, until cleared."""
        at = self.layout
        gone = np.flatnonzero(self.sign >= rd.SILENT).astype(np.int32)
        below = at.ends[down.astype(np.bool_)] if down.size else NOTHING
        spans = self.spans(gone, below)
        self.light(spans, gone, down, NO_FLAGS)
        trusted = np.zeros(at.ids.size, np.uint8) if up.size else NO_FLAGS
        if rd.contradicted(self._state, spans, self.sign):
            trusted = self._paths(spans, (self.sign == rd.SILENT).view(np.uint8), down)
        if up.size:
            self._trust_ports(trusted, up)
        if trusted.size:
            gone = gone[trusted[gone] == 0]
        suspects = self._suspects(gone, up)
        if suspects.size or trusted.size:
            rd.clear(self._state, spans)
            held = np.union1d(gone, suspects).astype(np.int32)
            spans = self.spans(held, below)
            self.light(spans, held, down, NO_FLAGS)
            if suspects.size and rd.contradicted(self._state, spans, self.sign):
                saved = self._paths(spans, self._flags(suspects), down)
                held = held[saved[held] == 0]
                rd.clear(self._state, spans)
                spans = self.spans(held, below)
                self.light(spans, held, down, NO_FLAGS)
        if trusted.size or rd.contradicted(self._state, spans, self.sign):
            forced = (self.sign == rd.BRIGHT).view(np.uint8)
            rd.light_again(
                *self._rows(), down, self._state, spans, forced | trusted if trusted.size else forced, at.healthy
            )
        return Reading(spans, np.flatnonzero(trusted).astype(np.int32))

    def _rows(self) -> tuple[Ints, Ints, Ints, Flags]:
        return self.layout.start, self.layout.near, self.layout.link, self.layout.source

    def _flags(self, numbers: Ints) -> Flags:
        flags = np.zeros(self.layout.ids.size, np.uint8)
        flags[numbers] = 1
        return flags

    def spans(self, closed: Ints, below: Ints) -> Ints:
        at = self.layout
        tops = np.union1d(closed, below).astype(np.int32) if below.size else closed
        spans: Ints = rd.runs(tops, at.size, at.healthy, at.ids.size)
        return spans

    def light(self, spans: Ints, closed: Ints, down: Flags, forced: Flags) -> None:
        rd.mark(self._state, spans, closed)
        rd.light_again(*self._rows(), down, self._state, spans, forced, self.layout.healthy)

    def _paths(self, spans: Ints, doubted: Flags, down: Flags) -> Flags:
        state, healthy = self._state, self.layout.healthy
        trusted: Flags = rd.believed(*self._rows(), down, state, spans, doubted, self.sign, healthy)
        return trusted

    def _trust_ports(self, trusted: Flags, up: Flags) -> None:
        """Rule 3."""
        at = self.layout
        for i in np.flatnonzero((self.sign == rd.SILENT) & (trusted == 0)):
            behind = at.at_place[at.first[i] + 1 : at.first[i] + at.run[i]]
            if self._port_up(i, up) and not (self.sign[behind] >= rd.SILENT).any():
                trusted[i] = 1

    def _port_up(self, number: int | np.integer[Any], up: Flags) -> bool:
        row = slice(self.layout.start[number], self.layout.start[number + 1])
        bright = self.sign[self.layout.near[row]] == rd.BRIGHT
        return bool(up.size and (bright & (up[self.layout.link[row]] == 1)).any())

    def _suspects(self, gone: Ints, up: Flags) -> Ints:
        """Rule 4: elements that nobody can ask and that may be to blame."""
        at = self.layout
        unheard = rd.unheard_near(gone, at.start, at.near, self.sign)
        if not unheard.size:
            return unheard
        first, past = at.first[unheard] + 1, at.first[unheard] + at.run[unheard]
        of_gone = rd.tally(at.at_place, self._flags(gone), 1)
        of_bright = rd.tally(at.at_place, self.sign, rd.BRIGHT)
        feeds = at.run[unheard] > 1
        doubted = feeds & (of_gone[past] > of_gone[first]) & (of_bright[past] == of_bright[first])
        return np.array([i for i in unheard[doubted] if not self._port_up(i, up)], np.int32)

    def regions(self) -> tuple[Ints, Ints, Ints, Ints]:
        """The dark regions: members, where each region starts in them, roots, where each region starts in these."""
        at = self.layout
        spans = self.read(NO_FLAGS, NO_FLAGS).spans
        dark = rd.dark_of(self._state, spans, at.healthy)
        found: tuple[Ints, Ints, Ints, Ints] = rd.grouped(
            dark, self._state, at.start, at.near, at.source, self.sign, at.healthy
        )
        rd.clear(self._state, spans)
        return found
