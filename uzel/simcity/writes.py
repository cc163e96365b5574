"""SNMP SET (RFC 3416 §4.2.5): a port is switched on or off, its alias written. All of a request is done, or nothing.

Whatever is written is what the command lines change and show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from uzel.drivers import ber
from uzel.drivers.ber import Oid
from uzel.simcity import dynamics
from uzel.simcity.dynamics import Notice
from uzel.simcity.mib import Asked
from uzel.simcity.world import Port

IF_ADMIN_STATUS, IF_ALIAS = ber.parse_oid("1.3.6.1.2.1.2.2.1.7"), ber.parse_oid("1.3.6.1.2.1.31.1.1.1.18")
_UP, _DOWN = 1, 2
# DisplayString (SIZE(0..64)), RFC 2863.
_LONGEST_ALIAS = 64


class Status(IntEnum):
    """error-status (RFC 3416 §3)."""

    DONE = 0
    NO_ACCESS = 6
    WRONG_TYPE = 7
    WRONG_LENGTH = 8
    WRONG_ENCODING = 9
    WRONG_VALUE = 10
    NO_CREATION = 11
    NOT_WRITABLE = 17


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a SET. `index` counts from 1 and names the binding that was refused; 0: none was."""

    status: Status
    index: int = 0
    notices: tuple[Notice, ...] = ()


# The name of an object, the tag and the content of the value.
Wanted = tuple[Oid, int, bytes]
_Change = Callable[[], list[Notice]]


def write(asked: Asked, wanted: Sequence[Wanted]) -> Written:
    """Look at every binding first; only when all are good are they carried out, in their order."""
    changes: list[_Change] = []
    for index, (oid, tag, content) in enumerate(wanted, 1):
        change = _admin(asked, oid, tag, content) if oid[:-1] == IF_ADMIN_STATUS else _alias(asked, oid, tag, content)
        if isinstance(change, Status):
            return Written(change, index)
        changes.append(change)
    return Written(Status.DONE, 0, tuple(notice for change in changes for notice in change()))


def _admin(asked: Asked, oid: Oid, tag: int, content: bytes) -> _Change | Status:
    if tag != ber.INTEGER:
        return Status.WRONG_TYPE
    if not 1 <= len(content) <= 4:
        return Status.WRONG_ENCODING
    status = int.from_bytes(content, "big", signed=True)
    if status not in (_UP, _DOWN):  # 3 is "testing", which no switch of the city does
        return Status.WRONG_VALUE
    port = _port(asked, oid[-1])
    if isinstance(port, Status):
        return port
    return lambda: dynamics.switch_port(asked.city, port, asked.now, on=status == _UP)


def _alias(asked: Asked, oid: Oid, tag: int, content: bytes) -> _Change | Status:
    if oid[:-1] != IF_ALIAS:
        return _elsewhere(oid)
    if tag != ber.OCTETS:
        return Status.WRONG_TYPE
    if len(content) > _LONGEST_ALIAS:
        return Status.WRONG_LENGTH
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return Status.WRONG_VALUE
    if text and not text.isprintable():
        return Status.WRONG_VALUE
    port = _port(asked, oid[-1])
    if isinstance(port, Status):
        return port

    def change() -> list[Notice]:
        dynamics.describe_port(asked.city, port, text)
        return []

    return change


def _elsewhere(oid: Oid) -> Status:
    """An instance that no row of a column has; or another object, none of which may be written."""
    writable = any(oid[: len(column)] == column for column in (IF_ADMIN_STATUS, IF_ALIAS))
    return Status.NO_CREATION if writable else Status.NOT_WRITABLE


def _port(asked: Asked, if_index: int) -> Port | Status:
    """A port that one can plug a wire into. Interfaces of VLANs are there, and not for writing."""
    port = next((port for port in asked.device.ports if port.shape.if_index == if_index), None)
    if port is None:
        return Status.NO_CREATION if asked.device.ports else Status.NOT_WRITABLE
    return port if port.shape.base_port else Status.NOT_WRITABLE
