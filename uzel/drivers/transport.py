"""The way to a command line: telnet or SSH, as a stream of bytes that a session reads and writes.

Telnet is RFC 854 over a protocol of asyncio's: a switch wants little of its options, so `Options` answers them itself.
SSH is asyncssh's, with the old algorithms that switches of 2005-2015 still speak.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, MutableMapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol, cast

import asyncssh

from uzel.drivers.session_errors import SessionError, Trouble

# It tells every step of every login at INFO, the names of accounts among them.
asyncssh.set_log_level("WARNING")

CHUNK = 65_536
# Telnet's own commands and their bytes in one session. A switch sends a dozen; more is garbage, and each costs time.
COMMANDS, COMMAND_BYTES = 4_000, 64_000


class FloodError(ConnectionError):
    """Nothing but commands of telnet comes."""


class Wire(StrEnum):
    """How the bytes travel. The values are those of the settings of an access group."""

    TELNET = "telnet"
    SSH = "ssh"


class Channel(Protocol):
    """An open way to a device."""

    async def read(self, within_s: float) -> bytes:
        """What has come; empty when the other end has closed. Raises TimeoutError when nothing comes in time."""

    def unread(self) -> bytes:
        """Take what has come already, as far as that can be told without waiting."""

    def write(self, data: bytes) -> None:
        """Send, without waiting."""

    def close(self) -> None:
        """Hang up, without waiting."""


class Telnet(IntEnum):
    """The bytes of RFC 854 that matter here."""

    SE = 240
    SB = 250
    WILL = 251
    WONT = 252
    DO = 253
    DONT = 254
    IAC = 255


ECHO, SUPPRESS_GO_AHEAD, WINDOW_SIZE = 1, 3, 31
# 512 columns, so that long rows are not folded, by 127 lines: DES-3526 takes no more.
WINDOW = bytes([Telnet.IAC, Telnet.SB, WINDOW_SIZE, 2, 0, 0, 127, Telnet.IAC, Telnet.SE])
OURS = frozenset({SUPPRESS_GO_AHEAD, WINDOW_SIZE})
THEIRS = frozenset({ECHO, SUPPRESS_GO_AHEAD})


class Options:
    """Telnet's options as a pure machine: bytes of the wire in, bytes of the terminal and replies out."""

    def __init__(self) -> None:
        """Nothing is agreed upon yet."""
        self._rest = b""
        self._agreed: set[tuple[int, int]] = set()

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """What came for the terminal, and what to reply. Any cut of the stream will do."""
        data = self._rest + data
        self._rest = b""
        if Telnet.IAC not in data:
            return data, b""
        text, reply, at = bytearray(), bytearray(), 0
        while at < len(data):
            found = data.find(Telnet.IAC, at)
            if found < 0:
                text += data[at:]
                break
            text += data[at:found]
            at = self._command(data, found, text, reply)
            if at < 0:
                # Cut in the middle. A subnegotiation that never ends is not waited for.
                self._rest = data[found:] if len(data) - found < 1024 else b""
                break
        return bytes(text), bytes(reply)

    def _command(self, data: bytes, at: int, text: bytearray, reply: bytearray) -> int:
        """Deal with the command at `at`; return where it ends, -1 when it has not come whole."""
        if len(data) < at + 2:
            return -1
        verb = data[at + 1]
        if verb == Telnet.IAC:
            text.append(verb)
            return at + 2
        if verb == Telnet.SB:
            end = data.find(bytes([Telnet.IAC, Telnet.SE]), at)
            return -1 if end < 0 else end + 2
        if verb < Telnet.WILL:
            return at + 2
        if len(data) < at + 3:
            return -1
        reply += self._agree(verb, data[at + 2])
        return at + 3

    def _agree(self, verb: int, option: int) -> bytes:
        if (verb, option) in self._agreed:
            return b""  # an answer to each answer is a loop (RFC 854)
        self._agreed.add((verb, option))
        if verb == Telnet.DO:
            answer = bytes([Telnet.IAC, Telnet.WILL if option in OURS else Telnet.WONT, option])
            return answer + (WINDOW if option == WINDOW_SIZE else b"")
        if verb == Telnet.WILL:
            return bytes([Telnet.IAC, Telnet.DO if option in THEIRS else Telnet.DONT, option])
        return b""


