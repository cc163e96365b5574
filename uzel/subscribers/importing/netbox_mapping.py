"""What in NetBox becomes what in Uzel, as docs/import.md tells. Pure: objects in, rows of text out."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from uzel.network.models import DeviceKind
from uzel.subscribers.importing.problems import Problems

ENDPOINTS = (
    "dcim/sites",
    "dcim/locations",
    "dcim/devices",
    "dcim/interfaces",
    "dcim/cables",
    "tenancy/tenants",
)
# Where the rows of a table come from, to name the bad ones.
NAMES = {
    "mains_areas": "dcim/sites",
    "sites": "dcim/sites",
    "devices": "dcim/devices",
    "ports": "dcim/interfaces",
    "links": "dcim/cables",
    "power": "dcim/cables",
    "subscribers": "tenancy/tenants",
}
Row = tuple[str, str, int, dict[str, str]]

# The interface types of NetBox that are ports; lag, virtual and bridge are not.
_SPEED = re.compile(r"^(\d+(?:\.\d+)?)(g?)base")

_SUBSCRIBER_FIELDS = ("account", "kind", "status", "building", "entrance", "floor", "flat", "phones")


class Objects:
    """NetBox's objects by endpoint, with safe ways into them: any field may be missing or of another shape."""

    def __init__(self, found: Mapping[str, list[dict[str, Any]]]) -> None:
        self.found = found

    def of(self, endpoint: str) -> list[dict[str, Any]]:
        """The objects of an endpoint; none where it was not read."""
        return self.found.get(endpoint, [])


def field(item: object, *path: str) -> str:
    """The text below a path of keys; empty where anything on the way is missing. Choices give their value."""
    for key in path:
        item = item.get(key) if isinstance(item, dict) else None
    if isinstance(item, dict):
        item = next((item[key] for key in ("value", "slug", "name") if key in item), "")
    if item is None or isinstance(item, list | dict):
        return ""
    if isinstance(item, bool):
        return "1" if item else "0"
    return str(item)


def custom(item: object, name: str) -> str:
    """A custom field, bare or with the prefix uzel_."""
    return field(item, "custom_fields", f"uzel_{name}") or field(item, "custom_fields", name)


def _line(item: Mapping[str, Any]) -> int:
    pk = item.get("id")
    return pk if isinstance(pk, int) and 0 < pk < 2**62 else 0


def rows_of(objects: Objects, problems: Problems) -> Iterator[Row]:
    """(table, endpoint, id of the object, column -> text) of all that Uzel takes; what it cannot is named."""
    yield from _places(objects)
    for item in objects.of("dcim/devices"):
        yield _device(item)
    for item in objects.of("dcim/interfaces"):
        if row := _port(item):
            yield row
    for item in objects.of("dcim/cables"):
        if row := _cable(item):
            yield row
        else:
            problems.add("dcim/cables", _line(item), "terminations", "unmapped", field(item, "display"))
    for item in objects.of("tenancy/tenants"):
        row_of = {name: custom(item, name) for name in _SUBSCRIBER_FIELDS}
        row_of["account"] = row_of["account"] or field(item, "slug")
        row_of["kind"] = row_of["kind"] or field(item, "group", "slug")
        row_of |= {"name": field(item, "name"), "note": field(item, "comments")}
        yield "subscribers", "tenancy/tenants", _line(item), row_of


def _places(objects: Objects) -> Iterator[Row]:
    areas: set[str] = set()
    for endpoint in ("dcim/sites", "dcim/locations"):
        for item in objects.of(endpoint):
            area = custom(item, "mains_area")
            if area and area not in areas:
                areas.add(area)
                yield "mains_areas", endpoint, _line(item), {"code": area, "name": area}
            above = custom(item, "parent")
            if endpoint == "dcim/locations":
                above = above or field(item, "parent", "slug") or field(item, "site", "slug")
            row = {
                "code": field(item, "slug"),
                "name": field(item, "name"),
                "level": custom(item, "level") or field(item, "group", "slug"),
                "parent": above,
                "address": field(item, "physical_address") or field(item, "facility"),
                "mains_area": area,
                "latitude": field(item, "latitude"),
                "longitude": field(item, "longitude"),
            }
            yield "sites", endpoint, _line(item), row


