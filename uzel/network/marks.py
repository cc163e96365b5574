"""Where things stand in a drawing: positions are per cent of its width, so that words keep their size on a phone."""

from dataclasses import dataclass

# How many marks a scale bears on a narrow screen.
TICKS_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of a scale: where it stands, in per cent, and what it reads."""

    x: str
    value: float


def percent(value: float) -> str:
    """As SVG reads it, whatever the language of the page: 41.5%."""
    return f"{round(value, 2):g}%"


def step(span: float) -> float:
    """The distance between marks of a scale so long: 1, 2 or 5 times a power of ten."""
    size = 1.0
    while True:
        for times in (1, 2, 5):
            if span / (size * times) <= TICKS_AT_MOST:
                return size * times
        size *= 10
