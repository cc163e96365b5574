"""The tree of the city: places with the light of what stands in them and of what is below."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from uzel.network.light import WORST_FIRST, Light, device_light, with_planned
from uzel.network.models import Device, Level, Site

# More places than this below one are shown in parts.
PART = 200

_TROUBLED_BELOW = """
WITH RECURSIVE troubled AS (
    SELECT DISTINCT d.site_id FROM network_devicestate s JOIN network_device d ON d.id = s.device_id
    WHERE NOT s.is_lit OR (s.answers = false AND d.address IS NOT NULL)
), climbed AS (
    SELECT site_id, site_id AS above FROM troubled
    UNION
    SELECT c.site_id, p.parent_id FROM climbed c JOIN network_site p ON p.id = c.above WHERE p.parent_id IS NOT NULL
)
SELECT above, count(*) FROM climbed WHERE above <> site_id AND above = ANY(%s) GROUP BY above
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the tree. light: the worst of the devices that stand here; troubled: places below with trouble."""

    site: Site
    light: Light
    children: int
    troubled: int


def roots() -> list[Place]:
    """The centres."""
    return _places(list(Site.objects.filter(level=Level.CENTRE).order_by("code")))


def below(site: Site, *, after: str = "") -> list[Place]:
    """The places fed from one, the first `PART` + 1 of those whose code comes after."""
    return _places(list(site.children.filter(code__gt=after).order_by("code")[: PART + 1]))


def some(site_ids: Sequence[int]) -> list[Place]:
    """These places, by id."""
    return _places(list(Site.objects.filter(pk__in=site_ids)))


def site_lights(site_ids: Sequence[int]) -> dict[int, Light]:
    """The worst light of the devices in each place; a place without devices is not there."""
    found: dict[int, Light] = {}
    for device in with_planned(Device.objects.filter(site__in=site_ids).select_related("state")):
        light = device_light(device)
        # What nobody can ask says nothing of the place unless the engine knows it dark.
        if light is Light.UNKNOWN and device.address is None:
            continue
        known = found.get(device.site_id, light)
        found[device.site_id] = min(known, light, key=WORST_FIRST.index)
    return found


def _places(sites: list[Site]) -> list[Place]:
    ids = [site.pk for site in sites]
    lights = site_lights(ids)
    with connection.cursor() as cursor:
        cursor.execute(_TROUBLED_BELOW, [ids])
        troubled = dict(cursor.fetchall())
        cursor.execute(
            "SELECT parent_id, count(*) FROM network_site WHERE parent_id = ANY(%s) GROUP BY parent_id", [ids]
        )
        children = dict(cursor.fetchall())
    return [
        Place(site, lights.get(site.pk, Light.UNKNOWN), children.get(site.pk, 0), troubled.get(site.pk, 0))
        for site in sites
    ]


def above(site: Site) -> list[Site]:
    """The places from the centre down to the one that feeds this; four queries at most in a city of five levels."""
    chain: list[Site] = []
    here = site.parent
    while here is not None and here not in chain:
        chain.append(here)
        here = here.parent
    return chain[::-1]
