"""Who may try a password now: what django-axes counts, made safe against guesses that come side by side.

Axes looks before a password is checked and counts after it, so of guesses in parallel all are checked before the first
one is counted. Here guesses of one name from one address go one after the other; one address has a limit over all
names; and few passwords are hashed at once, so that a guesser cannot take the pages' processor away.
"""

import threading
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from zlib import crc32

from axes.helpers import get_client_ip_address
from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

# Hashing takes a processor for a good part of a second.
AT_ONCE = 2
# How many may wait for their turn, in all and from one address (a desk's people often share one), and how long.
WAITING, WAITING_FROM_ONE, WAIT_S = 24, 10, 10.0
# Wrong passwords from one address, whatever the names, before it is shut out for as long as a name is.
WRONG_FROM_ONE = 50
# The first half of the lock's key; the second is made of name and address.
_LOCK = 7_105_002

_slots = threading.BoundedSemaphore(AT_ONCE)
_inside: Counter[str] = Counter()
_door = threading.Lock()


class Busy(Exception):
    """Too many try at once; nothing was checked and nothing counted."""


def address_of(request: HttpRequest) -> str:
    """The address that attempts are counted by."""
    return str(get_client_ip_address(request) or "")


def same_name(username: str) -> str:
    """One form of all that people type for one login: what the form and the database take for the same is the same."""
    return unicodedata.normalize("NFKC", username).strip().upper().casefold()


def counted_as(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The login that axes counts a wrong password for."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return same_name(str(given))


def is_shut_out(address: str) -> bool:
    """Whether too many wrong passwords came from this address of late."""
    since = timezone.now() - timedelta(hours=float(settings.AXES_COOLOFF_TIME))
    attempts = AccessAttempt.objects.filter(ip_address=address or None, attempt_time__gte=since)
    return bool((attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0) >= WRONG_FROM_ONE)


@contextmanager
def turn(address: str, username: str) -> Iterator[None]:
    """Check one password within; its count is there before the next one of this name and address begins.

    Raises Busy when too many wait already, or the turn does not come in time.
    """
    with _door:
        if _inside.total() >= AT_ONCE + WAITING or _inside[address] >= WAITING_FROM_ONE:
            raise Busy
        _inside[address] += 1
    try:
        if not _slots.acquire(timeout=WAIT_S):
            raise Busy
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                key = crc32(f"{address} {same_name(username)}".encode("utf-8", "replace")) - 2**31
                cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, key])
                yield
        finally:
            _slots.release()
    finally:
        with _door:
            _inside[address] -= 1
            if not _inside[address]:
                del _inside[address]
