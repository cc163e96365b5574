"""Icinga 2 with the results of one lost okrug handed to it: how long it takes, and what it raises."""

import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench import Figure
from bench._peer import end, last_lines, lines, submit, unpacked, wait
from bench.engine_city import City

PATIENCE_S = 90.0
PACKAGES = (
    "icinga2-bin",
    "icinga2-common",
    "libboost-coroutine1.74.0",
    "libboost-thread1.74.0",
    "libboost-context1.74.0",
)

# Results come from outside only. A host is fed by one other here: redundancy groups came after Debian 12's version.
MAIN = """
library "notification"
object NotificationComponent "notification" {{ }}
object ExternalCommandListener "command" {{ command_path = "{home}/icinga2.cmd" }}
object FileLogger "log" {{ severity = "information"; path = "{home}/icinga2.log" }}
object CheckCommand "ok" {{ command = [ "/bin/true" ] }}
object NotificationCommand "told" {{ command = [ "/bin/true" ] }}
object User "crew" {{ }}
template Host "plain" {{
  check_command = "ok"
  max_check_attempts = 1
  enable_active_checks = false
  enable_flapping = false
  check_interval = 1d
}}
apply Notification "tell" to Host {{
  command = "told"
  users = [ "crew" ]
  interval = 0
  assign where true
}}
apply Dependency "above" to Host {{
  parent_host_name = host.vars.above
  disable_notifications = true
  states = [ Up ]
  assign where host.vars.above
}}
"""


def daemon(home: Path) -> tuple[Path, Path | None] | None:
    """(program, folder of the libraries that came with it); None when it is not here and cannot be fetched."""
    if found := shutil.which("icinga2"):
        return Path(found), None
    root = unpacked(home, *PACKAGES)
    if root is None:
        return None
    libraries = root / f"usr/lib/{platform.machine()}-linux-gnu"
    program = libraries / "icinga2/sbin/icinga2"
    return (program, libraries) if program.exists() else None


def measure(
    program: tuple[Path, Path | None], home: Path, town: City, results: np.ndarray, order: str
) -> Iterator[Figure]:
    """Start it on this city, tell it that all is well, then the losses in this order."""
    process = _start(program, home, town)
    log, pipe = home / "icinga2.log", home / "icinga2.cmd"
    try:
        if (
            not wait(lambda: process.poll() is not None or (pipe.exists() and log.exists()), 60)
            or process.poll() is not None
        ):
            yield Figure(f"Icinga 2, {order}: did not start", 0, "", note=last_lines(home / "out"))
            return
        submit(pipe, list(range(town.ids.size)), 0)
        wait(lambda: lines(log, 0, "Executing external command") >= town.ids.size, PATIENCE_S)
        before = log.stat().st_size
        began = time.perf_counter()
        submit(pipe, results.tolist(), 1)
        done = wait(lambda: lines(log, before, "Executing external command") >= results.size, PATIENCE_S)
        taken = time.perf_counter() - began
        time.sleep(6)  # it looks at what it held back every five seconds
        raised = lines(log, before, "Sending 'Problem' notification")
        note = f"{results.size:,} of {town.ids.size:,} hosts lost, {order}" + ("" if done else "; not done in time")
        slow = f"{note}; its log, where this is seen, is written once a second"
        yield Figure(f"Icinga 2, {order}: time to all states", taken * 1e3, "ms", note=slow)
        yield Figure(f"Icinga 2, {order}: notifications for one failure", raised, "", note="one is right")
    finally:
        end(process)


def _start(program: tuple[Path, Path | None], home: Path, town: City) -> subprocess.Popen[bytes]:
    home.mkdir()
    text = [MAIN.format(home=home)]
    for k, above in enumerate(town.parent.tolist()):
        fed = f'; vars.above = "h{above}"' if above >= 0 else ""
        text.append(f'object Host "h{k}" {{ import "plain"{fed} }}\n')
    (home / "icinga2.conf").write_text("".join(text))
    folders = {"DataDir": "data", "CacheDir": "cache", "SpoolDir": "spool", "LogDir": "log", "InitRunDir": "run"}
    for folder in (*folders.values(), "etc"):
        (home / folder).mkdir()
    places = [f"-DConfiguration.{name}={home / folder}" for name, folder in {**folders, "ConfigDir": "etc"}.items()]
    places.append(f"-DConfiguration.PidPath={home}/run/icinga2.pid")
    user = os.environ.get("USER", "root") if os.getuid() else "root"
    binary, libraries = program
    own = {"ICINGA2_USER": user, "ICINGA2_GROUP": user} | ({"LD_LIBRARY_PATH": str(libraries)} if libraries else {})
    with (home / "out").open("wb") as out:
        return subprocess.Popen(
            [binary, "daemon", "-c", home / "icinga2.conf", *places],
            env=os.environ | own, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
