"""What must not be read over a shoulder: passwords, communities and keys in a switch's configuration.

A line of a secret stays, its value becomes stars. When in doubt, stars: a hidden word costs a look by somebody who may
see it, a shown password costs the network.
"""

import re
from collections.abc import Iterable

STARS = "********"
_VALUE = r"(?:\"[^\"]*\"|'[^']*'|\S+)"
# Words that may stand between the name of a secret and its value: how it is written down.
_HOW = (
    r"(?:(?:cipher|simple|irreversible-cipher|hash|encrypted|encrypt|plain_text|plain-text|plaintext|sha_1|sha1|sha"
    r"|md5|des|aes|level \d+|by_password|by_key|auth|priv|ascii|hex|[0-9])\s+)*"
)
_SNMP_VERSION = r"(?:version (?:1|2c|3(?: \w*auth\w*| priv)?) )?"
_OWNERS = "neighbor|peer|ppp|vtp|super|login|local-user|local-aaa-user|set authentication"
# (what stands before the value, what may not be the value). Group 1 is kept, the value that follows is starred.
_RULES: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Cisco, and D-Link's and Huawei's where they are alike.
        rf"(\b(?:enable|username|user) .*?\b(?:secret|password)\s+{_HOW})({_VALUE})",
        rf"(^\s*(?:password|secret|passphrase)\s+{_HOW})({_VALUE})",
        rf"(\bsnmp-server community\s+{_HOW})({_VALUE})",
        rf"(\bsnmp-server host \S+ (?:vrf \S+ )?(?:traps |informs )?{_SNMP_VERSION})({_VALUE})",
        rf"(\bsnmp-server user .*?\bauth(?: md5| sha| sha-\d+)?\s+)({_VALUE})",
        rf"(\bsnmp-server user .*?\bpriv(?: des| 3des| aes(?: \d+)?)?\s+)({_VALUE})",
        rf"(\bsnmp-server group\s+)({_VALUE})(?= v(?:1|2c)\b)",
        rf"(\b(?:radius|tacacs|hwtacacs|radius-server|tacacs-server|server-private|server)\b.*?\bkey\s+{_HOW})({_VALUE})",
        rf"(^\s*key\s+{_HOW})(?=\S*[a-z]|\d{{5}})({_VALUE})",
        rf"(\b(?:key-string|pre-shared-key|shared-key|wpa-psk|psk)\s+{_HOW}(?:address \S+ key\s+)?)({_VALUE})",
        rf"(\bisakmp key\s+{_HOW})({_VALUE})",
        rf"(\b(?:message-digest-key|authentication-key(?:id)?) \d+ (?:authentication-mode )?{_HOW})({_VALUE})",
        rf"(\bauthentication(?:-key| text| md5)\s+{_HOW}(?:key-string\s+{_HOW})?)({_VALUE})",
        rf"(\b(?:{_OWNERS}) .*?\bpassword\s+{_HOW})({_VALUE})",
        rf"(\b(?:md5-password|privacy-mode \S+)\s+{_HOW})({_VALUE})",
        rf"(\bauthentication-mode (?:md5|sha\S*|simple|hmac-\S+)(?: \d+)?\s+{_HOW})({_VALUE})",
        rf"(\bsnmp-agent community\s+(?:read|write|complexity-check)\s+{_HOW})({_VALUE})",
        rf"(\bsnmp-agent .*?\bsecurityname\s+{_HOW})({_VALUE})",
        # D-Link.
        rf"(\b(?:create|config|delete) snmp community\s+{_HOW})({_VALUE})",
        rf"(\bcreate snmp group\s+{_HOW})({_VALUE})(?= (?:v1|v2c)\b)",
        rf"(\bcreate snmp host \S+ (?:v1|v2c|v3 \w+)\s+)({_VALUE})",
        rf"(\bcreate snmp user \S+ \S+ .*?\bauth (?:md5|sha)\s+)({_VALUE})",
        rf"(\bcreate snmp user \S+ \S+ .*?\bpriv (?:des|none)\s+)({_VALUE})",
        rf"(\b(?:create|config) .*?\b(?:key|password|passwd|passphrase)\s+{_HOW})({_VALUE})",
    )
)
# Ciphertexts that are known by their look, wherever they stand: D-Link's hashes, Huawei's, Cisco's.
_LOOKS = re.compile(
    r"\*@&\S+|%\^%#.*?%\^%#|%@%@.*?%@%@|%\$%\$.*?%\$%\$|@%@%.*?@%@%|\$1[ac]\$\S+|\$[15689]\$[./$\w]{8,}"
)
# Most lines have nothing of the kind: they are let through unread.
_HINTS = (
    *("pass", "secret", "key", "psk", "communit", "snmp", "auth", "cipher", "md5", "sha", "privacy", "securityname"),
    *("trap", "host", "*@&", "%^", "%@", "%$", "@%", "$"),
)
# Words of the language that a loose rule might take for a value.
_WORDS = frozenset(
    {"policy", "encryption", "recovery", "enable", "disable", "default", "none", "chain", "administrator", STARS}
)
# The values of communities come again in other lines about SNMP; a short one would star ordinary words.
_COMMUNITY = re.compile(
    rf"\b(?:snmp community|snmp-server community|community (?:read|write))\s+{_HOW}({_VALUE})", re.I
)
_SNMP = re.compile(r"\bsnmp|\btrap", re.IGNORECASE)
_SHORT = 4
# D-Link writes the passwords of accounts on lines of their own, below the name and between these two.
_ACCOUNTS, _ACCOUNTS_END = re.compile(r"#\s*ACCOUNT (?:LIST|START)", re.I), re.compile(r"#\s*[A-Z]", re.I)
_ACCOUNT_WORDS = re.compile(
    r"\s*(?:$|#|(?:create|config|delete|enable|disable|show|reset) (?:account|password|admin|authen)\b)", re.I
)
_ACCOUNT = re.compile(r"\s*create account \w+ \S+\s*$", re.I)
_ONE_WORD = re.compile(r"\s*\S+\s*$")


