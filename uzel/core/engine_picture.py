"""`outage_light.picture` by the compiled engine: signs from columns, light from loops, sets never written out."""

import numpy as np

from uzel.core import engine_read as rd
from uzel.core.engine_heard import SILENT, UNASKED, Columns, Ground, Marked, Members
from uzel.core.engine_light import NOWHERE, Light, Reading
from uzel.core.labels import Flags, Ints
from uzel.core.outage_light import Picture, Region, Signs
from uzel.core.outage_words import Evidence

# By `answers` of the columns: nothing heard, silent, answers.
_SIGN = np.array([rd.UNKNOWN, rd.SILENT, rd.BRIGHT], np.uint8)


def picture(light: Light, ground: Ground, heard: Columns, evidence: Evidence) -> Picture:
    """The same as the plain rules say of the same evidence, which `heard` holds by place."""
    links = evidence.link_up.items()
    down, up = (light.link_flags(link for link, is_up in links if is_up is wanted) for wanted in (False, True))
    sign, at = light.sign, light.layout
    np.take(_SIGN, heard.answers[: at.ids.size] + 1, out=sign)
    # Silence behind a switch speaks only where the switch is lit.
    is_mute = sign[ground.indirect] == rd.SILENT
    mute, via = ground.indirect[is_mute], ground.indirect_via[is_mute]
    sign[mute] = rd.UNKNOWN
    unlit = ground.places.places(evidence.unlit)
    unlit = unlit[(unlit < at.ids.size) & (heard.answers[unlit] != UNASKED)]
    sign[unlit[np.isin(unlit, ground.indirect)]] = rd.UNLIT
    reading = light.look(down, up)
    speaks = mute[(via != NOWHERE) & reading.shine[via]]
    if speaks.size:
        sign[speaks] = rd.SILENT
        reading = light.look(down, up)
    ids, signs = at.ids, sign.copy()
    bright, silent, dark_by_word = (Marked(ground.places, signs, it) for it in (rd.BRIGHT, rd.SILENT, rd.UNLIT))
    return Picture(
        Marked(ground.places, reading.shine),
        Marked(ground.places, reading.dark),
        frozenset(ids[reading.believed].tolist()),
        Signs(bright, silent, dark_by_word, frozenset(link for link, is_up in links if not is_up)),
        _regions(ground, reading, heard, _flag(unlit, at.ids.size)),
    )


def _flag(numbers: Ints, n: int) -> Flags:
    flags = np.zeros(n, np.uint8)
    flags[numbers] = 1
    return flags


def _regions(ground: Ground, reading: Reading, heard: Columns, unlit: Flags) -> tuple[Region, ...]:
    members, at = reading.members, reading.member_at
    if not members.size:
        return ()
    tells = (heard.answers[members] == SILENT) | (unlit[members] == 1)
    began = np.minimum.reduceat(np.where(tells, heard.began(members), np.inf), at[:-1])
    places = ground.places
    tops, of, top_at = places.ids[reading.tops].tolist(), at.tolist(), reading.top_at.tolist()
    found = [
        Region(
            Members(places, members[of[k] : of[k + 1]]), tuple(sorted(tops[top_at[k] : top_at[k + 1]])), float(began[k])
        )
        for k in range(at.size - 1)
    ]
    return tuple(sorted(found, key=lambda it: it.roots))
