"""The map of light as columns, straight from PostgreSQL: what the compiled engine is made of.

PostgreSQL gathers every column into one array and hands it over by binary COPY, so no row is ever a Python object: a
million elements with their services take seconds. An array holds at most 2**27 elements (`MaxAllocSize`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from uzel.core import engine_count
from uzel.core.engine import Engine
from uzel.core.labels import Flags, Longs
from uzel.core.topology import POWER_KINDS
from uzel.subscribers.models import Service, Subscriber

KINDS: tuple[str, ...] = tuple(Service.Kind.values)
CLASSES: tuple[str, ...] = tuple(Subscriber.Kind.values)

# Types of elements by the number that PostgreSQL has for each (its catalogue pg_type): bool, int8, int2, int4.
_TYPES = {16: "u1", 20: ">i8", 21: ">i2", 23: ">i4"}
# Documentation of COPY, "Binary Format": signature, flags, length of the extension; then the number of fields.
_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_FIRST_FIELD = len(_SIGNATURE) + 4 + 4 + 2
# A field's length, then the array's dimensions, flag of nulls, type, count and lower bound.
_ARRAY = np.dtype([("bytes", ">i4"), ("dims", ">i4"), ("nulls", ">i4"), ("type", ">i4"), ("n", ">i4"), ("low", ">i4")])

_ELEMENTS = "SELECT array_agg(id), array_agg(is_source) FROM network_device WHERE kind <> ALL(%s)"
_LINKS = "SELECT array_agg(id), array_agg(a_device_id), array_agg(b_device_id) FROM network_link"
_SERVICES = """
SELECT array_agg(s.device_id), array_agg(s.subscriber_id), array_agg(array_position(%s, s.kind)),
  array_agg(array_position(%s, u.kind))
FROM subscribers_service s JOIN subscribers_subscriber u ON u.id = s.subscriber_id WHERE s.is_active
"""


@dataclass(frozen=True, slots=True)
class MapColumns:
    """Elements that carry light, the links between them, and every active service: where it hangs (`device`, which
    may be any device), whose it is, and its kind and its holder's class as places in KINDS and CLASSES."""

    ids: Longs
    source: Flags
    link_ids: Longs
    link_a: Longs
    link_b: Longs
    device: Longs
    subscriber: Longs
    service: NDArray[np.uint8]
    klass: NDArray[np.uint8]

    def engine(self) -> Engine:
        """The compiled engine of this map; what hangs on no element of light is left out."""
        by_id = np.argsort(self.ids, kind="stable")
        ids = self.ids[by_id]
        at = np.minimum(np.searchsorted(ids, self.device), max(ids.size - 1, 0))
        on = ids[at] == self.device if ids.size else np.zeros(self.device.size, np.bool_)
        people = engine_count.Attachments(
            at[on].astype(np.int32), self.subscriber[on], self.service[on], self.klass[on], KINDS, CLASSES
        )
        return Engine.from_columns(ids, self.source[by_id], self.link_ids, self.link_a, self.link_b, people)


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads within see the database at one moment: an import that ends meanwhile is seen whole or not at all."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def read() -> MapColumns:
    """Read everything as of one moment. Raises ValueError for a kind or a class that this version does not know."""
    with snapshot():
        ids, source = arrays(_ELEMENTS, sorted(POWER_KINDS))
        link_ids, a, b = arrays(_LINKS)
        device, subscriber, kind, klass = arrays(_SERVICES, list(KINDS), list(CLASSES))
    both = np.isin(a, ids) & np.isin(b, ids)
    return MapColumns(
        ids=_longs(ids),
        source=source.astype(np.uint8),
        link_ids=_longs(link_ids[both]),
        link_a=_longs(a[both]),
        link_b=_longs(b[both]),
        device=_longs(device),
        subscriber=_longs(subscriber),
        # PostgreSQL counts places from one.
        service=(kind - 1).astype(np.uint8),
        klass=(klass - 1).astype(np.uint8),
    )


def _longs(column: NDArray[Any]) -> Longs:
    return column.astype(np.int64)


def arrays(query: str, *parameters: Sequence[str]) -> list[NDArray[Any]]:
    """The one row of `query`, each field an array of integers or truths without nulls (no array: an empty one).

    Raises ValueError when a field is anything else.
    """
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)", parameters) as copy,
    ):
        data = b"".join(copy)
    if not data.startswith(_SIGNATURE):
        raise ValueError("not PostgreSQL's binary COPY")
    fields = int.from_bytes(data[_FIRST_FIELD - 2 : _FIRST_FIELD], "big")
    found: list[NDArray[Any]] = []
    at = _FIRST_FIELD
    for _ in range(fields):
        if data[at : at + 4] == b"\xff\xff\xff\xff":
            found.append(np.empty(0, np.int64))
            at += 4
            continue
        head = np.frombuffer(data, _ARRAY, 1, at)[0]
        if head["dims"] != 1 or head["nulls"] or int(head["type"]) not in _TYPES:
            raise ValueError(f"field {len(found)} is no array of numbers without nulls")
        element = np.dtype([("bytes", ">i4"), ("value", _TYPES[int(head["type"])])])
        found.append(np.frombuffer(data, element, int(head["n"]), at + _ARRAY.itemsize)["value"])
        at += 4 + int(head["bytes"])
    return found
