"""The subscriber's card: what it shows to whom, what it asks of the prober, how many statements it takes."""

import re
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from tests import web_data
from uzel.core.answers import CablePair, CableTest, PairState
from uzel.core.diagnosis import ADVICE, Code, Evidence, Fact, Finding, diagnose
from uzel.core.readings import FdbEntry, OpticalReading, PortReading
from uzel.desk.lines import Line, lines_of, verdicts
from uzel.desk.operations import PER_MINUTE, ask_lines
from uzel.journal.models import AuditRecord
from uzel.network.models import Device, DeviceState, Port, PortState, Probe, Site
from uzel.outages.models import OutageElement
from uzel.people.models import Role, User
from uzel.subscribers.models import Phone, Service, Subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db: None) -> dict[Role, User]:
    return web_data.people()


@pytest.fixture
def subscriber(db: None) -> Subscriber:
    """One household on a house switch of a small lit city."""
    web_data.city(okrugs=1, districts=1, campuses=1, houses=2)
    web_data.subscribers(Site.objects.get(code="o1-d1-k1-h1"), 3)
    one = Subscriber.objects.get(account="500001")
    one.note = "Собака"
    one.save()
    Phone.objects.create(subscriber=one, digits="79161234567")
    Service.objects.filter(subscriber=one).update(mac="001a2b3c4d5e")
    return one


@pytest.fixture
def client(staff: dict[Role, User]) -> Client:
    signed_in = Client()
    signed_in.force_login(staff[Role.OPERATOR])
    return signed_in


def _page(client: Client, path: str) -> str:
    response = client.get(path, headers=web_data.HTMX if path.endswith(("/state/", "/verdict/")) else None)
    assert response.status_code == 200, path
    return response.content.decode()


def _answer(probe: Probe, **port: object) -> None:
    """End a probe as the prober does: two readings of a port that is well, but for `port`."""
    well = PortReading(
        if_index=1, name="1", admin_up=True, oper_up=True, speed_mbps=100, full_duplex=True, uptime_s=9e5, in_errors=0,
        crc=0, last_change_s=1.0,
    )  # fmt: skip
    now = timezone.now()
    rows = [asdict(well) | {"at": now.timestamp() - s} | port for s in (2, 0)]
    Probe.objects.filter(pk=probe.pk).update(
        state="done", ended_at=now, result={"ports": rows, "fdb": [asdict(FdbEntry("001a2b3c4d5e", 100, 1))]}
    )


def _ask(line: Line, user: User, *, again: bool = False) -> Probe:
    return ask_lines(lines=[line], user=user, again=again)[line.id]


def test_opening_the_card_asks_for_one_probe_and_leaves_a_trace(client: Client, subscriber: Subscriber) -> None:
    _page(client, "/subscribers/500001/")
    _page(client, "/subscribers/500001/")
    probe = Probe.objects.get()
    assert (probe.operation, probe.subject, probe.state) == ("line", "500001", "waiting")
    assert probe.port == Port.objects.get(device__code="o1-d1-k1-h1-sw1", name="1")
    assert AuditRecord.objects.filter(action="subscriber.seen", object_id=str(subscriber.pk)).count() == 2


def test_a_fragment_asked_without_its_card_leaves_a_trace_once(client: Client, subscriber: Subscriber) -> None:
    _page(client, "/subscribers/500001/state/")
    _page(client, "/subscribers/500001/state/")
    assert AuditRecord.objects.filter(action="subscriber.seen", object_id=str(subscriber.pk)).count() == 1


def test_the_verdict_waits_and_then_speaks(client: Client, subscriber: Subscriber) -> None:
    page = _page(client, "/subscribers/500001/")
    path = re.search(r'hx-get="([^"]+/verdict/)"', page)
    assert path is not None
    assert "sse:probe.done" in page
    _answer(Probe.objects.get(), oper_up=False)
    verdict = _page(client, path[1])
    assert "verdict-broken" in verdict
    assert "sse:probe.done" not in verdict
    with translation.override("ru"):
        assert translation.gettext("No link on the port") in verdict


def test_a_fine_line(client: Client, subscriber: Subscriber) -> None:
    _page(client, "/subscribers/500001/")
    _answer(Probe.objects.get())
    assert "verdict-fine" in _page(client, "/subscribers/500001/")


