"""Results so far: what is known is told while a command line is still being asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from uzel.pollers.probe_cli import LATE, Told

# What is known is told this long after it was there, when the command line has not ended; and no more often than that.
PACE_S = 0.15

# Takes a result so far.
Tell = Callable[[dict[str, Any]], Awaitable[None]]


def cut_short(so_far: Mapping[str, Any]) -> dict[str, Any]:
    """The result of a probe whose time is over: what it had told, the rest came too late."""
    late = dict.fromkeys(so_far["under_way"], LATE)
    known = {name: part for name, part in so_far.items() if name != "under_way"}
    return known | {"missing": late | known["missing"]}


async def meanwhile(known: dict[str, Any], told: Told, cli: "asyncio.Task[dict[str, Any]]", tell: Tell) -> None:
    """Tell what is known, now and with each answer, until the command line has given them all."""
    before: list[str] = []
    while not (await asyncio.wait({cli}, timeout=PACE_S))[0]:
        under_way = list(told.under_way)
        if under_way and under_way != before:
            # Copies: what comes meanwhile is for the next word.
            part = told.result | {"said": list(told.result["said"]), "missing": dict(told.result["missing"])}
            await tell(known | part | {"under_way": under_way})
        before = under_way
