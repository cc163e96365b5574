"""One probe of one line: which questions are asked, and what is kept of the answers.

A result is JSON: ``{"system": …, "ports": [two readings of the port, a moment apart], "previous": [readings of
earlier probes], "fdb": [MACs of the port] or null, "fdb_total": n, "uplinks": [{"readings": [two], "rx_dbm": …}],
"receiver": …, "ups": …, "changes_at": [unix seconds], "own_acts": [[from, to]], "notes": [{"code": …, "at": unix
seconds}], "errors": {part: code}, "took_ms": n}``, each reading by the names of `core.readings`, with what `probe_cli`
adds from the command line. Where SNMP is silent and the command line is not, "silent" holds the code of the silence
(`probe_silent`). Parts that were not asked for are left out. The part by SNMP stands by itself when the
command line gives nothing.

Who waits for a test of a cable hears of the rest meanwhile: a result so far is the same, with the questions that are
not answered yet, ``"under_way": [operation]``. The result of a probe that has ended has no such part.
"""

import asyncio
import time
from dataclasses import asdict, replace
from typing import Any

from uzel.core.answers import Operation
from uzel.core.evidence import SILENT_CODES
from uzel.core.readings import FdbEntry, PortReading
from uzel.drivers import bridge_mib, ddm_mib, if_mib, nut, readers, ups_nut
from uzel.drivers.smi import Rows
from uzel.drivers.snmp import Agent, SnmpError
from uzel.pollers.probe_cli import CABLE_S, READS_S, CliReader, Told, dead_line, live_line
from uzel.pollers.probe_question import KEPT_MACS, Question
from uzel.pollers.probe_silent import spoken
from uzel.pollers.probe_so_far import Tell, meanwhile

# All reading by SNMP of one probe.
SNMP_S = 6.0
# A dialogue with an upsd.
NUT_S = 1.5
# Between the two readings: long enough for errors to show, short enough for the caller.
INTERVAL_S = 0.45
# Nobody is learned though octets come in: whether the switch drops them shows in so long.
LONGER_S = 0.4
# A device's map from bridge ports to interfaces changes only when a card is put in.
BASE_PORTS_S = 600.0
# Cisco answers for one VLAN at a time; without the subscriber's own, this many of the device's are asked.
VLANS_AT_MOST = 12


