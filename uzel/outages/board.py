"""What the board shows, read in a fixed number of queries whatever is dark."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from uzel.network.light import WORST_FIRST, Light, device_light, with_planned
from uzel.network.models import Device, DeviceKind, Level, Site
from uzel.outages import queries
from uzel.outages.models import Outage, OutageEvent, PlannedWork
from uzel.outages.telling import CLASSES, PARENTS, Counts, HypothesisTold, Names, chain, counts, total


@dataclass(frozen=True, slots=True)
class OutageLine:
    """One open outage, ready to show."""

    outage: Outage
    place: tuple[Site, ...]
    counts: Counts
    hypotheses: tuple[HypothesisTold, ...]

    @property
    def name(self) -> str:
        """Where it is: the mains area when the whole area lost power, else the site."""
        area = self.outage.mains_area
        if area is not None:
            return area.name or area.code
        return self.outage.site.name if self.outage.site else ""

    @property
    def others(self) -> tuple[HypothesisTold, ...]:
        """What else it may be."""
        return tuple(h for h in self.hypotheses[1:] if h.cause != Outage.Cause.UNDECIDED)


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


# The sum tells of an event that was committed after one with a greater id, too.
NEWS = "SELECT coalesce(sum(id), 0), count(*) FROM (SELECT id FROM journal_event ORDER BY id DESC LIMIT 200) latest"


def version() -> str:
    """Changes with every event; empty while there has been none."""
    with connection.cursor() as cursor:
        cursor.execute(NEWS)
        row = cursor.fetchone()
    return f"{row[0]}-{row[1]}" if row[1] else ""


# The events that `Outage.is_unsteady` looks for.
UNSTEADY = Prefetch("events", OutageEvent.objects.filter(kind="unsteady"))


def open_outages() -> list[OutageLine]:
    """Open outages, those that leave most people without service first."""
    rows = list(queries.open_outages().select_related(PARENTS, "mains_area", "planned_work").prefetch_related(UNSTEADY))
    names = Names(rows)
    lines = [OutageLine(o, chain(o.site), counts(o.scope), names.hypotheses(o)) for o in rows]
    return sorted(lines, key=lambda line: (-line.counts.subscribers, -line.counts.devices, line.outage.began_at))


# Subscribers by class on devices that open outages hold dark, each once.
DARK_SUBSCRIBERS = """
SELECT subscriber.kind, count(DISTINCT subscriber.id)
FROM outages_outage outage
JOIN outages_outageelement element ON element.outage_id = outage.id AND element.lit_at IS NULL
JOIN subscribers_service service ON service.device_id = element.device_id AND service.is_active
JOIN subscribers_subscriber subscriber ON subscriber.id = service.subscriber_id
WHERE outage.state = 'open' AND outage.cause <> 'management_fault'
GROUP BY subscriber.kind
"""


def in_all(lines: Iterable[OutageLine]) -> Counts:
    """Who is without service over all open outages, nobody counted twice."""
    several = [line.counts for line in lines if line.counts.subscribers]
    added = total(several)
    if len(several) < 2:
        return added
    with connection.cursor() as cursor:
        cursor.execute(DARK_SUBSCRIBERS)
        people = dict(cursor.fetchall())
    classes = tuple((name, people[name]) for name in CLASSES if people.get(name))
    return replace(added, subscribers=sum(people.values()), by_class=classes)


def works_today(now: datetime) -> QuerySet[PlannedWork]:
    """Planned works that go on now or begin before the day ends."""
    evening = timezone.localtime(now).replace(hour=23, minute=59, second=59)
    return queries.works_now().filter(starts_at__lte=evening)


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
