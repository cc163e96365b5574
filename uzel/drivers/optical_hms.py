"""NSCRTV-HMS (1.3.6.1.4.1.17409), the Chinese HMS standard: optical receivers and amplifiers of many makes.

Light and RF level are in tenths. What is said of amplifiers was seen in recordings; the two receiver trees (a node's
.10 and the older .9) come from an operator's scripts and are not confirmed by a recording.
"""

from uzel.core.readings import OpticalReading
from uzel.drivers.smi import Rows, Value, dbm, dbm_column, lines, number, scalar, text, whole

HMS = "1.3.6.1.4.1.17409.1"
COMMON = f"{HMS}.3.3.2.2.1"
MODEL, SERIAL, TEMPERATURE, FIRMWARE = f"{COMMON}.4.1", f"{COMMON}.5.1", f"{COMMON}.12.1", f"{COMMON}.19.1"
EDFA_OUTPUT, EDFA_INPUT, EDFA_SUPPLY = f"{HMS}.11.2", f"{HMS}.11.3", f"{HMS}.11.7.1.2"
NODE_INPUT, NODE_ACTIVE = f"{HMS}.10.5.1.2", f"{HMS}.10.13.1.2.1"
NODE_RF, NODE_SUPPLY = f"{HMS}.10.11.1.4", f"{HMS}.10.19.1.2"
OLD_INPUT, OLD_ACTIVE, OLD_RF, OLD_SUPPLY = f"{HMS}.9.3.1.2", f"{HMS}.9.26", f"{HMS}.9.5.1.4", f"{HMS}.9.8.1.2"
OIDS = (MODEL, SERIAL, TEMPERATURE, FIRMWARE, f"{EDFA_OUTPUT}.0", f"{EDFA_INPUT}.0", NODE_ACTIVE, f"{OLD_ACTIVE}.0")
PREFIXES = (EDFA_SUPPLY, NODE_INPUT, NODE_RF, NODE_SUPPLY, OLD_INPUT, OLD_RF, OLD_SUPPLY)


def parse_optical(rows: Rows) -> OpticalReading:
    """A receiver or an amplifier, by the part of the tree that it answers."""
    inputs = dbm_column(rows, NODE_INPUT) or dbm_column(rows, OLD_INPUT)
    active = whole(rows.get(NODE_ACTIVE), low=1, high=8) or whole(scalar(rows, OLD_ACTIVE), low=1, high=8)
    if active not in inputs:
        active = min(inputs) if len(inputs) == 1 else None
    edfa_input = dbm(scalar(rows, EDFA_INPUT))
    level = [*lines(rows, NODE_RF, _dbuv), *lines(rows, OLD_RF, _dbuv)]
    supplies = (lines(rows, oid, lambda v: number(v, low=0, high=400, scale=0.1)) for oid in _SUPPLIES)
    return OpticalReading(
        model=text(rows.get(MODEL)),
        serial=text(rows.get(SERIAL)),
        firmware=text(rows.get(FIRMWARE)),
        input_dbm=inputs[active] if active is not None else None if inputs else edfa_input,
        inputs_dbm=tuple(inputs[n] for n in sorted(inputs)) or (() if edfa_input is None else (edfa_input,)),
        active_input=active,
        output_dbuv=level[0] if level else None,
        output_dbm=dbm(scalar(rows, EDFA_OUTPUT)),
        temperature_c=number(rows.get(TEMPERATURE), low=-60, high=120),
        supply_v=next((values for values in supplies if values), ()),
    )


_SUPPLIES = (EDFA_SUPPLY, NODE_SUPPLY, OLD_SUPPLY)


def _dbuv(value: Value) -> float | None:
    return number(value, low=10, high=140, scale=0.1)
