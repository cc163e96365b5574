"""A served city of three makes; questions as a page writes them, probers that answer, and what it comes to."""

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import mock

import pytest
from django.db import connection

from tests.city_served import Running, served
from uzel.core.diagnosis import Code, Evidence, diagnose
from uzel.drivers.pool import Pool
from uzel.drivers.transport import Wire
from uzel.network import models as network
from uzel.network.models import AccessGroup, Probe
from uzel.pollers import device_facts
from uzel.pollers.prober import Prober
from uzel.pollers.worker import run_all
from uzel.simcity import plan_network
from uzel.simcity.shell import ACCOUNTS, ENABLE_SECRET
from uzel.simcity.shell_faces import telnet_port
from uzel.simcity.world import Device, Port
from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder

# Houses of all three makes; the other makes stand above the houses in the generated city, and carry no subscribers.
HOUSES = (("DES-3200-28", 20), ("WS-C3560G-48TS", 28), ("S5328C-EI", 36))


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A served city with subscribers on switches of all three makes."""
    with (
        mock.patch.object(plan_network, "HOUSE_MODELS", HOUSES),
        served(tmp_path_factory.mktemp("city")) as live,
    ):
        yield live


@pytest.fixture
def city(live: Running) -> Iterator[Running]:
    """It healthy and in the database, with the way to its command lines."""
    diff = importing.apply(importing.plan(Folder(live.home / "city")))
    assert diff.applied, diff.problems
    reach(live)
    yield live
    live.do(do="heal", target="all")


def reach(live: Running, password: str = ACCOUNTS["uzel"][0]) -> None:
    """Say how the command lines of the city are reached."""
    port = telnet_port(live.switch("DES-3200-28"))
    for group in AccessGroup.objects.all():
        device_facts.set_access(
            group, wire=Wire.TELNET, port=port, user="uzel", password=password, enable=ENABLE_SECRET
        )


def lines(live: Running, family: str, *, iptv: bool = False) -> list[Port]:
    """Ports of one make with one subscriber behind them, no two of one switch."""
    found: dict[int, Port] = {}
    for port in live.world.ports.values():
        homes = {vlan for _, vlan in port.stations} if port.stations and not port.far else set()
        if port.device.make.family == family and homes and (not iptv or 700 in homes):
            found.setdefault(port.device.id, port)
    return list(found.values())


def hurt(live: Running, target: Port | Device, fault: str) -> None:
    """Put a fault in force."""
    name = f"{target.device.code}:{target.shape.name}" if isinstance(target, Port) else target.code
    live.do(do="fault", target=name, fault=fault)


def ask(target: Port | Device, operation: str = "line", **more: Any) -> Probe:
    """A probe row as a page writes it."""
    device = network.Device.objects.get(code=target.device.code if isinstance(target, Port) else target.code)
    port = device.ports.get(name=target.shape.name) if isinstance(target, Port) else None
    probe = Probe.objects.create(operation=operation, device=device, port=port, subject="10000020")
    if more:
        Probe.objects.filter(pk=probe.pk).update(**more)
    return probe


def run_probers(
    until: Callable[[], bool], *, count: int = 1, during: Callable[[], None] | None = None, within_s: float = 20.0
) -> None:
    """Run probers in this process until the database says so."""

    def look(function: Callable[[], Any]) -> Any:
        try:
            return function()
        finally:
            connection.close()

    async def scenario() -> None:
        stop = asyncio.Event()
        async with Pool() as pool, asyncio.TaskGroup() as group:
            group.create_task(run_all([partial(Prober, pool)] * count, stop))
            try:
                await watch()
            finally:
                stop.set()

    async def watch() -> None:
        if during:
            await asyncio.sleep(0.3)
            await asyncio.to_thread(look, during)
        end = time.monotonic() + within_s
        while not await asyncio.to_thread(look, until):
            assert time.monotonic() < end, "the probers did not get there in time"
            await asyncio.sleep(0.05)

    asyncio.run(scenario())


def answered() -> bool:
    """Nothing waits for an answer."""
    return not Probe.objects.filter(state__in=["waiting", "running"]).exists()


def verdict(probe: Probe, port: Port, **more: Any) -> list[Code]:
    """What is found on the line of a port of the city, from what a probe of it brought and `more` that is known."""
    probe.refresh_from_db()
    facts = {
        "account_status": "active",
        "service_active": True,
        "outages": frozenset(),
        "expected_macs": frozenset(mac for mac, _ in port.stations),
        "port_mbps": port.shape.speed_mbps,
    }
    evidence = Evidence.from_probe(probe.result, error=probe.error, **(facts | more))
    return [finding.code for finding in diagnose(evidence)]
