"""A level of light on a scale with its limits: of an optical module, of a receiver of cable TV."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uzel.network.marks import Tick, percent, step

# Height of the drawing, pixels.
HEIGHT = 46


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits in dBm: beyond an alarm it does not work, beyond a warning there is no reserve. `own`: of the device."""

    low_alarm: float
    low_warning: float
    high_warning: float
    high_alarm: float
    own: bool = False


# 1000BASE-LX10 and BX10 receive -19.5…-3 dBm (IEEE 802.3 clause 59); the verdict calls less than -20 bad
# (core.diagnosis.LOW_UPLINK_DBM); three decibels above are the reserve that ageing needs.
MODULE = Limits(-20.0, -17.0, -3.0, 0.0)
# Receivers of house nodes are built for -7…+2 dBm; below -9 the picture breaks up (core.diagnosis.LOW_LIGHT_DBM).
RECEIVER = Limits(-9.0, -7.0, 2.0, 4.0)
# A module without light reads its floor.
NO_LIGHT_DBM = -39.0


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the scale: look as a state, from and width in per cent."""

    look: str
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Level:
    """A level to show. `what`: receiver or module; `name`: of the port or input; `says`: a code of how it is.

    says: ok, low_warning, low_alarm, high_warning, high_alarm, no_light.
    """

    what: str
    name: str
    dbm: float
    says: str
    limits: Limits
    zones: tuple[Zone, ...]
    ticks: tuple[Tick, ...]
    x: str
    output_dbuv: float | None = None

    @property
    def look(self) -> str:
        return {"ok": "lit", "low_warning": "silent", "high_warning": "silent"}.get(self.says, "dark")

    @property
    def height(self) -> int:
        return HEIGHT


def level(what: str, name: str, dbm: float, limits: Limits, *, output_dbuv: float | None = None) -> Level:
    """A level among its limits; the scale reaches some decibels beyond both, and as far as the level itself."""
    low = min(limits.low_alarm - 4, max(dbm - 2, -42.0))
    high = max(limits.high_alarm + 3, min(dbm + 2, 30.0))
    edges = (low, limits.low_alarm, limits.low_warning, limits.high_warning, limits.high_alarm, high)

    def x(value: float) -> float:
        return 100 * (min(max(value, low), high) - low) / (high - low)

    looks = ("dark", "silent", "lit", "silent", "dark")
    zones = tuple(
        Zone(look, percent(x(a)), percent(x(b) - x(a))) for look, a, b in zip(looks, edges, edges[1:], strict=False)
    )
    size = step(high - low)
    first = -int(-low // size)
    ticks = tuple(
        Tick(percent(x(n * size)), n * size) for n in range(first, int(high // size) + 1) if 3 < x(n * size) < 97
    )
    return Level(what, name, dbm, _says(dbm, limits), limits, zones, ticks, percent(x(dbm)), output_dbuv)


def of_receiver(readings: Mapping[str, Any]) -> tuple[Level, ...]:
    """The input of a receiver of cable TV by its reading (`core.readings.OpticalReading`), with its own limits."""
    dbm = _number(readings.get("input_dbm"))
    if dbm is None:
        return ()
    low, high = _number(readings.get("input_low_dbm")), _number(readings.get("input_high_dbm"))
    low_alarm = RECEIVER.low_alarm if low is None else low
    high_alarm = RECEIVER.high_alarm if high is None else high
    if high_alarm <= low_alarm:
        high_alarm = max(RECEIVER.high_alarm, low_alarm + 1)
    limits = Limits(
        low_alarm,
        max(low_alarm, min(RECEIVER.low_warning, high_alarm)),
        min(high_alarm, max(RECEIVER.high_warning, low_alarm)),
        high_alarm,
        own=low is not None or high is not None,
    )
    return (level("receiver", "", dbm, limits, output_dbuv=_number(readings.get("output_dbuv"))),)


def of_module(name: str, rx_dbm: object) -> tuple[Level, ...]:
    """The light that comes into an optical module; nothing when the module does not tell."""
    dbm = _number(rx_dbm)
    return () if dbm is None else (level("module", name, dbm, MODULE),)


def _says(dbm: float, limits: Limits) -> str:
    if dbm <= NO_LIGHT_DBM:
        return "no_light"
    if dbm < limits.low_alarm:
        return "low_alarm"
    if dbm < limits.low_warning:
        return "low_warning"
    if dbm > limits.high_alarm:
        return "high_alarm"
    return "high_warning" if dbm > limits.high_warning else "ok"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
