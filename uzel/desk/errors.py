"""Damaged frames of a port between one reading and the next, as a small chart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from uzel.core.counters import error_growth
from uzel.core.readings import PortReading
from uzel.network.marks import percent

BARS = 12
# Height of the tallest bar, and of the words above and below, pixels.
HIGH, TOP, BOTTOM = 44, 18, 18
_FIELDS = frozenset(field.name for field in fields(PortReading))


@dataclass(frozen=True, slots=True)
class Bar:
    """What grew between two readings. `from_at` and `at` are moments, `seconds` lie between them."""

    errors: int
    seconds: float
    from_at: datetime
    at: datetime
    x: str
    middle: str
    width: str
    y: int
    height: int

    @property
    def per_minute(self) -> float:
        """As the bar is high; of few errors the tenths count."""
        rate = self.errors * 60 / self.seconds
        return round(rate) if rate >= 10 else max(0.1, round(rate, 1)) if rate else 0

    @property
    def look(self) -> str:
        return "silent" if self.errors else "lit"

    @property
    def word_y(self) -> int:
        return self.y - 4


@dataclass(frozen=True, slots=True)
class Errors:
    """The chart, and what the counters stand at now. `to_the_second`: two bars end within one minute."""

    bars: tuple[Bar, ...]
    crc: int | None
    in_errors: int | None
    out_errors: int | None
    late_collisions: int | None

    @property
    def total(self) -> int:
        return sum(bar.errors for bar in self.bars)

    @property
    def to_the_second(self) -> bool:
        minutes = [int(bar.at.timestamp() // 60) for bar in self.bars]
        return len(set(minutes)) < len(minutes)

    @property
    def latest(self) -> Bar:
        return self.bars[-1]

    @property
    def look(self) -> str:
        """Growing now, grown lately, or quiet."""
        return "dark" if self.latest.errors else "silent" if self.total else "lit"

    @property
    def base_y(self) -> int:
        """Where the bars stand: a chart of nothing but zeros is a line."""
        return TOP + (HIGH if self.total else 0)

    @property
    def height(self) -> int:
        return self.base_y + BOTTOM

    @property
    def time_y(self) -> int:
        return self.height - 4


def chart(readings: Iterable[Mapping[str, Any]]) -> Errors | None:
    """The growth between successive readings, oldest first; None when no two of them can be compared."""
    parsed = (reading_of(row) for row in readings)
    known = sorted((r for r in parsed if r and r.at is not None), key=lambda r: r.at or 0)
    grown = []
    for before, after in pairwise(known):
        errors, seconds = error_growth(before, after), (after.at or 0) - (before.at or 0)
        if errors is not None and seconds > 0:
            grown.append((errors, seconds, before.at or 0, after.at or 0))
    if not grown:
        return None
    now = known[-1]
    return Errors(_bars(grown[-BARS:]), now.crc, now.in_errors, now.out_errors, now.late_collisions)


def reading_of(row: object) -> PortReading | None:
    """A stored reading; fields of another version of Uzel are left out."""
    if not isinstance(row, Mapping) or not isinstance(row.get("if_index"), int):
        return None
    return PortReading(**{name: value for name, value in row.items() if name in _FIELDS})


def _bars(grown: Sequence[tuple[int, float, float, float]]) -> tuple[Bar, ...]:
    """Equal places for unequal times: what grew in a minute counts, since a night is longer than a look."""
    most = max(errors / seconds for errors, seconds, _, _ in grown)
    base = TOP + (HIGH if most else 0)
    place = 100 / max(len(grown), 4)
    bars = []
    for n, (errors, seconds, since, until) in enumerate(grown):
        height = max(3, round(HIGH * errors / seconds / most)) if errors else 0
        bars.append(
            Bar(
                errors,
                seconds,
                datetime.fromtimestamp(since, UTC),
                datetime.fromtimestamp(until, UTC),
                percent(place * (n + 0.2)),
                percent(place * (n + 0.5)),
                percent(place * 0.6),
                base - height,
                height,
            )
        )
    return tuple(bars)
