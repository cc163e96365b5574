"""How light and power live in the simulated city: what works, what has a link, what a battery still has.

`City` holds the state. Every change ends in `settle`, which works out the whole again by `core.topology` and hands
out `Notice`s: what the devices themselves would have noticed.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from enum import StrEnum

from uzel.core.power import powered
from uzel.core.topology import Kind, lit
from uzel.simcity import traffic
from uzel.simcity.faults import FAULTS, Fault
from uzel.simcity.world import Device, Port, World, spread

LOW_BATTERY = 0.2


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast things go, in seconds. A full battery lasts `battery_s`, give or take a third."""

    battery_s: float = 1200.0
    recharge_s: float = 3600.0
    boot_s: float = 6.0


class Word(StrEnum):
    """What a device can notice."""

    LINK_DOWN = "link-down"
    LINK_UP = "link-up"
    COLD_START = "cold-start"
    LOOP = "loop"
    LOOP_GONE = "loop-gone"
    STORM_GONE = "storm-gone"
    STORM = "storm"
    BLOCKED = "blocked"
    ON_BATTERY = "on-battery"
    LOW_BATTERY = "low-battery"
    MAINS_BACK = "mains-back"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that `device` noticed; about `port` where it is about one."""

    word: Word
    device: Device
    port: Port | None = None


@dataclass(slots=True)
class Battery:
    """Charge as a share of a new battery, at the moment `at`."""

    charge: float
    at: float
    draining: bool = False
    warned: bool = False
    # When it last went on battery, or off it.
    turned_at: float = 0.0


@dataclass(slots=True)
class City:
    """The living city. All times are unix seconds; `version` grows with every change that a table may show."""

    world: World
    epoch: float
    pace: Pace = Pace()
    cut: set[int] = field(default_factory=set)
    mains_off: set[int] = field(default_factory=set)
    killed: set[int] = field(default_factory=set)
    booting: dict[int, float] = field(default_factory=dict)
    batteries: dict[int, Battery] = field(default_factory=dict)
    # Codes of the ports that have faults, and of those that flap.
    faulty_codes: set[str] = field(default_factory=set)
    flapping: set[str] = field(default_factory=set)
    # Codes of the ports at which somebody wrote a description.
    noted: set[str] = field(default_factory=set)
    live: frozenset[int] = frozenset()
    running: frozenset[int] = frozenset()
    lit: frozenset[int] = frozenset()
    answers: frozenset[int] = frozenset()
    version: int = 0

    def start(self, now: float) -> None:
        """Put everything into the state that the faults in force mean, without anybody noticing."""
        for device in self.world.devices.values():
            if not device.booted_at:
                device.booted_at = self.epoch - (1 + 250 * spread(device.code, "boot")) * 86400
            for port in device.ports:
                traffic.restart(port, device.booted_at)
                port.changed_at = device.booted_at + spread(port.code) ** 2 * (self.epoch - device.booted_at)
            if device.kind is Kind.UPS:
                self.batteries.setdefault(device.id, Battery(1.0, now))
        for battery in self.batteries.values():
            battery.at = now
        self._drain(now)
        self._reckon(now, starting=True)
        for device in self.world.devices.values():
            for port in device.ports:
                port.oper = self.link_is_up(port, now)
        for port in self.faulty_ports():
            turned = [f.since for f in port.faults.values() if not port.oper or FAULTS[f.kind].renegotiates]
            for end in _both_ends(self, port) if turned else ():
                end.changed_at = max(min(turned), end.device.booted_at)

    def settle(self, now: float, touched: Iterable[Port] = ()) -> list[Notice]:
        """Work out the city anew after a change. `touched`: ports whose own faults or links changed."""
        before = self.running
        was_live = self.live
        notices = self._drain(now)
        self._reckon(now)
        check = {id(port): port for port in touched}
        devices = self.world.devices
        for number in (before ^ self.running) | (was_live ^ self.live):
            if number not in devices:
                continue
            device = devices[number]
            for port in (*device.ports, *_ports_at(self.world, device)):
                check[id(port)] = port
        for number in self.running - before:
            if number in devices and devices[number].address:
                notices.append(Notice(Word.COLD_START, devices[number]))
        notices += self._refresh(check.values(), now)
        self.version += 1
        return notices

    def tick(self, now: float) -> list[Notice]:
        """Let time pass: batteries run down, devices finish starting, bad contacts flap."""
        due = any(until <= now for until in self.booting.values())
        for number in self._moving():
            battery, charge = self.batteries[number], self.charge(number, now)
            ended = number not in self._discharged() and battery.draining and charge <= 0
            due = due or ended or (battery.draining and charge < LOW_BATTERY and not battery.warned)
        touched = [self.world.ports[code] for code in self.flapping]
        flapped = [port for port in touched if port.oper != self.link_is_up(port, now)]
        return self.settle(now, flapped) if due or flapped else []

    def link_is_up(self, port: Port, now: float) -> bool:
        """Whether the port has a link: both ends run, the wire is whole, no fault breaks it."""
        device = port.device
        if device.id not in self.running:
            return False
        if not port.shape.base_port:
            return port.shape.name != "MEth0/0/1"
        if self.broken(port, now):
            return False
        if port.link:
            other = other_end(self.world, port)
            return port.far in self.running and port.link not in self.cut and not (other and self.broken(other, now))
        return port.far in self.live if port.far else bool(port.stations)

    def broken(self, port: Port, now: float) -> bool:
        """Whether a fault of this very port keeps its link down now."""
        for kind, fault in port.faults.items():
            if FAULTS[kind].breaks_link:
                return True
            if kind == "flapping" and (now - fault.since) % max(fault.value, 1.0) < 0.4 * fault.value:
                return True
        return False

    def charge(self, number: int, now: float) -> float:
        """Charge of a UPS from 0 to 1."""
        battery, device = self.batteries[number], self.world.devices[number]
        most = device.faults["battery-low"].value / 100 if "battery-low" in device.faults else 1.0
        passed = now - battery.at
        if battery.draining:
            return max(0.0, min(battery.charge, most) - passed / self.full_runtime(device))
        return max(0.0, min(most, battery.charge + passed / self.pace.recharge_s))

    def full_runtime(self, device: Device) -> float:
        """Seconds that a new, full battery of this UPS lasts."""
        return self.pace.battery_s * (0.7 + 0.6 * spread(device.code, "battery"))

    def on_battery(self, number: int) -> bool:
        """Whether a UPS gives power that it does not get."""
        feeds = self.world.network.nodes[number].feeds
        return number in self.live and bool(feeds) and not any(feed in self.live for feed in feeds)

    def power_cycle(self, device: Device, now: float) -> None:
        """Start the device anew: its uptime and counters begin at zero."""
        device.booted_at = now
        if device.address:
            self.booting[device.id] = now + self.pace.boot_s * (0.75 + 0.5 * spread(device.code, "start"))
        for port in device.ports:
            traffic.restart(port, now)

    def _reckon(self, now: float, *, starting: bool = False) -> None:
        network, devices = self.world.network, self.world.devices
        off = self.killed | self.mains_off
        discharged = self._discharged()
        live = powered(network, off, discharged)
        for number in () if starting else live - self.live:
            if number in devices:
                self.power_cycle(devices[number], now)
        self.booting = {n: until for n, until in self.booting.items() if until > now and n in live}
        hung = {d.id for d in devices.values() if "hang" in d.faults}
        self.live = live
        self.running = live - self.booting.keys()
        failed = off | self.booting.keys() | hung
        self.lit = lit(network, failed=failed, cut=self.cut | self._broken_links(now), discharged=discharged)
        self.answers = frozenset(self._who_answers(failed, now))

    def _who_answers(self, failed: Set[int], now: float) -> Iterable[int]:
        for device in self.world.devices.values():
            if not device.address or "snmp-dead" in device.faults:
                continue
            if not device.via:
                if device.id in self.lit:
                    yield device.id
            elif device.id in self.live and device.id not in failed and device.via in self.lit:
                wire = device.wire
                if wire is None or not self.broken(wire, now):
                    yield device.id

    def _broken_links(self, now: float) -> set[int]:
        """Links that a fault of one of their ports keeps down."""
        faulty = (port for port in self.faulty_ports() if port.link and self.broken(port, now))
        return {port.link for port in faulty}

    def faulty_ports(self) -> Iterable[Port]:
        """Ports with a fault in force."""
        return [self.world.ports[code] for code in sorted(self.faulty_codes)]

    def _moving(self) -> list[int]:
        return [number for number, battery in self.batteries.items() if battery.draining or battery.charge < 1]

    def _discharged(self) -> set[int]:
        return {number for number, battery in self.batteries.items() if battery.draining and battery.charge <= 0}

    def _drain(self, now: float) -> list[Notice]:
        """Write charges down at `now`, and turn each battery the way its feeds say."""
        live = powered(self.world.network, self.killed | self.mains_off, self._discharged())
        notices = []
        for number, battery in self.batteries.items():
            device, feeds = self.world.devices[number], self.world.network.nodes[number].feeds
            battery.charge, battery.at = self.charge(number, now), now
            draining = bool(feeds) and not any(feed in live for feed in feeds) and number not in self.killed
            if draining != battery.draining:
                battery.turned_at = now
                notices.append(Notice(Word.ON_BATTERY if draining else Word.MAINS_BACK, device))
            battery.draining = draining
            low = draining and battery.charge < LOW_BATTERY
            if low and not battery.warned:
                notices.append(Notice(Word.LOW_BATTERY, device))
            battery.warned = low
        return notices

    def _refresh(self, ports: Iterable[Port], now: float) -> list[Notice]:
        notices = []
        for port in ports:
            up = self.link_is_up(port, now)
            if up == port.oper:
                continue
            traffic.settle(port, now)
            port.oper, port.changed_at = up, now
            if port.device.id in self.running and port.shape.base_port:
                notices.append(Notice(Word.LINK_UP if up else Word.LINK_DOWN, port.device, port))
        return notices


# Faults that the switch itself notices, beside what they do to its links.
_NOTICED = {"loop": Word.LOOP, "storm": Word.STORM, "binding-blocked": Word.BLOCKED}


def add_fault(city: City, target: Port | Device, fault: Fault, now: float) -> list[Notice]:
    """Put a fault in force on a port or a device."""
    if isinstance(target, Port):
        traffic.settle(target, now)
        turned = _renegotiating(city, target, {fault.kind} - target.faults.keys(), now)
        target.faults[fault.kind] = fault
        city.faulty_codes.add(target.code)
        if fault.kind == "flapping":
            city.flapping.add(target.code)
        notices = [*city.settle(now, _both_ends(city, target)), *_renegotiated(turned)]
        word = _NOTICED.get(fault.kind)
        return [*notices, Notice(word, target.device, target)] if word else notices
    if fault.kind == "reboot":
        before = city.running
        city.power_cycle(target, now)
        return city.settle(now) if target.id in before else []
    target.faults[fault.kind] = fault
    return city.settle(now)


def remove_faults(city: City, target: Port | Device, now: float) -> list[Notice]:
    """Take every fault off a port or a device. A device that hung is started anew."""
    if isinstance(target, Port):
        traffic.settle(target, now)
        gone = _gone(target, target.faults.keys())
        turned = _renegotiating(city, target, target.faults.keys(), now)
        target.faults.clear()
        city.faulty_codes.discard(target.code)
        city.flapping.discard(target.code)
        return [*city.settle(now, _both_ends(city, target)), *_renegotiated(turned), *gone]
    if "hang" in target.faults:
        city.power_cycle(target, now)
    target.faults.clear()
    return city.settle(now)


def remove_fault(city: City, port: Port, kind: str, now: float) -> list[Notice]:
    """Take one kind of fault off a port; the others stay."""
    traffic.settle(port, now)
    gone = _gone(port, port.faults.keys() & {kind})
    turned = _renegotiating(city, port, port.faults.keys() & {kind}, now)
    port.faults.pop(kind, None)
    if kind == "flapping":
        city.flapping.discard(port.code)
    if not port.faults:
        city.faulty_codes.discard(port.code)
    return [*city.settle(now, _both_ends(city, port)), *_renegotiated(turned), *gone]


def _renegotiating(city: City, port: Port, kinds: Set[str], now: float) -> list[Port]:
    """The ends whose link is to come up anew at `now`, for a fault that comes or goes: RFC 2863's ifLastChange."""
    ends = [end for end in _both_ends(city, port) if end.oper] if any(FAULTS[k].renegotiates for k in kinds) else []
    for end in ends:
        traffic.settle(end, now)
        end.changed_at = now
    return ends


