"""The rows of an answer: narrowed to what was asked, and fit to be kept."""

from dataclasses import replace
from typing import Any

from uzel.core.answers import LogLine
from uzel.drivers import log_time, syslog
from uzel.drivers.cli_text import Parsed
from uzel.drivers.transport import Login

# A password as short as "up" or "admin" is not starred within the lines of a log, of which rules are made.
WORD = 6


def shown(row: Any, login: Login) -> Any:
    """A line of a log is kept as it is told, and may tell what somebody typed; a short word in it is just a word."""
    if not isinstance(row, LogLine):
        return row
    told = {"when": log_time.iso(row.at), "kind": syslog.kind_of(row.text), "mac": syslog.mac_of(row.text)}
    return replace(row, text=login.starred(row.text, at_least=WORD), **told)


def about(parsed: Parsed[Any], port: str | None, mac: str | None, wants: frozenset[str]) -> tuple[Any, ...]:
    """Rows about what was asked: a command that tells of all is narrowed, a row that names no port gets its."""
    rows = parsed.rows
    if mac is not None and "mac" not in wants:
        rows = tuple(row for row in rows if getattr(row, "mac", mac) == mac)
    if port is None:
        return rows
    if "port" in wants:
        return tuple(replace(r, port=port) if getattr(r, "port", "") is None else r for r in rows)
    return tuple(row for row in rows if _names(row, port))


def _names(row: Any, port_name: str) -> bool:
    if hasattr(row, "ports"):
        return port_name in row.ports
    if hasattr(row, "untagged"):
        return port_name in (*row.untagged, *row.tagged, *row.members)
    return not hasattr(row, "port") or row.port == port_name
