"""What terminals and dying sessions do to text: no exception, no wrong row, nothing dropped silently."""

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.drivers.recordings import NAMES, TEXTS
from tests.examples import examples
from uzel.core.answers import LogLine
from uzel.drivers.cisco_ios_unit import parse_identity as parse_show_version
from uzel.drivers.cisco_ios_unit import parse_log as parse_show_logging
from uzel.drivers.cli_whole import guarded
from uzel.drivers.dlink_ports import parse_cable, parse_errors
from uzel.drivers.dlink_tables import parse_vlans
from uzel.drivers.huawei_vrp_unit import parse_identity as parse_display_version

PLAIN = {name: pair for name, pair in TEXTS.items() if "\r" not in pair[1]}
ENDINGS = ["\n", "\r\n", "\n\r", "\r\r\n"]
DLINK = "CTRL+C ESC q Quit SPACE n Next Page ENTER Next Entry a All"
PAGERS = [
    DLINK + "\r" + " " * 70 + "\r",
    DLINK + " \r\x00\x1b[K",
    DLINK + "\n",
    "---MORE---\r          \r",
    " --More-- " + "\b" * 10 + " " * 10 + "\b" * 10,
    "  ---- More ----\x1b[16D                \x1b[16D",
    "  ---- More ----\x1b[42D" + " " * 42 + "\x1b[42D",
]
FREE_TEXT = (
    guarded(parse_show_version),
    guarded(parse_display_version),
)  # a page of prose and licence: only lines with a fact in them count
FOLDED = re.compile(r"desc|^name$")  # may go on in the next line
# A whole value may follow from parts that a cut leaves out.
DERIVED = {"state", "members", "avg_ms", "min_ms", "max_ms", "text"}


def agrees(part, whole) -> bool:
    """Whether a row of a cut text says nothing that the whole text does not say."""
    for field in dataclasses.fields(whole):
        mine, true = getattr(part, field.name), getattr(whole, field.name)
        if mine in (None, (), False, "") or mine == true or field.name in DERIVED:
            continue
        if isinstance(mine, tuple) and isinstance(true, tuple) and len(mine) <= len(true):
            pairs = list(zip(mine, true, strict=False))
            if all(a == b or (dataclasses.is_dataclass(a) and agrees(a, b)) for a, b in pairs):
                continue
        if isinstance(mine, str) and isinstance(true, str) and true.startswith(mine) and FOLDED.search(field.name):
            continue
        return False
    return True


def check_cut(name: str, at: int) -> None:
    parse, text = TEXTS[name]
    whole, part = parse(text), parse(text[:at])
    assert len(part.rows) <= len(whole.rows)
    for mine, true in zip(part.rows, whole.rows, strict=False):
        assert agrees(mine, true), (name, at, mine, true)


@given(st.data())
@examples(100)
def test_text_cut_anywhere_gives_no_wrong_row(data):
    name = data.draw(st.sampled_from(NAMES))
    check_cut(name, data.draw(st.integers(0, len(TEXTS[name][1]))))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_text_cut_at_every_byte_gives_no_wrong_row(name):
    for at in range(len(TEXTS[name][1]) + 1):
        check_cut(name, at)


def test_line_endings_do_not_matter(subtests):
    for name, (parse, text) in PLAIN.items():
        whole = parse(text)
        for ending in ENDINGS:
            with subtests.test(name, ending=ending):
                assert parse(text.replace("\n", ending)) == whole


@given(st.data())
@examples(100)
def test_pagers_between_lines_do_not_matter(data):
    name = data.draw(st.sampled_from(list(PLAIN)))
    parse, text = PLAIN[name]
    lines = text.split("\n")
    for at in sorted(data.draw(st.sets(st.integers(1, len(lines) - 1), max_size=4)), reverse=True):
        lines[at] = data.draw(st.sampled_from(PAGERS)) + lines[at]
    assert parse("\n".join(lines)).rows == parse(text).rows


def test_a_prompt_at_the_end_does_not_matter(subtests):
    for name, (parse, text) in PLAIN.items():
        whole = parse(text)
        for prompt in ("DES-1210-10/ME:5#", "\x1b[27mDGS-1210-10/ME:5# ", "sw-1#", "<core-1>", "[~core-1]"):
            with subtests.test(name, prompt=prompt):
                assert parse(text.rstrip("\n") + "\n" + prompt) == whole
                assert parse(text + prompt) == whole


