"""Addresses as people say them: «ул. Ленина, д.5 кв.12», «ленина 5-12», «12 кв ленина 5а», half an address."""

import re
from dataclasses import dataclass, replace

from uzel.core.words import plain

# Words that say what kind of street it is; nobody agrees on them, so they never take part in a comparison.
_STREET_TYPES = (
    "ул улица пр пр-т пр-кт просп проспект пр-д проезд пер переулок б-р бул бульвар пл площадь ш шоссе наб набережная"
    " туп тупик ал аллея тракт мкр мкрн микрорайон м-н кв-л квартал снт днп тер г гор город п пос поселок с село"
    " st street ave avenue"
)
STREET_TYPES = frozenset(_STREET_TYPES.split())
_HOUSE = frozenset({"д", "дом", "зд", "здание"})
_BLOCK = {"к": "к", "корп": "к", "корпус": "к", "стр": "с", "строение": "с", "с": "с"}
_LETTER = frozenset({"лит", "литера", "литер"})
_FLAT = frozenset({"кв", "квартира", "оф", "офис", "ком", "комната", "пом", "помещение"})
_ASIDE = frozenset({"под", "подъезд", "подьезд", "эт", "этаж", "вход"})
_ORDINAL = frozenset({"я", "й", "ая", "ый", "ой", "ий", "го", "е", "ое", "ья", "ти"})
_PART = re.compile(
    r"(?P<number>\d+)|(?P<word>[^\W\d_](?=кв\d)|[^\W\d_]+(?:-[^\W\d_]+)*)|(?P<mark>[/-])|(?P<gap>[^\w/-]+|_)"
)


@dataclass(frozen=True, slots=True)
class Address:
    """`words` of street and town without street types, in plain form; `house` as house_key() has it; `flat` plain.

    `is_guess`: holds only where no likelier reading names a house that exists.
    """

    words: tuple[str, ...]
    house: str = ""
    flat: str = ""
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """A street word, or a number with what the text said it is ("" = it did not say)."""

    text: str
    role: str = ""
    is_word: bool = False


def house_key(number: str) -> str:
    """One form of a house number: «5 корп. 1», «5/1», «5К1» are "5к1"; «12 А» is "12а"; «5 стр. 2» is "5с2"."""
    return "-".join(item.text for item in _items(number) if item.text)


def parse_address(text: str) -> tuple[Address, ...]:
    """Every way to read `text` as an address, likeliest first; empty when it names no street.

    Numbers before the last word are part of the street («8 Марта», «40 лет Октября») or come in reverse order
    («5-12 ленина»): only the list of streets can tell, so both readings are given. «5/12» is a house with its block,
    or, as a guess, house and flat.
    """
    sure = _readings(text)
    before, _, after = text.rpartition("/")
    guesses = [it for it in _readings(f"{before}-{after}") if it not in sure] if before else []
    return (*sure, *(replace(it, is_guess=True) for it in guesses))


def _readings(text: str) -> tuple[Address, ...]:
    items = _items(text)
    if not any(item.is_word for item in items):
        items = _items(text, keep_types=True)
    last_word = max((i for i, item in enumerate(items) if item.is_word), default=-1)
    if last_word < 0:
        return ()
    early = [item for item in items[:last_word] if not item.is_word and not item.role]
    kept = [replace(item, is_word=True) if item in early else item for item in items[:last_word]]
    readings = [_assigned([*kept, *items[last_word:]])]
    if early:
        readings.append(_assigned(items))
    return tuple(dict.fromkeys(readings))


def _assigned(items: list[_Item]) -> Address:
    """Words to the street; marked numbers where they say; the others to house, then flat."""
    words = tuple(part for item in items if item.is_word for part in plain(item.text).split())
    house = next((item.text for item in items if item.role == "house"), "")
    flat = next((item.text for item in items if item.role == "flat"), "")
    free = [item.text for item in items if not item.is_word and not item.role]
    if not house and free:
        house = free.pop(0)
        if len(free) > 1 and not flat:
            house += "к" + free.pop(0)
    if not flat and free:
        flat = free.pop(0)
    return Address(words, house, flat)


