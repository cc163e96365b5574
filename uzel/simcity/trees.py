"""Which tree of objects a model answers, one for all devices of the model."""

from collections.abc import Callable
from functools import lru_cache

from uzel.simcity import makes, mib_optical, mib_power
from uzel.simcity.makes import MAKES, Make
from uzel.simcity.mib import Segment, Tree
from uzel.simcity.mib_bridge import bridge, lldp
from uzel.simcity.mib_interfaces import interfaces, system
from uzel.simcity.mib_private import private


def _switch(make: Make) -> list[Segment]:
    return [*interfaces(make), *bridge(make), *lldp(make), *private(make)]


_BY_FAMILY: dict[str, Callable[[Make], list[Segment]]] = {
    makes.DLINK: _switch,
    makes.CISCO: _switch,
    makes.HUAWEI: _switch,
    makes.UPS_RFC1628: mib_power.rfc1628,
    makes.UPS_MEGATEC: mib_power.megatec,
    makes.UPS_APC: mib_power.apc,
    makes.OPTICAL_VOLIUS: mib_optical.volius,
    makes.OPTICAL_HMS: mib_optical.hms_receiver,
    makes.OPTICAL_EDFA: mib_optical.edfa,
}


@lru_cache
def tree_of(model: str) -> Tree:
    """The tree of a model that can be asked."""
    make = MAKES[model]
    return Tree([system(make), *_BY_FAMILY[make.family](make)])
