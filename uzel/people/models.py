"""Accounts and roles."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


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


class User(AbstractUser):
    """A member of staff."""

    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.OPERATOR)
    language = models.CharField(_("language"), max_length=5, default="ru")
    theme = models.CharField(_("theme"), max_length=5, default="auto")

    objects: ClassVar["Accounts"] = Accounts()

    def __str__(self) -> str:
        return self.get_full_name() or self.username