def _items(text: str, *, keep_types: bool = False) -> list[_Item]:
    """Street words and numbers of `text` in their order; street types, floors and entrances left out."""
    tokens = [(m.lastgroup or "", m.group()) for m in _PART.finditer(_lower(text))]
    dropped = frozenset[str]() if keep_types else STREET_TYPES
    found: list[_Item] = []
    role = ""
    i = 0
    while i < len(tokens):
        kind, token = tokens[i]
        if kind == "number":
            taken, number = _number(tokens, i)
            is_ordinal = number.endswith("#")
            found.append(_Item(number.rstrip("#"), "" if is_ordinal else role, is_ordinal))
            role, i = "", i + taken
            continue
        if kind == "word":
            role = _role(token, tokens[i + 1 :]) or role
            if token in _FLAT and not role and found and not found[-1].is_word and not found[-1].role:
                # «12 кв»: the word stands after its number.
                found[-1] = replace(found[-1], role="flat")
            elif not _is_marker(token, tokens[i + 1 :]) and token not in dropped:
                found.append(_Item(token, is_word=True))
        i += 1
    return [item for item in found if item.role != "aside"]


def _lower(text: str) -> str:
    return text.lower().replace("ё", "е").replace("№", " ").replace("–", "-").replace("—", "-")


def _role(word: str, rest: list[tuple[str, str]]) -> str:
    """What the number after a marker word is."""
    if not _next_is_number(rest):
        return ""
    if word in _HOUSE:
        return "house"
    if word in _FLAT:
        return "flat"
    return "aside" if word in _ASIDE else ""


def _is_marker(word: str, rest: list[tuple[str, str]]) -> bool:
    return word in _HOUSE | _FLAT | _ASIDE | _LETTER or (word in _BLOCK and _next_is_number(rest))


def _next_is_number(rest: list[tuple[str, str]]) -> bool:
    return next((kind for kind, _ in rest if kind != "gap"), "") == "number"


def _number(tokens: list[tuple[str, str]], i: int) -> tuple[int, str]:
    """How many tokens a house or flat number takes from `i` on, and its form; "#" at its end marks an ordinal."""
    number, taken = tokens[i][1].lstrip("0") or "0", 1
    while True:
        rest = [(n, t) for n, t in enumerate(tokens[i + taken :]) if t[0] != "gap"][:3]
        texts = [t[1] for _, t in rest]
        kinds = [t[0] for _, t in rest]
        glued = bool(rest) and rest[0][0] == 0
        if kinds[:2] == ["mark", "word"] and glued and texts[0] == "-" and texts[1] in _ORDINAL:
            return taken + rest[1][0] + 1, number + "#"
        if kinds[:1] == ["word"] and glued and texts[0] in _ORDINAL - {"е"}:
            return taken + 1, number + "#"
        if kinds[:2] == ["mark", "number"] and texts[0] == "/":
            number, taken = number + "к" + texts[1], taken + rest[1][0] + 1
        elif kinds[:2] == ["word", "number"] and texts[0] in _BLOCK:
            number, taken = number + _BLOCK[texts[0]] + texts[1], taken + rest[1][0] + 1
        elif kinds[:2] == ["word", "word"] and texts[0] in _LETTER and len(texts[1]) == 1:
            number, taken = number + texts[1], taken + rest[1][0] + 1
        elif kinds[:1] == ["word"] and _is_letter(number, texts[0], glued, kinds[1:2]):
            number, taken = number + texts[0], taken + rest[0][0] + 1
        else:
            return taken, number


def _is_letter(number: str, word: str, glued: bool, after: list[str]) -> bool:
    """«5а», «5 а»: a lone letter belongs to the number before it, unless it marks the number after it («5 к 1»)."""
    if len(word) != 1 or number[-1].isalpha():
        return False
    return glued or not (word in _HOUSE | _BLOCK.keys() | {"г", "п", "ш"} and after == ["number"])
