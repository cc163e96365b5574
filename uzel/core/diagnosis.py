"""What is wrong with one subscriber's line, on what evidence: evidence in, ranked findings out.

Only codes and values come out; what to say in which language lives in the desk's templates. A rule speaks only when
it has seen something; silence of all rules is `line_fine` only when everything that a verdict needs was seen, else
`not_enough_evidence` with the names of what is missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from uzel.core.counters import broadcast_rate, error_growth, link_changes
from uzel.core.findings import ADVICE as ADVICE
from uzel.core.findings import Code as Code
from uzel.core.findings import Fact as Fact
from uzel.core.findings import Finding as Finding
from uzel.core.findings import Severity as Severity
from uzel.core.readings import FdbEntry, OpticalReading, PortReading, UpsReading

# A reading older than this says how the line was, not how it is.
STALE_S = 120.0
# Link changes within this time that make a line flap; a single replug of the cable is two.
FLAP_WINDOW_S, FLAP_CHANGES = 600.0, 4
# A link younger than this may be one that comes and goes: too early to call the line fine.
SETTLED_S = 15.0
# More broadcasts a second than any household sends: its frames go round in circles.
STORM_PER_S = 500
# One error a minute spoils nothing; a hundred a day comes from lightning and lifts.
LONG_ERRORS, LONG_RATE = 10, 1 / 60
# A home has a router, perhaps a set-top box, a telephone adapter and a computer past the router.
MACS_PER_SUBSCRIBER = 5
# A device that started less than this ago explains a complaint by itself.
RESTARTED_S = 600.0
# Receivers of house nodes are built for -7…+2 dBm; below this the picture breaks up.
LOW_LIGHT_DBM = -9.0
LOW_CHARGE_PERCENT = 20
SILENT_CODES = frozenset({"timeout", "unreachable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of one line. None means not known, which is not the same as empty or False.

    `readings` are of one port, oldest first: the last one is now, the others show growth. `changes_at` are unix times
    at which the port's link was seen to change, `port_notes` what the device's log says of the port: loop, storm;
    the prober knows both from traps and syslog. `ups` are those that keep the path alive, `peers` other devices asked
    lately beside this one.
    """

    account_status: str | None = None
    services: frozenset[str] = frozenset({"internet"})
    service_active: bool | None = None
    service_mbps: int | None = None
    expected_macs: frozenset[str] | None = None
    outages: frozenset[int] | None = None
    planned_works: frozenset[int] = frozenset()
    device_lit: bool | None = None
    device_answers: bool | None = None
    peers: int = 0
    peers_silent: int = 0
    is_uplink: bool = False
    subscribers_on_port: int = 1
    port_mbps: int | None = None
    readings: tuple[PortReading, ...] = ()
    fdb: frozenset[FdbEntry] | None = None
    changes_at: frozenset[float] = frozenset()
    port_notes: frozenset[str] = frozenset()
    receiver: OpticalReading | None = None
    ups: tuple[UpsReading, ...] = ()
    age_s: float = 0.0

    @classmethod
    def from_probe(cls, result: Mapping[str, Any] | None, *, error: str = "", **facts: Any) -> Self:
        """Evidence from what the prober stored (`Probe.result`, `Probe.error`) and `facts` by the names above.

        The shape of `result` is told by `pollers.prober`. A probe that has not run gives result None and error "".
        """
        if error in SILENT_CODES:
            facts["device_answers"] = False
        if not result:
            return cls(**facts)
        rows = [*result.get("previous", ()), *result.get("ports", ())]
        fdb, receiver = result.get("fdb"), result.get("receiver")
        seen: dict[str, Any] = {
            "device_answers": True,
            "readings": tuple(PortReading(**row) for row in rows),
            "fdb": None if fdb is None else frozenset(FdbEntry(**entry) for entry in fdb),
            "receiver": receiver and OpticalReading(**receiver | {n: tuple(receiver[n]) for n in _TUPLES}),
        }
        for name in ("changes_at", "port_notes"):
            seen[name] = frozenset(facts.pop(name, ())) | frozenset(result.get(name, ()))
        return cls(**seen, **facts)

    @property
    def port(self) -> PortReading | None:
        """The port as it is now."""
        return self.readings[-1] if self.readings else None

    @property
    def by_cable(self) -> bool:
        """The line hangs on a switch's port (not on a receiver of cable TV alone)."""
        return bool(self.services - {"catv", "dtv"})


_TUPLES = ("inputs_dbm", "supply_v")


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """Findings, the one that explains more first; never empty. Independent of the order of anything in `evidence`."""
    found = [finding for rule in RULES if (finding := rule(evidence))]
    if all(f.severity is Severity.HINT for f in found):
        lacking = missing(evidence)
        found.append(
            _finding(Code.NOT_ENOUGH_EVIDENCE, 1.0, missing=" ".join(lacking))
            if lacking
            else _finding(Code.LINE_FINE, 0.9, services=" ".join(sorted(evidence.services)))
        )
    rank = list(Code)
    found.sort(key=lambda f: (f.severity is Severity.HINT, rank.index(f.code)))
    return tuple(found)


