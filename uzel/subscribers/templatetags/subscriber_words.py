"""Phones and addresses as people read them."""

from django import template
from django.conf import settings

from uzel.subscribers.models import Subscriber

register = template.Library()


@register.filter
def phone(digits: str) -> str:
    """A phone as people read it: +7 916 123-45-67, +7 4852 12-34-56 in the own city; a short code as it is."""
    local = digits.removeprefix("7" + settings.CITY_CODE)
    if len(digits) == 11 and len(local) == 6:
        return f"+7 {settings.CITY_CODE} {local[:2]}-{local[2:4]}-{local[4:]}".replace(" ", "\u00a0")
    if len(digits) == 11 and digits.startswith("7"):
        return f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}".replace(" ", "\u00a0")
    return f"+{digits}" if len(digits) > 7 else digits


@register.filter
def place(subscriber: Subscriber) -> str:
    """Street, house and flat in one line; empty when no building is known."""
    building = subscriber.building
    if building is None:
        return ""
    return f"{building.street}, {building.number}" + (f" – {subscriber.flat}" if subscriber.flat else "")
