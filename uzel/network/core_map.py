"""The network in the database as the core's map: a handful of plain queries, whatever the size of the city.

Node id = Device.pk; mains of a site = -(2 * site pk); mains of an area = -(2 * area pk + 1); link id = Link.pk.
"""

from uzel.core.map import Kind, Link, Network, Node
from uzel.network.models import Device, MainsArea, PowerFeed, Site
from uzel.network.models import Link as LinkRow


def site_mains(site_id: int) -> int:
    """The node of the mains of a site."""
    return -2 * site_id


def area_mains(area_id: int) -> int:
    """The node of the mains of an area."""
    return -2 * area_id - 1


def mains_place(node: int) -> tuple[str, int] | None:
    """("site", pk) or ("area", pk) for a node of mains, None for a device."""
    if node >= 0:
        return None
    return ("area", (-node - 1) // 2) if node % 2 else ("site", -node // 2)


def read() -> Network:
    """The whole map; five queries."""
    links = LinkRow.objects.order_by("id").values_list("id", "a_device_id", "b_device_id")
    return Network.of([*_devices(), *_mains()], [Link(*row) for row in links.iterator(chunk_size=10_000)])


def _devices() -> list[Node]:
    feeds: dict[int, list[int]] = {}
    fed = PowerFeed.objects.order_by("id").values_list("consumer_id", "source_id", "consumer__site_id")
    for consumer, source, site in fed:
        feeds.setdefault(consumer, []).append(site_mains(site) if source is None else source)
    rows = Device.objects.order_by("id").values_list("id", "kind", "site_id", "is_source", "address", "managed_via_id")
    return [
        Node(
            pk,
            Kind(kind),
            site,
            source=is_source,
            watched=address is not None,
            via=via,
            feeds=tuple(feeds.get(pk, ())),
        )
        for pk, kind, site, is_source, address, via in rows.iterator(chunk_size=10_000)
    ]


def _mains() -> list[Node]:
    nodes = [Node(area_mains(pk), Kind.MAINS, watched=False) for pk in MainsArea.objects.values_list("id", flat=True)]
    for pk, area in Site.objects.values_list("id", "mains_area_id"):
        feeds = () if area is None else (area_mains(area),)
        nodes.append(Node(site_mains(pk), Kind.MAINS, pk, watched=False, feeds=feeds))
    return nodes
