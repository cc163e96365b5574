"""What people type and what it is."""

import pytest

from uzel.core.addresses import Address, house_key, parse_address
from uzel.core.lookup import What, normalise_phone, readings
from uzel.core.words import clean, is_one_mistake, plain, to_english_keys, to_russian_keys

CITY = "4852"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("8 (4852) 12-34-56", "74852123456"),
        ("+7 4852 123456", "74852123456"),
        ("12-34-56", "74852123456"),
        ("9161234567", "79161234567"),
        ("8 916 123 45 67 доб. 12", "79161234567"),
        ("+8 916 123-45-67", "79161234567"),
        ("7(916)1234567", "79161234567"),
        ("112", "112"),
        ("0611", "0611"),
        ("+1 650 253 0000", "16502530000"),
        ("8 10 1 650 253 0000", "16502530000"),
        ("1234567", None),
        ("12345", None),
        ("", None),
        ("+", None),
        ("нет", None),
    ],
)
def test_phone(text: str, digits: str | None) -> None:
    assert normalise_phone(text, city_code=CITY) == digits


def test_phone_in_a_city_of_seven_digits() -> None:
    assert normalise_phone("123-45-67", city_code="495") == "74951234567"
    assert normalise_phone("12-34-56", city_code="495") is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ул. Ленина, д.5 кв.12", Address(("ленина",), "5", "12")),
        ("ленина 5 12", Address(("ленина",), "5", "12")),
        ("ленина 5-12", Address(("ленина",), "5", "12")),
        ("ЛЕНИНА Д5КВ12", Address(("ленина",), "5", "12")),
        ("12 кв ленина 5а", Address(("ленина",), "5а", "12")),
        ("кв 12 дом 5 ленина", Address(("ленина",), "5", "12")),
        ("8 марта 5 12", Address(("8", "марта"), "5", "12")),
        ("40 лет Октября 7", Address(("40", "лет", "октября"), "7")),
        ("1-я Садовая ул. 3", Address(("1", "садовая"), "3")),
        ("ленина 5/1-12", Address(("ленина",), "5к1", "12")),
        ("ленина 5 корп. 1 кв 12", Address(("ленина",), "5к1", "12")),
        ("пр-т мира 10 стр 2", Address(("мира",), "10с2")),
        ("г. Узловск, ул. 1 Мая, 5, подъезд 2, этаж 3, кв 7", Address(("узловск", "1", "мая"), "5", "7")),
        ("Берёзовая 7 лит Б", Address(("березовая",), "7б")),
        ("набережная 3", Address(("набережная",), "3")),
        ("ленина", Address(("ленина",))),
    ],
)
def test_address(text: str, address: Address) -> None:
    assert parse_address(text)[0] == address


def test_numbers_before_the_street_may_be_house_and_flat() -> None:
    assert Address(("ленина",), "5", "12") in parse_address("5-12 ленина")


def test_no_street_no_address() -> None:
    assert parse_address("5-12") == ()


@pytest.mark.parametrize(
    ("number", "key"),
    [("5 корп. 1", "5к1"), ("5/1", "5к1"), ("5К1", "5к1"), ("12 А", "12а"), ("5 стр. 2", "5с2"), ("12-14", "12-14")],
)
def test_house(number: str, key: str) -> None:
    assert house_key(number) == key


@pytest.mark.parametrize(
    ("text", "what", "value"),
    [
        ("10.1.2.3", What.IP, "10.1.2.3"),
        ("10,1,2,3", What.IP, "10.1.2.3"),
        ("10.1.2.", What.NETWORK, "10.1.2.0/24"),
        ("fe80::1%eth0", What.IP, "fe80::1"),
        ("fe80::%1/64", What.NETWORK, "fe80::/64"),
        ("aabb.ccdd.eeff", What.MAC, "aabbccddeeff"),
        ("0:1a:2b:3:4:5", What.MAC, "001a2b030405"),
        ("aa:bb:c", What.MAC_PART, "aabbc"),
        ("4567", What.PHONE_TAIL, "4567"),
        ("8916", What.PHONE_START, "7916"),
        ("л/с 100234", What.ACCOUNT, "100234"),
        ("Иванов  И.И.", What.NAME, "иванов и и"),
        ("bdfyjd", What.NAME, "иванов"),
        ("щ1-в2-л3", What.CODE, "o1-d2-k3"),
        ("ф4Жи1Ж22Ж33Ж44Ж55", What.MAC, "a4b122334455"),
    ],
)
def test_reading(text: str, what: What, value: str) -> None:
    assert (what, value) in [(r.what, r.value) for r in readings(text, city_code=CITY)]


def test_the_surest_reading_comes_first() -> None:
    firsts = {text: readings(text, city_code=CITY)[0].what for text in ("10.1.2.3", "123456", "ленина 5 12", "иванов")}
    assert firsts == {
        "10.1.2.3": What.IP,
        "123456": What.PHONE,
        "ленина 5 12": What.ADDRESS,
        "иванов": What.CODE,
    }


@pytest.mark.parametrize("text", ["", "   ", "\x00", "—", "%", "\u202e", "()"])
def test_nothing_typed(text: str) -> None:
    assert readings(text, city_code=CITY) == ()


def test_words() -> None:
    assert plain("ООО «Ёлка-Палка»") == "ооо елка палка"
    assert clean("a\x00b\u202ec\td ") == "abc d"
    assert to_russian_keys("bdfyjd") == "иванов"
    assert to_english_keys("щ1-ы7") == "o1-s7"


@pytest.mark.parametrize(
    ("a", "b", "one"),
    [
        ("иванов", "ивонов", True),
        ("иванов", "ивано", True),
        ("иванов", "иваноов", True),
        ("иванов", "ивнаов", True),
        ("иванов", "иванов", False),
        ("иванов", "ивонав", False),
        ("иванов", "вианво", False),
    ],
)
def test_one_mistake(a: str, b: str, one: bool) -> None:
    assert is_one_mistake(a, b) is one
