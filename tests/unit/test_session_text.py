"""How little of an answer may be looked at, and what must come out of it all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.drivers.cli_text import draw, top, unfinished, written

PIECES = st.lists(
    st.sampled_from(
        [
            "Port 1",
            "  ",
            "\r",
            "\n",
            "\n\r",
            "\r\n",
            "\x1b[2J",
            "\x1b[1;1H",
            "\x1b[K",
            "\x08\x08",
            "--More--",
            "core",
            "#",
        ]
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("CTRL+C ESC q Quit r Refresh\x1b[0m\x1b[2J\x1b[1;1HPort  State\n", ["Port  State"]),
        ("a\x1b[2Jb\x1b[2Jc\n", ["c"]),
        ("\x1b\x1b[2Jkept\n", ["[2Jkept"]),  # ESC ESC is a code of its own
        ("\rPort 1\n\r Desc: core-1\n\r", ["Port 1", " Desc: core-1"]),
        ("--More--\x08\x08\x08\x08\x08\x08\x08\x08        \x08\x08\x08\x08\x08\x08\x08\x08Gi0/1\n", ["Gi0/1"]),
    ],
)
def test_what_stands_on_the_screen(text, lines):
    assert draw(text)[0] == lines


@given(PIECES)
def test_the_last_line_alone_is_the_last_line_of_all(text):
    last = text[text.rfind("\n") + 1 :]
    assert unfinished(last).strip() == draw(last)[1].strip()


@given(PIECES, st.integers(1, 6))
def test_the_top_is_the_beginning_of_what_is_written(text, wanted):
    head, everything = top(text, wanted), written(text)
    assert head[:wanted] == everything[:wanted]


def test_no_more_than_the_top_is_looked_at():
    assert len(top("row\n" * 10_000, 5)) < 100
    assert top("\n" * 50 + "Ambiguous token\nDES-3200:5#", 5) == ["Ambiguous token"]
