"""Readings beside liveness: states of ports, UPSes, levels of receivers. One short session per device."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from uzel.core.power import feeds_above
from uzel.core.readings import OpticalReading, PortReading, UpsReading
from uzel.core.topology import Kind, lit
from uzel.drivers import if_mib, nut, ups_nut
from uzel.drivers.readers import Reader, optical_reader, read_rows, ups_reader
from uzel.drivers.snmp import Agent, SnmpError, Value
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_pulse import NutTarget
from uzel.pollers.monitor_world import View, World

CONCURRENCY = 48
TIMEOUT_S = 0.6
OBJECT_ID = if_mib.SYS_OBJECT_ID + ".0"
PORT_COLUMNS = tuple(if_mib.COLUMNS[name] for name in ("admin", "oper", "high_speed"))
# From this many ports on, three walks are fewer datagrams than names one by one.
WALK_FROM = 12
# A receiver is asked by name for what it had when it was walked: one datagram instead of eight. It is walked anew when
# a name is gone, and this often, for an input that was put in since.
WALK_AGAIN_S = 600.0


class Readings:
    """Reads on demand and keeps the world up to date; a device that does not answer is left as it was."""

    def __init__(self, metrics: Metrics) -> None:
        """Nothing is under way yet."""
        self._metrics = metrics
        self._room = asyncio.Semaphore(CONCURRENCY)
        self._readers: dict[int, Reader[Any]] = {}
        # What each receiver had when it was walked, and when that was (clock of the event loop).
        self._names: dict[int, tuple[float, tuple[str, ...]]] = {}

    def forget(self) -> None:
        """The map changed: a device may be of another make now."""
        self._readers.clear()
        self._names.clear()

    async def ports(self, world: World, wanted: Iterable[tuple[int, Iterable[int] | None]]) -> bool:
        """Read ports of devices (None: all that the map knows); True when the light of a link changed."""
        return any(await asyncio.gather(*(self._ports(world, device, indexes) for device, indexes in wanted)))

    async def _ports(self, world: World, device: int, indexes: Iterable[int] | None) -> bool:
        view = world.views.get(device)
        wanted = list(indexes) if indexes is not None else world.indexes.get(device, [])
        if view is None or not wanted:
            return False
        rows = await self._ask(view, "ports", self._port_rows, wanted)
        now, changed = time.time(), False
        for reading in if_mib.parse_ports(rows, at=now) if rows else ():
            if reading.if_index in wanted:
                changed |= self._port_seen(world, device, reading, now)
        return changed

    @staticmethod
    def _port_seen(world: World, device: int, reading: PortReading, now: float) -> bool:
        key = (device, reading.if_index)
        return world.port_seen(key, reading.admin_up, reading.oper_up, reading.speed_mbps, now)

    @staticmethod
    async def _port_rows(agent: Agent, wanted: list[int]) -> dict[str, Value]:
        if len(wanted) < WALK_FROM:
            return await agent.get(*(f"{column}.{index}" for index in wanted for column in PORT_COLUMNS))
        rows: dict[str, Value] = {}
        for column in PORT_COLUMNS:
            rows |= await agent.walk(column)
        return rows

    async def power_and_light(self, world: World, devices: Iterable[int]) -> bool:
        """Read UPSes and receivers; True when something that outages depend on changed."""
        views = [view for device in devices if (view := world.views.get(device))]
        return any(await asyncio.gather(*(self._device(world, view) for view in views)))

    async def _device(self, world: World, view: View) -> bool:
        reading = await self._reading(view, world.net.contacts[view.target.id].vendor)
        if reading is None:
            return False
        now = time.time()
        readings = {name: value for name, value in asdict(reading).items() if value not in (None, ())}
        if not readings:
            self._metrics.malformed.labels("empty_reading").inc()
            return False
        if view.kind == Kind.UPS:
            readings |= forecast(world, view, readings, now)
        return world.read(view, readings, now)

    async def _reading(self, view: View, vendor: str) -> UpsReading | OpticalReading | None:
        if isinstance(view.target, NutTarget):
            return await self._by_nut(view.target)
        what = "ups" if view.kind == Kind.UPS else "receiver"
        rows = await self._ask(view, what, self._device_rows, vendor)
        reader = self._readers.get(view.target.id)
        reading: UpsReading | OpticalReading | None = reader.parse(rows) if rows and reader else None
        return reading

    async def _by_nut(self, target: NutTarget) -> UpsReading | None:
        async with self._room:
            try:
                variables = await nut.read(target.address, target.port, target.ups, within_s=2 * TIMEOUT_S)
            except nut.NutError as error:
                self._metrics.reads.labels("ups", error.code).inc()
                return None
        self._metrics.reads.labels("ups", "ok").inc()
        return ups_nut.parse_ups(variables)

    async def _device_rows(self, agent: Agent, vendor: str, view: View) -> dict[str, Value]:
        reader = self._readers.get(view.target.id)
        if reader is None:
            object_id = (await agent.get(OBJECT_ID)).get(OBJECT_ID)
            known = str(object_id).removeprefix(".") if object_id else None
            reader = ups_reader(known, vendor) if view.kind == Kind.UPS else optical_reader(known, vendor)
            self._readers[view.target.id] = reader
        now = asyncio.get_running_loop().time()
        walked_at, names = self._names.get(view.target.id, (0.0, ()))
        if names and now - walked_at < WALK_AGAIN_S:
            rows = await agent.get(*names)
            if len(rows) == len(names):
                return rows
        rows = await read_rows(agent, reader)
        # Tables of a UPS come and go: its alarms are rows.
        if view.kind != Kind.UPS:
            self._names[view.target.id] = (now, tuple(rows))
        return rows

    async def _ask(self, view: View, what: str, question: Any, argument: Any) -> dict[str, Value]:
        target = view.target
        async with self._room:
            try:
                async with Agent(target.address, target.port, target.community, TIMEOUT_S, 1) as agent:
                    extra = (view,) if question == self._device_rows else ()
                    rows: dict[str, Value] = await question(agent, argument, *extra)
            except SnmpError as error:
                self._metrics.reads.labels(what, error.code).inc()
                if error.code == "malformed":
                    self._metrics.malformed.labels(f"{what}_answer").inc()
                return {}
        self._metrics.reads.labels(what, "ok").inc()
        return rows


def forecast(world: World, view: View, readings: dict[str, Any], now: float) -> dict[str, Any]:
    """What follows from a UPS on battery: since when, when it goes dark, and what it keeps alive until then.

    `dark_at`, `on_battery_since`: unix seconds; `keeps_alive`: devices, `subscribers`: people who go dark with it.
    """
    if readings.get("on_battery") is not True:
        return {}
    seconds = readings.get("seconds_on_battery")
    since = view.readings.get("on_battery_since") or (now - seconds if seconds else now)
    result: dict[str, Any] = {"on_battery_since": since}
    if (minutes := readings.get("runtime_min")) is not None:
        result["dark_at"] = round(now + minutes * 60)
    if "keeps_alive" in view.readings:
        return result | {name: view.readings[name] for name in ("keeps_alive", "subscribers")}
    network, ups = world.net.network, view.target.id
    mains = {i for i in feeds_above(network, ups) if network.nodes[i].kind is Kind.MAINS}
    lost = lit(network, failed=mains) - lit(network, failed=mains, discharged={ups})
    alive = {i for i in lost if i in world.net.contacts and i != ups}
    scope = world.net.scope(alive, len(alive))
    return result | {"keeps_alive": len(alive), "subscribers": scope["total"]["subscribers"]}
