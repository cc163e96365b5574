"""The throttle of sign-in against guesses that come side by side, and against one address that tries every name."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.test import Client

from tests import web_data
from uzel.people import sign_in

LIMIT = 5


class Hashing:
    """Counts how many passwords are checked, and how many at once; each takes its time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.total = self.now = self.most = 0
        self.lock = threading.Lock()
        checked = ModelBackend.authenticate

        def authenticate(backend: ModelBackend, request: Any, **credentials: Any) -> Any:
            with self.lock:
                self.total += 1
                self.now += 1
                self.most = max(self.most, self.now)
            time.sleep(seconds)
            try:
                return checked(backend, request, **credentials)
            finally:
                with self.lock:
                    self.now -= 1

        monkeypatch.setattr(ModelBackend, "authenticate", authenticate)


def _sign_in(name: str, password: str, address: str = "192.0.2.9") -> int:
    try:
        client = Client(REMOTE_ADDR=address)
        return client.post("/people/login/", {"username": name, "password": password}).status_code
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_guesses_side_by_side_are_counted_before_the_next_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    web_data.people()
    monkeypatch.setattr(sign_in, "WAITING_FROM_ONE", 12)
    hashing = Hashing(monkeypatch, 0.05)
    with ThreadPoolExecutor(12) as guessers:
        answers = list(guessers.map(lambda n: _sign_in("engineer", f"wrong-{n}"), range(12)))
    assert hashing.total == LIMIT and answers.count(200) == LIMIT - 1 and answers.count(429) == 12 - LIMIT + 1
    assert _sign_in("engineer", web_data.PASSWORD) == 429, "the right one comes too late"
    assert hashing.total == LIMIT


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_few_passwords_are_hashed_at_once_and_a_crowd_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    web_data.people()
    hashing = Hashing(monkeypatch, 0.3)
    with ThreadPoolExecutor(20) as guessers:
        answers = list(guessers.map(lambda n: _sign_in(f"nobody-{n}", "wrong"), range(20)))
    assert hashing.most <= sign_in.AT_ONCE
    assert hashing.total < 20, "of one address's crowd not all are even hashed"
    assert answers.count(429) == 20 - hashing.total
    assert _sign_in("lead", web_data.PASSWORD, "192.0.2.10") == 302
    assert not sign_in._inside


@pytest.mark.django_db
def test_an_address_that_tries_every_name_is_shut_out(monkeypatch: pytest.MonkeyPatch) -> None:
    web_data.people()
    monkeypatch.setattr(sign_in, "WRONG_FROM_ONE", 8)
    guesser, desk = Client(REMOTE_ADDR="192.0.2.9"), Client(REMOTE_ADDR="192.0.2.10")
    for n in range(8):
        guess = {"username": f"nobody-{n}", "password": "wrong"}
        assert guesser.post("/people/login/", guess).status_code == 200
    right = {"username": "lead", "password": web_data.PASSWORD}
    answer = guesser.post("/people/login/", right)
    assert answer.status_code == 429 and "192.0.2.9" in answer.content.decode()
    assert desk.post("/people/login/", right).status_code == 302
    AccessAttempt.objects.update(attempt_time="2020-01-01T00:00Z")
    assert guesser.post("/people/login/", right).status_code == 302, "for a while only"
