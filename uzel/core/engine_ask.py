"""`outage_ask.to_ask` by the compiled engine: what is as large as the shadow is done by loops over columns."""

from collections.abc import Iterator, Set

import numpy as np
from numpy.typing import NDArray

from uzel.core.engine_heard import ANSWERS, SILENT, UNASKED, Columns, Ground, Marked, Numbered
from uzel.core.engine_light import NOWHERE, Light
from uzel.core.labels import Ints, compiled
from uzel.core.outage_ask import HeardSince, around_power, with_witnesses, witnesses_of_power
from uzel.core.outage_words import Evidence


def to_ask(light: Light, ground: Ground, heard: Columns, evidence: Evidence, *, fresh_s: float) -> Set[int]:
    """The same as the plain rule says of the same evidence, which `heard` holds by place."""
    gone = heard.answers == SILENT
    gone[ground.places.places(evidence.unlit)] = True
    if not gone.any():
        return frozenset[int]()
    n = light.layout.ids.size
    failed = gone[:n].copy()
    failed[ground.indirect] = False
    shadow = light.dark_if(np.flatnonzero(failed).astype(np.int32))
    speaks = _speaking(ground, gone & ~_padded(failed, gone.size), shadow, n)
    if (of_light := speaks[speaks < n]).size:
        failed[of_light] = True
        shadow = light.dark_if(np.flatnonzero(failed).astype(np.int32))
    asked = np.zeros(gone.size, np.bool_)
    for since, places in _asked_about(light, ground, heard, evidence, gone, shadow, fresh_s):
        asked[_too_long_ago(ground, heard, places, since)] = True
    for place in speaks[speaks >= n].tolist():
        ups = int(ground.places.ids[place])
        since = evidence.seen[ups].began - fresh_s
        late = HeardSince(ground.network, evidence, since).too_long_ago(around_power(ground.network, ups))
        asked[ground.places.places(late)] = True
    return Marked(ground.places, asked)


def _asked_about(
    light: Light,
    ground: Ground,
    heard: Columns,
    evidence: Evidence,
    gone: NDArray[np.bool_],
    shadow: Ints,
    fresh_s: float,
) -> Iterator[tuple[float, Ints]]:
    """Of each part of the shadow: since when an answer counts, and the places of all who bear on it."""
    at, n = light.layout, light.layout.ids.size
    members, member_at, part_of = _parts(shadow, ground.watched[:n], at.start, at.near)
    stamp = np.zeros(n, np.int32)
    silent, distance = Marked(ground.places, gone), Numbered(ground.places, ground.distance)
    for k in range(member_at.size - 1):
        part = members[member_at[k] : member_at[k + 1]]
        since = float(heard.began(part[gone[part]]).max()) - fresh_s
        around, edge = _boundary(part, part_of, gone, stamp, k + 1, at.start, at.near)
        chain = _chain_above(part, ground.distance, stamp, -k - 1, at.start, at.near)
        nodes = with_witnesses(
            ground.network,
            set(ground.places.ids[around].tolist()),
            Marked(ground.places, part_of, k),
            silent,
            distance,
            HeardSince(ground.network, evidence, since),
        )
        beside = ground.places.places(nodes)
        edge = edge if edge.size else part
        fed = edge[ground.has_feeds[edge] & (heard.answers[edge] != ANSWERS)]
        power = ground.places.places(witnesses_of_power(ground.network, ground.places.ids[fed].tolist()))
        asked_so = [_vias(ground, part_of, k, beside), _through(ground, part_of, k)]
        yield since, np.concatenate([part, beside, chain, *asked_so, power])


