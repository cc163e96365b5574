"""A network from NetBox, over real HTTP from a small fake of its API on loopback, and from a file."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from uzel.network.models import AccessGroup, Device, Link, Port, PowerFeed, Site
from uzel.subscribers.importing import bring_in, netbox
from uzel.subscribers.importing.netbox import Export, NetBox
from uzel.subscribers.models import Subscriber

pytestmark = pytest.mark.django_db


def device(pk: int, name: str, role: str, site: str, address: str = "", **custom: Any) -> dict[str, Any]:
    return {
        "id": pk, "name": name, "role": {"slug": role}, "site": {"slug": "centre"},
        "location": {"slug": site} if site else None,
        "device_type": {"model": "M", "manufacturer": {"name": "Make"}}, "serial": "", "custom_fields": custom,
        "primary_ip": {"address": f"{address}/24"} if address else None,
    }  # fmt: skip


def end(kind: str, owner: str, name: str) -> list[dict[str, Any]]:
    return [{"object_type": kind, "object": {"name": name, "device": {"name": owner}}}]


def port(pk: int, owner: str, name: str, kind: str = "1000base-t") -> dict[str, Any]:
    return {"id": pk, "device": {"name": owner}, "name": name, "type": {"value": kind}, "speed": None}


def network() -> dict[str, list[dict[str, Any]]]:
    return {
        "dcim/sites": [{"id": 1, "slug": "centre", "name": "Центр", "custom_fields": {"level": "centre"}}],
        "dcim/locations": [
            {"id": 1, "slug": "o1", "name": "ОУ", "site": {"slug": "centre"}, "custom_fields": {"level": "okrug"}},
            {"id": 2, "slug": "h1", "name": "Дом", "parent": {"slug": "o1"}, "custom_fields": {"level": "house"}},
        ],
        "dcim/devices": [
            device(1, "core", "core-switch", "", "127.40.1.1", is_source=True, access_group="snmp"),
            device(2, "sw", "access-switch", "h1", "127.40.1.2"),
            device(3, "ups", "ups", "h1"),
        ],
        "dcim/interfaces": [
            port(1, "core", "Gi0/1"),
            port(2, "sw", "25"),
            port(3, "sw", "lag1", "lag"),
            port(4, "sw", "1", "100base-tx"),
        ],
        "dcim/cables": [
            {
                "id": 1,
                "type": "smf",
                "a_terminations": end("dcim.interface", "core", "Gi0/1"),
                "b_terminations": end("dcim.interface", "sw", "25"),
            },
            {
                "id": 2,
                "a_terminations": end("dcim.powerport", "sw", "PSU"),
                "b_terminations": end("dcim.poweroutlet", "ups", "1"),
            },
        ],
        "tenancy/tenants": [
            {"id": 1, "slug": "700", "name": "Липа", "custom_fields": {"kind": "business", "phones": "22-33-44"}}
        ],
    }


class Fake:
    """The API on loopback; `trouble` maps (endpoint, offset) to what goes wrong there, once or always."""

    def __init__(self) -> None:
        self.data = network()
        self.trouble: dict[tuple[str, int], list[str]] = {}
        self.asked: list[str] = []
        # What a page says in place of the truth.
        self.told: dict[tuple[str, int], dict[str, Any]] = {}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        endpoint = parts.path.removeprefix("/api/").strip("/")
        offset = int(parse_qs(parts.query).get("offset", ["0"])[0])
        self.asked.append(f"{endpoint}:{offset}")
        what = (self.trouble.get((endpoint, offset)) or [""]).pop(0)
        if handler.headers.get("Authorization") != "Token secret":
            what = "403"
        objects = self.data[endpoint]
        # Two to a page; the next one is told under a name that only the proxy's inside knows.
        more = offset + 2 < len(objects)
        following = f"http://netbox.invalid/api/{endpoint}/?limit=2&offset={offset + 2}" if more else None
        page = {"count": len(objects), "next": following, "results": objects[offset : offset + 2]}
        page |= self.told.get((endpoint, offset), {})
        body = json.dumps(page).encode()
        if what == "cut":
            body = body[: len(body) // 2]
        if what == "slow":
            threading.Event().wait(0.5)
        handler.send_response(int(what) if what.isdigit() else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if what == "drops":
            for at in range(len(body)):
                handler.wfile.write(body[at : at + 1])
                threading.Event().wait(0.05)
            return
        handler.wfile.write(body)


@pytest.fixture
def fake() -> Iterator[Fake]:
    AccessGroup.objects.create(code="snmp")
    server = Fake()
    yield server
    server.server.shutdown()
    server.server.server_close()
    server.thread.join()


def source(fake: Fake, token: str = "secret") -> NetBox:
    return NetBox(fake.url, token, timeout_s=0.2, pause_s=0)


def test_whole_network_by_pages(fake: Fake) -> None:
    diff = bring_in(source(fake))
    assert diff.applied, diff.problems.examples
    assert Site.objects.get(code="h1").parent == Site.objects.get(code="o1")
    assert (Device.objects.get(code="sw").kind, Device.objects.get(code="sw").address) == ("switch", "127.40.1.2")
    assert Device.objects.get(code="core").is_source
    assert set(Port.objects.values_list("device__code", "if_index", "speed_mbps")) == {
        ("core", 1, 1000), ("sw", 25, 1000), ("sw", 1, 100)
    }  # fmt: skip
    assert Link.objects.get().b_port == Port.objects.get(device__code="sw", if_index=25)
    assert PowerFeed.objects.get().source == Device.objects.get(code="ups")
    assert Subscriber.objects.get().phones.get().digits == "74852223344"
    assert "dcim/devices:2" in fake.asked
    assert bring_in(source(fake)).is_empty


@pytest.mark.parametrize("what", ["500", "cut", "slow"])
def test_passing_trouble_is_asked_again(fake: Fake, what: str) -> None:
    fake.trouble["dcim/devices", 2] = [what]
    assert bring_in(source(fake)).applied


@pytest.mark.parametrize(
    ("what", "reason", "value"),
    [
        ("500", "http_error", "500"),
        ("404", "http_error", "404"),
        ("cut", "bad_answer", ""),
        ("slow", "no_answer", "ReadTimeout"),
    ],
)
def test_lasting_trouble_is_named_and_nothing_comes_in(fake: Fake, what: str, reason: str, value: str) -> None:
    fake.trouble["dcim/devices", 2] = [what] * 3
    problem = bring_in(source(fake)).problems.examples[0]
    assert (problem.file, problem.reason, problem.value) == ("dcim/devices", reason, value)
    assert not Site.objects.exists()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"next": "http://netbox.invalid/api/dcim/devices/?limit=500"}, "endless_pages"),
        ({"next": "http://netbox.invalid/api/dcim/devices/?limit=2&offset=0"}, "endless_pages"),
        ({"next": "http://netbox.invalid/api/dcim/sites/?limit=2&offset=2"}, "bad_next_page"),
        ({"next": "http://[::1"}, "bad_next_page"),
        ({"next": 7}, "bad_next_page"),
        ({"next": None, "count": 1000}, "pages_cut_short"),
        ({"next": None, "results": []}, "pages_cut_short"),
    ],
)
def test_pages_that_lie_are_named_and_nothing_comes_in(fake: Fake, told: dict[str, Any], reason: str) -> None:
    fake.told["dcim/devices", 0] = told
    problem = bring_in(source(fake), prune=True).problems.examples[0]
    assert (problem.file, problem.reason) == ("dcim/devices", reason)
    assert not Site.objects.exists() and len(fake.asked) < 10


def test_pages_without_end_are_cut_off(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is new and holds new objects: only the number of pages tells."""
    monkeypatch.setattr(netbox, "MOST_PAGES", 5)
    for offset in range(0, 40, 2):
        address = f"http://netbox.invalid/api/dcim/sites/?limit=2&offset={offset + 2}"
        fake.told["dcim/sites", offset] = {"next": address, "results": [{"id": 100 + offset, "slug": f"s{offset}"}]}
    assert bring_in(source(fake)).problems.examples[0].reason == "endless_pages"
    assert len(fake.asked) == 5


