"""SNMP notifications (v1 traps, v2c traps and informs) as hints of where to look.

A trap proves nothing: it is UDP, may be lost, late, doubled or forged. It only says which device to ask at once.
Sources: RFC 1157 §4.1.6 (v1), RFC 3416 §4.2.6 (v2c), RFC 3584 §3.1 (v1 as v2), RFC 3418 and IF-MIB (names).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from uzel.drivers import ber

SNMP_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"
_STANDARD = "1.3.6.1.6.3.1.1.5."
_IF_INDEX = "1.3.6.1.2.1.2.2.1.1."
# A datagram has room for a few hundred bindings; no real device sends more than a few dozen.
VARBIND_LIMIT = 200

KINDS: Mapping[str, str] = {
    _STANDARD + "1": "cold_start",
    _STANDARD + "2": "warm_start",
    _STANDARD + "3": "link_down",
    _STANDARD + "4": "link_up",
    _STANDARD + "5": "authentication_failure",
    "1.3.6.1.2.1.33.2.1": "ups_on_battery",  # UPS-MIB upsTrapOnBattery
    "1.3.6.1.2.1.33.2.3": "ups_alarm",
    "1.3.6.1.2.1.33.2.4": "ups_alarm_gone",
    "1.3.6.1.4.1.318.0.5": "ups_on_battery",  # PowerNet-MIB upsOnBattery
    "1.3.6.1.4.1.318.0.9": "ups_on_line",  # PowerNet-MIB powerRestored
    "1.3.6.1.4.1.318.0.7": "ups_battery_low",
}


@dataclass(frozen=True, slots=True)
class Trap:
    """A decoded notification. `kind` is a word of `KINDS` or "other"; `if_index` is set for link traps."""

    kind: str
    oid: str
    community: str
    if_index: int | None = None
    agent: str = ""
    variables: Mapping[str, int | str | bytes | None] = field(default_factory=dict)
    # For an inform: the answer that its sender waits for.
    reply: bytes = b""


def parse(data: bytes) -> Trap:
    """Decode one datagram. Raises ber.Malformed for anything that is not an SNMPv1 or v2c notification."""
    at, end = ber.expect(data, 0, len(data), ber.SEQUENCE)
    start, at = ber.expect(data, at, end, ber.INTEGER)
    version = ber.read_integer(data, start, at)
    start, at = ber.expect(data, at, end, ber.OCTETS)
    community = data[start:at].decode("utf-8", "replace")[:100]
    pdu, at, end = ber.take(data, at, end)
    if version == 0 and pdu == ber.TRAP_V1:
        return _parse_v1(data, at, end, community)
    if version == 1 and pdu in (ber.TRAP, ber.INFORM):
        return _parse_v2(data, at, end, community, pdu == ber.INFORM)
    raise ber.Malformed("not a notification")


def _parse_v1(data: bytes, at: int, end: int, community: str) -> Trap:
    start, at = ber.expect(data, at, end, ber.OBJECT_ID)
    enterprise = ber.read_dotted(data, start, at)
    start, at = ber.expect(data, at, end, ber.IP_ADDRESS)
    agent = str(ber.value(data, ber.IP_ADDRESS, start, at))
    start, at = ber.expect(data, at, end, ber.INTEGER)
    generic = ber.read_integer(data, start, at)
    start, at = ber.expect(data, at, end, ber.INTEGER)
    specific = ber.read_integer(data, start, at)
    _, at = ber.expect(data, at, end, ber.TIME_TICKS)
    oid = f"{_STANDARD}{generic + 1}" if 0 <= generic <= 5 else f"{enterprise}.0.{specific}"
    return _trap(oid, community, _bindings(data, at, end), agent=agent)


def _parse_v2(data: bytes, at: int, end: int, community: str, inform: bool) -> Trap:
    pdu_start, pdu_end = at, end
    for _ in range(3):  # request-id, error-status, error-index
        _, at = ber.expect(data, at, end, ber.INTEGER)
    variables = _bindings(data, at, end)
    oid = variables.get(SNMP_TRAP_OID)
    if not isinstance(oid, str):
        raise ber.Malformed("no snmpTrapOID")
    reply = b""
    if inform:
        pdu = ber.tlv(ber.RESPONSE, data[pdu_start:pdu_end])
        head = ber.integer(1) + ber.tlv(ber.OCTETS, community.encode())
        reply = ber.tlv(ber.SEQUENCE, head + pdu)
    return _trap(oid, community, variables, reply=reply)


def _bindings(data: bytes, at: int, end: int) -> dict[str, int | str | bytes | None]:
    result: dict[str, int | str | bytes | None] = {}
    for name, bound in ber.varbinds(data, at, end):
        result[name] = bound
        if len(result) > VARBIND_LIMIT:
            raise ber.Malformed("too many bindings")
    return result


def _trap(
    oid: str, community: str, variables: Mapping[str, int | str | bytes | None], agent: str = "", reply: bytes = b""
) -> Trap:
    kind = KINDS.get(oid) or KINDS.get(oid.replace(".0.", ".", 1), "other")
    if_index = next((v for k, v in variables.items() if k.startswith(_IF_INDEX) and isinstance(v, int)), None)
    return Trap(kind, oid, community, if_index, agent, variables, reply)
