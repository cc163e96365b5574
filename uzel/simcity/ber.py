"""BER of SNMPv2c messages (RFC 1157, RFC 3416; X.690), only as much of it as an agent needs.

Decoding never trusts a length: whatever is wrong with a packet raises `Malformed`.
"""

from functools import lru_cache

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46
GET, GET_NEXT, RESPONSE, SET, GET_BULK, INFORM, TRAP = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA6, 0xA7
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = b"\x80\x00", b"\x81\x00", b"\x82\x00"
NULL_VALUE = b"\x05\x00"
MAX_SUB_IDENTIFIERS = 128

Oid = tuple[int, ...]


class Malformed(ValueError):
    """The packet is not an SNMP message that can be read."""


def length(size: int) -> bytes:
    """A length in the shortest form."""
    if size < 0x80:
        return bytes((size,))
    if size < 0x100:
        return bytes((0x81, size))
    return bytes((0x82, size >> 8, size & 0xFF))


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    size = len(body)
    return bytes((tag, size)) + body if size < 0x80 else bytes((tag,)) + length(size) + body


def _signed(tag: int, value: int) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


_SMALL = {(tag, n): _signed(tag, n) for tag in (INTEGER, COUNTER32, GAUGE32) for n in range(256)}


def integer(value: int) -> bytes:
    """INTEGER."""
    return _SMALL.get((INTEGER, value)) or _signed(INTEGER, value)


def counter32(value: float) -> bytes:
    """Counter32, wrapped."""
    return _signed(COUNTER32, int(value) & 0xFFFFFFFF)


def gauge32(value: int) -> bytes:
    """Gauge32, held at its top."""
    return _SMALL.get((GAUGE32, value)) or _signed(GAUGE32, min(value, 0xFFFFFFFF))


def ticks(seconds: float) -> bytes:
    """TimeTicks from seconds: hundredths, wrapped after 497 days."""
    return _signed(TIME_TICKS, int(seconds * 100) & 0xFFFFFFFF)


def counter64(value: float) -> bytes:
    """Counter64, wrapped."""
    return _signed(COUNTER64, int(value) & 0xFFFFFFFFFFFFFFFF)


def octets(value: bytes | str) -> bytes:
    """OCTET STRING; text as UTF-8."""
    return tlv(OCTETS, value.encode() if isinstance(value, str) else value)


def ip_address(text: str) -> bytes:
    """IpAddress from dotted text."""
    return tlv(IP_ADDRESS, bytes(map(int, text.split("."))))


@lru_cache(maxsize=65536)
def sub_identifiers(oid: Oid) -> bytes:
    """The bytes of sub-identifiers, without tag and length, and without the joining of the first two."""
    out = bytearray()
    for number in oid:
        if number < 0x80:
            out.append(number)
            continue
        part = [number & 0x7F]
        number >>= 7
        while number:
            part.append(0x80 | (number & 0x7F))
            number >>= 7
        out += bytes(reversed(part))
    return bytes(out)


def oid_body(oid: Oid) -> bytes:
    """The body of an OBJECT IDENTIFIER; the first two numbers go into one byte."""
    return sub_identifiers((oid[0] * 40 + oid[1], *oid[2:]))


def object_id(oid: Oid) -> bytes:
    """OBJECT IDENTIFIER with tag and length."""
    return tlv(OBJECT_ID, oid_body(oid))


def parse_oid(text: str) -> Oid:
    """1.3.6.1 as numbers."""
    return tuple(map(int, text.strip(".").split(".")))


@lru_cache(maxsize=65536)
def read_oid(body: bytes) -> Oid:
    """Numbers from the body of an OBJECT IDENTIFIER. Raises Malformed."""
    if not body or body[-1] & 0x80:
        raise Malformed("cut object identifier")
    numbers: list[int] = []
    number = 0
    for byte in body:
        number = (number << 7) | (byte & 0x7F)
        if number > 0xFFFFFFFF:
            raise Malformed("sub-identifier above 32 bits")
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    if len(numbers) > MAX_SUB_IDENTIFIERS:
        raise Malformed("object identifier too long")
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


def take(data: bytes, at: int, end: int, tag: int | None = None) -> tuple[int, int, int]:
    """The element at `at`: (tag, where its body begins, where it ends). Raises Malformed."""
    if at + 2 > end:
        raise Malformed("cut message")
    found, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or at + count > end:
            raise Malformed("bad length")
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > end:
        raise Malformed("length beyond the message")
    if tag is not None and found != tag:
        raise Malformed(f"tag {found:#x} where {tag:#x} is due")
    return found, at, at + size


def take_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """An INTEGER of at most 32 bits and where it ends. Raises Malformed."""
    _, start, stop = take(data, at, end, INTEGER)
    if not 1 <= stop - start <= 5:
        raise Malformed("integer of a wrong size")
    return int.from_bytes(data[start:stop], "big", signed=True), stop
