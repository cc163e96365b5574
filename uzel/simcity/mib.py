"""A tree of managed objects whose values are worked out when they are asked for.

A `Tree` is a sorted row of segments; a segment is scalars or a table. The tree is made once per model and shared by
all its devices: who is asked comes in an `Asked`. So a city of thousands needs no copy of anything.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from uzel.drivers.ber import Oid, oid_body, parse_oid, sub_identifiers
from uzel.simcity.dynamics import City
from uzel.simcity.world import Device


@dataclass(slots=True)
class Asked:
    """Who is asked, and when. `vlan` comes from community@vlan of Cisco."""

    city: City
    device: Device
    now: float
    vlan: int = 0
    # `traffic.flowed(now)`.
    flow: float = 0.0

    @property
    def uptime_s(self) -> float:
        return max(0.0, self.now - self.device.booted_at)


# Encoded OID body, encoded value.
Binding = tuple[bytes, bytes]
Scalar = Callable[[Asked], bytes | None]
# Sorted index tuples, their encoded forms, the rows themselves.
Rows = tuple[Sequence[Oid], Sequence[bytes], Sequence[Any]]


class Segment(Protocol):
    """A part of the tree below `prefix`. `rest` is what follows the prefix in the OID."""

    prefix: Oid

    def get(self, asked: Asked, rest: Oid) -> bytes | None:
        """The value, or None when there is none."""

    def after(self, asked: Asked, rest: Oid) -> Iterator[Binding]:
        """What comes after `rest`, in order."""


def rows(entries: Sequence[tuple[Oid, Any]]) -> Rows:
    """Rows of a table from (index, row); sorts them."""
    ordered = sorted(entries, key=lambda entry: entry[0])
    indexes = [index for index, _ in ordered]
    return indexes, [sub_identifiers(index) for index in indexes], [row for _, row in ordered]


class Scalars:
    """Single objects: {"1.0": getter}. A getter gives an encoded value, or None when the device has no such object."""

    def __init__(self, prefix: str, objects: dict[str, Scalar]) -> None:
        self.prefix = parse_oid(prefix)
        ordered = sorted((parse_oid(rest), getter) for rest, getter in objects.items())
        self._rests = [rest for rest, _ in ordered]
        self._getters = [getter for _, getter in ordered]
        self._names = [oid_body((*self.prefix, *rest)) for rest in self._rests]

    def get(self, asked: Asked, rest: Oid) -> bytes | None:
        """See Segment."""
        at = bisect_left(self._rests, rest)
        found = at < len(self._rests) and self._rests[at] == rest
        return self._getters[at](asked) if found else None

    def after(self, asked: Asked, rest: Oid) -> Iterator[Binding]:
        """See Segment."""
        for at in range(bisect_right(self._rests, rest), len(self._rests)):
            value = self._getters[at](asked)
            if value is not None:
                yield self._names[at], value


def single(prefix: str, getter: Scalar) -> Scalars:
    """One object, instance 0."""
    return Scalars(prefix, {"0": getter})


class Table:
    """A conceptual table: {column: getter(asked, row)} over rows(asked)."""

    def __init__(
        self, prefix: str, columns: Mapping[int, Callable[[Asked, Any], bytes | None]], rows_of: Callable[[Asked], Rows]
    ) -> None:
        self.prefix = parse_oid(prefix)
        self._columns = sorted(columns)
        self._getters = [columns[column] for column in self._columns]
        self._names = [oid_body((*self.prefix, column)) for column in self._columns]
        self._rows_of = rows_of

    def get(self, asked: Asked, rest: Oid) -> bytes | None:
        """See Segment."""
        if not rest:
            return None
        column = bisect_left(self._columns, rest[0])
        if column >= len(self._columns) or self._columns[column] != rest[0]:
            return None
        indexes, _, found = self._rows_of(asked)
        at = bisect_left(indexes, rest[1:])
        return self._getters[column](asked, found[at]) if at < len(indexes) and indexes[at] == rest[1:] else None

    def after(self, asked: Asked, rest: Oid) -> Iterator[Binding]:
        """See Segment."""
        indexes, encoded, found = self._rows_of(asked)
        first = bisect_left(self._columns, rest[0]) if rest else 0
        for column in range(first, len(self._columns)):
            start = 0
            if rest and self._columns[column] == rest[0]:
                start = bisect_right(indexes, rest[1:])
            name, getter = self._names[column], self._getters[column]
            for at in range(start, len(indexes)):
                value = getter(asked, found[at])
                if value is not None:
                    yield name + encoded[at], value


class Tree:
    """All that a device answers, in the order of OIDs."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = sorted(segments, key=lambda segment: segment.prefix)
        self._prefixes = [segment.prefix for segment in self._segments]
        for one, two in zip(self._prefixes, self._prefixes[1:], strict=False):
            if two[: len(one)] == one:
                raise ValueError(f"segments overlap: {one} and {two}")

    def get(self, asked: Asked, oid: Oid) -> bytes | None:
        """The encoded value of an object, or None."""
        at = bisect_right(self._prefixes, oid) - 1
        if at < 0:
            return None
        segment = self._segments[at]
        size = len(segment.prefix)
        return segment.get(asked, oid[size:]) if oid[:size] == segment.prefix else None

    def after(self, asked: Asked, oid: Oid) -> Iterator[Binding]:
        """Everything that follows `oid`."""
        at = max(bisect_right(self._prefixes, oid) - 1, 0)
        for segment in self._segments[at:]:
            size = len(segment.prefix)
            if oid[:size] == segment.prefix:
                yield from segment.after(asked, oid[size:])
            elif segment.prefix > oid:
                yield from segment.after(asked, ())

    def has_object(self, oid: Oid) -> bool:
        """Whether the place belongs to an object at all: tells noSuchInstance from noSuchObject."""
        at = bisect_right(self._prefixes, oid) - 1
        return at >= 0 and oid[: len(self._prefixes[at])] == self._prefixes[at]
