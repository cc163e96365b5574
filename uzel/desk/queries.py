"""What stands around a line: its way to the centre, its neighbours, its past. Reads only."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.desk.lines import OPERATION, Line, Verdict, past_verdict
from uzel.network.models import Port, Probe
from uzel.network.queries import Step, paths_to_source, port_up
from uzel.outages.models import Outage, OutageElement
from uzel.people.models import Role
from uzel.subscribers.models import Service, Subscriber

# A field crew needs the place and the port, not the caller's phones and what was noted of them.
SEES_CONTACTS = frozenset(Role) - {Role.FIELD}
# A card opens with this many ways to the centre and live probes; the rest of a big customer's lines wait for a key.
SHOWN_AT_ONCE = 4
_NEIGHBOURS, _HISTORY = 60, 12


def subscriber(account: str) -> Subscriber:
    """One subscriber with address and phones. Raises Subscriber.DoesNotExist."""
    rows = Subscriber.objects.select_related("building__site").prefetch_related("phones")
    return rows.get(account=account)


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a line to the centre. `whole`: it was found up to where the light starts."""

    line: Line
    steps: list[Step]

    @property
    def whole(self) -> bool:
        return bool(self.steps) and self.steps[-1].is_source


def ways(lines: list[Line]) -> list[Way]:
    """One way for each device of the lines, in their order."""
    firsts: dict[int, Line] = {}
    for line in lines:
        firsts.setdefault(line.device.pk, line)
    steps = paths_to_source(firsts)
    return [Way(line, steps[pk]) for pk, line in firsts.items()]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A port of the same device with somebody on it. `up` None: not known."""

    port: Port | None
    account: str
    name: str
    up: bool | None
    since: datetime | None
    is_this: bool


def neighbours(line: Line) -> list[Neighbour]:
    """Who else hangs on the device of this line, in the order of its ports; one query."""
    rows = (
        Service.objects.filter(device=line.device)
        .select_related("subscriber", "port__state")
        .order_by("port__if_index", "subscriber__account")
        .distinct("port__if_index", "subscriber__account")
    )
    return [_neighbour(service, line) for service in rows[:_NEIGHBOURS]]


def _neighbour(service: Service, line: Line) -> Neighbour:
    state: Any = getattr(service.port, "state", None) if service.port else None
    return Neighbour(
        port=service.port,
        account=service.subscriber.account,
        name=service.subscriber.name,
        up=port_up(service.port, line.device),
        since=state.since if state else None,
        is_this=service.subscriber_id == line.subscriber.pk,
    )


def past_probes(line: Line) -> list[tuple[Probe, Verdict]]:
    """The latest finished probes of this line, each with what it said."""
    rows = Probe.objects.filter(operation=OPERATION, device=line.device, port=line.port, ended_at__isnull=False)
    return [(probe, past_verdict(line, probe)) for probe in rows.select_related("asked_by").order_by("-id")[:_HISTORY]]


def past_outages(line: Line) -> list[OutageElement]:
    """Outages that held the device of this line dark, the latest first."""
    rows = OutageElement.objects.filter(device=line.device).exclude(outage__state=Outage.State.MERGED)
    return list(rows.select_related("outage__site", "outage__mains_area").order_by("-dark_at")[:_HISTORY])
