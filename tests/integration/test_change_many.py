"""Many forms at once from one person: the limit of a minute holds for all of them together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection

from tests import web_data
from uzel.core.changes import Kind
from uzel.network import changes
from uzel.network.changes import Refused
from uzel.network.models import Change, Device
from uzel.people.models import Role


@pytest.mark.django_db(transaction=True)
def test_a_hundred_forms_at_once_are_no_more_than_a_minute_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PER_MINUTE", 5)
    web_data.city(okrugs=1, districts=1, campuses=1, houses=2)
    user = web_data.people()[Role.LEAD]
    device = Device.objects.filter(site__level=4, kind="switch").order_by("code")[0]

    def ask(_: int) -> str:
        try:
            changes.ask(kind=Kind.SAVE, device=device, port=None, value="", subject="", user=user, key=uuid4())
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(12) as threads:
        told = list(threads.map(ask, range(24)))
    assert (told.count(""), told.count("too_many"), Change.objects.count()) == (5, 19, 5)
