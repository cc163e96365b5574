"""`python -m uzel.core.engine_compile`: make the engine's machine code ahead of its first use.

numba compiles a function when it is first called, for seconds and holding the interpreter's lock: a monitor that did
so at its start would be deaf meanwhile. The code is kept beside the source, so once after an installation is enough.
"""

from types import ModuleType
from typing import Any

import numpy as np
from numba.core.registry import CPUDispatcher

from uzel.core import engine_ask, engine_count, engine_light, engine_read, labels
from uzel.core.engine import Engine
from uzel.core.map import Kind, Link, Network, Node
from uzel.core.outage_words import Evidence, Seen
from uzel.core.scope import Attachment

COMPILED: tuple[ModuleType, ...] = (labels, engine_count, engine_read, engine_light, engine_ask)


def compile_all() -> list[str]:
    """Ask a small engine every question there is; returns what was left uncompiled, when the cache was empty."""
    nodes = [Node(i, Kind.SWITCH, source=i == 1) for i in range(1, 7)] + [Node(7, Kind.UPS, via=2)]
    links = [Link(i, a, b) for i, (a, b) in enumerate([(1, 2), (2, 3), (3, 4), (4, 2), (3, 5), (5, 6)], 1)]
    network = Network.of(nodes, links)
    people = [Attachment(node, subscriber, "internet", "person") for node, subscriber in ((3, 1), (4, 1), (6, 2))]
    engine = Engine.of(network, people)
    numbers = engine.numbers(np.array([5, 6], np.int64))
    engine.scope_behind(int(numbers[0]))
    engine.scope_of(engine.dark_if(numbers))
    heard: tuple[tuple[set[int], dict[int, bool]], ...] = (
        ({5, 6, 7}, {5: False, 6: True}), ({5, 7}, {}), ({3, 5}, {2: True, 5: True}), ({2, 4}, {}), ({6}, {}),
    )  # fmt: skip
    for silent, link_up in heard:
        seen = {i: Seen(i not in silent, 10.0) for i in range(1, 8) if silent != {6} or i != 5}
        evidence = Evidence(seen=seen, link_up=link_up, now=10.0)
        engine.picture(network, evidence)
        engine.to_ask(network, evidence)
    return [name for module in COMPILED for name, it in vars(module).items() if _idle(it)]


def _idle(thing: Any) -> bool:
    return isinstance(thing, CPUDispatcher) and not thing.signatures


if __name__ == "__main__":
    compile_all()
