"""Start of the engine from PostgreSQL: a million devices, their links and services, in a database made for it."""

import os
import resource
import time
from collections.abc import Iterator

import django
import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

from django.db import connection  # noqa: E402

from bench import Figure  # noqa: E402
from bench.engine_city import CLASSES, SERVICES, City, city  # noqa: E402
from uzel.config import embedded  # noqa: E402
from uzel.config.settings import HOME  # noqa: E402
from uzel.core.engine import Engine  # noqa: E402
from uzel.core.labels import Ints  # noqa: E402
from uzel.network.models import Device, Link  # noqa: E402
from uzel.outages import map_columns, network_map  # noqa: E402
from uzel.subscribers.models import Service  # noqa: E402

ELEMENTS = 1_000_000


def run() -> Iterator[Figure]:
    """Fill a database made for it, read it as the monitor does, hold the engine against one made without it."""
    server = None if os.environ.get("DATABASE_URL") else embedded.start(HOME)
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        town = city(ELEMENTS)
        fill(town)
        yield from _start(town)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
        del server


def _start(town: City) -> Iterator[Figure]:
    city(1_000).engine()  # the compiled code is read from its cache
    before = _resident()
    began = time.perf_counter()
    columns = map_columns.read()
    read = time.perf_counter()
    engine = columns.engine()
    done = time.perf_counter()
    rows = f"{Device.objects.count():,} devices, {Link.objects.count():,} links, {Service.objects.count():,} services"
    note = f"{rows}; {read - began:.1f} s of it in PostgreSQL and on the way"
    yield Figure("start from PostgreSQL: to a ready engine", done - began, "s", "<= 15", _by_rows(), note)
    yield Figure("the same: what the process grew by", (_resident() - before) / ELEMENTS, "B", note="an element, peak")
    wrong = _differences(engine, town)
    began = time.perf_counter()
    network_map.load()
    whole = time.perf_counter() - began
    yield Figure("the same: blast radii unlike those of the city it was filled from", wrong, "", "= 0")
    yield Figure("the monitor's whole map", whole, "s", note="an object for each element and link, services counted in")


def _resident() -> int:
    """The most memory this process ever held, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _by_rows() -> str:
    """The ordinary way, for comparison: the same columns, row by row through Django, nothing made of them yet."""
    began = time.perf_counter()
    queries = (
        Device.objects.values_list("id", "is_source", "kind"),
        Link.objects.values_list("id", "a_device_id", "b_device_id"),
        Service.objects.filter(is_active=True).values_list("device_id", "subscriber_id", "kind", "subscriber__kind"),
    )
    count = sum(1 for query in queries for _ in query.iterator(chunk_size=20_000))
    return f"Django: {time.perf_counter() - began:.1f} s to read the {count:,} rows alone"


def _differences(engine: Engine, town: City) -> int:
    """How many elements have another count of people or services behind them than in the engine of the arrays."""
    by_class = [map_columns.CLASSES.index(name) for name in CLASSES]
    by_kind = [0, *(1 + map_columns.KINDS.index(name) for name in SERVICES)]
    # The database's columns of counts, in the order of the city's.
    order = [len(CLASSES) * kind + klass for kind in by_kind for klass in by_class]
    unlike = _behind(engine, town)[:, order] != _behind(town.engine(), town)
    return int(unlike.any(axis=1).sum())


def _behind(engine: Engine, town: City) -> Ints:
    """What hangs behind each element of the city: element x column of counts."""
    at = engine.layout
    numbers = engine.numbers(town.ids)
    behind: Ints = engine.prefix[at.first[numbers] + at.run[numbers]] - engine.prefix[at.first[numbers]]
    return behind


def fill(town: City) -> None:
    """Put the city into an empty database: the rows that the engine reads, in tables without indexes and checks."""
    people = town.people
    klass = np.zeros(int(people.subscriber.max()) + 1, np.int64)
    klass[people.subscriber] = people.klass
    with connection.cursor() as cursor:
        cursor.execute(_BARE)
        _stage("stage_device", id=town.ids, source=town.source)
        _stage("stage_link", a=town.ids[town.a], b=town.ids[town.b])
        _stage("stage_person", id=np.arange(klass.size), klass=klass)
        on = town.ids[people.element]
        _stage("stage_service", device=on, person=people.subscriber, kind=people.service)
        cursor.execute(_FILL, {"kinds": list(SERVICES), "classes": list(CLASSES)})
        cursor.execute("VACUUM ANALYZE network_device, network_link, subscribers_subscriber, subscribers_service")


def _stage(table: str, **columns: np.ndarray) -> None:
    """Columns of numbers into a table of their names, by binary COPY."""
    layout = [("fields", ">i2")]
    for name in columns:
        layout += [(f"{name}_size", ">i4"), (name, ">i8")]
    rows = np.zeros(next(iter(columns.values())).size, layout)
    rows["fields"] = len(columns)
    for name, column in columns.items():
        rows[f"{name}_size"], rows[name] = 8, column
    with connection.cursor() as ours:
        ours.execute(f"CREATE UNLOGGED TABLE {table} ({', '.join(f'{name} bigint' for name in columns)})")
    with connection.connection.cursor() as own, own.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        copy.write(rows.tobytes())
        copy.write(b"\xff\xff")


_BARE = """
SET session_replication_role = replica;
DO $$ DECLARE it record; BEGIN
  FOR it IN SELECT conrelid::regclass AS name, conname FROM pg_constraint WHERE contype <> 'n' AND conrelid IN (
    'network_device'::regclass, 'network_link'::regclass, 'subscribers_subscriber'::regclass,
    'subscribers_service'::regclass)
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', it.name, it.conname); END LOOP;
  FOR it IN SELECT indexrelid::regclass AS name FROM pg_index WHERE indrelid IN (
    'network_device'::regclass, 'network_link'::regclass, 'subscribers_subscriber'::regclass,
    'subscribers_service'::regclass)
  LOOP EXECUTE format('DROP INDEX %s', it.name); END LOOP;
  FOR it IN SELECT attrelid::regclass AS name, attname FROM pg_attribute WHERE attgenerated <> '' AND attrelid IN (
    'subscribers_subscriber'::regclass, 'subscribers_service'::regclass)
  LOOP EXECUTE format('ALTER TABLE %s DROP COLUMN %I', it.name, it.attname); END LOOP;
END $$
"""

_FILL = """
INSERT INTO network_site (id, code, name, level, address) VALUES (1, 'centre', 'Центр', 0, '');
INSERT INTO network_device (id, code, site_id, kind, vendor, model, serial, is_source)
SELECT id, 'sw' || id, 1, 'switch', 'D-Link', 'DES-3200-28', '', source = 1 FROM stage_device;
INSERT INTO network_link (code, a_device_id, b_device_id, medium) SELECT a || '=' || b, a, b, 'fibre' FROM stage_link;
INSERT INTO subscribers_subscriber (id, account, kind, name, status, entrance, floor, flat, note)
SELECT id, id, (%(classes)s::text[])[klass + 1], 'Абонент ' || id, 'active', '', '', '', '' FROM stage_person;
INSERT INTO subscribers_service (code, subscriber_id, kind, device_id, is_active, mac)
SELECT 's' || row_number() OVER (), person, (%(kinds)s::text[])[kind + 1], device, true, '' FROM stage_service
"""
