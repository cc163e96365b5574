"""What can be done to the simulated city. Every kind of fault is a line of FAULTS."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    PORT = "port"
    SWITCH = "switch"
    DEVICE = "device"
    RECEIVER = "optical_receiver"
    UPS = "ups"


class Only(StrEnum):
    """Ports that a fault needs. Two pairs are enough for 100 Mbit/s, so only gigabit copper suffers from the lack."""

    ANY = ""
    GIGABIT_COPPER = "gigabit copper"
    FIBRE = "fibre"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault. `argument`: what follows the `=` and its default; None when it takes nothing."""

    target: Target
    line: str
    argument: float | None = None
    unit: str = ""
    # A port with it has no link.
    breaks_link: bool = False
    # The ends of its link agree anew on speed and duplex when it comes and when it goes: the link is down for a moment.
    renegotiates: bool = False
    # Which ports can have it, when not all.
    only: Only = Only.ANY


FAULTS: dict[str, FaultKind] = {
    "no-link": FaultKind(Target.PORT, "no link: nothing is heard from the other end", breaks_link=True),
    "admin-down": FaultKind(Target.PORT, "somebody switched the port off", breaks_link=True),
    "slow": FaultKind(Target.PORT, "the link comes up at 10 Mbit/s", renegotiates=True),
    "half-duplex": FaultKind(Target.PORT, "the link is half duplex, late collisions grow", renegotiates=True),
    "errors": FaultKind(Target.PORT, "CRC errors grow, so many a second", 20.0, "/s"),
    "no-mac": FaultKind(Target.PORT, "link is up but no frame comes in: no MAC address"),
    "wrong-mac": FaultKind(Target.PORT, "another device than the subscriber's is plugged in"),
    "many-macs": FaultKind(Target.PORT, "a crowd of MAC addresses behind the port", 24.0),
    "flapping": FaultKind(Target.PORT, "the link goes up and down, once in so many seconds", 8.0, "s"),
    "cable-open-at": FaultKind(Target.PORT, "the cable is cut so many metres from the switch", 31.0, "m", True),
    "cable-short-at": FaultKind(Target.PORT, "wires touch so many metres from the switch", 12.0, "m", True),
    "loop": FaultKind(Target.PORT, "a loop behind the port: broadcast storm, foreign MAC addresses"),
    "far-end-off": FaultKind(Target.PORT, "the subscriber's router is switched off", breaks_link=True),
    "two-pairs": FaultKind(
        Target.PORT,
        "two pairs of four are cut: a gigabit port works at 100 Mbit/s",
        renegotiates=True,
        only=Only.GIGABIT_COPPER,
    ),
    "storm": FaultKind(Target.PORT, "a device behind the port sends broadcasts without end"),
    "binding-blocked": FaultKind(Target.PORT, "address binding drops the subscriber's frames"),
    "iptv-no-groups": FaultKind(Target.PORT, "the set-top box joins no multicast group"),
    "weak-optics": FaultKind(
        Target.PORT, "too little light at an optical port, dBm: frames are spoiled", -27.5, "dBm", only=Only.FIBRE
    ),
    "snmp-dead": FaultKind(Target.DEVICE, "works but does not answer the monitor"),
    "hang": FaultKind(Target.SWITCH, "hangs: its ports shine, nothing passes, nothing answers"),
    "reboot": FaultKind(Target.SWITCH, "restarts by itself, once"),
    "cli-slow": FaultKind(Target.SWITCH, "its command line takes so many seconds for every answer", 3.0, "s"),
    "cli-hang": FaultKind(Target.SWITCH, "its command line falls silent in the middle of an answer"),
    "cli-log-noise": FaultKind(Target.SWITCH, "its command line prints log lines in the middle of an answer"),
    "cli-close-after-login": FaultKind(Target.SWITCH, "its command line hangs up after the login"),
    "cli-password-expired": FaultKind(Target.SWITCH, "its command line demands a new password after the login"),
    "cli-wrong-host": FaultKind(Target.SWITCH, "its command line shows the prompt of another switch"),
    "cli-flood": FaultKind(Target.SWITCH, "its command line answers with so many megabytes of rubbish", 1.0),
    "cli-prompt-change": FaultKind(Target.SWITCH, "its prompt changes after the first command"),
    "cli-locked": FaultKind(Target.SWITCH, "its command line is held by another session"),
    "cli-deaf": FaultKind(Target.SWITCH, "its command line takes changes and does not make them"),
    "low-light": FaultKind(Target.RECEIVER, "too little light at its input, dBm", -12.0, "dBm"),
    "battery-low": FaultKind(
        Target.UPS, "the battery is worn out: so many percent left, asks to be replaced", 6.0, "%"
    ),
}


class BadFault(ValueError):
    """A fault that cannot be: unknown kind, wrong argument, wrong kind of target."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in force. `since` is in unix seconds."""

    kind: str
    value: float
    since: float

    @property
    def spelled(self) -> str:
        kind = FAULTS[self.kind]
        return self.kind if kind.argument is None else f"{self.kind}={self.value:g}{kind.unit}"


def parse(text: str, now: float) -> Fault:
    """Read `kind` or `kind=31m`. Raises BadFault."""
    name, _, argument = text.partition("=")
    if (kind := FAULTS.get(name)) is None:
        raise BadFault(f"there is no fault {name!r}")
    if not argument:
        return Fault(name, kind.argument or 0.0, now)
    if kind.argument is None:
        raise BadFault(f"the fault {name!r} takes no argument")
    match = re.fullmatch(r"(-?\d+(?:[.,]\d+)?)\s*(?:m|s|dBm|%|/s)?", argument)
    if match is None:
        raise BadFault(f"{name}: {argument!r} is not a number")
    return Fault(name, float(match[1].replace(",", ".")), now)
