"""The part of a probe that goes over a switch's command line: what SNMP does not tell of a port.

Gives ``{"cable": CableTest, "groups": [IgmpGroup], "bindings": [Binding], "blocked_macs": [MAC], "loops": [LoopState],
"optics": [Optics of the uplinks], "log": [LogLine, newest first], "said": [the raw answers], "missing": {operation:
code}}``, and where SNMP is silent "status", "counted", "counters" and "heard" (PortStatus, PortErrors, PortCounters,
MacEntry), rows by the names of `core.answers`. What was not asked for is left out; what was asked for in vain is in
"missing".
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from uzel.core.answers import Operation
from uzel.drivers.ask import Answer, AskError, By, Facts, Values, ask
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import Trouble
from uzel.drivers.transport import Login
from uzel.pollers.probe_question import Question

# All reads of one probe together, and with a test of the cable: Cisco's takes five to seven seconds.
READS_S, CABLE_S = 2.5, 11.0
# The budget ended before the answer came. All other codes are those of AskError.
LATE = "late"
# The device answered, and there was not one row in it about the port.
NOTHING_TOLD = "nothing_told"
# So many uplinks are asked for their light.
LIT_UPLINKS = 2
# What changes no verdict.
NEWS = frozenset({Operation.LOG, Operation.LOOPS, Operation.OPTICS})
KEPT_TEXT, KEPT_LOG = 20_000, 20
# After these the next question may still be answered; after all others the device is left alone.
GOES_ON = frozenset({Trouble.COMMAND_REFUSED, Trouble.LOW_PRIVILEGE, "not_asked", "no_such", "bad_port", "needs_port"})
# A person has to do something about the password first.
OF_PASSWORD = frozenset({Trouble.WRONG_PASSWORD, Trouble.PASSWORD_EXPIRED})
# A device that let nobody in is not tried again by the next card: it would wait in vain, or lock the account.
HELD = frozenset({*OF_PASSWORD, Trouble.WRONG_HOST, Trouble.UNREACHABLE, Trouble.NO_PROMPT, Trouble.HUNG, LATE})
HOLD_S = 30.0
# A log that did not come in time, or had no end, is not asked for again so soon.
LONG_LOG_S = 3600.0
# The longest wait for a session that other probes have: a test of a cable holds one for seconds.
TURN_S = {"cable": 6.0, "reads": 1.5, "news": 0.2}


def _log(answer: Answer) -> list[dict[str, Any]]:
    """The newest first; Cisco alone prints the oldest first."""
    rows = answer.rows[::-1] if answer.driver == "cisco_ios" else answer.rows
    return [asdict(row) for row in rows[:KEPT_LOG]]


def _all(answer: Answer) -> list[dict[str, Any]]:
    return [asdict(row) for row in answer.rows]


def _cable(answer: Answer) -> dict[str, Any] | None:
    """A combo port has two rows: the one that was tested tells more."""
    tests = sorted(answer.rows, key=lambda test: (test.state is not None, len(test.pairs)))
    return asdict(tests[-1]) if tests else None


# operation -> the name of its part, and what is kept of the answer.
PARTS: Mapping[Operation, tuple[str, Callable[[Answer], Any]]] = {
    Operation.PORTS: ("status", _all),
    Operation.ERRORS: ("counted", _all),
    Operation.COUNTERS: ("counters", _all),
    Operation.MACS: ("heard", _all),
    Operation.CABLE_TEST: ("cable", _cable),
    Operation.IGMP_GROUPS: ("groups", _all),
    Operation.BLOCKED: ("blocked_macs", lambda answer: [row.mac for row in answer.rows]),
    Operation.BINDINGS: ("bindings", _all),
    Operation.LOOPS: ("loops", _all),
    Operation.OPTICS: ("optics", _all),
    Operation.LOG: ("log", _log),
}


class Told:
    """What the command line has told one probe so far: `result`, and `under_way`, the questions not yet answered."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self.result: dict[str, Any] = {"said": [], "missing": {}}
        self.under_way: list[str] = []


