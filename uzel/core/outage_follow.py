"""The identity of an outage while it shrinks by partial repair, grows, splits and merges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from uzel.core.outage_words import Found


@dataclass(frozen=True, slots=True)
class Open:
    """A new outage; `split_from`: the open one of which it is a part that now stands alone."""

    found: Found
    split_from: int | None = None


@dataclass(frozen=True, slots=True)
class Continue:
    """The open outage is this failure now, larger, smaller or unchanged."""

    outage: int
    found: Found


@dataclass(frozen=True, slots=True)
class Merge:
    """The open outage turned out to be part of another."""

    outage: int
    into: int


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing of the open outage is dark any more."""

    outage: int


Change = Open | Continue | Merge | Close


def follow(open_: Mapping[int, frozenset[int]], found: Sequence[Found]) -> list[Change]:
    """What becomes of the open outages (number -> what it held dark) and of what was found, each named once.

    A failure goes on as the outage that shares most dark elements with it; of equals the oldest (the least number).
    """
    holder: dict[int, list[int]] = {}
    for outage, dark in open_.items():
        for node in dark:
            holder.setdefault(node, []).append(outage)
    shared: dict[tuple[int, int], int] = {}
    for n, it in enumerate(found):
        for node in it.dark:
            for outage in holder.get(node, ()):
                shared[outage, n] = shared.get((outage, n), 0) + 1
    goes_on: dict[int, int] = {}
    outage_of: dict[int, int] = {}
    ranked = sorted(shared, key=lambda pair: (-shared[pair], pair[0], found[pair[1]].roots))
    for outage, n in ranked:
        if outage not in goes_on and n not in outage_of:
            goes_on[outage], outage_of[n] = n, outage
    changes: list[Change] = [Continue(outage, found[n]) for outage, n in sorted(goes_on.items())]
    parent = {n: outage for outage, n in reversed(ranked)}
    changes += [Open(it, parent.get(n)) for n, it in enumerate(found) if n not in outage_of]
    heir = dict(reversed(ranked))
    for outage in sorted(open_.keys() - goes_on.keys()):
        n_heir = heir.get(outage)
        changes.append(Close(outage) if n_heir is None else Merge(outage, outage_of[n_heir]))
    return changes
