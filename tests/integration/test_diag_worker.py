"""What the workers of the prober share: claiming, falling, stopping; and the keys of switches that they keep."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import OperationalError

from uzel.pollers import worker
from uzel.pollers.device_facts import HOST_KEYS_FILE, HostKeyFile
from uzel.pollers.worker import Worker, run_all

pytestmark = pytest.mark.django_db(transaction=True)


class Office:
    """The jobs that there are, and what became of them."""

    def __init__(self, *jobs: str) -> None:
        self.waiting = list(jobs)
        self.done: list[str] = []
        self.given_back: list[str] = []
        self.made = 0
        self.stop = asyncio.Event()


class Clerk(Worker[str]):
    channel = "uzel_test"
    concurrency = 2
    look_s, grace_s = 0.02, 0.1

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.office = office
        office.made += 1

    def claim(self, most: int) -> Sequence[str]:
        assert most <= self.concurrency - len(self._running)
        taken, self.office.waiting = self.office.waiting[:most], self.office.waiting[most:]
        if "falls" in taken:
            raise ValueError
        if "database away" in taken:
            raise OperationalError
        return taken

    async def work(self, job: str) -> None:
        if job == "odd":
            raise ValueError
        if job == "long":
            await asyncio.sleep(60)
        self.office.done.append(job)
        if not self.office.waiting:
            self.office.stop.set()

    def release(self, jobs: Iterable[str]) -> None:
        self.office.given_back += jobs


def run(office: Office) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(20):
            await run_all([partial(Clerk, office)], office.stop)

    asyncio.run(scenario())


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "AGAIN_S", 0.01)
    monkeypatch.setattr(worker, "DATABASE_RETRY_S", 0.01)


def test_an_odd_job_takes_nothing_away_from_the_others() -> None:
    office = Office("a", "odd", "b", "c", "d")
    run(office)
    assert sorted(office.done) == ["a", "b", "c", "d"] and office.made == 1


def test_a_worker_that_falls_is_made_anew() -> None:
    office = Office("a", "b", "falls", "-", "c")
    run(office)
    assert "c" in office.done and office.made > 1


def test_a_database_that_is_away_is_waited_for() -> None:
    office = Office("a", "b", "database away", "-", "c")
    run(office)
    assert "c" in office.done and office.made == 1


def test_what_cannot_be_finished_is_given_back() -> None:
    office = Office("long", "a")
    run(office)
    assert (office.done, office.given_back) == (["a"], ["long"])


def test_keys_are_kept_as_they_are_met_and_taken_out_by_hand(settings: LazySettings, tmp_path: Path) -> None:
    settings.HOME = tmp_path
    keys, other = HostKeyFile(), HostKeyFile()
    assert keys.setdefault("10.1.2.3:22", "SHA256:a") == "SHA256:a"
    assert other.setdefault("10.1.2.3:22", "SHA256:b") == "SHA256:a"
    other["10.1.2.4:22"] = "SHA256:c"
    assert dict(keys) == {"10.1.2.3:22": "SHA256:a", "10.1.2.4:22": "SHA256:c"}
    (tmp_path / HOST_KEYS_FILE).write_text("{}")
    assert "10.1.2.3:22" not in keys and len(other) == 0
