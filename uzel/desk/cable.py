"""A cable test as people see a cable: each pair with its break at its metre, and what follows from all of them.

Takes the JSON of a `core.answers.CableTest` as the prober stored it. A word that is not known is shown as not known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from uzel.core.answers import WHOLE, PairState
from uzel.core.diagnosis_port import SOCKET_M
from uzel.network.marks import Tick, percent, step

# A drawn cable begins and ends so far from the left edge, per cent: the names of pairs stand before it.
LEFT, RIGHT = 14.0, 96.0
# Height of one pair, and of the scale below them, pixels.
ROW, TOP, SCALE = 34, 26, 26
# A metre nearer than this is in the cabinet; a fault so near to the end of the cable is at its end. Testers of
# switches are good to two or three metres (DES-3200 before 1.33 errs by thirty, and says nothing of it).
NEAR_M, END_M = 3, 3
# A scale is at least so long; a cable longer than this is a mistake of the device.
SHORTEST_M, LONGEST_M = 10, 1000

BROKEN = frozenset({PairState.OPEN, PairState.OPEN_OR_SHORT})
SHORTED = frozenset({PairState.SHORT})
HURT = BROKEN | SHORTED | {PairState.CROSSTALK, PairState.MISMATCH}
# How a state looks: the shapes and colours of the whole of Uzel.
LOOKS: Mapping[PairState | None, str] = {
    PairState.OK: "lit",
    PairState.SHUT_DOWN: "lit",
    PairState.OPEN: "dark",
    PairState.OPEN_OR_SHORT: "dark",
    PairState.SHORT: "dark",
    PairState.CROSSTALK: "silent",
    PairState.MISMATCH: "silent",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair: its state, the metre of the fault or of the end, and where it is drawn.

    `x` is where the mark stands, `y` the line's height, `before`: words of the mark stand before it, not after.
    """

    number: int | None
    state: PairState | None
    length_m: int | None
    x: str
    y: int
    before: bool

    @property
    def look(self) -> str:
        return LOOKS.get(self.state, "unknown")

    @property
    def is_hurt(self) -> bool:
        return self.state in HURT

    @property
    def word_y(self) -> int:
        return self.y - 9


@dataclass(frozen=True, slots=True)
class Cable:
    """A tested cable. `says` is a code of what follows: see `says()`; `whole_m` is its length when it was whole.

    `is_drawn`: there is something to draw; nothing is in the port, or the switch cannot measure, when not.
    """

    says: str
    state: PairState | None
    link_up: bool | None
    pairs: tuple[Pair, ...]
    ticks: tuple[Tick, ...]
    height: int
    whole_m: int | None
    whole_x: str
    at: datetime | None
    is_drawn: bool

    @property
    def look(self) -> str:
        """The worst of its pairs; what could not be measured is not known."""
        if self.says in {"no_cable", "short_near", "short_way", "short_end", "short"} or self.says.startswith("cut"):
            return "dark"
        if self.says in {"hurt", "far_off", "back"}:
            return "silent"
        return "lit" if self.says == "whole" else "unknown"

    @property
    def scale_y(self) -> int:
        return self.height - SCALE

    @property
    def tick_y(self) -> int:
        return self.scale_y + 5

    @property
    def number_y(self) -> int:
        return self.height - 6


def draw(test: Mapping[str, Any], *, at: datetime | None = None, known_m: int | None = None) -> Cable:
    """A test as a drawing. `known_m`: how long the cable was when it was last found whole."""
    rows = [row for row in test.get("pairs") or () if isinstance(row, Mapping)]
    pairs = [(_number(row.get("pair")), state_of(row.get("state")), _number(row.get("length_m"))) for row in rows]
    whole_state, whole_length = state_of(test.get("state")), _number(test.get("length_m"))
    if not pairs and whole_state in HURT | WHOLE:
        pairs = [(None, whole_state, whole_length)]
    measured = [length for _, state, length in pairs if state in WHOLE and length]
    whole_m = max(measured, default=None) or (whole_length if whole_state in WHOLE else None) or known_m
    drawn = [pair for pair in pairs if pair[1] in HURT | WHOLE]
    longest = max([length for _, _, length in drawn if length is not None] + [whole_m or 0, SHORTEST_M])
    # Room for the end of the cable; more of it where nobody knows how far that is.
    top_m = longest * (1.08 if whole_m else 1.3)
    told = says([(state, length) for _, state, length in pairs], whole_state, test.get("link_up"), whole_m)
    return Cable(
        says=told,
        state=whole_state,
        link_up=test.get("link_up"),
        pairs=tuple(_pair(n, *pair, top_m=top_m, whole_m=whole_m) for n, pair in enumerate(pairs)),
        # Without a single length there is nothing to measure by.
        ticks=_ticks(top_m) if drawn and (whole_m or any(length is not None for _, _, length in drawn)) else (),
        height=TOP + ROW * len(pairs) + SCALE,
        whole_m=whole_m,
        whole_x=percent(_x(whole_m if whole_m else top_m, top_m)),
        at=at,
        is_drawn=bool(drawn) and told != PairState.NO_CABLE,
    )


