"""Neighbours by LLDP-MIB (IEEE 802.1AB-2005)."""

from uzel.core.readings import Neighbour
from uzel.drivers.smi import Rows, Value, column, mac, table, text, whole

# Indexed by TimeMark, local port number, neighbour's number.
REMOTE = "1.0.8802.1.1.2.1.4.1.1"
# lldpLocPortId: an interface's name, its number or its MAC. The local port number is not ifIndex on many makes.
LOCAL_PORT_ID, LOCAL_PORT_DESCR = "1.0.8802.1.1.2.1.3.7.1.3", "1.0.8802.1.1.2.1.3.7.1.4"
COLUMNS = {
    "chassis_type": f"{REMOTE}.4",
    "chassis": f"{REMOTE}.5",
    "port_type": f"{REMOTE}.6",
    "port": f"{REMOTE}.7",
    "port_descr": f"{REMOTE}.8",
    "name": f"{REMOTE}.9",
    "descr": f"{REMOTE}.10",
}
CHASSIS_MAC, CHASSIS_ADDRESS, PORT_MAC, PORT_ADDRESS = 4, 5, 3, 4


def parse_neighbours(rows: Rows) -> tuple[Neighbour, ...]:
    """Who is heard, in the order of local ports. `local_port` is LLDP's own number; match `local_name` to ifName."""
    local = column(rows, LOCAL_PORT_ID).items()
    names = {index[0]: _id(value, None, PORT_MAC, PORT_ADDRESS) for index, value in local if len(index) == 1}
    found = []
    for index, cells in sorted(table(rows, COLUMNS).items()):
        if len(index) != 3 or index[1] <= 0:
            continue
        chassis = _id(cells.get("chassis"), cells.get("chassis_type"), CHASSIS_MAC, CHASSIS_ADDRESS)
        port = _id(cells.get("port"), cells.get("port_type"), PORT_MAC, PORT_ADDRESS)
        if chassis is None and port is None and text(cells.get("name")) is None:
            continue
        neighbour = Neighbour(
            local_port=index[1],
            local_name=names.get(index[1]),
            chassis_id=chassis,
            port_id=port,
            port_description=text(cells.get("port_descr")),
            system_name=text(cells.get("name")),
            system_description=text(cells.get("descr")),
        )
        if neighbour not in found:
            found.append(neighbour)
    return tuple(sorted(found, key=lambda n: n.local_port))


def _id(value: Value, subtype: Value, mac_type: int, address_type: int) -> str | None:
    """An id in the writing of its subtype; octets that are neither a MAC, an address nor text become hex digits."""
    kind = whole(subtype)
    if kind == mac_type and (found := mac(value)):
        return found
    if isinstance(value, bytes):
        # One octet of address family (1: IPv4), then the address.
        if kind == address_type and len(value) == 5 and value[0] == 1:
            return ".".join(str(octet) for octet in value[1:])
        if _is_octets(value):
            return value.hex()
    return text(value)


def _is_octets(value: bytes) -> bool:
    """Not a text: it has control characters, or is no UTF-8 (a DGS-1510's port id is a MAC with nothing to say so)."""
    try:
        return any(ord(c) < 32 and c not in "\t\r\n\0" for c in value.decode())
    except UnicodeDecodeError:
        return True
