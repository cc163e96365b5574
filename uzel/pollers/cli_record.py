"""`uzel device record`: the recordings of a live device, masked, ready to be committed."""

import asyncio
from pathlib import Path

import click
from rich.console import Console

from uzel.drivers.ask import AskError
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_record import Masked, Recording, Wish, masked, strange, take, write
from uzel.drivers.pool import LIMIT, LIMITS, Pool
from uzel.drivers.session import Target
from uzel.drivers.session_errors import SessionError
from uzel.drivers.session_secrets import SecretsError
from uzel.drivers.transport import Login, Wire
from uzel.network.models import Device
from uzel.pollers import device_facts

FOLDER = Path("tests/contract/drivers/data")


@click.command("record")
@click.argument("host")
@click.option("--driver", type=click.Choice(list(DRIVERS)), help="Default: that of the device's model.")
@click.option("--port", "ports", multiple=True, help="Ask about this port; default: some that are up, one that is not.")
@click.option("--cable", "cable_ports", multiple=True, help="Test this port's cable though it is up: it drops briefly.")
@click.option("--hide", multiple=True, help="A word to put out wherever it stands.")
@click.option("--name", default="", help="Name of the folder; default: <hardware>_<firmware> as the device says them.")
@click.option("--to", "folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True)
@click.option("--force", is_flag=True, help="Write over recordings that are there.")
@click.option("--user", default="", help="For a device that is not in the network's model: how to log in there.")
@click.option("--password", envvar="UZEL_DEVICE_PASSWORD", show_envvar=True, default="", help="Asked for with --user.")
@click.option("--enable", envvar="UZEL_DEVICE_ENABLE", show_envvar=True, default="")
@click.option("--protocol", type=click.Choice([w.value for w in Wire]), default=Wire.TELNET.value, show_default=True)
@click.option("--cli-port", type=click.IntRange(1, 65535), help="Default: 23 for telnet, 22 for SSH.")
def record(
    host: str, ports: tuple[str, ...], cable_ports: tuple[str, ...], hide: tuple[str, ...], **given: str
) -> None:
    """Ask HOST (a device's code or address) everything that its driver can read, and keep the answers for tests.

    Names, serials, descriptions, addresses and secrets are put out: look through the files before they are committed.
    """
    target, own = _target(host, **{key: given[key] for key in ("driver", "user", "password", "enable", "protocol")},
                          cli_port=int(given["cli_port"]) if given["cli_port"] else None)  # fmt: skip
    wish = Wish(ports, cable_ports, known=(*own, *hide))
    try:
        recording = asyncio.run(_take(target, wish))
        result = masked(recording, wish, given["name"])
        unknown = strange(result, Path(given["folder"]))
        written = write(result, Path(given["folder"]) / target.page.name, force=bool(given["force"]))
    except SessionError as error:
        raise click.ClickException(f"{host}: {error.code} ({error.stage})") from error
    except FileExistsError as error:
        raise click.ClickException(f"{error}; --force writes over it") from error
    except ValueError as error:
        raise click.ClickException(f"{error}: give the folder a --name") from error
    _tell(recording, result, written, unknown)


async def _take(target: Target, wish: Wish) -> Recording:
    async with Pool(known=device_facts.HostKeyFile()) as pool:
        return await take(target, pool, wish)


def _target(
    host: str, *, driver: str, user: str, password: str, enable: str, protocol: str, cli_port: int | None
) -> tuple[Target, tuple[str, ...]]:
    """Where to ask, and what is known to be the device's own."""
    if user:
        if not driver:
            raise click.UsageError("--user needs --driver: " + ", ".join(DRIVERS))
        login = Login(user, password or click.prompt("Password", hide_input=True), enable)
        wire = Wire(protocol)
        port = cli_port or (22 if wire is Wire.SSH else 23)
        target = Target(host, port, wire, DRIVERS[driver], login, LIMITS.get(driver, LIMIT))
        return target, (user, login.password, login.enable)
    device = device_facts.find(host)
    if device is None:
        raise click.ClickException(f"{host} is not in the network's model: say --driver and --user")
    try:
        facts = device_facts.facts(device)
        target = facts.target()
    except (SecretsError, AskError, ValueError) as error:
        raise click.ClickException(f"{host}: {error}") from error
    page = DRIVERS[driver] if driver else target.page
    target = Target(target.address, target.port, target.wire, page, target.login, target.limit)
    return target, (*_own(device), facts.community, facts.login.user, facts.login.password, facts.login.enable)


def _own(device: Device) -> tuple[str, ...]:
    site = device.site
    return device.code, device.serial, site.code, site.name, site.address


def _tell(recording: Recording, result: Masked, written: list[Path], unknown: list[str]) -> None:
    console = Console(stderr=True)
    for path in written:
        click.echo(path)
    for line in recording.left_out:
        console.print(f"none of {line}", style="dim", markup=False, highlight=False)
    for line in result.refused:
        console.print(f"not written: {line}", style="yellow", markup=False, highlight=False)
    if unknown:
        console.print(f"words that no recording had: {' '.join(unknown)}", markup=False, highlight=False)
    console.print(f"{len(written) // 2} recordings. Look through them: no mask knows every name.", highlight=False)
