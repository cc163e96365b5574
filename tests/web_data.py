"""A small invented city and its troubles, written straight into the database, for tests of pages."""

from __future__ import annotations

import functools
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from uzel.journal.operations import emit
from uzel.network.models import Device, DeviceState, Level, Link, MainsArea, Medium, Port, ProberStatus, Site
from uzel.outages.models import MonitorStatus, Outage, OutageElement, OutageEvent, PlannedWork
from uzel.people.models import Role, User
from uzel.subscribers.models import Building, Service, Subscriber

# How htmx asks for a part of a page.
HTMX = {"HX-Request": "true"}
STREETS = ("Липовая", "Заречная", "Мостовая", "Хлебная", "Садовая", "Кузнечная")


PASSWORD = "long-enough-7"


@functools.cache
def _hashed(password: str, _by: str) -> str:
    """Hashing is slow on purpose: once is enough for each way of hashing that a test sets."""
    return make_password(password)


def people() -> dict[Role, User]:
    """One account per role, named as the role."""
    password = _hashed(PASSWORD, settings.PASSWORD_HASHERS[0])
    return {
        role: User.objects.create(username=str(role), password=password, role=role, last_name=str(role))
        for role in Role
    }


def city(*, okrugs: int = 2, districts: int = 2, campuses: int = 2, houses: int = 3) -> Site:
    """Centre → okrugs → districts → campuses → houses, one switch each, a UPS at the campuses; all lit."""
    centre = _site("centre", "Центр", Level.CENTRE, None)
    built = []
    for o in range(1, okrugs + 1):
        okrug = _site(f"o{o}", f"ОУ-{o}", Level.OKRUG, centre)
        for d in range(1, districts + 1):
            district = _site(f"{okrug.code}-d{d}", f"РУ-{o}.{d}", Level.DISTRICT, okrug)
            area = MainsArea.objects.create(code=f"tp-{o}-{d}", name=f"ТП-{o}{d}")
            for k in range(1, campuses + 1):
                campus = _site(f"{district.code}-k{k}", f"КУ-{o}.{d}.{k}", Level.CAMPUS, district, area)
                street, below = STREETS[(o * 7 + d * 3 + k) % len(STREETS)], {"parent": campus, "mains_area": area}
                named = ((f"{campus.code}-h{h}", f"{street}, {h}") for h in range(1, houses + 1))
                built += [Site(code=code, name=it, address=it, level=Level.HOUSE, **below) for code, it in named]
    Site.objects.bulk_create(built)
    _devices()
    emit("network.changed", {})
    return centre


def watched() -> None:
    """A monitor says that it runs, and will for the length of a test."""
    beat = timezone.now() + timedelta(hours=1)
    MonitorStatus.objects.update_or_create(id=1, defaults={"beat_at": beat, "started_at": timezone.now()})


def probed() -> None:
    """A prober says that it runs, and will for the length of a test."""
    ProberStatus.objects.update_or_create(id=1, defaults={"beat_at": timezone.now() + timedelta(hours=1)})


def _site(code: str, name: str, level: Level, parent: Site | None, area: MainsArea | None = None) -> Site:
    return Site.objects.create(code=code, name=name, level=level, parent=parent, mains_area=area)


def _devices() -> None:
    """The rows of each kind at once: most tests of pages begin with a city."""
    switches = {
        site.pk: Device(
            code=f"{site.code}-sw1",
            site=site,
            kind="switch",
            vendor="D-Link",
            model="DES-3200-28",
            address=f"127.50.{number // 250}.{number % 250 + 1}",
            is_source=site.level == Level.CENTRE,
        )
        for number, site in enumerate(Site.objects.order_by("level", "code"))
    }
    Device.objects.bulk_create(switches.values())
    Device.objects.bulk_create(
        Device(code=f"{switch.site.code}-ups1", site=switch.site, kind="ups", vendor="Ippon", managed_via=switch)
        for switch in switches.values()
        if switch.site.level == Level.CAMPUS
    )
    links, taken = [], Counter[int]()
    for switch in switches.values():
        uplink = Port(device=switch, name="25", if_index=25, is_uplink=True, speed_mbps=1000)
        taken[switch.pk] += 1
        if (above := switches.get(switch.site.parent_id)) is None:
            uplink.save()
            continue
        index = taken[above.pk] + 100
        taken[above.pk] += 1
        port = Port(device=above, name=str(index), if_index=index, speed_mbps=1000)
        code = f"{above.code}~{switch.code}"
        ends = {"a_device": above, "a_port": port, "b_device": switch, "b_port": uplink}
        links.append(Link(code=code, medium=Medium.FIBRE, **ends))
    Port.objects.bulk_create(port for link in links for port in (link.b_port, link.a_port))
    Link.objects.bulk_create(links)
    now = timezone.now()
    DeviceState.objects.bulk_create(
        DeviceState(device=device, answers=True if device.address else None, since=now, last_answer_at=now)
        for device in Device.objects.all()
    )


