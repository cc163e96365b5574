"""The commands that run all of Uzel, or its pages: `uzel demo`, `uzel web`, `uzel manage`."""

import sys

import click
import uvicorn
from django.conf import settings
from django.core.management import execute_from_command_line

from uzel.config import demo as demonstration
from uzel.config.ready import require_assets


# `--help` after a command asks Django for the help of that command.
@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage(arguments: tuple[str, ...]) -> None:
    """Run a Django management command, `uzel manage help` lists them."""
    execute_from_command_line([sys.argv[0], *arguments])


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
def web(host: str, port: int) -> None:
    """Serve the pages."""
    require_assets()
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


@click.command()
@click.option("--switches", default=1500, show_default=True, help="switches of the simulated city")
@click.option("--subscribers", default=60000, show_default=True)
@click.option("--seed", default=1, show_default=True, help="the same seed makes the same city")
@click.option("--net", default=10, show_default=True, help="devices get addresses 127.NET.x.y")
@click.option("--port", default=8000, show_default=True, help="of the web pages; the next free one is taken")
def demo(switches: int, subscribers: int, seed: int, net: int, port: int) -> None:
    """Run everything on this machine, with a simulated city."""
    demonstration.run(demonstration.Size(switches, subscribers, seed, net), port)