def test_what_was_read_before_an_outage_is_not_shown_as_now(client: Client, subscriber: Subscriber) -> None:
    _page(client, "/subscribers/500001/")
    _answer(Probe.objects.get())
    page = _page(client, "/subscribers/500001/")
    assert "checks-past" not in page and "проверено в" in page
    web_data.darken(Site.objects.get(code="o1-d1-k1"), began=timezone.now())
    state = _page(client, "/subscribers/500001/state/")
    assert "checks-past" in state and "до аварии, в" in state
    assert "проверено до аварии, в" in state and "проверено в" not in state
    # A reading that was begun after the silence is of now, whatever it says.
    OutageElement.objects.update(dark_at=timezone.now() - timedelta(hours=1))
    assert "checks-past" not in _page(client, "/subscribers/500001/state/")


def test_a_young_probe_is_reused_and_an_old_one_is_not(staff: dict[Role, User], subscriber: Subscriber) -> None:
    line, user = lines_of(subscriber)[0], staff[Role.OPERATOR]
    first = _ask(line, user)
    assert _ask(line, staff[Role.LEAD], again=True) == first
    _answer(first)
    assert _ask(line, user) == first
    Probe.objects.update(ended_at=timezone.now() - timedelta(seconds=5))
    assert _ask(line, user) == first
    assert _ask(line, user, again=True) != first


def test_one_person_cannot_flood_the_prober(client: Client, staff: dict[Role, User], subscriber: Subscriber) -> None:
    line, user = lines_of(subscriber)[0], staff[Role.OPERATOR]
    Probe.objects.bulk_create(
        Probe(operation="line", device=Site.objects.get(code="centre").devices.get(), asked_by=user)
        for _ in range(PER_MINUTE)
    )
    assert ask_lines(lines=[line], user=user) == {}
    assert _ask(line, staff[Role.LEAD]).asked_by == staff[Role.LEAD]
    Probe.objects.filter(asked_by=staff[Role.LEAD]).delete()
    assert client.post(f"/subscribers/500001/lines/{line.id}/check/", headers=web_data.HTMX).status_code == 200


def test_the_outage_is_large_and_is_the_verdict(client: Client, subscriber: Subscriber) -> None:
    outage = web_data.darken(Site.objects.get(code="o1-d1-k1"))
    page = _page(client, "/subscribers/500001/")
    assert 'class="trouble look-dark"' in page
    assert f"/outages/{outage.pk}/" in page
    assert "verdict-broken" in page
    assert page.count("state-dark") >= 3


def test_the_way_to_the_centre(client: Client, subscriber: Subscriber) -> None:
    page = _page(client, "/subscribers/500001/")
    places = [page.index(f">{code}</a>") for code in ("o1-d1-k1-h1-sw1", "o1-d1-k1-sw1", "o1-d1-sw1", "o1-sw1")]
    way = page.index('class="climb"')
    assert all(place > 0 for place in places)
    assert page.index("centre-sw1", way) > page.index("o1-sw1", way)


def test_the_port_of_a_silent_switch_is_not_shown_as_up(client: Client, subscriber: Subscriber) -> None:
    port = Port.objects.get(pk=subscriber.services.exclude(port=None).values_list("port", flat=True)[0])
    PortState.objects.update_or_create(port=port, defaults={"oper_up": True, "admin_up": True})
    line = lines_of(subscriber)[0]
    assert line.port == port and line.up
    DeviceState.objects.update_or_create(device=port.device, defaults={"answers": False, "is_lit": False})
    assert lines_of(subscriber)[0].up is None


def test_a_field_crew_sees_no_contacts(staff: dict[Role, User], subscriber: Subscriber) -> None:
    crew = Client()
    crew.force_login(staff[Role.FIELD])
    for path in ("/subscribers/500001/", "/search/?q=4567", "/search/?q=абонент"):
        page = _page(crew, path)
        assert "79161234567" not in page
        assert "123-45-67" not in page
        assert "Собака" not in page
    assert "o1-d1-k1-h1-sw1" in _page(crew, "/subscribers/500001/")


