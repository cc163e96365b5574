"""Search over a million subscribers: time in the database by kind of question, beside the naive ILIKE '%…%'."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "uzel.config.settings")
django.setup()

from django.db import connection  # noqa: E402

from bench import Figure  # noqa: E402
from bench._search_data import fill, use_own_database  # noqa: E402
from uzel.config import embedded  # noqa: E402
from uzel.config.settings import HOME  # noqa: E402
from uzel.subscribers.queries import search  # noqa: E402

SUBSCRIBERS = 1_000_000
DATABASE = "uzel_bench_search"
QUESTIONS: dict[str, list[str]] = {
    "phone": ["8 (4852) 12-34-56", "123456", "79100000000", "+7 910 555-44-33"],
    "phone tail": ["4567", "34-56", "000", "9999"],
    "phone start": ["8910", "891", "9105", "748521"],
    "account": ["100500123", "100999", "1", "10"],
    "ip": ["10.1.2.3", "10.1.2.", "10.15.0.0/16"],
    "mac": ["0000.9e37.79b1", "9e:37:79", "79b1", "00:00"],
    "surname": ["иванов", "Петрова", "Смирнов", "щербаков", "ёлкин"],
    "surname, one letter": list("иксюпэ"),
    "surname and name": ["иванов иван", "смирнова елена", "сидоров петр", "юдин ярослав", "попов николай иванович"],
    "initials": ["иванов и п", "Кузнецов А.С.", "ю я э", "к з", "соколов э"],
    "name before surname": ["иван иванов", "елена петрова", "ярослав юдин", "александр александров", "зоя титова"],
    "only names": ["александр сергеевич", "петрович", "эмма эмма", "николай", "ив ал се"],
    "common and absent": ["иванов иванов иванов", "петров иванова", "смирнов зоя", "ооо иванов", "ип иванов иван"],
    "firm": ["иванов сервис 150", "сервис", "ооо", "сервис 99"],
    "street": ["ленина", "ул. Мира", "садовая", "л", "8 марта"],
    "address": ["ленина 5 12", "ул. Ленина, д.5 кв.12", "мира 10к2-7", "5-12 ленина", "гагарина 17"],
    "name and address": ["иванов ленина", "смирнова мира 10", "петров ул ленина 5", "кузнецов советская"],
    "mistakes": ["ивонов", "сменоа", "щербоков елена", "савецкая 5", "гагрина"],
    "other layout": ["bdfyjd", "gtnhjdf tktyf", "ktybyf 5 12", "ыьшктщм"],
    "device code": ["o1-h100-sw1", "o1-h1", "щ1-р55"],
    "hostile": ["%", "_", "'; DROP TABLE x; --", "а" * 500, "<b>", "а б в г д е ж з и", "1 2 3 4 5 6 7 8"],
}


class _Clock:
    """Adds up the time that statements take, as the client sees it (so with the way there and back)."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.statements = 0

    def __call__(self, execute: Callable[..., Any], statement: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(statement, params, many, context)
        finally:
            self.seconds += time.perf_counter() - started
            self.statements += 1


def _measure(ask: Callable[[str], Any], text: str, rounds: int) -> tuple[list[float], int]:
    ask(text)  # a desk in use has its index pages in memory
    taken, statements = [], 0
    for _ in range(rounds):
        clock = _Clock()
        with connection.execute_wrapper(clock):
            ask(text)
        taken.append(clock.seconds * 1000)
        statements = clock.statements
    return taken, statements


def _naive(text: str) -> None:
    """What one writes first: every word somewhere in the name, the street, the account or a phone."""
    words = [f"%{word}%" for word in text.replace("%", "").split() or ["x"]]
    wheres = " AND ".join(
        ["(u.name ILIKE %s OR b.street ILIKE %s OR u.account ILIKE %s OR p.digits ILIKE %s)"] * len(words)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id FROM subscribers_subscriber u JOIN subscribers_building b ON b.id = u.building_id"
            f" LEFT JOIN subscribers_phone p ON p.subscriber_id = u.id WHERE {wheres} ORDER BY u.name LIMIT 20",
            [word for word in words for _ in range(4)],
        )
        cursor.fetchall()


def run() -> Iterator[Figure]:
    """p95 over all questions and the worst kind, in milliseconds in the database."""
    server = embedded.start(HOME) if not os.environ.get("DATABASE_URL") else None
    if use_own_database(DATABASE):
        started = time.perf_counter()
        fill(SUBSCRIBERS)
        yield Figure("fill", round(time.perf_counter() - started, 1), "s", note=f"{SUBSCRIBERS:,} subscribers made")
    every: list[float] = []
    for kind, texts in QUESTIONS.items():
        taken: list[float] = []
        statements = 0
        for text in texts:
            times, n = _measure(search, text, 5)
            taken += times
            statements = max(statements, n)
        every += taken
        yield Figure(
            f"search: {kind}",
            round(_percentile(taken, 95), 1),
            "ms",
            target="<= 50",
            note=f"p50 {statistics.median(taken):.1f}, max {max(taken):.1f}, ≤ {statements} statements",
        )
    naive = [t for text in ("иванов иван", "ленина 5", "4567") for t in _measure(_naive, text, 2)[0]]
    yield Figure(
        "search: all kinds, p95",
        round(_percentile(every, 95), 1),
        "ms",
        target="<= 50",
        baseline=f"ILIKE: {_percentile(naive, 95):.0f} ms",
        note=f"p50 {statistics.median(every):.1f}, max {max(every):.1f}; ILIKE '%…%' in the same run",
    )
    del server


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]
