"""Who answers a ping from a switch."""

from uzel.simcity.dynamics import City
from uzel.simcity.world import Device


def answers_ping(city: City, device: Device, address: str) -> bool:
    """Whether `address` answers: a device with light, the gateway, or a client of this very switch."""
    found = next((other for other in city.world.devices.values() if other.address == address), None)
    if found:
        return found.id in city.lit or found.id in city.answers
    if address == f"{device.address.rsplit('.', 1)[0]}.254":
        return True
    mute = {"no-mac", "wrong-mac", "binding-blocked"}
    return any(
        port.oper and address in port.leases and not mute & port.faults.keys() for port in device.ports if port.leases
    )
