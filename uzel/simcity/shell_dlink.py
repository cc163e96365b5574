"""The classic command line of D-Link: how it greets, prompts, pages and refuses, and the list of its commands.

Old models (DES-3526, 3550, 3028) have numbers for levels, newer ones words. The prompt has the name that the operator
gave, or the model's, or the address, as it happens in a grown network.
"""

from collections.abc import Sequence

from uzel.simcity import shell_dlink_changes as changes
from uzel.simcity import shell_dlink_ports as ports
from uzel.simcity import shell_dlink_tables as tables
from uzel.simcity import shell_dlink_unit as unit
from uzel.simcity.shell import ENABLE_SECRET, Args, Command, Dialect, Level, Miss, Reply, Session, who_answers
from uzel.simcity.world import Device, spread

# Models whose levels are numbers: administrator, user.
_NUMBERS = {"DES-3526": ("4", "3"), "DES-3550": ("4", "3"), "DES-3028": ("5", "3"), "DES-1210-28/ME": ("5", "3")}
# Sessions that a model stands; the newer ones have eight.
_FEW = {"DES-3526": 2, "DES-3550": 2, "DES-3028": 1, "DES-1210-28/ME": 2}
_WHITE = "\x1b[7mCTRL+C ESC q Quit SPACE n Next Page {}\x1b[0m"


def host(device: Device) -> str:
    """The name in the prompt of a device. /ME models keep the one that they are born with."""
    if device.make.model.endswith("/ME"):
        return device.make.model
    share = spread(device.code, "prompt")
    return device.code if share < 0.7 else device.make.model if share < 0.9 else device.address


def prompt(session: Session) -> str:
    """`o1-d1-k1-h1-sw1:admin#`, `DES-3028:5#`."""
    device = who_answers(session, host)
    admin, user = _NUMBERS.get(device.make.model, ("admin", "user"))
    name = host(device) + ("-spare" if session.renamed else "")
    return f"{name}:{admin if session.level is Level.ADMIN else user}#"


def _greeting(device: Device) -> str:
    make = device.make
    return (
        f"\n{make.descr.removeprefix('D-Link '):^80}\n{'Command Line Interface':^80}\n\n"
        f"{'Firmware: ' + make.firmware:^80}\n"
        f"{'Copyright(C) 2012 D-Link Corporation. All rights reserved.':^80}\n"
    )


def _missed(session: Session, words: Sequence[str], miss: Miss) -> str:
    known = [command.words for command in COMMANDS if session.level >= command.level]
    typed = [word.lower() for word in words[: miss.at]]
    fitting = [form for form in known if _begins(form, typed)]
    nexts = sorted({form[miss.at] for form in fitting if len(form) > miss.at})
    rows = ["".join(f"{word:<20}" for word in nexts[at : at + 4]).rstrip() for at in range(0, len(nexts), 4)]
    return ("Next possible completions:\n" if miss.at else "Available commands:\n") + "\n".join(rows) + "\n\n"


def _begins(form: Sequence[str], typed: Sequence[str]) -> bool:
    return len(form) >= len(typed) and all(
        part.startswith(("<", word)) for part, word in zip(form, typed, strict=False)
    )


def _enable(session: Session, args: Args) -> Reply:
    if session.level is Level.ADMIN:
        return Reply("You already have the admin privilege!\n\n")

    def check(secret: str) -> Reply:
        if secret != ENABLE_SECRET:
            return Reply("\nFail!\n\n")
        session.level = Level.ADMIN
        return Reply("\nSuccess.\n\n")

    return Reply(question="PassWord:", then=check, secret=True)


def _clipaging(on: bool) -> Command:
    def turn(session: Session, args: Args) -> str:
        (session.shells.unpaged.discard if on else session.shells.unpaged.add)(session.device.id)
        session.paging = on
        return "Success.\n\n"

    return Command(f"{'enable' if on else 'disable'} clipaging", turn, Level.ADMIN)


def _logout(session: Session, args: Args) -> Reply:
    return Reply("\n***********\n* Logout! *\n***********\n", ends=True)


def _noise(session: Session) -> str:
    port = session.device.ports[0].shape.base_port
    return f"WARN(4) {session.device.address} Port {port} link up, 100Mbps FULL duplex"


def _most(device: Device) -> int:
    return _FEW.get(device.make.model, 8)


COMMANDS: tuple[Command, ...] = (
    Command("enable admin", _enable),
    Command("logout", _logout),
    _clipaging(True),
    _clipaging(False),
    *unit.COMMANDS,
    *ports.COMMANDS,
    *tables.COMMANDS,
    *changes.COMMANDS,
)
DIALECT = Dialect(
    commands=COMMANDS,
    prompt=prompt,
    greeting=_greeting,
    login="\nUserName:",
    password="PassWord:",  # noqa: S106 -- a prompt
    wrong="Incorrect Login/Password",
    missed=_missed,
    pager=_WHITE.format("ENTER Next Entry a All "),
    refresh=_WHITE.format("p Previous Page r Refresh"),
    erase="\r\x1b[K",
    line_end="\n\r",
    rows=20,
    stars=True,
    most=_most,
    too_many="System locked by other session!",
    locked="System locked by other session!",
    is_locked=lambda word: word != "logout",
    repeats=True,
    noise=_noise,
)
