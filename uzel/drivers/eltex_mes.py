"""Eltex MES 1000 … 5000: access and aggregation switches with a shell of their own, near to Cisco's.

Not every question has a recording yet: address binding, IGMP groups, the log and the cable test are not asked.
"""

from uzel.core.answers import Operation
from uzel.drivers.cli_page import Ask, Page, Refusal
from uzel.drivers.eltex_mes_ports import (
    parse_descriptions,
    parse_interface_counters,
    parse_interface_errors,
    parse_interfaces,
    parse_status,
)
from uzel.drivers.eltex_mes_tables import parse_arp, parse_identity, parse_macs, parse_switchport, parse_vlans

PAGE = Page(
    name="eltex_mes",
    title="Eltex MES",
    prompt=r"^(?P<host>[\w./-]{1,64})(?:\((?P<mode>[\w-]+)\))?#\s*$",
    user_prompt=r"^[\w./-]{1,64}>\s*$",
    pagers=((r"More: <space>,.*<return>", " "),),
    refusals=(
        (r"^% ?(?:Unrecognized command|Ambiguous command|Invalid input)", Refusal.UNKNOWN_COMMAND),
        (r"^% ?(?:Incomplete command|Wrong number of parameters|bad parameter)", Refusal.WRONG_ARGUMENT),
        (r"^% ?(?:Authentication [Ff]ailed|bad password)|[Aa]uthentication failed", Refusal.LOGIN),
    ),
    enable="enable",
    no_paging=("terminal datadump",),
    leave="exit",
    port_name=r"(?:gi|te|fa)\d{1,2}/\d{1,2}(?:/\d{1,2})?|Po\d{1,2}",
    mac_style="xx:xx:xx:xx:xx:xx",
    asks={
        Operation.IDENTITY: (
            Ask("show system", parse_identity),
            Ask("show version", parse_identity),
            Ask("show system id", parse_identity),
        ),
        Operation.PORTS: (
            Ask("show interfaces {port}", parse_interfaces),
            Ask("show interfaces status", parse_status),
            Ask("show interfaces description", parse_descriptions),
        ),
        Operation.ERRORS: (Ask("show interfaces {port}", parse_interface_errors),),
        Operation.COUNTERS: (Ask("show interfaces {port}", parse_interface_counters),),
        Operation.MACS: (Ask("show mac address-table", parse_macs),),
        Operation.ARP: (Ask("show arp", parse_arp),),
        Operation.VLANS: (Ask("show interfaces switchport {port}", parse_switchport), Ask("show vlan", parse_vlans)),
    },
)
