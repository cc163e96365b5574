"""What is wrong with one subscriber's line, on what evidence: evidence in, ranked findings out.

Only codes and values come out; what to say in which language lives in the desk's templates. A rule speaks only when
it has seen something; silence of all rules is `line_fine` only when everything that a verdict needs was seen, else
`not_enough_evidence` with the names of what is missing.
"""

from collections.abc import Callable
from dataclasses import replace

from uzel.core.answers import Operation
from uzel.core.counters import error_growth
from uzel.core.diagnosis_frames import groups, is_quiet, loop, macs, storm
from uzel.core.diagnosis_port import age, duplex, errors, flapping, port_state, speed
from uzel.core.evidence import STALE_S as STALE_S
from uzel.core.evidence import Evidence as Evidence
from uzel.core.evidence import Note as Note
from uzel.core.evidence import Uplink as Uplink
from uzel.core.findings import ADVICE as ADVICE
from uzel.core.findings import Code as Code
from uzel.core.findings import Fact as Fact
from uzel.core.findings import Finding as Finding
from uzel.core.findings import Severity as Severity
from uzel.core.findings import finding
from uzel.core.readings import OpticalReading, PortReading

# A link younger than this may be one that comes and goes: too early to call the line fine.
SETTLED_S = 15.0
# A device that started less than this ago explains a complaint by itself; until routers have logged on again, at once.
RESTARTED_S, JUST_RESTARTED_S = 600.0, 180.0
# Receivers of house nodes are built for -7…+2 dBm; below this the picture breaks up.
LOW_LIGHT_DBM = -9.0
# 1000BASE-LX10 and BX10 need -19.5 dBm (IEEE 802.3 clause 59); at the floor of a module there is no light to be weak.
LOW_UPLINK_DBM, NO_LIGHT_DBM = -20.0, -39.0
UPLINK_ERRORS = 2
LOW_CHARGE_PERCENT = 20
# Without an answer to these a line that looks well may still be looped, or its client turned away.
CALMING = frozenset({Operation.LOOPS.value, Operation.BLOCKED.value})
# No rule reads it: the device's own news come by trap and syslog.
IDLE = frozenset({Operation.LOG.value, Operation.OPTICS.value})


