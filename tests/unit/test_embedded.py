"""Connection settings from DATABASE_URL, and back."""

import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from django.db import OperationalError

from uzel.config import cli, embedded
from uzel.config.embedded import conninfo, url

HOME = Path("/nowhere")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://uzel:p%40ss%2Fword@db.example:5433/desk",
        "postgresql://uzel@db.example/desk",
        "postgresql://postgres@/uzel?host=%2Fvar%2Frun%2Fpg",
    ],
)
def test_an_address_survives_the_way_there_and_back(address: str) -> None:
    assert url(conninfo(address, HOME)) == address


def test_parts_of_an_address_are_unquoted() -> None:
    got = conninfo("postgres://uzel:p%40ss@db.example:5433/desk", HOME)
    assert (got["USER"], got["PASSWORD"], got["HOST"], got["PORT"], got["NAME"]) == (
        "uzel", "p@ss", "db.example", "5433", "desk",
    )  # fmt: skip


def test_without_an_address_the_embedded_server_is_meant() -> None:
    assert conninfo("", HOME)["HOST"] == "/nowhere/pg"


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="postgresql"):
        conninfo("mysql://root@localhost/uzel", HOME)


class Dying:
    """A server that dies at its first starts."""

    def __init__(self, home: Path, deaths: int) -> None:
        self.log, self.deaths = home / "pg" / "log", deaths

    def start(self) -> None:
        self.deaths -= 1
        if self.deaths >= 0:
            raise subprocess.CalledProcessError(2, "psql postgresql://…")

    def get_uri(self) -> str:
        return "postgresql://postgres:@/postgres?host=/nowhere/pg"


@pytest.fixture
def dying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dying:
    server = Dying(tmp_path, 2)
    monkeypatch.setattr(embedded, "get_server", lambda *_, **__: server)
    monkeypatch.setattr(embedded, "_make_database", lambda _: None)
    monkeypatch.setattr(embedded, "AGAIN_S", 0.01)
    return server


def test_a_server_that_dies_at_its_start_is_started_again(dying: Dying, tmp_path: Path) -> None:
    assert embedded.start(tmp_path) is dying
    assert (tmp_path / "pg.socket").read_text() == "/nowhere/pg"


def test_one_that_never_starts_is_told_by_a_command_in_one_line(
    dying: Dying, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying.deaths = 10**6
    monkeypatch.setattr(embedded, "START_S", 0.05)
    monkeypatch.setattr(cli.settings, "HOME", tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    answer = CliRunner().invoke(cli.main, ["import", "csv", "nowhere"])
    assert answer.exit_code == 1 and isinstance(answer.exception, SystemExit)
    assert answer.output.startswith("Error: The database does not start: ") and str(dying.log) in answer.output
    assert len(answer.output.splitlines()) == 1


def test_a_database_that_dies_under_a_command_is_told_in_one_line() -> None:
    @click.command()
    def ask() -> None:
        raise OperationalError("server closed the connection\n\tThis probably means…")

    answer = CliRunner().invoke(cli.LazyGroup("uzel", commands={"ask": ask}, lazy={}), ["ask"])
    assert (answer.exit_code, answer.output) == (1, "Error: The database failed: server closed the connection\n")
