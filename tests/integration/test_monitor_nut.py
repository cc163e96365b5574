"""UPSes that are asked by NUT: their liveness, their state in the monitor, a probe of one, the command that says so."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from tests.loopback import NET
from tests.nut_server import Upsd, serving
from uzel.drivers.pool import Pool
from uzel.drivers.pulse import Target
from uzel.drivers.snmp import SnmpError
from uzel.journal.models import Event
from uzel.network.models import AccessGroup, Device, DeviceKind, PowerFeed, Probe, Site
from uzel.pollers import monitor_world, probe_store
from uzel.pollers.cli_nut import nut_
from uzel.pollers.monitor_metrics import Metrics
from uzel.pollers.monitor_pulse import MonitorPulse, NutTarget
from uzel.pollers.monitor_read import Readings
from uzel.pollers.probe_cli import CliReader
from uzel.pollers.probe_read import LineReader

ADDRESS = f"127.{NET}.254.7"


class Heard:
    """Listens to a pulse."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def answered(self, target: Target, uptime: int | None, rtt_s: float, asked_at: float) -> None:
        assert uptime is None and 0 <= rtt_s < 2
        self.told.append(("answered", target.id))

    def suspected(self, target: Target) -> None:
        self.told.append(("suspected", target.id))

    def silent(self, target: Target, asked_at: float) -> None:
        self.told.append(("silent", target.id))


@pytest.fixture
def ups(db: None) -> Device:
    """A UPS of a district with what it keeps alive; its group is asked by NUT."""
    centre = Site.objects.create(code="c", name="c", level=0)
    group = AccessGroup.objects.create(code="nodes", nut_port=3493)
    Device.objects.create(code="c-core1", site=centre, kind=DeviceKind.SWITCH, is_source=True, access_group=group)
    district = Site.objects.create(code="o1", name="o1", level=2, parent=centre)
    made = Device.objects.create(
        code="o1-ups1", site=district, kind=DeviceKind.UPS, address=ADDRESS, access_group=group, vendor="Ippon"
    )
    PowerFeed.objects.create(consumer=made)
    return made


async def test_an_upsd_is_alive_until_nobody_listens():
    heard = Heard()
    pulse = MonitorPulse(heard, timeout_s=0.3, retries=1)
    try:
        async with serving(Upsd()) as upsd:
            target = NutTarget(7, "127.0.0.1", upsd.port, "", "o1-ups1")
            await pulse.ask_now([target])
            pulse.ask([target])
            pulse.ask([target])  # one question at a time
            await pulse.ask_now([target])
            assert heard.told == [("answered", 7)] * 2 and upsd.came == 2
        heard.told.clear()
        await pulse.ask_now([target, Target(8, "127.0.0.1", upsd.port, "public")])
        assert sorted(heard.told) == [("silent", 7), ("silent", 8), ("suspected", 7), ("suspected", 8)]
        heard.told.clear()
        await pulse.ask_now([target], once=True)
        assert heard.told == [("silent", 7)]
    finally:
        pulse.close()


async def test_one_that_hangs_is_silent_in_time():
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    heard = Heard()
    pulse = MonitorPulse(heard, timeout_s=0.2, retries=0)
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        async with asyncio.timeout(3):
            await pulse.ask_now([NutTarget(7, "127.0.0.1", server.sockets[0].getsockname()[1], "")])
    pulse.close()
    assert heard.told == [("silent", 7)]


@pytest.fixture
def listening() -> Iterator[Upsd]:
    """An upsd in a thread of its own: a command runs its own loop."""
    upsd, up, loop = Upsd("only", {"ups.status": "OL", "ups.load": "31"}), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with serving(upsd, ADDRESS):
            up.set()
            await over.wait()

    over = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    up.wait(5)
    yield upsd
    loop.call_soon_threadsafe(over.set)
    thread.join(5)
    loop.close()


def test_the_monitor_knows_a_ups_by_nut(ups: Device, listening: Upsd):
    listening.variables |= {"battery.charge": "100", "battery.runtime": "3000"}
    AccessGroup.objects.update(nut_port=listening.port)
    world = monitor_world.load()
    view = world.views[ups.pk]
    assert view.target == NutTarget(ups.pk, ADDRESS, listening.port, "", "o1-ups1")

    async def read() -> bool:
        return await Readings(Metrics()).power_and_light(world, [ups.pk])

    asyncio.run(read())
    assert (view.on_battery, view.readings["charge_percent"]) == (False, 100)
    listening.variables |= {"ups.status": "OB DISCHRG", "battery.runtime": "600"}
    assert asyncio.run(read())
    assert view.on_battery and view.readings["runtime_min"] == 10 and "dark_at" in view.readings
    # It has lost the UPS: the last word stands.
    listening.error = "DATA-STALE"
    assert not asyncio.run(read())
    assert view.on_battery


def test_a_switch_of_the_same_group_is_asked_by_snmp(ups: Device):
    Device.objects.filter(code="c-core1").update(address=f"127.{NET}.254.8")
    assert [type(view.target) for view in monitor_world.load().views.values()] == [Target, NutTarget]


def test_a_probe_reads_it_by_nut(ups: Device, listening: Upsd):
    AccessGroup.objects.update(nut_port=listening.port)
    Probe.objects.create(operation="line", device=ups)
    (question,) = probe_store.claim(1)

    async def read() -> dict:
        async with Pool() as pool:
            return await LineReader(CliReader(pool)).read(question, lambda _: None)

    listening.variables |= {"ups.status": "OB LB", "battery.charge": "7"}
    told = asyncio.run(read())["ups"]
    assert (told["on_battery"], told["low"], told["charge_percent"]) == (True, True, 7)
    listening.error = "DRIVER-NOT-CONNECTED"
    with pytest.raises(SnmpError, match="stale"):
        asyncio.run(read())


def test_the_command_sets_a_group_and_shows_what_it_says(ups: Device, listening: Upsd):
    told = CliRunner().invoke(nut_, ["nodes", "--port", str(listening.port)])
    assert told.exit_code == 0, told.output
    assert "o1-ups1: on mains, 31% load" in told.output
    assert AccessGroup.objects.get().nut_port == listening.port
    assert Event.objects.get().name == "network.changed"
    listening.error = "ACCESS-DENIED"
    told = CliRunner().invoke(nut_, ["nodes", "--port", str(listening.port)])
    assert told.exit_code == 1 and "no answer [denied" in told.output
    assert CliRunner().invoke(nut_, ["nodes", "--off"]).exit_code == 0
    assert AccessGroup.objects.get().nut_port is None
    assert "there are: nodes" in CliRunner().invoke(nut_, ["elsewhere"]).output