def missing(evidence: Evidence) -> tuple[str, ...]:
    """Names of what a verdict "line fine" would still need; empty when all of it was seen."""
    needs = {
        "account": evidence.account_status is not None,
        "service": evidence.service_active is not None,
        "outages": evidence.outages is not None,
        "device": evidence.device_answers is not None,
        "fresh_reading": evidence.age_s <= STALE_S,
    }
    if evidence.by_cable:
        port = evidence.port or PortReading(if_index=0)
        needs |= {
            "admin_state": port.admin_up is not None,
            "link": port.oper_up is not None,
            "stable_link": (age := _age(port)) is None or age >= SETTLED_S,
            "speed": bool(port.speed_mbps),
            # Half duplex does not exist from 1 Gbit/s up (IEEE 802.3, no switch implements it).
            "duplex": port.full_duplex is not None or (port.speed_mbps or 0) >= 1000,
            "error_counters": any(error_growth(a, port) is not None for a in evidence.readings[:-1]),
            "mac_table": evidence.fdb is not None,
            "expected_macs": evidence.expected_macs is not None,
        }
    else:
        needs["input_light"] = evidence.receiver is not None and evidence.receiver.input_dbm is not None
    return tuple(name for name, seen in needs.items() if not seen)


def _finding(code: Code, confidence: float, **facts: str | int | float | bool | None) -> Finding:
    severity, tell, do, guide = ADVICE[code]
    evidence = tuple(Fact(name, value) for name, value in facts.items() if value is not None)
    return Finding(code, severity, evidence, tell, do, guide, confidence)


def account(e: Evidence) -> Finding | None:
    """Not served by right: nothing is broken. The rest is still looked at, for the day when it is paid."""
    if e.account_status not in (None, "active"):
        return _finding(Code.ACCOUNT_BLOCKED, 1.0, account_status=e.account_status)
    if e.service_active is False:
        return _finding(Code.SERVICE_OFF, 1.0, services=" ".join(sorted(e.services)))
    return None


def outage(e: Evidence) -> Finding | None:
    """The failure that explains the trouble is known already, or planned."""
    if not e.outages and not e.planned_works:
        return None
    planned = min(e.planned_works, default=None)
    return _finding(Code.KNOWN_OUTAGE, 1.0, outage=min(e.outages or (), default=None), planned_work=planned)


def device(e: Evidence) -> Finding | None:
    """The subscriber's own device gives no answer. An answer is stronger than the engine's reckoning of light."""
    if e.device_answers or (e.device_answers is None and e.device_lit is not False):
        return None
    peers = {"peers": e.peers, "peers_silent": e.peers_silent}
    if e.device_lit is False:
        return _finding(Code.DEVICE_DARK, 0.95 if e.device_answers is False else 0.7, **peers)
    # Alone silent among answering neighbours: perhaps only its management is dead, and the line works.
    return _finding(Code.DEVICE_SILENT, 0.9 if e.peers_silent == e.peers else 0.6, **peers)


def loop(e: Evidence) -> Finding | None:
    """Frames go round behind the port: the device's log says so, or broadcasts pour in."""
    notes = e.port_notes & {"loop", "storm"}
    rates = (broadcast_rate(before, e.port) for before in e.readings[:-1] if e.port and not _is_old(before, e.port))
    storm = max((rate for rate in rates if rate is not None), default=0.0)
    if storm < STORM_PER_S and not notes:
        return None
    said = " ".join(sorted(notes)) or None
    return _finding(Code.LOOP, 0.95, said=said, broadcasts_per_s=round(storm))


def port_state(e: Evidence) -> Finding | None:
    """Switched off by somebody, or no carrier."""
    if (port := e.port) is None or port.oper_up is not False:
        return None
    facts = {"port": port.name, "for_s": _age(port)}
    if port.admin_up is False:
        return _finding(Code.PORT_ADMIN_DOWN, 1.0, **facts)
    return _finding(Code.NO_LINK, 0.95 if port.admin_up else 0.8, **facts)


def flapping(e: Evidence) -> Finding | None:
    """The link came and went too often lately."""
    if (port := e.port) is None or port.at is None or port.admin_up is False:
        return None
    changes = link_changes(e.readings, e.changes_at, since=port.at - FLAP_WINDOW_S)
    if len(changes) < FLAP_CHANGES:
        return None
    return _finding(Code.FLAPPING, min(0.99, 0.6 + len(changes) / 20), changes=len(changes), within_s=FLAP_WINDOW_S)


