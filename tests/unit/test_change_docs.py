"""The table of docs/changes.md is the drivers' own."""

from pathlib import Path

from uzel.core.changes import Kind
from uzel.drivers import change_table
from uzel.drivers.cli_drivers import DRIVERS

PAGE = Path(__file__).parents[2] / "docs" / "changes.md"


def test_the_docs_show_the_commands_as_they_are() -> None:
    assert PAGE.read_text() == change_table.document(PAGE.read_text())


def test_the_three_makes_of_the_issue_offer_every_change() -> None:
    for name in ("dlink_dxs", "cisco_ios", "huawei_vrp"):
        assert set(DRIVERS[name].changes) == set(Kind)
