"""The log that a switch keeps: what it noticed while the city ran, and the last changes of its links before that."""

from dataclasses import dataclass

from uzel.simcity.dynamics import Word
from uzel.simcity.world import Device, Port

# A buffer of a switch is small.
MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Line:
    """An event. `word` is a `Word` or one of the sessions' own: "login", "saved", "changed"."""

    at: float
    word: str
    port: Port | None = None
    detail: str = ""


def lines_of(device: Device) -> list[Line]:
    """The log, oldest first."""
    kept = [Line(*row) for row in device.log if row[0] >= device.booted_at]
    # From before the process began, the ports remember when their links changed.
    told = {id(line.port) for line in kept if line.port}
    old = [
        Line(port.changed_at, Word.LINK_UP if port.oper else Word.LINK_DOWN, port)
        for port in device.ports
        if port.shape.base_port and (port.stations or port.far) and id(port) not in told
    ]
    start = Line(device.booted_at, Word.COLD_START)
    return sorted([start, *old, *kept], key=lambda line: line.at)[-MOST_LINES:]
