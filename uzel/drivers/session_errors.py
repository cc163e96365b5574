"""What goes wrong between Uzel and a device's command line: one error, whose code says what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from uzel.drivers.cli_page import Refusal


class Trouble(StrEnum):
    """What was met. The value is the code that travels to logs, probes and pages.

    The words of each stand in `network/templatetags/trouble_words`.
    """

    UNREACHABLE = "unreachable"  # no way to the address, or nobody there answers
    REFUSED = "refused"  # the address answers that nobody listens, or that it takes no more sessions
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 -- the name of a trouble
    PASSWORD_EXPIRED = "password_expired"  # noqa: S105 -- right, and the device demands a new one
    NO_CREDENTIALS = "no_credentials"
    LOW_PRIVILEGE = "low_privilege"
    LOCKED = "locked_by_other_session"
    NO_PROMPT = "no_prompt"  # connected, and no login or prompt that the driver knows came in time
    WRONG_HOST = "wrong_host"  # another device answers there, or the device's name has changed under way
    COMMAND_REFUSED = "command_refused"
    HUNG = "hung"  # the answer stopped and its end never came
    CLOSED = "closed"
    FLOODED = "flooded"
    BUSY = "busy"  # all of our own sessions with this device stayed taken


# Asking again as things stand gives the same: a person has to change something first.
PERMANENT = frozenset(
    {
        Trouble.WRONG_PASSWORD,
        Trouble.PASSWORD_EXPIRED,
        Trouble.NO_CREDENTIALS,
        Trouble.LOW_PRIVILEGE,
        Trouble.WRONG_HOST,
        Trouble.COMMAND_REFUSED,
    }
)

REFUSALS: Mapping[Refusal, Trouble] = {
    Refusal.UNKNOWN_COMMAND: Trouble.COMMAND_REFUSED,
    Refusal.WRONG_ARGUMENT: Trouble.COMMAND_REFUSED,
    Refusal.NOT_SUPPORTED: Trouble.COMMAND_REFUSED,
    Refusal.LOW_PRIVILEGE: Trouble.LOW_PRIVILEGE,
    Refusal.LOCKED: Trouble.LOCKED,
    Refusal.LOGIN: Trouble.WRONG_PASSWORD,
    Refusal.EXPIRED: Trouble.PASSWORD_EXPIRED,
}


class SessionError(Exception):
    """A device was not asked, or did not answer to the end.

    `stage` is connect, login, command or pool; `text` is what had come of it, raw, without anything that was typed in
    secret; `permanent`: asking again will not help; `refusal` is the device's reason when it refused a command.
    """

    def __init__(self, code: Trouble, *, stage: str, text: str = "", refusal: Refusal | None = None) -> None:
        """Keep what happened, where, and what the device had said."""
        super().__init__(f"{code} ({stage})")
        self.code = code
        self.stage = stage
        self.text = text
        self.refusal = refusal

    @property
    def permanent(self) -> bool:
        return self.code in PERMANENT


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each stage may take, seconds. `silence_s`: no byte for so long within an answer means that it hangs.

    A cable test of a D-Link is silent for 1-3 s a port, a Huawei that pings four times in vain for 8 s.
    """

    connect_s: float = 3.0
    login_s: float = 10.0
    command_s: float = 30.0
    silence_s: float = 10.0
    # All of our sessions with the device are taken.
    turn_s: float = 20.0


# Of what a device pours out without an end.
HEAD_CHARS, TAIL_CHARS = 12_000, 6_000


def head_and_tail(text: str) -> str:
    """How a text began and how it ended, and how much is left out in between."""
    left_out = len(text) - HEAD_CHARS - TAIL_CHARS
    if left_out <= 0:
        return text
    return f"{text[:HEAD_CHARS]}\r\n[... {left_out} characters left out ...]\r\n{text[-TAIL_CHARS:]}"