def test_server_that_answers_by_drops_has_an_end(fake: Fake) -> None:
    fake.trouble["dcim/sites", 0] = ["drops"] * 3
    problem = bring_in(NetBox(fake.url, "secret", timeout_s=0.2, pause_s=0, total_s=0.5)).problems.examples[0]
    assert (problem.reason, problem.value, len(fake.asked)) == ("too_slow", "0.5 s", 1)


def test_address_that_is_none_is_named() -> None:
    assert bring_in(NetBox("http://[::1", "", pause_s=0)).problems.examples[0].reason == "no_answer"


def test_wrong_token_is_refused_at_once(fake: Fake) -> None:
    problem = bring_in(source(fake, "wrong")).problems.examples[0]
    assert (problem.reason, problem.value, len(fake.asked)) == ("http_error", "403", 1)


def test_nobody_there_is_named() -> None:
    diff = bring_in(NetBox("http://127.0.0.1:9", "", timeout_s=0.2, pause_s=0))
    assert diff.problems.examples[0].reason == "no_answer"


def test_bad_object_is_named_by_its_id(fake: Fake) -> None:
    fake.data["dcim/devices"][1]["primary_ip"] = {"address": "10.0.0.300/24"}
    fake.data["dcim/cables"][1]["b_terminations"] = []
    told = {(p.file, p.line, p.reason) for p in bring_in(source(fake)).problems.examples}
    assert {("dcim/devices", 2, "bad_ip"), ("dcim/cables", 2, "unmapped")} <= told


def test_export_as_a_file(tmp_path: Path) -> None:
    AccessGroup.objects.create(code="snmp")
    path = tmp_path / "netbox.json"
    path.write_text(json.dumps(network()), encoding="utf-8")
    assert bring_in(Export(path)).applied
    assert Device.objects.count() == 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"dcim/sites": [1]}', '{"dcim/sites": {"results": null}}', '{"x/y": []}']
)
def test_broken_export_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "netbox.json"
    path.write_text(text, encoding="utf-8")
    assert bring_in(Export(path)).problems
