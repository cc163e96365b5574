"""What a switch can measure and tell of the wire in a port: cable pairs, light, who said what over it.

The one place from which both the MIBs and the command lines take it.
"""

from dataclasses import dataclass
from enum import StrEnum

from uzel.simcity.dynamics import City
from uzel.simcity.world import Port, spread

VLAN_IPTV = 700
# Without light an optical module shows its floor.
DARK_DBM = -40.0


def is_fibre(port: Port) -> bool:
    """Uplinks and ports of 10 Gbit/s are optical; all others are copper."""
    return port.shape.is_uplink or port.shape.speed_mbps > 1000


def description(city: City, port: Port) -> str:
    """What the port is called: what somebody wrote, or the device at its other end."""
    if port.note is not None:
        return port.note
    return city.world.devices[port.far].code if port.far else ""


class Wire(StrEnum):
    """The state of a pair, or of a whole cable."""

    OK = "ok"
    OPEN = "open"
    SHORT = "short"
    NO_CABLE = "no cable"
    # Whole, and nobody at the far end gives a signal.
    FAR_OFF = "far end off"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Cable:
    """A measured cable. Lengths in metres; `pairs` holds (state, metres) of the pairs that the port uses."""

    state: Wire
    length_m: int
    pairs: tuple[tuple[Wire, int], ...]


def cable(city: City, port: Port) -> Cable:
    """The truth about the copper cable of a port."""
    length = round(6 + 70 * spread(port.code, "cable"))
    count = 4 if port.shape.speed_mbps >= 1000 else 2
    faults = port.faults
    if "cable-open-at" in faults:
        at = round(faults["cable-open-at"].value)
        # The pairs are twisted differently, so that one is a metre longer.
        return Cable(Wire.FAULT, at, tuple((Wire.OPEN, at + n % 2) for n in range(count)))
    if "cable-short-at" in faults:
        at = round(faults["cable-short-at"].value)
        good = tuple((Wire.OK, length) for _ in range(count - 2))
        return Cable(Wire.FAULT, at, ((Wire.SHORT, at), (Wire.SHORT, at), *good))
    if port.link in city.cut:
        return Cable(Wire.FAULT, length // 2, tuple((Wire.OPEN, length // 2) for _ in range(count)))
    if "two-pairs" in faults:
        good_pairs = ((Wire.OK, length), (Wire.OK, length))
        return Cable(Wire.FAULT, length, (*good_pairs, (Wire.OPEN, 1), (Wire.OPEN, 1)))
    whole = tuple((Wire.OK, length) for _ in range(count))
    if "no-link" in faults or not (port.stations or port.far):
        return Cable(Wire.NO_CABLE, 0, ())
    far_off = "far-end-off" in faults or (port.far and port.far not in city.live)
    return Cable(Wire.FAR_OFF if far_off else Wire.OK, length, whole)


@dataclass(frozen=True, slots=True)
class Optics:
    """What an optical module says of itself."""

    temperature_c: float
    supply_v: float
    bias_ma: float
    tx_dbm: float
    rx_dbm: float


def optics(city: City, port: Port, now: float) -> Optics | None:
    """The module of an optical port; None where none is plugged in."""
    if not is_fibre(port) or not port.link:
        return None
    weak = port.faults.get("weak-optics")
    rx = weak.value if weak else -6.0 - 6.0 * spread(port.code, "rx") + 0.1 * spread(port.code, int(now // 60))
    dark = port.far not in city.running or port.link in city.cut or "no-link" in port.faults
    return Optics(
        temperature_c=round(30 + 14 * spread(port.code, "heat"), 2),
        supply_v=round(3.26 + 0.08 * spread(port.code, "volts"), 2),
        bias_ma=round(18 + 14 * spread(port.code, "bias"), 2),
        tx_dbm=round(-6.0 + 2.0 * spread(port.code, "tx"), 2),
        rx_dbm=DARK_DBM if dark else round(rx, 2),
    )


def groups(port: Port) -> list[tuple[str, int]]:
    """Multicast groups (group, VLAN) that set-top boxes behind the port have joined."""
    mute = {"iptv-no-groups", "no-mac", "wrong-mac", "binding-blocked"}
    if not port.oper or mute & port.faults.keys():
        return []
    return [
        (f"239.10.{int(spread(mac, 'channel') * 3) + 1}.{int(spread(mac, 'group') * 200) + 1}", vlan)
        for mac, vlan in port.stations
        if vlan == VLAN_IPTV
    ]


@dataclass(frozen=True, slots=True)
class Bound:
    """A client that address binding (DHCP snooping) knows. `mac` as twelve hex digits."""

    mac: str
    ip: str
    vlan: int
    lease_s: int


def bound(port: Port, now: float) -> list[Bound]:
    """The clients bound to a port; a blocked one is not among them."""
    if port.far or "binding-blocked" in port.faults or "wrong-mac" in port.faults:
        return []
    left = int(86400 - (now + 86400 * spread(port.code, "lease")) % 86400)
    pairs = zip(port.stations, port.leases, strict=False)
    return [Bound(mac, ip, vlan, left) for (mac, vlan), ip in pairs if ip]


def blocked(port: Port) -> list[Bound]:
    """The clients of a port whose frames address binding drops."""
    if "binding-blocked" not in port.faults or not port.oper:
        return []
    pairs = zip(port.stations, port.leases, strict=False)
    return [Bound(mac, ip or "0.0.0.0", vlan, 0) for (mac, vlan), ip in pairs]  # noqa: S104 -- what a switch prints
