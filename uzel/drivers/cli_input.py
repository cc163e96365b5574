"""The only door by which a value from outside reaches a command line.

A value is taken by its type (port, MAC, VLAN, IPv4), never as text; what is written is made anew from what was
understood, so nothing of the caller's spelling gets through. A port's description is the one text: of plain signs only.
"""

import ipaddress
import re

from uzel.core.changes import LONGEST_TEXT, is_text
from uzel.drivers.cli_page import Ask, Page
from uzel.drivers.cli_text import mac as mac_digits

# Also bars "?" and tab, which make a switch print help or complete a word, and "|" and ";" by not being listed.
_LINE = re.compile(r"[A-Za-z0-9 _./:,*\-]{1,200}")


class BadInputError(ValueError):
    """A value that must not reach a command line. `field` says which; the value itself is not repeated."""

    def __init__(self, field: str) -> None:
        super().__init__(f"not a valid {field}")
        self.field = field


def port(text: str, page: Page) -> str:
    """A port's name as the driver's own parsers give it."""
    if not re.fullmatch(page.port_name, text, re.ASCII):
        raise BadInputError("port")
    return text


def vlan(value: int | str) -> int:
    """A VLAN number, 1…4094."""
    if isinstance(value, str):
        if not re.fullmatch(r"[1-9]\d{0,3}", value, re.ASCII):
            raise BadInputError("vlan")
        value = int(value)
    if isinstance(value, bool) or not 1 <= value <= 4094:
        raise BadInputError("vlan")
    return value


def vlan_name(name: str) -> str:
    """A VLAN's name, as a device told it."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", name, re.ASCII):
        raise BadInputError("vlan")
    return name


def description(text: str, *, longest: int = LONGEST_TEXT) -> str:
    """A port's description: no quote, question mark or sign that a session would take for a prompt; empty is none."""
    if not is_text(text, longest=longest):
        raise BadInputError("text")
    return text


def ipv4(text: str, *, loopback: bool = False) -> str:
    """The address of one host: not "any", not a broadcast to all, not a group; of this machine where it is allowed."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise BadInputError("address") from None
    here = address.is_loopback and not loopback
    if here or address.is_unspecified or address.is_multicast or address.is_reserved:
        raise BadInputError("address")
    return str(address)


def mac(text: str, style: str) -> str:
    """One station's MAC in the page's style; a group address is refused."""
    plain = text if re.fullmatch(r"[0-9A-Fa-f:.-]{12,17}", text, re.ASCII) else ""
    digits = mac_digits(plain)
    if digits is None or int(digits[1], 16) & 1:
        raise BadInputError("mac")
    written = iter(digits.upper() if style[0] == "X" else digits)
    return "".join(next(written) if place in "xX" else place for place in style)


def commands(
    page: Page,
    ask: Ask,
    *,
    port_name: str | None = None,
    mac_address: str | None = None,
    vlan_id: int | str | None = None,
    address: str | None = None,
    loopback: bool = False,
) -> tuple[str, ...]:
    """The lines to send for a question, in order: what goes before, the command, what goes after.

    `loopback`: the device itself is on this machine (the simulated city), and so are its neighbours.

    Raises BadInputError for a value that is not of its type, or that the command needs and has not got.
    """
    values: dict[str, str] = {}
    if port_name is not None:
        values["port"] = port(port_name, page)
    if mac_address is not None:
        values["mac"] = mac(mac_address, page.mac_style)
    if vlan_id is not None:
        values["vlan"] = str(vlan(vlan_id))
    if address is not None:
        values["address"] = ipv4(address, loopback=loopback)
    lines = [line for part in (ask.first, ask.command, ask.after) for line in part.split("\n") if line]
    try:
        written = tuple(line.format(**values) for line in lines)
    except KeyError as missing:
        raise BadInputError(str(missing.args[0])) from None
    if not all(_LINE.fullmatch(line) for line in written):
        raise BadInputError("command")
    return written
