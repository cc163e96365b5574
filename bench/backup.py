"""Configurations of a whole city: minutes, memory, size on disk; with nothing changed; pages over 100,000 versions.

Read over telnet by `uzel backup run --all` in a process of its own, as the nightly round does, beside netmiko with
threads that reads the same switches of the same city in the same run.
"""

import collections
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Max, Min  # noqa: E402
from django.test import Client  # noqa: E402

from bench import Figure  # noqa: E402
from bench._live_city import PORT, LiveCity, own_database, served  # noqa: E402
from uzel.config import embedded  # noqa: E402
from uzel.drivers.transport import Wire  # noqa: E402
from uzel.network.models import AccessGroup, BackupRound, BackupState, ConfigBackup, Device  # noqa: E402
from uzel.people.models import Role, User  # noqa: E402
from uzel.pollers import device_facts  # noqa: E402
from uzel.simcity.shell import ACCOUNTS, ENABLE_SECRET  # noqa: E402

SWITCHES, SUBSCRIBERS = 1_500, 60_000
# Switches that netmiko reads too (it would need minutes for all), and its threads: nornir starts 20 by default.
COMPARED, THREADS = 150, (20, 100)
CHANGED, DEAD = 30, 75
VERSIONS, LOOKS = 100_000, 40
ROOT = Path(__file__).resolve().parents[1]
# Where the city puts its telnet, from the port of its SNMP.
TELNET_ABOVE = 1_162
UZEL = Path(sys.executable).with_name("uzel")
TABLES = "network_configtext", "network_configbackup", "network_backupstate", "network_backupround"
COMMANDS = {
    "D-Link": ("dlink_ds_telnet", "show config current_config"),
    "Cisco": ("cisco_ios_telnet", "show running-config"),
    "Huawei": ("huawei_telnet", "display current-configuration"),
}
ENDS = ("End of configuration file", "\nend", "\nreturn")
# As many nights back as needed, each version a text of its own: one line more.
HISTORY = """
WITH made AS (
  INSERT INTO network_configtext (sha256, text, masked, lines)
  SELECT encode(sha256(convert_to(t.text || night || d.device_id, 'UTF8')), 'hex'),
    replace(t.text, 'vlan', 'vlan ' || night %% 7 || d.device_id),
    replace(t.masked, 'vlan', 'vlan ' || night %% 7 || d.device_id), t.lines
  FROM network_backupstate d JOIN network_configbackup b ON b.id = d.latest_id
    JOIN network_configtext t ON t.id = b.body_id, generate_series(1, %(nights)s) night
  RETURNING id
), numbered AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS at FROM made),
devices AS (SELECT device_id, row_number() OVER (ORDER BY device_id) - 1 AS at FROM network_backupstate)
INSERT INTO network_configbackup (device_id, body_id, taken_at, seen_at, added, removed, why)
SELECT devices.device_id, numbered.id, now() - make_interval(days => 1 + (numbered.at / %(devices)s)::int),
  now() - make_interval(days => 1 + (numbered.at / %(devices)s)::int), 1, 1, 'night'
FROM numbered JOIN devices ON devices.at = numbered.at %% %(devices)s
"""


def run() -> Iterator[Figure]:
    """Read all, read all again, read after changes and with a dark district; then look at the pages."""
    with own_database("uzel_bench_backup"), served(SWITCHES, SUBSCRIBERS, name="backup") as city:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        for group in AccessGroup.objects.all():
            (user, (password, _)), *_ = ACCOUNTS.items()
            way = {"wire": Wire.TELNET, "port": PORT + TELNET_ABOVE, "user": user}
            device_facts.set_access(group, **way, password=password, enable=ENABLE_SECRET)
        yield from _rounds(city)
        yield from _against_netmiko()
        yield from _pages()


