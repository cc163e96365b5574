"""How much of recorded text the drivers understand: per make and operation, and against the expected results.

    python -m uzel.drivers.cli_report FOLDER [--verbose | --markdown > docs/captures.md]

FOLDER holds `<make>/<model>__<firmware>__<command>.txt` (or `<source>__<make-os-command>.txt`), with `.noc.json` and
`.ntc.yml` results of other projects' parsers beside some. Those can be wrong: they are counted, and judged by hand.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uzel.core.answers import Operation
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_text import Parsed

# Which driver reads which make's files, when the file's name does not say more.
MAKES = {
    "d-link": "dlink_dxs",
    "cisco": "cisco_ios",
    "huawei": "huawei_vrp",
    "eltex": "eltex_mes",
    "snr": "snr_nag",
    "zyxel": "zyxel_zynos",
}
OTHER_MODELS = (
    (re.compile(r"^d-link/(?:DGS-3610|DGS-1250)"), "dlink_cisco"),
    (re.compile(r"^d-link/DES-21"), "dlink_des21"),
    (re.compile(r"^huawei/MA56"), ""),  # a DSLAM with a command line of its own
    (re.compile(r"^eltex/ntc__show-interface-3"), ""),  # port channels of an Eltex under the name of another command
    (re.compile(r"^zyxel/.*show-vlan-\d"), ""),  # not asked: `show vlan` tells of all
    (re.compile(r"^cisco/.*interfaces-description"), ""),  # not asked: `show interfaces status` says the same
)
COMMANDS: Mapping[Operation, re.Pattern[str]] = {
    Operation.CABLE_TEST: re.compile(r"^cable-diag|show-cable-diag|^ShowCableDiag|^(?:huawei-vrp-)?virtual-cable-test"),
    Operation.ERRORS: re.compile(r"error-ports|ShowInterfacesCountersErrors"),
    Operation.COUNTERS: re.compile(r"packet-ports"),
    Operation.OPTICS: re.compile(
        r"ddm-ports.*status|optical-transceiver|interface-transceiver|ShowInterfacesTransceiver$|phy-option|"
        r"display-transceiver.*verbose"
    ),
    Operation.VLANS: re.compile(
        r"show-vlan(?:-ports|-brief|-switch(?:-brief)?|-all)?$|interfaces-switchport|display-vlan(?:-all)?$|port-vlan"
    ),
    Operation.PORTS: re.compile(
        r"show-ports|interfaces-status$|interfaces-status-pvlan|ShowInterfacesStatus$|show-interfaces?\d*$|"
        r"interfaces-description|interface-ethernet-status$|"
        r"display-interface(?:-brief|-gigabitethernet|\d*)$"
    ),
    Operation.MACS: re.compile(r"show-fdb|mac-address-table|ShowMacAddressTable|display-mac-address|show-smac"),
    Operation.ARP: re.compile(r"arp(?:entry|-all|-brief)?$|Show(?:Ip)?Arp$"),
    Operation.NEIGHBOURS: re.compile(
        r"lldp-remote|lldp-neighbors.*detail|LldpNeighborsDetail|cdp-neighbors|ShowCdpNeighbors|lldp-neigh"
    ),
    # The file of ntc-templates that names no command is an answer to `show ip dhcp snooping binding`.
    Operation.BINDINGS: re.compile(r"address-binding|^provided-output"),
    Operation.LOG: re.compile(r"show-log$|show-logging|ShowLogging"),
    Operation.LOAD: re.compile(r"cpu"),
    Operation.MEMORY: re.compile(r"memory|dram"),
    Operation.LOOPS: re.compile(r"err-disabled$|StatusErrDisabled$"),
    Operation.IDENTITY: re.compile(
        r"show-switch|show-version|ShowVersion|display-version|show-system-information|show-system$"
    ),
}

# Why a file is not read, by the make and the command of its name; the first that fits. The others ask nothing of ours.
UNREAD: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), why)
    for pattern, why in (
        (r"^huawei/MA56", "a DSLAM with a command line of its own"),
        (r"^zyxel/ES-[24]024", "an older command line (ZyNOS 3.50), which the driver does not ask"),
        (r"^zyxel/.*show-vlan-\d", "not asked: `show vlan` tells of all"),
        (r"interfaces?-description", "not asked: the state of the ports tells the same"),
        (r"test-cable-diagnostics", "the start of a test, no answer"),
        (r"show-config|current-config", "a configuration: kept by the backup, not read as a table"),
        (r"ShowInterfacesTransceiverDetail", "not asked: the short table tells the same"),
        (r"ShowProcessesCpu", "a list of processes without its head, which has the load"),
        (r"show-vlans", "subinterfaces of a router, no VLANs of a switch"),
        (
            r"show-interface-3$|port-channel|etherchannel|eth-trunk|AggregatePort",
            "link aggregation is no question of ours",
        ),
        (
            r"environment|temperature|power|device|system-id|module",
            "parts and power of the case are no question of ours",
        ),
        (r"-stp$", "spanning tree is no question of ours"),
        (r"configuration-mw|interface-config", "settings, not what is measured"),
        (
            r"interface-dialer|interfaces-vlan|ipif|ip-interface|iproute|ntp|boot|startup|access-lists|account",
            "routing, accounts and start of the device are no question of ours",
        ),
    )
)
ELSE = "another table than the ones that are asked"


@dataclass
class Tally:
    """What was understood of the files of one driver and operation."""

    files: int = 0
    rows: int = 0
    not_understood: int = 0
    doubts: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, name: str, parsed: Parsed[Any]) -> None:
        self.files += 1
        self.rows += len(parsed.rows)
        self.not_understood += len(parsed.not_understood)
        self.doubts += len(parsed.doubts)
        self.lines += [f"{name}: {line}" for line in (*parsed.not_understood, *parsed.doubts)]

    @property
    def share(self) -> float:
        """Rows understood whole among all lines with data, 0…1."""
        total = self.rows + self.not_understood
        return (self.rows - min(self.doubts, self.rows)) / total if total else 1.0


def classify(file: Path) -> tuple[str, Operation] | None:
    """The driver and the operation of a file, or None when no driver asks such a thing."""
    stem = file.name.removesuffix(".txt")
    parts = stem.split("__")
    command = parts[2] if parts[0] == "genie" and len(parts) > 2 else parts[-1]
    command = re.sub(r"^(?:cisco-ios|dlink-ds)-|-?\d+$", "", command)
    driver = next(
        (name for pattern, name in OTHER_MODELS if pattern.match(f"{file.parent.name}/{stem}")),
        MAKES.get(file.parent.name, ""),
    )
    if driver not in DRIVERS:
        return None
    operation = next((known for known, pattern in COMMANDS.items() if pattern.search(command)), None)
    return (driver, operation) if operation in DRIVERS[driver].asks else None  # type: ignore[return-value]


def unread(folder: Path) -> Mapping[tuple[str, str], int]:
    """How many files no driver reads, by make and reason."""
    found: Counter[tuple[str, str]] = Counter()
    for file in sorted(folder.glob("*/*.txt")):
        if classify(file) is None:
            name = f"{file.parent.name}/{file.name.removesuffix('.txt')}"
            found[file.parent.name, next((why for pattern, why in UNREAD if pattern.search(name)), ELSE)] += 1
    return found


def read(file: Path, driver: str, operation: Operation) -> Parsed[Any]:
    """The file by that one of the operation's parsers that understands it best."""
    # The collection cut the last line end off some files; that end is not what is measured here.
    text = file.read_bytes().decode(errors="replace") + "\n"
    answers = [ask.parse(text) for ask in DRIVERS[driver].asks[operation]]
    return max(answers, key=lambda parsed: (parsed.understood if parsed.rows else -1.0, len(parsed.rows)))


