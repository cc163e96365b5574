"""What a UPS or an optical receiver says of itself, asked as a switch is: one question, one typed answer, by SNMP."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from uzel.core.answers import Operation
from uzel.drivers import if_mib, readers
from uzel.drivers.ask import Answer, AskError, By, Facts
from uzel.drivers.ask_snmp import Place
from uzel.drivers.snmp import SnmpError

Choose = Callable[[str | None, str], readers.Reader[Any]]
# Kind of device -> how its page is found, and the questions that its one reading answers.
OF_LIGHT: tuple[Choose, frozenset[Operation]] = (
    readers.optical_reader,
    frozenset({Operation.IDENTITY, Operation.OPTICS}),
)
KINDS: Mapping[str, tuple[Choose, frozenset[Operation]]] = {
    "ups": (readers.ups_reader, frozenset({Operation.IDENTITY})),
    "optical_receiver": OF_LIGHT,
    "optical_transmitter": OF_LIGHT,
}


async def ask_reading(facts: Facts, kind: str, operation: Operation, *, by: By | None = None) -> Answer:
    """The whole reading, one row (UpsReading, OpticalReading), whichever of its questions is asked.

    Raises AskError: only_identity, only_optics for a question that no device of this kind answers.
    """
    choose, answered = KINDS[kind]
    if operation not in answered or by is By.CLI:
        is_lit = Operation.OPTICS in answered
        raise AskError("only_optics" if is_lit else "only_identity", permanent=True, stage="question")
    began = time.monotonic()
    place = Place(facts.address, facts.snmp_port, facts.community, facts.vendor.lower(), {})
    try:
        async with place.agent() as agent:
            object_id = if_mib.parse_system(await agent.get(*if_mib.SYSTEM)).object_id
            reader = choose(object_id, facts.vendor)
            rows = await readers.read_rows(agent, reader)
    except SnmpError as error:
        raise AskError(error.code, permanent=error.permanent, stage="snmp", by=By.SNMP) from error
    took_ms = round((time.monotonic() - began) * 1000)
    told, page = (reader.parse(rows),), reader.name
    return Answer(operation, By.SNMP, page, told, (page,), mark="standard", took_ms=took_ms)