def duplex(e: Evidence) -> Finding | None:
    """Half duplex: negotiation failed, or one end is set by hand."""
    if (port := e.port) is None or not port.oper_up or port.full_duplex is not False:
        return None
    return _finding(Code.HALF_DUPLEX, 0.95, link_mbps=port.speed_mbps, late_collisions=port.late_collisions)


def speed(e: Evidence) -> Finding | None:
    """Slower than what is sold, or below 100 Mbit/s on a port that can do it: a pair of the cable is bad."""
    if (port := e.port) is None or not port.oper_up or not port.speed_mbps:
        return None
    wanted = max(100, e.service_mbps or 0)
    wanted = min(wanted, e.port_mbps) if e.port_mbps else wanted
    if port.speed_mbps >= wanted:
        return None
    return _finding(Code.WRONG_SPEED, 0.95, link_mbps=port.speed_mbps, wanted_mbps=wanted, port_mbps=e.port_mbps)


def errors(e: Evidence) -> Finding | None:
    """Damaged frames between two readings. The latest interval speaks at once, an old one only by its rate."""
    port, best = e.port, None
    for before in e.readings[:-1]:
        grown = error_growth(before, port) if port else None
        if not grown or not port or port.at is None or before.at is None or port.at <= before.at:
            continue
        seconds = port.at - before.at
        if not _is_old(before, port) or (grown >= LONG_ERRORS and grown / seconds >= LONG_RATE):
            confidence = 0.95 if grown >= 3 else 0.7
            finding = _finding(Code.ERRORS_GROWING, confidence, errors=grown, within_s=round(seconds, 1), crc=port.crc)
            best = finding if best is None or finding.confidence > best.confidence else best
    return best


def macs(e: Evidence) -> Finding | None:
    """Who is heard on the port: nobody, a crowd, or somebody else's equipment."""
    port = e.port
    if e.fdb is None or e.is_uplink or port is None or not port.oper_up:
        return None
    heard = {entry.mac for entry in e.fdb}
    if not heard:
        return _finding(Code.NO_MAC, 0.9, for_s=_age(port), expected=_first(e.expected_macs))
    if len(heard) > MACS_PER_SUBSCRIBER * max(1, e.subscribers_on_port):
        return _finding(Code.TOO_MANY_MACS, 0.9, macs=len(heard), subscribers=e.subscribers_on_port)
    if e.expected_macs and not heard & e.expected_macs:
        return _finding(Code.FOREIGN_MAC, 0.9, heard=_first(heard), expected=_first(e.expected_macs), macs=len(heard))
    return None


def light(e: Evidence) -> Finding | None:
    """Too little light at the optical receiver, by its own limit or by what such receivers need."""
    receiver = e.receiver
    if receiver is None or receiver.input_dbm is None:
        return None
    limit = LOW_LIGHT_DBM if receiver.input_low_dbm is None else receiver.input_low_dbm
    if receiver.input_dbm >= limit:
        return None
    return _finding(Code.LOW_LIGHT, 0.95, input_dbm=receiver.input_dbm, limit_dbm=limit)


def power(e: Evidence) -> Finding | None:
    """A UPS of the path runs on its battery, or would not last long on it: the line goes dark when it ends."""
    weak = [u for u in e.ups if u.on_battery or u.low or u.replace or (u.charge_percent or 100) < LOW_CHARGE_PERCENT]
    if not weak:
        return None
    return _finding(
        Code.BATTERY_LOW,
        0.9,
        on_battery=any(u.on_battery for u in weak),
        runtime_min=min((u.runtime_min for u in weak if u.runtime_min is not None), default=None),
        charge_percent=min((u.charge_percent for u in weak if u.charge_percent is not None), default=None),
        replace=any(u.replace for u in weak) or None,
    )


def restarted(e: Evidence) -> Finding | None:
    """The device started a moment ago: sessions of the subscribers broke."""
    uptime = e.port.uptime_s if e.port else None
    if uptime is None or uptime > RESTARTED_S:
        return None
    return _finding(Code.DEVICE_RESTARTED, 0.8, uptime_s=round(uptime))


RULES: tuple[Callable[[Evidence], Finding | None], ...] = (
    account,
    outage,
    device,
    loop,
    port_state,
    flapping,
    duplex,
    speed,
    errors,
    macs,
    light,
    power,
    restarted,
)


def _is_old(before: PortReading, port: PortReading) -> bool:
    return before.at is None or port.at is None or port.at - before.at > STALE_S


def _age(port: PortReading) -> int | None:
    """Seconds for which the port has been in its state; None where sysUpTime has wrapped since."""
    if port.uptime_s is None or port.last_change_s is None or port.last_change_s > port.uptime_s:
        return None
    return round(port.uptime_s - port.last_change_s)


def _first(macs_: frozenset[str] | set[str] | None) -> str | None:
    return min(macs_, default=None) if macs_ else None
