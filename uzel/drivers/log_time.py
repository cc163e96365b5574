"""When a line of a log was written, by the clock of the device: the stamps of all makes in one form."""

import re
from datetime import datetime

# A zone or an offset behind the time is that clock's own, and is left out; so are parts of a second.
_TAIL = r"(?:\.\d+)?(?: ?[+-]\d\d:\d\d)?(?: ?[A-Z]{2,5})?"
_CLOCK = r"(?P<clock>\d{1,2}:\d\d:\d\d)"
_NAMED = r"(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?P<year>\d{{4}})[-/](?P<number>\d{{1,2}})[-/](?P<day>\d{{1,2}})[ T]+{_CLOCK}{_TAIL}",  # D-Link
        rf"\.?{_NAMED} (?P<year>\d{{4}}) {_CLOCK}{_TAIL}",  # Huawei; Cisco when told to write the year
        rf"{_NAMED} {_CLOCK} (?P<year>\d{{4}})",  # SNR
    )
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def iso(stamp: str | None) -> str | None:
    """Local time of the device as ISO 8601, to the second.

    None for a stamp without a year, for one that counts from the start, and for Cisco's `*`: its clock was never set.
    """
    found = next((match for form in _FORMS if (match := form.fullmatch((stamp or "").strip()))), None)
    if found is None:
        return None
    told = found.groupdict()
    try:
        month = int(told["number"]) if told.get("number") else _MONTHS.index(told["month"]) + 1
        hour, minute, second = map(int, told["clock"].split(":"))
        return datetime(int(told["year"]), month, int(told["day"]), hour, minute, second).isoformat()
    except ValueError:
        return None
