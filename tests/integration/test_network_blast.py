"""What goes dark with one element, and whom it takes along, against the plainest reading of the rules."""

from pathlib import Path

import pytest

from uzel.core.scope import Attachment, affected
from uzel.network import blast, core_map
from uzel.network.models import Device, Link, MainsArea, PowerFeed, Site
from uzel.simcity.plan import generate
from uzel.subscribers import importing
from uzel.subscribers.importing.csv_folder import Folder
from uzel.subscribers.models import Service

pytestmark = pytest.mark.django_db


class ByHand:
    """The city as rows of the database; light is spread over it step by step until nothing changes."""

    def __init__(self) -> None:
        self.kinds = dict(Device.objects.values_list("pk", "kind"))
        self.sources = set(Device.objects.filter(is_source=True).values_list("pk", flat=True))
        self.links = list(Link.objects.values_list("a_device", "b_device"))
        self.area_of = dict(Site.objects.values_list("pk", "mains_area"))
        self.feeds: dict[int, list[tuple[int | None, int]]] = {}
        for feed in PowerFeed.objects.select_related("consumer"):
            self.feeds.setdefault(feed.consumer_id, []).append((feed.source_id, feed.consumer.site_id))

    def works(self, *, device: int = 0, site: int = 0, area: int = 0) -> set[int]:
        """Devices with power and, where they carry it, light, while one device or the mains of one place are off."""

        def has(powered: set[int], source: int | None, where: int) -> bool:
            if source is not None:
                return source in powered
            return where != site and (not area or self.area_of[where] != area)

        powered: set[int] = set()
        while True:
            more = {pk for pk, feeds in self.feeds.items() if any(has(powered, *feed) for feed in feeds)}
            more |= {pk for pk, kind in self.kinds.items() if pk not in self.feeds or kind == "ups"}
            more.discard(device)
            if more == powered:
                break
            powered = more
        dull = {pk for pk in powered if self.kinds[pk] in {"ups", "power_strip"}}
        shining = self.sources & powered
        while True:
            reached = {b for a, b in self.links if a in shining} | {a for a, b in self.links if b in shining}
            if reached & (powered - dull) <= shining:
                return shining | dull
            shining |= reached & (powered - dull)


@pytest.mark.slow
def test_blast_of_every_element_is_what_stops_working(tmp_path: Path) -> None:
    generate(tmp_path, seed=5, switches=60, subscribers=400)
    importing.apply(importing.plan(Folder(tmp_path)))
    by_hand = ByHand()
    well = by_hand.works()
    assert well == set(by_hand.kinds)
    rows = Service.objects.filter(is_active=True).values_list("device", "subscriber", "kind", "subscriber__kind")
    attachments = [Attachment(*row) for row in rows]
    cases = {pk: by_hand.works(device=pk) for pk in by_hand.kinds}
    cases |= {core_map.site_mains(pk): by_hand.works(site=pk) for pk in by_hand.area_of}
    areas = MainsArea.objects.values_list("pk", flat=True)
    cases |= {core_map.area_mains(pk): by_hand.works(area=pk) for pk in areas}
    sizes = set()
    for node, works in cases.items():
        dark = blast.goes_dark(node)
        assert dark == well - works, node
        scope, told = affected(attachments, dark), blast.hanging_on(dark)
        services = {kind: sum(of.values()) for kind, of in scope.services.items()}
        assert (told["subscribers"], told["services"], told["total"]) == (scope.subscribers, services, scope.total)
        sizes.add(len(dark))
    assert len(sizes) > 5
    assert blast.goes_dark(10**9) == frozenset()
