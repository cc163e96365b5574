"""Sign-in, its throttle, accounts, and what of it the audit trail keeps."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client

from tests.web_data import people
from uzel.journal.models import AuditRecord
from uzel.people import operations
from uzel.people.models import Role, User

GOOD = "long-enough-7"


@pytest.fixture
def staff(db: None) -> dict[Role, User]:
    return people()


@pytest.fixture(autouse=True)
def _quick_hashing(settings: Any) -> None:
    """These tests hash many passwords; how slowly is Django's matter."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def _actions() -> list[str]:
    return list(AuditRecord.objects.order_by("pk").values_list("action", flat=True))


def _sign_in(client: Client, name: str, password: str = GOOD) -> int:
    return client.post("/people/login/", {"username": name, "password": password}).status_code


def test_sign_in_and_out_leave_a_trace(staff: dict[Role, User]) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7")
    assert _sign_in(client, "operator", "wrong") == 200
    assert _sign_in(client, "operator") == 302
    client.post("/people/logout/")
    kept = list(AuditRecord.objects.order_by("pk").values_list("action", "username", "role", "address"))
    assert kept == [
        ("session.refused", "operator", "", "192.0.2.7"),
        ("session.opened", "operator", "operator", "192.0.2.7"),
        ("session.closed", "operator", "operator", "192.0.2.7"),
    ]


@pytest.mark.parametrize("name", ["a\0b", "я" * 100_000, "\u202eabc", "\ud800"])
def test_a_strange_name_is_refused_like_any_wrong_one(staff: dict[Role, User], name: str) -> None:
    answer = Client().post("/people/login/", {"username": name.encode("utf-8", "replace").decode(), "password": "x"})
    assert answer.status_code == 200
    kept = AuditRecord.objects.get()
    assert kept.action == "session.refused" and kept.username.isprintable() and len(kept.username) <= 150


def test_too_many_wrong_passwords_shut_the_door_even_for_the_right_one(staff: dict[Role, User]) -> None:
    client = Client()
    statuses = [_sign_in(client, "operator", "wrong") for _ in range(5)]
    assert statuses == [200, 200, 200, 200, 429]
    answer = client.post("/people/login/", {"username": "operator", "password": GOOD})
    assert answer.status_code == 429 and "Слишком много попыток" in answer.content.decode()
    # Others at the same desk are not shut out.
    assert _sign_in(client, "lead") == 302
    assert "session.locked_out" in _actions()


def test_a_login_is_one_in_letters_of_any_case(staff: dict[Role, User]) -> None:
    assert _sign_in(Client(), " OPERATOR ") == 302
    admin = Client()
    admin.force_login(staff[Role.ADMINISTRATOR])
    form = {"username": "Operator", "last_name": "Другая", "role": "operator", "is_active": "on", "password": GOOD}
    answer = admin.post("/people/accounts/new/", form)
    assert answer.status_code == 200 and answer.content.decode().count("уже существует") == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="Operator")
    own = {"username": "Operator", "last_name": "Звонарёва", "role": "operator", "is_active": "on"}
    assert admin.post(f"/people/accounts/{staff[Role.OPERATOR].pk}/", own).status_code == 302


def test_wrong_passwords_count_for_one_login_however_it_is_typed(staff: dict[Role, User]) -> None:
    names = ["operator", "OPERATOR", "Operator", " operator", "ｏperator"]
    assert [_sign_in(Client(), name, "wrong") for name in names] == [200, 200, 200, 200, 429]
    assert _sign_in(Client(), "oPERATOR") == 429


def test_the_session_is_a_new_one_after_sign_in(staff: dict[Role, User]) -> None:
    client = Client()
    _sign_in(client, "operator")
    before = client.session.session_key
    _sign_in(client, "operator")
    client.post("/people/logout/")
    _sign_in(client, "operator")
    assert client.session.session_key != before
    assert client.cookies["sessionid"]["httponly"] and client.cookies["sessionid"]["samesite"] == "Lax"


