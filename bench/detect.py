"""From a failure to one correct outage in the database: cuts, dead devices, lost mains at every level of a city."""

import os
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from bench import Figure
from bench._live_city import LiveCity, monitored, own_database, served, wait
from uzel.network.models import Device, DeviceState, Level, Link
from uzel.outages.models import Outage, OutageElement, OutageEvent
from uzel.outages.network_map import NetworkMap, load
from uzel.subscribers.models import Service

SWITCHES = int(os.environ.get("UZEL_BENCH_SWITCHES", "1500"))
SUBSCRIBERS = 40 * SWITCHES
TRIALS = int(os.environ.get("UZEL_BENCH_TRIALS", "5"))
LIMIT_S = 25.0
QUIET_S = 1.0
# Two rounds of the monitor and its rereading of what changed, after the last device is back.
AFTER_S = 4.0


def _failures(rng: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name of the kind, and the command; sites of every level below the centre, links towards them, their mains."""
    for _ in range(TRIALS):
        for level in (Level.OKRUG, Level.DISTRICT, Level.CAMPUS, Level.HOUSE):
            switches = list(Device.objects.filter(kind="switch", site__level=level).values_list("pk", "code"))
            pk, code = rng.choice(switches)
            links = list(Link.objects.filter(Q(a_device=pk) | Q(b_device=pk)).values_list("code", flat=True))
            if links:
                yield f"cut at {level.name.lower()}", {"do": "cut", "link": rng.choice(links)}
            yield f"dead {level.name.lower()}", {"do": "kill", "device": code}
        splitters = Device.objects.filter(kind="optical_splitter", site__level=Level.CAMPUS)
        yield (
            "dead splitter of a campus",
            {"do": "kill", "device": rng.choice(list(splitters.values_list("code", flat=True)))},
        )
        trunks = Link.objects.filter(a_device__kind="optical_splitter", b_device__kind="optical_splitter")
        yield "cut between splitters", {"do": "cut", "link": rng.choice(list(trunks.values_list("code", flat=True)))}
        houses = Device.objects.filter(kind="switch", site__level=Level.HOUSE, site__mains_area__isnull=False)
        site = rng.choice(list(houses.values_list("site__code", flat=True)))
        yield "mains of a house", {"do": "mains", "site": site, "on": False}
        yield "mains of an area", {"do": "mains", "site": site, "on": False, "area": True}


def _dark(city: LiveCity, net: NetworkMap) -> set[int]:
    codes = {contact.code: contact.id for contact in net.contacts.values()}
    state = city.do(do="state")["devices"]
    return {codes[code] for code, row in state.items() if not row["lit"] and code in codes}


# What each command really is, as an outage names it.
TRUTH = {"cut": "link_cut", "kill": "device_dead", "mains": "mains_lost"}


def _right(net: NetworkMap, dark: set[int], truth: str) -> str:
    """Empty when the open outages are one, with the exact devices and counts, and the truth is its cause or, while
    nobody can know, among its hypotheses; else what is wrong."""
    open_ = list(Outage.objects.filter(state="open"))
    if len(open_) != 1:
        return f"{len(open_)} outages"
    held = set(OutageElement.objects.filter(lit_at=None).values_list("device_id", flat=True))
    held = {i for i in held if net.network.nodes[i].carries_light}
    carriers = {i for i in dark if net.network.nodes[i].carries_light}
    # A receiver that is asked through a dark switch cannot be known to be dark, unless the power of both is.
    unknowable = {i for i in carriers if net.network.nodes[i].via in carriers}
    if held - carriers or carriers - held - unknowable:
        missing = [net.contacts[i].code for i in carriers - held - unknowable]
        extra = [net.contacts[i].code for i in held - carriers]
        return f"missing {missing[:3]}, extra {extra[:3]}"
    if truth not in {it["cause"] for it in open_[0].hypotheses}:
        return f"cause {open_[0].cause}, not {truth}"
    dark_services = Service.objects.filter(is_active=True, device__in=held)
    people = dark_services.values("subscriber").distinct().count()
    if open_[0].scope["total"] != {"subscribers": people, "services": dark_services.count()}:
        return f"counts {open_[0].scope['total']}"
    return ""


def _trial(city: LiveCity, net: NetworkMap, command: dict[str, Any]) -> tuple[float | None, list[str]]:
    """Seconds until it is right (None: nothing goes dark by it), and what was wrong on the way or at the end."""
    began, truth = time.monotonic(), TRUTH[command["do"]]
    city.do(**command)
    dark = _dark(city, net)
    if not any(net.network.nodes[i].carries_light for i in dark):
        # A redundant link, or mains that a battery bridges: nothing may be said.
        time.sleep(4)
        wrong = [f"said {o.cause} of nothing" for o in Outage.objects.filter(state="open")]
        return None, wrong
    took: float | None = None
    wrong = []
    try:
        wait(lambda: Outage.objects.filter(state="open").exists(), LIMIT_S)
        wait(lambda: not _right(net, dark, truth), 4)
        took = time.monotonic() - began
    except TimeoutError:
        wrong.append("not right in time: " + _right(net, dark, truth))
    time.sleep(QUIET_S)
    wrong += [f"wrong later: {text}" for text in [_right(net, dark, truth)] if text and not wrong]
    kinds = ("opened", "again", "grew", "shrank", "split", "merged", "absorbed")
    told = list(OutageEvent.objects.filter(kind__in=kinds).values_list("kind", flat=True))
    if told != ["opened"]:
        wrong.append(f"on the way: {told}")
    return took if took is not None else LIMIT_S, wrong


def _heal(city: LiveCity) -> tuple[float, list[str]]:
    """Seconds from light to the last closing, and what was wrongly said until everybody answered and all was quiet."""
    before = set(Outage.objects.values_list("pk", flat=True))
    told = OutageEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    city.do(do="heal", target="all")
    began = time.monotonic()
    wait(lambda: not city.do(do="status")["starting"], 60, every_s=0.1)
    lit = time.monotonic()
    wait(lambda: not Outage.objects.filter(state="open").exists(), 60)
    took = time.monotonic() - max(began, lit)
    wait(lambda: not DeviceState.objects.filter(answers=False).exists(), 60, every_s=0.1)
    time.sleep(AFTER_S)
    extra = Outage.objects.exclude(pk__in=before)
    wrong = [f"on the way back: {o.cause} at {o.site}, {o.scope_peak['devices']} devices" for o in extra]
    # A cause may become surer as devices come back; it may not turn into another failure.
    events = OutageEvent.objects.filter(pk__gt=told, outage__in=before)
    wrong += [f"on the way back: {event.kind}" for event in events.filter(kind__in=("grew", "split", "merged"))]
    turned = events.filter(kind="cause", data__to="management_fault").exclude(data__from="management_fault")
    wrong += ["on the way back: said to be a fault of management"] * turned.count()
    OutageElement.objects.all().delete()
    OutageEvent.objects.all().delete()
    Outage.objects.all().delete()
    return took, wrong


def run() -> Iterator[Figure]:
    """Measure; the trials are drawn from one seed."""
    rng = random.Random(1)
    times: dict[str, list[float]] = defaultdict(list)
    closing: list[float] = []
    wrong: list[str] = []
    silent = 0
    with own_database(), served(SWITCHES, SUBSCRIBERS) as city, monitored(city):
        net = load()
        for kind, command in _failures(rng):
            # At any moment of the monitor's round.
            time.sleep(rng.random() * 2)
            took, errors = _trial(city, net, command)
            wrong += [f"{kind}: {error}" for error in errors]
            if took is None:
                silent += 1
            else:
                times[kind].append(took)
            closed_s, errors = _heal(city)
            closing.append(closed_s)
            wrong += [f"{kind}: {error}" for error in errors]
    every = sorted(t for kind in times.values() for t in kind)
    p95 = every[min(len(every) - 1, int(len(every) * 0.95))]
    note = f"{len(every)} failures, {SWITCHES} switches, from the cut to one exact outage in the database"
    yield Figure("detect p50", statistics.median(every), "s", note=note)
    yield Figure("detect p95", p95, "s", "<= 5", note=note)
    yield Figure("detect, the slowest", every[-1], "s")
    note = "; ".join(wrong[:4]) or "from the cut until everybody answers again and all is quiet"
    yield Figure("wrong outages shown", len(wrong), "outages", "= 0", note=note)
    yield Figure("failures without darkness", silent, "trials", note="redundant links, bridged mains: nothing was said")
    yield Figure("closed after light is back, p50", statistics.median(closing), "s")
    for kind, took_all in sorted(times.items()):
        note = f"{len(took_all)} trials, worst {max(took_all):.1f} s"
        yield Figure(f"{kind}, p50", statistics.median(took_all), "s", note=note)
