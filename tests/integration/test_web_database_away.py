"""What pages say while the database is away, and how long they wait for it."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from psycopg import connect

from uzel.config.embedded import CONNECT_S, in_time
from uzel.people import middleware
from uzel.web import errors


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request meets a database that is away, as the first thing that it asks."""

    def fails(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(middleware.PreferencesMiddleware, "__call__", fails)


@pytest.mark.parametrize(("language", "says"), [("", "База данных недоступна"), ("en", "The database is away")])
def test_a_page_without_its_database_says_so_and_comes_back(away: None, language: str, says: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    answer = client.get("/")
    assert answer.status_code == 503 and answer["Retry-After"] == "5" and answer["Cache-Control"] == "no-store"
    assert says in answer.content.decode() and 'http-equiv="refresh"' in answer.content.decode()


def test_a_form_without_its_database_is_not_sent_again_by_itself(away: None) -> None:
    answer = Client(raise_request_exception=False).post("/people/login/", {"username": "a"})
    assert answer.status_code == 503 and 'http-equiv="refresh"' not in answer.content.decode()


def test_our_own_mistakes_stay_500(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware.PreferencesMiddleware, "__call__", lambda *_: 1 / 0)
    assert Client(raise_request_exception=False).get("/").status_code == 500
    assert errors.server_error(RequestFactory().get("/")).status_code == 500


@pytest.mark.slow
def test_a_server_that_says_nothing_is_waited_for_so_long(tmp_path: Path) -> None:
    """A stopped PostgreSQL still takes connections, by its socket's backlog, and never answers."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / ".s.PGSQL.5432"))
        silent.listen()
        options = in_time({})["OPTIONS"]
        began = time.monotonic()
        with pytest.raises(Exception, match="timeout"):
            connect(host=str(tmp_path), dbname="uzel", **options)
        assert time.monotonic() - began < CONNECT_S + 2


@pytest.mark.django_db
def test_a_statement_of_a_page_has_an_end() -> None:
    known = connection.get_connection_params()
    kept = {name: known[name] for name in ("dbname", "host", "port", "user", "password") if name in known}
    with connect(**kept, **in_time({})["OPTIONS"]) as asked:
        row = asked.execute("SHOW statement_timeout").fetchone()
    assert row == ("20s",)
