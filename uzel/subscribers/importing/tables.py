"""The tables of an import, as data: their columns, keys and references, and where they live in the database.

The order is the order of writing: a table refers only to itself and to those before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from uzel.network.models import DeviceKind, Level, Medium
from uzel.subscribers.importing.fields import Parser, address, degrees, flag, mac, number, phones, text, word
from uzel.subscribers.importing.problems import Cause, Problems
from uzel.subscribers.models import Service, Subscriber

LEVELS = {level.name.lower(): int(level) for level in Level}
INTEGER = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    refers: the table that its value is a code of; within: the column that names the device of a port.
    type: of the database. stored: False for what goes to a table of its own.
    """

    name: str
    parse: Parser
    type: str = "text"
    refers: str = ""
    within: str = ""
    stored: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One file and the database table that it fills. key: the columns that a row is known by.

    owner: rows follow their owner, so those that are gone from the file are gone (power feeds, phones).
    freed: unique columns, with the value that they hold while rows change places.
    """

    name: str
    sql: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    owner: str = ""
    freed: tuple[tuple[str, str], ...] = ()

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that live in the database table itself."""
        return tuple(column for column in self.columns if column.stored)

    def at(self, column: str) -> int:
        """The place of a column in a row."""
        return next(place for place, known in enumerate(self.columns) if known.name == column)


def _words(choices: list[str]) -> dict[str, object]:
    return {choice: choice for choice in choices}


def _code(name: str = "code", limit: int = 60) -> Column:
    return Column(name, text(limit, required=True))


def _ref(name: str, table: str, *, required: bool = False, within: str = "") -> Column:
    return Column(name, text(120, required=required), refers=table, within=within)


TABLES = (
    Table("mains_areas", "network_mainsarea", ("code",), (_code(), Column("name", text(200)))),
    Table(
        "sites",
        "network_site",
        ("code",),
        (
            _code(),
            Column("name", text(200, required=True)),
            Column("level", word(LEVELS, reason="unknown_level"), "smallint"),
            _ref("parent", "sites"),
            Column("address", text(300)),
            _ref("mains_area", "mains_areas"),
            Column("latitude", degrees(90), "float8"),
            Column("longitude", degrees(180), "float8"),
        ),
    ),
    Table(
        "access_groups",
        "network_accessgroup",
        ("code",),
        (
            _code(),
            Column("snmp_community", text(100, required=True)),
            Column("snmp_port", number(1, 65535, default=161), "integer"),
        ),
    ),
    Table(
        "devices",
        "network_device",
        ("code",),
        (
            _code(),
            _ref("site", "sites", required=True),
            Column("kind", word(_words(DeviceKind.values))),
            Column("vendor", text(60)),
            Column("model", text(60)),
            Column("serial", text(60)),
            Column("address", address, "inet"),
            _ref("access_group", "access_groups"),
            Column("is_source", flag(default=False), "boolean"),
            _ref("managed_via", "devices"),
        ),
        freed=(("address", "NULL"),),
    ),
    Table(
        "ports",
        "network_port",
        ("device", "name"),
        (
            _ref("device", "devices", required=True),
            Column("name", text(60, required=True)),
            # Room is left above for the value that a port holds while numbers change places.
            Column("if_index", number(0, 999_999_999, required=True), "integer"),
            Column("speed_mbps", number(0, INTEGER, default=100), "integer"),
            Column("is_uplink", flag(default=False), "boolean"),
        ),
        freed=(("if_index", "t.if_index + 1000000000"),),
    ),
    Table(
        "links",
        "network_link",
        ("code",),
        (
            _code(limit=120),
            _ref("a_device", "devices", required=True),
            _ref("a_port", "ports", within="a_device"),
            _ref("b_device", "devices", required=True),
            _ref("b_port", "ports", within="b_device"),
            Column("medium", word(_words(Medium.values), default="fibre")),
        ),
        freed=(("a_port", "NULL"), ("b_port", "NULL")),
    ),
    Table(
        "power",
        "network_powerfeed",
        ("consumer", "source"),
        (_ref("consumer", "devices", required=True), _ref("source", "devices")),
        owner="devices",
    ),
    Table(
        "buildings",
        "subscribers_building",
        ("code",),
        (
            _code(),
            Column("locality", text(100)),
            Column("street", text(150, required=True)),
            Column("number", text(30, required=True)),
            _ref("site", "sites"),
        ),
    ),
    Table(
        "subscribers",
        "subscribers_subscriber",
        ("account",),
        (
            _code("account", 30),
            Column("kind", word(_words(Subscriber.Kind.values), default="person")),
            Column("name", text(200, required=True)),
            Column("status", word(_words(Subscriber.Status.values), default="active")),
            _ref("building", "buildings"),
            Column("entrance", text(10)),
            Column("floor", text(10)),
            Column("flat", text(20)),
            Column("phones", phones, stored=False),
            Column("note", text(10_000)),
        ),
    ),
    Table(
        "phones",
        "subscribers_phone",
        ("subscriber", "digits"),
        (_ref("subscriber", "subscribers", required=True), Column("digits", text(20, required=True))),
        owner="subscribers",
    ),
    Table(
        "services",
        "subscribers_service",
        ("code",),
        (
            _code(),
            Column("account", text(30, required=True), refers="subscribers"),
            Column("kind", word(_words(Service.Kind.values))),
            _ref("device", "devices", required=True),
            _ref("port", "ports", within="device"),
            Column("is_active", flag(default=True), "boolean"),
            Column("speed_mbps", number(0, INTEGER), "integer"),
            Column("ip", address, "inet"),
            Column("mac", mac),
            Column("vlan", number(0, 4094), "smallint"),
        ),
    ),
)
BY_NAME = {table.name: table for table in TABLES}
# Phones have no file of their own: they are written in the row of their subscriber.
FILES = {f"{table.name}.csv": table for table in TABLES if table.name != "phones"}


@dataclass(slots=True)
class Records:
    """The good rows of one table, with the line that each stood on. `file` as it is named in problems.

    missed: the bad rows by their key; lost: why there may be more rows than could be read. Neither is imported, but
    who refers to them is told why.
    """

    table: Table
    file: str
    rows: list[tuple[object, ...]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    missed: dict[object, Cause] = field(default_factory=dict)
    lost: Cause | None = None

    def take(self, line: int, texts: tuple[str, ...] | list[str], problems: Problems) -> None:
        """Parse one row and keep it, or name what is wrong with it: every bad column, not only the first."""
        values = []
        cause: Cause | None = None
        for column, raw in zip(self.table.columns, texts, strict=True):
            try:
                values.append(column.parse(raw.strip()))
            except ValueError as error:
                reason, near = getattr(error, "code", "unknown_value"), getattr(error, "near", "")
                found = problems.add(self.file, line, column.name, reason, raw, near)
                cause = cause or found
        if cause:
            self.miss(texts, cause)
        else:
            self.rows.append(tuple(values))
            self.lines.append(line)

    def miss(self, texts: Sequence[str], cause: Cause) -> None:
        """Remember the key of a row that could not be taken."""
        key = tuple(texts[self.table.at(column)].strip() for column in self.table.key)
        self.missed.setdefault(key if len(key) > 1 else key[0], cause)

    def lose(self, cause: Cause) -> None:
        """Say why rows could not be read at all; the first reason stays."""
        self.lost = self.lost or cause

    def cause_of(self, key: object) -> Cause | None:
        """Why a key is not among the rows; None when nothing that was handed in explains it."""
        return self.missed.get(key, self.lost)