def since_back(wire: Cable) -> Cable:
    """The same test, when the port has link again since: its break is one that comes and goes."""
    if wire.says == "far_off":
        return replace(wire, says="whole", link_up=True)
    return replace(wire, says="back", link_up=True) if wire.look == "dark" else wire


def says(
    pairs: Sequence[tuple[PairState | None, int | None]],
    state: PairState | None,
    link_up: object,
    whole_m: int | None,
) -> str:
    """What follows from a test, as a code.

    cut_near, cut_way, cut_end, cut: pairs are open in the cabinet, between it and the flat, at the flat, or nobody
    knows how long the cable is, so that it may end there unplugged. short_… the same of shorts. hurt: some pairs only.
    whole, far_off (whole, and nobody at the other end), back (see `since_back`), no_cable (D-Link's
    word, or all pairs end in the socket), not_supported, not_finished, unknown.
    """
    pairs = [pair for pair in pairs if pair[0] is not PairState.NOT_SUPPORTED] or list(pairs)
    if pairs and all(each in BROKEN and length is not None and length <= SOCKET_M for each, length in pairs):
        return PairState.NO_CABLE.value
    for name, states in (("short", SHORTED), ("cut", BROKEN)):
        metres = [length for each, length in pairs if each in states]
        if metres or state in states:
            if name == "cut" and any(each in WHOLE for each, _ in pairs):
                return "hurt"
            place = _place(min((m for m in metres if m is not None), default=None), whole_m)
            return f"{name}_{place}" if place else name
    seen: set[PairState | None] = {each for each, _ in pairs} - {None} or {state}
    if seen & HURT:
        return "hurt"
    if seen <= WHOLE and state in WHOLE and all(each is not None for each, _ in pairs):
        return "far_off" if link_up is False or PairState.SHUT_DOWN in seen else "whole"
    for plain in (PairState.NO_CABLE, PairState.NOT_SUPPORTED, PairState.NOT_FINISHED):
        if plain in seen or state is plain:
            return plain.value
    return "unknown"


def known_length(tests: Iterable[Mapping[str, Any]]) -> int | None:
    """How long the cable was when it was last found whole, metres; the newest test comes first."""
    for test in tests:
        lengths = [
            length
            for row in test.get("pairs") or ()
            if isinstance(row, Mapping)
            and state_of(row.get("state")) in WHOLE
            and (length := _number(row.get("length_m")))
        ]
        if lengths:
            return max(lengths)
    return None


def state_of(word: object) -> PairState | None:
    """The state that a stored word means; None for none and for a word of another version."""
    return PairState(word) if isinstance(word, str) and word in set(PairState) else None


def _place(metres: int | None, whole_m: int | None) -> str:
    if metres is None:
        return ""
    if metres <= NEAR_M:
        return "near"
    if whole_m is None:
        return ""
    return "end" if metres >= whole_m - END_M else "way"


def _number(value: object) -> int | None:
    """Metres, or the number of a pair; what can be neither is not known."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_M:
        return None
    return int(value)


def _pair(
    n: int, number: int | None, state: PairState | None, length: int | None, *, top_m: float, whole_m: int | None
) -> Pair:
    metres = length if length is not None and state in HURT else (whole_m or length)
    if metres is None:
        # Somewhere; and a whole pair goes as far as the cable does.
        metres = round(top_m if state in WHOLE else top_m / 2)
    x = _x(metres, top_m)
    return Pair(number, state, length, percent(x), TOP + ROW * n + ROW // 2, before=x > (LEFT + RIGHT) / 2)


def _x(metres: float, top_m: float) -> float:
    return LEFT + (RIGHT - LEFT) * min(metres, top_m) / top_m


def _ticks(top_m: float) -> tuple[Tick, ...]:
    size = step(top_m)
    return tuple(Tick(percent(_x(n * size, top_m)), n * size) for n in range(int(top_m / size) + 1))
