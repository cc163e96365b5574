"""The mask of recordings: nothing of the device's owner stays, the same is always the same, tables still read."""

import json
import re
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.drivers.recordings import NAMES, RECORDINGS, TEXTS
from tests.examples import examples
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_mask import Masker
from uzel.drivers.cli_private import own_values
from uzel.drivers.cli_record import differs


def masker_of(name: str) -> Masker:
    parse, text = TEXTS[name]
    masker = Masker()
    masker.learn(*own_values(parse(text).rows))
    masker.read(text)
    return masker


def test_a_masked_recording_reads_the_same(subtests):
    for name, (parse, text) in TEXTS.items():
        with subtests.test(name):
            masker = masker_of(name)
            masked = masker.mask(text)
            assert differs(parse(text), parse(masked)) == ""
            assert masker.leaks(masked) == []
            assert masker.mask(masked) == masked
            assert len(masked.split("\n")) == len(text.split("\n"))


def test_another_masker_would_give_the_same(subtests):
    """Stand-ins follow from the order in which things stand: a second recording of the same makes no difference."""
    for name, (_, text) in TEXTS.items():
        with subtests.test(name):
            assert masker_of(name).mask(text) == masker_of(name).mask(text)


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("System Name       : sadovaya-7-1", "System Name       : xxxxxxxx-0-0"),
        ("System Location   : Садовая 7, entrance 1", "System Location   : Xxxxxxx 0, xxxxxxxx 1"),
        ("snmp-server community s3cr3t RO", "snmp-server community x0xx0x RO"),
        ("snmp-server host 10.20.30.40 version 2c s3cr3t", "snmp-server host 192.0.2.100 version 2c x0xx0x"),
        ("sw-1:5#config ports 5 description Ivanova_12", "sw-1:5#config ports 5 description Xxxxxxx_00"),
        ("Community Name : homes", "Community Name : xxxxx"),
        ("create account admin ivanov", "create account admin xxxxxx"),
        ("username duty privilege 15 secret 5 $1$aB$cd", "username xxxx privilege 15 secret 5 $0$xX$xx"),
        (" local-user duty password cipher %^%#kQ", " local-user xxxx password cipher %^%#xX"),
        ("Serial Number     : P1QS1D3000123", "Serial Number     : X0XX0X0000000"),
        ("Device s/n: AB0000000001  x", "Device s/n: XX0000000000  x"),
        (" 10.20.30.40     00-1B-11-AA-BB-CC 7", " 192.0.2.100     02-00-00-00-00-01 7"),
        ("10.0.0.1        vlan1", "192.0.2.1       vlan1"),
        ("172.16.100.200 up", "198.18.100.100 up"),
        ("001b.11aa.bbcc Gi0/1", "0200.0000.0001 Gi0/1"),
        ("001b-11aa-bbcc GE0/0/1", "0200-0000-0001 GE0/0/1"),
        ("1   03   100  001B11AABBCC", "1   03   100  020000000001"),
        ("RX Bytes  123456789012", "RX Bytes  123456789012"),
        ("239.1.2.3 01-00-5E-01-02-03", "233.252.0.1 01-00-5E-7C-00-01"),
        ("224.0.0.22 255.255.255.0 0.0.0.255 127.0.0.1", "224.0.0.22 255.255.255.0 0.0.0.255 127.0.0.1"),
        ("Firmware Version  : 10.3.1.4", "Firmware Version  : 10.3.1.4"),
        ("Address:fe80::21b:11ff:feaa:bbcc/64", "Address:2001:db8::1/64"),
        ("Uptime 0:1:34:53, at 09:12:44", "Uptime 0:1:34:53, at 09:12:44"),
        ("VLAN Name        : default", "VLAN Name        : default"),
        ("Name: Gi0/1", "Name: Gi0/1"),
    ],
)
def test_what_is_put_out_and_what_stays(line, masked):
    assert Masker().mask(line) == masked


def test_a_value_that_is_folded_in_mid_word_is_put_out_too():
    text = (
        "2     2026/03/14 07:59:58 Successful login through Telnet (Username: dut, IP: 17\n"
        "                          2.16.0.9, MAC: 00-0C-29-00-00-09)\n"
    )
    masked = Masker().mask(text)
    assert "17\n" not in masked and "2.16.0.9" not in masked
    assert "IP: 19\n" in masked and "2.0.2.10, MAC: 02-00-00-00-00-01" in masked


