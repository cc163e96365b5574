"""How little of an answer may be looked at, and what must come out of it all the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.drivers.cli_screen import COLUMNS, draw, top, unfinished, written
from uzel.drivers.cli_text import MOST_WIDE, WIDE_LINE, Sheet

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


@pytest.mark.parametrize("step", ["\x1b[512Cb", "\x1b[512C b", "\x1b[999Cb\x08"])
def test_no_cursor_goes_further_than_a_terminal_is_wide(step):
    (line,) = draw("a" + step * 248 + "\n")[0]
    assert len(line) <= COLUMNS + 2 * 248


STEPS = ["ab", " ", "   ", "\r", "\x08", "\x1b[K", "\x1b[2K", "\x1b[3C", "\x1b[2D"]


@given(st.lists(st.sampled_from(STEPS), max_size=12))
def test_the_cursor_steps_right_only_where_something_stands(pieces):
    cells, at = [], 0
    for piece in pieces:
        if piece == "\r":
            at = 0
        elif piece in ("\x08", "\x1b[2D"):
            at = max(0, at - (1 if piece == "\x08" else 2))
        elif piece == "\x1b[3C":
            at += 3 if "".join(cells).strip() else 0
        elif piece.endswith("K"):
            at = 0 if "2" in piece else at
            del cells[at:]
        else:
            cells += " " * (at - len(cells))
            cells[at : at + len(piece)] = piece
            at += len(piece)
    assert draw("\x1b[m" + "".join(pieces) + "\x1b[m\n")[0] == ["".join(cells).rstrip()]


def test_of_many_wide_lines_only_some_are_searched():
    sheet = Sheet(("x" * (WIDE_LINE + 1) + "\n") * (MOST_WIDE + 3) + "short\n")
    seen = 0
    for _ in sheet:
        sheet.use()
        seen += 1
    assert (seen, len(sheet.parsed().not_understood)) == (MOST_WIDE + 1, 3)
