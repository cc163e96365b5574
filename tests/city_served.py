"""A city of the tests in a process of its own, on the loopback net."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.city_shell import make_folder
from tests.loopback import NET
from uzel.simcity.control import SOCKET, NoCity, call
from uzel.simcity.world import Device, World, load


@dataclass
class Running:
    """A served city."""

    home: Path
    world: World
    process: "subprocess.Popen[bytes]"

    def do(self, **command: object) -> dict[str, object]:
        answer = call(self.home / SOCKET, command)
        assert answer["ok"], answer
        return answer

    def switch(self, model: str) -> Device:
        """The first switch of a model."""
        return next(d for d in self.world.devices.values() if d.make.model == model)


@contextmanager
def served(home: Path, *, traps: str = "127.0.0.1:11629") -> Iterator[Running]:
    """Serve a small city until the end of the block; its traps go to `traps`."""
    folder = make_folder(home / "city", net=NET)
    command = [sys.executable, "-c", "from uzel.simcity.cli import city; city()", "serve", str(folder)]
    command += ["--traps", traps, "--syslog", "127.0.0.1:15149", "--boot", "0.5"]
    process = subprocess.Popen(command, env={**os.environ, "UZEL_HOME": str(home)}, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                call(home / SOCKET, {"do": "status"})
                break
            except NoCity:
                assert process.poll() is None
                time.sleep(0.05)
        yield Running(home, load(folder), process)
    finally:
        process.terminate()
        process.wait(10)
