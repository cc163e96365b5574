"""How fast a whole city comes in: 1,500 switches and 60,000 subscribers."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

from django.db import connection  # noqa: E402

from bench import Figure  # noqa: E402
from uzel.config import embedded  # noqa: E402
from uzel.config.settings import HOME  # noqa: E402
from uzel.network.adjacency import current  # noqa: E402
from uzel.network.models import Device  # noqa: E402
from uzel.network.queries import path_to_source  # noqa: E402
from uzel.simcity.plan import generate  # noqa: E402
from uzel.subscribers.importing import bring_in  # noqa: E402
from uzel.subscribers.importing.csv_folder import Folder  # noqa: E402


def run() -> Iterator[Figure]:
    """Measure in a database made for it: the first import, one that changes nothing, and a device's way up."""
    server = None if os.environ.get("DATABASE_URL") else embedded.start(HOME)
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder))
            yield from _imports(Folder(Path(folder)))
        yield _ways()
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
        del server


def _imports(source: Folder) -> Iterator[Figure]:
    for title in ("a whole city comes in", "the same again, nothing changes"):
        began = time.perf_counter()
        diff = bring_in(source)
        seconds = time.perf_counter() - began
        if not diff.applied:
            raise RuntimeError(diff.problems.examples[:3])
        added = sum(change.added for change in diff.changes.values())
        unchanged = sum(change.unchanged for change in diff.changes.values())
        yield Figure(title, seconds, "s", target="<= 60", note=f"{added:,} rows added, {unchanged:,} unchanged")


def _ways() -> Figure:
    current()
    spent = []
    for pk in Device.objects.order_by("?").values_list("id", flat=True)[:500]:
        began = time.perf_counter()
        path_to_source(pk)
        spent.append((time.perf_counter() - began) * 1000)
    return Figure("way from a device to its source, p95", sorted(spent)[474], "ms", target="<= 50", note="500 devices")
