"""Telnet's options taken out of a stream, however it is cut."""

from hypothesis import given
from hypothesis import strategies as st

from uzel.drivers.transport import WINDOW, Options, Telnet

IAC = bytes([Telnet.IAC])
PLAIN = st.binary(max_size=20).map(lambda data: data.replace(IAC, b""))
ASKED = st.tuples(st.sampled_from([Telnet.WILL, Telnet.WONT, Telnet.DO, Telnet.DONT]), st.integers(0, 254)).map(
    lambda pair: IAC + bytes(pair)
)
INNER = PLAIN.map(lambda data: IAC + bytes([Telnet.SB, 24]) + data + IAC + bytes([Telnet.SE]))
NOP = st.just(IAC + bytes([241]))
PARTS = st.lists(st.one_of(PLAIN.map(lambda d: (d, d)), *(s.map(lambda d: (b"", d)) for s in (ASKED, INNER, NOP))))


def feed(stream: bytes, cuts: list[int]) -> tuple[bytes, bytes]:
    options, text, reply, at = Options(), b"", b"", 0
    for cut in [*sorted(c % (len(stream) + 1) for c in cuts), len(stream)]:
        got, said = options.feed(stream[at:cut])
        text, reply, at = text + got, reply + said, cut
    return text, reply


@given(PARTS, st.lists(st.integers(0, 10_000), max_size=20))
def test_what_the_terminal_gets_does_not_depend_on_the_cuts(parts, cuts):
    stream = b"".join(wire for _, wire in parts)
    text, reply = feed(stream, cuts)
    assert text == b"".join(plain for plain, _ in parts)
    assert reply == feed(stream, [])[1]


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=20))
def test_no_bytes_upset_it(data, cuts):
    feed(data, cuts)


@given(st.lists(ASKED, max_size=40))
def test_nothing_is_answered_twice_so_two_ends_never_talk_for_ever(asked):
    options = Options()
    first = options.feed(b"".join(asked))[1]
    assert options.feed(b"".join(asked))[1] == b""
    assert len(first) <= 3 * len(set(asked)) + len(WINDOW)


def test_the_window_is_told_and_a_doubled_byte_is_one():
    options = Options()
    text, reply = options.feed(IAC + bytes([Telnet.DO, 31]) + b"a" + IAC + IAC + b"b")
    assert (text, reply) == (b"a\xffb", IAC + bytes([Telnet.WILL, 31]) + WINDOW)
    assert options.feed(IAC + bytes([Telnet.DO, 24]))[1] == IAC + bytes([Telnet.WONT, 24])
