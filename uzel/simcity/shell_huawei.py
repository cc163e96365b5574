"""The command line of Huawei VRP 5: views, errors with their caret, and what changes something."""

from collections.abc import Sequence

from uzel.simcity import shell_huawei_ports as ports
from uzel.simcity import shell_huawei_tables as tables
from uzel.simcity import shell_huawei_unit as unit
from uzel.simcity.changes import clear_counters, describe_here, switch_port, unblock
from uzel.simcity.shell import (
    ENABLE_SECRET,
    Args,
    Command,
    Dialect,
    Level,
    Miss,
    Reply,
    Session,
    find,
    who_answers,
    words_with_ports,
)
from uzel.simcity.shell_cisco_ports import real
from uzel.simcity.shell_huawei_ports import WRONG, find_port
from uzel.simcity.world import Device


def _prompt(session: Session) -> str:
    device = who_answers(session, lambda d: d.code)
    name = device.code + ("-spare" if session.renamed else "")
    if not session.view:
        return f"<{name}>"
    return f"[{name}{f'-{session.port.shape.name}' if session.port else ''}]"


def _missed(session: Session, words: Sequence[str], miss: Miss) -> str:
    if session.level < Level.ADMIN:
        session.level, own = Level.ADMIN, session.level
        found = find(COMMANDS, words, session)
        session.level = own
        if not isinstance(found, Miss):
            return "Error: You do not have permission to run the command or the command is incomplete.\n"
    at = len(_prompt(session)) + sum(len(word) + 1 for word in words[: miss.at])
    what = "Incomplete command" if miss.incomplete else "Unrecognized command"
    return f"{' ' * at}^\nError:{what} found at '^' position.\n"


def _super(session: Session, args: Args) -> Reply:
    def check(secret: str) -> Reply:
        if secret != ENABLE_SECRET:
            return Reply("Error: Password incorrect.\n")
        session.level = Level.ADMIN
        return Reply("Now user privilege is level 15, and only those commands whose level is equal to or less than\n"
                     "this level can be used.\n")  # fmt: skip

    return Reply(question="Password:", then=check, secret=True)


def _system_view(session: Session, args: Args) -> str:
    session.view = "system"
    return "Enter system view, return user view with Ctrl+Z.\n"


def _quit(session: Session, args: Args) -> Reply:
    if not session.view:
        return Reply("Info: The max number of VTY users is 15.\n", ends=True)
    session.view = "" if session.view == "system" else "system"
    session.port = None
    return Reply()


def _return(session: Session, args: Args) -> str:
    session.view, session.port = "", None
    return ""


def _interface(session: Session, args: Args) -> str:
    port = find_port(session.device, args["port"])
    if port is None:
        return WRONG
    session.view, session.port = "interface", port
    return ""


def _shutdown(on: bool) -> Command:
    def run(session: Session, args: Args) -> str:
        if session.port:
            switch_port(session, session.port, on=on)
            session.note("changed", detail=session.user)
        return ""

    return Command("undo shutdown" if on else "shutdown", run, Level.ADMIN, ("interface",))


def _reset_counters(session: Session, args: Args) -> str:
    wanted = [find_port(session.device, args["port"])] if "port" in args else real(session.device)
    for port in wanted:
        if port is None:
            return WRONG
        clear_counters(session, port)
    return "Info: Reset successfully.\n"


def _unblock(session: Session, args: Args) -> str:
    port = find_port(session.device, args["port"])
    if port and "binding-blocked" in port.faults:
        unblock(session, port)
    return "" if port else WRONG


def _save(session: Session, args: Args) -> Reply:
    def answer(said: str) -> Reply:
        if not said.strip().lower().startswith("y"):
            return Reply()
        session.note("saved", detail=session.user)
        text = "Now saving the current configuration to the slot 0.\nSave the configuration successfully.\n"
        return Reply(text, delay_s=0.5)

    text = "The current configuration will be written to the device.\n"
    return Reply(text, question="Are you sure to continue?[Y/N]", then=answer)


def _screen_length(session: Session, args: Args) -> str:
    session.paging = args["length"] != "0"
    return "Info: The configuration takes effect on the current user terminal interface only.\n"


def _monitor(session: Session, args: Args) -> str:
    return "Info: Current terminal monitor is off.\n"


def _welcome(session: Session) -> str:
    count = session.shells.sessions[session.device.id]
    return (
        "Info: The max number of VTY users is 15, and the number\n"
        f"      of current VTY users on line is {count}.\n"
        "      The current login time is 2026-03-14 09:12:44+03:00.\n"
    )


def _noise(session: Session) -> str:
    port = real(session.device)[0].shape.name
    head = f"Mar 14 2026 09:12:44+03:00 {session.device.code} %%01IFNET/4/IF_STATE(l)[12]:"
    return f"{head}Interface {port} has turned into UP state."


def _most(device: Device) -> int:
    return 15


_IN_SYSTEM = ("system", "interface")
COMMANDS: tuple[Command, ...] = (
    Command("super", _super),
    Command("quit", _quit, views=("*",)),
    Command("return", _return, views=_IN_SYSTEM),
    Command("system-view", _system_view, Level.ADMIN),
    Command("interface <port>", _interface, Level.ADMIN, _IN_SYSTEM),
    _shutdown(True),
    _shutdown(False),
    Command("description <text...>", describe_here, Level.ADMIN, ("interface",)),
    Command("undo description", describe_here, Level.ADMIN, ("interface",)),
    Command("reset counters interface", _reset_counters, Level.ADMIN),
    Command("reset counters interface <port>", _reset_counters, Level.ADMIN),
    Command("reset dhcp snooping user-bind interface <port>", _unblock, Level.ADMIN),
    Command("save", _save, Level.ADMIN),
    Command("screen-length <length> temporary", _screen_length),
    Command("undo terminal monitor", _monitor),
    Command("terminal monitor", _monitor),
    *unit.COMMANDS,
    *ports.COMMANDS,
    *tables.COMMANDS,
)
DIALECT = Dialect(
    commands=COMMANDS,
    prompt=_prompt,
    greeting=lambda device: "\n\nLogin authentication\n\n\n",
    login="Username:",
    password="Password:",  # noqa: S106 -- a prompt
    wrong="Error: Username or password error.",
    missed=_missed,
    pager="  ---- More ----",
    erase="\x1b[42D" + " " * 42 + "\x1b[42D",
    rows=23,
    most=_most,
    too_many="All user interfaces are used, please try later!",
    locked="Error: The system is being configured by another user (vty 1). Please try later.",
    is_locked=lambda word: word.startswith("sys"),
    welcome=_welcome,
    noise=_noise,
    words=words_with_ports("gi|ge|xg|me|eth|vlanif"),
    filters=True,
)
