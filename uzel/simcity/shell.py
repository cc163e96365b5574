"""What every command line of the city has in common: who may log in, what a session is, how a command is found."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

from uzel.simcity.dynamics import City, Notice
from uzel.simcity.journal import MOST_LINES
from uzel.simcity.mib import Asked
from uzel.simcity.traffic import flowed
from uzel.simcity.world import Device, Port


class Level(IntEnum):
    USER = 1
    ADMIN = 2


# Who may log in anywhere in the city: name -> password and level. The city is invented, and so are its secrets.
ACCOUNTS: dict[str, tuple[str, Level]] = {
    "uzel": ("uzel-city", Level.ADMIN),
    "duty": ("duty-city", Level.USER),
}
ENABLE_SECRET = "enable-city"  # noqa: S105 -- of an invented city


@dataclass(slots=True)
class Shells:
    """The command lines of the whole city. `publish` is told what the devices noticed after each change."""

    city: City
    publish: Callable[[list[Notice]], None]
    clock: Callable[[], float]
    # Every answer takes about this long.
    delay_s: float = 0.0
    # Sessions open at each device; devices whose pager is off; counters as they were when somebody cleared them.
    sessions: Counter[int] = field(default_factory=Counter)
    unpaged: set[int] = field(default_factory=set)
    cleared: dict[str, tuple[float, ...]] = field(default_factory=dict)
    # When the cable of a port was tested last, where the test and its result are two commands.
    tested: dict[str, float] = field(default_factory=dict)
    opened: int = 0


@dataclass(slots=True)
class Session:
    """One person at the command line of one device. `view` is the mode of configuration, "" outside of it."""

    shells: Shells
    device: Device
    user: str = ""
    level: Level = Level.USER
    view: str = ""
    port: Port | None = None
    paging: bool = True
    renamed: bool = False
    peer: str = ""

    @property
    def city(self) -> City:
        return self.shells.city

    @property
    def now(self) -> float:
        return self.shells.clock()

    @property
    def asked(self) -> Asked:
        """The same question as an SNMP manager would ask: tables are taken from the MIBs by it."""
        now = self.now
        return Asked(self.city, self.device, now, 0, flowed(now))

    def note(self, word: str, port: Port | None = None, detail: str = "") -> None:
        """Write a line into the device's log."""
        self.device.log.append((self.now, word, port, detail))
        del self.device.log[:-MOST_LINES]

    def publish(self, notices: list[Notice]) -> None:
        """Let the world know what a change brought about."""
        self.shells.publish(notices)


def who_answers(session: Session, name: Callable[[Device], str]) -> Device:
    """The device whose name stands in the prompt: with the fault `cli-wrong-host` another one's."""
    device = session.device
    if "cli-wrong-host" not in device.faults:
        return device
    others = (d for d in session.city.world.devices.values() if d.make.family == device.make.family)
    return next((d for d in others if name(d) != name(device)), device)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command answers.

    A `question` is put after the text; `then` gets what was typed (a line, or one key) and gives the next reply.
    `screen` is a screen that refreshes itself: it gives its pages each time it is drawn.
    """

    text: str = ""
    delay_s: float = 0.0
    question: str = ""
    then: "Callable[[str], Reply] | None" = None
    secret: bool = False
    one_key: bool = False
    screen: Callable[[], Sequence[str]] | None = None
    ends: bool = False


Args = dict[str, str]
Run = Callable[[Session, Args], Reply | str]


@dataclass(frozen=True, slots=True)
class Command:
    """`form`: words that may be shortened, `<name>` for one word of the user's, `<name...>` for the rest of a line."""

    form: str
    run: Run
    level: Level = Level.USER
    # Modes in which it exists; "*" is any.
    views: tuple[str, ...] = ("",)
    # A pattern of the models that have it.
    models: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return _words(self.form)


@cache
def _words(form: str) -> tuple[str, ...]:
    return tuple(form.split())


@dataclass(frozen=True, slots=True)
class Miss:
    """No command: `at` is the index of the first word that fits nothing; `incomplete`: words are missing at the end."""

    at: int
    incomplete: bool = False


def find(commands: Iterable[Command], words: Sequence[str], session: Session) -> tuple[Command, Args] | Miss:
    """The command that was meant: of those that fit, the one with the most words written in full."""
    best: tuple[int, Command, Args] | None = None
    reached, more = 0, False
    for command in commands:
        if session.level < command.level or not ("*" in command.views or session.view in command.views):
            continue
        if not re.search(command.models, session.device.make.model):
            continue
        at, exact, args = _fit(command.words, words)
        whole = at == len(words) and _ends(command.words, at)
        if whole and (best is None or exact > best[0]):
            best = exact, command, args
        reached, more = max(reached, at), more or at == len(words)
    return (best[1], best[2]) if best else Miss(reached, more)


def words_with_ports(kinds: str) -> Callable[[str], list[str]]:
    """How a line is cut into words where "GigabitEthernet 0/1" is one; `kinds`: how names of ports begin."""
    port = re.compile(rf"(?i)\b((?:{kinds})[a-z-]*) +(\d+(?:/\d+)*)(?=\s|$)")
    return lambda line: port.sub(r"\1\2", line).split()


def _ends(form: Sequence[str], at: int) -> bool:
    """Whether the form is filled by so many words."""
    return at >= len(form)


def _fit(form: Sequence[str], words: Sequence[str]) -> tuple[int, int, Args]:
    """How many words fit, how many of them exactly, and what stands for the names."""
    exact = 0
    args: Args = {}
    for at, (part, word) in enumerate(zip(form, words, strict=False)):
        if part.endswith("...>"):
            args[part[1:-4]] = " ".join(words[at:])
            return len(words), exact, args
        if part.startswith("<"):
            args[part[1:-1]] = word
        elif part == word.lower():
            exact += 1
        elif not part.startswith(word.lower()):
            return at, exact, args
    return min(len(form), len(words)), exact, args


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a make talks. Texts have \\n for line ends; the terminal turns them into `line_end`."""

    commands: Sequence[Command]
    prompt: Callable[[Session], str]
    greeting: Callable[[Device], str]
    login: str
    password: str
    wrong: str
    # What a command is that is not there.
    missed: Callable[[Session, Sequence[str], Miss], str]
    pager: str
    erase: str
    line_end: str = "\r\n"
    rows: int = 22
    # A password is echoed as stars.
    stars: bool = False
    # How many sessions a device has, and what one too many is told.
    most: Callable[[Device], int] = lambda device: 5
    too_many: str = ""
    locked: str = ""
    # The device repeats the command before its answer.
    repeats: bool = False
    # Whether another session's lock stands in the way of a command that begins with this word.
    is_locked: Callable[[str], bool] = lambda word: True
    # A line of log as it falls into somebody's session.
    noise: Callable[[Session], str] = lambda session: ""
    # Glue "GigabitEthernet 0/1" into one word.
    words: Callable[[str], list[str]] = str.split
    refresh: str = ""
    # What is said after a login.
    welcome: Callable[[Session], str] = lambda session: ""
    # `show … | include TEXT` works.
    filters: bool = False
