"""Configurations as rows: who is to be read is claimed by compare-and-set, what was read is kept whole. Synchronous."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from uzel.core.configs import Cleaned, count_changes
from uzel.drivers.ask import Facts
from uzel.drivers.session_secrets import SecretsError
from uzel.journal.operations import emit
from uzel.network.backups import begin_round
from uzel.network.models import BackupRound, BackupState, ConfigBackup, ConfigReason, ConfigText, Device
from uzel.pollers import device_facts

# No reading runs longer than this; a row that does belongs to a process that died.
RUNS_AT_MOST_S = 180
# A device that was in the hands of so many processes when they died is not tried again until somebody asks anew.
LOST_AT_MOST = 2
# Of what a device had said when it failed: the end is what tells.
SAID_AT_MOST = 4_000
# A night that was slept through is made up for within so many hours, not at noon.
NIGHT_HOURS = 3
# At most so often pages hear how a round goes.
PROGRESS_S = 1.0

# Those first that somebody waits for. A round is shuffled: neighbours share the lines above them and their slowness.
CLAIM = """
WITH wanted AS (
  SELECT device_id FROM network_backupstate WHERE state = 'waiting' AND urgent
  ORDER BY asked_at, device_id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), others AS (
  SELECT device_id FROM network_backupstate WHERE state = 'waiting' AND NOT urgent
  ORDER BY asked_at, hashint8(device_id)
  LIMIT greatest(0, least(%(of_rounds)s, %(most)s - (SELECT count(*) FROM wanted))) FOR UPDATE SKIP LOCKED
)
UPDATE network_backupstate SET state = 'running', started_at = clock_timestamp()
WHERE device_id IN (SELECT device_id FROM wanted UNION ALL SELECT device_id FROM others)
RETURNING device_id, started_at, urgent
"""
GIVE_BACK = """
UPDATE network_backupstate SET state = 'waiting', started_at = NULL, lost = lost + 1
WHERE state = 'running' AND started_at < now() - make_interval(secs => %s) AND lost < %s
"""
GIVE_UP = """
WITH dead AS (
  SELECT device_id, round_id FROM network_backupstate
  WHERE state = 'running' AND started_at < now() - make_interval(secs => %s) FOR UPDATE
)
UPDATE network_backupstate s SET state = 'idle', urgent = false, again = false, started_at = NULL, round_id = NULL,
  ended_at = now(), error = 'lost', said = '', failing_since = coalesce(failing_since, now())
FROM dead WHERE s.device_id = dead.device_id
RETURNING s.device_id, dead.round_id
"""
# Compare-and-set: the row is still ours. A change that came meanwhile wants another reading at once.
END = """
WITH mine AS (
  SELECT device_id, why, asked_by_id, round_id, latest_id FROM network_backupstate
  WHERE device_id = %(device)s AND state = 'running' AND started_at = %(started_at)s FOR UPDATE
)
UPDATE network_backupstate s SET
  state = CASE WHEN again THEN 'waiting' ELSE 'idle' END, urgent = again, again = false, round_id = NULL,
  started_at = NULL, lost = 0, ended_at = clock_timestamp(), error = %(error)s, said = %(said)s,
  failing_since = CASE WHEN %(error)s = '' THEN NULL ELSE coalesce(failing_since, clock_timestamp()) END
FROM mine WHERE s.device_id = mine.device_id
RETURNING mine.why, mine.asked_by_id, mine.round_id, mine.latest_id, s.ended_at
"""
SAME = """
UPDATE network_configbackup b SET seen_at = greatest(b.seen_at, %s) FROM network_configtext t
WHERE b.id = %s AND t.id = b.body_id AND t.sha256 = %s
"""
COUNT = """
UPDATE network_backupround SET {outcome} = {outcome} + 1,
  ended_at = CASE WHEN changed + same + failed + 1 >= total THEN clock_timestamp() ELSE ended_at END
WHERE id = %s RETURNING ended_at IS NOT NULL
"""
CLOSE = """
UPDATE network_backupround r SET ended_at = clock_timestamp() WHERE r.ended_at IS NULL AND NOT EXISTS (
  SELECT FROM network_backupstate s WHERE s.round_id = r.id AND s.state IN ('waiting', 'running')
) RETURNING r.id
"""
OUTCOMES = ("changed", "same", "failed")


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed device. `facts` is None when it cannot be asked at all: `error` says why."""

    device: int
    started_at: datetime
    urgent: bool
    facts: Facts | None = field(repr=False)
    error: str = ""


