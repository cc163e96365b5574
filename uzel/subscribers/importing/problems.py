"""What is wrong with what was handed in: a bounded list, and exact counts by reason."""

from collections import Counter
from dataclasses import dataclass, field

# Examples kept of each reason in each file: enough to see what is wrong, short enough to read.
EXAMPLES = 20


class Bad(ValueError):
    """A value that cannot be taken. `code` says why, `near` what it was compared with."""

    def __init__(self, code: str, near: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.near = near


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad row. line: of the file, from 1, or the id of a NetBox object; 0 where the whole file is meant."""

    file: str
    line: int
    column: str
    reason: str
    value: str = ""
    near: str = ""


@dataclass(slots=True)
class Problems:
    """The problems of one import. `examples` keeps the first few of each file and reason, `counts` counts all."""

    examples: list[Problem] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, file: str, line: int, column: str, reason: str, value: str = "", near: str = "") -> None:
        """Count a problem; values are cut at 80 characters."""
        self.counts[file, reason] += 1
        if self.counts[file, reason] <= EXAMPLES:
            self.examples.append(Problem(file, line, column, reason, value[:80], near[:80]))

    def __bool__(self) -> bool:
        return bool(self.counts)

    @property
    def total(self) -> int:
        """How many there are, listed or not."""
        return self.counts.total()


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
    "unknown_level": "is no level: centre, okrug, district, campus, house",
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
