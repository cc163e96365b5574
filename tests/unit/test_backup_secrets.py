"""What the mask must not let through, and what a device that means ill may not do to it."""

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.core import config_secrets
from uzel.core.config_secrets import LONG, STARS, mask, mask_lines
from uzel.core.configs import lines_of

# A hostile reader's list. What must be hidden stands between the angle brackets, nothing else may be.
TABLE = """\
 ip nhrp authentication <hunter2>
 ipv6 ospf authentication ipsec spi 500 md5 <0123456789ABCDEF0123456789ABCDEF>
 ospfv3 authentication ipsec spi 500 sha1 0 <0123456789ABCDEF0123456789ABCDEF01234567>
 ospfv3 encryption ipsec spi 1001 esp aes-cbc 128 <0123456789ABCDEF sha1 0123456789ABCDEF>
 area 0 authentication ipsec spi 1000 md5 <1234567890ABCDEF>
 pac key <hunter2>
 pac key 7 <0909>
snmp mib community-map <hunter2> engineid 8000000903
snmp-server get-community <hunter2>
snmp-server set-community <hunter2>
snmp-server trap-community <hunter2>
! password: <hunter2>
! Password = <hunter2>
 description pw:<hunter2>
 description gate pwd=<hunter2>
 description пароль: <hunter2>
config account duty encrypt plain_text <hunter2>
config account duty encrypt sha_1 <*@&QWERTYUIOP>
config admin local_enable <hunter2>
config dot1x add_user u <hunter2>
config ospf ipif x authentication simple <hunter2>
config ospf all authentication simple <hunter2>
config rip ipif System authentication enable <hunter2> tx_mode v2_only
config vrrp vrid 1 ipif System authtype simple authdata <hunter2>
config ppp chap_secret <hunter2>
config ddns dlink user u pass <hunter2>
config mac_based_access_control password <hunter2>
config wac user u password <hunter2>
config bgp neighbor session 1.1.1.1 password <hunter2>
create ospf md5 key 1 <hunter2>
config md5 key 12 <hunter2>
create snmp v3user u auth md5 <hunter2>
create snmp user u g encrypted by_password auth md5 <hunter2> priv des <hunter3>
create snmp user auth priv encrypted by_password auth sha <hunter2> priv none
config radius add 1 10.2.2.2 key <hunter2> auth_port 1812
ip ftp password <hunter2>
ip http client password 0 <hunter2>
l2tp tunnel password 0 <hunter2>
ppp chap password 0 <hunter2>
username u password <hunter 2 with spaces>
username duty secret sha512 <$14$abcdefgh$xyz>
username duty privilege 15 password 0 <hunter2>
enable password level 15 <hunter2>
enable algorithm-type scrypt secret <hunter2>
 pre-shared-key address 0.0.0.0 0.0.0.0 key <hunter2>
 pre-shared-key address 10.0.0.1 key <hunter2>
 pre-shared-key local <hunter2>
 pre-shared-key <hunter2>
 key 7 <0909>
 key 0 <12>
 standby 1 authentication <hunter2>
 standby 1 authentication md5 key-string <hunter2>
 vrrp 1 authentication text <hunter2>
 isis password <hunter2>
 area-password <hunter2>
 domain-password <hunter2>
snmp-server user u g v3 auth sha <hunter2> priv des56 <hunter3>
snmp-server user u g v3 encrypted auth md5 <hunter2> priv aes 128 <hunter3> access 10
snmp-server user auth g v3 auth md5 <hunter2>
 path ftp://user:<hunter2>@10.0.0.1/x
 http get http://u:<p@ss:w/rd>@host/
boot config http://u:<hunter2>@1.1.1.1/
 action 1 cli command "enable" pattern <"Password">
 action 2 cli command <"hunter2">
  key-string plain <hunter2>
 ospf authentication-mode simple plain <hunter2>
 ospf authentication-mode md5 1 plain <hunter2>
 rip authentication-mode md5 usual <hunter2>
 isis authentication-mode md5 <hunter2>
 wlan security wpa2 psk pass-phrase <hunter2 aes>
 mac-authen password <hunter2>
 mac-authen username fixed u password cipher <hunter2>
snmp-agent usm-user v3 u g authentication-mode sha <hunter2> privacy-mode aes128 <hunter3>
set transfer-mode ftp://u:<hunter2>@1.1.1.1
sftp client-transfile get x username u password <hunter2>
"""
ORDINARY = """\
service password-encryption
 password-control enable
local-aaa-user password policy administrator
 password expire 90
 password alert before-expire 30
 authentication-mode aaa
aaa authentication login default local
aaa group server radius OFFICE
radius-server host 10.1.1.1 auth-port 1812 acct-port 1813
crypto key generate rsa modulus 2048
ip ssh server algorithm authentication password
rsa peer-public-key office
key chain OSPF
 key 12
ip ospf authentication message-digest
config radius parameter timeout 5
config rip ipif System authentication disable
config ports 1 description key account
config ports 25 speed 1000_full master medium_type copper description passage secretary
config dot1x auth_protocol local
config 802.1p user_priority 0 1
config authen_login default method local
config snmp system_name o1-d1-k1-h1-sw1
create snmp view CommunityView 1 view_type included
disable snmp encryption
snmp-server enable traps snmp authentication linkdown linkup
snmp-server location Lenina 1
snmp-agent sys-info version v2c v3
snmp-agent usm-user v3 u g
 action 1 cli command "enable"
 action 2 cli command "show running-config"
 path tftp://10.0.0.1/configs/
ntp server 10.0.0.1 key 5
 port trunk allow-pass vlan 2 to 4094
  pass log
"""


