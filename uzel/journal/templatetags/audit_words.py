"""Actions of the audit trail in words."""

from typing import Any

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

register = template.Library()

ACTIONS = {
    "session.opened": _("signed in"),
    "session.refused": _("sign-in refused"),
    "session.locked_out": _("locked out after wrong passwords"),
    "session.closed": _("signed out"),
    "password.changed": _("changed the password"),
    "account.created": _("made an account"),
    "account.changed": _("changed an account"),
    "subscriber.seen": _("opened a subscriber"),
    "subscriber.line_seen": _("opened a line of a subscriber"),
    "subscriber.searched": _("searched"),
    "line.probed": _("probed a line"),
    "device.people_seen": _("saw who lives behind the ports of a device"),
    "line.cable_tested": _("tested a cable"),
    "audit.seen": _("looked through the audit trail"),
    "account.list_seen": _("looked through the accounts"),
    "account.seen": _("opened an account"),
    "outage.seen": _("opened an outage"),
    "outage.subscribers_seen": _("opened the subscribers of an outage"),
    "outage.commented": _("commented on an outage"),
    "outage.closed_by_hand": _("closed an outage by hand"),
    "planned.created": _("planned a work"),
    "planned.changed": _("changed a planned work"),
    "planned.cancelled": _("cancelled a planned work"),
    "config.seen": _("opened a configuration"),
    "config.searched": _("searched in the configurations"),
    "config.downloaded": _("downloaded a configuration"),
    "config.secrets_downloaded": _("downloaded a configuration with its secrets"),
    "config.asked": _("had a configuration read"),
    "config.round_asked": _("had all configurations read"),
    "config.round_stopped": _("stopped the reading of configurations"),
    "change.asked": _("looked at the commands of a change"),
    "change.handed_over": _("passed a change on to the lead specialists"),
    "change.confirmed": _("confirmed a change"),
    "change.cancelled": _("gave a change up"),
    "change.done": _("a change was made"),
    "change.undone": _("a change was undone"),
    "change.failed": _("a change failed"),
    "change.unknown": _("how a change ended is not known"),
}

FIELDS = {
    "found": pgettext_lazy("audit", "found"),
    "line": pgettext_lazy("audit", "line"),
    "change": pgettext_lazy("audit", "change no."),
    "kind": pgettext_lazy("audit", "what"),
    "port": pgettext_lazy("audit", "port"),
    "value": pgettext_lazy("audit", "text"),
    "subject": pgettext_lazy("audit", "for the subscriber"),
    "reason": pgettext_lazy("audit", "why"),
    "commands": pgettext_lazy("audit", "commands"),
    "error": pgettext_lazy("audit", "met"),
    "starts_at": pgettext_lazy("audit", "begins"),
    "ends_at": pgettext_lazy("audit", "ends"),
    "username": pgettext_lazy("audit", "login"),
    "last_name": pgettext_lazy("audit", "surname"),
    "first_name": pgettext_lazy("audit", "first name"),
    "role": pgettext_lazy("audit", "role"),
    "is_active": pgettext_lazy("audit", "may sign in"),
    "password": pgettext_lazy("audit", "password"),
}
YES, NO = _("yes"), _("no")


@register.filter
def action_word(action: str) -> str:
    """The action in words; one that is not known stays as it is."""
    return str(ACTIONS.get(action, action))


@register.filter
def told(detail: dict[str, Any]) -> str:
    """The detail of a record on one line: `field: was → became` for changes."""
    return "; ".join(_told(name, value) for name, value in detail.items())


def _told(name: str, value: Any) -> str:
    if name in {"q", "text"}:
        return str(value)
    word = FIELDS.get(name, name)
    if name == "found":
        return f"{word} {len(value)}: {', '.join(map(str, value))}"
    if isinstance(value, list) and len(value) == 2:
        value = f"{_plain(value[0])} → {_plain(value[1])}" if value[0] is not None else value[1]
    return f"{word}: {_plain(value)}"


def _plain(value: Any) -> str:
    """Times to the minute, as the city has them; yes and no in words."""
    if isinstance(value, bool):
        return str(YES if value else NO)
    at = parse_datetime(value) if isinstance(value, str) and "T" in value else None
    return f"{localtime(at):%d.%m.%Y %H:%M}" if at and is_aware(at) else str(value)
