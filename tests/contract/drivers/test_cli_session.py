"""The session machine, played against dialogues that real devices hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.drivers.recordings import DATA
from tests.examples import examples
from uzel.core.answers import PortStatus
from uzel.drivers.cli_drivers import DRIVERS
from uzel.drivers.cli_page import Refusal
from uzel.drivers.cli_session import Session
from uzel.drivers.cli_steps import Answer, Failed, Ready, Send, Stage
from uzel.drivers.dlink_ports import parse_ports

DLINK, CISCO, HUAWEI = (DRIVERS[name] for name in ("dlink_dxs", "cisco_ios", "huawei_vrp"))
PAGER = "CTRL+C ESC q Quit SPACE n Next Page ENTER Next Entry a All "


def session(page, **more):
    return Session(page, user="duty", password="s3cret", **more)


def feed(machine, text, size=0):
    """Steps of a text fed whole, or in pieces."""
    data = text.encode()
    pieces = [data[i : i + size] for i in range(0, len(data), size)] if size else [data]
    return [step for piece in pieces for step in machine.feed(piece)]


def ready_dlink(size=0):
    machine = session(DLINK)
    feed(machine, "\r\nDES-3526 Fast Ethernet Switch Command Line Interface\n\r\n\rUserName:", size)
    feed(machine, "duty\n\rPassWord:", size)
    feed(machine, "******\n\r\n\rDES-3526:4#", size)
    steps = feed(machine, "disable clipaging\n\rCommand: disable clipaging\n\r\n\rSuccess.\n\r\n\rDES-3526:4#", size)
    assert steps == [Ready("DES-3526")]
    return machine


@pytest.mark.parametrize("size", [0, 1, 7])
def test_login_and_a_question_through_the_pager(size):
    machine = ready_dlink(size)
    assert machine.ask("show ports") == [Send(b"show ports\r\n")]
    body = (DATA / "dlink_dxs/DES-3526-A4_6.00.B57/ports.txt").read_text().removeprefix("DES-3526:4#").split("\n")
    first, rest = "\n\r".join(body[:12]), "\n\r".join(body[12:-2])
    steps = feed(machine, first + "\n\r" + PAGER, size)
    assert steps == [Send(b"a")]
    steps = feed(machine, "\r" + " " * 70 + "\r" + rest + "\n\rDES-3526:4#", size)
    (answer,) = steps
    assert isinstance(answer, Answer)
    assert answer.refusal is None
    parsed = parse_ports(answer.text)
    assert (len(parsed.rows), parsed.not_understood) == (10, ())
    assert parsed.rows[0] == PortStatus("1", True, True, 100, True, True)
    assert machine.stage is Stage.READY


def test_a_screen_that_refreshes_itself_is_left():
    machine = ready_dlink()
    machine.ask("show ports 1")
    steps = feed(
        machine, " 1      Enabled   Auto/Disabled    LinkDown   Enabled\n\r" + PAGER[:-6] + "p Previous Page r Refresh"
    )
    assert steps == [Send(b"q")]


def test_a_wrong_password_is_named_and_nothing_is_tried_again():
    for again in ("\n\rFail!\n\r\n\rUserName:", "\n\rUserName:", "\n\rPassWord:"):
        machine = session(DLINK)
        feed(machine, "UserName:")
        feed(machine, "PassWord:")
        (failed,) = feed(machine, again)
        assert (failed.stage, failed.code) == (Stage.PASSWORD, Refusal.LOGIN)
        assert feed(machine, "UserName:") == []


OFFER = (
    "\r\nWarning: The initial password poses security risks.\r\nThe password needs to be changed. Change now? [Y/N]:"
)


def test_the_offer_of_a_new_password_is_declined():
    machine = session(HUAWEI)
    feed(machine, "Username:")
    feed(machine, "Password:")
    assert feed(machine, OFFER) == [Send(b"n\n")]
    assert feed(machine, "n\r\nInfo: The max number of VTY users is 10.\r\n<lenina-4>") == [
        Send(b"screen-length 0 temporary\n")
    ]
    over_ssh = session(HUAWEI)
    assert feed(over_ssh, OFFER) == [Send(b"n\n")]
    assert feed(over_ssh, "n\r\n<lenina-4>") == [Send(b"screen-length 0 temporary\n")]


@pytest.mark.parametrize(
    "demand",
    [
        "\r\nYour password has expired.\r\nEnter new password:",
        "\n\rplease change the password\n\rEnter the old password :",
        "\r\nThe password has expired and must be changed.\r\nNew Password: ",
        "\r\nEnter a case-sensitive new password:",
        "\r\n(current) UNIX password: ",
        "\r\nPlease enter the password again for confirmation:",
        "\r\n% Password has expired, login denied\r\n\r\nUsername: ",
    ],
)
def test_a_demand_for_a_new_password_is_named_and_nothing_is_typed(demand):
    """Our own password must not become the new one, nor be tried again."""
    for page in (DLINK, CISCO, HUAWEI):
        machine = session(page)
        feed(machine, "Username:")
        feed(machine, "Password:")
        (failed,) = feed(machine, demand)
        assert (failed.stage, failed.code) == (Stage.PASSWORD, Refusal.EXPIRED)
        if "sername" not in demand:
            (failed,) = feed(session(page), demand)  # over SSH the login is behind us
            assert (failed.stage, failed.code) == (Stage.LOGIN, Refusal.EXPIRED)


def test_who_hangs_up_or_falls_silent_over_an_old_password_is_named():
    for end in (Session.closed, Session.timeout):
        machine = session(HUAWEI)
        feed(machine, "Username:")
        feed(machine, "Password:")
        assert feed(machine, OFFER) == [Send(b"n\n")]
        assert feed(machine, "n\r\n") == []
        (failed,) = end(machine)
        assert failed.code == Refusal.EXPIRED
    machine = session(HUAWEI)
    feed(machine, OFFER)
    (failed,) = feed(machine, "n" + OFFER)
    assert failed.code == Refusal.EXPIRED


def test_a_warning_before_the_prompt_is_only_a_warning():
    machine = session(CISCO)
    feed(machine, "Username:")
    feed(machine, "Password:")
    assert feed(machine, "\r\nYour password expires in 5 days, please change your password\r\nmira-agg1#") == [
        Send(b"terminal length 0\n")
    ]


def test_user_level_is_raised_or_refused():
    machine = session(DLINK, enable_password="up")
    feed(machine, "UserName:")
    feed(machine, "PassWord:")
    assert feed(machine, "\n\rDES-3526:3#") == [Send(b"enable admin\r\n")]
    (sent,) = feed(machine, "enable admin\n\rPassWord:")
    assert (sent.data, sent.secret) == (b"up\r\n", True)
    assert feed(machine, "\n\rDES-3526:4#") == [Send(b"disable clipaging\r\n")]
    poor = session(CISCO)
    feed(poor, "Username: ")
    feed(poor, "Password: ")
    feed(poor, "\r\nmira-agg1>")
    (failed,) = feed(poor, "enable\r\nPassword: ")
    assert (failed.stage, failed.code) == (Stage.ENABLE, Refusal.LOW_PRIVILEGE)


def test_secrets_are_not_shown():
    machine = session(CISCO)
    steps = feed(machine, "Username: ") + feed(machine, "Password: ")
    assert [step.secret for step in steps] == [False, True]
    assert "s3cret" not in repr(steps)


def test_locked_by_another_session():
    machine = session(DLINK)
    (failed,) = feed(machine, "\n\rSystem locked by other session!\n\r")
    assert failed.code == Refusal.LOCKED


def ready_huawei():
    machine = session(HUAWEI)
    feed(machine, "Username:")
    feed(machine, "Password:")
    feed(machine, "\r\n<lenina-4>")
    feed(machine, "screen-length 0 temporary\r\nError:Unrecognized command found at '^' position.\r\n<lenina-4>")
    assert feed(machine, "undo terminal monitor\r\nInfo: off\r\n<lenina-4>") == [Ready("lenina-4")]
    return machine


def test_huawei_pages_confirms_and_changes_its_view():
    machine = ready_huawei()
    machine.ask("display interface brief")
    assert feed(machine, "display interface brief\r\nPHY: Physical\r\n  ---- More ----") == [Send(b" ")]
    (answer,) = feed(machine, "\x1b[16D                \x1b[16Dx\r\n<lenina-4>")
    assert "x" in answer.text
    machine.ask("system-view")
    assert isinstance(feed(machine, "system-view\r\n[lenina-4]")[0], Answer)
    machine.ask("interface GigabitEthernet0/0/1")
    assert isinstance(feed(machine, "interface Gi\r\n[lenina-4-GigabitEthernet0/0/1]")[0], Answer)
    machine.ask("virtual-cable-test")
    steps = feed(machine, "virtual-cable-test\r\nWarning: stop service. Continue? [Y/N]:")
    assert steps == [Send(b"y\n")]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ("\r\n% Invalid input detected at '^' marker.\r\n", Refusal.UNKNOWN_COMMAND),
        ("Command authorization failed.\r\n", Refusal.LOW_PRIVILEGE),
        ("% Incomplete command.\r\n", Refusal.WRONG_ARGUMENT),
        ("a\r\nb\r\nc\r\nd\r\ne\r\n% Invalid input detected in a log line\r\n", None),
        ("Login failed for somebody else\r\n", None),
    ],
)
def test_refusals_stand_at_the_top_of_an_answer(said, refusal):
    machine = session(CISCO)
    for text in ("Username: ", "Password: ", "\r\nsw-1#", "\r\nsw-1#", "\r\nsw-1#", "\r\nsw-1#"):
        feed(machine, text)
    assert machine.stage is Stage.READY
    machine.ask("show foo")
    (answer,) = feed(machine, f"show foo\r\n{said}sw-1#")
    assert answer.refusal is refusal


def test_a_prompt_of_another_host_is_not_an_end():
    machine = ready_dlink()
    machine.ask("show switch")
    assert feed(machine, "show switch\n\rDES-3028:5#") == []
    (failed,) = machine.timeout()
    assert (failed.stage, failed.code) == (Stage.BUSY, "other_host")
    assert "DES-3028" in failed.text


@pytest.mark.parametrize("size", [0, 1])
def test_a_second_prompt_after_login_is_no_answer(size):
    machine = ready_dlink()
    assert feed(machine, "\n\rDES-3526:4#", size) == []
    machine.ask("show switch")
    assert feed(machine, "\n\rDES-3526:4#", size) == []
    (answer,) = feed(machine, "show switch\n\rDevice Type : DES-3526\n\rDES-3526:4#", size)
    assert "Device Type" in answer.text


def test_a_hash_in_a_saved_configuration_is_not_a_prompt():
    machine = ready_dlink()
    machine.ask("show config current_config")
    assert feed(machine, "show config current_config\n\r#---\n\r#\n\r# BASIC\n\r#") == []
    assert len(feed(machine, "\n\rDES-3526:4#")) == 1


def test_hanging_closing_and_flooding_are_named_and_the_text_is_kept():
    machine = ready_dlink()
    machine.ask("show log")
    feed(machine, "show log\n\rhalf a li")
    (failed,) = machine.timeout()
    assert (failed.stage, failed.code, failed.text.endswith("half a li")) == (Stage.BUSY, "timeout", True)
    (closed,) = session(DLINK).closed()
    assert (closed.stage, closed.code) == (Stage.LOGIN, "closed")
    flooded = session(DLINK, limit=1000)
    (failed,) = feed(flooded, "x" * 1001)
    assert failed.code == "flood"
    with pytest.raises(RuntimeError):
        flooded.ask("show switch")


@given(st.binary(max_size=400), st.sampled_from([DLINK, CISCO, HUAWEI]))
@examples(150)
def test_whatever_comes_raises_nothing_and_sends_the_password_only_when_asked(data, page):
    machine = session(page)
    steps = machine.feed(data)
    assert all(isinstance(step, Send | Ready | Answer | Failed) for step in steps)
    if b"ass" not in data:
        assert not any(isinstance(step, Send) and step.secret for step in steps)


REFRESH = PAGER[:-6] + "p Previous Page r Refresh"


def screen(*ports):
    """A page of a screen that refreshes itself, as DES-3200 draws it."""
    rows = "".join(f"{port:<8} Enabled  Auto/Disabled  100M/Full/None  Enabled\n\r" for port in ports)
    return f"\x1b[2J\x1b[1;1HPort     State\n\r-------- --------\n\r{rows}\x1b[7m{REFRESH}\x1b[0m"


@pytest.mark.parametrize("size", [0, 1, 7])
def test_all_pages_of_a_screen_are_turned_each_taken_once(size):
    machine = ready_dlink(size)
    machine.ask("show ports", whole=True)
    assert feed(machine, "show ports\n\rCommand: show ports\n\r" + screen(1, 2), size) == [Send(b"n")]
    # The time to refresh comes before the key does: the first page once more.
    assert feed(machine, screen(1, 2), size) == [Send(b"n")]
    assert feed(machine, screen(3, 4), size) == [Send(b"n")]
    assert feed(machine, screen("25 (C)", "25 (F)"), size) == [Send(b"n")]
    assert feed(machine, screen("25 (C)", "25 (F)"), size) == [Send(b"n")]
    assert feed(machine, screen("25 (C)", "25 (F)"), size) == [Send(b"q")]
    (answer,) = feed(machine, "\r\x1b[K\n\rDES-3526:4#", size)
    parsed = parse_ports(answer.text)
    assert [row.port for row in parsed.rows] == ["1", "2", "3", "4", "25", "25"]
    assert parsed.not_understood == ()
