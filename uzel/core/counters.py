"""What two readings of one port tell together: growth of counters that wrap and restart, changes of the link."""

from collections.abc import Iterable, Sequence

from uzel.core.readings import PortReading

COUNTER32 = 2**32
# Preamble, the shortest frame and the gap between frames, in bits (IEEE 802.3): the most frames a second of a link.
SHORTEST_FRAME_BITS = 672
ERROR_COUNTERS = ("in_errors", "out_errors", "crc", "late_collisions")
# Two sources tell the time of one change within this of each other, and it is one change.
SAME_CHANGE_S = 1.0
# A link is back within this after the command; a trap is on its way for a moment, and clocks are not quite one.
SETTLES_S, EARLIER_S = 10.0, 1.0


def growth(before: int | None, after: int | None, *, most: float, modulus: int = COUNTER32) -> int | None:
    """By how much a counter has grown, or None when one reading is missing.

    A smaller value is a wrap when what it gives is possible (`most`), else a restarted counter: then all of `after`.
    """
    if before is None or after is None or not 0 <= before < modulus or not 0 <= after < modulus:
        return None
    if after >= before:
        return after - before
    wrapped = after - before + modulus
    return wrapped if wrapped <= most else after


def error_growth(before: PortReading, after: PortReading, names: Sequence[str] = ERROR_COUNTERS) -> int | None:
    """Damaged frames between two readings of one port, by the counter that grew most; None when none is known.

    ifInErrors holds the CRC errors too, and some agents keep only one of the two: so not their sum.
    """
    if before.if_index != after.if_index:
        return None
    restarted = before.uptime_s is not None and after.uptime_s is not None and after.uptime_s < before.uptime_s
    seconds = max(1.0, (after.at or 0) - (before.at or 0))
    most = seconds * (after.speed_mbps or before.speed_mbps or 1000) * 1e6 / SHORTEST_FRAME_BITS
    grown = [growth(0 if restarted else getattr(before, name), getattr(after, name), most=most) for name in names]
    return max((n for n in grown if n is not None), default=None)


def broadcast_rate(before: PortReading, after: PortReading, *, out: bool = False) -> float | None:
    """Broadcast frames a second that came in (or went `out`) between two readings.

    None when it is not known or the counter restarted.
    """
    first, last = (r.out_broadcasts if out else r.in_broadcasts for r in (before, after))
    if first is None or last is None or before.at is None or after.at is None:
        return None
    if after.at <= before.at or last < first:
        return None
    return (last - first) / (after.at - before.at)


def changed_at(port: PortReading) -> float | None:
    """Unix time of the last change of the port's state, by its ifLastChange; None when unknown or since the start."""
    if not port.last_change_s or port.uptime_s is None or port.at is None or port.last_change_s > port.uptime_s:
        return None
    return port.at - (port.uptime_s - port.last_change_s)


def link_changes(
    readings: Iterable[PortReading], seen: Iterable[float], *, since: float, ours: Iterable[tuple[float, float]] = ()
) -> tuple[float, ...]:
    """Unix times after `since` at which the link changed: by the readings and by what else saw it, once each.

    What falls into one of `ours`, from when to when we did something to the port ourselves, was our own doing.
    """
    result: list[float] = []
    own = [(began - EARLIER_S, ended + SETTLES_S) for began, ended in ours]
    times = [*seen, *(t for port in readings if (t := changed_at(port)) is not None)]
    for moment in sorted(times):
        if any(began <= moment <= ended for began, ended in own):
            continue
        if moment >= since and (not result or moment - result[-1] >= SAME_CHANGE_S):
            result.append(moment)
    return tuple(result)