def _renegotiated(ends: Iterable[Port]) -> list[Notice]:
    """What the ends tell of it: down and at once up. One that the same change took down has told that already."""
    words = (Word.LINK_DOWN, Word.LINK_UP)
    return [Notice(word, end.device, end) for end in ends if end.oper for word in words]


def switch_port(city: City, port: Port, now: float, *, on: bool) -> list[Notice]:
    """Switch a port on or off, which ifAdminStatus and every command line show. Nothing when it is so already."""
    if on == ("admin-down" not in port.faults):
        return []
    if on:
        return remove_fault(city, port, "admin-down", now)
    return add_fault(city, port, Fault("admin-down", 0.0, now), now)


def describe_port(city: City, port: Port, text: str) -> None:
    """Write what ifAlias and every command line show for a port. An empty text stays empty."""
    port.note = text
    city.noted.add(port.code)
    city.version += 1


def _gone(port: Port, kinds: Set[str]) -> list[Notice]:
    """What the switch notices of the end of faults: it looks again whether there is still a loop, or a storm."""
    words = {"loop": Word.LOOP_GONE, "storm": Word.STORM_GONE}
    return [Notice(word, port.device, port) for kind, word in words.items() if kind in kinds]


def other_end(world: World, port: Port) -> Port | None:
    """The port at the other end of the link of a port."""
    if not port.link:
        return None
    _, a, b, _, _ = world.links[port.link]
    return b if a is port else a


def _ports_at(world: World, device: Device) -> Iterable[Port]:
    """Ports of others that look at this device."""
    yield from (other for port in device.ports if (other := other_end(world, port)))
    if device.wire:
        yield device.wire


def _both_ends(city: City, port: Port) -> list[Port]:
    other = other_end(city.world, port)
    return [port, other] if other else [port]
