"""What the page of one device shows beside its neighbourhood and its ports: power, trouble, checks."""

from dataclasses import dataclass
from typing import Any

from uzel.network.batteries import BatteryWarning, on_mains, warnings_of
from uzel.network.light import Light, device_light, with_planned
from uzel.network.models import Device, MainsArea, Port, PowerFeed, Probe, Site

# How far up the power is followed; a strip behind a strip behind a UPS is already rare.
POWER_STEPS = 6


@dataclass(frozen=True, slots=True)
class Feed:
    """A step of the power chain. device: None for the mains.

    battery: a UPS that runs on its own. mains: whether there is voltage, None where nobody says.
    """

    device: Device | None
    light: Light | None
    depth: int
    battery: BatteryWarning | None = None
    mains: bool | None = None


def find_device(code: str) -> Device | None:
    """A device with its place and state."""
    return (
        with_planned(Device.objects.filter(code=code))
        .select_related("site__mains_area", "state", "managed_via", "site__parent__parent__parent__parent")
        .first()
    )


def find_site(code: str) -> Site | None:
    """A place with the chain of those that feed it."""
    return Site.objects.filter(code=code).select_related("mains_area", "parent__parent__parent__parent").first()


def devices_of(site: Site) -> list[tuple[Device, Light]]:
    """What stands in a place, switches first."""
    devices = with_planned(site.devices.all()).select_related("state").order_by("code")
    return sorted(((d, device_light(d)) for d in devices), key=lambda pair: (pair[0].kind != "switch", pair[0].code))


def power_chain(device: Device, *, is_mains_lost: bool = False) -> list[Feed]:
    """What feeds a device, the nearest first, down to the mains; one query a step.

    `is_mains_lost`: an outage says so. What a UPS says of its own input counts more.
    """
    chain: list[Feed] = []
    level, seen = [device.pk], {device.pk: device}
    for depth in range(1, POWER_STEPS + 1):
        feeds = PowerFeed.objects.filter(consumer__in=level).select_related("source__state", "source__site")
        level = []
        for feed in feeds.order_by("id"):
            if feed.source is None:
                said = on_mains(seen[feed.consumer_id])
                mains = False if said is None and is_mains_lost else said
                chain.append(Feed(None, None, depth, mains=mains))
            elif feed.source.pk not in seen:
                seen[feed.source.pk] = feed.source
                level.append(feed.source.pk)
                battery = next(iter(warnings_of([feed.source])), None)
                chain.append(Feed(feed.source, device_light(feed.source), depth, battery))
        if not level:
            break
    return chain


def fed_by(device: Device) -> list[Device]:
    """What a UPS or a strip feeds."""
    return list(Device.objects.filter(feeds__source=device).order_by("code"))


def open_outages(device_ids: list[int], *, area: int | None = None) -> list[dict[str, Any]]:
    """The open outages that hold any of these devices, or are of this mains area: id, cause and beginning of each."""
    held = Device.objects.filter(
        pk__in=device_ids, outage_elements__lit_at__isnull=True, outage_elements__outage__state="open"
    )
    names = ("outage_elements__outage_id", "outage_elements__outage__cause", "outage_elements__outage__began_at")
    rows = {*held.values_list(*names).distinct()}
    if area is not None:
        # A site on its battery is in no outage yet: the one of its mains is what it waits for.
        mains = MainsArea.objects.filter(pk=area, outages__state="open")
        rows |= {*mains.values_list("outages__id", "outages__cause", "outages__began_at")}
    return [{"id": pk, "cause": cause, "began_at": began} for pk, cause, began in sorted(rows)]


def probes(device: Device, *, count: int = 15) -> list[Probe]:
    """The last checks of a device."""
    return list(device.probes.select_related("port", "asked_by").defer("result").order_by("-asked_at")[:count])


def probes_of_port(port: Port, *, count: int = 15) -> list[Probe]:
    """The last checks of one port."""
    rows = Probe.objects.filter(device=port.device_id, port=port).select_related("asked_by")
    return list(rows.defer("result").order_by("-asked_at")[:count])
