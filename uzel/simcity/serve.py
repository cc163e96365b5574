"""The process of the simulated city: every device on its own loopback address, one control socket."""

import asyncio
import contextlib
import json
import logging
import resource
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop

from uzel.simcity import agent, commands, memory, notices
from uzel.simcity.agent import Counts
from uzel.simcity.commands import Refused
from uzel.simcity.dynamics import City, Notice, Pace
from uzel.simcity.journal import MOST_LINES
from uzel.simcity.shell import Shells
from uzel.simcity.shell_faces import Faces, has_shell, open_faces
from uzel.simcity.world import Device, load

log = logging.getLogger(__name__)
TICK_S = 0.25
# People at command lines at once, in the whole city.
MOST_SESSIONS = 2000
_MAX_COMMAND = 65536

Address = tuple[str, int]


class CannotServe(RuntimeError):
    """The city cannot be put on the net: an address is taken, or too few files may be open."""


@dataclass(slots=True)
class Serving:
    """A city on the net."""

    city: City
    traps: Address | None
    syslog: Address | None
    counts: Counts = field(default_factory=Counts)
    sockets: dict[int, asyncio.DatagramTransport] = field(default_factory=dict)
    sent: int = 0
    # How long the command lines think, seconds; None: they are not served.
    cli_delay_s: float | None = 0.0
    faces: Faces | None = None

    def publish(self, noticed: Iterable[Notice]) -> None:
        """Send what the devices noticed of a change that somebody made at them, and remember the change."""
        self.send(noticed)
        memory.save(self.city)

    def send(self, noticed: Iterable[Notice]) -> None:
        """Send the traps and log lines of the notices, those of devices that can reach the centre."""
        now = time.time()
        for notice in noticed:
            device = notice.device
            device.log.append((now, notice.word, notice.port, ""))
            del device.log[:-MOST_LINES]
            transport = self.sockets.get(device.id)
            if transport is None or not notices.can_send(self.city, device):
                continue
            self.sent += 1
            if self.traps and (packet := notices.trap(self.city, notice, now, self.sent)):
                transport.sendto(packet, self.traps)
            if self.syslog:
                for line in notices.syslog(notice, now, self.sent):
                    transport.sendto(line, self.syslog)


class SnmpFace(asyncio.DatagramProtocol):
    """The SNMP side of one device."""

    def __init__(self, serving: Serving, device: Device) -> None:
        self._serving, self._device = serving, device
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        # uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Answer, or keep silent."""
        serving = self._serving
        reply = agent.answer(serving.city, self._device, data, time.time(), serving.counts, serving.publish)
        if reply is not None and self._transport is not None:
            self._transport.sendto(reply, addr)


async def open_snmp(serving: Serving) -> None:
    """Open the UDP socket of every device that has an address. Raises CannotServe."""
    loop = asyncio.get_running_loop()
    for device in serving.city.world.devices.values():
        if not device.address:
            continue
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.bind((device.address, device.snmp_port))
        except OSError as error:
            sock.close()
            raise CannotServe(f"{device.address}:{device.snmp_port} of {device.code}: {error.strerror}") from error
        transport, _ = await loop.create_datagram_endpoint(lambda d=device: SnmpFace(serving, d), sock=sock)  # type: ignore[misc]
        serving.sockets[device.id] = transport


async def open_shells(serving: Serving) -> None:
    """Open the command lines of the switches. Raises CannotServe."""
    if serving.cli_delay_s is None:
        return

    try:
        serving.faces = open_faces(Shells(serving.city, serving.publish, time.time, serving.cli_delay_s))
    except OSError as error:
        raise CannotServe(f"{error.filename}: {error.strerror}") from error


# How the devices show themselves to the world.
FACES: dict[str, Callable[[Serving], Awaitable[None]]] = {"snmp": open_snmp, "shells": open_shells}


def allow_sockets(count: int) -> None:
    """Raise the limit of open files as far as it goes. Raises CannotServe when that is not enough."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = count + 100
    if soft < need:
        limit = need if hard == resource.RLIM_INFINITY else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        if limit < need:
            raise CannotServe(f"the city needs {need} open files, the system allows {hard}: raise `ulimit -Hn`")


async def _control(serving: Serving, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while line := await _line(reader):
            writer.write(json.dumps(_carry_out(serving, line), ensure_ascii=False).encode() + b"\n")
            await writer.drain()
    writer.close()


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ValueError:
        return b""


def _carry_out(serving: Serving, line: bytes) -> dict[str, Any]:
    try:
        command = json.loads(line)
        if not isinstance(command, dict):
            raise Refused("a command is a JSON object")
        done = commands.run(serving.city, command, time.time())
    except Refused as error:
        return {"ok": False, "error": str(error), "near": error.near}
    except ValueError:
        return {"ok": False, "error": "a command is one line of JSON", "near": []}
    serving.send(done.notices)
    if command.get("do") in commands.CHANGES:
        memory.save(serving.city)
    if command.get("do") == "status":
        counts = serving.counts
        done.answer["snmp"] = {"requests": counts.requests, "replies": counts.replies, "malformed": counts.malformed,
                               "refused": counts.refused, "notices": serving.sent}  # fmt: skip
    return {"ok": True, **done.answer}


async def _live(serving: Serving) -> None:
    """Let time pass in the city."""
    while True:
        await asyncio.sleep(TICK_S)
        noticed = serving.city.tick(time.time())
        if noticed:
            serving.send(noticed)
            memory.save(serving.city)


async def serve(serving: Serving, sock: Path, ready: Callable[[City], None]) -> None:
    """Serve the city until cancelled or told to stop by SIGINT or SIGTERM. Raises CannotServe."""
    for open_face in FACES.values():
        await open_face(serving)
    server = await asyncio.start_unix_server(lambda r, w: _control(serving, r, w), sock, limit=_MAX_COMMAND)
    # Who may write here can darken the city.
    sock.chmod(0o600)  # noqa: ASYNC240
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    life = asyncio.create_task(_live(serving))
    life.add_done_callback(lambda task: stop.set())
    ready(serving.city)
    try:
        await stop.wait()
        if life.done():
            life.result()
    finally:
        life.cancel()
        server.close()
        if serving.faces:
            serving.faces.close()
        for transport in serving.sockets.values():
            transport.close()


def main(
    folder: Path,
    sock: Path,
    *,
    traps: Address | None = None,
    syslog: Address | None = None,
    pace: Pace | None = None,
    cli_delay_s: float | None = 0.0,
    ready: Callable[[City], None] = lambda city: None,
) -> None:
    """Run the process. `ready` is called when every address answers. Raises CannotServe, world.BadFolder.

    `cli_delay_s`: how long the switches think over a command; None leaves their command lines out.
    """
    world = load(folder)
    addresses = sum(1 for device in world.devices.values() if device.address)
    if cli_delay_s is not None:
        shells = sum(2 for device in world.devices.values() if has_shell(device))
        try:
            allow_sockets(addresses + shells + MOST_SESSIONS)
        except CannotServe as error:
            log.warning("no command lines: %s", error)
            cli_delay_s = None
    allow_sockets(addresses)
    serving = Serving(memory.recall(world, time.time(), pace or Pace()), traps, syslog, cli_delay_s=cli_delay_s)
    sock.parent.mkdir(parents=True, exist_ok=True)
    sock.unlink(missing_ok=True)
    try:
        uvloop.run(serve(serving, sock, ready))
    finally:
        memory.save(serving.city)
        sock.unlink(missing_ok=True)
