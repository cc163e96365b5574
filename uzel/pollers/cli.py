"""The commands of the processes that talk to devices: `uzel monitor`, `uzel prober`, `uzel prune`."""

import importlib

import click


def _main(module: str) -> None:
    # The pollers need Django's registry, which the other commands set up only when they run.
    importlib.import_module(f"uzel.pollers.{module}").main()


@click.command()
def monitor() -> None:
    """Watch the whole network and keep its outages; one leads, others stand by."""
    _main("monitor")


@click.command()
def prober() -> None:
    """Answer the questions that pages ask of devices."""
    _main("prober")
