"""Changes of accounts, each in one transaction with its line in the audit trail."""

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from uzel.journal.operations import audit
from uzel.people.models import Role, User

# Names and roles of the demo's accounts.
DEMO = (
    ("operator", Role.OPERATOR, "Ольга", "Звонарёва"),
    ("coordinator", Role.COORDINATOR, "Кирилл", "Связников"),
    ("lead", Role.LEAD, "Вера", "Старшинова"),
    ("engineer", Role.ENGINEER, "Игорь", "Узлов"),
    ("field", Role.FIELD, "Фёдор", "Линейный"),
    ("admin", Role.ADMINISTRATOR, "Анна", "Ключникова"),
)


class LastAdministratorError(Exception):
    """The change would leave nobody who can manage accounts."""


class NameTakenError(Exception):
    """Another account has this login."""


def save_account(*, account: User, actor: User, request: HttpRequest | None = None, password: str = "") -> User:
    """Create or change an account; a disabled one and one with a new password is signed out everywhere.

    Raises LastAdministratorError when no administrator who may sign in would be left, NameTakenError when the login
    was given to another account since the form looked.
    """
    with transaction.atomic():
        # Two administrators disabling each other at once must wait for one another here.
        left = set(_administrators().select_for_update().values_list("pk", flat=True)) - {account.pk}
        stays = account.is_active and account.role == Role.ADMINISTRATOR
        if account.pk and not stays and not left and _is_administrator(account.pk):
            raise LastAdministratorError
        before = User.objects.filter(pk=account.pk).values(*_SHOWN).first()
        if password:
            account.set_password(password)
        elif not account.pk:
            account.set_unusable_password()
        _keep(account)
        if password or not account.is_active:
            end_sessions(account)
        audit(
            user=actor,
            action="account.changed" if before else "account.created",
            obj=account,
            request=request,
            detail=_changes(before or {}, account) | ({"password": "set"} if password else {}),
        )
    return account


def _keep(account: User) -> None:
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        if "username" not in str(error):
            raise
        raise NameTakenError from error


def end_sessions(user: User) -> None:
    """Sign `user` out of every browser."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()


def create_demo_accounts(kept: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Make one account per role for the demo: (role, username, password).

    `kept` holds the passwords of an earlier start by username: an account that still has its one is left as it is,
    sessions and all. An account of that name that exists keeps its other fields.
    """
    made = []
    for username, role, first_name, last_name in DEMO:
        password = kept.get(username) or secrets.token_urlsafe(6)
        with transaction.atomic():
            user, created = User.objects.select_for_update().get_or_create(
                username__iexact=username,
                defaults={"username": username, "role": role, "first_name": first_name, "last_name": last_name},
            )
            if created or not user.check_password(password):
                user.set_password(password)
                user.save()
                action = "account.created" if created else "account.changed"
                audit(user=None, action=action, obj=user, username="demo")
        made.append((str(role), username, password))
    return made


_SHOWN = ("username", "last_name", "first_name", "role", "is_active")


def _administrators() -> Any:
    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)


def _is_administrator(pk: int) -> bool:
    return bool(_administrators().filter(pk=pk).exists())


def _changes(before: dict[str, Any], account: User) -> dict[str, Any]:
    """Field -> [was, became] of what changed."""
    return {
        name: [before.get(name), getattr(account, name)]
        for name in _SHOWN
        if before.get(name) != getattr(account, name)
    }
