"""The keeper of configurations over a real PostgreSQL and a simulated city that speaks telnet: faults, death, a cut."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.utils import timezone

from tests.city_served import Running, served
from uzel.config import embedded
from uzel.core.config_secrets import mask
from uzel.core.configs import clean, lines_of
from uzel.drivers.pool import Pool
from uzel.drivers.session_errors import Patience
from uzel.drivers.transport import Wire
from uzel.journal.models import Event
from uzel.network import backups, backups_queries
from uzel.network.models import (
    AccessGroup,
    BackupRound,
    BackupState,
    ConfigBackup,
    ConfigReason,
    ConfigText,
    Device,
)
from uzel.pollers import backup_store as store
from uzel.pollers import device_facts
from uzel.pollers.backup_cli import backup
from uzel.pollers.backup_keep import BackupKeeper
from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("backup_city")]

# A healthy switch of the city answers at once.
PATIENCE = Patience(connect_s=2, login_s=3, command_s=4, silence_s=0.7, turn_s=5)


@pytest.fixture(scope="module")
def served_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served(tmp_path_factory.mktemp("city")) as city:
        yield city


@pytest.fixture
def city(served_city: Running) -> Iterator[Running]:
    """Its network in the database, its logins known, its faults healed afterwards."""
    assert importing.apply(importing.plan(Folder(served_city.home / "city"))).applied
    for group in AccessGroup.objects.all():
        device_facts.set_access(
            group, wire=Wire.TELNET, port=2323, user="uzel", password="uzel-city", enable="enable-city"
        )
    yield served_city
    served_city.do(do="heal", target="all")


def keep(
    *,
    count: int = 1,
    during: Callable[[], None] | None = None,
    until: Callable[[], bool] | None = None,
    within: float = 40,
    patience: Patience = PATIENCE,
) -> None:
    """Run keepers in this process until nobody waits."""

    def look(function: Callable[[], Any]) -> Any:
        try:
            return function()
        finally:
            connection.close()

    async def scenario() -> None:
        async with Pool(patience=patience, idle_s=0) as pool:
            keepers = [BackupKeeper(pool, nights=False) for _ in range(count)]
            tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
            if during:
                await asyncio.sleep(0.15)
                await asyncio.to_thread(look, during)
            end = time.monotonic() + within
            while not await asyncio.to_thread(look, until or nobody_waits):
                assert time.monotonic() < end, "the keepers did not get there in time"
                await asyncio.sleep(0.05)
            assert pool.open_sessions == 0
            for keeper in keepers:
                keeper.stop.set()
            await asyncio.gather(*tasks)

    asyncio.run(scenario())


def nobody_waits() -> bool:
    return not BackupState.objects.exclude(state="idle").exists()


def whole_city() -> BackupRound:
    begun = backups.begin_round(why=ConfigReason.ASKED)
    assert begun is not None
    return begun


def ask(*codes: str, why: ConfigReason = ConfigReason.ASKED) -> None:
    backups.ask(devices=list(Device.objects.filter(code__in=codes).values_list("pk", flat=True)), why=why)


def state(code: str) -> BackupState:
    return BackupState.objects.select_related("latest__body").get(device__code=code)


def switches() -> list[str]:
    return list(backups_queries.switches().order_by("code").values_list("code", flat=True))


def houses(count: int) -> list[str]:
    return [code for code in switches() if "-h" in code][:count]


def _masked_as_they_should_be() -> None:
    """Each text has its masked copy; of what the city's switches are told, only secrets are hidden."""
    kept = list(ConfigText.objects.values_list("text", "masked"))
    assert all(masked == mask(text) for text, masked in kept)
    lines = {pair for pair in kept for pair in zip(*map(lines_of, pair), strict=True)}
    hidden = sorted({line.split(maxsplit=1)[0] for line, shown in lines if line != shown})
    assert hidden == ["enable", "snmp-server"]


