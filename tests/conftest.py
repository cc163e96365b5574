"""Shared ground of the tests: the embedded PostgreSQL runs for the length of a run."""

import os
from collections.abc import Iterator
from unittest import mock

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from tests import migrated
from uzel.config import embedded
from uzel.config.settings import HOME

# `make test` says of one commit always the same; `make deep` looks where nobody has looked yet.
settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False, print_blob=True)
# `make check` takes a tenth of the cases.
settings.register_profile("quick", derandomize=True, max_examples=10)
settings.load_profile("same")


@pytest.fixture(scope="session", autouse=True)
def passwords_cost_little() -> None:
    """Hashing is slow on purpose; a hash says its own number of rounds, so other processes can check it too."""
    PBKDF2PasswordHasher.iterations = 1_000


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_for_once() -> Iterator[None]:
    """Each client of a test makes its own middleware, and that would read the folders of static files anew."""
    found: dict[str, StaticFile] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def look_once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    with mock.patch.object(WhiteNoiseMiddleware, "add_files_from_finders", look_once):
        yield


@pytest.fixture(scope="session", autouse=True)
def only_full_tables_are_emptied() -> Iterator[None]:
    """After a test that commits, Django empties each of fifty tables and makes content types and permissions anew."""
    with mock.patch.object(TransactionTestCase, "_fixture_teardown", _empty_full_tables):
        yield


AS_MIGRATED = {"django_migrations", "django_content_type", "auth_permission"}


def _empty_full_tables(_: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = sorted({name for (name,) in cursor} - AS_MIGRATED)
        cursor.execute("SELECT " + ", ".join(f'EXISTS (SELECT FROM "{name}")' for name in names))
        full = ", ".join(f'"{name}"' for name, has_rows in zip(names, cursor.fetchone(), strict=True) if has_rows)
        if full:
            cursor.execute(f"TRUNCATE {full} CASCADE")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Start the embedded server unless DATABASE_URL names a real one (pytest-django calls this first).

    Each worker of a parallel run has a database of its own: that is what the argument brings about.
    """
    if not os.environ.get("DATABASE_URL"):
        embedded.start(HOME)
        database = connection.settings_dict
        database["TEST"]["TEMPLATE"] = migrated.template(database)
