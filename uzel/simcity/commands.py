"""What can be asked of the living city by name: cut, mains, kill, fault, heal, list, state.

A command is a dict with `do` and its arguments; the answer is a dict with `ok`. `COMMANDS` is the whole list.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from uzel.core.topology import Kind
from uzel.simcity import dynamics, wire
from uzel.simcity.dynamics import City, Notice
from uzel.simcity.faults import FAULTS, BadFault, FaultKind, Only, Target, parse
from uzel.simcity.world import Device, Port

Command = dict[str, Any]
Answer = dict[str, Any]


class Refused(ValueError):
    """A command that cannot be carried out. `near`: what may have been meant."""

    def __init__(self, text: str, near: Iterable[str] = ()) -> None:
        super().__init__(text)
        self.near = list(near)


@dataclass(slots=True)
class Done:
    """What came of a command: what to say, and what the devices noticed."""

    answer: Answer = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


def run(city: City, command: Command, now: float) -> Done:
    """Carry out a command. Raises Refused."""
    action = COMMANDS.get(str(command.get("do")))
    if action is None:
        raise Refused(f"there is no command {command.get('do')!r}", get_close_matches(str(command.get("do")), COMMANDS))
    lit_before, count = city.lit, len(city.lit)
    done = action(city, command, now)
    devices = city.world.devices
    if city.lit != lit_before:
        done.answer["went_dark"] = sorted(devices[n].code for n in lit_before - city.lit if n in devices)
        done.answer["came_back"] = sorted(devices[n].code for n in city.lit - lit_before if n in devices)
        done.answer["lit"] = [count, len(city.lit)]
    return done


def _near(name: str, names: Iterable[str]) -> list[str]:
    every = list(names)
    inside = sorted((n for n in every if name and name in n), key=len)[:5]
    return inside or get_close_matches(name, every, n=5, cutoff=0.55)


def _named(command: Command, key: str) -> str:
    value = command.get(key)
    if not isinstance(value, str) or not value:
        raise Refused(f"the command needs a {key}")
    return value


def find_link(city: City, name: str) -> int:
    """A link by its code, by its two devices in either order, or by a port at one of its ends. Raises Refused."""
    codes = city.world.link_codes
    a, _, b = name.partition("--")
    for code in (name, f"{b}--{a}"):
        if code in codes:
            return codes[code]
    if (port := city.world.ports.get(name)) and port.link:
        return port.link
    raise Refused(f"there is no link {name!r}", _near(name, codes))


def find_device(city: City, name: str) -> Device:
    """A device by its code. Raises Refused."""
    if device := city.world.by_code.get(name):
        return device
    raise Refused(f"there is no device {name!r}", _near(name, city.world.by_code))


def find_target(city: City, name: str) -> Port | Device:
    """A port (device:port) or a device. Raises Refused."""
    if ":" not in name:
        return find_device(city, name)
    if port := city.world.ports.get(name):
        return port
    device = find_device(city, name.split(":", 1)[0])
    names = [port.shape.name for port in device.ports if port.shape.base_port]
    raise Refused(f"{device.code} has no port {name.split(':', 1)[1]!r}", [f"{device.code}:{n}" for n in names[:5]])


def _cut(city: City, command: Command, now: float) -> Done:
    number = find_link(city, _named(command, "link"))
    city.cut.add(number)
    return Done({"link": city.world.links[number][0]}, city.settle(now, _ends(city, number)))


def _ends(city: City, number: int) -> list[Port]:
    _, a, b, _, _ = city.world.links[number]
    return [port for port in (a, b) if port]


def _mains(city: City, command: Command, now: float) -> Done:
    name, is_on = _named(command, "site"), bool(command.get("on"))
    world = city.world
    if command.get("area") or name in world.area_mains:
        area = name if name in world.area_mains else world.site_area.get(name, "")
        if area not in world.area_mains:
            raise Refused(f"there is no mains area {name!r}", _near(name, [*world.area_mains, *world.site_area]))
        node, said = world.area_mains[area], {"area": area}
    elif name in world.site_mains:
        node, said = world.site_mains[name], {"site": name}
    else:
        raise Refused(f"there is no site {name!r}", _near(name, world.site_mains))
    if is_on:
        city.mains_off.discard(node)
    else:
        city.mains_off.add(node)
    return Done(dict(said), city.settle(now))


def _kill(city: City, command: Command, now: float) -> Done:
    device = find_device(city, _named(command, "device"))
    city.killed.add(device.id)
    return Done({"device": device.code}, city.settle(now))


def _fits(kind: FaultKind, target: Port | Device) -> bool:
    if kind.target is Target.PORT:
        return isinstance(target, Port) and bool(target.shape.base_port) and _has_medium(kind, target)
    if isinstance(target, Port):
        return False
    if kind.target is Target.DEVICE:
        return bool(target.address)
    return target.kind == kind.target.value


def _has_medium(kind: FaultKind, port: Port) -> bool:
    if kind.only is Only.GIGABIT_COPPER:
        return port.shape.speed_mbps == 1000 and not wire.is_fibre(port)
    return kind.only is Only.ANY or (wire.is_fibre(port) and not port.copper)


def _fault(city: City, command: Command, now: float) -> Done:
    target = find_target(city, _named(command, "target"))
    text = _named(command, "fault")
    try:
        fault = parse(text, now)
    except BadFault as error:
        raise Refused(str(error), _near(text.partition("=")[0], FAULTS)) from error
    kind = FAULTS[fault.kind]
    if not _fits(kind, target):
        fitting = [name for name, other in FAULTS.items() if _fits(other, target)]
        whose = f"{kind.only} {kind.target}".strip()
        raise Refused(f"{fault.kind} is a fault of a {whose}, {target.code} can have:", fitting)
    return Done({"target": target.code, "fault": fault.spelled}, dynamics.add_fault(city, target, fault, now))


def _heal(city: City, command: Command, now: float) -> Done:
    name = _named(command, "target")
    if name == "all":
        return _heal_all(city, now)
    world = city.world
    if name in world.link_codes or "--" in name:
        number = find_link(city, name)
        city.cut.discard(number)
        return Done({"link": world.links[number][0]}, city.settle(now, _ends(city, number)))
    if name in world.site_mains or name in world.area_mains:
        nodes = {world.site_mains.get(name, 0), world.area_mains.get(name, 0)}
        city.mains_off -= nodes | {world.area_mains.get(world.site_area.get(name, ""), 0)}
        return Done({"site": name}, city.settle(now))
    target = find_target(city, name)
    notices = dynamics.remove_faults(city, target, now)
    if isinstance(target, Device) and target.id in city.killed:
        city.killed.discard(target.id)
        notices += city.settle(now)
    if isinstance(target, Port) and target.link in city.cut:
        city.cut.discard(target.link)
        notices += city.settle(now, _ends(city, target.link))
    return Done({"target": target.code}, notices)


def _heal_all(city: City, now: float) -> Done:
    notices: list[Notice] = []
    for port in city.faulty_ports():
        notices += dynamics.remove_faults(city, port, now)
    for device in city.world.devices.values():
        if device.faults:
            notices += dynamics.remove_faults(city, device, now)
    cut, city.cut = city.cut, set()
    city.mains_off.clear()
    city.killed.clear()
    for battery in city.batteries.values():
        # Nobody wants to wait an hour between two exercises.
        battery.charge, battery.at = 1.0, now
    notices += city.settle(now, [port for number in cut for port in _ends(city, number)])
    return Done({"healed": "all"}, notices)


def faults_in_force(city: City) -> list[dict[str, Any]]:
    """Every fault, cut, lost mains and dead device: [{"target", "kind", "since"…}]."""
    world = city.world
    mains = {node: code for table in (world.site_mains, world.area_mains) for code, node in table.items()}
    found: list[dict[str, Any]] = [{"target": world.links[n][0], "kind": "cut"} for n in sorted(city.cut)]
    found += [{"target": mains[n], "kind": "mains-off"} for n in sorted(city.mains_off)]
    found += [{"target": world.devices[n].code, "kind": "killed"} for n in sorted(city.killed)]
    things: list[Port | Device] = [*city.faulty_ports(), *(d for d in world.devices.values() if d.faults)]
    for thing in things:
        found += [
            {"target": thing.code, "kind": fault.kind, "spelled": fault.spelled, "since": fault.since}
            for fault in thing.faults.values()
        ]
    return found


def _status(city: City, command: Command, now: float) -> Done:
    devices = [d for d in city.world.devices.values() if d.kind is not Kind.POWER_STRIP]
    lit = sum(1 for d in devices if d.id in city.lit)
    asked = [d for d in devices if d.address]
    answer: Answer = {
        "devices": len(devices),
        "lit": lit,
        "watched": len(asked),
        "answer": sum(1 for d in asked if d.id in city.answers),
        "starting": sorted(city.world.devices[n].code for n in city.booting),
        "on_battery": {
            city.world.devices[n].code: round(100 * city.charge(n, now)) for n in city.batteries if city.on_battery(n)
        },
        "faults": faults_in_force(city),
    }
    return Done(answer)


def _list(city: City, command: Command, now: float) -> Done:
    what, like = str(command.get("what") or "faults"), str(command.get("like") or "")
    world = city.world
    lists: dict[str, Callable[[], Iterable[str]]] = {
        "faults": lambda: (f"{name}: {kind.line} [{kind.target}]" for name, kind in FAULTS.items()),
        "sites": lambda: world.site_mains,
        "areas": lambda: world.area_mains,
        "links": lambda: world.link_codes,
        "devices": lambda: world.by_code,
        "ports": lambda: (code for code, port in world.ports.items() if port.shape.base_port),
        "subscribers": lambda: (code for code, port in world.ports.items() if port.stations and not port.far),
    }
    if what not in lists:
        raise Refused(f"there is no list of {what!r}", lists)
    return Done({"what": what, "items": [item for item in lists[what]() if like in item]})


def _state(city: City, command: Command, now: float) -> Done:
    """The ground truth: what a perfect observer would know."""
    devices = {
        d.code: {
            "lit": d.id in city.lit,
            "powered": d.id in city.live,
            "answers": d.id in city.answers,
            "booted_at": d.booted_at,
        }
        for d in city.world.devices.values()
    }
    dark = sorted(d.code for d in city.world.devices.values() if d.id not in city.lit)
    down = sorted(port.code for port in city.faulty_ports() if not port.oper)
    return Done(
        {"now": now, "version": city.version, "devices": devices, "dark": dark, "ports_down": down,
         "faults": faults_in_force(city)}
    )  # fmt: skip


COMMANDS: dict[str, Callable[[City, Command, float], Done]] = {
    "cut": _cut,
    "mains": _mains,
    "kill": _kill,
    "fault": _fault,
    "heal": _heal,
    "status": _status,
    "list": _list,
    "state": _state,
}
CHANGES = {"cut", "mains", "kill", "fault", "heal"}
