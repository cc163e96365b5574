"""What a switch answers, in words that belong to no vendor: the typed results of the operations.

Every field is None when the device did not say it, said "-" or said a word that the driver does not know: an answer
never holds a guess. A MAC is twelve lower-case hex digits. A port is named as the device's own IF-MIB ifName names it
(D-Link: "7", "1:7"; Cisco: "Gi0/1"; Huawei: "GigabitEthernet0/0/1"), so that CLI and SNMP answers meet. Everything else
is in the unit that its name ends with. All classes go through `dataclasses.asdict` into JSON.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Operation(StrEnum):
    """A question that a support desk asks a switch; the value is its name on the command line and in the docs."""

    IDENTITY = "identity"
    PORTS = "ports"
    ERRORS = "errors"
    COUNTERS = "counters"
    MACS = "macs"
    ARP = "arp"
    VLANS = "vlans"
    CABLE_TEST = "cable-test"
    NEIGHBOURS = "neighbours"
    OPTICS = "optics"
    BINDINGS = "bindings"
    BLOCKED = "blocked"
    IGMP_GROUPS = "igmp-groups"
    LOOPS = "loops"
    LOG = "log"
    LOAD = "load"
    MEMORY = "memory"
    PING = "ping"


class Medium(StrEnum):
    COPPER = "copper"
    FIBRE = "fibre"


class Blocked(StrEnum):
    """Why the switch itself holds a port down."""

    ERROR = "error"  # "Err-Disabled": storm, port security, BPDU guard … the device does not say which
    LOOP = "loop"


class PairState(StrEnum):
    """The state of one pair, or of a whole cable."""

    OK = "ok"
    OPEN = "open"
    SHORT = "short"
    OPEN_OR_SHORT = "open_or_short"
    CROSSTALK = "crosstalk"
    MISMATCH = "mismatch"  # impedance mismatch
    NO_CABLE = "no_cable"
    SHUT_DOWN = "shut_down"  # the far end is there and powered off (D-Link "Shutdown")
    NOT_SUPPORTED = "not_supported"
    NOT_FINISHED = "not_finished"  # ask again
    FAULT = "fault"  # pairs differ: see each of them


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the device is. One row per unit of a stack when the device lists them."""

    model: str | None = None
    revision: str | None = None
    firmware: str | None = None
    serial: str | None = None
    mac: str | None = None
    name: str | None = None
    uptime_s: int | None = None


@dataclass(frozen=True, slots=True)
class PortStatus:
    """A port now. A combo port gives two rows, one per medium; `speed_mbps` and `full_duplex` are of the live link."""

    port: str
    admin_up: bool | None = None
    link_up: bool | None = None
    speed_mbps: int | None = None
    full_duplex: bool | None = None
    autonegotiation: bool | None = None
    medium: Medium | None = None
    combo: bool = False
    blocked: Blocked | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class PortErrors:
    """Error counters since they were last cleared. `in_` is what the switch received. Two readings give the rate."""

    port: str | None
    crc: int | None = None
    in_undersize: int | None = None
    in_oversize: int | None = None
    in_fragments: int | None = None
    in_jabbers: int | None = None
    in_drops: int | None = None
    in_errors: int | None = None
    in_symbol: int | None = None
    out_errors: int | None = None
    out_drops: int | None = None
    out_deferred: int | None = None
    late_collisions: int | None = None
    excessive_collisions: int | None = None
    collisions: int | None = None


@dataclass(frozen=True, slots=True)
class PortCounters:
    """Traffic counters since they were last cleared."""

    port: str | None
    in_octets: int | None = None
    out_octets: int | None = None
    in_frames: int | None = None
    out_frames: int | None = None
    in_unicast: int | None = None
    in_multicast: int | None = None
    in_broadcast: int | None = None
    out_unicast: int | None = None
    out_multicast: int | None = None
    out_broadcast: int | None = None


class MacKind(StrEnum):
    DYNAMIC = "dynamic"
    STATIC = "static"
    SELF = "self"  # the switch's own address
    SECURED = "secured"  # held by port security
    BLOCKED = "blocked"  # dropped by address binding or by a filter


@dataclass(frozen=True, slots=True)
class MacEntry:
    mac: str
    port: str | None = None
    vlan: int | None = None
    vlan_name: str | None = None
    kind: MacKind | None = None


@dataclass(frozen=True, slots=True)
class ArpEntry:
    """`interface` is the L3 interface as the device names it; `static` covers the switch's own addresses."""

    ip: str
    mac: str | None = None
    interface: str | None = None
    port: str | None = None
    vlan: int | None = None
    static: bool | None = None
    age_min: int | None = None


