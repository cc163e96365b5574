"""Words of the desk for templates: MACs, facts of a finding."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext

from uzel.core.diagnosis import Finding
from uzel.subscribers.models import Subscriber
from uzel.subscribers.templatetags.subscriber_words import phone, place

register = template.Library()
register.filter(phone)
register.filter(place)


@register.filter
def mac(digits: str | None) -> str:
    """Twelve hex digits as 00:1a:2b:3c:4d:5e."""
    return ":".join((digits or "")[i : i + 2] for i in range(0, len(digits or ""), 2))


@register.filter
def mac_list(macs: object) -> str:
    """Addresses apart by commas."""
    return ", ".join(mac(digits) for digits in words(macs))


@register.filter
def listed(names: object) -> str:
    """Words of a fact as a list in a sentence: «2 and 3», «1, 2 and 3»."""
    *others, last = words(names) or [""]
    return gettext("%(others)s and %(last)s") % {"others": ", ".join(others), "last": last} if others else last


@register.filter
def metres(known: Mapping[str, Any]) -> str:
    """Where it is, «31» or «31–32»; a question mark where nobody knows."""
    near, far = known.get("at_m", "?"), known.get("to_m")
    return f"{near}" if far is None else f"{near}\N{EN DASH}{far}"


@register.filter
def facts(finding: Finding) -> dict[str, Any]:
    """The evidence of a finding by name."""
    return {fact.name: fact.value for fact in finding.evidence}


@register.filter
def words(value: object) -> list[str]:
    """A fact of several words, apart."""
    return str(value).split()


@register.filter
def one_line(text: str) -> str:
    """Without the space around it that a file ends with, so that a comma may follow."""
    return text.strip()


@register.filter
def status_word(status: str) -> str:
    """The status of a contract in words."""
    return str(dict(Subscriber.Status.choices).get(status, status))


@register.filter
def is_television(kinds: object) -> bool:
    """Whether a line carries nothing but broadcast television, so that there is no router to speak of."""
    return bool(kinds) and set(str(kinds).split()) <= {"catv", "dtv"}
