"""Put what is somebody's own out of a recording: the same always gives the same stand-in, as wide as itself.

A stand-in tells nothing of what it stands for: it is a number in the order in which things were met, written with x
and 0 in the places of letters and digits, or an address out of those set aside for examples.
"""

import ipaddress
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from uzel.drivers import cli_private as private
from uzel.drivers.cli_text import mac as mac_digits

Spans = list[tuple[int, int]]
Found = list[tuple[int, int, str]]  # from, to, what goes there: in the order of the text, never one over another

_TOKEN = re.compile(r"[^\s,;=\"'()<>\[\]#|\x1b]+")
_WRAP = re.compile(r"(?<=\S)[ \t]*[\r\n]+[ \t]{8,}(?=\S)")
_BLANKS = re.compile(r" *")
_FULL_LINE = 79  # a line as wide as the terminal goes on in the middle of a word
_SHORTEST = 4  # shorter names are put out where they stand as names, but not looked for everywhere
_GLUED = 8
_LOWER, _UPPER, _DIGITS = "xyzabcdefghijklmnopqrstuvw", "XYZABCDEFGHIJKLMNOPQRSTUVW", "0123456789"
# Addresses for examples by their width: RFC 5737 and 2544 have none shorter, and none longer.
_HOSTS: tuple[Sequence[str], ...] = (
    [f"192.0.2.{n}" for n in range(1, 10)],
    [f"192.0.2.{n}" for n in range(10, 100)],
    [f"192.0.2.{n}" for n in range(100, 255)],
    [f"198.18.{m}.{n}" for m in range(10, 100) for n in range(10, 100)],
    [f"198.18.{m}.{n}" for m in range(10, 100) for n in range(100, 255)],
    [f"198.18.{m}.{n}" for m in range(100, 256) for n in range(100, 255)],
)
_NARROWEST = 9


