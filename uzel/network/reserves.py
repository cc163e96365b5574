"""Links that are down while both of their ends have light by another way: nobody is dark, but the reserve is gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from uzel.network.models import Device, Link

# A cut that darkens somebody is an outage within seconds; until then it must not be shown as a reserve.
FRESH = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Reserve:
    """A lost link by its code, the end nearer to the centre first. since: when a port of it was first seen down."""

    code: str
    above: Device
    below: Device
    since: datetime | None

    @property
    def is_inside(self) -> bool:
        """Both ends stand in one place."""
        return self.above.site_id == self.below.site_id

    def is_fresh(self, now: datetime) -> bool:
        """It may yet turn out to be an outage."""
        return self.since is not None and now - self.since < FRESH


def lost_reserves() -> list[Reserve]:
    """Links that a port says are down though both ends answer and are lit, the latest first; one query."""
    links = Link.objects.filter(
        Q(a_port__state__oper_up=False) | Q(b_port__state__oper_up=False),
        a_device__state__answers=True,
        a_device__state__is_lit=True,
        b_device__state__answers=True,
        b_device__state__is_lit=True,
    ).select_related("a_device__site", "b_device__site", "a_port__state", "b_port__state")
    return sorted(
        (_reserve(link) for link in links), key=lambda it: it.since.timestamp() if it.since else 0.0, reverse=True
    )


def _reserve(link: Link) -> Reserve:
    states = [getattr(port, "state", None) for port in (link.a_port, link.b_port)]
    down = [state.since for state in states if state and state.oper_up is False and state.since]
    above, below = sorted((link.a_device, link.b_device), key=lambda device: (device.site.level, device.code))
    return Reserve(link.code, above, below, min(down, default=None))
