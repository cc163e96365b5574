"""What devices say, shown so that nothing in it hides from the reader or turns the page around."""

from django import template

from uzel.core.words import visible as shown

register = template.Library()


@register.filter
def visible(text: str) -> str:
    """Controls and marks of direction as signs. Escaped afterwards as any other text."""
    return shown(str(text))
