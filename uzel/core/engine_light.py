"""Light read from signs by compiled loops, as `outage_light` reads it plainly; the rules are numbered as there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uzel.core import engine_read as rd
from uzel.core.labels import Flags, Ints, Longs, dominators, preorder, rows

NOTHING: Ints = np.empty(0, np.int32)
NO_FLAGS: Flags = np.empty(0, np.uint8)


NOWHERE = -1
# Ids of a database run to little more than there are rows: a table of them all is smaller than a sorted index.
SPARSE = 4


class Index:
    """The number of each id: a table where ids are dense, else a search."""

    def __init__(self, ids: Longs) -> None:
        """`ids` by number, none twice."""
        top = int(ids.max(initial=0))
        self._sorted: Longs = np.empty(0, np.int64)
        if ids.min(initial=0) >= 0 and top < SPARSE * ids.size + 1024:
            self._numbers: Ints = np.full(top + 1, NOWHERE, np.int32)
            self._numbers[ids] = np.arange(ids.size, dtype=np.int32)
        else:
            self._numbers = np.argsort(ids, kind="stable").astype(np.int32)
            self._sorted = ids[self._numbers]

    @property
    def nbytes(self) -> int:
        """The memory it takes."""
        return self._numbers.nbytes + self._sorted.nbytes

    def find(self, ids: Longs) -> Ints:
        """The numbers of these; NOWHERE for what it does not know."""
        known = self._sorted
        if known.size:
            at = np.minimum(known.searchsorted(ids), known.size - 1)
            return np.where(known[at] == ids, self._numbers[at], np.int32(NOWHERE))
        inside = (ids >= 0) & (ids < self._numbers.size)
        return np.where(inside, self._numbers[np.where(inside, ids, 0)], np.int32(NOWHERE))

    def find_one(self, one: int) -> int:
        """As `find`, of one."""
        if not self._sorted.size:
            return int(self._numbers[one]) if 0 <= one < self._numbers.size else NOWHERE
        at = int(self._sorted.searchsorted(one))
        return int(self._numbers[at]) if at < self._sorted.size and self._sorted[at] == one else NOWHERE


@dataclass(frozen=True, slots=True)
class Layout:
    """The map in the engine's numbers: rows of neighbours, runs of the breadth-first and of the dominator tree.

    link_ids is sorted; upper and lower: the ends of each link with the smaller and the larger number.
    """

    ids: Longs
    index: "Index"
    source: Flags
    start: Ints
    near: Ints
    link: Ints
    link_ids: Longs
    upper: Ints
    lower: Ints
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
        if link_ids.size > 1 and not bool((link_ids[1:] > link_ids[:-1]).all()):
            by_link = np.argsort(link_ids, kind="stable")
            link_ids, a, b = link_ids[by_link], a[by_link], b[by_link]
        number, size, healthy = preorder(n, *rows(n, a, b)[:2], source)
        start, near, link = rows(n, number[a], number[b])
        own_ids, own_source = np.empty_like(ids), np.empty_like(source)
        own_ids[number], own_source[number] = ids, source
        labels = dominators(n, start, near, own_source)
        upper, lower = np.minimum(number[a], number[b]), np.maximum(number[a], number[b])
        index = Index(own_ids)
        return cls(own_ids, index, own_source, start, near, link, link_ids, upper, lower, size, healthy, *labels)

    def numbers(self, ids: Longs) -> Ints:
        """Raises KeyError when an id is not on the map."""
        found = self.index.find(ids)
        if (found == NOWHERE).any():
            raise KeyError("not on the map of light")
        return found


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: shine and dark by number, the silent elements that have light, and the dark regions: members,
    where each region starts in them, roots, where each region starts in these. All in numbers."""

    shine: NDArray[np.bool_]
    dark: NDArray[np.bool_]
    believed: Ints
    members: Ints
    member_at: Ints
    tops: Ints
    top_at: Ints


class Light:
    """The sign of each element, and the reading of them. The states are scratch: clear between readings."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.sign: Flags = np.zeros(layout.ids.size, np.uint8)
        self._state: Flags = np.zeros(layout.ids.size, np.uint8)

    def dark_if(self, closed: Ints) -> Ints:
        """What is dark when all of `closed` (sorted, none twice) fail at once, in order of numbers."""
        at = self.layout
        spans = rd.runs(closed, at.size, at.healthy, at.ids.size)
        self.light(spans, closed, NO_FLAGS, NO_FLAGS)
        dark: Ints = rd.dark_of(self._state, spans, at.healthy)
        rd.clear(self._state, spans)
        return dark

    def look(self, down: Flags, up: Flags) -> Reading:
        """Read the light from the signs; `down`, `up`: a flag per link for what an answering end sees, or nothing."""
        at = self.layout
        spans, believed = self._read(down, up)
        out = rd.dark_of(self._state, spans, at.healthy)
        shine, dark = np.ones(at.ids.size, np.bool_), np.zeros(at.ids.size, np.bool_)
        shine[at.healthy :] = self._state[at.healthy :] == rd.LIT_AGAIN
        shine[out], dark[out] = False, True
        parts = rd.grouped(out, self._state, at.start, at.near, at.source, self.sign, at.healthy)
        rd.clear(self._state, spans)
        return Reading(shine, dark, believed, *parts)

    def _read(self, down: Flags, up: Flags) -> tuple[Ints, Ints]:
        """(the runs that were looked at, the believed). The states stay as they were found, until cleared."""
        at = self.layout
        gone = np.flatnonzero(self.sign >= rd.SILENT).astype(np.int32)
        below = at.lower[down.astype(np.bool_)] if down.size else NOTHING
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
            held = np.flatnonzero(self._flags(gone) | self._flags(suspects)).astype(np.int32)
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
        return spans, np.flatnonzero(trusted).astype(np.int32)

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
        at, sign = self.layout, self.sign
        shown = up.astype(np.bool_)
        here = np.concatenate([at.upper[shown], at.lower[shown]])
        there = np.concatenate([at.lower[shown], at.upper[shown]])
        silent = here[(sign[here] == rd.SILENT) & (sign[there] == rd.BRIGHT)]
        for i in np.unique(silent[trusted[silent] == 0]):
            behind = at.at_place[at.first[i] + 1 : at.first[i] + at.run[i]]
            if not (sign[behind] >= rd.SILENT).any():
                trusted[i] = 1

    def link_flags(self, links: Iterable[int]) -> Flags:
        """A flag per link, set for those named that are on the map; nothing when none is named."""
        known, named = self.layout.link_ids, np.fromiter(links, np.int64)
        if not named.size or not known.size:
            return NO_FLAGS
        at = np.minimum(np.searchsorted(known, named), known.size - 1)
        flags = np.zeros(known.size, np.uint8)
        flags[at[known[at] == named]] = 1
        return flags

    def _port_up(self, number: int | np.integer[Any], up: Flags) -> bool:
        row = slice(self.layout.start[number], self.layout.start[number + 1])
        bright = self.sign[self.layout.near[row]] == rd.BRIGHT
        return bool((bright & (up[self.layout.link[row]] == 1)).any())

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
        found: Ints = unheard[doubted]
        return np.array([i for i in found if not self._port_up(i, up)], np.int32) if up.size else found
