"""Rules of a verdict about the port and its wire: off, no link, comes and goes, wrong speed, damaged frames."""

from dataclasses import replace

from uzel.core.answers import CablePair, CableTest, PairState, is_whole
from uzel.core.counters import ERROR_COUNTERS, error_growth, link_changes
from uzel.core.evidence import STALE_S, Evidence
from uzel.core.findings import Code, Finding, Severity, finding
from uzel.core.readings import PortReading

# Link changes within this time that make a line flap; a single replug of the cable is two.
FLAP_WINDOW_S, FLAP_CHANGES = 600.0, 4
# A contact that was quiet for so many of its own intervals, and for so long, has stopped.
FLAP_QUIET_TIMES, FLAP_QUIET_S = 4, 60.0
# While a device starts, its ports come up one after another: no fault of theirs.
STARTING_S = 20.0
# One error a minute spoils nothing; a hundred a day comes from lightning and lifts.
LONG_ERRORS, LONG_RATE = 10, 1 / 60
# So many were to be expected of the old rate since the last one: the errors have stopped.
STOPPED_ERRORS = 3
# An empty socket, or a cord torn off in it, is measured as an open end so near.
SOCKET_M = 2
_BROKEN = {PairState.OPEN, PairState.OPEN_OR_SHORT}
# Collisions leave fragments, which are errors of receiving too: of damage only the check sums tell then.
_DAMAGED = ("crc",)
_HURT = _BROKEN | {PairState.SHORT, PairState.CROSSTALK, PairState.MISMATCH}


def port_state(e: Evidence) -> Finding | None:
    """Switched off by somebody, held down by the switch, or no carrier: then what the cable test says of the wire."""
    if (port := e.port) is None or port.oper_up is not False:
        return None
    facts = {"port": port.name, "for_s": age(port)}
    if port.admin_up is False:
        return finding(Code.PORT_ADMIN_DOWN, 1.0, **facts)
    if e.noted("error_disabled"):
        return finding(Code.ERROR_DISABLED, 0.9, **facts)
    return cable(e) or finding(Code.NO_LINK, 0.95 if port.admin_up else 0.8, **facts)


def cable(e: Evidence) -> Finding | None:
    """Why there is no link, by a cable test. An open pair is a cut, or the end of a cable that is in no router."""
    test = e.cable
    if test is None:
        return None
    if test.state is PairState.NO_CABLE or _ends_at_once(test):
        facts = {"port": e.port.name, "for_s": age(e.port)} if e.port else {}
        found = finding(Code.NO_LINK, 0.95, cable=PairState.NO_CABLE.value, **facts)
        # Neither the flat nor its router has a part in it.
        return replace(found, tell="no_cable_at_switch", do="send_crew_to_cabinet")
    short, broken = _pairs(e, {PairState.SHORT}), _pairs(e, _BROKEN)
    if short or test.state is PairState.SHORT:
        return finding(Code.CABLE_SHORT, 0.95, **_where(short, test.length_m))
    if broken or test.state in _BROKEN:
        return finding(Code.CABLE_BREAK, 0.95, **_where(broken, test.length_m))
    if is_whole(test):
        lengths = [pair.length_m for pair in test.pairs if pair.length_m]
        return finding(Code.FAR_END_OFF, 0.9, length_m=test.length_m or max(lengths, default=None))
    return None


def _ends_at_once(test: CableTest) -> bool:
    """All pairs end within the socket: nothing is plugged in. D-Link says so by a word, others by such lengths."""
    tested = [pair for pair in test.pairs if pair.state is not PairState.NOT_SUPPORTED]
    return bool(tested) and all(
        pair.state in _BROKEN and pair.length_m is not None and pair.length_m <= SOCKET_M for pair in tested
    )


def _pairs(e: Evidence, states: set[PairState]) -> list[CablePair]:
    return [pair for pair in e.cable.pairs if pair.state in states] if e.cable else []


def _where(pairs: list[CablePair], length_m: int | None) -> dict[str, str | int | None]:
    """Which pairs, and the nearest and the farthest of their metres where these differ."""
    metres = sorted(pair.length_m for pair in pairs if pair.length_m is not None)
    near, far = (metres[0], metres[-1]) if metres else (length_m, length_m)
    numbers = " ".join(str(pair.pair) for pair in pairs) or None
    return {"pairs": numbers, "at_m": near, "to_m": far if far != near else None}


