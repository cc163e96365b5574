"""Every address opened in the browser, without htmx: a page with its frame, never a bare part of one."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone

from tests import web_data
from tests.web_data import HTMX
from uzel.config.access import ACCESS, PUBLIC
from uzel.config.fragments import FRAGMENTS
from uzel.network.models import Change, ConfigBackup, ConfigText, Device, Site
from uzel.outages.models import PlannedWork
from uzel.people.models import Role, User
from uzel.subscribers.models import Subscriber

pytestmark = pytest.mark.django_db
# The stream of news is for scripts; what is downloaded is a file.
NO_HTML = {"web:live", "network:config_download", "network:config_secrets"}
# Opened so, these show something: without it they are right to say that there is no such thing.
ASKED = {"network:change_new": "?device=o1-sw1", "network:config_difference": "?b={version}"}


@pytest.fixture
def staff() -> dict[Role, User]:
    return web_data.people()


@pytest.fixture
def there(staff: dict[Role, User]) -> dict[str, dict[str, Any]]:
    """Something to show at every address: arguments by the beginning of the view's name."""
    web_data.city(okrugs=1, districts=1, campuses=1, houses=1)
    house = Site.objects.get(code="o1-d1-k1-h1")
    web_data.subscribers(house, 1)
    outage = web_data.darken(house)
    now = timezone.now()
    author = staff[Role.LEAD]
    work = PlannedWork.objects.create(title="Ремонт", starts_at=now, ends_at=now + timedelta(hours=1), author=author)
    device = Device.objects.get(code="o1-sw1")
    body = ConfigText.objects.create(sha256="0" * 64, text="end\n", masked="end\n", lines=1)
    version = ConfigBackup.objects.create(device=device, body=body, taken_at=now, seen_at=now, why="night")
    change = Change.objects.create(key=uuid4(), kind="save", device=device, asked_by=author)
    one = Subscriber.objects.get()
    return {
        "account": {"": one.account},
        "line": {"": one.services.get().pk},
        "code": {"": "o1-sw1", "network:site": "o1", "network:branch": "o1"},
        "if_index": {"": 25},
        "pk": {"outages:planned": work.pk, "outages:": outage.pk, "people:": author.pk, "network:config": version.pk,
               "network:change": change.pk},
    }  # fmt: skip


def address(name: str, there: dict[str, dict[str, Any]]) -> str:
    """The address of a view, with arguments of things that there are."""
    ways = get_resolver()
    for part in name.split(":")[:-1]:
        _, ways = ways.namespace_dict[part]
    wanted = {argument for way in ways.reverse_dict.getlist(name.split(":")[-1]) for argument in way[0][0][1]}
    given = {}
    for argument in wanted:
        values = sorted(there[argument].items(), reverse=True)
        given[argument] = next(value for prefix, value in values if name.startswith(prefix))
    path = reverse(name, kwargs=given)
    return path + ASKED.get(name, "").format(version=there["pk"]["network:config"])


def is_page(html: str) -> bool:
    return bool(re.match(r"\s*<!doctype html>", html)) and "</html>" in html


@pytest.mark.parametrize("name", sorted({*ACCESS, *PUBLIC} - NO_HTML))
def test_an_address_opened_in_the_browser_is_a_page(
    name: str, staff: dict[Role, User], there: dict[str, dict[str, Any]]
) -> None:
    path = address(name, there)
    client = Client()
    client.force_login(staff[Role.ADMINISTRATOR])
    answer = client.get(path, follow=True)
    if answer.status_code == 405:
        assert client.get(path).status_code == 405, "what only does something leads nowhere"
        return
    assert answer.status_code == 200, "the test has nothing to show here"
    assert is_page(answer.content.decode()), "a bare part of a page: a line of config.fragments"
    led = answer.redirect_chain[-1][0].partition("?")[0] if answer.redirect_chain else ""
    if name in FRAGMENTS:
        assert resolve(led).view_name == FRAGMENTS[name]
        assert not is_page(client.get(path, headers=HTMX).content.decode()), "this is a page, and no fragment"


@pytest.mark.parametrize("name", ["desk:check", "desk:check_cable"])
def test_what_is_sent_without_htmx_is_done_and_leads_to_its_page(
    name: str, staff: dict[Role, User], there: dict[str, dict[str, Any]]
) -> None:
    path = address(name, there)
    client = Client()
    client.force_login(staff[Role.OPERATOR])
    answer = client.post(path, follow=True)
    assert [resolve(way).view_name for way, _ in answer.redirect_chain] == ["desk:line"]
    assert is_page(answer.content.decode())
    assert not is_page(client.post(path, headers=HTMX).content.decode())


def test_the_page_of_a_fragment_is_open_to_whoever_sees_the_fragment() -> None:
    assert [name for name, page in FRAGMENTS.items() if not ACCESS[name] <= ACCESS[page]] == []


def test_nobody_is_led_past_the_table_of_access(staff: dict[Role, User], there: dict[str, dict[str, Any]]) -> None:
    client = Client()
    client.force_login(staff[Role.OPERATOR])
    assert client.get(address("network:changes_waiting", there)).status_code == 403
