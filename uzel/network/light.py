"""What is said of the light of a device, in one word."""

from enum import StrEnum

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from uzel.network.models import Device


class Light(StrEnum):
    """The state shown of a device; each has its own word, shape and colour in the pages."""

    LIT = "lit"
    DARK = "dark"
    SILENT = "silent"
    UNKNOWN = "unknown"
    PLANNED = "planned"


# From the worst to the best: a place is shown as the worst of what stands in it.
WORST_FIRST = (Light.DARK, Light.SILENT, Light.PLANNED, Light.UNKNOWN, Light.LIT)


def light_of(*, watched: bool, known: bool, answers: bool | None, is_lit: bool, planned: bool) -> Light:
    """The word for what the monitor knows.

    known: the monitor has written a state. What cannot be asked (a splitter, a strip) has only the engine's reckoning.
    """
    if not known or (watched and answers is None and is_lit):
        return Light.UNKNOWN
    if not is_lit:
        return Light.PLANNED if planned else Light.DARK
    if watched and answers is False:
        return Light.PLANNED if planned else Light.SILENT
    return Light.LIT


def with_planned(devices: QuerySet[Device]) -> QuerySet[Device]:
    """Mark `planned` on each device that agreed work holds dark now."""
    # Outages live above this app: they are reached through the relation that they themselves declare.
    elements = Device._meta.get_field("outage_elements").related_model._default_manager
    held = elements.filter(
        device=OuterRef("pk"), lit_at__isnull=True, outage__state="open", outage__planned_work__isnull=False
    )
    return devices.annotate(planned=Coalesce(Exists(held), False))


def device_light(device: Device, *, planned: bool | None = None) -> Light:
    """The light of a device that came with its `state`. `planned` None: what with_planned() has marked, if it did."""
    state = getattr(device, "state", None)
    return light_of(
        watched=device.address is not None,
        known=state is not None,
        answers=state.answers if state else None,
        is_lit=state.is_lit if state else True,
        planned=bool(getattr(device, "planned", False)) if planned is None else planned,
    )
