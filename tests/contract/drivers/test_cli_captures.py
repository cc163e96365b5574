"""Recordings of real devices, which lie outside the project: UZEL_CAPTURES names their folder."""

import json
import os
from functools import cache
from pathlib import Path
from unittest import mock

import pytest

from uzel.core.answers import MacKind, Operation, PairState
from uzel.drivers import cli_report

ROOT = Path(__file__).parents[3]
CLI = Path(os.environ.get("UZEL_CAPTURES", ROOT.parent / "shared" / "captures")) / "cli"

pytestmark = [
    pytest.mark.skipif(not CLI.is_dir(), reason="no folder of recordings beside the project (UZEL_CAPTURES)"),
    pytest.mark.xdist_group("captures"),
]


@pytest.fixture(autouse=True, scope="module")
def read_once():
    """Most tests go through all the recordings."""
    with mock.patch.object(cli_report, "read", cache(cli_report.read)):
        yield


def test_ninety_nine_in_a_hundred_rows_are_understood_of_every_driver():
    sums: dict[str, list[int]] = {}
    for (driver, _), tally in cli_report.tallies(CLI).items():
        sums.setdefault(driver, [0, 0])
        sums[driver][0] += tally.rows - min(tally.doubts, tally.rows)
        sums[driver][1] += tally.rows + tally.not_understood
    assert sums
    assert {driver: good / total for driver, (good, total) in sums.items() if good < 0.99 * total} == {}


def test_the_docs_show_what_is_understood_now():
    assert (ROOT / "docs" / "captures.md").read_text() == cli_report.markdown(CLI)


def test_ninety_nine_in_a_hundred_of_every_question_s_rows_are_understood():
    found = cli_report.tallies(CLI)
    assert {kind: tally.lines for kind, tally in found.items() if tally.share < 0.99} == {}


def test_no_answer_is_shorter_than_that_of_another_project_without_reason():
    """Their parsers give one row per address or port; where we give fewer, we leave out what is no station."""
    fewer = {file.name for file, theirs, ours in cli_report.expected_counts(CLI) if ours < theirs}
    # The other project counts the broadcast addresses of the subnet as ARP entries.
    assert fewer <= {"DGS-3120-24TC__1.01.B033__show-arpentry.txt"}


def beside(operation):
    """(file, result of the other project, our rows) of the files of an operation that have such a result."""
    for file in sorted(CLI.glob("*/*.txt")):
        kind, theirs = cli_report.classify(file), file.with_suffix(".noc.json")
        if kind and kind[1] is operation and theirs.exists():
            yield file.name, json.loads(theirs.read_text())["result"], cli_report.read(file, *kind).rows


def test_mac_tables_agree_with_another_project_s_parser():
    seen = 0
    for name, result, rows in beside(Operation.MACS):
        theirs = {(row["mac"].replace(":", "").lower(), row["vlan_id"]) for row in result}
        ours = {(row.mac, row.vlan) for row in rows}
        seen += len(ours)
        # Groups are no stations; their parser drops the switch's own "static … Router" row.
        assert {row for row in theirs - ours if not int(row[0][1], 16) & 1} == set(), name
        assert {row.kind for row in rows if (row.mac, row.vlan) in ours - theirs} <= {MacKind.SELF}, name
    assert seen > 1000


def test_pairs_of_cable_tests_agree_with_another_project_s_parser():
    words = {"T": PairState.OK, "O": PairState.OPEN, "S": PairState.SHORT, "N": PairState.NO_CABLE}
    for name, result, rows in beside(Operation.CABLE_TEST):
        ours = {row.port: row for row in rows}
        for port in result:
            row = ours[port["interface"]]
            for theirs in port.get("pairs", []):
                mine = next((pair for pair in row.pairs if pair.pair == theirs["pair"]), row)
                # "Not Support" of a pair is "no cable" to them; and their "cm" hold metres for the pairs.
                state = PairState.NO_CABLE if mine.state is PairState.NOT_SUPPORTED else mine.state
                assert state is words[theirs["status"]], (name, port)
                assert theirs.get("distance_cm", 0) in (mine.length_m or 0, 100 * (mine.length_m or 0)), (name, port)


def test_rows_agree_in_number_with_a_second_project_s_parsers():
    """Where we give fewer rows, we leave out what is no station, or sum up; both are on purpose."""
    # logging-5 begins in the middle of a message, which we keep; Eltex lists channels that do not exist, and VLANs.
    on_purpose = ("mac-address-table", "arpentry", "processes-cpu", "logging-5", "interfaces-description-1")
    on_purpose += ("ntc__show-interfaces-status",)
    for file in sorted(CLI.glob("*/*.ntc.yml")):
        text = file.with_name(file.name.replace(".ntc.yml", ".txt"))
        kind = cli_report.classify(text) if text.exists() else None
        if kind and not any(word in file.name for word in on_purpose):
            theirs = sum(line.startswith("  - ") for line in file.read_text().splitlines())
            assert len(cli_report.read(text, *kind).rows) == theirs, file.name
