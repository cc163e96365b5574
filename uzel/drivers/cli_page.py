"""What a driver page is: the data by which a session talks to one kind of switch, and the questions it can answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from uzel.core.answers import Operation
from uzel.drivers.cli_text import Parsed


class Mark(StrEnum):
    """On what the format of an answer rests."""

    RECORDED = "recorded"  # seen in a recording of a real device
    MANUAL = "manual"  # printed in the maker's manual
    UNVERIFIED = "unverified"  # believed: to be proven on a real device, and shown so


class Refusal(StrEnum):
    """Why a device would not answer."""

    UNKNOWN_COMMAND = "unknown_command"
    WRONG_ARGUMENT = "wrong_argument"
    LOW_PRIVILEGE = "low_privilege"
    LOCKED = "locked"  # another session holds the device
    LOGIN = "login"  # wrong name or password
    NOT_SUPPORTED = "not_supported"


@dataclass(frozen=True, slots=True)
class Ask:
    """One way to put a question. `{port}`, `{mac}`, `{vlan}`, `{address}` in the command take validated values only.

    `first` (lines) runs before the command, `wait_s` passes between the two (a cable test takes its time; when the
    answer `tells_end`, it is asked for at once and again until then), and `after` (lines) goes back to where the
    session was. `stop` is the key that ends a screen that refreshes itself. `models`:
    for which models, when not for all.
    """

    command: str
    parse: Callable[[str], Parsed[Any]]
    mark: Mark = Mark.RECORDED
    first: str = ""
    after: str = ""
    wait_s: float = 0.0
    tells_end: bool = False
    stop: str = ""
    models: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A driver. Patterns are regular expressions over drawn lines; an `asks` entry lists the ways, best first."""

    name: str
    title: str
    prompt: str
    pagers: tuple[tuple[str, str], ...]
    refusals: tuple[tuple[str, Refusal], ...]
    asks: Mapping[Operation, tuple[Ask, ...]]
    port_name: str  # what may be written for `{port}`: the names that the parsers give
    mac_style: str  # how `{mac}` is written: "XX-XX-XX-XX-XX-XX", "xxxx.xxxx.xxxx" …
    user_prompt: str = ""
    login: str = r"(?:[Uu]ser ?[Nn]ame|[Ll]ogin)\s*:\s*$"
    password: str = r"[Pp]ass[Ww]ord\s*:\s*$"  # noqa: S105 -- a prompt
    line_end: str = "\r\n"
    enable: str = ""
    no_paging: tuple[str, ...] = ()
    leave: str = "logout"
    confirms: tuple[tuple[str, str], ...] = field(default=())
    # Screens that refresh themselves until they are left: their last line, the key for the next page, the one to leave.
    screens: tuple[tuple[str, str, str], ...] = ()
