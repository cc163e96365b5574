"""D-Link's command line: what changes something."""

from uzel.simcity import dynamics, traffic
from uzel.simcity.changes import describe, switch_port, unblock
from uzel.simcity.faults import Fault
from uzel.simcity.shell import Args, Command, Level, Reply, Session
from uzel.simcity.shell_dlink_ports import listed, real

_DONE, _FAILED = "Success.\n\n", "Fail!\n\n"
LONGEST_NOTE = 32


def _state(session: Session, args: Args) -> str:
    ports = listed(session.device, args["ports"])
    wanted = {"enable": True, "disable": False}.get(args["state"].lower())
    if not ports or wanted is None:
        return _FAILED
    for port in ports:
        switch_port(session, port, on=wanted)
    return _DONE


def _describe(session: Session, args: Args) -> str:
    ports = listed(session.device, args["ports"])
    text = args["text"].strip('"')
    if not ports or len(text) > LONGEST_NOTE:
        return _FAILED
    for port in ports:
        describe(session, port, text)
    return _DONE


def _clear_description(session: Session, args: Args) -> str:
    return _describe(session, args | {"text": ""})


def _clear_counters(session: Session, args: Args) -> str:
    """D-Link clears the very counters that SNMP shows."""
    ports = listed(session.device, args.get("ports", "all"))
    for port in ports:
        traffic.restart(port, session.now)
    return _DONE if ports else _FAILED


def _unblock(session: Session, args: Args) -> str:
    mac = args.get("mac", "").replace("-", "").lower()
    ports = real(session.device)
    if mac:
        ports = [port for port in ports if any(own == mac for own, _ in port.stations)]
    for port in ports:
        if "binding-blocked" in port.faults:
            unblock(session, port)  # lets all clients of the port through, whichever was named
    return _DONE if ports else _FAILED


def _save(session: Session, args: Args) -> Reply:
    session.note("saved", detail=session.user)
    return Reply("Saving all configurations to NV-RAM.......... Done.\n\n", delay_s=0.5)


def _reboot(session: Session, args: Args) -> Reply:
    def answer(key: str) -> Reply:
        if key.strip().lower() not in ("y", "yes"):
            return Reply("\n")
        fault = Fault("reboot", 0.0, session.now)
        session.publish(dynamics.add_fault(session.city, session.device, fault, session.now))
        return Reply("Please wait, the switch is rebooting...\n", ends=True)

    return Reply(question="Are you sure you want to proceed with the system reboot?(y/n)", then=answer, one_key=True)


COMMANDS = (
    Command("config ports <ports> state <state>", _state, Level.ADMIN),
    Command("config ports <ports> medium_type <medium> state <state>", _state, Level.ADMIN),
    Command("config ports <ports> description <text...>", _describe, Level.ADMIN),
    Command("config ports <ports> clear_description", _clear_description, Level.ADMIN),
    Command("clear counters", _clear_counters, Level.ADMIN),
    Command("clear counters ports <ports>", _clear_counters, Level.ADMIN),
    Command("delete address_binding blocked all", _unblock, Level.ADMIN),
    Command("delete address_binding blocked vlan_name <vlan> mac_address <mac>", _unblock, Level.ADMIN),
    Command("save", _save, Level.ADMIN),
    Command("reboot", _reboot, Level.ADMIN),
)
