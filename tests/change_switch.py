"""A switch with one port, scripted for what no switch of the city does: VRP 8's commit, D-Link's Cisco-like shell,
questions that nobody expects, refusals and silence at a given line."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from uzel.drivers.ask import Facts
from uzel.drivers.transport import Login, Wire

NAMES = {"huawei": "GigabitEthernet1/0/1", "cisco": "Gi0/1", "d-link": "eth1/0/1"}
MODELS = {"huawei": "CE6850-48S6Q-HI", "cisco": "WS-C2960-24TT", "d-link": "DGS-1510-28X"}


@dataclass
class PortSwitch:
    """`does`: line -> refuse | hang | close | ask | drip, each time or `once`. `typed`: what came.

    "drip": it does what it is told, and goes on printing dots for ever.

    VRP 8 keeps changes apart until a commit.
    """

    vendor: str
    does: dict[str, str] = field(default_factory=dict)
    once: bool = False
    is_on: bool = True
    text: str = ""
    kept: dict[str, object] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    mode: str = ""
    port: int = 0

    @property
    def name(self) -> str:
        return NAMES[self.vendor]

    @property
    def facts(self) -> Facts:
        # Nobody answers SNMP at that port: every look goes by the command line.
        login = Login("uzel", "secret-of-it")
        ports = {self.name: 1}
        return Facts(self.vendor, MODELS[self.vendor], "127.0.0.1", "public", 9, ports, Wire.TELNET, self.port, login)

    @property
    def prompt(self) -> str:
        if self.vendor == "huawei":
            mark = "*" if self.kept else "~"
            return (
                f"[{mark}SW1{self.mode and '-' + self.mode if self.mode != 'system' else ''}]" if self.mode else "<SW1>"
            )
        return {"": "SW1#", "system": "SW1(config)#"}.get(self.mode, "SW1(config-if)#")

    def run(self, line: str) -> str | None:
        """What the switch says; None: it asks whether to throw the kept changes away."""
        if line in ("system-view", "configure terminal"):
            self.mode = "system"
        elif line.startswith("interface "):
            self.mode = line.removeprefix("interface ")
        elif line in ("return", "end"):
            if self.kept:
                return None
            self.mode = ""
        elif line == "commit":
            self._take(self.kept)
            self.kept = {}
        elif self.mode and re.match(r"(?:undo |no )?(?:shutdown|description)", line):
            new = {"text": ""} if line.endswith("description") else {"text": line.removeprefix("description ")}
            change = {"is_on": line != "shutdown"} if line.endswith("shutdown") else new
            if self.vendor == "huawei":
                self.kept |= change
            else:
                self._take(change)
        else:
            return self.show(line)
        return ""

    def _take(self, change: dict[str, object]) -> None:
        for name, value in change.items():
            setattr(self, name, value)

    def show(self, line: str) -> str:
        state = "up" if self.is_on else "down"
        if line.startswith("display interface"):
            told = "UP" if self.is_on else "Administratively DOWN"
            lines = [f"{self.name} current state : {told}", f"Line protocol current state : {state.upper()}"]
            return "\r\n".join((*lines, f"Description:{self.text}", ""))
        if line.startswith("show interfaces status"):
            told = "connected" if self.is_on else "disabled"
            head = "Interface  Status       Vlan   Duplex   Speed     Type"
            rule = "---------- ------------ ------ ------- --------- -----"
            return f"{head}\r\n{rule}\r\n{self.name:<10} {told:<12} 1      a-full   a-1000    copper\r\n"
        if line.startswith("show interfaces"):
            told = "up" if self.is_on else "administratively down"
            text = f"  Description: {self.text}\r\n" if self.text else ""
            word = "connected" if self.is_on else "disabled"
            return f"GigabitEthernet0/1 is {told}, line protocol is {state} ({word})\r\n{text}"
        known = line.startswith(("screen", "undo terminal", "terminal"))
        return "" if known else "% Invalid input detected at '^' marker.\r\n"


UNCOMMITTED = (
    b"Warning: Uncommitted configurations found. Are you sure to commit them before exiting? [Y(yes)/N(no)/C(cancel)]:"
)


async def _line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, shown: bool = True) -> str:
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
            if shown:
                writer.write(char)


async def _serve(switch: PortSwitch, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\r\nUsername:")
    await _line(reader, writer)
    writer.write(b"Password:")
    await _line(reader, writer, shown=False)
    switch.mode, switch.kept = "", {}
    while True:
        writer.write(f"\r\n{switch.prompt}".encode())
        line = await _line(reader, writer)
        switch.typed.append(line)
        does = switch.does.pop(line, "") if switch.once else switch.does.get(line, "")
        if does == "hang":
            await reader.read()
        if does == "drip":
            switch.run(line)
            while not reader.at_eof():
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)
            return
        if does in ("hang", "close"):
            return
        if does == "ask":
            writer.write(b"Warning: this may be dangerous. Continue? [Y/N]:")
            switch.replies.append(await _line(reader, writer))
        if does == "refuse":
            writer.write(b"            ^\r\nError: Unrecognized command found at '^' position.\r\n")
            continue
        said = switch.run(line)
        if said is None:
            writer.write(UNCOMMITTED)
            reply = await _line(reader, writer)
            switch.replies.append(reply)
            if reply.lower().startswith("y"):
                switch.run("commit")
            switch.kept, switch.mode, said = {}, "", ""
        writer.write(said.encode())


@contextlib.asynccontextmanager
async def serving(switch: PortSwitch) -> AsyncIterator[PortSwitch]:
    """The switch on a telnet port of the loopback."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            await _serve(switch, reader, writer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    switch.port = server.sockets[0].getsockname()[1]
    async with server:
        yield switch
