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

# People type at most so many words that help; the rest only costs time.
_WORDS = 6
# A word held by fewer rows than this is looked up alone and the others are compared row by row.
_RARE = 3_000
# Together more rows than this are not intersected in the index, but walked in the order of the alphabet.
_COMMON = 150_000
# How far such a walk goes.
_REACH = 20_000
_WALKS = 3
# Buildings of one street; more than one building when several towns have the street.
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


def search(text: str, limit: int = 20) -> Results:
    """What `text` may mean: subscribers, buildings, devices and sites, each with the reason why it is here.

    Never raises for any text. Readings with the other keyboard layout are tried only when nothing else was found.
    """
    every = readings(text, city_code=settings.CITY_CODE)
    results = _search(text, [r for r in every if not r.swapped], limit)
    swapped = [r for r in every if r.swapped]
    return results if results or not swapped else _search(text, swapped, limit)


def _search(text: str, every: Sequence[Reading], limit: int) -> Results:
    subscribers: dict[int, tuple[Reading, _Found]] = {}
    buildings: dict[int, tuple[Reading, _Found]] = {}
    for reading in every:
        if len(subscribers) > limit and reading.what is not What.ADDRESS:
            continue
        if reading.address is not None:
            houses, people = _by_address(reading.address, limit)
            for found in houses:
                buildings.setdefault(found.id, (reading, found))
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
    """Subscribers by a number of any kind, or by name."""
    value = reading.value
    match reading.what:
        case What.NAME:
            yield from _by_name(value, limit)
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


def _known(words: Sequence[str], kind: str) -> list[tuple[str, int, bool]]:
    """Each word as the dictionary has it, how many rows hold it (0: none), and whether it had to be corrected."""
    counts = [int(n) for _, n in _rows(sql.COUNT_WORDS, words=list(words), kind=kind)]
    return [(word, n, False) if n else _corrected(word, kind) for word, n in zip(words, counts, strict=True)]


def _corrected(word: str, kind: str) -> tuple[str, int, bool]:
    if not 4 <= len(word) <= 30 or not word.isalpha():
        return word, 0, False
    similar = _rows(sql.SIMILAR_WORDS, kind=kind, forms=list(one_letter_off(word)))
    return next(((known, n, True) for known, n in similar if is_one_mistake(word, known)), (word, 0, False))


def _query(words: Iterable[str]) -> str:
    """A tsquery for rows where each word begins some word. Words are plain, so quoting them is enough."""
    return " & ".join(f"'{word}':*" for word in words)


def _by_name(name: str, limit: int) -> list[_Found]:
    """People and firms by words of their name in any order: as the alphabet has them first."""
    known = _known(name.split()[:_WORDS], "n")
    if not all(n for _, n, _ in known):
        return []
    words, similar = [word for word, _, _ in known], any(changed for *_, changed in known)
    ids: dict[int, None] = {}
    for start, others, reach in _walks(words, limit):
        if len(ids) < limit:
            ids |= dict.fromkeys(_names_from(start, others, limit, reach))
    if len(ids) < limit:
        ids |= dict.fromkeys(_names_with(words, [n for _, n, _ in known], limit))
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


def _names_with(words: Sequence[str], counts: Sequence[int], limit: int) -> list[int]:
    """Begins with the rarest word; where all are common, walks the alphabet from each of them, a bounded way."""
    rarest = min(zip(counts, words, strict=True))
    if rarest[0] <= _RARE or sum(counts) <= _COMMON:
        asked = [rarest[1]] if rarest[0] <= _RARE else words
        patterns = [f"% {word}%" for word in words]
        return [pk for (pk,) in _rows(sql.NAMES_WITH, query=_query(asked), patterns=patterns, limit=limit)]
    found: list[int] = []
    for word in words[1:_WALKS]:
        if len(found) < limit:
            found += _names_from(word, [other for other in words if other != word], limit, _REACH)
    return found


def _by_address(address: Address, limit: int) -> tuple[list[_Found], list[_Found]]:
    """Buildings that fit, and the subscribers in them when a house is named. Words of no street are words of a name."""
    known = _known(address.words[:_WORDS], "s")
    similar = any(changed for *_, changed in known)
    streets, people, rows = _split(known, _like("".join(re.findall(r"^\d+", address.house))))
    same = [pk for pk, number in rows if address.house and house_key(number) == address.house]
    near = [pk for pk, number in rows if pk not in same and house_key(number).startswith(address.house)]
    label = " ".join([*streets, address.house]).strip()
    shown = [*same, *near] or [pk for pk, _ in rows]
    buildings = [] if people else [_Found(pk, label, similar=similar) for pk in shown[:limit]]
    inside = same[:_SAME_HOUSE] if address.house else near if people else []
    if not inside:
        return buildings, []
    residents = _rows(
        sql.SUBSCRIBERS_IN,
        buildings=inside,
        flat=plain(address.flat),
        query=_query(people),
        surname=people[0] if people else "",
        limit=limit + 1,
    )
    exact = bool(address.flat) and len(residents) == 1 and not similar
    return buildings, [_Found(pk, label, exact=exact, similar=similar) for pk, _ in residents]


def _split(known: Sequence[tuple[str, int, bool]], number: str) -> tuple[list[str], list[str], list[Any]]:
    """Words of the street, words of a name, and the buildings: «иванов ленина 5» names a person in a house.

    Where all words may be of streets but no street has them all, one of them is tried as a name.
    """
    streets = [word for word, n, _ in known if n]
    people = [word for word, n, _ in known if not n]
    if not streets or (people and not all(n for _, n, _ in _known(people, "n"))):
        return [], [], []
    rows = _rows(sql.BUILDINGS, query=_query(streets), number=number, limit=_STREET)
    if not rows and number != "%":
        # No such house: the street is still the best answer.
        rows = _rows(sql.BUILDINGS, query=_query(streets), number="%", limit=_STREET)
    if rows or people or len(streets) == 1:
        return streets, people, rows
    for name in streets:
        others = [word for word in streets if word != name]
        if rows := _rows(sql.BUILDINGS, query=_query(others), number=number, limit=_STREET) if others else []:
            return others, [name], rows
    return [], [], []


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
