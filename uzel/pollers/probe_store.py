"""Probes as rows: claimed by compare-and-set, answered once, given back when their prober died. Synchronous.

A row that is running may have a result so far; it goes when the row is given back.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from uzel.core.changes import MOVES_LINK
from uzel.drivers import syslog
from uzel.drivers.ask import AskError, Facts
from uzel.drivers.session_secrets import SecretsError
from uzel.journal.operations import emit
from uzel.network.models import Device, DeviceKind, Port, Probe
from uzel.pollers import device_facts
from uzel.pollers.probe_question import Question
from uzel.subscribers.models import Service

# Nobody waits for an answer longer than this: an older question is not asked any more.
EXPIRES_S = 60
# No probe runs longer than this; a row that does belongs to a prober that died.
RUNS_AT_MOST_S = 20
# Rows of dead probers are looked for among the newest ones: the table keeps all probes for good.
RECENT_ROWS = 5000
# Earlier readings of the port that go along, newest first; and how old they may be.
EARLIER, EARLIER_S = 4, 86_400
# Traps and syslog lines of the device that are looked through for changes of the port, and how old they may be.
HINTS, HINTS_S = 1000, 600.0
LINK_HINTS = frozenset({"link_up", "link_down"})
NOTES = frozenset({"loop", "loop_gone", "storm", "storm_gone", "binding_blocked", "error_disabled", "link_up"})

EXPIRE = """
UPDATE network_probe SET state = 'failed', error = 'expired', result = NULL, ended_at = now()
WHERE id > (SELECT coalesce(max(id), 0) FROM network_probe) - %(recent)s
  AND asked_at < now() - make_interval(secs => %(expires)s)
  AND (state = 'waiting' OR (state = 'running' AND started_at < now() - make_interval(secs => %(runs)s)))
RETURNING id, subject
"""
GIVE_BACK = """
UPDATE network_probe SET state = 'waiting', result = NULL, started_at = NULL
WHERE id > (SELECT coalesce(max(id), 0) FROM network_probe) - %(recent)s
  AND state = 'running' AND started_at < now() - make_interval(secs => %(runs)s)
"""
CLAIM = """
UPDATE network_probe SET state = 'running', started_at = clock_timestamp()
WHERE id IN (
  SELECT id FROM network_probe WHERE state = 'waiting' AND asked_at >= now() - make_interval(secs => %s)
  ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
RETURNING id
"""
EARLIER_RESULTS = """
SELECT wanted.id, earlier.reading FROM network_probe wanted CROSS JOIN LATERAL (
  SELECT result #> '{ports,-1}' AS reading FROM network_probe p
  WHERE p.device_id = wanted.device_id AND p.port_id = wanted.port_id AND p.state = 'done'
    AND p.asked_at > now() - make_interval(secs => %(age)s) AND p.id < wanted.id
    AND p.result -> 'silent' IS NULL
  ORDER BY p.asked_at DESC LIMIT %(most)s
) earlier WHERE wanted.id = ANY(%(ids)s) AND earlier.reading IS NOT NULL
"""
# A link to a place of a higher level goes up; within one site the device that is nearer was drawn first.
UPLINKS = """
WITH ends AS (
  SELECT a_device_id AS device, a_port_id AS port, b_device_id AS far FROM network_link
  UNION ALL SELECT b_device_id, b_port_id, a_device_id FROM network_link
)
SELECT ends.device, port.if_index, port.name
FROM ends JOIN network_port port ON port.id = ends.port
  JOIN network_device own ON own.id = ends.device JOIN network_site own_site ON own_site.id = own.site_id
  JOIN network_device far ON far.id = ends.far JOIN network_site far_site ON far_site.id = far.site_id
WHERE ends.device = ANY(%s) AND port.if_index IS NOT NULL
  AND (far_site.level < own_site.level OR (far_site.id = own_site.id AND far.id < own.id))
"""
UPLINKS_AT_MOST = 4
# A trap names the port by ifIndex; a syslog line by its name, which is compared afterwards.
HEARD = """
SELECT wanted.id, extract(epoch FROM hint.at),
  hint.parsed ->> 'kind', hint.parsed ->> 'if_index', hint.parsed ->> 'port', hint.parsed ->> 'text'
FROM network_probe wanted JOIN network_port port ON port.id = wanted.port_id CROSS JOIN LATERAL (
  SELECT at, parsed FROM outages_hint WHERE device_id = wanted.device_id ORDER BY id DESC LIMIT %(most)s
) hint
WHERE wanted.id = ANY(%(ids)s) AND hint.at > now() - make_interval(secs => %(age)s)
  AND hint.parsed ->> 'kind' = ANY(%(kinds)s)
  AND coalesce(hint.parsed ->> 'if_index', port.if_index::text) = port.if_index::text
"""
# What we did to the port ourselves within that time: changes whose lines went out, and tests of its cable on demand.
OWN_ACTS = """
SELECT wanted.id, extract(epoch FROM act.began), extract(epoch FROM coalesce(act.ended, now()))
FROM network_probe wanted CROSS JOIN LATERAL (
  SELECT started_at AS began, ended_at AS ended FROM network_change
  WHERE port_id = wanted.port_id AND kind = ANY(%(kinds)s)
  UNION ALL
  SELECT started_at, ended_at FROM network_probe
  WHERE device_id = wanted.device_id AND port_id = wanted.port_id AND operation = 'cable'
    AND asked_at > now() - make_interval(secs => 2 * %(age)s)
) act
WHERE wanted.id = ANY(%(ids)s) AND act.began IS NOT NULL
  AND coalesce(act.ended, now()) > now() - make_interval(secs => %(age)s)
ORDER BY act.began
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """When the port's link changed, and what the device said of the port, by its traps and syslog of late."""

    changes_at: tuple[float, ...] = ()
    notes: tuple[dict[str, Any], ...] = ()


def tidy() -> None:
    """Fail what nobody waits for any more; give back what a dead prober left running."""
    limits = {"expires": EXPIRES_S, "runs": RUNS_AT_MOST_S, "recent": RECENT_ROWS}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EXPIRE, limits)
        for probe, subject in cursor.fetchall():
            emit("probe.done", {"id": probe, "subject": subject})
        cursor.execute(GIVE_BACK, limits)


