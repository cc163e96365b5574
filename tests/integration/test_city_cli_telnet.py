"""The command lines of the city on the net: a process of its own, raw sockets."""

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.city_served import Running, served
from tests.city_shell import ADMIN, USER
from uzel.simcity.shell_faces import telnet_port
from uzel.simcity.world import Device

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


class Telnet:
    """A client as simple as a desk's script: it refuses every option and reads until it sees what it wants."""

    def __init__(self, device: Device) -> None:
        self.socket = socket.create_connection((device.address, telnet_port(device)), 5)
        self.socket.settimeout(5)
        self.text = b""

    def read(self, until: str) -> str:
        while until.encode() not in self.text:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError(self.text)
            self.text += self._options(data)
        at = self.text.index(until.encode()) + len(until)
        seen, self.text = self.text[:at], self.text[at:]
        return seen.decode()

    def rest(self) -> str:
        """All until the other end hangs up."""
        while data := self.socket.recv(65536):
            self.text += self._options(data)
        return self.text.decode()

    def _options(self, data: bytes) -> bytes:
        while (at := data.find(b"\xff")) >= 0:
            verb, option = data[at + 1], data[at + 2]
            if verb in (251, 253):
                with contextlib.suppress(BrokenPipeError):
                    self.socket.sendall(bytes((255, 254 if verb == 251 else 252, option)))
            data = data[:at] + data[at + 3 :]
        return data

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode())

    def login(self, account: tuple[str, str], prompt: str) -> str:
        self.read(":")
        self.send(account[0] + "\r\n")
        self.read("ord:")
        self.send(account[1] + "\r\0")
        return self.read(prompt)


def test_a_dialogue_with_a_d_link(city: Running) -> None:
    device = city.switch("DES-3526")
    telnet = Telnet(device)
    greeting = telnet.read("UserName:")
    assert "DES-3526 Fast Ethernet Switch" in greeting and "\n\r" in greeting
    telnet.send("uzel\r\n")
    assert telnet.read("PassWord:").startswith("uzel")
    telnet.send("wrong\r\n")
    assert "*****\n\r\n\rIncorrect Login/Password" in telnet.read("UserName:")
    telnet.send("uzel\r\n")
    telnet.read("PassWord:")
    telnet.send("uzel-city\r\n")
    telnet.read(":4#")
    telnet.send("show ports\r\n")
    page = telnet.read("a All ")
    assert page.startswith("show ports\n\rCommand: show ports\n\r\n\r") and page.count("\n\r") <= 24
    telnet.send("a")
    rest = telnet.read(":4#")
    assert "26(F)" in rest and "CTRL+C" not in rest
    telnet.send("logout\r\n")
    assert "Logout" in telnet.rest()


def test_three_wrong_passwords_end_it(city: Running) -> None:
    telnet = Telnet(city.switch("DES-3200-28"))
    for _ in range(3):
        telnet.read("UserName:")
        telnet.send("root\r\n")
        telnet.read("PassWord:")
        telnet.send("toor\r\n")
    assert telnet.rest().endswith("Incorrect Login/Password\n\r\n\r")


def test_old_switches_have_few_places(city: Running) -> None:
    device = city.switch("DES-3028")
    first = Telnet(device)
    first.read("UserName:")
    second = Telnet(device)
    assert "System locked by other session!" in second.rest()
    first.socket.close()
    for _ in range(50):
        try:
            Telnet(device).read("UserName:")
            break
        except EOFError:
            time.sleep(0.02)
    else:
        pytest.fail("the place was not freed")


def test_a_user_becomes_administrator(city: Running) -> None:
    device = city.switch("DES-3200-28")
    telnet = Telnet(device)
    telnet.login(USER, ":user#")
    telnet.send("config ports 3 state disable\r\n")
    assert "Available commands:" in telnet.read(":user#")
    telnet.send("enable admin\r\n")
    telnet.read("PassWord:")
    telnet.send("enable-city\r\n")
    assert "Success." in telnet.read(":admin#")


def test_a_dark_switch_is_silent(city: Running) -> None:
    device = city.switch("DES-3200-28")
    telnet = Telnet(device)
    telnet.login(ADMIN, ":admin#")
    city.do(do="kill", device=device.code)
    telnet.send("show switch\r\n")
    late = Telnet(device)
    for client in (telnet, late):
        client.socket.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.socket.recv(10)
