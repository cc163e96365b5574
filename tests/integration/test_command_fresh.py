"""Commands on a database without tables: ours gets them, somebody else's is left alone with a word of what to run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from django.db import connection

from uzel.config import embedded
from uzel.config.ready import require_assets
from uzel.simcity.plan import generate

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def uzel(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "uzel.config", *arguments],
        env=kept | {"UZEL_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def empty() -> Iterator[str]:
    """The address of a database without any table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        name = f"{cursor.fetchone()[0]}_empty"
    server = connection.copy()
    server.settings_dict["NAME"] = "postgres"
    server.set_autocommit(True)
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    yield embedded.url(connection.settings_dict | {"NAME": name})
    with server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


def test_pages_without_styles_or_words_are_not_served(settings: Any, tmp_path: Path) -> None:
    require_assets()
    settings.VENDOR = settings.VENDOR | {"tabler/css": tmp_path / "nowhere"}
    with pytest.raises(click.ClickException, match="nowhere: Uzel is run from a checkout"):
        require_assets()
    settings.PACKAGE_DIR = tmp_path
    (tmp_path / "web/locale/ru/LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "web/locale/ru/LC_MESSAGES/django.po").touch()
    with pytest.raises(click.ClickException, match="and 1 more"):
        require_assets()


def test_a_new_home_takes_an_import_at_once(tmp_path: Path) -> None:
    generate(tmp_path / "city", net=41, switches=40, subscribers=100)
    done = uzel("import", "csv", str(tmp_path / "city"), home=tmp_path / "home")
    assert done.returncode == 0 and "Imported." in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [("import", "csv", "nowhere"), ("device", "ask", "sw", "ports"), ("web",), ("monitor",), ("prober",)],
    ids=lambda command: command[0],
)
def test_somebody_elses_empty_database_is_told_in_one_line(
    empty: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = uzel(*command, home=tmp_path, DATABASE_URL=empty)
    assert done.returncode == 1 and "uzel manage migrate" in done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_tables_of_an_older_version_are_told_too(empty: str, tmp_path: Path) -> None:
    assert uzel("manage", "migrate", "network", "0001", home=tmp_path, DATABASE_URL=empty).returncode == 0
    done = uzel("device", "ask", "sw", "ports", home=tmp_path, DATABASE_URL=empty)
    assert done.returncode == 1 and "uzel manage migrate" in done.stderr and "Traceback" not in done.stderr
