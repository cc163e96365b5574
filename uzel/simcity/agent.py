"""The SNMP agent of a simulated device: a request in, a reply out, silence for whatever it should not answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from uzel.drivers import ber
from uzel.drivers.ber import Malformed, Oid
from uzel.simcity import writes
from uzel.simcity.dynamics import City, Notice
from uzel.simcity.makes import CISCO
from uzel.simcity.mib import Asked, Binding, Tree
from uzel.simcity.traffic import flowed
from uzel.simcity.trees import tree_of
from uzel.simcity.world import Device
from uzel.simcity.writes import Status

# What fits a frame of Ethernet: small agents do not send fragments.
MAX_MESSAGE = 1472
_ROOM = MAX_MESSAGE - 80
_VERSION_2C = 1
_TOO_BIG = 1
_MOST_REPETITIONS = 200
# The monitor asks for the same few again and again.
_oid = lru_cache(maxsize=65536)(ber.read_oid)


@dataclass(slots=True)
class Counts:
    """What the agents have seen."""

    requests: int = 0
    replies: int = 0
    malformed: int = 0
    refused: int = 0
    by_pdu: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed message. `first` and `second` are error-status and error-index, or the two numbers of GETBULK.

    `bindings` is the inside of their list, as it came.
    """

    community: bytes
    pdu: int
    request_id: bytes
    first: int
    second: int
    names: list[bytes]
    bindings: bytes


def parse(data: bytes) -> Request:
    """Read a message. Raises Malformed."""
    _, at, end = ber.take(data, 0, len(data), ber.SEQUENCE)
    version, at = ber.take_integer(data, at, end)
    if version != _VERSION_2C:
        raise Malformed("not SNMPv2c")
    _, start, at = ber.take(data, at, end, ber.OCTETS)
    community = data[start:at]
    pdu, at, end = ber.take(data, at, end)
    _, start, stop = ber.take(data, at, end, ber.INTEGER)
    if not 1 <= stop - start <= 5:
        raise Malformed("request id of a wrong size")
    request_id = data[at:stop]
    first, at = ber.take_integer(data, stop, end)
    second, at = ber.take_integer(data, at, end)
    _, at, end = ber.take(data, at, end, ber.SEQUENCE)
    names, bindings = [], data[at:end]
    while at < end:
        _, start, at = ber.take(data, at, end, ber.SEQUENCE)
        _, name, name_end = ber.take(data, start, at, ber.OBJECT_ID)
        ber.take(data, name_end, at)
        names.append(data[name:name_end])
    return Request(community, pdu, request_id, first, second, names, bindings)


def _nobody(notices: Sequence[Notice]) -> None:
    """Nobody is told of what a SET changed."""


def answer(
    city: City,
    device: Device,
    data: bytes,
    now: float,
    counts: Counts,
    publish: Callable[[Sequence[Notice]], None] = _nobody,
) -> bytes | None:
    """The reply to a packet, or None for silence: dead device, foreign community, garbage.

    `publish` is told what the devices noticed of a SET, after it was done.
    """
    if device.id not in city.answers:
        return None
    counts.requests += 1
    try:
        request = parse(data)
        names = [_oid(name) for name in request.names]
    except Malformed:
        counts.malformed += 1
        return None
    asked = Asked(city, device, now, 0, flowed(now))
    may_write = bool(device.write_community) and request.community == device.write_community
    is_known = may_write or request.community == device.community
    if not is_known and not _vlan_community(request.community, device, asked):
        counts.refused += 1
        return None
    reply = _reply(request, asked, names, publish if may_write else None)
    counts.replies += reply is not None
    return reply


def _reply(
    request: Request, asked: Asked, names: list[Oid], publish: Callable[[Sequence[Notice]], None] | None
) -> bytes | None:
    """The reply to a request of somebody who may read; None for `publish`: who may not write."""
    tree = tree_of(asked.device.make.model)
    if request.pdu == ber.GET:
        return _plain(request, (_get(tree, asked, n, b) for n, b in zip(names, request.names, strict=True)))
    if request.pdu == ber.GET_NEXT:
        return _plain(request, (_next(tree, asked, n, b) for n, b in zip(names, request.names, strict=True)))
    if request.pdu == ber.GET_BULK:
        return _message(request, 0, 0, _bulk(tree, asked, request, names))
    if request.pdu == ber.SET:
        return _set(request, asked, names, publish) if publish else _echoed(request, Status.NO_ACCESS, 1)
    return None


