"""The session layer of the drivers at the city's switches: all makes, both wires, and everything that goes wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import asyncssh
import pytest

from tests.city_served import Running, served
from tests.city_shell import ADMIN
from uzel.core.answers import Operation
from uzel.drivers.ask import Answer, AskError, By, Facts, Values, ask
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import Patience
from uzel.drivers.transport import Login, Wire
from uzel.simcity.shell_faces import ssh_port, telnet_port
from uzel.simcity.world import Device

MODELS = ("DES-3526", "DES-3200-28", "DGS-3620-28SC", "WS-C3560G-48TS", "S5328C-EI")
SHORT = Patience(connect_s=2, login_s=3, command_s=4, silence_s=1.2, turn_s=2)

# The city has its addresses to itself: one worker for both modules that serve it.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("city_served")]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def city(running: Running) -> Running:
    running.do(do="heal", target="all")
    return running


def facts(device: Device, wire: Wire = Wire.TELNET) -> Facts:
    port = telnet_port(device) if wire is Wire.TELNET else ssh_port(device)
    login = Login(*ADMIN, "enable-city")
    return Facts(device.make.vendor, device.make.model, device.address, wire=wire, cli_port=port, login=login)


def inside(work: Callable[[Pool], Awaitable[Any]], patience: Patience | None = None) -> Any:
    async def run() -> Any:
        async with Pool(patience=patience) as pool:
            return await work(pool)

    return asyncio.run(run())


@pytest.mark.parametrize("wire", list(Wire))
@pytest.mark.parametrize("model", MODELS)
def test_switches_are_asked(city: Running, model: str, wire: Wire) -> None:
    device = city.switch(model)
    copper = [p for p in device.ports if p.shape.base_port and not p.shape.is_uplink and not p.link]
    port = next((p for p in copper if p.stations), copper[0])

    async def work(pool: Pool) -> list[Answer]:
        operations = (Operation.IDENTITY, Operation.PORTS, Operation.ERRORS, Operation.LOG, Operation.LOAD)
        values = Values(port=port.shape.name)
        return [await ask(facts(device, wire), what, pool=pool, values=values, by=By.CLI) for what in operations]

    answers = inside(work)
    for answer in answers:
        assert answer.rows and not answer.not_understood and not answer.cut, answer
    identity, ports, *_ = (answer.rows for answer in answers)
    assert identity[0].serial in (device.serial, None)
    assert identity[0].model and identity[0].model.split("-")[0] in device.make.descr + device.make.model
    wanted = port.shape.name.replace("/", ":") if device.make.family == "dlink" else port.shape.name
    assert wanted in {row.port for row in ports}


WRONG = {
    "cli-hang": {"hung"},
    "cli-close-after-login": {"closed"},
    "cli-password-expired": {"password_expired"},
    "cli-prompt-change": {"wrong_host", "hung", "no_prompt"},
    "cli-flood=2": {"flooded"},
}


def test_a_locked_d_link_says_so(city: Running) -> None:
    device = city.switch("DES-3526")
    city.do(do="fault", target=device.code, fault="cli-locked")
    assert inside(lambda pool: code_of(pool, facts(device)), SHORT) == "locked_by_other_session"


async def code_of(pool: Pool, whom: Facts) -> str:
    try:
        await ask(whom, Operation.IDENTITY, pool=pool, by=By.CLI)
    except AskError as error:
        return error.code
    return "answered"


@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("model", ["DES-3526", "WS-C3560G-48TS", "S5328C-EI"])
def test_what_goes_wrong_has_a_name(city: Running, model: str, fault: str) -> None:
    device = city.switch(model)
    city.do(do="fault", target=device.code, fault=fault)
    assert inside(lambda pool: code_of(pool, facts(device)), SHORT) in WRONG[fault]


def test_log_lines_in_a_table_are_not_rows(city: Running) -> None:
    device = city.switch("DES-3526")
    port = next(p for p in device.ports if p.stations and not p.link)
    city.do(do="fault", target=device.code, fault="cli-log-noise")

    async def work(pool: Pool) -> Answer:
        return await ask(facts(device), Operation.PORTS, pool=pool, values=Values(port=port.shape.name), by=By.CLI)

    answer = inside(work)
    assert [row.port for row in answer.rows] == [port.shape.name]
    assert answer.not_understood and all("link up" in line for line in answer.not_understood)


def test_ssh_wants_the_password_and_ends_with_logout(city: Running) -> None:
    device = city.switch("DES-3200-28")

    async def come(password: str) -> bytes:
        options: dict[str, Any] = {"known_hosts": None, "config": None, "client_keys": None}
        place = (device.address, ssh_port(device))
        async with asyncssh.connect(*place, username="uzel", password=password, **options) as connection:
            process = await connection.create_process(term_type="vt100", encoding=None)
            process.stdin.write(b"show ports 3\r")
            seen = b""
            while b"r Refresh" not in seen:
                seen += await process.stdout.read(4096)
            process.stdin.write(b"qlogout\r")
            seen += await process.stdout.read()
            await asyncio.wait_for(connection.wait_closed(), 5)
            return seen

    with pytest.raises(asyncssh.PermissionDenied):
        asyncio.run(come("guess"))
    seen = asyncio.run(come("uzel-city"))
    assert seen.count(b"show ports 3") == 2 and b"Logout" in seen


def test_changes_made_by_hand_show_in_snmp(city: Running) -> None:
    device = city.switch("DES-3526")
    port = next(p for p in device.ports if p.stations and not p.link)

    async def work(pool: Pool) -> str:
        async with pool.session(facts(device).target()) as session:
            return await session.run(f"config ports {port.shape.name} state disable")

    assert "Success." in inside(work)
    [fault] = [row for row in city.do(do="status")["faults"] if row["target"] == port.code]  # type: ignore[attr-defined]
    assert fault["kind"] == "admin-down"