def parted(line: str) -> tuple[str, str]:
    """A line as a switch has it, and as it has to be shown."""
    return re.sub(r"[<>]", "", line), re.sub(r"<.*?>", STARS, line)


def test_every_secret_and_nothing_else_is_stars(subtests: pytest.Subtests) -> None:
    for line in TABLE.splitlines():
        plain, wanted = parted(line)
        with subtests.test(line):
            # Known words alone may be hidden on the way: a few secrets of several words become one star each.
            assert (
                re.sub(r"(?:\*{8} ?)+", STARS + " ", mask(plain)).rstrip()
                == re.sub(r"(?:\*{8} ?)+", STARS + " ", wanted).rstrip()
            )
            assert mask(mask(plain)) == mask(plain)


def test_ordinary_lines_stay() -> None:
    assert [mask(line) for line in ORDINARY.splitlines()] == ORDINARY.splitlines()


@pytest.mark.parametrize("user", ["create dot1x user u", "create 802.1x user u", "create jwac user u vlan 1"])
def test_passwords_below_a_name_however_they_look(user: str) -> None:
    text = f"{user}\nhunter 2 with spaces\ncreate\nconfig dot1x capability ports 1 none\n"
    assert mask(text) == f"{user}\n{STARS}\n{STARS}\nconfig dot1x capability ports 1 none\n"


def test_an_empty_line_does_not_end_the_wait_for_a_password() -> None:
    lines = ["create account admin bob", "", "hunter2", "  ", "hunter2", "", "create vlan x"]
    assert mask_lines(lines) == ["create account admin bob", "", STARS, "  ", STARS, "", "create vlan x"]


def test_characters_that_look_like_ends_of_lines_end_none() -> None:
    for end in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
        text = f"hostname a\nusername chief password{end}hunter2{end}hunter3\nend\n"
        assert "hunter" not in mask(text)
        assert len(lines_of(mask(text))) == 3


HOSTILE = [
    *("snmp-server user ", "snmp-agent ", "create snmp user a b auth ", "enable ", "vtp ", "create ", "create key "),
    *("radius ", "password ", "key 1 ", "://a:", "://a:@", "%^%#", "%@%@ ", "$1$", "standby 1 authentication ", '"'),
    *("snmp-server community x ", "# ACCOUNT LIST ", "create account admin ", "pre-shared-key address ", "pattern "),
    *("authentication-mode md5 ", " ", "\t", "a", "0 ", "level 1 ", "auth priv ", "description key "),
]


class Counted:
    """A pattern that writes down how much it was given to read."""

    def __init__(self, pattern: "re.Pattern[str]", read: Counter[str], most: list[int]) -> None:
        self.pattern, self.read, self.most = pattern, read, most

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.pattern, name)

        def counted(*arguments: Any) -> Any:
            self.read["characters"] += len(arguments[-1])
            self.most[0] = max(self.most[0], len(arguments[-1]))
            return method(*arguments)

        return counted


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> tuple[Counter[str], list[int]]:
    read: Counter[str] = Counter()
    most = [0]
    for name, value in vars(config_secrets).copy().items():
        if isinstance(value, re.Pattern):
            monkeypatch.setattr(config_secrets, name, Counted(value, read, most))
    rules = tuple(Counted(rule, read, most) for rule in config_secrets._RULES)
    monkeypatch.setattr(config_secrets, "_RULES", rules)
    return read, most


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_line_is_too_much(piece: str, counted: tuple[Counter[str], list[int]]) -> None:
    """No expression reads more than LONG characters, however long a line is; and twice the lines is twice the work."""
    read, most = counted
    long = (piece * (64 * 1024 // len(piece) + 1))[: 64 * 1024]
    assert mask_lines([long, long + "x"]) == [STARS, STARS]
    assert most[0] <= LONG
    work = []
    for lines in (32, 64):
        read.clear()
        masked = mask_lines([long[:LONG]] * lines)
        assert mask_lines(masked) == masked
        work.append(read["characters"])
    assert most[0] <= 10 * LONG, "stars may be longer than what they hide"
    assert work[1] <= 2 * work[0] + 100 * LONG


def test_no_expression_begins_anew_at_each_place() -> None:
    """What may run on to the end of a line does so once: it ends the expression, or is held to its start."""
    for rule in config_secrets._RULES:
        assert not re.search(r"\.\*\??(?!\)$)", rule.pattern), rule.pattern


WORDS = sorted({word for line in (TABLE + ORDINARY).splitlines() for word in parted(line)[0].split()})


@given(
    st.lists(st.lists(st.sampled_from([*WORDS, '"', "'", "\x0b", "x" * LONG]), max_size=8).map(" ".join), max_size=6)
)
def test_any_words_in_any_order(lines: list[str]) -> None:
    masked = mask_lines(lines)
    assert len(masked) == len(lines)
    assert mask_lines(masked) == masked
    assert not any("password hunter2" in line for line in masked)
