"""What the prober tells of a line while its probe goes on, for tests of what is made of it."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from uzel.core.readings import FdbEntry, PortReading


def so_far(*under_way: str, up: bool, index: int, mac: str, at: Iterable[float]) -> dict[str, Any]:
    """A healthy port with one MAC, read `at` these moments (unix seconds); the questions under way."""
    port = PortReading(
        if_index=index,
        name=str(index),
        admin_up=True,
        oper_up=up,
        speed_mbps=100,
        full_duplex=True,
        in_errors=0,
        in_broadcasts=0,
        uptime_s=9e5,
    )
    ports = [asdict(port) | {"at": moment} for moment in at]
    told = {"ports": ports, "fdb": [asdict(FdbEntry(mac))], "said": [], "missing": {}}
    return told | ({"under_way": list(under_way)} if under_way else {})
