"""What the city remembers between two runs: faults, charges and times of start, in a file of its folder."""

import json
from pathlib import Path
from typing import Any

from uzel.simcity.dynamics import Battery, City, Pace
from uzel.simcity.faults import FAULTS, Fault
from uzel.simcity.world import Device, Port, World

FILE = "city-state.json"


def save(city: City) -> None:
    """Write the state beside the CSV files."""
    world = city.world
    mains = {node: code for table in (world.site_mains, world.area_mains) for code, node in table.items()}
    things: list[Port | Device] = [*city.faulty_ports(), *(d for d in world.devices.values() if d.faults)]
    state = {
        "epoch": city.epoch,
        "cut": [world.links[number][0] for number in sorted(city.cut)],
        "mains_off": [mains[node] for node in sorted(city.mains_off)],
        "killed": [world.devices[number].code for number in sorted(city.killed)],
        "notes": {code: world.ports[code].note for code in sorted(city.noted)},
        "faults": [[t.code, f.kind, f.value, f.since] for t in things for f in t.faults.values()],
        "booted": {d.code: d.booted_at for d in world.devices.values() if d.booted_at > city.epoch - 3600},
        "batteries": {
            world.devices[n].code: [b.charge, b.at, b.draining] for n, b in city.batteries.items() if b.charge < 1
        },
    }
    path = world.folder / FILE
    part = path.with_suffix(".part")
    part.write_text(json.dumps(state, ensure_ascii=False, indent=1))
    part.replace(path)


def recall(world: World, now: float, pace: Pace) -> City:
    """The city as it was left, or a healthy one. What the folder no longer has is forgotten."""
    state = _read(world.folder / FILE)
    city = City(world, float(state.get("epoch", now)), pace)
    city.cut = {world.link_codes[code] for code in state.get("cut", []) if code in world.link_codes}
    mains = {**world.site_mains, **world.area_mains}
    city.mains_off = {mains[code] for code in state.get("mains_off", []) if code in mains}
    city.killed = {world.by_code[code].id for code in state.get("killed", []) if code in world.by_code}
    for code, booted_at in state.get("booted", {}).items():
        if code in world.by_code:
            world.by_code[code].booted_at = booted_at
    for code, note in state.get("notes", {}).items():
        if code in world.ports:
            world.ports[code].note = note
            city.noted.add(code)
    for code, (charge, at, draining) in state.get("batteries", {}).items():
        if code in world.by_code:
            city.batteries[world.by_code[code].id] = Battery(charge, at, draining)
    for code, kind, value, since in state.get("faults", []):
        if kind not in FAULTS:
            continue
        if code in world.ports:
            world.ports[code].faults[kind] = Fault(kind, value, since)
            city.faulty_codes.add(code)
            if kind == "flapping":
                city.flapping.add(code)
        elif code in world.by_code:
            world.by_code[code].faults[kind] = Fault(kind, value, since)
    city.start(now)
    return city


def _read(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}
