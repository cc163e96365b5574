"""Migrations of the accounts, run over rows as an older version left them."""

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate(name: str) -> Apps:
    """Bring the accounts to this migration, forwards or back; the models as they are there."""
    MigrationExecutor(connection).migrate([("people", name)])
    return MigrationExecutor(connection).loader.project_state([("people", name)]).apps


@pytest.mark.django_db
def test_of_logins_that_differ_in_case_alone_the_first_is_kept() -> None:
    users = migrate("0002_accounts").get_model("people", "User").objects
    first, second, other = (users.create(username=name).pk for name in ("lead", "Lead", "operator"))
    users = migrate("0003_logins_of_any_case").get_model("people", "User").objects
    assert dict(users.values_list("pk", "username")) == {first: "lead", second: f"Lead-{second}", other: "operator"}
