"""How many examples a property is tried with."""

from typing import Any

from hypothesis import settings


def examples(count: int, **more: Any) -> settings:
    """Settings of a property tried with `count` examples, without a deadline; in the quick run with a tenth of them.

    The profile says how many of a hundred are taken (`tests/conftest.py`).
    """
    return settings(max_examples=max(1, count * settings.default.max_examples // 100), deadline=None, **more)
