"""Configurations as text: what is news, what is secret, what differs. Texts are written for these tests."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.core.config_secrets import STARS, mask, mask_lines
from uzel.core.configs import clean, compare, count_changes
from uzel.pollers.backup_store import night_due

CISCO = """\
Building configuration...

Current configuration : 4711 bytes
!
! Last configuration change at 10:11:12 MSK Mon Nov 23 2026 by chief
! NVRAM config last updated at 10:11:20 MSK Mon Nov 23 2026 by chief
!
version 12.2
hostname o1-d1-agg1
!
ntp clock-period 17180123
end
"""


def test_what_changes_by_itself_is_no_news() -> None:
    later = CISCO.replace("10:11", "23:59").replace("4711", "4712").replace("17180123", "17180999")
    assert later != CISCO
    assert clean(later) == clean(CISCO)
    assert clean(CISCO).text == "!\n!\nversion 12.2\nhostname o1-d1-agg1\n!\nend\n"
    assert clean(CISCO.replace("agg1", "agg2")).sha256 != clean(CISCO).sha256


@pytest.mark.parametrize(
    "line",
    [
        "!Last configuration was updated at 2026-11-23 10:11:12+03:00 by chief",
        "!System Up Time 12 days, 3 hours, 4 minutes",
        "! Current SNTP Synchronized Time: 2026-11-23 10:11:12",
        "# Up time: 3 days",
        "Using 3012 out of 65536 bytes",
        "! No configuration change since last restart",
    ],
)
def test_lines_of_clocks(line: str) -> None:
    assert clean(f"a\n{line}\nb\n").text == "a\nb\n"


@pytest.mark.parametrize(
    "line",
    [
        "*Mar  1 00:41:12.391: %LINK-3-UPDOWN: Interface FastEthernet0/7, changed state to up",
        "000123: Nov 23 10:11:12 MSK: %SYS-5-CONFIG_I: Configured from console by chief",
        "%LINEPROTO-5-UPDOWN: Line protocol on Interface Vlan1, changed state to down",
        "3w2d: %LINK-3-UPDOWN: Interface FastEthernet0/7, changed state to up",
        "Mar 14 2026 09:12:44+03:00 o1-agg1 %%01IFNET/4/IF_STATE(l)[12]:Interface GE0/0/1 has turned into UP state.",
        "#Mar 14 2026 09:12:44 o1-agg1 IFNET/1/IF_PVCDOWN:OID 1.3.6.1 Interface turned into DOWN state.",
        "WARN(4) 10.1.2.3 Port 7 link up, 100Mbps FULL duplex",
    ],
)
def test_log_lines_are_taken_out_and_never_cut_a_line_in_two(line: str) -> None:
    whole = clean(f"hostname a\n{line}\nend\n")
    assert (whole.text, whole.noise, whole.spoiled) == ("hostname a\nend\n", 1, False)
    if not line.startswith("%"):
        assert clean(f"hostname a\n descr{line}\niption x\nend\n").spoiled


def test_commands_that_speak_of_logs_are_commands() -> None:
    text = (
        'event syslog pattern "%LINK-3-UPDOWN: .*"\nlogging trap warnings\nsntp server 10.0.0.1\nclock timezone MSK 3\n'
    )
    assert clean(text) == type(clean(""))(text)


def test_control_characters_and_ends_of_lines_do_not_matter() -> None:
    assert clean("\r\n\r\na  \r\nb\0\n\n\n").text == "a\nb\n"
    assert clean("").text == ""


# One line of each kind: the secret stands between the angle brackets.
SECRETS = """\
enable secret 5 <$1$abcd$0123456789abcdef>
enable password 7 <0822455D0A16>
username chief privilege 15 secret 9 <$9$abcdefgh$0123456789>
username night password 0 <Owl-by-night>
 password 7 <060506324F41>
snmp-server community <Hidd3n> RO 10
snmp-server host 10.9.9.9 version 2c <Hidd3n>
snmp-server host 10.9.9.9 <Hidd3n> udp-port 162
snmp-server user u g v3 auth sha <AuthPass9> priv aes 128 <PrivPass9>
tacacs-server host 10.2.3.4 key 7 <0101010>
radius-server key <Rad1usKey>
 key 7 <09090909>
 key <Plain-key>
  key-string 7 <0505050>
 ip ospf message-digest-key 1 md5 7 <0909AB>
 neighbor 10.0.0.1 password 7 <0808CD>
 standby 1 authentication md5 key-string <Stand-by>
ntp authentication-key 1 md5 <060606FF> 7
crypto isakmp key <IsaKey9> address 10.1.1.1
snmp-agent community read cipher <%^%#ab c}d%^%#>
snmp-agent community write <Writ3able>
snmp-agent target-host trap address udp-domain 10.1.1.1 params securityname <Writ3able> v2c
 local-user chief password irreversible-cipher <$1a$ABCDEFG>
 set authentication password cipher <QQQQ11>
super password level 3 cipher <WWWW22>
 radius-server shared-key cipher <%@%@xx yy%@%@>
snmp-agent usm-user v3 u authentication-mode md5 <AAAA1> privacy-mode des56 <BBBB1>
ntp-service authentication-keyid 1 authentication-mode md5 cipher <CCCC1>
create snmp community <KnockKn0ck> view CommunityView read_write
create snmp group <KnockKn0ck> v2c read_view CommunityView
create snmp host 10.1.1.1 v2c <KnockKn0ck>
create snmp user u1 g1 encrypted by_password auth md5 <Auth1Secret> priv des <Priv1Secret>
config radius add 1 10.2.2.2 key <Rad1us> default
create authen server_host 10.1.1.1 protocol radius port 1812 key "<Rad1us and more>" timeout 5
config admin local_enable encrypt sha_1 <*@&QWERTYUIOP>
"""
OPEN = """\
disable password encryption
enable password_recovery
 authentication-mode password
 key 1
