"""What may be changed at a switch, by whom, when it is refused, and how to tell whether it came true.

Pure rules: who asks, what the port carries and what was seen come in as values. Commands are the drivers'.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    PORT_OFF = "port-off"
    PORT_ON = "port-on"
    PORT_RESTART = "port-restart"
    DESCRIPTION = "description"
    CLEAR_COUNTERS = "clear-counters"
    CLEAR_BINDING = "clear-binding"
    SAVE = "save"


# Who may confirm what is refused to others, and may do everything themselves.
CHIEFS = frozenset({"lead", "engineer", "administrator"})
_COORDINATORS = CHIEFS | {"coordinator"}
_DESK = _COORDINATORS | {"operator"}
WHO: Mapping[Kind, frozenset[str]] = {
    Kind.PORT_RESTART: _DESK,
    Kind.CLEAR_COUNTERS: _DESK,
    Kind.CLEAR_BINDING: _DESK,
    Kind.PORT_OFF: _COORDINATORS,
    Kind.PORT_ON: _COORDINATORS,
    Kind.DESCRIPTION: _COORDINATORS,
    Kind.SAVE: _COORDINATORS,
}
OF_A_PORT = frozenset(Kind) - {Kind.SAVE}
DROPS_LINK = frozenset({Kind.PORT_OFF, Kind.PORT_RESTART})
MOVES_LINK = DROPS_LINK | {Kind.PORT_ON}

# What every switch takes and shows again as it was. No "--": pagers print it; no quotes, "?", "#" or ">".
_TEXT = re.compile(r"[A-Za-z0-9(*](?:(?!--)[A-Za-z0-9 _./:,()*=@-])*(?<! )", re.ASCII)
# What D-Link takes. What a switch had before may be longer, and has to be typed again to bring it back.
LONGEST_TEXT, LONGEST_OLD_TEXT = 32, 120


@dataclass(frozen=True, slots=True)
class PortFacts:
    """`darkens`: how many devices lose their light when this port goes down; `subscribers`: distinct, in service."""

    is_uplink: bool
    darkens: int
    subscribers: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """`confirmable`: a chief may confirm it nevertheless."""

    code: str
    confirmable: bool = False


def refusals(kind: Kind, port: PortFacts | None, role: str) -> tuple[Refusal, ...]:
    """Why `role` may not do it, worst first; empty when it may. A chief is refused only what nobody may do."""
    if role not in WHO[kind]:
        return (Refusal("role"),)
    if kind not in OF_A_PORT:
        return ()
    if port is None:
        return (Refusal("no_port"),)
    if kind in DROPS_LINK and port.darkens:
        return (Refusal("carries_light"),)
    found = {"uplink": port.is_uplink, "shared": port.subscribers > 1}
    return () if role in CHIEFS else tuple(Refusal(code, confirmable=True) for code, met in found.items() if met)


def is_text(text: str, *, longest: int = LONGEST_TEXT) -> bool:
    """Whether it may be typed as a port's description; empty means none."""
    return not text or (len(text) <= longest and _TEXT.fullmatch(text) is not None)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a switch said of the port. None: not asked, or not told. `blocked`, `macs`: twelve hex digits each."""

    admin_up: bool | None = None
    link_up: bool | None = None
    description: str | None = None
    octets: int | None = None
    blocked: tuple[str, ...] | None = None
    macs: tuple[str, ...] | None = None


def needless(kind: Kind, before: Seen, value: str) -> str:
    """Why there is nothing to change, as a code; empty when there is."""
    if kind is Kind.PORT_RESTART and before.admin_up is False:
        return "port_is_off"
    if kind is Kind.CLEAR_BINDING and (before.blocked == () or (before.blocked is None and before.macs)):
        return "nothing_blocked"
    wanted = {Kind.PORT_OFF: before.admin_up is False, Kind.PORT_ON: before.admin_up is True}
    return "already_so" if wanted.get(kind, kind is Kind.DESCRIPTION and before.description == value) else ""


def came_true(kind: Kind, before: Seen, after: Seen, value: str) -> bool | None:
    """Whether the change shows in what was seen after it; None when that tells nothing."""
    if kind is Kind.PORT_OFF:
        return None if after.admin_up is None else not after.admin_up
    if kind in (Kind.PORT_ON, Kind.PORT_RESTART):
        return after.admin_up
    if kind is Kind.DESCRIPTION:
        return None if after.description is None else after.description == value
    if kind is Kind.CLEAR_COUNTERS:
        known = before.octets is not None and after.octets is not None
        return (after.octets or 0) <= (before.octets or 0) if known else None
    if kind is Kind.CLEAR_BINDING:
        if before.blocked is None:
            return bool(after.macs)
        return None if after.blocked is None else not set(before.blocked) & set(after.blocked)
    return True  # save: the switch's own word is all there is


def is_restored(kind: Kind, before: Seen, after: Seen) -> bool:
    """Whether the port is as it was before the change."""
    same_text = kind is not Kind.DESCRIPTION or after.description == before.description
    return after.admin_up is not None and after.admin_up == before.admin_up and same_text