def claim(most: int, *, of_rounds: int) -> list[Job]:
    """Take up to `most` devices that wait, up to `of_rounds` of them such as nobody waits for."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"most": most, "of_rounds": of_rounds})
        rows = {device: (started, urgent) for device, started, urgent in cursor.fetchall()}
        # Within the transaction: what cannot be made into a job is not left claimed.
        devices = Device.objects.select_related("access_group").filter(pk__in=rows)
        return [_job(device, *rows[device.pk]) for device in devices]


def _job(device: Device, started_at: datetime, urgent: bool) -> Job:
    try:
        return Job(device.pk, started_at, urgent, device_facts.facts(device))
    except SecretsError as error:
        return Job(device.pk, started_at, urgent, None, error.code)
    except ValueError:
        return Job(device.pk, started_at, urgent, None, "no_address")


def keep(job: Job, read: Cleaned, *, tell: bool = True) -> str:
    """Keep a whole configuration; returns changed, same, or "" when the row was given to another meanwhile.

    `tell`: a round's progress is news now.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(END, {"device": job.device, "started_at": job.started_at, "error": "", "said": ""})
        mine = cursor.fetchone()
        if mine is None:
            return ""
        why, user, begun, latest, at = mine
        cursor.execute(SAME, [at, latest, read.sha256])
        outcome = "same" if cursor.rowcount else "changed"
        if outcome == "changed":
            made = _new_version(job.device, latest, read, at=at, why=why, user=user)
            BackupState.objects.filter(pk=job.device).update(latest=made)
        _count(job.device, begun, outcome, tell=tell)
    return outcome


def _new_version(
    device: int, latest: int | None, read: Cleaned, *, at: datetime, why: str, user: int | None
) -> ConfigBackup:
    """The next version of a device; its text is kept once, whoever has it already."""
    lines = read.text.count("\n")
    body, _ = ConfigText.objects.get_or_create(sha256=read.sha256, defaults={"text": read.text, "lines": lines})
    before = ConfigBackup.objects.select_related("body").filter(pk=latest).first() if latest else None
    added, removed = count_changes(before.body.text, read.text) if before else (None, None)
    return ConfigBackup.objects.create(
        device_id=device, body=body, taken_at=at, seen_at=at, added=added, removed=removed, why=why, asked_by_id=user
    )


def fail(job: Job, *, error: str, said: str = "", tell: bool = True) -> bool:
    """Write what kept the configuration away; versions that are kept stay. False: the row is another's by now."""
    told = said.replace("\0", "")[-SAID_AT_MOST:]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(END, {"device": job.device, "started_at": job.started_at, "error": error[:60], "said": told})
        mine = cursor.fetchone()
        if mine is not None:
            _count(job.device, mine[2], "failed", tell=tell)
    return mine is not None


def _count(device: int, begun: int | None, outcome: str, *, tell: bool) -> None:
    """Add to the round, close it with its last device, and say so to pages."""
    if begun is None:
        emit("backup.done", {"id": device})
        return
    assert outcome in OUTCOMES
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(outcome=outcome), [begun])
        counted = cursor.fetchone()
    if tell or (counted and counted[0]):
        emit("backup.progress", {"id": begun})


def release(jobs: Iterable[Job]) -> None:
    """Give back what was not read, at the end of the process."""
    for job in jobs:
        mine = BackupState.objects.filter(pk=job.device, state="running", started_at=job.started_at)
        mine.update(state=BackupState.State.WAITING, started_at=None)


def tidy(*, now: datetime, hour: int | None) -> None:
    """Give back what dead processes left, close rounds that are over, begin the night's round when it is time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [RUNS_AT_MOST_S, LOST_AT_MOST])
        cursor.execute(GIVE_UP, [RUNS_AT_MOST_S])
        for device, begun in cursor.fetchall():
            _count(device, begun, "failed", tell=True)
        cursor.execute(CLOSE)
        for (begun,) in cursor.fetchall():
            emit("backup.progress", {"id": begun})
    night = night_due(timezone.localtime(now), hour)
    if night and not BackupRound.objects.filter(night=night).exists():
        begin_round(why=ConfigReason.NIGHT, night=night)


def night_due(now: datetime, hour: int | None) -> date | None:
    """The night whose round should be under way, if it is that time; `now` is the city's."""
    if hour is None:
        return None
    since = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if since > now:
        since -= timedelta(days=1)
    return since.date() if now - since < timedelta(hours=NIGHT_HOURS) else None
