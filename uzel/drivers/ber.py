"""The little of BER (ITU-T X.690) that SNMP messages need, safe against hostile input.

Every reader raises `Malformed` and nothing else, never reads past its bounds and never recurses by the input's will.
"""

from collections.abc import Iterator

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x46
_UNSIGNED = frozenset({COUNTER32, GAUGE32, TIME_TICKS, COUNTER64})
# An OID of SNMP has at most 128 sub-identifiers (RFC 3416 §4.1).
OID_LIMIT = 128


class Malformed(ValueError):
    """The octets are no such BER."""


def tlv(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Read one head: the tag, where its content begins and where it ends. Raises Malformed."""
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
    return tag, at, at + size


def expect(data: bytes, at: int, end: int, wanted: int) -> tuple[int, int]:
    """Read a head of the tag `wanted`: where its content begins and ends. Raises Malformed."""
    tag, start, stop = tlv(data, at, end)
    if tag != wanted:
        raise Malformed(f"tag {tag:#x} instead of {wanted:#x}")
    return start, stop


def integer(data: bytes, start: int, stop: int) -> int:
    """Decode a signed integer of 1 to 9 octets. Raises Malformed."""
    if not 1 <= stop - start <= 9:
        raise Malformed("bad integer")
    return int.from_bytes(data[start:stop], "big", signed=True)


def oid(data: bytes, start: int, stop: int) -> str:
    """Decode an object identifier as dotted text. Raises Malformed."""
    if start == stop or data[stop - 1] & 0x80:
        raise Malformed("bad OID")
    parts, value = [], 0
    for octet in data[start:stop]:
        value = value << 7 | octet & 0x7F
        if value > 0xFFFFFFFF:
            raise Malformed("bad OID")
        if not octet & 0x80:
            parts.append(value)
            value = 0
    if len(parts) > OID_LIMIT:
        raise Malformed("bad OID")
    first = min(parts[0] // 40, 2)
    return ".".join(map(str, (first, parts[0] - 40 * first, *parts[1:])))


def value(data: bytes, tag: int, start: int, stop: int) -> int | str | bytes | None:
    """Decode a value of SMIv2: integers, dotted text for OIDs and addresses, octets; None for what is not there."""
    if tag == INTEGER:
        return integer(data, start, stop)
    if tag in _UNSIGNED:
        if not 1 <= stop - start <= 9:
            raise Malformed("bad counter")
        return int.from_bytes(data[start:stop], "big")
    if tag == OID:
        return oid(data, start, stop)
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
        name_start, name_stop = expect(data, inside, at, OID)
        tag, start, stop = tlv(data, name_stop, at)
        yield oid(data, name_start, name_stop), value(data, tag, start, stop)


def encode(tag: int, content: bytes) -> bytes:
    """Put the head before the content (up to 65,535 octets)."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    if size < 0x100:
        return bytes((tag, 0x81, size)) + content
    return bytes((tag, 0x82)) + size.to_bytes(2, "big") + content


def encode_integer(number: int, tag: int = INTEGER) -> bytes:
    """Encode a signed integer."""
    return encode(tag, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def encode_oid(dotted: str) -> bytes:
    """Encode an object identifier. Raises ValueError for what is not one."""
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray()
    for part in (first * 40 + second, *rest):
        octets = [part & 0x7F]
        while part := part >> 7:
            octets.append(part & 0x7F | 0x80)
        out += bytes(reversed(octets))
    return encode(OID, bytes(out))
