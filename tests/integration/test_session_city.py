"""Every make of the simulated city asked for real: telnet, SSH and SNMP tell the same of its ports."""

import asyncio
import csv
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from uzel.core.answers import Operation, PortStatus
from uzel.drivers import ask_snmp
from uzel.drivers.ask import By, Facts, ask
from uzel.drivers.ask_config import configuration
from uzel.drivers.pool import Pool
from uzel.drivers.transport import Login, Wire
from uzel.simcity import plan

NET, SNMP = 90, 11610
TELNET, SSH = SNMP + 1162, SNMP + 1061
LOGIN = Login("uzel", "uzel-city", "enable-city")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def switches(tmp_path_factory) -> Iterator[list[Facts]]:
    """A small city on loopback, one switch of each model."""
    home = tmp_path_factory.mktemp("city")
    plan.generate(home / "city", seed=3, switches=60, subscribers=900, net=NET, port=SNMP)
    command = [str(Path(sys.executable).parent / "uzel"), "city", "serve", str(home / "city")]
    with subprocess.Popen(command, env=os.environ | {"UZEL_HOME": str(home)}, stdout=subprocess.PIPE) as city:
        try:
            assert "up" in city.stdout.readline().decode()
            yield models(home / "city")
        finally:
            city.terminate()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def models(folder: Path) -> list[Facts]:
    communities = {row["code"]: row["snmp_community"] for row in rows(folder / "access_groups.csv")}
    ports: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows(folder / "ports.csv"):
        ports[row["device"]][row["name"]] = int(row["if_index"])
    found = {row["model"]: row for row in rows(folder / "devices.csv") if row["kind"] == "switch"}
    return [
        Facts(
            row["vendor"],
            row["model"],
            row["address"],
            communities[row["access_group"]],
            SNMP,
            ports[row["code"]],
            Wire.TELNET,
            TELNET,
            LOGIN,
        )
        for row in found.values()
    ]


def told(facts: Facts, answer: tuple[PortStatus, ...], *, speed: bool) -> dict[str, tuple[object, ...]]:
    """What is said of each port in the plan; a combo port is up when either side of it is."""
    merged: dict[str, PortStatus] = {}
    for row in answer:
        name = row.port.replace("/", ":")
        if name not in merged or row.link_up:
            merged[name] = row
    planned = {name.replace("/", ":") for name in facts.ports}
    assert planned <= merged.keys()
    return {name: (merged[name].admin_up, merged[name].link_up, speed and merged[name].speed_mbps) for name in planned}


async def test_ports_are_the_same_by_telnet_by_ssh_and_by_snmp(switches):
    assert {facts.vendor for facts in switches} == {"D-Link", "Cisco", "Huawei"}
    # A DES-3028 takes one session: nothing is kept open between telnet and SSH.
    async with Pool(idle_s=0) as pool:
        for facts in switches:
            place = ask_snmp.Place(facts.address, SNMP, facts.community, facts.vendor.lower(), facts.ports)
            by_snmp, _ = await ask_snmp.ports(place, None)
            by_telnet = await ask(facts, Operation.PORTS, pool=pool, by=By.CLI)
            over_ssh = Facts(
                facts.vendor, facts.model, facts.address, "", SNMP, facts.ports, Wire.SSH, SSH, facts.login
            )
            by_ssh = await ask(over_ssh, Operation.PORTS, pool=pool, by=By.CLI)
            assert (by_telnet.not_understood, by_telnet.doubts) == ((), ()), facts.model
            # Huawei's brief table of all ports has no speeds.
            speed = facts.vendor != "Huawei"
            said = [told(facts, answer, speed=speed) for answer in (by_telnet.rows, by_ssh.rows, by_snmp)]
            assert said[0] == said[1] == said[2], facts.model


async def test_configurations_come_whole_and_without_prompts(switches):
    async with Pool(idle_s=0) as pool:
        texts = await asyncio.gather(*(configuration(facts, pool=pool) for facts in switches))
    for facts, text in zip(switches, texts, strict=True):
        assert facts.address in text, facts.model
        assert "More" not in text
        assert not text.startswith(("show", "display", "Command"))


WHOLE = (Operation.ERRORS, Operation.LOOPS, Operation.MACS, Operation.BINDINGS, Operation.NEIGHBOURS, Operation.OPTICS)


async def test_a_whole_switch_of_any_make_is_asked_in_the_same_words(switches):
    """D-Link's MACs, errors and neighbours by SNMP; all others, of all makes, by a command that wants no port."""
    async with Pool(idle_s=0) as pool:
        for facts in switches:
            for operation in WHOLE:
                answer = await ask(facts, operation, pool=pool)
                assert answer.not_understood == (), (facts.model, operation)
                assert answer.rows or operation in (Operation.OPTICS, Operation.BINDINGS, Operation.LOOPS), (
                    facts.model, operation,
                )  # fmt: skip
                ports = {str(port) for row in answer.rows for port in (getattr(row, "ports", None) or (row.port,))}
                assert len(ports) > 1 or len(answer.rows) < 2, (facts.model, operation)


async def test_every_make_tells_since_when_it_runs(switches):
    """A DES-3526 does not say so itself: sysUpTime does."""
    async with Pool(idle_s=0) as pool:
        for facts in switches:
            answer = await ask(facts, Operation.IDENTITY, pool=pool)
            assert answer.rows[0].uptime_s, facts.model
