"""Which words of a switch are a refusal, whatever it pours out."""

import pytest

from uzel.drivers.change import _REFUSED as REFUSED


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("shutdown\r\n% Invalid input\r\n", True),
        ("config\n\r\n\r  Error: no such port\n\r", True),
        ("\n\rFail!\n\r", True),
        ("\r\n\r\n   %bad\r\n", True),
        ("*Mar  1: %LINK-3-UPDOWN: Interface\r\n", False),
        ("%LINK-3-UPDOWN: Interface\r\n", False),
        ("\r\nSuccess. No Error\r\n", False),
    ],
)
def test_a_refusal_begins_a_line(text, refused):
    assert bool(REFUSED.search(text)) is refused


@pytest.mark.parametrize(
    "piece", ["\n", "\n\r", " \n", " ", "\r", "\t\r\n", "%A", "%A-1-", "\n%A-", "Erro\n", "\x0b", "\x85"]
)
def test_a_megabyte_of_anything_is_got_over(piece):
    """Of a quadratic search a megabyte takes hours: this test would not end."""
    REFUSED.search(piece * (1_000_000 // len(piece)))


@pytest.mark.parametrize("text", ["\n" * 50 + "% no", "\r\n \r\n" * 20 + "Error"])
def test_no_blank_line_is_looked_through_from_the_one_before(text):
    """What is found lies within one line: a search from each line's start ends at that line's end."""
    found = REFUSED.search(text)
    assert found and "\n" not in found.group()
