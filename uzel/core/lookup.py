"""What did the operator type? A phone, an account, a MAC, a surname, half an address: ranked readings of one line.

Nothing here knows what exists: a line is read in every way that it allows, and the database says which is true.
"""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import phonenumbers

from uzel.core.addresses import Address, parse_address
from uzel.core.words import clean, plain, to_english_keys, to_russian_keys

_EXTENSION = re.compile(r"(?:доб(?:авочный)?|вн(?:утр)?|ext|x|#)[\s.:]*\d+\D*$", re.IGNORECASE)
_COUNTRY = "RU"
# A national number of the Russian plan: area code and local number together.
_NATIONAL_DIGITS = 10
# "The last four digits of your phone?"
_SAID_DIGITS = 4


def normalise_phone(text: str, *, city_code: str) -> str | None:
    """E.164 digits of a phone without the plus; a short code (2 to 4 digits) as it is; None when it is no phone.

    `city_code` is the area code that stands before local numbers ("4852"): a number of exactly the local length gets
    it first, since phonenumbers would take the six digits for something else. Short codes are kept apart for the same
    reason. An extension («доб. 12») is left out.
    """
    text = _EXTENSION.sub("", text.strip())
    digits = "".join(c for c in text if c in "0123456789")
    if "+" not in text:
        if 2 <= len(digits) <= 4:
            return digits
        if len(digits) == _NATIONAL_DIGITS - len(city_code):
            digits = city_code + digits
        if len(digits) == _NATIONAL_DIGITS:
            digits = "7" + digits
        elif len(digits) == _NATIONAL_DIGITS + 1 and digits[0] == "8":
            digits = "7" + digits[1:]
        elif digits.startswith("810"):
            digits = digits[3:]
    elif digits.startswith("89") and len(digits) == _NATIONAL_DIGITS + 1:
        # No country has the code 89: people put the plus before their habitual eight.
        digits = "7" + digits[1:]
    if not 7 < len(digits) < 16:
        return None
    try:
        number = phonenumbers.parse("+" + digits, _COUNTRY)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


