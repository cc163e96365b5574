"""Recordings of real devices, which lie outside the project: UZEL_CAPTURES names their folder."""

import os
from pathlib import Path

import pytest

from uzel.drivers import cli_report

ROOT = Path(__file__).parents[3]
CLI = Path(os.environ.get("UZEL_CAPTURES", ROOT.parent / "shared" / "captures")) / "cli"

pytestmark = pytest.mark.skipif(not CLI.is_dir(), reason="no folder of recordings beside the project (UZEL_CAPTURES)")


def test_ninety_nine_in_a_hundred_rows_are_understood_of_every_driver():
    sums: dict[str, list[int]] = {}
    for (driver, _), tally in cli_report.tallies(CLI).items():
        sums.setdefault(driver, [0, 0])
        sums[driver][0] += tally.rows - min(tally.doubts, tally.rows)
        sums[driver][1] += tally.rows + tally.not_understood
    assert sums
    assert {driver: good / total for driver, (good, total) in sums.items() if good < 0.99 * total} == {}


def test_no_answer_is_shorter_than_that_of_another_project_without_reason():
    """Their parsers give one row per address or port; where we give fewer, we leave out what is no station."""
    fewer = {file.name for file, theirs, ours in cli_report.expected_counts(CLI) if ours < theirs}
    # The other project counts the broadcast addresses of the subnet as ARP entries.
    assert fewer <= {"DGS-3120-24TC__1.01.B033__show-arpentry.txt"}
