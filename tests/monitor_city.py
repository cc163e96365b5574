"""A small city for tests of the monitor: rows in the database, and SNMP agents on loopback that obey its light.

The truth about who answers is the core's plain rule, so what the monitor makes of it can be held against it.
"""

from __future__ import annotations

import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from tests.loopback import NET
from uzel.core.power import powered
from uzel.core.scope import Attachment, affected
from uzel.core.topology import Kind, answering, lit
from uzel.drivers import ber
from uzel.network.models import AccessGroup, Device, DeviceKind, Link, MainsArea, Port, PowerFeed, Site
from uzel.outages import network_map
from uzel.subscribers.models import Service, Subscriber

PORT = 13161
# Where a monitor of this process listens; apart from the devices' addresses.
HOST = f"127.{NET}.255.1"
OPER, ADMIN, SPEED = "1.3.6.1.2.1.2.2.1.8", "1.3.6.1.2.1.2.2.1.7", "1.3.6.1.2.1.31.1.1.1.15"
UPS = "1.3.6.1.2.1.33.1"


class Rows:
    """Makes the rows, one campus per district, three houses each; districts of an okrug are a ring."""

    def __init__(self) -> None:
        self.count = 0
        self.group = AccessGroup.objects.create(code="test", snmp_community="public", snmp_port=PORT)
        centre = Site.objects.create(code="c", name="c", level=0)
        self.core = self.switch(centre, None, source=True)
        for o in (1, 2):
            okrug = Site.objects.create(code=f"o{o}", name=f"o{o}", level=1, parent=centre)
            top = self.switch(okrug, self.core, backed=True)
            ring = []
            for d in (1, 2):
                area = MainsArea.objects.create(code=f"tp{o}{d}")
                district = Site.objects.create(code=f"o{o}-d{d}", name="d", level=2, parent=okrug, mains_area=area)
                ring.append(agg := self.switch(district, top, backed=True))
                for h in (1, 2, 3):
                    house = Site.objects.create(
                        code=f"o{o}-d{d}-h{h}", name="h", level=4, parent=district, mains_area=area
                    )
                    self.subscribers(self.switch(house, agg, on_mains=True), 4)
            self.link(ring[0], ring[1])

    def device(self, site: Site, kind: str, **more: Any) -> Device:
        self.count += 1
        address = f"127.{NET}.{self.count // 250}.{self.count % 250 + 1}"
        code = f"{site.code}-{kind[:2]}{self.count}"
        return Device.objects.create(
            code=code, site=site, kind=kind, address=address, access_group=self.group, vendor="Eltena", **more
        )

    def switch(
        self, site: Site, up: Device | None, *, source: bool = False, backed: bool = False, on_mains: bool = False
    ) -> Device:
        device = self.device(site, DeviceKind.SWITCH, is_source=source)
        if up:
            self.link(up, device)
        if backed:
            ups = self.device(site, DeviceKind.UPS, managed_via=device)
            PowerFeed.objects.create(consumer=ups)
            PowerFeed.objects.create(consumer=device, source=ups)
        if on_mains:
            PowerFeed.objects.create(consumer=device)
        return device

    def link(self, a: Device, b: Device) -> Link:
        ends = []
        for device in (a, b):
            index = device.ports.count() + 1
            ends.append(Port.objects.create(device=device, name=str(index), if_index=index, is_uplink=True))
        return Link.objects.create(code=f"{a}={b}", a_device=a, a_port=ends[0], b_device=b, b_port=ends[1])

    @staticmethod
    def subscribers(device: Device, count: int) -> None:
        port = Port.objects.create(device=device, name="20", if_index=20)
        for n in range(count):
            kind = ("person", "person", "business", "municipal")[n % 4]
            person = Subscriber.objects.create(account=f"{device.pk}-{n}", name="x", kind=kind)
            for service in ("internet", "iptv")[: 1 + n % 2]:
                Service.objects.create(
                    code=f"{device.pk}-{n}-{service}", subscriber=person, kind=service, device=device, port=port
                )


def attachments() -> list[Attachment]:
    """Every active service, as the core's rule counts them."""
    rows = Service.objects.filter(is_active=True, device__isnull=False)
    return [
        Attachment(*row)
        for row in rows.values_list("device_id", "subscriber_id", "kind", "subscriber__kind").order_by()
    ]


