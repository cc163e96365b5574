"""The command `uzel`."""

import os
import sys

import click
import django
import uvicorn
from django.conf import settings
from django.core.management import execute_from_command_line

from uzel.config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

# Commands of the apps can be imported only now: Django refuses models before its set-up.
from uzel.config import demo as demonstration  # noqa: E402
from uzel.pollers.backup_cli import backup  # noqa: E402
from uzel.pollers.cli import monitor, prober  # noqa: E402
from uzel.pollers.cli_change import change  # noqa: E402
from uzel.pollers.cli_device import device  # noqa: E402
from uzel.pollers.cli_nut import nut_  # noqa: E402
from uzel.simcity.cli import city  # noqa: E402
from uzel.subscribers.cli import import_  # noqa: E402

WITHOUT_DATABASE = {"city"}


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Uzel: the support desk of a city broadband operator, joined to its network."""
    asks_for_help = any(flag in sys.argv for flag in context.help_option_names)
    if context.invoked_subcommand in WITHOUT_DATABASE or os.environ.get("DATABASE_URL") or asks_for_help:
        return
    server = embedded.start(settings.HOME)
    context.call_on_close(server.cleanup)


main.add_command(backup)
main.add_command(city)
main.add_command(device)
device.add_command(change)
device.add_command(nut_)
main.add_command(import_)
main.add_command(monitor)
main.add_command(prober)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run a Django management command, `uzel manage help` lists them."""
    execute_from_command_line([sys.argv[0], *arguments])


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def web(host: str, port: int) -> None:
    """Serve the pages."""
    uvicorn.run(
        "uzel.config.asgi:application",
        host=host,
        port=port,
        log_level="warning",
        # X-Forwarded-For decides whom the sign-in throttle shuts out: believed of named proxies alone.
        proxy_headers=bool(settings.PROXIES),
        forwarded_allow_ips=settings.PROXIES,
        # Live pages hold their connections open: do not wait for them at the end.
        timeout_graceful_shutdown=2,
    )


@main.command()
@click.option("--switches", default=1500, show_default=True, help="switches of the simulated city")
@click.option("--subscribers", default=60000, show_default=True)
@click.option("--seed", default=1, show_default=True, help="the same seed makes the same city")
@click.option("--net", default=10, show_default=True, help="devices get addresses 127.NET.x.y")
@click.option("--port", default=8000, show_default=True, help="of the web pages; the next free one is taken")
def demo(switches: int, subscribers: int, seed: int, net: int, port: int) -> None:
    """Run everything on this machine, with a simulated city."""
    demonstration.run(demonstration.Size(switches, subscribers, seed, net), port)
