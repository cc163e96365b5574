"""The supervisor starts, restarts and stops real processes, and leaves none behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from uzel.config.supervisor import NotReady, Part, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_stop_ends_what_was_started(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, print)
    supervisor.start(Part("a", SLEEP))
    supervisor.start(Part("b", SLEEP))
    pids = [process.pid for _, process, _ in supervisor.running.values()]
    supervisor.stop()
    assert [alive(pid) for pid in pids] == [False, False]


def test_a_part_that_ends_at_once_is_named_with_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, print)
    part = Part("broken", [sys.executable, "-c", "print('why'); raise SystemExit(3)"], is_ready=lambda: False)
    with pytest.raises(NotReady, match=r"broken.*broken\.log"):
        supervisor.start(part)
    assert "why" in (tmp_path / "broken.log").read_text()
    supervisor.stop()


def test_a_slow_part_is_waited_for_as_long_as_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uzel.config.supervisor.PATIENCE_S", 0.2)
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    ready_at = time.monotonic() + 1
    supervisor.start(Part("slow", SLEEP, is_ready=lambda: time.monotonic() > ready_at))
    assert said and all("slow is starting" in words for words in said)
    supervisor.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('the reason', flush=True); raise SystemExit(3)", r"it ended with 3; .*the reason"),
        ("print('the reason', flush=True); import time; time.sleep(60)", r"it is not ready after 2 s; .*the reason"),
        ("import time; time.sleep(60)", r"it is not ready after 2 s; .*written nothing"),
    ],
)
def test_giving_up_says_why_with_the_end_of_the_log(tmp_path: Path, code: str, words: str) -> None:
    supervisor = Supervisor(tmp_path, print)
    with pytest.raises(NotReady, match=f"(?s)web did not start: {words}"):
        supervisor.start(Part("web", [sys.executable, "-c", code], is_ready=lambda: False), wait_s=2.0)
    supervisor.stop()


def test_a_killed_part_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uzel.config.supervisor.SHORT_LIFE_S", 0.0)
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    supervisor.start(Part("a", SLEEP))
    first = supervisor.running["a"][1].pid
    watcher = threading.Thread(target=supervisor.watch)
    watcher.start()
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while supervisor.running["a"][1].pid == first and time.monotonic() < deadline:
        time.sleep(0.05)
    second = supervisor.running["a"][1].pid
    supervisor.stopping.set()
    watcher.join()
    supervisor.stop()
    assert second != first
    assert said == ["a ended with -9; starting it again"]
    assert not alive(second)


def test_parts_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, time\n"
        "from uzel.config.supervisor import Part, Supervisor\n"
        f"s = Supervisor(pathlib.Path({str(tmp_path)!r}), print)\n"
        f"s.start(Part('a', {SLEEP!r}))\n"
        "print(s.running['a'][1].pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 5
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)
