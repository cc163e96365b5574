"""`uzel demo`: a whole Uzel with a simulated city, on one machine, with one command."""

import fcntl
import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from rich.console import Console
from rich.table import Table

from uzel.config import embedded
from uzel.config.supervisor import NotReady, Part, Supervisor, uzel
from uzel.drivers.transport import Wire
from uzel.network.models import AccessGroup, Device, DeviceKind
from uzel.people.operations import create_demo_accounts
from uzel.pollers.device_facts import set_access
from uzel.simcity import control
from uzel.simcity.names import CITY_CODE
from uzel.simcity.shell import ACCOUNTS, ENABLE_SECRET
from uzel.simcity.shell_faces import TELNET_PORT


@dataclass(frozen=True, slots=True)
class Size:
    """How large a simulated city, from which seed, and its net: devices get addresses 127.<net>.x.y."""

    switches: int
    subscribers: int
    seed: int
    net: int


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the home folder for one demo. Raises click.ClickException when another holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(f"a demo already runs in {home}") from None
        yield


def free_port(wanted: int) -> int:
    """`wanted`, or the next free TCP port of the loopback above it. Raises click.ClickException."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise click.ClickException(f"no free TCP port from {wanted} on")


def _step(console: Console, text: str, action: Callable[[], object]) -> None:
    """Say what is being done, do it, and say that it is done."""
    with console.status(text):
        action()
    console.print(f"[green]✓[/] {text}")


def _run(*arguments: str) -> None:
    """Run a `uzel` command, its progress on the same screen. Raises click.ClickException when it fails."""
    if subprocess.run(uzel(*arguments), check=False).returncode:  # noqa: S603
        raise click.ClickException(f"`uzel {' '.join(arguments)}` failed")


def _prepare(console: Console, city: Path, size: Size) -> None:
    """The database up to date, a city in it (made once, then kept)."""
    _step(console, "Database", lambda: call_command("migrate", verbosity=0, interactive=False))
    if not (city / "services.csv").is_file():
        console.print(f"  Making a city of {size.switches} switches and {size.subscribers} subscribers")
        _run(
            "city", "generate", str(city), "--seed", str(size.seed), "--net", str(size.net),
            "--switches", str(size.switches), "--subscribers", str(size.subscribers),
        )  # fmt: skip
    if not Device.objects.exists():
        _run("import", "csv", str(city))
        _open_command_lines()
    console.print(f"[green]✓[/] City of {Device.objects.count():,} devices")


def _open_command_lines() -> None:
    """Give Uzel the logins of the city's switches, as an engineer does with `uzel device access`."""
    (user, (password, _)), *_ = ACCOUNTS.items()
    switches = Device.objects.filter(kind=DeviceKind.SWITCH)
    for group in AccessGroup.objects.filter(pk__in=switches.values("access_group")):
        set_access(group, wire=Wire.TELNET, port=TELNET_PORT, user=user, password=password, enable=ENABLE_SECRET)


def _parts(home: Path, city: Path, port: int) -> list[Part]:
    """The processes of a demo, in the order in which they start."""

    def web_answers() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/people/login/", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def city_answers() -> bool:
        try:
            return bool(control.call(home / control.SOCKET, {"do": "status"})["ok"])
        except (OSError, ValueError):
            return False

    return [
        Part(
            "city",
            uzel("city", "serve", str(city), "--traps", settings.TRAP_LISTEN, "--syslog", settings.SYSLOG_LISTEN),
            city_answers,
        ),
        Part("monitor", uzel("monitor")),
        Part("prober", uzel("prober")),
        Part("web", uzel("web", "--port", str(port)), web_answers),
    ]


def _accounts(file: Path) -> list[tuple[str, str, str]]:
    """The demo's logins (role, login, password), the same at each start of the same city."""
    kept = json.loads(file.read_text()) if file.is_file() else {}
    made = create_demo_accounts(kept)
    file.touch(mode=0o600)
    file.write_text(json.dumps({username: password for _, username, password in made}))
    return made


def _greet(console: Console, port: int, home: Path) -> None:
    """The one address, the logins, and what to try."""
    table = Table("role", "login", "password", box=None, pad_edge=False)
    for row in _accounts(home / "demo-logins.json"):
        table.add_row(*row)
    console.print(f"\n[bold]Uzel is up: http://127.0.0.1:{port}/[/]\n")
    console.print(table)
    console.print(
        "\nIn a second terminal, hurt the city and watch the board:\n"
        "  .venv/bin/uzel city list links | head      .venv/bin/uzel city cut LINK\n"
        "  .venv/bin/uzel city mains off SITE         .venv/bin/uzel city heal all\n"
        f"Logs: {home / 'logs'}. Ctrl-C stops everything.",
        highlight=False,
    )


def _database_keeper(home: Path, say: Callable[[str], None]) -> Callable[[], None]:
    """What starts the embedded server again when it died. One of the owner's own is the owner's to keep."""

    def keep() -> None:
        try:
            if embedded.revive(home):
                say("the database had ended; it runs again")
        except (OSError, subprocess.SubprocessError, AssertionError) as error:
            say(f"the database does not start: {error}")

    return keep


def run(size: Size, wanted_port: int) -> None:
    """Set up what is missing, start everything, and keep it running until Ctrl-C."""
    home, console = settings.HOME, Console()
    city = home / "city"
    # The kernel answers every ping to 127.0.0.0/8, so ICMP would call each dead device alive.
    os.environ["UZEL_ICMP"] = "0"
    is_embedded = "DATABASE_URL" not in os.environ
    # The parts use the server that this process holds; none of them has to look for it.
    os.environ.setdefault("DATABASE_URL", embedded.url(settings.DATABASES["default"]))
    with only_one(home):
        # Commands of other terminals read the phones of this city by the same code.
        settings.CITY_CODE_FILE.write_text(os.environ.get("UZEL_CITY_CODE", CITY_CODE))
        _prepare(console, city, size)
        # No connection of this process may keep the server from stopping.
        connection.close()
        port = free_port(wanted_port)

        def say(text: str) -> None:
            console.print(f"[yellow]{text}[/]")

        supervisor = Supervisor(home / "logs", say)
        supervisor.stop_on_signals()
        try:
            for part in _parts(home, city, port):
                with console.status(f"Starting {part.name}"):
                    supervisor.start(part)
                console.print(f"[green]✓[/] {part.name}")
            if not supervisor.stopping.is_set():
                _greet(console, port, home)
                connection.close()
                supervisor.watch(_database_keeper(home, say) if is_embedded else lambda: None)
        except NotReady as error:
            raise click.ClickException(str(error)) from error
        finally:
            console.print("\nStopping…")
            supervisor.stop()
