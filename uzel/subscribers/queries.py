"""Find whom and what the operator means. Reads only; one search is a dozen short statements at most."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q

from uzel.core.addresses import Address, house_key
from uzel.core.lookup import Reading, What, readings
from uzel.core.words import is_one_mistake, one_letter_off, plain
from uzel.network.models import Device, Site
from uzel.subscribers import search_sql as sql
from uzel.subscribers.models import Building, Subscriber

_PHONES = frozenset({What.PHONE, What.PHONE_START, What.PHONE_TAIL})
# People type at most so many words that help; the rest only costs time.
_WORDS = 6
# A word held by fewer rows than this is looked up alone and the others are compared row by row.
_RARE = 3_000
# Together more rows than this are not intersected in the index, but walked in the order of the alphabet.
_COMMON = 60_000
# Up to so many words that begin as typed are asked for one by one: the index is twice as fast as with the beginning.
_FEW = 12
# How far such a walk goes.
_REACH = 20_000
_WALKS = 3
# Buildings of one street; more than one building when several towns have the street.
# Looked at however much was found before: houses have a list of their own, a whole account stands above all else.
_NEVER_LEFT_OUT = frozenset({What.ADDRESS, What.ACCOUNT})
_STREET, _SAME_HOUSE = 600, 5


@dataclass(frozen=True, slots=True)
class Hit:
    """What was found and why.

    `why`: the kind of reading (core.lookup.What) that found it; `matched`: the number or word that matched; `exact`:
    all of it was typed, so a single exact hit needs no choice; `similar`: the word typed has one wrong letter.
    """

    item: Any
    why: What
    matched: str = ""
    exact: bool = False
    similar: bool = False
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """Hits by group, best first. `more`: there are more subscribers than were asked for."""

    text: str
    subscribers: tuple[Hit, ...] = ()
    buildings: tuple[Hit, ...] = ()
    devices: tuple[Hit, ...] = ()
    sites: tuple[Hit, ...] = ()
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.subscribers or self.buildings or self.devices or self.sites)

    @property
    def only(self) -> Hit | None:
        """The one thing that was named exactly, if there is just one."""
        every = (*self.subscribers, *self.devices, *self.sites)
        exact = [hit for hit in every if hit.exact]
        return exact[0] if len(exact) == 1 else None


@dataclass(frozen=True, slots=True)
class _Found:
    id: int
    matched: str = ""
    exact: bool = False
    similar: bool = False


@dataclass(frozen=True, slots=True)
class _Word:
    """A word as the dictionary has it.

    `holders`: how many rows hold a word that begins so. `forms`: these words, empty where they are many.
    """

    text: str
    holders: int = 0
    forms: tuple[str, ...] = ()
    corrected: bool = False

    @property
    def query(self) -> str:
        """A part of a tsquery. Words are plain, so quoting them is enough."""
        return "(" + " | ".join(f"'{form}'" for form in self.forms) + ")" if self.forms else f"'{self.text}':*"


# By kind ('n' of names, 's' of streets and towns) and text.
_Dictionary = Mapping[tuple[str, str], _Word]


def search(text: str, limit: int = 20, *, by_phone: bool = True) -> Results:
    """What `text` may mean: subscribers, buildings, devices and sites, each with the reason why it is here.

    `by_phone` False: for those who may not know whose phone a number is.
    Never raises for any text. Readings with the other keyboard layout are tried only when nothing else was found.
    """
    every = [r for r in readings(text, city_code=settings.CITY_CODE) if by_phone or r.what not in _PHONES]
    results = _search(text, [r for r in every if not r.swapped], limit)
    swapped = [r for r in every if r.swapped]
    return results if results or not swapped else _search(text, swapped, limit)


def _search(text: str, every: Sequence[Reading], limit: int) -> Results:
    subscribers: dict[int, tuple[Reading, _Found]] = {}
    buildings: dict[int, tuple[Reading, _Found]] = {}
    dictionary, has_house = _look_up(every), False
    for reading in every:
        if len(subscribers) > limit and reading.what not in _NEVER_LEFT_OUT:
            continue
        if reading.address is not None:
            if reading.address.is_guess and has_house:
                continue
            # Where the whole line has proved to be a name, only a street of just these words is worth a look.
            is_loose = all(found.similar for _, found in subscribers.values())
            houses, people, is_there = _by_address(reading.address, dictionary, limit, is_loose=is_loose)
            has_house = has_house or is_there
            for found in houses:
                buildings.setdefault(found.id, (reading, found))
        elif reading.what is What.NAME:
            people = _by_name(reading.value, dictionary, limit + 1)
        else:
            people = list(_by_value(reading, limit + 1))
        for found in people:
            subscribers.setdefault(found.id, (reading, found))
    return Results(
        text=text,
        subscribers=_hits(Subscriber.objects.select_related("building").prefetch_related("phones"), subscribers, limit),
        buildings=_hits(Building.objects.select_related("site"), buildings, limit),
        devices=tuple(_devices(every, limit)),
        sites=tuple(_sites(every, limit)),
        more=len(subscribers) > limit,
    )


def _hits(rows: Any, found: Mapping[int, tuple[Reading, _Found]], limit: int) -> tuple[Hit, ...]:
    """Rows of what was found: the exact ones first, else in the order in which they were found."""
    if not found:
        return ()
    ranked = sorted(found, key=lambda pk: not found[pk][1].exact)[:limit]
    by_id = rows.in_bulk(ranked)
    return tuple(
        Hit(by_id[pk], reading.what, one.matched, one.exact, one.similar, reading.swapped)
        for pk in ranked
        if pk in by_id
        for reading, one in [found[pk]]
    )


def _rows(statement: str, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _by_value(reading: Reading, limit: int) -> Iterator[_Found]:
    """Subscribers by a number of any kind."""
    value = reading.value
    match reading.what:
        case What.ACCOUNT:
            rows = _rows(sql.ACCOUNTS, value=value, like=_like(value), limit=limit)
            yield from (_Found(pk, account, exact=account == value) for pk, account in rows)
        case What.NETWORK:
            network = ipaddress.ip_network(value)
            rows = _rows(sql.ADDRESSES_BETWEEN, first=str(network[0]), last=str(network[-1]), limit=limit)
            yield from (_Found(pk, found) for pk, found in rows)
        case _ if statement := _STATEMENTS.get(reading.what):
            is_whole = reading.what in {What.PHONE, What.IP, What.MAC}
            yield from (_Found(pk, found, exact=is_whole) for pk, found in _rows(statement, value=value, limit=limit))


_STATEMENTS = {
    What.PHONE: sql.PHONES,
    What.PHONE_START: sql.PHONES_FROM,
    What.PHONE_TAIL: sql.PHONES_TO,
    What.IP: sql.ADDRESSES,
    What.MAC: sql.MACS,
    What.MAC_PART: sql.MACS_PART,
}


def _like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _look_up(every: Sequence[Reading]) -> _Dictionary:
    """All words of all readings in one statement."""
    names = [word for r in every if r.what is What.NAME for word in r.value.split()[:_WORDS]]
    streets = [word for r in every if r.address is not None for word in r.address.words[:_WORDS]]
    words = sorted({*names, *streets})
    rows = _rows(sql.LOOK_UP, words=words, few=_FEW) if words else []
    return {(kind, word): _Word(word, int(n), tuple(forms or ())) for kind, word, n, forms in rows}


def _corrected(text: str, kind: str, dictionary: _Dictionary) -> _Word:
    """The word, or where no name and no street has it, the known one of this kind that is one mistake away."""
    is_known = any(dictionary[either, text].holders for either in "ns")
    if is_known or not 4 <= len(text) <= 30 or not text.isalpha():
        return dictionary[kind, text]
    similar = _rows(sql.SIMILAR_WORDS, kind=kind, forms=list(one_letter_off(text)))
    fits = (_Word(known, n, (known,), corrected=True) for known, n in similar if is_one_mistake(text, known))
    return next(fits, dictionary[kind, text])


def _by_name(name: str, dictionary: _Dictionary, limit: int) -> list[_Found]:
    """People and firms by words of their name in any order: as the alphabet has them first."""
    known: list[_Word] = []
    for text in name.split()[:_WORDS]:
        word = _corrected(text, "n", dictionary)
        if not word.holders:
            return []
        known.append(word)
    words, similar = [word.text for word in known], any(word.corrected for word in known)
    ids: dict[int, None] = {}
    for start, others, reach in _walks(words, limit):
        if len(ids) < limit:
            ids |= dict.fromkeys(_names_from(start, others, limit, reach))
    if len(ids) < limit:
        ids |= dict.fromkeys(_names_with(known, limit))
    return [_Found(pk, " ".join(words), similar=similar) for pk in ids]


def _walks(words: Sequence[str], limit: int) -> Iterator[tuple[str, Sequence[str], int]]:
    """Where to walk the alphabet and how far, the shortest way first: (start, words that must be there too, reach)."""
    yield " ".join(words), (), limit
    if len(words) > 1:
        # «иван иванов», «иван петрович иванов».
        yield " ".join([words[-1], *words[:-1]]), (), limit
    if len(words) > 2:
        # «иванов и п»: a whole surname and the beginnings of the rest.
        yield " ".join(words[:2]), words[2:], _REACH
    if len(words) > 1:
        yield words[0], words[1:], _REACH


def _names_from(start: str, others: Iterable[str], limit: int, reach: int) -> list[int]:
    patterns = [f"% {word}%" for word in others]
    return [pk for (pk,) in _rows(sql.NAMES_FROM, start=start, patterns=patterns, limit=limit, reach=reach)]


def _names_with(known: Sequence[_Word], limit: int) -> list[int]:
    """Begins with the rarest word; where all are common, walks the alphabet from each of them, a bounded way."""
    words, rarest = [word.text for word in known], min(known, key=lambda word: word.holders)
    if rarest.holders <= _RARE or sum(word.holders for word in known) <= _COMMON:
        asked = [rarest] if rarest.holders <= _RARE else known
        query = " & ".join(word.query for word in asked)
        patterns = [f"% {word}%" for word in words]
        return [pk for (pk,) in _rows(sql.NAMES_WITH, query=query, patterns=patterns, limit=limit)]
    found: list[int] = []
    for word in words[1:_WALKS]:
        if len(found) < limit:
            found += _names_from(word, [other for other in words if other != word], limit, _REACH)
    return found


def _by_address(
    address: Address, dictionary: _Dictionary, limit: int, *, is_loose: bool
) -> tuple[list[_Found], list[_Found], bool]:
    """Buildings that fit, the subscribers in them when a house is named, and whether there is just this house.

    `is_loose`: words of no street may be of a name, or be mistaken; else all must be of a street as they stand.
    """
    words = address.words[:_WORDS]
    known = [_corrected(word, "s", dictionary) if is_loose else dictionary["s", word] for word in words]
    if not is_loose and not all(word.holders for word in known):
        return [], [], False
    similar = any(word.corrected for word in known)
    number = _like("".join(re.findall(r"^\d+", address.house)))
    streets, people, rows = _split(known, dictionary, number, is_loose=is_loose)
    same = [pk for pk, number in rows if address.house and house_key(number) == address.house]
    near = [pk for pk, number in rows if pk not in same and house_key(number).startswith(address.house)]
    label = " ".join([*streets, address.house]).strip()
    shown = [*same, *near] or [pk for pk, _ in rows]
    buildings = [] if people else [_Found(pk, label, similar=similar) for pk in shown[:limit]]
    inside = same[:_SAME_HOUSE] if address.house else near if people else []
    if not inside:
        return buildings, [], bool(same)
    residents = _rows(
        sql.SUBSCRIBERS_IN,
        buildings=inside,
        flat=plain(address.flat),
        query=" & ".join(dictionary["n", text].query for text in people),
        surname=people[0] if people else "",
        limit=limit + 1,
    )
    exact = bool(address.flat) and len(residents) == 1 and not similar
    return buildings, [_Found(pk, label, exact=exact, similar=similar) for pk, _ in residents], bool(same)


def _split(
    known: Sequence[_Word], dictionary: _Dictionary, number: str, *, is_loose: bool
) -> tuple[list[str], list[str], list[Any]]:
    """Words of the street, words of a name, and the buildings: «иванов ленина 5» names a person in a house.

    Where all words may be of streets but no street has them all, one of them is tried as a name.
    """
    streets = [word for word in known if word.holders]
    people = [word.text for word in known if not word.holders]
    if not streets or not all(dictionary["n", text].holders for text in people):
        return [], [], []
    rows = _buildings(streets, number)
    if rows or people or len(streets) == 1 or not is_loose:
        return [word.text for word in streets], people, rows
    for name in streets:
        others = [word for word in streets if word is not name]
        if rows := _buildings(others, number, is_near=False):
            return [word.text for word in others], [name.text], rows
    return [], [], []


def _buildings(streets: Sequence[_Word], number: str, *, is_near: bool = True) -> list[Any]:
    """Buildings (id, number) of the streets with all of these words. `is_near`: any house where this one is not."""
    query = " & ".join(word.query for word in streets)
    rows = _rows(sql.BUILDINGS, query=query, number=number, limit=_STREET)
    if not rows and is_near and number != "%":
        # No such house: the street is still the best answer.
        rows = _rows(sql.BUILDINGS, query=query, number="%", limit=_STREET)
    return rows


def _by_code(every: Sequence[Reading]) -> tuple[Reading, list[str]] | None:
    """The reading as a code of a device or site, in the cases that codes are written in."""
    code = next((r for r in every if r.what is What.CODE), None)
    return (code, [code.value, code.value.upper(), code.value.capitalize()]) if code else None


def _devices(every: Sequence[Reading], limit: int) -> Iterator[Hit]:
    rows = Device.objects.select_related("site")
    if address := next((r for r in every if r.what is What.IP), None):
        yield from (Hit(d, What.IP, address.value, exact=True) for d in rows.filter(address=address.value))
    if code := _by_code(every):
        yield from _coded(rows, *code, limit=limit)


def _sites(every: Sequence[Reading], limit: int) -> Iterator[Hit]:
    if code := _by_code(every):
        yield from _coded(Site.objects.all(), *code, limit=limit)


def _coded(rows: Any, reading: Reading, codes: Sequence[str], *, limit: int) -> Iterator[Hit]:
    begins = Q()
    for code in codes:
        begins |= Q(code__startswith=code)
    for row in rows.filter(begins).order_by("code")[:limit]:
        yield Hit(row, What.CODE, reading.value, exact=row.code in codes, swapped=reading.swapped)
