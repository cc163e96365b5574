"""The agents of the city: what each fault looks like by SNMP, and what garbage does to them."""

import random
from pathlib import Path

import pytest

from uzel.drivers import ber
from uzel.drivers.ber import parse_oid
from uzel.simcity import agent, commands, memory, notices, plan
from uzel.simcity.agent import Counts
from uzel.simcity.dynamics import City, Notice, Pace, Word
from uzel.simcity.faults import FAULTS, Target
from uzel.simcity.mib import Asked
from uzel.simcity.traffic import flowed
from uzel.simcity.trees import tree_of
from uzel.simcity.world import Device, Port, load

NOW = 1_800_000_000.0
IF, IFX, DOT3 = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.2.1.10.7.2.1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    plan.generate(folder, seed=3, switches=40, subscribers=900, net=20)
    return folder


@pytest.fixture
def city(folder: Path) -> City:
    (folder / memory.FILE).unlink(missing_ok=True)
    return memory.recall(load(folder), NOW, Pace())


def request(oid: str | bytes, community: bytes, pdu: int = ber.GET, first: int = 0, second: int = 0) -> bytes:
    name = oid if isinstance(oid, bytes) else ber.oid_body(parse_oid(oid))
    binding = ber.tlv(ber.SEQUENCE, ber.tlv(ber.OBJECT_ID, name) + ber.NULL_VALUE)
    body = ber.integer(77) + ber.integer(first) + ber.integer(second) + ber.tlv(ber.SEQUENCE, binding)
    return agent.message(community, pdu, body)


def bindings(reply: bytes) -> list[tuple[bytes, int, bytes]]:
    _, at, end = ber.take(reply, 0, len(reply))
    for _ in range(2):
        _, _, at = ber.take(reply, at, end)
    _, at, end = ber.take(reply, at, end)
    for _ in range(3):
        _, _, at = ber.take(reply, at, end)
    _, at, end = ber.take(reply, at, end)
    found = []
    while at < end:
        _, start, at = ber.take(reply, at, end)
        _, name, stop = ber.take(reply, start, at)
        tag, value, value_end = ber.take(reply, stop, at)
        found.append((reply[name:stop], tag, reply[value:value_end]))
    return found


def get(city: City, device: Device, oid: str, now: float = NOW) -> int | bytes | None:
    reply = agent.answer(city, device, request(oid, device.community), now, Counts())
    assert reply
    [(_, tag, value)] = bindings(reply)
    if tag >= 0x80:
        return None
    return value if tag in (ber.OCTETS, ber.OBJECT_ID) else int.from_bytes(value, "big", signed=True)


def column(city: City, device: Device, oid: str) -> list[bytes]:
    tree, asked, prefix = tree_of(device.make.model), Asked(city, device, NOW, 0, flowed(NOW)), parse_oid(oid)
    found = []
    for name, value in tree.after(asked, prefix):
        if not name.startswith(ber.oid_body(prefix)):
            break
        found.append(value)
    return found


@pytest.fixture
def port(city: City) -> Port:
    return next(
        port
        for port in city.world.ports.values()
        if port.stations and not port.far and "-h" in port.device.code and port.shape.speed_mbps == 100
    )


def gigabit(city: City) -> Port:
    ports = city.world.ports.values()
    return next(p for p in ports if p.stations and p.shape.speed_mbps == 1000 and not p.shape.is_uplink)


def look(city: City, port: Port) -> dict[str, int | bytes | None]:
    n, device = port.shape.if_index, port.device
    grown = {
        name: int(get(city, device, oid, NOW + 60) or 0) - int(get(city, device, oid, NOW) or 0)
        for name, oid in (("errors", f"{IF}.14.{n}"), ("crc", f"{DOT3}.3.{n}"), ("octets", f"{IFX}.6.{n}"))
    }
    macs = sum(1 for value in column(city, device, "1.3.6.1.2.1.17.4.3.1.2") if value == ber.integer(n))
    return {
        "admin": get(city, device, f"{IF}.7.{n}"),
        "oper": get(city, device, f"{IF}.8.{n}"),
        "speed": get(city, device, f"{IFX}.15.{n}"),
        "duplex": get(city, device, f"{DOT3}.19.{n}"),
        "macs": macs,
        **grown,
    }


UP = {"admin": 1, "oper": 1, "speed": 100, "duplex": 3, "errors": 0}
DOWN = {"admin": 1, "oper": 2}
SEEN: dict[str, dict[str, int]] = {
    "no-link": DOWN,
    "admin-down": {"admin": 2, "oper": 2},
    "slow": {"oper": 1, "speed": 10},
    "half-duplex": {"oper": 1, "duplex": 2},
    "errors=20": {"oper": 1, "errors": 1200, "crc": 1200},
    "no-mac": {"oper": 1, "macs": 0, "octets": 0},
    "wrong-mac": {"oper": 1, "macs": 1},
    "flapping": DOWN,
    "cable-open-at=31m": DOWN,
    "cable-short-at=3m": DOWN,
    "far-end-off": DOWN,
    "storm": {"oper": 1, "errors": 0},
    "binding-blocked": {"oper": 1, "macs": 0},
    "iptv-no-groups": UP,
}


