"""No capability without a recording: drivers, recordings and docs/drivers.md say the same."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.contract.drivers.recordings import DATA, RECORDINGS, TEXTS, best
from uzel.drivers import cli_table
from uzel.drivers.cli_drivers import DRIVERS


def test_every_row_of_our_recordings_is_understood(subtests):
    for name, (parse, text) in TEXTS.items():
        with subtests.test(name):
            parsed = parse(text)
            assert parsed.rows
            assert parsed.not_understood == ()
            assert not parsed.cut


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_way_to_ask_has_a_recording(driver):
    proven = {
        (operation, best(name, operation, file.read_bytes().decode()))
        for name, operation, _, file in RECORDINGS
        if name == driver
    }
    offered = {(operation, ask.parse) for operation, asks in DRIVERS[driver].asks.items() for ask in asks}
    assert offered == proven


def test_recordings_belong_to_drivers_that_exist():
    assert {driver for driver, *_ in RECORDINGS} == set(DRIVERS)


def test_the_docs_show_the_table_as_it_is():
    docs = Path(__file__).parents[3] / "docs" / "drivers.md"
    assert docs.read_text() == cli_table.document(DATA)


def test_recordings_hold_no_one_s_address():
    """Only addresses set aside for documentation or private use, and locally administered MACs."""
    allowed = re.compile(r"^(?:10\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|255\.|0\.0\.0\.0|2(?:2[4-9]|3\d)\.|127\.)")
    for _, _, _, file in RECORDINGS:
        text = file.read_bytes().decode()
        for address in re.findall(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])", text):
            assert allowed.match(address) or max(map(int, address.split("."))) < 20, (file, address)
        for found in re.findall(
            r"\b[0-9A-Fa-f]{2}(?:[-:][0-9A-Fa-f]{2}){5}\b|\b[0-9a-f]{4}[.-][0-9a-f]{4}[.-][0-9a-f]{4}\b", text
        ):
            first = int(re.sub(r"[^0-9A-Fa-f]", "", found)[:2], 16)
            assert first & 3 or found.upper().startswith("01-00-5E"), (file, found)


def test_a_page_shows_its_data_on_one_screen_or_two():
    """Driver pages are for reading: at most 250 lines a file, of the parsers' files too."""
    for file in (Path(__file__).parents[3] / "uzel" / "drivers").glob("*_*.py"):
        if file.stem.split("_")[0] in {*(name.split("_")[0] for name in DRIVERS), "cli"}:
            assert len(file.read_text().splitlines()) <= 250, file.name


def test_the_linter_keeps_every_make_apart():
    contracts = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    [makes] = [contract["makes"] for contract in contracts if contract["type"] == "makes"]
    assert set(makes) == {name.split("_")[0] for name in DRIVERS}