class CliReader:
    """Asks command lines; remembers for a while which devices let nobody in, and whose logs are too long."""

    def __init__(self, pool: Pool) -> None:
        """Nothing is remembered yet."""
        self._pool = pool
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._held: dict[tuple[int, Login], tuple[float, str]] = {}
        self._long_logs: dict[int, float] = {}

    async def ask(
        self,
        question: Question,
        operations: Sequence[Operation],
        *,
        seconds: float,
        patient: bool = False,
        told: Told | None = None,
    ) -> dict[str, Any]:
        """The parts of these operations, in their order, within so many seconds. Never raises for the device's sake.

        `patient`: try although the device has just let nobody in (a person asks for it). `told` is filled meanwhile.
        """
        told = told or Told()
        told.under_way, result = [operation.value for operation in operations], told.result
        end, over = _now() + seconds, self._closed(question, patient=patient)
        if question.access is None or over:
            result["missing"] = dict.fromkeys((operation.value for operation in operations), over)
            return result
        target = question.access.target()
        turns = self._turns.setdefault(target.place, asyncio.Semaphore(target.limit))
        try:
            async with asyncio.timeout_at(_now() + min(seconds, _turn_s(operations))):
                await turns.acquire()
        except TimeoutError:
            result["missing"] = dict.fromkeys((operation.value for operation in operations), str(Trouble.BUSY))
            return result
        try:
            await self._each(question, question.access, operations, end, told)
        finally:
            turns.release()
        return result

    async def _each(
        self, question: Question, access: Facts, operations: Sequence[Operation], end: float, told: Told
    ) -> None:
        over, result, missing = "", told.result, told.result["missing"]
        for operation in operations:
            if not over and operation is Operation.LOG and self._log_is_long(question.device):
                missing[operation.value] = LATE
            elif not over:
                over = await self._parts(access, question, operation, end, result)
            else:
                missing[operation.value] = over
            told.under_way.remove(operation.value)
        if over in HELD and not _had_any(result):
            self._held[question.device, access.login] = time.monotonic() + HOLD_S, over
        if missing.get(Operation.LOG) in (LATE, Trouble.FLOODED):
            self._long_logs[question.device] = time.monotonic() + LONG_LOG_S

    def _closed(self, question: Question, *, patient: bool) -> str:
        """Why there is no use in asking, or nothing."""
        if question.access is None:
            return question.access_error
        if not question.access.login.user:
            return Trouble.NO_CREDENTIALS
        until, code = self._held.get((question.device, question.access.login), (0.0, ""))
        if time.monotonic() >= until:
            self._held.pop((question.device, question.access.login), None)
            return ""
        return "" if patient and code not in OF_PASSWORD else code

    def _log_is_long(self, device: int) -> bool:
        if time.monotonic() < self._long_logs.get(device, 0.0):
            return True
        self._long_logs.pop(device, None)
        return False

    async def _parts(
        self, access: Facts, question: Question, operation: Operation, end: float, result: dict[str, Any]
    ) -> str:
        """As `_one`; of the light, uplink by uplink: a copper one has none, which is no trouble."""
        if operation is not Operation.OPTICS:
            return await self._one(access, question.port, operation, end, result)
        access = replace(access, ports=dict(zip(question.uplink_names, question.uplinks, strict=True)))
        found: list[dict[str, Any]] = []
        for port in question.uplink_names[:LIT_UPLINKS]:
            over = await self._one(access, port, operation, end, result)
            found += result.pop("optics", [])
            if over:
                return over
            if result["missing"].get(operation.value) == Trouble.COMMAND_REFUSED:
                del result["missing"][operation.value]
        result["optics"] = found
        return ""

    async def _one(
        self, access: Facts, port: str | None, operation: Operation, end: float, result: dict[str, Any]
    ) -> str:
        """Ask one operation and put what came into the result; a code when no other is worth asking now."""
        part, keep = PARTS[operation]
        # Somebody else's, a change's or a backup's: a wait for it tells nothing of the device.
        late = str(Trouble.BUSY) if self._pool.is_full(access.target()) else LATE
        try:
            async with asyncio.timeout_at(end):
                answer = await ask(access, operation, pool=self._pool, values=Values(port=port), by=By.CLI)
        except TimeoutError:
            result["missing"][operation.value] = late
            return late
        except AskError as error:
            result["missing"][operation.value] = str(error.code)
            if error.text:
                result["said"].append(_unfinished(operation, error))
            return "" if error.code in GOES_ON else str(error.code)
        result[part] = keep(answer)
        if result[part] is None:
            result["missing"][operation.value] = NOTHING_TOLD
        result["said"].append(_said(answer))
        return ""


def dead_line(question: Question, *, tested: bool) -> tuple[Operation, ...]:
    """What is asked of a port without link; its cable is tested where that may tell why."""
    test = (Operation.CABLE_TEST,) if tested else ()
    return (*test, *known_to(question, Operation.LOOPS), Operation.LOG)


def live_line(question: Question, heard: set[str] | None) -> tuple[Operation, ...]:
    """What is asked of a port with link, on which these MACs are `heard`; what matters most comes first.

    A test of the cable is not among it: it would break the link off for a moment.
    """
    strange = heard is not None and not (heard & question.macs if question.macs else heard)
    wanted = [Operation.IGMP_GROUPS] if "iptv" in question.kinds else []
    if strange or question.vendor == "d-link":
        wanted += known_to(question, Operation.BLOCKED, Operation.BINDINGS)
    # D-Link tells the light of its uplinks by SNMP.
    light = known_to(question, Operation.OPTICS) if question.vendor != "d-link" and question.uplink_names else []
    return (*wanted, *known_to(question, Operation.LOOPS), *light, Operation.LOG)


def known_to(question: Question, *operations: Operation) -> list[Operation]:
    """Those that its driver knows: there is nothing to miss where a make has no such thing."""
    asks = question.access.page.asks if question.access else {}
    return [operation for operation in operations if operation in asks]


def _turn_s(operations: Sequence[Operation]) -> float:
    """How long these are worth waiting for while other probes have the switch's sessions."""
    if Operation.CABLE_TEST in operations:
        return TURN_S["cable"]
    return TURN_S["news" if set(operations) <= NEWS else "reads"]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _said(answer: Answer) -> dict[str, Any]:
    return {
        "operation": answer.operation.value,
        "by": answer.by.value,
        "asked": list(answer.asked),
        "text": _kept(answer.text),
        "mark": str(answer.mark),
        "not_understood": [_clean(line) for line in answer.not_understood],
    }


def _unfinished(operation: Operation, error: AskError) -> dict[str, Any]:
    """What the device had said until the error."""
    way: dict[str, Any] = {"operation": operation.value, "by": error.by or "cli", "asked": []}
    return way | {"text": _kept(error.text), "mark": "", "not_understood": []}


def _kept(text: str) -> str:
    return _clean(text)[:KEPT_TEXT]


def _clean(text: str) -> str:
    """As a database can keep it: PostgreSQL has no NUL in text, and no half of a pair of surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _had_any(result: Mapping[str, Any]) -> bool:
    return any(part in result for part, _ in PARTS.values())
