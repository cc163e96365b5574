"""Ask for configurations to be read. Nobody here talks to a device: rows are written, `uzel prober` does the rest."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from uzel.journal.models import AuditRecord
from uzel.journal.operations import audit, emit
from uzel.network.models import BackupRound, ConfigReason, DeviceKind

CHANNEL = "uzel_backup"
# Any number of those who begin a round at once: one of them does.
_ROUND_LOCK = 7_340_017
# Any number of pages that one person has open count together.
_PERSON_LOCK = 7_340_018
# So many searches, and so many readings, may one person ask for within a minute.
PER_MINUTE = 30

# One that waits in a round already is brought forward; one that is being read just now is read again only after a
# change, since what comes now may be from before it.
ASK = """
INSERT INTO network_backupstate
  (device_id, state, urgent, again, why, asked_at, asked_by_id, lost, error, said)
SELECT id, 'waiting', true, false, %(why)s, now(), %(user)s, 0, '', '' FROM network_device WHERE id = ANY(%(ids)s)
ON CONFLICT (device_id) DO UPDATE SET
  state = CASE network_backupstate.state WHEN 'idle' THEN 'waiting' ELSE network_backupstate.state END,
  again = network_backupstate.again OR (network_backupstate.state = 'running' AND %(why)s = 'change'),
  lost = CASE network_backupstate.state WHEN 'idle' THEN 0 ELSE network_backupstate.lost END,
  urgent = true, why = %(why)s, asked_at = now(), asked_by_id = %(user)s
"""
# What is being read just now is as good as new: it is left out of the round.
ASK_ALL = """
INSERT INTO network_backupstate
  (device_id, state, urgent, again, why, asked_at, asked_by_id, round_id, lost, error, said)
SELECT d.id, 'waiting', false, false, %(why)s, now(), %(user)s, %(round)s, 0, '', ''
FROM network_device d LEFT JOIN network_backupstate s ON s.device_id = d.id
WHERE d.kind = %(kind)s AND d.address IS NOT NULL AND (NOT %(failed)s OR s.error <> '' OR s.latest_id IS NULL)
ON CONFLICT (device_id) DO UPDATE SET
  state = 'waiting', why = %(why)s, asked_at = now(), asked_by_id = %(user)s, round_id = %(round)s, lost = 0
WHERE network_backupstate.state <> 'running'
"""
LEAVE = "UPDATE network_backupstate SET state = 'idle', round_id = NULL WHERE state = 'waiting' AND round_id = %s"


def ask(*, devices: Collection[int], why: ConfigReason, user: Any = None) -> None:
    """Have the configurations of devices read soon, before those of a round. Asking twice is asking once."""
    wanted = {"ids": list(devices), "why": why.value, "user": user.pk if user else None}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ASK, wanted)
        cursor.execute(f"NOTIFY {CHANNEL}")


def admit(
    request: HttpRequest, action: str, *, obj: Model | None = None, detail: Mapping[str, Any] | None = None
) -> bool:
    """Write in the audit trail what a person is about to do. False: they did it PER_MINUTE times in the last minute."""
    user: Any = request.user
    # Has nothing of its own to undo: a savepoint would be two statements for nothing.
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_PERSON_LOCK, user.pk % 2**31])
        lately = AuditRecord.objects.filter(user=user, at__gte=timezone.now() - timedelta(minutes=1), action=action)
        if lately.count() >= PER_MINUTE:
            return False
        audit(user=user, action=action, obj=obj, request=request, detail=detail)
    return True


def begin_round(
    *, why: ConfigReason, user: Any = None, night: date | None = None, failed_only: bool = False
) -> BackupRound | None:
    """Have all switches read, or those that have no whole configuration of late.

    Returns the round that is open already if there is one; None for a night that has had its round.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ROUND_LOCK])
        if night and BackupRound.objects.filter(night=night).exists():
            return None
        if (opened := open_round()) is not None:
            return opened
        begun = BackupRound.objects.create(why=why, night=night, asked_by=user)
        wanted = {"why": why.value, "user": user.pk if user else None, "round": begun.pk, "failed": failed_only}
        cursor.execute(ASK_ALL, wanted | {"kind": DeviceKind.SWITCH.value})
        begun.total = cursor.rowcount
        if not begun.total:
            begun.ended_at = timezone.now()
        begun.save(update_fields=["total", "ended_at"])
        cursor.execute(f"NOTIFY {CHANNEL}")
        emit("backup.progress", {"id": begun.pk})
    return begun


def open_round() -> BackupRound | None:
    """The round that is under way."""
    return BackupRound.objects.filter(ended_at__isnull=True).first()


def end_round(begun: BackupRound) -> None:
    """Leave those alone who still wait in a round, and close it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LEAVE, [begun.pk])
        BackupRound.objects.filter(pk=begun.pk, ended_at__isnull=True).update(ended_at=timezone.now())
        emit("backup.progress", {"id": begun.pk})
