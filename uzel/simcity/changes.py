"""What a person at a command line changes in the city. All makes change the same state, which SNMP shows."""

from uzel.simcity import dynamics, traffic
from uzel.simcity.shell import Args, Session
from uzel.simcity.world import Port


def _is_deaf(session: Session) -> bool:
    return "cli-deaf" in session.device.faults


def switch_port(session: Session, port: Port, *, on: bool) -> None:
    """Switch a port on or off: ifAdminStatus follows."""
    if not _is_deaf(session):
        session.publish(dynamics.switch_port(session.city, port, session.now, on=on))


def describe(session: Session, port: Port, text: str) -> None:
    """Write a port's description: ifAlias follows. An empty one stays empty."""
    if _is_deaf(session):
        return
    dynamics.describe_port(session.city, port, text)
    session.publish([])


def unblock(session: Session, port: Port) -> None:
    """Let the clients through that address binding blocked."""
    if _is_deaf(session):
        return
    session.publish(dynamics.remove_fault(session.city, port, "binding-blocked", session.now))


def clear_counters(session: Session, port: Port) -> None:
    """Clear what the command line shows; the counters of SNMP go on (Cisco, Huawei)."""
    asked = session.asked
    values = tuple(traffic.counter(port, n, asked.now, asked.flow) for n in range(traffic.COUNTERS))
    session.shells.cleared[port.code] = values


def counted(session: Session, port: Port, number: int) -> int:
    """A counter as the command line shows it: since it was cleared."""
    asked = session.asked
    value = traffic.counter(port, number, asked.now, asked.flow)
    base = session.shells.cleared.get(port.code)
    return int(value - base[number]) if base and value >= base[number] else int(value)


def describe_here(session: Session, args: Args) -> str:
    """`description TEXT` and `no description`, in a port's own view."""
    if session.port:
        describe(session, session.port, args.get("text", ""))
    return ""