def flapping(e: Evidence) -> Finding | None:
    """The link came and went too often lately; a hint when it has been quiet since for long by its own measure."""
    port = e.port
    if port is None or port.at is None or port.admin_up is False:
        return None
    since = port.at - FLAP_WINDOW_S
    if port.uptime_s is not None:
        since = max(since, port.at - port.uptime_s + STARTING_S)
    changes = link_changes(e.readings, e.changes_at, since=since, ours=e.own_acts)
    if len(changes) < FLAP_CHANGES:
        return None
    quiet, gap = port.at - changes[-1], (changes[-1] - changes[0]) / (len(changes) - 1)
    facts = {"changes": len(changes), "within_s": FLAP_WINDOW_S}
    if quiet > max(FLAP_QUIET_S, FLAP_QUIET_TIMES * gap):
        return finding(Code.FLAPPED_LATELY, 0.8, **facts, quiet_s=round(quiet))
    return finding(Code.FLAPPING, min(0.99, 0.6 + len(changes) / 20), **facts)


def duplex(e: Evidence) -> Finding | None:
    """Half duplex: negotiation failed, or one end is set by hand."""
    if (port := e.port) is None or not port.oper_up or port.full_duplex is not False:
        return None
    return finding(Code.HALF_DUPLEX, 0.95, link_mbps=port.speed_mbps, late_collisions=port.late_collisions)


def speed(e: Evidence) -> Finding | None:
    """Slower than what is sold, below 100 Mbit/s on a port that can do it, or on two pairs of four."""
    if (port := e.port) is None or not port.oper_up or not port.speed_mbps:
        return None
    wanted = max(100, e.service_mbps or 0)
    wanted = min(wanted, e.port_mbps) if e.port_mbps else wanted
    slow = port.speed_mbps < wanted
    if two := _two_pairs(e, port, wanted if slow else None):
        return two
    if not slow:
        return None
    return finding(Code.WRONG_SPEED, 0.95, link_mbps=port.speed_mbps, wanted_mbps=wanted, port_mbps=e.port_mbps)


def _two_pairs(e: Evidence, port: PortReading, wanted: int | None) -> Finding | None:
    """100 Mbit/s needs two pairs, gigabit four (IEEE 802.3 clauses 25 and 40); a router may also know no more than 100.

    So the cable test tells, or the speed that the port once had, or what is sold; else it is only worth saying.
    """
    if port.speed_mbps != 100 or (e.port_mbps or 0) < 1000:
        return None
    hurt = _pairs(e, _HURT)
    facts = {"link_mbps": 100, "wanted_mbps": wanted, "port_mbps": e.port_mbps}
    if hurt:
        return finding(Code.TWO_PAIRS, 0.98, **facts, **_where(hurt, None))
    if e.cable and is_whole(e.cable):
        return None
    was = max((r.speed_mbps or 0 for r in e.readings[:-1]), default=0)
    if was >= 1000:
        return finding(Code.TWO_PAIRS, 0.9, **facts, was_mbps=was)
    found = finding(Code.TWO_PAIRS, 0.75 if wanted else 0.5, **facts)
    return found if wanted else replace(found, severity=Severity.HINT)


def errors(e: Evidence) -> Finding | None:
    """Damaged frames between two readings. The latest interval speaks at once, an old one only by its rate."""
    port, best = e.port, None
    calm_s = _calm(e)
    # Late collisions come of half duplex by itself, which is said already; damaged frames are news beside it.
    half = port is not None and port.full_duplex is False
    for before in e.readings[:-1]:
        grown = error_growth(before, port, _DAMAGED if half else ERROR_COUNTERS) if port else None
        if not grown or not port or port.at is None or before.at is None or port.at <= before.at:
            continue
        seconds = port.at - before.at
        if grown / seconds * calm_s >= STOPPED_ERRORS:
            continue
        if seconds <= STALE_S or (grown >= LONG_ERRORS and grown / seconds >= LONG_RATE):
            confidence = 0.95 if grown >= 3 else 0.7
            found = finding(
                Code.ERRORS_GROWING, confidence, errors=grown, within_s=round(seconds, 1), crc=port.crc or None
            )
            best = found if best is None or found.confidence > best.confidence else best
    return best


def _calm(e: Evidence) -> float:
    """Seconds until now in which no frame was damaged, as far as the readings tell."""
    port, calm = e.port, 0.0
    for before in e.readings[:-1]:
        if port and port.at is not None and before.at is not None and error_growth(before, port) == 0:
            calm = max(calm, port.at - before.at)
    return calm


def age(port: PortReading) -> int | None:
    """Seconds for which the port has been in its state; None where sysUpTime has wrapped since."""
    if port.uptime_s is None or port.last_change_s is None or port.last_change_s > port.uptime_s:
        return None
    return round(port.uptime_s - port.last_change_s)
