"""Ask for a live look at a line. The web never talks to a device: it writes a row, the prober does the rest."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from uzel.desk.lines import CABLE, OPERATION, Latest, Line, latest_probes
from uzel.network.models import Device, Probe
from uzel.people.models import User

# A probe younger than this answers a card that is opened; a person who presses "again" wants a fresher one.
REUSE, REUSE_AGAIN = timedelta(seconds=20), timedelta(seconds=2)
# A cable test cuts a live line off for a moment: two people who press the button at once get one.
REUSE_CABLE = timedelta(seconds=8)
# So many probes may one person ask for within a minute: a busy operator opens a dozen cards.
PER_MINUTE = 60


def ask_lines(
    *, lines: Sequence[Line], user: User, again: bool = False, operation: str = OPERATION
) -> dict[int, Probe]:
    """The probe that answers for each line, by the `id` of the line: one that is under way or fresh, or a new one.

    `operation`: a look at the line, or the test of its cable.

    A line without one was refused: this person asked for PER_MINUTE probes in the last minute. Two pages that ask at
    once get the same probe. The same few statements for one line or forty.
    """
    now = timezone.now()
    reuse = REUSE_CABLE if operation == CABLE else REUSE_AGAIN if again else REUSE
    # Has nothing of its own to undo: a savepoint would be two statements for nothing.
    with transaction.atomic(savepoint=False):
        _lock({line.device.pk for line in lines})
        latest = latest_probes(lines)
        newest = {line.id: latest.get(line.key, Latest()).asked.get(operation) for line in lines}
        known = {pk: probe for pk, probe in newest.items() if probe and _answers(probe, now, reuse)}
        wanted = [line for line in lines if line.id not in known]
        if not wanted:
            return known
        asked = Probe.objects.filter(asked_by=user, asked_at__gte=now - timedelta(minutes=1)).count()
        allowed = wanted[: max(PER_MINUTE - asked, 0)]
        probes = Probe.objects.bulk_create(_probe(line, user, operation) for line in allowed)
        with connection.cursor() as cursor:
            # Wakes the probers when this transaction commits; without it they look once a second.
            cursor.execute("NOTIFY uzel_probe")
        return known | {line.id: probe for line, probe in zip(allowed, probes, strict=True)}


def _lock(devices: set[int]) -> None:
    """Serialise those who ask for the same devices, in one order for all; readers and the prober do not wait."""
    list(Device.objects.select_for_update(no_key=True).filter(pk__in=devices).order_by("pk").values_list("pk"))


def _answers(probe: Probe, now: datetime, reuse: timedelta) -> bool:
    """Whether this probe still speaks for its line."""
    if probe.ended_at is None:
        return probe.asked_at >= now - REUSE
    return probe.ended_at >= now - reuse


def _probe(line: Line, user: User, operation: str) -> Probe:
    return Probe(
        operation=operation, device=line.device, port=line.port, subject=line.subscriber.account, asked_by=user
    )
