"""The runner of changes as a process: a city, a database, pages' rows in, ends out; killed in the middle as well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection

from tests import web_data
from tests.city_served import Running, served
from uzel.config.embedded import url
from uzel.core.changes import Kind
from uzel.drivers.transport import Wire
from uzel.network import changes
from uzel.network.models import AccessGroup, Change, Device, Port
from uzel.people.models import Role, User
from uzel.pollers import device_facts
from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
State = Change.State
UNDER_WAY = {State.ASKED, State.WAITING, State.RUNNING}
TELNET = 2323


@pytest.fixture
def city(tmp_path: Path, settings: object) -> Iterator[Running]:
    with served(tmp_path) as running:
        diff = importing.apply(importing.plan(Folder(tmp_path / "city")))
        assert diff.applied
        for group in AccessGroup.objects.all():
            device_facts.set_access(
                group, wire=Wire.TELNET, port=TELNET, user="uzel", password="uzel-city", enable="enable-city"
            )
        yield running


@pytest.fixture
def user(transactional_db: None) -> User:
    return web_data.people()[Role.ENGINEER]


@contextmanager
def prober() -> Iterator[subprocess.Popen[bytes]]:
    """A prober on the test's database."""
    code = "from uzel.config.cli import main; main()"
    environment = {**os.environ, "DATABASE_URL": url(connection.settings_dict)}
    process = subprocess.Popen([sys.executable, "-c", code, "prober"], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def port_of(city: Running, model: str) -> Port:
    ports = Port.objects.filter(device__code=city.switch(model).code, link_as_a=None, link_as_b=None, is_uplink=False)
    found = ports.order_by("if_index").first()
    assert found
    return found


def asked(port: Port, kind: Kind, user: User, value: str = "") -> Change:
    change = changes.ask(kind=kind, device=port.device, port=port, value=value, subject="", user=user, key=uuid4())
    return until(change, lambda row: row.state != State.ASKED)


def until(change: Change, met: object, seconds: float = 40.0) -> Change:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        change.refresh_from_db()
        if met(change):  # type: ignore[operator]
            return change
        time.sleep(0.05)
    raise AssertionError(f"still {change.state} {change.error} {change.transcript}")


def ended(row: Change) -> bool:
    return row.state not in UNDER_WAY


def made(port: Port, kind: Kind, user: User, value: str = "") -> Change:
    change = asked(port, kind, user, value)
    assert change.state == State.READY, change.error
    return until(changes.confirm(change=change, user=user, reason="a test"), ended)


def test_changes_at_three_makes_and_a_locked_one(city: Running, user: User) -> None:
    with prober():
        for model in ("DES-3200-18", "WS-C3560G-48TS", "S5720-56C-PWR-EI"):
            port = port_of(city, model)
            off = made(port, Kind.PORT_OFF, user)
            assert (off.state, off.after["admin_up"]) == (State.DONE, False), (off.error, off.transcript)
            assert [entry["line"] for entry in off.transcript if entry["part"] == "do"] == off.commands
            assert "uzel-city" not in str(off.transcript)
            assert made(port, Kind.DESCRIPTION, user, "kv 12").state == State.DONE
            waiting = asked(port, Kind.PORT_ON, user)
            city.do(do="fault", target=port.device.code, fault="cli-locked")
            locked = until(changes.confirm(change=waiting, user=user, reason="a test"), ended)
            assert (locked.state, locked.error) == (State.FAILED, "locked_by_other_session")
            city.do(do="heal", target=port.device.code)


def test_what_changed_since_the_preview_is_not_touched(city: Running, user: User) -> None:
    port = port_of(city, "DES-3200-18")
    with prober():
        change = asked(port, Kind.DESCRIPTION, user, "kv 12")
        assert made(port, Kind.DESCRIPTION, user, "somebody else").state == State.DONE
        late = until(changes.confirm(change=change, user=user, reason="a test"), ended)
        assert (late.state, late.error, late.transcript) == (State.FAILED, "changed_meanwhile", [])


def test_a_deaf_switch_is_undone(city: Running, user: User) -> None:
    port = port_of(city, "WS-C3560G-48TS")
    with prober():
        change = asked(port, Kind.PORT_OFF, user)
        city.do(do="fault", target=port.device.code, fault="cli-deaf")
        undone = until(changes.confirm(change=change, user=user, reason="a test"), ended)
        assert (undone.state, undone.error) == (State.UNDONE, "check_failed")


@pytest.mark.parametrize("model", ["DES-3200-18", "WS-C3560G-48TS", "S5720-56C-PWR-EI"])
def test_what_a_runner_killed_in_the_middle_left_off_is_switched_on_again_once(
    city: Running, user: User, model: str
) -> None:
    port = port_of(city, model)
    with prober() as first:
        change = asked(port, Kind.PORT_RESTART, user)
        changes.confirm(change=change, user=user, reason="a test")
        # In the three seconds between off and on.
        off = change.commands[-2] if len(change.commands) == 2 else "shutdown"
        until(change, lambda row: any(e["line"] == off and e["answered"] for e in row.transcript))
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
    sent = [entry["line"] for entry in change.transcript]
    with prober(), prober():
        until(change, lambda row: row.state == State.UNDONE)
        assert (change.error, change.after["admin_up"]) == ("runner_died", True)
        # The restart is not made again. What had been sent stays, the recorded way back comes behind it, once.
        assert [e["line"] for e in change.transcript if e["part"] == "do"] == sent
        assert [e["line"] for e in change.transcript if e["part"] == "undo"] == change.undo
        assert change.transcript[-1]["part"] == "check"
        assert not changes.left_off().exists()


def test_what_cannot_be_switched_on_again_is_told_to_the_leads(city: Running, user: User) -> None:
    port = port_of(city, "WS-C3560G-48TS")
    with prober() as first:
        change = asked(port, Kind.PORT_RESTART, user)
        changes.confirm(change=change, user=user, reason="a test")
        until(change, lambda row: any(e["line"] == "shutdown" and e["answered"] for e in row.transcript))
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
    city.do(do="fault", target=port.device.code, fault="cli-locked")
    with prober():
        until(change, lambda row: row.state == State.FAILED, 60)
        assert (change.error, change.after["admin_up"]) == ("undo_locked_by_other_session", False)
        assert changes.for_leads().get() == change
        city.do(do="heal", target=port.device.code)
        assert made(port, Kind.PORT_ON, user).state == State.DONE
        assert not changes.for_leads().exists()


def test_a_runner_told_to_stop_ends_what_it_is_at(city: Running, user: User) -> None:
    port = port_of(city, "DES-3200-18")
    with prober() as process:
        change = asked(port, Kind.PORT_RESTART, user)
        changes.confirm(change=change, user=user, reason="a test")
        until(change, lambda row: bool(row.transcript))
        process.terminate()
        process.wait(20)
    change.refresh_from_db()
    assert change.state == State.DONE


def test_two_of_one_device_one_after_the_other(city: Running, user: User) -> None:
    port = port_of(city, "DES-3526")
    with prober():
        rows = [asked(port, Kind.PORT_RESTART, user) for _ in range(2)]
        for row in rows:
            changes.confirm(change=row, user=user, reason="a test")
        one, two = (until(row, ended) for row in rows)
    assert one.state == two.state == State.DONE
    assert one.ended_at and two.started_at
    assert one.ended_at <= two.started_at
    assert Device.objects.get(pk=port.device_id).changes.count() == 2
