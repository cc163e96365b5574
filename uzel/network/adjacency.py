"""Who is joined to whom, held in memory and read anew when the network changes.

Whoever changes devices or links emits the event "network.changed" in the same transaction: it is the version of
this copy.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from uzel.network.models import Device, DeviceKind, Link

# Each tree of light is its own: data flows between switches, cable TV from transmitters through splitters to receivers.
CATV = frozenset({DeviceKind.OPTICAL_TRANSMITTER, DeviceKind.OPTICAL_SPLITTER, DeviceKind.OPTICAL_RECEIVER})


@dataclass(frozen=True, slots=True)
class Adjacency:
    """The step towards the nearest source of light of every device, and the switch that it is asked through.

    up: device id -> (link id, device id above); a source has none, an unreachable device has none either.
    via: device id -> the switch that a device without links is asked through.
    neighbours: device id -> ((link id, device id), ...), both media, for drawings.
    """

    up: Mapping[int, tuple[int, int]]
    via: Mapping[int, int]
    neighbours: Mapping[int, tuple[tuple[int, int], ...]]
    sources: frozenset[int]


def current() -> Adjacency:
    """The adjacency of the network as it is now; one short query when nothing has changed."""
    return _read(version())


def version() -> tuple[object, ...]:
    """What changes when the network does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT max(id) FROM journal_event WHERE name = 'network.changed'),"
            " (SELECT max(id) FROM network_link), (SELECT max(id) FROM network_device),"
            " (SELECT max(id) FROM network_powerfeed)"
        )
        return (str(connection.settings_dict["NAME"]), *cursor.fetchone())


@lru_cache(maxsize=2)
def _read(version: tuple[object, ...]) -> Adjacency:
    devices = list(Device.objects.values_list("id", "kind", "is_source", "managed_via_id"))
    links = list(Link.objects.order_by("id").values_list("id", "a_device_id", "b_device_id"))
    return build(devices, links)


def build(devices: Iterable[tuple[int, str, bool, int | None]], links: Iterable[tuple[int, int, int]]) -> Adjacency:
    """Make the adjacency from (id, kind, is_source, via) and (link id, a, b); links in order of preference."""
    kind, via, sources = {}, {}, []
    for pk, device_kind, is_source, managed_via in devices:
        kind[pk] = device_kind
        if is_source:
            sources.append(pk)
        if managed_via is not None:
            via[pk] = managed_via
    neighbours: dict[int, list[tuple[int, int]]] = {pk: [] for pk in kind}
    for link, a, b in links:
        neighbours[a].append((link, b))
        neighbours[b].append((link, a))
    up: dict[int, tuple[int, int]] = {}
    seen, queue = set(sources), deque(sorted(sources))
    while queue:
        above = queue.popleft()
        for link, below in neighbours[above]:
            if below not in seen and (kind[above] in CATV) == (kind[below] in CATV):
                seen.add(below)
                up[below] = (link, above)
                queue.append(below)
    return Adjacency(up, via, {pk: tuple(joined) for pk, joined in neighbours.items()}, frozenset(sources))


def climb(adjacency: Adjacency, device_id: int) -> list[tuple[int, int | None]]:
    """(device, link to the next one) from a device up to its source; stops where no way up is known.

    What has no links of its own (UPS, strip) goes on from the switch that it is asked through.
    """
    steps: list[tuple[int, int | None]] = []
    here, seen = device_id, set[int]()
    while here not in seen:
        seen.add(here)
        if here in adjacency.up:
            link, above = adjacency.up[here]
            steps.append((here, link))
            here = above
        else:
            steps.append((here, None))
            if here in adjacency.sources or here not in adjacency.via:
                break
            here = adjacency.via[here]
    return steps


def some_ends(adjacency: Adjacency, device_id: int, *, count: int) -> set[int]:
    """Up to `count` devices at the far ends of what one feeds, spread evenly over its branches."""
    found: set[int] = set()
    for turn in range(count):
        here = device_id
        while below := [near for link, near in adjacency.neighbours[here] if adjacency.up.get(near) == (link, here)]:
            turn, branch = divmod(turn, len(below))
            here = below[branch]
        found.add(here)
    return found - {device_id}