def test_the_same_is_the_same_in_every_way_of_writing_and_in_every_text():
    masker = Masker()
    first = masker.mask("10.20.30.40 00-1B-11-AA-BB-CC 001b.11aa.bbdd")
    assert first == "192.0.2.100 02-00-00-00-00-01 0200.0000.0002"
    assert masker.mask("001b.11aa.bbcc 00:1b:11:aa:bb:dd 10.20.30.40") == "0200.0000.0001 02:00:00:00:00:02 192.0.2.100"


def test_a_known_name_is_put_out_wherever_it_stands_but_not_inside_another_word():
    masker = Masker()
    masker.learn("o1-sw1", "uzel", "Gi0/1", "default")
    assert masker.mask("o1-sw1# uzel o1-sw10 uzelok Gi0/1 default") == "x0-xx0# xxxx o1-sw10 uzelok Gi0/1 default"


def test_an_address_for_trials_is_put_out_unless_the_mask_gave_it_out():
    masker = Masker()
    masked = masker.mask("198.18.10.10 198.18.10.11 10.200.1.10 192.0.2.1 198.18.10.10")
    assert not {"198.18.10.10", "198.18.10.11", "10.200.1.10", "192.0.2.1"} & set(masked.split())
    assert masked.split()[0] == masked.split()[-1] and len(set(masked.split())) == 4
    assert masker.mask(masked) == masked and masker.leaks(masked) == []


octet = st.integers(1, 223)
addresses = st.tuples(octet, *[st.integers(0, 255)] * 3).map(lambda o: ".".join(map(str, o)))
macs = st.tuples(*[st.integers(0, 255)] * 6).map(lambda o: (o[0] & 0xFC, *o[1:]))
signs = st.sampled_from([":", "-"])
words = st.from_regex(r"[a-z]{4,9}-\d{1,3}", fullmatch=True)
gaps = st.sampled_from([" ", "  ", "\n", "\r\n", "\n\r", ", ", "(", ") ", "= ", "\t", "     "])
NOBODY = re.compile(r"^(?:127\.0\.0\.1$|0\.|255\.)")


@given(st.lists(st.tuples(addresses, macs, signs, words, gaps), min_size=1, max_size=8))
@examples(150)
def test_nothing_leaks(items):
    masker = Masker()
    masker.learn(*(word for *_, word, _ in items))
    text = ""
    for address, mac, sign, word, gap in items:
        written = sign.join(f"{part:02X}" for part in mac)
        text += f"{gap}{address}{gap} {written} {gap} System {word}{gap}"
    masked = masker.mask(text)
    found = set(re.findall(r"[\w.:-]+", masked))
    for address, mac, sign, word, _ in items:
        assert word not in found
        assert NOBODY.match(address) or address not in found, (address, masked)
        written = sign.join(f"{part:02X}" for part in mac)
        assert written not in found or mac[:3] == (2, 0, 0) or set(mac) == {0}, (written, masked)
    assert masker.mask(masked) == masked
    assert masker.leaks(masked) == []


@given(st.text(max_size=400), st.lists(st.text(max_size=12), max_size=4))
@examples(200)
def test_any_text_is_got_over_and_masked_once(text, names):
    masker = Masker()
    masker.learn(*names)
    masker.read(text)
    masked = masker.mask(text)
    assert masker.mask(masked) == masked
    assert masked.count("\n") == text.count("\n")


@given(st.data())
@examples(150)
def test_a_recording_with_a_piece_gone_mad_is_masked_once(data):
    name = data.draw(st.sampled_from(NAMES))
    text = TEXTS[name][1]
    at = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.text(alphabet="0123456789abcdefABCDEF.:- \r\n\x1b[", max_size=40))
    masker = masker_of(name)
    masked = masker.mask(text[:at] + junk + text[at:])
    assert masker.mask(masked) == masked


EXPECTED = [(d, o, f) for d, o, _, f in RECORDINGS if f.with_suffix(".json").exists()]


def test_what_was_expected_of_a_recording_is_still_read(subtests):
    """`make record` lays the results to expect beside an answer, for the way in which it was asked."""
    assert EXPECTED
    for driver, operation, file in EXPECTED:
        with subtests.test(f"{driver}/{file.parent.name}/{file.name}"):
            expected = json.loads(file.with_suffix(".json").read_text())
            ask = next(ask for ask in DRIVERS[driver].asks[operation] if ask.command == expected["asked"])
            parsed = ask.parse(file.read_bytes().decode())
            assert json.loads(json.dumps([asdict(row) for row in parsed.rows])) == expected["rows"]
            told = [list(parsed.not_understood), list(parsed.doubts)]
            assert told == [expected["not_understood"], expected["doubts"]]
