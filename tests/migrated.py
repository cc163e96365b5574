"""A migrated database to copy from: migrating costs each worker of each run seconds, a copy a moment."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import psycopg
from psycopg import sql

from uzel.config import embedded

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "uzel_migrated_"


def template(database: dict[str, Any]) -> str:
    """The name of a database on the server of `database` with all migrations of this commit; made where it is missing.

    Those of other commits are thrown away.
    """
    files = sorted((ROOT / "uzel").glob("*/migrations/*.py"))
    text = "".join(f"{file.relative_to(ROOT)}\n{file.read_text()}" for file in files) + django.__version__
    name = PREFIX + hashlib.sha256(text.encode()).hexdigest()[:12]
    with psycopg.connect(embedded.url(database), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])  # the other worker waits for the first
        found = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        if name not in found:
            for old in (each for each in found if each.startswith(PREFIX)):
                connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
            _migrate(connection, database, name)
    return name


def _migrate(connection: "psycopg.Connection[Any]", database: dict[str, Any], name: str) -> None:
    half_done = PREFIX + "half_done"
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half_done)))
    there = os.environ | {"DATABASE_URL": embedded.url(database | {"NAME": half_done})}
    command = [sys.executable, "-m", "uzel.config", "manage", "migrate", "--verbosity", "0"]
    subprocess.run(command, env=there, cwd=ROOT, check=True)
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(half_done), sql.Identifier(name)))
