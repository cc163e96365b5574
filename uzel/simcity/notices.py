"""What devices send of themselves: SNMPv2c traps and lines of syslog (RFC 3164), each in the form of its make."""

import time
from collections.abc import Callable, Iterator

from uzel.drivers import ber
from uzel.drivers.ber import Oid, parse_oid
from uzel.simcity import wire
from uzel.simcity.agent import message
from uzel.simcity.dynamics import City, Notice, Word
from uzel.simcity.makes import CISCO, DLINK, HUAWEI, UPS_APC, UPS_MEGATEC, UPS_RFC1628
from uzel.simcity.mib_interfaces import is_admin_up, speed_mbps
from uzel.simcity.world import Device, Port

_UPTIME = parse_oid("1.3.6.1.2.1.1.3.0")
_TRAP_OID = parse_oid("1.3.6.1.6.3.1.1.4.1.0")
_SNMP_TRAPS = "1.3.6.1.6.3.1.1.5"
_LINK_WORDS = {Word.LINK_DOWN: f"{_SNMP_TRAPS}.3", Word.LINK_UP: f"{_SNMP_TRAPS}.4"}
# Notifications of UPSes (RFC 1628 §2, PowerNet, and the Megatec tree that copies PowerNet's numbers).
_UPS_TRAPS = {
    UPS_RFC1628: {Word.ON_BATTERY: "1.3.6.1.2.1.33.2.1", Word.LOW_BATTERY: "1.3.6.1.2.1.33.2.3",
                  Word.MAINS_BACK: "1.3.6.1.2.1.33.2.4"},
    UPS_APC: {Word.ON_BATTERY: "1.3.6.1.4.1.318.0.5", Word.LOW_BATTERY: "1.3.6.1.4.1.318.0.7",
              Word.MAINS_BACK: "1.3.6.1.4.1.318.0.9"},
    UPS_MEGATEC: {Word.ON_BATTERY: "1.3.6.1.4.1.935.0.5", Word.LOW_BATTERY: "1.3.6.1.4.1.935.0.7",
                  Word.MAINS_BACK: "1.3.6.1.4.1.935.0.9"},
}  # fmt: skip
_APC_TEXT = {
    Word.ON_BATTERY: "UPS: On battery power in response to a blackout. 0x0109",
    Word.LOW_BATTERY: "UPS: The battery power is too low to support the load. 0x010F",
    Word.MAINS_BACK: "UPS: No longer on battery power. 0x010A",
}
Bindings = list[tuple[Oid, bytes]]


def trap(city: City, notice: Notice, now: float, number: int) -> bytes | None:
    """The trap of a notice, or None when this device has none for it. `number` is the request id."""
    device = notice.device
    if notice.word in _LINK_WORDS and notice.port:
        kind, bindings = _LINK_WORDS[notice.word], _link_bindings(notice.port, notice.word)
    elif notice.word is Word.COLD_START:
        kind, bindings = f"{_SNMP_TRAPS}.1", []
    elif notice.word in (table := _UPS_TRAPS.get(device.make.family, {})):
        kind, bindings = table[notice.word], _ups_bindings(city, notice, now)
    else:
        return None
    uptime = ber.ticks(max(0.0, now - device.booted_at))
    every: Bindings = [(_UPTIME, uptime), (_TRAP_OID, ber.object_id(parse_oid(kind))), *bindings]
    body = b"".join(ber.tlv(ber.SEQUENCE, ber.object_id(oid) + value) for oid, value in every)
    pdu = ber.integer(number & 0x7FFFFFFF) + ber.integer(0) + ber.integer(0) + ber.tlv(ber.SEQUENCE, body)
    return message(device.community, ber.TRAP, pdu)


def _link_bindings(port: Port, word: Word) -> Bindings:
    index, entry = port.shape.if_index, "1.3.6.1.2.1.2.2.1"
    admin, oper = ber.integer(1 if is_admin_up(port) else 2), ber.integer(1 if word is Word.LINK_UP else 2)
    if port.device.make.family == CISCO:
        reason = "up" if word is Word.LINK_UP else "Lost Carrier" if is_admin_up(port) else "administratively down"
        return [
            (parse_oid(f"{entry}.1.{index}"), ber.integer(index)),
            (parse_oid(f"{entry}.2.{index}"), ber.octets(port.shape.descr)),
            (parse_oid(f"{entry}.3.{index}"), ber.integer(port.shape.if_type)),
            (parse_oid(f"1.3.6.1.4.1.9.2.2.1.1.20.{index}"), ber.octets(reason)),
        ]
    return [
        (parse_oid(f"{entry}.1.{index}"), ber.integer(index)),
        (parse_oid(f"{entry}.7.{index}"), admin),
        (parse_oid(f"{entry}.8.{index}"), oper),
    ]


def _ups_bindings(city: City, notice: Notice, now: float) -> Bindings:
    device = notice.device
    if device.make.family == UPS_RFC1628:
        if notice.word is Word.MAINS_BACK:
            alarm = ber.object_id(parse_oid("1.3.6.1.2.1.33.1.6.3.2"))
            return [(parse_oid("1.3.6.1.2.1.33.1.6.2.1.2.1"), alarm)]
        minutes = int(city.charge(device.id, now) * city.full_runtime(device) / 60)
        return [
            (parse_oid("1.3.6.1.2.1.33.1.2.3.0"), ber.integer(minutes)),
            (parse_oid("1.3.6.1.2.1.33.1.2.2.0"), ber.integer(0)),
            (parse_oid("1.3.6.1.2.1.33.1.9.7.0"), ber.integer(2)),
        ]
    if device.make.family == UPS_APC:
        return [(parse_oid("1.3.6.1.4.1.318.2.3.3.0"), ber.octets(_APC_TEXT[notice.word]))]
    return []


