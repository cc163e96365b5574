"""What a driver page is: the data by which a session talks to one kind of switch, and the questions it can answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from uzel.core.answers import Operation
from uzel.core.changes import Kind
from uzel.drivers.cli_text import Parsed
from uzel.drivers.cli_whole import guarded


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
    EXPIRED = "expired"  # the password is right and too old: nobody comes in before it is changed
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

    def __post_init__(self) -> None:
        """Whoever asks gets no row into which a message of the log fell."""
        object.__setattr__(self, "parse", guarded(self.parse))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to make a change. Each text is lines; `{port}`, `{text}`, `{mac}`, `{vlan}` take validated values only.

    `first` leads to where `do` is understood, `after` out of there again, whatever happened in between. `undo` takes
    back what `do` did; of a description it is `do` again with the old text (`empty`: the line for none). `{mac}` and
    `{vlan}` (its name) are of a blocked client: the line is written once for each.

    `check` is the question asked afterwards; `expect` has to stand in the answer to the last line of `do`, where no
    question could tell. `answers` are the questions that these lines may ask, and the replies: nothing else is
    answered. `wait_s` passes before the line of `do` that is the first one of `undo`. `only`: for which models and
    firmware, a pattern over both; the first way that fits is taken.
    """

    do: str
    undo: str = ""
    empty: str = ""
    first: str = ""
    after: str = ""
    check: Operation = Operation.PORTS
    expect: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    wait_s: float = 0.0
    only: str = ""
    mark: Mark = Mark.MANUAL


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
    # Questions that reading asks; those of a change are answered by its `Way` alone.
    confirms: tuple[tuple[str, str], ...] = field(default=())
    # Screens that refresh themselves until they are left: their last line, the key for the next page, the one to leave.
    screens: tuple[tuple[str, str, str], ...] = ()
    changes: Mapping[Kind, tuple[Way, ...]] = field(default_factory=dict)