@given(st.data())
@examples(100)
def test_a_prompt_glued_onto_a_row_costs_at_most_that_row(data):
    name = data.draw(st.sampled_from(list(PLAIN)))
    parse, text = PLAIN[name]
    lines = text.rstrip("\n").split("\n")[: data.draw(st.integers(1, text.count("\n")))]
    glued, whole = parse("\n".join(lines) + "DES-3526:4#"), parse(text)
    assert len(glued.rows) <= len(whole.rows)
    assert all(agrees(mine, true) for mine, true in zip(glued.rows, whole.rows, strict=False))


@given(st.data())
@examples(100)
def test_a_word_gone_mad_raises_nothing(data):
    name = data.draw(st.sampled_from(NAMES))
    parse, text = TEXTS[name]
    at = data.draw(st.integers(0, len(text)))
    junk = data.draw(st.text(max_size=30) | st.sampled_from(["\x1b[999999999999C", "\x1b", "\b" * 50, "9" * 400, "²٣"]))
    parse(text[:at] + junk + text[at + data.draw(st.integers(0, 20)) :])


@given(st.text(max_size=300), st.sampled_from(NAMES))
@examples(100)
def test_any_text_raises_nothing(text, name):
    TEXTS[name][0](text)


def test_a_foreign_line_is_reported(subtests):
    line = "@@ something no device has ever printed @@"
    for name, (parse, text) in TEXTS.items():
        with subtests.test(name):
            parsed = parse(text + "\n" + line + "\n")
            kept = [row.text for row in parsed.rows if isinstance(row, LogLine)]  # a log's messages may have many lines
            assert line in parsed.not_understood or any(line in said for said in kept) or parse in FREE_TEXT


# How a line differs whose shape is near to one that is known.
SPOILT = {
    "indented": lambda line: f"  {line}",
    "far_indented": lambda line: f"{' ' * 12}{line}",
    "further_indented": lambda line: f"{' ' * 24}{line}",
    "split": lambda line: line.replace(":", "|:"),
    "widened": lambda line: line.replace(" ", "  ", 1),
    "marked": lambda line: f"?{line}",
    "misspelt": lambda line: re.sub(r"[A-Za-z]{2,}", lambda word: f"{word[0][0]}Q{word[0][2:]}", line, count=1),
}


def reported(parsed) -> int:
    return len(parsed.not_understood) + len(parsed.doubts)


def check_not_dropped(name: str, text: str, line: str) -> None:
    """Rows may be fewer only where a line more is told, or where a message of the log has the spoilt line in it."""
    parse, recorded = TEXTS[name]
    whole, parsed = parse(recorded), parse(text)
    kept = [row.text for row in parsed.rows if isinstance(row, LogLine)]
    if not any(line.strip() in said for said in kept if line.strip()):
        assert len(parsed.rows) >= len(whole.rows) or reported(parsed) > reported(whole), (name, line)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", SPOILT)
def test_a_row_that_is_lost_for_the_shape_of_a_line_is_reported(name, how):
    lines = TEXTS[name][1].split("\n")
    for at, line in enumerate(lines):
        # What comes further down is of the same kind.
        if line.strip() and at < 25:
            spoilt = SPOILT[how](line)
            check_not_dropped(name, "\n".join((*lines[:at], spoilt, *lines[at + 1 :])), spoilt)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("blanks", [1, 2, 6])
def test_an_answer_that_is_indented_as_a_whole_loses_no_row_in_silence(name, blanks):
    text = TEXTS[name][1]
    check_not_dropped(name, "".join(" " * blanks + line for line in text.splitlines(keepends=True)), "")
    check_not_dropped(name, text.replace(":", "|: "), "")


def vlan_block(head: str) -> str:
    return f"{head}\nVLAN Type       : Static\nMember Ports    : 1-8,26\nUntagged Ports  : 1-8\n\n"


