"""The networks that the engine is measured on: centre, 8 okrugs, districts, campuses, houses; dual-homed campuses,
rings of districts, a tenth of the houses linked to one another; random numbers for the elements."""

from dataclasses import dataclass

import numpy as np

from uzel.core.engine import Engine
from uzel.core.engine_count import Attachments
from uzel.core.labels import Flags, Ints, Longs

LEVELS = {
    1_000: (1, 4, 20, 120, 855),
    10_000: (1, 8, 80, 960, 8_951),
    50_000: (1, 8, 80, 960, 48_951),
    100_000: (1, 8, 960, 9_600, 89_431),
    1_000_000: (1, 8, 960, 19_200, 979_831),
}
SERVICES = ("internet", "catv", "dtv", "iptv", "telephony", "traffic_light")
CLASSES = ("person", "business", "municipal")


@dataclass(frozen=True, slots=True)
class City:
    """ids: by position from the centre down; level, parent: by position; a, b: positions of the ends of links."""

    ids: Longs
    level: Ints
    parent: Ints
    a: Ints
    b: Ints
    people: Attachments

    @property
    def source(self) -> Flags:
        return (self.level == 0).astype(np.uint8)

    def below(self, top: int) -> Ints:
        """Positions in the subtree of the plan (parents) of one element, itself first."""
        inside = np.zeros(self.ids.size, np.bool_)
        inside[top] = True
        for level in range(int(self.level[top]) + 1, 5):
            of_level = np.flatnonzero(self.level == level)
            inside[of_level] = inside[self.parent[of_level]]
        return np.flatnonzero(inside).astype(np.int32)

    def engine(self) -> Engine:
        link_ids = np.arange(self.a.size, dtype=np.int64)
        return Engine.from_columns(self.ids, self.source, link_ids, self.ids[self.a], self.ids[self.b], self.people)


def city(n: int, seed: int = 1) -> City:
    """A city of `n` elements: 1.1 subscribers per element, 1.3 services each, one in fifty on two elements."""
    draw = np.random.default_rng(seed)
    sizes = LEVELS[n]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    level = np.repeat(np.arange(5), sizes).astype(np.int32)
    parent = np.full(n, -1, np.int32)
    for k in range(1, 5):
        upper = np.arange(sizes[k]) * sizes[k - 1] // sizes[k] if k > 1 else np.zeros(sizes[k], np.int64)
        parent[starts[k] : starts[k + 1]] = starts[k - 1] + upper
    child = np.arange(1, n)
    pairs = [np.stack([parent[1:], child])]
    district = np.arange(starts[2], starts[3] - 1)
    ring = district[parent[district] == parent[district + 1]]
    campus = np.arange(starts[3], starts[4] - 1)
    dual = campus[(draw.random(campus.size) < 0.3) & (level[campus] == 3)]
    house = np.arange(starts[4], starts[5] - 1)
    joined = house[draw.random(house.size) < 0.1]
    pairs += [np.stack([ring, ring + 1]), np.stack([parent[dual + 1], dual]), np.stack([joined, joined + 1])]
    a, b = np.concatenate(pairs, axis=1)
    a, b = a[a != b], b[a != b]
    ids = draw.permutation(n).astype(np.int64) + 1
    return City(ids, level, parent, a.astype(np.int32), b.astype(np.int32), _people(draw, n, house))


def _people(draw: np.random.Generator, n: int, house: Ints) -> Attachments:
    subscribers = n + n // 10
    services = draw.integers(0, subscribers, subscribers * 3 // 10)
    who = np.concatenate([np.arange(subscribers), services])
    home = draw.choice(house, subscribers)
    at = home[who]
    moved = draw.random(who.size) < 0.02
    at[moved] = draw.choice(house, int(moved.sum()))
    klass = (who % 20 == 0).astype(np.uint8) + (who % 997 == 0).astype(np.uint8)
    kind = draw.integers(0, len(SERVICES), who.size).astype(np.uint8)
    return Attachments(at.astype(np.int32), who.astype(np.int64), kind, klass, SERVICES, CLASSES)
