"""Cisco IOS and IOS-XE: Catalyst 2950 … 9500, and the ISRs by the way.

The prompt's host name is cut to 20 characters in the configuration modes. Log lines may fall into an answer: the
session sends `terminal no monitor` first.
"""

from uzel.core.answers import Operation
from uzel.core.changes import Kind
from uzel.drivers.cisco_ios_neighbours import parse_cdp, parse_cdp_brief, parse_lldp, parse_lldp_brief
from uzel.drivers.cisco_ios_ports import (
    parse_counters_errors,
    parse_interface_counters,
    parse_interface_errors,
    parse_interfaces,
    parse_status,
    parse_tdr,
)
from uzel.drivers.cisco_ios_tables import (
    parse_arp,
    parse_bindings,
    parse_err_disabled,
    parse_igmp_groups,
    parse_macs,
    parse_switchport,
    parse_vlans,
)
from uzel.drivers.cisco_ios_unit import (
    parse_identity,
    parse_load,
    parse_log,
    parse_memory_pools,
    parse_memory_statistics,
    parse_optics,
    parse_ping,
)
from uzel.drivers.cli_page import Ask, Mark, Page, Refusal, Way


def _of_port(do: str, *, undo: str = "", empty: str = "", wait_s: float = 0.0) -> tuple[Way, ...]:
    """A change within the port's own mode."""
    return (Way(do, undo, empty, first="configure terminal\ninterface {port}", after="end", wait_s=wait_s),)


PAGE = Page(
    name="cisco_ios",
    title="Cisco IOS and IOS-XE",
    prompt=r"^(?P<host>[\w.-]{1,64})(?:\((?P<mode>[\w-]+)\))?#\s*$",
    user_prompt=r"^[\w.-]{1,64}>\s*$",
    pagers=((r"^\s*--More--\s*$", " "),),
    refusals=(
        (r"^% ?(?:Invalid input detected|Ambiguous command|Unknown command)", Refusal.UNKNOWN_COMMAND),
        (r"^% ?Incomplete command", Refusal.WRONG_ARGUMENT),
        (r"^Command authorization failed", Refusal.LOW_PRIVILEGE),
        (r"^Configuration mode locked exclusively", Refusal.LOCKED),
        (r"^TDR test is not supported", Refusal.NOT_SUPPORTED),
        (r"^% ?(?:Login invalid|Authentication failed|Bad passwords|Access denied|Bad secrets)", Refusal.LOGIN),
    ),
    line_end="\n",
    enable="enable",
    no_paging=("terminal length 0", "terminal width 0", "terminal no monitor"),
    leave="exit",
    confirms=((r"\[confirm\]\s*$", "\n"), (r"^Destination filename \[.*\]\?\s*$", "\n")),
    port_name=r"[A-Z][a-z]{1,2}\d{1,3}(?:/\d{1,3}){0,3}(?:\.\d{1,4})?",
    mac_style="xxxx.xxxx.xxxx",
    asks={
        Operation.IDENTITY: (Ask("show version", parse_identity),),
        Operation.PORTS: (
            Ask("show interfaces {port}", parse_interfaces),
            Ask("show interfaces status", parse_status),
        ),
        Operation.ERRORS: (
            Ask("show interfaces {port}", parse_interface_errors),
            Ask("show interfaces counters errors", parse_counters_errors),
        ),
        Operation.COUNTERS: (Ask("show interfaces {port}", parse_interface_counters),),
        Operation.MACS: (
            Ask("show mac address-table interface {port}", parse_macs),
            Ask("show mac-address-table interface {port}", parse_macs, models="before 12.2"),
            Ask("show mac address-table address {mac}", parse_macs),
            Ask("show mac address-table", parse_macs),
            Ask("show mac-address-table", parse_macs, models="before 12.2"),
        ),
        Operation.ARP: (Ask("show ip arp", parse_arp),),
        Operation.VLANS: (
            Ask("show interfaces {port} switchport", parse_switchport),
            Ask("show vlan brief", parse_vlans),
        ),
        Operation.CABLE_TEST: (
            # The link may drop for the length of the test.
            Ask(
                "show cable-diagnostics tdr interface {port}",
                parse_tdr,
                first="test cable-diagnostics tdr interface {port}",
                # Five to seven seconds on most Catalysts; until then the pairs are "Not Completed".
                wait_s=8,
                tells_end=True,
            ),
        ),
        Operation.NEIGHBOURS: (
            Ask("show lldp neighbors {port} detail", parse_lldp),
            Ask("show cdp neighbors {port} detail", parse_cdp),
            Ask("show lldp neighbors", parse_lldp_brief),
            Ask("show cdp neighbors", parse_cdp_brief),
        ),
        Operation.OPTICS: (
            Ask("show interfaces {port} transceiver", parse_optics),
            Ask("show interfaces transceiver", parse_optics),
        ),
        Operation.BINDINGS: (
            Ask("show ip dhcp snooping binding interface {port}", parse_bindings),
            Ask("show ip dhcp snooping binding", parse_bindings),
        ),
        Operation.IGMP_GROUPS: (Ask("show ip igmp snooping groups", parse_igmp_groups, Mark.MANUAL),),
        # Keepalives that come back: the port is held down for it. A loop without them shows in the log alone.
        Operation.LOOPS: (Ask("show interfaces status err-disabled", parse_err_disabled),),
        Operation.LOG: (Ask("show logging", parse_log),),
        Operation.LOAD: (Ask("show processes cpu", parse_load),),
        Operation.MEMORY: (
            Ask("show memory statistics", parse_memory_statistics, Mark.MANUAL),
            Ask("show processes memory", parse_memory_pools, Mark.MANUAL),
        ),
        Operation.PING: (Ask("ping {address} repeat 4", parse_ping),),
    },
    changes={
        Kind.PORT_OFF: _of_port("shutdown", undo="no shutdown"),
        Kind.PORT_ON: _of_port("no shutdown", undo="shutdown"),
        Kind.PORT_RESTART: _of_port("shutdown\nno shutdown", undo="no shutdown", wait_s=3),
        Kind.DESCRIPTION: _of_port("description {text}", empty="no description"),
        # What SNMP counts goes on.
        Kind.CLEAR_COUNTERS: (
            Way("clear counters {port}", check=Operation.COUNTERS, answers=((r"\[confirm\]\s*$", ""),)),
        ),
        # There is no list of the blocked: a client that was let through is learned on the port.
        Kind.CLEAR_BINDING: (
            Way("clear ip dhcp snooping binding interface {port}", check=Operation.MACS, mark=Mark.UNVERIFIED),
        ),
        Kind.SAVE: (Way("write memory", expect=r"\[OK\]"),),
    },
)
