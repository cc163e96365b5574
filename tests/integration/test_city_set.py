"""Net-snmp, which we did not write, writes to the living city; command lines show it at once, traps tell of it."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.city_served import Running, served
from uzel.drivers import ber, traps
from uzel.drivers.ask import Facts
from uzel.drivers.pool import Pool
from uzel.drivers.transport import Login, Wire
from uzel.simcity import memory
from uzel.simcity.shell_faces import telnet_port
from uzel.simcity.world import Device, Port

pytestmark = [
    pytest.mark.xdist_group("city_set"),
    pytest.mark.skipif(not shutil.which("snmpset"), reason="net-snmp is not installed: apt-get install snmp"),
]
ADMIN, OPER, ALIAS = "1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.31.1.1.1.18"
SHOWN = {
    "DES-3200-28": ("show ports {} description", r"\b\d+ +Disabled "),
    "WS-C3560G-48TS": ("show interfaces {}", "administratively down"),
    "S5720-56C-PWR-EI": ("display interface {}", "Administratively DOWN"),
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[socket.socket]:
    """Where the city's traps go."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, receiver: socket.socket) -> Iterator[Running]:
    with served(tmp_path_factory.mktemp("set"), traps=f"127.0.0.1:{receiver.getsockname()[1]}") as running:
        yield running


def subscriber(device: Device) -> Port:
    """A port with somebody on it and no link of the network."""
    return next(port for port in device.ports if port.shape.base_port and not port.link and port.stations)


def copper(city: Running, model: str) -> Port:
    return subscriber(city.switch(model))


def snmp(tool: str, device: Device, community: bytes, *what: str) -> tuple[int, str]:
    place = f"{device.address}:{device.snmp_port}"
    command = [tool, "-v2c", "-c", community.decode(), "-t0.3", "-r0", "-On", "-Oe", place, *what]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    return done.returncode, done.stdout + done.stderr


def put(device: Device, *what: str) -> tuple[int, str]:
    return snmp("snmpset", device, device.write_community, *what)


def get(device: Device, oid: str) -> str:
    code, said = snmp("snmpget", device, device.community, oid)
    assert code == 0, said
    return said.partition("= ")[2].strip()


async def typed(device: Device, line: str) -> str:
    login, names = Login("uzel", "uzel-city", "enable-city"), {}
    place = (device.address, "x", device.snmp_port, names, Wire.TELNET, telnet_port(device), login)
    facts = Facts(device.make.vendor, device.make.model, *place)
    async with Pool() as pool, pool.session(facts.target()) as session:
        return await session.run(line, stop="q")


def next_trap(receiver: socket.socket, device: Device) -> traps.Trap:
    """The next one of this device."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        data, source = receiver.recvfrom(2000)
        if source[0] == device.address:
            return traps.parse(data)
    raise TimeoutError


@pytest.mark.parametrize("model", SHOWN)
async def test_what_snmp_writes_the_command_line_shows_at_once(city, receiver, model):
    port = copper(city, model)
    device, index = port.device, port.shape.if_index
    line, off = SHOWN[model]
    line = line.format(port.shape.base_port if "DES" in model else port.shape.name)
    code, said = put(device, f"{ADMIN}.{index}", "i", "2", f"{ALIAS}.{index}", "s", "written by SNMP")
    assert code == 0, said
    assert (get(device, f"{ADMIN}.{index}"), get(device, f"{OPER}.{index}")) == ("INTEGER: 2", "INTEGER: 2")
    assert get(device, f"{ALIAS}.{index}") == 'STRING: "written by SNMP"'
    text = await typed(device, line)
    assert re.search(off, text) and "written by SNMP" in text
    down = next_trap(receiver, device)
    assert (down.kind, down.if_index) == ("link_down", index)
    state = json.loads((city.home / "city" / memory.FILE).read_text())
    assert state["notes"][port.code] == "written by SNMP"
    assert [port.code, "admin-down"] in [row[:2] for row in state["faults"]]
    assert put(device, f"{ADMIN}.{index}", "i", "1", f"{ALIAS}.{index}", "s", "")[0] == 0
    up = next_trap(receiver, device)
    assert (up.kind, up.if_index) == ("link_up", index)
    text = await typed(device, line)
    assert not re.search(off, text) and "written by SNMP" not in text
    assert get(device, f"{ALIAS}.{index}") in ('""', 'STRING: ""')


async def test_what_the_command_line_changes_snmp_shows(city):
    port = copper(city, "DES-3200-28")
    await typed(port.device, f"config ports {port.shape.base_port} state disable")
    await typed(port.device, f"config ports {port.shape.base_port} description by_hand")
    assert get(port.device, f"{ADMIN}.{port.shape.if_index}") == "INTEGER: 2"
    assert get(port.device, f"{ALIAS}.{port.shape.if_index}") == 'STRING: "by_hand"'
    assert put(port.device, f"{ADMIN}.{port.shape.if_index}", "i", "1")[0] == 0


def test_what_may_not_be_written_is_named_and_changes_nothing(city):
    port = copper(city, "DES-3200-28")
    device, index = port.device, port.shape.if_index
    admin, alias = f"{ADMIN}.{index}", f"{ALIAS}.{index}"
    before = (get(device, admin), get(device, alias))
    refused = {
        "wrongValue": (admin, "i", "3"),
        "wrongType": (admin, "s", "down"),
        "wrongLength": (alias, "s", "x" * 65),
        "notWritable": (f"{OPER}.{index}", "i", "2"),
        "noCreation": (f"{ADMIN}.4000", "i", "2"),
    }
    for word, bad in refused.items():
        for what in ((*bad, alias, "s", "never"), (alias, "s", "never", *bad)):
            code, said = put(device, *what)
            assert code == 2 and word in said, (word, said)
    code, said = snmp("snmpset", device, device.community, admin, "i", "2")
    assert code == 2 and "noAccess" in said
    code, said = snmp("snmpset", device, b"guess", admin, "i", "2")
    assert code == 1 and "Timeout" in said
    assert (get(device, admin), get(device, alias)) == before


def test_a_truncated_request_meets_silence(city):
    port = copper(city, "WS-C3560G-48TS")
    device, oid = port.device, f"{ADMIN}.{port.shape.if_index}"
    binding = ber.tlv(ber.SEQUENCE, ber.object_id(ber.parse_oid(oid)) + ber.integer(2))
    pdu = ber.integer(5) + ber.integer(0) + ber.integer(0) + ber.tlv(ber.SEQUENCE, binding)
    whole = ber.tlv(ber.SEQUENCE, ber.integer(1) + ber.octets(device.write_community) + ber.tlv(ber.SET, pdu))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.3)
        for size in range(len(whole)):
            sock.sendto(whole[:size], (device.address, device.snmp_port))
        with pytest.raises(TimeoutError):
            sock.recv(2000)
    assert get(device, oid) == "INTEGER: 1"
