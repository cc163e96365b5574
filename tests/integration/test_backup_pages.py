"""The pages of configurations: who sees what, what is fresh, what changed, what is found; with many versions too."""

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import web_data
from uzel.config.access import ACCESS
from uzel.core.changes import Kind
from uzel.core.config_secrets import STARS, mask
from uzel.core.configs import count_changes, digest
from uzel.drivers.change import Outcome
from uzel.journal.models import AuditRecord
from uzel.journal.templatetags.audit_words import ACTIONS
from uzel.network import backups_queries as queries
from uzel.network.backups import begin_round
from uzel.network.backups_views import SEES_SECRETS
from uzel.network.models import BackupRound, BackupState, Change, ConfigBackup, ConfigReason, ConfigText, Device
from uzel.people.models import Role, User
from uzel.pollers import change_store

pytestmark = pytest.mark.django_db

TEXT = """\
hostname {code}
!
vlan 10
!
vlan 20
!
snmp-server community Hidd3n-one RO
username chief password 0 Owl-by-night
interface Fa0/1
 description {what}
 switchport mode access
!
end
"""


@pytest.fixture
def city(db: None) -> dict[Role, User]:
    web_data.city()
    return web_data.people()


def reader(people: dict[Role, User], role: Role) -> Client:
    User.objects.filter(pk=people[role].pk).update(language="en")
    client = Client()
    client.force_login(people[role], backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    return client


def version(code: str, text: str, *, hours_ago: float = 1, seen_hours_ago: float | None = None) -> ConfigBackup:
    """One more version of a device, the latest now."""
    device = Device.objects.get(code=code)
    kept = {"text": text, "masked": mask(text), "lines": text.count("\n")}
    body, _ = ConfigText.objects.get_or_create(sha256=digest(text), defaults=kept)
    old = ConfigBackup.objects.filter(device=device).order_by("-taken_at").first()
    added, removed = count_changes(old.body.text, text) if old else (None, None)
    taken = timezone.now() - timedelta(hours=hours_ago)
    seen = timezone.now() - timedelta(hours=hours_ago if seen_hours_ago is None else seen_hours_ago)
    made = ConfigBackup.objects.create(
        device=device, body=body, taken_at=taken, seen_at=seen, added=added, removed=removed, why="night"
    )
    values = {"latest": made, "state": "idle", "why": "night", "asked_at": taken, "ended_at": seen}
    BackupState.objects.update_or_create(device=device, defaults=values)
    return made


def plain(answer: Any) -> str:
    """A page without the marks on the words that differ."""
    return re.sub(r"</?b>", "", answer.content.decode())


def two_versions(code: str = "o1-sw1") -> tuple[ConfigBackup, ConfigBackup]:
    old = version(code, TEXT.format(code=code, what="one"), hours_ago=30)
    new = version(code, TEXT.format(code=code, what="two").replace("Owl", "Cat"), hours_ago=2)
    return old, new


def test_nothing_is_kept_yet(city: dict[Role, User]) -> None:
    client = reader(city, Role.OPERATOR)
    page = client.get("/configs/").content.decode()
    assert "never read" in page and "o1-d1-k1-h1-sw1" in page
    assert "Nothing is kept yet" in client.get("/devices/o1-sw1/configs/").content.decode()
    assert "It has not been read yet." in client.get("/devices/o1-sw1/config/", headers=web_data.HTMX).content.decode()
    assert client.get("/devices/none/configs/").status_code == 404
    Device.objects.exclude(kind="switch").delete()
    Device.objects.all().delete()
    assert "No switches yet" in client.get("/configs/").content.decode()


def test_who_is_fresh_who_is_not_and_why(city: dict[Role, User]) -> None:
    two_versions("o1-sw1")
    version("o2-sw1", "hostname o2\nend\n", hours_ago=90, seen_hours_ago=40)
    version("o1-d1-sw1", "hostname d1\nend\n", hours_ago=90, seen_hours_ago=1)
    failing = {"error": "hung", "failing_since": timezone.now()}
    BackupState.objects.filter(device__code="o1-d1-sw1").update(**failing)
    switches = Device.objects.filter(kind="switch").count()
    counted = queries.counts(timezone.now())
    assert counted == {"failed": 1, "never": switches - 3, "stale": 1, "fresh": 1}
    client = reader(city, Role.OPERATOR)
    page = client.get("/configs/").content.decode()
    rows = re.findall(r'configs/">([\w-]+)</a></td>', page)
    assert rows[0] == "o1-d1-sw1" and "the device fell silent in the middle of its answer" in page
    stale = client.get("/configs/", {"standing": "stale"}).content.decode()
    assert re.findall(r'configs/">([\w-]+)</a></td>', stale) == ["o2-sw1"]
    changed = client.get("/configs/", {"sort": "changed"}).content.decode()
    assert re.findall(r'configs/">([\w-]+)</a></td>', changed)[0] == "o1-sw1" and "+2" in changed
    found = client.get("/configs/", {"find": "o1-d1-k1-h1"}).content.decode()
    assert re.findall(r'configs/">([\w-]+)</a></td>', found) == ["o1-d1-k1-h1-sw1"]
    assert "Nothing found" in client.get("/configs/", {"find": "zzz"}).content.decode()


def test_history_and_difference(city: dict[Role, User]) -> None:
    old, new = two_versions()
    client = reader(city, Role.ENGINEER)
    page = client.get("/devices/o1-sw1/configs/").content.decode()
    assert "+2" in page and "−2" in page and "first" in page
    base = "/devices/o1-sw1/configs/difference/"
    for asked in ({"b": new.pk}, {"a": old.pk, "b": new.pk}, {"a": new.pk, "b": old.pk}):
        shown = plain(client.get(base, asked))
        assert re.search(r"config-gone.*?−</td>.*? description one", shown, re.S)
        assert re.search(r"config-come.*?\+</td>.*? description two", shown, re.S)
        assert "interface Fa0/1" in shown and "hostname" not in shown.split("<main")[1]
    assert "hostname" in client.get(base, {"b": new.pk, "whole": 1}).content.decode()
    split = client.get(base, {"b": new.pk, "view": "split"}).content.decode()
    assert "config-split" in split and split.count(" description ") == 2
    assert "No differences" in client.get(base, {"a": old.pk, "b": old.pk}).content.decode()
    # The first version has none before it: all of it is new.
    assert client.get(base, {"b": old.pk}).content.decode().count('class="config-come"') == 13
    for bad in ({}, {"b": "x"}, {"b": "9" * 30}, {"b": new.pk, "a": "-1"}):
        assert client.get(base, bad).status_code == 404
    other = version("o2-sw1", "end\n")
    assert client.get(base, {"b": other.pk}).status_code == 404
    assert client.get(f"/devices/o1-sw1/configs/{other.pk}/").status_code == 404


def test_secrets_are_for_engineers_only(city: dict[Role, User]) -> None:
    old, new = two_versions()
    whole, load = f"/devices/o1-sw1/configs/{new.pk}/", f"/devices/o1-sw1/configs/{new.pk}/download/"
    difference = f"/devices/o1-sw1/configs/difference/?a={old.pk}&b={new.pk}"
    for role in Role:
        client, sees = reader(city, role), role in SEES_SECRETS
        for url in (whole, difference):
            page = plain(client.get(url))
            assert ("Cat-by-night" in page) is sees, (role, url)
            assert (STARS in page) is not sees
        # That a password changed is seen by everybody, what it is now is not.
        assert client.get(difference).content.decode().count('class="config-come"') == 2
        got = client.get(load)
        assert "attachment" in got["Content-Disposition"] and "Cat" not in got.content.decode()
        assert "hostname o1-sw1" in got.content.decode()
        assert client.get(f"/devices/o1-sw1/configs/{new.pk}/secrets/").status_code == (200 if sees else 403)
        found = "Cat-by-night" in client.get("/configs/search/", {"find": "cat-by"}).content.decode()
        assert found is sees
        lacking = client.get("/configs/search/", {"find": "Hidd3n-one", "without": "on"}).content.decode()
        assert ("o1-sw1" in lacking.split("<main")[1]) is not sees, "or else a secret could be guessed"
    assert ACCESS["network:config_secrets"] == SEES_SECRETS
    acts = set(AuditRecord.objects.filter(action__startswith="config.").values_list("action", flat=True))
    assert acts == {"config.seen", "config.downloaded", "config.secrets_downloaded", "config.searched"}
    assert acts <= set(ACTIONS)


def test_what_a_failed_device_had_said_is_no_page_of_its_secrets(city: dict[Role, User]) -> None:
    two_versions()
    said = "snmp-server community Hidd3n-one RO"
    BackupState.objects.update(error="hung", said=said, failing_since=timezone.now(), ended_at=timezone.now())
    for role in Role:
        page = reader(city, role).get("/devices/o1-sw1/config/", headers=web_data.HTMX).content.decode()
        assert ("Hidd3n-one" in page) is (role in SEES_SECRETS)


def test_search(city: dict[Role, User]) -> None:
    two_versions("o1-sw1")
    version("o2-sw1", "vlan 700\n name 100%_of\\it\nend\n")
    client = reader(city, Role.COORDINATOR)

    def found(text: str, **more: str) -> list[str]:
        page = client.get("/configs/search/", {"find": text} | more).content.decode()
        return re.findall(r'#?L?\d*">([\w-]+-sw1)</a></td>', page)

    # Only the latest version counts.
    assert found("DESCRIPTION two") == ["o1-sw1"] and found("description one") == []
    assert found("100%_of\\it") == ["o2-sw1"] and found("%") == ["o2-sw1"]
    assert found("vlan 700", without="on") == ["o1-sw1"]
    assert found("<script>") == [] and found("'; --") == []
    assert client.get("/configs/search/").status_code == 200
    text = client.get(f"/devices/o2-sw1/configs/{ConfigBackup.objects.last().pk}/", {"find": "VLAN"}).content.decode()
    assert text.count("config-hit") == 1


def test_asking(city: dict[Role, User]) -> None:
    operator, engineer = reader(city, Role.OPERATOR), reader(city, Role.ENGINEER)
    assert reader(city, Role.FIELD).post("/devices/o1-sw1/configs/ask/").status_code == 403
    answer = operator.post("/devices/o1-sw1/configs/ask/", headers=web_data.HTMX).content.decode()
    assert "in the queue" in answer and "disabled" in answer
    assert operator.post("/devices/o1-sw1/configs/ask/").status_code == 302
    waiting = BackupState.objects.get()
    assert (waiting.state, waiting.urgent, waiting.asked_by) == ("waiting", True, city[Role.OPERATOR])
    assert operator.post("/configs/ask/").status_code == 403
    assert operator.get("/configs/ask/").status_code == 403 and engineer.get("/configs/ask/").status_code == 405
    assert engineer.post("/configs/ask/").status_code == 302
    begun = BackupRound.objects.get()
    assert begun.total == Device.objects.filter(kind="switch").count()
    assert "Reading:" in engineer.get("/configs/").content.decode()
    engineer.post("/configs/ask/")
    assert BackupRound.objects.count() == 1
    engineer.post("/configs/ask/", {"stop": ""})
    begun.refresh_from_db()
    assert begun.ended_at and not BackupState.objects.filter(state="waiting").exists()
    acts = AuditRecord.objects.filter(action__startswith="config.").values_list("action", flat=True)
    assert set(acts) == {"config.asked", "config.round_asked", "config.round_stopped"} <= set(ACTIONS)


def test_the_page_of_a_device_has_its_configuration(city: dict[Role, User]) -> None:
    two_versions()
    client = reader(city, Role.OPERATOR)
    assert 'hx-get="/devices/o1-sw1/config/"' in client.get("/devices/o1-sw1/").content.decode()
    part = client.get("/devices/o1-sw1/config/", headers=web_data.HTMX).content.decode()
    assert "fresh" in part and "+2" in part and "Read now" in part
    BackupState.objects.update(error="locked_by_other_session", failing_since=timezone.now(), ended_at=timezone.now())
    assert (
        "another session holds the device"
        in client.get("/devices/o1-sw1/config/", headers=web_data.HTMX).content.decode()
    )


@pytest.mark.slow
def test_every_page_with_a_hundred_thousand_versions(
    city: dict[Role, User], django_assert_max_num_queries: Any
) -> None:
    """As many statements as with two; the plan of the list touches no old version."""
    two_versions()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO network_configbackup (device_id, body_id, taken_at, seen_at, added, removed, why)"
            " SELECT d.id, (SELECT min(id) FROM network_configtext), at, at, 1, 1, 'night'"
            " FROM network_device d, generate_series(now() - interval '4 years', now() - interval '9 days',"
            " interval '1 day') at WHERE d.kind = 'switch'"
        )
        assert cursor.rowcount > 40_000
    client = reader(city, Role.ENGINEER)
    for url, most in (
        ("/configs/", 10),
        ("/configs/?sort=changed", 10),
        ("/devices/o1-sw1/configs/", 9),
        ("/devices/o1-sw1/config/", 7),
        (f"/devices/o1-sw1/configs/difference/?b={ConfigBackup.objects.order_by('pk')[1].pk}", 11),
        ("/configs/search/?find=description", 8),
    ):
        with django_assert_max_num_queries(most):
            assert client.get(url, headers=web_data.HTMX).status_code == 200


@pytest.mark.parametrize(("kind", "outcome", "read"), [("save", "done", True), ("save", "failed", False)])
def test_after_a_saved_change_it_is_read(city: dict[Role, User], kind: str, outcome: str, read: bool) -> None:
    switch, now, lead = Device.objects.get(code="o1-sw1"), timezone.now(), city[Role.LEAD]
    change = Change.objects.create(
        key=uuid.uuid4(), kind=kind, device=switch, asked_by=lead, confirmed_by=lead, state="running",
        reason="wanted", confirmed_at=now, started_at=now, alive_at=now,
    )  # fmt: skip
    job = change_store.Job(change.pk, "run", Kind(kind), None, "", [], [], now)
    assert change_store.finish(job, Outcome(outcome))
    assert BackupState.objects.filter(device=switch, state="waiting", why="change", urgent=True).exists() is read


def test_a_night_that_was_held_shows_on_the_page(city: dict[Role, User]) -> None:
    begun = begin_round(why=ConfigReason.NIGHT, night=timezone.localdate())
    BackupRound.objects.update(ended_at=timezone.now(), changed=3, same=5, failed=2)
    page = reader(city, Role.FIELD).get("/configs/").content.decode()
    assert begun is not None and "by night" in page and "new 3" in page
