"""Ask for a live look at a line. The web never talks to a device: it writes a row, the prober does the rest."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from uzel.desk.lines import OPERATION, Line
from uzel.network.models import Device, Probe
from uzel.people.models import User

# A probe younger than this answers a card that is opened; a person who presses "again" wants a fresher one.
REUSE, REUSE_AGAIN = timedelta(seconds=20), timedelta(seconds=2)
# So many probes may one person ask for within a minute: a busy operator opens a dozen cards.
PER_MINUTE = 60


class TooManyProbes(Exception):
    """This person asked for more than PER_MINUTE probes in the last minute."""


def ask_line(*, line: Line, user: User, again: bool = False) -> Probe:
    """The probe that answers for this line: one that is under way or fresh, or a new one.

    Raises TooManyProbes. Two pages that ask at once get the same probe.
    """
    now = timezone.now()
    young = now - (REUSE_AGAIN if again else REUSE)
    asked = Probe.objects.filter(operation=OPERATION, device=line.device, port=line.port)
    with transaction.atomic():
        # Serialises those who ask for the same device; readers and the prober do not wait for it.
        Device.objects.select_for_update(no_key=True).only("pk").get(pk=line.device.pk)
        under_way = asked.filter(state__in=[Probe.State.WAITING, Probe.State.RUNNING], asked_at__gte=now - REUSE)
        known = under_way.order_by("-id").first() or asked.filter(ended_at__gte=young).order_by("-id").first()
        if known is not None:
            return known
        if Probe.objects.filter(asked_by=user, asked_at__gte=now - timedelta(minutes=1)).count() >= PER_MINUTE:
            raise TooManyProbes
        probe = Probe.objects.create(
            operation=OPERATION,
            device=line.device,
            port=line.port,
            subject=line.subscriber.account,
            asked_by=user,
        )
        with connection.cursor() as cursor:
            # Wakes the probers when this transaction commits; without it they look once a second.
            cursor.execute("NOTIFY uzel_probe")
        return probe
