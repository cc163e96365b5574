"""What must not be read over a shoulder: passwords, communities and keys in a switch's configuration.

A line of a secret stays, its value becomes stars. When in doubt, stars: a hidden word costs a look by somebody who may
see it, a shown password costs the network. A text comes from a device that may mean ill: no expression here looks at
more than LONG characters, and none begins `.*` anew at each place of a line.
"""

import re
from collections.abc import Collection, Iterable

from uzel.core.configs import lines_of

STARS = "********"
# No switch has a command as long as this: what is longer is stars whole.
LONG = 1_000
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|\S+)"
_REST = r"\S.*"
# Words that may stand between the name of a secret and its value: how it is written down.
_HOW = (
    r"(?:(?:cipher|simple|irreversible-cipher|hash|encrypted|encrypt|plain_text|plain-text|plaintext|plain|usual"
    r"|nonstandard|sha_1|sha\d*|md5|des|aes|level \d+|by_password|by_key|auth|priv|ascii|hex|[0-9])\s+)*"
)
_SNMP_VERSION = r"(?:version (?:1|2c|3(?: \w*auth\w*| priv)?) )?"
# What stands before the value (group 1, kept), and the value, which is starred (group 2).
_RULES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # All makes: whatever follows such a word, to the end of the line.
        rf"((?:password|passwd|passphrase|pass-phrase|secret|пароль|(?<![a-z0-9-])pass)(?:\s?[:=]\s*|\s+){_HOW})({_REST})",
        # In what people write; "pw" alone begins words of pseudo-wires.
        rf"((?<![a-z0-9-])pwd?\s?[:=]\s*)({_REST})",
        rf"((?<![\w-])(?:key-string|shared-key|wpa-psk|psk)\s+(?:pass-phrase\s+)?{_HOW})({_REST})",
        rf"(\bpre-shared-key\s+(?:(?:address \S+(?: \d[\d.]+)?|hostname \S+) key |local |remote )?{_HOW})({_REST})",
        rf"(\bauthentication-mode (?:md5|sha\S*|simple|hmac-\S+)(?: \d+)?\s+{_HOW})({_REST})",
        rf"(^\s*key\s+[0-9]\s+)({_REST})",
        rf"(^\s*key\s+{_HOW})(?=\S*[a-z]|\d{{5}})({_VALUE})",
        rf"(\bisakmp key\s+{_HOW})({_VALUE})",
        rf"(\b(?:message-digest-key|authentication-key(?:id)?) \d+ (?:authentication-mode )?{_HOW})({_VALUE})",
        rf"(\bauthentication(?:-key| text| md5)\s+{_HOW}(?:key-string\s+{_HOW})?)({_VALUE})",
        rf"(^\s*(?:standby|vrrp|glbp)(?: \d+)? authentication (?:(?:text|md5|key-string) )*{_HOW})({_VALUE})",
        rf"(\bnhrp authentication\s+{_HOW})({_VALUE})",
        rf"(\bpac key\s+{_HOW})({_REST})",
        # OSPFv3, of an interface or an area: one key or two, each behind the name of its algorithm.
        rf"(\bipsec spi \d+\s+(?:esp\s+)?(?:(?:md5|sha1|null|3?des|aes-cbc(?: \d+)?)\s+)?(?:[07]\s+)?)({_REST})",
        rf"(\bprivacy-mode \S+\s+{_HOW})({_VALUE})",
        # SNMP.
        rf"(\bsnmp-server community\s+{_HOW})({_VALUE})",
        rf"(\bsnmp-server (?:get|set|trap)-community\s+{_HOW})({_VALUE})",
        rf"(\bcommunity-map\s+)({_VALUE})",
        rf"(\bsnmp-server host \S+ (?:vrf \S+ )?(?:traps |informs )?{_SNMP_VERSION})({_VALUE})",
        rf"(\bsnmp-server group\s+)({_VALUE})(?= v(?:1|2c)\b)",
        rf"(\bsnmp-agent community\s+(?:read|write|complexity-check)\s+{_HOW})({_VALUE})",
        rf"(\bsecurityname\s+{_HOW})({_VALUE})",
        rf"(\b(?:create|config|delete) snmp community\s+{_HOW})({_VALUE})",
        rf"(\bcreate snmp group\s+{_HOW})({_VALUE})(?= (?:v1|v2c)\b)",
        rf"(\bcreate snmp host \S+ (?:v1|v2c|v3 \w+)\s+)({_VALUE})",
        # D-Link.
        rf"(\b(?:encrypt (?:plain_text|sha_1)|local_enable)\s+{_HOW})({_REST})",
        rf"(\badd_user\s+\S+\s+)({_REST})",
        rf"(\b(?:authdata|authentication (?:simple|enable))\s+{_HOW})({_VALUE})",
        # Cisco's applets type answers, passwords too.
        rf"(\bpattern\s+)({_REST})",
        r"(\bcli command\s+)(?!\"?(?:enable|end|exit|disable|reload|y|n|yes|no)\"?$)(\"?[^\s\"]+\"?)$",
    )
)
# `key <value>` means a secret in lines about servers and in D-Link's commands, up to words that people have written.
_KEYED = re.compile(
    r"\b(?:radius|tacacs|hwtacacs|radius-server|tacacs-server|server-private|server|server_host|create|config)\b", re.I
)
_KEY = re.compile(rf"(\bkey\s+(?:\d+\s+(?=\S))?{_HOW})({_VALUE})", re.IGNORECASE)
_CLOCK = re.compile(r"\s*s?ntp\b", re.IGNORECASE)
_FREE = re.compile(r"\b(?:description|name|remark|alias)\b", re.IGNORECASE)
# Users of SNMP 3: behind their names all is stars but these words, and what follows `access`.
_USM = re.compile(
    r"(\s*(?:no |undo )?(?:snmp-server user \S+ \S+|create snmp (?:v3)?user \S+|snmp-agent \S*usm-user v3 \S+)\s)(.*)",
    re.IGNORECASE,
)
_USM_BEGINS = re.compile(r"(?<!\S)(?:auth|priv|authentication-mode|privacy-mode)(?!\S)", re.IGNORECASE)
_is_usm_word = re.compile(
    r"auth|priv|authentication-mode|privacy-mode|md5|sha(?:-?\d{1,3}|2-\d{3})?|3?des(?:56|168)?|aes(?:128|192|256)?"
    r"|128|192|256|none|access|acl|ipv6|by_password|by_key|encrypted|cipher|simple"
).fullmatch
_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|\S+")
# Ciphertexts that are known by their look, wherever they stand: D-Link's hashes, Huawei's, Cisco's.
_LOOKS = re.compile(
    r"\*@&\S+|%\^%#.*?%\^%#|%@%@.*?%@%@|%\$%\$.*?%\$%\$|@%@%.*?@%@%|\$1[ac]\$\S+|\$\d{1,2}[a-z]?\$[./$\w]{8,}"
)
# Most lines have nothing of the kind: they are let through unread.
_HINTS = (
    *(
        "pass",
        "парол",
        "pw",
        "ipsec",
        "secret",
        "key",
        "psk",
        "communit",
        "snmp",
        "auth",
        "cipher",
        "md5",
        "sha",
        "privacy",
        "securityname",
    ),
    *("trap", "host", "*@&", "%^", "%@", "%$", "@%", "$", "encrypt", "local_enable", "add_user", "pattern", "cli com"),
    "://",
)
# Words of the language that a loose rule might take for a value.
_is_word = re.compile(
    r"policy|encryption|recovery|enable|disable|default|none|chain|administrator|expires?|alert|before-expire|history"
    rf"|record|number|complexity|check|min-length|log|{re.escape(STARS)}"
).fullmatch
# The values of communities come again in other lines about SNMP; a short one would star ordinary words.
_COMMUNITY = re.compile(
    rf"\b(?:snmp community|snmp-server community|community (?:read|write))\s+{_HOW}({_VALUE})", re.I
)
_SNMP = re.compile(r"\bsnmp|\btrap", re.IGNORECASE)
_AGAIN = re.compile(r"\"[^\"]*\"|[^\s\"',;]+")
_SHORT = 4
# D-Link writes the passwords of accounts on lines of their own, below the name and between these two.
_ACCOUNTS, _ACCOUNTS_END = re.compile(r"#\s*ACCOUNT (?:LIST|START)", re.I), re.compile(r"#\s*[A-Z]", re.I)
_ACCOUNT_WORDS = re.compile(
    r"\s*(?:$|#|(?:create|config|delete|enable|disable|show|reset) (?:account|password|admin|authen)\b)", re.I
)
_ACCOUNT = re.compile(
    r"\s*create (?:account \w+ \S+|(?:dot1x|802\.1x|wac|jwac) user \S+(?: vlan \S+)?)\s*$", re.IGNORECASE
)
_COMMAND = re.compile(
    r"\s*(?:$|[#!]|(?:create|config|delete|enable|disable|show|reset|clear|save|download|upload|debug|no)\s)", re.I
)


