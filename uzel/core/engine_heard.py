"""The map and what was heard of it as the engine holds them: columns by place, and sets and mappings that read them.

An element that carries light stands at its number in the engine, the elements of power stand behind them all.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uzel.core.engine_light import NOWHERE, Layout
from uzel.core.engine_read import distances
from uzel.core.labels import Ints, Longs
from uzel.core.map import Network
from uzel.core.outage_words import Heard, Seen

Column = NDArray[Any]
UNASKED, SILENT, ANSWERS = -1, 0, 1


class Places:
    """Where each element of a map stands. `ids`: the element at each place; `carriers`: how many carry light."""

    def __init__(self, layout: Layout, network: Network) -> None:
        self.carriers = layout.ids.size
        power = sorted(network.power)
        self.ids: Longs = np.concatenate([layout.ids, np.array(power, np.int64)])
        self._index = layout.index
        self._power = {node: self.carriers + k for k, node in enumerate(power)}

    def place(self, node: int) -> int:
        """NOWHERE: it is not on the map."""
        number = self._index.find_one(node)
        return number if number != NOWHERE else self._power.get(node, NOWHERE)

    def places(self, nodes: Iterable[int]) -> Ints:
        """The places of those that are on the map."""
        if isinstance(nodes, Members) and nodes.places is self:
            return nodes.at
        ids = np.fromiter(nodes, np.int64)
        found = self._index.find(ids)
        for j in np.flatnonzero(found == NOWHERE):
            found[j] = self._power.get(int(ids[j]), NOWHERE)
        known: Ints = found[found != NOWHERE]
        return known


class Marked(Set[int]):
    """The elements at whose places a column has one value: a set that is written out only when somebody asks."""

    def __init__(self, places: Places, column: Column, value: int = 1) -> None:
        self._places, self._column, self._value = places, column, value

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> frozenset[Any]:
        return frozenset(it)

    def __contains__(self, node: object) -> bool:
        place = self._places.place(node) if isinstance(node, int) else NOWHERE
        return 0 <= place < self._column.size and bool(self._column[place] == self._value)

    def __iter__(self) -> Iterator[int]:
        which = np.flatnonzero(self._column == self._value)
        return iter(self._places.ids[which].tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self._column == self._value))


class Members(Set[int]):
    """The elements at some places, `at` (none twice): written out only when somebody asks for one of them."""

    def __init__(self, places: Places, at: Ints) -> None:
        self.places, self.at = places, at

    @cached_property
    def _all(self) -> frozenset[int]:
        return frozenset(self.places.ids[self.at].tolist())

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> frozenset[Any]:
        return frozenset(it)

    def __contains__(self, node: object) -> bool:
        return node in self._all

    def __iter__(self) -> Iterator[int]:
        return iter(self._all)

    def __len__(self) -> int:
        return int(self.at.size)

    def __hash__(self) -> int:
        return hash(self._all)


class Numbered(Mapping[int, int]):
    """Numbers of the elements as a mapping; a negative one: the element has none."""

    def __init__(self, places: Places, column: Ints) -> None:
        self._places, self._column = places, column

    def __getitem__(self, node: int) -> int:
        place = self._places.place(node)
        if not 0 <= place < self._column.size or self._column[place] < 0:
            raise KeyError(node)
        return int(self._column[place])

    def __iter__(self) -> Iterator[int]:
        return iter(self._places.ids[np.flatnonzero(self._column >= 0)].tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self._column >= 0))


class Columns(Heard):
    """What was heard last of each element, by place: `answers` (UNASKED, SILENT, ANSWERS), and `Seen`'s times, NaN for
    None. Times are unix seconds."""

    def __init__(self, places: Places) -> None:
        n = places.ids.size
        self.places = places
        self.answers: NDArray[np.int8] = np.full(n, UNASKED, np.int8)
        self.at, self.booted_at, self.since = np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)

    @classmethod
    def of(cls, places: Places, seen: Mapping[int, Seen]) -> "Columns":
        """From any other way to hold it."""
        columns = cls(places)
        for node, it in seen.items():
            if (place := places.place(node)) != NOWHERE:
                columns.note(place, it)
        return columns

    def note(self, place: int, seen: Seen) -> None:
        """Take in the latest observation of the element at a place."""
        self.answers[place], self.at[place] = seen.answers, seen.at
        self.booted_at[place] = np.nan if seen.booted_at is None else seen.booted_at
        self.since[place] = np.nan if seen.since is None else seen.since

    def take(self, places: Ints, answers: NDArray[np.bool_], now: float) -> None:
        """Take in many observations of one moment."""
        other = places[self.answers[places] != answers]
        self.since[other] = now
        self.answers[places], self.at[places] = answers, now

    def copy(self) -> "Columns":
        """As it is now; what is noted later does not touch it."""
        other = Columns.__new__(Columns)
        other.places = self.places
        for name in ("answers", "at", "booted_at", "since"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def began(self, places: Ints) -> NDArray[np.float64]:
        """Since when those at these places are as they are."""
        since = self.since[places]
        return np.where(np.isnan(since), self.at[places], since)

    @property
    def silent(self) -> Set[int]:
        """Those that did not answer."""
        return Marked(self.places, self.answers, SILENT)

    def __getitem__(self, node: int) -> Seen:
        place = self.places.place(node)
        if place == NOWHERE or self.answers[place] == UNASKED:
            raise KeyError(node)
        booted, since = float(self.booted_at[place]), float(self.since[place])
        return Seen(
            bool(self.answers[place]),
            float(self.at[place]),
            None if np.isnan(booted) else booted,
            None if np.isnan(since) else since,
        )

    def __iter__(self) -> Iterator[int]:
        return iter(self.places.ids[np.flatnonzero(self.answers != UNASKED)].tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(self.answers != UNASKED))


@dataclass(frozen=True, slots=True)
class Ground:
    """A map by places, as far as the engine's questions need it beside its layout.

    watched, has_feeds: by place. through: places of those asked through a switch, through_via: its number (NOWHERE: no
    carrier of light). indirect, indirect_via: those of them that carry light. distance: links from the nearest source,
    by number, negative where there is no way.
    """

    network: Network
    places: Places
    watched: NDArray[np.bool_]
    has_feeds: NDArray[np.bool_]
    through: Ints
    through_via: Ints
    indirect: Ints
    indirect_via: Ints
    distance: Ints

    @classmethod
    def of(cls, layout: Layout, network: Network) -> "Ground":
        places = Places(layout, network)
        nodes = [network.nodes[i] for i in places.ids.tolist()]
        via = np.array([NOWHERE if it.via is None else places.place(it.via) for it in nodes], np.int32)
        through = np.flatnonzero([it.via is not None for it in nodes]).astype(np.int32)
        through_via = np.where(via[through] < places.carriers, via[through], np.int32(NOWHERE)).astype(np.int32)
        of_light = through < places.carriers
        return cls(
            network,
            places,
            np.array([it.watched for it in nodes], np.bool_),
            np.array([bool(it.feeds) for it in nodes], np.bool_),
            through,
            through_via,
            through[of_light],
            through_via[of_light],
            distances(layout.start, layout.near, layout.source),
        )
