"""The checks of a line in words: pairs of a cable, what follows from them, questions, reasons, names of readings."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.formats import date_format, get_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from uzel.core.answers import Operation, PairState
from uzel.desk.cable import Cable, Pair
from uzel.network.templatetags.network_words import minus

register = template.Library()
Words = Mapping[Any, "str | Promise"]

PAIRS: Words = {
    PairState.OK: pgettext_lazy("pair", "whole"),
    PairState.OPEN: pgettext_lazy("pair", "broken"),
    PairState.SHORT: pgettext_lazy("pair", "shorted"),
    PairState.OPEN_OR_SHORT: pgettext_lazy("pair", "broken or shorted"),
    PairState.CROSSTALK: pgettext_lazy("pair", "hears another pair"),
    PairState.MISMATCH: pgettext_lazy("pair", "wrong impedance"),
    PairState.NO_CABLE: pgettext_lazy("pair", "no cable"),
    PairState.SHUT_DOWN: pgettext_lazy("pair", "whole"),
    PairState.NOT_SUPPORTED: pgettext_lazy("pair", "cannot be measured"),
    PairState.NOT_FINISHED: pgettext_lazy("pair", "not finished"),
    PairState.FAULT: pgettext_lazy("pair", "damaged"),
}
# What follows from a cable test: the codes of `desk.cable.says`.
CABLE_SAYS: Words = {
    "cut_near": _("broken at the switch itself, in the cabinet"),
    "cut_way": _("broken in the entrance, on the way to the flat"),
    "cut_end": _("broken at the flat, or unplugged from the router"),
    "cut": _("broken in the entrance, or unplugged from the router"),
    "short_near": _("shorted at the switch itself, in the cabinet"),
    "short_way": _("shorted in the entrance, on the way to the flat"),
    "short_end": _("shorted at the flat, in the plug or the socket"),
    "short": _("shorted on the way to the flat"),
    "hurt": _("some pairs are damaged: it works slowly or not at all"),
    "whole": _("the cable is whole"),
    "far_off": _("the cable is whole, nobody answers at its other end: the router is off"),
    "back": _("the link has come back since: look at the contacts of the cable"),
    "no_cable": _("nothing is plugged into the port of the switch, or the cable is torn off at it"),
    "not_supported": _("the switch cannot measure this port"),
    "not_finished": _("the switch has not finished: test again"),
    "unknown": _("what the switch said was not understood"),
}
ROWS: Words = {
    "cable": pgettext_lazy("check", "Cable"),
    "port": pgettext_lazy("check", "Link"),
    "errors": pgettext_lazy("check", "Errors"),
    "macs": pgettext_lazy("check", "MAC"),
    "bindings": pgettext_lazy("check", "Binding"),
    "groups": pgettext_lazy("check", "Channels"),
    "light": pgettext_lazy("check", "Light"),
    "loops": pgettext_lazy("check", "Loop"),
    "neighbours": pgettext_lazy("check", "Other end"),
    "log": pgettext_lazy("check", "Log"),
    "missing": pgettext_lazy("checks", "Not seen"),
}
OPERATIONS: Words = {
    Operation.CABLE_TEST: pgettext_lazy("question", "the cable"),
    Operation.PORTS: pgettext_lazy("question", "the state of the port"),
    Operation.ERRORS: pgettext_lazy("question", "the errors of the port"),
    Operation.COUNTERS: pgettext_lazy("question", "the traffic of the port"),
    Operation.MACS: pgettext_lazy("question", "the MAC table"),
    Operation.BINDINGS: pgettext_lazy("question", "the bound addresses"),
    Operation.BLOCKED: pgettext_lazy("question", "the clients turned away"),
    Operation.IGMP_GROUPS: pgettext_lazy("question", "the channels of the set-top box"),
    Operation.OPTICS: pgettext_lazy("question", "the light of the module"),
    Operation.LOOPS: pgettext_lazy("question", "the loop detection"),
    Operation.NEIGHBOURS: pgettext_lazy("question", "the device at the other end"),
    Operation.LOG: pgettext_lazy("question", "the log of the port"),
}
MARKS: Words = {
    "recorded": _("the format is known from a real device"),
    "standard": _("the format is a standard"),
    "manual": _("the format is from the manual, not yet held against a real device"),
    "unverified": _("the format is believed, not yet held against a real device"),
}
READINGS: Words = {
    "at": _("read at"),
    "name": pgettext_lazy("reading", "port"),
    "description": _("description"),
    "admin_up": _("switched on"),
    "oper_up": _("link"),
    "speed_mbps": _("speed, Mbit/s"),
    "full_duplex": _("full duplex"),
    "uptime_s": _("the switch is up for, s"),
    "last_change_s": _("link changed at, s of the switch's uptime"),
    "in_octets": _("received, bytes"),
    "out_octets": _("sent, bytes"),
    "in_errors": _("damaged frames received"),
    "out_errors": _("frames not sent for errors"),
    "in_discards": _("frames received and dropped"),
    "out_discards": _("frames dropped before sending"),
    "crc": _("damaged frames (CRC)"),
    "late_collisions": _("late collisions"),
    "in_broadcasts": _("broadcasts received"),
    "out_broadcasts": _("broadcasts sent"),
    "octets_bits": _("width of the byte counters, bits"),
    "if_type": _("kind of port (ifType)"),
    "if_index": _("number of the port (ifIndex)"),
    "model": pgettext_lazy("reading", "model"),
    "serial": pgettext_lazy("reading", "serial number"),
    "firmware": pgettext_lazy("reading", "firmware"),
    "input_dbm": _("light at the input, dBm"),
    "inputs_dbm": _("light at each input, dBm"),
    "active_input": _("input in use"),
    "output_dbuv": _("output level, dBµV"),
    "output_dbm": _("light at the output, dBm"),
    "temperature_c": _("temperature, °C"),
    "supply_v": _("supply, V"),
    "input_low_dbm": _("its own lower limit of light, dBm"),
    "input_high_dbm": _("its own upper limit of light, dBm"),
}


def _word(words: Words, name: object) -> str:
    return str(words.get(name, name))


@register.filter
def pair_word(pair: Pair) -> str:
    """The state of a pair in a word or two."""
    return _word(PAIRS, pair.state) if pair.state else pgettext("pair", "not known")


@register.filter
def pair_mark(pair: Pair) -> str:
    """What stands at the mark of a pair in the drawing: «broken, 31 m»."""
    if pair.number is None and not pair.is_hurt:
        return gettext("%(metres)d m") % {"metres": pair.length_m} if pair.length_m else ""
    if pair.length_m is None:
        return pair_word(pair)
    return gettext("%(state)s, %(metres)d m") % {"state": pair_word(pair), "metres": pair.length_m}


@register.filter
def cable_pairs(cable: Cable) -> str:
    """The pairs in plain words: «pair 1 broken at 31 m, pair 2 broken at 31 m»; of a whole cable at most its length."""
    told = [pair for pair in cable.pairs if pair.state is not PairState.NOT_SUPPORTED]
    if len(told) == 1 and told[0].number is None and not told[0].is_hurt:
        return gettext("%(metres)d m") % {"metres": told[0].length_m} if told[0].length_m else ""
    return ", ".join(_pair(pair) for pair in told)


def _pair(pair: Pair) -> str:
    values = {"n": pair.number, "state": pair_word(pair), "metres": pair.length_m}
    if pair.number is None:
        return gettext("%(state)s at %(metres)d m") % values if pair.length_m is not None else pair_word(pair)
    if pair.length_m is None:
        return gettext("pair %(n)d %(state)s") % values
    if pair.is_hurt:
        return gettext("pair %(n)d %(state)s at %(metres)d m") % values
    return gettext("pair %(n)d %(state)s, %(metres)d m") % values


@register.filter
def cable_word(cable: Cable) -> str:
    """What follows from a cable test."""
    return _word(CABLE_SAYS, cable.says)


@register.filter
def log_moment(row: Mapping[str, Any]) -> str:
    """When a line of a log was written, as the reader writes time; the device's own stamp where that is all."""
    try:
        when = datetime.fromisoformat(str(row.get("when")))
    except ValueError:
        return str(row.get("at") or "")
    return date_format(when, "d.m.Y H:i:s")


