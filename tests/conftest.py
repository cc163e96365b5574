"""Shared ground of the tests: the embedded PostgreSQL runs for the length of a run."""

import os

import pytest

from uzel.config import embedded
from uzel.config.settings import HOME


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Start the embedded server unless DATABASE_URL names a real one (pytest-django calls this first)."""
    if not os.environ.get("DATABASE_URL"):
        embedded.start(HOME)
