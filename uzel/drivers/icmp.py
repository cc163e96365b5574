"""Ping many hosts at once (gufo-ping): a host that answers pings but not SNMP is alive, its management is not."""

import asyncio
from collections.abc import Iterable

from gufo.ping import Ping

# So many echo requests under way at once; the kernel's raw socket buffer is shared by all of them.
CONCURRENCY = 200


class Pinger:
    """One asker for all. It needs a raw socket (CAP_NET_RAW) or an allowed ping group."""

    def __init__(self, *, timeout_s: float = 0.5, attempts: int = 2) -> None:
        """Remember how to ask; `attempts` in all per host."""
        self._ping = Ping(timeout=timeout_s)
        self._attempts = attempts
        self._room = asyncio.Semaphore(CONCURRENCY)

    async def alive(self, addresses: Iterable[str]) -> dict[str, bool]:
        """Whether each host answers. Raises PermissionError when this process may not ping."""
        wanted = list(addresses)
        answers = await asyncio.gather(*map(self._one, wanted))
        return dict(zip(wanted, answers, strict=True))

    async def _one(self, address: str) -> bool:
        async with self._room:
            for _ in range(self._attempts):
                try:
                    if await self._ping.ping(address) is not None:
                        return True
                except PermissionError:
                    raise
                except OSError:
                    # No route: as silent as a host can be.
                    continue
        return False
