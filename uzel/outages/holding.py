"""What an outage holds on to: its parts while they start one by one, and itself while its light comes and goes."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from uzel.core.outage import Cause, Change, Close, Continue, Found, Open
from uzel.outages.causes import causes_of
from uzel.outages.models import Outage, OutageElement, OutageEvent

# Devices of one site start within a minute or two of each other once their power or light is back.
SPLIT_AFTER = timedelta(seconds=120)
# What failed again after it was over is over only once it has been lit for so long.
STEADY_AFTER = timedelta(seconds=120)


@dataclass(slots=True)
class Memory:
    """From one decision to the next, unix seconds by outage: since when its parts stand apart; since when it is lit."""

    apart: dict[int, float] = field(default_factory=dict)
    lit: dict[int, float] = field(default_factory=dict)


def keep_unsteady(
    changes: Sequence[Change], *, now: datetime, memory: Memory | None
) -> tuple[list[Change], dict[int, bool]]:
    """The changes without the ends of outages that came again and have not been lit for STEADY_AFTER; those outages,
    and whether it is the first time that such an end is put off."""
    if memory is None:
        return list(changes), {}
    ends = {it.outage for it in changes if isinstance(it, Close)}
    memory.lit = {pk: memory.lit.get(pk, now.timestamp()) for pk in ends}
    fresh = [pk for pk, at in memory.lit.items() if now.timestamp() - at < STEADY_AFTER.total_seconds()]
    told = set(OutageEvent.objects.filter(outage__in=fresh).values_list("outage", "kind").distinct())
    kept = {pk: (pk, "unsteady") not in told for pk in fresh if (pk, "again") in told}
    return [it for it in changes if not (isinstance(it, Close) and it.outage in kept)], kept


def keep_together(
    changes: Sequence[Change],
    *,
    open_: Mapping[int, Outage],
    held: Mapping[int, Set[int]],
    devices: Callable[[Found], frozenset[int]],
    now: datetime,
    memory: Memory | None,
) -> tuple[list[Change], bool]:
    """The changes without the parts that go on within their outage, and whether there were such.

    A part becomes an outage of its own once nothing of the outage has come back for SPLIT_AFTER, and the parts have
    stood apart that long: mains may be proven live by a UPS a minute before the first house
    has started. `held`: what each open outage holds dark; `devices`: those of a failure that are devices.
    """
    parents = {it.split_from for it in changes if isinstance(it, Open) and it.split_from in open_}
    if memory is not None:
        for outage in memory.apart.keys() - parents:
            del memory.apart[outage]
    returned = _returned(parents, now - SPLIT_AFTER)
    continued = {it.outage: it.found for it in changes if isinstance(it, Continue)}
    still_dark = {i for it in changes if isinstance(it, Open | Continue) for i in devices(it.found)}
    kept: list[Change] = []
    for change in changes:
        parent = change.split_from if isinstance(change, Open) else None
        if not isinstance(change, Open) or parent is None or parent not in continued:
            kept.append(change)
            continue
        shrinking = parent in returned or held[parent] - still_dark
        if not devices(change.found) <= held[parent] or not (shrinking or _just_apart(parent, now, memory)):
            kept.append(change)
            continue
        continued[parent] = _together(continued[parent], change.found, causes_of(open_[parent].hypotheses))
    goes_on: list[Change] = [
        Continue(it.outage, continued[it.outage]) if isinstance(it, Continue) else it for it in kept
    ]
    return goes_on, len(kept) < len(changes)


def _returned(outages: Iterable[int | None], since: datetime) -> set[int]:
    """Outages of which something has come back since."""
    back = OutageElement.objects.filter(outage__in=[*outages], lit_at__gt=since)
    return set(back.values_list("outage", flat=True).distinct())


def _just_apart(outage: int, now: datetime, memory: Memory | None) -> bool:
    if memory is None:
        return False
    return now.timestamp() - memory.apart.setdefault(outage, now.timestamp()) < SPLIT_AFTER.total_seconds()


def _together(first: Found, second: Found, hypotheses: tuple[Cause, ...]) -> Found:
    """Two parts of one outage, with the cause that is on its record."""
    return replace(
        first,
        hypotheses=hypotheses or first.hypotheses,
        dark=first.dark | second.dark,
        roots=tuple(sorted({*first.roots, *second.roots})),
        began_at=min(first.began_at, second.began_at),
        unseen=first.unseen | second.unseen,
    )