def plain_scope(people: Iterable[Attachment], dark: Set[int], devices: int) -> dict[str, Any]:
    """Count by the core's rule itself; `NetworkMap.scope` must say the same."""
    scope = affected(people, dark)
    services = sum(n for row in scope.services.values() for n in row.values())
    total = {"subscribers": scope.total, "services": services}
    return {"subscribers": scope.subscribers, "services": scope.services, "devices": devices, "total": total}


@dataclass(frozen=True, slots=True)
class State:
    """The truth of one moment: what has power, what has light, who would answer. Put in place as a whole."""

    live: frozenset[int]
    light: frozenset[int]
    answering: frozenset[int]


class City:
    """SNMP agents of every device in one thread. `failed`, `cut`, `discharged`, `mute`, `garbage` are its troubles.

    Garbage comes before each answer of its device.

    `away`: the whole city is silent, as when the monitor's own line is cut.
    A device that regains power takes up to `boot_s` to start: its neighbours' ports are up, it does not answer yet.
    """

    def __init__(self, *, boot_s: float = 0.0) -> None:
        self.net = network_map.load()
        self.boot_s = boot_s
        self.starting: dict[int, float] = {}
        self.state: State | None = None
        self._lock = threading.Lock()
        self.failed: set[int] = set()
        self.cut: set[int] = set()
        self.discharged: set[int] = set()
        self.mute: set[int] = set()
        self.away = False
        self.garbage: dict[int, bytes] = {}
        self.booted = dict.fromkeys(self.net.contacts, time.time() - 86400.0)
        self.asked = 0
        self._selector = selectors.DefaultSelector()
        for contact in self.net.contacts.values():
            if contact.address:
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sock.bind((contact.address, contact.port))
                sock.setblocking(False)
                self._selector.register(sock, selectors.EVENT_READ, contact.id)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.change()
        self._thread.start()

    def __enter__(self) -> City:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()

    def change(self, *, failed: Any = (), cut: Any = (), discharged: Any = (), heal: bool = False) -> None:
        """Hurt or heal the city; what regains power starts anew."""
        with self._lock:
            if heal:
                self.failed, self.cut, self.discharged = set(), set(), set()
            self.failed, self.cut = self.failed | set(failed), self.cut | set(cut)
            self.discharged |= set(discharged)
            self._reckon()

    def _reckon(self) -> None:
        network, now = self.net.network, time.time()
        live = powered(network, self.failed, self.discharged)
        for node in (live - self.state.live) & self.net.contacts.keys() if self.state else ():
            self.booted[node] = now
            if self.boot_s:
                self.starting[node] = now + random.uniform(0.2, 1.0) * self.boot_s
        self.starting = {node: until for node, until in self.starting.items() if until > now and node in live}
        # A UPS gives power before its card answers.
        down = {node for node in self.starting if network.nodes[node].carries_light}
        troubles = {"failed": self.failed | down, "cut": self.cut, "discharged": self.discharged}
        asked = answering(network, **troubles) - self.mute - self.starting.keys()
        self.state = State(live, lit(network, **troubles), asked)

    def dark(self) -> set[int]:
        """Devices without light now."""
        assert self.state
        return {i for i in self.net.contacts if i not in self.state.light}

    def _serve(self) -> None:
        while not self._stop.is_set():
            if any(until <= time.time() for until in self.starting.values()):
                with self._lock:
                    self._reckon()
            for key, _ in self._selector.select(0.1):
                try:
                    while True:
                        data, peer = key.fileobj.recvfrom(4096)
                        self.asked += 1
                        if self.state and key.data in self.state.answering and not self.away:
                            if key.data in self.garbage:
                                key.fileobj.sendto(self.garbage[key.data], peer)
                            key.fileobj.sendto(self._answer(key.data, data), peer)
                except (BlockingIOError, OSError):
                    continue

    def _rows(self, device: int) -> dict[str, bytes]:
        state = self.state
        assert state
        ticks = int((time.time() - self.booted[device]) * 100)
        rows = {"1.3.6.1.2.1.1.3.0": ber.tlv(ber.TIME_TICKS, ticks.to_bytes(5, "big"))}
        if self.net.contacts[device].kind == Kind.UPS:
            mains = self.net.network.nodes[device].feeds
            battery = bool(mains) and not any(feed in state.live for feed in mains)
            for oid, number in (("2.1", 2), ("2.3", 42 if battery else 90), ("2.4", 100), ("4.1", 5 if battery else 3)):
                rows[f"{UPS}.{oid}.0"] = ber.integer(number)
        for link, near in self.net.network.neighbours[device]:
            ends = self.net.ends[link]
            index = next(e[1] for e in (ends.a, ends.b) if e and e[0] == device)
            up = link not in self.cut and near in state.live
            rows[f"{OPER}.{index}"] = ber.integer(1 if up else 2)
            rows[f"{ADMIN}.{index}"] = ber.integer(1)
            rows[f"{SPEED}.{index}"] = ber.integer(1000)
        return rows

    def _answer(self, device: int, data: bytes) -> bytes:
        at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
        head = at
        _, at = ber.expect(data, at, end, ber.INTEGER)
        _, at = ber.expect(data, at, end, ber.OCTETS)
        head_stop = at
        kind, at, end = ber.take(data, at, end)
        numbers = []
        for _ in range(3):
            start, at = ber.expect(data, at, end, ber.INTEGER)
            numbers.append(ber.read_integer(data, start, at))
        names = [name for name, _ in ber.varbinds(data, at, end)]
        rows = self._rows(device)
        if kind == 0xA0:
            out = [(name, rows.get(name, b"\x80\x00")) for name in names]
        else:
            ranked = sorted(rows, key=lambda oid: tuple(map(int, oid.split("."))))
            key = tuple(map(int, names[0].split(".")))
            after = [oid for oid in ranked if tuple(map(int, oid.split("."))) > key][
                : numbers[2] if kind == 0xA5 else 1
            ]
            out = [(oid, rows[oid]) for oid in after] or [(names[0], b"\x82\x00")]
        bindings = b"".join(ber.tlv(ber.SEQUENCE, ber.object_id(ber.parse_oid(name)) + value) for name, value in out)
        body = ber.integer(numbers[0]) + b"\x02\x01\x00\x02\x01\x00" + ber.tlv(ber.SEQUENCE, bindings)
        return ber.tlv(ber.SEQUENCE, data[head:head_stop] + ber.tlv(0xA2, body))


