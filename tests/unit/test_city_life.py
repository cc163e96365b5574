"""The simulated city: the same from the same seed, and true to the rules of light and power."""

import csv
import filecmp
from pathlib import Path

import pytest

from uzel.simcity import commands, memory, notices, plan
from uzel.simcity.commands import Refused
from uzel.simcity.dynamics import City, Pace, Word
from uzel.simcity.plan_network import CityTooSmall
from uzel.simcity.world import load

NOW = 1_800_000_000.0
PACE = Pace(battery_s=100.0, recharge_s=200.0, boot_s=5.0)
HOUSE = "o1-d1-k1-h1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    plan.generate(folder, seed=7, switches=40, subscribers=600, net=20)
    return folder


@pytest.fixture
def city(folder: Path) -> City:
    (folder / memory.FILE).unlink(missing_ok=True)
    return memory.recall(load(folder), NOW, PACE)


def do(city: City, now: float = NOW, **command: object) -> commands.Done:
    return commands.run(city, dict(command), now)


def is_lit(city: City, code: str) -> bool:
    return city.world.by_code[code].id in city.lit


def answers(city: City, code: str) -> bool:
    return city.world.by_code[code].id in city.answers


def test_same_seed_same_bytes(folder: Path, tmp_path: Path) -> None:
    plan.generate(tmp_path, seed=7, switches=40, subscribers=600, net=20)
    names = [path.name for path in tmp_path.iterdir()]
    _, different, missing = filecmp.cmpfiles(folder, tmp_path, names, shallow=False)
    assert len(names) == 10
    assert not different and not missing
    plan.generate(tmp_path, seed=8, switches=40, subscribers=600, net=20)
    assert not filecmp.cmp(folder / "subscribers.csv", tmp_path / "subscribers.csv", shallow=False)


@pytest.mark.parametrize(
    ("switches", "subscribers"), [(5, 20), (10, 120), (40, 600), pytest.param(160, 20000, marks=pytest.mark.slow)]
)
def test_sizes_are_kept_and_references_hold(tmp_path: Path, switches: int, subscribers: int) -> None:
    plan.generate(tmp_path, switches=switches, subscribers=subscribers, net=20)
    rows = {path.stem: list(csv.DictReader(path.open(encoding="utf-8"))) for path in tmp_path.glob("*.csv")}
    devices = {row["code"] for row in rows["devices"]}
    ports = {(row["device"], row["name"]) for row in rows["ports"]}
    assert sum(row["kind"] == "switch" for row in rows["devices"]) == switches
    assert len(rows["subscribers"]) == subscribers == len({row["account"] for row in rows["subscribers"]})
    taken = [(row[f"{end}_device"], row[f"{end}_port"]) for row in rows["links"] for end in "ab" if row[f"{end}_port"]]
    assert len(taken) == len(set(taken)) and set(taken) <= ports
    assert {row["device"] for row in rows["services"]} <= devices
    used = {(row["device"], row["port"]) for row in rows["services"] if row["port"]}
    assert used <= ports and not used & set(taken)
    macs = [row["mac"] for row in rows["services"] if row["mac"]]
    assert len(macs) == len(set(macs))


def test_too_small() -> None:
    with pytest.raises(CityTooSmall):
        plan.generate(Path("never"), switches=3)


def test_healthy_city_is_all_lit(city: City) -> None:
    assert city.lit >= set(city.world.devices)
    assert all(device.id in city.answers for device in city.world.devices.values() if device.address)


def test_cut_darkens_what_is_behind_and_both_ports_go_down(city: City) -> None:
    link = next(code for code in city.world.link_codes if code.endswith(f"--{HOUSE}-or1"))
    do(city, do="cut", link=link)
    assert not is_lit(city, f"{HOUSE}-or1")
    assert answers(city, f"{HOUSE}-or1"), "a receiver without light still answers through its switch"
    number = next(
        n for n, (c, a, _, _, b) in city.world.links.items() if a and b == city.world.by_code[f"{HOUSE}-sw1"].id
    )
    _, a, b, _, _ = city.world.links[number]
    assert a and b and a.oper and b.oper
    done = do(city, NOW + 50, do="cut", link=city.world.links[number][0])
    assert not a.oper and not b.oper and a.changed_at == NOW + 50
    told = [(notice.word, notice.port.code) for notice in done.notices if notice.port]
    assert (Word.LINK_DOWN, a.code) in told and (Word.LINK_DOWN, b.code) in told


def test_ring_of_districts_keeps_light(city: City) -> None:
    first = next(code for code in city.world.link_codes if code.startswith("o1-core1--o1-d1-agg1"))
    done = do(city, do="cut", link=first)
    assert "went_dark" not in done.answer
    others = [code for code in city.world.link_codes if "o1-d1-agg1" in code and code != first]
    dark = [code for link in others for code in do(city, do="cut", link=link).answer.get("went_dark", [])]
    assert "o1-d1-agg1" in dark


def test_house_falls_with_its_mains_and_boots_anew(city: City) -> None:
    switch = city.world.by_code[f"{HOUSE}-sw1"]
    old = switch.booted_at
    do(city, do="mains", site=HOUSE, on=False)
    assert not is_lit(city, switch.code) and not answers(city, switch.code)
    do(city, NOW + 10, do="mains", site=HOUSE, on=True)
    assert not is_lit(city, switch.code), "it takes time to start"
    notices = city.tick(NOW + 30)
    assert is_lit(city, switch.code) and switch.booted_at == NOW + 10 > old
    assert any(n.word is Word.COLD_START and n.device is switch for n in notices)


