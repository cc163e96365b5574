"""The commands of the processes that talk to devices: `uzel monitor`, `uzel prober`."""

import importlib

import click

from uzel.pollers import prober as asking


@click.command()
def monitor() -> None:
    """Watch the whole network and keep its outages; one leads, others stand by."""
    # Loaded only here: its compiled engine takes a second to load, which `uzel city cut …` need not wait for.
    importlib.import_module("uzel.pollers.monitor").main()


@click.command()
def prober() -> None:
    """Answer the questions that pages ask of devices."""
    asking.main()