class LineReader:
    """Reads lines; remembers the maps of bridge ports, the only thing worth remembering between probes."""

    def __init__(self, cli: CliReader) -> None:
        """Nothing is remembered yet."""
        self._cli = cli
        self._base_ports: dict[int, tuple[float, dict[int, int]]] = {}

    async def read(self, question: Question, tell: Tell) -> dict[str, Any]:
        """The result as told above; results so far go to `tell`.

        Raises SnmpError when the device itself gave no usable answer.
        """
        began = time.monotonic()
        if question.kind == "switch":
            result = await self._switch(question, tell)
        elif question.kind == "ups":
            result = {"ups": await self._ups(question)}
        else:
            result = {"receiver": await self._device(question, readers.optical_reader)}
        return result | {"took_ms": round((time.monotonic() - began) * 1000)}

    async def test_cable(self, question: Question, _tell: Tell) -> dict[str, Any]:
        """The cable test alone, whatever the state of the line. Raises SnmpError for what has no cable to test."""
        if question.kind != "switch" or question.port is None:
            raise SnmpError("not_asked", permanent=True)
        if question.is_uplink:
            # Whoever asked: it would cut off everybody behind it.
            raise SnmpError("uplink", permanent=True)
        began = time.monotonic()
        told = await self._cli.ask(question, (Operation.CABLE_TEST,), seconds=CABLE_S, patient=True)
        return told | {"took_ms": round((time.monotonic() - began) * 1000)}

    async def _switch(self, question: Question, tell: Tell) -> dict[str, Any]:
        """By SNMP with the command line beside it; by the command line alone where SNMP is silent."""
        heard = asyncio.Event()
        by_cli = asyncio.create_task(spoken(self._cli, question, heard, tell))
        try:
            return await self._by_snmp(question, heard, tell)
        except SnmpError as error:
            if error.code not in SILENT_CODES or heard.is_set() or not (result := await by_cli):
                raise
            return result | {"silent": error.code}
        finally:
            by_cli.cancel()

    async def _by_snmp(self, question: Question, heard: asyncio.Event, tell: Tell) -> dict[str, Any]:
        errors: dict[str, str] = {}
        told = Told()
        async with question.agent() as agent:
            if question.if_index is None:
                return {"system": asdict(if_mib.parse_system(await agent.get(*if_mib.SYSTEM)))}
            macs = asyncio.create_task(self._macs(question, errors))
            uplinks = asyncio.create_task(_uplinks(question, errors))
            tasks: list[asyncio.Task[Any]] = [macs, uplinks]
            try:
                async with asyncio.timeout(SNMP_S):
                    rows, first = await _port(agent, question)
                    heard.set()
                    tasks.append(cli := asyncio.create_task(self._by_cli(_named(question, rows), first, macs, told)))
                    # The clock of the counters runs from the first answer, however long the walk of MACs takes.
                    await asyncio.sleep(INTERVAL_S)
                    _, second = await _port(agent, question)
                    found = await macs
                    if found == [] and second.oper_up and _comes_in(first, second):
                        await asyncio.sleep(LONGER_S)
                        _, second = await _port(agent, question)
                    ways = await uplinks
                known = _known_of(question, rows, (first, second), found) | {"uplinks": ways, "errors": errors}
                await meanwhile(known, told, cli, tell)
                return known | await cli
            finally:
                for task in tasks:
                    task.cancel()

    async def _by_cli(
        self, question: Question, port: PortReading, macs: "asyncio.Task[list[FdbEntry] | None]", told: Told
    ) -> dict[str, Any]:
        """What the state of the port makes worth asking at the prompt."""
        if port.oper_up is False:
            tested = port.admin_up is not False and not question.is_uplink
            asked = dead_line(question, tested=tested)
            return await self._cli.ask(question, asked, seconds=CABLE_S if tested else READS_S, told=told)
        found = await asyncio.shield(macs)
        heard = None if found is None else {entry.mac for entry in found}
        return await self._cli.ask(question, live_line(question, heard), seconds=READS_S, told=told)

    async def _macs(self, question: Question, errors: dict[str, str]) -> list[FdbEntry] | None:
        """MACs of the port; None, with its reason in `errors`, when the table could not be had or mapped."""
        try:
            if question.vendor in readers.FDB_BY_VLAN:
                entries = await _macs_by_vlan(question)
            else:
                entries = await self._macs_at_once(question)
        except SnmpError as error:
            errors["fdb"] = error.code
            return None
        if entries and all(entry.if_index is None for entry in entries):
            errors["fdb"] = "unmapped"
            return None
        return [entry for entry in entries if entry.if_index == question.if_index]

    async def _macs_at_once(self, question: Question) -> tuple[FdbEntry, ...]:
        async with question.agent() as agent:
            base_ports = await self._map(question, agent)
            for prefix in readers.fdb_prefixes(question.vendor):
                if rows := await agent.walk(prefix):
                    return bridge_mib.parse_fdb(rows, base_ports=base_ports)
        return ()

    async def _map(self, question: Question, agent: Agent) -> dict[int, int]:
        known = self._base_ports.get(question.device)
        if known and time.monotonic() - known[0] < BASE_PORTS_S:
            return known[1]
        found = bridge_mib.parse_base_ports(await agent.walk(bridge_mib.BASE_PORT_IF_INDEX))
        if found:
            self._base_ports[question.device] = time.monotonic(), found
        return found

    async def _ups(self, question: Question) -> dict[str, Any]:
        if question.nut_port is None:
            return await self._device(question, readers.ups_reader)
        try:
            variables = await nut.read(question.address, question.nut_port, question.code, within_s=NUT_S)
        except nut.NutError as error:
            raise SnmpError(error.code, permanent=error.permanent) from error
        return asdict(ups_nut.parse_ups(variables))

    @staticmethod
    async def _device(question: Question, choose: Any) -> dict[str, Any]:
        """A UPS or a receiver by its page."""
        async with question.agent() as agent:
            object_id = if_mib.parse_system(await agent.get(*if_mib.SYSTEM)).object_id
            reader = choose(object_id, question.vendor)
            rows = await readers.read_rows(agent, reader)
        return asdict(reader.parse(rows))


