"""What running another monitoring system beside Uzel takes: its Debian package in a folder, its log, its end."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def unpacked(home: Path, *packages: str) -> Path | None:
    """The root folder below `home` with Debian's packages unpacked in it; None when apt-get cannot fetch them."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    fetched = home / "packages"
    fetched.mkdir(exist_ok=True)
    got = subprocess.run(["apt-get", "download", "-qq", *packages], cwd=fetched, capture_output=True, check=False)
    for package in fetched.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, home / "root"], check=True)
    return home / "root" if got.returncode == 0 else None


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads its own group; what it started may outlive it, so the whole group goes."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def lines(log: Path, since: int, word: str) -> int:
    """How many lines of a log after the first `since` bytes have this in them."""
    with log.open(errors="replace") as file:
        file.seek(since)
        return sum(word in line for line in file)


def last_lines(log: Path) -> str:
    """The end of a log, in one line."""
    return " | ".join(log.read_text(errors="replace").splitlines()[-2:]) if log.exists() else "no log"


def wait(ready: Callable[[], bool], patience_s: float) -> bool:
    """Whether it was ready within this long."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(0.002)
    return False


def submit(pipe: Path, hosts: list[int], state: int) -> None:
    """Hand passive results over, in this order, as both Nagios and Icinga 2 take them."""
    now = int(time.time())
    with pipe.open("w") as commands:
        for k in hosts:
            commands.write(f"[{now}] PROCESS_HOST_CHECK_RESULT;h{k};{state};x\n")
