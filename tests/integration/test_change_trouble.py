"""Changes at switches that misbehave at a certain line: what was typed, what was taken back, what is said of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.change_switch import PortSwitch, serving
from uzel.core.changes import Kind
from uzel.drivers import ask_snmp, change
from uzel.drivers.change import Entry, Outcome, perform, prepare
from uzel.drivers.change_look import Look
from uzel.drivers.change_plan import ChangeError, Plan
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import Patience
from uzel.drivers.transport import Login

PATIENCE = Patience(connect_s=1, login_s=1, command_s=2, silence_s=0.3)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "OPEN_S", 0.2)
    monkeypatch.setattr(change, "OPEN_AGAIN_S", 0.05)
    monkeypatch.setattr(change, "LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(ask_snmp, "TIMEOUT_S", 0.02)
    monkeypatch.setattr(ask_snmp, "RETRIES", 0)


async def make(switch: PortSwitch, kind: Kind, value: str = "") -> tuple[Plan, Outcome, list[Entry]]:
    """Prepare without trouble, then make it with the trouble in force."""
    entries: list[Entry] = []

    async def note(entry: Entry) -> None:
        entries.append(entry)

    does, switch.does = switch.does, {}
    async with Pool(patience=PATIENCE, idle_s=0) as pool:
        plan = await prepare(switch.facts, kind, port=switch.name, value=value, pool=pool)
        plan = replace(plan, way=replace(plan.way, wait_s=0.01 if plan.way.wait_s else 0))
        switch.does = does
        switch.typed.clear()
        outcome = await perform(switch.facts, plan, port=switch.name, pool=pool, journal=note)
        assert pool.taken == 0
    return plan, outcome, entries


@pytest.mark.parametrize("vendor", ["huawei", "cisco", "d-link"])
async def test_off_and_a_way_out_at_each_shell(vendor: str) -> None:
    async with serving(PortSwitch(vendor)) as switch:
        plan, outcome, _ = await make(switch, Kind.PORT_OFF)
        assert (outcome.state, switch.is_on, switch.mode) == ("done", False, "")
        assert ("commit" in plan.do) is (vendor == "huawei")


async def test_vrp8_gets_its_commit_and_its_undo_too() -> None:
    async with serving(PortSwitch("huawei", text="before")) as switch:
        plan, outcome, _ = await make(switch, Kind.DESCRIPTION, "kv 12")
        assert (outcome.state, switch.text) == ("done", "kv 12")
        assert plan.undo == ("description before", "commit")


async def test_what_was_not_committed_is_thrown_away() -> None:
    async with serving(PortSwitch("huawei", does={"commit": "refuse"})) as switch:
        _, outcome, _ = await make(switch, Kind.PORT_OFF)
        # The undo meets the same refusal; the port is as it was, and that is what is said.
        assert (outcome.state, outcome.error) == ("undone", "command_refused")
        assert (switch.is_on, switch.mode) == (True, "")
        assert set(switch.replies) == {"n"}


async def test_a_two_stage_switch_that_was_taken_for_another_is_left_alone() -> None:
    async with serving(PortSwitch("huawei")) as switch, Pool(patience=PATIENCE, idle_s=0) as pool:
        page = switch.facts.page
        way = page.changes[Kind.PORT_OFF][-1]
        plan = await prepare(switch.facts, Kind.PORT_OFF, port=switch.name, value="", pool=pool)
        wrong = Plan(Kind.PORT_OFF, way, "", plan.before, plan.first, ("shutdown",), plan.after, ("undo shutdown",))
        outcome = await perform(switch.facts, wrong, port=switch.name, pool=pool, journal=_nowhere)
        assert (outcome.state, outcome.error, switch.is_on) == ("failed", "command_refused", True)
        assert "shutdown" not in switch.typed


async def _nowhere(entry: Entry) -> None:
    """Keeps nothing."""


@pytest.mark.parametrize("vendor", ["huawei", "cisco", "d-link"])
async def test_a_refused_first_line_leaves_everything_as_it_was(vendor: str) -> None:
    async with serving(PortSwitch(vendor, does={"shutdown": "refuse"})) as switch:
        _, outcome, entries = await make(switch, Kind.PORT_OFF)
        assert outcome.state in ("failed", "undone")
        assert (switch.is_on, switch.mode) == (True, "")
        named = [entry.line for entry in entries if entry.error and entry.part == "do"]
        assert named == ["shutdown"]


@pytest.mark.parametrize("trouble", ["refuse", "hang", "close", "ask"])
async def test_a_restart_that_stops_halfway_is_taken_back(trouble: str) -> None:
    async with serving(PortSwitch("cisco", does={"no shutdown": trouble}, once=True)) as switch:
        _, outcome, _ = await make(switch, Kind.PORT_RESTART)
        assert (outcome.state, switch.is_on, switch.mode) == ("undone", True, "")
        # A question that was not foreseen is answered by nobody.
        assert switch.replies == []


@pytest.mark.parametrize(
    ("line", "end"), [("shutdown", ("undone", "hung")), ("no shutdown", ("undone", "hung")), ("end", ("done", ""))]
)
async def test_a_switch_whose_answer_never_ends_is_taken_back_by_another_session(
    monkeypatch: pytest.MonkeyPatch, line: str, end: tuple[str, str]
) -> None:
    monkeypatch.setattr(change, "TYPING_S", 0.6)
    async with serving(PortSwitch("cisco", does={line: "drip"}, once=True)) as switch:
        _, outcome, entries = await make(switch, Kind.PORT_RESTART)
        assert (outcome.state, outcome.error, switch.is_on) == (*end, True)
        # Every line that is said to have gone out has gone out: "end" does not follow a line without its answer.
        assert [entry.line for entry in entries if entry.part != "check" and entry.text is None] == switch_lines(switch)


def switch_lines(switch: PortSwitch) -> list[str]:
    """What was typed that changes something, or leads there."""
    return [line for line in switch.typed if not line.startswith(("terminal", "show", "exit"))]


async def test_an_undo_that_never_ends_is_told_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "TYPING_S", 0.6)
    async with serving(PortSwitch("cisco", does={"no shutdown": "refuse", "end": "drip"})) as switch:
        _, outcome, _ = await make(switch, Kind.PORT_RESTART)
        assert (outcome.state, outcome.error, switch.is_on) == ("failed", "undo_command_refused", False)


@pytest.mark.parametrize(
    ("line", "does", "end"),
    [
        ("shutdown", "", ("done", "")),  # the wait between off and on is cut short
        ("no shutdown", "drip", ("undone", "stopped")),
        ("no shutdown", "", ("done", "")),
    ],
)
async def test_told_to_stop_it_comes_to_an_end_at_once(
    monkeypatch: pytest.MonkeyPatch, line: str, does: str, end: tuple[str, str]
) -> None:
    monkeypatch.setattr(change, "STOP_S", 0.5)
    stop = asyncio.Event()

    async def note(entry: Entry) -> None:
        if entry.line == line:
            stop.set()

    async with serving(PortSwitch("cisco")) as switch, Pool(patience=PATIENCE, idle_s=0) as pool:
        plan = await prepare(switch.facts, Kind.PORT_RESTART, port=switch.name, value="", pool=pool)
        plan = replace(plan, way=replace(plan.way, wait_s=3600))
        if line == "no shutdown":
            plan = replace(plan, way=replace(plan.way, wait_s=0))
        switch.does, switch.once = {line: does}, True
        told = await perform(switch.facts, plan, port=switch.name, pool=pool, journal=note, stop=stop)
        assert (told.state, told.error, switch.is_on) == (*end, True)


async def test_told_to_stop_before_the_first_line_nothing_is_typed() -> None:
    stop = asyncio.Event()
    stop.set()
    async with serving(PortSwitch("cisco")) as switch, Pool(patience=PATIENCE, idle_s=0) as pool:
        plan = await prepare(switch.facts, Kind.PORT_OFF, port=switch.name, value="", pool=pool)
        told = await perform(switch.facts, plan, port=switch.name, pool=pool, journal=_nowhere, stop=stop)
        assert (told.state, told.error, told.touched, switch.is_on) == ("failed", "stopped", False, True)


@pytest.mark.parametrize("broken", ["journal", "parser"])
async def test_a_mistake_of_ours_after_the_first_line_still_takes_it_back(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    async with serving(PortSwitch("cisco")) as switch:
        told = await broken_in_the_middle(switch, broken, monkeypatch)
        assert (told.state, switch.is_on, switch.mode) == ("undone", True, "")


async def broken_in_the_middle(switch: PortSwitch, broken: str, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """A port switched off, with a mistake after it: in the journal, or in the first looks afterwards."""
    failures = ["once"] if broken == "journal" else ["look"] * change.LOOKS

    async def note(entry: Entry) -> None:
        if broken == "journal" and entry.line == "shutdown" and entry.text is not None and failures:
            raise ValueError(failures.pop())

    async with Pool(patience=PATIENCE, idle_s=0) as pool:
        plan = await prepare(switch.facts, Kind.PORT_OFF, port=switch.name, value="", pool=pool)
        whole = change.look

        async def look(*arguments: Any) -> Look:
            if broken == "parser" and failures:
                raise ValueError(failures.pop())
            return await whole(*arguments)

        monkeypatch.setattr(change, "look", look)
        return await perform(switch.facts, plan, port=switch.name, pool=pool, journal=note)


async def test_an_undo_that_fails_is_said_to_have_failed() -> None:
    async with serving(PortSwitch("cisco", does={"no shutdown": "close"})) as switch:
        _, outcome, _ = await make(switch, Kind.PORT_RESTART)
        assert (outcome.state, outcome.error, switch.is_on) == ("failed", "undo_closed", False)
        # Nothing is tried a third time.
        assert switch.typed.count("no shutdown") == 2


async def test_no_line_is_sent_twice_when_a_session_breaks() -> None:
    async with serving(PortSwitch("d-link", does={"shutdown": "close"})) as switch:
        _, outcome, _ = await make(switch, Kind.PORT_OFF)
        assert (outcome.state, outcome.error) == ("undone", "closed")
        assert switch.typed.count("shutdown") == 1


async def test_without_an_account_there_is_no_preview() -> None:
    async with serving(PortSwitch("cisco")) as switch, Pool(patience=PATIENCE, idle_s=0) as pool:
        facts = replace(switch.facts, login=Login("", ""))
        with pytest.raises(ChangeError, match="no_credentials"):
            await prepare(facts, Kind.PORT_OFF, port=switch.name, value="", pool=pool)
        assert switch.typed == []


async def test_secrets_do_not_get_into_the_transcript() -> None:
    async with serving(PortSwitch("cisco")) as switch:
        _, _, entries = await make(switch, Kind.PORT_OFF)
        assert entries
        assert not [entry for entry in entries if "secret-of-it" in f"{entry.line}{entry.text}"]