async def _port(agent: Agent, question: Question) -> tuple[Rows, PortReading]:
    """One reading of the port. Raises SnmpError("no_such") when the device has no such port."""
    index = question.if_index or 0
    rows = await agent.get(*if_mib.SYSTEM, *if_mib.port_oids(index, question.vendor))
    ports = if_mib.parse_ports(rows, at=time.time())
    if not ports:
        raise SnmpError("no_such", permanent=True)
    return rows, ports[0]


def _known_of(
    question: Question, rows: Rows, ports: tuple[PortReading, PortReading], found: list[FdbEntry] | None
) -> dict[str, Any]:
    return {
        "system": asdict(if_mib.parse_system(rows)),
        "ports": [asdict(port) for port in ports],
        "previous": list(question.previous),
        "fdb": None if found is None else [asdict(entry) for entry in found[:KEPT_MACS]],
        "fdb_total": None if found is None else len(found),
        "changes_at": list(question.changes_at),
        "own_acts": [list(act) for act in question.own_acts],
        "notes": list(question.notes),
    }


def _named(question: Question, rows: Rows) -> Question:
    """The question with the device's name, so that another one that answers at its prompt is found out."""
    name = if_mib.parse_system(rows).name
    return replace(question, access=replace(question.access, name=name)) if question.access and name else question


def _comes_in(first: PortReading, second: PortReading) -> bool:
    """Something comes in, and none of it was seen dropped yet."""
    return (second.in_octets or 0) > (first.in_octets or 0) and second.in_discards == first.in_discards


async def _uplinks(question: Question, errors: dict[str, str]) -> list[dict[str, Any]]:
    """The device's own uplinks, twice, with the light of D-Link's modules; a device that refuses costs no verdict."""
    indexes = [index for index in question.uplinks if index != question.if_index]
    if not indexes:
        return []
    names = [name for index in indexes for name in if_mib.error_oids(index, question.vendor)]
    try:
        async with question.agent() as agent:
            first = if_mib.parse_ports(await agent.get(*names), at=time.time())
            await asyncio.sleep(INTERVAL_S)
            rows = await agent.get(*names, *(f"{ddm_mib.COLUMNS['rx']}.{index}" for index in indexes))
    except SnmpError as error:
        errors["uplinks"] = error.code
        return []
    light = ddm_mib.parse_optics(rows)
    return [
        {
            "readings": [asdict(port) for port in (*first, now) if port.if_index == now.if_index],
            "rx_dbm": light[now.if_index].rx_dbm if now.if_index in light else None,
        }
        for now in if_mib.parse_ports(rows, at=time.time())
    ]


async def _macs_by_vlan(question: Question) -> tuple[FdbEntry, ...]:
    """Cisco: the MACs of each VLAN in its own context, with that context's map of bridge ports."""
    vlans = question.vlans
    if not vlans:
        async with question.agent() as agent:
            vlans = bridge_mib.parse_vlans(await agent.walk(bridge_mib.CISCO_VLAN_STATE))[:VLANS_AT_MOST]
    found = await asyncio.gather(*(_macs_of_vlan(question, vlan) for vlan in vlans))
    return tuple(entry for entries in found for entry in entries)


async def _macs_of_vlan(question: Question, vlan: int) -> tuple[FdbEntry, ...]:
    async with question.agent(f"{question.community}@{vlan}") as agent:
        rows = await agent.walk(bridge_mib.FDB_PORT)
        rows |= await agent.walk(bridge_mib.BASE_PORT_IF_INDEX)
    return bridge_mib.parse_fdb(rows, vlan=vlan)
