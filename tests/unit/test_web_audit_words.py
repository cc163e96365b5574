"""How the audit trail tells the detail of a record."""

from typing import Any

import pytest
from django.utils import translation

from uzel.journal.templatetags.audit_words import told


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"q": "иванов", "found": ["100", "200"]}, "иванов; найдено 2: 100, 200"),
        ({"role": ["operator", "lead"], "is_active": [True, False]}, "роль: operator → lead; может входить: да → нет"),
        ({"last_name": [None, "Узлов"], "password": "set"}, "фамилия: Узлов; пароль: set"),
        ({"starts_at": "2026-11-23T01:00:00+03:00"}, "начало: 23.11.2026 01:00"),
        ({"text": "2026-11-23T01:00:00+03:00"}, "2026-11-23T01:00:00+03:00"),
        ({"odd": "T", "line": 7}, "odd: T; линия: 7"),
    ],
)
def test_detail_is_told_in_words(detail: dict[str, Any], words: str) -> None:
    with translation.override("ru"):
        assert told(detail) == words
