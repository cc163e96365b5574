# ruff: noqa: S608 - all that is put into SQL here comes from the table of tables
"""Bring the checked rows into the database by sets: COPY into temporary tables, compare, write, remove.

Works inside the caller's transaction. Names of tables and columns come from `tables`, never from the files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.utils import CursorWrapper

from uzel.subscribers.importing.problems import Problems
from uzel.subscribers.importing.tables import BY_NAME, TABLES, Column, Records, Table

EXAMPLES = 5
# What is a part of a thing goes with it: (table, column). Any other mention of it is history and keeps it.
PARTS = {
    "network_device": (
        ("network_devicestate", "device_id"),
        ("network_powerfeed", "consumer_id"),
        # Whether it was read, not what: a device with configurations stays.
        ("network_backupstate", "device_id"),
        # Reckoned by the monitor from the map, and made anew after the import.
        ("outages_weakpoint", "device_id"),
    ),
    "network_port": (("network_portstate", "port_id"),),
    "subscribers_subscriber": (("subscribers_phone", "subscriber_id"),),
}


@dataclass(slots=True)
class Change:
    """What an import does to one kind of record. kept: not in the import, left alone or held by history.

    examples: "added", "changed", "removed", "kept" -> a few keys; of the changed ones with what changes.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    kept: int = 0
    unchanged: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)


def _target(column: Column) -> str:
    if column.name == "account" and column.refers:
        return "subscriber_id"
    return f"{column.name}_id" if column.refers else column.name


def _refer(column: Column, side: str, *, by_id: bool) -> str:
    """The join that brings the record that a column of `side` refers to, found by its id or by its code."""
    other = BY_NAME[column.refers]
    name = f"r_{column.name}"
    if by_id:
        return f"LEFT JOIN {other.sql} {name} ON {name}.id = {side}.{_target(column)}"
    if column.within:
        return (
            f"LEFT JOIN {other.sql} {name}"
            f" ON {name}.device_id = r_{column.within}.id AND {name}.name = {side}.{column.name}"
        )
    return f"LEFT JOIN {other.sql} {name} ON {name}.{other.key[0]} = {side}.{column.name}"


def _natural(column: Column) -> str:
    """What the database holds, in the words of the file."""
    if column.refers:
        other = BY_NAME[column.refers]
        shown = "name" if column.within else other.key[0]
        return f"COALESCE(r_{column.name}.{shown}, '') AS {column.name}"
    return f"t.{column.name} AS {column.name}"


