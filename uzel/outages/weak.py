"""Weak points: what each device takes with it when it fails alone, kept as rows for the pages."""

import json

import numpy as np
from django.db import connection, transaction

from uzel.core.engine import Engine
from uzel.journal import operations as journal
from uzel.outages.network_map import NetworkMap

# A row that says the same already is not touched: no dead tuple, no news.
_WRITE = """
INSERT INTO outages_weakpoint (device_id, subscribers, devices, services)
SELECT t.id, t.subscribers, t.devices, t.services
FROM (SELECT id, subscribers, devices, services::jsonb
  FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[]) AS u (id, subscribers, devices, services)) AS t
JOIN network_device d ON d.id = t.id
LEFT JOIN outages_weakpoint w ON w.device_id = t.id
WHERE (w.subscribers, w.devices, w.services) IS DISTINCT FROM (t.subscribers, t.devices, t.services)
ON CONFLICT (device_id) DO UPDATE
  SET subscribers = excluded.subscribers, devices = excluded.devices, services = excluded.services
"""
_FORGET = """
DELETE FROM outages_weakpoint w WHERE NOT EXISTS (SELECT FROM unnest(%s::bigint[]) AS t (id) WHERE t.id = w.device_id)
"""


def renew(net: NetworkMap) -> int:
    """Make the rows say what this map says; returns how many were written or removed. Safe to repeat.

    Elements of light that get light on a healthy network have a row: the others can take nothing away. It reads only
    the labels of the engine, which never change, so it may run in a thread beside decisions.
    """
    columns = _weighed(net.engine)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WRITE, columns)
        touched = int(cursor.rowcount)
        cursor.execute(_FORGET, [columns[0]])
        touched += int(cursor.rowcount)
        if touched:
            journal.emit("weak.changed", {})
    return touched


def _weighed(engine: Engine) -> tuple[list[int], list[int], list[int], list[str]]:
    """Columns of the rows: device, subscribers, devices (itself among them), services as the JSON of a scope."""
    layout = engine.layout
    numbers = np.flatnonzero(layout.run).astype(np.int32)
    scopes = engine.scopes_behind(numbers)
    return (
        layout.ids[numbers].tolist(),
        [scope.total for scope in scopes],
        # The length of a run is how many `dark_behind` names.
        layout.run[numbers].tolist(),
        [json.dumps(scope.services) for scope in scopes],
    )
