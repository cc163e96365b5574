"""The sessions that are open: few per device, kept for a moment between two questions, given back whatever happens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from uzel.drivers.session import CliSession, Target, connect
from uzel.drivers.session_errors import Patience, SessionError, Trouble
from uzel.drivers.transport import HostKeys

# Sessions at once per device, by driver. Old D-Links have four lines for all people and programs together, some take
# one or two; a person who comes by telnet must find a free one.
LIMITS: Mapping[str, int] = {"cisco_ios": 2, "huawei_vrp": 2}
LIMIT = 1
# Rows of answers are many, and none of them points back at another: a process that lives of sessions need not look for
# circles of garbage after every 700 new objects, as Python does.
GARBAGE_EVERY = 50_000
# Between two questions of one caller; a line that is held for longer keeps people out.
IDLE_S = 10.0
# Logins under way at once in this process. Where a district is dark, each of its switches holds one for seconds.
LOGINS = 200


@dataclass
class _Device:
    """The sessions of one device: the turns there are, and the sessions that wait for a question, with their ends."""

    turns: asyncio.Semaphore
    idle: dict[CliSession, asyncio.TimerHandle] = field(default_factory=dict)
    users: int = 0


class Pool:
    """Sessions by device. Use as an asynchronous context manager: leaving it closes what is open."""

    def __init__(
        self, *, patience: Patience | None = None, known: HostKeys | None = None, idle_s: float = IDLE_S
    ) -> None:
        """`known` holds the host keys that were met; it is written to when a new device is met."""
        self.patience = patience or Patience()
        self._known: HostKeys = {} if known is None else known
        self._idle_s = idle_s
        self._devices: dict[str, _Device] = {}
        self._logins = asyncio.Semaphore(LOGINS)

    async def __aenter__(self) -> "Pool":
        """Nothing is opened before the first question."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Log out everywhere."""
        for device in self._devices.values():
            for session, end in device.idle.items():
                end.cancel()
                session.leave()
        self._devices.clear()

    @property
    def open_sessions(self) -> int:
        """Sessions that wait for a question."""
        return sum(len(device.idle) for device in self._devices.values())

    @property
    def taken(self) -> int:
        """Askers that have a session or wait for one."""
        return sum(device.users for device in self._devices.values())

    def is_full(self, target: Target) -> bool:
        """Whether every session that may be held with the device is at work now."""
        device = self._devices.get(target.place)
        return device is not None and device.turns.locked()

    @contextlib.asynccontextmanager
    async def session(self, target: Target, *, fresh: bool = False) -> AsyncIterator[CliSession]:
        """A session for one question, an open one when there is one (not when `fresh`). Raises SessionError.

        A fresh one is held to the device's name by a question of its own, where the prompt does not tell it.
        It goes back to the pool when the block ends well or the device refused a command, else it is hung up.
        """
        device = self._devices.setdefault(target.place, _Device(asyncio.Semaphore(target.limit)))
        device.users += 1
        try:
            await self._turn(device)
            try:
                session = await self._take(device, target, fresh=fresh)
                try:
                    yield session
                except SessionError:
                    raise  # the session itself knows whether it is still good
                except BaseException:
                    session.abort()  # in the middle of an answer, for all we know
                    raise
                finally:
                    self._give_back(device, session)
            finally:
                device.turns.release()
        finally:
            device.users -= 1
            if not device.users and not device.idle:
                self._devices.pop(target.place, None)

    async def _turn(self, device: _Device) -> None:
        try:
            async with asyncio.timeout(self.patience.turn_s):
                await device.turns.acquire()
        except TimeoutError as error:
            raise SessionError(Trouble.BUSY, stage="pool") from error

    async def _take(self, device: _Device, target: Target, *, fresh: bool) -> CliSession:
        while device.idle:
            session, end = device.idle.popitem()
            end.cancel()
            if session.is_open and session.target == target and target.is_named(session.host) and not fresh:
                return session
            session.leave()
        async with self._logins:
            session = await connect(target, self._known, self.patience)
        if fresh:
            try:
                await session.identify()
            except BaseException:
                session.abort()
                raise
        return session

    def _give_back(self, device: _Device, session: CliSession) -> None:
        if not session.is_open:
            session.abort()
        elif not self._idle_s:
            session.leave()
        else:
            end = asyncio.get_running_loop().call_later(self._idle_s, self._let_go, device, session)
            device.idle[session] = end

    def _let_go(self, device: _Device, session: CliSession) -> None:
        """Log out of a session that nobody took."""
        del device.idle[session]
        session.leave()
        if not device.users and not device.idle:
            self._devices.pop(session.target.place, None)
