"""Devices that misbehave: each trouble comes out under its name, in time, with its raw text; the pool stays free."""

import asyncio
import time
from dataclasses import replace

import pytest

from tests.misbehaving import HEAD, HOST, PASSWORD, PATIENCE, ROWS, Switch, serving, serving_ssh
from uzel.core.answers import Operation
from uzel.drivers import cli_read
from uzel.drivers.ask import Facts
from uzel.drivers.ask import ask as put
from uzel.drivers.dlink_ports import parse_ports
from uzel.drivers.pool import Pool
from uzel.drivers.session import ANSWER_BYTES, Name
from uzel.drivers.session_errors import Patience, SessionError, Trouble
from uzel.drivers.transport import Login

ASK = "show ports"


async def ask(pool: Pool, switch: Switch, **more) -> str:
    async with pool.session(switch.target(**more)) as session:
        return await session.run(ASK)


@pytest.mark.parametrize(
    ("trouble", "code", "stage", "kept"),
    [
        ("no more sessions", Trouble.REFUSED, "login", ""),
        ("dumb", Trouble.NO_PROMPT, "login", ""),
        ("locked", Trouble.LOCKED, "login", "System locked by other session!"),
        ("closes after login", Trouble.CLOSED, "login", ""),
        ("wants a new password", Trouble.PASSWORD_EXPIRED, "login", "Your password has expired."),
        ("wants the old password first", Trouble.PASSWORD_EXPIRED, "login", "must be changed"),
        ("wants a new password in other words", Trouble.PASSWORD_EXPIRED, "login", "Please change the password."),
        ("floods at login", Trouble.FLOODED, "login", "Welcome"),
        ("floods with commands", Trouble.FLOODED, "login", ""),
        ("user level", Trouble.LOW_PRIVILEGE, "login", ""),
        ("hangs", Trouble.HUNG, "command", " 10     Enabled"),
        ("closes in the middle", Trouble.CLOSED, "command", " 10     Enabled"),
        ("floods", Trouble.FLOODED, "command", "0123456789abcdef"),
        ("floods", Trouble.FLOODED, "command", "how it began"),
        ("floods", Trouble.FLOODED, "command", " characters left out ...]"),
        ("changes its prompt", Trouble.WRONG_HOST, "command", "ANOTHER"),
        ("loses its rights", Trouble.LOW_PRIVILEGE, "command", " 10     Enabled"),
        ("refuses", Trouble.COMMAND_REFUSED, "command", "Available commands"),
    ],
)
async def test_each_trouble_has_its_name_and_leaves_the_pool_free(trouble, code, stage, kept):
    async with serving(trouble) as switch, Pool(patience=PATIENCE) as pool:
        async with asyncio.timeout(5):
            with pytest.raises(SessionError) as caught:
                await ask(pool, switch)
        error = caught.value
        assert (error.code, error.stage) == (code, stage)
        assert kept in error.text
        assert len(error.text) <= ANSWER_BYTES + 65_536
        assert PASSWORD not in error.text + repr(error) + str(error)
        assert pool.taken == 0
        # The pool is free: the same device, mended, answers at once.
        switch.trouble = ""
        assert " 24 " in await ask(pool, switch)


async def test_nobody_listens():
    switch = Switch()
    switch.port = 1
    async with Pool(patience=PATIENCE) as pool:
        with pytest.raises(SessionError) as caught:
            await ask(pool, switch)
    assert (caught.value.code, caught.value.stage, caught.value.permanent) == (Trouble.REFUSED, "connect", False)


async def test_a_wrong_password_is_told_and_tried_once():
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(SessionError) as caught:
            await ask(pool, switch, password="other")
    assert (caught.value.code, caught.value.permanent, switch.came) == (Trouble.WRONG_PASSWORD, True, 1)


@pytest.mark.parametrize("serve", [serving, serving_ssh])
async def test_an_expired_password_is_told_once_and_nothing_is_typed(serve):
    async with serve("wants a new password") as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(SessionError) as caught:
            await ask(pool, switch)
    assert (caught.value.code, caught.value.permanent) == (Trouble.PASSWORD_EXPIRED, True)
    assert (switch.came, switch.asked) == (1, [])


@pytest.mark.parametrize("serve", [serving, serving_ssh])
async def test_the_offer_of_a_new_password_is_declined_and_the_session_goes_on(serve):
    async with serve("offers a new password") as switch, Pool(patience=PATIENCE) as pool:
        assert " 24 " in await ask(pool, switch)
    assert switch.came == 1


async def test_without_credentials_nobody_is_called():
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        nobody = replace(switch.target(), login=Login("", ""))
        with pytest.raises(SessionError) as caught:
            async with pool.session(nobody):
                pass
    assert (caught.value.code, switch.came) == (Trouble.NO_CREDENTIALS, 0)


async def test_a_log_line_within_the_table_costs_no_row():
    async with serving("logs into the table") as switch, Pool(patience=PATIENCE) as pool:
        parsed = parse_ports(await ask(pool, switch))
    assert [row.port for row in parsed.rows] == [str(n) for n in range(1, 25)]
    assert parsed.not_understood == ("2026-11-22 10:00:00 Port 7 link down",)


async def test_a_screen_that_refreshes_itself_without_a_word_is_stopped(monkeypatch):
    monkeypatch.setattr("uzel.drivers.session.REFRESHING_S", 0.3)
    async with serving("refreshes") as switch, Pool(patience=PATIENCE) as pool:
        async with pool.session(switch.target()) as session:
            text = await session.run(ASK, stop="q")
        assert len(parse_ports(text).rows) >= 10
        assert pool.open_sessions == 0  # the key may have met the prompt: this session is not used again


