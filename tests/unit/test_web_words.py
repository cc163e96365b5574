"""Every word of the interface has its Russian; news, reasons and stories all have their sentences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from uzel.config.wiring import EVENTS, HANDLERS, dispatch

PACKAGE = Path(__file__).resolve().parents[2] / "uzel"
APPS = sorted(path.parent.name for path in PACKAGE.glob("*/apps.py"))
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
STRING = r"u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
# What Django's templatize makes of the tags.
CALLS = (
    (re.compile(rf"(?<!\w)(?:_|gettext)\({STRING}\)"), (None, 1)),
    (re.compile(rf"(?<!\w)pgettext\({STRING}, {STRING}\)"), (1, 2)),
    (re.compile(rf"(?<!\w)ngettext\({STRING}, {STRING},"), (None, 1)),
    (re.compile(rf"(?<!\w)npgettext\({STRING}, {STRING}, {STRING},"), (1, 2)),
)


def _of_templates(app: str) -> Iterator[tuple[str | None, str, Path]]:
    for path in (PACKAGE / app).glob("templates/**/*.html"):
        code = templatize(path.read_text(), origin=str(path))
        for call, (context, message) in CALLS:
            for found in call.finditer(code):
                yield (ast.literal_eval(found[context]) if context else None), ast.literal_eval(found[message]), path


def _of_code(app: str) -> Iterator[tuple[str | None, str, Path]]:
    for path in (PACKAGE / app).rglob("*.py"):
        for _, message, _, context in extract_from_file("python", path, keywords=KEYWORDS):
            yield context, message if isinstance(message, str) else message[0], path


def _catalog(app: str) -> Catalog:
    path = PACKAGE / app / "locale/ru/LC_MESSAGES/django.po"
    if not path.exists():
        return Catalog(locale="ru")
    with path.open("rb") as file:
        return read_po(file, locale="ru")


@pytest.mark.parametrize("app", APPS)
def test_every_message_has_a_russian_translation(app: str) -> None:
    catalog = _catalog(app)
    missing = set()
    for context, message, path in {*_of_templates(app), *_of_code(app)}:
        kept = catalog.get(message, context=context)
        strings = (kept.string if isinstance(kept.string, tuple) else (kept.string,)) if kept else ()
        if not strings or not all(strings) or kept.fuzzy:
            missing.add(f"{path.relative_to(PACKAGE)}: {message!r}")
    assert not missing, "\n".join(sorted(missing))


def test_the_extraction_finds_messages_at_all() -> None:
    found = {(context, message) for context, message, _ in _of_templates("web")}
    assert {("theme", "dark"), (None, "Sign out")} <= found
    assert (None, "signed in") in {(context, message) for context, message, _ in _of_code("journal")}
    assert any("%(n)s" in message for _, message, _ in _of_templates("outages"))


def test_one_message_says_the_same_in_every_app() -> None:
    """All catalogues are read into one: of two translations of a message only one would ever be shown."""
    said: dict[tuple[object, object], dict[object, str]] = {}
    for app in APPS:
        for message in _catalog(app):
            if message.id:
                said.setdefault((message.context, message.id), {}).setdefault(message.string, app)
    assert not {key: words for key, words in said.items() if len(words) > 1}


@pytest.mark.parametrize("app", APPS)
def test_a_lost_signal_is_not_told_as_lost_electricity(app: str) -> None:
    """«Без света» is a house without electricity to whoever reads it, and real losses of mains stand beside it."""
    said = [words for m in _catalog(app) if m.id for words in (m.string if isinstance(m.string, tuple) else [m.string])]
    assert not [words for words in said if re.search("без света|горит|т[её]мный|темно|получают свет", words.lower())]


@pytest.mark.parametrize("app", APPS)
def test_placeholders_and_plurals_survive_translation(app: str) -> None:
    catalog = _catalog(app)
    for message in catalog:
        if not message.id:
            continue
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set(re.findall(r"%\(\w+\)|%s", originals[-1]))
        for words in strings:
            assert set(re.findall(r"%\(\w+\)|%s", words)) <= wanted, (message.id, words)
        if isinstance(message.id, tuple):
            assert len(strings) == 3, message.id


def test_every_event_that_the_code_emits_is_in_the_wiring() -> None:
    emitted = set()
    for path in PACKAGE.rglob("*.py"):
        emitted |= set(re.findall(r"""\bemit\(\s*["']([\w.]+)["']""", path.read_text()))
    assert emitted, "nothing is found: the search is wrong"
    assert emitted <= set(EVENTS)
    awaited = set()
    for path in PACKAGE.rglob("*.html"):
        awaited |= set(re.findall(r"sse:([\w.]+)", path.read_text()))
    assert awaited <= set(EVENTS), "a page waits for news that nobody tells"


def test_dispatch_refuses_what_is_not_in_the_wiring() -> None:
    assert set(HANDLERS) <= set(EVENTS)
    with pytest.raises(KeyError):
        dispatch("outage.invented", {})
    assert dispatch("outage.opened", {"id": 1}) == len(HANDLERS.get("outage.opened", ()))


def test_every_reason_and_story_line_has_a_sentence() -> None:
    reasons = set()
    for path in PACKAGE.glob("core/outage*.py"):
        reasons |= set(re.findall(r"""Reason\(\s*["'](\w+)["']""", path.read_text()))
    reasons |= {"many_houses_of_one_area", "shared_power_feed", "uptime_reset", "uptime_kept"}
    template = (PACKAGE / "outages/templates/outages/reason.html").read_text()
    assert reasons - set(re.findall(r'reason\.code == "(\w+)"', template)) == set()
    operations = (PACKAGE / "outages/operations.py").read_text()
    kinds = set(re.findall(r"""_tell\([^"']+["'](\w+)["']""", operations)) | {"grew", "shrank", "comment"}
    story = (PACKAGE / "outages/templates/outages/story_line.html").read_text()
    assert kinds - set(re.findall(r'event\.kind == "(\w+)"', story)) == set()
