"""Voltronic Power's own tree (1.3.6.1.4.1.21111.1.1), as its cards in PowerWalker, Orvaldi and NextUPS have it.

The cards answer UPS-MIB too, which `readers` believes first: of this tree only the version of the firmware was seen in
a recording, and that UPS gave NULs for its model there. The rest is known from what others ask of these cards, and is
unverified: the states of the battery beyond RFC 1628's (5 discharging, 6 failed, 7 to be replaced), volts in tenths.
"""

from uzel.core.readings import UpsReading
from uzel.drivers.smi import Rows, Value, flag, lines, number, scalar, text

UPS = "1.3.6.1.4.1.21111.1.1"
MODEL = f"{UPS}.1.3"
BATTERY_STATUS, SECONDS_ON_BATTERY = f"{UPS}.3.1", f"{UPS}.3.2"
MINUTES_LEFT, CHARGE = f"{UPS}.3.3", f"{UPS}.3.4"
OUTPUT_SOURCE = f"{UPS}.5.1"
INPUT_VOLTAGE, OUTPUT_VOLTAGE, OUTPUT_LOAD = f"{UPS}.4.5.1.3", f"{UPS}.5.7.1.2", f"{UPS}.5.7.1.7"
SCALARS = (MODEL, BATTERY_STATUS, SECONDS_ON_BATTERY, MINUTES_LEFT, CHARGE, OUTPUT_SOURCE)
OIDS = tuple(f"{oid}.0" for oid in SCALARS)
PREFIXES = (INPUT_VOLTAGE, OUTPUT_VOLTAGE, OUTPUT_LOAD)

ON_BATTERY = frozenset({5})
# Normal, bypass, booster, reducer, a test of the battery, economy, converter; 1, 2 and 9 (fault) tell nothing.
ON_MAINS = frozenset({3, 4, 6, 7, 8, 10, 11})
LOW, NOT_LOW = frozenset({3, 4}), frozenset({2, 5})
REPLACE, KEEP = frozenset({6, 7}), frozenset({2, 3, 4, 5})
LONGEST_MIN = 3 * 24 * 60


def parse_ups(rows: Rows) -> UpsReading:
    """What the tree says by itself. Of three phases the lowest voltage and the highest load count."""
    on_battery = flag(scalar(rows, OUTPUT_SOURCE), yes=ON_BATTERY, no=ON_MAINS)
    minutes = number(scalar(rows, MINUTES_LEFT), low=0, high=LONGEST_MIN)
    status = scalar(rows, BATTERY_STATUS)
    return UpsReading(
        model=text(scalar(rows, MODEL)),
        on_battery=on_battery,
        low=flag(status, yes=LOW, no=NOT_LOW),
        charge_percent=number(scalar(rows, CHARGE), low=0, high=100),
        runtime_min=None if minutes == 0 and not on_battery else minutes,
        seconds_on_battery=number(scalar(rows, SECONDS_ON_BATTERY), low=0),
        input_v=min(lines(rows, INPUT_VOLTAGE, _volts), default=None),
        output_v=min(lines(rows, OUTPUT_VOLTAGE, _volts), default=None),
        load_percent=max(lines(rows, OUTPUT_LOAD, lambda v: number(v, low=0, high=200)), default=None),
        replace=flag(status, yes=REPLACE, no=KEEP),
    )


def _volts(value: Value) -> float | None:
    return number(value, low=0, high=1000, scale=0.1)
