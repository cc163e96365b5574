"""The client of the city's control socket: one JSON line there, one back."""

import json
import socket
from pathlib import Path
from typing import Any

SOCKET = "city.sock"


class NoCity(ConnectionError):
    """No simulated city listens at the socket."""


def call(sock: Path | str, command: dict[str, Any], *, timeout_s: float = 30.0) -> dict[str, Any]:
    """Send a command such as {"do": "cut", "link": …}; returns {"ok": True, …} or {"ok": False, "error", "near"}.

    Raises NoCity when nobody listens there.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout_s)
        try:
            client.connect(str(sock))
        except OSError as error:
            raise NoCity(f"no city runs at {sock}") from error
        client.sendall(json.dumps(command).encode() + b"\n")
        with client.makefile("rb") as stream:
            line = stream.readline()
    if not line:
        raise NoCity(f"the city at {sock} went away")
    answer: dict[str, Any] = json.loads(line)
    return answer
