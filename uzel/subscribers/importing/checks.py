"""What no single row shows: doubles, dangling references, circles, and rules between tables.

All of it is checked before the database is touched. A row is named once for each thing that is wrong with it.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from uzel.network.models import DeviceKind, Level
from uzel.subscribers.importing.problems import EXAMPLES, Problems
from uzel.subscribers.importing.tables import BY_NAME, TABLES, Column, Records
from uzel.subscribers.models import Service

Rows = Sequence[tuple[object, ...]]
# From, to, and the line that says so; 0: none does.
Edge = tuple[object, object, int]
_STORED_FEEDS = """
SELECT consumer.code, source.code FROM network_powerfeed feed
JOIN network_device consumer ON consumer.id = feed.consumer_id JOIN network_device source ON source.id = feed.source_id
"""
CATV = {Service.Kind.CATV, Service.Kind.DTV}


def check(imported: Mapping[str, Records], problems: Problems) -> None:
    """Add every problem between the rows. Tables that are not imported are looked up in the database."""
    known = {table.name: _keys(imported, table.name, problems) for table in TABLES if table.name != "phones"}
    for records in imported.values():
        _references(records, known, imported, problems)
    if "sites" in imported:
        _sites(imported["sites"], problems)
    if "devices" in imported:
        _devices(imported["devices"], problems)
    if "ports" in imported:
        _unique(imported["ports"], ("device", "if_index"), "if_index_taken", problems)
    if "links" in imported:
        _links(imported["links"], problems)
    if "power" in imported:
        records = imported["power"]
        own = [(row[0], row[1], line) for row, line in _lined(records) if row[1]]
        _circles(records, [*own, *_kept_feeds(imported)], "source", problems)
    if "services" in imported:
        _services(imported["services"], problems)


def _lined(records: Records) -> Iterable[tuple[tuple[object, ...], int]]:
    return zip(records.rows, records.lines, strict=True)


def _keys(imported: Mapping[str, Records], name: str, problems: Problems) -> Mapping[object, int]:
    """Key -> place of every row of a table among its rows; what is not imported comes from the database, as 0."""
    table = BY_NAME[name]
    if name not in imported:
        return dict.fromkeys(_stored_keys(name), 0)
    records = imported[name]
    places = [table.at(column) for column in table.key]
    keys: dict[object, int] = {}
    for index, row in enumerate(records.rows):
        key = row[places[0]] if len(places) == 1 else tuple(row[place] for place in places)
        if keys.setdefault(key, index) != index:
            _double(records, index, keys[key], problems)
    return keys


def _double(records: Records, index: int, first: int, problems: Problems) -> None:
    table, row, other, line = records.table, records.rows[index], records.rows[first], records.lines[index]
    if table.name == "devices":
        place = table.at("address")
        if row[place] and other[place] and row[place] != other[place]:
            problems.add(records.file, line, "address", "two_addresses", f"{row[0]}: {other[place]}, {row[place]}")
            return
    value = ":".join(str(row[table.at(column)]) for column in table.key)
    problems.add(records.file, line, table.key[0], "duplicate", value, f"line {records.lines[first]}")


def _kept_feeds(imported: Mapping[str, Records]) -> list[Edge]:
    """The feeds that stay in Uzel beside those of the import, and may close a circle with them.

    Feeds go with their consumer (`merge`): those of a consumer that the import has are in its file, or gone.
    """
    spoken = {row[0] for name in ("power", "devices") if name in imported for row in imported[name].rows}
    with connection.cursor() as cursor:
        cursor.execute(_STORED_FEEDS)
        return [(consumer, source, 0) for consumer, source in cursor.fetchall() if consumer not in spoken]


def _stored_keys(name: str) -> list[object]:
    table = BY_NAME[name]
    sql = f"SELECT {table.key[0]} FROM {table.sql}"  # noqa: S608 - names from the table of tables
    if name == "ports":
        sql = "SELECT d.code, p.name FROM network_port p JOIN network_device d ON d.id = p.device_id"
    elif name == "power":
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [row if name == "ports" else row[0] for row in cursor.fetchall()]


def _references(
    records: Records,
    known: Mapping[str, Mapping[object, int]],
    imported: Mapping[str, Records],
    problems: Problems,
) -> None:
    """Name each row that refers to what there is not; where a bad row is meant, the row follows from that one."""
    for place, column in enumerate(records.table.columns):
        if not column.refers:
            continue
        reason = "unknown_port" if column.within else "unknown_reference"
        meant = imported.get(column.refers)
        for line, key in _dangling(records, place, column, known[column.refers]):
            value = ":".join(map(str, key)) if isinstance(key, tuple) else str(key)
            if meant and (cause := meant.cause_of(key)):
                problems.follow(cause, records.file, line, column.name, reason, value)
            else:
                problems.add(records.file, line, column.name, reason, value)


def _dangling(
    records: Records, place: int, column: Column, there: Mapping[object, int]
) -> Iterable[tuple[int, object]]:
    """(line, key) of each row whose column, at this place, refers to what is not there."""
    if not column.within:
        return ((line, row[place]) for row, line in _lined(records) if row[place] and row[place] not in there)
    device = records.table.at(column.within)
    return (
        (line, (row[device], row[place]))
        for row, line in _lined(records)
        if row[place] and (row[device], row[place]) not in there
    )


def _unique(records: Records, columns: tuple[str, ...], reason: str, problems: Problems) -> None:
    """Name each row whose columns together were there before; empty values may repeat."""
    places = [records.table.at(column) for column in columns]
    seen: dict[tuple[object, ...], int] = {}
    for row, line in _lined(records):
        value = tuple(row[place] for place in places)
        if value[-1] is None:
            continue
        if value in seen:
            text = ":".join(map(str, value))
            problems.add(records.file, line, columns[-1], reason, text, f"line {seen[value]}")
        else:
            seen[value] = line


def _circles(records: Records, edges: Iterable[Edge], column: str, problems: Problems) -> None:
    """Name a row of each circle, up to twenty, that the edges (from, to, line) make: depth first, without recursion."""
    found = 0
    ahead: dict[object, list[tuple[object, int]]] = {}
    for start, end, line in edges:
        ahead.setdefault(start, []).append((end, line))
    done: set[object] = set()
    for root in ahead:
        # How one came to each: the line of the edge.
        path: dict[object, int] = {}
        stack = [(root, iter(ahead[root]))] if root not in done else []
        path[root] = 0
        while stack:
            here, further = stack[-1]
            for end, line in further:
                if end in path and found < EXAMPLES:
                    found += 1
                    circle = list(path)[list(path).index(end) :]
                    named = line or max(path[code] for code in circle[1:])
                    problems.add(records.file, named, column, "cycle", " → ".join(map(str, [*circle, end])))
                elif end not in done and end not in path:
                    path[end] = line
                    stack.append((end, iter(ahead.get(end, ()))))
                    break
            else:
                done.add(here)
                path.pop(here, None)
                stack.pop()


def _sites(records: Records, problems: Problems) -> None:
    levels = {row[0]: row[2] for row in records.rows}
    edges = []
    for (code, _, level, parent, *_), line in _lined(records):
        if level == Level.CENTRE and parent:
            problems.add(records.file, line, "parent", "parent_of_centre", str(parent))
        elif level != Level.CENTRE and not parent:
            problems.add(records.file, line, "parent", "parent_needed")
        elif parent:
            edges.append((code, parent, line))
            if parent in levels and int(str(levels[parent])) > int(str(level)):
                problems.add(records.file, line, "parent", "parent_below", str(parent))
    _circles(records, edges, "parent", problems)


def _devices(records: Records, problems: Problems) -> None:
    _unique(records, ("address",), "address_taken", problems)
    table = records.table
    kind, via = table.at("kind"), table.at("managed_via")
    kinds = {row[0]: row[kind] for row in records.rows}
    edges = []
    for row, line in _lined(records):
        if row[via]:
            edges.append((row[0], row[via], line))
            if kinds.get(row[via], DeviceKind.SWITCH) != DeviceKind.SWITCH:
                problems.add(records.file, line, "managed_via", "not_a_switch", str(row[via]))
    _circles(records, edges, "managed_via", problems)


def _links(records: Records, problems: Problems) -> None:
    ends: dict[tuple[object, object], int] = {}
    for (_, a_device, a_port, b_device, b_port, _), line in _lined(records):
        if a_device == b_device:
            problems.add(records.file, line, "b_device", "link_to_itself", str(b_device))
        for column, end in (("a_port", (a_device, a_port)), ("b_port", (b_device, b_port))):
            if not end[1]:
                continue
            if first := ends.get(end):
                problems.add(records.file, line, column, "port_taken", f"{end[0]}:{end[1]}", f"line {first}")
            ends.setdefault(end, line)


def _services(records: Records, problems: Problems) -> None:
    kind, port = records.table.at("kind"), records.table.at("port")
    for row, line in _lined(records):
        if not row[port] and row[kind] not in CATV:
            problems.add(records.file, line, "port", "port_needed", str(row[kind]))
