"""Who stands on a battery, by what the UPSes themselves said last."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from django.utils import timezone

from uzel.network.models import Device, DeviceKind, DeviceState


class BatteryWarning(TypedDict):
    """A site that stands on its battery. `dark_at`: when it goes dark, None when the UPS does not say."""

    device: Device
    since: datetime | None
    charge_percent: float | None
    dark_at: datetime | None
    minutes_left: float | None
    devices: int


def battery_warnings() -> list[BatteryWarning]:
    """UPSes on battery that still answer, the soonest to end first; one query.

    `devices`: how many devices it alone keeps alive at its site and behind it, by the engine's reckoning.
    """
    states = DeviceState.objects.filter(device__kind=DeviceKind.UPS, answers=True, readings__on_battery=True)
    return _sorted(_warning(state.device, state) for state in states.select_related("device__site"))


def warnings_of(devices: Iterable[Device]) -> list[BatteryWarning]:
    """The same of these devices only, which came with their `site` and `state`; no query."""
    return _sorted(_warning(device, device.state) for device in devices if on_mains(device) is False)


def on_mains(ups: Device) -> bool | None:
    """Whether a UPS that came with its `state` has mains; None when it does not answer or does not say."""
    state = getattr(ups, "state", None)
    if ups.kind != DeviceKind.UPS or state is None or not state.answers:
        return None
    on_battery = state.readings.get("on_battery")
    return None if on_battery is None else not on_battery


def _warning(device: Device, state: DeviceState) -> BatteryWarning:
    readings, now = state.readings, timezone.now()
    dark_at, since = readings.get("dark_at"), readings.get("on_battery_since")
    when = datetime.fromtimestamp(dark_at, now.tzinfo) if isinstance(dark_at, int | float) else None
    return BatteryWarning(
        device=device,
        since=datetime.fromtimestamp(since, now.tzinfo) if isinstance(since, int | float) else None,
        charge_percent=readings.get("charge_percent"),
        dark_at=when,
        minutes_left=max(0.0, (when - now).total_seconds() / 60) if when else None,
        devices=readings.get("keeps_alive", 0),
    )


def _sorted(warnings: Iterable[BatteryWarning]) -> list[BatteryWarning]:
    return sorted(warnings, key=lambda it: (it["dark_at"] is None, it["dark_at"] or timezone.now()))