@pytest.mark.parametrize("typed", ["79161234567", "+7 916 123-45-67", "123-45-67", "1234567"])
def test_a_field_crew_cannot_ask_whose_phone_it_is(client: Client, staff: dict[Role, User], subscriber: Subscriber,
                                                   typed: str) -> None:  # fmt: skip
    assert "500001" in client.get("/search/", {"q": typed}, follow=True).content.decode()
    crew = Client()
    crew.force_login(staff[Role.FIELD])
    page = crew.get("/search/", {"q": typed}, follow=True).content.decode()
    assert "500001" not in page and subscriber.name not in page
    assert "500001" in crew.get("/search/", {"q": "500001"}, follow=True).content.decode()


def test_strangers_are_sent_to_the_door(subscriber: Subscriber) -> None:
    for path in ("/search/?q=1", "/subscribers/500001/", "/subscribers/500001/state/"):
        assert Client().get(path).status_code == 302
    assert not Probe.objects.exists()


@pytest.mark.parametrize("account", ["0", "500001%00", "%F0%9F%98%80", "' OR 1=1", "9" * 500])
def test_nobody_of_that_account(client: Client, subscriber: Subscriber, account: str) -> None:
    assert client.get(f"/subscribers/{account}/").status_code in {404, 200 if account == "500001%00" else 404}


def test_a_line_of_somebody_else_is_not_shown(client: Client, subscriber: Subscriber) -> None:
    other = Service.objects.exclude(subscriber=subscriber).latest("pk")
    assert client.get(f"/subscribers/500001/lines/{other.pk}/").status_code == 404
    assert client.post(f"/subscribers/500001/lines/{other.pk}/check/", headers=web_data.HTMX).status_code == 404


def test_asking_again_must_be_a_post(client: Client, subscriber: Subscriber) -> None:
    line = lines_of(subscriber)[0]
    assert client.get(f"/subscribers/500001/lines/{line.id}/check/", headers=web_data.HTMX).status_code == 405


def test_no_services_blocked_and_hostile_names(client: Client, subscriber: Subscriber) -> None:
    Subscriber.objects.create(account="1", name="<script>alert(1)</script>" + "Ж" * 170, status="blocked_debt")
    page = _page(client, "/subscribers/1/")
    assert "<script>alert" not in page
    with translation.override("ru"):
        assert translation.gettext("No services") in page
        assert translation.gettext("address not known") in page
    Subscriber.objects.filter(pk=subscriber.pk).update(status="blocked_debt")
    page = _page(client, "/subscribers/500001/")
    with translation.override("ru"):
        assert translation.gettext("Blocked for debt") in page


def test_a_business_with_forty_services(client: Client, subscriber: Subscriber) -> None:
    device = Site.objects.get(code="o1-d1-k1-h2").devices.get(kind="switch")
    ports = [Port.objects.create(device=device, name=f"p{n}", if_index=200 + n) for n in range(40)]
    Service.objects.bulk_create(
        Service(code=f"x{n}", subscriber=subscriber, kind="internet", device=device, port=port)
        for n, port in enumerate(ports)
    )
    with CaptureQueriesContext(connection) as captured:
        page = _page(client, "/subscribers/500001/")
    assert Probe.objects.count() == 4
    assert len(captured) <= 70
    assert page.count("data-row") >= 37


def test_statements_of_a_card(client: Client, subscriber: Subscriber) -> None:
    with CaptureQueriesContext(connection) as captured:
        _page(client, "/subscribers/500001/")
    assert len(captured) <= 32


def test_the_line_page_shows_neighbours_and_the_past(client: Client, subscriber: Subscriber) -> None:
    line = lines_of(subscriber)[0]
    _page(client, "/subscribers/500001/")
    _answer(Probe.objects.get(), oper_up=False)
    page = _page(client, f"/subscribers/500001/lines/{line.id}/")
    assert "/subscribers/500002/" in page
    with translation.override("ru"):
        assert page.count(translation.gettext("No link on the port")) >= 2


def test_search_jumps_to_the_only_one(client: Client, subscriber: Subscriber) -> None:
    response = client.get("/search/", {"q": "8 916 123-45-67"})
    assert response["Location"] == "/subscribers/500001/"
    typing = client.get("/search/", {"q": "8 916 123-45-67"}, headers=web_data.HTMX)
    assert typing.status_code == 200
    assert b"<html" not in typing.content
    assert AuditRecord.objects.filter(action="subscriber.searched").count() == 2


