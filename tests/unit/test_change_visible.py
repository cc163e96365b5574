"""What a device prints is shown with a sign in the place of what would not be seen."""

from __future__ import annotations

import io

import pytest
from django.template import Context, Template
from rich.console import Console

from uzel.core.words import visible
from uzel.network.models import Change
from uzel.pollers import cli_change


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, \tкв. 5\n", "plain, \tкв. 5\n"),
        ("a\r\nb\n\rc\r\r\nd", "a\nb\nc\nd"),
        ("one\rtwo", "one\u240dtwo"),
        ("\x1b[31mred\x08\x00\x7f", "\u241b[31mred\u2408\u2400\u2421"),
        ("\u202eevil\u2066", "\u2039U+202E\u203aevil\u2039U+2066\u203a"),
        ("a\u200bb\ufeff\x85\U000e0041", "a\u2039U+200B\u203ab\u2039U+FEFF\u203a\u2039U+0085\u203a\u2039U+E0041\u203a"),
        ("\ud800", "\u2039U+D800\u203a"),
    ],
)
def test_nothing_hides(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_a_long_line_of_returns_takes_no_time_that_grows_with_its_square() -> None:
    assert visible("\r" * 1_000_000) == "\u240d"


def test_the_filter_leaves_the_escaping_to_the_page() -> None:
    page = Template("{% load visible_words %}{{ text|visible }}")
    assert page.render(Context({"text": "<b>\x1b\u202e"})) == "&lt;b&gt;\u241b\u2039U+202E\u203a"


def test_a_terminal_gets_no_controls_of_a_switch_and_takes_none_of_its_words_for_markup() -> None:
    told = io.StringIO()
    entry = {"part": "do", "line": "show", "text": "\x1b]0;title\x07 [red]x[/] [/oops]", "error": ""}
    with pytest.raises(SystemExit):
        cli_change._end(Console(file=told, width=200), Change(pk=1, state="done", transcript=[entry]))
    assert "\u241b]0;title\u2407 [red]x[/] [/oops]" in told.getvalue()
    assert "\x1b" not in told.getvalue()
