"""Every URL for every role: denied unless the table says otherwise, checked by real requests."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.web_data import people
from uzel.config.access import ACCESS, PUBLIC
from uzel.config.log_lines import RefusalInOneLine
from uzel.people.models import Role, User

SAMPLES = {"int": "1", "str": "none", "slug": "none", "path": "none", "uuid": "00000000-0000-0000-0000-000000000000"}


def _views(patterns: list[URLPattern | URLResolver], names: str = "", path: str = "/") -> Iterator[tuple[str, str]]:
    """(view name, a path of it) for every pattern of the URLconf."""
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from _views(pattern.url_patterns, inner, here)
        else:
            filled = re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES[m[1] or "str"], here)
            yield f"{names}{pattern.name or ''}", filled


VIEWS = sorted(set(_views(get_resolver().url_patterns)))


def test_every_view_is_in_the_table_and_the_table_names_no_other() -> None:
    names = {name for name, _ in VIEWS}
    assert names == set(ACCESS) | PUBLIC
    assert not set(ACCESS) & PUBLIC


@pytest.fixture
def staff(db: None) -> dict[Role, User]:
    return people()


def _ask(client: Client, name: str, path: str) -> int:
    # The stream would hold the connection of the test; it answers another method after the same check.
    response = client.post(path) if name == "web:live" else client.get(path)
    if response.status_code == 302 and response["Location"].startswith(reverse("people:login")):
        return 401
    return response.status_code


@contextmanager
def _undone() -> Iterator[None]:
    """What happens within is rolled back, so that no view leaves anything to the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_each_role_gets_what_the_table_says(staff: dict[Role, User], subtests: pytest.Subtests) -> None:
    clients = {role: Client() for role in staff}
    for role, client in clients.items():
        client.force_login(staff[role])
    for name, path in VIEWS:
        with subtests.test(f"{name} {path}"), _undone():
            assert (_ask(Client(), name, path) == 401) is (name not in PUBLIC)
            for role, client in clients.items():
                status = _ask(client, name, path)
                assert status < 500 and status != 401
                assert (status == 403) is (name not in PUBLIC and role not in ACCESS[name]), (role, status)


@pytest.mark.parametrize(
    "path", ["/sites/%00/", "/devices/a%00/", "/devices/%00/blast/", "/network/%00/below/", "/subscribers/%00/"]
)
def test_a_nul_in_an_address_names_nothing(path: str, staff: dict[Role, User]) -> None:
    client = Client()
    client.force_login(staff[Role.FIELD])
    assert client.get(path).status_code == 404


def test_a_view_out_of_the_table_is_closed_to_everybody(
    staff: dict[Role, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ACCESS, "outages:board")
    client = Client()
    for user in staff.values():
        client.force_login(user)
        assert client.get("/").status_code == 403


def test_a_refusal_is_one_line_of_the_log(staff: dict[Role, User]) -> None:
    root = logging.getLogger()
    handler = next(h for h in root.handlers if any(isinstance(f, RefusalInOneLine) for f in h.filters))
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    try:
        client = Client(raise_request_exception=False)
        client.force_login(staff[Role.FIELD])
        assert client.get("/people/accounts/").status_code == 403
        logging.getLogger("django.request").error("ours", exc_info=ValueError("a mistake"))
    finally:
        handler.setStream(before)
    refused, *ours = written.getvalue().splitlines()
    assert "/people/accounts/" in refused and "ours" in ours[0] and "a mistake" in ours[-1]


def test_the_sign_in_page_remembers_where_one_wanted_to_go(db: None) -> None:
    people()
    client = Client()
    location = client.get("/outages/?cause=link_cut")["Location"]
    assert location == "/people/login/?next=%2Foutages%2F%3Fcause%3Dlink_cut"
    given = {"username": "operator", "password": "long-enough-7", "next": "/outages/?cause=link_cut"}
    assert client.post("/people/login/", given)["Location"] == "/outages/?cause=link_cut"
    outside = given | {"next": "https://elsewhere.example/"}
    client.logout()
    assert client.post("/people/login/", outside)["Location"] == "/"


def test_fragments_and_streams_of_the_anonymous_do_not_show_a_page_within_a_page(db: None) -> None:
    client = Client()
    answer = client.get("/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/people/login/"
    assert client.get("/live/", headers={"Accept": "text/event-stream"}).status_code == 204


def test_forms_need_the_token(staff: dict[Role, User]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff[Role.ADMINISTRATOR])
    for path in ("/people/accounts/new/", "/people/preferences/", "/people/logout/", "/planned/new/"):
        assert client.post(path, {}).status_code == 403, path


@pytest.mark.parametrize("path", ["/", "/people/login/", "/no-such-page/", "/static/web/uzel.css"])
def test_every_answer_carries_the_security_headers(path: str, staff: dict[Role, User]) -> None:
    client = Client()
    client.force_login(staff[Role.OPERATOR])
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy and "unsafe" not in policy and "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    if answer["Content-Type"].startswith("text/html"):
        assert "no-store" in answer["Cache-Control"]
        body = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", body), "a script inside the page"
        assert not re.search(r"<[^>]+\s(?:on\w+|style)=", body), "a handler or a style inside the page"