def test_the_administrator_makes_changes_and_disables_an_account(staff: dict[Role, User]) -> None:
    admin, newcomer = Client(), Client()
    admin.force_login(staff[Role.ADMINISTRATOR])
    form = {"username": "petrova", "last_name": "Петрова", "role": "operator", "is_active": "on"}
    assert admin.post("/people/accounts/new/", form | {"password": "12345"}).status_code == 200  # too short
    assert admin.post("/people/accounts/new/", form | {"password": GOOD}).status_code == 302
    made = User.objects.get(username="petrova")
    assert _sign_in(newcomer, "petrova") == 302
    assert newcomer.get("/").status_code == 200
    changed = {"username": "petrova", "last_name": "Петрова", "role": "lead"}  # is_active is off
    assert admin.post(f"/people/accounts/{made.pk}/", changed).status_code == 302
    assert newcomer.get("/").status_code == 302, "a disabled account is out at once"
    record = AuditRecord.objects.filter(action="account.changed").latest("pk")
    assert record.detail == {"role": ["operator", "lead"], "is_active": [True, False]}
    assert record.username == "administrator" and record.object_id == str(made.pk)


@pytest.mark.django_db(transaction=True)
def test_one_new_account_sent_several_times_at_once_is_one_account() -> None:
    admin = people()[Role.ADMINISTRATOR]
    clients = [Client(raise_request_exception=False) for _ in range(6)]
    for client in clients:
        client.force_login(admin)
    form = {"username": "petrova", "last_name": "Петрова", "role": "operator", "is_active": "on", "password": GOOD}
    together = threading.Barrier(6)

    def send(client: Client) -> HttpResponse:
        try:
            together.wait()
            return client.post("/people/accounts/new/", form)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as hands:
        answers = list(hands.map(send, clients))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [302]
    assert all("уже существует" in answer.content.decode() for answer in answers if answer.status_code == 200)
    assert User.objects.filter(username="petrova").count() == 1


def test_a_password_that_the_administrator_sets_ends_the_old_sessions(staff: dict[Role, User]) -> None:
    admin, person = Client(), Client()
    admin.force_login(staff[Role.ADMINISTRATOR])
    _sign_in(person, "operator")
    pk = staff[Role.OPERATOR].pk
    assert admin.post(f"/people/accounts/{pk}/", {"password": "another-long-9"}).status_code == 302
    assert person.get("/").status_code == 302
    assert _sign_in(person, "operator", "another-long-9") == 302
    assert "another" not in str(AuditRecord.objects.latest("pk").detail)


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.LEAD}])
def test_the_last_administrator_stays(staff: dict[Role, User], change: dict[str, object]) -> None:
    admin = staff[Role.ADMINISTRATOR]
    for name, value in change.items():
        setattr(admin, name, value)
    with pytest.raises(operations.LastAdministratorError):
        operations.save_account(account=admin, actor=admin)
    admin.refresh_from_db()
    assert admin.is_active and admin.role == Role.ADMINISTRATOR
    User.objects.create_user(username="second", password=GOOD, role=Role.ADMINISTRATOR)
    for name, value in change.items():
        setattr(admin, name, value)
    operations.save_account(account=admin, actor=admin)


def test_ones_own_password(staff: dict[Role, User]) -> None:
    client = Client()
    client.force_login(staff[Role.FIELD])
    wrong = {"old_password": "no", "new_password1": "fresh-one-55", "new_password2": "fresh-one-55"}
    assert client.post("/people/password/", wrong).status_code == 200
    assert client.post("/people/password/", wrong | {"old_password": GOOD}).status_code == 302
    assert client.get("/").status_code == 200, "the one who changed it stays signed in"
    assert _actions() == ["password.changed"]


