"""ICMP for real, between network namespaces, where a host can be cut off (on loopback the kernel always answers)."""

from __future__ import annotations

import os
import shutil
import subprocess
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
        ip("-n", NAMESPACE, "link", "set", FAR, "up")
        yield
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", NEAR], check=False, capture_output=True)


async def test_a_host_is_alive_until_it_is_cut_off(namespace: None) -> None:
    pinger = Pinger(timeout_s=0.3)
    assert await pinger.alive([THEIRS, NOBODY]) == {THEIRS: True, NOBODY: False}
    ip("-n", NAMESPACE, "link", "set", FAR, "down")
    assert await pinger.alive([THEIRS]) == {THEIRS: False}
    ip("-n", NAMESPACE, "link", "set", FAR, "up")
    assert await pinger.alive([THEIRS]) == {THEIRS: True}