@pytest.mark.parametrize("text", ["", "\x00", "<script>alert(1)</script>", "я" * 5000, "\u202eabc"])
def test_the_search_page_bears_anything(client: Client, text: str) -> None:
    response = client.get("/search/", {"q": text})
    assert response.status_code == 200
    assert b"<script>alert" not in response.content


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("code", list(Code))
def test_every_finding_has_its_sentences(code: Code, language: str) -> None:
    severity, tell, do, guide = ADVICE[code]
    finding = Finding(code, severity, (Fact("missing", "link speed"),), tell, do, guide, 1.0)
    with translation.override(language):
        said = {
            part: render_to_string(f"desk/finding_{part}.html", {"finding": finding, "f": {}}).strip()
            for part in ("what", "tell", "do")
        }
    assert all(said.values()), said
    cyrillic = [bool(re.search("[а-я]", words)) for words in said.values()]
    assert all(cyrillic) if language == "ru" else not any(cyrillic)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    ("kind", "service", "never"),
    [
        ("municipal", "traffic_light", "router|роутер|flat|квартир|wi-fi|wan|your house|вашего дома|set-top|приставк"),
        ("business", "internet", r"\bflat\b|квартир"),
        ("municipal", "iptv", r"\bflat\b|квартир"),
        ("business", "catv", r"\bflat\b|квартир"),
    ],
)
def test_no_flat_where_there_is_none(
    subscriber: Subscriber, kind: str, service: str, never: str, language: str
) -> None:
    Subscriber.objects.filter(pk=subscriber.pk).update(kind=kind)
    Service.objects.filter(subscriber=subscriber).update(kind=service)
    line = lines_of(Subscriber.objects.get(pk=subscriber.pk))[0]
    for code in Code:
        if service == "traffic_light" and code in {Code.NO_GROUPS, Code.LOW_LIGHT}:
            continue  # These are of television only.
        severity, tell, do, guide = ADVICE[code]
        finding = Finding(code, severity, (), tell, do, guide, 1.0)
        with translation.override(language):
            for part in ("what", "tell", "do"):
                context = {"finding": finding, "f": {"services": service}, "line": line}
                said = render_to_string(f"desk/finding_{part}.html", context).strip()
                assert said and not re.search(never, said.lower()), (code, part, said)


def _said(evidence: Evidence, part: str) -> str:
    finding = diagnose(evidence)[0]
    context = {"finding": finding, "f": {fact.name: fact.value for fact in finding.evidence}}
    with translation.override("ru"):
        return " ".join(re.sub("<[^>]+>", " ", render_to_string(f"desk/finding_{part}.html", context)).split())


def test_cable_tv_is_fine_by_its_light() -> None:
    facts = {"account_status": "active", "service_active": True, "outages": frozenset(), "device_answers": True}
    receiver = OpticalReading(input_dbm=-3.4, output_dbuv=104.0)
    said = _said(Evidence(services=frozenset({"catv"}), receiver=receiver, **facts), "evidence")
    assert "−3,4" in said and "104" in said and "приёмник" in said
    assert "MAC" not in said and "скорость" not in said


def test_a_cut_cable_is_told_with_its_metre() -> None:
    down = PortReading(if_index=1, name="1", admin_up=True, oper_up=False, at=1.0)
    pairs = (CablePair(1, PairState.OPEN, 31), CablePair(2, PairState.OPEN, 32))
    cut = Evidence(device_answers=True, readings=(down,), cable=CableTest("1", pairs=pairs))
    assert "31 м" in _said(cut, "what") and "31 м" in _said(cut, "tell")
    assert _said(cut, "evidence") == "пары 1 и 2: на 31–32 м"


def test_batteries_on_the_way_are_said(client: Client, subscriber: Subscriber) -> None:
    """Of the campus node, through which the house hangs, not of another house."""
    for site in ("o1-d1-k1", "o1-d1-k1-h2"):
        ups = Device.objects.create(code=f"{site}-ups9", site=Site.objects.get(code=site), kind="ups", vendor="APC")
        DeviceState.objects.create(device=ups, answers=True, readings={"on_battery": True, "runtime_min": 14})
    _page(client, "/subscribers/500001/")
    _answer(Probe.objects.get())
    (line,) = [line for line in lines_of(subscriber) if line.by_cable]
    hint = verdicts([line])[line.id].findings[1]
    facts = {fact.name: fact.value for fact in hint.evidence}
    assert facts["ups"] == "o1-d1-k1-ups9" and facts["runtime_min"] == 14
