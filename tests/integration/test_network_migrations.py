"""Migrations that rewrite what is kept, run over rows as an older version left them."""

from importlib import import_module

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from uzel.core.config_secrets import STARS
from uzel.core.configs import digest

pytestmark = pytest.mark.django_db
# What the mask of 0008 let through (see the history of core.config_secrets).
SECRETS = ("ip nhrp authentication Owl-by-night", "! password: Owl-by-night", "snmp-server get-community Owl-by-night")
TEXT = "hostname sw{n}\n{secrets}\nvlan 10\nend\n"


def migrate(name: str) -> Apps:
    """Bring the network app to this migration, forwards or back; the models as they are there."""
    executor = MigrationExecutor(connection)
    executor.migrate([("network", name)])
    return MigrationExecutor(connection).loader.project_state([("network", name)]).apps


def test_copies_that_an_older_mask_made_are_masked_anew() -> None:
    """All of them, part by part; the text itself and what needs no stars stay as they were."""
    texts = migrate("0010_prober_status").get_model("network", "ConfigText").objects
    many = import_module("uzel.network.migrations.0011_masked_anew").AT_ONCE + 1
    shown = [TEXT.format(n=n, secrets="\n".join(SECRETS)) for n in range(many)]
    texts.bulk_create(texts.model(sha256=digest(text), text=text, masked=text, lines=6) for text in shown)
    assert texts.filter(masked__contains="Owl-by-night").count() == many

    texts = migrate("0011_masked_anew").get_model("network", "ConfigText").objects
    assert not texts.filter(masked__contains="Owl-by-night").exists()
    kept = texts.get(text=shown[-1])
    stars = "\n".join(secret.replace("Owl-by-night", STARS) for secret in SECRETS)
    assert kept.masked == TEXT.format(n=many - 1, secrets=stars)
    assert sorted(texts.values_list("text", flat=True)) == sorted(shown)
