"""Take the recordings of a live device: every question its driver can put, masked, with the results to expect.

What is written, per device in `<driver>/<hardware>_<firmware>/`: `<operation>[.<n>].txt`, the device's answer with the
stand-ins of `cli_mask` in it, and beside it `.json`, what the driver reads in it now.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from uzel.core.answers import Identity, MacEntry, Medium, Operation, PortStatus
from uzel.drivers.ask import AskError, Values, one_way, wants_of
from uzel.drivers.cli_expect import expected
from uzel.drivers.cli_mask import Masker
from uzel.drivers.cli_page import Ask, Page
from uzel.drivers.cli_private import own_values
from uzel.drivers.cli_text import Parsed
from uzel.drivers.pool import Pool
from uzel.drivers.session import Target
from uzel.drivers.session_errors import SessionError, Trouble

# Tells about ports and the device itself, which the other questions need, come first.
_FIRST = (Operation.IDENTITY, Operation.PORTS, Operation.MACS)
_MOST_PORTS = 4  # tried for one way of asking, until one has something to tell
# After these the device is not asked on: it would not answer the rest either.
_FATAL = frozenset(
    {Trouble.UNREACHABLE, Trouble.REFUSED, Trouble.WRONG_PASSWORD, Trouble.PASSWORD_EXPIRED, Trouble.NO_CREDENTIALS}
)
# Fields that the mask may change, but not take away.
_MASKED = frozenset(
    {"name", "serial", "description", "vlan_name", "system_name", "system_description", "port_description", "interface"}
    | {"text", "chassis_id", "port_id", "address", "ip", "mac", "group", "source"}
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the recordings are to be about. `ports`: instead of those found by looking. `known`: names to put out.

    `cable_ports` are tested although their link is up, and loses its traffic for a moment.
    """

    ports: tuple[str, ...] = ()
    cable_ports: tuple[str, ...] = ()
    address: str = ""
    known: tuple[str, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Taken:
    """One answer, raw."""

    operation: Operation
    way: Ask
    text: str = field(repr=False)


@dataclass(slots=True)
class Recording:
    """The answers of a device; `left_out`: "operation command: why" for each that there is none of."""

    host: str = ""
    taken: list[Taken] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def rows(self, kind: type) -> list[Any]:
        """All rows of a kind that were read, as the device tells them."""
        every = [row for taken in self.taken for row in taken.way.parse(taken.text).rows]
        return [row for row in every if isinstance(row, kind)]


@dataclass(frozen=True, slots=True)
class Masked:
    """Files to write, by name, and what is not written because the mask could not be proven."""

    folder: str
    files: Mapping[str, str]
    refused: tuple[str, ...]


async def take(target: Target, pool: Pool, wish: Wish) -> Recording:
    """Ask everything in every way. Raises SessionError when the device cannot be asked at all."""
    recording = Recording()
    asks = target.page.asks
    async with pool.session(target) as session:
        recording.host = session.host
    for operation in [*_FIRST, *(operation for operation in asks if operation not in _FIRST)]:
        # Those that want nothing first: what they tell, others ask about.
        for way in sorted(asks.get(operation, ()), key=lambda way: len(wants_of(way))):
            await _take_one(recording, target, operation, way, pool, wish)
    return recording


async def _take_one(
    recording: Recording, target: Target, operation: Operation, way: Ask, pool: Pool, wish: Wish
) -> None:
    why = "nothing to ask about"
    best: Taken | None = None
    for values in _values(recording, operation, way, wish, target):
        try:
            answer = await one_way(target, way, operation, values, pool)
        except (SessionError, AskError) as error:
            if isinstance(error, SessionError) and error.code in _FATAL:
                raise
            why = str(error.code)
            continue
        if way.parse(answer.text).rows:
            best = Taken(operation, way, answer.text)
            break
        why = "nothing to tell"
        # An answer without a row that was not understood is what a driver's page has to learn from.
        best = Taken(operation, way, answer.text) if answer.not_understood else best
    if best:
        recording.taken.append(best)
    else:
        recording.left_out.append(f"{operation} `{way.command}`: {why}")


def _values(recording: Recording, operation: Operation, way: Ask, wish: Wish, target: Target) -> Iterable[Values]:
    """What to ask about, likeliest first."""
    wants = wants_of(way)
    mac = next((row.mac for row in recording.rows(MacEntry) if not int(row.mac[1], 16) & 1), None)
    address = wish.address or target.address
    if "mac" in wants and mac is None:
        return []
    if "port" not in wants:
        return [Values(mac=mac, address=address)]
    ports = _ports(recording.rows(PortStatus), operation, wish, target.page)
    return [Values(port=port, mac=mac, address=address) for port in ports[:_MOST_PORTS]]


def _ports(rows: Sequence[PortStatus], operation: Operation, wish: Wish, page: Page) -> list[str]:
    named = [row for row in rows if re.fullmatch(page.port_name, row.port)]
    up = [row.port for row in named if row.link_up]
    down = [row.port for row in named if row.link_up is False and row.admin_up is not False]
    fibre = [row.port for row in named if row.link_up and row.medium is Medium.FIBRE]
    if operation is Operation.CABLE_TEST:  # a test takes a link down for a moment: only where there is none
        return list(dict.fromkeys([*wish.cable_ports, *(wish.ports and set(wish.ports) & set(down)), *down]))
    if wish.ports:
        return list(wish.ports)
    far = operation in (Operation.OPTICS, Operation.NEIGHBOURS)  # uplinks are the last ones
    return list(dict.fromkeys([*fibre, *reversed(up)] if far else [*up[:3], *down[:1], *up]))


def masked(recording: Recording, wish: Wish, name: str = "") -> Masked:
    """The recordings with stand-ins, each held against the raw one: the same rows, ports and states.

    `name` is that of the folder; without it, it is made of what the device says it is. Raises ValueError for neither.
    """
    masker = Masker()
    masker.learn(*wish.known)
    models = {word for row in recording.rows(Identity) if row.model for word in (row.model, row.model.split("-")[0])}
    if recording.host not in models:
        masker.learn(recording.host)
    for taken in recording.taken:
        masker.learn(*own_values(taken.way.parse(taken.text).rows))
        masker.read(taken.text)
    files: dict[str, str] = {}
    refused: list[str] = []
    for taken in recording.taken:
        text = masker.mask(taken.text)
        parsed = taken.way.parse(text)
        where = f"{taken.operation} `{taken.way.command}`"
        if why := differs(taken.way.parse(taken.text), parsed):
            refused.append(f"{where}: with the mask on, the driver reads {why}")
        elif leaks := masker.leaks(text):
            refused.append(f"{where}: {len(leaks)} of its own words would stay")
        else:
            files |= _files(taken, text, parsed, files)
    return Masked(name or _folder(recording), files, tuple(refused))


def differs(raw: Parsed[Any], parsed: Parsed[Any]) -> str:
    """What the mask has changed for the driver; "" when it is only names, addresses and serials."""
    if len(raw.rows) != len(parsed.rows):
        return f"{len(parsed.rows)} rows, not {len(raw.rows)}"
    if len(raw.not_understood) != len(parsed.not_understood) or len(raw.doubts) != len(parsed.doubts):
        return f"{len(parsed.not_understood)} lines not at all, {len(parsed.doubts)} with a doubt"
    for mine, other in zip(raw.rows, parsed.rows, strict=True):
        for each in fields(mine):
            before, after = getattr(mine, each.name), getattr(other, each.name)
            if not after if before and each.name in _MASKED else before != after:
                return f"another {each.name.replace('_', ' ')}"
    return ""


def _folder(recording: Recording) -> str:
    identity = next((row for row in recording.rows(Identity) if row.model), None)
    if identity is None:
        raise ValueError("the device does not say its model")
    parts = "-".join(part for part in (identity.model, identity.revision) if part), identity.firmware or "unknown"
    return "_".join(re.sub(r"[^A-Za-z0-9.]+", "-", part).strip("-") for part in parts)


def _files(taken: Taken, text: str, parsed: Parsed[Any], there: Mapping[str, str]) -> dict[str, str]:
    number = sum(name.startswith(f"{taken.operation}.") and name.endswith(".txt") for name in there)
    stem = str(taken.operation) + (f".{number + 1}" if number else "")
    return {f"{stem}.txt": text, f"{stem}.json": expected(taken.way, parsed)}


_WORD = re.compile(r"[^\W\d_][\w-]{3,}")


def strange(result: Masked, folder: Path) -> list[str]:
    """Words of the masked texts that no recording under `folder` has: a name that was missed is one of them."""
    known = {word for file in folder.glob("*/*/*.txt") for word in _WORD.findall(file.read_text(errors="replace"))}
    texts = [text for name, text in result.files.items() if name.endswith(".txt")]
    words = dict.fromkeys(word for text in texts for word in _WORD.findall(text))
    return [word for word in words if word not in known and not re.fullmatch(r"[x-zX-Z\d_-]+", word)]


def write(result: Masked, folder: Path, *, force: bool) -> list[Path]:
    """Put the files under a driver's folder. Raises FileExistsError, with nothing written, unless forced."""
    place = folder / result.folder
    there = [place / name for name in result.files if (place / name).exists()]
    if there and not force:
        raise FileExistsError(f"{there[0]} is there")
    place.mkdir(parents=True, exist_ok=True)
    for name, text in result.files.items():
        (place / name).write_bytes(text.encode())
    return [place / name for name in result.files]
