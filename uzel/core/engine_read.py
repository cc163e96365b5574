"""The compiled reading of light: the rules of `outage_light` over compact arrays, at the cost of what is lost.

Elements are numbered by `labels.preorder`: what may go dark with an element is within its run of numbers, so only the
runs of the silent ones are walked. Only a contradiction (an answer from within the dark) costs a walk of all.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from uzel.core.labels import Flags, Ints, Longs, breadth_first, compiled

UNKNOWN, BRIGHT, SILENT, UNLIT = 0, 1, 2, 3
# States of an element while light is read. Whatever no run of a silent element covers is LIT_OUTSIDE.
LIT_OUTSIDE, MAYBE, LIT_AGAIN, CLOSED = 0, 1, 2, 3


@compiled
def runs(tops: Ints, size: Ints, healthy: int, n: int) -> Ints:
    """The runs of numbers below sorted `tops`, none twice, and what light never reaches: [from, to, from, to, …]."""
    found = np.empty(2 * tops.size + 2, np.int32)
    k = 0
    end = 0
    for top in tops:
        if top >= end and top < healthy:
            end = top + size[top]
            found[k], found[k + 1] = top, end
            k += 2
    if healthy < n:
        found[k], found[k + 1] = healthy, n
        k += 2
    return found[:k]


@compiled
def _flood(top: int, start: Ints, near: Ints, link: Ints, down: Flags, state: Flags, stack: Ints) -> Ints:
    """Light `top` and all MAYBE elements that it reaches; the stack, longer if it had to be."""
    state[top] = LIT_AGAIN
    stack[0] = top
    depth = 1
    while depth:
        depth -= 1
        i = stack[depth]
        for e in range(start[i], start[i + 1]):
            j = near[e]
            if state[j] == MAYBE and not (down.size and down[link[e]]):
                state[j] = LIT_AGAIN
                if depth == stack.size:
                    longer = np.empty(2 * stack.size, np.int32)
                    longer[:depth] = stack
                    stack = longer
                stack[depth] = j
                depth += 1
    return stack


@compiled
def light_again(
    start: Ints,
    near: Ints,
    link: Ints,
    source: Flags,
    down: Flags,
    state: Flags,
    spans: Ints,
    forced: Flags,
    healthy: int,
) -> None:
    """Let light back into the MAYBE elements of `spans` from what is lit around them: they become LIT_AGAIN."""
    stack = np.empty(64, np.int32)
    for s in range(0, spans.size, 2):
        for top in range(spans[s], spans[s + 1]):
            if state[top] != MAYBE:
                continue
            lit = source[top] or (forced.size and forced[top])
            if not lit:
                for e in range(start[top], start[top + 1]):
                    j = near[e]
                    if (state[j] == LIT_AGAIN or (state[j] == LIT_OUTSIDE and j < healthy)) and not (
                        down.size and down[link[e]]
                    ):
                        lit = True
                        break
            if not lit:
                continue
            stack = _flood(top, start, near, link, down, state, stack)


@compiled
def mark(state: Flags, spans: Ints, closed: Ints) -> None:
    """Everything in the runs may be dark; `closed` elements pass no light."""
    for s in range(0, spans.size, 2):
        state[spans[s] : spans[s + 1]] = MAYBE
    for i in closed:
        state[i] = CLOSED


@compiled
def contradicted(state: Flags, spans: Ints, sign: Flags) -> bool:
    """Whether an answering element was left dark."""
    for s in range(0, spans.size, 2):
        for i in range(spans[s], spans[s + 1]):
            if sign[i] == BRIGHT and state[i] == MAYBE:
                return True
    return False


@compiled
def dark_of(state: Flags, spans: Ints, healthy: int) -> Ints:
    """The elements left dark, in order."""
    count = 0
    for s in range(0, spans.size, 2):
        for i in range(spans[s], spans[s + 1]):
            count += state[i] == CLOSED or (state[i] == MAYBE and i < healthy)
    dark = np.empty(count, np.int32)
    k = 0
    for s in range(0, spans.size, 2):
        for i in range(spans[s], spans[s + 1]):
            if state[i] == CLOSED or (state[i] == MAYBE and i < healthy):
                dark[k] = i
                k += 1
    return dark


@compiled
def clear(state: Flags, spans: Ints) -> None:
    """Make the states ready for the next reading."""
    for s in range(0, spans.size, 2):
        state[spans[s] : spans[s + 1]] = LIT_OUTSIDE


@compiled
def is_lit(state: int, number: int, healthy: int) -> bool:
    """Whether a state, as the last reading left it, means light."""
    return state == LIT_AGAIN or (state == LIT_OUTSIDE and number < healthy)


@compiled
def _doubted_in_light(
    start: Ints,
    near: Ints,
    link: Ints,
    source: Flags,
    down: Flags,
    state: Flags,
    spans: Ints,
    doubted: Flags,
    healthy: int,
    found: Ints,
) -> int:
    """Put the doubted elements that touch light into `found`; how many there are."""
    count = 0
    for s in range(0, spans.size, 2):
        for i in range(spans[s], spans[s + 1]):
            if state[i] != CLOSED or not doubted[i]:
                continue
            touches = source[i] != 0
            for e in range(start[i], start[i + 1]):
                if is_lit(state[near[e]], near[e], healthy) and not (down.size and down[link[e]]):
                    touches = True
            if touches:
                found[count] = i
                count += 1
    return count


@compiled
def believed(
    start: Ints,
    near: Ints,
    link: Ints,
    source: Flags,
    down: Flags,
    state: Flags,
    spans: Ints,
    doubted: Flags,
    sign: Flags,
    healthy: int,
) -> Flags:
    """Rule 2: of the doubted, those on a path from a source to an answering element through the fewest doubted.

    `light_again` left the doubted CLOSED and lit all that needs none of them: the walk starts where they touch light.
    """
    fewest = np.full(source.size, -1, np.int32)
    level = np.empty(source.size, np.int32)
    later = np.empty(source.size, np.int32)
    waiting = _doubted_in_light(start, near, link, source, down, state, spans, doubted, healthy, later)
    fewest[later[:waiting]] = 1
    cost = 0
    while waiting:
        cost += 1
        depth = waiting
        level[:depth] = later[:depth]
        waiting = 0
        while depth:
            depth -= 1
            i = level[depth]
            for e in range(start[i], start[i + 1]):
                j = near[e]
                if fewest[j] != -1 or (down.size and down[link[e]]):
                    continue
                if state[j] == CLOSED and doubted[j]:
                    fewest[j], later[waiting] = cost + 1, j
                    waiting += 1
                elif state[j] == MAYBE:
                    fewest[j], level[depth] = cost, j
                    depth += 1
    return _on_paths(start, near, link, down, fewest, doubted, sign, spans, level)


@compiled
def _on_paths(
    start: Ints,
    near: Ints,
    link: Ints,
    down: Flags,
    fewest: Ints,
    doubted: Flags,
    sign: Flags,
    spans: Ints,
    stack: Ints,
) -> Flags:
    marked = np.zeros(fewest.size, np.uint8)
    trusted = np.zeros(fewest.size, np.uint8)
    depth = 0
    for s in range(0, spans.size, 2):
        for i in range(spans[s], spans[s + 1]):
            if sign[i] == BRIGHT and fewest[i] > 0:
                marked[i], stack[depth] = 1, i
                depth += 1
    while depth:
        depth -= 1
        i = stack[depth]
        doubt = 1 if doubted[i] else 0
        trusted[i] = doubt
        for e in range(start[i], start[i + 1]):
            j = near[e]
            if (
                not marked[j]
                and fewest[j] >= 0
                and fewest[j] + doubt == fewest[i]
                and not (down.size and down[link[e]])
            ):
                marked[j], stack[depth] = 1, j
                depth += 1
    return trusted


@compiled
def unheard_near(gone: Ints, start: Ints, near: Ints, sign: Flags) -> Ints:
    """Elements that nobody heard of, joined to dark ones directly or by others like them; ends feed nothing."""
    seen = set([np.int32(-1)])  # noqa: C405 - a typed set of numba
    found = [np.int32(-1)]
    for g in gone:
        for e in range(start[g], start[g + 1]):
            j = near[e]
            if sign[j] == UNKNOWN and start[j + 1] - start[j] > 1 and j not in seen:
                seen.add(j)
                found.append(j)
    head = 1
    while head < len(found):
        i = found[head]
        head += 1
        for e in range(start[i], start[i + 1]):
            j = near[e]
            if sign[j] == UNKNOWN and start[j + 1] - start[j] > 1 and j not in seen:
                seen.add(j)
                found.append(j)
    out = np.empty(len(found) - 1, np.int32)
    for k in range(1, len(found)):
        out[k - 1] = found[k]
    return out


@compiled
def tally(at_place: Ints, flag: Flags, value: int) -> Ints:
    """Prefix counts of `flag == value` along the preorder of the dominator tree."""
    total = np.zeros(at_place.size + 1, np.int32)
    for k in range(at_place.size):
        total[k + 1] = total[k] + (flag[at_place[k]] == value)
    return total


@compiled
def _region(
    members: Ints, head: int, tops: Ints, ends: int, state: Flags, start: Ints, near: Ints, source: Flags, healthy: int
) -> tuple[int, int]:
    """Walk one dark region from `members[head]` on; (end of its members, end of its roots). A member's state gets 8."""
    state[members[head]] += 8
    taken = head + 1
    first, first_top = head, ends
    while head < taken:
        i = members[head]
        head += 1
        touches = source[i] != 0
        for e in range(start[i], start[i + 1]):
            j = near[e]
            if state[j] == CLOSED or (state[j] == MAYBE and j < healthy):
                state[j] += 8
                members[taken] = j
                taken += 1
            elif is_lit(state[j], j, healthy):
                touches = True
        if touches:
            tops[ends] = i
            ends += 1
    if ends == first_top:  # it is joined to nothing lit on the map
        tops[ends : ends + taken - first] = members[first:taken]
        ends += taken - first
    return taken, ends


