"""How each field is written in a file, and what it becomes. Each parser takes stripped text and raises `Bad`."""

import ipaddress
import re
from collections.abc import Callable, Mapping

from django.conf import settings

from uzel.core.lookup import normalise_phone
from uzel.subscribers.importing.problems import Bad

Parser = Callable[[str], object]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_MAC_MARKS = str.maketrans("", "", ":-. ")
_MAC = re.compile(r"[0-9a-f]{12}")
# The usual ways to write a number of the Russian plan, read without the full library: eighty of a hundred are these.
_PLAIN_PHONE = re.compile(r"(?:\+7|8)[ \-]?\(?([3489]\d\d)\)?[ \-]?(\d{3})[ \-]?(\d\d)[ \-]?(\d\d)", re.ASCII)
# An extension may follow the number.
_PHONE_SIGNS = re.compile(r"[\d+()\-. ]+(?:\s*(?:доб|вн|ext|x|#)[\w.: ]*)?", re.ASCII | re.IGNORECASE)
# Fewer digits are a short code (112); more words in one field than this are no list of phones.
_LOCAL_LEAST, _MOST_WORDS = 5, 40


def text(limit: int, *, required: bool = False) -> Parser:
    """Text of up to `limit` characters, without control characters."""

    def parse(value: str) -> str:
        if required and not value:
            raise Bad("required")
        if len(value) > limit:
            raise Bad("too_long", f"{len(value)} > {limit}")
        if not value.isprintable() and _CONTROL.search(value):
            raise Bad("control_character")
        return value

    return parse


def number(low: int, high: int, *, default: int | None = None, required: bool = False) -> Parser:
    """A whole number from `low` to `high`; an empty field gives the default."""

    def parse(value: str) -> int | None:
        if not value:
            if required:
                raise Bad("required")
            return default
        # int() alone takes "1_0" and digits of other scripts.
        if not (value.isascii() and value.removeprefix("-").isdigit()) or len(value) > 18:
            raise Bad("not_a_number")
        result = int(value)
        if not low <= result <= high:
            raise Bad("out_of_range", f"{low}..{high}")
        return result

    return parse


def degrees(limit: float) -> Parser:
    """A coordinate in degrees from -limit to limit, with a dot or a comma."""

    def parse(value: str) -> float | None:
        if not value:
            return None
        try:
            result = float(value.replace(",", "."))
        except ValueError:
            raise Bad("not_a_coordinate") from None
        if not -limit <= result <= limit:
            raise Bad("out_of_range", f"±{limit:g}")
        return result

    return parse


def word(words: Mapping[str, object], *, default: object = None, reason: str = "unknown_value") -> Parser:
    """One of the known words; an empty field gives the default, or is refused when there is none."""

    def parse(value: str) -> object:
        if not value:
            if default is None:
                raise Bad("required")
            return default
        if value.lower() not in words:
            raise Bad(reason, ", ".join(words))
        return words[value.lower()]

    return parse


def flag(default: bool) -> Parser:
    """0 or 1."""
    words = {"0": False, "1": True, "false": False, "true": True, "": default}

    def parse(value: str) -> bool:
        if value.lower() not in words:
            raise Bad("not_yes_or_no")
        return words[value.lower()]

    return parse


def address(value: str) -> str | None:
    """An IPv4 or IPv6 address as `ipaddress` writes it."""
    if not value:
        return None
    try:
        parsed = ipaddress.ip_address(value)
        if "%" in str(parsed):
            # A zone (fe80::1%eth0) means something on one machine alone; PostgreSQL takes none.
            raise Bad("bad_ip")
        return str(parsed)
    except ValueError:
        parts = [part for part in re.split(r"[\s,;]+", value) if part]
        reason = "two_addresses" if len(parts) > 1 and all(map(_is_address, parts)) else "bad_ip"
        raise Bad(reason) from None


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def mac(value: str) -> str:
    """Twelve lower-case hexadecimal digits, from any usual grouping."""
    digits = value.lower().translate(_MAC_MARKS)
    if value and not _MAC.fullmatch(digits):
        raise Bad("bad_mac")
    return digits


def phones(value: str) -> tuple[str, ...]:
    """Phones as `core.lookup.normalise_phone` gives them, each once, in the order written.

    They stand apart by commas, semicolons, slashes or spaces; a space also stands inside a number («8 910 123 45 67»).
    """
    found: dict[str, None] = {}
    for piece in re.split(r"[,;/]+", value):
        words = piece.split()
        parted = _part(words) if len(words) <= _MOST_WORDS else None
        if parted is None:
            raise Bad("bad_phone")
        found |= dict.fromkeys(parted)
    return tuple(found)


def _part(words: list[str]) -> list[str] | None:
    """The words as whole phones, none left over; None when that cannot be.

    A word that is a number in itself goes first, then words that make one together, then a short code.
    """
    if not words:
        return []
    for size in (1, *range(min(len(words), 6), 1, -1), 0):
        phone = _joined(words[: size or 1], short=size == 0)
        if phone and (rest := _part(words[size or 1 :])) is not None:
            return [phone, *rest]
    return None


def _joined(words: list[str], *, short: bool) -> str | None:
    """The phone that these words make together, if they do."""
    digits = sum(c.isdigit() for c in "".join(words))
    if short != (digits < _LOCAL_LEAST):
        return None
    # Several words are one number only if it is written abroad's way or has a length of the Russian plan.
    local = 10 - len(settings.CITY_CODE)
    if len(words) > 1 and not words[0].startswith("+") and digits not in {local, 10, 11}:
        return None
    return phone_digits(" ".join(words))


def phone_digits(value: str) -> str | None:
    """`normalise_phone` with this installation's city code, faster for the usual ways of writing."""
    if plain := _PLAIN_PHONE.fullmatch(value):
        return "7" + "".join(plain.groups())
    if _PHONE_SIGNS.fullmatch(value):
        return normalise_phone(value, city_code=settings.CITY_CODE)
    return None
