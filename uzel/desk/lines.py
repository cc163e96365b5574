"""A line: what one port (or one receiver) carries for one subscriber, and what is known of it. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from django.db.models import BooleanField, Count, ExpressionWrapper, Q
from django.utils import timezone

from uzel.core.answers import CableTest, Operation
from uzel.core.diagnosis import Evidence, Finding, Severity, diagnose
from uzel.core.readings import UpsReading
from uzel.network import adjacency
from uzel.network.light import Light, device_light
from uzel.network.models import Device, DeviceKind, DeviceState, Port, Probe
from uzel.network.queries import port_up
from uzel.outages.models import Outage, OutageElement
from uzel.outages.queries import outages_of_devices
from uzel.subscribers.models import Service, Subscriber

OPERATION, CABLE = "line", "cable"
# A cable test on demand speaks in the verdict for so long; later somebody may have touched the cable.
CABLE_SPEAKS = timedelta(minutes=5)
# What a probe has found so far speaks for so long: none goes on for longer, unless its prober has died.
SO_FAR_SPEAKS = timedelta(seconds=20)
# What stays with service although its device is silent.
_HARMLESS = {Outage.Cause.MANAGEMENT_FAULT}
_UPS_FIELDS = frozenset(f.name for f in fields(UpsReading))


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest probes of a line by operation: asked for, and ended."""

    asked: dict[str, Probe] = field(default_factory=dict)
    ended: dict[str, Probe] = field(default_factory=dict)


@dataclass(slots=True)
class Line:
    """The services of a subscriber on one port, or on one receiver (then `port` is None). `id`: its first service.

    `probe` is the latest look at it, ended or not, `test` the latest cable test on demand; `latest` has both as they
    last ended.
    """

    subscriber: Subscriber
    device: Device
    port: Port | None
    services: list[Service] = field(default_factory=list)
    light: Light = Light.UNKNOWN
    outages: list[OutageElement] = field(default_factory=list)
    probe: Probe | None = None
    test: Probe | None = None
    latest: Latest = field(default_factory=Latest)

    @property
    def id(self) -> int:
        return self.services[0].pk

    @property
    def key(self) -> tuple[int, int | None]:
        """What tells lines apart: the ids of the device and of the port."""
        return self.device.pk, self.port.pk if self.port else None

    @property
    def up(self) -> bool | None:
        """Whether the port has link; None where it is not known, as of a port of a silent device."""
        return port_up(self.port, self.device)

    @property
    def by_cable(self) -> bool:
        return self.port is not None

    @property
    def is_live(self) -> bool:
        """A cable test would cut somebody off: the port has link, or nobody knows."""
        read = self.latest.ended.get(OPERATION)
        ports = (read.result or {}).get("ports") if read else None
        up = ports[-1].get("oper_up") if ports else None
        return (self.up if up is None else up) is not False

    @property
    def has_cable(self) -> bool:
        """Its cable can be tested: copper in a port of a switch."""
        return self.port is not None and self.device.kind == DeviceKind.SWITCH and not self.port.is_uplink

    @property
    def macs(self) -> frozenset[str]:
        """The MACs on record."""
        return frozenset(service.mac for service in self.services if service.mac)

    @property
    def sold_mbps(self) -> int | None:
        return max((s.speed_mbps or 0 for s in self.services if s.is_active), default=0) or None

    @property
    def is_active(self) -> bool:
        return any(service.is_active for service in self.services)

    @property
    def trouble(self) -> list[OutageElement]:
        """Outages that take the service away (a management fault leaves it)."""
        return [element for element in self.outages if element.outage.cause not in _HARMLESS]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a line, likeliest first. `at`: when the device was read; None when it was not, or still is.

    `under_way`: the questions that the device is still being asked; with any of them the verdict is not the last word.
    """

    findings: tuple[Finding, ...]
    at: datetime | None
    under_way: frozenset[str] = frozenset()

    @property
    def head(self) -> Finding:
        return self.findings[0]

    @property
    def hints(self) -> tuple[Finding, ...]:
        return self.findings[1:]

    @property
    def severity(self) -> Severity:
        return self.head.severity

    @property
    def awaits_cable(self) -> bool:
        """Its cable is being tested."""
        return Operation.CABLE_TEST in self.under_way


def lines_of(subscriber: Subscriber) -> list[Line]:
    """The subscriber's lines, those in trouble first; the same few queries for one service or forty."""
    services = list(
        subscriber.services.select_related("device__site", "device__state", "port", "port__state").order_by(
            "kind", "code"
        )
    )
    lines: dict[tuple[int, int | None], Line] = {}
    for service in services:
        key = (service.device_id, service.port_id)
        line = lines.setdefault(key, Line(subscriber, service.device, service.port))
        line.services.append(service)
    elements = outages_of_devices({line.device.pk for line in lines.values()}) if lines else []
    latest = latest_probes(lines.values())
    for key, line in lines.items():
        line.outages = [element for element in elements if element.device_id == line.device.pk]
        planned = any(element.outage.planned_work_id is not None for element in line.outages)
        line.light = device_light(line.device, planned=planned)
        line.latest = latest.get(key, Latest())
        line.probe, line.test = line.latest.asked.get(OPERATION), line.latest.asked.get(CABLE)
    rank = {Light.DARK: 0, Light.SILENT: 1, Light.PLANNED: 2}
    return sorted(lines.values(), key=lambda line: (rank.get(line.light, 3), not line.by_cable, not line.is_active))