key chain OSPF
config ports 1-24 speed auto flow_control disable learning enable state enable
ip ssh version 2
switchport port-security
 description community centre, key account
config snmp system_name o1-d1-k1-h1-sw1
snmp-server enable traps snmp authentication linkdown linkup
logging host 10.1.1.1
"""


def test_secrets_are_stars(subtests: pytest.Subtests) -> None:
    for line in SECRETS.splitlines():
        plain = line.replace("<", "").replace(">", "")
        secrets = [part.split(">")[0] for part in line.split("<")[1:]]
        with subtests.test(line):
            masked = mask(plain)
            assert all(secret not in masked for secret in secrets), masked
            assert STARS in masked
            # The line still says what it is about.
            assert masked.split()[0] == plain.split()[0]


def test_what_is_no_secret_stays() -> None:
    assert [mask(line) for line in OPEN.splitlines()] == OPEN.splitlines()


def test_passwords_of_d_link_accounts_stand_on_lines_of_their_own() -> None:
    text = (
        "# ACCOUNT LIST\ncreate account admin chief\nOpen-Sesame\nOpen-Sesame\n# ACCOUNT END\n\n# VLAN\ncreate vlan a\n"
    )
    assert mask(text) == text.replace("Open-Sesame", STARS)
    bare = "create account operator night\nOwl\nOwl\ncreate vlan a\n"
    assert mask(bare) == bare.replace("Owl", STARS)
    assert mask("create account admin chief\nconfig serial_port auto_logout never\n").endswith("never\n")


@given(st.lists(st.sampled_from([*SECRETS.splitlines(), *OPEN.splitlines(), "# ACCOUNT LIST", "# VLAN", ""])))
def test_masking_keeps_the_lines_in_place(lines: list[str]) -> None:
    plain = [line.replace("<", "").replace(">", "") for line in lines]
    masked = mask_lines(plain)
    assert len(masked) == len(plain)
    assert mask_lines(masked) == masked


OLD = (
    "hostname a\n!\ninterface Fa0/1\n description one\n switchport mode access\n!\ninterface Fa0/2\n shutdown\n!\nend\n"
)
NEW = OLD.replace("one", "uno").replace(" shutdown\n", "")


def test_a_comparison_names_the_section_and_numbers_the_lines() -> None:
    first, second = compare(OLD, NEW, around=0)
    assert [(line.sign, line.old, line.new, line.text) for line in first.lines] == [
        ("-", 4, None, " description one"),
        ("+", None, 4, " description uno"),
    ]
    assert (first.head, first.skipped) == ("interface Fa0/1", 3)
    assert [(line.sign, line.old, line.new) for line in second.lines] == [("-", 8, None)]
    assert second.head == "interface Fa0/2"
    assert [line.parts for line in first.lines] == [(" description ", "one", ""), (" description ", "uno", "")]
    (hunk,) = compare("config ports 4 state enable\n", "config ports 4 state disable\n")
    assert [line.parts[1] for line in hunk.lines] == ["enable", "disable"]
    (hunk,) = compare("vlan 10\n", "interface Fa0/7 up\n")
    assert [line.parts for line in hunk.lines] == [("", "", "vlan 10"), ("", "", "interface Fa0/7 up")]
    assert count_changes(OLD, NEW) == (1, 2)
    assert compare(OLD, OLD) == []
    ((left, right),) = first.sides
    assert left and right and (left.sign, right.sign) == ("-", "+")


LINES = st.lists(
    st.sampled_from(["!", " shutdown", "interface Fa0/1", "interface Fa0/2", "end", " mtu 9000"]), max_size=30
)


@given(LINES, LINES, st.integers(0, 4))
def test_a_comparison_tells_everything(old: list[str], new: list[str], around: int) -> None:
    """What stays and goes is the old text, what stays and comes is the new one; line numbers are right."""
    lines = [line for hunk in compare("\n".join(old), "\n".join(new), around=100) for line in hunk.lines]
    if old != new:
        assert [line.text for line in lines if line.sign in " -"] == old
        assert [line.text for line in lines if line.sign in " +"] == new
    hunks = compare("\n".join(old), "\n".join(new), around=around)
    for line in (line for hunk in hunks for line in hunk.lines):
        assert "".join(line.parts) == line.text
        assert line.old is None or old[line.old - 1] == line.text
        assert line.new is None or new[line.new - 1] == line.text
    added, removed = count_changes("\n".join(old), "\n".join(new))
    assert len(new) - len(old) == added - removed
    for hunk in hunks:
        assert [pair[0] for pair in hunk.sides if pair[0]] == [line for line in hunk.lines if line.sign != "+"]


@pytest.mark.parametrize(
    ("now", "hour", "night"),
    [
        ("2026-11-23 03:00", 3, date(2026, 11, 23)),
        ("2026-11-23 05:59", 3, date(2026, 11, 23)),
        ("2026-11-23 06:00", 3, None),
        ("2026-11-23 02:59", 3, None),
        ("2026-11-24 00:30", 23, date(2026, 11, 23)),
        ("2026-11-23 03:00", None, None),
    ],
)
def test_when_the_night_round_is_due(now: str, hour: int | None, night: date | None) -> None:
    assert night_due(datetime.fromisoformat(now), hour) == night
