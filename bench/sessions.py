"""Many switches asked over telnet by one process, beside netmiko with threads doing the same to the same city.

Each contestant is a process of its own, so that its memory is its own. netmiko is given a loop of its own for D-Link's
screens that refresh themselves (its `send_command` waits for a prompt that never comes), and a plain close in place of
its `disconnect`, which takes two seconds.
"""

import asyncio
import collections
import csv
import importlib
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvloop

from bench import Figure

NET, SWITCHES, ASKED = 90, 1500, 500
# nornir starts 20 by default. netmiko sleeps for 2.5 s while it connects, so more threads make it faster for a while.
THREADS = (20, 100, 250)
SNMP_PORT, TELNET_PORT = 1161, 2323
LOGIN, ENABLE = ("uzel", "uzel-city"), "enable-city"
ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("UZEL_HOME", ROOT / ".uzel")) / "bench-sessions"
ALL_PORTS = {"D-Link": "show ports description", "Cisco": "show interfaces status", "Huawei": "display interface brief"}
NETMIKO = {"D-Link": "dlink_ds_telnet", "Cisco": "cisco_ios_telnet", "Huawei": "huawei_telnet"}


def run() -> Iterator[Figure]:
    """Ask 500 for their ports, back up 1,500."""
    folder = HOME / "city"
    if not (folder / "services.csv").is_file():
        command = [_uzel(), "city", "generate", str(folder), "--switches", str(SWITCHES), "--net", str(NET)]
        subprocess.run([*command, "--subscribers", "60000"], check=True, stdout=subprocess.DEVNULL)
    (folder / "city-state.json").unlink(missing_ok=True)
    with subprocess.Popen(
        [_uzel(), "city", "serve", str(folder)], env=os.environ | {"UZEL_HOME": str(HOME)}, stdout=subprocess.PIPE
    ) as city:
        try:
            assert city.stdout is not None
            city.stdout.readline()  # "the city is up"
            yield from _figures(folder)
        finally:
            city.terminate()


def _figures(folder: Path) -> Iterator[Figure]:
    own = _contest("own", folder, ASKED)
    yield Figure("500 switches asked for their ports by CLI", own["seconds"], "s", note="telnet, one process")
    yield Figure("… answered rightly, every port of them", own["right"], "switches", f"= {ASKED}")
    yield Figure("… memory of the whole process", own["mb"], "MB")
    for threads in THREADS:
        other = _contest("netmiko", folder, ASKED, threads)
        # Between two measurements of the other one, so that what else the machine does weighs on both.
        own = min(own, _contest("own", folder, ASKED), key=lambda each: each["seconds"])
        who = f"netmiko: {other['seconds']:.1f} s, {other['right']:.0f} right, {other['mb']:.0f} MB"
        times = other["seconds"] / own["seconds"]
        yield Figure(f"… faster than netmiko with {threads} threads", times, "times", ">= 10", baseline=who)
    backup = _contest("backup", folder, SWITCHES)
    told = f"{backup['bytes'] / 1e6:.1f} MB of text"
    yield Figure("configurations of 1,500 switches", backup["seconds"] / 60, "min", "<= 10", note=told)
    yield Figure("… backed up whole", backup["right"], "switches", f"= {SWITCHES}")
    yield Figure("… memory of the whole process", backup["mb"], "MB", "<= 300")


def _contest(who: str, folder: Path, count: int, threads: int = 0) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.sessions", who, str(folder), str(count), str(threads)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
    told: dict[str, float] = json.loads(done.stdout)
    if failed := told.pop("failed", None):
        print(f"{who}: {failed}", file=sys.stderr)
    return told


def _uzel() -> str:
    return str(Path(sys.executable).parent / "uzel")


