"""What is wrong with what was handed in: a bounded list, and exact counts by reason.

A row that is wrong only because it refers to a bad one is no problem of its own: it is counted with its cause.
"""

from collections import Counter
from dataclasses import dataclass, field
from textwrap import shorten
from typing import NamedTuple

# Examples kept of each reason in each file: enough to see what is wrong, short enough to read.
EXAMPLES = 20
# The longest list of known words, of kinds of devices, fits.
NEAR = 300


class Bad(ValueError):
    """A value that cannot be taken. `code` says why, `near` what it was compared with."""

    def __init__(self, code: str, near: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.near = near


class Cause(NamedTuple):
    """The bad row, or the bad file, that others refer to. line: as in `Problem`."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad row. line: of the file, from 1, or the id of a NetBox object; 0 where the whole file is meant.

    cause: what it follows from, for a row that is bad only because it refers to a bad one.
    """

    file: str
    line: int
    column: str
    reason: str
    value: str = ""
    near: str = ""
    cause: Cause | None = None


@dataclass(slots=True)
class Problems:
    """The problems of one import. `examples` keeps the first few of each file and reason, `counts` counts all.

    `following`: of each cause, the rows that refer to it, by file. whole: keep every problem and all that follows.
    """

    whole: bool = False
    examples: list[Problem] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    following: dict[Cause, Counter[str]] = field(default_factory=dict)
    followers: list[Problem] = field(default_factory=list)
    _followed: set[tuple[Cause, str, int]] = field(default_factory=set)

    def add(self, file: str, line: int, column: str, reason: str, value: str = "", near: str = "") -> Cause:
        """Count a problem, and return it as a cause of others; values are cut at 80 characters, `near` at NEAR."""
        self.counts[file, reason] += 1
        if self.whole or self.counts[file, reason] <= EXAMPLES:
            self.examples.append(Problem(file, line, column, reason, value[:80], shorten(near, NEAR, placeholder=" …")))
        return Cause(file, line, reason)

    def follow(self, cause: Cause, file: str, line: int, column: str, reason: str, value: str) -> None:
        """Count a row that refers to a bad one: once, in however many of its columns."""
        if (cause, file, line) not in self._followed:
            self._followed.add((cause, file, line))
            self.following.setdefault(cause, Counter())[file] += 1
        if self.whole:
            self.followers.append(Problem(file, line, column, reason, value[:80], cause=cause))

    def shared(self, count: int) -> list[Problem]:
        """`count` of the examples, or one of each file and reason where these are more: each kind has an equal share.

        What a kind with few leaves of its share goes to the others.
        """
        kinds = Counter((problem.file, problem.reason) for problem in self.examples)
        share = next((n for n in range(EXAMPLES, 1, -1) if sum(min(n, kept) for kept in kinds.values()) <= count), 1)
        seen: Counter[tuple[str, str]] = Counter()
        listed = []
        for problem in self.examples:
            seen[problem.file, problem.reason] += 1
            if seen[problem.file, problem.reason] <= share:
                listed.append(problem)
        return listed

    def __bool__(self) -> bool:
        return bool(self.counts)

    @property
    def total(self) -> int:
        """How many there are, listed or not, without what follows from them."""
        return self.counts.total()

    @property
    def followed(self) -> int:
        """How many rows are bad only because they refer to bad ones."""
        return len({(file, line) for _, file, line in self._followed})


# What the reasons mean, in words for the one who mends the file.
REASONS = {
    "broken_quotes": "the quotes do not close, or text follows a closing quote; nothing after this row was read",
    "field_too_large": "a field is longer than 131,072 characters; nothing after this row was read",
    "bad_encoding": "neither UTF-8, UTF-16 with a mark, nor Russian text in cp1251",
    "empty_file": "the file is empty: not even the row of column names is there",
    "unreadable": "the file cannot be read",
    "too_large": "the file is larger than 1 GiB",
    "unknown_file": "no such kind of file; see docs/import.md for the names",
    "no_files": "none of the known files is here",
    "missing_column": "the column is missing in the first row",
    "unknown_column": "no such column; it would be lost",
    "duplicate_column": "the column is there twice",
    "wrong_field_count": "the row has more or fewer fields than the first row has names",
    "required": "must not be empty",
    "too_long": "longer than the field allows",
    "control_character": "holds a control character",
    "not_a_number": "is not a whole number",
    "out_of_range": "is outside what is allowed",
    "not_a_coordinate": "is not a coordinate in degrees",
    "not_yes_or_no": "must be 0 or 1",
    "unknown_value": "is none of the known words",
    "unknown_level": "is no level",
    "bad_ip": "is no IP address",
    "two_addresses": "a device has one address",
    "bad_mac": "is no MAC address of 12 hexadecimal digits",
    "bad_phone": "is no phone number",
    "duplicate": "is there already",
    "address_taken": "the address belongs to another device",
    "if_index_taken": "the port number belongs to another port of the device",
    "port_taken": "the port is already an end of another link",
    "unknown_reference": "there is no such record",
    "unknown_port": "the device has no such port",
    "port_needed": "this kind of service hangs on a port",
    "port_without_device": "a port is named but no device",
    "parent_of_centre": "a centre is fed from nowhere",
    "parent_needed": "only a centre is fed from nowhere",
    "parent_below": "is fed from a lower level",
    "cycle": "goes round in a circle",
    "link_to_itself": "joins a device with itself",
    "not_a_switch": "a device is asked only through a switch",
    "taken_by_kept": "belongs to a record that is in Uzel and not in the import (it is kept; --prune would remove it)",
    "http_error": "NetBox answered with an error",
    "no_answer": "NetBox did not answer",
    "bad_answer": "NetBox answered with what is not its JSON",
    "bad_next_page": "NetBox names a next page that is not one of this list",
    "endless_pages": "NetBox's pages come round again or do not end",
    "pages_cut_short": "NetBox counts so many objects and gave another number of them: change nothing in it meanwhile",
    "too_slow": "NetBox took longer than an import may last",
    "unmapped": "nothing in Uzel fits this; see docs/import.md",
    "refused_by_database": "the database refused the whole import",
}
