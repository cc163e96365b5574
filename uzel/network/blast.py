"""What goes dark if one thing fails: the core's rules over the network in the database."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db.models import Count

from uzel.core.topology import Kind, Network, Node, lit
from uzel.core.topology import Link as Line
from uzel.network import adjacency
from uzel.network.models import Device, Link, PowerFeed, Site


def goes_dark(device_id: int) -> frozenset[int]:
    """Ids of the devices that lose light or power if this one fails, itself among them; batteries count as full."""
    network, shining = _read(adjacency.version())
    if device_id not in network.nodes:
        return frozenset()
    return frozenset(pk for pk in shining - lit(network, failed={device_id}) if pk > 0) | {device_id}


def hanging_on(device_ids: Iterable[int]) -> dict[str, Any]:
    """Distinct subscribers by class and services by kind that hang on these devices.

    Returns {"subscribers": {class: n}, "services": {kind: n}, "total": n of subscribers}.
    """
    devices = Device.objects.filter(pk__in=list(device_ids), services__is_active=True)
    # Subscribers live above this app: they are reached through the relation that they themselves declare.
    people = devices.values_list("services__subscriber__kind").annotate(n=Count("services__subscriber", distinct=True))
    kinds = devices.values_list("services__kind").annotate(n=Count("services"))
    subscribers = dict(people.order_by("-n"))
    return {
        "subscribers": subscribers,
        "services": dict(kinds.order_by("-n")),
        "total": sum(subscribers.values()),
    }


@lru_cache(maxsize=1)
def _read(version: tuple[Any, ...]) -> tuple[Network, frozenset[int]]:
    """The map and what shines on it when nothing is broken. Mains of a site: -pk; batteries need no mains here."""
    feeds: dict[int, list[int]] = {}
    for consumer, source, site in PowerFeed.objects.values_list("consumer_id", "source_id", "consumer__site_id"):
        feeds.setdefault(consumer, []).append(source if source is not None else -site)
    nodes = [Node(-pk, Kind.MAINS, pk, watched=False) for pk in Site.objects.values_list("id", flat=True)]
    nodes += [
        Node(pk, Kind(kind), site, source=is_source, feeds=tuple(feeds.get(pk, ())))
        for pk, kind, site, is_source in Device.objects.values_list("id", "kind", "site_id", "is_source")
    ]
    network = Network.of(nodes, [Line(*row) for row in Link.objects.values_list("id", "a_device_id", "b_device_id")])
    return network, lit(network)
