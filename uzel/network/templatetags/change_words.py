"""The words of changes: what they are, how they end, why they are refused."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from uzel.core.changes import OF_A_PORT, WHO, Kind
from uzel.network import changes
from uzel.network.models import Change, Device, Port
from uzel.network.templatetags.trouble_words import trouble_sentence

register = template.Library()

KINDS = {
    "port-off": _("switch the port off"),
    "port-on": _("switch the port on"),
    "port-restart": _("restart the port"),
    "description": _("write the port's description"),
    "clear-counters": _("clear the error counters"),
    "clear-binding": _("let the blocked client through"),
    "save": _("save the configuration"),
}
CHECKS = {
    "port-off": _("the port says that it is switched off"),
    "port-on": _("the port says that it is switched on"),
    "port-restart": _("the port says that it is switched on again"),
    "description": _("the switch shows the new description"),
    "clear-counters": _("the switch's counters begin anew"),
    "clear-binding": _("the client is not among the blocked any more, or is learned on the port"),
    "save": _("the switch says that it has saved: no question could tell"),
}
LOOKS = {"done": "lit", "undone": "silent", "failed": "dark", "unknown": "dark", "waiting": "planned",
         "running": "planned", "ready": "planned", "asked": "planned", "cancelled": "unknown"}  # fmt: skip
REFUSALS = {
    "role": _("Your role may not do this."),
    "no_port": _("Name the port: there is none of this name."),
    "carries_light": _("Other nodes get their light through this port. Nobody may switch it off from here."),
    "uplink": _("This is an uplink: a lead specialist or an engineer has to confirm."),
    "shared": _("More than one subscriber hangs on this port: a lead specialist or an engineer has to confirm."),
    "bad_text": _("At most 32 Latin letters, digits, spaces and . , : / _ - ( ) * = @, without two minuses in a row."),
    "not_switch": _("This device is not a switch that can be reached."),
    "too_many": _("Too many changes in a minute. Try again a little later."),
    "no_reason": _("Say why: it stays with the change."),
    "needs_lead": _("Sent to the lead specialists: it runs when one of them confirms it."),
    "not_asker": _("Whoever asked for it says why and passes it on to the lead specialists."),
    "too_late": _("The preview is too old, or has been cancelled: ask anew."),
}
# What a change alone can meet, and what of a change is told more exactly; all else is told by `trouble_words`.
ERRORS = {
    "already_so": _("The port is so already: there is nothing to change."),
    "port_is_off": _("The port is switched off: a restart would switch it on. Switch it on, if that is meant."),
    "nothing_blocked": _("Nobody is blocked on this port."),
    "not_offered": _("It is not known how this model is told to do it."),
    "bad_text": _("The switch would not take this description."),
    "bad_vlan": _("The name of the client's VLAN is not one that may be typed."),
    "changed_meanwhile": _("The port has changed since the preview, so nothing was typed. Ask anew."),
    "now_role": _("Whoever confirmed it may not do this any more, so nothing was typed."),
    "now_no_port": _("There is no such port any more, so nothing was typed."),
    "now_carries_light": _("Since it was confirmed, other nodes get their light through this port. Nothing was typed."),
    "now_uplink": _("Since it was confirmed, the port became an uplink. Nothing was typed: a lead has to confirm."),
    "now_shared": _("Since it was confirmed, more subscribers hang on it. Nothing was typed: a lead has to confirm."),
    "expired": _("Nobody began it in time, so nothing was typed. Ask anew."),
    "check_failed": _("The switch took the command, but the check afterwards shows another state."),
    "not_seen": _("The switch does not tell how the port is, so nothing can be checked or brought back."),
    "undo_failed": _("It could not be undone: the port is not as it was. Look at it now."),
    "runner_died": _("Our service broke off in the middle."),
    "stopped": _("Our service was stopped in the middle."),
}
PARTS = {
    "do": pgettext_lazy("part of a change", "change"),
    "undo": pgettext_lazy("part of a change", "undo"),
    "check": pgettext_lazy("part of a change", "check"),
}
WAYS = {"snmp": pgettext_lazy("way of asking", "by SNMP"), "cli": pgettext_lazy("way of asking", "at the prompt")}


@register.filter
def change_word(kind: str) -> str:
    """What is to be done."""
    return str(KINDS.get(kind, kind))


@register.filter
def change_check(kind: str) -> str:
    """What has to hold afterwards."""
    return str(CHECKS.get(kind, ""))


@register.filter
def change_look(state: str) -> str:
    """The look of a state, as `.state-…` has it."""
    return LOOKS.get(state, "unknown")


@register.filter
def refusal_word(code: str) -> str:
    """Why it is not done, or not yet."""
    return str(REFUSALS.get(code, code))


@register.filter
def change_error(code: str) -> str:
    """Why it did not come true. `undo_<code>`: the undoing met that."""
    if code.startswith("undo_") and code not in ERRORS:
        return f"{ERRORS['undo_failed']} {change_error(code.removeprefix('undo_'))}"
    return str(ERRORS[code]) if code in ERRORS else trouble_sentence(code)


@register.filter
def part_word(part: str) -> str:
    """A part of the transcript."""
    return str(PARTS.get(part, part))


@register.filter
def way_word(by: str) -> str:
    """How a check was asked."""
    return str(WAYS.get(by, by))


@register.filter
def seen_words(seen: dict[str, Any]) -> str:
    """What a check came to: `core.changes.Seen`, in words, without what was not asked."""
    admin, link, text = seen.get("admin_up"), seen.get("link_up"), seen.get("description")
    octets, blocked, macs = seen.get("octets"), seen.get("blocked"), seen.get("macs")
    told = [
        None if admin is None else gettext("the port is on") if admin else gettext("the port is off"),
        None if link is None else gettext("link") if link else gettext("no link"),
        None if text is None else gettext("description: %s") % (text or "—"),
        None if octets is None else gettext("octets counted: %s") % number_format(octets, force_grouping=True),
        None if blocked is None else gettext("clients turned away: %d") % len(blocked),
        None if macs is None else gettext("MACs learned: %d") % len(macs),
    ]
    return " · ".join(each for each in told if each is not None)


@register.filter
def from_unix(at: float) -> datetime | None:
    """A moment of unix seconds."""
    return datetime.fromtimestamp(at, UTC) if at else None


@register.filter
def console(text: str) -> str:
    """What a switch printed, without carriage returns and empty lines at its ends."""
    return text.replace("\r", "").strip("\n")


@register.filter
def said(entry: dict[str, Any]) -> str:
    """What the switch answered to a line, without the echo of the line itself."""
    text = console(entry["text"])
    echo, _, rest = text.partition("\n")
    return rest.strip("\n") if echo.strip() == entry["line"] else text


@register.inclusion_tag("network/change_last.html", takes_context=True)
def last_changes(
    context: dict[str, Any], *, device: Device | None = None, port: Port | None = None, subject: str = ""
) -> dict[str, Any]:
    """The last confirmed changes of a device, of a port, or for a subscriber."""
    rows = Change.objects.filter(confirmed_by__isnull=False).select_related("device", "port", "asked_by")
    wanted = {"device": device} if device else {"port": port} if port else {"subject": subject}
    shown = rows.filter(**wanted).order_by("-id")[:8]
    return {"changes": shown, "device": device, "here": device or port, "may": context.get("may", ())}


@register.simple_tag
def change_kinds(role: str, port: Port | None) -> list[str]:
    """What this role may ask for: of a port, or of the device as a whole."""
    return [kind for kind in Kind if role in WHO[kind] and (kind in OF_A_PORT) is bool(port)]


@register.simple_tag(takes_context=True)
def change_device(context: dict[str, Any], port: Port | None) -> Device | None:
    """The device of the page or of the include; else whose port it is."""
    known: Device | None = context.get("device")
    return known or (port.device if port else None)


@register.simple_tag
def changes_waiting() -> int:
    """How many wait for a lead, and ports that were left off."""
    return changes.for_leads().count()


@register.simple_tag
def change_key() -> str:
    """The key of a form."""
    return str(uuid4())
