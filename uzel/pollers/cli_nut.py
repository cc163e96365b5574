"""`uzel device nut`: say that the UPSes of a group are asked by NUT, and see what one of them says."""

import asyncio

import click
from django.db import transaction

from uzel.drivers import nut
from uzel.drivers.ups_nut import parse_ups
from uzel.journal.operations import emit
from uzel.network.models import AccessGroup, Device, DeviceKind

WITHIN_S = 3.0


@click.command("nut")
@click.argument("group")
@click.option("--port", type=click.IntRange(1, 65535), default=nut.PORT, show_default=True, help="Where upsd listens.")
@click.option("--off", is_flag=True, help="Ask them by SNMP again.")
def nut_(group: str, port: int, off: bool) -> None:
    """Ask the UPSes of an access GROUP by NUT (RFC 9271), and show what each of them says now.

    An upsd listens at the address of each UPS. It calls the UPS by the code that the device has here, or knows one
    only. Exit status 1 when one of them does not answer.
    """
    with transaction.atomic():
        if not AccessGroup.objects.filter(code=group).update(nut_port=None if off else port):
            known = ", ".join(AccessGroup.objects.order_by("code").values_list("code", flat=True))
            raise click.ClickException(f"no access group {group}; there are: {known or 'none'}")
        emit("network.changed", {"access_groups": [0, 1, 0]})
    if off:
        click.echo(f"{group}: UPSes are asked by SNMP")
        return
    upses = Device.objects.filter(access_group__code=group, kind=DeviceKind.UPS).exclude(address=None).order_by("code")
    silent = 0
    for device in upses:
        told = asyncio.run(_told(device, port))
        silent += told.startswith("no answer")
        click.echo(f"{device}: {told}")
    click.echo(f"{group}: {len(upses)} UPSes are asked by NUT on port {port}")
    if silent:
        raise SystemExit(1)


async def _told(device: Device, port: int) -> str:
    """What the UPS says, in a line."""
    try:
        reading = parse_ups(await nut.read(device.address or "", port, device.code, within_s=WITHIN_S))
    except nut.NutError as error:
        return f"no answer [{error}]"
    supply = {True: "on battery", False: "on mains", None: "state unknown"}[reading.on_battery]
    parts = (reading.model or "", supply, "battery low" if reading.low else "")
    figures = (
        (reading.charge_percent, "% charged"),
        (reading.runtime_min, " min left"),
        (reading.load_percent, "% load"),
    )
    return ", ".join([*filter(None, parts), *(f"{value:g}{unit}" for value, unit in figures if value is not None)])
