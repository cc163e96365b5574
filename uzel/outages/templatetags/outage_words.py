"""Words of outages for templates: causes, kinds of service, classes of customers, lengths of time."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.translation import gettext, npgettext, pgettext_lazy

from uzel.network.models import Device
from uzel.network.templatetags.network_words import moment
from uzel.outages.models import Outage
from uzel.outages.telling import Counts

register = template.Library()
register.filter(moment)

CAUSES = dict(Outage.Cause.choices)
SERVICES = {
    "internet": pgettext_lazy("service, short", "internet"),
    "catv": pgettext_lazy("service, short", "cable TV"),
    "dtv": pgettext_lazy("service, short", "digital TV"),
    "iptv": pgettext_lazy("service, short", "IPTV"),
    "telephony": pgettext_lazy("service, short", "telephony"),
    "traffic_light": pgettext_lazy("service, short", "traffic lights"),
}
CLASSES = {
    "person": pgettext_lazy("class of customers", "households"),
    "business": pgettext_lazy("class of customers", "business"),
    "municipal": pgettext_lazy("class of customers", "city"),
}
LIGHTS = {
    "lit": pgettext_lazy("light", "lit"),
    "dark": pgettext_lazy("light", "dark"),
    "silent": pgettext_lazy("light", "silent"),
    "unknown": pgettext_lazy("light", "unknown"),
    "planned": pgettext_lazy("light", "planned work"),
}
# How a cause looks: the shape and colour of a state.
LOOKS = {
    "link_cut": "dark",
    "device_dead": "dark",
    "mains_lost": "dark",
    "management_fault": "silent",
    "planned_work": "planned",
    "undecided": "silent",
}


@register.filter
def cause_word(cause: str) -> str:
    """The cause in words, with a capital letter."""
    word = str(CAUSES.get(cause, cause))
    return word[:1].upper() + word[1:]


@register.filter
def cause_look(cause: str) -> str:
    return LOOKS.get(cause, "unknown")


@register.filter
def service_word(kind: str) -> str:
    return str(SERVICES.get(kind, kind))


@register.filter
def counted_service(kind: str, n: int) -> str:
    """A kind of service after its count: what can be counted one by one agrees with the number."""
    match kind:
        case "traffic_light":
            return npgettext("counted", "traffic light", "traffic lights", n)
        case "telephony":
            return npgettext("counted", "phone line", "phone lines", n)
    return service_word(kind)


@register.filter
def class_word(name: str) -> str:
    return str(CLASSES.get(name, name))


@register.filter
def light_word(light: str) -> str:
    return str(LIGHTS.get(light, light))


@register.filter
def lasted(since: datetime | None, until: datetime | None = None) -> str:
    """How long from `since` to `until` (now when empty): "23 min", "1 h 05 min", "3 d 4 h"."""
    return span((until or timezone.now()) - since) if since else ""


@register.filter
def seconds_span(seconds: float | None) -> str:
    return span(timedelta(seconds=seconds)) if seconds is not None else ""


@register.filter
def names(devices: Sequence[Device], shown: int = 3) -> str:
    """Codes of devices, the first few by name and the rest by number."""
    told = ", ".join(device.code for device in devices[:shown])
    rest = len(devices) - shown
    return gettext("%(names)s and %(n)d more") % {"names": told, "n": rest} if rest > 0 else told


@register.filter
def minutes_span(minutes: float | None) -> str:
    return span(timedelta(minutes=minutes)) if minutes is not None else ""


def span(length: timedelta) -> str:
    """A length of time in the two units that matter."""
    minutes = max(int(length.total_seconds() // 60), 0)
    if minutes < 1:
        return gettext("less than a minute")
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return gettext("%(hours)d h %(minutes)02d min") % {"hours": hours, "minutes": minutes}
    return gettext("%(minutes)d min") % {"minutes": minutes}


@register.filter
def grouped(number: int | None) -> str:
    """A count with thin spaces between thousands."""
    return f"{number:,}".replace(",", "\u202f") if number is not None else ""


@register.filter
def of_class(told: Counts, name: str) -> int:
    """Dark subscribers of one class."""
    return dict(told.by_class).get(name, 0)


@register.filter
def legend(lights: str) -> list[str]:
    return lights.split()


@register.filter
def date_value(value: object) -> object:
    """What an input of type date takes."""
    return value.isoformat() if isinstance(value, date) else value