class Merge:
    """One import inside one transaction. The order: stage all, free what changes places, write, remove, look again."""

    def __init__(self, cursor: CursorWrapper, *, prune: bool) -> None:
        self.cursor = cursor
        self.prune = prune
        self.staged: set[str] = set()

    def _run(self, sql: str, *parameters: list[int]) -> int:
        self.cursor.execute(sql, parameters or None)
        return int(self.cursor.rowcount)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        self.cursor.execute(sql)
        return list(self.cursor.fetchall())

    def stage(self, records: Records) -> Change:
        """Copy the rows beside the stored ones and compare: new_<name>, old_<name>, diff_<name>, gone_<name>."""
        table, name = records.table, records.table.name
        columns = ", ".join(f"{column.name} {column.type}" for column in table.stored)
        # Those of an earlier import stay as long as a transaction around both does.
        self._run(
            "DROP TABLE IF EXISTS " + ", ".join(f"pg_temp.{kind}_{name}" for kind in ("new", "old", "diff", "gone"))
        )
        self._run(f"CREATE TEMP TABLE new_{name} (line bigint, {columns}) ON COMMIT DROP")
        places = [place for place, column in enumerate(table.columns) if column.stored]
        with self.cursor.copy(f"COPY new_{name} FROM STDIN") as copy:
            for row, line in zip(records.rows, records.lines, strict=True):
                copy.write_row([line, *(row[place] for place in places)])
        joins = " ".join(_refer(column, "t", by_id=True) for column in table.stored if column.refers)
        natural = ", ".join(_natural(column) for column in table.stored)
        self._run(f"CREATE TEMP TABLE old_{name} ON COMMIT DROP AS SELECT t.id, {natural} FROM {table.sql} t {joins}")
        self._run(f"ANALYZE new_{name}")
        self._run(f"ANALYZE old_{name}")
        keys = ", ".join(table.key)
        values = [column.name for column in table.stored if column.name not in table.key]
        differs = " OR ".join(f"n.{value} IS DISTINCT FROM o.{value}" for value in values) or "false"
        self._run(
            f"CREATE TEMP TABLE diff_{name} ON COMMIT DROP AS"
            f" SELECT COALESCE(o.id, nextval(pg_get_serial_sequence('{table.sql}', 'id'))) AS id,"
            f" CASE WHEN o.id IS NULL THEN 'added' WHEN {differs} THEN 'changed' ELSE 'unchanged' END AS fate, n.line,"
            f" {', '.join(f'n.{column.name}' for column in table.stored)}"
            f" FROM new_{name} n LEFT JOIN old_{name} o USING ({keys})"
        )
        self._run(
            f"CREATE TEMP TABLE gone_{name} ON COMMIT DROP AS"
            f" SELECT o.* FROM old_{name} o LEFT JOIN new_{name} n USING ({keys}) WHERE n.line IS NULL"
            f" {_owned(table, owner_is_here=table.owner in self.staged)}"
        )
        self._run(f"ANALYZE diff_{name}")
        self.staged.add(name)
        return self._count(table, values)

    def _count(self, table: Table, values: list[str]) -> Change:
        counts = dict(self._rows(f"SELECT fate, count(*) FROM diff_{table.name} GROUP BY fate"))
        change = Change(counts.get("added", 0), counts.get("changed", 0), unchanged=counts.get("unchanged", 0))
        shown = _shown(table, "d")
        for status in ("added", "changed"):
            what = "''"
            if status == "changed":
                parts = (
                    f"CASE WHEN d.{v} IS DISTINCT FROM o.{v} THEN format(' %s: %s → %s', '{v}', o.{v}, d.{v}) END"
                    for v in values
                )
                what = f"concat(''{''.join(', ' + part for part in parts)})"
            rows = self._rows(
                f"SELECT {shown} || {what} FROM diff_{table.name} d LEFT JOIN old_{table.name} o ON o.id = d.id"
                f" WHERE d.fate = '{status}' ORDER BY 1 LIMIT {EXAMPLES}"
            )
            if rows:
                change.examples[status] = [row[0] for row in rows]
        return change

    def free(self, table: Table) -> None:
        """Let go of the unique values that change hands, so that rows may swap them in one step."""
        also = f" UNION ALL SELECT id FROM gone_{table.name}" if self.prune else ""
        for column, neutral in table.freed:
            target = _target(_column(table, column))
            self._run(
                f"UPDATE {table.sql} t SET {target} = {neutral} WHERE t.id IN"
                f" (SELECT d.id FROM diff_{table.name} d JOIN old_{table.name} o ON o.id = d.id"
                f" WHERE d.fate = 'changed' AND d.{column} IS DISTINCT FROM o.{column}{also})"
            )

    def write(self, table: Table) -> None:
        """Insert what is new and update what differs; references are found by their codes."""
        name = table.name
        joins, values = [], []
        for column in table.stored:
            if column.refers:
                # A table that refers to itself finds its own new rows where they are staged.
                own = column.refers == name
                join = _refer(column, "d", by_id=False)
                joins.append(join.replace(f"JOIN {table.sql} ", f"JOIN diff_{name} ") if own else join)
            values.append(f"r_{column.name}.id" if column.refers else f"d.{column.name}")
        targets = [_target(column) for column in table.stored]
        source = f"FROM diff_{name} d {' '.join(joins)} WHERE d.fate = "
        # Django keeps no defaults in the database: the one column that no file has gets its empty value here.
        note, empty = (", note", ", ''") if name == "phones" else ("", "")
        self._run(
            f"INSERT INTO {table.sql} (id, {', '.join(targets)}{note})"
            f" SELECT d.id, {', '.join(values)}{empty} {source}'added'"
        )
        pairs = ", ".join(f"{target} = v.{target}" for target in targets)
        picked = ", ".join(f"{value} AS {target}" for value, target in zip(values, targets, strict=True))
        self._run(
            f"UPDATE {table.sql} t SET {pairs} FROM (SELECT d.id, {picked} {source}'changed') v WHERE v.id = t.id"
        )

    def analyse(self, table: Table) -> None:
        """Count what has been written anew, if there is much of it."""
        if self._rows(f"SELECT count(*) > 100 FROM diff_{table.name} WHERE fate <> 'unchanged'")[0][0]:
            self._run(f"ANALYZE {table.sql}")

    def clash(self, records: Records, problems: Problems) -> None:
        """Name the rows that want a unique value which a kept record has."""
        table = records.table
        for column, _ in table.freed:
            same = f"g.{column} = d.{column}"
            if table.name == "ports":
                same += " AND g.device = d.device"
            if table.name == "links":
                # A port may be at either end of the kept link.
                end = f"({{0}}.{column[0]}_device, {{0}}.{column})"
                same = f"{end.format('d')} IN ((g.a_device, g.a_port), (g.b_device, g.b_port)) AND d.{column} <> ''"
            rows = self._rows(
                f"SELECT d.line, d.{column}::text, {_shown(table, 'g')} FROM diff_{table.name} d"
                f" JOIN gone_{table.name} g ON {same} JOIN {table.sql} t ON t.id = g.id"
                " WHERE d.fate <> 'unchanged'"
            )
            for line, value, holder in rows:
                problems.add(records.file, line, column, "taken_by_kept", value, holder)

    def remove(self, table: Table, change: Change) -> None:
        """Remove what is gone, if that is wished and nothing else mentions it; the rest is kept."""
        gone = f"gone_{table.name}"
        wished = self.prune or bool(table.owner)
        while wished:
            mentioned = "".join(
                f" AND NOT EXISTS (SELECT FROM {other} m WHERE m.{column} = t.id)"
                for other, column in self._mentions(table.sql)
            )
            # Chosen once: what a part mentions (a strip, in the feed of its switch) is free only in the next round.
            free = self._rows(f"SELECT t.id FROM {table.sql} t JOIN {gone} g ON g.id = t.id WHERE true{mentioned}")
            ids = [row[0] for row in free]
            for part, key in PARTS.get(table.sql, ()):
                self._run(f"DELETE FROM {part} WHERE {key} = ANY(%s)", ids)
            self._run(f"DELETE FROM {table.sql} WHERE id = ANY(%s)", ids)
            change.removed += len(ids)
            if not ids or not any(column.refers == table.name for column in table.columns):
                break
        stays = f"EXISTS (SELECT FROM {table.sql} t WHERE t.id = g.id)"
        for status, which in (("removed", f"NOT {stays}"), ("kept", stays)):
            where = f"FROM {gone} g WHERE {which}"
            if rows := self._rows(f"SELECT {_shown(table, 'g')} {where} ORDER BY 1 LIMIT {EXAMPLES}"):
                change.examples[status] = [row[0] for row in rows]
            if status == "kept":
                change.kept = self._rows(f"SELECT count(*) {where}")[0][0]

    def restore(self, table: Table) -> None:
        """Give back to what history keeps the unique values that `free` took."""
        for column, _ in table.freed if self.prune else ():
            known = _column(table, column)
            if known.refers:
                value = (
                    f"(SELECT p.id FROM network_port p JOIN network_device d ON d.id = p.device_id"
                    f" WHERE d.code = g.{known.within} AND p.name = g.{column})"
                )
            else:
                value = f"g.{column}"
            self._run(f"UPDATE {table.sql} t SET {_target(known)} = {value} FROM gone_{table.name} g WHERE g.id = t.id")

    def _mentions(self, sql: str) -> list[tuple[str, str]]:
        """(table, column) of every foreign key to a table, but for those of its parts."""
        rows = self._rows(
            "SELECT c.conrelid::regclass::text, a.attname FROM pg_constraint c"
            " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
            f" WHERE c.contype = 'f' AND c.confrelid = '{sql}'::regclass"
        )
        return [mention for mention in rows if mention not in PARTS.get(sql, ())]


