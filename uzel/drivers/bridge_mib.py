"""Which MAC is heard on which port: BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), Huawei's private table.

- A table gives the *bridge port*; dot1dBasePortIfIndex maps it to ifIndex, and no rule of thumb does: base port 1 is
  ifIndex 6 on an S5720, and models of one make differ.
- Port 0 is the switch itself in every D-Link table; an S5720 gives -1 for "another VLAN's business".
- Cisco IOS answers BRIDGE-MIB for one VLAN at a time: ask with ``community@vlan`` and give `vlan` here.
"""

from collections.abc import Mapping

from uzel.core.readings import FdbEntry
from uzel.drivers.smi import Rows, column, index_mac, whole

BASE_PORT_IF_INDEX = "1.3.6.1.2.1.17.1.4.1.2"
FDB_PORT, FDB_STATUS = "1.3.6.1.2.1.17.4.3.1.2", "1.3.6.1.2.1.17.4.3.1.3"
Q_FDB_PORT, Q_FDB_STATUS = "1.3.6.1.2.1.17.7.1.2.2.1.2", "1.3.6.1.2.1.17.7.1.2.2.1.3"
# Indexed by TimeMark and VLAN; the mark is not zero and differs from row to row.
Q_VLAN_FDB_ID = "1.3.6.1.2.1.17.7.1.4.2.1.3"
# HUAWEI-L2MAM-MIB hwDynMacAddressPort: MAC, VLAN, VSI name -> ifIndex.
HUAWEI_FDB = "1.3.6.1.4.1.2011.5.25.42.2.1.3.1.4"
# CISCO-VTP-MIB vtpVlanState: management domain, VLAN -> 1 operational.
CISCO_VLAN_STATE = "1.3.6.1.4.1.9.9.46.1.3.1.1.2"
# FDDI and Token Ring VLANs, there by default on every Cisco, hold no MACs.
CISCO_DEFAULT_VLANS = frozenset(range(1002, 1006))
NOT_LEARNED = frozenset({2, 4})  # invalid, self


def parse_base_ports(rows: Rows) -> dict[int, int]:
    """Bridge port -> ifIndex."""
    found = ((index, whole(value, low=1)) for index, value in column(rows, BASE_PORT_IF_INDEX).items())
    return {index[0]: if_index for index, if_index in found if len(index) == 1 and if_index is not None}


def parse_vlans(rows: Rows) -> tuple[int, ...]:
    """VLANs of a Cisco that are worth asking for their MACs, ascending."""
    states = column(rows, CISCO_VLAN_STATE)
    vlans = {index[-1] for index, state in states.items() if len(index) == 2 and whole(state) == 1}
    return tuple(sorted(v for v in vlans - CISCO_DEFAULT_VLANS if 1 <= v <= 4094))


def parse_fdb(
    rows: Rows, *, base_ports: Mapping[int, int] | None = None, vlan: int | None = None
) -> tuple[FdbEntry, ...]:
    """Learned MACs, sorted. `base_ports` serves where the map was read earlier; else it is taken from `rows`.

    `vlan` is that of the context asked (Cisco). A MAC that only BRIDGE-MIB has comes without a VLAN.
    """
    ports = dict(base_ports) if base_ports is not None else parse_base_ports(rows)
    found = _huawei(rows) | _q_bridge(rows, ports)
    known = {entry.mac for entry in found}
    found |= {entry for entry in _bridge(rows, ports, vlan) if entry.mac not in known}
    return tuple(sorted(found, key=lambda e: (e.mac, e.vlan or 0, e.if_index or 0, e.base_port or 0)))


def _q_bridge(rows: Rows, ports: Mapping[int, int]) -> set[FdbEntry]:
    status, vlans = column(rows, Q_FDB_STATUS), _vlan_by_fdb(rows)
    found = set()
    for index, value in column(rows, Q_FDB_PORT).items():
        # Zyxel GS1900 puts the length before the MAC, as if it were not of fixed size.
        octets = index[2:] if len(index) == 8 and index[1] == 6 else index[1:]
        mac, port = index_mac(octets), whole(value, low=1)
        if len(octets) == 6 and mac and port is not None and whole(status.get(index)) not in NOT_LEARNED:
            found.add(_entry(mac, vlans.get(index[0], index[0]), port, ports))
    return found


def _bridge(rows: Rows, ports: Mapping[int, int], vlan: int | None) -> set[FdbEntry]:
    status = column(rows, FDB_STATUS)
    found = set()
    for index, value in column(rows, FDB_PORT).items():
        mac, port = index_mac(index), whole(value, low=1)
        if len(index) == 6 and mac and port is not None and whole(status.get(index)) not in NOT_LEARNED:
            found.add(_entry(mac, vlan, port, ports))
    return found


def _huawei(rows: Rows) -> set[FdbEntry]:
    found = set()
    for index, value in column(rows, HUAWEI_FDB).items():
        mac, if_index = index_mac(index), whole(value, low=1)
        if len(index) >= 7 and mac and if_index is not None:
            found.add(FdbEntry(mac=mac, vlan=_vlan(index[6]), if_index=if_index))
    return found


def _entry(mac: str, vlan: int | None, port: int, ports: Mapping[int, int]) -> FdbEntry:
    return FdbEntry(mac=mac, vlan=_vlan(vlan), if_index=ports.get(port), base_port=port)


def _vlan(number: int | None) -> int | None:
    return number if number is not None and 1 <= number <= 4094 else None


def _vlan_by_fdb(rows: Rows) -> dict[int, int]:
    """Filtering database -> VLAN, where one database serves one VLAN; without the table the two are the same number."""
    vlans: dict[int, set[int]] = {}
    for index, value in column(rows, Q_VLAN_FDB_ID).items():
        fdb = whole(value)
        if len(index) == 2 and fdb is not None:
            vlans.setdefault(fdb, set()).add(index[-1])
    return {fdb: next(iter(found)) for fdb, found in vlans.items() if len(found) == 1}