@compiled
def grouped(
    dark: Ints, state: Flags, start: Ints, near: Ints, source: Flags, sign: Flags, healthy: int
) -> tuple[Ints, Ints, Ints, Ints]:
    """The connected dark regions in which something was heard to be dark.

    (members region by region, where each region starts in them, roots likewise, where each starts in these.)
    """
    members = np.empty(dark.size, np.int32)
    tops = np.empty(dark.size, np.int32)
    member_at = np.zeros(dark.size + 1, np.int32)
    top_at = np.zeros(dark.size + 1, np.int32)
    count = 0
    taken = 0
    ends = 0
    for seed in dark:
        if (sign[seed] != SILENT and sign[seed] != UNLIT) or state[seed] >= 8:
            continue
        members[taken] = seed
        taken, ends = _region(members, taken, tops, ends, state, start, near, source, healthy)
        count += 1
        member_at[count] = taken
        top_at[count] = ends
    for k in range(taken):
        state[members[k]] -= 8
    return members[:taken], member_at[: count + 1], tops[:ends], top_at[: count + 1]


@compiled
def counts(members: Ints, own: NDArray[np.integer[Any]], spread_at: Ints, spread_of: Ints, spread_class: Ints) -> Longs:
    """What hangs on `members`, by column; each subscriber once, however many of them it hangs on."""
    total = np.zeros(own.shape[1], np.int64)
    met = np.zeros(spread_class.size, np.bool_)
    for i in members:
        for c in range(own.shape[1]):
            total[c] += own[i, c]
        for s in range(spread_at[i], spread_at[i + 1]):
            who = spread_of[s]
            if met[who]:
                total[spread_class[who]] -= 1
            met[who] = True
    return total


@compiled
def distances(start: Ints, near: Ints, source: Flags) -> Ints:
    """How many links each element stands from the nearest source; -1: there is no way."""
    order, parent, tail = breadth_first(source.size, start, near, source)
    distance = np.full(source.size, -1, np.int32)
    for i in order[:tail]:
        distance[i] = 0 if parent[i] < 0 else distance[parent[i]] + 1
    return distance
