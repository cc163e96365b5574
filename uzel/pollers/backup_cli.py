"""`uzel backup`: read the configurations of switches now, print what is kept."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import click
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from uzel.core.words import visible
from uzel.drivers.pool import Pool
from uzel.network.backups import ask, begin_round, end_round
from uzel.network.models import BackupState, ConfigBackup, ConfigReason
from uzel.pollers import device_facts
from uzel.pollers.backup_keep import BackupKeeper
from uzel.pollers.cli_device import sentence

LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `failed`: code and address of each device, and why."""

    changed: int
    same: int
    failed: Sequence[tuple[str, str, str]]


@click.group()
def backup() -> None:
    """Configurations of switches: read them now, print what is kept."""


@backup.command()
@click.argument("hosts", nargs=-1)
@click.option("--all", "whole", is_flag=True, help="All switches of the city.")
@click.option("--failed", is_flag=True, help="All switches that have no configuration or whose last reading failed.")
def run(hosts: tuple[str, ...], whole: bool, failed: bool) -> None:
    """Read the configurations of HOSTS (codes or addresses) and keep those that are new.

    Exit status 1 when one of them could not be read whole.
    """
    if bool(hosts) == (whole or failed):
        raise click.UsageError("name switches, or give --all or --failed")
    asked_at, begun = timezone.now(), None
    if hosts:
        devices = _named(hosts)
        ask(devices=devices, why=ConfigReason.ASKED)
    else:
        begun = begin_round(why=ConfigReason.ASKED, failed_only=failed)
        if begun is not None and begun.began_at < asked_at:
            click.echo("a round is under way already: its end is waited for", err=True)
        waiting = BackupState.objects.filter(round=begun).exclude(state=BackupState.State.IDLE)
        devices = list(waiting.values_list("pk", flat=True))
    console = Console(stderr=True)
    try:
        asyncio.run(_read(devices, console))
    except KeyboardInterrupt:
        if begun is not None:
            end_round(begun)
        raise click.ClickException("interrupted: what was not read yet is left out") from None
    _tell(console, _outcome(devices, begun.began_at if begun else asked_at), timezone.now() - asked_at)


def _named(hosts: Sequence[str]) -> list[int]:
    found = {host: device_facts.find(host) for host in hosts}
    if unknown := [host for host, device in found.items() if device is None]:
        raise click.ClickException(f"no such device: {', '.join(unknown)}")
    return [device.pk for device in found.values() if device is not None]


async def _read(devices: list[int], console: Console) -> None:
    """Read beside whoever else does, until none of the devices waits any more."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )
    async with Pool(known=device_facts.HostKeyFile(), idle_s=0) as pool:
        keeper = BackupKeeper(pool, nights=False)
        working = asyncio.create_task(keeper.run())
        try:
            with bar:
                task = bar.add_task("configurations", total=len(devices))
                while left := await keeper.db(_left, devices):
                    bar.update(task, completed=len(devices) - left)
                    await asyncio.wait({working}, timeout=LOOK_S)
                    if working.done():
                        break
                bar.update(task, completed=len(devices) - left)
        finally:
            keeper.stop.set()
            await working


def _left(devices: list[int]) -> int:
    return BackupState.objects.filter(pk__in=devices).exclude(state=BackupState.State.IDLE).count()


def _outcome(devices: list[int], since: datetime) -> Outcome:
    states = BackupState.objects.filter(pk__in=devices, ended_at__gte=since)
    rows = states.exclude(error="").order_by("device__code").values_list("device__code", "device__address", "error")
    failed = [(code, address or "", error) for code, address, error in rows]
    changed = ConfigBackup.objects.filter(device__in=devices, taken_at__gte=since).count()
    return Outcome(changed, max(0, states.filter(error="").count() - changed), failed)


def _tell(console: Console, outcome: Outcome, took: object) -> None:
    for code, address, error in outcome.failed:
        console.print(
            f"{code} {address}: {sentence(error)} [{error}]", style="red", markup=False, highlight=False, soft_wrap=True
        )
    new, same, failed = outcome.changed, outcome.same, len(outcome.failed)
    click.echo(f"{new} new, {same} the same, {failed} failed in {str(took)[:-5]}")
    if failed:
        raise SystemExit(1)


@backup.command()
@click.argument("host")
def show(host: str) -> None:
    """Print the latest configuration that is kept of HOST, as it was, with its secrets."""
    (device,) = _named([host])
    state = BackupState.objects.select_related("latest__body").filter(pk=device, latest__isnull=False).first()
    if state is None or state.latest is None:
        raise click.ClickException(f"no configuration of {host} is kept: uzel backup run {host}")
    click.echo(f"{host}: found the same on {timezone.localtime(state.latest.seen_at):%d.%m.%Y %H:%M}", err=True)
    text = state.latest.body.text
    # Into a file as it was; on a terminal nothing in it may move the cursor.
    click.echo(visible(text) if sys.stdout.isatty() else text, nl=False)