def mask_lines(lines: Iterable[str]) -> list[str]:
    """The same lines in the same order, secrets as stars. Wants the whole text: some are known by their place."""
    told = list(lines)
    about = [line for line in told if "ommunit" in line]
    names = {found.group(1).strip("\"'") for line in about for found in _COMMUNITY.finditer(line)}
    again = _again(names)
    masked, accounts, after_name = [], False, 0
    for line in told:
        if _ACCOUNTS.match(line):
            accounts = True
        elif _ACCOUNTS_END.match(line):
            accounts = False
        if (accounts or (after_name and _ONE_WORD.match(line))) and not _ACCOUNT_WORDS.match(line):
            masked.append(STARS)
            after_name = max(0, after_name - 1)
            continue
        # A password and its repetition may follow the name where there is no heading.
        after_name = 2 if _ACCOUNT.match(line) else 0
        masked.append(_masked(line, again))
    return masked


def is_open(line: str) -> bool:
    """Whether a line stays as it is wherever it stands; False when the whole text has to be looked at to know."""
    return not _is_suspect(line) and not _ONE_WORD.match(line)


def mask(text: str) -> str:
    """A configuration with its secrets as stars."""
    end = "\n" if text.endswith("\n") else ""
    return "\n".join(mask_lines(text.splitlines())) + end


def _again(names: Iterable[str]) -> re.Pattern[str] | None:
    long = sorted({name for name in names if len(name) >= _SHORT and name not in _WORDS}, key=len, reverse=True)
    if not long:
        return None
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, long)) + r")(?![\w-])")


def _is_suspect(line: str) -> bool:
    small = line.lower()
    return any(hint in small for hint in _HINTS)


def _masked(line: str, again: re.Pattern[str] | None) -> str:
    if not _is_suspect(line):
        return line
    line = _LOOKS.sub(STARS, line)
    for rule in _RULES:
        line = rule.sub(_starred, line)
    return again.sub(STARS, line) if again and _SNMP.search(line) else line


def _starred(found: re.Match[str]) -> str:
    value = found.group(2)
    return found.group(0) if value.lower() in _WORDS else f"{found.group(1)}{STARS}"
