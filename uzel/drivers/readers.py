"""Which page reads which device: one visible table each for UPSes, for optics, and for the ways to learn MACs.

A device is known by its sysObjectID; where that is a plain net-snmp agent (8072) or nothing, the vendor's name decides.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from uzel.core.readings import OpticalReading, UpsReading
from uzel.drivers import bridge_mib, optical_hms, optical_volius, ups_apc, ups_megatec, ups_rfc1628, ups_voltronic
from uzel.drivers.smi import Rows, Value
from uzel.drivers.snmp import Agent

Reading = TypeVar("Reading")


@dataclass(frozen=True, slots=True)
class Reader(Generic[Reading]):
    """How a device is read: `oids` to GET, `prefixes` to walk, and the pure function for what came."""

    name: str
    oids: tuple[str, ...]
    prefixes: tuple[str, ...]
    parse: Callable[[Rows], Reading]


RFC1628 = Reader("rfc1628", ups_rfc1628.OIDS, ups_rfc1628.PREFIXES, ups_rfc1628.parse_ups)
APC = Reader("apc", ups_apc.OIDS, ups_apc.PREFIXES, ups_apc.parse_ups)
MEGATEC = Reader("megatec", ups_megatec.OIDS, ups_megatec.PREFIXES, ups_megatec.parse_ups)
VOLTRONIC = Reader(
    "voltronic",
    (*ups_rfc1628.OIDS, *ups_voltronic.OIDS),
    (*ups_rfc1628.PREFIXES, *ups_voltronic.PREFIXES),
    lambda rows: _filled(ups_rfc1628.parse_ups(rows), ups_voltronic.parse_ups(rows)),
)
VOLIUS = Reader("volius", optical_volius.OIDS, optical_volius.PREFIXES, optical_volius.parse_optical)
HMS = Reader("hms", optical_hms.OIDS, optical_hms.PREFIXES, optical_hms.parse_optical)

# By the beginning of sysObjectID, then by the vendor's name in lower case. UPSes that are not named speak RFC 1628.
UPS_BY_OBJECT_ID = {"1.3.6.1.4.1.318": APC, "1.3.6.1.4.1.935": MEGATEC, "1.3.6.1.4.1.21111": VOLTRONIC}
UPS_BY_VENDOR = {"apc": APC, "ippon": MEGATEC, "megatec": MEGATEC, "voltronic": VOLTRONIC, "powerwalker": VOLTRONIC}
OPTICAL_BY_OBJECT_ID = {"1.3.6.1.4.1.34652": VOLIUS, "1.3.6.1.4.1.17409": HMS}
OPTICAL_BY_VENDOR = {"volius": VOLIUS}

# Tables of MACs to walk, in the order in which to try them: the first one that has rows is enough.
Q_BRIDGE = (bridge_mib.Q_FDB_PORT,)
BRIDGE = (bridge_mib.FDB_PORT,)
FDB_BY_VENDOR = {"huawei": (bridge_mib.HUAWEI_FDB, bridge_mib.FDB_PORT), "cisco": BRIDGE}
FDB_ELSE = (*Q_BRIDGE, *BRIDGE)
# These answer for one VLAN at a time, asked by ``community@vlan``.
FDB_BY_VLAN = frozenset({"cisco"})


def ups_reader(object_id: str | None, vendor: str = "") -> Reader[UpsReading]:
    """The page for a UPS."""
    return _choose(UPS_BY_OBJECT_ID, UPS_BY_VENDOR, object_id, vendor) or RFC1628


def optical_reader(object_id: str | None, vendor: str = "") -> Reader[OpticalReading]:
    """The page for an optical receiver or amplifier."""
    return _choose(OPTICAL_BY_OBJECT_ID, OPTICAL_BY_VENDOR, object_id, vendor) or HMS


async def read_rows(agent: Agent, reader: Reader[Any]) -> dict[str, Value]:
    """What the page of a device is made of, for its `parse`. Raises SnmpError."""
    rows: dict[str, Value] = await agent.get(*reader.oids)
    for prefix in reader.prefixes:
        rows |= await agent.walk(prefix)
    return rows


def fdb_prefixes(vendor: str) -> tuple[str, ...]:
    """Tables of MACs to walk one after another until one has rows."""
    return FDB_BY_VENDOR.get(vendor.lower(), FDB_ELSE)


def _filled(first: UpsReading, other: UpsReading) -> UpsReading:
    """A reading with its gaps filled from another one."""
    gaps = {name: value for name, value in asdict(other).items() if getattr(first, name) is None}
    return replace(first, **gaps)


def _choose(
    by_object_id: dict[str, Reader[Reading]], by_vendor: dict[str, Reader[Reading]], object_id: str | None, vendor: str
) -> Reader[Reading] | None:
    for start, reader in by_object_id.items():
        if object_id and (object_id == start or object_id.startswith(start + ".")):
            return reader
    return by_vendor.get(vendor.lower())
