"""What a terminal's codes leave of a text that is shown in a browser."""

import pytest

from uzel.core.words import without_codes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[7mCTRL+C ESC q Quit\x1b[0m\x1b[K\n", "CTRL+C ESC q Quit\n"),
        ("\x1b[2J\x1b[1;1H 1  Enabled", " 1  Enabled"),
        ("\x1b[?25l\x1b(B\x1b[27mDGS-1210-10/ME:5# ", "DGS-1210-10/ME:5# "),
        ("[7m as it is", "[7m as it is"),
    ],
)
def test_a_code_goes_as_a_whole(text, shown):
    assert without_codes(text) == shown
