"""Lines of logs of all makes: when they were written, and of what they tell."""

import pytest

from uzel.drivers import log_time
from uzel.drivers.syslog import kind_of


@pytest.mark.parametrize(
    ("stamp", "when"),
    [
        ("2026-03-14 09:10:02", "2026-03-14T09:10:02"),
        ("2026/03/14  9:10:02", "2026-03-14T09:10:02"),
        ("Mar 14 2026 09:10:02", "2026-03-14T09:10:02"),
        ("Mar  4 2026 09:10:02+03:00", "2026-03-04T09:10:02"),
        ("Mar 14 2026 09:10:02.125 MSK", "2026-03-14T09:10:02"),
        (".Mar 14 2026 09:10:02", "2026-03-14T09:10:02"),
        ("Mar 14 09:10:02 2026", "2026-03-14T09:10:02"),
        # No year; a clock that was never set; no date at all; no such day.
        ("Mar 14 09:10:02", None),
        ("*Mar 14 2026 09:10:02", None),
        ("1w2d", None),
        ("2026-02-31 09:10:02", None),
        ("Mai 14 2026 09:10:02", None),
        ("", None),
        (None, None),
    ],
)
def test_stamps_of_all_makes(stamp: str | None, when: str | None) -> None:
    assert log_time.iso(stamp) == when


def test_what_a_line_tells_of() -> None:
    assert kind_of("Port 4 link down") == "link_down"
    assert (
        kind_of("%LINK-5-CHANGED: Interface GigabitEthernet0/4, changed state to administratively down") == "link_down"
    )
    assert kind_of("Configuration saved to flash (Username: duty)") is None
