"""Plain words: one form for everything that people may type in many ways."""

import re
import unicodedata

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЇЄҐЎӘӨҮҖҢҺҚҒҰ"
_PUNCTUATION = (
    "\t\n\r!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»„“”‘’‹›—–‐‑‒―−…№·•°§\u00a0\u00ad\u2007\u2009\u202f\u200b\ufeff"
)
# The SQL function uzel_plain() is made of the same two strings; a test keeps the two in step.
PLAIN_FROM = _UPPER + "Ёё" + _PUNCTUATION
PLAIN_TO = _UPPER.lower() + "ее" + " " * len(_PUNCTUATION)
_TO_PLAIN = str.maketrans(PLAIN_FROM, PLAIN_TO)

# The same keys on a Russian (ЙЦУКЕН) and an English (QWERTY) keyboard, without and with Shift.
_ENGLISH_KEYS = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./" + '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>?' + "@#$^&"
_RUSSIAN_KEYS = "ёйцукенгшщзхъфывапролджэячсмитьбю." + "ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ," + '"№;:?'
_TO_RUSSIAN = str.maketrans(_ENGLISH_KEYS, _RUSSIAN_KEYS)
_TO_ENGLISH = str.maketrans(_RUSSIAN_KEYS, _ENGLISH_KEYS)

# Controls but tab and newline, what turns the direction of writing, what has no width, halves of a pair.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
# What tells a terminal to move, erase or colour (ECMA-48), whole; a device's title goes up to its bell.
_CODES = re.compile(r"\x1b(?:\[[0-?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,200}\x07?|[()][A-Za-z0-9]|[@-Z\\^-~=>78])")
_LONE_RETURN = re.compile(r"(?<!\n)\r(?![\r\n])")


def clean(text: str, *, limit: int = 200) -> str:
    """`text` as one line: composed letters, no control or direction marks, single spaces, at most `limit` long."""
    composed = unicodedata.normalize("NFC", text[: limit * 4])
    kept = "".join(" " if c.isspace() else c for c in composed if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:limit].rstrip()


def without_codes(text: str) -> str:
    """`text` without a terminal's codes: a browser leaves ESC out and would show the rest of each, "[7m"."""
    return _CODES.sub("", text)


def visible(text: str) -> str:
    """`text` with a sign in the place of whatever a reader would not see, or would be led astray by.

    A device's answer may hold anything. Lines stay lines, whichever way the device ends them.
    """
    return _UNSEEN.sub(_sign, _LONE_RETURN.sub("\u240d", text).replace("\r", ""))


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\u2039U+{code:04X}\u203a"


def plain(text: str) -> str:
    """Lower case, ё as е, punctuation as spaces, single spaces. The database has the same rule as uzel_plain()."""
    return " ".join(word for word in unicodedata.normalize("NFC", text).translate(_TO_PLAIN).split(" ") if word)


def to_russian_keys(text: str) -> str:
    """What the same keys would have typed with the Russian layout on: «bdfyjd» is «иванов»."""
    return text.translate(_TO_RUSSIAN)


def to_english_keys(text: str) -> str:
    """What the same keys would have typed with the English layout on: «щ1-ы7» is «o1-s7»."""
    return text.translate(_TO_ENGLISH)


def one_letter_off(word: str) -> frozenset[str]:
    """`word` and each form of it with one letter left out: two words at most one mistake apart share one of these."""
    return frozenset({word, *(word[:i] + word[i + 1 :] for i in range(len(word)))})


def is_one_mistake(a: str, b: str) -> bool:
    """Whether `a` becomes `b` by one letter put in, left out, changed, or by two neighbours swapped."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    if len(a) == len(b):
        wrong = [i for i in range(len(a)) if a[i] != b[i]]
        if len(wrong) == 1:
            return True
        return (
            len(wrong) == 2 and wrong[1] == wrong[0] + 1 and a[wrong[0]] == b[wrong[1]] and a[wrong[1]] == b[wrong[0]]
        )
    short, long = sorted((a, b), key=len)
    return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
