"""D-Link DES-2108/2110 and kin: the oldest command line. The password goes out letter by letter and ends with \\r."""

from uzel.core.answers import Operation
from uzel.drivers.cli_page import Ask, Page, Refusal
from uzel.drivers.dlink_des21_tables import parse_macs, parse_ports, parse_vlans
from uzel.drivers.dlink_unit import parse_identity

PAGE = Page(
    name="dlink_des21",
    title="D-Link DES-2108, DES-2110",
    prompt=r"^(?P<host>[\w./ -]{1,64})>\s*$",
    pagers=(),
    refusals=((r"^(?:Invalid|Unknown) ", Refusal.UNKNOWN_COMMAND),),
    line_end="\r",
    port_name=r"\d{1,2}",
    mac_style="xxxxxxxxxxxx",
    asks={
        Operation.IDENTITY: (Ask("show switch", parse_identity),),
        Operation.PORTS: (Ask("show ports", parse_ports),),
        Operation.MACS: (Ask("show fdb port {port}", parse_macs), Ask("show smac", parse_macs)),
        Operation.VLANS: (Ask("show vlan", parse_vlans),),
    },
)
