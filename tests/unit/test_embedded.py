"""Connection settings from DATABASE_URL, and back."""

from pathlib import Path

import pytest

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
