"""A network from NetBox: its REST API, or the same objects as a JSON file. The mapping is in `netbox_mapping`."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from uzel.subscribers.importing.netbox_mapping import ENDPOINTS, NAMES, Objects, rows_of
from uzel.subscribers.importing.problems import Problems
from uzel.subscribers.importing.tables import BY_NAME, Records

Progress = Callable[[str, int, int], None]

PAGE = 500
TRIES = 3


class NetBox:
    """The REST API below `url`. token: of NetBox, empty where it lets everybody read."""

    def __init__(self, url: str, token: str, *, timeout_s: float = 30, pause_s: float = 1) -> None:
        self.url = url.rstrip("/").removesuffix("/api") + "/api/"
        self.headers = {"Accept": "application/json"} | ({"Authorization": f"Token {token}"} if token else {})
        self.timeout_s = timeout_s
        self.pause_s = pause_s

    def read(self, problems: Problems, progress: Progress) -> dict[str, Records]:
        """Fetch every endpoint page by page; one that fails is named and nothing is taken."""
        found: dict[str, list[dict[str, Any]]] = {}
        with httpx.Client(headers=self.headers, timeout=self.timeout_s, follow_redirects=False) as client:
            for step, endpoint in enumerate(ENDPOINTS):
                progress(endpoint, step, len(ENDPOINTS))
                found[endpoint] = self._fetch(client, endpoint, problems)
                if problems:
                    return {}
        progress("", len(ENDPOINTS), len(ENDPOINTS))
        return records_of(found, problems)

    def _fetch(self, client: httpx.Client, endpoint: str, problems: Problems) -> list[dict[str, Any]]:
        objects: list[dict[str, Any]] = []
        address: str | None = f"{self.url}{endpoint}/?limit={PAGE}"
        seen: set[str] = set()
        while address and address not in seen:
            seen.add(address)
            page = self._page(client, endpoint, address, problems)
            if page is None:
                break
            objects += page["results"]
            address = self._next(page.get("next"))
        return objects

    def _next(self, told: object) -> str | None:
        """The next page, on the server that was named: behind a proxy NetBox may tell a name that nobody knows,
        and the token must not go elsewhere."""
        if not isinstance(told, str) or not told:
            return None
        parts = urlsplit(told)
        path = self.url + parts.path.split("/api/", 1)[-1]
        return urljoin(path, f"?{parts.query}")

    def _page(self, client: httpx.Client, endpoint: str, address: str, problems: Problems) -> dict[str, Any] | None:
        """One page; a busy or silent server is asked again, a refusal is final."""
        reason, value = "no_answer", ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(self.pause_s * attempt)
            try:
                response = client.get(address)
            except httpx.HTTPError as error:
                reason, value = "no_answer", type(error).__name__
                continue
            except (httpx.InvalidURL, UnicodeError) as error:
                reason, value = "no_answer", str(error)
                break
            if response.status_code != httpx.codes.OK:
                reason, value = "http_error", str(response.status_code)
                if response.status_code < 500 and response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    break
                continue
            page = _parsed(response.content)
            if isinstance(page, dict) and _are_objects(page.get("results")):
                return page
            reason, value = "bad_answer", ""
        problems.add(endpoint, 0, "", reason, value)
        return None


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
        for endpoint, objects in data.items():
            name = str(endpoint).strip("/")
            listed = objects.get("results") if isinstance(objects, dict) else objects
            if name not in ENDPOINTS:
                problems.add(self.path.name, 0, name, "unmapped")
            elif isinstance(listed, list) and _are_objects(listed):
                found[name] = listed
            else:
                problems.add(self.path.name, 0, name, "bad_answer")
        progress("", 1, 1)
        return records_of(found, problems)


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