def _vlan_community(community: bytes, device: Device, asked: Asked) -> bool:
    """Cisco has one bridge table per VLAN, and tells them apart by community@vlan."""
    name, at, vlan = community.rpartition(b"@")
    if device.make.family != CISCO or not at or name != device.community or not vlan.isdigit() or len(vlan) > 4:
        return False
    asked.vlan = int(vlan)
    return True


def _get(tree: Tree, asked: Asked, oid: Oid, name: bytes) -> Binding:
    value = tree.get(asked, oid)
    if value is None:
        value = ber.NO_SUCH_INSTANCE if tree.has_object(oid) else ber.NO_SUCH_OBJECT
    return name, value


def _next(tree: Tree, asked: Asked, oid: Oid, name: bytes) -> Binding:
    return next(tree.after(asked, oid), (name, ber.END_OF_MIB_VIEW))


def _bulk(tree: Tree, asked: Asked, request: Request, names: list[Oid]) -> bytes:
    """GETBULK (RFC 3416 §4.2.3): as many whole rows as fit the message."""
    plain = max(0, min(request.first, len(names)))
    body = bytearray()
    for oid, name in zip(names[:plain], request.names[:plain], strict=True):
        body += _binding(_next(tree, asked, oid, name))
    columns: list[Iterator[Binding]] = [tree.after(asked, oid) for oid in names[plain:]]
    last = list(request.names[plain:])
    for _ in islice(range(max(0, request.second)), _MOST_REPETITIONS):
        ended = True
        for n, column in enumerate(columns):
            binding = next(column, None)
            if binding is None:
                binding = (last[n], ber.END_OF_MIB_VIEW)
            else:
                ended, last[n] = False, binding[0]
            encoded = _binding(binding)
            if len(body) + len(encoded) > _ROOM:
                return bytes(body)
            body += encoded
        if ended:
            break
    return bytes(body)


def _binding(binding: Binding) -> bytes:
    name, value = binding
    size = len(name)
    inner = (b"\x06" + bytes((size,)) if size < 0x80 else b"\x06" + ber.length(size)) + name + value
    return ber.tlv(ber.SEQUENCE, inner)


def _plain(request: Request, bindings: Iterator[Binding]) -> bytes:
    body = b"".join(map(_binding, bindings))
    return _message(request, 0, 0, body) if len(body) <= _ROOM else _message(request, _TOO_BIG, 0, b"")


def _echoed(request: Request, status: int, index: int) -> bytes:
    """The bindings as they came; when something was wrong, what, and with which one."""
    return _message(request, status, min(index, len(request.names)), request.bindings)


def _set(request: Request, asked: Asked, names: list[Oid], publish: Callable[[Sequence[Notice]], None]) -> bytes | None:
    """SET (RFC 3416 §4.2.5). Silence when the device has cut itself off by it."""
    if len(request.bindings) > _ROOM:
        return _message(request, _TOO_BIG, 0, b"")
    wanted = zip(names, _values(request.bindings), strict=True)
    written = writes.write(asked, [(oid, tag, content) for oid, (tag, content) in wanted])
    if written.status is Status.DONE and names:
        publish(written.notices)
    return _echoed(request, written.status, written.index) if asked.device.id in asked.city.answers else None


def _values(bindings: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of the value of each binding; `parse` has read them once, so that nothing is malformed here."""
    at, end = 0, len(bindings)
    while at < end:
        _, start, at = ber.take(bindings, at, end)
        _, _, name_end = ber.take(bindings, start, at)
        tag, content, stop = ber.take(bindings, name_end, at)
        yield tag, bindings[content:stop]


def _message(request: Request, status: int, index: int, bindings: bytes) -> bytes:
    pdu = request.request_id + ber.integer(status) + ber.integer(index) + ber.tlv(ber.SEQUENCE, bindings)
    return message(request.community, ber.RESPONSE, pdu)


def message(community: bytes, kind: int, pdu: bytes) -> bytes:
    """A whole SNMPv2c message around the inside of a PDU."""
    return ber.tlv(ber.SEQUENCE, ber.integer(_VERSION_2C) + ber.octets(community) + ber.tlv(kind, pdu))
