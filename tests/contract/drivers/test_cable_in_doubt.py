"""A cable of which one pair was not read is never called whole: not by the driver, and not in the verdict."""

import pytest

from uzel.core.answers import CablePair, CableTest, PairState
from uzel.core.diagnosis import Code, Evidence, diagnose
from uzel.core.readings import PortReading
from uzel.drivers import cisco_ios_ports, dlink_ports, huawei_vrp_ports

OK, OPEN = PairState.OK, PairState.OPEN

DLINK = """ Port   Type    Link Status            Test Result           Cable Length (M)
 ----  ------  -------------  -----------------------------  ----------------
  7     {type}      Link Down      Pair1 OK        at 40  M       -
{more}
DES-3526:4#
"""
CISCO = """Interface Speed Local pair Pair length        Remote pair Pair status
--------- ----- ---------- ------------------ ----------- --------------------
{port}     auto  Pair A     7    +/- 4  meters Pair A      Normal
                Pair B     7    +/- 4  meters Pair B      Normal
{more}
district-2#
"""
HUAWEI = """[district-3-{port}]virtual-cable-test
Pair A length: 30meter(s)
Pair B length: 31meter(s)
{lengths}Pair A state: Ok
Pair B state: Ok
{more}"""
CD = "Pair C length: 30meter(s)\nPair D length: 30meter(s)\n"


def dlink(*more: str, kind: str = "FE") -> CableTest:
    (row,) = dlink_ports.parse_cable(DLINK.format(type=kind, more="\n".join(f"{' ' * 31}{line}" for line in more))).rows
    return row


def cisco(*more: str, port: str = "Gi0/4") -> CableTest:
    (row,) = cisco_ios_ports.parse_tdr(CISCO.format(port=port, more="\n".join(more))).rows
    return row


def huawei(more: str, *, lengths: str = CD, port: str = "GigabitEthernet0/0/7") -> CableTest:
    (row,) = huawei_vrp_ports.parse_cable(HUAWEI.format(port=port, lengths=lengths, more=more)).rows
    return row


def row_of(letter: str, word: str) -> str:
    return f"                Pair {letter}     8    +/- 4  meters Pair {letter}      {word}"


LOG = "*Mar  1 00:12:31.007: %LINK-3-UPDOWN: Interface GigabitEthernet0/4, changed state to down"
SPLIT = row_of("C", "Open")
IN_DOUBT = {
    "d-link, a word of its own": dlink("Pair2 Cut at 31  M"),
    "d-link, mismatch": dlink("Pair2 Impedance Mismatch at 31 M"),
    "d-link, a hyphen": dlink("Pair-2 Open at 31 M"),
    "d-link, halves of a metre": dlink("Pair2 Open at 31.5 M"),
    "d-link, unknown": dlink("Pair2 Unknown"),
    "d-link, one pair": dlink(),
    "d-link, another sign": dlink("Pair#2 Open at 31 M"),
    "d-link, two of four": dlink("Pair2 OK at 40 M", kind="1000BASE-T"),
    "d-link, one of four lost": dlink("Pair2 OK at 40 M", "Pair3 OK at 40 M"),
    "d-link, a line lost": dlink("Pair2 OK at 40 M", "Pxxr3 Open at 40 M"),
    "cisco, a row split": cisco(SPLIT[:30] + LOG, SPLIT[30:], row_of("D", "Normal")),
    "cisco, two rows lost": cisco(LOG),
    "cisco, two rows lost, 100 Mbit/s": cisco(SPLIT[:30] + LOG, SPLIT[30:], port="Fa0/4"),
    "cisco, fault": cisco(row_of("C", "Fault"), row_of("D", "Fault")),
    "cisco, unknown": cisco(row_of("C", "Unknown"), row_of("D", "Unknown")),
    "huawei, status for state": huawei("Pair C status: Open\nPair D state: Ok\n[district-3]"),
    "huawei, no length either": huawei("Pair C status: Open\n[district-3]", lengths=""),
    "huawei, not so on 100 Mbit/s": huawei("Pair C status: Open\n[district-3]", lengths="", port="Ethernet0/0/7"),
    "huawei, cut": huawei(""),
    "huawei, cut within a line": huawei("Pair C sta"),
    "huawei, two of four": huawei("[district-3]", lengths=""),
}
WHOLE = {
    "d-link, 100 Mbit/s": dlink("Pair2 OK at 40 M"),
    "d-link, 100 Mbit/s, four": dlink("Pair2 OK at 40 M", "Pair3 OK at 40 M", "Pair4 OK"),
    "d-link, two cannot be measured": dlink("Pair2 OK at 40 M", "Pair3 Not Support", "Pair4 Not Support"),
    "d-link, 1 Gbit/s": dlink("Pair2 OK", "Pair3 OK", "Pair4 OK", kind="1000BASE-T"),
    "cisco, 100 Mbit/s": cisco(port="Fa0/4"),
    "cisco, 1 Gbit/s": cisco(row_of("C", "Normal"), LOG, row_of("D", "Normal")),
    "huawei, 100 Mbit/s": huawei("[district-3]", lengths="", port="Ethernet0/0/7"),
    "huawei, 1 Gbit/s": huawei("Pair C state: Ok\nPair D state: Ok\n[district-3]"),
}


def line(test: CableTest, **port: object) -> Evidence:
    reading = PortReading(**{"if_index": 7, "admin_up": True, "oper_up": False, "at": 1_000_000.0} | port)  # type: ignore[arg-type]
    return Evidence(account_status="active", device_answers=True, readings=(reading,), cable=test, port_mbps=1000)


@pytest.mark.parametrize("name", IN_DOUBT)
def test_a_cable_with_a_pair_in_doubt_is_not_whole(name: str) -> None:
    test = IN_DOUBT[name]
    assert test.state not in {OK, PairState.SHUT_DOWN}
    assert Code.FAR_END_OFF not in {finding.code for finding in diagnose(line(test))}
    # Nor does it acquit the cable of a gigabit line at 100 Mbit/s.
    assert Code.TWO_PAIRS in {finding.code for finding in diagnose(line(test, oper_up=True, speed_mbps=100))}


@pytest.mark.parametrize("name", WHOLE)
def test_a_cable_with_all_its_pairs_is_whole(name: str) -> None:
    test = WHOLE[name]
    assert test.state is OK
    assert diagnose(line(test))[0].code is Code.FAR_END_OFF


@pytest.mark.parametrize("state", [None, OK])
def test_a_pair_of_unknown_state_speaks_against_the_state_of_the_whole(state: PairState | None) -> None:
    """As a version of before kept it."""
    test = CableTest("7", state=state, pairs=(CablePair(1, OK, 40), CablePair(2)))
    assert diagnose(line(test))[0].code is Code.NO_LINK


def test_spellings_of_a_pair_are_understood() -> None:
    for text in ("Pair-2 Open at 31 M", "Pair2 Open at 31.5 M", "Pair 2 Open at 31 M"):
        assert dlink(text).pairs[1] == CablePair(2, OPEN, 31)
        assert diagnose(line(dlink(text)))[0].code is Code.CABLE_BREAK
    assert dlink("Pair2 Impedance Mismatch at 31 M").pairs[1] == CablePair(2, PairState.MISMATCH, 31)
