"""Configurations as rows: who is to be read is claimed by compare-and-set, what was read is kept whole. Synchronous."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from uzel.core.config_secrets import mask
from uzel.core.configs import Cleaned, count_changes
from uzel.drivers.ask import Facts
from uzel.drivers.session_secrets import SecretsError
from uzel.journal.operations import emit
from uzel.network.backups import begin_round
from uzel.network.models import BackupRound, BackupState, ConfigBackup, ConfigReason, Device
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
# Compare-and-set: the rows are still ours. A change that came meanwhile wants another reading at once.
END = """
WITH given AS (
  SELECT * FROM unnest(%(devices)s::bigint[], %(started)s::timestamptz[], %(errors)s::text[], %(said)s::text[])
    AS g(device_id, started_at, error, said)
), mine AS (
  SELECT s.device_id, s.why, s.asked_by_id, s.round_id, s.latest_id, g.error, g.said
  FROM network_backupstate s JOIN given g ON g.device_id = s.device_id AND g.started_at = s.started_at
  WHERE s.state = 'running' FOR UPDATE OF s
)
UPDATE network_backupstate s SET
  state = CASE WHEN again THEN 'waiting' ELSE 'idle' END, urgent = again, again = false, round_id = NULL,
  started_at = NULL, lost = 0, ended_at = clock_timestamp(), error = mine.error, said = mine.said,
  failing_since = CASE WHEN mine.error = '' THEN NULL ELSE coalesce(failing_since, clock_timestamp()) END
FROM mine LEFT JOIN network_configbackup b ON b.id = mine.latest_id LEFT JOIN network_configtext t ON t.id = b.body_id
WHERE s.device_id = mine.device_id
RETURNING s.device_id, s.ended_at, mine.why, mine.asked_by_id, mine.round_id, mine.latest_id, t.sha256
"""
SAME = "UPDATE network_configbackup SET seen_at = greatest(seen_at, clock_timestamp()) WHERE id = ANY(%s)"
TEXTS = """
INSERT INTO network_configtext (sha256, text, masked, lines)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[])
ON CONFLICT (sha256) DO NOTHING
"""
VERSIONS = """
WITH made AS (
  INSERT INTO network_configbackup (device_id, body_id, taken_at, seen_at, added, removed, why, asked_by_id)
  SELECT g.device_id, t.id, g.at, g.at, g.added, g.removed, g.why, g.asked_by_id
  FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::int[], %s::int[], %s::text[], %s::bigint[])
    AS g(device_id, sha256, at, added, removed, why, asked_by_id) JOIN network_configtext t ON t.sha256 = g.sha256
  RETURNING id, device_id
)
UPDATE network_backupstate s SET latest_id = made.id FROM made WHERE s.device_id = made.device_id
"""
COUNT = """
UPDATE network_backupround SET changed = changed + %(changed)s, same = same + %(same)s, failed = failed + %(failed)s,
  ended_at = CASE WHEN changed + same + failed + %(all)s >= total THEN clock_timestamp() ELSE ended_at END
WHERE id = %(round)s RETURNING ended_at IS NOT NULL
"""
CLOSE = """
UPDATE network_backupround r SET ended_at = clock_timestamp() WHERE r.ended_at IS NULL AND NOT EXISTS (
  SELECT FROM network_backupstate s WHERE s.round_id = r.id AND s.state IN ('waiting', 'running')
) RETURNING r.id
"""
# Not to wait for the disk at each of thousands of devices. A server that loses its power forgets half a second: rows
# that are claimed still, given back after a while, and read anew.
HURRY = "SET LOCAL synchronous_commit TO off"


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
        cursor.execute(HURRY)
        cursor.execute(CLAIM, {"most": most, "of_rounds": of_rounds})
        rows = {device: (started, urgent) for device, started, urgent in cursor.fetchall()}
        for device, (_, urgent) in rows.items():
            if urgent:
                emit("backup.begun", {"id": device})
        # Within the transaction: what cannot be made into a job is not left claimed.
        devices = Device.objects.select_related("access_group", "called").filter(pk__in=rows)
        return [_job(device, *rows[device.pk]) for device in devices]


def _job(device: Device, started_at: datetime, urgent: bool) -> Job:
    try:
        return Job(device.pk, started_at, urgent, device_facts.facts(device, ports=False))
    except SecretsError as error:
        return Job(device.pk, started_at, urgent, None, error.code)
    except ValueError:
        return Job(device.pk, started_at, urgent, None, "no_address")


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job: a whole configuration, or the code of what kept it away and what the device had said."""

    job: Job
    read: Cleaned | None = field(repr=False, default=None)
    error: str = ""
    said: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class _Ended:
    """A row that was ours, as it was before; `kept` is the SHA-256 of the version that it had."""

    device: int
    at: datetime
    why: str
    asked_by: int | None
    round: int | None
    latest: int | None
    kept: str | None


