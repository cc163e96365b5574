"""The exact lines of each change for each make, and that nothing but a value of its type gets into them."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.core.changes import OF_A_PORT, Kind, Seen
from uzel.drivers.change_plan import ChangeError, Client, Plan, plan, way_of
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_page import Page

PORTS = {"dlink_dxs": "1:7", "dlink_cisco": "eth1/0/7", "cisco_ios": "Gi1/0/7", "huawei_vrp": "GigabitEthernet0/0/7"}
MODELS = {"dlink_dxs": "DGS-3120-24TC", "dlink_cisco": "DGS-1510-28X", "cisco_ios": "WS-C2960", "huawei_vrp": "S5720"}
VRP8 = "CE6850 Huawei Versatile Routing Platform Software VRP (R) software, Version 8.180"
CLIENT = Client("001122334455", "v100")
BEFORE = Seen(admin_up=True, description="old text")
OFFERED = [(name, kind) for name in PORTS for kind in Kind if DRIVERS[name].changes.get(kind)]
# What somebody might try to slip in.
TRICKS = [
    *("\nreboot", "\rreboot", "; reboot", " | include", "?", "\t", '" reboot "', "'", "\x03", "\x1a", "\x1b[A", "`id`"),
    *(
        "$(id)",
        "{mac}",
        "{port}",
        "\\n",
        "%0a",
        "\ufe56",
        "\u2028reboot",
        "\x00",
        " all",
        ",1-28",
        "-28",
        "&&",
        "#",
        ">",
        "!",
    ),
]
HARMLESS_IN_TEXT = (" all", ",1-28", "-28")


def lines(name: str, kind: Kind, *, value: str = "kv 12", about: str = "", **more: object) -> Plan:
    page = DRIVERS[name]
    way = way_of(page, kind, about or MODELS[name])
    port = PORTS[name] if kind in OF_A_PORT else None
    given = {"port": port, "value": value, "before": BEFORE, "clients": [CLIENT]} | more
    return plan(page, kind, way, **given)  # type: ignore[arg-type]


def test_the_lines_of_each_make_are_these() -> None:
    assert lines("dlink_dxs", Kind.PORT_OFF).commands == ("config ports 1:7 state disable",)
    assert lines("dlink_dxs", Kind.PORT_OFF).undoing == ("config ports 1:7 state enable",)
    assert lines("dlink_dxs", Kind.DESCRIPTION).commands == ('config ports 1:7 description "kv 12"',)
    assert lines("dlink_dxs", Kind.DESCRIPTION, value="").commands == ("config ports 1:7 clear_description",)
    barred = "delete address_binding blocked vlan_name v100 mac_address 00-11-22-33-44-55"
    assert lines("dlink_dxs", Kind.CLEAR_BINDING).commands == (barred,)
    mode = ("configure terminal", "interface Gi1/0/7")
    assert lines("cisco_ios", Kind.PORT_RESTART).commands == (*mode, "shutdown", "no shutdown", "end")
    assert lines("cisco_ios", Kind.DESCRIPTION).undoing == (*mode, "description old text", "end")
    long_ago = Seen(admin_up=True, description="*** o1-d1-agg1 Gi0/12 (reserve), by order 12/7 ***")
    assert lines("cisco_ios", Kind.DESCRIPTION, before=long_ago).undo == (f"description {long_ago.description}",)
    view = ("system-view", "interface GigabitEthernet0/0/7")
    assert lines("huawei_vrp", Kind.PORT_ON).commands == (*view, "undo shutdown", "return")
    assert lines("huawei_vrp", Kind.PORT_ON, about=VRP8).commands == (*view, "undo shutdown", "commit", "return")
    restart = (*view, "shutdown", "commit", "undo shutdown", "commit", "return")
    assert lines("huawei_vrp", Kind.PORT_RESTART, about=VRP8).commands == restart
    assert lines("dlink_cisco", Kind.PORT_OFF).commands == (
        "configure terminal", "interface eth1/0/7", "shutdown", "end",
    )  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), OFFERED)
def test_what_can_be_taken_back_is_and_every_way_out_is_there(name: str, kind: Kind) -> None:
    for about in (MODELS[name], VRP8):
        made = lines(name, kind, about=about)
        assert bool(made.undo) is (kind in {Kind.PORT_OFF, Kind.PORT_ON, Kind.PORT_RESTART, Kind.DESCRIPTION})
        assert bool(made.after) is bool(made.first)
        # An undo that is typed must be what makes the opposite true.
        if kind is Kind.PORT_RESTART:
            assert made.undo[-1] == made.do[-1]


def tries(name: str, kind: Kind, trick: str) -> Iterator[dict[str, object]]:
    """The change with the trick in one of its fields."""
    port = PORTS[name]
    if kind in OF_A_PORT:
        yield from ({"port": port + trick}, {"port": trick + port}, {"port": trick})
    if kind is Kind.DESCRIPTION and trick not in HARMLESS_IN_TEXT:
        yield from ({"value": "kv" + trick + "x"}, {"value": trick})
    if kind is Kind.CLEAR_BINDING and "{mac}" in DRIVERS[name].changes[kind][0].do:
        yield {"clients": [Client(CLIENT.mac + trick, "v100")]}
        yield from [{"clients": [Client(CLIENT.mac, "v100" + trick)]}] if trick != "-28" else []


@pytest.mark.parametrize(("name", "kind"), OFFERED)
def test_nothing_is_slipped_in_through_any_field(name: str, kind: Kind) -> None:
    tried = 0
    for trick in TRICKS:
        for each in tries(name, kind, trick):
            with pytest.raises(ChangeError):
                lines(name, kind, **each)  # type: ignore[arg-type]
            tried += 1
        if kind is Kind.DESCRIPTION and trick not in HARMLESS_IN_TEXT:
            # An old description comes from the device: it must not be typed either.
            made = lines(name, kind, before=replace(BEFORE, description="kv" + trick + "x"))
            assert made.undo == ()
    assert tried >= len(TRICKS) * (3 if kind in OF_A_PORT else 0)


@given(value=st.text(max_size=40), port=st.text(max_size=30), mac=st.text(max_size=20), vlan=st.text(max_size=34))
def test_whatever_comes_a_line_is_one_line_of_plain_signs(value: str, port: str, mac: str, vlan: str) -> None:
    for name, kind in OFFERED:
        for given_port in (port, PORTS[name]):
            try:
                made = lines(name, kind, value=value, port=given_port, clients=[Client(mac, vlan)])
            except ChangeError:
                continue
            for line in (*made.commands, *made.undoing):
                assert re.fullmatch(r"[A-Za-z0-9 _./:,()*=@\"-]+", line, re.ASCII)
                assert line.count('"') in (0, 2)


def test_what_a_make_does_not_offer_is_said() -> None:
    for name in ("dlink_smart", "dlink_des21"):
        assert not DRIVERS[name].changes
    with pytest.raises(ChangeError) as error:
        way_of(DRIVERS["dlink_cisco"], Kind.CLEAR_BINDING, "DGS-1510")
    assert error.value.code == "not_offered"


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(ChangeError) as error:
        lines("cisco_ios", Kind.PORT_OFF, port=None)
    assert error.value.code == "bad_port"
    with pytest.raises(ChangeError) as error:
        lines("dlink_dxs", Kind.CLEAR_BINDING, clients=[])
    assert error.value.code == "nothing_blocked"


@pytest.mark.parametrize("page", DRIVERS.values(), ids=lambda page: page.name)
def test_no_prompt_of_a_page_can_be_written_in_a_description(page: Page) -> None:
    """An echo that looks like a prompt, a pager or a question would be answered by the session."""
    texts = ["HOST", "Continue", "Y/N", "a All", "More", "login:", "Password:", "-", "---"]
    for kinds in page.changes.values():
        for way in kinds:
            for pattern, _ in (*page.pagers, *way.answers):
                for text in texts:
                    assert not re.search(pattern, f"HOST#{way.do.split(chr(10))[0]} {text}")
