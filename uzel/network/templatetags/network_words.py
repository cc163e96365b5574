"""The words of the network's states and things."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from uzel.network.models import DeviceKind, Level

register = template.Library()

LIGHT = {
    "lit": _("works"),
    "dark": _("no light"),
    "silent": _("does not answer"),
    "unknown": _("not known"),
    "planned": _("planned work"),
}
# In the order in which they are shown.
READINGS = {
    "name": pgettext_lazy("reading", "its own name"),
    "on_battery": _("on battery"),
    "on_battery_since": _("on battery since"),
    "dark_at": _("goes dark at"),
    "keeps_alive": pgettext_lazy("reading", "keeps alive"),
    "low": _("battery low"),
    "charge_percent": _("charge, %"),
    "runtime_min": _("runtime left, min"),
    "battery_v": _("battery, V"),
    "input_v": _("input, V"),
    "load_percent": _("load, %"),
    "temperature_c": _("temperature, °C"),
    "replace": _("battery to be replaced"),
    "input_dbm": _("light at the input, dBm"),
    "unlit_since": _("no light since"),
    "output_dbuv": _("output level, dBµV"),
    "supply_v": _("supply, V"),
    "output_v": _("output, V"),
    "seconds_on_battery": _("on battery, s"),
    "model": pgettext_lazy("reading", "model"),
    "serial": pgettext_lazy("reading", "serial number"),
    "firmware": _("firmware"),
    "active_input": _("input in use"),
    "inputs_dbm": _("light at each input, dBm"),
    "input_low_dbm": _("its own limit of light, dBm"),
    "input_high_dbm": _("its own upper limit of light, dBm"),
    "output_dbm": _("light at the output, dBm"),
}
# Unix seconds, told as a time of day.
MOMENTS = frozenset({"on_battery_since", "dark_at", "unlit_since"})
PROBES = {"line": _("a look at the line"), "cable": _("the test of the cable")}
CAGES = {"combo": _("combo: copper or a module"), "sfp": _("a cage for a module")}
LEVELS = {
    "ok": _("as it should be"),
    "low_warning": _("weak, no reserve left"),
    "low_alarm": _("too weak"),
    "high_warning": _("strong, near the limit"),
    "high_alarm": _("too strong"),
    "no_light": pgettext_lazy("level", "no light"),
}
CLASSES = {"person": _("households"), "business": _("business customers"), "municipal": _("the city")}
SERVICES = {
    "internet": _("internet"),
    "catv": _("cable TV"),
    "dtv": _("digital TV"),
    "iptv": _("IPTV"),
    "telephony": _("telephony"),
    "traffic_light": _("traffic lights"),
}
PORTS = {
    "up": _("link"),
    "down": _("no link"),
    "off": _("switched off"),
    "slow": _("slower than it should be"),
    "half": _("half duplex"),
    "damaged": _("damaged frames"),
    "storm": _("a storm of broadcasts, says the switch"),
    "loop": _("a loop, says the switch"),
    "error": _("the switch holds it down"),
    "unknown": _("not known"),
}


def _worded(words: dict[str, Any], name: str) -> str:
    return str(words.get(name, name))


@register.filter
def shine_word(light: str) -> str:
    """The state of light in a word."""
    return _worded(LIGHT, light)


@register.filter
def flat_word(flat: str) -> str:
    """A flat with its word; premises of another kind name themselves: «пом. 19»."""
    return gettext("flat %(n)s") % {"n": flat} if flat[:1].isdigit() else flat


@register.filter
def moment(at: datetime | None) -> str:
    """A moment as people say it: the time alone for today, with the day otherwise."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    today = timezone.localtime().date()
    if local.date() == today:
        return local.strftime("%H:%M")
    return local.strftime("%d.%m %H:%M" if local.year == today.year else "%d.%m.%Y %H:%M")


@register.filter
def reading_rows(readings: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a device says, each with its unit in words; what it does not say is left out."""
    # The scope of a battery is one fact, and its age in seconds is told by the time it began.
    told = readings.keys() - ({"subscribers", "seconds_on_battery"} if "on_battery_since" in readings else set())
    if len(readings.get("inputs_dbm") or ()) == 1 and readings.get("input_dbm") is not None:
        told -= {"inputs_dbm"}  # the only input is not told twice
    known = [name for name in READINGS if name in told] + sorted(told - READINGS.keys())
    return [
        (_worded(READINGS, name), _reading(name, readings)) for name in known if readings[name] not in (None, [], "")
    ]


def _reading(name: str, readings: Mapping[str, Any]) -> str:
    value = readings[name]
    if name in MOMENTS and isinstance(value, int | float):
        return moment(datetime.fromtimestamp(value, UTC))
    if name == "keeps_alive":
        people = readings.get("subscribers", 0)
        devices = ngettext("%(n)s device", "%(n)s devices", value) % {"n": value}
        return devices + ", " + ngettext("%(n)s subscriber", "%(n)s subscribers", people) % {"n": people}
    return reading_value(value)


@register.filter
def minus(number: object) -> str:
    """A number with a minus for the hyphen that stands before it."""
    return re.sub(r"^-(?=\d)", "\N{MINUS SIGN}", str(number))


@register.filter
def reading_value(value: object) -> str:
    """Yes and no in words; numbers as the language writes them."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return " · ".join(reading_value(one) for one in value)
    if isinstance(value, float):
        return minus(f"{value:g}".replace(".", get_format("DECIMAL_SEPARATOR")))
    return minus(value) if isinstance(value, int) else str(value)


@register.filter
def light_level_word(says: str) -> str:
    """How a level of light is."""
    return _worded(LEVELS, says)


@register.filter
def class_word(name: str) -> str:
    """A class of customers, many of them."""
    return _worded(CLASSES, name)


@register.filter
def kind_of_service(name: str) -> str:
    """A kind of service."""
    return _worded(SERVICES, name)


@register.filter
def port_word(state: str) -> str:
    """The state of a port."""
    return _worded(PORTS, state)


@register.filter
def operation_word(operation: str) -> str:
    """What a check looked at."""
    return _worded(PROBES, operation)


@register.filter
def cage_word(cage: str) -> str:
    """What kind of hole a port is; nothing for plain copper."""
    return str(CAGES.get(cage, ""))


@register.filter
def kind_word(kind: str) -> str:
    """A kind of device."""
    return str(DeviceKind(kind).label) if kind in DeviceKind.values else kind


@register.filter
def site_level_word(level: int) -> str:
    """A level of the hierarchy."""
    return str(Level(level).label)
