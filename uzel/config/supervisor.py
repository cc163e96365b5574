"""Keeps a handful of processes running together: starts them, watches them, and leaves none behind."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1  # prctl(2)
# A process that dies sooner than this after its start is not started again at once.
SHORT_LIFE_S = 5.0
STOP_WAIT_S = 15.0
# A part that lives may take so long to become ready; a busy machine is slow. It is told of every so often.
READY_WAIT_S, PATIENCE_S = 180.0, 10.0
# How much of its log is told of a part that did not start.
TOLD_LINES = 15


@dataclass
class Part:
    """One process of the whole: its name, its command, and how to tell that it is ready."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool] = lambda: True
    environment: dict[str, str] = field(default_factory=dict)


class NotReady(RuntimeError):
    """A part ended, or did not become ready in time; the message names it, why, its log and the end of that."""


def _die_with_parent() -> None:
    """In the child: be ended when the supervisor ends, however it ends (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Runs parts until `stop`. Their output goes to `logs/<name>.log`."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self.logs, self.say = logs, say
        self.running: dict[str, tuple[Part, subprocess.Popen[bytes], float]] = {}
        self.stopping = threading.Event()
        logs.mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(self, part: Part, *, wait_s: float = READY_WAIT_S) -> None:
        """Start a part and wait until it is ready, as long as it lives and `wait_s` last. Raises NotReady."""
        self._spawn(part)
        began = told = time.monotonic()
        while not part.is_ready():
            process, now = self.running[part.name][1], time.monotonic()
            if process.poll() is not None:
                raise NotReady(self._failure(part, f"it ended with {process.returncode}"))
            if now - began > wait_s:
                raise NotReady(self._failure(part, f"it is not ready after {wait_s:.0f} s"))
            if now - told > PATIENCE_S:
                told = now
                self.say(f"{part.name} is starting, {now - began:.0f} s so far")
            if self.stopping.wait(0.1):
                return

    def _failure(self, part: Part, why: str) -> str:
        lines = self._log(part).read_text(errors="replace").splitlines()[-TOLD_LINES:]
        told = "\n".join(["Its last lines:", *lines]) if lines else "It has written nothing."
        return f"{part.name} did not start: {why}; see {self._log(part)}. {told}"

    def _log(self, part: Part) -> Path:
        return self.logs / f"{part.name}.log"

    def _spawn(self, part: Part) -> None:
        with self._log(part).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                part.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | part.environment,
                # A session of its own: Ctrl-C reaches the supervisor alone, which stops the parts in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self.running[part.name] = (part, process, time.monotonic())

    def watch(self, also: Callable[[], None] = lambda: None) -> None:
        """Start again what has died, until `stop` is called or a signal comes; `also` is called at each look."""
        while not self.stopping.wait(0.5):
            also()
            for part, process, since in list(self.running.values()):
                if process.poll() is None:
                    continue
                if time.monotonic() - since < SHORT_LIFE_S:
                    self.stopping.wait(SHORT_LIFE_S)
                if self.stopping.is_set():
                    break
                self.say(f"{part.name} ended with {process.returncode}; starting it again")
                self._spawn(part)

    def stop(self) -> None:
        """End every part, the last started first; ends at once what does not listen."""
        self.stopping.set()
        for _, process, _ in reversed(self.running.values()):
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_WAIT_S
        for part, process, _ in self.running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.say(f"{part.name} does not stop: killed")
                process.kill()
                process.wait()
        self.running.clear()

    def stop_on_signals(self) -> None:
        """Make Ctrl-C and SIGTERM end `watch`."""

        def on_signal(_signum: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, on_signal)


def uzel(*arguments: str) -> list[str]:
    """The command line of a `uzel` command in this same environment."""
    return [sys.executable, "-m", "uzel.config", *arguments]