def _device(item: Mapping[str, Any]) -> Row:
    # NetBox before 3.6 calls the role device_role.
    role = (field(item, "role", "slug") or field(item, "device_role", "slug")).replace("-", "_")
    kind = next((str(kind) for kind in DeviceKind.values if role.endswith(str(kind))), role)
    address = field(item, "primary_ip", "address") or field(item, "primary_ip4", "address")
    row = {
        "code": field(item, "name"),
        "site": field(item, "location", "slug") or field(item, "site", "slug"),
        "kind": kind,
        "vendor": field(item, "device_type", "manufacturer", "name"),
        "model": field(item, "device_type", "model"),
        "serial": field(item, "serial"),
        "address": address.split("/")[0],
        "access_group": custom(item, "access_group"),
        "is_source": custom(item, "is_source"),
        "managed_via": custom(item, "managed_via"),
    }
    return "devices", "dcim/devices", _line(item), row


def _port(item: Mapping[str, Any]) -> Row | None:
    kind, name = field(item, "type"), field(item, "name")
    if kind in {"lag", "virtual", "bridge"}:
        return None
    digits = re.search(r"(\d+)\D*$", name)
    kilobits = field(item, "speed")
    speed = ""
    if kilobits.isdecimal():
        speed = str(int(kilobits[:15]) // 1000)
    elif shape := _SPEED.match(kind):
        speed = str(int(float(shape[1]) * (1000 if shape[2] else 1)))
    row = {
        "device": field(item, "device", "name"),
        "name": name,
        "if_index": custom(item, "if_index") or (digits[1] if digits else ""),
        "speed_mbps": speed,
        "is_uplink": custom(item, "is_uplink"),
    }
    return "ports", "dcim/interfaces", _line(item), row


def _cable(item: Mapping[str, Any]) -> Row | None:
    """A cable between interfaces is a link, one that ends in a power port is a feed."""
    ends = [_end(item.get(f"{side}_terminations")) for side in "ab"]
    if ends[0] is None or ends[1] is None:
        return None
    kinds = [end[0] for end in ends if end]
    if "dcim.powerport" in kinds:
        consumer, source = (ends[0], ends[1]) if kinds[0] == "dcim.powerport" else (ends[1], ends[0])
        if source[0] not in {"dcim.poweroutlet", "dcim.powerfeed"}:
            return None
        # A power feed of NetBox is what comes out of the wall.
        row = {"consumer": consumer[1], "source": source[1] if source[0] == "dcim.poweroutlet" else ""}
        return "power", "dcim/cables", _line(item), row
    if not set(kinds) <= {"dcim.interface", "dcim.frontport", "dcim.rearport"}:
        return None
    kind = field(item, "type")
    medium = "coax" if kind.startswith("coax") else "copper" if kind.startswith(("cat", "dac")) else "fibre"
    row = {"code": field(item, "label") or f"cable-{_line(item)}", "medium": medium}
    for side, end in zip("ab", (ends[0], ends[1]), strict=True):
        row |= {f"{side}_device": end[1], f"{side}_port": end[2] if end[0] == "dcim.interface" else ""}
    return "links", "dcim/cables", _line(item), row


def _end(terminations: object) -> tuple[str, str, str] | None:
    """(kind, device, port) of a cable's end; None when it has not just one."""
    if not isinstance(terminations, list) or len(terminations) != 1 or not isinstance(terminations[0], dict):
        return None
    end = terminations[0]
    return field(end, "object_type"), field(end, "object", "device", "name"), field(end, "object", "name")
