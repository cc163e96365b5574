"""From a raw answer to what it says, however long that takes: the loop of all sessions never waits for it."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from uzel.drivers.cli_text import WIDE_LINE
from uzel.drivers.session_errors import SessionError, Trouble, head_and_tail

T = TypeVar("T")

# An honest answer of a megabyte is read in a third of this; what a switch pours out may be made to take longer.
READ_S = 10.0
# Nearly every answer: read within a few milliseconds, which is not worth a thread.
SHORT = 4_000


async def read(work: Callable[[str], T], text: str, starred: Callable[[str], str]) -> T:
    """What `work` (a page's parser, `draw`) makes of a raw text. Raises SessionError("flooded") when it takes too long.

    Of the text in that error, `starred` leaves no password.
    `work` has to be bounded by itself (see LONGEST_LINE and MOST_WIDE): a thread that is late cannot be stopped.
    """
    if len(text) <= SHORT and all(len(line) <= WIDE_LINE for line in text.split("\n")):
        return work(text)
    try:
        async with asyncio.timeout(READ_S):
            return await asyncio.to_thread(work, text)
    except TimeoutError as error:
        raise SessionError(Trouble.FLOODED, stage="command", text=head_and_tail(starred(text))) from error
