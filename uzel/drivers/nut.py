"""Ask an upsd of Network UPS Tools over its own protocol (RFC 9271): which UPSes it has, what one of them says.

Lines of text over TCP, usually port 3493; reading needs no account. Whatever is at the other end, the answer or a
NutError comes within the time given: a silent, cut, endless or nonsensical answer is an error with its name.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping

PORT = 3493
# A large UPS with all its outlets has about 300 variables; longer answers are not an upsd's.
ANSWER_BYTES = 200_000
# RFC 9271 §3: names of UPSes and variables, values in quotes with \" and \\ inside.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
_UPS = re.compile(r'UPS (\S+) "((?:[^"\\]|\\.)*)"')
_VAR = re.compile(r'VAR (\S+) ([A-Za-z0-9._-]+) "((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")

# What upsd says (RFC 9271 §5), as what it means to the asker, and whether a person has to change something first.
ERRORS: Mapping[str, tuple[str, bool]] = {
    "DATA-STALE": ("stale", False),  # its driver has not heard from the UPS for a while
    "DRIVER-NOT-CONNECTED": ("stale", False),  # its driver has died
    "UNKNOWN-UPS": ("no_such", True),
    "ACCESS-DENIED": ("denied", True),
    "USERNAME-REQUIRED": ("denied", True),
    "PASSWORD-REQUIRED": ("denied", True),
    "TLS-NOT-ENABLED": ("denied", True),
    "FEATURE-NOT-CONFIGURED": ("denied", True),
}


class NutError(Exception):
    """The upsd could not be asked, or what it said is not to be used.

    `code`: unreachable, refused (nobody listens), timeout, closed (in the middle), flooded, malformed, denied, no_such
    (it has no such UPS, or several and none of that name), stale (it has lost the UPS itself). `text`: its own word.
    `permanent`: asking again will not help.
    """

    def __init__(self, code: str, *, permanent: bool = False, text: str = "") -> None:
        """Keep the code of the failure and what upsd said."""
        super().__init__(f"{code} {text}".strip())
        self.code = code
        self.permanent = permanent
        self.text = text


class Upsd:
    """An open connection; `connect` makes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take over an open connection to which nothing has been said."""
        self._reader, self._writer = reader, writer
        self._left = ANSWER_BYTES

    async def upses(self) -> tuple[str, ...]:
        """Names of its UPSes. Raises NutError."""
        return tuple(found[1] for line in await self._list("UPS") if (found := _matched(_UPS, line)))

    async def variables(self, ups: str) -> dict[str, str]:
        """All that it knows of one UPS, by the names of NUT ("battery.charge"). Raises NutError."""
        if not _NAME.fullmatch(ups):
            raise NutError("no_such", permanent=True)
        found: dict[str, str] = {}
        for line in await self._list(f"VAR {ups}"):
            row = _matched(_VAR, line)
            if row[1] != ups:
                raise NutError("malformed", text=line[:80])
            found[row[2]] = _ESCAPED.sub(r"\1", row[3])
        return found

    async def _list(self, what: str) -> list[str]:
        """The lines of ``LIST what`` between its BEGIN and its END."""
        self._left = ANSWER_BYTES
        self._writer.write(f"LIST {what}\n".encode())
        line = await self._line()
        if line.startswith("ERR "):
            code, permanent = ERRORS.get(line.split(" ")[1], ("malformed", False))
            raise NutError(code, permanent=permanent, text=line[:80])
        if line != f"BEGIN LIST {what}":
            raise NutError("malformed", text=line[:80])
        lines: list[str] = []
        while (line := await self._line()) != f"END LIST {what}":
            lines.append(line)
        return lines

    async def _line(self) -> str:
        try:
            data = await self._reader.readline()
        except ValueError as error:  # longer than the limit of the stream
            raise NutError("flooded") from error
        if not data.endswith(b"\n"):
            raise NutError("closed", text=data[:80].decode(errors="replace"))
        self._left -= len(data)
        if self._left < 0:
            raise NutError("flooded")
        line = data.decode(errors="replace").rstrip("\r\n")
        # Nothing of it may move the cursor of the terminal that shows it.
        return line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line)

    def leave(self) -> None:
        """Say good-bye and hang up, without waiting."""
        with contextlib.suppress(OSError):
            self._writer.write(b"LOGOUT\n")
        self._writer.close()


def _matched(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    if found := pattern.fullmatch(line):
        return found
    raise NutError("malformed", text=line[:80])


@contextlib.asynccontextmanager
async def connect(address: str, port: int = PORT, *, within_s: float) -> AsyncIterator[Upsd]:
    """A connection for one dialogue, which has `within_s` seconds in all. Raises NutError."""
    try:
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(address, port, limit=ANSWER_BYTES)
            upsd = Upsd(reader, writer)
            try:
                yield upsd
            finally:
                upsd.leave()
    except TimeoutError as error:
        raise NutError("timeout") from error
    except ConnectionRefusedError as error:
        raise NutError("refused") from error
    except ConnectionError as error:
        raise NutError("closed") from error
    except OSError as error:
        raise NutError("unreachable") from error


def choose(listed: tuple[str, ...], wanted: str) -> str:
    """Which UPS of an upsd is meant: the one of that name, else the only one. Raises NutError("no_such")."""
    if wanted in listed:
        return wanted
    if len(listed) == 1:
        return listed[0]
    raise NutError("no_such", permanent=True, text=", ".join(listed)[:80])


async def read(address: str, port: int, wanted: str, *, within_s: float) -> dict[str, str]:
    """All variables of the UPS that `wanted` names, or of the only one there. Raises NutError."""
    async with connect(address, port, within_s=within_s) as upsd:
        return await upsd.variables(choose(await upsd.upses(), wanted))
