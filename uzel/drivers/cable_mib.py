"""The cable test over SNMP: D-Link's two trees and Huawei's. A test is started by a SET; here its answer is read.

The codes of D-Link's two trees differ. Before any test every pair of the classic tree reads 8, which is no finding.
On FE ports the test drops the link of an up port for a moment; a DES-3028 1.00 has no such tree at all.
Sources: a walk of a DES-3200-18 C1 for 171.12.58 and of S5720 for Huawei; 171.14.58 is by its MIB's text only.
"""

from collections.abc import Mapping

from uzel.core.answers import CablePair, CableTest, PairState, whole_cable
from uzel.drivers.smi import Rows, Value, table, whole

# swCableDiagTable, by port: link, four states, four lengths in metres; the action reads 2 while the test runs.
DLINK = "1.3.6.1.4.1.171.12.58.1.1.1"
# DLINKSW-CABLE-DIAG-MIB, by ifIndex: the run state reads 1 while the test runs.
DLINK_NEW = "1.3.6.1.4.1.171.14.58.1.2.1"
# hwVctTable of HUAWEI-DEVICE-EXT / ENTITY-EXTENT, by ifIndex: four states, four lengths.
HUAWEI = "1.3.6.1.4.1.2011.5.25.31.1.1.7.1"

S = PairState
DLINK_STATES = {0: S.OK, 1: S.OPEN, 2: S.SHORT, 3: S.OPEN_OR_SHORT, 4: S.CROSSTALK, 7: S.NO_CABLE}
DLINK_NEW_STATES = {
    **{1: S.OK, 2: S.OPEN, 3: S.SHORT, 4: S.OPEN_OR_SHORT, 5: S.CROSSTALK},
    **{7: S.NO_CABLE, 8: S.SHUT_DOWN},
}
HUAWEI_STATES = {1: S.OK, 2: S.OPEN, 3: S.SHORT, 4: S.OPEN_OR_SHORT, 5: S.CROSSTALK, 7: S.NOT_SUPPORTED}
# No twisted pair of Ethernet is longer than this, metres; what exceeds it was not measured.
LONGEST_M = 400


def parse_dlink(rows: Rows) -> dict[int, CableTest]:
    """Port -> what its last test found (DES-3xxx, DGS-3xxx, DGS-1510/ME)."""
    columns = {"link": f"{DLINK}.3", "action": f"{DLINK}.12"} | _pairs(DLINK, states=4, lengths=8)
    found = {}
    for index, cells in table(rows, columns).items():
        if len(index) == 1:
            link = {0: False, 1: True}.get(_code(cells.get("link")))
            found[index[0]] = _test(cells, DLINK_STATES, link=link, running=_code(cells.get("action")) == 2)
    return found


def parse_dlink_new(rows: Rows) -> dict[int, CableTest]:
    """ifIndex -> what its last test found (DGS-1510 and its kin)."""
    columns = {"run": f"{DLINK_NEW}.9"} | _pairs(DLINK_NEW, states=1, lengths=5)
    found = {}
    for index, cells in table(rows, columns).items():
        if len(index) == 1:
            found[index[0]] = _test(cells, DLINK_NEW_STATES, link=None, running=_code(cells.get("run")) == 1)
    return found


def parse_huawei(rows: Rows) -> dict[int, CableTest]:
    """ifIndex -> what its last test found."""
    found = {}
    for index, cells in table(rows, _pairs(HUAWEI, states=6, lengths=10)).items():
        if len(index) == 1:
            found[index[0]] = _test(cells, HUAWEI_STATES, link=None, running=False)
    return found


def _pairs(entry: str, *, states: int, lengths: int) -> dict[str, str]:
    """The columns of four pairs, which stand in a row."""
    return {f"state{n}": f"{entry}.{states + n}" for n in range(4)} | {
        f"length{n}": f"{entry}.{lengths + n}" for n in range(4)
    }


def _test(
    cells: Mapping[str, Value], states: Mapping[int, PairState], *, link: bool | None, running: bool
) -> CableTest:
    if running:
        return CableTest(port=None, link_up=link, state=PairState.NOT_FINISHED)
    pairs = []
    for n in range(4):
        state = states.get(_code(cells.get(f"state{n}")))
        if state is not None:
            length = whole(cells.get(f"length{n}"), high=LONGEST_M)
            pairs.append(CablePair(n + 1, state, None if state is PairState.NOT_SUPPORTED else length))
    return CableTest(port=None, link_up=link, state=whole_cable(pairs), pairs=tuple(pairs))


def _code(value: Value) -> int:
    code = whole(value)
    return -1 if code is None else code
