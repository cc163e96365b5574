"""One bad row and what refers to it: the row is named, what follows from it is counted, and all of it can be had."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.integration.test_import_netbox import network
from uzel.network.models import AccessGroup, DeviceKind, Site
from uzel.simcity.plan import generate
from uzel.subscribers.cli import import_
from uzel.subscribers.importing import Diff, bring_in
from uzel.subscribers.importing.csv_folder import Folder
from uzel.subscribers.importing.netbox import Export
from uzel.subscribers.importing.problems import Cause

pytestmark = pytest.mark.django_db
# The columns that name a device.
NAMING = {
    "devices.csv": ("managed_via",), "ports.csv": ("device",), "links.csv": ("a_device", "b_device"),
    "power.csv": ("consumer", "source"), "services.csv": ("device",),
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    generate(folder, net=40, switches=60, subscribers=900)
    return folder


@pytest.fixture
def city(plain: Path, tmp_path: Path) -> Path:
    for path in plain.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def busiest(folder: Path) -> str:
    """The switch with the most services."""
    return Counter(row["device"] for row in rows(folder, "services.csv") if row["port"]).most_common(1)[0][0]


def spoil(folder: Path, name: str, start: str, old: str, new: str) -> int:
    """Change a row that begins so; the line that it stands on."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith(start))
    assert old in lines[at]
    lines[at] = lines[at].replace(old, new, 1)
    (folder / name).write_text("".join(lines), encoding="utf-8")
    return at + 1


def referring(folder: Path, code: str) -> set[tuple[str, int]]:
    """File and line of every row that names the device, read without the import's own code."""
    return {
        (name, line)
        for name, columns in NAMING.items()
        for line, row in enumerate(rows(folder, name), start=2)
        if code in {row[column] for column in columns}
    }


def told(source: Path | str, *more: str, kind: str = "csv") -> Result:
    return CliRunner().invoke(import_, [kind, str(source), *more])


def check_one_cause(diff: Diff, cause: Cause, expected: set[tuple[str, int]]) -> None:
    assert diff.problems.total == 1 and diff.problems.counts == {(cause.file, cause.reason): 1}
    assert diff.problems.following == {cause: Counter(file for file, _ in expected)}
    assert diff.problems.followed == len(expected)
    assert {(p.file, p.line) for p in diff.problems.followers} == expected
    assert not diff.applied and not Site.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "reason"), [(",switch,", ",swich,", "unknown_value"), (",", ",,", "wrong_field_count")]
)
def test_what_follows_from_a_bad_device_is_counted_with_it(city: Path, old: str, new: str, reason: str) -> None:
    code = busiest(city)
    line = spoil(city, "devices.csv", code + ",", old, new)
    expected = referring(city, code)
    expected.discard(("devices.csv", line))
    assert len(expected) > 30
    check_one_cause(bring_in(Folder(city), whole=True), Cause("devices.csv", line, reason), expected)


def test_the_command_names_the_cause_in_one_line_and_lists_all_when_asked(city: Path) -> None:
    code = busiest(city)
    line = spoil(city, "devices.csv", code + ",", ",switch,", ",swich,")
    expected = referring(city, code)
    files = Counter(file for file, _ in expected)
    short = told(city)
    assert short.exit_code == 1
    first = short.output.strip().splitlines()[0]
    assert first.startswith(f"devices.csv:{line}: kind: «swich» is none of the known words (switch, ")
    assert f"; and {len(expected)} rows that refer to it (" in first
    assert all(f"{file} {count}" in first for file, count in files.items())
    assert len(short.output.splitlines()) < 10
    assert f"1 problem, and {len(expected)} rows that refer to them" in short.output and "--all" in short.output
    whole = told(city, "--all").output
    listed = [each for each in whole.splitlines() if each.endswith(f" follows from devices.csv:{line}")]
    assert {tuple(each.strip().split(":")[:2]) for each in listed} == {(file, str(at)) for file, at in expected}
    assert "--all" not in whole


def test_the_known_words_are_told_once_and_whole(city: Path) -> None:
    spoil(city, "sites.csv", "o1,", "okrug", "quarter")
    spoil(city, "devices.csv", busiest(city) + ",", ",switch,", ",swich,")
    lines = told(city).output.splitlines()
    level = next(each for each in lines if "«quarter»" in each)
    assert "«quarter» is no level (centre, okrug, district, campus, house)" in level and level.count("campus") == 1
    assert f"({', '.join(DeviceKind.values)})" in next(each for each in lines if "«swich»" in each)


def test_two_noisy_kinds_leave_room_for_a_third(city: Path) -> None:
    """The list is shared by kind: what is named last is named, and all of it is one option away."""
    for name, column, bad in (("ports.csv", "if_index", "many"), ("subscribers.csv", "kind", "ghost")):
        table = rows(city, name)
        with (city / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, table[0])
            writer.writeheader()
            writer.writerows(row | ({column: bad} if at < 30 else {}) for at, row in enumerate(table))
    free = next(row for row in rows(city, "services.csv") if row["mac"])
    line = spoil(city, "services.csv", free["code"] + ",", free["mac"], "no-mac")
    short = told(city).output
    named = [
        each for each in short.splitlines() if each.startswith(("ports.csv:", "subscribers.csv:", "services.csv:"))
    ]
    assert any(each.startswith(f"services.csv:{line}: mac: «no-mac» is no MAC address") for each in named)
    assert Counter(each.split(":")[0] for each in named) == {"ports.csv": 19, "subscribers.csv": 19, "services.csv": 1}
    assert "--all lists every one" in short
    whole = told(city, "--all").output
    assert sum(each.startswith("ports.csv:") for each in whole.splitlines()) == 30


