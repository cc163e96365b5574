"""The telnet channel: options are answered whatever else comes, what is not read stays in the socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from uzel.drivers.transport import (
    CHUNK,
    COMMAND_BYTES,
    ECHO,
    WINDOW_SIZE,
    Channel,
    FloodError,
    Options,
    Telnet,
    open_telnet,
)

DO_WINDOW = bytes([Telnet.IAC, Telnet.DO, WINDOW_SIZE])
WILL_WINDOW = bytes([Telnet.IAC, Telnet.WILL, WINDOW_SIZE])
WILL_ECHO, DO_ECHO = bytes([Telnet.IAC, Telnet.WILL, ECHO]), bytes([Telnet.IAC, Telnet.DO, ECHO])
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def channel_to(talk: Talk) -> AsyncIterator[Channel]:
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        channel = await open_telnet("127.0.0.1", server.sockets[0].getsockname()[1], within_s=2)
        try:
            yield channel
        finally:
            channel.close()


async def test_a_switch_that_waits_for_its_options_gets_them():
    async def talk(reader, writer):
        writer.write(b"banner" + DO_WINDOW)
        await reader.readuntil(WILL_WINDOW)
        writer.write(b"UserName:")

    async with channel_to(talk) as channel:
        assert await channel.read(2) == b"banner"
        assert await channel.read(2) == b"UserName:"


async def test_options_alone_are_answered_at_once():
    async def talk(reader, writer):
        writer.write(WILL_ECHO)
        await reader.readuntil(DO_ECHO)
        writer.write(b"login:")

    async with channel_to(talk) as channel:
        assert await channel.read(2) == b"login:"


async def test_the_reply_goes_along_with_what_is_typed():
    packets: list[bytes] = []

    async def talk(reader, writer):
        writer.write(WILL_ECHO + b"UserName:")
        packets.append(await reader.read(100))
        writer.write(b"done")

    async with channel_to(talk) as channel:
        assert await channel.read(2) == b"UserName:"
        channel.write(b"duty\r\n")
        assert await channel.read(2) == b"done"
    assert packets == [DO_ECHO + b"duty\r\n"]


async def test_silence_and_the_end():
    async def talk(reader, writer):
        writer.write(b"last words")
        await reader.read()
        writer.close()

    async with channel_to(talk) as channel:
        assert await channel.read(2) == b"last words"
        with pytest.raises(TimeoutError):
            await channel.read(0.05)
        channel.close()
        assert await channel.read(2) == b""
        channel.write(b"into the void")  # nobody minds


async def test_a_flood_that_nobody_reads_stays_in_the_socket():
    sent = 0

    async def talk(reader, writer):
        nonlocal sent
        with contextlib.suppress(ConnectionError):
            for _ in range(400):
                writer.write(b"x" * CHUNK)
                await writer.drain()
                sent += CHUNK

    async with channel_to(talk) as channel:
        await asyncio.sleep(0.3)  # whoever held nothing back has sent all of it by then
        assert sent < 400 * CHUNK  # it was held back
        got = 0
        while got < 400 * CHUNK and (data := await channel.read(2)):
            assert len(data) <= 5 * CHUNK
            got += len(data)
        assert got == 400 * CHUNK


NOP, NEVER_ENDS = bytes([Telnet.IAC, 241]), bytes([Telnet.IAC, Telnet.SB]) + bytes(900) + bytes([Telnet.IAC, Telnet.SE])


@pytest.mark.parametrize("command", [NOP, DO_WINDOW, NEVER_ENDS], ids=["nop", "option", "subnegotiation"])
async def test_nothing_but_commands_ends_as_a_flood(command, monkeypatch):
    looked_at = 0
    feed = Options.feed

    def counted(self, data):
        nonlocal looked_at
        looked_at += len(data)
        return feed(self, data)

    monkeypatch.setattr(Options, "feed", counted)
    closed = asyncio.Event()

    async def talk(reader, writer):
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(command * 100)
                await writer.drain()
        closed.set()

    async with channel_to(talk) as channel:
        with pytest.raises(FloodError):
            while True:
                await channel.read(2)
        await asyncio.wait_for(closed.wait(), 2)
    # What is looked at byte by byte, in the loop that all other sessions live in, is bounded.
    assert looked_at <= COMMAND_BYTES + 262_144


async def test_a_keepalive_now_and_then_is_no_flood():
    async def talk(reader, writer):
        for _ in range(200):
            writer.write(NOP + b"x")
            await writer.drain()
        writer.close()

    got = b""
    async with channel_to(talk) as channel:
        while came := await channel.read(2):
            got += came
    assert got == b"x" * 200
