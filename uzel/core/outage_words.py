"""The words of outages: what was observed, and what is said of it. Times are unix seconds."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

NONE: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest observation of an element. `at`: when the answer, or its absence, was known; `since`: when the
    element was first found so (None: at `at`); `booted_at`: when it says that it started."""

    answers: bool
    at: float
    booted_at: float | None = None
    since: float | None = None

    @property
    def began(self) -> float:
        return self.at if self.since is None else self.since


class Heard(Mapping[int, Seen]):
    """What was heard last of each element that was ever asked: a dict, or columns in a child of this class."""

    def __init__(self, seen: Mapping[int, Seen]) -> None:
        self._seen = seen

    def __getitem__(self, node: int) -> Seen:
        return self._seen[node]

    def __iter__(self) -> Iterator[int]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def silent(self) -> Set[int]:
        """Those that did not answer."""
        return self._silent

    @cached_property
    def _silent(self) -> frozenset[int]:
        return frozenset(node for node, seen in self.items() if not seen.answers)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known at `now`.

    link_up: what the port of an answering end says of a link, asked after the silence. on_battery: UPSes whose last
    word was that they run on battery (a silent one keeps it). discharged: UPSes known to be empty. unlit: elements
    whose last word was that no light comes to them (a cable-TV receiver); of an element that reports its light, `seen`
    has when it did, and since when it has none. planned, planned_links: what planned work covers, and which.
    """

    seen: Mapping[int, Seen]
    link_up: Mapping[int, bool] = field(default_factory=dict)
    on_battery: Set[int] = NONE
    discharged: Set[int] = NONE
    planned: Mapping[int, int] = field(default_factory=dict)
    planned_links: Mapping[int, int] = field(default_factory=dict)
    now: float = 0.0
    unlit: Set[int] = NONE

    def __post_init__(self) -> None:
        if not isinstance(self.seen, Heard):
            object.__setattr__(self, "seen", Heard(self.seen))

    @property
    def silent(self) -> Set[int]:
        """Those that did not answer."""
        return self.seen.silent  # type: ignore[attr-defined, no-any-return]

    def answers(self, node: int) -> bool | None:
        """None: not asked yet."""
        seen = self.seen.get(node)
        return None if seen is None else seen.answers

    def since(self, nodes: Iterable[int]) -> dict[int, float]:
        """Of `nodes` those known to be silent, or to have no light, and since when each has been so."""
        silent, seen = self.silent, self.seen
        return {i: seen[i].began for i in nodes if i in silent or (i in self.unlit and i in seen)}

    @property
    def spent(self) -> frozenset[int]:
        """UPSes that may hold nothing any more: known to be empty, or gone silent while on battery."""
        return frozenset(self.discharged) | frozenset(ups for ups in self.on_battery if self.answers(ups) is False)


class CauseKind(StrEnum):
    """Values as `outages.Outage.Cause` has them."""

    LINK_CUT = "link_cut"
    DEVICE_DEAD = "device_dead"
    MAINS_LOST = "mains_lost"
    MANAGEMENT_FAULT = "management_fault"
    PLANNED_WORK = "planned_work"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a code, and the elements and links that bear witness."""

    code: str
    nodes: tuple[int, ...] = ()
    links: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """What failed. `nodes` may name elements of power (mains, UPS, strip) that nobody can ask."""

    kind: CauseKind
    nodes: tuple[int, ...] = ()
    links: tuple[int, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One failure.

    hypotheses: best first, at least one; when the first is UNDECIDED the rest are what it may be. dark: elements
    without light or power because of it (in a MANAGEMENT_FAULT: silent but lit, nobody is without service). roots:
    the dark elements that touch light. unseen: UPSes and receivers that are silent only because the switch through
    which they are asked is dark, and had not said that they have no light. began_at: the first silence. planned: the
    work that covers it.
    """

    hypotheses: tuple[Cause, ...]
    dark: Set[int]
    roots: tuple[int, ...]
    began_at: float
    planned: int | None = None
    unseen: frozenset[int] = NONE

    @property
    def cause(self) -> Cause:
        return self.hypotheses[0]

    @property
    def cuts_service(self) -> bool:
        return self.cause.kind is not CauseKind.MANAGEMENT_FAULT
