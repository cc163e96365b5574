"""Whether the monitor sees the network at all.

When not one device answers, the failure nearest the centre that explains it may as well be the monitor's own line: its
uplink, its cable, the city not started yet. So nothing is opened, changed or closed then, the outages stand as they
were, and the pages say that the monitor sees nobody. Only when it saw the network before, and the silence lasts, is it
told as what it then most likely is, one outage of everything, with its own blindness among the hypotheses.
"""

import asyncio
import logging
import time

from uzel.drivers.pulse import Pulse
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_world import World

# So long a total silence is taken for our own: agents, routers and uplinks restart in less.
HOLD_S = 15.0
# When sight is back, devices come back within moments of each other: all are asked until no more do.
LOOK_AGAIN_S = 0.5
LOOK_LIMIT_S = 20.0

log = logging.getLogger(__name__)


def sees_nobody(world: World) -> bool:
    """Not one device answers SNMP."""
    return bool(world.views) and not any(view.answers for view in world.views.values())


class Sight:
    """Remembers since when nobody answers, and whether anybody ever did."""

    def __init__(self, pulse: Pulse, metrics: Metrics) -> None:
        """Nobody was met yet."""
        self._pulse, self._metrics = pulse, metrics
        self._met = False
        self._since: float | None = None

    def wait_s(self, idle_s: float) -> float:
        """How long to sleep before looking again: not long while a hold runs."""
        return 1.0 if self._since and time.time() - self._since < HOLD_S + 1 else idle_s

    async def is_clear(self, world: World) -> bool:
        """Whether a decision may be made now. After blindness everybody is asked anew first."""
        if not sees_nobody(world):
            if self._since is not None or not self._met:
                log.info("the monitor sees the network")
                self._since, self._met = None, True
                self._metrics.blind_since.set(0)
                await self.look_around(world)
            return True
        if self._since is None:
            log.warning("not one of %d devices answers: the monitor may be cut off", len(world.views))
            self._since = time.time()
            self._metrics.blind_since.set(self._since)
        # Where pings come through, nothing is dark: it is the monitor's leave to ask that is gone.
        pinged = any(view.pings for view in world.views.values())
        return self._met and not pinged and time.time() - self._since >= HOLD_S

    async def look_around(self, world: World) -> None:
        """Ask the silent again and again until no more of them answer."""
        deadline = time.monotonic() + LOOK_LIMIT_S
        left = len(world.views) + 1
        while time.monotonic() < deadline:
            silent = [view.target for view in world.views.values() if view.answers is not True]
            if not silent or len(silent) >= left:
                return
            left = len(silent)
            await asyncio.sleep(LOOK_AGAIN_S)
            await self._pulse.ask_now(silent)
