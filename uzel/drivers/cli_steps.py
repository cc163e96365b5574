"""What a session at a command line goes through: its stages, its steps, and the demand for a new password."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from uzel.drivers.cli_page import Refusal


class Stage(StrEnum):
    """Where the session is; an error names the stage in which it came."""

    LOGIN = "login"
    PASSWORD = "password"  # noqa: S105 -- the name of a stage
    ENABLE = "enable"
    SETTING_UP = "setting_up"
    READY = "ready"
    BUSY = "busy"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes for the device. `secret` ones must not be kept; repr never shows them."""

    data: bytes = field(repr=False)
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """The device waits for a command."""

    host: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came between a command and the next prompt. `refusal` when the device would not do it."""

    command: str
    text: str
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The session is over. `code`: a Refusal's, or timeout, closed, flood, other_host. `text` is what had come."""

    stage: Stage
    code: str
    text: str


Step = Send | Ready | Answer | Failed


class Demand(StrEnum):
    """How a device wants a new password."""

    OFFERED = "offered"  # it goes on when that is declined
    COMPELLED = "compelled"


# Of a longer line the rest is no such sentence.
_LONGEST_LINE = 512
# Huawei offers a change of an initial or old password, and goes on when it is declined (VRP 5 and 8).
_OFFER = re.compile(r"\b[Cc]hange (?:it |the password )?now ?\?.{0,20}[\[(][Yy]/[Nn][\])]\s*:?\s*$")
# Unverified: as such demands are usually worded; no recording and no page of facts has one.
_NEW_PASSWORD = re.compile(
    r"\b(?:old|new|current|confirm(?:ed)?|confirmation|retype|re-enter)\b.{0,60}\bpass ?word\b.{0,60}:\s*$"
    r"|\bpass ?word\b.{0,20}\b(?:again|confirm\w*)\b.{0,40}:\s*$",
    re.IGNORECASE,
)
_EXPIRED = re.compile(
    r"\bpass ?word\b.{0,40}\b(?:expired|(?:must|has to|needs to) be (?:changed|modified))"
    r"|\b(?:must|have to|required to|please) (?:change|modify) (?:the|your|this)\b.{0,40}\bpass ?word\b",
    re.IGNORECASE,
)


def demand(tail: str) -> Demand | None:
    """What the question says that a device has put at the login (its unfinished line); None when it asks for none."""
    if _OFFER.search(tail):
        return Demand.OFFERED
    return Demand.COMPELLED if _NEW_PASSWORD.search(tail) else None


def says_expired(line: str) -> bool:
    """Whether a line says that the password has to be changed."""
    return bool(_EXPIRED.search(line[:_LONGEST_LINE]))
