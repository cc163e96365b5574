"""Huawei VRP 3, 5 and 8: S2300 … S8500, CloudEngine, NE and AR.

`<HOST>` is the user view, `[HOST]` the system view; VRP 8 puts `~` (nothing changed) or `*` (changes not committed)
before the name. Log lines fall into answers unless `undo terminal monitor` is sent first.
"""

from uzel.core.answers import Operation
from uzel.core.changes import Kind
from uzel.drivers.cli_page import Ask, Mark, Page, Refusal, Way
from uzel.drivers.huawei_vrp_ports import (
    parse_brief,
    parse_brief_errors,
    parse_brief_vrp3,
    parse_cable,
    parse_interface_counters,
    parse_interface_errors,
    parse_interfaces,
)
from uzel.drivers.huawei_vrp_tables import (
    parse_arp,
    parse_bindings,
    parse_igmp_groups,
    parse_loops,
    parse_macs,
    parse_port_vlans,
    parse_vlans,
    parse_vlans_vrp3,
)
from uzel.drivers.huawei_vrp_unit import (
    parse_identity,
    parse_load,
    parse_log,
    parse_memory,
    parse_neighbours,
    parse_optics,
    parse_ping,
)

# CloudEngine and NE keep what is typed apart until `commit`; whoever leaves without it is asked what to do with it.
_VRP8 = r"^(?:CE|NE)\d|VRP.*Version 8\."
_THROW_AWAY = ((r"[Uu]ncommitted configurations.*\[Y.*\]\s*:?\s*$", "n"),)


def _of_port(do: str, *, undo: str = "", empty: str = "", wait_s: float = 0.0) -> tuple[Way, ...]:
    """A change within the port's own view: with a commit after each line, for VRP 8, and without."""
    first = "system-view\ninterface {port}"
    done, back, none = ("\n".join(f"{line}\ncommit" for line in text.split("\n") if line) for text in (do, undo, empty))
    return (
        Way(done, back, none, first, "return", wait_s=wait_s, answers=_THROW_AWAY, only=_VRP8, mark=Mark.UNVERIFIED),
        Way(do, undo, empty, first, "return", wait_s=wait_s),
    )


PAGE = Page(
    name="huawei_vrp",
    title="Huawei VRP 3, 5 and 8",
    prompt=r"^(?:<(?P<host>[^<>\s]{1,64})>|\[(?P<changed>[~*]?)(?P<view>[^\[\]\s]{1,96})\])\s*$",
    pagers=((r"^\s*---- More ----", " "),),
    refusals=(
        (r"(?:Error|%) ?:? ?(?:Unrecognized command|Too many parameters)", Refusal.UNKNOWN_COMMAND),
        (r"(?:Error|%) ?:? ?(?:Wrong parameter|Incomplete command|Ambiguous command)", Refusal.WRONG_ARGUMENT),
        (r"Error: ?(?:You do not have permission|No permission|.*privilege)", Refusal.LOW_PRIVILEGE),
        (r"Error: ?(?:The system is busy|.*is being (?:used|configured) by)", Refusal.LOCKED),
        (r"Error: ?(?:Authentication fail|Username or password|Local authentication)", Refusal.LOGIN),
        # An absent transceiver is an answer.
        (
            r"Error: ?(?:The (?:port|interface).*(?:not support|combo)|(?! ?The t).*not supported)",
            Refusal.NOT_SUPPORTED,
        ),
    ),
    line_end="\n",
    # VRP 3 (S8500) and S2300 of V100R003 (5.30) do not know the first: page through with a space.
    no_paging=("screen-length 0 temporary", "undo terminal monitor"),
    leave="quit",
    confirms=((r"(?:Continue\?|Are you sure\?).*\[Y/N\]\s*:?\s*$", "y"),),
    port_name=r"(?:\d{2,3}GE|[A-Z][A-Za-z]{1,20}|Eth-Trunk)\d{1,3}(?:/\d{1,3}){0,3}(?:\.\d{1,4})?",
    mac_style="xxxx-xxxx-xxxx",
    asks={
        Operation.IDENTITY: (Ask("display version", parse_identity),),
        Operation.PORTS: (
            Ask("display interface {port}", parse_interfaces),
            Ask("display interface brief", parse_brief),
            Ask("display brief interface", parse_brief_vrp3, Mark.MANUAL, models="VRP 3: S2403, S3900"),
        ),
        Operation.ERRORS: (
            Ask("display interface {port}", parse_interface_errors),
            Ask("display interface brief", parse_brief_errors),
        ),
        Operation.COUNTERS: (Ask("display interface {port}", parse_interface_counters),),
        Operation.MACS: (
            Ask("display mac-address {port}", parse_macs),
            Ask("display mac-address {mac}", parse_macs),
        ),
        Operation.ARP: (
            Ask("display arp all", parse_arp),
            Ask("display arp", parse_arp, models="VRP 3 and 5.30"),
        ),
        Operation.VLANS: (
            Ask("display port vlan {port}", parse_port_vlans),
            Ask("display vlan", parse_vlans),
            Ask("display vlan all", parse_vlans_vrp3, models="VRP 3"),
        ),
        Operation.CABLE_TEST: (
            # Stops the service of the port for a moment; asks to go on.
            Ask("virtual-cable-test", parse_cable, first="system-view\ninterface {port}", after="quit\nquit"),
        ),
        Operation.NEIGHBOURS: (
            Ask("display lldp neighbor interface {port}", parse_neighbours),
            Ask("display lldp neighbor", parse_neighbours),
            Ask("display lldp neighbor-information", parse_neighbours, Mark.UNVERIFIED, models="VRP 3"),
        ),
        Operation.OPTICS: (
            Ask("display transceiver interface {port} verbose", parse_optics),
            Ask("display interface phy-option {port}", parse_optics, models="NE"),
            Ask("display transceiver verbose", parse_optics, Mark.UNVERIFIED),
        ),
        Operation.BINDINGS: (Ask("display dhcp snooping user-bind all", parse_bindings, Mark.MANUAL),),
        Operation.IGMP_GROUPS: (Ask("display igmp-snooping port-info", parse_igmp_groups, Mark.MANUAL),),
        Operation.LOOPS: (Ask("display loopback-detect", parse_loops, Mark.UNVERIFIED),),
        Operation.LOG: (Ask("display logbuffer", parse_log),),
        Operation.LOAD: (Ask("display cpu-usage", parse_load),),
        Operation.MEMORY: (Ask("display memory-usage", parse_memory, Mark.MANUAL),),
        Operation.PING: (Ask("ping -c 4 {address}", parse_ping),),
    },
    changes={
        Kind.PORT_OFF: _of_port("shutdown", undo="undo shutdown"),
        Kind.PORT_ON: _of_port("undo shutdown", undo="shutdown"),
        Kind.PORT_RESTART: _of_port("shutdown\nundo shutdown", undo="undo shutdown", wait_s=3),
        Kind.DESCRIPTION: _of_port("description {text}", empty="undo description"),
        Kind.CLEAR_COUNTERS: (Way("reset counters interface {port}", check=Operation.COUNTERS),),
        Kind.CLEAR_BINDING: (
            Way("reset dhcp snooping user-bind interface {port}", check=Operation.MACS, mark=Mark.UNVERIFIED),
        ),
        Kind.SAVE: (
            Way(
                "save",
                expect=r"[Ss]uccessfully",
                answers=((r"Are you sure to continue\?.*\[Y/N\]\s*:?\s*$", "y"),),
            ),
        ),
    },
)
