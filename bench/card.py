"""The subscriber's card over a city of 60,000: server time, and the verdict from the opened card to the answer shown.

A city of its own is generated, imported and served on loopback, with the real prober beside it; all below the home
folder, kept for the next run.
"""

import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402

from bench import Figure  # noqa: E402
from uzel.config import embedded  # noqa: E402
from uzel.network.models import Probe  # noqa: E402
from uzel.people.models import Role, User  # noqa: E402
from uzel.subscribers.models import Service, Subscriber  # noqa: E402

SUBSCRIBERS, SWITCHES, NET = 60_000, 1_500, 60
CARDS, VERDICTS = 300, 60
UZEL = Path(sys.executable).with_name("uzel")


def run() -> Iterator[Figure]:
    """Card p95 in ms of server time, and verdict p95 in ms from the request of the card to the finished verdict."""
    home = settings.HOME / "bench-card"
    server = embedded.start(home)
    connections.close_all()
    connection.settings_dict.update(embedded.conninfo("", home))
    environment = os.environ | {"UZEL_HOME": str(home), "UZEL_LOG_LEVEL": "ERROR"}
    environment.pop("DATABASE_URL", None)
    call_command("migrate", verbosity=0, interactive=False)
    folder = home / "city"
    if Subscriber.objects.count() < SUBSCRIBERS:
        shutil.rmtree(folder, ignore_errors=True)
        sizes = ["--switches", str(SWITCHES), "--subscribers", str(SUBSCRIBERS), "--net", str(NET)]
        _uzel(environment, "city", "generate", str(folder), *sizes)
        _uzel(environment, "import", "csv", str(folder))
    client = _signed_in()
    accounts = _accounts()
    cards = [_timed(client, f"/subscribers/{account}/") for account in accounts[:CARDS]]
    yield Figure(
        "card: server time, p95",
        round(_percentile(cards, 95), 1),
        "ms",
        target="<= 150",
        note=f"{SUBSCRIBERS:,} subscribers; p50 {statistics.median(cards):.0f}, max {max(cards):.0f}",
    )
    with _running(environment, folder):
        Probe.objects.all().delete()
        verdicts = [_verdict(client, account) for account in accounts[CARDS : CARDS + VERDICTS]]
    finished = [taken for taken in verdicts if taken is not None]
    yield Figure(
        "card: verdict from a live probe, p95",
        round(_percentile(finished, 95)),
        "ms",
        target="<= 1000",
        note=f"p50 {statistics.median(finished):.0f}, max {max(finished):.0f}; {len(finished)} of {VERDICTS} answered",
    )
    connections.close_all()
    del server


def _uzel(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([UZEL, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _running(environment: dict[str, str], folder: Path) -> Iterator[None]:
    """The city on loopback and the prober, until the end of the block."""
    socket = Path(environment["UZEL_HOME"]) / "city.sock"
    socket.unlink(missing_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    city = [UZEL, "city", "serve", str(folder), "--traps", "127.0.0.1:6162", "--syslog", "127.0.0.1:6514"]
    children = [subprocess.Popen(command, env=environment, **quiet) for command in (city, [UZEL, "prober"])]
    try:
        deadline = time.monotonic() + 60
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(3)
        yield
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(20)


def _signed_in() -> Client:
    user, _ = User.objects.get_or_create(username="bench", defaults={"role": Role.OPERATOR})
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _accounts() -> list[str]:
    """Accounts with an internet line, shuffled always the same way; the rate limit of probes is per person."""
    rows = Service.objects.filter(kind="internet", is_active=True, subscriber__status="active")
    accounts = sorted(set(rows.values_list("subscriber__account", flat=True)))
    return random.Random(7).sample(accounts, CARDS + VERDICTS)


def _timed(client: Client, path: str) -> float:
    Probe.objects.all().delete()
    started = time.perf_counter()
    response = client.get(path)
    taken = (time.perf_counter() - started) * 1000
    assert response.status_code == 200, path
    return taken


def _verdict(client: Client, account: str) -> float | None:
    """Milliseconds until the verdict on the first data line no longer waits; None after five seconds."""
    Probe.objects.exclude(state__in=["waiting", "running"]).delete()
    line = Service.objects.filter(subscriber__account=account, kind="internet").order_by("kind", "code")[0]
    started = time.perf_counter()
    client.get(f"/subscribers/{account}/")
    while time.perf_counter() - started < 5:
        verdict = client.get(f"/subscribers/{account}/lines/{line.pk}/verdict/", headers={"HX-Request": "true"})
        if b"sse:probe.done" not in verdict.content:
            return (time.perf_counter() - started) * 1000
        time.sleep(0.02)
    return None


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]
