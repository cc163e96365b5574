"""Each fault that the city can make, on each make of switch, gives its verdict: the whole way from wire to finding."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.city_served import Running
from tests.probing import answered, ask, hurt, lines, run_probers, verdict
from tests.probing import city as city
from tests.probing import live as live
from uzel.core.diagnosis import Code
from uzel.core.readings import UpsReading
from uzel.core.topology import Kind
from uzel.network.models import Probe
from uzel.outages.models import Hint
from uzel.simcity.faults import FAULTS, Only, Target
from uzel.simcity.world import Device, Port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.xdist_group("diag_city_cli")]

MAKES = ("dlink", "cisco", "huawei")
PORTS: dict[str, Code] = {
    "no-link": Code.NO_LINK,
    "admin-down": Code.PORT_ADMIN_DOWN,
    "slow": Code.WRONG_SPEED,
    "half-duplex": Code.HALF_DUPLEX,
    "errors": Code.ERRORS_GROWING,
    "no-mac": Code.NO_MAC,
    "wrong-mac": Code.FOREIGN_MAC,
    "many-macs": Code.TOO_MANY_MACS,
    "flapping": Code.FLAPPING,
    "cable-open-at": Code.CABLE_BREAK,
    "cable-short-at": Code.CABLE_SHORT,
    "loop": Code.LOOP,
    "far-end-off": Code.FAR_END_OFF,
    "two-pairs": Code.TWO_PAIRS,
    "storm": Code.STORM,
    "binding-blocked": Code.BINDING_BLOCKED,
    "iptv-no-groups": Code.NO_GROUPS,
}
DEVICES: dict[str, Code] = {
    "weak-optics": Code.WEAK_UPLINK,
    "snmp-dead": Code.LINE_FINE,
    "hang": Code.DEVICE_SILENT,
    "reboot": Code.DEVICE_RESTARTED,
    "low-light": Code.LOW_LIGHT,
    "battery-low": Code.BATTERY_LOW,
}
IPTV = frozenset({"internet", "iptv"})


def test_every_fault_is_here() -> None:
    known = {name for name in FAULTS if not name.startswith("cli-")}
    assert known == PORTS.keys() | DEVICES.keys()
    assert {n for n, k in FAULTS.items() if k.target is Target.PORT and k.only is not Only.FIBRE} == PORTS.keys()


def chosen(live: Running, family: str) -> dict[str, Port]:
    """A port of this make for each fault that can hurt it."""
    devices = {port.device.id: port.device for port in lines(live, family)}.values()
    free = [p for device in devices for p in device.ports if p.stations and not p.far and not p.shape.is_uplink]
    found: dict[str, Port] = {}
    for fault in sorted(PORTS, key=lambda name: name not in ("iptv-no-groups", "two-pairs")):
        fits = [
            port
            for port in free
            if (fault != "iptv-no-groups" or 700 in {vlan for _, vlan in port.stations})
            and (fault != "two-pairs" or port.shape.speed_mbps == 1000)
        ]
        if fits:
            found[fault] = fits[0]
            free.remove(fits[0])
    return found


def flapped(port: Port, probe: Probe) -> None:
    """What the monitor would have written of a contact that comes and goes."""
    for n in range(6):
        at, kind = timezone.now() - timedelta(seconds=4 * n), "link_up" if n % 2 else "link_down"
        parsed = {"kind": kind, "if_index": port.shape.if_index}
        Hint.objects.create(at=at, kind="trap", source="127.0.0.1", device=probe.device, raw=b"", parsed=parsed)


@pytest.mark.parametrize("family", MAKES)
def test_faults_of_ports(city: Running, family: str) -> None:
    ports = chosen(city, family)
    # DES-3200-28 has no gigabit copper for a subscriber.
    assert PORTS.keys() - ports.keys() <= ({"two-pairs"} if family == "dlink" else set())
    for fault, port in ports.items():
        hurt(city, port, fault)
    time.sleep(16)  # a link younger than that may be quiet by chance
    probes = {fault: ask(port) for fault, port in ports.items()}
    flapped(ports["flapping"], probes["flapping"])
    run_probers(answered)
    said = {
        fault: verdict(
            probes[fault],
            port,
            services=IPTV if fault == "iptv-no-groups" else frozenset({"internet"}),
            service_mbps=500 if fault == "two-pairs" else 100,
        )[0]
        for fault, port in ports.items()
    }
    assert said == {fault: PORTS[fault] for fault in ports}


def test_faults_of_switches(city: Running) -> None:
    for fault in ("weak-optics", "snmp-dead", "hang", "reboot"):
        # Switches of houses: of those above, most ports that are called uplinks lead down.
        ports = [next(p for p in lines(city, family) if "-h" in p.device.code) for family in MAKES]
        for port in ports:
            uplink = next(p for p in port.device.ports if p.link and p.shape.is_uplink)
            hurt(city, uplink if fault == "weak-optics" else port.device, fault)
        time.sleep(3)
        probes = [ask(port) for port in ports]
        run_probers(answered)
        said = [verdict(probe, port)[0] for probe, port in zip(probes, ports, strict=True)]
        assert said == [DEVICES[fault]] * 3, fault
        if fault == "snmp-dead":
            hints = [verdict(probe, port)[1:] for probe, port in zip(probes, ports, strict=True)]
            assert hints == [[Code.MONITORING_SILENT]] * 3
        city.do(do="heal", target="all")
        time.sleep(3)


def first(city: Running, kind: Kind) -> Device:
    return next(d for d in city.world.devices.values() if d.kind is kind and d.address)


def test_faults_of_receivers_and_upses(city: Running) -> None:
    # The line is of a switch that no other test restarts.
    receiver, ups, port = first(city, Kind.OPTICAL_RECEIVER), first(city, Kind.UPS), lines(city, "dlink")[-1]
    hurt(city, receiver, "low-light")
    hurt(city, ups, "battery-low")
    light, battery, line = ask(receiver), ask(ups), ask(port)
    run_probers(answered)
    assert verdict(light, port, services=frozenset({"catv"}))[0] is DEVICES["low-light"]
    battery.refresh_from_db()
    # A hint beside the verdict: the line works still.
    found = verdict(line, port, ups=(UpsReading(**battery.result["ups"]),))
    assert found == [Code.LINE_FINE, DEVICES["battery-low"]]