@pytest.mark.parametrize(("fault", "seen"), SEEN.items())
def test_fault_shows(city: City, port: Port, fault: str, seen: dict[str, int]) -> None:
    healthy = look(city, port)
    assert healthy.items() >= UP.items() and healthy["macs"] == len(port.stations) and int(healthy["octets"] or 0) > 0
    commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, NOW)
    assert look(city, port).items() >= seen.items()
    commands.run(city, {"do": "heal", "target": port.code}, NOW)
    assert look(city, port).items() >= UP.items()


def test_crowds_and_loops_show(city: City, port: Port) -> None:
    quiet = look(city, port)
    for fault, most in (("many-macs=24", 24), ("loop", 7)):
        commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, NOW)
        assert look(city, port)["macs"] == most + len(port.stations)
        if fault == "loop":
            assert int(look(city, port)["octets"] or 0) > 5 * int(quiet["octets"] or 1)
        commands.run(city, {"do": "heal", "target": port.code}, NOW)


def test_faults_of_gigabit_and_of_fibre_show(city: City, port: Port) -> None:
    for fault in ("two-pairs", "weak-optics"):
        with pytest.raises(commands.Refused, match=r"is a fault of a (gigabit copper|fibre) port"):
            commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, NOW)
    ports = city.world.ports.values()
    fast = gigabit(city)
    commands.run(city, {"do": "fault", "target": fast.code, "fault": "two-pairs"}, NOW)
    assert look(city, fast).items() >= {"oper": 1, "speed": 100, "duplex": 3}.items()
    # A cord of copper in the hole of an uplink has no light to be weak.
    cord = next(p for p in ports if p.copper and p.shape.is_uplink)
    with pytest.raises(commands.Refused, match="is a fault of a fibre port"):
        commands.run(city, {"do": "fault", "target": cord.code, "fault": "weak-optics"}, NOW)
    uplinks = (p for p in ports if p.link and p.shape.is_uplink and not p.copper)
    fibre = next(p for p in uplinks if p.device.make.family == "dlink")
    oid = f"1.3.6.1.4.1.171.12.72.2.1.1.1.6.{fibre.shape.base_port}"
    healthy = get(city, fibre.device, oid)
    commands.run(city, {"do": "fault", "target": fibre.code, "fault": "weak-optics=-30"}, NOW)
    assert isinstance(healthy, bytes) and float(healthy) > 0.01
    assert get(city, fibre.device, oid) == b"   0.0010" and look(city, fibre)["errors"] == 360


@pytest.mark.parametrize("fault", ["slow", "half-duplex", "two-pairs"])
def test_a_link_that_agrees_on_another_speed_comes_up_anew(city: City, port: Port, fault: str) -> None:
    """ifLastChange (RFC 2863) is the moment of it, and the switch sends linkDown and linkUp; so when it heals."""
    if fault == "two-pairs":
        port = gigabit(city)
    name, traps = f"{IF}.9.{port.shape.if_index}", [f"1.3.6.1.6.3.1.1.5.{n}" for n in (3, 4)]
    for now, words in ((NOW, {"do": "fault", "fault": fault}), (NOW + 50, {"do": "heal"})):
        assert int(get(city, port.device, name, now) or 0) < (now - port.device.booted_at) * 100 - 1000
        done = commands.run(city, {"target": port.code} | words, now)
        assert get(city, port.device, name, now) == int((now - port.device.booted_at) * 100)
        told = [notices.trap(city, notice, now, 1) for notice in done.notices if notice.port is port]
        assert [bindings(packet)[1][2] for packet in told if packet] == [ber.oid_body(parse_oid(t)) for t in traps]
    again = [commands.run(city, {"do": "fault", "target": port.code, "fault": fault}, NOW + 60 + n) for n in (0, 1)]
    assert [bool(done.notices) for done in again] == [True, False]


def test_every_port_fault_is_tried() -> None:
    tried = {fault.partition("=")[0] for fault in SEEN} | {"many-macs", "loop", "two-pairs", "weak-optics"}
    assert tried == {name for name, kind in FAULTS.items() if kind.target is Target.PORT}


