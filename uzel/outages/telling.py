"""Outages as the pages tell them: names in place of ids, counts in a fixed order. Sentences are in the templates."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from uzel.network.models import Device, Level, Link, MainsArea, Site
from uzel.outages.models import Outage, OutageElement

CLASSES = ("person", "business", "municipal")
SERVICES = ("internet", "catv", "dtv", "iptv", "telephony", "traffic_light")


@dataclass(frozen=True, slots=True)
class ServiceCount:
    """Dark services of one kind: in all, and by class of customer in the order of CLASSES."""

    kind: str
    total: int
    by_class: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """Who is without service: distinct subscribers, and services by kind; zero kinds are left out."""

    subscribers: int
    by_class: tuple[tuple[str, int], ...]
    services: tuple[ServiceCount, ...]
    devices: int

    @property
    def traffic_lights(self) -> int:
        """Dark traffic lights: a danger on the road, so the pages say it apart."""
        return next((s.total for s in self.services if s.kind == "traffic_light"), 0)


def counts(scope: Mapping[str, Any]) -> Counts:
    """Read `Outage.scope`; unknown or missing parts count as nothing."""
    people = scope.get("subscribers") or {}
    services = scope.get("services") or {}
    told = []
    for kind in (*SERVICES, *sorted(set(services) - set(SERVICES))):
        by_class = tuple(int((services.get(kind) or {}).get(name, 0)) for name in CLASSES)
        if any(by_class):
            told.append(ServiceCount(kind, sum(by_class), by_class))
    classes = tuple((name, int(people.get(name, 0))) for name in CLASSES if people.get(name))
    return Counts(sum(n for _, n in classes), classes, tuple(told), int(scope.get("devices") or 0))


def total(several: Iterable[Counts]) -> Counts:
    """The sum over outages.

    Services and devices are exact, since no device is dark in two outages at once; a subscriber with lines in two
    outages is counted in both (`board.in_all` puts that right).
    """
    people: dict[str, int] = {}
    services: dict[str, list[int]] = {}
    devices = 0
    for one in several:
        devices += one.devices
        for name, n in one.by_class:
            people[name] = people.get(name, 0) + n
        for service in one.services:
            kept = services.setdefault(service.kind, [0] * len(CLASSES))
            services[service.kind] = [a + b for a, b in zip(kept, service.by_class, strict=True)]
    scope = {
        "subscribers": people,
        "services": {kind: dict(zip(CLASSES, values, strict=True)) for kind, values in services.items()},
        "devices": devices,
    }
    return counts(scope)


@dataclass(frozen=True, slots=True)
class ReasonTold:
    """A reason by its code, with the names that its sentence needs."""

    code: str
    devices: tuple[Device, ...]
    links: tuple[Link, ...]
    areas: tuple[MainsArea, ...]
    sites: tuple[Site, ...]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class HypothesisTold:
    """One explanation: a cause, what it names, and why."""

    cause: str
    devices: tuple[Device, ...]
    links: tuple[Link, ...]
    areas: tuple[MainsArea, ...]
    sites: tuple[Site, ...]
    reasons: tuple[ReasonTold, ...]


class Names:
    """The devices, links, areas and sites that outages name, read in four queries for any number of outages."""

    def __init__(self, outages: Sequence[Outage]) -> None:
        wanted: dict[str, set[int]] = {"devices": set(), "links": set(), "areas": set(), "sites": set()}
        for outage in outages:
            for hypothesis in outage.hypotheses:
                for part in (hypothesis, *hypothesis.get("reasons", ())):
                    for name, ids in wanted.items():
                        ids.update(part.get(name) or ())
        self.found: dict[str, dict[int, Any]] = {
            "devices": _bulk(Device.objects.select_related("site"), wanted["devices"]),
            "links": _bulk(Link.objects.select_related("a_device__site", "b_device__site"), wanted["links"]),
            "areas": _bulk(MainsArea.objects.all(), wanted["areas"]),
            "sites": _bulk(Site.objects.all(), wanted["sites"]),
        }

    def hypotheses(self, outage: Outage) -> tuple[HypothesisTold, ...]:
        """The outage's explanations, the likeliest first."""
        return tuple(
            HypothesisTold(
                h.get("cause", outage.cause),
                *self._parts(h),
                tuple(ReasonTold(r.get("code", ""), *self._parts(r), r.get("number")) for r in h.get("reasons", ())),
            )
            for h in outage.hypotheses
        )

    def _parts(self, part: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
        devices, links, areas, sites = (
            tuple(self.found[name][pk] for pk in part.get(name) or () if pk in self.found[name])
            for name in ("devices", "links", "areas", "sites")
        )
        return devices, links, areas, sites


def _bulk(rows: Any, ids: set[int]) -> dict[int, Any]:
    return rows.in_bulk(ids) if ids else {}


@dataclass(slots=True)
class DarkPlace:
    """A node with its dark devices, and the dark houses below it: (house, whether the outage began there)."""

    site: Site
    elements: list[OutageElement] = field(default_factory=list)
    houses: list[tuple[Site, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Dark:
    """What an outage holds dark, houses gathered under the node that feeds them."""

    devices: int
    places: tuple[DarkPlace, ...]


def dark(elements: Iterable[OutageElement]) -> Dark:
    """Gather open elements by place, in the order of the plan. They must come with `device__site__parent`."""
    places: dict[int, DarkPlace] = {}
    houses: dict[int, dict[int, tuple[Site, bool]]] = {}
    number = 0
    for element in elements:
        number += 1
        site = element.device.site
        if site.level != Level.HOUSE or site.parent is None:
            places.setdefault(site.pk, DarkPlace(site)).elements.append(element)
            continue
        places.setdefault(site.parent.pk, DarkPlace(site.parent))
        below = houses.setdefault(site.parent.pk, {})
        below[site.pk] = (site, element.is_root or (site.pk in below and below[site.pk][1]))
    for pk, below in houses.items():
        places[pk].houses = list(below.values())
    return Dark(number, tuple(sorted(places.values(), key=lambda place: place.site.code)))


def chain(site: Site | None) -> tuple[Site, ...]:
    """From the okrug down to the site. The site must come with its parents (`PARENTS`)."""
    climbed: list[Site] = []
    while site is not None and site.parent_id is not None:
        climbed.append(site)
        site = site.parent
    return tuple(reversed(climbed))


# For select_related: a site and all above it.
PARENTS = "site__parent__parent__parent__parent"
