"""ICMP for real, between network namespaces, where a host can be cut off (on loopback the kernel always answers)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from uzel.drivers.icmp import Pinger

NAMESPACE, NEAR, FAR = "uzel-monitor-test", "uzmon0", "uzmon1"
OURS, THEIRS, NOBODY = "198.18.30.1", "198.18.30.2", "198.18.30.3"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="network namespaces need root and iproute2"
)


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def join() -> None:
    """Raise the far end, and wait until the kernel carries frames to it and knows its address.

    A link just raised is without a carrier for a moment, and what is sent then is lost.
    """
    ip("-n", NAMESPACE, "link", "set", FAR, "up")
    ip("neigh", "flush", "dev", NEAR)
    end = time.monotonic() + 10
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        while not neighbour_is_known():
            assert time.monotonic() < end, f"{NEAR} and {FAR} are not joined"
            probe.sendto(b"", (THEIRS, 9))
            time.sleep(0.02)


def neighbour_is_known() -> bool:
    shown = subprocess.run(["ip", "-j", "neigh", "show", THEIRS, "dev", NEAR], check=True, capture_output=True)
    return any({"REACHABLE", "DELAY"} & set(entry["state"]) for entry in json.loads(shown.stdout or "[]"))


@pytest.fixture
def namespace() -> Iterator[None]:
    try:
        ip("netns", "add", NAMESPACE)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
    try:
        ip("link", "add", NEAR, "type", "veth", "peer", "name", FAR, "netns", NAMESPACE)
        ip("addr", "add", f"{OURS}/29", "dev", NEAR)
        ip("link", "set", NEAR, "up")
        ip("-n", NAMESPACE, "addr", "add", f"{THEIRS}/29", "dev", FAR)
        join()
        yield
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", NEAR], check=False, capture_output=True)


async def test_a_host_is_alive_until_it_is_cut_off(namespace: None) -> None:
    pinger = Pinger(timeout_s=0.3)
    assert await pinger.alive([THEIRS, NOBODY]) == {THEIRS: True, NOBODY: False}
    ip("-n", NAMESPACE, "link", "set", FAR, "down")
    assert await pinger.alive([THEIRS]) == {THEIRS: False}
    join()
    assert await pinger.alive([THEIRS]) == {THEIRS: True}
