"""Words for lines that end in no flat: a traffic light has a controller and no router, a firm has premises.

What is not here is said as to a household. Codes are those of `core.findings`.
"""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from uzel.core.diagnosis import Finding
from uzel.desk.cable import Cable
from uzel.desk.lines import Line
from uzel.desk.templatetags.check_words import cable_word
from uzel.desk.templatetags.desk_words import is_television
from uzel.subscribers.models import Subscriber

register = template.Library()

_WHAT_IS_PLUGGED_IN = _(
    "Something at the traffic light disturbs our network. What is plugged in there besides the controller?"
)
_BAD_CABLE = _("The cable to the traffic light is damaged or does not sit well. A crew has to look at it.")
_ANOTHER = _("I see another device than the one on record. Has the controller been replaced?")
_LOOK_AT_CONTROLLER = _("Have the traffic light service look at the controller and its power, then check again.")
_UNPLUG = _("Have everything but the controller unplugged, then check again.")
_CABINET = _(
    "Send a crew to the cabinet: the cable is not in this port, or is torn off at it. The customer can do nothing."
)

# Of a cable: `end` is what stands at its end in the drawing, the others are codes of `desk.cable.says`.
LIGHTS: Mapping[str, Mapping[str, Any]] = {
    "cable": {
        "end": pgettext_lazy("drawing", "traffic light"),
        "cut_way": _("broken on the way to the traffic light"),
        "cut_end": _("broken at the traffic light, or unplugged from the controller"),
        "cut": _("broken on the way, or unplugged from the controller"),
        "short_way": _("shorted on the way to the traffic light"),
        "short_end": _("shorted at the traffic light, in the plug or the socket"),
        "short": _("shorted on the way to the traffic light"),
        "far_off": _("the cable is whole, nobody answers at its other end: the controller is off"),
    },
    "what": {
        "far_end_off": _("The cable is whole, the controller is switched off"),
        "line_fine": _("The line is fine up to the traffic light"),
    },
    "tell": {
        "device_dark": _(
            "Our equipment for this traffic light has lost its connection. I am passing it on to the repair team."
        ),
        "device_silent": _("Our switch for this traffic light does not answer. I am passing it on to the engineers."),
        "loop": _WHAT_IS_PLUGGED_IN,
        "storm": _WHAT_IS_PLUGGED_IN,
        "too_many_macs": _WHAT_IS_PLUGGED_IN,
        "cable_break": _(
            "I see that the cable ends before the controller. Is it plugged in, and whole in the cabinet?"
        ),
        "far_end_off": _("The cable is whole, but I do not see the controller. Does it have power?"),
        "flapping": _(
            "The connection with the controller breaks off all the time. Please see how our cable sits in it."
        ),
        "no_link": _("I do not see the controller. Does it have power, and is our cable plugged in?"),
        "half_duplex": _(
            "The controller has agreed on a slow mode with our switch. Please see the settings of its port."
        ),
        "two_pairs": _BAD_CABLE,
        "wrong_speed": _BAD_CABLE,
        "errors_growing": _BAD_CABLE,
        "binding_blocked": _ANOTHER,
        "foreign_mac": _ANOTHER,
        "no_mac": _("The cable is connected, but the controller is silent. Please restart it."),
        "weak_uplink": _("The connection of our node is bad. I am passing it on to the engineers."),
        "device_restarted": _("Our switch has just restarted. The connection comes back within two minutes."),
        "line_fine": _("Our line works up to the traffic light. Please look at its controller."),
    },
    "do": {
        "find_loop_at_home": _UNPLUG,
        "find_storm_at_home": _UNPLUG,
        "find_switch_at_home": _UNPLUG,
        "send_crew_to_cable": _("Send a crew with the pairs and the metre. The customer can do nothing."),
        "send_crew_to_cabinet": _CABINET,
        "check_router_power": _LOOK_AT_CONTROLLER,
        "check_router_and_cable": _LOOK_AT_CONTROLLER,
        "restart_router": _LOOK_AT_CONTROLLER,
        "ask_to_restart_router": _LOOK_AT_CONTROLLER,
        "check_customer_equipment": _LOOK_AT_CONTROLLER,
        "set_autonegotiation": _("Have the controller's port set to automatic and check again."),
        "check_router_binding": _("If the controller is new, ask for the binding to be changed."),
    },
}
PREMISES: Mapping[str, Mapping[str, Any]] = {
    "cable": {
        "end": pgettext_lazy("drawing", "premises"),
        "cut_way": _("broken on the way to the premises"),
        "cut_end": _("broken at the premises, or unplugged from the router"),
        "cut": _("broken on the way, or unplugged from the router"),
        "short_way": _("shorted on the way to the premises"),
        "short_end": _("shorted at the premises, in the plug or the socket"),
        "short": _("shorted on the way to the premises"),
    },
    "what": {"line_fine": _("The line is fine up to the premises")},
    "tell": {
        "two_pairs": _(
            "The cable to your premises works at a tenth of its speed: two of its four pairs have no contact, "
            "or the router is an old one."
        ),
        "wrong_speed": _(
            "The cable to your premises works at a reduced speed: one of its pairs is damaged or does not sit well."
        ),
        "errors_growing": _("Data is damaged on the way to your premises: the cable or a connector is bad."),
        "line_fine": _("Our line works up to your premises. Let us check the equipment at your place."),
    },
    "do": {
        "send_crew_to_cable": LIGHTS["do"]["send_crew_to_cable"],
        "send_crew_to_cabinet": _CABINET,
        "send_crew_to_receiver": _("Send a crew to the optical receiver of the house. The customer can do nothing."),
    },
}
_COMMON: Mapping[str, Mapping[str, Any]] = {
    "cable": {"end": pgettext_lazy("drawing", "flat")},
    "what": {},
    "tell": {},
    "do": {},
}


@register.filter
def own_what(line: Line | None, finding: Finding) -> str:
    """What is wrong, where a household is told otherwise; empty where the common words fit."""
    return str(_of(line)["what"].get(finding.code, ""))


@register.filter
def own_tell(line: Line | None, finding: Finding) -> str:
    """What to tell the caller, in the same way."""
    # A fine line of television has words of its own already, of the house and not of the flat.
    is_tv = line and is_television(" ".join(service.kind for service in line.services))
    return "" if is_tv and finding.tell == "line_fine" else str(_of(line)["tell"].get(finding.tell, ""))


@register.filter
def own_do(line: Line | None, finding: Finding) -> str:
    """What to do next, in the same way."""
    return str(_of(line)["do"].get(finding.do, ""))


@register.filter
def own_cable(line: Line | None, cable: Cable) -> str:
    """What follows from a test of the cable."""
    return str(_of(line)["cable"].get(cable.says) or cable_word(cable))


@register.filter
def cable_end(line: Line | None) -> str:
    """What stands at the customer's end of the cable."""
    return str(_of(line)["cable"]["end"])


def _of(line: Line | None) -> Mapping[str, Mapping[str, Any]]:
    if not line:
        return _COMMON
    if {service.kind for service in line.services} == {"traffic_light"}:
        return LIGHTS
    return _COMMON if line.subscriber.kind == Subscriber.Kind.PERSON else PREMISES
