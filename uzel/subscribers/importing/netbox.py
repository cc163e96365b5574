"""A network from NetBox: its REST API, or the same objects as a JSON file. The mapping is in `netbox_mapping`."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from uzel.subscribers.importing.netbox_mapping import ENDPOINTS, NAMES, Objects, rows_of
from uzel.subscribers.importing.problems import Cause, Problems
from uzel.subscribers.importing.tables import BY_NAME, Records

Progress = Callable[[str, int, int], None]

PAGE = 500
TRIES = 3
# A million objects of one kind, by full pages; a server may give shorter ones.
MOST_PAGES = 20_000
# All of a network, from the first question to the last answer.
TOTAL_S = 1800.0


class NetBox:
    """The REST API below `url`. token: of NetBox, empty where it lets everybody read."""

    def __init__(
        self, url: str, token: str, *, timeout_s: float = 30, pause_s: float = 1, total_s: float = TOTAL_S
    ) -> None:
        self.url = url.rstrip("/").removesuffix("/api") + "/api/"
        self.headers = {"Accept": "application/json"} | ({"Authorization": f"Token {token}"} if token else {})
        self.timeout_s = timeout_s
        self.pause_s = pause_s
        self.total_s = total_s
        self._until = 0.0

    def read(self, problems: Problems, progress: Progress) -> dict[str, Records]:
        """Fetch every endpoint page by page; one that fails is named and nothing is taken."""
        found: dict[str, list[dict[str, Any]]] = {}
        self._until = time.monotonic() + self.total_s
        with httpx.Client(headers=self.headers, timeout=self.timeout_s, follow_redirects=False) as client:
            for step, endpoint in enumerate(ENDPOINTS):
                progress(endpoint, step, len(ENDPOINTS))
                found[endpoint] = self._fetch(client, endpoint, problems)
                if problems:
                    return {}
        progress("", len(ENDPOINTS), len(ENDPOINTS))
        return records_of(found, problems)

    def _fetch(self, client: httpx.Client, endpoint: str, problems: Problems) -> list[dict[str, Any]]:
        """All objects of an endpoint: as many as the server counts, or a problem that says what was wrong."""
        objects: list[dict[str, Any]] = []
        ids: set[str] = set()
        address: str | None = f"{self.url}{endpoint}/?limit={PAGE}"
        seen: set[str] = set()
        while address:
            seen.add(address)
            page = self._page(client, endpoint, address, problems)
            if page is None:
                return []
            fresh = [item for item in page["results"] if str(item.get("id")) not in ids]
            ids |= {str(item["id"]) for item in fresh if item.get("id") is not None}
            objects += fresh
            told, count = page.get("next"), page.get("count")
            try:
                address = self._next(told, endpoint)
            except ValueError:
                problems.add(endpoint, 0, "next", "bad_next_page", str(told))
                return []
            if address and (address in seen or not fresh or len(seen) >= MOST_PAGES):
                problems.add(endpoint, 0, "next", "endless_pages", str(told))
                return []
            if not address and isinstance(count, int) and count != len(objects):
                problems.add(endpoint, 0, "count", "pages_cut_short", str(count), str(len(objects)))
                return []
        return objects

    def _next(self, told: object, endpoint: str) -> str | None:
        """The next page, on the server that was named: behind a proxy NetBox may tell a name that nobody knows,
        and the token must not go elsewhere. Raises ValueError for what is no further page of the same endpoint."""
        if told is None or told == "":
            return None
        if not isinstance(told, str):
            raise ValueError
        parts = urlsplit(told)
        if parts.path.split("/api/", 1)[-1].strip("/") != endpoint or not parts.query:
            raise ValueError
        return f"{self.url}{endpoint}/?{parts.query}"

    def _page(self, client: httpx.Client, endpoint: str, address: str, problems: Problems) -> dict[str, Any] | None:
        """One page; a busy or silent server is asked again, a refusal is final."""
        reason, value = "no_answer", ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(self.pause_s * attempt)
            try:
                status, content = self._get(client, address)
            except TimeoutError:
                reason, value = "too_slow", f"{self.total_s:g} s"
                break
            except httpx.HTTPError as error:
                reason, value = "no_answer", type(error).__name__
                continue
            except (httpx.InvalidURL, ValueError) as error:
                reason, value = "no_answer", str(error)
                break
            if status != httpx.codes.OK:
                reason, value = "http_error", str(status)
                if status < 500 and status != httpx.codes.TOO_MANY_REQUESTS:
                    break
                continue
            page = _parsed(content)
            if isinstance(page, dict) and _are_objects(page.get("results")):
                return page
            reason, value = "bad_answer", ""
        problems.add(endpoint, 0, "", reason, value)
        return None

    def _get(self, client: httpx.Client, address: str) -> tuple[int, bytes]:
        """Status and body. Raises TimeoutError once the whole import has had its time: a drop a second never idles."""
        content = bytearray()
        with client.stream("GET", address) as response:
            for piece in response.iter_bytes():
                content += piece
                if time.monotonic() > self._until:
                    raise TimeoutError
        if time.monotonic() > self._until:
            raise TimeoutError
        return response.status_code, bytes(content)


class Export:
    """A JSON file: {"dcim/sites": [objects as the API gives them], …}, or the API's own pages in place of the lists."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, problems: Problems, progress: Progress) -> dict[str, Records]:
        """Read the file whole."""
        progress(self.path.name, 0, 1)
        try:
            content = self.path.read_bytes()
        except OSError:
            problems.add(str(self.path), 0, "", "unreadable")
            return {}
        data = _parsed(content)
        if not isinstance(data, dict):
            problems.add(self.path.name, 0, "", "bad_answer")
            return {}
        found: dict[str, list[dict[str, Any]]] = {}
        lost: dict[str, Cause] = {}
        for endpoint, objects in data.items():
            name = str(endpoint).strip("/")
            listed = objects.get("results") if isinstance(objects, dict) else objects
            if name not in ENDPOINTS:
                problems.add(self.path.name, 0, name, "unmapped")
            elif isinstance(listed, list) and _are_objects(listed):
                found[name] = listed
            else:
                lost[name] = problems.add(self.path.name, 0, name, "bad_answer")
        progress("", 1, 1)
        imported = records_of(found, problems)
        for table, endpoint in NAMES.items():
            if endpoint in lost:
                imported.setdefault(table, Records(BY_NAME[table], endpoint)).lose(lost[endpoint])
        return imported


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _are_objects(listed: object) -> bool:
    return isinstance(listed, list) and all(isinstance(item, dict) for item in listed)


def records_of(found: Mapping[str, list[dict[str, Any]]], problems: Problems) -> dict[str, Records]:
    """NetBox's objects as Uzel's rows, by table; the line of a row is the object's id."""
    imported: dict[str, Records] = {}
    for name, endpoint, line, row in rows_of(Objects(found), problems):
        records = imported.setdefault(name, Records(BY_NAME[name], NAMES[name]))
        records.file = endpoint
        records.take(line, [row.get(column.name, "") for column in records.table.columns], problems)
    return imported