class Masker:
    """Stand-ins of one device's recordings. First `learn` all that is known to be its own, then `mask` text by text."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}
        self._standins: dict[str, str] = {}
        self._given: set[str] = set()
        self._counts: dict[str, int] = {}
        self._hosts: dict[int, Iterator[str]] = {}
        self._live: set[str] = set()

    def read(self, text: str) -> None:
        """Learn what the words before it tell to be a name, a place, a secret."""
        for rule in private.RULES:
            self.learn(*(match.group("own") for match in rule.finditer(text)))
        self._live |= {match.group() for match in private.IPV4.finditer(text)} - self._given

    def learn(self, *values: str) -> None:
        """Put these out wherever they stand. The device's own words and the names of ports are passed over."""
        for value in values:
            value = value.strip()
            if len(value) >= _SHORTEST and private.is_own(value) and any(char.isalpha() for char in value):
                self._known[value] = None

    def mask(self, text: str) -> str:
        """The text with stand-ins. What has been masked stays as it is.

        An address for examples is a stand-in only if it was given out here: networks for trials use the others.
        """
        self._live |= {match.group() for match in private.IPV4.finditer(text)} - self._given
        text = _apply(text, _found(text, self._addresses, _FULL_LINE))
        return _apply(text, _found(text, self._words, 0))

    def leaks(self, text: str) -> list[str]:
        """What has a stand-in and is in the text all the same."""
        there = {match.group() for match in private.IPV4.finditer(text)}
        there |= {mac_digits(match.group()) or "" for match in private.MAC.finditer(text)}
        there |= {str(private.ipv6(match.group().strip(":"))) for match in private.IPV6.finditer(text)}
        own = {value for value, new in self._standins.items() if value != new and value not in self._given}
        names = [match.group() for match in self._names(text) if match.group() not in self._given]
        return sorted(own & there) + list(dict.fromkeys(names))

    def _addresses(self, text: str, taken: Spans | None) -> Found:
        found: Found = []
        done = _marked(len(text), taken or ())
        for pattern, stand_in in ((private.IPV6, self._ipv6), (private.MAC, self._mac), (private.IPV4, self._ipv4)):
            for match in pattern.finditer(text):
                start, said = match.start(), match.group()
                if pattern is private.IPV6:  # "Address:fe80::1", "fe80::1:"
                    bare = said if said.startswith("::") else said.lstrip(":")
                    start += len(said) - len(bare)
                    said = bare if bare.endswith("::") else bare.rstrip(":")
                end = start + len(said)
                if done.find(1, start, end) < 0 and (new := stand_in(said, text[max(start - 60, 0) : start])):
                    found.append((start, end, new))
                    done[start:end] = b"\1" * len(said)
        return sorted(found)

    def _words(self, text: str, taken: Spans | None) -> Found:
        """Names: those after the words that tell of one (which end with their line), and those that are known."""
        places: Spans = []
        if taken is not None:
            places = [match.span("own") for rule in private.RULES for match in rule.finditer(text)]
            places = [(s, e) for s, e in places if private.is_own(text[s:e])]
        places += [match.span() for match in self._names(text)]
        matches = [match for pattern in (private.MAC, private.IPV4) for match in pattern.finditer(text)]
        addresses = [m.span() for m in matches if not m.group().isalnum() or m.group().startswith("020000")]
        done = _marked(len(text), [*(taken or ()), *addresses])
        found: dict[int, tuple[int, int, str]] = {}
        for start, end in places:
            for s, e in _free(start, end, done):
                for match in _TOKEN.finditer(text, s, e):
                    found.setdefault(match.start(), (*match.span(), self._token(match.group())))
        return _apart(sorted(found.values()))

    def _names(self, text: str) -> Iterator[re.Match[str]]:
        """Where the known names stand. A long one may be glued to the next column."""
        longest = sorted(self._known, key=len, reverse=True)
        names = "|".join(re.escape(name) + (r"(?!\w)" if len(name) < _GLUED else "") for name in longest)
        return re.finditer(rf"(?<!\w)(?:{names})", text) if names else iter(())

    def _keep(self, own: str, stand_in: str) -> str:
        self._standins[own] = stand_in
        self._given.add(stand_in)
        return stand_in

    def _count(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, -1) + 1
        return self._counts[kind]

    def _token(self, word: str) -> str:
        """x for a letter, 0 for a digit, counted up from the right: the same word, the same stand-in."""
        if word in self._given or not any(char.isalnum() for char in word):
            return word
        if word in self._standins:
            return self._standins[word]
        shape = "".join("9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in word)
        while (stand_in := _written(shape, self._count(shape))) in self._standins and stand_in != word:
            pass  # somebody's own word looks like it
        return self._keep(word, stand_in)

    def _mac(self, text: str, before: str) -> str:
        digits = mac_digits(text) or ""
        kind = private.mac_kind(digits)
        if not kind:  # twelve digits without a sign between them may be a serial number
            return "" if text.isalnum() and not digits.startswith("020000") else text
        if digits not in self._standins:
            at = self._group(f"mac {digits[-6:]}") if kind == "group" else self._count("mac") + 1
            self._keep(digits, f"01005e7c{at:04x}" if kind == "group" else f"020000{at:06x}")
        new = iter(self._standins[digits])
        shown = "".join(next(new) if char.isalnum() else char for char in text)
        upper = text != text.lower() or (text == text.upper() and "-" in text)
        return shown.upper() if upper else shown

    def _group(self, own: str) -> int:
        """The number of a group, by its address or by the 23 bits of it that are in its MAC (RFC 1112)."""
        if own not in self._counts:
            self._counts[own] = self._count("group") + 1
        return self._counts[own]

    def _ipv4(self, text: str, before: str) -> str:
        kind = private.ipv4_kind(text, before)
        if not kind or text in self._standins or text in self._given:
            return text if not kind or text in self._given else self._standins[text]
        if kind == "group":
            octets = [int(octet) for octet in text.split(".")]
            number = self._group(f"mac {octets[1] & 127:02x}{octets[2]:02x}{octets[3]:02x}")
            return self._keep(text, f"233.252.{number >> 8 & 255}.{number & 255}")
        wide = min(max(len(text), _NARROWEST) - _NARROWEST, len(_HOSTS) - 1)
        free = self._hosts.setdefault(wide, itertools.chain(*_HOSTS[wide:], *_HOSTS[:wide]))
        mine = (host for host in free if host not in self._given and host not in self._live)
        return self._keep(text, next(mine, "198.19.255.254"))

    def _ipv6(self, text: str, before: str) -> str:
        address = private.ipv6(text)
        if address is None:
            return "" if ":" not in text or not _is_ipv6(text) else text
        return self._standins.get(str(address)) or self._keep(str(address), f"2001:db8::{self._count('ipv6') + 1:x}")


def _is_ipv6(text: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def _written(shape: str, number: int) -> str:
    """A number in the letters and digits of a shape."""
    signs: list[str] = []
    for place in reversed(shape):
        alphabet = {"9": _DIGITS, "A": _UPPER, "a": _LOWER}.get(place, place)
        number, digit = divmod(number, len(alphabet))
        signs.append(alphabet[digit])
    return "".join(reversed(signs))


def _marked(length: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    """A byte for each character: 1 where one of the spans lies."""
    marks = bytearray(length)
    for start, end in spans:
        marks[start:end] = b"\1" * (end - start)
    return marks


def _free(start: int, end: int, marks: bytearray) -> Iterator[tuple[int, int]]:
    """What is left of a stretch without what is marked."""
    while start < end and (begin := marks.find(0, start, end)) >= 0:
        stop = marks.find(1, begin, end)
        start = end if stop < 0 else stop
        yield begin, start


def _apart(found: Found) -> Found:
    """Those that do not lie over an earlier one."""
    kept: Found = []
    for each in found:
        if not kept or each[0] >= kept[-1][1]:
            kept.append(each)
    return kept


def _found(text: str, finder: Callable[[str, Spans | None], Found], wide: int) -> Found:
    """What a finder finds in a text, and before that where a line of that width goes on in the next one in mid-word."""
    cuts = [m.span() for m in _WRAP.finditer(text) if m.start() - text.rfind("\n", 0, m.start()) - 1 >= wide]
    bounds = [0, *itertools.chain(*cuts), len(text)]
    where = [at for s, e in zip(bounds[::2], bounds[1::2], strict=True) for at in range(s, e)]
    across: Found = []
    for start, end, new in finder("".join(text[at] for at in where), None) if cuts else ():
        runs = [list(run) for _, run in itertools.groupby(range(start, end), lambda at: where[at] - at)]
        for run in runs if len(runs) > 1 else ():
            cut = len(new) if run is runs[-1] else len(run)
            across.append((where[run[0]], where[run[-1]] + 1, new[:cut]))
            new = new[cut:]
    return sorted(across + finder(text, [(s, e) for s, e, _ in across]))


def _apply(text: str, changes: Found) -> str:
    """Put them in. What grows takes blanks after it, what shrinks leaves some: columns stay where they are."""
    parts: list[str] = []
    at = 0
    for start, end, new in changes:
        parts += [text[at:start], new]
        at, grown = end, len(new) - (end - start)
        blanks = len(_BLANKS.match(text, end).group()) if grown else 0  # type: ignore[union-attr]
        if grown > 0:
            at += min(grown, max(blanks - 1, 0))
        elif blanks:
            parts.append(" " * -grown)
    return "".join([*parts, text[at:]])
