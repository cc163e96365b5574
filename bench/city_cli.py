"""The simulated city with its command lines: how long it takes to start, what it weighs, how many it serves at once."""

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncssh
import uvloop

from bench import Figure
from uzel.simcity import control, plan
from uzel.simcity.shell import ACCOUNTS
from uzel.simcity.shell_faces import has_shell, ssh_port, telnet_port
from uzel.simcity.world import Device, load

NET = int(os.environ.get("UZEL_BENCH_NET", "31"))
SWITCHES, SUBSCRIBERS = 1500, 60_000
TELNET, SSH = 1000, 100
USER = "uzel"
SECRET = ACCOUNTS[USER][0]
# A D-Link's or a Cisco's, a Huawei's.
_PROMPT = re.compile(rb"(?:[#>]|\x1b\[0m)\s*$")
_ASK = {"dlink": b"show vlan\r", "cisco": b"show ip arp\r", "huawei": b"display arp all\r"}


def _weight(pid: int, field: str = "VmRSS") -> float:
    """Memory of a process, MB."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


@contextlib.contextmanager
def _city(home: Path) -> Iterator[tuple[int, float]]:
    """A running city: its process id, and how long it took to answer."""
    if not (home / "city" / "services.csv").is_file():
        plan.generate(home / "city", seed=1, switches=SWITCHES, subscribers=SUBSCRIBERS, net=NET)
    (home / "city" / "city-state.json").unlink(missing_ok=True)
    uzel = shutil.which("uzel", path=str(Path(sys.executable).parent)) or "uzel"
    began = time.perf_counter()
    command = [uzel, "city", "serve", str(home / "city")]
    running = subprocess.Popen(command, env=os.environ | {"UZEL_HOME": str(home)}, stdout=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(control.NoCity):
                control.call(home / control.SOCKET, {"do": "status"})
                break
            if running.poll() is not None:
                raise RuntimeError("the city did not start")
            time.sleep(0.05)
        yield running.pid, time.perf_counter() - began
    finally:
        running.terminate()
        running.wait(20)


async def _until(reader: Any, wanted: re.Pattern[bytes]) -> bytes:
    seen = b""
    while not wanted.search(seen):
        data = await reader.read(65536)
        if not data:
            raise EOFError(seen)
        seen += data
    return seen


async def _telnet(device: Device) -> asyncio.StreamWriter:
    """Log in, ask one thing, stay."""
    reader, writer = await asyncio.open_connection(device.address, telnet_port(device))
    await _until(reader, re.compile(rb"(?i)name: ?$"))
    writer.write(USER.encode() + b"\r")
    await _until(reader, re.compile(rb"(?i)word: ?$"))
    writer.write(SECRET.encode() + b"\r")
    await _until(reader, _PROMPT)
    writer.write(_ASK[device.make.family])
    await _until(reader, _PROMPT)
    return writer


async def _ssh(device: Device, turns: asyncio.Semaphore) -> None:
    async with (
        turns,
        asyncssh.connect(
            device.address, ssh_port(device), username=USER, password=SECRET, known_hosts=None, config=None,
            client_keys=None,
        ) as connection,
    ):  # fmt: skip
        process = await connection.create_process(term_type="vt100", encoding=None)
        await _until(process.stdout, _PROMPT)
        process.stdin.write(_ASK[device.make.family])
        await _until(process.stdout, _PROMPT)


async def _many(devices: Sequence[Device], pid: int) -> tuple[float, float, float]:
    """Seconds for all telnet sessions, memory with them open, seconds for the SSH ones."""
    began = time.perf_counter()
    writers = await asyncio.gather(*map(_telnet, devices[:TELNET]))
    telnet_s = time.perf_counter() - began
    weight = _weight(pid)
    for writer in writers:
        writer.close()
    turns = asyncio.Semaphore(16)
    began = time.perf_counter()
    await asyncio.gather(*(_ssh(device, turns) for device in devices[-SSH:]))
    return telnet_s, weight, time.perf_counter() - began


def run() -> Iterator[Figure]:
    """One city, started once."""
    asyncssh.set_log_level("WARNING")
    home = Path(os.environ.get("UZEL_HOME", ".uzel")).resolve() / "bench-city-cli"
    with _city(home) as (pid, start_s):
        light = _weight(pid)
        devices = [device for device in load(home / "city").devices.values() if has_shell(device)]
        telnet_s, loaded, ssh_s = uvloop.run(_many(devices, pid))
        most = _weight(pid, "VmHWM")
    yield Figure("city start", start_s, "s", note=f"{SWITCHES} switches, SNMP, telnet and SSH")
    yield Figure("city memory", light, "MB", "<= 300", note="SNMP, telnet and SSH listening")
    yield Figure(
        "city memory, sessions", loaded, "MB", "<= 300", note=f"{TELNET} telnet sessions open; peak {most:.0f}"
    )
    yield Figure("telnet logins", TELNET / telnet_s, "1/s", note=f"login and one question, {TELNET} at once")
    yield Figure("ssh logins", SSH / ssh_s, "1/s", note="the same over SSH, 16 at once, client on the same cores")
