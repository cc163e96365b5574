"""An upsd for tests: says of one UPS what it is told to say, over the real protocol."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Upsd:
    """`variables` of its UPS; `came`: connections so far; `error`: said in place of the variables."""

    name: str = "ups"
    variables: dict[str, str] = field(default_factory=lambda: {"ups.status": "OL"})
    error: str = ""
    port: int = 0
    came: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        with contextlib.suppress(ConnectionError):
            while line := (await reader.readline()).decode().strip():
                writer.write(self.answer(line).encode())
        writer.close()

    def answer(self, line: str) -> str:
        """What it says to a line."""
        if line == "LIST UPS":
            return f'BEGIN LIST UPS\nUPS {self.name} "for tests"\nEND LIST UPS\n'
        if line == f"LIST VAR {self.name}":
            rows = "".join(f'VAR {self.name} {name} "{value}"\n' for name, value in self.variables.items())
            return f"ERR {self.error}\n" if self.error else f"BEGIN {line}\n{rows}END {line}\n"
        return "OK Goodbye\n" if line == "LOGOUT" else "ERR UNKNOWN-COMMAND\n"


@contextlib.asynccontextmanager
async def serving(upsd: Upsd, address: str = "127.0.0.1") -> AsyncIterator[Upsd]:
    """Let it listen; at its `port` when it has one."""
    server = await asyncio.start_server(upsd.talk, address, upsd.port)
    upsd.port = server.sockets[0].getsockname()[1]
    async with server:
        yield upsd
