"""Sessions at the command lines of the city: levels, pagers, screens, questions, changes, and all that goes wrong."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.city_shell import ADMIN, NOW, USER, Person, make_folder, recall, subscriber, switch
from uzel.drivers import ber
from uzel.drivers.ber import parse_oid
from uzel.simcity import agent, commands, dynamics, memory, serve
from uzel.simcity.agent import Counts
from uzel.simcity.changes import switch_port
from uzel.simcity.dynamics import City, Pace
from uzel.simcity.faults import FAULTS, parse
from uzel.simcity.screen import REFRESH_S
from uzel.simcity.shell import Shells
from uzel.simcity.shell_faces import DIALECTS
from uzel.simcity.telnet import Commands
from uzel.simcity.world import Device, load

MAKES = {"DES-3526": "show switch", "WS-C3560G-48TS": "show processes cpu", "S5328C-EI": "display version"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def one_city(folder: Path) -> City:
    return recall(folder)


@pytest.fixture
def city(one_city: City) -> City:
    commands.run(one_city, {"do": "heal", "target": "all"}, NOW)
    return one_city


def do(city: City, device: Device, fault: str) -> None:
    commands.run(city, {"do": "fault", "target": device.code, "fault": fault}, NOW)


def snmp(city: City, device: Device, oid: str, now: float = NOW) -> int | bytes:
    name = ber.oid_body(parse_oid(oid))
    binding = ber.tlv(ber.SEQUENCE, ber.tlv(ber.OBJECT_ID, name) + ber.NULL_VALUE)
    body = ber.integer(7) + ber.integer(0) + ber.integer(0) + ber.tlv(ber.SEQUENCE, binding)
    reply = agent.answer(city, device, agent.message(device.community, ber.GET, body), now, Counts())
    assert reply
    at = reply.rindex(name) + len(name)
    tag, start, end = ber.take(reply, at, len(reply))
    value = reply[start:end]
    return value if tag == ber.OCTETS else int.from_bytes(value, "big")


def test_prompts_are_of_the_make(folder: Path, tmp_path: Path) -> None:
    city = recall(make_folder(tmp_path, models={"o1-d1-k1-h1-sw1": "DES-1210-28/ME"}))
    seen = {}
    for device in city.world.devices.values():
        if device.make.family in DIALECTS and device.id in city.lit:
            seen.setdefault(device.make.model, set()).add(Person(city, device).login().said.splitlines()[-1])
    forms = {
        "DES-1210-28/ME": r"DES-1210-28/ME:5#|[\w.-]+:5#",
        "DES-3028": r"(?:o\d[\w-]+|DES-3028|127[.\d]+):5#",
        "DES-3550": r"(?:o\d[\w-]+|DES-3550|127[.\d]+):4#",
        "DES-3200-28": r"(?:o\d[\w-]+|DES-3200-28|127[.\d]+):admin#",
        "WS-C3560G-48TS": r"[\w-]+#",
        "S5328C-EI": r"<[\w-]+>",
    }
    for model, form in forms.items():
        assert all(re.fullmatch(form, prompt) for prompt in seen[model]), seen[model]
    assert "DES-1210-28/ME:5#" in seen["DES-1210-28/ME"]
    # A grown network: names, models and addresses in the prompts of one make.
    assert len({re.sub(r"\d+", "9", prompt) for model in seen if "DES" in model for prompt in seen[model]}) > 3


# Levels


@pytest.mark.parametrize(
    ("model", "refused", "raise_", "prompts"),
    [
        ("DES-3526", ("config ports 1 state disable", "Available commands:"), "enable admin", (":3#", ":4#")),
        ("WS-C3560G-48TS", ("configure terminal", "% Invalid input detected"), "enable", (">", "#")),
        ("S5328C-EI", ("system-view", "Error: You do not have permission"), "super", (">", ">")),
    ],
)
def test_a_user_has_few_rights_until_raised(
    city: City, model: str, refused: tuple[str, str], raise_: str, prompts: tuple[str, str]
) -> None:
    person = Person(city, switch(city, model)).login(USER)
    assert person.said.endswith(prompts[0])
    assert refused[1] in person.ask(refused[0])
    person.ask(raise_)
    person.ask("wrong")
    assert refused[1] in person.ask(refused[0])
    person.ask(raise_)
    assert "enable-city" not in person.ask("enable-city")
    assert person.said.endswith(prompts[1]) and refused[1] not in person.ask(refused[0])


@pytest.mark.parametrize("model", MAKES)
def test_a_wrong_password_is_told_and_three_are_enough(city: City, model: str) -> None:
    person = Person(city, switch(city, model))
    person.terminal.start()
    for _ in range(3):
        assert not person.hung_up
        person.type("uzel\r\nguess\r\n")
    assert person.hung_up and "guess" not in person.said
    assert not person.terminal.session.shells.sessions


# Typing


def test_typing_ahead_rubbing_out_and_short_words(city: City) -> None:
    person = Person(city, switch(city, "DES-3526")).login()
    assert "Device Type" in person.ask("sh swx\x7f")
    assert "Device Type" in person.ask("rubbish\x03show switch")
    person = Person(city, switch(city, "WS-C3560G-48TS")).login()
    assert "is up" in person.ask("sh int gi 0/1")
    person = Person(city, switch(city, "S5328C-EI")).login()
    assert "GE0/0/1 " in person.ask("dis int br")
    assert person.type("dis ver\r\ndis arp\r\n").count(">") >= 2


@pytest.mark.parametrize("model", MAKES)
def test_rubbish_is_survived(city: City, model: str) -> None:
    person = Person(city, switch(city, model)).login()
    person.type("\r\n" * 3000)
    person.type("".join(map(chr, range(1, 256))) * 20 + "\r\n")
    person.type("show " * 900 + "\r\n")
    person.type("qq\x03\r\n")
    assert MAKES[model].split()[1][:4] in person.ask(MAKES[model])


@pytest.mark.parametrize("model", MAKES)
def test_no_command_of_any_length_breaks_anything(city: City, model: str) -> None:
    for command in DIALECTS[switch(city, model).make.family].commands:
        words = command.form.split()
        if words[0] in ("logout", "quit", "exit", "reboot"):
            continue
        person = Person(city, switch(city, model)).login()
        for size in {1, len(words) - 1, len(words)} - {0}:
            line = " ".join("zz" if word.startswith("<") else word for word in words[:size])
            assert len(person.ask(line, wait=250)) > len(line)
            person.type("n\r\n", wait=5)
        assert not person.hung_up, command.form


# Pages and screens


@pytest.mark.parametrize(
    ("model", "command", "more", "turn"),
    [
        ("DES-3526", "show ports", "a All ", "n"),
        ("WS-C3560G-48TS", "show interfaces", "--More--", " "),
        ("S5328C-EI", "display interface", "---- More ----", " "),
    ],
)
def test_pages_are_turned(city: City, model: str, command: str, more: str, turn: str) -> None:
    device = switch(city, model)
    person = Person(city, device).login()
    first = person.type(command + "\r\n")
    assert more in first and first.count("\n") < 27
    assert more in person.type(turn)
    assert person.type("\r").count("\n") == 1
    assert more not in person.type("q")
    off = {"D": "disable clipaging", "W": "terminal length 0", "S": "screen-length 0 temporary"}[model[0]]
    person.ask(off)
    assert more not in person.ask(command)
    assert more in Person(city, device).login().type(command + "\r\n")


def test_clipaging_is_of_the_whole_d_link(city: City) -> None:
    device = switch(city, "DES-3526")
    shells = Shells(city, lambda notices: None, lambda: NOW)
    Person(city, device, shells).login().ask("disable clipaging")
    second = Person(city, device, shells).login()
    assert "Clipaging          : Disabled" in second.ask("show switch")
    assert "a All" not in second.ask("show ports")


def test_a_screen_refreshes_itself_until_somebody_quits(city: City) -> None:
    device = switch(city, "DES-3200-28")
    port = subscriber(device)
    person = Person(city, device).login()
    screen = person.type(f"show ports {port.shape.name}\r\n")
    assert "100M/Full/None" in screen and screen.endswith("r Refresh\x1b[0m")
    commands.run(city, {"do": "fault", "target": port.code, "fault": "no-link"}, NOW)
    before = len(person.said)
    person.wait(REFRESH_S + 0.1)
    assert "Link Down" in person.said[before:] and "100M/Full" not in person.said[before:]
    assert person.type("q").endswith("#")
    before = len(person.said)
    person.wait(60)
    assert person.said[before:] == ""
    first = person.type("show ports\r\n")
    assert "28 " not in first and "28 " in person.type("nnnn")


# Questions


def test_questions_are_asked(city: City) -> None:
    cisco = Person(city, switch(city, "WS-C3560G-48TS")).login()
    assert cisco.type("clear counters gi0/1\r\n").endswith("[confirm]")
    assert cisco.type("\r").endswith("#")
    assert cisco.type("copy run start\r\n").endswith("[startup-config]? ")
    assert "[OK]" in cisco.type("\r\n", wait=2)
    huawei = Person(city, switch(city, "S5328C-EI")).login()
    assert huawei.type("save\r\n").endswith("[Y/N]")
    assert "Save" not in huawei.type("n\r\n", wait=5)
    huawei.type("save\r\n")
    assert "successfully" in huawei.type("y\r\n", wait=5)
    dlink = Person(city, switch(city, "DES-3526")).login()
    assert "Done." in dlink.ask("save")
    assert "Configuration saved to flash" in dlink.ask("show log")


# The same state as SNMP


def test_a_change_here_shows_there(city: City) -> None:
    for model, down, up in (
        ("DES-3526", "config ports {} state disable", "config ports {} state enable"),
        ("WS-C3560G-48TS", "conf t\r\nint {}\r\nshutdown\r\nend", "conf t\r\nint {}\r\nno shutdown\r\nend"),
        ("S5328C-EI", "system\r\nint {}\r\nshutdown\r\nreturn", "system\r\nint {}\r\nundo shutdown\r\nreturn"),
    ):
        device = switch(city, model)
        person = Person(city, device).login()
        port = next(p for p in device.ports if p.shape.base_port and not p.shape.is_uplink and not p.link)
        admin, oper = (f"1.3.6.1.2.1.2.2.1.{column}.{port.shape.if_index}" for column in (7, 8))
        was_up = snmp(city, device, oper)
        person.type(down.format(port.shape.name) + "\r\n")
        assert (snmp(city, device, admin), snmp(city, device, oper)) == (2, 2), model
        person.type(up.format(port.shape.name) + "\r\n")
        assert (snmp(city, device, admin), snmp(city, device, oper)) == (1, was_up), model


def test_descriptions_are_the_alias_and_outlive_the_process(city: City, folder: Path) -> None:
    for model, command in (
        ("DES-3526", 'config ports {} description "flat 14"'),
        ("WS-C3560G-48TS", "conf t\r\nint {}\r\ndescription flat 14\r\nend"),
        ("S5328C-EI", "system\r\nint {}\r\ndescription flat 14\r\nreturn"),
    ):
        device = switch(city, model)
        port = next(p for p in device.ports if p.shape.base_port and not p.far)
        Person(city, device).login().type(command.format(port.shape.name) + "\r\n")
        assert snmp(city, device, f"1.3.6.1.2.1.31.1.1.1.18.{port.shape.if_index}") == b"flat 14"
        memory.save(city)
        again = memory.recall(load(folder), NOW, Pace())
        assert again.world.ports[port.code].note == "flat 14"


def test_who_clears_what_snmp_shows(city: City) -> None:
    dlink, cisco = switch(city, "DES-3526"), switch(city, "WS-C3560G-48TS")
    port = subscriber(dlink)
    octets = f"1.3.6.1.2.1.31.1.1.1.6.{port.shape.if_index}"
    assert int(snmp(city, dlink, octets)) > 0
    Person(city, dlink).login().ask(f"clear counters ports {port.shape.name}")
    assert snmp(city, dlink, octets) == 0
    linked = next(p for p in cisco.ports if p.link and p.oper)
    octets = f"1.3.6.1.2.1.31.1.1.1.6.{linked.shape.if_index}"
    person = Person(city, cisco).login()
    before = snmp(city, cisco, octets)
    person.type(f"clear counters {linked.shape.name}\r\n\r")
    assert snmp(city, cisco, octets) == before
    assert " 0 packets input, 0 bytes" in person.ask(f"show int {linked.shape.name} | include packets")


def test_a_blocked_client_is_let_through(city: City) -> None:
    device = switch(city, "DES-3526")
    port = subscriber(device)
    commands.run(city, {"do": "fault", "target": port.code, "fault": "binding-blocked"}, NOW)
    person = Person(city, device).login()
    mac = "-".join(port.stations[0][0][n : n + 2] for n in range(0, 12, 2))
    assert "BlockByAddrBind" in person.ask("show fdb port " + port.shape.name)
    assert "Fail" in person.ask("delete address_binding blocked vlan_name v1 mac_address 00-00-00-00-00-01")
    assert "Success" in person.ask(f"delete address_binding blocked vlan_name v1 mac_address {mac}")
    assert "binding-blocked" not in port.faults
    assert "Dynamic" in person.ask("show fdb port " + port.shape.name)


def test_a_restart_hangs_up(city: City) -> None:
    device = switch(city, "DES-3200-28")
    person = Person(city, device).login()
    dynamics.add_fault(city, device, parse("reboot", NOW), NOW)
    person.now += 60
    city.tick(person.now)
    person.type("show switch\r\n")
    assert person.hung_up and "Device Type" not in person.said


def test_nobody_stays_for_ever(city: City) -> None:
    person = Person(city, switch(city, "DES-3526")).login()
    person.wait(601)
    assert person.hung_up and not person.terminal.session.shells.sessions


# What goes wrong

SPOILED = {name for name, kind in FAULTS.items() if name.startswith("cli-")}


@pytest.mark.parametrize("model", MAKES)
def test_sessions_go_wrong_as_told(city: City, model: str) -> None:
    device = switch(city, model)
    whole = Person(city, device).login().ask(MAKES[model])
    seen: set[str] = set()

    def spoiled(fault: str) -> Person:
        seen.add(fault.partition("=")[0])
        commands.run(city, {"do": "heal", "target": device.code}, NOW)
        do(city, device, fault)
        return Person(city, device).login()

    person = spoiled("cli-hang")
    half = person.ask(MAKES[model], wait=3600 / 7)
    assert 20 < len(half) < len(whole) and whole.startswith(half[:-30]) and not person.hung_up
    assert person.type("\r\n") == ""
    assert spoiled("cli-close-after-login").hung_up
    person = spoiled("cli-password-expired")
    assert person.said.endswith("Enter new password:") and not person.hung_up
    person.type("another\r\n")
    assert person.hung_up
    answer = spoiled("cli-log-noise").ask(MAKES[model])
    assert (len(answer) > len(whole) and "link up" in answer) or "changed state" in answer or "UP state" in answer
    person = spoiled("cli-wrong-host")
    assert person.said.splitlines()[-1] != whole.splitlines()[-1]
    person = spoiled("cli-flood=1")
    assert 1_000_000 < len(person.ask(MAKES[model])) < 1_200_000
    person = spoiled("cli-prompt-change")
    first = person.said.splitlines()[-1]
    person.ask(MAKES[model])
    assert person.said.splitlines()[-1] != first and "-spare" in person.said.splitlines()[-1]
    person = spoiled("cli-locked")
    changes = {"D": "config ports 1 state enable", "W": "configure terminal", "S": "system-view"}
    before = person.said.splitlines()[-1]
    answer = person.ask(changes[model[0]])
    assert ("locked" in answer or "being configured by" in answer) and answer.splitlines()[-1] == before
    person = spoiled("cli-deaf")
    port = next(port for port in device.ports if port.shape.base_port and "admin-down" not in port.faults)
    switch_port(person.terminal.session, port, on=False)
    assert "admin-down" not in port.faults
    person = spoiled("cli-slow=3")
    assert len(person.type(MAKES[model] + "\r\n")) < 60
    person.wait(2.9)
    assert len(person.said.splitlines()[-1]) < 60
    person.wait(0.2)
    assert person.said.splitlines()[-1] == whole.splitlines()[-1]
    assert seen == SPOILED


def test_slowness_is_set_for_all(city: City) -> None:
    device = switch(city, "DES-3526")
    person = Person(city, device)
    person.terminal.session.shells.delay_s = 2.0
    person.login()
    assert "Device Type" not in person.type("show switch\r\n")
    assert "Device Type" in person.type("", wait=4)


# Telnet


@given(st.binary(max_size=40), st.lists(st.integers(1, 39), max_size=6))
def test_telnet_commands_are_taken_out_wherever_the_stream_is_cut(data: bytes, cuts: list[int]) -> None:
    whole = Commands().split(data)
    parts, held = Commands(), sorted(set(cuts))
    typed = answered = b""
    for start, end in zip([0, *held], [*held, len(data)], strict=True):
        a, b = parts.split(data[start:end])
        typed, answered = typed + a, answered + b
    assert (typed, answered) == whole


def test_telnet_refuses_what_it_does_not_know() -> None:
    commands_ = Commands()
    assert commands_.split(b"a\xff\xfd\x22b\xff\xfb\x18c\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0d\xff\xffe") == (
        b"abcd\xffe",
        b"\xff\xfc\x22\xff\xfe\x18",
    )
    assert ADMIN != USER


def test_a_tight_system_gets_a_city_without_command_lines(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    most = 400

    def allow(count: int) -> None:
        if count > most:
            raise serve.CannotServe("too many")

    started: list[float | None] = []
    monkeypatch.setattr(serve, "allow_sockets", allow)
    monkeypatch.setattr(serve.uvloop, "run", lambda running: running.close())
    monkeypatch.setattr(serve, "serve", lambda serving, sock, ready: started.append(serving.cli_delay_s) or closing())
    serve.main(folder, tmp_path / "city.sock")
    most = 10_000
    serve.main(folder, tmp_path / "city.sock")
    assert started == [None, 0.0] and "no command lines: too many" in caplog.text


async def closing() -> None:
    """Nothing to serve."""


def test_what_ends_is_told(city: City) -> None:
    device = switch(city, "DES-3526")
    port = subscriber(device)
    for fault in ("storm", "loop"):
        commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, NOW)
    words = {notice.word for notice in commands.run(city, {"do": "heal", "target": port.code}, NOW).notices}
    assert {dynamics.Word.STORM_GONE, dynamics.Word.LOOP_GONE} <= words
    device.log += [(NOW, word, port, "") for word in sorted(words)]
    log = Person(city, device).login()
    log.ask("disable clipaging")
    said = log.ask("show log")
    assert f"Broadcast storm has cleared (port: {port.shape.name})" in said.replace("\n\r", "")
    assert f"Port {port.shape.name} LBD port recovered" in said