def _padded(flags: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    return np.concatenate([flags, np.zeros(size - flags.size, np.bool_)])


def _speaking(ground: Ground, gone: NDArray[np.bool_], shadow: Ints, n: int) -> Ints:
    """The silent that are asked through a switch outside the shadow, or are elements of power asked by themselves."""
    dark = np.zeros(n + 1, np.bool_)  # the last: a switch that is not on the map of light is in no shadow
    dark[shadow] = True
    hidden = np.zeros(gone.size, np.bool_)
    hidden[ground.through] = dark[ground.through_via]
    return np.flatnonzero(gone & ~hidden).astype(np.int32)


def _through(ground: Ground, part_of: Ints, part: int) -> Ints:
    """Those that are asked through switches of a part."""
    via = ground.through_via
    return ground.through[(via != NOWHERE) & (part_of[via] == part)] if via.size else ground.through


def _vias(ground: Ground, part_of: Ints, part: int, beside: Ints) -> Ints:
    """The switches through which those of a part, and of what stands beside it, are asked."""
    if not ground.indirect.size:
        return ground.indirect
    of_part = part_of[ground.indirect] == part
    via = ground.indirect_via[of_part | np.isin(ground.indirect, beside)]
    known: Ints = via[via != NOWHERE]
    return known


def _too_long_ago(ground: Ground, heard: Columns, places: Ints, since: float) -> Ints:
    answers = heard.answers[places]
    old = (answers == UNASKED) | ((answers == ANSWERS) & (heard.at[places] < since))
    found: Ints = places[old & ground.watched[places]]
    return found


@compiled
def _parts(shadow: Ints, watched: NDArray[np.bool_], start: Ints, near: Ints) -> tuple[Ints, Ints, Ints]:
    """The parts, joined by links and by what nobody can ask: members, where each part starts in them, and the part of
    each element (-2: none)."""
    part_of = np.full(watched.size, -2, np.int32)
    for i in shadow:
        part_of[i] = -1
    members = np.empty(shadow.size, np.int32)
    member_at = np.zeros(shadow.size + 1, np.int32)
    met = np.zeros(watched.size, np.bool_)
    queue = np.empty(watched.size, np.int32)
    head = tail = taken = parts = 0
    for top in shadow:
        if part_of[top] != -1:
            continue
        met[top] = True
        queue[tail] = top
        tail += 1
        while head < tail:
            i = queue[head]
            head += 1
            if part_of[i] == -1:
                part_of[i] = parts
                members[taken] = i
                taken += 1
            for e in range(start[i], start[i + 1]):
                j = near[e]
                if not met[j] and (part_of[j] == -1 or not watched[j]):
                    met[j] = True
                    queue[tail] = j
                    tail += 1
        parts += 1
        member_at[parts] = taken
    return members, member_at[: parts + 1], part_of


@compiled
def _boundary(
    part: Ints, part_of: Ints, gone: NDArray[np.bool_], stamp: Ints, turn: int, start: Ints, near: Ints
) -> tuple[Ints, Ints]:
    """What stands around a part, and its silent elements that touch what does. `stamp` holds no `turn` before."""
    around = [np.int32(-1)]
    edge = [np.int32(-1)]
    own = part_of[part[0]]
    for i in part:
        touches = False
        for e in range(start[i], start[i + 1]):
            j = near[e]
            if part_of[j] != own:
                touches = True
                if stamp[j] != turn:
                    stamp[j] = turn
                    around.append(j)
        if touches and gone[i]:
            edge.append(i)
    return np.array(around[1:], np.int32), np.array(edge[1:], np.int32)


@compiled
def _chain_above(part: Ints, distance: Ints, stamp: Ints, turn: int, start: Ints, near: Ints) -> Ints:
    """The elements of the shortest paths from the sources to a part. `stamp` holds no `turn` before."""
    chain = [np.int32(-1)]
    edge = [np.int32(-1)]
    edge.extend(part)
    while len(edge) > 1:
        i = edge.pop()
        for e in range(start[i], start[i + 1]):
            j = near[e]
            if stamp[j] != turn and distance[j] >= 0 and distance[j] == distance[i] - 1:
                stamp[j] = turn
                chain.append(j)
                edge.append(j)
    return np.array(chain[1:], np.int32)
