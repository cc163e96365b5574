"""The words of configurations: how a device is kept, and why it is not."""

from django import template
from django.utils.translation import gettext_lazy as _

from uzel.network.backups_queries import STANDINGS

register = template.Library()

# A class of web/uzel.css: colour and shape.
LOOKS = {"failed": "dark", "never": "unknown", "stale": "silent", "fresh": "lit"}
ERRORS = {
    "unreachable": _("nothing answers at its address"),
    "refused": _("it takes no session now: the command line is off or all lines are taken"),
    "wrong_password": _("it does not take the login of its access group"),
    "no_credentials": _("its access group has no login"),
    "low_privilege": _("the login of its access group may not see the configuration"),
    "locked_by_other_session": _("another session holds it"),
    "no_prompt": _("no prompt that its driver knows"),
    "wrong_host": _("another device answers, or its name or SSH key has changed"),
    "command_refused": _("it refuses the command"),
    "hung": _("it fell silent in the middle of the configuration"),
    "closed": _("it closed the session"),
    "flooded": _("its answer does not end"),
    "busy": _("our own sessions with it stayed taken"),
    "incomplete": _("the end of the configuration is missing"),
    "spoiled": _("log lines fell into the configuration"),
    "timeout": _("it did not get there in two minutes"),
    "lost": _("the process that read it died, more than once"),
    "no_driver": _("no driver knows its maker"),
    "not_asked": _("its driver knows no command for the configuration"),
    "no_address": _("it has no address"),
    "wrong_key": _("its login was sealed by another key (UZEL_CREDENTIALS_KEY)"),
    "no_key": _("the key to its login is gone: bring back credentials_key or UZEL_CREDENTIALS_KEY"),
    "bad_key": _("UZEL_CREDENTIALS_KEY is not a key"),
    "internal": _("a mistake of ours, see the log"),
}


@register.filter
def standing_word(standing: str) -> str:
    """How a device is kept."""
    return str(STANDINGS.get(standing, standing))


@register.filter
def standing_look(standing: str) -> str:
    """The look of how a device is kept."""
    return LOOKS.get(standing, "unknown")


@register.filter
def config_error(code: str) -> str:
    """Why a configuration could not be read."""
    return str(ERRORS.get(code, code))
