"""The compiled engine: the answers of the plain rules at a million elements.

It holds the elements that carry light as compact arrays (see `labels`), what was heard of each, and who hangs on it.
Elements are named by their ids outside and by their numbers within; `numbers` and `ids` translate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from uzel.core import engine_read as rd
from uzel.core.engine_count import Attachments, Columns, prefix_sums
from uzel.core.engine_light import NO_FLAGS, NOTHING, Layout, Light
from uzel.core.labels import Flags, Ints, Longs
from uzel.core.outage_light import Picture, signs_of
from uzel.core.outage_words import Evidence
from uzel.core.scope import Attachment, Scope
from uzel.core.topology import Network


@dataclass(frozen=True, slots=True)
class Incident:
    """A connected dark region: its elements and roots (ids), and who hangs on it."""

    dark: Longs
    roots: Longs
    scope: Scope


@dataclass(frozen=True, slots=True)
class Incidents(Sequence[Incident]):
    """The regions of one reading, each made into words when it is looked at. `total`: region x column of counts."""

    ids: Longs
    columns: Columns
    members: Ints
    member_at: Ints
    tops: Ints
    top_at: Ints
    total: Longs

    def __len__(self) -> int:
        return self.member_at.size - 1

    @overload
    def __getitem__(self, index: int) -> Incident: ...
    @overload
    def __getitem__(self, index: slice) -> list[Incident]: ...
    def __getitem__(self, index: int | slice) -> Incident | list[Incident]:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        k = range(len(self))[index]
        dark = self.ids[self.members[self.member_at[k] : self.member_at[k + 1]]]
        roots = np.sort(self.ids[self.tops[self.top_at[k] : self.top_at[k + 1]]])
        return Incident(dark, roots, self.columns.scope(self.total[k]))


class Engine:
    """Holds the map, the people on it, and the latest sign of each element; answers in micro- to milliseconds."""

    def __init__(self, layout: Layout, columns: Columns) -> None:
        self.layout = layout
        self.columns = columns
        self.light = Light(layout)
        self._turn = 0
        spread = (columns.spread_at, columns.spread_of, columns.spread_class, columns.stamp.size)
        self.prefix = prefix_sums(columns.own, layout.at_place, layout.idom, layout.first, layout.run, *spread)
        people = len(columns.classes)
        upto = self.prefix[:, :people].sum(axis=1, dtype=np.int32)
        self._people: Ints = upto[layout.first + layout.run] - upto[layout.first]

    def numbers(self, ids: Longs) -> Ints:
        """The numbers of these ids; KeyError when one is not on the map."""
        return self.layout.numbers(ids)

    @classmethod
    def from_columns(
        cls,
        ids: Longs,
        source: Flags,
        link_ids: Longs,
        link_a: Longs,
        link_b: Longs,
        attachments: Attachments | None = None,
    ) -> "Engine":
        """From columns as a database gives them: ids of the elements, of the links and of their ends. The attachments
        name elements by their position in `ids`. Raises KeyError when a link names what is not there."""
        by_id = np.argsort(ids, kind="stable")
        a, b = (_positions(ids, by_id, ends) for ends in (link_a, link_b))
        layout = Layout.of(ids, source, link_ids, a, b)
        people = attachments or Attachments(NOTHING, np.empty(0, np.int64), NO_FLAGS, NO_FLAGS)
        number = np.empty(ids.size, np.int32)
        number[by_id] = layout.number_of
        return cls(layout, Columns.of(ids.size, replace(people, element=number[people.element])))

    @classmethod
    def of(cls, network: Network, attachments: Iterable[Attachment] = ()) -> "Engine":
        """From the plain map."""
        nodes = [node for node in network.nodes.values() if node.carries_light]
        ids = np.array([node.id for node in nodes], np.int64)
        place = {node.id: k for k, node in enumerate(nodes)}
        links = [it for it in network.links.values() if it.a in place and it.b in place]
        people = [it for it in attachments if it.node in place]
        services, classes = sorted({it.service for it in people}), sorted({it.klass for it in people})
        return cls.from_columns(
            ids,
            np.array([node.source for node in nodes], np.uint8),
            np.array([it.id for it in links], np.int64),
            np.array([it.a for it in links], np.int64),
            np.array([it.b for it in links], np.int64),
            Attachments(
                np.array([place[it.node] for it in people], np.int32),
                np.array([it.subscriber for it in people], np.int64),
                np.array([services.index(it.service) for it in people], np.uint8),
                np.array([classes.index(it.klass) for it in people], np.uint8),
                services,
                classes,
            ),
        )

    # One failure.

    def people_behind(self, number: int) -> int:
        """Distinct subscribers who lose service when this element alone fails."""
        return int(self._people.item(number))

    def scope_behind(self, number: int) -> Scope:
        """The same by class, and services by kind and class."""
        first, run = self.layout.first[number], self.layout.run[number]
        return self.columns.scope((self.prefix[first + run] - self.prefix[first]).astype(np.int64))

    def dark_behind(self, number: int) -> Ints:
        """What goes dark with this element, by number, itself first (itself alone when it never had light)."""
        first, run = self.layout.first[number], self.layout.run[number]
        return self.layout.at_place[first : first + run] if run else np.array([number], np.int32)

    # Many failures.

    def dark_if(self, failed: Ints) -> Ints:
        """What is dark when all of `failed` fail at once, in order of numbers."""
        return self.light.dark_if(failed)

    def scope_of(self, dark: Ints) -> Scope:
        """Who hangs on these elements, each subscriber once."""
        return self.columns.scope(self._sums(dark, np.array([0, dark.size], np.int32))[0])

    def _sums(self, members: Ints, member_at: Ints) -> Longs:
        held = self.columns
        spread = (held.spread_at, held.spread_of, held.spread_class, held.stamp)
        groups = member_at.size - 1
        if self._turn > (1 << 31) - 2 - groups:
            held.stamp[:] = 0
            self._turn = 0
        total: Longs = rd.counts(members, member_at, held.own, *spread, self._turn + 1)
        self._turn += groups
        return total

    # A stream of observations.

    def observe(self, numbers: Ints, answers: NDArray[np.bool_]) -> None:
        """Take observations in; of several of one element the last in the arrays counts."""
        self.light.sign[numbers] = np.where(answers, np.uint8(rd.BRIGHT), np.uint8(rd.SILENT))

    def incidents(self) -> "Incidents":
        """The dark regions that follow from all observations so far, each with the exact count."""
        members, member_at, tops, top_at = self.light.regions()
        total = self._sums(members, member_at)
        return Incidents(self.layout.ids, self.columns, members, member_at, tops, top_at, total)

    def picture(self, network: Network, evidence: Evidence) -> Picture:
        """`outage_light.picture`, compiled; to be given to `outage.explain` together with the map it was made of."""
        first = self.light.picture(signs_of(network, evidence, frozenset()), evidence)
        if not network.asked_via:
            return first
        return self.light.picture(signs_of(network, evidence, first.lit), evidence)


def _positions(ids: Longs, by_id: NDArray[np.intp], wanted: Longs) -> Ints:
    at = np.searchsorted(ids, wanted, sorter=by_id)
    found = by_id[np.minimum(at, ids.size - 1)] if wanted.size else np.empty(0, np.intp)
    if wanted.size and (ids[found] != wanted).any():
        raise KeyError("a link ends at what is not on the map")
    return found.astype(np.int32)