class _TelnetChannel(asyncio.Protocol):
    """Keeps what comes until it is read; more than a chunk of it stays in the socket."""

    def __init__(self) -> None:
        self._options = Options()
        self._transport: asyncio.Transport | None = None
        self._came, self._owed = bytearray(), b""
        self._is_over = self._is_paused = self._is_flooded = False
        self._commands = self._command_bytes = 0
        self._reader: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        # Counted before they are looked at, one by one.
        self._commands += data.count(Telnet.IAC)
        if self._is_flood():
            return
        text, reply = self._options.feed(data)
        self._command_bytes += len(data) - len(text)
        if self._is_flood():
            return
        # With text there is mostly something to say soon; a reply to the options goes along with it.
        self._owed += reply
        if not text:
            self._pay()
            return
        self._came += text
        if len(self._came) > CHUNK and self._transport:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def _is_flood(self) -> bool:
        if self._commands > COMMANDS or self._command_bytes > COMMAND_BYTES:
            self._is_flooded = self._is_over = True
            self.close()
            self._wake()
        return self._is_flooded

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        self._wake()

    async def read(self, within_s: float) -> bytes:
        if not self._came and not self._is_over:
            self._pay()
            loop = asyncio.get_running_loop()
            self._reader = loop.create_future()
            timer = loop.call_later(within_s, self._wake)
            try:
                await self._reader
            finally:
                timer.cancel()
            if not self._came and not self._is_over:
                raise TimeoutError
        if self._is_flooded:
            raise FloodError
        return self.unread()

    def unread(self) -> bytes:
        came = bytes(self._came)
        self._came.clear()
        if self._is_paused and self._transport and not self._is_over:
            self._is_paused = False
            self._transport.resume_reading()
        return came

    def _wake(self) -> None:
        if self._reader and not self._reader.done():
            self._reader.set_result(None)

    def _pay(self) -> None:
        if self._owed:
            self.write(b"")

    def write(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(self._owed + data.replace(b"\xff", b"\xff\xff"))
        self._owed = b""

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class _SshChannel:
    def __init__(
        self,
        connection: asyncssh.SSHClientConnection,
        writer: "asyncssh.SSHWriter[bytes]",
        reader: "asyncssh.SSHReader[bytes]",
    ) -> None:
        self._connection, self._writer, self._reader = connection, writer, reader

    async def read(self, within_s: float) -> bytes:
        try:
            async with asyncio.timeout(within_s):
                return await self._reader.read(CHUNK)
        except asyncssh.Error as error:
            raise ConnectionResetError(str(error)) from error

    def unread(self) -> bytes:
        return b""

    def write(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._writer.write(data)

    def close(self) -> None:
        self._connection.abort()


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in. Nothing of it is ever shown by repr."""

    user: str = field(repr=False)
    password: str = field(repr=False)
    enable: str = field(repr=False, default="")

    def starred(self, text: str, *, at_least: int = 1) -> str:
        """The text without the passwords (of `at_least` so many characters), for whoever is shown it."""
        # The longer one first: the other may be a part of it.
        for secret in sorted({self.password, self.enable}, key=len, reverse=True):
            if len(secret) >= at_least:
                text = text.replace(secret, "********")
        return text


# Fingerprints of the host keys that were met, by "address:port": trusted the first time, held to afterwards.
HostKeys = MutableMapping[str, str]

# Beside asyncssh's own choice, which stays first: what switches of those years have and nothing better.
OLD_KEX = "diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1,diffie-hellman-group1-sha1"
OLD_CIPHERS = "aes128-cbc,aes256-cbc,3des-cbc"
OLD_KEYS = "ssh-rsa,ssh-dss"


class _Client(asyncssh.SSHClient):
    """Holds a device to the key it showed first, and hears that it demands a new password."""

    def __init__(self, place: str, known: HostKeys) -> None:
        self._place, self._known = place, known
        self.another = self.expired = False

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        shown = key.get_fingerprint()
        self.another = self._known.setdefault(self._place, shown) != shown
        return not self.another

    def password_change_requested(self, prompt: str, lang: str) -> tuple[str, str] | Awaitable[tuple[str, str]]:
        self.expired = True
        return super().password_change_requested(prompt, lang)


async def open_telnet(address: str, port: int, *, within_s: float) -> Channel:
    """Connect. Raises SessionError: refused, unreachable."""
    try:
        async with asyncio.timeout(within_s):
            _, channel = await asyncio.get_running_loop().create_connection(_TelnetChannel, address, port)
    except ConnectionRefusedError as error:
        raise SessionError(Trouble.REFUSED, stage="connect") from error
    except OSError as error:  # TimeoutError is one
        raise SessionError(Trouble.UNREACHABLE, stage="connect") from error
    return channel


async def open_ssh(address: str, port: int, login: Login, known: HostKeys, *, within_s: float) -> Channel:
    """Connect, log in, open a terminal.

    Raises SessionError: refused, unreachable, wrong_password, password_expired, wrong_host (the key is not the one
    met before), closed.
    """
    client = _Client(f"{address}:{port}", known)
    connection: asyncssh.SSHClientConnection | None = None
    try:
        async with asyncio.timeout(within_s):
            connection, _ = await asyncssh.create_connection(
                lambda: client,
                address,
                port,
                username=login.user,
                password=login.password,
                known_hosts=([], [], []),
                client_keys=None,
                agent_path=None,
                config=None,
                kex_algs=f"+{OLD_KEX}",
                encryption_algs=f"+{OLD_CIPHERS}",
                server_host_key_algs=f"+{OLD_KEYS}",
                preferred_auth="password,keyboard-interactive",
            )
            writer, reader, _ = await connection.open_session(term_type="vt100", term_size=(512, 127), encoding=None)
    except (asyncssh.Error, OSError) as error:
        if connection is not None:
            connection.abort()
        raise SessionError(_ssh_trouble(error, client), stage="connect") from error
    return _SshChannel(connection, writer, reader)


def _ssh_trouble(error: Exception, client: _Client) -> Trouble:
    if client.another:
        return Trouble.WRONG_HOST
    if client.expired:
        return Trouble.PASSWORD_EXPIRED
    if isinstance(error, asyncssh.PermissionDenied):
        return Trouble.WRONG_PASSWORD
    if isinstance(error, ConnectionRefusedError | asyncssh.ChannelOpenError):
        return Trouble.REFUSED
    if isinstance(error, asyncssh.Error | ConnectionResetError):
        return Trouble.CLOSED
    return Trouble.UNREACHABLE
