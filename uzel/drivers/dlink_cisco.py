"""D-Link's shell in Cisco's likeness: DGS-3610, DES-7206; DGS-1250, 1510, 3130, 3630, DXS-3400, DIS-200G.

DGS-1510/ME does not have it: that one speaks the classic command line.
"""

from uzel.core.answers import Operation
from uzel.core.changes import Kind
from uzel.drivers.cli_page import Ask, Mark, Page, Refusal, Way
from uzel.drivers.dlink_cisco_tables import (
    parse_arp,
    parse_identity,
    parse_macs,
    parse_neighbours,
    parse_ports,
    parse_switchport,
    parse_vlans,
)
from uzel.drivers.dlink_load import parse_load
from uzel.drivers.dlink_ports import parse_cable


def _of_port(do: str, *, undo: str = "", empty: str = "", wait_s: float = 0.0) -> tuple[Way, ...]:
    """A change within the port's own mode."""
    first = "configure terminal\ninterface {port}"
    return (Way(do, undo, empty, first, after="end", wait_s=wait_s, mark=Mark.UNVERIFIED),)


PAGE = Page(
    name="dlink_cisco",
    title="D-Link DGS-3610, DES-7206, DGS-1250/1510/3130/3630, DXS-3400 (shell in Cisco's likeness)",
    prompt=r"^(?P<host>[\w./-]{1,64})(?:\((?P<mode>[\w-]+)\))?#\s*$",
    user_prompt=r"^[\w./-]{1,64}>\s*$",
    pagers=((r"CTRL\+C.*\ba A(?:ll|LL)\b", "a"), (r"^\s*--More--\s*$", " ")),
    refusals=(
        (r"^%? ?Invalid input detected", Refusal.UNKNOWN_COMMAND),
        (r"^% ?(?:Incomplete|Ambiguous) command", Refusal.WRONG_ARGUMENT),
        (r"^%? ?(?:Login failed|Authentication fail)", Refusal.LOGIN),
    ),
    enable="enable",
    no_paging=("terminal length 0",),
    confirms=((r"\[y/n\]\s*:?\s*$", "y"),),
    port_name=r"[A-Z][a-z]\d{1,2}/\d{1,3}|eth\d{1,2}/\d{1,2}/\d{1,3}",
    mac_style="XX-XX-XX-XX-XX-XX",
    asks={
        Operation.IDENTITY: (
            Ask("show version", parse_identity, models="DGS-3610"),
            Ask("show version", parse_identity, Mark.UNVERIFIED, models="DGS-1510 and kin"),
        ),
        Operation.PORTS: (
            Ask("show interfaces status", parse_ports, models="DGS-3610"),
            Ask("show interfaces status", parse_ports, Mark.UNVERIFIED, models="DGS-1510 and kin"),
        ),
        Operation.MACS: (
            Ask("show mac-address-table", parse_macs, models="DGS-3610"),
            Ask("show mac-address-table", parse_macs, Mark.UNVERIFIED, models="DGS-1510 and kin"),
        ),
        Operation.ARP: (Ask("show arp", parse_arp, models="DGS-3610"),),
        Operation.VLANS: (
            Ask("show interfaces switchport", parse_switchport, models="DGS-3610"),
            Ask("show vlan", parse_vlans, models="DGS-3610"),
            Ask("show vlan", parse_vlans, Mark.UNVERIFIED, models="DGS-1510 and kin"),
        ),
        Operation.CABLE_TEST: (
            Ask(
                "show cable-diagnostics interface {port}",
                parse_cable,
                Mark.UNVERIFIED,
                first="test cable-diagnostics interface {port}",
                wait_s=4,
                models="DGS-1510 and later",
            ),
        ),
        Operation.NEIGHBOURS: (Ask("show lldp neighbor-information", parse_neighbours, models="DGS-3610"),),
        Operation.LOAD: (Ask("show cpu utilization", parse_load, models="DGS-1250, DGS-1510"),),
    },
    changes={
        Kind.PORT_OFF: _of_port("shutdown", undo="no shutdown"),
        Kind.PORT_ON: _of_port("no shutdown", undo="shutdown"),
        Kind.PORT_RESTART: _of_port("shutdown\nno shutdown", undo="no shutdown", wait_s=3),
        Kind.DESCRIPTION: _of_port("description {text}", empty="no description"),
        # Clearing counters is not offered: nothing that is known of this shell could check it.
        Kind.SAVE: (
            Way(
                "copy running-config startup-config",
                expect=r"[Dd]one|[Ss]uccess|\[OK\]",
                answers=((r"^Destination filename.*\[y/n\]\s*:?\s*$", "y"), (r"^Destination filename.*\?\s*$", "")),
                mark=Mark.UNVERIFIED,
            ),
        ),
    },
)
