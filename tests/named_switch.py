"""A switch that says what it is told to say, under any name: Cisco's, Huawei's or D-Link's prompt."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from uzel.drivers.ask import Facts
from uzel.drivers.transport import Login, Wire

MODELS = {"cisco": "WS-C3560G-48TS", "huawei": "S5730-48C-SI", "d-link": "DES-3200-28"}


@dataclass
class NamedSwitch:
    """`says`: beginning of a line -> the answer. `typed`: what came after the login.

    `in_prompt`: a D-Link that shows its name there too.
    """

    vendor: str
    name: str
    says: Mapping[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    port: int = 0
    in_prompt: bool = False

    @property
    def prompt(self) -> str:
        if self.vendor == "huawei":
            return f"<{self.name}>"
        if self.vendor == "d-link":
            return f"{self.name if self.in_prompt else 'DES-3200-28'}:5#"
        return f"{self.name}#"

    def facts(self, password: str = "a-password", enable: str = "") -> Facts:
        login = Login("uzel", password, enable)
        model = MODELS[self.vendor]
        return Facts(self.vendor, model, "127.0.0.1", "x", 9, {}, Wire.TELNET, self.port, login)

    def answer(self, line: str) -> str:
        return next((text for begins, text in self.says.items() if line.startswith(begins)), "")


async def _line(reader: asyncio.StreamReader) -> str:
    typed = b""
    while True:
        char = await reader.readexactly(1)
        if char == b"\xff":
            await reader.readexactly(2)
        elif char == b"\n":
            return typed.decode()
        elif char != b"\r":
            typed += char


async def _talk(switch: NamedSwitch, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for question in ("\r\nUsername:", "Password:"):
        writer.write(question.encode())
        await _line(reader)
    while True:
        writer.write(f"\r\n{switch.prompt}".encode())
        line = await _line(reader)
        switch.typed.append(line)
        writer.write(f"{line}\r\n{switch.answer(line)}".encode())


@contextlib.asynccontextmanager
async def serving(switch: NamedSwitch) -> AsyncIterator[NamedSwitch]:
    """The switch on a telnet port of the loopback."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await _talk(switch, reader, writer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    switch.port = server.sockets[0].getsockname()[1]
    async with server:
        yield switch
