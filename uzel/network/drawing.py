"""The neighbourhood of a place or a device as a drawing: layers from the source of light down."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from uzel.network import adjacency
from uzel.network.light import Light, device_light, with_planned
from uzel.network.models import Device, Link
from uzel.network.queries import link_up
from uzel.network.templatetags.network_words import shine_word

# Beyond this a drawing says nothing; the list beside it has all.
MOST = 60


def around(device_ids: Iterable[int]) -> dict[str, Any]:
    """Draw these devices, what each is joined to, and the way of the first up to its source.

    Returns {"nodes": [{id, code, site, light, word, rank, here, url}], "edges": [{id, a, b, state, word, ...}],
    "cut": whether something was left out}. rank: steps from the source.
    """
    joined = adjacency.current()
    here = list(device_ids)
    wanted: dict[int, None] = dict.fromkeys(here)
    if here:
        wanted |= dict.fromkeys(pk for pk, _link in adjacency.climb(joined, here[0]))
    for pk in here:
        wanted |= dict.fromkeys(near for _link, near in joined.neighbours.get(pk, ()))
    shown = list(wanted)[:MOST]
    devices = with_planned(Device.objects.filter(pk__in=shown).select_related("site", "state"))
    links = Link.objects.filter(Q(a_device__in=shown) & Q(b_device__in=shown)).select_related(
        "a_port__state", "b_port__state", "a_device__state", "b_device__state"
    )
    lights, proven = _lights(list(devices), joined)
    nodes = [
        _node(device, lights[device.pk], len(adjacency.climb(joined, device.pk)), device.pk in set(here))
        for device in devices
    ]
    # What has no links (UPS, strip) stands in the list of devices, not in the drawing of light.
    linked = {end for link in links for end in (link.a_device_id, link.b_device_id)}
    nodes = [node for node in nodes if node["id"] in linked]
    return {
        "nodes": sorted(nodes, key=lambda node: (node["rank"], node["code"])),
        "edges": [_edge(link, is_proven=link.pk in proven) for link in links],
        "cut": len(wanted) > MOST,
    }


def lights_in(drawn: dict[str, Any]) -> dict[int, Light]:
    """The light of each device of a drawing by its id: what else a page says of them must be the same."""
    return {node["id"]: Light(node["light"]) for node in drawn["nodes"]}


def _lights(devices: list[Device], joined: adjacency.Adjacency) -> tuple[dict[int, Light], set[int]]:
    """The light of each; a splitter has it when what it feeds is lit and answers, as on the way to the centre.

    With it the ids of the links at splitters that this proves: they have no ports that could tell.
    """
    proven: set[int] = set()
    lights = {device.pk: device_light(device) for device in devices}
    mute = {device.pk for device in devices if device.address is None}
    for device in devices:
        if lights[device.pk] is not Light.LIT:
            continue
        climbed = adjacency.climb(joined, device.pk)
        for (pk, link), (above, _link) in pairwise([*climbed, (0, None)]):
            if lights.get(pk) is Light.UNKNOWN and pk in mute:
                lights[pk] = Light.LIT
            # What has no link of its own proves nothing of the switch that it is asked through.
            if lights.get(pk) is not Light.LIT or pk not in joined.up:
                break
            if link is not None and mute & {pk, above}:
                proven.add(link)
    return lights, proven


def _node(device: Device, light: Light, rank: int, here: bool) -> dict[str, Any]:
    return {
        "id": device.pk,
        "code": device.code,
        "kind": device.kind,
        "site": device.site.name,
        "light": str(light),
        "word": shine_word(light),
        "rank": rank,
        "here": here,
        "url": reverse("network:device", args=[device.code]),
    }


def _edge(link: Link, *, is_proven: bool) -> dict[str, Any]:
    up = link_up(link)
    up = True if up is None and is_proven else up
    return {
        "id": link.pk,
        "code": link.code,
        "a": link.a_device_id,
        "b": link.b_device_id,
        "a_code": link.a_device.code,
        "b_code": link.b_device.code,
        "a_port": link.a_port.name if link.a_port else "",
        "b_port": link.b_port.name if link.b_port else "",
        "medium": link.get_medium_display(),
        "state": "unknown" if up is None else "lit" if up else "dark",
        "word": _("not known") if up is None else _("link") if up else _("no link"),
    }
