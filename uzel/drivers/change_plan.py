"""The exact lines of a change, made of a driver's page and of values that were taken by their type."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from uzel.core.changes import LONGEST_OLD_TEXT, Kind, Seen
from uzel.drivers import cli_input
from uzel.drivers.cli_input import BadInputError
from uzel.drivers.cli_page import Page, Way

# Quotes are the page's own; whatever is not listed here cannot be in a line. See `cli_input` for why.
_LINE = re.compile(r"[A-Za-z0-9 _./:,()*=@\"\-]{1,200}", re.ASCII)


class ChangeError(Exception):
    """The change cannot be made as it was asked. `code`: not_offered, bad_<field>, or a code of `core.changes`."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Client:
    """A client that address binding keeps out. `vlan` is the VLAN's name."""

    mac: str
    vlan: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be typed. `first` and `after` lead to where `do` and `undo` are understood, and out of there."""

    kind: Kind
    way: Way
    value: str
    before: Seen
    first: tuple[str, ...]
    do: tuple[str, ...]
    after: tuple[str, ...]
    undo: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """All lines in order, as they are shown to whoever confirms them."""
        return (*self.first, *self.do, *self.after)

    @property
    def undoing(self) -> tuple[str, ...]:
        """The lines that take it back; none when nothing does."""
        return (*self.first, *self.undo, *self.after) if self.undo else ()


def way_of(page: Page, kind: Kind, about: str) -> Way:
    """The page's way to make a change. `about`: model and firmware. Raises ChangeError("not_offered")."""
    fitting = (way for way in page.changes.get(kind, ()) if not way.only or re.search(way.only, about))
    if (way := next(fitting, None)) is None:
        raise ChangeError("not_offered")
    return way


def plan(
    page: Page, kind: Kind, way: Way, *, port: str | None, value: str, before: Seen, clients: Sequence[Client] = ()
) -> Plan:
    """The lines. Raises ChangeError for a value that must not reach a command line, or is missing."""
    try:
        values = {} if port is None else {"port": cli_input.port(port, page)}
        if kind is Kind.DESCRIPTION:
            values["text"] = cli_input.description(value)
        do = _lines(_say(way, kind, value), values, page, clients)
        if not do:
            raise ChangeError("nothing_blocked")
        return Plan(
            kind,
            way,
            value,
            before,
            _lines(way.first, values, page),
            do,
            _lines(way.after, values, page),
            _undo(page, kind, way, values, before),
        )
    except BadInputError as error:
        raise ChangeError(f"bad_{error.field}") from error


def _undo(page: Page, kind: Kind, way: Way, values: dict[str, str], before: Seen) -> tuple[str, ...]:
    """The lines that bring back what was; a description that no line could carry cannot be brought back."""
    if kind is not Kind.DESCRIPTION:
        return _lines(way.undo, values, page)
    if (old := before.description) is None:
        return ()
    try:
        return _lines(
            _say(way, kind, old), values | {"text": cli_input.description(old, longest=LONGEST_OLD_TEXT)}, page
        )
    except BadInputError:
        return ()


def _say(way: Way, kind: Kind, text: str) -> str:
    return way.empty if kind is Kind.DESCRIPTION and not text else way.do


def _lines(
    template: str, values: dict[str, str], page: Page, clients: Iterable[Client] | None = None
) -> tuple[str, ...]:
    """Every line filled in, those about a client once for each."""
    written: list[str] = []
    for line in template.split("\n") if template else ():
        if "{mac}" in line:
            written += [_fill(line, values | _client(each, page), line) for each in clients or ()]
        else:
            written.append(_fill(line, values, line))
    return tuple(written)


def _client(client: Client, page: Page) -> dict[str, str]:
    return {"mac": cli_input.mac(client.mac, page.mac_style), "vlan": cli_input.vlan_name(client.vlan)}


def _fill(line: str, values: dict[str, str], template: str) -> str:
    try:
        filled = line.format(**values)
    except KeyError as missing:
        raise BadInputError(str(missing.args[0])) from None
    if not _LINE.fullmatch(filled) or filled.count('"') != template.count('"'):
        raise BadInputError("command")
    return filled
