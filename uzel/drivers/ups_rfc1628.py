"""UPS-MIB (RFC 1628): Eltena, Delta, Huawei, Generex, Voltronic's cards and most others.

Traps seen: minutes left -1, 4294967295, or 0 on a full battery; charge -1; temperature -273 or 0 for "no sensor"; rows
of zeros in names; lines numbered 1 or 1.0; Huawei UPS5000 gives volts and hertz with one decimal more than RFC 1628.
"""

from uzel.core.readings import UpsReading
from uzel.drivers.smi import Rows, flag, lines, number, scalar, text, whole

UPS = "1.3.6.1.2.1.33.1"
MODEL = f"{UPS}.1.2"
BATTERY_STATUS, SECONDS_ON_BATTERY = f"{UPS}.2.1", f"{UPS}.2.2"
MINUTES_LEFT, CHARGE, BATTERY_VOLTAGE, TEMPERATURE = f"{UPS}.2.3", f"{UPS}.2.4", f"{UPS}.2.5", f"{UPS}.2.7"
INPUT_VOLTAGE = f"{UPS}.3.3.1.3"
OUTPUT_SOURCE = f"{UPS}.4.1"
OUTPUT_VOLTAGE, OUTPUT_LOAD = f"{UPS}.4.4.1.2", f"{UPS}.4.4.1.5"
SCALARS = (MODEL, BATTERY_STATUS, SECONDS_ON_BATTERY, MINUTES_LEFT, CHARGE, BATTERY_VOLTAGE, TEMPERATURE, OUTPUT_SOURCE)
OIDS = tuple(f"{oid}.0" for oid in SCALARS)
# Lines are numbered differently by different cards, so these are walked.
PREFIXES = (INPUT_VOLTAGE, OUTPUT_VOLTAGE, OUTPUT_LOAD)

SOURCE_BATTERY, SOURCE_MAINS = frozenset({5}), frozenset({3, 4, 6, 7})  # normal, bypass, booster, reducer
BATTERY_LOW, BATTERY_GOOD = frozenset({3, 4}), frozenset({2})  # low, depleted; normal
# The longest runtime that anyone builds, minutes: three days.
LONGEST_MIN = 3 * 24 * 60


def parse_ups(rows: Rows) -> UpsReading:
    """What the card says. Of three phases the lowest voltage and the highest load count."""
    on_battery = _on_battery(rows)
    charge = number(scalar(rows, CHARGE), low=0, high=100)
    runtime = number(scalar(rows, MINUTES_LEFT), low=0, high=LONGEST_MIN)
    if runtime == 0 and not on_battery:
        runtime = None
    return UpsReading(
        model=text(scalar(rows, MODEL)),
        on_battery=on_battery,
        low=flag(scalar(rows, BATTERY_STATUS), yes=BATTERY_LOW, no=BATTERY_GOOD),
        charge_percent=charge,
        runtime_min=runtime,
        seconds_on_battery=number(scalar(rows, SECONDS_ON_BATTERY), low=0),
        battery_v=number(scalar(rows, BATTERY_VOLTAGE), low=1, high=1000, scale=0.1),
        input_v=min(_volts(rows, INPUT_VOLTAGE), default=None),
        output_v=min(_volts(rows, OUTPUT_VOLTAGE), default=None),
        load_percent=max(lines(rows, OUTPUT_LOAD, lambda v: number(v, low=0, high=200)), default=None),
        temperature_c=_temperature(rows),
    )


def _on_battery(rows: Rows) -> bool | None:
    said = flag(scalar(rows, OUTPUT_SOURCE), yes=SOURCE_BATTERY, no=SOURCE_MAINS)
    if said is not None:
        return said
    seconds = whole(scalar(rows, SECONDS_ON_BATTERY))
    return None if seconds is None else seconds > 0


def _temperature(rows: Rows) -> float | None:
    value = number(scalar(rows, TEMPERATURE), low=-40, high=100)
    # 0 and -1 stand for "no sensor"; a battery really at the freezing point is rarer than such a card.
    return None if value in (0, -1) else value


def _volts(rows: Rows, oid: str) -> tuple[float, ...]:
    """Volts of each line: RFC 1628 wants whole ones, and what exceeds any low-voltage line was given in tenths."""
    values = lines(rows, oid, lambda v: number(v, low=0, high=10_000))
    return tuple(v if v <= 1000 else round(v / 10, 1) for v in values)
