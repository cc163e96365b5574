"""The embedded server dies and comes back."""

import os
import signal
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
