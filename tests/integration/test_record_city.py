"""Recordings taken of the simulated city: every make, everything it can be asked, and nothing of the city's own."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.loopback import NET
from uzel.core.answers import Operation
from uzel.drivers import cli_table
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_record import Masked, Recording, Wish, masked, take
from uzel.drivers.pool import Pool
from uzel.drivers.session import Target
from uzel.drivers.session_secrets import keys
from uzel.drivers.transport import Login, Wire
from uzel.network.models import AccessGroup, Device, Site
from uzel.pollers import device_facts
from uzel.pollers.cli_device import device as device_command
from uzel.simcity import plan

SNMP = 11710
TELNET = SNMP + 1162
MACS = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
LOGIN = Login("uzel", "uzel-city", "enable-city")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("record-city")]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def city(tmp_path_factory) -> Iterator[Path]:
    """A small city on loopback."""
    home = tmp_path_factory.mktemp("city")
    plan.generate(home / "city", seed=3, switches=60, subscribers=900, net=NET, port=SNMP)
    command = [str(Path(sys.executable).parent / "uzel"), "city", "serve", str(home / "city")]
    with subprocess.Popen(command, env=os.environ | {"UZEL_HOME": str(home)}, stdout=subprocess.PIPE) as process:
        try:
            assert "up" in process.stdout.readline().decode()
            yield home / "city"
        finally:
            process.terminate()


def switches(folder: Path) -> dict[str, dict[str, str]]:
    """The first switch of each driver's models, by model."""
    found: dict[str, dict[str, str]] = {}
    for row in rows(folder / "devices.csv"):
        if row["kind"] == "switch":
            found.setdefault(row["model"], row)
    return found


DRIVER = {"D-Link": "dlink_dxs", "Cisco": "cisco_ios", "Huawei": "huawei_vrp"}


def own_words(folder: Path) -> set[str]:
    """Everything in the city's plan that names or finds somebody or something."""
    wanted = {
        "devices.csv": ("code", "serial", "address"),
        "sites.csv": ("code", "name", "address"),
        "subscribers.csv": ("account", "name", "phones"),
        "services.csv": ("ip", "mac"),
        "access_groups.csv": ("snmp_community",),
    }
    words = {row[key] for file, keys in wanted.items() for row in rows(folder / file) for key in keys}
    # Words without a figure or a sign in them ("centre") tell of nothing; 198.18.0.0/15 is set aside for trials.
    telling = {word for word in words if len(word) >= 5 and re.search(r"[\d\W]", word) and word[:7] != "198.18."}
    return telling | {LOGIN.user, LOGIN.password, LOGIN.enable}


async def recorded(row: dict[str, str]) -> tuple[Recording, Masked]:
    driver = DRIVER[row["vendor"]]
    target = Target(row["address"], TELNET, Wire.TELNET, DRIVERS[driver], LOGIN)
    wish = Wish(known=(LOGIN.user, LOGIN.password, LOGIN.enable))
    async with Pool() as pool:
        recording = await take(target, pool, wish)
    return recording, masked(recording, wish)


async def test_a_recording_of_each_model_holds_nothing_of_the_city(city):
    own = own_words(city)
    makes = set()
    for model, row in switches(city).items():
        recording, result = await recorded(row)
        page = DRIVERS[DRIVER[row["vendor"]]]
        assert result.refused == (), model
        raw = "\n".join(taken.text for taken in recording.taken)
        text = "\n".join(result.files.values()) + result.folder
        assert row["code"] in raw or row["address"] in raw, model
        plain = re.sub(r"[-:.]", "", text).lower()
        left = [word for word in own if word in text or (MACS.fullmatch(word) and word.replace(":", "") in plain)]
        assert left == [], (model, [line for line in text.splitlines() if any(word in line for word in left)])
        asked = {operation for operation in page.asks if any(name.startswith(f"{operation}.") for name in result.files)}
        assert asked >= {Operation.IDENTITY, Operation.PORTS, Operation.MACS, Operation.LOG, Operation.CABLE_TEST}, (
            recording.left_out
        )
        assert result.folder.startswith(model)
        makes.add(row["vendor"])
    assert makes == set(DRIVER)


def test_the_command_writes_what_the_tests_read_and_nothing_twice(city, tmp_path):
    row = switches(city)["DES-3526"]
    command = ["record", row["address"], "--driver", "dlink_dxs", "--user", LOGIN.user, "--cli-port", str(TELNET)]
    command += ["--enable", LOGIN.enable, "--to", str(tmp_path)]
    first = CliRunner().invoke(device_command, command, input=LOGIN.password + "\n")
    assert first.exit_code == 0, first.output
    written = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert {path.parent.name for path in written} == {"DES-3526-0A3G_6.00.B57"}
    for driver, operation, device, file in cli_table.recordings(tmp_path):
        assert (driver, device) == ("dlink_dxs", written[0].parent.name)
        expected = json.loads(file.with_suffix(".json").read_text())
        assert expected["rows"] or expected["not_understood"], operation
    assert LOGIN.password not in first.output + "".join(path.read_text() for path in written)
    before = {path: path.read_bytes() for path in written}
    again = CliRunner().invoke(device_command, command, input=LOGIN.password + "\n")
    assert again.exit_code == 1 and "--force" in again.output
    assert {path: path.read_bytes() for path in written} == before
    assert CliRunner().invoke(device_command, [*command, "--force"], input=LOGIN.password + "\n").exit_code == 0


def test_a_wrong_password_is_told_and_nothing_is_written(city, tmp_path):
    row = switches(city)["DES-3526"]
    command = ["record", row["address"], "--driver", "dlink_dxs", "--user", "nobody", "--cli-port", str(TELNET)]
    told = CliRunner().invoke(device_command, [*command, "--to", str(tmp_path)], input="wrong\n")
    assert told.exit_code == 1 and "wrong_password" in told.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_a_device_of_the_network_is_asked_by_what_is_known_of_it(city, tmp_path, monkeypatch, settings):
    monkeypatch.setattr(device_facts, "_keys", lambda: keys("", tmp_path / "keys"))
    row = switches(city)["S5328C-EI"]
    group = AccessGroup.objects.create(code="districts", snmp_community="city-secret")
    device_facts.set_access(
        group, wire=Wire.TELNET, port=TELNET, user=LOGIN.user, password=LOGIN.password, enable=LOGIN.enable
    )
    site = Site.objects.create(code="o1-d1", name="РУ Заречье", level=0, address="Садовая, 7")
    Device.objects.create(
        code=row["code"],
        site=site,
        kind="switch",
        vendor=row["vendor"],
        model=row["model"],
        serial=row["serial"],
        address=row["address"],
        access_group=group,
    )
    told = CliRunner().invoke(
        device_command, ["record", row["code"], "--to", str(tmp_path / "data"), "--hide", "Заречье"]
    )
    assert told.exit_code == 0, told.output
    written = {path.parent.parent.name for path in (tmp_path / "data").rglob("*.txt")}
    assert written == {"huawei_vrp"}
    text = "".join(path.read_text() for path in (tmp_path / "data").rglob("*.*") if path.is_file())
    assert not [word for word in (row["code"], row["serial"], row["address"], "city-secret", "Заречье") if word in text]
    unknown = CliRunner().invoke(device_command, ["record", "nowhere-sw1"])
    assert unknown.exit_code == 1 and "--user" in unknown.output
