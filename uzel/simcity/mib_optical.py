"""Cable TV: receivers of Volius (34652.6) and of the NSCRTV-HMS standard (17409.1.10), the transmitter (17409.1.11)."""

from uzel.drivers import ber
from uzel.simcity.makes import Make
from uzel.simcity.mib import Asked, Scalar, Scalars, Segment
from uzel.simcity.world import spread

# Without light a receiver shows the floor of its detector.
DARK_DBM = -30.0
LOW_DBM, HIGH_DBM = -9.0, 2.5


def input_dbm(asked: Asked) -> float:
    """Light at the input of a receiver, dBm."""
    device = asked.device
    if device.id not in asked.city.lit:
        return DARK_DBM
    if "low-light" in device.faults:
        return device.faults["low-light"].value
    return -4.0 + 4.0 * spread(device.code, "light") + 0.2 * spread(device.code, int(asked.now // 60))


def output_dbuv(asked: Asked) -> float:
    """RF level for the house, dBµV: the AGC holds it until the light is too low."""
    light = input_dbm(asked)
    if light <= DARK_DBM:
        return 0.0
    # One dB of light is two of RF.
    return 104.0 + 4.0 * spread(asked.device.code, "level") + 2.0 * min(0.0, light + 7.0)


def _tenths(value: float) -> bytes:
    return ber.integer(round(value * 10))


def _heat(asked: Asked) -> float:
    return 31.0 + 12.0 * spread(asked.device.code, "heat")


def _number(value: int) -> Scalar:
    return lambda asked: ber.integer(value)


def volius(make: Make) -> list[Segment]:
    """VS5793. Note .2.10.5: the time zone in minutes, easily taken for a temperature."""
    return [
        Scalars(
            "1.3.6.1.4.1.34652.2.10",
            {
                "1.0": lambda asked: ber.octets(make.model),
                "2.0": lambda asked: ber.octets(asked.device.serial),
                "3.0": lambda asked: ber.octets(make.firmware),
                "5.0": _number(180),
                "6.0": lambda asked: _tenths(_heat(asked)),
                "7.1.1.1": _number(1),
                "7.1.1.2": _number(2),
                "7.1.2.1": _number(3300),
                "7.1.2.2": _number(24000),
                "7.1.3.1": _number(3334),
                "7.1.3.2": lambda asked: ber.integer(int(23800 + 400 * spread(asked.device.code, "supply"))),
            },
        ),
        Scalars(
            "1.3.6.1.4.1.34652.6",
            {
                "1.1.1.1": _number(1),
                "1.1.2.1": lambda asked: _tenths(input_dbm(asked)),
                "2.0": _number(1),
                "3.0": lambda asked: ber.integer(round(output_dbuv(asked))),
                "4.0": _number(1),
                "5.0": _number(round(10 * LOW_DBM)),
                "6.0": _number(round(10 * HIGH_DBM)),
                "10.0": _number(1),
                "11.0": _number(12),
            },
        ),
    ]


def _hms_module(make: Make, kind: str) -> Segment:
    """The table of modules that every HMS device has, with one row."""
    return Scalars(
        "1.3.6.1.4.1.17409.1.3.3.2.2.1",
        {
            "1.1": _number(1),
            "4.1": lambda asked: ber.octets(make.model),
            "5.1": lambda asked: ber.octets(asked.device.serial),
            "12.1": lambda asked: ber.integer(int(_heat(asked))),
            "17.1": lambda asked: ber.octets(kind),
            "19.1": lambda asked: ber.octets(make.firmware),
        },
    )


def hms_receiver(make: Make) -> list[Segment]:
    """An optical node of NSCRTV-HMS with two inputs; the second is empty."""
    return [
        _hms_module(make, "ORX"),
        Scalars(
            "1.3.6.1.4.1.17409.1.10.5.1",
            {
                "2.1": lambda asked: _tenths(input_dbm(asked)),
                "2.2": lambda asked: _tenths(DARK_DBM),
            },
        ),
        Scalars("1.3.6.1.4.1.17409.1.10.11.1.4", {"1": lambda asked: _tenths(output_dbuv(asked))}),
        Scalars("1.3.6.1.4.1.17409.1.10.13.1.2", {"1": _number(1)}),
        Scalars("1.3.6.1.4.1.17409.1.10.19.1.2", {"2": _number(24)}),
    ]


def edfa(make: Make) -> list[Segment]:
    """The transmitter of the centre, seen by its amplifier."""
    return [
        _hms_module(make, "EDFA"),
        Scalars(
            "1.3.6.1.4.1.17409.1.11",
            {
                "2.0": lambda asked: _tenths(20.3),
                "3.0": lambda asked: _tenths(3.5),
                "7.1.1.1": _number(1),
                "7.1.2.1": _number(50),
                "7.1.4.1": lambda asked: ber.octets("DC1[5VDC1]"),
            },
        ),
    ]
