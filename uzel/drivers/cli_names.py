"""Names of ports and lists of VLANs as Cisco's command line, and those made in its likeness, write them."""

import re

PORT = r"[A-Z][A-Za-z]{1,24}(?:-[a-z]+)? ?\d+(?:/\d+){0,3}(?:\.\d+)?"
# ifName as IF-MIB gives it; the first that the long name starts with.
_SHORT = (
    ("GigabitEthernet", "Gi"),
    ("Gig ", "Gi"),
    ("FastEthernet", "Fa"),
    ("Fas ", "Fa"),
    ("TenGigabitEthernet", "Te"),
    ("Ten ", "Te"),
    ("Eth ", "Et"),
    ("TwentyFiveGigE", "Twe"),
    ("TwoGigabitEthernet", "Tw"),
    ("FiveGigabitEthernet", "Fi"),
    ("FortyGigabitEthernet", "Fo"),
    ("HundredGigE", "Hu"),
    ("AppGigabitEthernet", "Ap"),
    ("Port-channel", "Po"),
    ("AggregatePort", "Ag"),
    ("Ethernet", "Et"),
    ("Loopback", "Lo"),
    ("Tunnel", "Tu"),
    ("Vlan", "Vl"),
    ("VLAN", "Vl"),
    ("Dialer", "Di"),
)


def if_name(text: str) -> str:
    """ "Gi0/1" from "GigabitEthernet0/1", "GigabitEthernet 0/1", "Gig 0/1" or "Gi0/1"."""
    text = text.strip()
    for long, short in _SHORT:
        if text.startswith(long) and text[len(long) : len(long) + 2].strip()[:1].isdigit():
            return short + text[len(long) :].strip()
    return text.replace(" ", "")


def vlan_numbers(text: str) -> tuple[int, ...]:
    """1, 2, 3, 10 from "1-3,10"; numbers above 4094 are left out."""
    numbers: list[int] = []
    for first, last in re.findall(r"(\d{1,4})(?:-(\d{1,4}))?", text):
        numbers += range(int(first), min(int(last or first), 4094) + 1)
    return tuple(numbers)