def syslog(notice: Notice, now: float, number: int) -> list[bytes]:
    """Lines of syslog of a notice, in the form of the make; often none. `number` counts the device's messages."""
    form = _SYSLOG.get(notice.device.make.family)
    return [line.encode() for line in form(notice, now, number)] if form else []


def _stamp(now: float, form: str = "%b %e %H:%M:%S") -> str:
    return time.strftime(form, time.localtime(now))


def _dlink(notice: Notice, now: float, number: int) -> Iterator[str]:
    """Old firmware writes `INFO:`, that of DES-3200 and newer `INFO(6)`."""
    device, port = notice.device, notice.port
    old = device.make.model in ("DES-3526", "DES-3550", "DES-3028")
    info, warn, crit = ("INFO:", "WARN:", "CRIT:") if old else ("INFO(6)", "WARN(4)", "CRIT(2)")
    head = f"{_stamp(now)} {device.address}"
    if notice.word is Word.COLD_START:
        yield f"<130>{head} {crit} System cold start"
    elif port and notice.word is Word.LINK_DOWN:
        yield f"<134>{head} {info} Port {port.shape.base_port} link down"
    elif port and notice.word is Word.LINK_UP:
        duplex = "HALF" if "half-duplex" in port.faults else "FULL"
        yield f"<134>{head} {info} Port {port.shape.base_port} link up, {speed_mbps(port)}Mbps  {duplex} duplex"
    elif port and notice.word is Word.LOOP:
        yield f"<132>{head} {warn} Port {port.shape.base_port} LBD loop occurred. Port blocked"
    elif port and notice.word is Word.LOOP_GONE:
        yield f"<134>{head} {info} Port {port.shape.base_port} LBD port recovered. Loop detection restarted"
    elif port and notice.word is Word.STORM:
        yield f"<132>{head} {warn} Broadcast storm is occurring (port: {port.shape.base_port})"
    elif port and notice.word is Word.STORM_GONE:
        yield f"<134>{head} {info} Broadcast storm has cleared (port: {port.shape.base_port})"
    elif port and notice.word is Word.BLOCKED:
        for client in wire.blocked(port):
            yield f"<132>{head} {warn} {unauthenticated(client, port)}"


def unauthenticated(client: wire.Bound, port: Port) -> str:
    """What D-Link says of a client that address binding does not let through."""
    mac = "-".join(client.mac[n : n + 2] for n in range(0, 12, 2)).upper()
    return (
        "Unauthenticated IP-MAC address and discarded by ip mac port binding "
        f"(IP: {client.ip}, MAC: {mac}, Port: {port.shape.base_port})"
    )


def _cisco(notice: Notice, now: float, number: int) -> Iterator[str]:
    port = notice.port
    head = f"{number}: {_stamp(now)}.{int(now * 1000) % 1000:03d}:"
    if notice.word is Word.COLD_START:
        yield f"<189>{head} %SYS-5-RESTART: System restarted --"
    elif port and notice.word in _LINK_WORDS:
        state = "up" if notice.word is Word.LINK_UP else "down"
        yield f"<187>{head} %LINK-3-UPDOWN: Interface {port.shape.descr}, changed state to {state}"
        line = f"Line protocol on Interface {port.shape.descr}, changed state to {state}"
        yield f"<189>{head} %LINEPROTO-5-UPDOWN: {line}"


def _huawei(notice: Notice, now: float, number: int) -> Iterator[str]:
    device, port = notice.device, notice.port
    head = f"{_stamp(now, '%b %e %Y %H:%M:%S')} {device.code}"
    if notice.word is Word.COLD_START:
        yield f"<188>{head} %%01SNMP/4/COLDSTART(l)[{number}]:Coldstart."
    elif port and notice.word in _LINK_WORDS:
        state = "UP" if notice.word is Word.LINK_UP else "DOWN"
        text = f"Interface {port.shape.name} has turned into {state} state."
        yield f"<188>{head} %%01IFNET/4/IF_STATE(l)[{number}]:{text}"
    elif port and notice.word in (Word.LOOP, Word.LOOP_GONE):
        state = "2 block" if notice.word is Word.LOOP else "1 normal"
        text = (
            f"Loopback exists on interface({port.shape.if_index}) {port.shape.name}, loopback detect status: {state}."
        )
        yield f"<188>{head} %%01LDT/4/LDT_TRAP(l)[{number}]:{text}"


def _apc(notice: Notice, now: float, number: int) -> Iterator[str]:
    if text := _APC_TEXT.get(notice.word):
        yield f"<132>{_stamp(now)} {notice.device.address} {text}"


_SYSLOG: dict[str, Callable[[Notice, float, int], Iterator[str]]] = {
    DLINK: _dlink,
    CISCO: _cisco,
    HUAWEI: _huawei,
    UPS_APC: _apc,
}


def can_send(city: City, device: Device) -> bool:
    """Whether what this device sends reaches the centre."""
    return device.id in city.answers or ("snmp-dead" in device.faults and device.id in city.lit)