def mask_lines(lines: Iterable[str]) -> list[str]:
    """The same lines in the same order, secrets as stars. Wants the whole text: some are known by their place."""
    told = list(lines)
    again = _again(line[:LONG] for line in told if "ommunit" in line)
    masked, accounts, after_name = [], False, 0
    for line in told:
        if len(line) > LONG:
            masked.append(STARS)
            continue
        if _ACCOUNTS.match(line):
            accounts = True
        elif _ACCOUNTS_END.match(line):
            accounts = False
        if after_name and not line.strip():
            masked.append(line)  # the password is still to come
            continue
        if (accounts and not _ACCOUNT_WORDS.match(line)) or (after_name and not _COMMAND.match(line)):
            masked.append(STARS)
            after_name = max(0, after_name - 1)
            continue
        # A password and its repetition may follow the name where there is no heading.
        after_name = 2 if _ACCOUNT.match(line) else 0
        hidden = _masked(line, again)
        masked.append(hidden if len(hidden) <= LONG else STARS)
    return masked


def mask(text: str) -> str:
    """A configuration with its secrets as stars, line by line."""
    end = "\n" if text.endswith("\n") else ""
    return "\n".join(mask_lines(lines_of(text))) + end


def _again(lines: Iterable[str]) -> Collection[str]:
    """Communities that are set somewhere."""
    names = {found.group(1).strip("\"'") for line in lines for found in _COMMUNITY.finditer(line)}
    return {name for name in names if len(name) >= _SHORT and not _is_word(name)}


