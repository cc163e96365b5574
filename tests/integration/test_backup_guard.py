"""Nobody learns a secret from the pages of configurations: not by searching, not from the trail, not from its looks."""

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.test_backup_pages import city as city
from tests.integration.test_backup_pages import reader, version
from tests.web_data import HTMX
from uzel.core.config_secrets import STARS, mask
from uzel.journal.models import AuditRecord
from uzel.network import backups
from uzel.network import backups_queries as queries
from uzel.network.backups_views import SEES_SECRETS
from uzel.network.models import BackupState, ConfigText
from uzel.people.models import Role, User

pytestmark = pytest.mark.django_db

SECRET = "Owl-by-night"
TEXT = f"# ACCOUNT LIST\ncreate account admin chief\n{SECRET}\n{SECRET}\n a\n b\n c\n d\n e 5\n# END\n"


@pytest.mark.parametrize("without", [False, True])
def test_most_roles_search_where_no_secret_is(city: dict[Role, User], *, without: bool) -> None:
    """The database is never asked about the text with its secrets: no answer can take longer for one."""
    version("o1-sw1", TEXT)
    for role in Role:
        with CaptureQueriesContext(connection) as caught:
            asked = {"find": SECRET[:5]} | ({"without": "on"} if without else {})
            page = reader(city, role).get("/configs/search/", asked).content.decode()
        (search,) = (one["sql"] for one in caught if "strpos" in one["sql"])
        sees = role in SEES_SECRETS
        assert ("t.masked" not in search) is sees and ("t.text" in search) is sees
        assert ("o1-sw1" in page.split("<main")[1]) is (sees is not without)


def test_the_heading_of_a_change_is_masked_by_its_place(city: dict[Role, User]) -> None:
    old, new = version("o1-sw1", TEXT, hours_ago=9), version("o1-sw1", TEXT.replace("e 5", "e 6"))
    url = f"/devices/o1-sw1/configs/difference/?a={old.pk}&b={new.pk}"
    assert SECRET in reader(city, Role.ENGINEER).get(url).content.decode()
    page = reader(city, Role.OPERATOR).get(url).content.decode()
    assert SECRET not in page and STARS in page.split('class="config-head"')[1]


def test_the_trail_keeps_no_searched_secret(city: dict[Role, User]) -> None:
    for role, asked in ((Role.ENGINEER, SECRET), (Role.ENGINEER, SECRET), (Role.ENGINEER, "vlan iptv")):
        reader(city, role).get("/configs/search/", {"find": asked})
    same, again, other = (
        AuditRecord.objects.filter(action="config.searched").order_by("pk").values_list("detail__q", flat=True)
    )
    assert same == again != other and same.startswith("Owl…") and "by" not in same
    reader(city, Role.OPERATOR).get("/configs/search/", {"find": "snmp-server community Hidd3n RO"})
    reader(city, Role.OPERATOR).get("/configs/search/", {"find": "vlan iptv"})
    told = AuditRecord.objects.filter(user=city[Role.OPERATOR]).order_by("pk").values_list("detail__q", flat=True)
    assert list(told) == [f"snmp-server community {STARS} RO", "vlan iptv"]


def test_nobody_searches_or_asks_without_end(city: dict[Role, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "PER_MINUTE", 2)
    version("o1-sw1", "vlan iptv\nend\n")
    operator, other = reader(city, Role.OPERATOR), reader(city, Role.COORDINATOR)
    answers = [operator.get("/configs/search/", {"find": "vlan"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Too many searches" in answers[2].content.decode() and "o1-sw1" not in answers[2].content.decode()
    assert operator.get("/configs/search/").status_code == 200, "an empty one costs nothing"
    assert other.get("/configs/search/", {"find": "vlan"}).status_code == 200
    ask = "/devices/o2-sw1/configs/ask/"
    pages = [operator.post(ask, headers={"HX-Request": "true"}).content.decode() for _ in range(3)]
    assert ["Too many readings" in page for page in pages] == [False, False, True]
    asked_at = BackupState.objects.get(device__code="o2-sw1").asked_at
    assert "Too many readings" in operator.post(ask, follow=True).content.decode()
    assert BackupState.objects.get(device__code="o2-sw1").asked_at == asked_at
    assert AuditRecord.objects.filter(user=city[Role.OPERATOR], action="config.asked").count() == 2


def test_nothing_that_a_switch_says_turns_a_page_around(city: dict[Role, User]) -> None:
    hostile = "vlan \u202eevil\u2066 \x1b[31mred\x08\x0b<script>alert(1)</script>\n"
    old, new = version("o1-sw1", "vlan 1\n", hours_ago=9), version("o1-sw1", hostile)
    state = {"error": "hung", "said": hostile, "ended_at": new.taken_at, "failing_since": new.taken_at}
    BackupState.objects.update(**state)
    client, base = reader(city, Role.ENGINEER), "/devices/o1-sw1/"
    for url in (
        f"configs/{new.pk}/?find=evil",
        f"configs/difference/?a={old.pk}&b={new.pk}",
        f"configs/difference/?a={old.pk}&b={new.pk}&view=split",
        "config/",
        "/configs/search/?find=evil",
    ):
        page = client.get(url if url.startswith("/") else base + url, headers=HTMX).content.decode()
        assert not re.search("[\u202e\u2066\x1b\x08\x0b]|<script>alert", page), url
        assert "\u241b" in page and "&lt;script&gt;" in page, url
    for file in ("secrets", "download"):
        assert client.get(f"{base}configs/{new.pk}/{file}/").content.decode() == hostile, "a file is as it was"


def test_texts_from_before_get_their_masked_copies(city: dict[Role, User], monkeypatch: pytest.MonkeyPatch) -> None:
    migration: Any = import_module("uzel.network.migrations.0008_masked_configs")
    monkeypatch.setattr(migration, "AT_ONCE", 2)
    for number in range(5):
        version("o1-sw1", f"hostname h{number}\nusername chief password 0 {SECRET}\nend\n", hours_ago=9 - number)
    ConfigText.objects.update(masked="")
    migration.fill(apps, None)
    kept = ConfigText.objects.values_list("text", "masked")
    assert len(kept) == 5 and all(masked == mask(text) and STARS in masked for text, masked in kept)
    assert not list(queries.search(SECRET))
