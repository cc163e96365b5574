"""The project about itself: short tails, documented settings, no stranger's host names."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [p for p in sorted((ROOT / "uzel").rglob("*.py")) if "migrations" not in p.parts]

READMES = ("README.md", "README.ru.md")
FILE_LINES, CLASS_LINES, FUNCTION_LINES = 400, 200, 40
# An exception is a line with its reason: "path:name": "why".
LONG_FOR_A_REASON: dict[str, str] = {}


@cache
def tails(path: Path) -> tuple[str, ...]:
    return tuple(_tails(path))


def _tails(path: Path) -> Iterator[str]:
    """What in a source file is longer than the rules of style allow, or hidden from its top."""
    where = path.relative_to(ROOT)
    source = path.read_text()
    if source.count("\n") > FILE_LINES:
        yield f"{where}: {source.count(chr(10))} lines"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno > CLASS_LINES:
            yield f"{where}:{node.name}"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if (node.end_lineno or 0) - node.lineno > FUNCTION_LINES:
                yield f"{where}:{node.name}"
            if any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node)):
                yield f"{where}:{node.name} hides an import"
            if any("receiver" in ast.unparse(decorator) for decorator in node.decorator_list):
                yield f"{where}:{node.name} is a signal receiver"


def test_tails_are_short() -> None:
    assert [t for path in SOURCES for t in tails(path) if t not in LONG_FOR_A_REASON] == []


def test_exceptions_of_the_tails_are_still_needed() -> None:
    found = {t for path in SOURCES for t in tails(path)}
    assert set(LONG_FOR_A_REASON) <= found


def test_every_app_has_a_contract_for_the_order_inside_it() -> None:
    """Pages above words, these above operations, queries and models; a module without a layer breaks the contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    inside = {c["containers"][0]: c for c in contracts if c["type"] == "layers" and c["containers"] != ["uzel"]}
    order = ("urls", "views", "forms", "templatetags", "operations", "queries", "models")
    for app in sorted(path.parent.name for path in (ROOT / "uzel").glob("*/apps.py")):
        contract = inside[f"uzel.{app}"]
        assert contract["exhaustive"] and "ignore_imports" not in contract
        layers = [re.split(r" *[|:] *", layer) for layer in contract["layers"]]
        places = [n for name in order for n, layer in enumerate(layers) if name in layer]
        assert places == sorted(places), f"{app}: the layers stand in another order"


def test_every_setting_is_documented() -> None:
    text = "\n".join(p.read_text() for p in SOURCES)
    used = set(re.findall(r'environ(?:\.get\(|\.setdefault\(|\[)\s*"((?:UZEL_|DATABASE_)\w+)"', text))
    # Options of commands take theirs by click.
    used |= set(re.findall(r'envvar="((?:UZEL_|DATABASE_)\w+)"', text))
    documented = set(re.findall(r"`((?:UZEL_|DATABASE_)\w+)`", (ROOT / "docs/settings.md").read_text()))
    assert used <= documented, f"not in docs/settings.md: {sorted(used - documented)}"
    assert documented - used <= {"UZEL_CAPTURES"}, f"documented, not used: {sorted(documented - used)}"


def test_committed_files_name_no_registry_host_and_no_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    # Put together here so that this file does not name what it forbids.
    hosts = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js", "deb.debian" + ".org", "/" + "work/main"]
    guilty = []
    for name in listed.splitlines():
        path = ROOT / name
        if path.suffix in {".png", ".woff2"} or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        guilty += [f"{name}: {host}" for host in hosts if host in text]
    assert guilty == []


def test_both_readmes_list_the_same_documents() -> None:
    listed = [re.findall(r"^\| \[([^\]]+)\]\(([^)]+)\)", (ROOT / name).read_text(), re.M) for name in READMES]
    assert listed[0] == listed[1] and len(listed[0]) > 10
    assert [path for _, path in listed[0] if not (ROOT / path).is_file()] == []


def test_the_installer_is_pinned() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.findall(r"[/\w.]+/pip install .*", makefile) == [".venv/bin/pip install -q uv==$(UV)"]
    assert re.search(r"^UV = \d+\.\d+\.\d+$", makefile, re.M)


def test_makefile_documents_its_commands() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.M))
    described = set(re.findall(r"^([a-z][a-z-]*):.*##", makefile, re.M))
    assert targets == described
    assert {"demo", "test", "check", "bench"} <= targets
