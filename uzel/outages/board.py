"""What the board shows, read in a fixed number of queries whatever is dark."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from uzel.network.light import WORST_FIRST, Light, device_light, with_planned
from uzel.network.models import Device, DeviceKind, DeviceState, Level, Site
from uzel.outages.models import Outage, PlannedWork
from uzel.outages.telling import PARENTS, Counts, HypothesisTold, Names, chain, counts, total


@dataclass(frozen=True, slots=True)
class OutageLine:
    """One open outage, ready to show."""

    outage: Outage
    place: tuple[Site, ...]
    counts: Counts
    hypotheses: tuple[HypothesisTold, ...]


@dataclass(frozen=True, slots=True)
class BatteryLine:
    """A UPS that runs on its battery. left_min and charge_percent are None where it does not say."""

    device: Device
    since: datetime | None
    left_min: float | None
    charge_percent: float | None
    dark_at: datetime | None


@dataclass(slots=True)
class Place:
    """A node of the city's drawing: its own light, and the lights of the houses below it."""

    site: Site
    light: Light = Light.UNKNOWN
    below: list["Place"] = field(default_factory=list)
    houses: Counter[str] = field(default_factory=Counter)

    @property
    def shown(self) -> Light:
        """Its own light, or the worst below it."""
        own = [self.light] + [Light(name) for name, n in self.houses.items() if n]
        return min(own, key=WORST_FIRST.index)

    @property
    def troubled(self) -> int:
        """Houses below that are not lit (or not known)."""
        return sum(n for name, n in self.houses.items() if name not in (Light.LIT, Light.UNKNOWN))

    @property
    def all_houses(self) -> int:
        return sum(self.houses.values())


def open_outages() -> list[OutageLine]:
    """Open outages, those that leave most people without service first."""
    rows = list(
        Outage.objects.filter(state=Outage.State.OPEN).select_related(PARENTS, "mains_area", "planned_work")
    )  # fmt: skip
    names = Names(rows)
    lines = [OutageLine(o, chain(o.site), counts(o.scope), names.hypotheses(o)) for o in rows]
    return sorted(lines, key=lambda line: (-line.counts.subscribers, -line.counts.devices, line.outage.began_at))


def in_all(lines: Iterable[OutageLine]) -> Counts:
    """Who is without service over all open outages that darken (a management fault darkens nobody)."""
    return total(line.counts for line in lines)


def on_battery(now: datetime) -> list[BatteryLine]:
    """UPSes on battery, the one that will end first on top."""
    states = DeviceState.objects.filter(
        device__kind=DeviceKind.UPS, readings__on_battery=True, is_lit=True
    ).select_related("device__site")
    lines = [_battery(state) for state in states]
    far = now + timedelta(days=1000)
    return sorted(lines, key=lambda line: line.dark_at or far)


def _battery(state: DeviceState) -> BatteryLine:
    left = state.readings.get("runtime_min")
    read_at = state.readings_at
    return BatteryLine(
        device=state.device,
        since=state.since,
        left_min=left,
        charge_percent=state.readings.get("charge_percent"),
        dark_at=read_at + timedelta(minutes=left) if left is not None and read_at else None,
    )


def works_today(now: datetime) -> QuerySet[PlannedWork]:
    """Planned works that go on now or begin before the day ends."""
    evening = timezone.localtime(now).replace(hour=23, minute=59, second=59)
    return PlannedWork.objects.filter(Q(ends_at__gt=now) & Q(starts_at__lte=evening)).order_by("starts_at")


def city() -> list[Place]:
    """The okrugs with their districts, and these with their campuses, each with its light and that of its houses."""
    lights = _site_lights()
    sites = list(Site.objects.order_by("level", "name", "code"))
    places = {site.pk: Place(site, lights.get(site.pk, Light.UNKNOWN)) for site in sites}
    for site in reversed(sites):
        place = places[site.pk]
        if site.level == Level.HOUSE:
            place.houses[place.light] += 1
        if site.parent_id is not None:
            above = places[site.parent_id]
            above.houses += place.houses
            if site.level != Level.HOUSE:
                above.below.insert(0, place)
    return [place for place in places.values() if place.site.level == Level.CENTRE]


def _site_lights() -> dict[int, Light]:
    """Each site's light: the worst of its switches, since these are what carries it."""
    switches = with_planned(
        Device.objects.filter(kind=DeviceKind.SWITCH).select_related("state").only(
            "site_id", "address", "state__answers", "state__is_lit"
        )
    )  # fmt: skip
    lights: dict[int, Light] = {}
    for device in switches:
        light = device_light(device)
        kept = lights.get(device.site_id)
        if kept is None or WORST_FIRST.index(light) < WORST_FIRST.index(kept):
            lights[device.site_id] = light
    return lights
