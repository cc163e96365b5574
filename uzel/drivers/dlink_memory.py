"""D-Link: the memory of the switch (`show utilization dram`), as believed by the CLI manuals; no recording at hand."""

import re
from dataclasses import replace
from typing import Any

from uzel.core.answers import Memory
from uzel.drivers.cli_text import Parsed, Sheet, number

_LINE = re.compile(r"^\s*(Total DRAM|Used DRAM|Utilization)\s*:\s*([\d,]+)\s*(KB|%)\s*$", re.IGNORECASE)
_FIELDS = {"total dram": ("total_bytes", "KB"), "used dram": ("used_bytes", "KB"), "utilization": ("used_percent", "%")}


def parse_memory(text: str) -> Parsed[Memory]:
    """`show utilization dram`: one row from three lines."""
    sheet: Sheet[Memory] = Sheet(text, r"dram utilization\s*:?")
    for line in sheet:
        found = _LINE.match(line)
        name, unit = _FIELDS[found[1].lower()] if found else ("", "")
        value = number(found[2]) if found and found[3].upper() == unit else None
        if value is None:
            sheet.miss(line)
            continue
        values: dict[str, Any] = {name: value * 1024 if unit == "KB" else value}
        sheet.rows[:] = [replace(sheet.rows[0] if sheet.rows else Memory(), **values)]
    return sheet.parsed()
