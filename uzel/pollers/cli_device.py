"""`uzel device`: ask a switch from the command line, and say how a group of switches is reached."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, NoReturn

import click
from django.utils import translation
from rich.console import Console
from rich.table import Table

from uzel.core.answers import Operation
from uzel.drivers.ask import Answer, AskError, By, Facts, Values, ask
from uzel.drivers.ask_reading import KINDS, ask_reading
from uzel.drivers.pool import Pool
from uzel.drivers.session_secrets import SecretsError
from uzel.drivers.transport import Wire
from uzel.network.models import AccessGroup, Device
from uzel.network.templatetags.trouble_words import trouble_word
from uzel.pollers import device_facts
from uzel.pollers.cli_record import record

# What an engineer at a shell can do about it.
REMEDIES = {
    "no_credentials": "uzel device access GROUP",
    "password_expired": "change it there, then uzel device access GROUP",
    "wrong_host": "uzel device renamed HOST",
    "locked_by_other_session": "ask again when that one has ended",
}
RAW_LINES = 12
WIDE = 240


@click.group()
def device() -> None:
    """Ask the switches of the network."""


@device.command("ask")
@click.argument("host")
@click.argument("operation", type=click.Choice([o.value for o in Operation]))
@click.argument("port", required=False)
@click.option("--mac", help="Only about this MAC address.")
@click.option("--address", help="Whom to ping.")
@click.option("--by", type=click.Choice([b.value for b in By]), help="Force the way of asking.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer, or the error, as JSON.")
@click.option("--raw", is_flag=True, help="Print what the device said.")
def ask_(host: str, operation: str, port: str | None, as_json: bool, raw: bool, **given: str | None) -> None:
    """Ask HOST (a device's code or address) one question, about PORT or as a whole.

    A UPS tells all by `identity`, an optical receiver by `optics`.

    Exit status 1: no answer; 3: no answer, and asking again will not help.
    """
    by = By(given["by"]) if given["by"] else None
    values = Values(port=port, mac=given["mac"], address=given["address"])
    console = Console(stderr=True)
    found = device_facts.find(host)
    try:
        answer = asyncio.run(_ask(_facts(found), found.kind if found else "", Operation(operation), values, by))
    except AskError as error:
        _refuse(error, host, console, as_json=as_json)
    if as_json:
        click.echo(json.dumps(_plain(found, answer), ensure_ascii=False, default=str))
    elif raw and answer.text:
        click.echo(answer.text.replace("\r", ""))
    else:
        # Into a pipe nothing is cut off.
        console = Console()
        show(console if console.is_terminal else Console(width=WIDE), str(found), answer)


async def _ask(facts: Facts, kind: str, operation: Operation, values: Values, by: By | None) -> Answer:
    if kind in KINDS:
        return await ask_reading(facts, kind, operation, by=by)
    async with Pool(known=device_facts.HostKeyFile(), idle_s=0) as pool:
        return await ask(facts, operation, pool=pool, values=values, by=by)


def _facts(found: Device | None) -> Facts:
    """Facts of the device; what is missing is an AskError, as everything else that keeps an answer away."""
    if found is None:
        raise AskError("no_device", permanent=True, stage="question")
    try:
        return device_facts.facts(found)
    except SecretsError as error:
        raise AskError(error.code, permanent=True, stage="question") from error
    except ValueError as error:
        raise AskError("no_address", permanent=True, stage="question") from error


def _refuse(error: AskError, host: str, console: Console, *, as_json: bool) -> NoReturn:
    if as_json:
        told = {"error": error.code, "stage": error.stage, "permanent": error.permanent, "text": error.text}
        click.echo(json.dumps({"device": host} | told, ensure_ascii=False))
    else:
        console.print(f"{host}: {sentence(error.code)} [{error.code}, {error.stage}]", style="red", markup=False)
        for line in error.text.replace("\r", "").splitlines()[-RAW_LINES:]:
            console.print(f"  {line}", style="dim", markup=False, highlight=False)
    raise SystemExit(3 if error.permanent else 1)


def sentence(code: str) -> str:
    """A trouble in words, with what can be done about it."""
    with translation.override("en"):
        told = trouble_word(code)
    return f"{told} ({REMEDIES[code]})" if code in REMEDIES else told


def _plain(found: Device | None, answer: Answer) -> dict[str, Any]:
    kind = type(answer.rows[0]).__name__ if answer.rows else ""
    return {"device": str(found), "kind": kind} | asdict(answer)


def show(console: Console, name: str, answer: Answer) -> None:
    """An answer as a table: columns that say something, then what it rests on."""
    if answer.rows:
        console.print(_grid(answer.rows))
    else:
        console.print("nothing to tell", style="dim")
    foot = f"{name}, {answer.by}: {', '.join(answer.asked)}; {len(answer.rows)} rows in {answer.took_ms} ms"
    console.print(foot, style="dim", markup=False, highlight=False)
    if answer.mark not in ("standard", "recorded"):
        console.print(
            f"The format of this answer is {answer.mark}: not yet held against a real device.", style="yellow"
        )
    for why in answer.failed:
        console.print(f"before that: {why}", style="dim", markup=False, highlight=False)
    if answer.cut:
        console.print("The answer ended in the middle of a line.", style="yellow")
    for title, lines in (("not understood", answer.not_understood), ("in doubt", answer.doubts)):
        if lines:
            console.print(f"{len(lines)} lines {title}:", style="yellow")
            for line in lines[:RAW_LINES]:
                console.print(f"  {line}", style="dim", markup=False, highlight=False)


def _grid(rows: Sequence[Any]) -> Table:
    names = [f.name for f in fields(rows[0]) if any(getattr(row, f.name) != f.default for row in rows)]
    grid = Table(*(name.replace("_", " ") for name in names), box=None, pad_edge=False, header_style="bold")
    for row in rows:
        grid.add_row(*(_cell(getattr(row, name)) for name in names))
    return grid


def _cell(value: Any) -> str:
    if value is None or value is False or value == ():
        return "no" if value is False else ""
    if isinstance(value, tuple):
        return " ".join(_inner(each) for each in value)
    return "yes" if value is True else str(value).replace("[", "\\[")


def _inner(value: Any) -> str:
    """A pair of a cable as `1:open@31m`; everything else as it is."""
    if hasattr(value, "pair"):
        length = "" if value.length_m is None else f"@{value.length_m}m"
        return f"{value.pair}:{value.state or '?'}{length}"
    return str(value)


@device.command()
@click.argument("group")
@click.option("--protocol", type=click.Choice([w.value for w in Wire]), default=Wire.TELNET.value, show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), help="Default: 23 for telnet, 22 for SSH.")
@click.option("--user", required=True)
@click.option(
    "--password",
    prompt=True,
    hide_input=True,
    envvar="UZEL_DEVICE_PASSWORD",
    show_envvar=True,
    help="Better typed when asked.",
)
@click.option(
    "--enable",
    default="",
    envvar="UZEL_DEVICE_ENABLE",
    show_envvar=True,
    help="The password of the administrator's level.",
)
def access(group: str, protocol: str, port: int | None, user: str, password: str, enable: str) -> None:
    """Set how the command lines of an access GROUP are reached; passwords are kept encrypted."""
    found = AccessGroup.objects.filter(code=group).first()
    if found is None:
        known = ", ".join(AccessGroup.objects.order_by("code").values_list("code", flat=True))
        raise click.ClickException(f"no access group {group}; there are: {known or 'none'}")
    wire = Wire(protocol)
    usual = 22 if wire is Wire.SSH else 23
    try:
        device_facts.set_access(found, wire=wire, port=port or usual, user=user, password=password, enable=enable)
    except SecretsError as error:
        raise click.ClickException(sentence(error.code)) from error
    click.echo(f"{group}: {protocol} on port {port or usual} as {user}")


@device.command()
@click.argument("host")
def renamed(host: str) -> None:
    """HOST was given another name, or another switch stands in its place: take the name that it has now for right."""
    found = device_facts.find(host)
    if found is None:
        raise click.ClickException(f"{host}: {sentence('no_device')}")
    device_facts.forget_name(found)
    click.echo(f"{found}: the name that it is met with next is taken for its own")


device.add_command(record)
