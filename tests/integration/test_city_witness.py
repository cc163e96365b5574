"""Net-snmp, which we did not write, walks the living city; the city is hurt by its command line."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import NET
from uzel.simcity import plan
from uzel.simcity.control import NoCity, call
from uzel.simcity.world import World, load

PORT = 13161
# One worker serves the one city of this module.
pytestmark = pytest.mark.xdist_group("city_witness")
CITY = [sys.executable, "-c", "from uzel.simcity.cli import city; city()"]
needs_snmp = pytest.mark.skipif(not shutil.which("snmpwalk"), reason="net-snmp is not installed: apt-get install snmp")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("home")
    plan.generate(home / "city", switches=40, subscribers=600, net=NET, port=PORT)
    environ = {**os.environ, "UZEL_HOME": str(home)}
    with subprocess.Popen([*CITY, "serve", "--boot", "1"], env=environ) as process:
        for _ in range(100):
            try:
                call(home / "city.sock", {"do": "status"})
                break
            except NoCity:
                time.sleep(0.1)
        yield home
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert not (home / "city.sock").exists()


@pytest.fixture(scope="module")
def world(home: Path) -> World:
    return load(home / "city")


def walk(world: World, code: str, tool: str = "snmpbulkwalk", oid: str = ".1") -> list[str]:
    device = world.by_code[code]
    command = [tool, "-v2c", "-c", device.community.decode(), "-t1", "-r0", "-On", f"{device.address}:{PORT}", oid]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(".") and "No more variables" not in line]


@needs_snmp
def test_everything_is_walked_in_strict_order(world: World) -> None:
    one_of_each = {device.make.model: device.code for device in world.devices.values() if device.address}
    assert len(one_of_each) > 8
    for code in one_of_each.values():
        lines = walk(world, code)
        names = [tuple(map(int, line.split(" ")[0].strip(".").split("."))) for line in lines]
        assert names == sorted(set(names)) and len(names) > 15
        assert len(walk(world, code, "snmpwalk", ".1.3.6.1.2.1.1")) == 7


@needs_snmp
@pytest.mark.slow
def test_hurt_and_healed_by_hand(home: Path, world: World) -> None:
    environ = {**os.environ, "UZEL_HOME": str(home)}
    subscriber = next(p for p in world.ports.values() if p.stations and not p.far and "-h" in p.device.code)
    status = f".1.3.6.1.2.1.2.2.1.8.{subscriber.shape.if_index}"

    def city(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*CITY, *arguments], env=environ, capture_output=True, text=True, timeout=30)

    assert walk(world, subscriber.device.code, "snmpget", status)[0].endswith("INTEGER: 1")
    assert city("fault", subscriber.code, "cable-open-at=31m").returncode == 0
    assert walk(world, subscriber.device.code, "snmpget", status)[0].endswith("INTEGER: 2")
    assert "cable-open-at=31m" in city("status").stdout
    assert city("heal", "all").returncode == 0
    assert walk(world, subscriber.device.code, "snmpget", status)[0].endswith("INTEGER: 1")
    wrong = city("kill", subscriber.device.code[:-1] + "9")
    assert wrong.returncode != 0 and subscriber.device.code in wrong.stderr and "Traceback" not in wrong.stderr


def test_no_city_is_said_plainly(tmp_path: Path) -> None:
    environ = {**os.environ, "UZEL_HOME": str(tmp_path)}
    done = subprocess.run([*CITY, "status"], env=environ, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "uzel city serve" in done.stderr and "Traceback" not in done.stderr
