"""Changes as rows: claimed by compare-and-set, never given back, marked honestly when a runner died. Synchronous."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from uzel.core.changes import Kind, Seen, refusals
from uzel.drivers.ask import Facts
from uzel.drivers.change import Entry, Outcome
from uzel.drivers.change_plan import Plan
from uzel.drivers.session_secrets import SecretsError
from uzel.journal.operations import audit, emit
from uzel.network import backups
from uzel.network.changes import PREVIEW_LASTS, port_facts
from uzel.network.models import Change, ConfigReason
from uzel.pollers import device_facts

# A preview that is not made, and a confirmed change that is not begun by then, is not wanted any more: nobody expects
# a port to go off minutes after they said so.
EXPIRES_S = 60
# A runner gives a sign of life every two seconds; after so long without one it is dead.
DEAD_S = 8
# After these the configuration is another one, or is kept: it is read anew.
IN_CONFIGURATION = frozenset({Kind.PORT_OFF, Kind.PORT_ON, Kind.DESCRIPTION, Kind.SAVE})
# What would leave a subscriber without a line when nobody ends it: it is taken back by whoever looks at the port.
LEAVES_OFF = frozenset({Kind.PORT_OFF, Kind.PORT_RESTART})
# How long after its end the port of an unknown change is still looked at.
LOOK_BACK_S = 600
KEPT_CHARS = 20_000
_NOT_STORED = re.compile("[\0\ud800-\udfff]")

State = Change.State
PREVIEWS = """
UPDATE network_change SET alive_at = clock_timestamp() WHERE id IN (
  SELECT id FROM network_change WHERE state = 'asked' AND asked_at >= now() - make_interval(secs => %(expires)s)
    AND (alive_at IS NULL OR alive_at < now() - make_interval(secs => %(dead)s))
    AND (%(only)s::bigint IS NULL OR id = %(only)s) ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""
# The oldest one of each device that is free; a device has one at a time, the index `change_one_at_a_time` sees to that.
CONFIRMED = """
UPDATE network_change SET state = 'running', started_at = clock_timestamp(), alive_at = clock_timestamp() WHERE id IN (
  SELECT id FROM network_change c WHERE state = 'waiting' AND confirmed_at >= now() - make_interval(secs => %(expires)s)
    AND (%(only)s::bigint IS NULL OR id = %(only)s)
    AND NOT EXISTS (SELECT FROM network_change o WHERE o.device_id = c.device_id
                    AND (o.state = 'running' OR (o.state = 'waiting' AND o.id < c.id)))
  ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""
UNKNOWN = """
UPDATE network_change SET after = after || '{"looking": true}' WHERE id IN (
  SELECT id FROM network_change WHERE state = 'unknown' AND NOT after ? 'looking'
    AND ended_at >= now() - make_interval(secs => %(back)s) AND %(only)s::bigint IS NULL
  ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
) RETURNING id
"""
# What is done with a claimed row, and how it is claimed.
PHASES = {"prepare": PREVIEWS, "run": CONFIRMED, "look": UNKNOWN}


@dataclass(slots=True)
class Job:
    """A claimed change. `phase` is of PHASES, or back; `facts` None: `error` says why the device cannot be asked.

    `kept` is the transcript of a runner before this one, and `why` its end is not known; `tried_back`: one before has
    begun to take it back.
    """

    id: int
    phase: str
    kind: Kind
    port: str | None
    value: str
    commands: list[str]
    undo: list[str]
    started_at: Any
    facts: Facts | None = field(repr=False, default=None)
    error: str = ""
    entries: list[Entry] = field(repr=False, default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    kept: list[dict[str, Any]] = field(repr=False, default_factory=list)
    why: str = ""
    tried_back: bool = False


def claim(most: int, *, only: int | None = None) -> Sequence[Job]:
    """Take up to `most` rows to work on, or the one named."""
    values = {"expires": EXPIRES_S, "dead": DEAD_S, "back": LOOK_BACK_S, "only": only}
    jobs: list[Job] = []
    for phase, sql in PHASES.items():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql, values | {"most": most - len(jobs)})
                ids = [row[0] for row in cursor.fetchall()]
        except IntegrityError:
            continue  # another runner took another change of the same device in the same moment
        rows = Change.objects.filter(pk__in=ids).select_related("device__access_group", "port").order_by("pk")
        jobs += [_job(row, phase) for row in rows]
        if phase == "run":
            for row in rows:
                _tell(row)
    return jobs


def _job(row: Change, phase: str) -> Job:
    port = row.port.name if row.port else None
    job = Job(row.pk, phase, Kind(row.kind), port, row.value, row.commands, row.undo, row.started_at)
    job.before, job.kept, job.why = row.before, row.transcript, row.error
    job.tried_back = "taking_back" in row.after
    try:
        job.facts = device_facts.facts(row.device)
    except SecretsError as error:
        job.error = error.code
    except ValueError:
        job.error = "no_address"
    return job


def no_longer(job: Job) -> str:
    """Why it may not be made any more, as things are now: who confirmed it, what hangs on the port. Empty: it may."""
    row = Change.objects.select_related("port", "confirmed_by").get(pk=job.id)
    user = row.confirmed_by
    if user is None or not user.is_active:
        return "now_role"
    found = refusals(job.kind, port_facts(row.port) if row.port else None, user.role)
    return f"now_{found[0].code}" if found else ""


def prepared(job: Job, plan: Plan) -> None:
    """Show the lines."""
    row = {
        "state": State.READY,
        "commands": list(plan.commands),
        "undo": list(plan.undoing),
        "before": _storable(asdict(plan.before)),
        "mark": plan.way.mark,
    }
    _write(Change.objects.filter(pk=job.id, state=State.ASKED), job, row)


def not_prepared(job: Job, code: str) -> None:
    """Say why there is no preview."""
    row = {"state": State.FAILED, "error": code[:60], "ended_at": timezone.now()}
    _write(Change.objects.filter(pk=job.id, state=State.ASKED), job, row)


def keep(job: Job) -> None:
    """Write the transcript as far as it goes."""
    _mine(job).update(transcript=_transcript(job), alive_at=timezone.now())


def _mine(job: Job) -> QuerySet[Change]:
    """The row, unless another runner has begun to take the change back meanwhile: from then on it is that one's."""
    row = Change.objects.filter(pk=job.id, started_at=job.started_at)
    return row if job.phase == "back" else row.exclude(after__has_key="taking_back")


def finish(job: Job, outcome: Outcome, *, bare: bool = False) -> bool:
    """Write what came of it, also over "unknown", which others may have said of us meanwhile; whether it was ours.

    `bare`: only what is ours, nothing that a device said.
    """
    mine = _mine(job).filter(state__in=[State.RUNNING, State.UNKNOWN])
    seen = {} if bare else _storable(asdict(outcome.after))
    row = {
        "state": outcome.state,
        "error": outcome.error[:60],
        "after": seen | {"touched": outcome.touched} | ({"taking_back": True} if job.phase == "back" else {}),
        "transcript": _transcript(job, bare=bare),
        "ended_at": timezone.now(),
    }
    with transaction.atomic():
        written = _write(mine, job, row, audited=True)
        if written and job.kind in IN_CONFIGURATION and outcome.state == State.DONE:
            device = Change.objects.values_list("device", flat=True).get(pk=job.id)
            backups.ask(devices=[device], why=ConfigReason.CHANGE)
    return written


def looked(job: Job, seen: Seen | None) -> None:
    """What the port of an unknown change says now; None: it cannot be had.

    Of one that was being taken back, that is the end: it is not tried again.
    """
    after = {"looking": True} | (_storable(asdict(seen)) if seen else {"looked": False})
    row: dict[str, Any] = {"after": after}
    if job.tried_back:
        after["taking_back"] = True
        if seen and seen.admin_up is not None:
            row |= {"state": State.UNDONE} if seen.admin_up else {"state": State.FAILED, "error": "undo_runner_died"}
    _write(Change.objects.filter(pk=job.id, state=State.UNKNOWN), job, row, audited="state" in row)


def take_back(job: Job, seen: Seen) -> bool:
    """Begin to take an unknown change back; whether it is ours to do. It is done once, by one runner.

    Where another change of the device runs just now, the port is looked at again when that one has ended.
    """
    mine = Change.objects.filter(pk=job.id, state=State.UNKNOWN, after__looking=True)
    row = {"state": State.RUNNING, "alive_at": timezone.now(), "after": _storable(asdict(seen)) | {"taking_back": True}}
    try:
        began = _write(mine.exclude(after__has_key="taking_back"), job, row)
    except IntegrityError:
        _write(mine, job, {"after": {}})
        return False
    if began:
        job.phase = "back"
    return began


def not_begun(job: Job) -> None:
    """Told to stop before the first line of taking back went out: another runner looks again, and takes it back."""
    row = {"state": State.UNKNOWN, "after": {}, "ended_at": timezone.now()}
    _write(_mine(job).filter(state__in=[State.RUNNING, State.UNKNOWN]), job, row)


def release(jobs: Iterable[Job]) -> None:
    """The process ends in the middle of these: previews and looks go to another, a change is not known."""
    for job in jobs:
        if job.phase == "prepare":
            Change.objects.filter(pk=job.id, state=State.ASKED).update(alive_at=None)
        elif job.phase == "look":
            after = {"taking_back": True} if job.tried_back else {}
            _write(Change.objects.filter(pk=job.id, state=State.UNKNOWN, after__looking=True), job, {"after": after})
        elif job.phase in ("run", "back"):
            sent = job.phase == "back" or bool(job.entries)
            row = {"transcript": _transcript(job)} | _broken(sent, "stopped")
            _write(_mine(job).filter(state=State.RUNNING), job, row, audited=True)


def _broken(sent: bool, error: str) -> dict[str, Any]:
    """Of a change whose runner is gone: what had been sent is in the transcript, each line before it went out."""
    return {"state": State.UNKNOWN if sent else State.FAILED, "error": error, "ended_at": timezone.now()}


def alive(jobs: Iterable[Job]) -> None:
    """A sign of life."""
    if ids := [job.id for job in jobs if job.phase != "look"]:
        Change.objects.filter(pk__in=ids, state__in=[State.ASKED, State.RUNNING]).update(alive_at=timezone.now())


def tidy() -> None:
    """End what nobody began in time, and what a dead runner left."""
    now = timezone.now()
    late = now - timedelta(seconds=EXPIRES_S)
    dead = now - timedelta(seconds=DEAD_S)
    expired = Q(state=State.ASKED, asked_at__lt=late) | Q(state=State.READY, asked_at__lt=now - PREVIEW_LASTS)
    for row in Change.objects.filter(expired):
        _end(row, {"state": State.CANCELLED, "error": "expired", "ended_at": now})
    for row in Change.objects.filter(state=State.WAITING, confirmed_at__lt=late):
        _end(row, {"state": State.FAILED, "error": "expired", "ended_at": now})
    for row in Change.objects.filter(state=State.RUNNING, alive_at__lt=dead):
        _end(row, _broken(bool(row.transcript), "runner_died"), alive_at__lt=dead)


def _end(row: Change, values: dict[str, Any], **still: Any) -> None:
    with transaction.atomic():
        if Change.objects.filter(pk=row.pk, state=row.state, **still).update(**values):
            row.refresh_from_db()
            _tell(row)
            if row.confirmed_by_id:
                _audit(row)


def _write(mine: Any, job: Job, values: dict[str, Any], *, audited: bool = False) -> bool:
    with transaction.atomic():
        written = bool(mine.update(**values))
        if written:
            row = Change.objects.select_related("device", "port", "confirmed_by").get(pk=job.id)
            _tell(row)
            if audited:
                _audit(row)
    return written


def _tell(row: Change) -> None:
    emit("change.changed", {"id": row.pk, "device": row.device_id})


def _audit(row: Change) -> None:
    """The end of a change, in the name of whoever confirmed it."""
    told = {"change": row.pk, "kind": row.kind, "port": row.port.name if row.port else "", "subject": row.subject}
    detail = {name: value for name, value in (told | {"error": row.error}).items() if value}
    audit(user=row.confirmed_by, action=f"change.{row.state}", obj=row.device, detail=detail)


def _transcript(job: Job, *, bare: bool = False) -> list[dict[str, Any]]:
    entries = [
        _storable(asdict(entry))
        | {"text": "" if bare else _storable((entry.text or "")[:KEPT_CHARS]), "answered": entry.text is not None}
        | ({"seen": None} if bare else {})
        for entry in job.entries
    ]
    return [*job.kept, *entries]


def _storable(said: Any) -> Any:
    """What a device said as JSON that the database takes: a text may have neither NUL nor halves of a pair."""
    if isinstance(said, str):
        return _NOT_STORED.sub(lambda found: "\u2400" if found[0] == "\0" else "\ufffd", said)
    if isinstance(said, dict):
        return {name: _storable(value) for name, value in said.items()}
    return [_storable(value) for value in said] if isinstance(said, list | tuple) else said
