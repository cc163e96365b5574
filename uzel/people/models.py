"""Accounts and roles."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

# In Django's own words, which come with their translation.
NAME_TAKEN = (AbstractUser._meta.get_field("username").error_messages or {})["unique"]


class Role(models.TextChoices):
    """One role per account; what a role may open is in `config.access`."""

    OPERATOR = "operator", _("operator")
    COORDINATOR = "coordinator", _("coordinator")
    LEAD = "lead", _("lead specialist")
    ENGINEER = "engineer", _("network engineer")
    FIELD = "field", _("field crew")
    ADMINISTRATOR = "administrator", _("administrator")


class Accounts(UserManager["User"]):
    """Makes accounts; the first administrator comes from the command line: `uzel manage createsuperuser`."""

    def create_superuser(self, username: str, *args: Any, **fields: Any) -> "User":
        """An account that may do everything here has the role for it, not only Django's flag."""
        return super().create_superuser(username, *args, **{"role": Role.ADMINISTRATOR, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        """Whoever signs in types a login in letters of any case."""
        return self.get(username__iexact=username)


class User(AbstractUser):
    """A member of staff."""

    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.OPERATOR)
    language = models.CharField(_("language"), max_length=5, default="ru")
    theme = models.CharField(_("theme"), max_length=5, default="auto")

    objects: ClassVar["Accounts"] = Accounts()

    class Meta(AbstractUser.Meta):
        constraints: ClassVar = [
            # UPPER, since that is how Django compares with iexact: the index serves the sign-in too.
            models.UniqueConstraint(
                Upper("username"),
                name="people_user_username_any_case",
                violation_error_message=NAME_TAKEN,
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username
