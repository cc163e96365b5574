"""The words of configurations: how a device is kept."""

from django import template

from uzel.network.backups_queries import STANDINGS

register = template.Library()

# A class of web/uzel.css: colour and shape.
LOOKS = {"failed": "dark", "never": "unknown", "stale": "silent", "fresh": "lit"}


@register.filter
def standing_word(standing: str) -> str:
    """How a device is kept."""
    return str(STANDINGS.get(standing, standing))


@register.filter
def standing_look(standing: str) -> str:
    """The look of how a device is kept."""
    return LOOKS.get(standing, "unknown")
