"""Who may change what, what is refused, and how it is told whether it came true."""

import pytest

from uzel.core.changes import (
    CHIEFS,
    LONGEST_TEXT,
    OF_A_PORT,
    WHO,
    Kind,
    PortFacts,
    Seen,
    came_true,
    is_restored,
    is_text,
    needless,
    refusals,
)

PLAIN = PortFacts(is_uplink=False, darkens=0, subscribers=1)
SHARED = PortFacts(is_uplink=False, darkens=0, subscribers=2)
UPLINK = PortFacts(is_uplink=True, darkens=0, subscribers=0)
TRUNK = PortFacts(is_uplink=True, darkens=3, subscribers=0)


def codes(kind: Kind, port: PortFacts | None, role: str) -> list[str]:
    return [refusal.code for refusal in refusals(kind, port, role)]


@pytest.mark.parametrize("kind", list(Kind))
def test_nobody_but_the_desk_changes_anything(kind: Kind) -> None:
    assert codes(kind, PLAIN, "field") == codes(kind, PLAIN, "") == ["role"]
    assert not [role for role in WHO[kind] if codes(kind, PLAIN, role)]
    assert WHO[kind] >= CHIEFS


def test_an_operator_restarts_and_clears_and_a_coordinator_does_the_rest() -> None:
    own = {kind for kind in Kind if not codes(kind, PLAIN, "operator")}
    assert own == {Kind.PORT_RESTART, Kind.CLEAR_COUNTERS, Kind.CLEAR_BINDING}
    assert not [kind for kind in Kind if codes(kind, PLAIN, "coordinator")]


@pytest.mark.parametrize("kind", sorted(OF_A_PORT))
def test_uplinks_and_shared_ports_want_a_chief(kind: Kind) -> None:
    assert codes(kind, UPLINK, "coordinator") == ["uplink"]
    assert codes(kind, SHARED, "coordinator") == ["shared"]
    assert all(refusal.confirmable for refusal in refusals(kind, SHARED, "coordinator"))
    assert codes(kind, None, "lead") == ["no_port"]
    for role in CHIEFS:
        assert codes(kind, UPLINK, role) == codes(kind, SHARED, role) == []


@pytest.mark.parametrize("role", sorted(CHIEFS))
def test_nobody_drops_a_port_that_others_get_their_light_through(role: str) -> None:
    for kind in (Kind.PORT_OFF, Kind.PORT_RESTART):
        (refusal,) = refusals(kind, TRUNK, role)
        assert (refusal.code, refusal.confirmable) == ("carries_light", False)
    assert codes(Kind.DESCRIPTION, TRUNK, role) == []


@pytest.mark.parametrize(
    "text", ["", "kv 12", "5", "Lenina, 7/2 kv.12", "a" * LONGEST_TEXT, "uplink-1_2:3", "*** to agg1 (SFP) ***"]
)
def test_descriptions_that_go(text: str) -> None:
    assert is_text(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "кв 12",
            "a" * (LONGEST_TEXT + 1),
            "-x",
            " x",
            "x ",
            "x\ny",
            "x\ry",
            "x\ty",
            'x"y',
            "x'y",
            "x?",
            "x|y",
            "x;y",
        ),
        *("x#", "x>", "x\\y", "x`y", "x$y", "x%y", "x{port}", "x\x03y", "x\x1by", "x---MORE---", "a--b", "x\u2028y"),
        *("x\u00a0y", "x\x00y", "x!", "x&y", "x\u0660", "CTRL+C q Quit a All", "[confirm]", "x<y"),
    ],
)
def test_descriptions_that_do_not(text: str) -> None:
    assert not is_text(text)


def test_what_has_to_hold_afterwards() -> None:
    on, off, dumb = Seen(admin_up=True), Seen(admin_up=False), Seen()
    assert [came_true(Kind.PORT_OFF, on, seen, "") for seen in (off, on, dumb)] == [True, False, None]
    assert [came_true(Kind.PORT_ON, off, seen, "") for seen in (on, off, dumb)] == [True, False, None]
    assert [came_true(Kind.PORT_RESTART, on, seen, "") for seen in (on, off, dumb)] == [True, False, None]
    told = [came_true(Kind.DESCRIPTION, on, Seen(description=text), "kv 1") for text in ("kv 1", "kv", None)]
    assert told == [True, False, None]
    counted = [came_true(Kind.CLEAR_COUNTERS, Seen(octets=50), Seen(octets=n), "") for n in (3, 51, None)]
    assert counted == [True, False, None]
    mac = "001122334455"
    barred = Seen(blocked=(mac,))
    let_in = [came_true(Kind.CLEAR_BINDING, barred, Seen(blocked=left), "") for left in ((), (mac,), None)]
    assert let_in == [True, False, None]
    assert [came_true(Kind.CLEAR_BINDING, Seen(macs=()), Seen(macs=now), "") for now in ((mac,), ())] == [True, False]


def test_what_needs_no_change() -> None:
    on, off = Seen(admin_up=True, description="x"), Seen(admin_up=False)
    assert needless(Kind.PORT_OFF, off, "") == needless(Kind.PORT_ON, on, "") == "already_so"
    assert needless(Kind.DESCRIPTION, on, "x") == "already_so"
    assert needless(Kind.PORT_RESTART, off, "") == "port_is_off"
    assert needless(Kind.CLEAR_BINDING, Seen(blocked=()), "") == "nothing_blocked"
    assert needless(Kind.CLEAR_BINDING, Seen(macs=("001122334455",)), "") == "nothing_blocked"
    assert not [kind for kind in Kind if needless(kind, Seen(admin_up=None), "y")]


def test_restored_is_as_it_was() -> None:
    before = Seen(admin_up=True, description="x")
    assert is_restored(Kind.PORT_OFF, before, Seen(admin_up=True))
    assert not is_restored(Kind.PORT_OFF, before, Seen(admin_up=False))
    assert not is_restored(Kind.PORT_OFF, before, Seen())
    assert not is_restored(Kind.DESCRIPTION, before, Seen(admin_up=True, description="y"))