@pytest.mark.parametrize(
    "head", ["VID|: 20  VLAN Name : flats", "VLAN ID = 20", "VQD : 20", "VID : twenty  VLAN Name : flats"]
)
def test_members_of_a_vlan_whose_head_is_unknown_are_reported_and_are_not_those_of_the_one_before(head):
    known = vlan_block("VID             : 1           VLAN Name     : default")
    for text in (vlan_block(head) + known, known + vlan_block(head)):
        parsed = parse_vlans(text)
        assert [(row.vlan, row.untagged) for row in parsed.rows] == [(1, tuple("12345678"))]
        assert any("Member Ports    : 1-8,26" in line for line in parsed.not_understood)


def test_the_counters_under_a_split_head_are_reported():
    lines = "CRC Error        7            Excessive Deferral    0\n"
    parsed = parse_errors(f"Port number : 2\n{lines}Port number|: 3\n{lines.replace('7', '9')}")
    assert [(row.port, row.crc) for row in parsed.rows] == [("2", 7)]
    assert parsed.not_understood[0] == "Port number|: 3" and len(parsed.not_understood) == 2


def test_further_pairs_of_a_row_of_a_cable_test_that_is_not_understood_are_reported():
    rows = " 1     FE    Link Up     Pair1 Open  at 31  M   -\n%2     FE    Link Up    Pair1 Open  at 5   M   -\n"
    parsed = parse_cable(f"{rows}                          Pair2 Open  at 6   M\n")
    assert [len(row.pairs) for row in parsed.rows] == [1]
    assert len(parsed.not_understood) == 2


def test_lines_of_the_log_before_any_message_that_is_known_are_reported():
    parsed = parse_show_logging("Syslog logging: enabled (0 messages dropped)\n something else\n")
    assert parsed.not_understood == ("something else",)
    parsed = parse_show_logging("  *Mar  1 00:00:41: said by nobody\n  Jan  1 00:00:02: and again\n")
    assert [row.at for row in parsed.rows] == ["*Mar  1 00:00:41", "Jan  1 00:00:02"]


def test_prose_without_any_fact_is_reported():
    assert parse_show_version("A box\nthat says nothing\n").not_understood == ("A box", "that says nothing")
    assert parse_show_version("A box\n\tswitch uptime is 2 days\n").not_understood == ()


LOG_LINES = [
    "*Mar  1 00:01:02.003: %LINK-3-UPDOWN: Interface FastEthernet0/1, changed state to down",
    "Mar 14 2026 09:12:44 sw-1 %%01IFNET/4/IF_STATE(l)[12]:Interface Ethernet0/0/1 has turned into DOWN state.",
    "@@ something no device has ever printed @@",
]


# They read blocks of "key: value" and pass over the keys that nobody asks for: a line of a log may look like one.
BLOCKS = {
    "cisco_ios_tables.parse_switchport",
    "dlink_cisco_tables.parse_neighbours",
    "dlink_ports.parse_errors",
    "dlink_tables.parse_vlans",
    "dlink_unit.parse_identity",
    "dlink_unit.parse_neighbours",
    "dlink_unit.parse_port_details",
    "huawei_vrp_ports.parse_interface_counters",
    "huawei_vrp_ports.parse_interface_errors",
    "huawei_vrp_ports.parse_interfaces",
    "huawei_vrp_unit.parse_neighbours",
    "huawei_vrp_unit.parse_optics",
    "zyxel_zynos.parse_counters",
    "zyxel_zynos.parse_errors",
    "zyxel_zynos.parse_ports",
}
# A free text of theirs may go on in the next line: a contact, a name that fills a row of its own.
GOES_ON = {"dlink_unit.parse_identity", "cisco_ios_neighbours.parse_cdp_brief"}


@given(st.data())
@examples(200)
def test_a_log_line_in_the_middle_costs_no_row_and_is_kept(data):
    name = data.draw(st.sampled_from(list(PLAIN)))
    parse, text = PLAIN[name]
    if parse in FREE_TEXT:
        return
    lines = text.rstrip("\n").split("\n")
    line = data.draw(st.sampled_from(LOG_LINES))
    lines.insert(data.draw(st.integers(1, len(lines) - 1)), line)
    parsed, whole = parse("\n".join(lines)), parse(text)
    if any(isinstance(row, LogLine) for row in whole.rows):
        return  # a log line in a log is a log line
    assert len(parsed.rows) == len(whole.rows)
    kept = "".join(str(getattr(row, "system_description", "")) for row in parsed.rows)
    whose = f"{parse.__module__.rpartition('.')[2]}.{parse.__name__}"
    if whose in BLOCKS and ":" in line:
        return
    assert line in parsed.not_understood or line in kept or whose in GOES_ON


