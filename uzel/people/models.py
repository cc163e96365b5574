"""Accounts and roles."""

from django.contrib.auth.models import AbstractUser
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


class User(AbstractUser):
    """A member of staff."""

    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.OPERATOR)
    language = models.CharField(_("language"), max_length=5, default="ru")
    theme = models.CharField(_("theme"), max_length=5, default="auto")

    def __str__(self) -> str:
        return self.get_full_name() or self.username