def _is_suspect(line: str) -> bool:
    small = line.lower()
    return any(hint in small for hint in _HINTS)


def _masked(line: str, again: Collection[str]) -> str:
    if not _is_suspect(line):
        return line
    line = _LOOKS.sub(STARS, line)
    if "://" in line and "@" in line:
        line = _WORD.sub(_without_login, line)
    if found := _USM.match(line):
        return found.group(1) + _masked_user(found.group(2))
    for rule in _RULES:
        line = rule.sub(_starred, line)
    free = _FREE.search(line)
    head = line[: free.start()] if free else line
    if _KEYED.search(head) and not _CLOCK.match(head):
        line = _KEY.sub(_starred, head) + line[len(head) :]
    if again and _SNMP.search(line):
        line = _AGAIN.sub(lambda found: STARS if found.group().strip('"') in again else found.group(), line)
    return line


def _masked_user(rest: str) -> str:
    """The words behind the name of a user of SNMP 3: from the first that tells of a secret on, all but known ones."""
    begins = _USM_BEGINS.search(rest)
    if not begins:
        return rest
    before = ""

    def starred(found: re.Match[str]) -> str:
        nonlocal before
        word, last = found.group(), before
        before = word.lower()
        return word if _is_usm_word(before) or last in {"access", "acl"} else STARS

    return rest[: begins.start()] + _WORD.sub(starred, rest[begins.start() :])


def _without_login(found: re.Match[str]) -> str:
    """An address without the password in it: `ftp://name:password@host`."""
    scheme, _, rest = found.group().partition("://")
    login, at, host = rest.rpartition("@")
    name, colon, _secret = login.partition(":")
    return f"{scheme}://{name}:{STARS}@{host}" if at and colon else found.group()


def _starred(found: re.Match[str]) -> str:
    first, *others = found.group(2).lower().split()
    if _is_word(first) and all(_is_word(word) or word.isdigit() for word in others):
        return found.group()
    return f"{found.group(1)}{STARS}"
