"""The compiled engine: the answers of the plain rules at a million elements.

It holds the elements that carry light as compact arrays (see `labels`), and who hangs on them. Elements are named by
their ids outside and by their numbers within; `numbers` and `ids` translate.
"""

from collections.abc import Iterable, Set
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from uzel.core import engine_read as rd
from uzel.core.engine_ask import to_ask
from uzel.core.engine_count import Attachments, Counts, prefix_sums
from uzel.core.engine_heard import Columns, Ground
from uzel.core.engine_light import NO_FLAGS, NOTHING, Layout, Light
from uzel.core.engine_picture import picture
from uzel.core.labels import Flags, Ints, Longs
from uzel.core.outage_light import Picture
from uzel.core.outage_words import Evidence
from uzel.core.scope import Attachment, Scope
from uzel.core.topology import Network


class Engine:
    """Holds the map and the people on it; answers in micro- to milliseconds. For one thread at a time."""

    def __init__(self, layout: Layout, counts: Counts) -> None:
        self.layout = layout
        self.counts = counts
        self.light = Light(layout)
        self._ground: Ground | None = None
        spread = (counts.spread_at, counts.spread_of, counts.spread_class)
        self.prefix = prefix_sums(counts.own, layout.at_place, layout.idom, layout.first, layout.run, *spread)
        people = len(counts.classes)
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
        element = layout.numbers(ids)[people.element]
        return cls(layout, Counts.of(ids.size, replace(people, element=element)))

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
        return self.counts.scope((self.prefix[first + run] - self.prefix[first]).astype(np.int64))

    def scopes_behind(self, numbers: Ints) -> list[Scope]:
        """`scope_behind` of many, each as if it failed alone."""
        first, run = self.layout.first[numbers], self.layout.run[numbers]
        return [self.counts.scope(total) for total in (self.prefix[first + run] - self.prefix[first]).tolist()]

    def dark_behind(self, number: int) -> Ints:
        """What goes dark with this element, by number, itself first (itself alone when it never had light)."""
        first, run = self.layout.first[number], self.layout.run[number]
        return self.layout.at_place[first : first + run] if run else np.array([number], np.int32)

    # Many failures.

    def dark_if(self, failed: Ints) -> Ints:
        """What is dark when all of `failed` fail at once, in order of numbers."""
        return self.light.dark_if(np.unique(failed))

    def scope_of(self, dark: Ints) -> Scope:
        """Who hangs on these elements (none twice), each subscriber once."""
        held = self.counts
        return held.scope(rd.counts(dark, held.own, held.spread_at, held.spread_of, held.spread_class))

    # What was heard.

    def ground(self, network: Network) -> Ground:
        """The map that this engine was made of, by places; made once."""
        if self._ground is None or self._ground.network is not network:
            self._ground = Ground.of(self.layout, network)
        return self._ground

    def heard(self, network: Network, evidence: Evidence) -> Columns:
        """What was heard, by place: as it is when it is held so already."""
        places = self.ground(network).places
        seen = evidence.seen
        return seen if isinstance(seen, Columns) and seen.places is places else Columns.of(places, seen)

    def picture(self, network: Network, evidence: Evidence) -> Picture:
        """`outage_light.picture`, compiled; to be given to `outage.explain` together with the map it was made of."""
        return picture(self.light, self.ground(network), self.heard(network, evidence), evidence)

    def to_ask(self, network: Network, evidence: Evidence, *, fresh_s: float = 0.0) -> Set[int]:
        """`outage_ask.to_ask`, compiled."""
        return to_ask(self.light, self.ground(network), self.heard(network, evidence), evidence, fresh_s=fresh_s)


def _positions(ids: Longs, by_id: NDArray[np.intp], wanted: Longs) -> Ints:
    at = np.searchsorted(ids, wanted, sorter=by_id)
    found = by_id[np.minimum(at, ids.size - 1)] if wanted.size else np.empty(0, np.intp)
    if wanted.size and (ids[found] != wanted).any():
        raise KeyError("a link ends at what is not on the map")
    return found.astype(np.int32)
