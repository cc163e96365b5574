"""`uzel city`: make the simulated city, run it, hurt it, heal it."""

import json
import os
from pathlib import Path
from typing import Any

import click

from uzel.simcity import plan
from uzel.simcity import serve as server
from uzel.simcity.control import SOCKET, NoCity, call
from uzel.simcity.dynamics import City, Pace
from uzel.simcity.plan_network import SNMP_PORT, CityTooSmall
from uzel.simcity.world import BadFolder

_PACE = Pace()


def home() -> Path:
    """Where the control socket and, unless told otherwise, the city itself live."""
    return Path(os.environ.get("UZEL_HOME", Path.cwd() / ".uzel")).resolve()


class AddressParam(click.ParamType[tuple[str, int]]):
    """host:port."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Split and check."""
        if isinstance(value, tuple):
            return value
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdigit():
            self.fail(f"{value!r} is not host:port", param, ctx)
        return host, int(port)


@click.group()
def city() -> None:
    """The simulated city: make it, run it, hurt it, heal it."""


@city.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--seed", default=1, show_default=True)
@click.option("--switches", default=1500, show_default=True)
@click.option("--subscribers", default=60000, show_default=True)
@click.option(
    "--net", default=10, show_default=True, type=click.IntRange(1, 254), help="devices live in 127.NET.0.0/16"
)
@click.option("--port", default=SNMP_PORT, show_default=True, help="SNMP port of the devices")
def generate(folder: Path | None, seed: int, switches: int, subscribers: int, net: int, port: int) -> None:
    """Write the CSV folder of an invented city."""
    folder = folder or home() / "city"
    try:
        plan.generate(folder, seed=seed, switches=switches, subscribers=subscribers, net=net, port=port)
    except CityTooSmall as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{folder}: {switches} switches, {subscribers} subscribers")


@city.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--traps", type=AddressParam(), default="127.0.0.1:1162", show_default=True, help="where traps go")
@click.option("--syslog", type=AddressParam(), default="127.0.0.1:1514", show_default=True, help="where logs go")
@click.option("--battery", "battery_s", default=_PACE.battery_s, show_default=True, help="seconds a full battery lasts")
@click.option("--recharge", "recharge_s", default=_PACE.recharge_s, show_default=True, help="seconds to charge it")
@click.option(
    "--cli-delay", "cli_delay_s", default=0.0, show_default=True, help="seconds a switch thinks over a command"
)
@click.option("--cli/--no-cli", "with_cli", default=True, help="telnet and SSH of the switches")
@click.option("--boot", "boot_s", default=_PACE.boot_s, show_default=True, help="seconds a device takes to start")
def serve(
    folder: Path | None,
    traps: tuple[str, int],
    syslog: tuple[str, int],
    battery_s: float,
    recharge_s: float,
    boot_s: float,
    cli_delay_s: float,
    with_cli: bool,
) -> None:
    """Put the city of FOLDER on the loopback net until Ctrl-C."""

    def ready(live: City) -> None:
        count = sum(1 for device in live.world.devices.values() if device.address)
        click.echo(f"the city is up: {count} devices answer SNMP, control socket {home() / SOCKET}")

    try:
        server.main(
            folder or home() / "city",
            home() / SOCKET,
            traps=traps,
            syslog=syslog,
            pace=Pace(battery_s, recharge_s, boot_s),
            cli_delay_s=cli_delay_s if with_cli else None,
            ready=ready,
        )
    except (BadFolder, server.CannotServe) as error:
        raise click.ClickException(str(error)) from error


def _do(**command: Any) -> dict[str, Any]:
    """Carry out a command in the running city; errors become what click shows."""
    try:
        answer = call(home() / SOCKET, command)
    except NoCity as error:
        raise click.ClickException(f"{error}. Start it: uzel city serve") from error
    if not answer["ok"]:
        near = "\n".join(f"  {name}" for name in answer["near"])
        raise click.ClickException(answer["error"] + (f"\nNear to it:\n{near}" if near else ""))
    return answer


def _tell(answer: dict[str, Any], said: str) -> None:
    click.echo(said)
    for key, word in (("went_dark", "dark"), ("came_back", "lit again")):
        if names := answer.get(key):
            shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
            click.echo(f"{word}: {len(names)}: {shown}")


@city.command()
@click.argument("link")
def cut(link: str) -> None:
    """Cut a LINK: its code, or a port at its end."""
    answer = _do(do="cut", link=link)
    _tell(answer, f"cut {answer['link']}")


@city.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@click.argument("site")
@click.option("--area", is_flag=True, help="the whole mains area of the site, or the area of this code")
def mains(state: str, site: str, area: bool) -> None:
    """Switch the mains of a SITE on or off."""
    answer = _do(do="mains", site=site, on=state == "on", area=area)
    _tell(answer, f"mains {state}: {answer.get('area') or answer['site']}")


@city.command()
@click.argument("device")
def kill(device: str) -> None:
    """Let a DEVICE die."""
    _tell(_do(do="kill", device=device), f"dead: {device}")


@city.command()
@click.argument("target")
@click.argument("kind")
def fault(target: str, kind: str) -> None:
    """Put a fault KIND[=ARG] on a TARGET: DEVICE:PORT or DEVICE. `uzel city list faults` shows the kinds."""
    answer = _do(do="fault", target=target, fault=kind)
    _tell(answer, f"{answer['target']}: {answer['fault']}")


@city.command()
@click.argument("target")
def heal(target: str) -> None:
    """Heal a link, site, mains area, device or port; or `all`."""
    _tell(_do(do="heal", target=target), f"healed: {target}")


@city.command()
def status() -> None:
    """Say how the city is."""
    answer = _do(do="status")
    click.echo(f"lit {answer['lit']} of {answer['devices']}, answer {answer['answer']} of {answer['watched']}")
    if answer["starting"]:
        click.echo(f"starting: {', '.join(answer['starting'])}")
    for code, percent in answer["on_battery"].items():
        click.echo(f"on battery: {code} {percent} %")
    for row in answer["faults"]:
        click.echo(f"{row['target']}: {row.get('spelled') or row['kind']}")
    click.echo(" ".join(f"{name}={count}" for name, count in answer["snmp"].items()))


@city.command("list")
@click.argument("what", default="faults")
@click.argument("like", default="")
def list_(what: str, like: str) -> None:
    """List faults, sites, areas, links, devices, ports or subscribers' ports, those with LIKE in them."""
    for item in _do(do="list", what=what, like=like)["items"]:
        click.echo(item)


@city.command()
def state() -> None:
    """Print the ground truth as JSON."""
    click.echo(json.dumps(_do(do="state"), ensure_ascii=False, indent=1))
