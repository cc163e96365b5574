"""What news there is and what follows from it: the one place that says so.

An event is written by `journal.operations.emit` in the transaction of the change it tells of. Open pages hear of each
one through `web.live`; a handler named here is called for it by the process that runs `dispatch`.
"""

from collections.abc import Callable, Mapping
from typing import Any

Handler = Callable[[Mapping[str, Any]], None]

# Name -> payload. A test looks that every name that the code emits is here.
EVENTS: Mapping[str, str] = {
    "network.changed": "{}: the model of the network was imported or edited",
    "device.state": "{ids}: devices that began or ceased to answer, or to be lit",
    "port.state": "{ids}: devices at a port of which a link went up or down",
    "outage.opened": "{id}",
    "outage.changed": "{id}: cause, scope or story",
    "outage.closed": "{id}",
    "outage.merged": "{id, into}",
    "outage.commented": "{id}",
    "weak.changed": "{}: what a failure of each device would cost was reckoned anew, and differs",
    "planned.changed": "{id}: a planned work was made, changed or cancelled",
    "monitor.health": "{}: the monitor's own figures",
    "probe.done": "{id}: a probe ended, well or not",
    "probe.told": "{id}: a probe that goes on has written what it knows so far",
    "change.changed": "{id, device}: a change was prepared, confirmed, begun, ended or cancelled",
    "backup.begun": "{id}: the configuration of a device that somebody asked for is being read",
    "backup.done": "{id}: the configuration of a device was read, or could not be",
    "backup.progress": "{id}: a round of configurations began, went on or ended",
}

HANDLERS: Mapping[str, tuple[Handler, ...]] = {}


def dispatch(name: str, payload: Mapping[str, Any]) -> int:
    """Call every handler of the event; returns how many there were. Raises KeyError for an event that is not listed."""
    if name not in EVENTS:
        raise KeyError(name)
    handlers = HANDLERS.get(name, ())
    for handler in handlers:
        handler(payload)
    return len(handlers)