def test_cut_line_keeps_uptime(city: City) -> None:
    switch = city.world.by_code[f"{HOUSE}-sw1"]
    old = switch.booted_at
    link = next(code for code in city.world.link_codes if code.endswith(f"--{switch.code}") and "-or1" not in code)
    do(city, do="cut", link=link)
    do(city, NOW + 10, do="heal", target=link)
    assert switch.booted_at == old


def test_ups_holds_the_campus_until_it_is_empty(city: City) -> None:
    campus, ups = city.world.by_code["o1-d1-k1-sw1"], city.world.by_code["o1-d1-k1-ups1"]
    done = do(city, do="mains", site="o1-d1-k1", on=False)
    assert [n.word for n in done.notices if n.device is ups] == [Word.ON_BATTERY]
    assert city.on_battery(ups.id) and is_lit(city, campus.code)
    runtime = city.full_runtime(ups)
    assert city.charge(ups.id, NOW + runtime / 2) == pytest.approx(0.5)
    assert any(n.word is Word.LOW_BATTERY for n in city.tick(NOW + 0.9 * runtime))
    city.tick(NOW + runtime + 1)
    assert not is_lit(city, campus.code) and not answers(city, ups.code)
    do(city, NOW + runtime + 60, do="mains", site="o1-d1-k1", on=True)
    city.tick(NOW + runtime + 90)
    assert is_lit(city, campus.code) and campus.booted_at == NOW + runtime + 60


def test_area_takes_all_its_sites(city: City) -> None:
    area = city.world.site_area[HOUSE]
    do(city, do="mains", site=HOUSE, on=False, area=True)
    houses = [s for s, a in city.world.site_area.items() if a == area and "-h" in s]
    assert len(houses) > 1
    assert not any(is_lit(city, f"{site}-sw1") for site in houses)


def test_kill_snmp_dead_hang(city: City) -> None:
    code = f"{HOUSE}-sw1"
    wire = city.world.links[next(n for n, v in city.world.links.items() if v[4] == city.world.by_code[code].id)][1]
    assert wire
    do(city, do="fault", target=code, fault="snmp-dead")
    assert is_lit(city, code) and not answers(city, code)
    do(city, do="heal", target=code)
    do(city, do="fault", target=code, fault="hang")
    assert not is_lit(city, code) and not answers(city, code) and wire.oper
    do(city, do="heal", target="all")
    do(city, do="kill", device=code)
    assert not is_lit(city, code) and not wire.oper


def test_heal_all_gives_the_city_back(city: City) -> None:
    for command in (
        {"do": "mains", "site": "o1", "on": False, "area": True},
        {"do": "kill", "device": "o1-d1-agg1"},
        {"do": "fault", "target": f"{HOUSE}-sw1:1", "fault": "flapping"},
        {"do": "fault", "target": "centre-core1", "fault": "reboot"},
    ):
        do(city, **command)
    do(city, NOW + 20, do="heal", target="all")
    city.tick(NOW + 60)
    assert city.lit >= set(city.world.devices) and not commands.faults_in_force(city)


def test_faults_outlive_the_process(city: City, folder: Path) -> None:
    do(city, do="kill", device=f"{HOUSE}-sw1")
    do(city, do="fault", target="o1-d1-k1-h2-sw1:3", fault="cable-open-at=31m")
    memory.save(city)
    again = memory.recall(load(folder), NOW + 100, PACE)
    assert commands.faults_in_force(again) == commands.faults_in_force(city)
    assert again.lit == city.lit and again.epoch == city.epoch


def test_a_fault_keeps_its_time_over_a_restart(city: City, folder: Path) -> None:
    code = next(p.code for d in city.world.devices.values() for p in d.ports if p.stations and not p.far)
    do(city, NOW + 50, do="fault", target=code, fault="no-link")
    memory.save(city)
    again = memory.recall(load(folder), NOW + 900, PACE)
    assert again.world.ports[code].changed_at == NOW + 50


def test_the_switch_tells_that_a_loop_is_gone(city: City) -> None:
    port = next(p for d in city.world.devices.values() for p in d.ports if p.stations and d.make.family == "dlink")
    do(city, do="fault", target=port.code, fault="loop")
    (notice,) = do(city, do="heal", target=port.code).notices
    (line,) = notices.syslog(notice, NOW, 1)
    assert line.endswith(b"Port %d LBD port recovered. Loop detection restarted" % port.shape.base_port)


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        ({"do": "kill", "device": "o1-d1-k1-h1-sv1"}, "o1-d1-k1-h1-sw1"),
        ({"do": "fault", "target": f"{HOUSE}-sw1:1", "fault": "error"}, "errors"),
        ({"do": "mains", "site": "o1-d1-k1-h", "on": False}, HOUSE),
        ({"do": "cut", "link": f"{HOUSE}-or1"}, f"o1-d1-k1-sp1--{HOUSE}-or1"),
        ({"do": "fault", "target": f"{HOUSE}-sw1", "fault": "low-light"}, "hang"),
    ],
)
def test_unknown_names_are_answered_with_near_ones(city: City, command: dict[str, object], meant: str) -> None:
    with pytest.raises(Refused) as error:
        do(city, **command)
    assert meant in error.value.near
