"""Every code with which anything in the code base fails at a device has its sentence, in Russian and in English."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import translation

import uzel
from uzel.core.changes import refusals
from uzel.drivers import nut
from uzel.drivers.session_errors import REFUSALS, Trouble
from uzel.network.templatetags import change_words
from uzel.network.templatetags.trouble_words import TROUBLES, trouble_word
from uzel.pollers import probe_cli, probe_store
from uzel.pollers.cli_device import REMEDIES, sentence

PACKAGE = Path(uzel.__file__).parent
RAISED = ("SnmpError", "NutError", "AskError", "SecretsError")
OF_CHANGES = ("ChangeError",)
# What stands in the place of a field's name: the kinds of value that a question may be given.
FIELDS = ("port", "mac", "vlan", "address")
HOMES = ("drivers", "pollers", "network")


def modules(*, changes: bool) -> Iterator[Path]:
    """The files that talk to devices: those of changes, or all others."""
    for home in HOMES:
        for path in (PACKAGE / home).glob("*.py"):
            if ("change" in path.name) is changes:
                yield path


def literals(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can give, as far as they are written in it."""
    if isinstance(node, ast.JoinedStr):
        for field in FIELDS:
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else field for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def codes(*names: str, changes: bool = False) -> set[str]:
    """The codes with which these errors are raised."""
    found = set()
    for path in modules(changes=changes):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
                found |= set(literals(node.args[0]))
    return found


def stored(*, changes: bool = False) -> set[str]:
    """Codes that are written and never raised."""
    source = "".join(path.read_text() for path in modules(changes=changes))
    found = set(re.findall(r"""\berror = ["'](\w+)["']""", source))
    found |= set(re.findall(r"""["']error["']: ["'](\w+)["']""", source))
    found |= set(re.findall(r"""Outcome\("\w+", "(\w+)\"""", source))
    found |= set(re.findall(r"""_broken\(.*, "(\w+)"\)""", source))
    return found | set(re.findall(r'errors\["\w+"\] = "(\w+)"', source))


def of_devices() -> set[str]:
    """All that can end in the error of a probe, of a reading of a configuration, or of a command."""
    raised = codes(*RAISED) | codes(*RAISED, changes=True) | {code for code, _ in nut.ERRORS.values()}
    kept = {probe_cli.LATE, probe_cli.NOTHING_TOLD, "not_finished"}
    return {*raised, *stored(), *map(str, Trouble), *map(str, REFUSALS.values()), *kept}


def of_changes() -> set[str]:
    """All that can end in the error of a change."""
    rules = {*codes(*OF_CHANGES, changes=True), *stored(changes=True)}
    needless = set(re.findall(r'"(already_so|port_is_off|nothing_blocked)"', source_of(refusals)))
    return {*rules, *needless, *map(str, Trouble), "stopped", "check_failed", "not_seen", "undo_failed"}


def source_of(thing: Callable[..., object]) -> str:
    """The text of the module in which it is written."""
    return Path(thing.__code__.co_filename).read_text()


def test_the_search_finds_codes_at_all() -> None:
    assert "expired" in probe_store.EXPIRE
    assert {"uplink", "no_address", "unknown_operation", "timeout", "malformed", "spoiled", "no_device"} <= of_devices()
    assert {"no_driver", "bad_port", "needs_port", "wrong_key", "denied", "stale", "lost"} <= of_devices()
    assert {"internal", "unmapped", "expired", "wrong_host", "late"} <= of_devices()
    assert {"not_offered", "bad_vlan", "already_so", "runner_died", "expired"} <= of_changes()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_code_of_a_device_has_its_words(language: str) -> None:
    check(of_devices(), trouble_word, language)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_error_of_a_change_has_its_words(language: str) -> None:
    check(of_changes() | of_devices(), change_words.change_error, language)


def test_a_shell_tells_the_same_words_in_english_with_what_can_be_done() -> None:
    with translation.override("ru"):
        told = {code: sentence(code) for code in TROUBLES}
    assert set(REMEDIES) <= set(TROUBLES)
    with translation.override("en"):
        assert all(words.startswith(trouble_word(code)) for code, words in told.items())
    assert "uzel device access GROUP" in told["no_credentials"]


def test_a_code_is_worded_in_one_place_alone() -> None:
    """Words for the troubles of sessions stand in one table (a shell names remedies for some beside it); changes add to
    it what they alone can meet."""
    again = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if len(set(re.findall(r'"(\w+)": (?:_\(|p?gettext|"[^"]* )', path.read_text())) & set(map(str, Trouble))) > 3
    }
    assert again == {"network/templatetags/trouble_words.py", "pollers/cli_device.py"}
    assert set(change_words.ERRORS) & set(TROUBLES) == {"expired", "bad_text", "bad_vlan"}


def check(known: set[str], word: Callable[[str], str], language: str) -> None:
    """Each is told in this language, not by its code."""
    with translation.override(language):
        words = {code: word(code) for code in known}
    assert {code for code in known if words[code] == code} == set()
    assert {code for code, word in words.items() if bool(re.search("[а-я]", word)) != (language == "ru")} == set()