def claim(most: int) -> list[Question]:
    """Take up to `most` waiting probes, oldest first; two probers never take the same one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [EXPIRES_S, most])
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    probes = list(Probe.objects.filter(pk__in=ids).select_related("device__access_group", "port").order_by("pk"))
    services, earlier, uplinks = _services(probes), _earlier(ids), _uplinks({probe.device_id for probe in probes})
    heard, quiet, acts = _heard(probes), Heard(), _own_acts(ids)
    return [
        _question(
            probe,
            heard.get(probe.pk, quiet),
            services.get(probe.port_id or 0, ()),
            previous=earlier.get(probe.pk, ()),
            own_acts=tuple(acts.get(probe.pk, ())),
            uplinks=tuple(uplinks.get(probe.device_id, {})),
            uplink_names=tuple(uplinks.get(probe.device_id, {}).values()),
        )
        for probe in probes
    ]


def _question(probe: Probe, heard: Heard, services: Sequence[Service], **more: Any) -> Question:
    device, group, port = probe.device, probe.device.access_group, probe.port
    access, access_error = _access(device, port)
    return Question(
        id=probe.pk,
        started_at=probe.started_at,
        operation=probe.operation,
        subject=probe.subject,
        device=device.pk,
        kind=device.kind,
        vendor=device.vendor.lower(),
        address=device.address or "",
        snmp_port=group.snmp_port if group else 161,
        community=group.snmp_community if group else "public",
        nut_port=group.nut_port if group else None,
        code=device.code,
        port=port.name if port else None,
        if_index=port.if_index if port else None,
        is_uplink=bool(port and port.is_uplink),
        vlans=tuple(sorted({service.vlan for service in services if service.vlan is not None})),
        macs=frozenset(service.mac for service in services if service.mac),
        kinds=frozenset(service.kind for service in services if service.is_active),
        changes_at=heard.changes_at,
        notes=heard.notes,
        access=access,
        access_error=access_error,
        **more,
    )


def _access(device: Device, port: Port | None) -> tuple[Facts | None, str]:
    """How the command line is reached, with the one port that is asked about, or the code of why that is not known."""
    if device.kind != DeviceKind.SWITCH:
        return None, "no_driver"
    try:
        facts = device_facts.facts(device, ports=False)
        _ = facts.page
    except (SecretsError, AskError) as error:
        return None, error.code
    except ValueError:
        return None, "no_address"
    return replace(facts, ports={port.name: port.if_index} if port else {}), ""


def _services(probes: Iterable[Probe]) -> dict[int, list[Service]]:
    """By port: what it carries."""
    found: dict[int, list[Service]] = defaultdict(list)
    for service in Service.objects.filter(port__in={probe.port_id for probe in probes if probe.port_id}):
        found[service.port_id or 0].append(service)
    return found


def _uplinks(devices: set[int]) -> dict[int, dict[int, str]]:
    """By device: its ports from which a link goes towards the centre, or along a ring or chain there: ifIndex, name."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(UPLINKS, [list(devices)])
        for device, if_index, name in cursor.fetchall():
            found[device][if_index] = name
    return {device: dict(sorted(names.items())[:UPLINKS_AT_MOST]) for device, names in found.items()}