def test_the_whole_city_twice_then_one_change(city: Running) -> None:
    begun = whole_city()
    assert begun.total == len(switches()) > 30
    keep()
    begun.refresh_from_db()
    assert (begun.changed, begun.same, begun.failed) == (begun.total, 0, 0) and begun.ended_at
    assert all(one.device.address in one.body.text for one in ConfigBackup.objects.select_related("device", "body"))
    assert not [one for one in ConfigText.objects.all() if "More" in one.text or "\r" in one.text]
    _masked_as_they_should_be()
    # Nothing has changed: no new version, no new text, only the time until which it was seen.
    first = ConfigBackup.objects.order_by("pk").first()
    second = whole_city()
    keep()
    second.refresh_from_db()
    assert (second.changed, second.same, second.failed) == (0, begun.total, 0)
    assert ConfigBackup.objects.count() == ConfigText.objects.count() == begun.total
    again = ConfigBackup.objects.get(pk=first.pk)
    assert again.taken_at == first.taken_at and again.seen_at > first.seen_at
    # A port is switched off: one version more, of one device.
    code = houses(1)[0]
    city.do(do="fault", target=f"{code}:3", fault="admin-down")
    third = whole_city()
    keep()
    third.refresh_from_db()
    assert (third.changed, third.same, third.failed) == (1, begun.total - 1, 0)
    latest = state(code).latest
    assert (latest.added, latest.removed, latest.why) == (1, 1, "asked")
    # And on again: the text is one that is kept already.
    city.do(do="heal", target=f"{code}:3")
    ask(code)
    keep()
    assert ConfigBackup.objects.filter(device__code=code).count() == 3
    assert ConfigText.objects.count() == begun.total + 1
    assert Event.objects.filter(name="backup.progress").exists() and Event.objects.filter(name="backup.done").exists()


FAULTS = {
    "cli-hang": "hung",
    "cli-close-after-login": "closed",
    "cli-locked": "locked_by_other_session",
    "cli-password-expired": "password_expired",
    "cli-flood=0.3": "flooded|hung|incomplete",
    "cli-flood=3": "flooded|hung",
    "cli-prompt-change": "wrong_host",
}


def test_every_fault_has_its_name_and_costs_nobody_else_anything(city: Running) -> None:
    sick = dict(zip(houses(len(FAULTS)), FAULTS, strict=True))
    ask(*sick)
    keep()
    kept = {code: state(code).latest for code in sick}
    assert all(kept.values())
    for code, fault in sick.items():
        city.do(do="fault", target=code, fault=fault)
    begun = whole_city()
    keep()
    begun.refresh_from_db()
    assert (begun.failed, begun.total) == (len(sick), len(switches()))
    for code, fault in sick.items():
        now = state(code)
        assert now.error in FAULTS[fault].split("|"), (fault, now.error)
        assert now.latest == kept[code], "what was kept stays"
        assert now.failing_since and "uzel-city" not in now.said
    assert "config" in state(next(c for c, fault in sick.items() if fault == "cli-hang")).said
    # Nothing of what came halfway was kept: every text has its end.
    ends = ("End of configuration file", "\nend\n", "\nreturn\n")
    assert all(any(end in one.text for end in ends) for one in ConfigText.objects.all())
    # Mended: the next reading is whole, and the trouble is forgotten.
    city.do(do="heal", target="all")
    ask(*sick)
    keep()
    assert {(state(code).error, state(code).failing_since, state(code).said) for code in sick} == {("", None, "")}


def test_log_lines_within_the_text_make_no_new_version(city: Running) -> None:
    makes = {device.vendor: device.code for device in backups_queries.switches()}
    ask(*makes.values())
    keep()
    for code in makes.values():
        city.do(do="fault", target=code, fault="cli-log-noise")
    ask(*makes.values())
    keep()
    assert [state(code).error for code in makes.values()] == [""] * 3
    assert ConfigBackup.objects.count() == ConfigText.objects.count() == 3


