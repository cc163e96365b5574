"""A simulated city for measurements of the monitor: made once, imported, served, watched; all ended after."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

from django.db import connection, connections  # noqa: E402

from bench._search_data import use_own_database  # noqa: E402
from uzel.config import embedded  # noqa: E402
from uzel.config.settings import HOME  # noqa: E402
from uzel.network.models import Device, DeviceState  # noqa: E402
from uzel.simcity import control, plan  # noqa: E402

# Two runs side by side need addresses and ports of their own.
NET, PORT = int(os.environ.get("UZEL_BENCH_NET", "31")), int(os.environ.get("UZEL_BENCH_PORT", "13171"))
TRAPS, SYSLOG, METRICS = (f"127.0.0.1:{PORT + n}" for n in (1, 2, 3))
DATABASE = "uzel_bench_monitor"


@dataclass(frozen=True, slots=True)
class LiveCity:
    """Where the city listens, and how to command it."""

    home: Path

    def do(self, **command: Any) -> dict[str, Any]:
        """Carry out a command in the city. Raises RuntimeError when it refuses."""
        answer = control.call(self.home / control.SOCKET, command)
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer


@contextlib.contextmanager
def own_database(name: str = DATABASE) -> Iterator[None]:
    """A database of its own on the server of this home, migrated."""
    server = None if os.environ.get("DATABASE_URL") else embedded.start(HOME)
    use_own_database(name)
    try:
        yield
    finally:
        connections.close_all()
        if server is not None:
            server.cleanup()


@contextlib.contextmanager
def served(switches: int, subscribers: int, *, name: str = "") -> Iterator[LiveCity]:
    """A city in the database and on loopback; its folder is kept for the next run, by its `name` or its size."""
    home = HOME / f"bench-city-{name or switches}"
    if not (home / "city" / "services.csv").is_file():
        plan.generate(home / "city", seed=1, switches=switches, subscribers=subscribers, net=NET, port=PORT)
    (home / "city" / "city-state.json").unlink(missing_ok=True)
    if Device.objects.filter(kind="switch").count() != switches:
        use_fresh()
        environment = os.environ | {"DATABASE_URL": embedded.url(connection.settings_dict)}
        command = [_uzel(), "import", "csv", str(home / "city")]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    environment = os.environ | {"UZEL_HOME": str(home)}
    arguments = ["city", "serve", str(home / "city"), "--traps", TRAPS, "--syslog", SYSLOG]
    with process(arguments, environment, home / "city.log"):
        city = LiveCity(home)
        wait(lambda: _answers(city), 30)
        yield city


def use_fresh() -> None:
    """Empty the database of this bench."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('%I', tablename), ', ') FROM pg_tables "
            "WHERE schemaname = 'public' AND tablename <> 'django_migrations'"
        )
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} RESTART IDENTITY CASCADE")


def _answers(city: LiveCity) -> bool:
    try:
        return bool(city.do(do="status"))
    except OSError:
        return False


def _uzel() -> str:
    return shutil.which("uzel", path=str(Path(sys.executable).parent)) or "uzel"


@contextlib.contextmanager
def process(arguments: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A `uzel` command, ended with the block."""
    with log.open("wb") as out:
        running = subprocess.Popen([_uzel(), *arguments], env=environment, stdout=out, stderr=out)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextlib.contextmanager
def monitored(city: LiveCity) -> Iterator[None]:
    """The monitor beside it, until every device answers."""
    environment = os.environ | {
        "DATABASE_URL": embedded.url(connection.settings_dict),
        "UZEL_ICMP": "0",
        "UZEL_TRAP_LISTEN": TRAPS,
        "UZEL_SYSLOG_LISTEN": SYSLOG,
        "UZEL_METRICS_LISTEN": METRICS,
    }
    # What an earlier run of the bench knew would pass for this monitor's first look.
    DeviceState.objects.update(answers=None)
    with process(["monitor"], environment, city.home / "monitor.log"):
        watched = Device.objects.exclude(address=None).count()
        wait(lambda: Device.objects.filter(state__answers=True).count() == watched, 60)
        yield


def wait(condition: Callable[[], Any], seconds: float, *, every_s: float = 0.02) -> Any:
    """Wait until the condition gives something true; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(every_s)
    raise TimeoutError
