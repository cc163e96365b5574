"""Every code that the drivers and the prober can give has a sentence, on the card and on the device's page."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import translation

import uzel
from uzel.desk.templatetags import check_words
from uzel.drivers import nut
from uzel.drivers.session_errors import Trouble
from uzel.network.templatetags import network_words
from uzel.pollers import probe_cli, probe_store

PACKAGE = Path(uzel.__file__).parent
# What ends in `Probe.error`, and what ends in the parts "missing" and "errors" of a result.
ENDS = ("SnmpError", "NutError")
RAISED = (*ENDS, "AskError", "SecretsError")
# Of the values of a question the prober gives the port alone.
GIVEN = "port"


def modules() -> list[Path]:
    """The drivers but for changes, and what of the pollers belongs to a probe: the others have words of their own."""
    drivers = [path for path in PACKAGE.glob("drivers/*.py") if not path.name.startswith("change")]
    return [*drivers, *PACKAGE.glob("pollers/probe*.py"), PACKAGE / "pollers/device_facts.py"]


def literals(node: ast.expr) -> Iterator[str]:
    """The texts that an expression can give, as far as they are written in it."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else GIVEN for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def codes(*names: str) -> set[str]:
    """The codes with which these errors are raised."""
    found = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names and node.args:
                found |= set(literals(node.args[0]))
    return found | {code for code, _ in nut.ERRORS.values()}


def stored() -> set[str]:
    """Codes that are written and never raised."""
    source = "".join(path.read_text() for path in modules())
    found = set(re.findall(r"""\berror = ["'](\w+)["']""", source))
    return found | set(re.findall(r'errors\["\w+"\] = "(\w+)"', source))


def test_the_search_finds_codes_at_all() -> None:
    assert {"uplink", "no_address", "unknown_operation", "timeout", "malformed"} <= codes(*ENDS)
    assert {"no_driver", "bad_port", "needs_port", "wrong_key", "denied"} <= codes(*RAISED)
    assert {"internal", "unmapped", "expired"} <= stored()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_code_has_a_sentence_on_the_card(language: str) -> None:
    known = {*codes(*RAISED), *stored(), *(str(code) for code in Trouble), probe_cli.LATE, probe_cli.NOTHING_TOLD}
    assert "busy" in known and "wrong_host" in known and "late" in known
    check(known, check_words.reason_word, language)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_error_of_a_probe_has_a_sentence_on_the_page_of_its_device(language: str) -> None:
    known = {*codes(*ENDS), "internal", "timeout"}
    assert "expired" in probe_store.EXPIRE
    known.add("expired")
    check(known, network_words.error_word, language)


def check(known: set[str], word: Callable[[str], str], language: str) -> None:
    """Each is told in this language, not by its code."""
    with translation.override(language):
        words = {code: word(code) for code in known}
    assert {code for code in known if words[code] == code} == set()
    assert {code for code, word in words.items() if bool(re.search("[а-я]", word)) != (language == "ru")} == set()
