"""Pages of the network: the tree, a place, a device. A fragment is answered to htmx, the whole page otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from uzel.core.words import clean
from uzel.journal.operations import audit_sight
from uzel.network import batteries, drawing, equipment, level, panel, places
from uzel.network import blast as blasts
from uzel.network.light import WORST_FIRST, Light, device_light
from uzel.network.models import Device
from uzel.network.queries import path_to_source


@require_safe
def tree(request: HttpRequest) -> HttpResponse:
    """The city, the first two levels open; the rest comes as it is opened."""
    top = [(root, places.below(root.site)[: places.PART]) for root in places.roots()]
    return _page(request, "network/tree", {"top": top})


@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """The lines of the tree that a page shows, anew: what is open stays open."""
    asked = [int(text) for text in request.GET.getlist("place") if text.isdecimal() and len(text) < 19]
    return render(request, "network/lines.html", {"lines": places.some(asked[: places.PART])})


@require_safe
def branch(request: HttpRequest, code: str) -> HttpResponse:
    """The places below one, a part at a time."""
    site = equipment.find_site(code)
    if site is None:
        raise Http404
    lines = places.below(site, after=clean(request.GET.get("after", "")))
    more = lines[places.PART - 1].site.code if len(lines) > places.PART else ""
    return render(request, "network/branch.html", {"site": site, "lines": lines[: places.PART], "more": more})


@require_safe
def site(request: HttpRequest, code: str) -> HttpResponse:
    """A place: what stands in it, what hangs on it, what is around."""
    found = equipment.find_site(code)
    if found is None:
        raise Http404
    devices = equipment.devices_of(found)
    ids = [device.pk for device, _ in devices]
    lights = [light for device, light in devices if device.address or light is Light.DARK]
    below = places.below(found)
    standing = batteries.warnings_of(device for device, _ in devices)
    around = drawing.around(ids)
    drawn = drawing.lights_in(around)
    context = {
        "site": found,
        "above": places.above(found),
        "light": min(lights, key=WORST_FIRST.index, default=Light.UNKNOWN),
        "devices": [(device, drawn.get(device.pk, light)) for device, light in devices],
        "hangs": blasts.hanging_on(ids),
        "below": below[: places.PART],
        "more": len(below) > places.PART,
        "batteries": standing,
        "outages": equipment.open_outages(ids, area=found.mains_area_id if standing else None),
        "drawing": around,
    }
    return _page(request, "network/site", context)


@require_safe
def device(request: HttpRequest, code: str) -> HttpResponse:
    """A device: its state, ports, power, way to the centre, trouble and checks."""
    found = equipment.find_device(code)
    if found is None:
        raise Http404
    ports = panel.front_panel(found)
    _trace(request, found, ports)
    held = equipment.open_outages([found.pk])
    power = equipment.power_chain(found, is_mains_lost=any(it["cause"] == "mains_lost" for it in held))
    standing = batteries.warnings_of([found, *(feed.device for feed in power if feed.device)])
    if standing:
        held = equipment.open_outages([found.pk], area=found.site.mains_area_id)
    around = drawing.around([found.pk])
    drawn = drawing.lights_in(around)
    context = {
        "device": found,
        "state": getattr(found, "state", None),
        "light": drawn.get(found.pk, device_light(found)),
        "above": places.above(found.site),
        "ports": ports,
        "banks": panel.banks(ports),
        "levels": level.of_receiver(getattr(getattr(found, "state", None), "readings", {})),
        "power": power,
        "batteries": standing,
        "feeds": equipment.fed_by(found),
        "way": [replace(step, light=drawn.get(step.device_id, step.light)) for step in path_to_source(found.pk)],
        "hangs": blasts.hanging_on([found.pk]),
        "outages": held,
        "probes": equipment.probes(found),
        "drawing": around,
    }
    return _page(request, "network/device", context)


@require_safe
def port(request: HttpRequest, code: str, if_index: int) -> HttpResponse:
    """A port: its state, what is at its other end, who lives behind it, its checks."""
    found = equipment.find_device(code)
    cell = panel.cell_of(found, if_index) if found else None
    if found is None or cell is None:
        raise Http404
    _trace(request, found, [cell])
    context = {
        "device": found,
        "light": device_light(found),
        "above": places.above(found.site),
        "cell": cell,
        "probes": equipment.probes_of_port(cell.port),
    }
    return _page(request, "network/port", context)


@require_safe
def blast(request: HttpRequest, code: str) -> HttpResponse:
    """What goes dark if the device fails; asked for after the page, since it looks at the whole network."""
    found = equipment.find_device(code)
    if found is None:
        raise Http404
    dark = blasts.goes_dark(found.pk)
    return render(request, "network/blast.html", {"devices": len(dark), "dark": blasts.hanging_on(dark)})


def _trace(request: HttpRequest, device: Device, ports: Sequence[panel.PortCell]) -> None:
    """The page names the people behind the ports: that is a sight of them."""
    if any(cell.people for cell in ports):
        audit_sight(
            user=request.user, action="device.people_seen", obj=device, request=request, within=timedelta(hours=1)
        )


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    is_fragment = bool(request.headers.get("HX-Request"))
    return render(request, f"{template}_inside.html" if is_fragment else f"{template}.html", context)