def _rounds(city: LiveCity) -> Iterator[Figure]:
    first = _round("--all")
    yield Figure(
        "whole city, first time", first["seconds"] / 60, "min", "<= 10", note=f"{first['seconds']:.1f} s, telnet"
    )
    yield Figure("… read whole and kept", first["changed"], "switches", f"= {SWITCHES}")
    yield Figure("… memory of the process", first["mb"], "MB", "<= 300")
    size, text = _sizes()
    yield Figure("… on disk", size / 1e6, "MB", note=f"{text / 1e6:.1f} MB of text; tables and indexes")
    again = _round("--all")
    yield Figure("whole city again, nothing changed", again["seconds"] / 60, "min", note=f"{again['seconds']:.1f} s")
    yield Figure("… new versions", again["changed"], "versions", "= 0")
    yield Figure("… the disk grew by", (_sizes()[0] - size) / 1e6, "MB", note="rows rewritten before a vacuum")
    ports = _house_ports(CHANGED)
    for port in ports:
        city.do(do="fault", target=port, fault="admin-down")
    changed = _round("--all")
    yield Figure(f"{CHANGED} ports switched off: new versions", changed["changed"], "versions", f"= {CHANGED}")
    for port in ports[:DEAD]:
        city.do(do="heal", target=port)
    dead = list(Device.objects.filter(kind="switch", site__level=4).order_by("-code").values_list("code", flat=True))[
        :DEAD
    ]
    for code in dead:
        city.do(do="fault", target=code, fault="cli-hang")
    sick = _round("--all")
    told = f"{sick['seconds']:.1f} s; each named, what was kept of them stays"
    yield Figure(f"whole city, {DEAD} switches hang", sick["seconds"] / 60, "min", "<= 10", note=told)
    yield Figure("… not read", sick["failed"], "switches", f"= {DEAD}")
    city.do(do="heal", target="all")


