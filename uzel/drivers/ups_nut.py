"""What NUT says of a UPS, by its own names of variables (RFC 9271 §4.2 for the status, NUT's list for the rest).

Traps: a status is several words (``OL CHRG``, ``OB DISCHRG LB``, ``FSD OB LB``), and ``WAIT`` alone while the driver
starts; drivers that do not know give runtime 0, -1 or 4294967295; of three phases there is one variable each
(``input.L1-N.voltage``); where the driver cannot tell, the variable is missing.
"""

import re
from collections.abc import Iterator, Mapping

from uzel.core.readings import UpsReading
from uzel.drivers.smi import number, text

Variables = Mapping[str, str]

ON_BATTERY, ON_MAINS = frozenset({"OB"}), frozenset({"OL", "BYPASS", "TRIM", "BOOST"})
LOW, REPLACE = "LB", "RB"
INPUT_V = re.compile(r"input(?:\.L[123](?:-N)?)?\.voltage")
OUTPUT_V = re.compile(r"output(?:\.L[123](?:-N)?)?\.voltage")
LOAD = re.compile(r"ups\.load|(?:ups|output)\.L[123]\.(?:load|power\.percent)")
# The longest runtime that anyone builds, seconds: three days.
LONGEST_S = 3 * 24 * 3600


def parse_ups(variables: Variables) -> UpsReading:
    """The reading. Of three phases the lowest voltage and the highest load count."""
    status = frozenset((variables.get("ups.status") or "").upper().split())
    on_battery = True if status & ON_BATTERY else False if status & ON_MAINS else None
    seconds = number(variables.get("battery.runtime"), low=0, high=LONGEST_S)
    if seconds == 0 and not on_battery:
        seconds = None
    heat = [number(variables.get(name), low=-40, high=100) for name in ("battery.temperature", "ups.temperature")]
    return UpsReading(
        model=_model(variables),
        on_battery=on_battery,
        low=None if on_battery is None else LOW in status,
        charge_percent=number(variables.get("battery.charge"), low=0, high=100),
        runtime_min=None if seconds is None else round(seconds / 60, 1),
        battery_v=number(variables.get("battery.voltage"), low=1, high=1000),
        input_v=min(_all(variables, INPUT_V, 1000), default=None),
        output_v=min(_all(variables, OUTPUT_V, 1000), default=None),
        load_percent=max(_all(variables, LOAD, 200), default=None),
        # 0 stands for "no sensor" oftener than for a freezing battery.
        temperature_c=next((value for value in heat if value), None),
        replace=None if on_battery is None else REPLACE in status,
    )


def _all(variables: Variables, pattern: re.Pattern[str], high: float) -> Iterator[float]:
    for name, value in variables.items():
        if pattern.fullmatch(name) and (found := number(value, low=0, high=high)) is not None:
            yield found


def _model(variables: Variables) -> str | None:
    parts = (text(variables.get(f"ups.{part}") or variables.get(f"device.{part}")) for part in ("mfr", "model"))
    return " ".join(part for part in parts if part) or None
