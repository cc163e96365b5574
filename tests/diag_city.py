"""A small simulated city that answers SNMP in a thread of the test's own process, and its rows in the database."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.loopback import NET
from uzel.simcity import dynamics
from uzel.simcity.agent import Counts, answer
from uzel.simcity.faults import parse
from uzel.simcity.plan import generate
from uzel.simcity.world import Device, Port, load
from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder

SNMP_PORT = 17161


class _Agent(asyncio.DatagramProtocol):
    def __init__(self, city: LiveCity, device: Device) -> None:
        self.city, self.device = city, device

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        with self.city.lock:
            reply = answer(self.city.city, self.device, data, time.time(), self.city.counts)
        if reply:
            self.transport.sendto(reply, addr)


class LiveCity:
    """Serves the city while it is entered; faults are put in force by `fault`."""

    def __init__(self, folder: Path, *, switches: int = 20, subscribers: int = 300, seed: int = 7) -> None:
        """Generate the folder and load it."""
        generate(folder, seed=seed, switches=switches, subscribers=subscribers, net=NET, port=SNMP_PORT)
        self.folder = folder
        self.world = load(folder)
        self.city = dynamics.City(self.world, time.time() - 3600)
        self.city.start(time.time())
        self.counts = Counts()
        self.lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> LiveCity:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._ready.set()
        self._loop.run_forever()

    async def _open(self) -> None:
        for device in self.world.devices.values():
            if device.address:
                await self._loop.create_datagram_endpoint(
                    lambda device=device: _Agent(self, device), (device.address, device.snmp_port)
                )

    def fault(self, target: Port | Device, text: str) -> None:
        """Put a fault in force; the city's own clock is the real one."""
        with self.lock:
            dynamics.add_fault(self.city, target, parse(text, time.time()), time.time())

    def heal(self, target: Port | Device) -> None:
        """Take every fault off."""
        with self.lock:
            dynamics.remove_faults(self.city, target, time.time())

    def bring_in(self) -> None:
        """Import the folder into the database."""
        diff = importing.apply(importing.plan(Folder(self.folder)))
        assert diff.applied, diff.problems

    def subscriber_ports(self, wanted: Callable[[Port], bool] = bool) -> list[Port]:
        """Ports with one subscriber's equipment behind them."""
        return [p for p in self.world.ports.values() if len(p.stations) == 1 and not p.far and wanted(p)]