@register.filter
def row_word(name: str) -> str:
    """The name of a row of checks."""
    return _word(ROWS, name)


@register.filter
def question_word(operation: str) -> str:
    """What was asked, as the object of a sentence."""
    return _word(OPERATIONS, operation)


@register.filter
def by_reason(missing: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Questions without an answer, those of one reason together: («the log, the cable», code)."""
    found: dict[str, list[str]] = {}
    for operation, code in missing:
        found.setdefault(code, []).append(question_word(operation))
    return [(", ".join(sorted(asked)), code) for code, asked in found.items()]


@register.filter
def format_word(mark: str) -> str:
    """On what our knowledge of a format rests."""
    return _word(MARKS, mark)


@register.filter
def field_word(name: str) -> str:
    """What a reading measures, with its unit."""
    return _word(READINGS, name)


@register.filter
def side_by_side(readings: Iterable[Mapping[str, Any]] | Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    """Readings of one thing as rows of a table: a name and the value in each; what nobody said is left out."""
    rows = [row for row in ([readings] if isinstance(readings, Mapping) else readings) if isinstance(row, Mapping)]
    # A database of JSON keeps no order of names; the words have one.
    order = {name: n for n, name in enumerate(READINGS)}
    names = sorted({name for row in rows for name in row}, key=lambda name: (order.get(name, len(order)), name))
    table = [(name, [row.get(name) for row in rows]) for name in names]
    return [(name, values) for name, values in table if any(value not in (None, [], "") for value in values)]


@register.filter
def clock(seconds: object) -> str:
    """A unix time as the clock on the wall shows it."""
    if not isinstance(seconds, int | float):
        return ""
    return localtime(datetime.fromtimestamp(seconds, UTC)).strftime("%H:%M:%S")


@register.filter
def plain_value(value: object) -> str:
    """A reading as people read it: yes and no, thousands apart, no more decimals than matter."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(plain_value(one) for one in value)
    if isinstance(value, int | float):
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")
        return minus(text.replace(",", "\u202f").replace(".", get_format("DECIMAL_SEPARATOR")))
    return str(value)


@register.filter
def check_template(name: str) -> str:
    """The template that draws a row."""
    return f"desk/check_{name}.html"
