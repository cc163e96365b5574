"""The embedded server dies and comes back."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uzel.config import embedded


@pytest.fixture
def home(tmp_path: Path) -> Path:
    # The server's own account must be able to pass through.
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path


@pytest.mark.slow
def test_a_killed_server_is_started_again(home: Path) -> None:
    server = embedded.start(home)
    try:
        assert not embedded.revive(home)
        os.kill(server.get_pid(), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while not embedded.revive(home):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert "uzel" in server.psql("SELECT datname FROM pg_database")
        os.kill(server.get_pid(), signal.SIGKILL)
        assert "uzel" in embedded.start(home).psql("SELECT datname FROM pg_database"), "a command that starts just then"
    finally:
        server.cleanup()


@pytest.mark.slow
def test_a_killed_command_does_not_keep_the_server(home: Path) -> None:
    server = embedded.start(home)
    postmaster = server.get_pid()
    hold = f"import pathlib, time; from uzel.config import embedded; embedded.start(pathlib.Path({str(home)!r}))"
    command = subprocess.Popen([sys.executable, "-c", f"{hold}; print('held', flush=True); time.sleep(600)"], stdout=-1)
    assert command.stdout and command.stdout.readline() == b"held\n"
    command.kill()
    command.wait()
    embedded.stop(server)
    assert not Path(f"/proc/{postmaster}").exists() or not embedded._lives(postmaster)


@pytest.mark.slow
def test_a_living_command_keeps_the_server(home: Path) -> None:
    server = embedded.start(home)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as other:
        server.global_process_id_list.get_and_add(other.pid)
        embedded.stop(server)
        assert embedded._lives(server.get_pid())
    embedded.stop(embedded.start(home))
    assert not embedded._lives(server.get_pid())