def _round(*arguments: str) -> dict[str, float]:
    environment = os.environ | {"DATABASE_URL": embedded.url(connection.settings_dict)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([UZEL, "backup", "run", *arguments], env=environment, **quiet) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    begun = BackupRound.objects.latest("pk")
    assert begun.ended_at is not None, "the round did not end"
    seconds = (begun.ended_at - begun.began_at).total_seconds()
    return {
        "seconds": seconds,
        "mb": usage.ru_maxrss / 1024,
        "changed": begun.changed,
        "same": begun.same,
        "failed": begun.failed,
    }


def _house_ports(count: int) -> list[str]:
    rows = Device.objects.filter(kind="switch", site__level=4).order_by("code").values_list("code", flat=True)
    return [f"{code}:3" for code in rows[:count]]


def _sizes() -> tuple[int, int]:
    """Bytes on disk of all tables with their indexes, and of the texts as they are read."""
    with connection.cursor() as cursor:
        all_sizes = "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest(%s::text[]) name"
        cursor.execute(all_sizes, [list(TABLES)])
        size = int(cursor.fetchone()[0])
        cursor.execute("SELECT coalesce(sum(octet_length(text)), 0) FROM network_configtext")
        return size, int(cursor.fetchone()[0])


def _against_netmiko() -> Iterator[Figure]:
    rows = list(Device.objects.filter(kind="switch").order_by("code").values_list("code", "vendor", "address"))
    picked = rows[:: len(rows) // COMPARED][:COMPARED]
    own = _timed_hosts([code for code, _, _ in picked])
    for threads in THREADS:
        command = [sys.executable, "-m", "bench.backup", str(threads)]
        done = subprocess.run(
            command, input=json.dumps(picked), check=True, stdout=subprocess.PIPE, cwd=ROOT, text=True
        )
        other = json.loads(done.stdout)
        # Between two measurements of the other one, so that what else the machine does weighs on both.
        before, own = own, _timed_hosts([code for code, _, _ in picked])
        who = f"netmiko: {other['seconds']:.1f} s, {other['whole']} whole, {other['mb']:.0f} MB"
        ours = (before + own) / 2
        times = other["seconds"] / ours
        name = f"{COMPARED} switches: faster than netmiko with {threads} threads"
        yield Figure(name, times, "times", baseline=who, note=f"ours: {ours:.2f} s, kept in the database")


def _timed_hosts(codes: list[str]) -> float:
    """Seconds from the request to the last configuration kept; without the start of the process, as netmiko's."""
    environment = os.environ | {"DATABASE_URL": embedded.url(connection.settings_dict)}
    subprocess.run([UZEL, "backup", "run", *codes], env=environment, check=True, capture_output=True)
    took = BackupState.objects.filter(device__code__in=codes).aggregate(Min("asked_at"), Max("ended_at"))
    return float((took["ended_at__max"] - took["asked_at__min"]).total_seconds())


def _pages() -> Iterator[Figure]:
    devices = Device.objects.filter(kind="switch").count()
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"nights": VERSIONS // devices, "devices": devices})
        cursor.execute("ANALYZE network_configbackup, network_configtext")
    size, text = _sizes()
    kept = ConfigBackup.objects.count()
    per = f"{size / kept:,.0f} B a version, {text / 1e6:.0f} MB of text"
    yield Figure(f"{kept:,} versions, each a text of its own", size / 1e6, "MB", note=per)
    user, _ = User.objects.get_or_create(username="bench", defaults={"role": Role.OPERATOR})
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    codes = list(Device.objects.filter(kind="switch").order_by("?").values_list("code", flat=True)[:LOOKS])
    newest = dict(
        ConfigBackup.objects.filter(device__code__in=codes).order_by("taken_at").values_list("device__code", "pk")
    )
    asked = {
        "all devices": [f"/configs/?page={n % 15 + 1}" for n in range(LOOKS)],
        "all devices, the changed first": ["/configs/?sort=changed"] * LOOKS,
        "history of a device": [f"/devices/{code}/configs/" for code in codes],
        "what changed": [f"/devices/{code}/configs/difference/?b={newest[code]}" for code in codes],
        "whole text": [f"/devices/{code}/configs/{newest[code]}/" for code in codes],
        "search, in 1,500 texts": ["/configs/search/?find=iptv"] * (LOOKS // 4),
        "search, found nowhere": ["/configs/search/?find=no-such-line"] * (LOOKS // 4),
    }
    for name, paths in asked.items():
        took = sorted(_timed(client, path) for path in paths)
        p95 = took[min(len(took) - 1, len(took) * 95 // 100)]
        note = f"secrets hidden; p50 {statistics.median(took):.0f}, max {took[-1]:.0f}"
        yield Figure(f"page: {name}, p95", p95, "ms", "<= 500", note=note)


def _timed(client: Client, path: str) -> float:
    started = time.perf_counter()
    assert client.get(path).status_code == 200, path
    return (time.perf_counter() - started) * 1000


def _netmiko(rows: list[tuple[str, str, str]], threads: int) -> dict[str, Any]:
    from netmiko import ConnectHandler

    (user, (password, _)), *_ = ACCOUNTS.items()

    def one(row: tuple[str, str, str]) -> str:
        code, vendor, address = row
        kind, command = COMMANDS[vendor]
        try:
            session = ConnectHandler(
                device_type=kind,
                host=address,
                port=PORT + TELNET_ABOVE,
                username=user,
                password=password,
                secret=ENABLE_SECRET,
                conn_timeout=30,
                auth_timeout=60,
            )
            text = str(session.send_command(command, read_timeout=60))
            # Its `disconnect` takes two seconds.
            session.remote_conn.close()
        except Exception as error:
            return type(error).__name__
        return "whole" if code in text and any(end in text for end in ENDS) else "not whole"

    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        outcomes = collections.Counter(pool.map(one, rows))
        return {"seconds": time.perf_counter() - began, "whole": outcomes["whole"], "outcomes": dict(outcomes)}


if __name__ == "__main__":
    import resource

    told = _netmiko(json.load(sys.stdin), int(sys.argv[1]))
    told["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"netmiko: {told['outcomes']}", file=sys.stderr)
    sys.stdout.write(json.dumps(told))
