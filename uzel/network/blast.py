"""What goes dark if one thing fails: the core's rules over the network in the database."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db.models import Count

from uzel.core.topology import Network, lit
from uzel.network import adjacency, core_map
from uzel.network.models import Device


def goes_dark(node: int) -> frozenset[int]:
    """Ids of the devices that lose light or power if this one fails, itself among them; batteries count as full.

    `node` is a device or, by its id in `core_map`, the mains of a site or of an area.
    """
    network, shining = whole()
    if node not in network.nodes:
        return frozenset()
    return frozenset(pk for pk in (shining - lit(network, failed={node})) | {node} if pk > 0)


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


def whole() -> tuple[Network, frozenset[int]]:
    """The map as it is now, and what shines on it when nothing is broken."""
    return _read(adjacency.version())


@lru_cache(maxsize=1)
def _read(version: tuple[Any, ...]) -> tuple[Network, frozenset[int]]:
    """The map and what shines on it when nothing is broken."""
    network = core_map.read()
    return network, lit(network)