async def test_another_device_at_the_address_is_told():
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        target = switch.target()
        with pytest.raises(SessionError) as caught:
            async with pool.session(replace(target, name=Name("o1-d2-k3-h4-sw1"))):
                pass
        assert caught.value.code == Trouble.WRONG_HOST
        async with pool.session(replace(target, name=Name(HOST))) as session:
            assert session.host == HOST


async def test_no_secret_gets_into_a_log(caplog):
    caplog.set_level("DEBUG")
    async with serving() as telnet, serving_ssh() as ssh, Pool(patience=PATIENCE) as pool:
        for switch in (telnet, ssh):
            await ask(pool, switch, enable="another-s3cret")
            with pytest.raises(SessionError):
                await ask(pool, switch, password="a-wrong-s3cret")
    assert "s3cret" not in caplog.text
    assert "duty" not in caplog.text


async def test_a_password_that_the_device_echoes_is_starred():
    async with serving("echoes the password") as switch, Pool(patience=PATIENCE) as pool:
        assert PASSWORD not in await ask(pool, switch)
        assert PASSWORD not in repr(switch.target())


async def test_never_more_sessions_than_the_device_takes_and_one_is_enough_for_many_questions():
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        answers = await asyncio.gather(*(ask(pool, switch) for _ in range(10)))
        assert (len(answers), switch.came, switch.most_there) == (10, 1, 1)
        assert pool.open_sessions == 1
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        await asyncio.gather(*(ask(pool, switch, limit=2) for _ in range(10)))
        assert switch.most_there == 2


async def test_who_waits_too_long_for_a_turn_is_told():
    async with serving("hangs") as switch, Pool(patience=PATIENCE) as pool:
        results = await asyncio.gather(*(ask(pool, switch) for _ in range(4)), return_exceptions=True)
        codes = [result.code for result in results]
        assert set(codes) == {Trouble.HUNG, Trouble.BUSY}
        assert pool.taken == 0


async def test_an_asker_who_gives_up_frees_the_device():
    async with serving("hangs") as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await ask(pool, switch)
        switch.trouble = ""
        assert " 24 " in await ask(pool, switch)
        assert (switch.came, pool.taken) == (2, 0)


async def test_an_idle_session_is_logged_out_of():
    async with serving() as switch:
        async with Pool(patience=PATIENCE, idle_s=0.1) as pool:
            await ask(pool, switch)
            await asyncio.sleep(0.3)
            assert (pool.open_sessions, switch.there, switch.asked[-1]) == (0, 0, "logout")
            await ask(pool, switch)
        await asyncio.sleep(0.05)
        assert switch.there == 0


async def test_a_prompt_within_the_data_is_no_end_that_is_believed():
    class Talker(Switch):
        async def answer(self, command, reader, writer):
            if command.startswith("show"):
                # The answer stops for a moment just behind what looks like a prompt, as packets do.
                writer.write(f"{HEAD} 1  Enabled\n\r{HOST}:5#".encode())
                await asyncio.sleep(0.001)
                writer.write(b" was typed here\n\r" + ROWS[0].encode() + b"\n\r")
            return True

    switch = Talker()
    server = await asyncio.start_server(switch.serve, "127.0.0.1", 0)
    switch.port = server.sockets[0].getsockname()[1]
    async with server, Pool(patience=PATIENCE) as pool:
        async with pool.session(switch.target()) as session:
            slow = session._until_done

            async def busy(*args, **more):
                answer = await slow(*args, **more)
                await asyncio.sleep(0.05)  # as if the loop had been busy with others
                return answer

            session._until_done = busy
            parsed = parse_ports(await session.run(ASK))
        assert (parsed.cut, session.is_open, pool.open_sessions) == (True, False, 0)


async def test_what_is_said_while_nobody_asks_is_no_part_of_the_next_answer():
    async with serving() as switch, Pool(patience=PATIENCE) as pool:
        first = await ask(pool, switch)
        writer = switch.writers[-1]
        writer.write(b"\n\r2026-11-22 10:00:00 Port 7 link down\n\r" + f"{HOST}:5#".encode())
        await asyncio.sleep(0.05)
        assert (await ask(pool, switch), switch.came) == (first, 1)


async def test_a_switch_without_a_port_is_doubted():
    async with serving("tells nothing") as switch, Pool(patience=PATIENCE) as pool:
        facts = Facts("D-Link", "DES-3200-28", "127.0.0.1", cli_port=switch.port, login=switch.target().login)
        answer = await put(facts, Operation.PORTS, pool=pool)
    assert (answer.rows, answer.doubts) == ((), ("show ports description",))


@pytest.mark.slow
async def test_an_answer_that_is_long_to_read_holds_up_nobody():
    waits = []

    async def live():
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            waits.append(time.monotonic() - began)

    async with serving("draws far to the right") as switch, Pool(patience=Patience()) as pool:
        facts = Facts("D-Link", "DES-3200-28", "127.0.0.1", cli_port=switch.port, login=switch.target().login)
        life = asyncio.create_task(live())
        answer = await put(facts, Operation.PORTS, pool=pool)
        life.cancel()
    # A runner that gives no sign of life for 8 s is taken for dead.
    assert max(waits) < 1.5
    assert (answer.rows, len(answer.not_understood)) == ((), 560)


async def test_an_answer_that_takes_too_long_to_read_is_given_up(monkeypatch):
    monkeypatch.setattr(cli_read, "READ_S", 0.05)
    with pytest.raises(SessionError) as caught:
        await cli_read.read(lambda text: time.sleep(0.3), f"row {PASSWORD}\n" * 1000, lambda text: "starred")
    assert (caught.value.code, caught.value.permanent, caught.value.text) == (Trouble.FLOODED, False, "starred")
