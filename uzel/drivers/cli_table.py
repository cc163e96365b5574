"""docs/drivers.md: which driver answers which question, and on what that rests.

    python -m uzel.drivers.cli_table tests/contract/drivers/data > docs/drivers.md

A recording is `data/<driver>/<hardware>_<firmware>/<operation>[.<anything>].txt`.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from uzel.core.answers import Operation
from uzel.drivers.ask import BY_SNMP, WHOLE_BY_SNMP, is_of_one_port, ways
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_page import Page

HEAD = """# What Uzel can ask a switch

Made by `python -m uzel.drivers.cli_table tests/contract/drivers/data`; a test holds it against the drivers and the
recordings. A driver may offer only what a recording proves. *Recorded*: the format was seen on a real device.
*Manual*: the maker's manual or another parser gives it. *Unverified*: believed, to be proven on a real device first.
The recordings of the project are written for it in these formats, with invented names, addresses and serials.

*SNMP first*: SNMP tells all that the command line does, and costs no login; the command line is asked when SNMP gives
nothing. *SNMP* alone: the driver has no command for it. What SNMP tells is read from standard tables (IF-MIB,
EtherLike, BRIDGE and Q-BRIDGE, LLDP), so no recording of ours stands beside it here.

Without a port a question is of the whole switch. Where no command and no table tells of all ports, it says
`needs_port`: the list stands below each table.

*Blocked clients* are asked of D-Link alone: IMPB keeps a list of them. Cisco's IP source guard and Huawei's bind-table
check drop frames and keep no list of whose; there, bindings tell who is let through, and the log who was turned away,
where the switch is told to log it. *Loops* on Cisco are ports held down by their own keepalives (reason `loopback`); a
loop that eats them shows as MACs that flap, in the log. An empty answer is not "no loop".

How much of other people's recordings the drivers understand: [captures.md](captures.md). How a model or a make is
added, in ten minutes: [add-a-driver.md](add-a-driver.md).
"""


def recordings(folder: Path) -> Iterator[tuple[str, Operation, str, Path]]:
    """(driver, operation, device, file) of every recording, in order of name."""
    for file in sorted(folder.glob("*/*/*.txt")):
        yield file.parents[1].name, Operation(file.name.split(".")[0]), file.parent.name, file


def evidence(folder: Path) -> Mapping[tuple[str, Operation], list[str]]:
    """The devices recorded, by driver and operation."""
    found: dict[tuple[str, Operation], list[str]] = {}
    for driver, operation, device, _ in recordings(folder):
        devices = found.setdefault((driver, operation), [])
        if device not in devices:
            devices.append(device)
    return found


def _rows(page: Page, proof: Mapping[tuple[str, Operation], list[str]]) -> Iterator[str]:
    by_snmp = BY_SNMP.get(page.name, frozenset())
    for operation in Operation:
        asks = page.asks.get(operation, ())
        if not asks:
            if operation in by_snmp:
                yield f"| {operation.value} | SNMP | standard | |"
            continue
        devices = ", ".join(device.replace("_", " ") for device in proof.get((page.name, operation), []))
        asked = "<br>".join(f"`{ask.command}`" + (f" ({ask.models})" if ask.models else "") for ask in asks)
        marks = "<br>".join(ask.mark.value for ask in asks)
        if operation in by_snmp:
            asked, marks = f"SNMP first<br>{asked}", f"standard<br>{marks}"
        elif operation in WHOLE_BY_SNMP.get(page.name, ()):
            asked, marks = f"{asked}<br>SNMP, of all ports", f"{marks}<br>standard"
        yield f"| {operation.value} | {asked} | {marks} | {devices} |"


def document(folder: Path) -> str:
    """The whole page."""
    proof = evidence(folder)
    parts = [HEAD]
    for page in DRIVERS.values():
        parts += [f"\n## {page.title}\n", f"Driver `{page.name}`.\n"]
        parts += ["| question | asked by | format | our recordings |", "|---|---|---|---|", *_rows(page, proof)]
        missing = [operation.value for operation in Operation if not ways(page, operation)]
        one = [operation.value for operation in Operation if is_of_one_port(page, operation)]
        parts += ["", "Of one port at a time only: " + (", ".join(one) or "nothing") + "."]
        parts += ["", "Not asked: " + (", ".join(missing) or "nothing is left out") + "."]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document(Path(sys.argv[1])))
