"""What the pages ask of the network. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from uzel.network import adjacency
from uzel.network.light import Light, device_light, with_planned
from uzel.network.models import Device, Link, Port

# Of so many ends below a splitter one with light tells of the splitter; they are spread over its branches.
SAMPLE = 16


@dataclass(frozen=True, slots=True)
class LinkStep:
    """A link towards the source. up: what the ports of both ends say; None where neither says anything."""

    id: int
    code: str
    medium: str
    below_port: str
    above_port: str
    up: bool | None


@dataclass(frozen=True, slots=True)
class Step:
    """A device on the way to the centre and the link that leads on from it (None at the source and at a gap).

    since: when its state began. level: of its site, 0 centre … 4 house.
    """

    device_id: int
    code: str
    kind: str
    vendor: str
    model: str
    address: str | None
    site_code: str
    site_name: str
    level: int
    light: Light
    since: datetime | None
    is_source: bool
    link: LinkStep | None


def path_to_source(device_id: int) -> list[Step]:
    """From a device up to where its light starts: the shortest way over data links, or down the cable-TV tree.

    An unknown device gives an empty list. A last step that `is_source` is not set on tells that no way up is known.
    Three queries whatever the size of the network.
    """
    return paths_to_source([device_id])[device_id]


def paths_to_source(device_ids: Iterable[int]) -> dict[int, list[Step]]:
    """path_to_source() of each of these devices; three queries for all of them together."""
    here = adjacency.current()
    climbed = {pk: adjacency.climb(here, pk) for pk in device_ids}
    met = [step for steps in climbed.values() for step in steps]
    devices = with_planned(Device.objects.select_related("site", "state")).in_bulk({pk for pk, _ in met})
    ends = ("a_port__state", "b_port__state", "a_device__state", "b_device__state")
    links = Link.objects.select_related(*ends).in_bulk({link for _, link in met if link})
    return {
        start: _proven([_step(devices[pk], links.get(link) if link else None) for pk, link in steps if pk in devices])
        for start, steps in climbed.items()
    }


def _proven(steps: list[Step]) -> list[Step]:
    """What nobody can ask (a splitter) has light when what it feeds on this very way is lit and answers."""
    proven: list[Step] = []
    is_fed = False
    for step in steps:
        if is_fed and step.address is None and step.light is Light.UNKNOWN:
            step = replace(step, light=Light.LIT)
        # Where there is no link on, the next step is only whom it is asked through.
        is_fed = step.light is Light.LIT and step.link is not None
        proven.append(step)
    return proven


def lights_of(devices: Iterable[Device]) -> dict[int, Light]:
    """The light of each by id; of what nobody can ask (a splitter), by some of what it feeds, where that has light.

    Two queries more where there are such, whatever the size of the network.
    """
    devices = list(devices)
    lights = {device.pk: device_light(device) for device in devices}
    dumb = [it.pk for it in devices if it.address is None and lights[it.pk] is Light.UNKNOWN]
    if not dumb:
        return lights
    here = adjacency.current()
    ends = {pk: adjacency.some_ends(here, pk, count=SAMPLE) for pk in dumb}
    fed = Device.objects.filter(pk__in={end for several in ends.values() for end in several}, address__isnull=False)
    shining = {it.pk for it in fed.select_related("state") if device_light(it) is Light.LIT}
    return lights | {pk: Light.LIT for pk, several in ends.items() if shining.intersection(several)}


def _step(device: Device, link: Link | None) -> Step:
    state = getattr(device, "state", None)
    return Step(
        device_id=device.pk,
        code=device.code,
        kind=device.kind,
        vendor=device.vendor,
        model=device.model,
        address=device.address,
        site_code=device.site.code,
        site_name=device.site.name,
        level=device.site.level,
        light=device_light(device),
        since=state.since if state else None,
        is_source=device.is_source,
        link=_link_step(link, device.pk) if link else None,
    )


def _link_step(link: Link, below: int) -> LinkStep:
    ends = (link.a_port, link.b_port) if link.a_device_id == below else (link.b_port, link.a_port)
    return LinkStep(
        id=link.pk,
        code=link.code,
        medium=link.medium,
        below_port=ends[0].name if ends[0] else "",
        above_port=ends[1].name if ends[1] else "",
        up=link_up(link),
    )


def port_up(port: Port | None, device: Device) -> bool | None:
    """Whether a port of `device` has link; None where it was not seen, or what it said is old: its device is silent.

    Both come with their `state`.
    """
    silent = getattr(getattr(device, "state", None), "answers", None) is False
    state = getattr(port, "state", None)
    return state.oper_up if state and not silent else None


def link_up(link: Link) -> bool | None:
    """Whether the ports of a link say that it is up: down if either end says so, None if neither says anything."""
    ends = port_up(link.a_port, link.a_device), port_up(link.b_port, link.b_device)
    said = [up for up in ends if up is not None]
    return all(said) if said else None