def _earlier(ids: list[int]) -> dict[int, tuple[dict[str, Any], ...]]:
    """The last readings of earlier probes of the same port, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(EARLIER_RESULTS, {"ids": ids, "age": EARLIER_S, "most": EARLIER})
        rows = cursor.fetchall()
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for probe, reading in rows:
        found[probe].append(json.loads(reading))
    return {probe: tuple(sorted(readings, key=lambda r: r.get("at") or 0)) for probe, readings in found.items()}


def _own_acts(ids: list[int]) -> dict[int, list[tuple[float, float]]]:
    """By probe: from when to when its port was changed, or its cable tested, by us."""
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(OWN_ACTS, {"ids": ids, "kinds": list(MOVES_LINK), "age": HINTS_S})
        for probe, began, ended in cursor.fetchall():
            found[probe].append((float(began), float(ended)))
    return found


def _heard(probes: Iterable[Probe]) -> dict[int, Heard]:
    """By probe."""
    ports = {probe.pk: probe.port for probe in probes if probe.port}
    limits: dict[str, Any] = {"ids": list(ports), "kinds": list(LINK_HINTS | NOTES), "most": HINTS, "age": HINTS_S}
    changes: dict[int, set[float]] = defaultdict(set)
    notes: dict[int, set[tuple[float, str, str]]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(HEARD, limits)
        for probe, at, kind, if_index, name, text in cursor.fetchall():
            if if_index is None and not _is_named(name, ports[probe]):
                continue
            if kind in LINK_HINTS:
                changes[probe].add(float(at))
            if kind in NOTES:
                mac = syslog.mac_of(text or "") if kind == "binding_blocked" else None
                notes[probe].add((float(at), kind, mac or ""))
    return {
        probe: Heard(
            tuple(sorted(changes[probe])),
            tuple({"code": kind, "at": at} | ({"mac": mac} if mac else {}) for at, kind, mac in sorted(notes[probe])),
        )
        for probe in ports
    }


def _is_named(said: str | None, port: Port) -> bool:
    """A syslog line names the port as the command line does: D-Link's stacks as unit:port, Cisco without the type."""
    said, name = (said or "").replace(":", "/").lower(), port.name.replace(":", "/").lower()
    return bool(said) and (said == name or name.endswith("/" + said) or said.endswith("/" + name))


def tell(question: Question, *, result: dict[str, Any]) -> bool:
    """Write what is known so far, unless the row was given to another or has ended; True when it was written."""
    with transaction.atomic():
        written = _mine(question).update(result=result)
        if written:
            emit("probe.told", {"id": question.id, "subject": question.subject})
    return bool(written)


def finish(question: Question, *, result: dict[str, Any] | None, error: str = "") -> bool:
    """Write the answer and its news, unless the row was given to another meanwhile; True when it was written."""
    state = Probe.State.FAILED if error else Probe.State.DONE
    with transaction.atomic():
        written = _mine(question).update(state=state, result=result, error=error[:60], ended_at=timezone.now())
        if written:
            emit("probe.done", {"id": question.id, "subject": question.subject})
    return bool(written)


def release(questions: Iterable[Question]) -> None:
    """Give claimed probes back unanswered, at the end of the process."""
    for question in questions:
        _mine(question).update(state=Probe.State.WAITING, result=None, started_at=None)


def _mine(question: Question) -> QuerySet[Probe]:
    """The row as it was claimed; none when it is somebody else's by now."""
    return Probe.objects.filter(pk=question.id, state=Probe.State.RUNNING, started_at=question.started_at)
