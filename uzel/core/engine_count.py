"""Who hangs on the elements, as columns that a compiled loop can add up: one of subscribers per class, then one of
services per kind and class. A subscriber that hangs on several elements is counted once by every sum here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uzel.core.labels import Ints, Longs, compiled, meeting
from uzel.core.scope import Scope


@dataclass(frozen=True, slots=True)
class Attachments:
    """One service a row: element (number in the engine), subscriber, codes of service kind and class as indexes."""

    element: Ints
    subscriber: Longs
    service: NDArray[np.uint8]
    klass: NDArray[np.uint8]
    service_codes: Sequence[str] = ()
    class_codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """own: element x column. Subscribers on several elements: `spread_of` lists them element by element
    (`spread_at`), `spread_class` has their class."""

    own: NDArray[np.integer[Any]]
    spread_at: Ints
    spread_of: Ints
    spread_class: Ints
    services: tuple[str, ...]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, n: int, rows: Attachments) -> "Counts":
        classes, services = tuple(rows.class_codes), tuple(rows.service_codes)
        width = len(classes) * (1 + len(services))
        own = np.zeros((n, width), np.int32)
        column = len(classes) * (1 + rows.service.astype(np.int64)) + rows.klass
        np.add.at(own.reshape(-1), rows.element.astype(np.int64) * width + column, 1)
        who, number = np.unique(rows.subscriber, return_inverse=True)
        _, first = np.unique(rows.element.astype(np.int64) * max(who.size, 1) + number, return_index=True)
        element, subscriber = rows.element[first], number[first]
        np.add.at(own.reshape(-1), element.astype(np.int64) * width + rows.klass[first], 1)
        times = np.bincount(subscriber, minlength=who.size)
        many = times[subscriber] > 1
        spread, of_class = np.unique(subscriber[many], return_index=True)
        spread_of = np.searchsorted(spread, subscriber[many]).astype(np.int32)
        spread_class = rows.klass[first][many][of_class].astype(np.int32)
        per_element = np.bincount(element[many], minlength=n)
        spread_at = np.concatenate([[0], np.cumsum(per_element)]).astype(np.int32)
        narrow = own.astype(np.uint16) if not own.size or own.max() < 1 << 16 else own
        return cls(narrow, spread_at, spread_of, spread_class, services, classes)

    def scope(self, total: Longs | Sequence[int]) -> Scope:
        """A sum over the columns in words; zeros are left out."""
        width = len(self.classes)
        by_kind = {
            kind: {
                klass: int(total[width * (k + 1) + c])
                for c, klass in enumerate(self.classes)
                if total[width * (k + 1) + c]
            }
            for k, kind in enumerate(self.services)
        }
        people = {klass: int(total[c]) for c, klass in enumerate(self.classes) if total[c]}
        return Scope(people, {kind: row for kind, row in by_kind.items() if row})


@compiled
def prefix_sums(
    own: NDArray[np.integer[Any]],
    at_place: Ints,
    idom: Ints,
    first: Ints,
    run: Ints,
    spread_at: Ints,
    spread_of: Ints,
    spread_class: Ints,
) -> Ints:
    """Sums of the columns along the preorder of the dominator tree, exact for every subtree.

    Where two elements of one subscriber, neighbours in that order, meet in the tree, one is taken off: so a subtree
    that holds k of them counts k less the k - 1 meetings, all of which lie in it.
    """
    width = own.shape[1]
    total = np.zeros((at_place.size + 1, width), np.int32)
    latest = np.full(spread_class.size, -1, np.int32)
    for k in range(at_place.size):
        i = at_place[k]
        for c in range(width):
            total[k + 1, c] += own[i, c]
        for s in range(spread_at[i], spread_at[i + 1]):
            who = spread_of[s]
            if latest[who] >= 0:
                top = meeting(latest[who], i, idom, run, first)
                if top >= 0:
                    total[first[top] + 1, spread_class[who]] -= 1
            latest[who] = i
    for k in range(at_place.size):
        for c in range(width):
            total[k + 1, c] += total[k, c]
    return total
