"""What did the operator type? A phone, an account, a MAC, a surname, half an address: ranked readings of one line.

Nothing here knows what exists: a line is read in every way that it allows, and the database says which is true.
"""

import ipaddress
import re

import phonenumbers

_EXTENSION = re.compile(r"(?:доб(?:авочный)?|вн(?:утр)?|ext|x|#)[\s.:]*\d+\D*$", re.IGNORECASE)
_COUNTRY = "RU"
# A national number of the Russian plan: area code and local number together.
_NATIONAL_DIGITS = 10


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
