"""The BER (ITU-T X.690) of SNMP messages (RFC 1157, RFC 3416), read and written, safe against hostile input.

Every reader raises `Malformed` and nothing else, never reads past its bounds and never recurses by the input's will.
The monitor reads with it what devices send; the simulated city answers with it.
"""

from collections.abc import Iterator
from functools import lru_cache

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46
GET, GET_NEXT, RESPONSE, SET, TRAP_V1, GET_BULK, INFORM, TRAP = range(0xA0, 0xA8)
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = b"\x80\x00", b"\x81\x00", b"\x82\x00"
NULL_VALUE = b"\x05\x00"
_UNSIGNED = frozenset({COUNTER32, GAUGE32, TIME_TICKS, COUNTER64})
# An OID of SNMP has at most 128 sub-identifiers (RFC 3416 §4.1).
MAX_SUB_IDENTIFIERS = 128

Oid = tuple[int, ...]


class Malformed(ValueError):
    """The octets are no such BER."""


def take(data: bytes, at: int, end: int, wanted: int | None = None) -> tuple[int, int, int]:
    """Read the head at `at`: the tag, where its content begins and where it ends. Raises Malformed."""
    if at + 2 > end:
        raise Malformed("cut short")
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or at + count > end:
            raise Malformed("bad length")
        size = int.from_bytes(data[at : at + count], "big")
        at += count
    if at + size > end:
        raise Malformed("length past the end")
    if wanted is not None and tag != wanted:
        raise Malformed(f"tag {tag:#x} instead of {wanted:#x}")
    return tag, at, at + size


def expect(data: bytes, at: int, end: int, wanted: int) -> tuple[int, int]:
    """Read a head of the tag `wanted`: where its content begins and ends. Raises Malformed."""
    return take(data, at, end, wanted)[1:]


def read_integer(data: bytes, start: int, stop: int) -> int:
    """Decode a signed integer of 1 to 9 octets. Raises Malformed."""
    if not 1 <= stop - start <= 9:
        raise Malformed("bad integer")
    return int.from_bytes(data[start:stop], "big", signed=True)


def take_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Read an INTEGER of at most 32 bits, head and all, and where it ends. Raises Malformed."""
    _, start, stop = take(data, at, end, INTEGER)
    if not 1 <= stop - start <= 5:
        raise Malformed("integer of a wrong size")
    return read_integer(data, start, stop), stop


def read_oid(body: bytes) -> Oid:
    """Decode the content of an OBJECT IDENTIFIER. Raises Malformed."""
    if not body or body[-1] & 0x80:
        raise Malformed("cut object identifier")
    numbers: list[int] = []
    number = 0
    for octet in body:
        number = number << 7 | octet & 0x7F
        if number > 0xFFFFFFFF:
            raise Malformed("sub-identifier above 32 bits")
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    if len(numbers) > MAX_SUB_IDENTIFIERS:
        raise Malformed("object identifier too long")
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


def read_dotted(data: bytes, start: int, stop: int) -> str:
    """Decode an object identifier as dotted text. Raises Malformed."""
    return ".".join(map(str, read_oid(data[start:stop])))


def value(data: bytes, tag: int, start: int, stop: int) -> int | str | bytes | None:
    """Decode a value of SMIv2: integers, dotted text for OIDs and addresses, octets; None for what is not there."""
    if tag == INTEGER:
        return read_integer(data, start, stop)
    if tag in _UNSIGNED:
        if not 1 <= stop - start <= 9:
            raise Malformed("bad counter")
        return int.from_bytes(data[start:stop], "big")
    if tag == OBJECT_ID:
        return read_dotted(data, start, stop)
    if tag == IP_ADDRESS:
        if stop - start != 4:
            raise Malformed("bad address")
        return ".".join(map(str, data[start:stop]))
    if tag == NULL or tag & 0xC0 == 0x80:
        return None
    return bytes(data[start:stop])


def varbinds(data: bytes, at: int, end: int) -> Iterator[tuple[str, int | str | bytes | None]]:
    """Yield name and value of each variable binding of the list at `at`. Raises Malformed."""
    at, end = expect(data, at, end, SEQUENCE)
    while at < end:
        inside, at = expect(data, at, end, SEQUENCE)
        name_start, name_stop = expect(data, inside, at, OBJECT_ID)
        tag, start, stop = take(data, name_stop, at)
        yield read_dotted(data, name_start, name_stop), value(data, tag, start, stop)


def length(size: int) -> bytes:
    """A length in the shortest form, up to 65,535."""
    if size < 0x80:
        return bytes((size,))
    if size < 0x100:
        return bytes((0x81, size))
    return b"\x82" + size.to_bytes(2, "big")


def tlv(tag: int, body: bytes) -> bytes:
    """Tag, length, body."""
    size = len(body)
    return bytes((tag, size)) + body if size < 0x80 else bytes((tag,)) + length(size) + body


def signed(tag: int, number: int) -> bytes:
    """A number in the shortest form, under any tag."""
    return tlv(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


_SMALL = {(tag, n): signed(tag, n) for tag in (INTEGER, COUNTER32, GAUGE32) for n in range(256)}


def integer(number: int) -> bytes:
    """INTEGER."""
    return _SMALL.get((INTEGER, number)) or signed(INTEGER, number)


def counter32(number: float) -> bytes:
    """Counter32, wrapped."""
    return signed(COUNTER32, int(number) & 0xFFFFFFFF)


def gauge32(number: int) -> bytes:
    """Gauge32, held at its top."""
    return _SMALL.get((GAUGE32, number)) or signed(GAUGE32, min(number, 0xFFFFFFFF))


def ticks(seconds: float) -> bytes:
    """TimeTicks from seconds: hundredths, wrapped after 497 days."""
    return signed(TIME_TICKS, int(seconds * 100) & 0xFFFFFFFF)


def counter64(number: float) -> bytes:
    """Counter64, wrapped."""
    return signed(COUNTER64, int(number) & 0xFFFFFFFFFFFFFFFF)


def octets(text: bytes | str) -> bytes:
    """OCTET STRING; text as UTF-8."""
    return tlv(OCTETS, text.encode() if isinstance(text, str) else text)


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
        while number := number >> 7:
            part.append(number & 0x7F | 0x80)
        out += bytes(reversed(part))
    return bytes(out)


def oid_body(oid: Oid) -> bytes:
    """The body of an OBJECT IDENTIFIER; the first two numbers go into one byte."""
    return sub_identifiers((oid[0] * 40 + oid[1], *oid[2:]))


def object_id(oid: Oid) -> bytes:
    """OBJECT IDENTIFIER with tag and length."""
    return tlv(OBJECT_ID, oid_body(oid))


def parse_oid(text: str) -> Oid:
    """1.3.6.1 as numbers. Raises ValueError for what is not that."""
    return tuple(map(int, text.strip(".").split(".")))
