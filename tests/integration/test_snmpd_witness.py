"""Net-snmp's own agent, which we did not write, answers the monitor's client and the readers of IF-MIB."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.loopback import NET
from uzel.drivers import if_mib
from uzel.drivers.pulse import Pulse, Target
from uzel.drivers.snmp import Agent, SnmpError

PORT = 13661
HOST = f"127.{NET}.0.9"
SNMPD = shutil.which("snmpd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
pytestmark = [
    pytest.mark.xdist_group("snmpd_witness"),
    pytest.mark.skipif(not SNMPD, reason="net-snmp's agent is not installed: apt-get install snmpd"),
]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("snmpd")
    (home / "snmpd.conf").write_text(
        'rocommunity witness\nsysName o1-witness\nsysLocation "centre"\nsysDescr "a witness"\n'
    )
    command = [
        str(SNMPD),
        "-f",
        "-C",
        "-c",
        str(home / "snmpd.conf"),
        "-Lf",
        str(home / "log"),
        "-p",
        str(home / "pid"),
    ]
    with subprocess.Popen([*command, f"udp:{HOST}:{PORT}"], env={"SNMP_PERSISTENT_DIR": str(home)}) as process:
        try:
            asyncio.run(_until_it_answers())
            yield home
        finally:
            process.terminate()
            process.wait(10)


async def _until_it_answers() -> None:
    async with Agent(HOST, PORT, "witness", 0.3, 0) as agent:
        for _ in range(50):
            try:
                await agent.get(*if_mib.SYSTEM)
                return
            except SnmpError:
                await asyncio.sleep(0.1)
    pytest.fail("snmpd did not start")


class Heard:
    """What the pulse tells."""

    def __init__(self) -> None:
        self.uptimes: dict[int, int | None] = {}
        self.gone: set[int] = set()

    def answered(self, target: Target, uptime: int | None, rtt_s: float, asked_at: float) -> None:
        self.uptimes[target.id] = uptime

    def suspected(self, target: Target) -> None:
        pass

    def silent(self, target: Target, asked_at: float) -> None:
        self.gone.add(target.id)


async def _pulse(*targets: Target) -> Heard:
    heard = Heard()
    pulse = Pulse(heard, timeout_s=0.2, retries=1)
    try:
        await pulse.ask_now(targets)
    finally:
        pulse.close()
    return heard


def test_the_monitor_hears_it_live_and_its_uptime(agent: Path) -> None:
    """A wrong community is silence, as with every agent; sysUpTime counts hundredths (RFC 3418)."""
    before = time.monotonic()
    first = asyncio.run(_pulse(Target(1, HOST, PORT, "witness"), Target(2, HOST, PORT, "wrong")))
    assert (first.uptimes.keys(), first.gone) == ({1}, {2})
    second = asyncio.run(_pulse(Target(1, HOST, PORT, "witness")))
    passed = 100 * (time.monotonic() - before)
    assert 0 <= second.uptimes[1] - first.uptimes[1] <= passed + 100  # type: ignore[operator]


def test_its_system_and_its_ports_are_read(agent: Path) -> None:
    """The loopback interface of this machine, as the kernel has it."""

    async def read() -> tuple[if_mib.SystemReading, list[if_mib.PortReading]]:
        async with Agent(HOST, PORT, "witness", 1.0, 1) as session:
            system = if_mib.parse_system(await session.get(*if_mib.SYSTEM))
            rows = {}
            for column in if_mib.COLUMNS.values():
                rows |= await session.walk(column)
            return system, list(if_mib.parse_ports(rows, at=time.time()))

    system, ports = asyncio.run(read())
    assert system.name == "o1-witness"
    assert system.object_id is not None and system.object_id.startswith("1.3.6.1.4.1.8072")
    loopback = next(port for port in ports if port.name == "lo")
    assert (loopback.admin_up, loopback.oper_up) == (True, True)
    assert (loopback.in_octets or 0) > 0


def test_a_column_that_it_does_not_have_is_said_to_be_missing(agent: Path) -> None:
    async def read() -> dict[str, object]:
        async with Agent(HOST, PORT, "witness", 1.0, 1) as session:
            return dict(await session.get("1.3.6.1.4.1.171.12.1.1.6.1.0", *if_mib.SYSTEM))

    rows = asyncio.run(read())
    assert "1.3.6.1.4.1.171.12.1.1.6.1.0" not in {oid for oid, value in rows.items() if value is not None}
    assert len(rows) >= len(if_mib.SYSTEM) - 1