def database_url() -> str:
    """Where this test's database is, for a process started by the test."""
    settings = connection.settings_dict
    host = settings["HOST"]
    if host.startswith("/"):
        return f"postgresql://{settings['USER']}@/{settings['NAME']}?host={quote(host, safe='')}"
    return f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{host}:{settings['PORT']}/{settings['NAME']}"


class Monitor:
    """`uzel monitor` as a process of its own."""

    def __init__(self, log: Path, *, number: int = 0, **environment: str) -> None:
        self.ports = {"trap": 13162 + 10 * number, "syslog": 13163 + 10 * number, "metrics": 13164 + 10 * number}
        env = os.environ | {
            "DATABASE_URL": database_url(),
            "UZEL_ICMP": "0",
            "UZEL_TRAP_LISTEN": f"{HOST}:{self.ports['trap']}",
            "UZEL_SYSLOG_LISTEN": f"{HOST}:{self.ports['syslog']}",
            "UZEL_METRICS_LISTEN": f"{HOST}:{self.ports['metrics']}",
            "UZEL_MONITOR_INTERVAL_S": "1",
            # The city shares one thread and a busy machine with the test: only two seconds of silence are silence.
            "UZEL_MONITOR_RETRIES": "4",
            "DJANGO_SETTINGS_MODULE": "uzel.config.settings",
        }
        # The same device dies many times within a test, each time a failure to be counted by itself.
        code = (
            "import datetime, django; django.setup(); from uzel.outages import operations; "
            "operations.AGAIN_WITHIN = datetime.timedelta(0); from uzel.pollers.monitor import main; main()"
        )
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen([sys.executable, "-c", code], env=env | environment, stdout=out, stderr=out)

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)

    def kill(self) -> None:
        """End it without a word, as a power cut would."""
        self.process.kill()
        self.process.wait(5)


def until(condition: Any, *, seconds: float = 30.0, what: str = "") -> Any:
    """Wait until the condition gives something true and return that; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what or condition}")
