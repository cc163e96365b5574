"""What devices say of themselves, in the words of their standards and in plain units.

Every field is None when the device did not say it or said nonsense (-1, 4294967295, -273 °C …): a reading never
holds a guess. Times of day (`at`) are unix seconds of the machine that asked; everything else is in the unit that
the name of the field ends with. All classes go through `dataclasses.asdict` into JSON and come back by `Class(**row)`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SystemReading:
    """The system group of SNMPv2-MIB (RFC 3418). `uptime_s` is sysUpTime: it wraps after 497 days."""

    object_id: str | None = None
    descr: str | None = None
    name: str | None = None
    uptime_s: float | None = None


@dataclass(frozen=True, slots=True)
class PortReading:
    """One row of ifTable/ifXTable with EtherLike-MIB beside it (RFC 2863, RFC 3635).

    `uptime_s` is the sysUpTime read beside it, `last_change_s` the sysUpTime at which the state last changed (0: not
    since the start); the age of a state is their difference, and a smaller uptime than before means new counters.
    `octets_bits` is the width of the octet counters, 32 or 64; all other counters are 32 bits wide.
    """

    if_index: int
    name: str | None = None
    description: str | None = None
    if_type: int | None = None
    admin_up: bool | None = None
    oper_up: bool | None = None
    speed_mbps: int | None = None
    full_duplex: bool | None = None
    uptime_s: float | None = None
    last_change_s: float | None = None
    in_octets: int | None = None
    out_octets: int | None = None
    octets_bits: int = 64
    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None
    crc: int | None = None
    late_collisions: int | None = None
    in_broadcasts: int | None = None
    out_broadcasts: int | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """A learned MAC address. `mac` is twelve lower-case hex digits.

    `if_index` is None when the device gave only a bridge port (`base_port`) and no map from it (dot1dBasePortIfIndex).
    """

    mac: str
    vlan: int | None = None
    if_index: int | None = None
    base_port: int | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Who is at the other end of a port, by LLDP (IEEE 802.1AB). Ids are text, or MACs as twelve hex digits."""

    local_port: int
    local_name: str | None = None
    chassis_id: str | None = None
    port_id: str | None = None
    port_description: str | None = None
    system_name: str | None = None
    system_description: str | None = None


@dataclass(frozen=True, slots=True)
class UpsReading:
    """A UPS. `low`: its battery is near the end. `replace`: it asks for a new battery. `name`: where it stands."""

    model: str | None = None
    on_battery: bool | None = None
    low: bool | None = None
    charge_percent: float | None = None
    runtime_min: float | None = None
    seconds_on_battery: float | None = None
    battery_v: float | None = None
    input_v: float | None = None
    output_v: float | None = None
    load_percent: float | None = None
    temperature_c: float | None = None
    replace: bool | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OpticalReading:
    """An optical receiver of cable TV, or an amplifier of its light (EDFA).

    `input_dbm` is the input in use, `inputs_dbm` all of them by their number; `output_dbuv` is the RF output of a
    receiver, `output_dbm` the light that an amplifier gives. The thresholds are the device's own alarm limits.
    """

    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    input_dbm: float | None = None
    inputs_dbm: tuple[float | None, ...] = ()
    active_input: int | None = None
    output_dbuv: float | None = None
    output_dbm: float | None = None
    temperature_c: float | None = None
    supply_v: tuple[float, ...] = ()
    input_low_dbm: float | None = None
    input_high_dbm: float | None = None
