"""Telnet (RFC 854) before the command line of a switch: raw sockets, one listening socket per device."""

import asyncio
from collections.abc import Callable
from typing import cast

from uzel.simcity.terminal import Terminal

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _SE = 255, 254, 253, 252, 251, 250, 240
_LINGER_S = 0.05
_ECHO, _GO_AHEAD, _WINDOW = 1, 3, 31
# We echo, we send no go-ahead, we want to know the size of the window.
OFFER = bytes((_IAC, _WILL, _ECHO, _IAC, _WILL, _GO_AHEAD, _IAC, _DO, _WINDOW))
_AGREED = {(_DO, _ECHO), (_DO, _GO_AHEAD), (_WILL, _WINDOW)}


class Commands:
    """Takes telnet's own commands out of a stream of bytes, wherever it is cut."""

    def __init__(self) -> None:
        self._held = b""

    def split(self, data: bytes) -> tuple[bytes, bytes]:
        """What was typed, and what is to be answered to the commands."""
        data, self._held = self._held + data, b""
        typed, answer, at = bytearray(), bytearray(), 0
        while at < len(data):
            if data[at] != _IAC:
                typed.append(data[at])
                at += 1
                continue
            size, said = self._command(data, at)
            if not size:
                # Nobody needs a longer sub-negotiation than this.
                self._held = data[at:][:512]
                break
            typed += b"\xff" if data[at + 1] == _IAC else b""
            answer += said
            at += size
        return bytes(typed), bytes(answer)

    def _command(self, data: bytes, at: int) -> tuple[int, bytes]:
        """Length of the command at `at` (0: not all of it is there), and the answer to it."""
        if at + 1 >= len(data):
            return 0, b""
        verb = data[at + 1]
        if verb == _SB:
            end = data.find(bytes((_IAC, _SE)), at)
            return (end + 2 - at, b"") if end >= 0 else (0, b"")
        if verb not in (_DO, _DONT, _WILL, _WONT):
            return 2, b""
        if at + 2 >= len(data):
            return 0, b""
        option = data[at + 2]
        if (verb, option) in _AGREED or verb in (_DONT, _WONT):
            return 3, b""
        return 3, bytes((_IAC, _WONT if verb == _DO else _DONT, option))


class TelnetFace(asyncio.Protocol):
    """One telnet session."""

    def __init__(self, open_terminal: "Callable[[TelnetFace], Terminal]") -> None:
        self._open = open_terminal
        self._commands = Commands()
        self._terminal: Terminal | None = None
        self.transport: asyncio.Transport | None = None
        self._unsent = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast(asyncio.Transport, transport)
        self._terminal = self._open(self)
        if self._terminal.reachable:
            self.transport.write(OFFER)
        self._terminal.start()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        typed, answer = self._commands.split(data)
        if not self._terminal or not self.transport:
            return
        if answer and self._terminal.reachable:
            self.transport.write(answer)
        if typed:
            self._terminal.feed(typed)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        if self._terminal:
            self._terminal.closed()

    def write(self, data: bytes) -> None:
        """Send to the terminal; a byte 255 is doubled. What is said in one breath goes together, echoes above all."""
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send)
        self._unsent += data.replace(b"\xff", b"\xff\xff")

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, b""
        if self.transport:
            self.transport.write(unsent)

    def close(self) -> None:
        """Hang up after what was sent has gone."""
        if self.transport:
            # Closed at once with something unread, the socket would be reset and the last words lost.
            asyncio.get_running_loop().call_later(_LINGER_S, self.transport.close)