def tallies(folder: Path) -> dict[tuple[str, Operation], Tally]:
    """All files of a folder of recordings, summed up by driver and operation."""
    found: dict[tuple[str, Operation], Tally] = {}
    for file in sorted(folder.glob("*/*.txt")):
        kind = classify(file)
        if kind:
            found.setdefault(kind, Tally()).add(file.name, read(file, *kind))
    return found


def expected_counts(folder: Path) -> Iterator[tuple[Path, int, int]]:
    """(file, rows of the other project's parser, our rows) where that parser lists its rows."""
    for file in sorted(folder.glob("*/*.txt")):
        kind, beside = classify(file), file.with_suffix(".noc.json")
        if kind and beside.exists():
            result = json.loads(beside.read_text())["result"]
            if isinstance(result, list):
                yield file, len(result), len(read(file, *kind).rows)


HEAD = """# How much of other people's recordings is understood

Made by `python -m uzel.drivers.cli_report FOLDER --markdown` over a collection of recordings of real devices from other
projects (monitoring systems, parsers' tests, wikis), which is not part of this one: formats are learnt from it, nothing
is copied. A test holds this page against the collection where it lies beside the project (`UZEL_CAPTURES`).

A row is understood when each of its fields is; a line with data that gave no row is *not understood*, a row with a
field left open is *in doubt*. Where another project's parser gives other rows, it has been judged by hand
(`tests/contract/drivers/test_cli_captures.py`).

| driver | question | recordings | rows | not understood | in doubt | share |
|---|---|---|---|---|---|---|
"""

UNREAD_HEAD = """
The shares above are of what the drivers ask. Of the {whole} recordings of command lines {left} are not read at all:

| make | why | recordings |
|---|---|---|
"""


def markdown(folder: Path) -> str:
    """docs/captures.md."""
    found = tallies(folder)
    lines = [
        f"| `{driver}` | {operation} | {tally.files} | {tally.rows} | {tally.not_understood} | {tally.doubts}"
        f" | {tally.share:.1%} |"
        for (driver, operation), tally in sorted(found.items())
    ]
    whole = Tally()
    for tally in found.values():
        whole.files, whole.rows = whole.files + tally.files, whole.rows + tally.rows
        whole.not_understood, whole.doubts = whole.not_understood + tally.not_understood, whole.doubts + tally.doubts
    every = f"{whole.files} | {whole.rows} | {whole.not_understood} | {whole.doubts} | {whole.share:.2%}"
    left = unread(folder)
    rest = [f"| {make} | {why} | {files} |" for (make, why), files in sorted(left.items())]
    tail = UNREAD_HEAD.format(left=sum(left.values()), whole=whole.files + sum(left.values()))
    return HEAD + "\n".join([*lines, f"| **all** | | {every} |"]) + "\n" + tail + "\n".join(rest) + "\n"


def main(folder: Path, verbose: bool) -> None:
    for (driver, operation), tally in sorted(tallies(folder).items()):
        print(
            f"{driver:12} {operation.value:12} {tally.files:3} files {tally.rows:5} rows"
            f" {tally.not_understood:4} not understood {tally.doubts:3} in doubt  {tally.share:7.2%}"
        )
        for line in tally.lines if verbose else ():
            print("    ", line[:150])
    for file, theirs, ours in expected_counts(folder):
        if theirs != ours:
            print(f"differs: {file.parent.name}/{file.name}: they have {theirs} rows, we {ours}")


if __name__ == "__main__":
    if "--markdown" in sys.argv:
        sys.stdout.write(markdown(Path(sys.argv[1])))
    else:
        main(Path(sys.argv[1]), "--verbose" in sys.argv)
