"""The map of the network: its elements, the links of light between them, and what powers them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What an element is; values as `network.DeviceKind` has them, and the mains of a site or of an area."""

    SWITCH = "switch"
    OPTICAL_RECEIVER = "optical_receiver"
    OPTICAL_TRANSMITTER = "optical_transmitter"
    OPTICAL_SPLITTER = "optical_splitter"
    UPS = "ups"
    POWER_STRIP = "power_strip"
    MAINS = "mains"


POWER_KINDS = frozenset({Kind.UPS, Kind.POWER_STRIP, Kind.MAINS})


@dataclass(frozen=True, slots=True)
class Node:
    """An element.

    source: light starts here. watched: it can be asked. via: the switch through which an element that carries no
    data is asked (None: by its own light). feeds: any live one of them powers it; empty: always powered.
    """

    id: int
    kind: Kind
    site: int = 0
    source: bool = False
    watched: bool = True
    via: int | None = None
    feeds: tuple[int, ...] = ()

    @property
    def carries_light(self) -> bool:
        return self.kind not in POWER_KINDS

    @property
    def has_battery(self) -> bool:
        return self.kind is Kind.UPS


@dataclass(frozen=True, slots=True)
class Link:
    """A two-way path of light between two elements: fibre, copper or coax."""

    id: int
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Network:
    """The map. `neighbours`: node -> ((link, node), …); `fed_by`: power element -> consumers; `asked_via`: switch ->
    the elements asked through it."""

    nodes: Mapping[int, Node]
    links: Mapping[int, Link]
    neighbours: Mapping[int, tuple[tuple[int, int], ...]]
    fed_by: Mapping[int, tuple[int, ...]]
    asked_via: Mapping[int, tuple[int, ...]]
    sources: frozenset[int] = field(init=False)
    # Elements of power, and those that are asked through a switch, whichever they are.
    power: frozenset[int] = field(init=False)
    indirect: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        nodes = self.nodes.values()
        object.__setattr__(self, "sources", frozenset(it.id for it in nodes if it.source))
        object.__setattr__(self, "power", frozenset(it.id for it in nodes if not it.carries_light))
        object.__setattr__(self, "indirect", frozenset(it.id for it in nodes if it.via is not None))

    @classmethod
    def of(cls, nodes: Iterable[Node], links: Iterable[Link] = ()) -> "Network":
        """Build the map. Raises ValueError when a link, a feed or a via names an element that is not there."""
        by_id = {node.id: node for node in nodes}
        by_link = {link.id: link for link in links}
        neighbours: dict[int, list[tuple[int, int]]] = {i: [] for i in by_id}
        fed_by: dict[int, list[int]] = {}
        asked_via: dict[int, list[int]] = {}
        named = [end for link in by_link.values() for end in (link.a, link.b)]
        named += [i for node in by_id.values() for i in (*node.feeds, *([] if node.via is None else [node.via]))]
        if missing := sorted(set(named) - by_id.keys()):
            raise ValueError(f"not on the map: {missing[:10]}")
        for link in by_link.values():
            neighbours[link.a].append((link.id, link.b))
            neighbours[link.b].append((link.id, link.a))
        for node in by_id.values():
            for feed in node.feeds:
                fed_by.setdefault(feed, []).append(node.id)
            if node.via is not None:
                asked_via.setdefault(node.via, []).append(node.id)
        frozen = [{i: tuple(ids) for i, ids in table.items()} for table in (fed_by, asked_via)]
        return cls(by_id, by_link, {i: tuple(near) for i, near in neighbours.items()}, frozen[0], frozen[1])
