"""What is compiled ahead is all that the engine ever calls."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_nothing_is_left_to_compile_at_the_first_question(tmp_path: Path) -> None:
    # With an empty cache: a function loaded from it brings its inner ones along without their being called.
    script = "from uzel.core.engine_compile import compile_all; print(compile_all())"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "[]"
    assert any(tmp_path.rglob("*.nbc"))
