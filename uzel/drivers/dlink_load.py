"""D-Link: how busy the switch is (`show utilization cpu`, by the CLI manual of DES-3200) and its memory.

`show utilization dram` as believed by the CLI manuals: no recording of it is at hand.
"""

import re
from dataclasses import replace
from typing import Any

from uzel.core.answers import Load, Memory
from uzel.drivers.cli_text import Parsed, Sheet, number

_CPU = re.compile(r"(five seconds|one minute|five minutes)\s*-\s*(\d{1,3})\s*%", re.IGNORECASE)
_CPU_FIELDS = {"five seconds": "cpu_5s_percent", "one minute": "cpu_1m_percent", "five minutes": "cpu_5m_percent"}


def parse_load(text: str) -> Parsed[Load]:
    """`show utilization cpu`: one row, from one line or three."""
    sheet: Sheet[Load] = Sheet(text, "cpu utilization.*")
    for line in sheet:
        found = _CPU.findall(line)
        if not found:
            sheet.miss(line)
            continue
        row = sheet.rows[0] if sheet.rows else Load()
        sheet.rows[:] = [replace(row, **{_CPU_FIELDS[name.lower()]: int(value) for name, value in found})]
    return sheet.parsed()


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
