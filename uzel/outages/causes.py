"""The causes of an outage on its record: from the core's words to rows of the database, and back."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from uzel.core.outage import Cause, CauseKind, Evidence, Found, Reason, after_return
from uzel.network.core_map import area_mains, mains_place, site_mains
from uzel.outages.models import Outage, OutageElement
from uzel.outages.network_map import NetworkMap, root_site


def describe(net: NetworkMap, outage: Outage, hypotheses: Sequence[Cause], found: Found) -> None:
    """Write the cause, its hypotheses and its place into the record (not saved)."""
    outage.cause = Outage.Cause(hypotheses[0].kind.value)
    outage.hypotheses = [_as_json(cause) for cause in hypotheses]
    outage.planned_work_id = found.planned
    places = [place for node in hypotheses[0].nodes if (place := mains_place(node))]
    sites = [pk for kind, pk in places if kind == "site"]
    areas = [pk for kind, pk in places if kind == "area"]
    outage.mains_area_id = areas[0] if len(areas) == 1 else None
    outage.site_id = sites[0] if len(sites) == 1 else root_site(net, found.roots)


def ended_undecided(since: datetime) -> QuerySet[Outage]:
    """Outages that closed after `since` without a cause, locked for this transaction."""
    ended = Outage.objects.select_for_update().filter(
        state=Outage.State.CLOSED, cause=Outage.Cause.UNDECIDED, closed_at__gt=since
    )
    return ended.order_by("pk")


def just_closed(net: NetworkMap, found: Found, since: datetime) -> Outage | None:
    """The outage of the same roots that closed by itself after `since`, locked for this transaction."""
    roots = {i for i in found.roots if i in net.contacts}
    closed = {"outage__state": Outage.State.CLOSED, "outage__closed_at__gt": since}
    rows = OutageElement.objects.filter(is_root=True, device__in=roots, **closed)
    rows = rows.exclude(outage__events__kind="closed_by_hand")
    for pk in rows.order_by("-outage").values_list("outage", flat=True).distinct():
        outage = Outage.objects.select_for_update().get(pk=pk)
        of_old = set(outage.elements.filter(is_root=True).values_list("device", flat=True))
        if of_old == roots and found.cuts_service is (outage.cause != Outage.Cause.MANAGEMENT_FAULT):
            return outage
    return None


def hear_uptimes(net: NetworkMap, evidence: Evidence, outage: Outage, roots: Set[int]) -> bool:
    """Judge the cause by the uptimes of what came back (not saved); True when that made it another."""
    hypotheses, was = causes_of(outage.hypotheses), outage.cause
    if not (hypotheses and roots):
        return False
    hypotheses = after_return(net.network, hypotheses, roots, evidence, outage.began_at.timestamp())
    outage.cause = Outage.Cause(hypotheses[0].kind.value)
    outage.hypotheses = [_as_json(cause) for cause in hypotheses]
    return was != outage.cause


def _split(nodes: Iterable[int]) -> dict[str, list[int]]:
    """Nodes of the core as rows of the database: devices, sites and areas (of mains) by primary key."""
    result: dict[str, list[int]] = {"devices": [], "sites": [], "areas": []}
    for node in nodes:
        place = mains_place(node)
        result["devices" if place is None else f"{place[0]}s"].append(node if place is None else place[1])
    return {name: ids for name, ids in result.items() if ids}


def _as_json(cause: Cause) -> dict[str, Any]:
    reasons = [
        {"code": it.code, **_split(it.nodes), **({"links": list(it.links)} if it.links else {})} for it in cause.reasons
    ]
    nowhere: dict[str, list[int]] = {"devices": [], "sites": [], "areas": []}
    where = nowhere | _split(cause.nodes)
    return {"cause": cause.kind.value, **where, "links": list(cause.links), "reasons": reasons}


def _nodes(row: Mapping[str, Any]) -> tuple[int, ...]:
    mains = [*map(site_mains, row.get("sites", ())), *map(area_mains, row.get("areas", ()))]
    return (*row.get("devices", ()), *mains)


def causes_of(hypotheses: Iterable[Mapping[str, Any]]) -> tuple[Cause, ...]:
    """The hypotheses of a record as the core has them."""
    return tuple(
        Cause(
            CauseKind(row["cause"]),
            _nodes(row),
            tuple(row.get("links", ())),
            tuple(Reason(r["code"], _nodes(r), tuple(r.get("links", ()))) for r in row.get("reasons", ())),
        )
        for row in hypotheses
    )