def diagnose(evidence: Evidence) -> tuple[Finding, ...]:
    """Findings, the one that explains more first; never empty. Independent of the order of anything in `evidence`."""
    found = [said for rule in RULES if (said := rule(evidence))]
    if all(f.severity is Severity.HINT for f in found):
        lacking = missing(evidence)
        found.append(
            finding(Code.NOT_ENOUGH_EVIDENCE, 1.0, missing=" ".join(lacking)) if lacking else _fine(evidence, found)
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
        "other_answers": not evidence.under_way - IDLE,
    }
    if evidence.by_cable:
        port = evidence.port or PortReading(if_index=0)
        needs |= {
            "admin_state": port.admin_up is not None,
            "link": port.oper_up is not None,
            "stable_link": (old := age(port)) is None or old >= SETTLED_S,
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


def _fine(evidence: Evidence, hints: list[Finding]) -> Finding:
    """Nothing was found. Less sure while a doubt stands that only a command line settles, which `unseen` then names."""
    unseen = []
    if "iptv" in evidence.services and evidence.groups is None:
        unseen.append("groups")
    if any(hint.code is Code.TWO_PAIRS for hint in hints):
        unseen.append("cable")
    if evidence.by_cable and is_quiet(evidence) is None:
        unseen.append("broadcasts")
    unseen += sorted(evidence.lost & CALMING)
    if evidence.under_way:
        unseen.append("log")
    facts: dict[str, str | int | float | None] = {"services": " ".join(sorted(evidence.services))}
    if port := evidence.port:
        facts |= {"link_mbps": port.speed_mbps, "macs": len({entry.mac for entry in evidence.fdb or ()})}
    elif receiver := evidence.receiver:
        facts |= {"input_dbm": receiver.input_dbm, "limit_dbm": _limit(receiver), "output_dbuv": receiver.output_dbuv}
    return finding(Code.LINE_FINE, 0.75 if unseen else 0.9, **facts, unseen=" ".join(unseen) or None)


def account(e: Evidence) -> Finding | None:
    """Not served by right: nothing is broken. The rest is still looked at, for the day when it is paid."""
    if e.account_status not in (None, "active"):
        return finding(Code.ACCOUNT_BLOCKED, 1.0, account_status=e.account_status)
    if e.service_active is False:
        return finding(Code.SERVICE_OFF, 1.0, services=" ".join(sorted(e.services)))
    return None


def outage(e: Evidence) -> Finding | None:
    """The failure that explains the trouble is known already, or planned."""
    if not e.outages and not e.planned_works:
        return None
    planned = min(e.planned_works, default=None)
    return finding(Code.KNOWN_OUTAGE, 1.0, outage=min(e.outages or (), default=None), planned_work=planned)


def device(e: Evidence) -> Finding | None:
    """The subscriber's own device gives no answer. An answer is stronger than the engine's reckoning of light."""
    if e.device_answers or (e.device_answers is None and e.device_lit is not False):
        return None
    peers = {"peers": e.peers, "peers_silent": e.peers_silent}
    if e.device_lit is False:
        return finding(Code.DEVICE_DARK, 0.95 if e.device_answers is False else 0.7, **peers)
    # A receiver is asked through a switch and lives by a light of its own: it may work while that switch is silent.
    services = " ".join(sorted(e.services)) or None
    # Alone silent among answering neighbours: perhaps only its management is dead, and the line works.
    is_sure = e.by_cable and e.peers_silent == e.peers
    return finding(Code.DEVICE_SILENT, 0.9 if is_sure else 0.6, services=services, **peers)


def light(e: Evidence) -> Finding | None:
    """Too little light at the optical receiver, by its own limit or by what such receivers need."""
    receiver = e.receiver
    if receiver is None or receiver.input_dbm is None or receiver.input_dbm >= (limit := _limit(receiver)):
        return None
    return finding(
        Code.LOW_LIGHT, 0.95, input_dbm=receiver.input_dbm, limit_dbm=limit, output_dbuv=receiver.output_dbuv
    )


def _limit(receiver: OpticalReading) -> float:
    return LOW_LIGHT_DBM if receiver.input_low_dbm is None else receiver.input_low_dbm


def uplink(e: Evidence) -> Finding | None:
    """The device's own way to the network spoils frames: everybody behind it suffers, the flat has no part in it."""
    for port in e.uplinks:
        now = port.readings[-1] if port.readings else None
        if now is None or now.oper_up is False:
            continue
        grown = max((error_growth(before, now) or 0 for before in port.readings[:-1]), default=0)
        weak = port.rx_dbm is not None and NO_LIGHT_DBM < port.rx_dbm < LOW_UPLINK_DBM
        if grown >= UPLINK_ERRORS or weak:
            seen = {"uplink": now.name or str(now.if_index), "errors": grown or None, "rx_dbm": port.rx_dbm}
            seen["within_s"] = round((now.at or 0) - (port.readings[0].at or 0), 1) if grown else None
            return finding(Code.WEAK_UPLINK, 0.9, **seen, low_rx_dbm=LOW_UPLINK_DBM if weak else None)
    return None


def power(e: Evidence) -> Finding | None:
    """A UPS of the path runs on its battery, or would not last long on it: the line goes dark when it ends."""
    weak = [u for u in e.ups if u.on_battery or u.low or u.replace or (u.charge_percent or 100) < LOW_CHARGE_PERCENT]
    if not weak:
        return None
    return finding(
        Code.BATTERY_LOW,
        0.9,
        ups=" ".join(sorted(u.name for u in weak if u.name)) or None,
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
    found = finding(Code.DEVICE_RESTARTED, 0.8, uptime_s=round(uptime))
    return replace(found, severity=Severity.DEGRADED) if uptime <= JUST_RESTARTED_S else found


def monitoring(e: Evidence) -> Finding | None:
    """The device works and answers at its prompt; only what watches it all the time is deaf."""
    return finding(Code.MONITORING_SILENT, 0.95) if e.snmp_silent else None


RULES: tuple[Callable[[Evidence], Finding | None], ...] = (
    account,
    outage,
    device,
    loop,
    storm,
    port_state,
    flapping,
    duplex,
    speed,
    errors,
    macs,
    groups,
    light,
    uplink,
    power,
    restarted,
    monitoring,
)
