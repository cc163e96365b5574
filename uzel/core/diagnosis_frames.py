"""Rules of a verdict about the frames on a port: loop, storm, whose they are, what the switch does with them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from uzel.core.counters import broadcast_rate, growth
from uzel.core.diagnosis_port import age
from uzel.core.evidence import Evidence
from uzel.core.findings import Code, Finding, finding

# More broadcasts a second than any household sends.
STORM_PER_S = 500.0
# Over a longer time than this a storm that has ended would still be counted.
STORM_WITHIN_S = 30.0
# Of the broadcasts that come in of a loop as many go out again; a babbling device hears only the others'.
LOOP_SHARE = 0.5
# A home has a router, perhaps a set-top box, a telephone adapter and a computer past the router.
MACS_PER_SUBSCRIBER = 5
# So many addresses are named as evidence.
NAMED_MACS = 5
# On a link younger than this nobody need have spoken yet.
QUIET_S = 15.0


def loop(e: Evidence) -> Finding | None:
    """Frames go round behind the port: the device itself says so, or as many broadcasts pour in as go out."""
    came, went = _broadcasts(e, out=False), _broadcasts(e, out=True)
    noted = e.looped or _still(e, "loop", came)
    if not noted and ((came or 0) < STORM_PER_S or went is None or went < LOOP_SHARE * (came or 0)):
        return None
    rate = None if came is None else round(came)
    return finding(Code.LOOP, 0.95, said="loop" if noted else None, broadcasts_per_s=rate)


def storm(e: Evidence) -> Finding | None:
    """A device behind the port sends broadcasts without end."""
    came = _broadcasts(e, out=False)
    noted = _still(e, "storm", came)
    if (not noted and (came or 0) < STORM_PER_S) or loop(e):
        return None
    rate = None if came is None else round(came)
    return finding(Code.STORM, 0.95, said="storm" if noted else None, broadcasts_per_s=rate)


def is_quiet(e: Evidence) -> bool | None:
    """Whether few broadcasts come in; None while nobody has counted them."""
    came = _broadcasts(e, out=False)
    return None if came is None else came < STORM_PER_S


def _broadcasts(e: Evidence, *, out: bool) -> float | None:
    """The highest rate of late, a second."""
    if (port := e.port) is None:
        return None
    near = (before for before in e.fresh if (port.at or 0) - (before.at or 0) <= STORM_WITHIN_S)
    rates = (broadcast_rate(before, port, out=out) for before in near)
    return max((rate for rate in rates if rate is not None), default=None)


def _still(e: Evidence, code: str, came: float | None) -> bool:
    """Whether what the log told is still so: no word of its end, and the port does not work as if it had ended.

    A port that a loop has blocked learns nobody, so with somebody heard and no storm counted the loop is gone.
    """
    if not e.noted(code):
        return False
    works = e.port is not None and e.port.oper_up and came is not None and came < STORM_PER_S
    return not (works and (e.fdb is None or bool(e.fdb)))


def macs(e: Evidence) -> Finding | None:
    """Who is heard on the port: nobody, one that is not let through, a crowd, or somebody else's equipment."""
    port = e.port
    if e.fdb is None or e.is_uplink or port is None or not port.oper_up:
        return None
    heard = {entry.mac for entry in e.fdb}
    if blocked := _binding(e, heard):
        return blocked
    if not heard:
        old = age(port)
        too_early = old is not None and old < QUIET_S
        return None if too_early else finding(Code.NO_MAC, 0.9, for_s=old, expected=_recorded(e))
    if len(heard) > MACS_PER_SUBSCRIBER * max(1, e.subscribers_on_port):
        return finding(Code.TOO_MANY_MACS, 0.9, macs=len(heard), subscribers=e.subscribers_on_port)
    if e.expected_macs and not heard & e.expected_macs:
        return finding(Code.FOREIGN_MAC, 0.9, heard=_named(heard), expected=_recorded(e), macs=len(heard))
    return None


def _binding(e: Evidence, heard: set[str]) -> Finding | None:
    """Address binding drops what comes: its own list says so, the log, or frames that come in and teach no MAC."""
    own = e.expected_macs or frozenset()
    own_is_heard = bool(heard & own if own else heard)
    # A table of MACs may list them beside those that are let through: the list of the blocked is stronger.
    own_is_blocked = bool((e.blocked_macs or frozenset()) & (e.router_macs or own))
    if e.blocked_macs and (own_is_blocked or not own_is_heard):
        return _turned_away(e, e.blocked_macs, 0.98)
    if e.noted("binding_blocked") and not own_is_heard:
        return _turned_away(e, e.turned, 0.95, said="binding")
    dropped = 0 if heard else _dropped(e)
    if not dropped or own & (e.bound_macs or frozenset()):
        return None
    # Nobody is bound there, as far as the device tells: what else would it drop.
    sure = 0.95 if e.turned else 0.75 if e.bound_macs is None else 0.85
    return _turned_away(e, e.turned, sure, dropped=dropped)


def _turned_away(e: Evidence, who: frozenset[str], sure: float, **facts: Any) -> Finding:
    """The subscriber's own device, when it is among those that the switch names; else whoever it is."""
    if own := who & (e.router_macs or e.expected_macs or frozenset()):
        found = finding(Code.BINDING_BLOCKED, sure, blocked=_named(own), own=True, **facts)
        return replace(found, tell="own_blocked", do="clear_binding")
    return finding(Code.BINDING_BLOCKED, sure, blocked=_named(who), expected=_recorded(e), **facts)


def _dropped(e: Evidence) -> int:
    """Frames that came in undamaged and were thrown away since a reading of late, while octets came in too.

    A switch learns from every frame that it lets in, so even one tells where nobody is learned.
    """
    port, most = e.port, 0
    for before in e.fresh:
        if port and (port.in_octets or 0) > (before.in_octets or 0):
            most = max(most, growth(before.in_discards, port.in_discards, most=0) or 0)
    return most


def groups(e: Evidence) -> Finding | None:
    """Television over the network, and nobody on the port has joined a channel (RFC 4541 snooping shows none)."""
    if "iptv" not in e.services or e.groups is None or e.groups or not (e.port and e.port.oper_up):
        return None
    return finding(Code.NO_GROUPS, 0.75, groups=0)


def _recorded(e: Evidence) -> str | None:
    """What should be heard: the router; a set-top box or a telephone adapter only where no router is on record."""
    return _named(e.router_macs or e.expected_macs or ())


def _named(macs_: Iterable[str]) -> str | None:
    return " ".join(sorted(macs_)[:NAMED_MACS]) or None