def _switches(folder: Path, count: int) -> list[dict[str, Any]]:
    """The switches of a city, with the names of their ports."""
    ports: dict[str, dict[str, int]] = collections.defaultdict(dict)
    with (folder / "ports.csv").open() as file:
        for row in csv.DictReader(file):
            ports[row["device"]][row["name"]] = int(row["if_index"])
    with (folder / "devices.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "switch"]
    # Evenly over the whole city: cores, houses and all.
    picked = rows[:: max(1, len(rows) // count)][:count]
    return [row | {"ports": ports[row["code"]]} for row in picked]


def _own(switches: list[dict[str, Any]]) -> dict[str, Any]:
    from uzel.core.answers import Operation
    from uzel.drivers.ask import AskError, By, ask
    from uzel.drivers.pool import Pool

    async def one(pool: Pool, switch: dict[str, Any]) -> str:
        try:
            answer = await ask(_facts(switch), Operation.PORTS, pool=pool, by=By.CLI)
        except AskError as error:
            return str(error)
        told = {row.port for row in answer.rows}
        return "" if told == {_spelt(name) for name in switch["ports"]} else "wrong ports"

    async def everybody() -> list[str]:
        async with Pool(idle_s=0) as pool:
            return await asyncio.gather(*(one(pool, switch) for switch in switches))

    return {"outcomes": uvloop.run(everybody())}


def _backup(switches: list[dict[str, Any]]) -> dict[str, Any]:
    from uzel.drivers.ask import AskError
    from uzel.drivers.ask_config import configuration
    from uzel.drivers.pool import Pool

    async def one(pool: Pool, switch: dict[str, Any]) -> tuple[str, int]:
        try:
            text = await configuration(_facts(switch), pool=pool)
        except AskError as error:
            return str(error), 0
        return ("" if switch["code"] in text else "of another"), len(text)

    async def everybody() -> list[tuple[str, int]]:
        async with Pool(idle_s=0) as pool:
            return await asyncio.gather(*(one(pool, switch) for switch in switches))

    found = uvloop.run(everybody())
    return {"outcomes": [outcome for outcome, _ in found], "bytes": sum(size for _, size in found)}


def _facts(switch: dict[str, Any]) -> Any:
    from uzel.drivers.ask import Facts
    from uzel.drivers.transport import Login, Wire

    login = Login(*LOGIN, ENABLE)
    place = switch["vendor"], switch["model"], switch["address"], "", SNMP_PORT
    return Facts(*place, switch["ports"], Wire.TELNET, TELNET_PORT, login)


def _netmiko(switches: list[dict[str, Any]], threads: int) -> dict[str, Any]:
    from netmiko import ConnectHandler

    def one(switch: dict[str, Any]) -> str:
        try:
            connection = ConnectHandler(
                device_type=NETMIKO[switch["vendor"]],
                host=switch["address"],
                port=TELNET_PORT,
                username=LOGIN[0],
                password=LOGIN[1],
                secret=ENABLE,
                conn_timeout=30,
                auth_timeout=60,
            )
            text = _pages(connection, ALL_PORTS[switch["vendor"]])
            connection.remote_conn.close()
        except Exception as error:
            return type(error).__name__
        shown = (_spelt(name).replace("GigabitEthernet", "GE") for name in switch["ports"])
        return "" if all(re.search(rf"^ ?{re.escape(name)}\b", text, re.M) for name in shown) else "wrong"

    with ThreadPoolExecutor(threads) as pool:
        return {"outcomes": list(pool.map(one, switches))}


def _pages(connection: Any, command: str) -> str:
    """The answer with all pages of a screen, by netmiko's own means."""
    connection.write_channel(command + connection.RETURN)
    end = rf"r Refresh|{re.escape(connection.base_prompt)}[^\r\n]*[#>\]]\s*$"
    connection.read_until_pattern(rf"{re.escape(command)}[\r\n]", read_timeout=60)  # its set-up leaves things unread
    text = page = connection.read_until_pattern(end, read_timeout=60)
    while "r Refresh" in page:
        connection.write_channel("n")
        following = connection.read_until_pattern("r Refresh", read_timeout=60)
        if _starts(following) <= _starts(text):
            connection.write_channel("q")
            connection.read_until_pattern(rf"{re.escape(connection.base_prompt)}[^\r\n]*[#>]", read_timeout=60)
            break
        page = following
        text += page
    return str(text)


def _starts(text: str) -> set[str]:
    return {words[0] for line in text.splitlines() if (words := line.split())}


def _spelt(name: str) -> str:
    """D-Link's stacks name a port 1/3 by SNMP and 1:3 at the prompt; Huawei and Cisco always with letters."""
    return name.replace("/", ":") if name[0].isdigit() else name


def _main(who: str, folder: str, count: str, threads: str) -> None:
    switches = _switches(Path(folder), int(count))
    contest: Callable[[], dict[str, Any]] = {
        "own": lambda: _own(switches),
        "backup": lambda: _backup(switches),
        "netmiko": lambda: _netmiko(switches, int(threads)),
    }[who]
    # What a process imports once is not the cost of a session.
    importlib.import_module("netmiko" if who == "netmiko" else "uzel.drivers.ask_config")
    began = time.perf_counter()
    found = contest()
    seconds = time.perf_counter() - began
    outcomes = collections.Counter(found.pop("outcomes"))
    told = {
        "seconds": seconds,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "right": outcomes.pop("", 0),
        "failed": dict(outcomes),
    }
    sys.stdout.write(json.dumps(told | found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
