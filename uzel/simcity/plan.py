"""Invent a city and write it as the CSV folder that the importer reads and the simulator serves.

The same arguments give the same bytes on every machine.
"""

import csv
from collections.abc import Iterable
from pathlib import Path
from random import Random

from uzel.simcity import names, plan_people
from uzel.simcity.makes import MAKES
from uzel.simcity.memory import FILE as STATE_FILE
from uzel.simcity.plan_network import ACCESS_GROUPS, SNMP_PORT, City, Device, draw


def generate(
    folder: Path, *, seed: int = 1, switches: int = 1500, subscribers: int = 60000, net: int = 10, port: int = SNMP_PORT
) -> None:
    """Write the CSV folder of an invented city whose devices have addresses in 127.<net>.0.0/16.

    Raises `plan_network.CityTooSmall` when the sizes cannot make a city.
    """
    city = draw(Random(f"{seed}:network"), switches, net)
    folder.mkdir(parents=True, exist_ok=True)
    # A new city has nothing of the faults of the one before.
    (folder / STATE_FILE).unlink(missing_ok=True)
    for name, columns, rows in _tables(city, port):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    with (
        (folder / "subscribers.csv").open("w", encoding="utf-8", newline="") as subscribers_file,
        (folder / "services.csv").open("w", encoding="utf-8", newline="") as services_file,
    ):
        plan_people.write(city, Random(f"{seed}:people"), subscribers, subscribers_file, services_file)


Rows = Iterable[tuple[object, ...]]


def _tables(city: City, port: int) -> Iterable[tuple[str, tuple[str, ...], Rows]]:
    yield "mains_areas.csv", ("code", "name"), city.areas.items()
    yield (
        "sites.csv",
        ("code", "name", "level", "parent", "address", "mains_area", "latitude", "longitude"),
        ((s.code, s.name, s.level, s.parent, s.address, s.area, *s.place) for s in city.sites.values()),
    )
    yield (
        "access_groups.csv",
        ("code", "snmp_community", "snmp_port"),
        ((code, community, port) for code, community in ACCESS_GROUPS.items()),
    )
    yield (
        "devices.csv",
        ("code", "site", "kind", "vendor", "model", "serial", "address", "access_group", "is_source", "managed_via"),
        map(_device_row, city.devices.values()),
    )
    yield (
        "ports.csv",
        ("device", "name", "if_index", "speed_mbps", "is_uplink"),
        (
            (d.code, p.name, p.if_index, p.speed_mbps, int(p.is_uplink or p.name in d.used))
            for d in city.devices.values()
            for p in MAKES[d.model].ports
        ),
    )
    yield "links.csv", ("code", "a_device", "a_port", "b_device", "b_port", "medium"), city.links
    yield "power.csv", ("consumer", "source"), city.power
    yield (
        "buildings.csv",
        ("code", "locality", "street", "number", "site"),
        ((b.code, names.CITY, b.street, b.number, b.site) for b in city.buildings),
    )


def _device_row(device: Device) -> tuple[object, ...]:
    return (
        device.code,
        device.site,
        device.kind,
        MAKES[device.model].vendor,
        device.model,
        device.serial,
        device.address,
        device.group,
        int(device.is_source),
        device.via,
    )
