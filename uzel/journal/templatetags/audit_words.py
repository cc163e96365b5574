"""Actions of the audit trail in words."""

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

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
    "subscriber.searched": _("searched"),
    "line.probed": _("probed a line"),
    "outage.seen": _("opened an outage"),
    "outage.subscribers_seen": _("opened the subscribers of an outage"),
    "outage.commented": _("commented on an outage"),
    "planned.created": _("planned a work"),
    "planned.changed": _("changed a planned work"),
    "planned.cancelled": _("cancelled a planned work"),
}


@register.filter
def action_word(action: str) -> str:
    """The action in words; one that is not known stays as it is."""
    return str(ACTIONS.get(action, action))


@register.filter
def told(detail: dict[str, Any]) -> str:
    """The detail of a record on one line: `field: was → became` for changes."""
    parts = []
    for name, value in detail.items():
        is_change = isinstance(value, list) and len(value) == 2
        shown = (
            f"{value[0]} → {value[1]}" if is_change and value[0] is not None else str(value[1] if is_change else value)
        )
        parts.append(shown if name in {"q", "text"} else f"{name}: {shown}")
    return "; ".join(parts)