def subscribers(site: Site, count: int, *, kind: str = "person", service: str = "internet") -> None:
    """Subscribers with one service each on the site's switch."""
    switch = site.devices.get(kind="switch")
    port, _ = Port.objects.get_or_create(device=switch, name="1", defaults={"if_index": 1})
    building, _ = Building.objects.get_or_create(
        code=site.code, defaults={"street": site.name.split(",")[0], "number": site.name.split(",")[-1], "site": site}
    )
    start = Subscriber.objects.count() + 1
    made = Subscriber.objects.bulk_create(
        Subscriber(account=f"{500000 + n}", name=f"Абонент {n}", kind=kind, building=building, flat=str(n))
        for n in range(start, start + count)
    )
    Service.objects.bulk_create(
        Service(code=f"{s.account}-{service}", subscriber=s, kind=service, device=switch, port=port) for s in made
    )


def darken(
    site: Site,
    *,
    cause: str = "link_cut",
    people: int = 120,
    began: datetime | None = None,
    reasons: list[dict[str, Any]] | None = None,
    second: str = "",
    planned: PlannedWork | None = None,
    closed: datetime | None = None,
) -> Outage:
    """An outage that holds the site and all below it, with its event, as the monitor would write it."""
    began = began or timezone.now() - timedelta(minutes=12)
    root = site.devices.get(kind="switch")
    below = list(Device.objects.filter(site__code__startswith=site.code, kind="switch"))
    link = Link.objects.filter(b_device=root).first()
    hypotheses = [_hypothesis(cause, root, link, reasons)]
    if second:
        hypotheses.append(_hypothesis(second, root, link, [{"code": "silent_touches_light", "devices": [root.pk]}]))
    business, city_own = people // 20, people // 60
    scope = {
        "subscribers": {"person": people - business - city_own, "business": business, "municipal": city_own},
        "services": {
            "internet": {"person": people - business - city_own, "business": business},
            "catv": {"person": people // 2},
            "iptv": {"person": people // 3},
            "traffic_light": {"municipal": city_own},
        },
        "devices": len(below),
    }
    outage = Outage.objects.create(
        cause=cause, site=site, began_at=began, hypotheses=hypotheses, scope={} if closed else scope, scope_peak=scope,
        planned_work=planned, state="closed" if closed else "open", closed_at=closed,
        mains_area=site.mains_area if cause == "mains_lost" else None,
    )  # fmt: skip
    OutageElement.objects.bulk_create(
        OutageElement(outage=outage, device=d, is_root=d == root, dark_at=began, lit_at=closed) for d in below
    )
    OutageEvent.objects.create(outage=outage, at=began, kind="opened", data={"cause": cause, "scope": scope})
    if not closed:
        DeviceState.objects.filter(device__in=below).update(answers=False, is_lit=False, since=began)
    emit("outage.opened", {"id": outage.pk})
    return outage


def _hypothesis(cause: str, root: Device, link: Link | None, reasons: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {
        "cause": cause,
        "devices": [root.pk],
        "links": [link.pk] if link and cause == "link_cut" else [],
        "areas": [],
        "reasons": reasons
        or [
            {"code": "silent_touches_light", "devices": [root.pk]},
            {"code": "port_down_at_neighbour", "devices": [link.a_device_id] if link else [], "links": [link.pk]},
        ],
    }