class What(StrEnum):
    """What a line may be. The order here is the rank: the surest reading first (of four digits the end of a phone)."""

    IP = "ip"
    MAC = "mac"
    PHONE = "phone"
    ACCOUNT = "account"
    CODE = "code"
    NETWORK = "network"
    PHONE_START = "phone_start"
    PHONE_TAIL = "phone_tail"
    MAC_PART = "mac_part"
    ADDRESS = "address"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a line.

    `value`: IP as ipaddress writes it; NETWORK as "a.b.c.0/24"; MAC and MAC_PART as lower hex digits; PHONE as
    normalise_phone(); PHONE_START the first and PHONE_TAIL the last digits of one; ACCOUNT without spaces; CODE in
    lower case; NAME as plain words. `address` is there for ADDRESS. `swapped`: read with the other keyboard layout.
    """

    what: What
    value: str = ""
    address: Address | None = None
    swapped: bool = False


_LABELS = (
    (r"(?:л/?с|лиц(?:евой)?\.? ?(?:сч[её]т)?|сч[её]т|дог(?:овор)?)[\s.:№]+", {What.ACCOUNT}),
    (r"(?:тел(?:ефон)?|моб(?:ильный)?|phone)[\s.:]+", {What.PHONE, What.PHONE_START, What.PHONE_TAIL}),
    (r"(?:mac|мак)[\s.:-]+", {What.MAC, What.MAC_PART}),
    (r"ip[\s.:-]+", {What.IP, What.NETWORK}),
)
_MAC_SPLIT = re.compile(r"[:\-. ]")


def readings(text: str, *, city_code: str) -> tuple[Reading, ...]:
    """Every reading of what was typed, likeliest first; empty for an empty line. Never raises, whatever was typed.

    Readings with the other keyboard layout come last. The text is cut at 200 characters: nobody types more in a search.
    """
    line = clean(text)
    if not plain(line):
        return ()
    for pattern, allowed in _LABELS:
        if label := re.match(pattern, line, re.IGNORECASE):
            rest = line[label.end() :]
            return tuple(r for r in _readings(rest, city_code) if r.what in allowed) or _readings(line, city_code)
    found = _readings(line, city_code)
    return tuple(
        dict.fromkeys([*found, *(r for r in _swapped(line, city_code) if replace(r, swapped=False) not in found)])
    )


def _swapped(line: str, city_code: str) -> tuple[Reading, ...]:
    """Readings with the other layout: only where all letters are of one alphabet."""
    has_latin, has_cyrillic = (re.search(f"[{letters}]", line.lower()) for letters in ("a-z", "а-яё"))
    if bool(has_latin) == bool(has_cyrillic):
        return ()
    other = clean(to_russian_keys(line) if has_latin else to_english_keys(line))
    return tuple(replace(r, swapped=True) for r in _readings(other, city_code))


def _readings(line: str, city_code: str) -> tuple[Reading, ...]:
    if address := tuple(_ip(line)):
        return address
    found = [*_mac(line), *_phone(line, city_code), *_codes(line), *_words(line)]
    order = list(What)
    if sum(c.isdigit() for c in line) == _SAID_DIGITS:
        # What callers say of their number is its end; its beginning is shared by thousands.
        order.remove(What.PHONE_TAIL)
        order.insert(order.index(What.ACCOUNT), What.PHONE_TAIL)
    # «ленина 5» is an address before it is a name; «иванов» the other way round.
    if found and any(c.isdigit() for c in line):
        return tuple(sorted(found, key=lambda r: order.index(r.what)))
    return tuple(sorted(found, key=lambda r: (r.what is What.ADDRESS, order.index(r.what))))


def _ip(line: str) -> Iterator[Reading]:
    """A whole address, a mask, or the first octets of one («10.20.3.», «10.20.3»)."""
    # The keypad of a Russian layout types a comma for the dot.
    text = line.replace(",", ".").replace(" ", "")
    if ":" in text:
        # A zone (fe80::1%eth0) means something on one machine alone; PostgreSQL takes none.
        text = re.sub(r"%[^/]*", "", text)
    try:
        yield Reading(What.IP, str(ipaddress.ip_address(text)))
        return
    except ValueError:
        pass
    try:
        if "/" in text:
            yield Reading(What.NETWORK, str(ipaddress.ip_network(text, strict=False)))
            return
    except ValueError:
        return
    octets = text.rstrip(".").split(".")
    is_partial = len(octets) in {2, 3} and all(re.fullmatch(r"[0-9]{1,3}", o) and int(o) < 256 for o in octets)
    if is_partial and (text.endswith(".") or len(octets) == 3):
        whole = [*map(int, octets), 0, 0][:4]
        yield Reading(What.NETWORK, f"{'.'.join(map(str, whole))}/{8 * len(octets)}")


def _mac(line: str) -> Iterator[Reading]:
    """Twelve hex digits in any grouping (IEEE, Cisco, Huawei, groups without leading zeros), or a part of one."""
    groups = [g for g in _MAC_SPLIT.split(line.lower().removeprefix("0x")) if g]
    if not groups or not all(re.fullmatch(r"[0-9a-f]{1,12}", g) for g in groups):
        return
    if all(len(g) <= 2 for g in groups) and len(groups) > 1:
        # Some systems leave out leading zeros; the last group of a part may be half typed.
        whole = len(groups) == 6
        groups = [g.zfill(2) if whole or i < len(groups) - 1 else g for i, g in enumerate(groups)]
    digits = "".join(groups)
    if len(digits) == 12:
        yield Reading(What.MAC, digits)
    elif 4 <= len(digits) < 12 and (len(groups) == 1 or len({len(g) for g in groups[:-1]}) == 1):
        yield Reading(What.MAC_PART, digits)


def _phone(line: str, city_code: str) -> Iterator[Reading]:
    if not re.fullmatch(r"[+\d\s().\-]+(?:\D*доб\D*\d+)?", line):
        return
    digits = "".join(c for c in line if c in "0123456789")
    if phone := normalise_phone(line, city_code=city_code):
        yield Reading(What.PHONE, phone)
    if len(digits) < 3 or len(digits) > _NATIONAL_DIGITS:
        return
    if not phone or len(phone) < 5:
        if digits[0] in "78":
            yield Reading(What.PHONE_START, "7" + digits[1:])
        elif digits[0] == "9":
            yield Reading(What.PHONE_START, "7" + digits)
        elif len(digits) < _NATIONAL_DIGITS - len(city_code):
            yield Reading(What.PHONE_START, "7" + city_code + digits)
        yield Reading(What.PHONE_TAIL, digits)


def _codes(line: str) -> Iterator[Reading]:
    """Accounts and codes of devices and sites are single words; an account always has a digit."""
    word = line.replace(" ", "")
    if len(word) > 60 or not re.fullmatch(r"[\w.\-/№#:]+", word):
        return
    if any(c.isdigit() for c in word) and (" " not in line or word.isdigit()):
        yield Reading(What.ACCOUNT, word.lstrip("№#"))
    if " " not in line and any(c.isalpha() for c in word):
        yield Reading(What.CODE, word.lower())


def _words(line: str) -> Iterator[Reading]:
    for address in parse_address(line):
        yield Reading(What.ADDRESS, address=address)
    name = plain(line)
    if any(c.isalpha() for c in name):
        yield Reading(What.NAME, name)