def test_a_configuration_under_the_prompt_of_another_switch_is_refused(city: Running) -> None:
    """Where the configuration says the name, Cisco's and Huawei's; a D-Link's prompt may be its model."""
    makes = {device.vendor: device.code for device in backups_queries.switches()}
    for code in makes.values():
        city.do(do="fault", target=code, fault="cli-wrong-host")
    ask(*makes.values())
    keep()
    assert [state(makes[make]).error for make in ("Cisco", "Huawei")] == ["wrong_host"] * 2
    assert not ConfigBackup.objects.exclude(device__vendor="D-Link").exists()


def test_without_login_or_driver_a_device_says_so(city: Running) -> None:
    one, two, three = houses(3)
    empty = AccessGroup.objects.create(code="empty", snmp_community="x")
    Device.objects.filter(code=one).update(access_group=empty)
    Device.objects.filter(code=two).update(vendor="Nobody")
    other = AccessGroup.objects.create(code="other", username="uzel", password_encrypted="sealed elsewhere")
    Device.objects.filter(code=three).update(access_group=other)
    ask(one, two, three)
    keep()
    assert [state(code).error for code in (one, two, three)] == ["no_credentials", "no_driver", "wrong_key"]


def test_two_keepers_share_a_round_and_nobody_is_read_twice(city: Running) -> None:
    begun = whole_city()
    keep(count=3)
    begun.refresh_from_db()
    assert begun.changed == begun.total == ConfigBackup.objects.count()


def test_the_database_is_cut_in_the_middle(city: Running) -> None:
    begun = whole_city()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (own,) = cursor.fetchone()

    def cut() -> None:
        for _ in range(3):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
                    [own],
                )
            time.sleep(0.1)

    keep(during=cut)
    begun.refresh_from_db()
    assert begun.changed + begun.same + begun.failed == begun.total and begun.ended_at
    assert ConfigBackup.objects.count() == begun.total
    assert not BackupState.objects.exclude(error="").exists()