def _column(table: Table, name: str) -> Column:
    return table.columns[table.at(name)]


def _shown(table: Table, side: str) -> str:
    """The key as people read it."""
    return f"concat_ws(':', {', '.join(f'{side}.{column}' for column in table.key)})"


def _owned(table: Table, *, owner_is_here: bool) -> str:
    """Of rows that follow their owner only those count whose owner is imported."""
    if not table.owner:
        return ""
    owner = BY_NAME[table.owner]
    if not owner_is_here:
        return f"AND o.{table.key[0]} IN (SELECT {table.key[0]} FROM new_{table.name})"
    return f"AND o.{table.key[0]} IN (SELECT {owner.key[0]} FROM new_{owner.name})"


def merge(cursor: CursorWrapper, imported: Mapping[str, Records], problems: Problems, *, prune: bool, tell: Any
          ) -> dict[str, Change]:  # fmt: skip
    """Bring all tables in; the changes by table. Problems that only the database shows are added: then roll back."""
    work = Merge(cursor, prune=prune)
    order = [table for table in TABLES if table.name in imported]
    changes = {}
    for step, table in enumerate(order):
        tell(table.name, step, 2 * len(order))
        changes[table.name] = work.stage(imported[table.name])
    for table in order:
        work.free(table)
        if not prune:
            work.clash(imported[table.name], problems)
    if problems:
        return changes
    for step, table in enumerate(order):
        tell(table.name, len(order) + step, 2 * len(order))
        work.write(table)
        # Without fresh figures the planner would join the next import's tables row by row.
        work.analyse(table)
    for table in reversed(order):
        work.remove(table, changes[table.name])
    for table in order if prune else ():
        work.clash(imported[table.name], problems)
    if not problems:
        for table in order:
            work.restore(table)
    tell("", 2 * len(order), 2 * len(order))
    return changes