def write(results: Sequence[Result], *, tell: bool = True) -> dict[int, str]:
    """Write what came of several jobs in one go: by device changed, same or failed; none for a row that is another's.

    `tell`: the progress of rounds is news now. The number of statements does not grow with that of the jobs.
    """
    given = {result.job.device: result for result in results}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(HURRY)
        cursor.execute(
            END,
            {
                "devices": list(given),
                "started": [result.job.started_at for result in given.values()],
                "errors": [result.error[:60] for result in given.values()],
                "said": [result.said.replace("\0", "")[-SAID_AT_MOST:] for result in given.values()],
            },
        )
        ended = [_Ended(*row) for row in cursor.fetchall()]
        outcomes = {row.device: _outcome(row, given[row.device]) for row in ended}
        cursor.execute(SAME, [[row.latest for row in ended if outcomes[row.device] == "same"]])
        changed = [row for row in ended if outcomes[row.device] == "changed"]
        _new_versions([(row, read) for row in changed if (read := given[row.device].read)])
        _count([(row.device, row.round, outcomes[row.device]) for row in ended], tell=tell)
        for row in ended:
            if row.round and given[row.device].job.urgent:
                # Somebody waits for it, round or not.
                emit("backup.done", {"id": row.device})
    return outcomes


def _outcome(row: _Ended, result: Result) -> str:
    if result.read is None:
        return "failed"
    return "same" if result.read.sha256 == row.kept else "changed"


def _new_versions(made: Sequence[tuple[_Ended, Cleaned]]) -> None:
    """The next version of each device; a text is kept once, whoever has it already."""
    if not made:
        return
    before = {row.latest for row, _ in made if row.latest}
    texts = dict(ConfigBackup.objects.filter(pk__in=before).values_list("pk", "body__text"))
    changes = [
        count_changes(texts[row.latest], read.text) if row.latest in texts else (None, None) for row, read in made
    ]
    bodies = {read.sha256: read.text for _, read in made}
    with connection.cursor() as cursor:
        texts_of = list(bodies.values())
        counts = [text.count("\n") for text in texts_of]
        cursor.execute(TEXTS, [list(bodies), texts_of, [mask(text) for text in texts_of], counts])
        columns: list[Any] = [
            [row.device for row, _ in made],
            [read.sha256 for _, read in made],
            [row.at for row, _ in made],
            [added for added, _ in changes],
            [removed for _, removed in changes],
            [row.why for row, _ in made],
            [row.asked_by for row, _ in made],
        ]
        cursor.execute(VERSIONS, columns)


def keep(job: Job, read: Cleaned) -> str:
    """Keep a whole configuration; returns changed, same, or "" when the row was given to another meanwhile."""
    return write([Result(job, read)]).get(job.device, "")


def fail(job: Job, *, error: str, said: str = "") -> bool:
    """Write what kept the configuration away; versions that are kept stay. False: the row is another's by now."""
    return bool(write([Result(job, None, error, said)]))


def _count(ended: Sequence[tuple[int, int | None, str]], *, tell: bool) -> None:
    """Add to the rounds, close one with its last device, and say so to pages. (device, round, outcome) of each."""
    rounds: dict[int, Counter[str]] = defaultdict(Counter)
    for device, begun, outcome in ended:
        if begun is None:
            emit("backup.done", {"id": device})
        else:
            rounds[begun][outcome] += 1
    for begun, counts in rounds.items():
        values = {name: counts[name] for name in ("changed", "same", "failed")}
        with connection.cursor() as cursor:
            cursor.execute(COUNT, values | {"all": counts.total(), "round": begun})
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
        _count([(device, begun, "failed") for device, begun in cursor.fetchall()], tell=True)
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