def latest_probes(lines: Iterable[Line]) -> dict[tuple[int, int | None], Latest]:
    """The latest probes of each line by its `key`, whoever's card asked for them; one query."""
    asked = Q()
    for line in lines:
        asked |= Q(device=line.device, port=line.port)
    if not asked:
        return {}
    rows = Probe.objects.filter(asked, operation__in=(OPERATION, CABLE)).annotate(
        is_open=ExpressionWrapper(Q(ended_at__isnull=True), output_field=BooleanField())
    )
    parts = ("device_id", "port_id", "operation", "is_open")
    found: dict[tuple[int, int | None], Latest] = {}
    for probe in rows.order_by(*parts, "-id").distinct(*parts):
        latest = found.setdefault((probe.device_id, probe.port_id), Latest())
        if probe.ended_at is not None:
            latest.ended[probe.operation] = probe
        before = latest.asked.get(probe.operation)
        if before is None or before.pk < probe.pk:
            latest.asked[probe.operation] = probe
    return found


def verdicts(lines: Sequence[Line]) -> dict[int, Verdict]:
    """The verdict on each line by its `id`, from its latest probe and from what is known without one."""
    crowd = _subscribers_on({line.port.pk for line in lines if line.port})
    peers = _peers({line.device.pk: line.device for line in lines}.values())
    power = _power({line.device.pk for line in lines})
    now = timezone.now()
    return {
        line.id: _verdict(
            line,
            line.probe,
            now,
            cable=_tested(line, now),
            subscribers_on_port=crowd.get(line.port.pk, 1) if line.port else 1,
            peers=peers.get(line.device.pk, (0, 0)),
            ups=power.get(line.device.pk, ()),
        )
        for line in lines
    }


def so_far(probe: Probe | None, now: datetime) -> Probe | None:
    """The probe, when it goes on and has told something already."""
    if probe is None or probe.state != Probe.State.RUNNING or not probe.result or probe.started_at is None:
        return None
    return probe if now - probe.started_at < SO_FAR_SPEAKS else None


def past_verdict(line: Line, probe: Probe) -> Verdict:
    """What a finished probe of this line said by itself, without the outages of today."""
    return _verdict(line, probe, probe.ended_at or probe.asked_at, known_outages=False)


