"""Writes of outages: what the engine found becomes rows, one transaction a decision. Only the monitor calls `settle`.

The story of an outage (`OutageEvent.kind` and its `data`):
opened {cause, devices, subscribers} · split {from} · cause {from, to} · grew {devices, subscribers} ·
shrank {devices, subscribers} · absorbed {outage} · merged {into} · closed {cause, seconds} ·
again {devices, subscribers} · unsteady {}; people add comment {text} (`comments`) · closed_by_hand {reason}
(`closing`).
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from uzel.core.outage import (
    CauseKind,
    Change,
    Close,
    Continue,
    Evidence,
    Found,
    Merge,
    Open,
    follow,
)
from uzel.journal import operations as journal
from uzel.outages.causes import causes_of, describe, ended_undecided, hear_uptimes, just_closed
from uzel.outages.closing import given_up
from uzel.outages.holding import Memory, keep_together, keep_unsteady
from uzel.outages.models import Outage, OutageElement, OutageEvent
from uzel.outages.network_map import NetworkMap, empty_scope

# What shares power with a device may start later than it does, and so tell after the end what the cause was.
LOOK_BACK = timedelta(seconds=120)
# What fails again so soon after it was over is the same failure: a line that flaps is one outage with a long story.
AGAIN_WITHIN = timedelta(minutes=5)
# A fault of management leaves everybody with service: it is told once it has lasted, since agents hang for moments.
MANAGEMENT_AFTER = timedelta(seconds=5)


class Conflict(Exception):
    """Somebody changed the outage since it was read; read again and decide again."""


@dataclass
class Settled:
    """What a decision did: ids by what became of them. `open`: how many outages are open now."""

    opened: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    open: int = 0
    # Something was left as it is for now: decide again later, even when nothing changes.
    waits: bool = False

    def __bool__(self) -> bool:
        return bool(self.opened or self.changed or self.merged or self.closed)


def _time(unix: float) -> datetime:
    return datetime.fromtimestamp(unix, UTC)


def settle(*, net: NetworkMap, found: Sequence[Found], evidence: Evidence, memory: Memory | None = None) -> Settled:
    """Make the open outages be what was found: open, change, merge and close, each device dark in one of them.

    `memory` is the caller's, from one decision to the next; without it nothing is held back. Repeating it with the same
    arguments changes nothing. Raises Conflict (nothing is written then).
    """
    with transaction.atomic():
        return _Decision(net, evidence, memory).settle(found)


class _Decision:
    """One transaction: the open outages as read, and what is to become of them."""

    def __init__(self, net: NetworkMap, evidence: Evidence, memory: Memory | None) -> None:
        self.net, self.evidence, self.memory = net, evidence, memory
        self.now = _time(evidence.now)
        self.outages = {o.pk: o for o in Outage.objects.select_for_update().filter(state="open").order_by("pk")}
        # An element of an outage that a person closed by hand is let go with the rest.
        self.elements = {e.device_id: e for e in OutageElement.objects.filter(lit_at=None)}
        self.held: dict[int, set[int]] = {pk: set() for pk in self.outages}
        for element in self.elements.values():
            self.held.setdefault(element.outage_id, set()).add(element.device_id)
        self.result = Settled()
        self.events: list[OutageEvent] = []

    def settle(self, found: Sequence[Found]) -> Settled:
        open_ = {pk: frozenset(self.held[pk]) for pk in self.outages}
        changes = self._without_moments(_without_ended(follow(open_, found), self._devices))
        changes, waits = keep_together(
            changes, open_=self.outages, held=self.held, devices=self._devices, now=self.now, memory=self.memory
        )
        changes, unsteady = keep_unsteady(changes, now=self.now, memory=self.memory)
        self.result.waits |= waits or bool(unsteady)
        target: dict[int, tuple[int, bool]] = {}
        for change in changes:
            if isinstance(change, Open | Continue):
                outage = self._open(change) if isinstance(change, Open) else self.outages[change.outage]
                for device in self._devices(change.found):
                    target.setdefault(device, (outage.pk, device in change.found.roots))
                if isinstance(change, Continue):
                    self._continue(outage, change.found)
        for pk, is_new in unsteady.items():
            for device in self.held[pk]:
                target.setdefault(device, (pk, self.elements[device].is_root))
            if is_new:
                self._tell(pk, "unsteady", {})
                self.result.changed.append(pk)
        for change in changes:
            if isinstance(change, Merge):
                self._merge(self.outages[change.outage], change.into)
            elif isinstance(change, Close):
                self._close(self.outages[change.outage])
        self._move_elements(target)
        self._look_back()
        OutageEvent.objects.bulk_create(self.events)
        self.result.open = Outage.objects.filter(state="open").count()
        for name in ("opened", "changed", "merged", "closed"):
            for pk in getattr(self.result, name):
                journal.emit(f"outage.{name}", {"id": pk})
        return self.result

    def _without_moments(self, changes: Sequence[Change]) -> list[Change]:
        """Leave out new faults of management that have not lasted yet."""
        lasting = [change for change in changes if not _is_young(change, self.now)]
        self.result.waits |= len(lasting) < len(changes)
        return lasting

    def _devices(self, found: Found) -> frozenset[int]:
        return frozenset(i for i in found.dark if i in self.net.contacts)

    def _scope(self, found: Found) -> dict[str, Any]:
        devices = self._devices(found)
        dark = devices if found.cuts_service else frozenset[int]()
        return self.net.scope(dark, len(devices))

    def _open(self, change: Open) -> Outage:
        found, scope = change.found, self._scope(change.found)
        if change.split_from is None and (before := just_closed(self.net, found, self.now - AGAIN_WITHIN)):
            return self._open_again(before, found, scope)
        outage = Outage(began_at=_time(found.began_at), scope=scope, scope_peak=scope)
        describe(self.net, outage, found.hypotheses, found)
        outage.save(force_insert=True)
        data = {"cause": outage.cause, "devices": scope["devices"], "subscribers": scope["total"]["subscribers"]}
        self._tell(outage.pk, "opened", data)
        if change.split_from:
            self._tell(outage.pk, "split", {"from": change.split_from})
        self.result.opened.append(outage.pk)
        return outage

    def _open_again(self, outage: Outage, found: Found, scope: dict[str, Any]) -> Outage:
        outage.state, outage.closed_at, outage.scope = Outage.State.OPEN, None, scope
        outage.scope_peak = max(outage.scope_peak, scope, key=_weight)
        describe(self.net, outage, found.hypotheses, found)
        self._save(outage)
        rows = outage.elements.filter(device__in=self._devices(found)).order_by("pk")
        latest = {it.device_id: it for it in rows}
        OutageElement.objects.filter(pk__in=[it.pk for it in latest.values()]).update(lit_at=None)
        self.elements |= latest
        self._tell(outage.pk, "again", {"devices": scope["devices"], "subscribers": scope["total"]["subscribers"]})
        self.outages[outage.pk] = outage
        self.result.changed.append(outage.pk)
        return outage

    def _continue(self, outage: Outage, found: Found) -> None:
        devices, held = self._devices(found), self.held[outage.pk]
        before = (outage.cause, outage.hypotheses, outage.scope, outage.site_id, outage.mains_area_id)
        was = outage.cause
        hypotheses = found.hypotheses
        if hypotheses[0].kind is CauseKind.UNDECIDED and was != CauseKind.UNDECIDED and devices <= held:
            # What is left of a failure under repair says less of its cause than the whole of it did.
            hypotheses = causes_of(outage.hypotheses)
        describe(self.net, outage, hypotheses, found)
        outage.scope = self._scope(found)
        outage.scope_peak = max(outage.scope_peak or empty_scope(), outage.scope, key=_weight)
        same = before == (outage.cause, outage.hypotheses, outage.scope, outage.site_id, outage.mains_area_id)
        if same and devices == held:
            return
        if outage.cause != was:
            self._tell(outage.pk, "cause", {"from": was, "to": outage.cause})
        if devices != held:
            data = {"devices": len(devices), "subscribers": outage.scope["total"]["subscribers"]}
            self._tell(outage.pk, "grew" if len(devices) > len(held) else "shrank", data)
        self._save(outage)
        self.result.changed.append(outage.pk)

    def _merge(self, outage: Outage, into: int) -> None:
        outage.state, outage.merged_into_id, outage.closed_at = Outage.State.MERGED, into, self.now
        self._save(outage)
        self._tell(outage.pk, "merged", {"into": into})
        self._tell(into, "absorbed", {"outage": outage.pk})
        self.result.merged.append(outage.pk)
        if into not in self.result.opened and into not in self.result.changed:
            self.result.changed.append(into)

    def _close(self, outage: Outage) -> None:
        roots = {e.device_id for e in self.elements.values() if e.outage_id == outage.pk and e.is_root}
        self._hear_uptimes(outage, roots)
        outage.state, outage.closed_at, outage.scope = Outage.State.CLOSED, self.now, empty_scope()
        self._save(outage)
        seconds = max(0, round((self.now - outage.began_at).total_seconds()))
        self._tell(outage.pk, "closed", {"cause": outage.cause, "seconds": seconds})
        self.result.closed.append(outage.pk)

    def _hear_uptimes(self, outage: Outage, roots: Set[int]) -> bool:
        was = outage.cause
        if is_other := hear_uptimes(self.net, self.evidence, outage, roots):
            self._tell(outage.pk, "cause", {"from": was, "to": outage.cause})
        return is_other

    def _look_back(self) -> None:
        """Judge outages again that ended a moment ago without a cause."""
        for outage in ended_undecided(self.now - LOOK_BACK):
            roots = set(outage.elements.filter(is_root=True).values_list("device_id", flat=True))
            if outage.pk not in self.result.closed and self._hear_uptimes(outage, roots):
                self._save(outage)
                self.result.changed.append(outage.pk)
            else:
                self.result.waits = True

    def _move_elements(self, target: Mapping[int, tuple[int, bool]]) -> None:
        gone = [e.pk for device, e in self.elements.items() if device not in target]
        OutageElement.objects.filter(pk__in=gone).update(lit_at=self.now)
        moved = []
        for device, (outage, is_root) in target.items():
            element = self.elements.get(device)
            if element and (element.outage_id, element.is_root) != (outage, is_root):
                element.outage_id, element.is_root = outage, is_root
                moved.append(element)
        OutageElement.objects.bulk_update(moved, ["outage", "is_root"], batch_size=1000)
        began = self.evidence.since(target)
        OutageElement.objects.bulk_create(
            (
                OutageElement(
                    outage_id=outage,
                    device_id=device,
                    is_root=is_root,
                    dark_at=_time(began[device]) if device in began else self.now,
                )
                for device, (outage, is_root) in target.items()
                if device not in self.elements
            ),
            batch_size=2000,
        )

    def _save(self, outage: Outage) -> None:
        """Compare and set: write only over the version that was read."""
        version = outage.version
        outage.version = version + 1
        fields = (
            "state", "cause", "site_id", "mains_area_id", "planned_work_id", "merged_into_id", "closed_at",
            "hypotheses", "scope", "scope_peak", "version",
        )  # fmt: skip
        values = {name: getattr(outage, name) for name in fields} | {"updated_at": self.now}
        if not Outage.objects.filter(pk=outage.pk, version=version).update(**values):
            raise Conflict(outage.pk)

    def _tell(self, outage: int, kind: str, data: Mapping[str, Any]) -> None:
        self.events.append(OutageEvent(outage_id=outage, at=self.now, kind=kind, data=dict(data)))


def _without_ended(changes: Sequence[Change], devices: Callable[[Found], frozenset[int]]) -> list[Change]:
    """Leave out what a person has ended and nothing is joined to: it would open again at once."""
    opened = {id(it): devices(it.found) for it in changes if isinstance(it, Open)}
    ended = given_up(frozenset().union(*opened.values()))
    return [it for it in changes if not (opened.get(id(it)) and opened[id(it)] <= ended)]


def _is_young(change: Change, now: datetime) -> bool:
    if not isinstance(change, Open) or change.split_from is not None or change.found.cuts_service:
        return False
    return now - _time(change.found.began_at) < MANAGEMENT_AFTER


def _weight(scope: Mapping[str, Any]) -> tuple[int, int, int]:
    total = scope.get("total", {})
    return total.get("subscribers", 0), total.get("services", 0), scope.get("devices", 0)
