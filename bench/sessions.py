"""Many switches asked over telnet by one process, beside netmiko with threads doing the same to the same city.

Each contestant is a process of its own, so that its memory is its own; they take turns, `ROUNDS` times, in one order
and then in the other, so that what else the machine does weighs on all. netmiko is given a loop of its own for
D-Link's screens that refresh themselves (its `send_command` waits for a prompt that never comes), and a plain close in
place of its `disconnect`, which takes two seconds. The city is one process on the same cores: what it needs of them to
answer is told beside what Uzel needs, for together they are the floor of the wall time.
"""

import asyncio
import collections
import csv
import gc
import importlib
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import Figure

NET, SWITCHES, ASKED = 90, 1500, 500
ROUNDS = 5
# A run waits so long for the rest of the machine to need less than this share of it.
QUIET_S, QUIET = 6, 0.2
# netmiko sleeps for 2.5 s while it connects, so more threads make it faster for a while. nornir starts 20 by default:
# that is measured once.
THREADS, NORNIR = (100, 250), 20
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
            yield from _figures(folder, city.pid)
        finally:
            city.terminate()


def _figures(folder: Path, city: int) -> Iterator[Figure]:
    _contest("own", folder, ASKED, city=city)  # the city imports and remembers some things once, too
    rounds = [_round(folder, city, backwards=bool(number % 2)) for number in range(ROUNDS)]
    own = [each[0] for each in rounds]
    yield Figure("500 switches asked for their ports by CLI", *_middle(own, "seconds", "s"), note=_how(own))
    yield Figure("… answered rightly, every port of them", min(it["right"] for it in own), "switches", f"= {ASKED}")
    yield Figure("… memory of the whole process", max(it["mb"] for it in own), "MB")
    yield Figure("… processor time of Uzel", *_middle(own, "cpu", "s"))
    yield Figure("… processor time of the simulated city", *_middle(own, "city", "s"), note="on the same cores")
    for threads in THREADS:
        others = [each[threads] for each in rounds]
        times = [{"times": other["seconds"] / it["seconds"]} for other, it in zip(others, own, strict=True)]
        yield _faster(threads, times, others)
    once = _contest("netmiko", folder, ASKED, NORNIR, city=city)
    yield _faster(NORNIR, [{"times": once["seconds"] / statistics.median(it["seconds"] for it in own)}], [once])
    backup = _contest("backup", folder, SWITCHES, city=city)
    told = f"{backup['bytes'] / 1e6:.1f} MB of text"
    yield Figure("configurations of 1,500 switches", backup["seconds"] / 60, "min", "<= 10", note=told)
    yield Figure("… backed up whole", backup["right"], "switches", f"= {SWITCHES}")
    yield Figure("… memory of the whole process", backup["mb"], "MB", "<= 300")


def _round(folder: Path, city: int, *, backwards: bool) -> dict[int, dict[str, float]]:
    """Everybody once: 0 is Uzel, the others netmiko by its threads."""
    order = (0, *THREADS)
    return {
        threads: _contest("netmiko" if threads else "own", folder, ASKED, threads, city=city)
        for threads in (reversed(order) if backwards else order)
    }


def _middle(runs: list[dict[str, float]], name: str, unit: str) -> tuple[float, str]:
    """The median, and its unit with how far the runs lie apart."""
    values = [it[name] for it in runs]
    return statistics.median(values), f"{unit} ({min(values):.3g}–{max(values):.3g})" if len(values) > 1 else unit


def _faster(threads: int, times: list[dict[str, float]], others: list[dict[str, float]]) -> Figure:
    seconds, unit = _middle(others, "seconds", "s")
    right, mb = min(it["right"] for it in others), max(it["mb"] for it in others)
    cpu = statistics.median(it["cpu"] for it in others)
    who = f"netmiko: {seconds:.1f} {unit}, {right:.0f} right, {mb:.0f} MB, {cpu:.1f} s of processor"
    name = f"… faster than netmiko with {threads} threads"
    return Figure(name, *_middle(times, "times", "times"), ">= 10", who, _how(others))


def _how(runs: list[dict[str, float]]) -> str:
    others = [max(it["others"], 0.0) for it in runs]
    rounds = f"telnet, {len(runs)} rounds" if len(runs) > 1 else "telnet, once"
    return f"{rounds}; others took {statistics.median(others):.0f} % of the cores ({min(others):.0f}–{max(others):.0f})"


def _contest(who: str, folder: Path, count: int, threads: int = 0, *, city: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.sessions", who, str(folder), str(count), str(threads)]
    _wait_for_quiet()
    began, before, busy, ours = time.monotonic(), _processor_s(city), _busy_s(), _children_s()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=ROOT)
    told: dict[str, float] = json.loads(done.stdout)
    told["city"] = _processor_s(city) - before
    others = _busy_s() - busy - (_children_s() - ours) - told["city"]
    told["others"] = 100 * others / (time.monotonic() - began) / (os.cpu_count() or 1)
    if failed := told.pop("failed", None):
        print(f"{who}: {failed}", file=sys.stderr)
    return told


def _processor_s(process: int) -> float:
    """What a process has had of the processors so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _busy_s() -> float:
    """What all processes of the machine have had of the processors so far."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait_for_quiet() -> None:
    """Begin when the machine has little else to do, or after a while all the same."""
    for _ in range(QUIET_S):
        before = _busy_s()
        time.sleep(1)
        if (_busy_s() - before) / (os.cpu_count() or 1) < QUIET:
            return


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
    from uzel.drivers.pool import GARBAGE_EVERY, Pool

    # As the prober does.
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY)

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

    return {"outcomes": asyncio.run(everybody())}


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

    found = asyncio.run(everybody())
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
    began, used = time.perf_counter(), time.process_time()
    found = contest()
    seconds, used = time.perf_counter() - began, time.process_time() - used
    outcomes = collections.Counter(found.pop("outcomes"))
    told = {
        "seconds": seconds,
        "cpu": used,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "right": outcomes.pop("", 0),
        "failed": dict(outcomes),
    }
    sys.stdout.write(json.dumps(told | found))


if __name__ == "__main__":
    _main(*sys.argv[1:])