def told_by(row, rows) -> bool:
    """Whether a row says nothing that one of the others does not say; of a cable, pairs may be missing."""

    def agree(mine, true) -> bool:
        if getattr(mine, "pairs", ()) and hasattr(true, "pairs"):
            rest = [pair for pair in mine.pairs if not told_by(pair, true.pairs)]
            mine, true = dataclasses.replace(mine, pairs=()), dataclasses.replace(true, pairs=())
            return not rest and agrees(mine, true)
        return agrees(mine, true)

    return any(type(row) is type(true) and agree(row, true) for true in rows)


def check_spoilt(name: str, line: int, column: int, log: str, end: str) -> None:
    """A message of the log falls into a line; the row's other half follows on the same line or on the next."""
    parse, text = PLAIN[name]
    lines, whole = text.rstrip("\n").split("\n"), parse(text)
    split = lines[line]
    if any(isinstance(row, LogLine) for row in whole.rows) or not split[:column].strip():
        return
    lines[line] = f"{split[:column]}{log}{end}{split[column:]}"
    parsed = parse("\n".join(lines) + "\n")
    wrong = [row for row in parsed.rows if not told_by(row, whole.rows)]
    assert not wrong, (name, lines[line], wrong[0])
    assert any(log in said for said in parsed.not_understood)
    half = split[column:].strip()
    assert not half or any(half in said for said in parsed.not_understood)


LOGS = [*LOG_LINES[:2], "WARN(4) Port 7 link down", "Port 7 link down", "INFO: Port 7 link up, 100Mbps FULL duplex"]


@given(st.data())
@examples(300)
def test_a_message_of_the_log_within_a_row_makes_no_wrong_row_and_both_halves_are_told(data):
    name = data.draw(st.sampled_from(list(PLAIN)))
    lines = PLAIN[name][1].rstrip("\n").split("\n")
    line = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(0, len(lines[line])))
    check_spoilt(name, line, column, data.draw(st.sampled_from(LOGS)), data.draw(st.sampled_from(["", "\n"])))


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
def test_a_message_of_the_log_at_every_third_column_makes_no_wrong_row(name):
    for line, text in enumerate(PLAIN[name][1].rstrip("\n").split("\n")):
        for column in range(1, len(text), 3):
            check_spoilt(name, line, column, LOG_LINES["huawei" in name], "\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["A", "1 ", " ", "CTRL+C ", "\x1b[1C", "1 1:1 Link Down ", "Gi0/1 a ", "%A-1-A", "Pair 1 ", ": "]
)
def test_a_megabyte_of_anything_is_got_over(piece):
    """No expression may take more than linear time: this test would not end."""
    flood = piece * (1_000_000 // len(piece))
    many = (piece * (1_900 // len(piece)) + "\n") * 3
    for parse in {parse for parse, _ in TEXTS.values()}:
        assert parse(flood).cut == bool(flood.strip())
        parse(many)


@pytest.mark.parametrize("name", PLAIN)
def test_a_prompt_glued_onto_the_front_of_a_line_is_in_no_value(name):
    """It is left out where the answer shows whose it is; where it does not, the line is told too."""
    parse, text = PLAIN[name]
    whole, lines = parse(text), text.rstrip("\n").split("\n")
    if any(isinstance(row, LogLine) for row in whole.rows):
        return
    for at in range(1, min(len(lines), 20)):
        glued = "\n".join((*lines[:at], f"SW-1#{lines[at]}", *lines[at + 1 :]))
        known, unknown = parse(f"{glued}\nSW-1#"), parse(f"{glued}\n")
        assert known.rows == whole.rows or reported(known) > reported(whole), lines[at]
        assert not any("SW-1#" in repr(row) for row in (*known.rows, *unknown.rows)), lines[at]
