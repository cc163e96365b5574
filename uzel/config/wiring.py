"""Event -> handlers: the one place that says what follows from what."""

from collections.abc import Callable, Mapping
from typing import Any

HANDLERS: Mapping[str, list[Callable[[dict[str, Any]], None]]] = {}