def test_a_bad_site_port_and_account_have_their_followers(city: Path) -> None:
    service = next(row for row in rows(city, "services.csv") if row["port"])
    port = spoil(city, "ports.csv", f"{service['device']},{service['port']},", ",0\n", ",no idea\n")
    account = spoil(city, "subscribers.csv", service["account"] + ",", ",active,", ",alive,")
    site = spoil(city, "sites.csv", "o1,", "okrug", "quarter")
    diff = bring_in(Folder(city), whole=True)
    causes = {(cause.file, cause.line): cause.reason for cause in diff.problems.following}
    assert causes == {
        ("ports.csv", port): "not_yes_or_no",
        ("subscribers.csv", account): "unknown_value",
        ("sites.csv", site): "unknown_level",
    }
    assert diff.problems.total == 3
    of_account = sum(row["account"] == service["account"] for row in rows(city, "services.csv"))
    assert diff.problems.following[Cause("subscribers.csv", account, "unknown_value")].total() == of_account
    assert {p.reason for p in diff.problems.followers} == {"unknown_port", "unknown_reference"}


def test_a_reference_to_what_nobody_handed_in_is_a_problem_of_its_own(city: Path) -> None:
    code = busiest(city)
    spoil(city, "devices.csv", code + ",", ",switch,", ",swich,")
    line = spoil(city, "ports.csv", code + ",1,", code, "nowhere")
    diff = bring_in(Folder(city))
    assert ("ports.csv", line, "unknown_reference") in {(p.file, p.line, p.reason) for p in diff.problems.examples}
    assert diff.problems.counts["ports.csv", "unknown_reference"] == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [("kind", "sort", 1, "missing_column"), ("switch", '"switch', 0, "broken_quotes")],
)
def test_a_file_that_cannot_be_read_is_the_cause_of_all_that_misses_its_rows(
    city: Path, old: str, new: str, line: int, reason: str
) -> None:
    text = (city / "devices.csv").read_text(encoding="utf-8")
    (city / "devices.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    diff = bring_in(Folder(city))
    (cause,) = diff.problems.following
    assert (cause.file, cause.reason) == ("devices.csv", reason) and cause.line >= line
    assert {file for file, _ in diff.problems.counts} == {"devices.csv"}
    assert diff.problems.followed > 900
    assert reason in {p.reason for p in diff.problems.examples} and len(told(city).output.splitlines()) < 12


def test_netbox_groups_them_too(tmp_path: Path) -> None:
    AccessGroup.objects.create(code="snmp")
    data = network()
    device = data["dcim/devices"][1]
    device["primary_ip"] = {"address": "10.0.0.300/24"}
    path = tmp_path / "netbox.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    diff = bring_in(Export(path), whole=True)
    assert {(p.file, p.line, p.reason) for p in diff.problems.examples} == {("dcim/devices", device["id"], "bad_ip")}
    ((cause, files),) = diff.problems.following.items()
    assert cause == Cause("dcim/devices", device["id"], "bad_ip") and set(files) >= {"dcim/interfaces", "dcim/cables"}
    ports = [port["id"] for port in data["dcim/interfaces"] if port["device"]["name"] == device["name"]]
    assert set(ports) >= {p.line for p in diff.problems.followers if p.file == "dcim/interfaces"} != set()
    assert f"dcim/devices:{device['id']}: address:" in told(path, kind="netbox").output.strip().splitlines()[0]


def test_an_endpoint_that_is_no_list_is_the_cause_of_all_that_misses_it(tmp_path: Path) -> None:
    AccessGroup.objects.create(code="snmp")
    path = tmp_path / "netbox.json"
    path.write_text(json.dumps(network() | {"dcim/devices": [1]}), encoding="utf-8")
    diff = bring_in(Export(path))
    assert diff.problems.counts == {("netbox.json", "bad_answer"): 1} and diff.problems.followed > 2


def test_a_hundred_thousand_followers_are_one_line_and_all_of_them_can_be_had(city: Path) -> None:
    code, line = busiest(city), spoil(city, "devices.csv", busiest(city) + ",", ",switch,", ",swich,")
    with (city / "services.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"x{n},nobody,catv,{code},,1,,,,\n" for n in range(100_000))
    spoiled = bring_in(Folder(city))
    cause = Cause("devices.csv", line, "unknown_value")
    assert spoiled.problems.following[cause]["services.csv"] > 100_000 and not spoiled.problems.followers
    assert len(spoiled.problems.examples) <= 21
    assert len(bring_in(Folder(city), whole=True).problems.followers) > 100_000
