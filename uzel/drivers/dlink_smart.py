"""D-Link DES/DGS-1210 that are not /ME, DGS-1500, DXS-1210: a web-managed line with a small command line.

It cannot say much: the tables of these switches are read by SNMP. `debug info` would dump ARP and MACs together, but
no recording of it is at hand.
"""

from uzel.core.answers import Operation
from uzel.drivers.cli_page import Ask, Mark, Page, Refusal
from uzel.drivers.dlink_unit import parse_identity

PAGE = Page(
    name="dlink_smart",
    title="D-Link DES-1210, DGS-1210, DGS-1500, DXS-1210 (Smart)",
    prompt=r"^(?P<host>[\w./ -]{1,64}?)(?::\w{1,8})?[#>]\s*$",
    pagers=(
        (r"CTRL\+C.*\br Refresh\b|CTRL\+C.*\ba A(?:ll|LL)\b", "a"),
        (r"--More--", " "),
    ),
    refusals=(
        (r"^% ?Invalid (?:Command|input detected)", Refusal.UNKNOWN_COMMAND),
        (r"^(?:Available commands|Next possible completions)\s*:", Refusal.UNKNOWN_COMMAND),
        (r"^(?:Incorrect|Login failed|Fail!)", Refusal.LOGIN),
    ),
    enable="enable admin",
    port_name=r"\d{1,2}",
    mac_style="XX-XX-XX-XX-XX-XX",
    asks={Operation.IDENTITY: (Ask("show switch", parse_identity, Mark.MANUAL),)},
)
