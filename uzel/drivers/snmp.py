"""Ask a device by SNMPv2c: one agent, one socket, errors that say what to do next.

The wire is gufo-snmp's; this page adds retries, typed errors and a guard against agents that lie about their order.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from gufo.snmp import NoSuchInstance, SnmpDecodeError
from gufo.snmp import SnmpError as GufoError
from gufo.snmp.aio import SnmpSession

Value = int | float | str | bytes | None

SYS_UPTIME = "1.3.6.1.2.1.1.3.0"
# A GETBULK walk that gives more rows than this is an agent that goes in circles, not a table.
WALK_LIMIT = 50_000
# Agents truncate a GET of many names to one datagram; forty names with Counter64 values fit in 1,400 octets.
GET_CHUNK = 40


class SnmpError(Exception):
    """The device could not be asked, or what it said is not to be used.

    `code`: timeout, unreachable (the network refused the datagram), malformed, no_such, denied.
    `permanent`: asking again will not help.
    """

    def __init__(self, code: str, *, permanent: bool = False) -> None:
        """Keep the code of the failure and whether a retry is of use."""
        super().__init__(code)
        self.code = code
        self.permanent = permanent


def _names(oids: list[str]) -> Callable[[SnmpSession], Any]:
    return lambda session: session.get_many(oids)


class Agent:
    """One device that answers SNMPv2c. Use as an asynchronous context manager, for one question at a time.

    `timeout_s` is per attempt; `retries` are further attempts after the first.
    """

    def __init__(
        self, address: str, port: int = 161, community: str = "public", timeout_s: float = 0.8, retries: int = 1
    ) -> None:
        """Remember whom to ask; the socket is opened by ``async with``. Raises ValueError for a bad address."""
        ipaddress.ip_address(address)
        self._session: SnmpSession | None = None
        self._options: dict[str, Any] = {"addr": address, "port": port, "community": community, "timeout": timeout_s}
        self._attempts = 1 + retries

    async def __aenter__(self) -> Self:
        """Open the socket. Raises SnmpError("unreachable") when there is no route."""
        self._session = self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop the socket."""
        self._session = None

    def _open(self) -> SnmpSession:
        try:
            return SnmpSession(**self._options)
        except OSError as error:
            raise SnmpError("unreachable") from error

    async def get(self, *oids: str) -> dict[str, Value]:
        """Values by OID (no leading dot); names that the agent does not have are left out.

        Raises SnmpError.
        """
        result: dict[str, Value] = {}
        for start in range(0, len(oids), GET_CHUNK):
            wanted = list(oids[start : start + GET_CHUNK])
            answer = await self._ask(_names(wanted))
            # An agent that answers about something else is not believed.
            result |= {oid: answer[oid] for oid in wanted if answer.get(oid) is not None}
        return result

    async def walk(self, prefix: str) -> dict[str, Value]:
        """Everything below `prefix` (no leading dot) by GETBULK, in the agent's order; empty when there is nothing.

        Raises SnmpError; "malformed" also for an agent whose names do not grow (RFC 3416 §4.2.3 wants them to).
        """
        return dict(await self._ask(lambda session: self._walk_once(session, prefix)))

    @staticmethod
    async def _walk_once(session: SnmpSession, prefix: str) -> dict[str, Value]:
        rows: dict[str, Value] = {}
        async for oid, value in session.getbulk(prefix, 30):
            if not oid.startswith(prefix + "."):
                break
            if oid in rows or len(rows) >= WALK_LIMIT:
                raise SnmpError("malformed", permanent=True)
            rows[oid] = value
        return rows

    async def _ask(self, question: Callable[[SnmpSession], Any]) -> Any:
        if self._session is None:
            raise RuntimeError("the agent is used outside of its context")
        failure = SnmpError("timeout")
        loop, timeout = asyncio.get_running_loop(), float(self._options["timeout"])
        for attempt in range(self._attempts):
            began = loop.time()
            try:
                return await question(self._session)
            except TimeoutError:
                # gufo-snmp tells a refused datagram (ICMP port unreachable) as a time-out that comes at once.
                failure = SnmpError("timeout" if loop.time() - began > timeout / 2 else "unreachable")
            except NoSuchInstance:
                return {}
            except SnmpDecodeError:
                failure = SnmpError("malformed")
            except GufoError as error:
                failure = SnmpError("denied" if "Auth" in type(error).__name__ else "malformed")
            except OSError:
                failure = SnmpError("unreachable")
            except BaseException as error:
                # gufo-snmp 0.13 panics on some broken datagrams: Rust's panic comes as a BaseException.
                if type(error).__name__ != "PanicException":
                    raise
                failure = SnmpError("malformed")
            if failure.code == "unreachable" and attempt + 1 < self._attempts:
                # An agent that has just restarted refuses for a moment, so this too is tried again, later.
                await asyncio.sleep(min(0.2, timeout / 2))
        raise failure
