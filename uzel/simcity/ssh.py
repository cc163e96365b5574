"""SSH before the command line of a switch: asyncssh on connections that were accepted elsewhere, one key for all.

The terminal echoes and edits by itself, so asyncssh's own line editor is off.
"""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import asyncssh

from uzel.simcity.shell import ACCOUNTS
from uzel.simcity.terminal import Terminal

KEY_FILE = "ssh-host-key"
LOGIN_S, _LINGER_S = 30.0, 0.1
# How the device of a make names itself.
VERSION = "OpenSSH_6.6"


def host_key(folder: Path) -> asyncssh.SSHKey:
    """The key of all the city's switches: kept in its folder, made at the first start."""
    path = folder / KEY_FILE
    if path.exists():
        return asyncssh.read_private_key(path)
    key = asyncssh.generate_private_key("ssh-ed25519", comment="the simulated city")
    path.touch(mode=0o600)
    key.write_private_key(path)
    return key


class SshFace(asyncssh.SSHServerSession[bytes]):
    """A shell over SSH."""

    def __init__(self, open_terminal: "Callable[[SshFace], Terminal]", user: str) -> None:
        self._open, self._user = open_terminal, user
        self._terminal: Terminal | None = None
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """See asyncssh."""
        self._channel = chan

    def pty_requested(self, term_type: str, term_size: object, term_modes: object) -> bool:
        """See asyncssh."""
        return True

    def shell_requested(self) -> bool:
        """See asyncssh."""
        return True

    def session_started(self) -> None:
        """See asyncssh."""
        self._terminal = self._open(self)
        self._terminal.start(self._user)

    def data_received(self, data: bytes, datatype: object) -> None:
        """See asyncssh."""
        if self._terminal:
            self._terminal.feed(data)

    def break_received(self, msec: int) -> bool:
        """Ctrl-C of a client that sends a break."""
        if self._terminal:
            self._terminal.feed(b"\x03")
        return True

    def eof_received(self) -> bool:
        """See asyncssh."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncssh."""
        if self._terminal:
            self._terminal.closed()

    def write(self, data: bytes) -> None:
        """Send to the terminal."""
        if self._channel and not self._channel.is_closing():
            self._channel.write(data)

    def close(self) -> None:
        """Hang up, the whole connection with the shell, as switches do."""
        if self._channel and not self._channel.is_closing():
            self._channel.exit(0)
            connection = self._channel.get_connection()
            asyncio.get_running_loop().call_later(_LINGER_S, connection.close)


class Door(asyncssh.SSHServer):
    """Who may come in over SSH: the accounts of the city, by password."""

    def __init__(self, open_terminal: Callable[[SshFace], Terminal]) -> None:
        self._open = open_terminal
        self._user = ""

    def begin_auth(self, username: str) -> bool:
        """See asyncssh."""
        self._user = username
        return True

    def password_auth_supported(self) -> bool:
        """See asyncssh."""
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """See asyncssh."""
        account = ACCOUNTS.get(username)
        return bool(account and account[0] == password)

    def session_requested(self) -> SshFace:
        """See asyncssh."""
        return SshFace(self._open, self._user)


class Ssh:
    """The SSH side of the whole city. Raises OSError when the key cannot be kept."""

    def __init__(self, folder: Path) -> None:
        # It tells of every login, thousands in a test.
        asyncssh.set_log_level("WARNING")
        self._options = asyncssh.SSHServerConnectionOptions(
            server_host_keys=[host_key(folder)],
            server_version=VERSION,
            encoding=None,
            line_editor=False,
            login_timeout=LOGIN_S,
            # Old switches offer no compression, and it saves nothing on the loopback.
            compression_algs=["none"],
        )

    async def serve(self, connection: socket.socket, open_terminal: Callable[[SshFace], Terminal]) -> None:
        """Carry one connection through its handshake; the session then lives by itself."""
        try:
            await asyncssh.run_server(connection, options=self._options, server_factory=lambda: Door(open_terminal))
        except (OSError, asyncssh.Error):
            connection.close()