def test_a_process_killed_in_the_middle_leaves_nothing_half_kept(city: Running) -> None:
    for code in switches():
        city.do(do="fault", target=code, fault="cli-slow=1s")
    environment = os.environ | {"DATABASE_URL": embedded.url(connection.settings_dict)}
    command = [str(Path(sys.executable).with_name("uzel")), "backup", "run", "--all"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        end = time.monotonic() + 30
        while not BackupState.objects.filter(state="running").exists():
            assert time.monotonic() < end and running.poll() is None
            time.sleep(0.05)
        time.sleep(0.5)
        running.send_signal(signal.SIGKILL)
    held = BackupState.objects.filter(state="running")
    assert held.exists() and not ConfigBackup.objects.exists()
    city.do(do="heal", target="all")
    # Nobody takes the rows away from a process that may still be at work.
    store.tidy(now=timezone.now(), hour=None)
    assert held.exists()
    held.update(started_at=timezone.now() - timedelta(seconds=store.RUNS_AT_MOST_S + 1))
    store.tidy(now=timezone.now(), hour=None)
    keep()
    begun = BackupRound.objects.get()
    assert (begun.changed, begun.failed) == (begun.total, 0) and begun.ended_at


def test_what_kills_its_readers_is_not_tried_for_ever(city: Running) -> None:
    code = houses(1)[0]
    ask(code)
    for _ in range(store.LOST_AT_MOST + 1):
        (job,) = store.claim(10, of_rounds=10)
        late = timezone.now() - timedelta(seconds=store.RUNS_AT_MOST_S + 1)
        BackupState.objects.update(started_at=late)
        store.tidy(now=timezone.now(), hour=None)
    assert (state(code).state, state(code).error) == ("idle", "lost")
    # One that was only slow comes too late: the row is not its own any more.
    assert store.keep(job, clean("hostname a\nend\n")) == "" and not ConfigBackup.objects.exists()
    assert not store.fail(job, error="hung")
    ask(code)
    keep()
    assert (state(code).error, state(code).lost) == ("", 0)


def test_the_end_of_the_process_gives_back_what_it_holds(city: Running) -> None:
    code = houses(1)[0]
    city.do(do="fault", target=code, fault="cli-slow=20s")
    ask(code)
    keep(until=lambda: BackupState.objects.filter(state="running").exists(), patience=Patience())
    assert (state(code).state, state(code).started_at) == ("waiting", None)


def test_a_person_goes_before_a_round_and_a_change_is_read_anew(city: Running) -> None:
    begun = whole_city()
    last = store.claim(len(switches()) - 1, of_rounds=99)
    (left,) = BackupState.objects.filter(state="waiting")
    store.release(last)
    ask(left.device.code)
    (first,) = store.claim(1, of_rounds=0)
    assert first.device == left.pk and first.urgent
    # Read while a change is being made: what comes may be from before it.
    ask(left.device.code, why=ConfigReason.CHANGE)
    assert store.keep(first, clean("hostname old\nend\n")) == "changed"
    assert BackupState.objects.get(pk=left.pk).state == "waiting"
    (again,) = store.claim(1, of_rounds=0)
    assert store.keep(again, clean("hostname new\nend\n")) == "changed"
    assert BackupState.objects.get(pk=left.pk).state == "idle"
    assert [one.why for one in ConfigBackup.objects.order_by("pk")] == ["change", "change"]
    keep()
    begun.refresh_from_db()
    assert begun.done == begun.total


def test_the_night_has_one_round(city: Running, settings: Any) -> None:
    night = timezone.make_aware(timezone.datetime(2026, 11, 23, 3, 5))
    store.tidy(now=night, hour=None)
    assert not BackupRound.objects.exists()
    store.tidy(now=night, hour=3)
    begun = BackupRound.objects.get()
    assert (begun.why, str(begun.night)) == ("night", "2026-11-23")
    backups.end_round(begun)
    assert nobody_waits()
    store.tidy(now=night + timedelta(minutes=30), hour=3)
    assert BackupRound.objects.count() == 1
    store.tidy(now=night + timedelta(days=1), hour=3)
    assert BackupRound.objects.count() == 2
    # One at a time, whoever asks.
    assert backups.begin_round(why=ConfigReason.ASKED) == BackupRound.objects.get(ended_at__isnull=True)


def test_a_round_of_those_that_are_missing(city: Running) -> None:
    one, two = houses(2)
    whole_city()
    city.do(do="fault", target=one, fault="cli-locked")
    keep()
    Device.objects.create(code="new-one", site=Device.objects.get(code=two).site, kind="switch", address="10.255.0.1")
    begun = backups.begin_round(why=ConfigReason.ASKED, failed_only=True)
    waiting = BackupState.objects.filter(state="waiting").values_list("device__code", flat=True)
    assert begun.total == 2 and set(waiting) == {one, "new-one"}


def test_from_the_command_line(city: Running) -> None:
    one, two = houses(2)
    runner = CliRunner()
    done = runner.invoke(backup, ["run", one, two])
    assert done.exit_code == 0 and "2 new, 0 the same, 0 failed" in done.output, done.output
    city.do(do="fault", target=two, fault="cli-locked")
    done = runner.invoke(backup, ["run", one, two])
    assert done.exit_code == 1 and "0 new, 1 the same, 1 failed" in done.output
    assert f"{two} " in done.output and "another session holds the device" in done.output
    shown = runner.invoke(backup, ["show", one])
    assert shown.exit_code == 0 and "End of configuration file" in shown.output
    assert runner.invoke(backup, ["run", "nowhere"]).exit_code == 1
    assert runner.invoke(backup, ["run"]).exit_code == runner.invoke(backup, ["run", one, "--all"]).exit_code == 2
    assert runner.invoke(backup, ["show", houses(3)[2]]).exit_code == 1


def test_a_device_that_is_gone_does_not_keep_a_round_open(city: Running) -> None:
    begun = whole_city()
    BackupState.objects.filter(device__code=houses(1)[0]).delete()
    keep()
    store.tidy(now=timezone.now(), hour=None)
    begun.refresh_from_db()
    assert begun.ended_at and begun.done == begun.total - 1


def test_jobs_do_not_tell_their_secrets(city: Running) -> None:
    ask(houses(1)[0])
    (job,) = store.claim(1, of_rounds=1)
    assert "uzel-city" not in repr(job) + repr(replace(job, error="x")) and job.facts is not None
