"""A switch's configuration as text: what in it is news, what is secret, and how two of them differ."""

import difflib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Required, TypedDict

# Lines that change by themselves, all makes together: clocks, uptimes, sizes, what a terminal adds above the text.
# Sources: Cisco IOS and Huawei VRP print when and by whom the configuration was changed, `ntp clock-period` is
# recalculated by IOS all the time, D-Link's DGS-1510 and kin print uptime and SNTP time as comments.
VOLATILE = re.compile(
    r"Building configuration\.\.\."
    r"|Current configuration ?: .*"
    r"|Using \d+ out of \d+ bytes.*"
    r"|! Last configuration change at .*"
    r"|! NVRAM config last updated at .*"
    r"|! No configuration change since last restart"
    r"|Load for five secs: .*"
    r"|Time source is .*"
    r"|ntp clock-period \d+"
    r"|[!#] ?Last configuration was (?:updated|saved) at .*"
    r"|[!#]\s*(?:System )?up ?time\b.*"
    r"|[!#]\s*(?:Current )?(?:SNTP )?(?:Synchroni[sz]ed |System )?time ?:.*",
    re.IGNORECASE,
)
# Log lines that fall into an answer. The first group is what stands before one that fell into the middle of a line.
_CLOCK = r"(?:[A-Z][a-z]{2} +\d{1,2} (?:\d{4} )?)?\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d:\d\d)?"
_LEVEL = "(?:EMERG|ALERT|CRIT|ERR|ERROR|WARN|NOTICE|INFO|DEBUG)"
LOGGED = re.compile(
    rf"(?:\d{{6}}: )?[*.]?(?:{_CLOCK}(?: [A-Z]{{2,5}})?|\d{{1,3}}[ywd]\d{{1,2}}[wdh]): %[A-Z][\w-]*-[0-7]-\w+: "
    rf"|#?{_CLOCK} \S+ (?:%%\d\d)?[A-Z]\w*/\d/\w+(?:\(\w\))?(?:\[\d+\])?:"
    rf"|{_LEVEL}\([0-7]\) \S"
)
# Those without a clock: Cisco's (`no service timestamps`), D-Link's with its level or bare. Told from a pattern in an
# applet and from a description by standing at the very start.
BARE = re.compile(
    r"%[A-Z][\w-]*-[0-7]-\w+: "
    rf"|(?:{_LEVEL}: )?[Pp]ort \d{{1,3}}(?::\d{{1,3}})? link (?:up|down)"
)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A configuration to be kept. `noise`: log lines that were taken out; `spoiled`: one stands within a line."""

    text: str
    noise: int = 0
    spoiled: bool = False

    @property
    def sha256(self) -> str:
        return digest(self.text)


def lines_of(text: str) -> list[str]:
    """The lines of a kept text. Only a line feed ends one: what else Python takes for an end is a character of it."""
    return text.removesuffix("\n").split("\n") if text else []


def digest(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def clean(text: str) -> Cleaned:
    """What two readings of an unchanged switch have in common: without clocks, log lines and control characters."""
    kept: list[str] = []
    noise, spoiled = 0, False
    for raw in text.replace("\r", "").replace("\0", "").split("\n"):
        line = raw.rstrip()
        if VOLATILE.fullmatch(line):
            continue
        if LOGGED.match(line) or BARE.match(line):
            noise += 1
            continue
        # Within a line its other half may stand anywhere: such a text cannot be mended.
        spoiled = spoiled or bool(LOGGED.search(line))
        kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    while kept and not kept[0]:
        kept.pop(0)
    return Cleaned("\n".join(kept) + "\n" if kept else "", noise, spoiled)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a comparison. `old` and `new` are its numbers there, from 1; one of them is None for a changed line.

    `start` and `end` hold the part that differs from the line that it took the place of; 0, 0 without such a line.
    """

    sign: str  # " ", "+" or "-"
    old: int | None
    new: int | None
    text: str
    start: int = 0
    end: int = 0

    @property
    def parts(self) -> tuple[str, str, str]:
        """The text before what differs, what differs, and after it."""
        return self.text[: self.start], self.text[self.start : self.end], self.text[self.end :]


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that changed and what is around them. `head`: the section in which they stand; `skipped`: lines before.

    `head_old` or `head_new` is the number of the section's line, as in `Line`; none without a section.
    """

    head: str
    lines: tuple[Line, ...]
    skipped: int = 0
    head_old: int | None = None
    head_new: int | None = None

    @property
    def sides(self) -> list[tuple[Line | None, Line | None]]:
        """The same beside each other: what was removed against what came in its place."""
        pairs: list[tuple[Line | None, Line | None]] = []
        gone: list[Line] = []
        come: list[Line] = []
        for line in self.lines:
            if line.sign == "-":
                gone.append(line)
            elif line.sign == "+":
                come.append(line)
            else:
                pairs += _beside(gone, come)
                gone, come = [], []
                pairs.append((line, line))
        return pairs + _beside(gone, come)


def _beside(gone: Sequence[Line], come: Sequence[Line]) -> list[tuple[Line | None, Line | None]]:
    longest = max(len(gone), len(come))
    return [(gone[n] if n < len(gone) else None, come[n] if n < len(come) else None) for n in range(longest)]


def count_changes(old: str, new: str) -> tuple[int, int]:
    """How many lines were added and removed."""
    lines = [line for hunk in compare(old, new, around=0) for line in hunk.lines]
    return sum(line.sign == "+" for line in lines), sum(line.sign == "-" for line in lines)


_WORDS = re.compile(r"\w+|\W")


def compare(old: str, new: str, *, around: int = 3) -> list[Hunk]:
    """What changed from `old` to `new`, with so many lines around; none when they are the same."""
    a, b = lines_of(old), lines_of(new)
    hunks: list[Hunk] = []
    end = 0
    for group in _groups(a, b, around):
        lines: list[Line] = []
        for kind, a1, a2, b1, b2 in group:
            if kind == "equal":
                lines += [Line(" ", a1 + n + 1, b1 + n + 1, a[a1 + n]) for n in range(a2 - a1)]
                continue
            paired = a2 - a1 == b2 - b1
            lines += [
                Line("-", n + 1, None, a[n], *_differs(a[n], b[b1 + n - a1] if paired else "")) for n in range(a1, a2)
            ]
            lines += [
                Line("+", None, n + 1, b[n], *_differs(b[n], a[a1 + n - b1] if paired else "")) for n in range(b1, b2)
            ]
        start = group[0][3]
        hunks.append(Hunk(lines=tuple(lines), skipped=max(0, start - end), **_section(a, b, group)))
        end = group[-1][4]
    return hunks


def _differs(text: str, other: str) -> tuple[int, int]:
    """From where to where a line differs from another one, in whole words; nothing when they have little in common."""
    mine, theirs = _WORDS.findall(text), _WORDS.findall(other)
    most = min(len(mine), len(theirs))
    head = next((n for n in range(most) if mine[n] != theirs[n]), most)
    tail = next((n for n in range(most - head) if mine[-1 - n] != theirs[-1 - n]), most - head)
    start, end = len("".join(mine[:head])), len(text) - len("".join(mine[len(mine) - tail :]))
    return (start, end) if start and 2 * (end - start) < len(text) else (0, 0)


def _groups(a: list[str], b: list[str], around: int) -> list[list[tuple[str, int, int, int, int]]]:
    """Opcodes of difflib, grouped. What is the same at either end is cut off first: it is most of a configuration."""
    most = min(len(a), len(b))
    head = next((n for n in range(most) if a[n] != b[n]), most)
    tail = next((n for n in range(most - head) if a[-1 - n] != b[-1 - n]), most - head)
    head, tail = max(0, head - around), max(0, tail - around)
    matcher = difflib.SequenceMatcher(None, a[head : len(a) - tail], b[head : len(b) - tail])
    return [
        [(kind, a1 + head, a2 + head, b1 + head, b2 + head) for kind, a1, a2, b1, b2 in group]
        for group in matcher.get_grouped_opcodes(around)
        if any(kind != "equal" for kind, *_ in group)
    ]


_D_LINK_SECTION = re.compile(r"# [A-Z0-9][A-Z0-9_. /-]*$")


class _Section(TypedDict, total=False):
    head: Required[str]
    head_old: int
    head_new: int


def _section(a: list[str], b: list[str], group: Sequence[tuple[str, int, int, int, int]]) -> _Section:
    """The heading above the first line that changed, unless it is among the lines that are shown.

    `interface …` for an indented line of Cisco or Huawei, `# VLAN` for D-Link's, else nothing.
    """
    _, a1, a2, b1, _ = next(change for change in group if change[0] != "equal")
    lines, changed, shown = (a, a1, group[0][1]) if a2 > a1 else (b, b1, group[0][3])
    indented = lines[changed].startswith(" ")
    for at in range(changed - 1, -1, -1):
        line = lines[at]
        found = line[:1] not in ("", " ", "!", "#") if indented else _D_LINK_SECTION.match(line)
        if found and at >= shown:
            break
        if found:
            return {"head": line, "head_old": at + 1} if a2 > a1 else {"head": line, "head_new": at + 1}
    return {"head": ""}
