"""Volius (1.3.6.1.4.1.34652): cable-TV receivers VS57xx and amplifiers VS5704; sysObjectID is the bare enterprise.

A VS5792 answers as the optical switch in front of its receiver (.4). `.2.10.5` is the time zone in minutes, however
much 420 looks like 42.0 °C; the case temperature is `.2.10.6`, 0 where there is no sensor. Light is in tenths of dBm.
"""

from uzel.core.readings import OpticalReading
from uzel.drivers.smi import Rows, dbm, dbm_column, lines, number, scalar, text, whole

VOLIUS = "1.3.6.1.4.1.34652"
MODEL, SERIAL, FIRMWARE = f"{VOLIUS}.2.10.1", f"{VOLIUS}.2.10.2", f"{VOLIUS}.2.10.3"
CASE_TEMPERATURE, SUPPLIES_MV = f"{VOLIUS}.2.10.6", f"{VOLIUS}.2.10.7.1.3"
EDFA_INPUT, EDFA_OUTPUT = f"{VOLIUS}.3.7.1.2", f"{VOLIUS}.3.8"
SWITCH_INPUT, SWITCH_LIMIT, SWITCH_STATE = f"{VOLIUS}.4.1.1.2", f"{VOLIUS}.4.1.1.3", f"{VOLIUS}.4.3"
RECEIVER_INPUT, RECEIVER_SELECTED, RECEIVER_RF = f"{VOLIUS}.6.1.1.2", f"{VOLIUS}.6.2", f"{VOLIUS}.6.3"
RECEIVER_LOW, RECEIVER_HIGH = f"{VOLIUS}.6.5", f"{VOLIUS}.6.6"
OIDS: tuple[str, ...] = ()
PREFIXES = (f"{VOLIUS}.2.10", f"{VOLIUS}.3", f"{VOLIUS}.4", f"{VOLIUS}.6")


def parse_optical(rows: Rows) -> OpticalReading:
    """A receiver, an optical switch or an amplifier, by the part of the tree that it answers."""
    # (inputs, which of them is used, low limit, high limit): each kind keeps them elsewhere.
    inputs = dbm_column(rows, RECEIVER_INPUT)
    active = whole(scalar(rows, RECEIVER_SELECTED), low=1, high=8)
    low, high = dbm(scalar(rows, RECEIVER_LOW)), dbm(scalar(rows, RECEIVER_HIGH))
    if not inputs and (inputs := dbm_column(rows, SWITCH_INPUT)):
        active, high = whole(scalar(rows, SWITCH_STATE), low=1, high=8), None
        low = dbm_column(rows, SWITCH_LIMIT).get(active or 0)
    if not inputs:
        inputs = dbm_column(rows, EDFA_INPUT)
    if active not in inputs:
        active = min(inputs) if len(inputs) == 1 else None
    temperature = number(scalar(rows, CASE_TEMPERATURE), low=-60, high=120, scale=0.1)
    return OpticalReading(
        model=text(scalar(rows, MODEL)),
        serial=text(scalar(rows, SERIAL)),
        firmware=text(scalar(rows, FIRMWARE)),
        input_dbm=inputs.get(active) if active is not None else None,
        inputs_dbm=tuple(inputs[n] for n in sorted(inputs)),
        active_input=active,
        output_dbuv=number(scalar(rows, RECEIVER_RF), low=1, high=140),
        output_dbm=dbm(scalar(rows, EDFA_OUTPUT)),
        temperature_c=None if temperature == 0 else temperature,
        supply_v=lines(rows, SUPPLIES_MV, lambda v: number(v, low=0, high=100, scale=0.001)),
        input_low_dbm=low,
        input_high_dbm=high,
    )
