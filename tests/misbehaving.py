"""A switch that misbehaves on purpose, over telnet or SSH: D-Link's greeting and prompt, and one trouble at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncssh

from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.session import Target
from uzel.drivers.session_errors import Patience
from uzel.drivers.transport import Login, Wire

HOST = "DES-3200-28"
PROMPT = f"\n\r{HOST}:5#"
PASSWORD = "s3cret-of-the-switch"
PATIENCE = Patience(connect_s=0.5, login_s=0.6, command_s=1.0, silence_s=0.3, turn_s=0.4)
ROWS = [
    f" {n:<6} Enabled   Auto/Disabled       {'100M/Full/None' if n % 3 else 'LinkDown':<17} Enabled"
    for n in range(1, 25)
]
LOG_LINE = "\n\r2026-11-22 10:00:00 Port 7 link down\n\r"
# 1.7 kB that would draw as 127 kB.
FAR_TO_THE_RIGHT = b"a" + b"\x1b[512Cb" * 248 + b"\n\r"
HEAD = (
    "\n\r Port   State/          Settings             Connection           Address\n\r"
    "        MDIX       Speed/Duplex/FlowCtrl  Speed/Duplex/FlowCtrl     Learning\n\r"
    " -----  --------  ---------------------  ----------------------  ---------\n\r"
)


# What may stand between the password and the prompt. The first is an offer, by Huawei's manuals.
NEW_PASSWORD = {
    "offers a new password": "\r\nWarning: The initial password poses security risks.\r\n"
    "The password needs to be changed. Change now? [Y/N]:",
    "wants a new password": "\n\rYour password has expired.\n\rEnter new password:",
    "wants the old password first": "\r\nThe password has expired and must be changed.\r\nOld password:",
    "wants a new password in other words": "\n\rPlease change the password.\n\rNew password again:",
}


class Switch:
    """Counts who comes and who is there; `trouble` is what it does wrong, `asked` what it was told to do."""

    def __init__(self, trouble: str = "", *, ssh: bool = False) -> None:
        self.trouble, self.ssh = trouble, ssh
        self.asked: list[str] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.came = self.there = self.most_there = 0
        self.port = 0

    async def line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, stars: bool = False) -> str:
        typed = b""
        while True:
            char = await reader.readexactly(1)
            if char == b"\xff":
                await reader.readexactly(2)
            elif char == b"\n":
                writer.write(b"\r\n")
                return typed.decode()
            elif char != b"\r":
                typed += char
                writer.write(b"*" if stars else char)

    async def log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, clear: bool) -> str:
        writer.write(b"\xff\xfb\x01\xff\xfb\x03\r\nUserName:")
        await self.line(reader, writer)
        writer.write(b"PassWord:")
        return await self.line(reader, writer, stars=not clear)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        if self.trouble == "no more sessions":
            return
        if self.trouble == "locked":
            writer.write(b"\r\nSystem locked by other session!\r\n")
        if self.trouble == "floods with commands":
            while True:
                writer.write(b"\xff\xf1" * 1000)
                await writer.drain()
        if self.trouble == "dumb":
            await reader.read()
        clear = self.trouble == "echoes the password"
        password = PASSWORD if self.ssh else await self.log_in(reader, writer, clear=clear)
        if password != PASSWORD:
            writer.write(b"\n\rFail!\n\r\n\rUserName:")
            await reader.read()
        if self.trouble == "closes after login":
            return
        if self.trouble in NEW_PASSWORD:
            writer.write(NEW_PASSWORD[self.trouble].encode())
            if (typed := await self.line(reader, writer, stars=True)) != "n":
                self.asked.append(typed)
                return
        if self.trouble == "floods at login":
            writer.write(b"Welcome to the switch.\r\n" * 50_000)
        level = "3" if self.trouble == "user level" else "5"
        if clear:
            writer.write(f"your password is {password}".encode())
        writer.write(f"\n\r{HOST}:{level}#".encode())
        while True:
            command = await self.line(reader, writer)
            self.asked.append(command)
            if command == "logout":
                return
            if not await self.answer(command, reader, writer):
                return
            if self.trouble == "closes between" and command.startswith("show") and self.came == 1:
                writer.write(PROMPT.encode())
                await writer.drain()
                await asyncio.sleep(0.05)
                return
            level = "3" if self.trouble == "loses its rights" and command.startswith("show") else "5"
            name = "ANOTHER" if self.trouble == "changes its prompt" and command.startswith("show") else HOST
            writer.write(f"\n\r{name}:{level}#".encode())

    async def answer(self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """The answer to a command, with the trouble in it; False: hang up."""
        if command.startswith("enable admin"):
            writer.write(b"PassWord:")
            await self.line(reader, writer, stars=True)
            writer.write(f"\n\r{HOST}:3#".encode())
            await reader.read()
        if not command.startswith("show"):
            return True
        half = HEAD + "\n\r".join(ROWS[:10])
        if self.trouble == "hangs":
            writer.write(half.encode())
            await reader.read()
        if self.trouble == "closes in the middle":
            writer.write(half.encode())
            await writer.drain()
            return False
        if self.trouble == "floods":
            writer.write(b"how it began\r\n")
            for _ in range(40):
                writer.write(b"0123456789abcdef" * 4096 + b"\r\n")
                await writer.drain()
        if self.trouble == "draws far to the right":
            writer.write(FAR_TO_THE_RIGHT * 560)
            await writer.drain()
            return True
        if self.trouble == "tells nothing":
            return True
        if self.trouble == "refuses":
            writer.write(b"\r\nAvailable commands:\r\n..  cable_diag  clear\r\n")
            return True
        if self.trouble == "refreshes":
            while True:
                writer.write(b"\x1b[H" + half.encode() + b"\n\r")
                with contextlib.suppress(TimeoutError):
                    if await asyncio.wait_for(reader.read(1), 0.1) in (b"q", b""):
                        return True
        log = LOG_LINE if self.trouble == "logs into the table" else "\n\r"
        writer.write((half + log + "\n\r".join(ROWS[10:]) + "\n\r").encode())
        return True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.there += 1
        self.writers.append(writer)
        self.most_there = max(self.there, self.most_there)
        try:
            await self.talk(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.there -= 1
            writer.close()

    def target(self, *, password: str = PASSWORD, enable: str = "", limit: int = 1) -> Target:
        login = Login("duty", password, enable)
        wire = Wire.SSH if self.ssh else Wire.TELNET
        return Target("127.0.0.1", self.port, wire, DRIVERS["dlink_dxs"], login, limit)


@contextlib.asynccontextmanager
async def serving(trouble: str = "") -> AsyncIterator[Switch]:
    """One such switch on loopback."""
    switch = Switch(trouble)
    server = await asyncio.start_server(switch.serve, "127.0.0.1", 0)
    switch.port = server.sockets[0].getsockname()[1]
    try:
        yield switch
    finally:
        server.close()


class Door(asyncssh.SSHServer):
    """Knows one password; `wants_new`: and demands another, in the protocol's own words (RFC 4252 §8)."""

    def __init__(self, *, wants_new: bool = False) -> None:
        self.wants_new = wants_new

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        if self.wants_new:
            raise asyncssh.PasswordChangeRequired("Your password has expired")
        return password == PASSWORD


@contextlib.asynccontextmanager
async def serving_ssh(
    trouble: str = "", *, key: asyncssh.SSHKey | None = None, **more: object
) -> AsyncIterator[Switch]:
    """The same over SSH; `more` are the server's algorithms."""
    switch = Switch(trouble, ssh=True)

    async def handle(stdin: object, stdout: object, stderr: object) -> None:
        await switch.serve(stdin, stdout)  # type: ignore[arg-type]

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: Door(wants_new=trouble == "demands a new password at the door"),
        server_host_keys=[key or asyncssh.generate_private_key("ssh-ed25519")],
        session_factory=handle,
        encoding=None,
        line_editor=False,
        **more,
    )
    switch.port = server.get_port()
    try:
        yield switch
    finally:
        server.close()
