"""A whole network from a folder of CSV files: all of it or nothing, every bad row named."""

import csv
import os
import random
from pathlib import Path

import pytest
from django.db import connection

from uzel.journal.models import Event
from uzel.network.models import Device, DeviceState, Link, Port, PowerFeed, Probe, Site
from uzel.outages.models import WeakPoint
from uzel.simcity.plan import generate
from uzel.subscribers.importing import Diff, bring_in, plan
from uzel.subscribers.importing.csv_folder import Folder
from uzel.subscribers.importing.merge import Merge
from uzel.subscribers.models import Phone, Service, Subscriber

pytestmark = pytest.mark.django_db

SMALL = {
    "mains_areas.csv": "code,name\ntp1,ТП-1\n",
    "sites.csv": "code,name,level,parent,address,mains_area,latitude,longitude\n"
    "c,Центр,centre,,,tp1,57.1,41.2\no1,ОУ,okrug,c,,tp1,,\nh1,Дом,house,o1,ул. Липовая 1,,,\n",
    "access_groups.csv": "code,snmp_community,snmp_port\ng,public,1161\n",
    "devices.csv": "code,site,kind,vendor,model,serial,address,access_group,is_source,managed_via\n"
    "core,c,switch,Cisco,X,1,127.40.0.1,g,1,\nsw,h1,switch,D-Link,Y,2,127.40.0.2,g,0,\n"
    "ups,h1,ups,APC,Z,3,127.40.0.3,g,0,sw\n",
    "ports.csv": "device,name,if_index,speed_mbps,is_uplink\n"
    "core,1,1,1000,0\nsw,1,1,100,0\nsw,2,2,100,0\nsw,25,25,1000,1\n",
    "links.csv": "code,a_device,a_port,b_device,b_port,medium\nl1,core,1,sw,25,fibre\n",
    "power.csv": "consumer,source\nsw,ups\nups,\n",
    "buildings.csv": "code,locality,street,number,site\nb1,Город,Липовая,1,h1\n",
    "subscribers.csv": "account,kind,name,status,building,entrance,floor,flat,phones,note\n"
    "100,person,Ёлкин Пётр,active,b1,1,2,3,8 (910) 123-45-67 22-33-44 112,\n101,business,ООО «Липа»,active,b1,,,,,\n",
    "services.csv": "code,account,kind,device,port,is_active,speed_mbps,ip,mac,vlan\n"
    "s1,100,internet,sw,1,1,100,100.64.0.1,00-1A-2B-3C-4D-5E,10\ns2,100,catv,sw,,1,,,,\ns3,101,iptv,sw,2,1,,,,\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SMALL.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def rewrite(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def reasons(diff: Diff) -> set[tuple[str, int, str, str]]:
    return {(p.file, p.line, p.column, p.reason) for p in diff.problems.examples}


def test_everything_comes_in_once(folder: Path) -> None:
    diff = bring_in(Folder(folder))
    assert diff.applied and not diff.problems.examples
    assert sorted(Phone.objects.values_list("digits", flat=True)) == ["112", "74852223344", "79101234567"]
    assert Service.objects.get(code="s1").mac == "001a2b3c4d5e"
    assert Device.objects.get(code="ups").managed_via == Device.objects.get(code="sw")
    assert Site.objects.get(code="h1").parent == Site.objects.get(code="o1")
    assert Event.objects.filter(name="network.changed").count() == 1
    again = bring_in(Folder(folder))
    assert again.is_empty and again.changes["services"].unchanged == 3
    assert Event.objects.filter(name="network.changed").count() == 1


def test_dry_run_tells_and_changes_nothing(folder: Path) -> None:
    diff = plan(Folder(folder))
    assert (diff.changes["devices"].added, diff.applied, Device.objects.count()) == (3, False, 0)


def test_changes_swap_unique_values(folder: Path) -> None:
    bring_in(Folder(folder))
    rewrite(folder, "devices.csv", "127.40.0.2", "127.40.0.9")
    rewrite(folder, "devices.csv", "127.40.0.3", "127.40.0.2")
    rewrite(folder, "devices.csv", "127.40.0.9", "127.40.0.3")
    rewrite(folder, "ports.csv", "sw,1,1,100,0\nsw,2,2", "sw,1,2,100,0\nsw,2,1")
    diff = bring_in(Folder(folder))
    assert (diff.changes["devices"].changed, diff.changes["ports"].changed) == (2, 2)
    assert Device.objects.get(code="sw").address == "127.40.0.3"
    assert "address: 127.40.0.2 → 127.40.0.3" in str(diff.changes["devices"].examples["changed"])


def test_gone_is_kept_unless_pruned_and_history_stays(folder: Path) -> None:
    bring_in(Folder(folder))
    DeviceState.objects.create(device=Device.objects.get(code="ups"))
    WeakPoint.objects.create(device=Device.objects.get(code="ups"), subscribers=0, devices=1)
    for name, line in (("devices.csv", "ups,h1,ups,APC,Z,3,127.40.0.3,g,0,sw\n"), ("power.csv", "sw,ups\nups,\n")):
        rewrite(folder, name, line, "")
    rewrite(folder, "services.csv", "s3,101,iptv,sw,2,1,,,,\n", "")
    kept = bring_in(Folder(folder))
    assert (kept.changes["devices"].kept, kept.changes["services"].kept, Device.objects.count()) == (1, 1, 3)
    assert not PowerFeed.objects.filter(consumer__code="sw").exists(), "feeds follow their consumer"
    probe = Probe.objects.create(operation="line", device=Device.objects.get(code="ups"))
    held = bring_in(Folder(folder), prune=True)
    assert (held.changes["devices"].kept, held.changes["services"].removed) == (1, 1)
    assert Device.objects.get(code="ups").address == "127.40.0.3"
    probe.delete()
    assert bring_in(Folder(folder), prune=True).changes["devices"].removed == 1


@pytest.mark.parametrize("also_power", [True, False])
def test_strip_goes_with_its_house(folder: Path, also_power: bool) -> None:
    """mains -> strip -> switch: the strip is fed too, and its switch mentions it until the switch is gone."""
    strip = "strip,h1,power_strip,,,,,,0,\n"
    (folder / "devices.csv").write_text(SMALL["devices.csv"] + strip, encoding="utf-8")
    (folder / "power.csv").write_text("consumer,source\nups,\nstrip,\nsw,strip\n", encoding="utf-8")
    assert bring_in(Folder(folder)).applied
    rewrite(folder, "devices.csv", strip, "")
    rewrite(
        folder, "devices.csv", "sw,h1,switch,D-Link,Y,2,127.40.0.2,g,0,\nups,h1,ups,APC,Z,3,127.40.0.3,g,0,sw\n", ""
    )
    (folder / "power.csv").write_text("consumer,source\n", encoding="utf-8")
    if not also_power:
        (folder / "power.csv").unlink()
    for name in ("links.csv", "services.csv"):
        (folder / name).write_text(SMALL[name].split("\n", 1)[0] + "\n", encoding="utf-8")
    (folder / "ports.csv").write_text("device,name,if_index,speed_mbps,is_uplink\ncore,1,1,1000,0\n", encoding="utf-8")
    told = plan(Folder(folder), prune=True)
    assert not told.problems.examples and told.changes["devices"].removed == 3
    done = bring_in(Folder(folder), prune=True)
    assert done.applied and done.changes["devices"].removed == 3
    connection.check_constraints()
    assert list(Device.objects.values_list("code", flat=True)) == ["core"] and not PowerFeed.objects.exists()


def test_dry_run_tells_what_only_the_commit_would_refuse(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Foreign keys are looked at when a transaction ends; the dry run must look before it takes all back."""
    bring_in(Folder(folder))
    monkeypatch.setattr(Merge, "_mentions", lambda *_: [])
    for name in ("devices.csv", "power.csv"):
        (folder / name).write_text(SMALL[name].replace("ups,h1,ups,APC,Z,3,127.40.0.3,g,0,sw\n", ""), encoding="utf-8")
    (folder / "power.csv").unlink()
    for look in (plan, bring_in):
        diff = look(Folder(folder), prune=True)
        problem = diff.problems.examples[0]
        assert not diff.applied and problem.reason == "refused_by_database" and "network_powerfeed" in problem.near


def test_address_of_a_kept_device_is_named(folder: Path) -> None:
    bring_in(Folder(folder))
    rewrite(folder, "devices.csv", "ups,h1", "ups9,h1")
    rewrite(folder, "power.csv", "sw,ups\nups,", "sw,ups9\nups9,")
    diff = bring_in(Folder(folder))
    assert ("devices.csv", 4, "address", "taken_by_kept") in reasons(diff)
    assert not Device.objects.filter(code="ups9").exists()
    assert bring_in(Folder(folder), prune=True).applied


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("sites.csv", "okrug", "quarter", (3, "level", "unknown_level")),
        ("sites.csv", "o1,ОУ,okrug,c", "o1,ОУ,okrug,h1", (3, "parent", "parent_below")),
        ("sites.csv", "o1,ОУ,okrug,c", "o1,ОУ,house,h1", (4, "parent", "cycle")),
        ("sites.csv", "centre,,", "centre,o1,", (2, "parent", "parent_of_centre")),
        ("devices.csv", "127.40.0.2", "127.40.0", (3, "address", "bad_ip")),
        ("devices.csv", "127.40.0.2", "fe80::1%eth0", (3, "address", "bad_ip")),
        ("devices.csv", "127.40.0.2", "127.40.0.2 127.40.0.7", (3, "address", "two_addresses")),
        ("devices.csv", "127.40.0.2", "127.40.0.1", (3, "address", "address_taken")),
        ("devices.csv", "ups,h1,ups,APC", "sw,h1,ups,APC", (4, "address", "two_addresses")),
        ("devices.csv", "sw,h1", "sw,h7", (3, "site", "unknown_reference")),
        ("devices.csv", "0,sw", "0,ups", (4, "managed_via", "cycle")),
        ("ports.csv", "sw,2,2", "sw,2,1", (4, "if_index", "if_index_taken")),
        ("links.csv", "sw,25", "sw,26", (2, "b_port", "unknown_port")),
        ("links.csv", "sw,25", "core,1", (2, "b_device", "link_to_itself")),
        ("power.csv", "ups,\n", "ups,sw\n", (3, "source", "cycle")),
        ("subscribers.csv", "22-33-44", "22-33-4455667788", (2, "phones", "bad_phone")),
        ("subscribers.csv", "101,business", "100,business", (3, "account", "duplicate")),
        ("services.csv", "sw,1,1", "sw,9,1", (2, "port", "unknown_port")),
        ("services.csv", "sw,1,1", "sw,,1", (2, "port", "port_needed")),
        ("services.csv", "00-1A", "00-XX", (2, "mac", "bad_mac")),
        ("services.csv", "s3,101", 's3,"10"1', (4, "", "broken_quotes")),
        ("services.csv", "s3,101", "s3," + "x" * 300_000, (4, "", "field_too_large")),
        ("services.csv", "s3,101,", "s3,101,,", (4, "", "wrong_field_count")),
        ("services.csv", "vlan", "wlan", (1, "vlan", "missing_column")),
    ],
)
def test_bad_row_is_named_and_nothing_comes_in(
    folder: Path, name: str, old: str, new: str, expected: tuple[int, str, str]
) -> None:
    rewrite(folder, name, old, new)
    diff = bring_in(Folder(folder))
    assert (name, *expected) in reasons(diff)
    assert not diff.applied and not Site.objects.exists()


@pytest.mark.parametrize(("feeds", "line"), [("ups,sw\n", 2), ("core,\nups,core\ncore,sw\n", 4)])
def test_a_circle_of_power_through_what_is_kept_is_named(folder: Path, feeds: str, line: int) -> None:
    """Only feeds are imported; that of the switch from the UPS stays in Uzel."""
    assert bring_in(Folder(folder)).applied
    for name in SMALL:
        (folder / name).unlink()
    (folder / "power.csv").write_text("consumer,source\n" + feeds, encoding="utf-8")
    diff = bring_in(Folder(folder))
    assert not diff.applied and {(p.column, p.reason) for p in diff.problems.examples} == {("source", "cycle")}
    assert diff.problems.examples[0].line in {line, 3}
    (folder / "power.csv").write_text("consumer,source\nups,core\nsw,\n", encoding="utf-8")
    assert bring_in(Folder(folder)).applied, "the feed of the switch is in the file now"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_ways_of_writing(folder: Path, encoding: str, delimiter: str) -> None:
    for name, text in SMALL.items():
        content = text.replace(",", delimiter).replace("\n", "\r\n")
        (folder / name).write_bytes(content.encode(encoding))
    assert bring_in(Folder(folder)).applied
    assert Subscriber.objects.get(account="100").name == "Ёлкин Пётр"


def test_what_is_no_file_and_what_is_too_large_is_told(folder: Path) -> None:
    for name in ("power.csv", "links.csv", "ports.csv", "services.csv"):
        (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / "power.csv")
    (folder / "links.csv").symlink_to(folder / "nowhere")
    (folder / "ports.csv").mkdir()
    with (folder / "services.csv").open("wb") as file:
        file.truncate(2**30 + 1)
    told = {(p.file, p.reason) for p in bring_in(Folder(folder)).problems.examples}
    assert told >= {(name, "unreadable") for name in ("power.csv", "links.csv", "ports.csv")}
    assert ("services.csv", "too_large") in told


def test_empty_file_and_wrong_name_are_told(folder: Path) -> None:
    (folder / "power.csv").write_bytes(b"")
    (folder / "subscriber.csv").write_text("account\n")
    (folder / "links.csv").write_bytes(b"code\xd0\x98\x98\xff,\n")
    told = {(p.file, p.reason) for p in bring_in(Folder(folder)).problems.examples}
    assert {("power.csv", "empty_file"), ("subscriber.csv", "unknown_file"), ("links.csv", "bad_encoding")} <= told


def test_missing_file_leaves_its_part_alone(folder: Path) -> None:
    bring_in(Folder(folder))
    for name in SMALL:
        if name not in {"subscribers.csv", "services.csv"}:
            (folder / name).unlink()
    rewrite(folder, "subscribers.csv", "112", "")
    diff = bring_in(Folder(folder))
    assert set(diff.changes) == {"subscribers", "phones", "services"}
    assert diff.changes["phones"].removed == 1


@pytest.mark.slow
def test_hundred_thousand_bad_rows_make_a_short_list(folder: Path) -> None:
    with (folder / "services.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"x{n},nobody,internet,sw,1,1,,,,\n" for n in range(100_000))
    diff = bring_in(Folder(folder))
    assert diff.problems.counts["services.csv", "unknown_reference"] == 100_000
    assert len(diff.problems.examples) <= 20


@pytest.mark.slow
def test_city_comes_in_whole(tmp_path: Path) -> None:
    generate(tmp_path, net=40, switches=60, subscribers=300)
    diff = bring_in(Folder(tmp_path))
    assert diff.applied, diff.problems.examples[:5]
    for model, name in ((Device, "devices"), (Port, "ports"), (Link, "links"), (Subscriber, "subscribers")):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert model._default_manager.count() == sum(1 for _ in csv.reader(file)) - 1
    assert bring_in(Folder(tmp_path)).is_empty


@pytest.mark.parametrize("seed", range(25))
def test_corrupted_folder_gives_problems_or_a_whole_import(folder: Path, seed: int) -> None:
    """Random bytes changed, cut, doubled or lost: never an exception, never half an import."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 6)):
        path = folder / rng.choice(list(SMALL))
        data = bytearray(path.read_bytes())
        at = rng.randrange(len(data) + 1)
        how = rng.randrange(5)
        if how == 0:
            del data[at:]
        elif how == 1:
            data[at : at + rng.randint(1, 9)] = rng.randbytes(rng.randint(0, 9))
        elif how == 2:
            data[at:at] = rng.choice([b'"', b",", b"\n", b"\x00", "Ё".encode(), b"\r", b";"])
        elif how == 3:
            data[at:at] = data[at // 2 : at]
        else:
            lines = bytes(data).splitlines(keepends=True)
            rng.shuffle(lines)
            data = bytearray(b"".join(lines))
        path.write_bytes(bytes(data))
    diff = bring_in(Folder(folder))
    assert diff.applied != bool(diff.problems)
    if diff.problems:
        assert not Site.objects.exists() and not Subscriber.objects.exists()
