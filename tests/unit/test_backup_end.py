"""Never half a configuration: cut at every byte, under another switch's prompt, refused in one spelling."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from uzel.core.config_secrets import mask_lines
from uzel.core.configs import clean
from uzel.drivers.ask import AskError, Facts
from uzel.drivers.ask_config import configuration
from uzel.drivers.session_errors import SessionError, Trouble

D_LINK = (
    "show config current_config\n\rCommand: show config current_config\n\r\n\r"
    "#---------------------------------------------\n\r#            DES-3200-28 Configuration\n\r"
    "#---------------------------------------------\n\r\n\r# VLAN\n\r\n\rcreate vlan iptv tag 700\n\r"
    "config vlan iptv add tagged 25\n\r\n\r#---------------------------------------------\n\r"
    "#     End of configuration file for DES-3200-28\n\r#---------------------------------------------\n\r\n\r"
)
CISCO = (
    "show running-config\r\nBuilding configuration...\r\n\r\nCurrent configuration : 99 bytes\r\n!\r\nversion 12.2\r\n"
    "hostname o1-d1-agg1\r\n!\r\ninterface FastEthernet0/1\r\n description the end\r\n!\r\nend\r\n\r\n"
)
HUAWEI = (
    "display current-configuration\r\n!Software Version V200R001C00SPC300\r\n#\r\nsysname o1-core1\r\n#\r\n"
    "interface GigabitEthernet0/0/1\r\n description return line\r\n#\r\nreturn\r\n"
)
MAKES = [("D-Link", "DES-3200-28", D_LINK), ("Cisco", "WS-C3560G-48TS", CISCO), ("Huawei", "S5328C-EI", HUAWEI)]


class Pool:
    """Gives a session that answers with one text, after having refused some commands."""

    def __init__(self, text: str, *, host: str = "", refuses: int = 0) -> None:
        self.text, self.host, self.refuses = text, host, refuses
        self.left = 0
        self.asked: list[str] = []

    @asynccontextmanager
    async def session(self, target: Any) -> AsyncIterator["Pool"]:
        yield self

    async def run(self, line: str, *, seconds: float = 0.0) -> str:
        self.asked.append(line)
        if len(self.asked) <= self.refuses:
            raise SessionError(Trouble.COMMAND_REFUSED, stage="command")
        return self.text

    def leave(self) -> None:
        self.left += 1


def read(vendor: str, model: str, pool: Pool) -> str:
    return asyncio.run(configuration(Facts(vendor, model, "10.0.0.1"), pool=pool, leave=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(("vendor", "model", "text"), MAKES)
def test_cut_at_every_byte_it_is_whole_or_nothing(vendor: str, model: str, text: str) -> None:
    whole = read(vendor, model, Pool(text))
    last = whole.strip().splitlines()[-1]
    for at in range(len(text)):
        try:
            got = read(vendor, model, Pool(text[:at]))
        except AskError as error:
            assert (error.code, error.permanent, error.text) == ("incomplete", False, text[:at])
        else:
            # Of D-Link's frame around the end a few dashes may be missing, nothing of what the switch does.
            assert whole.startswith(got.rstrip()) and (got == whole or last.startswith("#")), at
            assert "End of configuration file" in got or got == whole


@pytest.mark.parametrize(("vendor", "model", "text"), MAKES[1:])
def test_another_switch_s_prompt(vendor: str, model: str, text: str) -> None:
    name = "o1-d1-agg1" if vendor == "Cisco" else "o1-core1"
    assert read(vendor, model, Pool(text, host=name)) == read(vendor, model, Pool(text))
    with pytest.raises(AskError) as caught:
        read(vendor, model, Pool(text, host="o9-core9"))
    assert caught.value.code == "wrong_host"


def test_older_spellings_are_tried_and_the_line_is_freed() -> None:
    pool = Pool(D_LINK, refuses=2)
    assert "create vlan iptv" in read("D-Link", "DGS-3100-24TG", pool)
    assert len(pool.asked) == 3 and pool.left == 1
    with pytest.raises(AskError) as caught:
        read("D-Link", "DGS-3100-24TG", Pool(D_LINK, refuses=3))
    assert caught.value.code == "command_refused"
    with pytest.raises(AskError) as caught:
        read("D-Link", "DES-2108", Pool(D_LINK))
    assert caught.value.code == "not_asked"


ROOT = Path(__file__).resolve().parents[2]
CAPTURES = Path(os.environ.get("UZEL_CAPTURES", ROOT.parent / "shared" / "captures")) / "cli" / "d-link"
REAL = sorted(CAPTURES.glob("*show-config-current-config.txt"))


@pytest.mark.skipif(not REAL, reason="no recordings beside the project (UZEL_CAPTURES)")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_what_real_switches_printed(path: Path) -> None:
    """Whole, without noise; no line lost on the way to what is kept; communities are stars."""
    with path.open(newline="", errors="replace") as file:
        printed = file.read()
    kept = clean(read("D-Link", path.stem.split("__")[0], Pool(printed + "\n")))
    # A real one ends with a NUL, which PostgreSQL does not take.
    lines = [line.strip() for line in printed.replace("\r", "").replace("\0", "").splitlines() if line.strip()]
    assert [line.strip() for line in kept.text.splitlines() if line.strip()] == lines
    assert (kept.noise, kept.spoiled) == (0, False)
    masked = mask_lines(kept.text.splitlines())
    assert any("create snmp community ********" in line for line in masked)
    assert not any({"public", "private"} & set(line.split()) for line in masked)
