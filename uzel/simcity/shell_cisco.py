"""The command line of Cisco IOS: prompts, modes, errors with their caret, and what changes something."""

from collections.abc import Sequence

from uzel.simcity import shell_cisco_ports as ports
from uzel.simcity import shell_cisco_tables as tables
from uzel.simcity import shell_cisco_unit as unit
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
    who_answers,
    words_with_ports,
)
from uzel.simcity.shell_cisco_ports import find_port, real
from uzel.simcity.world import Device

_MODES = {"": "", "config": "(config)", "interface": "(config-if)"}
# IOS cuts the name in the modes of configuration.
_NAME_IN_MODES = 20
_BAD = "% Invalid input detected at '^' marker.\n\n"


def _prompt(session: Session) -> str:
    device = who_answers(session, lambda d: d.code)
    name = device.code + ("-spare" if session.renamed else "")
    name = name[:_NAME_IN_MODES] if session.view else name
    return f"{name}{_MODES[session.view]}{'#' if session.level is Level.ADMIN else '>'}"


def _missed(session: Session, words: Sequence[str], miss: Miss) -> str:
    if miss.incomplete:
        return "% Incomplete command.\n\n"
    at = len(_prompt(session)) + sum(len(word) + 1 for word in words[: miss.at])
    return f"{' ' * at}^\n{_BAD}"


def _enable(session: Session, args: Args) -> Reply:
    if session.level is Level.ADMIN:
        return Reply()

    def check(secret: str) -> Reply:
        if secret != ENABLE_SECRET:
            return Reply("% Access denied\n\n")
        session.level = Level.ADMIN
        return Reply()

    return Reply(question="Password: ", then=check, secret=True)


def _configure(session: Session, args: Args) -> str:
    session.view = "config"
    return "Enter configuration commands, one per line.  End with CNTL/Z.\n"


def _exit(session: Session, args: Args) -> Reply:
    if not session.view:
        return Reply("", ends=True)
    session.view = "" if session.view == "config" else "config"
    session.port = None
    return Reply()


def _end(session: Session, args: Args) -> str:
    if session.view:
        session.note("changed", detail=session.user)
    session.view, session.port = "", None
    return ""


def _interface(session: Session, args: Args) -> str:
    port = find_port(session.device, args["port"])
    if port is None:
        return f"{' ' * 20}^\n{_BAD}"
    session.view, session.port = "interface", port
    return ""


def _shutdown(on: bool) -> Command:
    def run(session: Session, args: Args) -> str:
        if session.port:
            switch_port(session, session.port, on=on)
        return ""

    return Command("no shutdown" if on else "shutdown", run, Level.ADMIN, ("interface",))


def _clear_counters(session: Session, args: Args) -> Reply:
    port = find_port(session.device, args["port"]) if "port" in args else None
    if "port" in args and port is None:
        return Reply(f"{' ' * 20}^\n{_BAD}")

    def answer(key: str) -> Reply:
        if key in "\r\nyY":
            for each in [port] if port else real(session.device):
                clear_counters(session, each)
        return Reply()

    which = "on this interface" if port else "on all interfaces"
    return Reply(question=f'Clear "show interface" counters {which} [confirm]', then=answer, one_key=True)


def _unblock(session: Session, args: Args) -> str:
    port = find_port(session.device, args["port"])
    if port and "binding-blocked" in port.faults:
        unblock(session, port)
    return ""


def _write(session: Session, args: Args) -> Reply:
    session.note("saved", detail=session.user)
    return Reply("Building configuration...\n[OK]\n", delay_s=0.4)


def _copy(session: Session, args: Args) -> Reply:
    return Reply(question="Destination filename [startup-config]? ", then=lambda name: _write(session, args))


def _paging(session: Session, args: Args) -> str:
    session.paging = args["length"] != "0"
    return ""


def _nothing(session: Session, args: Args) -> str:
    return ""


def _noise(session: Session) -> str:
    port = real(session.device)[0].shape.descr
    return f"*Mar  1 00:41:12.391: %LINK-3-UPDOWN: Interface {port}, changed state to up"


def _most(device: Device) -> int:
    return 16


_IN_CONFIG = ("config", "interface")
COMMANDS: tuple[Command, ...] = (
    Command("enable", _enable),
    Command("exit", _exit, views=("*",)),
    Command("logout", _exit),
    Command("end", _end, Level.ADMIN, _IN_CONFIG),
    Command("configure terminal", _configure, Level.ADMIN),
    Command("interface <port>", _interface, Level.ADMIN, _IN_CONFIG),
    _shutdown(True),
    _shutdown(False),
    Command("description <text...>", describe_here, Level.ADMIN, ("interface",)),
    Command("no description", describe_here, Level.ADMIN, ("interface",)),
    Command("clear counters", _clear_counters, Level.ADMIN),
    Command("clear counters <port>", _clear_counters, Level.ADMIN),
    Command("clear ip dhcp snooping binding interface <port>", _unblock, Level.ADMIN),
    Command("write", _write, Level.ADMIN),
    Command("write memory", _write, Level.ADMIN),
    Command("copy running-config startup-config", _copy, Level.ADMIN),
    Command("terminal length <length>", _paging),
    Command("terminal width <columns>", _nothing),
    Command("terminal no monitor", _nothing),
    Command("terminal monitor", _nothing),
    *unit.COMMANDS,
    *ports.COMMANDS,
    *tables.COMMANDS,
)
_MORE = " --More-- "
DIALECT = Dialect(
    commands=COMMANDS,
    prompt=_prompt,
    greeting=lambda device: "\n\nUser Access Verification\n\n",
    login="Username: ",
    password="Password: ",  # noqa: S106 -- a prompt
    wrong="% Login invalid",
    missed=_missed,
    pager=_MORE,
    erase="\b" * len(_MORE) + " " * len(_MORE) + "\b" * len(_MORE),
    rows=23,
    most=_most,
    locked="Configuration mode locked exclusively by user 'noc' process '118' from terminal '2'. Please try later.",
    # Reading goes on: only who wants to configure is turned away.
    is_locked=lambda word: word.startswith("conf"),
    noise=_noise,
    words=words_with_ports("gi|te|fa|vl|po"),
    filters=True,
)
