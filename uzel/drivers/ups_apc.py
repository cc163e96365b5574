"""APC's PowerNet-MIB (1.3.6.1.4.1.318): Smart-UPS, Symmetra, by a Network Management Card or PowerChute.

Cards give most values twice, whole and with one decimal; some give only one of the two. They do not answer UPS-MIB.
"""

from uzel.core.readings import UpsReading
from uzel.drivers.smi import Rows, flag, number, scalar, text, whole

UPS = "1.3.6.1.4.1.318.1.1.1"
MODEL = f"{UPS}.1.1.1"
BATTERY_STATUS, TIME_ON_BATTERY = f"{UPS}.2.1.1", f"{UPS}.2.1.2"
RUNTIME, REPLACE = f"{UPS}.2.2.3", f"{UPS}.2.2.4"
OUTPUT_STATUS = f"{UPS}.4.1.1"
# Value with one decimal, then the whole one.
CHARGE = (f"{UPS}.2.3.1", f"{UPS}.2.2.1")
TEMPERATURE = (f"{UPS}.2.3.2", f"{UPS}.2.2.2")
BATTERY_VOLTAGE = (f"{UPS}.2.3.4", f"{UPS}.2.2.8")
INPUT_VOLTAGE = (f"{UPS}.3.3.1", f"{UPS}.3.2.1")
OUTPUT_VOLTAGE = (f"{UPS}.4.3.1", f"{UPS}.4.2.1")
LOAD = (f"{UPS}.4.3.3", f"{UPS}.4.2.3")
PAIRS = (CHARGE, TEMPERATURE, BATTERY_VOLTAGE, INPUT_VOLTAGE, OUTPUT_VOLTAGE, LOAD)
OIDS = tuple(
    f"{oid}.0"
    for oid in (MODEL, BATTERY_STATUS, TIME_ON_BATTERY, RUNTIME, REPLACE, OUTPUT_STATUS, *(o for p in PAIRS for o in p))
)
PREFIXES: tuple[str, ...] = ()

ON_BATTERY = frozenset({3})
# On line, boost, bypass (three kinds), trim, eco, hot standby. 15, a self-test, runs on the battery by the card's own
# wish: the mains is there.
ON_MAINS = frozenset({2, 4, 6, 9, 10, 12, 13, 14, 15, 16})
BATTERY_LOW, BATTERY_GOOD = frozenset({3}), frozenset({2})
# Timeticks of RUNTIME in a minute.
TICKS_A_MINUTE = 6000


def parse_ups(rows: Rows) -> UpsReading:
    """What the card says."""
    on_battery = flag(scalar(rows, OUTPUT_STATUS), yes=ON_BATTERY, no=ON_MAINS)
    ticks = whole(scalar(rows, TIME_ON_BATTERY))
    runtime = number(scalar(rows, RUNTIME), low=0, scale=1 / TICKS_A_MINUTE)
    if on_battery is None and ticks is not None:
        on_battery = ticks > 0
    return UpsReading(
        model=text(scalar(rows, MODEL)),
        on_battery=on_battery,
        low=flag(scalar(rows, BATTERY_STATUS), yes=BATTERY_LOW, no=BATTERY_GOOD),
        charge_percent=_precise(rows, CHARGE, 0, 100),
        runtime_min=None if runtime is None else round(runtime, 1),
        seconds_on_battery=None if ticks is None else ticks / 100,
        battery_v=_precise(rows, BATTERY_VOLTAGE, 1, 1000),
        input_v=_precise(rows, INPUT_VOLTAGE, 0, 1000),
        output_v=_precise(rows, OUTPUT_VOLTAGE, 0, 1000),
        load_percent=_precise(rows, LOAD, 0, 200),
        temperature_c=_precise(rows, TEMPERATURE, -40, 100),
        replace=flag(scalar(rows, REPLACE), yes={2}, no={1}),
    )


def _precise(rows: Rows, pair: tuple[str, str], low: float, high: float) -> float | None:
    """The value with one decimal where there is one, else the whole one."""
    tenths = number(scalar(rows, pair[0]), low=low, high=high, scale=0.1)
    return number(scalar(rows, pair[1]), low=low, high=high) if tenths is None else tenths