@dataclass(frozen=True, slots=True)
class VlanMembers:
    """A VLAN and its ports. `members` holds ports of which the output does not say whether they are tagged."""

    vlan: int
    name: str | None = None
    untagged: tuple[str, ...] = ()
    tagged: tuple[str, ...] = ()
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PortVlans:
    """The VLANs of a port. `native` is the one that untagged frames get. `all_tagged`: the port carries every VLAN."""

    port: str
    native: int | None = None
    tagged: tuple[int, ...] = ()
    all_tagged: bool = False
    mode: str | None = None  # "access" | "trunk" | "hybrid"


def vlans_of_ports(vlans: Iterable[VlanMembers]) -> tuple[PortVlans, ...]:
    """The same facts by port, in the order in which ports appear. Ports of unknown tagging count as tagged."""
    native: dict[str, int] = {}
    tagged: dict[str, list[int]] = {}
    for vlan in vlans:
        for port in vlan.untagged:
            tagged.setdefault(port, [])
            native.setdefault(port, vlan.vlan)
        for port in (*vlan.tagged, *vlan.members):
            tagged.setdefault(port, []).append(vlan.vlan)
    return tuple(PortVlans(port, native.get(port), tuple(ids)) for port, ids in tagged.items())


@dataclass(frozen=True, slots=True)
class CablePair:
    """A pair by the device's own number (1-4; Cisco's A-D are 1-4). `length_m` is to the fault, else the whole."""

    pair: int
    state: PairState | None = None
    length_m: int | None = None


@dataclass(frozen=True, slots=True)
class CableTest:
    """A cable test. `length_m` is what the device says of the whole cable; 0 is an honest answer for a short one.

    `port` None: the device tests in the port's own view and does not repeat its name.
    Link down with state OK means: cable whole, far end powered off (DES-3526). `accuracy_m` when the device says it.
    """

    port: str | None
    link_up: bool | None = None
    state: PairState | None = None
    length_m: int | None = None
    accuracy_m: int | None = None
    pairs: tuple[CablePair, ...] = ()


# Of a pair or of a cable: nothing is wrong with it.
WHOLE = frozenset({PairState.OK, PairState.SHUT_DOWN})


def whole_cable(pairs: Iterable[CablePair], *, of: int = 1) -> PairState | None:
    """The state of a cable from its pairs: theirs when they agree, FAULT when not. Unsupported pairs have no state.

    A pair of which nothing is known may be the broken one: then, and with fewer pairs than there must be (`of`), a
    cable is never whole.
    """
    told = [pair.state for pair in pairs]
    states = set(told) - {None, PairState.NOT_SUPPORTED}
    state = None if not states else states.pop() if len(states) == 1 else PairState.FAULT
    return None if state in WHOLE and (None in told or len(told) < of) else state


def is_whole(test: CableTest) -> bool:
    """Whether a test says that nothing is wrong with the cable: as a whole, and of each pair that it names."""
    return test.state in WHOLE and (not test.pairs or whole_cable(test.pairs) in WHOLE)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who is at the other end. Ids that are MACs are twelve hex digits, others are text as sent.

    `port` None: the device was asked of one port and did not repeat its name.
    """

    port: str | None
    protocol: str = "lldp"  # "lldp" | "cdp"
    chassis_id: str | None = None
    port_id: str | None = None
    port_description: str | None = None
    system_name: str | None = None
    system_description: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Optics:
    """An optical module. Milliwatts are turned into dBm; 0 mW, "no light", is -40 dBm, the floor that modules use."""

    port: str
    temperature_c: float | None = None
    supply_v: float | None = None
    bias_ma: float | None = None
    tx_dbm: float | None = None
    rx_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """An address bound to a port. `active` False: known, but not let through now."""

    mac: str
    ip: str | None = None
    ports: tuple[str, ...] = ()
    vlan: int | None = None
    dynamic: bool | None = None
    active: bool | None = None
    lease_s: int | None = None


@dataclass(frozen=True, slots=True)
class IgmpGroup:
    group: str
    vlan: int | None = None
    source: str | None = None
    ports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopState:
    port: str
    enabled: bool | None = None
    loop: bool | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """`at` is the device's own stamp as it stands, `when` the same as ISO 8601 by the device's own clock.

    `when` is None for a stamp without a year, or of a clock that was never set. `port` when the text names one. `kind`
    is what it tells of, in a word of `drivers.syslog` (link_down, loop, binding_blocked …), and `mac` the first
    address that it names.
    """

    text: str
    at: str | None = None
    level: str | None = None
    port: str | None = None
    when: str | None = None
    kind: str | None = None
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    cpu_5s_percent: int | None = None
    cpu_1m_percent: int | None = None
    cpu_5m_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory of the device; `name` when it has several ("Processor", "I/O") or a stack lists its units' ("1")."""

    name: str | None = None
    used_bytes: int | None = None
    total_bytes: int | None = None
    used_percent: int | None = None


@dataclass(frozen=True, slots=True)
class PingResult:
    sent: int | None = None
    received: int | None = None
    min_ms: float | None = None
    avg_ms: float | None = None
    max_ms: float | None = None
