"""Labels over a map that give the blast radius of one failure at once: compiled loops over compact arrays.

The map is renumbered by the preorder of a breadth-first tree, so that neighbours lie near in memory and each subtree
is a run of numbers. Over it stands the dominator tree (d dominates v: all light of v passes d): what goes dark with d
is d's subtree, a run of the dominator tree's own preorder, and a count over it is a difference of two prefix sums.
Dominators by the semi-NCA algorithm (Georgiadis, Tarjan, Werneck: Finding Dominators in Practice, 2006).
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.uint8]
F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile once; the machine code is kept beside the source, so that a start takes no compiler."""
    return cast(F, numba.njit(cache=True)(function))


@compiled
def rows(n: int, a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
    """Links as rows: (start of each row, neighbours, link numbers), rows in the order of the links."""
    start = np.zeros(n + 1, np.int32)
    for k in range(a.size):
        start[a[k] + 1] += 1
        start[b[k] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    fill = start[:-1].copy()
    near = np.empty(2 * a.size, np.int32)
    link = np.empty(2 * a.size, np.int32)
    for k in range(a.size):
        x, y = a[k], b[k]
        near[fill[x]], link[fill[x]] = y, k
        fill[x] += 1
        near[fill[y]], link[fill[y]] = x, k
        fill[y] += 1
    return start, near, link


@compiled
def breadth_first(n: int, start: Ints, near: Ints, source: Flags) -> tuple[Ints, Ints, int]:
    """(elements in the order in which light comes, parent: -1 a source, -2 no light, how many light reaches)."""
    order = np.empty(n, np.int32)
    parent = np.full(n, -2, np.int32)
    tail = 0
    for i in range(n):
        if source[i]:
            parent[i] = -1
            order[tail] = i
            tail += 1
    head = 0
    while head < tail:
        i = order[head]
        head += 1
        for e in range(start[i], start[i + 1]):
            j = near[e]
            if parent[j] == -2:
                parent[j] = i
                order[tail] = j
                tail += 1
    return order, parent, tail


@compiled
def preorder(n: int, start: Ints, near: Ints, source: Flags) -> tuple[Ints, Ints, int]:
    """(new number of each element, size of the subtree by new number, how many light reaches).

    What light does not reach on the map stands at the end, each a subtree of its own.
    """
    order, parent, tail = breadth_first(n, start, near, source)
    size = np.ones(n, np.int32)
    for k in range(tail - 1, -1, -1):
        i = order[k]
        if parent[i] >= 0:
            size[parent[i]] += size[i]
    number = np.empty(n, np.int32)
    free = np.empty(n, np.int32)
    next_root = 0
    for k in range(tail):
        i = order[k]
        if parent[i] < 0:
            number[i] = next_root
            next_root += size[i]
        else:
            number[i] = free[parent[i]]
            free[parent[i]] += size[i]
        free[i] = number[i] + 1
    last = tail
    sizes = np.ones(n, np.int32)
    for i in range(n):
        if parent[i] == -2:
            number[i] = last
            last += 1
        sizes[number[i]] = size[i]
    return number, sizes, tail


@compiled
def _depth_first(n: int, start: Ints, near: Ints, source: Flags) -> tuple[Ints, Ints, Ints]:
    """(element of each visit, visit of each element or -1, parent visit of each visit); visit 0 is the virtual root."""
    vertex = np.full(n + 1, -1, np.int32)
    visit = np.full(n, -1, np.int32)
    parent = np.zeros(n + 1, np.int32)
    at = start[:-1].copy()
    stack = np.empty(n + 1, np.int32)
    count = 1
    for root in range(n):
        if not source[root] or visit[root] >= 0:
            continue
        visit[root], vertex[count] = count, root
        count += 1
        depth = 1
        stack[0] = root
        while depth:
            i = stack[depth - 1]
            if at[i] == start[i + 1]:
                depth -= 1
                continue
            j = near[at[i]]
            at[i] += 1
            if visit[j] < 0:
                visit[j], vertex[count], parent[count] = count, j, visit[i]
                count += 1
                stack[depth] = j
                depth += 1
    return vertex[:count], visit, parent[:count]


@compiled
def _least_on_path(v: int, w: int, above: Ints, label: Ints, stack: Ints) -> int:
    """The least semidominator on the linked path above visit v (visits later than w are linked); shortens the path."""
    if v <= w:
        return v
    depth = 0
    u = v
    while above[u] > w:
        stack[depth] = u
        depth += 1
        u = above[u]
    while depth:
        depth -= 1
        x = stack[depth]
        p = above[x]
        if label[p] < label[x]:
            label[x] = label[p]
        above[x] = above[p]
    return int(label[v])


@compiled
def _immediate(vertex: Ints, visit: Ints, parent: Ints, start: Ints, near: Ints, source: Flags) -> Ints:
    """The visit of the immediate dominator of each visit (semi-NCA); `parent` is used up."""
    count = vertex.size
    above = parent.copy()
    label = np.arange(count).astype(np.int32)
    semi = parent.copy()
    stack = np.empty(count, np.int32)
    for w in range(count - 1, 0, -1):
        i = vertex[w]
        best = parent[w]
        if source[i]:
            best = 0
        else:
            for e in range(start[i], start[i + 1]):
                least = _least_on_path(visit[near[e]], w, above, label, stack)
                best = min(best, least)
        semi[w] = best
        label[w] = best
    for w in range(1, count):
        d = parent[w]
        while d > semi[w]:
            d = parent[d]
        parent[w] = d
    return parent


@compiled
def dominators(n: int, start: Ints, near: Ints, source: Flags) -> tuple[Ints, Ints, Ints, Ints]:
    """(immediate dominator: -1 none, -2 no light; first and size of the run of each element; element at each place).

    Light starts at a virtual root before all sources, so a second source counts as a second path.
    """
    vertex, visit, parent = _depth_first(n, start, near, source)
    above = _immediate(vertex, visit, parent, start, near, source)
    count = vertex.size
    size = np.ones(count, np.int32)
    for w in range(count - 1, 0, -1):
        size[above[w]] += size[w]
    place = np.zeros(count, np.int32)
    free = np.zeros(count, np.int32)
    idom = np.full(n, -2, np.int32)
    first = np.zeros(n, np.int32)
    run = np.zeros(n, np.int32)
    at_place = np.empty(count - 1, np.int32)
    for w in range(1, count):
        d = above[w]
        place[w] = free[d]
        free[d] += size[w]
        free[w] = place[w] + 1
        i = vertex[w]
        idom[i] = vertex[d] if d else -1
        first[i], run[i], at_place[place[w]] = place[w], size[w], i
    return idom, first, run, at_place


@compiled
def meeting(i: int, j: int, idom: Ints, run: Ints, first: Ints) -> int:
    """The lowest element that dominates both (or is one of them), -1: only the virtual root does."""
    while i >= 0 and not (first[i] <= first[j] < first[i] + run[i]):
        i = idom[i]
    return i
