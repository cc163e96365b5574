"""A person at the command line of a simulated switch, without a network: what is typed, what comes back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from uzel.simcity import memory, plan
from uzel.simcity.dynamics import City, Notice, Pace
from uzel.simcity.screen import Wires
from uzel.simcity.shell import Shells
from uzel.simcity.shell_faces import DIALECTS
from uzel.simcity.terminal import Terminal
from uzel.simcity.world import Device, Port, load

NOW = 1_800_000_000.0
ADMIN, USER = ("uzel", "uzel-city"), ("duty", "duty-city")


def make_folder(folder: Path, *, net: int = 80, models: dict[str, str] | None = None) -> Path:
    """A small city; `models`: device code -> another model for it."""
    plan.generate(folder, seed=3, switches=40, subscribers=900, net=net)
    if models:
        path = folder / "devices.csv"
        rows = path.read_text(encoding="utf-8").splitlines()
        for at, row in enumerate(rows):
            cells = row.split(",")
            if cells[0] in models:
                cells[4] = models[cells[0]]
                rows[at] = ",".join(cells)
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def recall(folder: Path) -> City:
    """The city of a folder, healthy."""
    (folder / memory.FILE).unlink(missing_ok=True)
    return memory.recall(load(folder), NOW, Pace())


@dataclass
class Timer:
    """What was asked for later."""

    at: float
    run: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Person:
    """A session with a clock of its own. `said`: everything the device sent."""

    city: City
    device: Device
    shells: Shells | None = None
    now: float = NOW
    said: str = ""
    hung_up: bool = False
    timers: list[Timer] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shells = self.shells or Shells(self.city, self.notices.extend, lambda: self.now)
        wires = Wires(self._hear, self._hang_up, self._later)
        self.terminal = Terminal(self.shells, self.device, DIALECTS[self.device.make.family], wires)

    def _hear(self, data: bytes) -> None:
        self.said += data.decode()

    def _hang_up(self) -> None:
        self.hung_up = True

    def _later(self, wait: float, run: Callable[[], None]) -> Timer:
        timer = Timer(self.now + wait, run)
        self.timers.append(timer)
        return timer

    def wait(self, seconds: float) -> None:
        """Let time pass, and everything happen that was due."""
        end = self.now + seconds
        while due := [t for t in self.timers if not t.cancelled and t.at <= end]:
            timer = min(due, key=lambda t: t.at)
            self.timers.remove(timer)
            self.now = max(self.now, timer.at)
            timer.run()
        self.now = end

    def type(self, text: str, *, wait: float = 0.0) -> str:
        """Type, and give what came back."""
        before = len(self.said)
        self.terminal.feed(text.encode())
        if wait:
            self.wait(wait)
        return self.said[before:]

    def login(self, account: tuple[str, str] = ADMIN) -> "Person":
        """Log in."""
        self.terminal.start()
        self.type(f"{account[0]}\r\n{account[1]}\r\n")
        return self

    def ask(self, command: str, *, wait: float = 60.0) -> str:
        """Give a command and wait for its end; the screens that refresh themselves are left with q."""
        prompt = self.said.splitlines()[-1]
        answer = prompt + self.type(command + "\r\n")
        if "r Refresh" in answer:
            return answer + self.type("q")
        return answer + self.type("", wait=wait)


def switch(city: City, model: str) -> Device:
    """A switch of a model that has a subscriber, or any."""
    devices = [d for d in city.world.devices.values() if d.make.model == model and d.id in city.lit]
    return next((d for d in devices if any(p.stations and not p.far for p in d.ports)), devices[0])


def subscriber(device: Device, *, vlan: int = 0) -> Port:
    """A port of a subscriber, one that has this VLAN if told."""
    return next(
        p
        for p in device.ports
        if p.stations and not p.far and p.oper and (not vlan or any(own == vlan for _, own in p.stations))
    )
