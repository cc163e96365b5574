"""An answer that makes the SNMP library panic: one refused answer, and no backtrace in the log."""

import os
import subprocess
import sys

# Answers with the question itself, turned into a response whose OID says that it is longer than the datagram.
ASKS = """
import asyncio, socket, threading
from uzel.config import cli
from uzel.drivers.snmp import SYS_UPTIME, Agent, SnmpError

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))

def answer():
    while True:
        question, peer = server.recvfrom(2000)
        said = bytearray(question)
        said[said.index(0xA0)] = 0xA2
        said[said.rindex(bytes([6, 8])) + 1] = 0xDA
        server.sendto(said, peer)

async def ask():
    async with Agent("127.0.0.1", port=server.getsockname()[1], community="public", timeout_s=5) as agent:
        try:
            await agent.get(SYS_UPTIME)
        except SnmpError as error:
            print(error.code)

threading.Thread(target=answer, daemon=True).start()
asyncio.run(ask())
"""


def test_a_panic_leaves_no_backtrace() -> None:
    there = os.environ | {"RUST_BACKTRACE": "1"}
    ended = subprocess.run([sys.executable, "-c", ASKS], env=there, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "malformed\n"
    assert "panicked" in ended.stderr, "a library that no longer panics needs no guard"
    assert "stack backtrace" not in ended.stderr
