"""A claimed probe: all that is needed to ask the device, taken from the database once."""

from dataclasses import dataclass, field
from typing import Any

from uzel.drivers.ask import Facts
from uzel.drivers.snmp import Agent

# A device of a city network answers within 50 ms; a silent one must be known for silent within a second.
TIMEOUT_S, RETRIES = 0.4, 1
# More MACs than this are counted, not kept.
KEPT_MACS = 64


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and by what ways. `vendor` is in lower case; `vlans`, `macs` and `kinds` are the services'.

    `access`: how its command line is reached; None, and the reason in `access_error`, when that is not known.
    """

    id: int
    started_at: Any
    operation: str
    subject: str
    device: int
    kind: str
    vendor: str
    address: str
    snmp_port: int
    community: str = field(repr=False)
    # A UPS that is asked by NUT: where its upsd listens, and by what name.
    nut_port: int | None = None
    code: str = ""
    port: str | None = None
    if_index: int | None = None
    is_uplink: bool = False
    vlans: tuple[int, ...] = ()
    macs: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    previous: tuple[dict[str, Any], ...] = ()
    changes_at: tuple[float, ...] = ()
    notes: tuple[dict[str, Any], ...] = ()
    own_acts: tuple[tuple[float, float], ...] = ()
    uplinks: tuple[int, ...] = ()
    uplink_names: tuple[str, ...] = ()
    access: Facts | None = None
    access_error: str = ""

    def agent(self, community: str = "") -> Agent:
        """A session with the device; `community` in place of its own."""
        return Agent(self.address, self.snmp_port, community or self.community, TIMEOUT_S, RETRIES)
