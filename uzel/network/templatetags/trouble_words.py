"""Why a device gave no answer, in words: one sentence for each code of a session, of SNMP, of NUT, of a probe.

Every page and every command tells these codes by this table. What changes alone can meet is in `change_words`.
A new code is a line of TROUBLES; `tests/unit/test_trouble_words.py` finds the codes that have none.
"""

from collections.abc import Mapping

from django import template
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

register = template.Library()

# Each stands behind a colon, in brackets or, by `trouble_sentence`, alone: no capital, no full stop.
TROUBLES: Mapping[str, "str | Promise"] = {
    # The way there, and the command line: `drivers.session_errors`, SNMP and NUT.
    "unreachable": _("the device cannot be reached"),
    "refused": _("the device takes no session now: it is not enabled, or all lines are taken"),
    "timeout": _("no answer in time"),
    "no_credentials": _("the access group of the device has no account for the command line"),
    "wrong_password": _("the device does not take the account of its access group"),
    "password_expired": _("the device demands a new password for the account of its access group"),
    "low_privilege": _("our account at the device may not do this"),
    "denied": _("access is refused"),
    "locked_by_other_session": _("another session holds the device"),
    "busy": _("all of our sessions with the device are taken"),
    "no_prompt": _("the device showed no prompt that its driver knows"),
    "wrong_host": _("another device answers at this address, or its name or SSH key has changed"),
    "command_refused": _("the device refuses the command"),
    "hung": _("the device fell silent in the middle of its answer"),
    "closed": _("the device closed the session"),
    "flooded": _("the answer of the device does not end"),
    "malformed": _("the answer cannot be read"),
    "stale": _("its NUT server has lost the UPS itself"),
    # The question and its answer.
    "no_device": _("there is no such device in the network"),
    "no_address": _("the device has no address"),
    "no_driver": _("no driver knows this make"),
    "not_asked": _("this model cannot be asked that"),
    "only_identity": _("a UPS is asked for identity, by SNMP: its whole reading comes with it"),
    "only_optics": _("a receiver is asked for identity or optics, by SNMP: its whole reading comes with it"),
    "no_such": _("the device has no such port or reading"),
    "bad_port": _("no port of this make is called so"),
    "bad_mac": _("this is no MAC address"),
    "bad_vlan": _("this is no VLAN that may be typed"),
    "bad_address": _("this is no address that may be asked"),
    "bad_text": _("the device would not take this text"),
    "bad_command": _("the command line would not take this command"),
    "needs_port": _("no port is named, and the question is about one"),
    "needs_mac": _("no MAC address is named, and the question is about one"),
    "needs_vlan": _("no VLAN is named, and the question is about one"),
    "needs_address": _("no address is named, and the question is about one"),
    "incomplete": _("the end of the answer is missing"),
    "spoiled": _("log lines fell into the answer"),
    "unmapped": _("the ports in the answer cannot be told"),
    "nothing_told": _("the device answered, and said nothing of this port"),
    "not_finished": _("the device has not finished: test again"),
    # Our own part: the keys to the accounts, the prober.
    "wrong_key": _("its account was sealed by another key (UZEL_CREDENTIALS_KEY)"),
    "no_key": _("the key to its account is gone: bring back the file credentials_key, or UZEL_CREDENTIALS_KEY"),
    "bad_key": _("UZEL_CREDENTIALS_KEY is not a key"),
    "late": _("no answer in the time that a look may take"),
    "expired": _("nobody took the question in time: is the prober running?"),
    "unknown_operation": _("the prober does not know this question: is it an older one?"),
    "uplink": _("the port is an uplink: the test would cut off everybody behind it"),
    "lost": _("the process that asked died, more than once"),
    "internal": _("a mistake of ours, see the log"),
}


@register.filter
def trouble_word(code: str) -> str:
    """Why there is no answer, as a part of a sentence; the code itself when it is not known."""
    return str(TROUBLES.get(code, code))


def trouble_sentence(code: str) -> str:
    """The same as a sentence of its own."""
    return f"{capfirst(str(TROUBLES[code]))}." if code in TROUBLES else code
