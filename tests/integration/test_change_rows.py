"""Changes as rows: asked once, confirmed by whom it may be, made one after another, marked honestly when left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests import web_data
from uzel.core.changes import Kind, Seen
from uzel.drivers.change import Entry, Outcome
from uzel.journal.models import AuditRecord, Event
from uzel.network import changes
from uzel.network.changes import Refused
from uzel.network.models import Change, Device, Link, Port
from uzel.people.models import Role, User
from uzel.pollers import change_store as store
from uzel.subscribers.models import Subscriber

pytestmark = pytest.mark.django_db
State = Change.State


@pytest.fixture
def staff() -> dict[Role, User]:
    web_data.city(okrugs=1, districts=1, campuses=1, houses=2)
    house = web_data.Site.objects.filter(level=4).order_by("code").first()
    assert house
    web_data.subscribers(house, 1)
    return web_data.people()


def device() -> Device:
    return Device.objects.filter(services__isnull=False).distinct().get()


def port(name: str = "1") -> Port:
    return device().ports.get(name=name)


def asked(user: User, kind: Kind = Kind.PORT_RESTART, *, on: Port | None = None, **more: Any) -> Change:
    on = on or port()
    given = {"value": "", "subject": "", "key": uuid4()} | more
    return changes.ask(kind=kind, device=on.device, port=on, user=user, **given)


def ready(user: User, kind: Kind = Kind.PORT_RESTART, **more: Any) -> Change:
    """A change as the runner leaves it after its preview."""
    change = asked(user, kind, **more)
    Change.objects.filter(pk=change.pk).update(state=State.READY, commands=["x"], undo=["y"])
    change.refresh_from_db()
    return change


def running(user: User, *, transcript: list[Any] | None = None, **more: Any) -> Change:
    change = changes.confirm(change=ready(user, **more), user=user, reason="test")
    (job,) = store.claim(1, only=change.pk)
    assert job.phase == "run"
    if transcript:
        job.entries = transcript
        store.keep(job)
    change.refresh_from_db()
    return change


def test_the_same_form_sent_twice_is_one_change(staff: dict[Role, User]) -> None:
    key = UUID(int=7)
    one, two = (asked(staff[Role.OPERATOR], key=key) for _ in range(2))
    assert one == two
    assert Change.objects.count() == 1
    Change.objects.update(state=State.READY)
    first = changes.confirm(change=one, user=staff[Role.OPERATOR], reason="no link")
    again = changes.confirm(change=two, user=staff[Role.OPERATOR], reason="no link")
    assert first.confirmed_at == again.confirmed_at
    assert AuditRecord.objects.filter(action="change.confirmed").count() == 1
    assert len(store.claim(5)) == 1
    assert not store.claim(5)


def test_a_reason_is_wanted_and_kept_with_who_and_for_whom(staff: dict[Role, User]) -> None:
    account = Subscriber.objects.get().account
    change = ready(staff[Role.OPERATOR], subject=account)
    for nothing in ("", "  ", "x"):
        with pytest.raises(Refused, match="no_reason"):
            changes.confirm(change=change, user=staff[Role.OPERATOR], reason=nothing)
    changes.confirm(change=change, user=staff[Role.OPERATOR], reason="  нет   линка\n")
    assert (change.reason, change.subject, change.confirmed_by) == ("нет линка", account, staff[Role.OPERATOR])
    record = AuditRecord.objects.get(action="change.confirmed")
    assert (record.user, record.detail["reason"]) == (staff[Role.OPERATOR], "нет линка")
    assert record.detail["commands"] == "x"


def test_a_stranger_is_not_the_subject_of_a_port(staff: dict[Role, User]) -> None:
    assert asked(staff[Role.OPERATOR], subject="999999").subject == ""


def test_roles(staff: dict[Role, User]) -> None:
    for kind in (Kind.PORT_OFF, Kind.PORT_ON, Kind.DESCRIPTION):
        with pytest.raises(Refused, match="role"):
            asked(staff[Role.OPERATOR], kind)
        asked(staff[Role.COORDINATOR], kind)
    with pytest.raises(Refused, match="role"):
        asked(staff[Role.FIELD])


def test_a_shared_port_waits_for_a_lead(staff: dict[Role, User]) -> None:
    web_data.subscribers(device().site, 1)
    change = ready(staff[Role.OPERATOR])
    assert change.needs_lead == ["shared"]
    with pytest.raises(Refused, match="needs_lead"):
        changes.confirm(change=change, user=staff[Role.OPERATOR], reason="no link")
    with pytest.raises(Refused, match="needs_lead"):
        changes.confirm(change=change, user=staff[Role.COORDINATOR], reason="")
    assert not store.claim(5)
    changes.confirm(change=change, user=staff[Role.LEAD], reason="")
    assert (change.reason, change.asked_by, change.confirmed_by) == (
        "no link", staff[Role.OPERATOR], staff[Role.LEAD],
    )  # fmt: skip
    assert len(store.claim(5)) == 1


def test_only_whoever_asked_says_why_and_a_lead_may_add_to_it(staff: dict[Role, User]) -> None:
    web_data.subscribers(device().site, 1)
    coordinator, lead = staff[Role.COORDINATOR], staff[Role.LEAD]
    change = ready(coordinator)
    with pytest.raises(Refused, match="not_asker"):
        changes.confirm(change=change, user=staff[Role.OPERATOR], reason="PLANTED")
    for said in ("its real reason", "another one"):
        with pytest.raises(Refused, match="needs_lead"):
            changes.confirm(change=change, user=coordinator, reason=said)
    (record,) = AuditRecord.objects.filter(action="change.handed_over")
    assert (record.user, record.detail["reason"], record.detail["commands"]) == (coordinator, "its real reason", "x")
    assert changes.waiting().count() == 1
    changes.confirm(change=change, user=lead, reason="called them")
    assert change.reason == "its real reason · called them"
    assert AuditRecord.objects.get(action="change.confirmed").detail["reason"] == change.reason
    assert not changes.waiting().exists()


def test_a_port_that_became_shared_after_the_preview_is_not_confirmed(staff: dict[Role, User]) -> None:
    change = ready(staff[Role.OPERATOR])
    web_data.subscribers(device().site, 1)
    with pytest.raises(Refused, match="needs_lead"):
        changes.confirm(change=change, user=staff[Role.OPERATOR], reason="no link")


def test_nobody_switches_off_a_port_that_carries_light(staff: dict[Role, User]) -> None:
    up = device().ports.get(is_uplink=True)
    link = Link.objects.get(b_port=up)
    assert link.a_port
    for kind in (Kind.PORT_OFF, Kind.PORT_RESTART):
        for end in (up, link.a_port):
            with pytest.raises(Refused, match="carries_light"):
                asked(staff[Role.ENGINEER], kind, on=end)
    with pytest.raises(Refused, match="role"):
        asked(staff[Role.OPERATOR], Kind.DESCRIPTION, on=up)
    assert asked(staff[Role.COORDINATOR], Kind.DESCRIPTION, on=up).needs_lead == ["uplink"]


def test_a_port_of_a_ring_is_an_uplink_that_a_lead_may_confirm_until_the_ring_is_broken(
    staff: dict[Role, User],
) -> None:
    one, two = Device.objects.filter(site__level=4).order_by("code")
    ends = [Port.objects.create(device=d, name="26", if_index=26) for d in (one, two)]
    Link.objects.create(code="ring", a_device=one, a_port=ends[0], b_device=two, b_port=ends[1])
    up = one.ports.get(name="25")
    assert changes.port_facts(up).darkens == 0
    assert asked(staff[Role.LEAD], Kind.PORT_RESTART, on=up).needs_lead == []
    assert asked(staff[Role.OPERATOR], Kind.PORT_RESTART, on=up).needs_lead == ["uplink"]
    state = web_data.DeviceState.objects.get(device=two)
    state.is_lit = False
    state.save()
    assert changes.port_facts(up).darkens == 1
    with pytest.raises(Refused, match="carries_light"):
        asked(staff[Role.LEAD], Kind.PORT_RESTART, on=up)


def test_two_changes_of_one_device_are_made_one_after_the_other(staff: dict[Role, User]) -> None:
    user = staff[Role.OPERATOR]
    rows = [changes.confirm(change=ready(user), user=user, reason="test") for _ in range(2)]
    (first,) = store.claim(5)
    assert first.id == rows[0].pk
    assert not store.claim(5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Change.objects.filter(pk=rows[1].pk).update(state=State.RUNNING)
    assert store.finish(first, Outcome("done"))
    (second,) = store.claim(5)
    assert second.id == rows[1].pk


def test_a_change_that_nobody_began_in_time_is_not_made_later(staff: dict[Role, User]) -> None:
    user = staff[Role.OPERATOR]
    change = changes.confirm(change=ready(user), user=user, reason="test")
    Change.objects.update(confirmed_at=timezone.now() - timedelta(seconds=store.EXPIRES_S + 60))
    assert not store.claim(5)
    store.tidy()
    change.refresh_from_db()
    assert (change.state, change.error) == (State.FAILED, "expired")
    old = ready(user)
    Change.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(Refused, match="too_late"):
        changes.confirm(change=old, user=user, reason="test")
    store.tidy()
    old.refresh_from_db()
    assert (old.state, old.error) == (State.CANCELLED, "expired")


@pytest.mark.parametrize(("sent", "state"), [(True, State.UNKNOWN), (False, State.FAILED)])
def test_what_a_dead_runner_left_is_unknown_if_anything_had_been_sent(
    staff: dict[Role, User], sent: bool, state: str
) -> None:
    line = Entry("do", "config ports 1 state disable", at=1.0)
    change = running(staff[Role.OPERATOR], transcript=[line] if sent else None)
    store.tidy()
    change.refresh_from_db()
    assert change.state == State.RUNNING
    Change.objects.update(alive_at=timezone.now() - timedelta(seconds=store.DEAD_S + 60))
    store.tidy()
    change.refresh_from_db()
    assert (change.state, change.error) == (state, "runner_died")
    assert [entry["line"] for entry in change.transcript] == ([line.line] if sent else [])
    assert AuditRecord.objects.filter(action=f"change.{state}", user=staff[Role.OPERATOR]).count() == 1
    # It is never made again; an unknown one is looked at, once.
    phases = [job.phase for job in store.claim(5)]
    assert phases == (["look"] if sent else [])
    assert not store.claim(5)


def test_a_runner_that_was_thought_dead_still_says_how_it_ended(staff: dict[Role, User]) -> None:
    user = staff[Role.OPERATOR]
    change = changes.confirm(change=ready(user), user=user, reason="test")
    (job,) = store.claim(1)
    job.entries = [Entry("do", "x", at=1.0)]
    store.keep(job)
    Change.objects.update(alive_at=timezone.now() - timedelta(seconds=store.DEAD_S + 60))
    store.tidy()
    assert store.finish(job, Outcome("undone", "check_failed", Seen(admin_up=True)))
    change.refresh_from_db()
    assert (change.state, change.after["admin_up"]) == (State.UNDONE, True)
    assert not store.finish(job, Outcome("done"))


def test_what_the_database_does_not_take_is_kept_with_signs_in_its_place(staff: dict[Role, User]) -> None:
    user = staff[Role.OPERATOR]
    change = changes.confirm(change=ready(user), user=user, reason="test")
    (job,) = store.claim(1)
    job.entries = [Entry("do", "shutdown", "log \0 \ud800 nul", "", 1.0)]
    store.keep(job)
    assert store.finish(job, Outcome("undone", "check_failed", Seen(admin_up=True, description="a\0b", macs=("\0",))))
    change.refresh_from_db()
    assert (change.state, change.error) == (State.UNDONE, "check_failed")
    assert change.transcript[0]["text"] == "log \u2400 \ufffd nul"
    assert (change.after["description"], change.after["macs"]) == ("a\u2400b", ["\u2400"])


def test_an_end_that_a_runner_did_not_know_itself_is_looked_at_once(staff: dict[Role, User]) -> None:
    user = staff[Role.OPERATOR]
    change = changes.confirm(change=ready(user), user=user, reason="test")
    (job,) = store.claim(1)
    job.entries = [Entry("do", "x", at=1.0)]
    assert store.finish(job, Outcome("unknown", "stopped", Seen()))
    (look,) = store.claim(5)
    assert (look.phase, look.id) == ("look", change.pk)
    assert not store.claim(5)
    store.release([look])
    (look,) = store.claim(5)
    store.looked(look, Seen(admin_up=False))
    assert not store.claim(5)
    change.refresh_from_db()
    assert (change.state, change.after["admin_up"]) == (State.UNKNOWN, False)


def left(user: User, kind: Kind = Kind.PORT_RESTART, **row: Any) -> Change:
    """A change whose runner died after its first line."""
    change = running(user, transcript=[Entry("do", "x", "", at=1.0)], kind=kind)
    Change.objects.filter(pk=change.pk).update(
        **{"state": State.UNKNOWN, "error": "runner_died", "ended_at": timezone.now(), "before": {"admin_up": True}}
        | row
    )
    return change


def test_a_change_is_taken_back_by_one_runner_once(staff: dict[Role, User]) -> None:
    change = left(staff[Role.ENGINEER])
    (look,) = store.claim(5)
    off = Seen(admin_up=False)
    assert [store.take_back(look, off), store.take_back(look, off)] == [True, False]
    change.refresh_from_db()
    assert (change.state, look.phase) == (State.RUNNING, "back")
    # Meanwhile the first runner is alive after all: the row is not its own any more.
    first = replace(look, phase="run", kept=[], entries=[Entry("do", "x", "", at=1.0)])
    assert not store.finish(first, Outcome("done"))
    # The second one dies too: it is looked at, and not tried a third time.
    Change.objects.update(alive_at=timezone.now() - timedelta(seconds=store.DEAD_S + 60))
    store.tidy()
    (again,) = store.claim(5)
    assert (again.phase, again.tried_back, store.take_back(again, off)) == ("look", True, False)
    store.looked(again, off)
    change.refresh_from_db()
    assert (change.state, change.error) == (State.FAILED, "undo_runner_died")
    assert [entry["line"] for entry in change.transcript] == ["x"]
    assert not store.claim(5)
    assert changes.for_leads().get() == change


def test_while_another_change_of_the_device_runs_nothing_is_taken_back(staff: dict[Role, User]) -> None:
    left(staff[Role.ENGINEER])
    (look,) = store.claim(5)
    going = running(staff[Role.ENGINEER])
    assert not store.take_back(look, Seen(admin_up=False))
    Change.objects.filter(pk=going.pk).update(state=State.DONE)
    (look,) = store.claim(5)
    assert store.take_back(look, Seen(admin_up=False))
    # Told to stop before its first line: that was no try.
    store.not_begun(look)
    (look,) = store.claim(5)
    assert store.take_back(look, Seen(admin_up=False))


@pytest.mark.parametrize(
    ("row", "is_left"),
    [
        ({"after": {"looking": True, "admin_up": False}}, True),
        ({"after": {"looking": True, "looked": False}}, True),
        ({"after": {"admin_up": None, "touched": True}, "state": State.FAILED}, True),
        ({"after": {"looking": True, "admin_up": True}}, False),
        ({"after": {"admin_up": False, "touched": False}, "state": State.FAILED}, False),
        ({"after": {}, "before": {"admin_up": False}}, False),
        ({"after": {}, "kind": Kind.DESCRIPTION}, False),
        ({"after": {"admin_up": True}, "state": State.UNDONE}, False),
    ],
)
def test_a_port_that_is_left_off_waits_for_a_lead_until_it_is_on(
    staff: dict[Role, User], row: dict[str, Any], is_left: bool
) -> None:
    left(staff[Role.ENGINEER], **row)
    assert changes.left_off().exists() is is_left
    later = asked(staff[Role.ENGINEER], Kind.PORT_ON)
    assert changes.left_off().exists() is is_left
    Change.objects.filter(pk=later.pk).update(state=State.FAILED, error="already_so")
    assert not changes.left_off().exists()


def test_what_was_allowed_when_it_was_confirmed_is_asked_again_before_typing(staff: dict[Role, User]) -> None:
    operator, lead = staff[Role.OPERATOR], staff[Role.LEAD]
    changes.confirm(change=ready(operator), user=operator, reason="test")
    (job,) = store.claim(1)
    assert store.no_longer(job) == ""
    web_data.subscribers(device().site, 1)
    assert store.no_longer(job) == "now_shared"
    Change.objects.update(confirmed_by=lead)
    assert store.no_longer(job) == ""
    User.objects.filter(pk=lead.pk).update(role=Role.FIELD)
    assert store.no_longer(job) == "now_role"
    User.objects.filter(pk=lead.pk).update(role=Role.LEAD, is_active=False)
    assert store.no_longer(job) == "now_role"
    User.objects.filter(pk=lead.pk).update(is_active=True)
    other = Device.objects.exclude(pk=device().pk).filter(site__level=4).get()
    Change.objects.update(port=Link.objects.get(b_device=other).a_port)
    assert store.no_longer(job) == "now_carries_light"


def test_every_step_is_news(staff: dict[Role, User]) -> None:
    change = running(staff[Role.OPERATOR])
    (told,) = {tuple(sorted(e.payload.items())) for e in Event.objects.filter(name="change.changed")}
    assert told == (("device", change.device_id), ("id", change.pk))


def test_a_preview_can_be_given_up_and_nothing_else_can(staff: dict[Role, User]) -> None:
    change = ready(staff[Role.OPERATOR])
    with pytest.raises(Refused, match="role"):
        changes.cancel(change=change, user=staff[Role.COORDINATOR])
    assert changes.cancel(change=change, user=staff[Role.OPERATOR]).state == State.CANCELLED
    with pytest.raises(Refused, match="too_late"):
        changes.confirm(change=change, user=staff[Role.OPERATOR], reason="test")
    going = running(staff[Role.OPERATOR])
    assert changes.cancel(change=going, user=staff[Role.OPERATOR]).state == State.RUNNING


def test_bad_text_and_what_is_no_switch_are_refused_before_anything_is_written(staff: dict[Role, User]) -> None:
    for text in ('x" ; reboot', "кв 5", "x\nreboot", "x?", "a" * 33):
        with pytest.raises(Refused, match="bad_text"):
            asked(staff[Role.COORDINATOR], Kind.DESCRIPTION, value=text)
    ups = Device.objects.filter(kind="ups").first()
    assert ups
    with pytest.raises(Refused, match="not_switch"):
        changes.ask(kind=Kind.SAVE, device=ups, port=None, value="", subject="", user=staff[Role.LEAD], key=uuid4())
    assert not Change.objects.exists()
    assert asked(staff[Role.COORDINATOR], Kind.DESCRIPTION, value="  kv   5 ").value == "kv 5"


def test_the_database_itself_keeps_what_runs_confirmed(staff: dict[Role, User]) -> None:
    change = ready(staff[Role.OPERATOR])
    for state in ("waiting", "running", "done"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Change.objects.filter(pk=change.pk).update(state=state)


def test_a_configuration_that_was_saved_is_read_anew(staff: dict[Role, User]) -> None:
    user, box = staff[Role.COORDINATOR], device()
    asked_for = changes.ask(kind=Kind.SAVE, device=box, port=None, value="", subject="", user=user, key=uuid4())
    Change.objects.filter(pk=asked_for.pk).update(state=State.READY, commands=["save"])
    changes.confirm(change=asked_for, user=user, reason="test")
    (job,) = store.claim(1)
    assert store.finish(job, Outcome("done"))
    assert (box.backup_state.why, box.backup_state.state) == ("change", "waiting")


def test_the_only_subscriber_of_a_port_is_whom_it_is_for(staff: dict[Role, User]) -> None:
    assert asked(staff[Role.OPERATOR]).subject == Subscriber.objects.get().account
    web_data.subscribers(device().site, 1)
    assert asked(staff[Role.OPERATOR]).subject == ""
