"""What others on the machine can see of the home folder."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_home_folder_and_the_key_are_closed_to_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = os.environ | {"UZEL_HOME": str(home)}
    environment.pop("UZEL_SECRET_KEY", None)
    asks = [sys.executable, "-c", "from uzel.config.settings import SECRET_KEY; print(SECRET_KEY)"]
    # Several processes may make the key at once: all must get the same one, whole.
    several = [subprocess.Popen(asks, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    keys = {process.communicate()[0].strip() for process in several}
    assert len(keys) == 1 and len(keys.pop()) > 40
    assert [path.name for path in home.iterdir()] == ["secret_key"]
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600
    assert home.stat().st_mode & 0o066 == 0
