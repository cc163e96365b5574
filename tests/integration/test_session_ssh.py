"""Sessions over SSH: old algorithms, keys that change, passwords that are wrong, the same troubles as over telnet."""

import asyncio

import asyncssh
import pytest

from tests.misbehaving import PASSWORD, PATIENCE, Switch, serving_ssh
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import Patience, SessionError, Trouble


async def ask(pool: Pool, switch: Switch, **more) -> str:
    async with pool.session(switch.target(**more)) as session:
        return await session.run("show ports")


async def test_a_question_over_ssh():
    async with serving_ssh() as switch, Pool(patience=PATIENCE) as pool:
        assert " 24 " in await ask(pool, switch)
        assert " 24 " in await ask(pool, switch)
        assert switch.came == 1
    await asyncio.sleep(0.05)
    assert switch.there == 0


async def test_a_switch_of_2010_and_nothing_newer():
    old = {
        "kex_algs": "diffie-hellman-group1-sha1",
        "encryption_algs": "3des-cbc",
        "mac_algs": "hmac-sha1",
        "signature_algs": "ssh-rsa",
    }
    key = asyncssh.generate_private_key("ssh-rsa", key_size=1024)
    # Such a handshake takes half a second of computing.
    async with serving_ssh(key=key, **old) as switch, Pool(patience=Patience()) as pool:
        assert " 24 " in await ask(pool, switch)


async def test_a_key_that_has_changed_gets_no_password():
    known: dict[str, str] = {}
    async with serving_ssh() as switch, Pool(patience=PATIENCE, known=known) as pool:
        await ask(pool, switch)
        (place,) = known
        known[place] = "SHA256:another"
        async with Pool(patience=PATIENCE, known=known) as later:
            with pytest.raises(SessionError) as caught:
                await ask(later, switch)
    assert (caught.value.code, caught.value.permanent, switch.came) == (Trouble.WRONG_HOST, True, 1)
    assert known[place] == "SHA256:another"


async def test_a_wrong_password_is_told():
    async with serving_ssh() as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(SessionError) as caught:
            await ask(pool, switch, password="other")
    assert (caught.value.code, caught.value.stage, switch.came) == (Trouble.WRONG_PASSWORD, "connect", 0)


async def test_an_expired_password_is_told():
    async with serving_ssh("demands a new password at the door") as switch, Pool(patience=PATIENCE) as pool:
        with pytest.raises(SessionError) as caught:
            await ask(pool, switch)
    assert (caught.value.code, caught.value.stage, switch.came) == (Trouble.PASSWORD_EXPIRED, "connect", 0)


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        ("hangs", Trouble.HUNG),
        ("floods", Trouble.FLOODED),
        ("closes after login", Trouble.REFUSED),
        ("closes in the middle", Trouble.CLOSED),
        ("changes its prompt", Trouble.WRONG_HOST),
    ],
)
async def test_troubles_have_their_names_over_ssh_too(trouble, code):
    async with serving_ssh(trouble) as switch, Pool(patience=PATIENCE) as pool:
        async with asyncio.timeout(5):
            with pytest.raises(SessionError) as caught:
                await ask(pool, switch)
        assert caught.value.code == code
        assert PASSWORD not in caught.value.text
        switch.trouble = ""
        assert " 24 " in await ask(pool, switch)
        assert pool.taken == 0


async def test_nobody_speaks_ssh_there():
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"UserName:\r\n" * 100)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    switch = Switch(ssh=True)
    switch.port = server.sockets[0].getsockname()[1]
    async with Pool(patience=PATIENCE) as pool:
        with pytest.raises(SessionError) as caught:
            await ask(pool, switch)
    server.close()
    assert caught.value.code == Trouble.CLOSED
