"""Megatec's MIB (1.3.6.1.4.1.935.1.1.1) of NetAgent cards, as in Ippon, Eltena and many others of one maker.

Traps seen: seconds left 9999 and 0 on a running line; battery volts as 270 (tenths) and as 22 (of one block: no use);
state 8 (standby) and 9 (buck) with the output live; 0 where 1 = no and 2 = yes are due.
"""

from uzel.core.readings import UpsReading
from uzel.drivers.smi import Rows, flag, number, scalar, text

UPS = "1.3.6.1.4.1.935.1.1.1"
MODEL = f"{UPS}.1.1.1"
BATTERY_STATUS, SECONDS_ON_BATTERY = f"{UPS}.2.1.1", f"{UPS}.2.1.2"
CHARGE, BATTERY_VOLTAGE, TEMPERATURE = f"{UPS}.2.2.1", f"{UPS}.2.2.2", f"{UPS}.2.2.3"
SECONDS_LEFT, REPLACE = f"{UPS}.2.2.4", f"{UPS}.2.2.5"
INPUT_VOLTAGE = f"{UPS}.3.2.1"
STATE, OUTPUT_VOLTAGE, LOAD = f"{UPS}.4.1.1", f"{UPS}.4.2.1", f"{UPS}.4.2.3"
OIDS = tuple(
    f"{oid}.0"
    for oid in (
        *(MODEL, BATTERY_STATUS, SECONDS_ON_BATTERY, CHARGE, BATTERY_VOLTAGE, TEMPERATURE, SECONDS_LEFT, REPLACE),
        *(INPUT_VOLTAGE, STATE, OUTPUT_VOLTAGE, LOAD),
    )
)
PREFIXES: tuple[str, ...] = ()

ON_BATTERY = frozenset({3})
ON_MAINS = frozenset({2, 4, 6, 8, 9})  # on line, boost, bypass, standby, buck; sleep and reboot tell nothing
BATTERY_LOW, BATTERY_GOOD = frozenset({3}), frozenset({2})
NO_SECONDS_LEFT = frozenset({0, 9999})


def parse_ups(rows: Rows) -> UpsReading:
    """What a single-phase card says (three-phase ones keep their values under .8, which is not read)."""
    on_battery = flag(scalar(rows, STATE), yes=ON_BATTERY, no=ON_MAINS)
    seconds_left = number(scalar(rows, SECONDS_LEFT), low=0, high=3 * 24 * 3600)
    if seconds_left in NO_SECONDS_LEFT and not (seconds_left == 0 and on_battery):
        seconds_left = None
    return UpsReading(
        model=text(scalar(rows, MODEL)),
        on_battery=on_battery,
        low=flag(scalar(rows, BATTERY_STATUS), yes=BATTERY_LOW, no=BATTERY_GOOD),
        charge_percent=number(scalar(rows, CHARGE), low=0, high=100),
        runtime_min=None if seconds_left is None else round(seconds_left / 60, 1),
        seconds_on_battery=number(scalar(rows, SECONDS_ON_BATTERY), low=0),
        battery_v=number(scalar(rows, BATTERY_VOLTAGE), low=10, high=1000, scale=0.1),
        input_v=number(scalar(rows, INPUT_VOLTAGE), low=0, high=1000, scale=0.1),
        output_v=number(scalar(rows, OUTPUT_VOLTAGE), low=0, high=1000, scale=0.1),
        load_percent=number(scalar(rows, LOAD), low=0, high=200),
        temperature_c=number(scalar(rows, TEMPERATURE), low=-40, high=100, scale=0.1),
        replace=flag(scalar(rows, REPLACE), yes={2}, no={1}),
    )