def _verdict(
    line: Line,
    probe: Probe | None,
    now: datetime,
    *,
    subscribers_on_port: int = 1,
    peers: tuple[int, int] = (0, 0),
    ups: tuple[UpsReading, ...] = (),
    known_outages: bool = True,
    cable: CableTest | None = None,
) -> Verdict:
    state: DeviceState | None = getattr(line.device, "state", None)
    ended = probe if probe and probe.state in {Probe.State.DONE, Probe.State.FAILED} else so_far(probe, now)
    under_way = frozenset((ended.result or {}).get("under_way", ())) if ended else frozenset()
    if Operation.CABLE_TEST in under_way:
        # An earlier test says nothing of a cable that is being tested anew.
        cable = None
    trouble = line.trouble if known_outages else []
    evidence = Evidence.from_probe(
        ended.result if ended else None,
        error=ended.error if ended else "",
        account_status=line.subscriber.status,
        services=frozenset(service.kind for service in line.services),
        service_active=line.is_active,
        service_mbps=line.sold_mbps,
        expected_macs=line.macs,
        router_macs=frozenset(s.mac for s in line.services if s.mac and s.kind == "internet"),
        outages=frozenset(e.outage_id for e in trouble if e.outage.planned_work_id is None),
        planned_works=frozenset(e.outage.planned_work_id for e in trouble if e.outage.planned_work_id is not None),
        device_lit=state.is_lit if state else None,
        **_answers(ended, state),
        peers=peers[0],
        peers_silent=peers[1],
        is_uplink=bool(line.port and line.port.is_uplink),
        subscribers_on_port=subscribers_on_port,
        port_mbps=line.port.speed_mbps if line.port else None,
        ups=ups,
        **({"cable": cable} if cable else {}),
        age_s=(now - ended.ended_at).total_seconds() if ended and ended.ended_at else 0.0,
    )
    return Verdict(diagnose(evidence), ended.ended_at if ended else None, under_way)


def _tested(line: Line, now: datetime) -> CableTest | None:
    """What a cable test on demand found a moment ago."""
    test = line.latest.ended.get(CABLE)
    if test is None or test.ended_at is None or now - test.ended_at > CABLE_SPEAKS:
        return None
    return Evidence.from_probe(test.result).cable


def _answers(ended: Probe | None, state: DeviceState | None) -> dict[str, bool | None]:
    """Whether the device answers: a probe that read it says so itself, else the monitor does."""
    return {} if ended and ended.result else {"device_answers": state.answers if state else None}


def _subscribers_on(ports: set[int]) -> dict[int, int]:
    rows = Service.objects.filter(port__in=ports).values("port").annotate(n=Count("subscriber", distinct=True))
    return {row["port"]: row["n"] for row in rows}


def _peers(devices: Iterable[Device]) -> dict[int, tuple[int, int]]:
    """How many other watched switches stand at the same site, and how many of them are silent."""
    devices = list(devices)
    sites = {device.site_id for device in devices}
    rows = Device.objects.filter(site__in=sites, kind=DeviceKind.SWITCH, address__isnull=False)
    found = list(rows.values_list("pk", "site", "state__answers"))
    return {
        device.pk: (len(others), sum(answers is False for answers in others))
        for device in devices
        for others in [[answers for pk, site, answers in found if site == device.site_id and pk != device.pk]]
    }


def _power(devices: set[int]) -> Mapping[int, tuple[UpsReading, ...]]:
    """By device: the UPSes of the sites on its way to the centre, the nearest first, as the monitor last read them."""
    network = adjacency.current()
    ways = {device: [step for step, _ in adjacency.climb(network, device)] for device in devices}
    stands = dict(Device.objects.filter(pk__in={pk for way in ways.values() for pk in way}).values_list("pk", "site"))
    rows = DeviceState.objects.filter(device__site__in=set(stands.values()), device__kind=DeviceKind.UPS, answers=True)
    at_site: dict[int, list[UpsReading]] = {}
    for site, code, readings in rows.order_by("device").values_list("device__site", "device__code", "readings"):
        known = {name: value for name, value in readings.items() if name in _UPS_FIELDS}
        at_site.setdefault(site, []).append(UpsReading(**known | {"name": code}))
    return {
        device: tuple(ups for site in dict.fromkeys(stands[pk] for pk in way) for ups in at_site.get(site, ()))
        for device, way in ways.items()
    }
