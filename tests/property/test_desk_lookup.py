"""However people write one phone, MAC or address, it is read as the same; nothing that they type breaks the reading."""

from hypothesis import given
from hypothesis import strategies as st

from uzel.core.addresses import parse_address
from uzel.core.lookup import What, normalise_phone, readings
from uzel.core.words import is_one_mistake, one_letter_off, plain, to_english_keys, to_russian_keys

CITY = "4852"
digits = st.text("0123456789", min_size=6, max_size=6)
streets = st.sampled_from(["ленина", "8 марта", "садовая", "ново-садовая", "40 лет октября", "берёзовая"])


@given(
    digits,
    st.sampled_from(["", "8", "+7", "7", "8 ", "+7 "]),
    st.sampled_from(["{}{}{}", "{}-{}-{}", "{} {} {}", "{}.{}.{}"]),
    st.booleans(),
)
def test_one_local_phone_in_any_writing(number: str, prefix: str, shape: str, brackets: bool) -> None:
    local = shape.format(number[:2], number[2:4], number[4:])
    code = ("(4852) " if brackets else "4852 ") if prefix else ""
    assert normalise_phone(prefix + code + local, city_code=CITY) == "74852" + number


@given(st.text("0123456789abcdef", min_size=12, max_size=12), st.data())
def test_one_mac_in_any_notation(mac: str, data: st.DataObject) -> None:
    pairs = [mac[i : i + 2] for i in range(0, 12, 2)]
    written = data.draw(
        st.sampled_from(
            [
                mac,
                ":".join(pairs),
                "-".join(pairs).upper(),
                ".".join(mac[i : i + 4] for i in (0, 4, 8)),
                "-".join(mac[i : i + 4] for i in (0, 4, 8)),
                " ".join(pairs),
                ":".join(p.lstrip("0") or "0" for p in pairs),
                f"mac {mac}",
            ]
        )
    )
    found = readings(written, city_code=CITY)
    assert (What.MAC, mac) in [(r.what, r.value) for r in found]


@given(
    streets,
    st.integers(1, 300),
    st.sampled_from(["", "а", "к2", "/3"]),
    st.integers(1, 400),
    st.sampled_from(
        [
            "{s} {h} {f}",
            "{s}, {h}-{f}",
            "ул. {s}, д.{h}, кв.{f}",
            "улица {s} дом {h} квартира {f}",
            "{s} д{h}кв{f}",
            "  {s}   {h}   {f} ",
            "кв {f} дом {h} {s}",
            "пр-т {s} {h} кв. {f}",
        ]
    ),
    st.booleans(),
)
def test_one_address_in_any_writing(street: str, house: int, suffix: str, flat: int, shape: str, upper: bool) -> None:
    text = shape.format(s=street, h=f"{house}{suffix}", f=flat)
    found = parse_address(text.upper() if upper else text)
    expected = (tuple(plain(street).split()), f"{house}{suffix}".replace("/", "к"), str(flat))
    assert expected in [(a.words, a.house, a.flat) for a in found]


@given(st.text(max_size=300))
def test_nothing_breaks_the_reading(text: str) -> None:
    for reading in readings(text, city_code=CITY):
        assert "\x00" not in reading.value


@given(st.text("абвгдежзийклмнопрстуфхцчшщъыьэюя", min_size=1, max_size=20))
def test_layouts_are_each_other_s_mirror(word: str) -> None:
    assert to_russian_keys(to_english_keys(word)) == word


@given(st.text("абвг", min_size=1, max_size=6), st.text("абвг", min_size=1, max_size=6))
def test_words_one_mistake_apart_share_a_form(a: str, b: str) -> None:
    if is_one_mistake(a, b):
        assert one_letter_off(a) & one_letter_off(b)
        assert is_one_mistake(b, a)


@given(st.text(max_size=60))
def test_plain_is_settled(text: str) -> None:
    assert plain(plain(text)) == plain(text)
