"""Optical modules of D-Link over SNMP (DDM-MGMT-MIB, 1.3.6.1.4.1.171.12.72).

Values are padded text, "-" for what is not there. Power is in mW unless swDdmPowerUnit says dBm; the neighbouring
scalar .72.1.2 is the state of the log, not the unit. DGS-3120 and DES-35xx have no such scalar and give mW always.
"""

from math import log10

from uzel.core.answers import Optics
from uzel.drivers.smi import Rows, Value, number, scalar, table, whole

DDM = "1.3.6.1.4.1.171.12.72"
POWER_UNIT, UNIT_DBM = f"{DDM}.1.3", 2
ENTRY = f"{DDM}.2.1.1.1"
COLUMNS = {
    "temperature": f"{ENTRY}.2",
    "voltage": f"{ENTRY}.3",
    "bias": f"{ENTRY}.4",
    "tx": f"{ENTRY}.5",
    "rx": f"{ENTRY}.6",
}
# "No light" of modules that measure in mW.
DARK_DBM = -40.0


def parse_optics(rows: Rows) -> dict[int, Optics]:
    """Port -> its module; ports without one are left out."""
    in_dbm = whole(scalar(rows, POWER_UNIT)) == UNIT_DBM
    found = {}
    for index, cells in sorted(table(rows, COLUMNS).items()):
        optics = Optics(
            port=str(index[0]),
            temperature_c=number(cells.get("temperature"), low=-60, high=150),
            supply_v=number(cells.get("voltage"), low=0, high=10),
            bias_ma=number(cells.get("bias"), low=0, high=500),
            tx_dbm=_dbm(cells.get("tx"), in_dbm=in_dbm),
            rx_dbm=_dbm(cells.get("rx"), in_dbm=in_dbm),
        )
        if len(index) == 1 and optics != Optics(port=optics.port):
            found[index[0]] = optics
    return found


def _dbm(value: Value, *, in_dbm: bool) -> float | None:
    if in_dbm:
        return number(value, low=-60, high=20)
    milliwatts = number(value, low=0, high=100)
    if milliwatts is None:
        # No power in mW is negative: the unit was changed on a device that does not tell it.
        return number(value, low=-60, high=-0.000001)
    return DARK_DBM if milliwatts < 0.0001 else round(10 * log10(milliwatts), 2)
