"""D-Link's classic command line: DES-3xxx, DES-1210/ME, DGS-1210/ME, DGS-3000/3100/3120/3200/3420/3627.

Prompts: `DES-3526:4#` (4, 5 administrator; 3, 6 user), `X:admin#`, `X:user#`, `DES-1210-10/ME:5#`, `10.1.2.3:5#`, and
junk such as ESC[27m before it on DGS-1210-10/ME. Always with the host's own name when it is known: a saved
configuration has lines that begin with a bare `#`.
"""

from uzel.core.answers import Operation
from uzel.core.changes import Kind
from uzel.drivers.cli_page import Ask, Mark, Page, Refusal, Way
from uzel.drivers.dlink_load import parse_load, parse_memory
from uzel.drivers.dlink_ports import parse_cable, parse_errors, parse_packets, parse_ports
from uzel.drivers.dlink_tables import (
    parse_arp,
    parse_bindings,
    parse_fdb,
    parse_igmp_groups,
    parse_loops,
    parse_vlan_ports,
    parse_vlans,
)
from uzel.drivers.dlink_unit import (
    parse_identity,
    parse_log,
    parse_neighbours,
    parse_optics,
    parse_ping,
    parse_port_details,
)

PAGE = Page(
    name="dlink_dxs",
    title="D-Link DES-3xxx, DES-1210/ME, DGS-1210/ME, DGS-3000/3100/3120/3200/3420/3627",
    prompt=r"^(?P<host>[\w./()+ -]{1,64}?)(?::(?P<level>\w{1,8}))?#\s*$",
    user_prompt=r"^[\w./()+ -]{1,64}?:(?:3|6|user|operator)#\s*$",
    pagers=(
        (r"CTRL\+C.*\ba A(?:ll|LL)\b", "a"),
        (r"---MORE---", "a"),
        (r"\[Yes/press any key for no\]", "Y"),  # DGS-3100
    ),
    screens=((r"CTRL\+C.*\bq Quit\b.*\br Refresh\b", "n", "q"),),
    refusals=(
        (r"^System locked by other session!", Refusal.LOCKED),
        (r"^(?:Available commands|Next possible completions)\s*:", Refusal.UNKNOWN_COMMAND),
        (r"^Ambiguous token", Refusal.UNKNOWN_COMMAND),
        (r"Invalid input detected at", Refusal.UNKNOWN_COMMAND),  # DGS-3100
        (r"^(?:Fail!|Failure|Error\b)", Refusal.WRONG_ARGUMENT),
        (r"^(?:Incorrect|Fail!|Login failed)", Refusal.LOGIN),
    ),
    enable="enable admin",
    # DES-3528/3552 of some firmware does not work with paging off; newer boards want "terminal length 0".
    no_paging=("disable clipaging",),
    port_name=r"\d{1,2}(?::\d{1,2})?",
    mac_style="XX-XX-XX-XX-XX-XX",
    asks={
        Operation.IDENTITY: (Ask("show switch", parse_identity),),
        Operation.PORTS: (
            # DES-3200-28 and DGS-3200 stay in a screen that refreshes itself until q, even for one port.
            Ask("show ports {port} description", parse_ports, stop="q"),
            Ask("show ports {port}", parse_ports, stop="q", models="DES-3226S and others without `description`"),
            Ask("show ports {port} details", parse_port_details, stop="q", models="DES-3200 C1, DGS-3120, DGS-3620"),
            Ask("show ports description", parse_ports, stop="q"),
            Ask("show ports", parse_ports, stop="q"),
        ),
        Operation.ERRORS: (Ask("show error ports {port}", parse_errors, stop="q"),),
        Operation.COUNTERS: (Ask("show packet ports {port}", parse_packets, stop="q"),),
        Operation.MACS: (Ask("show fdb port {port}", parse_fdb), Ask("show fdb mac_address {mac}", parse_fdb)),
        Operation.ARP: (Ask("show arpentry", parse_arp),),
        Operation.VLANS: (Ask("show vlan ports {port}", parse_vlan_ports), Ask("show vlan", parse_vlans)),
        Operation.CABLE_TEST: (
            # Drops the link of an up 100M port for a moment. DES-3200 up to 1.33.B009 is ±30 m off.
            Ask("cable_diag ports {port}", parse_cable),
            Ask("cable diagnostic port {port}", parse_cable, Mark.MANUAL, models="DGS-1210/ME, DGS-1100/ME"),
        ),
        Operation.NEIGHBOURS: (Ask("show lldp remote_ports {port} mode normal", parse_neighbours),),
        Operation.OPTICS: (
            Ask("show ddm ports {port} status", parse_optics),
            Ask("show ddm ports status", parse_optics),
            Ask("show optical-transceiver {port}", parse_optics, models="DGS-3100"),
        ),
        Operation.BINDINGS: (
            Ask("show address_binding dhcp_snoop binding_entry port {port}", parse_bindings),
            Ask("show address_binding ip_mac all", parse_bindings, Mark.UNVERIFIED),
        ),
        Operation.BLOCKED: (Ask("show address_binding blocked all", parse_fdb, Mark.UNVERIFIED),),
        Operation.IGMP_GROUPS: (
            Ask(
                "show igmp_snooping group ports {port}",
                parse_igmp_groups,
                Mark.MANUAL,
                models="DES-3200 C1, DGS-3000",
            ),
            Ask("show igmp_snooping group", parse_igmp_groups, Mark.UNVERIFIED),
        ),
        Operation.LOOPS: (
            Ask("show loopdetect ports {port}", parse_loops, Mark.MANUAL, stop="q"),
            Ask("show loopdetect ports all", parse_loops, Mark.MANUAL, stop="q"),
        ),
        Operation.LOG: (Ask("show log", parse_log),),
        Operation.LOAD: (Ask("show utilization cpu", parse_load, Mark.MANUAL, stop="\x03"),),
        Operation.MEMORY: (
            Ask(
                "show utilization dram",
                parse_memory,
                Mark.UNVERIFIED,
                stop="q",
                models="DES-3200 C1, DGS-3000, DGS-3120, DGS-3620",
            ),
        ),
        Operation.PING: (Ask("ping {address} times 4", parse_ping, Mark.MANUAL),),
    },
    changes={
        Kind.PORT_OFF: (Way("config ports {port} state disable", undo="config ports {port} state enable"),),
        Kind.PORT_ON: (Way("config ports {port} state enable", undo="config ports {port} state disable"),),
        Kind.PORT_RESTART: (
            Way(
                "config ports {port} state disable\nconfig ports {port} state enable",
                undo="config ports {port} state enable",
                wait_s=3,
            ),
        ),
        Kind.DESCRIPTION: (
            Way('config ports {port} description "{text}"', empty="config ports {port} clear_description"),
        ),
        Kind.CLEAR_COUNTERS: (
            Way("clear counters ports {port}", check=Operation.COUNTERS, expect="Success", mark=Mark.UNVERIFIED),
        ),
        Kind.CLEAR_BINDING: (
            Way(
                "delete address_binding blocked vlan_name {vlan} mac_address {mac}",
                check=Operation.BLOCKED,
                expect="Success",
            ),
        ),
        # Some ask nothing and say "Done", some "Success"; DGS-3120 writes for ten seconds.
        Kind.SAVE: (Way("save", expect=r"Done|Success|100 ?%"),),
    },
)
