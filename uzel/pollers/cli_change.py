"""`uzel device change`: the same way as from a page (role, preview, why, check, undo, transcript), at a shell."""

import asyncio
import getpass
from uuid import uuid4

import click
from django.utils import translation
from rich.console import Console

from uzel.core.changes import Kind
from uzel.core.words import visible
from uzel.drivers.pool import Pool
from uzel.network import changes
from uzel.network.changes import Refused
from uzel.network.models import Change, Device, Port
from uzel.network.templatetags.change_words import (
    change_check,
    change_error,
    change_word,
    console,
    refusal_word,
    seen_words,
)
from uzel.people.models import User
from uzel.pollers import device_facts
from uzel.pollers.change_run import ChangeRunner

State = Change.State
UNDER_WAY = frozenset({State.ASKED, State.WAITING, State.RUNNING})
LOOK_S, GIVE_UP_S = 0.3, 180.0


@click.command("change")
@click.argument("host")
@click.argument("kind", type=click.Choice([kind.value for kind in Kind]))
@click.argument("port", required=False)
@click.argument("value", default="")
@click.option("--why", required=True, help="The reason: it stays with the change.")
@click.option("--for", "subject", default="", help="The account of the subscriber for whom.")
@click.option("--as", "who", default=getpass.getuser, help="Your account in Uzel. Default: your name on this machine.")
@click.option("--yes", is_flag=True, help="Run it without asking; the commands are printed all the same.")
def change(host: str, kind: str, port: str | None, value: str, why: str, subject: str, who: str, yes: bool) -> None:
    """Change something at HOST: show the exact commands, ask, run them once, check, undo when the check fails.

    VALUE is the new description of a port. Exit status: 0 done and checked, 1 undone, failed or not known, 3 refused.
    """
    out = Console(highlight=False, markup=False, soft_wrap=True)
    with translation.override("en"):
        user, device, row_port = _who(who), _device(host), None
        if port is not None:
            row_port = _port(device, port)
        try:
            asked = changes.ask(
                kind=Kind(kind), device=device, port=row_port, value=value, subject=subject, user=user, key=uuid4()
            )
            shown = asyncio.run(_until_still(asked.pk))
            if shown.state != State.READY:
                _end(out, shown)
            _show(out, shown)
            if not yes and not click.confirm("Run these commands?"):
                changes.cancel(change=shown, user=user)
                raise SystemExit(1)
            changes.confirm(change=shown, user=user, reason=why)
        except Refused as refused:
            out.print(f"{host}: {refusal_word(refused.code)} [{refused.code}]", style="red")
            raise SystemExit(3) from refused
        _end(out, asyncio.run(_until_still(shown.pk)))


def _who(name: str) -> User:
    found = User.objects.filter(username__iexact=name, is_active=True).first()
    if found is None:
        raise click.ClickException(f"no account {name!r} in Uzel: name yours with --as")
    return found


def _device(host: str) -> Device:
    found = device_facts.find(host)
    if found is None:
        raise click.ClickException(f"no such device in the network: {host}")
    return found


def _port(device: Device, name: str) -> Port:
    found = device.ports.filter(name=name).first()
    if found is None:
        raise click.ClickException(f"{device} has no port {name}")
    return found


async def _until_still(pk: int) -> Change:
    """The change when nothing is under way with it. Whoever comes first works on it: a prober, or this process."""
    deadline = asyncio.get_running_loop().time() + GIVE_UP_S
    async with Pool(known=device_facts.HostKeyFile(), idle_s=0) as pool:
        runner = ChangeRunner(pool)
        beat = asyncio.create_task(_beat(runner))
        try:
            while True:
                await runner.one(pk)
                found = await runner.db(_row, pk)
                if found.state not in UNDER_WAY or asyncio.get_running_loop().time() > deadline:
                    return found
                await asyncio.sleep(LOOK_S)
        finally:
            beat.cancel()
            await runner.db.close()


def _row(pk: int) -> Change:
    return Change.objects.select_related("device", "port").get(pk=pk)


async def _beat(runner: ChangeRunner) -> None:
    while True:
        await runner.db(runner.tidy)
        await asyncio.sleep(runner.tidy_s)


def _show(out: Console, row: Change) -> None:
    where = f"{row.device}:{row.port.name}" if row.port else str(row.device)
    out.print(f"{where}: {change_word(row.kind)}", style="bold")
    for line in row.commands:
        out.print(f"  {line}")
    out.print(f"then: {change_check(row.kind)}", style="dim")
    back = "; ".join(row.undo) if row.undo else "cannot be taken back"
    out.print(f"if not: {back}", style="dim")
    if row.mark == "unverified":
        out.print("These commands are not yet proven on a real device of this make.", style="yellow")
    for code in row.needs_lead:
        out.print(refusal_word(code), style="yellow")


def _end(out: Console, row: Change) -> None:
    """Print what came of it, and exit."""
    for entry in row.transcript:
        line = " ".join(filter(None, (f"[{entry['part']}]", entry.get("by"), entry["line"], entry["error"])))
        out.print(line, style="red" if entry["error"] else "dim", markup=False)
        if seen := entry.get("seen"):
            out.print("  " + visible(seen_words(seen)), markup=False)
        if text := visible(console(entry["text"])):
            out.print("  " + text.replace("\n", "\n  "), style="dim", markup=False)
    good = row.state == State.DONE
    out.print(f"change {row.pk}: {row.state}", style="green" if good else "red")
    if row.error:
        out.print(f"{change_error(row.error)} [{row.error}]", style="red")
    raise SystemExit(0 if good else 1)
