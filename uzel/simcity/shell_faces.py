"""The switches' own command lines on the net: telnet and SSH at each one's address.

A listening socket and a callback is all that a switch costs until somebody comes.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from uzel.core.topology import Kind
from uzel.simcity import shell_cisco, shell_dlink, shell_huawei
from uzel.simcity.makes import CISCO, DLINK, HUAWEI
from uzel.simcity.screen import Wires
from uzel.simcity.shell import Dialect, Shells
from uzel.simcity.ssh import Ssh, SshFace
from uzel.simcity.telnet import TelnetFace
from uzel.simcity.terminal import IDLE_S, Terminal
from uzel.simcity.world import Device

DIALECTS: dict[str, Dialect] = {DLINK: shell_dlink.DIALECT, CISCO: shell_cisco.DIALECT, HUAWEI: shell_huawei.DIALECT}
# Not 23 and 22, which are not for everybody to open: so far above the SNMP port that its usual 1161 gives these.
TELNET_PORT, SSH_PORT = 2323, 2222
_USUAL_SNMP_PORT = 1161
_WAITING = 8

Serve = Callable[["Faces", Device, socket.socket, str], None]


@dataclass(slots=True)
class Faces:
    """What listens for people, and the sessions being opened."""

    shells: Shells
    listening: list[socket.socket] = field(default_factory=list)
    opening: set[asyncio.Task[object]] = field(default_factory=set)

    def listen(self, device: Device, port: int, serve: Serve) -> None:
        """Listen at a port of a device. Raises OSError when the address is taken."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listening.append(sock)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((device.address, port))
        sock.listen(_WAITING)
        asyncio.get_running_loop().add_reader(sock, self._accept, device, sock, serve)

    def _accept(self, device: Device, sock: socket.socket, serve: Serve) -> None:
        try:
            connection, peer = sock.accept()
        except OSError:
            return
        connection.setblocking(False)
        serve(self, device, connection, str(peer[0]))

    def spawn(self, task: "asyncio.Task[object]") -> None:
        """Keep a task until it is done."""
        self.opening.add(task)
        task.add_done_callback(self.opening.discard)

    def terminal(self, device: Device, wires: Wires, peer: str) -> Terminal:
        """A new session."""
        return Terminal(self.shells, device, DIALECTS[device.make.family], wires, peer)

    def close(self) -> None:
        """Stop listening."""
        for sock in self.listening:
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()


def telnet_port(device: Device) -> int:
    """Where a device answers telnet."""
    return device.snmp_port + TELNET_PORT - _USUAL_SNMP_PORT


def ssh_port(device: Device) -> int:
    """Where a device answers SSH."""
    return device.snmp_port + SSH_PORT - _USUAL_SNMP_PORT


def has_shell(device: Device) -> bool:
    """Whether the device has a command line here."""
    return device.kind is Kind.SWITCH and bool(device.address) and device.make.family in DIALECTS


def _telnet(faces: Faces, device: Device, connection: socket.socket, peer: str) -> None:
    loop = asyncio.get_running_loop()

    def open_terminal(face: TelnetFace) -> Terminal:
        return faces.terminal(device, Wires(face.write, face.close, loop.call_later), peer)

    opening = loop.connect_accepted_socket(lambda: TelnetFace(open_terminal), connection)
    faces.spawn(loop.create_task(opening))


def _ssh_with(ssh: Ssh) -> Serve:
    def serve(faces: Faces, device: Device, connection: socket.socket, peer: str) -> None:
        loop = asyncio.get_running_loop()
        if device.id not in faces.shells.city.lit:
            # Nobody is there to shake hands; the client finds out by its own patience.
            loop.call_later(IDLE_S, connection.close)
            return

        def open_terminal(face: SshFace) -> Terminal:
            return faces.terminal(device, Wires(face.write, face.close, loop.call_later), peer)

        faces.spawn(loop.create_task(ssh.serve(connection, open_terminal)))

    return serve


def open_faces(shells: Shells) -> Faces:
    """Listen at every switch. Raises OSError (with the address in `filename`) when one is taken."""
    faces = Faces(shells)
    ssh = _ssh_with(Ssh(shells.city.world.folder))
    for device in shells.city.world.devices.values():
        if not has_shell(device):
            continue
        for port, serve in ((telnet_port(device), _telnet), (ssh_port(device), ssh)):
            try:
                faces.listen(device, port, serve)
            except OSError as error:
                faces.close()
                raise OSError(error.errno, error.strerror, f"{device.address}:{port}") from error
    return faces
