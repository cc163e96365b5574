"""What earlier probes of a port told: its counters then, and how its cable was. Reads only."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

# So many probes back, and so many days: an older counter says nothing of today.
MOST, DAYS = 14, 7
# By the index (device, -asked_at), for every port at once. The last of the two readings of a probe stands for it;
# where SNMP was silent the counters are those of the command line, which are others.
EARLIER = """
SELECT wanted.port_id, earlier.reading, earlier.cable
FROM unnest(%s::bigint[], %s::bigint[]) AS wanted(device_id, port_id)
CROSS JOIN LATERAL (
  SELECT CASE WHEN p.result -> 'silent' IS NULL THEN p.result #> '{ports,-1}' END AS reading,
    p.result -> 'cable' AS cable
  FROM network_probe p
  WHERE p.device_id = wanted.device_id AND p.port_id = wanted.port_id AND p.state = 'done'
    AND p.asked_at > now() - make_interval(days => %s)
  ORDER BY p.asked_at DESC LIMIT %s
) earlier
"""


@dataclass(frozen=True, slots=True)
class Past:
    """By port: readings (`core.readings.PortReading` as JSON) and cable tests, the newest first."""

    readings: dict[int, list[dict[str, Any]]]
    cables: dict[int, list[dict[str, Any]]]


def past(ports: Iterable[tuple[int, int | None]]) -> Past:
    """The past of ports, given as (device, port); one query, none when there is no port."""
    wanted = [(device, port) for device, port in ports if port is not None]
    found = Past(defaultdict(list), defaultdict(list))
    if not wanted:
        return found
    with connection.cursor() as cursor:
        devices, numbers = zip(*wanted, strict=True)
        cursor.execute(EARLIER, [list(devices), list(numbers), DAYS, MOST])
        for port, reading, cable in cursor.fetchall():
            for kept, text in ((found.readings, reading), (found.cables, cable)):
                if isinstance(value := json.loads(text or "null"), dict):
                    kept[port].append(value)
    return found