def test_receiver_and_ups_faults_show(city: City) -> None:
    receivers = {d.make.model: d for d in city.world.devices.values() if d.kind == "optical_receiver"}
    commands.run(city, {"do": "fault", "target": receivers["VS5793"].code, "fault": "low-light=-12.5"}, NOW)
    assert get(city, receivers["VS5793"], "1.3.6.1.4.1.34652.6.1.1.2.1") == -125
    ups = next(d for d in city.world.devices.values() if d.make.family == "ups-apc")
    commands.run(city, {"do": "fault", "target": ups.code, "fault": "battery-low"}, NOW)
    assert get(city, ups, "1.3.6.1.4.1.318.1.1.1.2.2.4.0") == 2
    assert get(city, ups, "1.3.6.1.4.1.318.1.1.1.2.2.1.0") == 6


def test_missing_objects_are_named_as_the_standard_says(city: City, port: Port) -> None:
    device = port.device
    for oid, tag in (("1.3.6.1.2.1.2.2.1.8.999", 0x81), ("1.3.6.1.9.9", 0x80)):
        reply = agent.answer(city, device, request(oid, device.community), NOW, Counts())
        assert reply and bindings(reply)[0][1] == tag
    reply = agent.answer(city, device, request("2.5", device.community, ber.GET_NEXT), NOW, Counts())
    assert reply and bindings(reply)[0][1] == 0x82


def test_bulk_fits_a_frame(city: City, port: Port) -> None:
    device = port.device
    reply = agent.answer(city, device, request(IF, device.community, ber.GET_BULK, 0, 5000), NOW, Counts())
    assert reply and len(reply) <= agent.MAX_MESSAGE and len(bindings(reply)) > 30


ALIAS = "1.3.6.1.2.1.31.1.1.1.18"


def write(city: City, device: Device, *wanted: tuple[str, bytes], community: bytes = b"") -> tuple[int, int] | None:
    """(error-status, error-index) of a SET, whose reply has the bindings as they were sent; None for silence."""
    pairs = b"".join(ber.tlv(ber.SEQUENCE, ber.object_id(parse_oid(oid)) + value) for oid, value in wanted)
    pdu = ber.integer(78) + ber.integer(0) + ber.integer(0) + ber.tlv(ber.SEQUENCE, pairs)
    packet = agent.message(community or device.write_community, ber.SET, pdu)
    reply = agent.answer(city, device, packet, NOW, Counts())
    if reply is None:
        return None
    _, at, end = ber.take(reply, 0, len(reply))
    for _ in range(2):
        _, _, at = ber.take(reply, at, end)
    _, at, end = ber.take(reply, at, end)
    numbers = []
    for _ in range(3):
        number, at = ber.take_integer(reply, at, end)
        numbers.append(number)
    assert numbers[0] == 78
    assert numbers[1] == 1 or bindings(reply) == bindings(packet)
    return numbers[1], numbers[2]


def test_set_switches_a_port_and_names_it(city: City, port: Port) -> None:
    device, index = port.device, port.shape.if_index
    assert write(city, device, (f"{IF}.7.{index}", ber.integer(2)), (f"{ALIAS}.{index}", ber.octets("flat 7"))) == (
        0,
        0,
    )
    assert get(city, device, f"{IF}.7.{index}") == 2 and get(city, device, f"{ALIAS}.{index}") == b"flat 7"
    assert get(city, device, f"{IF}.8.{index}") == 2
    assert write(city, device, (f"{IF}.7.{index}", ber.integer(1))) == (0, 0)
    assert get(city, device, f"{IF}.7.{index}") == 1
    assert write(city, device) == (0, 0)
    memory.save(city)
    again = memory.recall(load(city.world.folder), NOW, Pace())
    assert get(again, again.world.by_code[device.code], f"{ALIAS}.{index}") == b"flat 7"


def test_set_tells_why_not_and_then_changes_nothing(city: City, port: Port) -> None:
    device, index = port.device, port.shape.if_index
    admin, alias, good = f"{IF}.7.{index}", f"{ALIAS}.{index}", (f"{ALIAS}.{index}", ber.octets("never"))
    refused = {
        (admin, ber.integer(3)): 10,
        (admin, ber.integer(2**31)): 9,
        (admin, b"\x02\x00"): 9,
        (admin, ber.octets("2")): 7,
        (admin, ber.gauge32(2)): 7,
        (alias, ber.integer(2)): 7,
        (alias, ber.octets("x" * 65)): 8,
        (alias, ber.octets("a\nb")): 10,
        (alias, ber.octets(b"\xff\xfe")): 10,
        (f"{IF}.7.9999", ber.integer(2)): 11,
        (f"{ALIAS}.9999", ber.octets("x")): 11,
        (f"{ALIAS}.{index}.1", ber.octets("x")): 11,
        (f"{IF}.8.{index}", ber.integer(2)): 17,
        ("1.3.6.1.2.1.1.3.0", ber.ticks(0)): 17,
        ("1.3.6.1.9.9", ber.integer(1)): 17,
    }
    before = get(city, device, alias)
    for bad, status in refused.items():
        assert write(city, device, good, bad) == (status, 2), bad
        assert write(city, device, bad, good) == (status, 1), bad
    assert write(city, device, *[good] * 200) == (1, 0)
    assert get(city, device, alias) == before and get(city, device, admin) == 1
    assert write(city, device, (alias, ber.octets("x" * 64))) == (0, 0)
    ups = next(d for d in city.world.devices.values() if d.address and not d.ports)
    assert write(city, ups, (f"{IF}.7.1", ber.integer(2))) == (17, 1)


