"""The search in a real PostgreSQL: whom it finds, why, and that nothing typed breaks it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.examples import examples
from uzel.core.lookup import What
from uzel.core.words import PLAIN_FROM, one_letter_off, plain
from uzel.network.models import Device, Port, Site
from uzel.subscribers.models import Building, Phone, Service, Subscriber
from uzel.subscribers.queries import Results, search

pytestmark = pytest.mark.django_db


@pytest.fixture
def town(db: None) -> dict[str, Subscriber]:
    """Five subscribers of two streets, with phones, a MAC and an IP."""
    site = Site.objects.create(code="o1-h1", name="Ленина, 5", level=0)
    device = Device.objects.create(code="o1-h1-sw1", site=site, kind="switch", address="127.60.0.9", is_source=True)
    port = Port.objects.create(device=device, name="1", if_index=1)
    lenina = Building.objects.create(code="b1", locality="Узловск", street="ул. Ленина", number="5", site=site)
    corner = Building.objects.create(code="b2", locality="Узловск", street="ул. Ленина", number="5 корп. 1")
    march = Building.objects.create(code="b3", locality="Узловск", street="8 Марта", number="12А")
    Building.objects.create(code="b4", locality="Узловск", street="Ивановская ул.", number="1")
    people = {
        account: Subscriber.objects.create(account=account, name=name, building=building, flat=flat, kind=kind)
        for account, name, building, flat, kind in [
            ("100001", "Иванов Иван Петрович", lenina, "12", "person"),
            ("100002", "Иванова Пелагея Ивановна", lenina, "2", "person"),
            ("100003", "Ёлкин  Артём Ильич", march, "7", "person"),
            ("100004", "ООО «Ромашка-Сервис»", corner, "", "business"),
            ("100005", "Петров Иван Сергеевич", corner, "3", "person"),
        ]
    }
    Phone.objects.create(subscriber=people["100001"], digits="74852123456")
    Phone.objects.create(subscriber=people["100003"], digits="79161234567")
    Service.objects.create(
        code="s1",
        subscriber=people["100001"],
        kind="internet",
        device=device,
        port=port,
        ip="10.20.3.4",
        mac="001a2b3c4d5e",
    )
    return people


def test_the_last_four_digits_are_found_among_many_numbers_that_begin_so(town: dict[str, Subscriber]) -> None:
    """+7 947 737-94-83 by «9483», where the whole town has +7 948 3…; and an account of four digits above both."""
    others = Subscriber.objects.bulk_create(
        Subscriber(account=f"2{n:05}", name=f"Сидоров {n}", kind="person") for n in range(60)
    )
    Phone.objects.bulk_create(Phone(subscriber=s, digits=f"79483{n:06}") for n, s in enumerate(others))
    Phone.objects.create(subscriber=town["100005"], digits="79477379483")
    found = search("9483")
    assert (found.subscribers[0].item.account, found.subscribers[0].why) == ("100005", What.PHONE_TAIL)
    assert {hit.why for hit in found.subscribers} == {What.PHONE_TAIL, What.PHONE_START} and found.more
    assert search("94-83").subscribers[0].item.account == "100005"
    Phone.objects.bulk_create(Phone(subscriber=s, digits=f"7910000{n:02}9483") for n, s in enumerate(others))
    Subscriber.objects.create(account="9483", name="Короткий счёт", kind="person")
    assert search("9483").subscribers[0].item.account == "9483"


def _accounts(results: Results) -> list[str]:
    return [hit.item.account for hit in results.subscribers]


@pytest.mark.parametrize(
    ("text", "first", "why", "exact"),
    [
        ("12-34-56", "100001", What.PHONE, True),
        ("8 (4852) 12-34-56", "100001", What.PHONE, True),
        ("3456", "100001", What.PHONE_TAIL, False),
        ("8916", "100003", What.PHONE_START, False),
        ("100004", "100004", What.ACCOUNT, True),
        ("10.20.3.4", "100001", What.IP, True),
        ("10.20.3.", "100001", What.NETWORK, False),
        ("001a.2b3c.4d5e", "100001", What.MAC, True),
        ("4d:5e", "100001", What.MAC_PART, False),
        ("00:1a:2b", "100001", What.MAC_PART, False),
        ("иванов иван", "100001", What.NAME, False),
        ("иван иванов", "100001", What.NAME, False),
        ("Иванов И.П.", "100001", What.NAME, False),
        ("ЕЛКИН", "100003", What.NAME, False),
        ("ёлкин артем", "100003", What.NAME, False),
        ("ромашка", "100004", What.NAME, False),
        ("ленина 5 12", "100001", What.ADDRESS, True),
        ("ул. Ленина, д.5 кв.12", "100001", What.ADDRESS, True),
        ("5-12 ленина", "100001", What.ADDRESS, True),
        ("8 марта 12а-7", "100003", What.ADDRESS, True),
        ("ленина 5/1 3", "100005", What.ADDRESS, True),
        ("8 марта 12А/7", "100003", What.ADDRESS, True),
        ("ленина 5/12", "100001", What.ADDRESS, True),
        ("ленина 5/1/3", "100005", What.ADDRESS, True),
        ("5/12 ленина", "100001", What.ADDRESS, True),
        ("иванова ленина 5", "100002", What.ADDRESS, False),
        ("петров ленина", "100005", What.ADDRESS, False),
    ],
)
def test_finds(town: dict[str, Subscriber], text: str, first: str, why: What, exact: bool) -> None:
    results = search(text)
    assert results.subscribers, text
    hit = results.subscribers[0]
    assert (hit.item.account, hit.why, hit.exact) == (first, why, exact)


def test_a_slash_is_of_the_house_where_there_is_such_a_house(town: dict[str, Subscriber]) -> None:
    Subscriber.objects.create(account="100006", name="Сосед", building=town["100001"].building, flat="1")
    assert set(_accounts(search("ленина 5/1"))) == {"100004", "100005"}


def test_one_exact_hit_opens_at_once(town: dict[str, Subscriber]) -> None:
    only = search("12-34-56").only
    assert only is not None
    assert only.item == town["100001"]
    assert search("иванов").only is None


def test_two_holders_of_one_phone_leave_the_choice(town: dict[str, Subscriber]) -> None:
    Phone.objects.create(subscriber=town["100002"], digits="74852123456")
    results = search("123456")
    assert set(_accounts(results)) == {"100001", "100002"}
    assert results.only is None


def test_one_wrong_letter(town: dict[str, Subscriber]) -> None:
    hit = search("ивонов иван").subscribers[0]
    assert (hit.item, hit.similar) == (town["100001"], True)
    assert search("ленена 5 12").subscribers[0].item == town["100001"]


def test_the_other_layout(town: dict[str, Subscriber]) -> None:
    hit = search("bdfyjd bdfy").subscribers[0]
    assert (hit.item, hit.swapped) == (town["100001"], True)
    assert search("щ1-р1").devices[0].item.code == "o1-h1-sw1"


def test_half_an_address_gives_buildings(town: dict[str, Subscriber]) -> None:
    assert [str(hit.item) for hit in search("ленина").buildings] == ["ул. Ленина, 5", "ул. Ленина, 5 корп. 1"]
    assert next(hit.item.number for hit in search("ленина 5").buildings) == "5"


def test_a_name_may_be_a_street_too(town: dict[str, Subscriber]) -> None:
    results = search("иванов")
    assert _accounts(results) == ["100001", "100002"]
    assert [hit.item.street for hit in results.buildings] == ["Ивановская ул."]


def test_a_name_with_a_mistake_does_not_hide_a_street_with_one(town: dict[str, Subscriber]) -> None:
    Subscriber.objects.create(account="100006", name="Ленкина Анна")
    results = search("ленина")
    assert not results.subscribers
    Subscriber.objects.create(account="100007", name="Левина Анна")
    results = search("лекина")
    assert {hit.similar for hit in results.subscribers} == {True}
    assert [hit.item.number for hit in results.buildings] == ["5", "5 корп. 1"]


def test_devices_and_sites(town: dict[str, Subscriber]) -> None:
    results = search("o1-h1-sw1")
    assert results.only is not None
    assert results.only.item.code == "o1-h1-sw1"
    assert [hit.item.code for hit in search("O1-H1").sites] == ["o1-h1"]
    assert search("127.60.0.9").devices[0].exact


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%",
        "_",
        "' OR 1=1 --",
        "<script>",
        "\x00\x00",
        "\u202eabc",
        "а" * 100_000,
        "a:*&!|()<->",
        "\\",
        "1" * 300,
        "\ud800",
        "😀",
        "ﷺ",
        "ленина " * 50,
        "::1",
        "0/0",
        "10.0.0.0/99",
        "' & 'x",
        "10.1.2.3/33",
        "fe80::1%eth0",
        "ip fe80::%1/64",
        "fe80::1%25",
    ],
)
def test_hostile(town: dict[str, Subscriber], text: str) -> None:
    assert not search(text).subscribers


def test_statements_are_bounded(town: dict[str, Subscriber]) -> None:
    for text in ("иванов иван петрович", "123456", "ленина 5 12", "bdfyjd", "а б в г д е ж"):
        with CaptureQueriesContext(connection) as captured:
            search(text)
        assert len(captured) <= 15, text
    with CaptureQueriesContext(connection) as captured:
        search("123456")
    assert len(captured) <= 8


def test_the_limit_holds(town: dict[str, Subscriber]) -> None:
    Subscriber.objects.bulk_create(Subscriber(account=f"2{n}", name=f"Сидоров Сидор {n}") for n in range(40))
    results = search("сидоров", limit=15)
    assert (len(results.subscribers), results.more) == (15, True)


@given(st.text(st.sampled_from(PLAIN_FROM + "абвгёЁЙйxyz059ÀéßİıΣ" + " "), max_size=30))
@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_and_the_core_agree_on_plain_words(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT uzel_plain(%s), uzel_one_letter_off(%s)", [text, "ивонов"])
        words, forms = cursor.fetchone()
    assert words == plain(text)
    assert set(forms) == one_letter_off("ивонов")


def _words(kind: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT word, holders FROM subscribers_word WHERE kind = %s AND holders <> 0", [kind])
        return dict(cursor.fetchall())


def test_the_dictionary_follows_every_change(town: dict[str, Subscriber]) -> None:
    assert _words("n")["иван"] == 2
    Subscriber.objects.filter(account="100005").update(name="Петров Пётр")
    assert (_words("n")["иван"], _words("n")["петр"]) == (1, 1)
    Building.objects.filter(code="b4").delete()
    assert "ивановская" not in _words("s")
    Subscriber.objects.exclude(account="100001").delete()
    assert _words("n") == {"иванов": 1, "иван": 1, "петрович": 1}
