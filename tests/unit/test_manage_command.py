"""`uzel manage` hands everything over to Django, its help too."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_help_of_a_command_is_djangos() -> None:
    asked = [sys.executable, "-m", "uzel.config", "manage", "prune_observations", "--help"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert "--settings" in told and "prune_observations" in told
