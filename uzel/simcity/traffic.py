"""What the counters of a port show: growth by a model of traffic and by the faults of the port."""

from math import pi, sin

from uzel.simcity.world import Port, spread

# The order of the numbers in `Port.counted` and of of `rates`.
IN_OCTETS, OUT_OCTETS, IN_UCAST, OUT_UCAST, IN_MULTICAST, OUT_MULTICAST, IN_BROADCAST, OUT_BROADCAST = range(8)
IN_ERRORS, CRC, LATE_COLLISIONS, IN_DISCARDS = range(8, 12)
COUNTERS = 12
_DAY, _MINUTES = 86400.0, 420.0


def flowed(t: float) -> float:
    """Seconds of traffic until `t`: time with the waves of the day and of a few minutes in it. Grows always."""
    day = 0.55 * _DAY / (2 * pi) * sin(2 * pi * t / _DAY)
    return t + day + 0.25 * _MINUTES / (2 * pi) * sin(2 * pi * t / _MINUTES)


def rates(port: Port) -> tuple[float, ...]:
    """Growth a second of each counter while the link is up, at the mean of the day."""
    bit_rate = port.shape.speed_mbps * 1e6 / 8
    share = 0.005 + 0.06 * spread(port.code, "load") ** 3
    down, up = bit_rate * share, bit_rate * share * (0.05 + 0.2 * spread(port.code, "up"))
    # An uplink hears what a port of a subscriber says.
    heard, said = (down, up) if port.shape.is_uplink else (up, down)
    multicast_in, multicast_out, broadcast_in, broadcast_out = 0.1, 40.0, 0.2, 6.0
    faults = port.faults
    if "slow" in faults:
        heard, said = min(heard, 0.9e6), min(said, 1.0e6)
    if "no-mac" in faults:
        heard, multicast_in, broadcast_in = 0.0, 0.0, 0.0
    if "loop" in faults:
        heard = said = 0.7 * bit_rate
        broadcast_in = broadcast_out = 0.6 * bit_rate / 64
    if "storm" in faults:
        broadcast_in = 9000.0
        heard += broadcast_in * 64
    dropped = 0.0
    if "binding-blocked" in faults:
        # What is left is the client asking again and again; the switch hears it and drops it.
        heard, dropped = 200.0, 1.5
    crc = faults["errors"].value if "errors" in faults else 0.0
    if "weak-optics" in faults:
        crc += 6.0
    late = 9.0 if "half-duplex" in faults else 0.0
    if not port.stations and not port.link:
        heard = said = 0.0
    return (
        heard, said, heard / 700, said / 900, multicast_in, multicast_out, broadcast_in, broadcast_out,
        crc + late / 3, crc, late, late / 4 + dropped,
    )  # fmt: skip


def counter(port: Port, number: int, now: float, flow: float) -> float:
    """One counter of a port since the device was started. `flow` is `flowed(now)`."""
    base = port.counted[number] if port.counted else 0.0
    if not port.oper:
        return base
    if port.rates is None:
        port.rates = rates(port)
    # Faults do not sleep at night: from the errors on, growth is by the clock.
    passed = flow - port.since_flow if number < IN_ERRORS else now - port.since
    return base + port.rates[number] * passed


def settle(port: Port, now: float) -> None:
    """Write the growth down until `now`: to be called before anything changes that the rates depend on."""
    flow = flowed(now)
    port.counted = tuple(counter(port, number, now, flow) for number in range(COUNTERS))
    port.since, port.since_flow, port.rates = now, flow, None


def restart(port: Port, now: float) -> None:
    """All counters from zero."""
    port.counted, port.since, port.since_flow, port.rates = None, now, flowed(now), None
