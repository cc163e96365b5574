"""UPSes by NUT: our recordings of an upsd's answers, an upsd that misbehaves, and the real one with dummy-ups."""

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.drivers import nut
from uzel.drivers.ups_nut import parse_ups

DATA = Path(__file__).parent / "nut"
LIST = b'BEGIN LIST UPS\nUPS ups "at the node"\nEND LIST UPS\n'
GOOD = b'BEGIN LIST VAR ups\nVAR ups ups.status "OL"\nEND LIST VAR ups\n'
WITHIN_S = 0.5

# recording, the UPS's name, expected fields (all others unknown)
RECORDED = [
    (
        "nutdrv_qx-single",
        "o1-d2-ups1",
        {"model": 'Ippon Innova "RT" 1K', "on_battery": False, "low": False, "replace": False, "charge_percent": 100}
        | {"runtime_min": 34, "battery_v": 27.3, "input_v": 224.6, "output_v": 220.1, "load_percent": 23}
        | {"temperature_c": 31},
    ),
    (
        "usbhid-on-battery",
        "ups",
        {"model": "American Power Conversion Smart-UPS 1000", "on_battery": True, "low": True, "replace": True}
        | {"charge_percent": 18, "runtime_min": 4, "battery_v": 23.8, "output_v": 229.7, "load_percent": 41.6}
        | {"temperature_c": 34.2},
    ),
    (
        "snmp-ups-three-phase",
        "node",
        {"model": "Voltronic VFI 20K", "on_battery": False, "low": False, "replace": False, "charge_percent": 100}
        | {"battery_v": 273.5, "input_v": 0, "output_v": 230, "load_percent": 50},
    ),
    ("driver-starting", "ups", {}),
]