def test_interfaces_that_one_cannot_plug_into_are_not_written(city: City) -> None:
    device = next(d for d in city.world.devices.values() if any(not p.shape.base_port for p in d.ports))
    port = next(p for p in device.ports if not p.shape.base_port)
    assert write(city, device, (f"{IF}.7.{port.shape.if_index}", ber.integer(2))) == (17, 1)


def test_set_needs_the_community_for_writing(city: City, port: Port) -> None:
    device, index = port.device, port.shape.if_index
    off = (f"{IF}.7.{index}", ber.integer(2))
    assert write(city, device, off, community=device.community) == (6, 1)
    assert write(city, device, off, community=b"guess") is None
    assert get(city, device, f"{IF}.7.{index}") == 1
    reply = agent.answer(city, device, request("1.3.6.1.2.1.1.5.0", device.write_community), NOW, Counts())
    assert reply and bindings(reply)[0][2] == device.code.encode()


def test_who_cuts_itself_off_by_set_says_nothing_more(city: City) -> None:
    device = next(d for d in city.world.devices.values() if "-h" in d.code and d.make.family == "dlink")
    for uplink in [p for p in device.ports if p.link]:
        last = write(city, device, (f"{IF}.7.{uplink.shape.if_index}", ber.integer(2)))
    assert last is None and device.id not in city.answers


def test_silence(city: City, port: Port) -> None:
    device, counts = port.device, Counts()
    assert agent.answer(city, device, request("1.3.6.1.2.1.1.3.0", b"guess"), NOW, counts) is None
    assert counts.refused == 1
    commands.run(city, {"do": "kill", "device": device.code}, NOW)
    assert agent.answer(city, device, request("1.3.6.1.2.1.1.3.0", device.community), NOW, counts) is None


def test_cisco_shows_its_fdb_by_vlan(city: City) -> None:
    device = next(d for d in city.world.devices.values() if d.make.family == "cisco")
    for community, tag in ((device.community, None), (device.community + b"@10", ber.OCTETS)):
        oid = request("1.3.6.1.2.1.17.4.3.1.1", community, ber.GET_NEXT)
        reply = agent.answer(city, device, oid, NOW, Counts())
        assert reply
        name, found, _ = bindings(reply)[0]
        inside = name.startswith(ber.oid_body(parse_oid("1.3.6.1.2.1.17.4.3.1.1")))
        assert inside == (tag is not None) and (not inside or found == tag)


def test_hostile_packets_are_counted_never_fatal(city: City, port: Port) -> None:
    rng, device, counts = random.Random(5), port.device, Counts()
    good = request(IF, device.community, ber.GET_BULK, 0, 20)
    written = request(f"{IF}.7.1", device.write_community, ber.SET)
    for at in range(4000):
        packet = bytearray(good if at % 2 else written)
        for _ in range(rng.randint(1, 5)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        agent.answer(city, device, bytes(packet[: rng.randint(0, len(packet))]), NOW, counts)
    for size in (0, 1, 2, 1500, 65507):
        agent.answer(city, device, rng.randbytes(size), NOW, counts)
        agent.answer(city, device, b"\x30\x84\xff\xff\xff\xff" + bytes(size), NOW, counts)
    agent.answer(city, device, b"\x30\x80" * 700, NOW, counts)
    agent.answer(city, device, request(b"\x2b" + b"\xff" * 200, device.community), NOW, counts)
    assert counts.malformed > 1000
    assert get(city, device, "1.3.6.1.2.1.1.5.0") == device.code.encode()


def test_traps_and_syslog_are_in_the_form_of_the_make(city: City) -> None:
    seen = {}
    for device in city.world.devices.values():
        plug = next((port for port in device.ports if port.link), None)
        if plug:
            notice = Notice(Word.LINK_DOWN, device, plug)
            packet = notices.trap(city, notice, NOW, 1)
            assert packet and ber.oid_body(parse_oid("1.3.6.1.6.3.1.1.5.3")) in packet
            seen[device.make.family] = notices.syslog(notice, NOW, 12)[0].decode()
    assert seen["dlink"].startswith("<134>") and seen["dlink"].endswith(" link down")
    assert "%LINK-3-UPDOWN: Interface " in seen["cisco"] and "%%01IFNET/4/IF_STATE(l)[12]:" in seen["huawei"]