def test_language_and_theme_are_of_the_account(staff: dict[Role, User]) -> None:
    client = Client()
    client.force_login(staff[Role.OPERATOR])
    assert "Ничего не известно" in client.get("/").content.decode()
    client.post("/people/language/", {"language": "en", "next": "/"})
    client.post("/people/preferences/", {"theme": "dark"})
    elsewhere = Client()
    elsewhere.force_login(staff[Role.OPERATOR])
    page = elsewhere.get("/").content.decode()
    assert "Nothing is known" in page and 'data-theme="dark"' in page and '<html lang="en"' in page
    client.post("/people/language/", {"language": "xx"})
    assert "Nothing is known" in client.get("/").content.decode()


def test_the_first_administrator_comes_from_the_command_line(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", GOOD)
    call_command("createsuperuser", "--noinput", username="first", email="")
    assert User.objects.get(username="first").role == Role.ADMINISTRATOR
    client = Client()
    assert client.post("/people/login/", {"username": "first", "password": GOOD}).status_code == 302
    assert client.get("/people/accounts/").status_code == 200


def test_demo_accounts_one_per_role_and_again(db: None) -> None:
    first = operations.create_demo_accounts({})
    signed_in = Client()
    assert _sign_in(signed_in, "lead", {name: password for _, name, password in first}["lead"]) == 302
    again = operations.create_demo_accounts({name: password for _, name, password in first})
    assert again == first
    assert signed_in.get("/").status_code == 200, "a restart of the demo signs nobody out"
    assert [role for role, _, _ in first] == [str(role) for role in Role]
    assert [name for _, name, _ in again] == ["operator", "coordinator", "lead", "engineer", "field", "admin"]
    assert User.objects.count() == 6
    for _, name, password in again:
        assert _sign_in(Client(), name, password) == 302


@pytest.mark.parametrize("sql", ["UPDATE journal_auditrecord SET username = 'x'", "DELETE FROM journal_auditrecord"])
def test_the_audit_trail_cannot_be_changed(staff: dict[Role, User], sql: str) -> None:
    _sign_in(Client(), "operator")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        transaction.get_connection().cursor() as cursor,
    ):
        cursor.execute(sql)
    assert _actions() == ["session.opened"]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("who=%00", {}),
        ("user=%00&action=session.", {"action": "session."}),
        ("since=2026-01-02&until=soon&before=7&anything=1", {"since": "2026-01-02", "before": "7"}),
    ],
)
def test_of_a_look_at_the_trail_only_what_could_be_read_is_kept(
    staff: dict[Role, User], query: str, kept: dict[str, str]
) -> None:
    admin = Client()
    admin.force_login(staff[Role.ADMINISTRATOR])
    assert admin.get(f"/audit/?{query}").status_code == 200
    assert AuditRecord.objects.get(action="audit.seen").detail == kept


def test_what_the_administrator_looks_at_leaves_a_trace_too(staff: dict[Role, User]) -> None:
    admin = Client()
    admin.force_login(staff[Role.ADMINISTRATOR])
    for path in ("/audit/?user=operator", "/people/accounts/", f"/people/accounts/{staff[Role.LEAD].pk}/"):
        assert admin.get(path).status_code == 200
    kept = AuditRecord.objects.order_by("pk").values_list("action", "username", "object_id", "detail")
    assert list(kept) == [
        ("audit.seen", "administrator", "", {"user": "operator"}),
        ("account.list_seen", "administrator", "", {}),
        ("account.seen", "administrator", str(staff[Role.LEAD].pk), {}),
    ]
    page = admin.get("/audit/").content.decode()
    assert "просмотрел аудит" in page and "открыл учётную запись" in page


def test_a_new_account_has_a_login_and_is_told_the_rules_of_passwords(staff: dict[Role, User]) -> None:
    client = Client()
    client.force_login(staff[Role.ADMINISTRATOR])
    page = client.get("/people/accounts/new/").content.decode()
    assert ">Логин</label>" in page and "Имя пользователя" not in page
    assert "как минимум 8 символов" in page