@contextlib.asynccontextmanager
async def upsd(*answers: bytes, then: str = "close") -> AsyncIterator[int]:
    """Somebody on a port who gives these answers to one line each; then closes, hangs, or never stops."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            for answer in answers:
                await reader.readline()
                writer.write(answer)
            while then == "flood":
                writer.write(b"x" * 65_536)
                await writer.drain()
            if then == "hang":
                await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(port: int, ups: str = "ups") -> dict[str, str]:
    return await nut.read("127.0.0.1", port, ups, within_s=WITHIN_S)


@pytest.mark.parametrize(("recording", "ups", "expected"), RECORDED, ids=[row[0] for row in RECORDED])
async def test_recordings(recording, ups, expected):
    answer = (DATA / f"{recording}.txt").read_bytes()
    async with upsd(LIST.replace(b"ups ", ups.encode() + b" "), answer) as port:
        reading = parse_ups(await ask(port, ups))
    assert {name: value for name, value in asdict(reading).items() if value is not None} == expected


@pytest.mark.parametrize(
    ("answers", "then", "code"),
    [
        ((), "hang", "timeout"),
        ((LIST, GOOD[:40]), "hang", "timeout"),
        ((), "close", "closed"),
        ((LIST, GOOD[:40]), "close", "closed"),
        ((LIST,), "flood", "flooded"),
        ((LIST, b"BEGIN LIST VAR ups\n" + b'VAR ups a.b "1"\n' * 20_000), "hang", "flooded"),
        ((b"SSH-2.0-OpenSSH_9.2\r\n",), "hang", "malformed"),
        ((b"\xff\xfe\x00\n",), "hang", "malformed"),
        ((LIST, GOOD.replace(b'"OL"', b'"OL')), "hang", "malformed"),
        ((LIST, GOOD.replace(b"VAR ups ups", b"VAR other ups")), "hang", "malformed"),
        ((LIST, b"ERR DATA-STALE\n"), "hang", "stale"),
        ((LIST, b"ERR DRIVER-NOT-CONNECTED\n"), "hang", "stale"),
        ((LIST, b"ERR ACCESS-DENIED\n"), "hang", "denied"),
        ((LIST, b"ERR SOMETHING-NEW of 2030\n"), "hang", "malformed"),
        ((b"BEGIN LIST UPS\nEND LIST UPS\n",), "hang", "no_such"),
        ((LIST.replace(b"END", b'UPS other ""\nEND').replace(b"UPS ups", b"UPS one"),), "hang", "no_such"),
    ],
)
async def test_each_trouble_has_its_name_in_time(answers, then, code):
    async with upsd(*answers, then=then) as port, asyncio.timeout(WITHIN_S + 2):
        with pytest.raises(nut.NutError) as caught:
            await ask(port)
    assert caught.value.code == code
    assert len(caught.value.text) <= 80


async def test_what_would_move_a_terminals_cursor_is_taken_out():
    async with upsd(LIST, GOOD.replace(b'"OL"', b'"OL\x1b[2J"')) as port:
        assert await ask(port) == {"ups.status": "OL\ufffd[2J"}


async def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(nut.NutError) as caught:
        await ask(port)
    assert (caught.value.code, caught.value.permanent) == ("refused", False)


async def test_a_name_with_a_line_end_goes_nowhere():
    async with upsd(LIST, GOOD) as port, nut.connect("127.0.0.1", port, within_s=WITHIN_S) as there:
        with pytest.raises(nut.NutError, match="no_such"):
            await there.variables("ups\nSET VAR ups ups.status OB")


def test_the_named_ups_is_chosen_else_the_only_one():
    assert nut.choose(("a", "b"), "b") == "b"
    assert nut.choose(("only",), "b") == "only"
    for listed in ((), ("a", "c")):
        with pytest.raises(nut.NutError) as caught:
            nut.choose(listed, "b")
        assert caught.value.permanent


@given(st.dictionaries(st.sampled_from(["ups.status", "battery.runtime", "input.voltage", "ups.load"]), st.text()))
def test_no_value_is_more_than_unknown(variables):
    reading = parse_ups(variables)
    assert reading.runtime_min is None or 0 <= reading.runtime_min <= 3 * 24 * 60
    assert reading.load_percent is None or 0 <= reading.load_percent <= 200


UPSD, DUMMY = "/lib/nut/upsd", "/lib/nut/dummy-ups"
needs_nut = pytest.mark.skipif(
    not (os.access(UPSD, os.X_OK) and os.access(DUMMY, os.X_OK)),
    reason="no NUT server on this machine: apt-get install nut-server",
)
STATE = "ups.status: {}\nbattery.charge: {}\nbattery.runtime: 1800\ninput.voltage: 229.5\nups.load: 31\n"


@pytest.fixture
async def real(tmp_path, unused_tcp_port) -> AsyncIterator[tuple[int, Path, list]]:
    """A real upsd, the folder of its two dummy UPSes (.dev: their state), the processes of the drivers and its own."""
    names = ("o1-ups1", "o2-ups1")
    section = '[{0}]\n driver = dummy-ups\n port = {0}.dev\n mode = dummy-once\n desc = "node"\n pollinterval = 1\n'
    (tmp_path / "ups.conf").write_text("".join(section.format(name) for name in names))
    (tmp_path / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {unused_tcp_port}\nMAXAGE 15\n")
    (tmp_path / "upsd.users").write_text("")
    (tmp_path / "nut.conf").write_text("MODE=netserver\n")
    for name in names:
        (tmp_path / f"{name}.dev").write_text(STATE.format("OL CHRG", 87))
    places = {f"NUT_{what}PATH": str(tmp_path) for what in ("CONF", "STATE", "ALTPID")}
    commands = [(DUMMY, "-a", name, "-F") for name in names] + [(UPSD, "-F")]
    user = ("-u", "root") if os.geteuid() == 0 else ()
    running = []
    try:
        for command in commands:
            with (tmp_path / "log").open("ab") as log:
                running.append(
                    await asyncio.create_subprocess_exec(
                        *command, *user, env=os.environ | places, cwd=tmp_path, stdout=log, stderr=log
                    )
                )
            if command[0] == DUMMY:
                await until(lambda name=command[2]: list(tmp_path.glob(f"*{name}")))  # its socket
        yield unused_tcp_port, tmp_path, running
    finally:
        for process in reversed(running):
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def until(condition, *, within_s: float = 10.0):
    """Wait for the condition; what it gave."""
    async with asyncio.timeout(within_s):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.05)


@needs_nut
@pytest.mark.slow
async def test_the_real_upsd_tells_a_ups_going_on_battery_and_losing_its_driver(real):
    port, folder, processes = real

    async def status(*wanted: str) -> bool:
        with contextlib.suppress(nut.NutError):
            return (await ask(port, "o2-ups1")).get("ups.status") in wanted
        return False

    await until(lambda: status("OL CHRG"))
    reading = parse_ups(await ask(port, "o2-ups1"))
    assert (reading.on_battery, reading.low, reading.charge_percent, reading.runtime_min) == (False, False, 87, 30)
    assert (reading.input_v, reading.load_percent) == (229.5, 31)

    after = folder / "new"
    after.write_text(STATE.format("OB DISCHRG LB", 9))
    shutil.move(after, folder / "o2-ups1.dev")
    await until(lambda: status("OB DISCHRG LB"))
    reading = parse_ups(await ask(port, "o2-ups1"))
    assert (reading.on_battery, reading.low, reading.charge_percent) == (True, True, 9)
    assert parse_ups(await ask(port, "o1-ups1")).on_battery is False

    with pytest.raises(nut.NutError) as caught:
        await ask(port, "o3-ups1")
    assert (caught.value.code, caught.value.permanent) == ("no_such", True)

    processes[0].terminate()

    async def lost() -> bool:
        try:
            await ask(port, "o1-ups1")
        except nut.NutError as error:
            return error.code == "stale" and not error.permanent
        return False

    await until(lost)
    assert parse_ups(await ask(port, "o2-ups1")).on_battery is True
