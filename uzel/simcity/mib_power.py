"""UPSes: UPS-MIB (RFC 1628), APC PowerNet (318.1.1.1), Megatec/NetAgent (935.1.1.1), with the habits seen in walks."""

from uzel.drivers import ber
from uzel.simcity.dynamics import LOW_BATTERY
from uzel.simcity.makes import Make
from uzel.simcity.mib import Asked, Scalar, Scalars, Segment
from uzel.simcity.world import spread


def _on_battery(asked: Asked) -> bool:
    return asked.city.on_battery(asked.device.id)


def _charge(asked: Asked) -> float:
    return asked.city.charge(asked.device.id, asked.now)


def _is_low(asked: Asked) -> bool:
    return _charge(asked) < LOW_BATTERY


def _runtime_s(asked: Asked) -> float:
    return _charge(asked) * asked.city.full_runtime(asked.device)


def _seconds_on_battery(asked: Asked) -> int:
    battery = asked.city.batteries[asked.device.id]
    return int(asked.now - battery.turned_at) if _on_battery(asked) else 0


def _input_v(asked: Asked) -> int:
    return 0 if _on_battery(asked) else int(222 + 12 * spread(asked.device.code, int(asked.now // 30)))


def _load(asked: Asked) -> int:
    return int(8 + 40 * spread(asked.device.code, "load"))


def _wants_battery(asked: Asked) -> bool:
    return "battery-low" in asked.device.faults


def _number(value: int) -> Scalar:
    return lambda asked: ber.integer(value)


def rfc1628(make: Make) -> list[Segment]:
    """UPS-MIB. This card has no sensor of temperature and says -273."""
    return [
        Scalars(
            "1.3.6.1.2.1.33.1",
            {
                "1.1.0": lambda asked: ber.octets(make.vendor),
                "1.2.0": lambda asked: ber.octets(make.model),
                "1.3.0": lambda asked: ber.octets(""),
                "1.4.0": lambda asked: ber.octets(make.firmware),
                "2.1.0": lambda asked: ber.integer(3 if _is_low(asked) else 2),
                "2.2.0": lambda asked: ber.integer(_seconds_on_battery(asked)),
                "2.3.0": lambda asked: ber.integer(int(_runtime_s(asked) / 60)),
                "2.4.0": lambda asked: ber.integer(round(100 * _charge(asked))),
                "2.5.0": lambda asked: ber.integer(int(220 + 55 * _charge(asked))),
                "2.6.0": _number(-1),
                "2.7.0": _number(-273),
                "3.1.0": lambda asked: ber.counter32(1 if _on_battery(asked) else 0),
                "3.2.0": _number(1),
                "3.3.1.2.1": lambda asked: ber.integer(0 if _on_battery(asked) else 500),
                "3.3.1.3.1": lambda asked: ber.integer(_input_v(asked)),
                "4.1.0": lambda asked: ber.integer(5 if _on_battery(asked) else 3),
                "4.2.0": _number(500),
                "4.3.0": _number(1),
                "4.4.1.2.1": _number(220),
                "4.4.1.5.1": lambda asked: ber.integer(_load(asked)),
                "6.1.0": lambda asked: ber.gauge32(int(_on_battery(asked)) + int(_is_low(asked))),
            },
        )
    ]


def megatec(make: Make) -> list[Segment]:
    """NetAgent: tenths of volts and degrees; seconds left read 0 on line, which means nothing."""
    return [
        Scalars(
            "1.3.6.1.4.1.935.1.1.1",
            {
                "1.1.1.0": lambda asked: ber.octets(make.model),
                "1.2.4.0": lambda asked: ber.octets(make.firmware),
                "2.1.1.0": lambda asked: ber.integer(3 if _is_low(asked) else 2),
                "2.1.2.0": lambda asked: ber.integer(_seconds_on_battery(asked)),
                "2.2.1.0": lambda asked: ber.integer(round(100 * _charge(asked))),
                "2.2.2.0": lambda asked: ber.integer(int(220 + 55 * _charge(asked))),
                "2.2.3.0": lambda asked: ber.integer(int(250 + 90 * spread(asked.device.code, "heat"))),
                "2.2.4.0": lambda asked: ber.integer(int(_runtime_s(asked)) if _on_battery(asked) else 0),
                "2.2.5.0": lambda asked: ber.integer(2 if _wants_battery(asked) else 1),
                "3.2.1.0": lambda asked: ber.integer(10 * _input_v(asked)),
                "3.2.4.0": lambda asked: ber.integer(0 if _on_battery(asked) else 500),
                "4.1.1.0": lambda asked: ber.integer(3 if _on_battery(asked) else 2),
                "4.2.1.0": _number(2200),
                "4.2.2.0": _number(500),
                "4.2.3.0": lambda asked: ber.integer(_load(asked)),
            },
        )
    ]


def apc(make: Make) -> list[Segment]:
    """PowerNet: plain values and those of high precision (tenths)."""
    return [
        Scalars(
            "1.3.6.1.4.1.318.1.1.1",
            {
                "1.1.1.0": lambda asked: ber.octets(make.model),
                "1.2.1.0": lambda asked: ber.octets("617.3.I"),
                "1.2.3.0": lambda asked: ber.octets(asked.device.serial),
                "2.1.1.0": lambda asked: ber.integer(3 if _is_low(asked) else 2),
                "2.1.2.0": lambda asked: ber.ticks(_seconds_on_battery(asked)),
                "2.2.1.0": lambda asked: ber.gauge32(round(100 * _charge(asked))),
                "2.2.2.0": lambda asked: ber.gauge32(int(25 + 9 * spread(asked.device.code, "heat"))),
                "2.2.3.0": lambda asked: ber.ticks(_runtime_s(asked)),
                "2.2.4.0": lambda asked: ber.integer(2 if _wants_battery(asked) else 1),
                "2.3.1.0": lambda asked: ber.gauge32(round(1000 * _charge(asked))),
                "2.3.2.0": lambda asked: ber.gauge32(int(250 + 90 * spread(asked.device.code, "heat"))),
                "3.2.1.0": lambda asked: ber.gauge32(_input_v(asked)),
                "3.2.5.0": lambda asked: ber.integer(3 if _on_battery(asked) else 1),
                "3.3.1.0": lambda asked: ber.gauge32(10 * _input_v(asked)),
                "4.1.1.0": lambda asked: ber.integer(3 if _on_battery(asked) else 2),
                "4.2.1.0": lambda asked: ber.gauge32(230),
                "4.2.3.0": lambda asked: ber.gauge32(_load(asked)),
                "4.3.1.0": lambda asked: ber.gauge32(2300),
                "4.3.3.0": lambda asked: ber.gauge32(10 * _load(asked)),
            },
        )
    ]
