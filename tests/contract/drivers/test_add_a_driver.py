"""docs/add-a-driver.md does what it says: its page, its recording, its parser."""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from uzel.core.answers import Identity, Operation, PortStatus
from uzel.drivers import cli_drivers, cli_expect
from uzel.drivers.cli_page import Ask, Page
from uzel.drivers.cli_record import Wish, masked, strange, take, write
from uzel.drivers.pool import Pool
from uzel.drivers.session import Target
from uzel.drivers.session_errors import Patience
from uzel.drivers.transport import Login, Wire

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "add-a-driver.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)


def page_of(*sources: str) -> Page:
    module = ModuleType("acme_os")
    for source in sources:
        exec(compile(source, "docs/add-a-driver.md", "exec"), module.__dict__)
    page: Page = module.PAGE
    # What is written later takes the place of what read nothing.
    asks = {
        op: tuple(replace(ask, parse=getattr(module, ask.parse.__name__)) for ask in page.asks[op]) for op in page.asks
    }
    return replace(page, asks=asks)


class Acme:
    """The device of the docs: a login, a prompt, two commands."""

    def __init__(self) -> None:
        version, table = (text.split("\n", 1)[1].rsplit("\nsw-7#", 1)[0] for text in blocks("text"))
        self.answers = {"show version": f"{version}\n", "show ports": f"{table}\n", "show ports p1": f"{table}\n"}
        self.answers["terminal length 0"] = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Username: ")
        await reader.readline()
        writer.write(b"Password: ")
        await reader.readline()
        writer.write(b"\r\nsw-7#")
        while line := (await reader.readline()).decode().strip():
            answer = self.answers.get(line, "% Unknown command\n")
            writer.write(f"{line}\n{answer}sw-7#".replace("\n", "\r\n").encode())
        writer.close()


async def recorded(page: Page, folder: Path, *, force: bool = False) -> list[Path]:
    server = await asyncio.start_server(Acme().serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wish = Wish(ports=("p1",), known=("duty", "sw-7"))
    async with server, Pool(patience=Patience(), idle_s=0.1) as pool:
        target = Target("127.0.0.1", port, Wire.TELNET, page, Login("duty", "secret"))
        result = masked(await take(target, pool, wish), wish, "AC-24_4.1")
        assert result.refused == ()
        assert not {"AC00000017", "duty", "sw-7"} & set(strange(result, folder))
        assert "Acme" in strange(result, folder) or force
        return write(result, folder / page.name, force=force)


async def test_the_steps_lead_to_a_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare, whole = page_of(blocks("python")[0]), page_of(*blocks("python"))
    written = await recorded(bare, tmp_path)
    assert {path.name for path in written} == {
        f"{name}.{kind}" for name in ("identity", "ports", "ports.2") for kind in ("txt", "json")
    }
    text = (tmp_path / "acme_os" / "AC-24_4.1" / "identity.txt").read_bytes().decode()
    assert "AC00000017" not in text and "serial number: XX00000000" in text
    told = json.loads((tmp_path / "acme_os" / "AC-24_4.1" / "ports.json").read_text())
    assert (told["rows"], len(told["not_understood"])) == ([], 4)

    monkeypatch.setattr(cli_expect, "DRIVERS", {"acme_os": whole})
    read = {type(parsed.rows[0]): parsed.rows[0] for _, parsed in cli_expect.write(tmp_path / "acme_os")}
    assert read[PortStatus] == PortStatus("p1", True, True, 1000, True)
    assert read[Identity] == Identity("Acme OS", firmware="4.1", serial="XX00000000")
    # As the contract has it: every way of every question is proven by a recording.
    for operation, asks in whole.asks.items():
        texts = [path.read_text() for path in (tmp_path / "acme_os").glob(f"*/{operation}*.txt")]
        assert {cli_expect.best(asks, text).parse for text in texts} == {ask.parse for ask in asks}
    told = json.loads((tmp_path / "acme_os" / "AC-24_4.1" / "ports.json").read_text())
    assert [row["link_up"] for row in told["rows"]] == [True, False, False]
    assert told["not_understood"] == []


def test_the_docs_name_what_there_is() -> None:
    for name in re.findall(r"`((?:uzel|tests|docs)/[\w/.-]+\.(?:py|md))`", DOCS):
        assert (ROOT / name).is_file(), name
    assert "add-a-driver.md" in (ROOT / "README.md").read_text()
    assert "MODELS" in (ROOT / "uzel/drivers/ask.py").read_text()
    assert isinstance(next(iter(cli_drivers.DRIVERS.values())).asks[Operation.IDENTITY][0], Ask)
