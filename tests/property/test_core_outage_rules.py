"""The rules of outages and the compiled engine against brute force, and what must hold of any answer."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.engine_brute import FAR, Case, cases, fewest, read
from tests.examples import examples
from tests.property.cities import city, heard
from uzel.core.engine import Engine
from uzel.core.outage import Evidence, Seen, explain, to_ask
from uzel.core.outage_light import picture
from uzel.core.scope import Attachment, affected
from uzel.core.topology import Kind, Link, Network, Node, answering, lit


def network_of(case: Case) -> Network:
    nodes = [Node(i, Kind.SWITCH, source=i in case.sources, watched=i in case.watched) for i in case.nodes]
    return Network.of(nodes, [Link(*link) for link in case.links])


def evidence_of(case: Case) -> Evidence:
    return Evidence({i: Seen(answers, 1.0) for i, answers in case.heard.items()}, dict(case.up), now=1.0)


def attachments_of(case: Case) -> list[Attachment]:
    return [Attachment(i, who, "internet", "person" if who % 3 else "business") for i, who in case.people]


def a_case(largest: int):
    return st.integers(0, 2**32).map(lambda seed: next(cases(seed, largest=largest)))


@given(a_case(40))
@examples(250)
def test_the_plain_rules_read_as_brute_force_does(case):
    net, evidence = network_of(case), evidence_of(case)
    seen, wanted = picture(net, evidence), read(case)
    people = attachments_of(case)
    found = {(it.dark, frozenset(it.roots), affected(people, it.dark).total) for it in seen.regions}
    assert (found, seen.believed) == (wanted.regions, wanted.believed)


@given(a_case(40))
@examples(250)
def test_the_engine_reads_as_the_plain_rules_do(case):
    net, evidence = network_of(case), evidence_of(case)
    engine = Engine.of(net, attachments_of(case))
    assert engine.picture(net, evidence) == picture(net, evidence)
    assert explain(net, evidence, engine.picture) == explain(net, evidence)


@given(st.randoms(use_true_random=False))
@examples(300)
def test_the_engine_asks_and_explains_as_the_plain_rules_do(draw):
    """With power, batteries, receivers asked through switches, ports, and observations of several ages."""
    net = city(draw)
    engine = Engine.of(net)
    for _ in range(3):
        evidence = heard(draw, net)
        assert engine.picture(net, evidence) == picture(net, evidence)
        assert explain(net, evidence, engine.picture) == explain(net, evidence)
        assert engine.to_ask(net, evidence) == to_ask(net, evidence)
        columns = replace(evidence, seen=engine.heard(net, evidence))
        assert columns.seen == evidence.seen
        assert explain(net, columns, engine.picture) == explain(net, evidence)
        assert engine.to_ask(net, columns) == to_ask(net, evidence)


@given(a_case(40), st.data())
@examples(150)
def test_the_engine_counts_any_failures_exactly(case, data):
    net, people = network_of(case), attachments_of(case)
    engine = Engine.of(net, people)
    ids = engine.layout.ids
    failed = data.draw(st.sets(st.sampled_from(sorted(case.nodes)), min_size=1))
    dark = (lit(net) - lit(net, failed=failed)) | failed
    found = engine.dark_if(engine.numbers(np.array(sorted(failed))))
    assert (set(ids[found].tolist()), engine.scope_of(found)) == (dark, affected(people, dark))
    for i in lit(net):
        number = int(engine.numbers(np.array([i]))[0])
        alone = lit(net) - lit(net, failed={i})
        assert set(ids[engine.dark_behind(number)].tolist()) == alone
        assert engine.scope_behind(number) == affected(people, alone)
        assert engine.people_behind(number) == affected(people, alone).total


@given(a_case(9))
@examples(150)
def test_the_causes_are_the_fewest_failures_that_explain_what_was_heard(case):
    """Where the light of every answering element is sure, no smaller set of failures gives the same answers."""
    case = Case(case.nodes, case.sources, case.watched, case.links, case.people, case.heard, {})
    reading = read(case)
    least, ways_to_fail = fewest(case)
    assert least < FAR
    count = sum(len(tops) for _, tops, _ in reading.regions) + len(reading.believed)
    if any(len(reading.believed - mute) for _, mute in ways_to_fail):
        return  # several silent elements may pass the light: each is spared, though one would do
    dark = frozenset(i for part, _, _ in reading.regions for i in part)
    near = {i: {b if a == i else a for _, a, b in case.links if i in (a, b)} for i in case.nodes}
    if any(len(near[i] & dark) > 1 for i in case.nodes - dark - case.heard.keys()):
        return  # an element that nobody can ask, on a ring: it alone feeds nothing, so it is not suspected
    assert count == least
    assert any(dark <= it and mute == reading.believed for it, mute in ways_to_fail)


@given(a_case(40))
@examples(150)
def test_what_holds_of_every_explanation(case):
    net, evidence = network_of(case), evidence_of(case)
    found = explain(net, evidence)
    named = [i for it in found for i in it.dark]
    assert len(named) == len(set(named)), "explained twice"
    assert evidence.silent <= set(named), "silence left without a cause"
    answered = {i for i, answers in case.heard.items() if answers}
    assert not answered & set(named), "an answer contradicted"
    for it in found:
        assert set(it.roots) <= it.dark
        assert it.hypotheses
        for cause in it.hypotheses:
            barren = any(reason.code == "source_feeds_nobody" for reason in cause.reasons)
            assert barren or not set(cause.nodes) & answered


@given(a_case(30), st.randoms(use_true_random=False))
@examples(100)
def test_neither_order_nor_numbers_matter(case, draw):
    """Observations in any order and doubled; elements renumbered: the same outages."""
    net, evidence = network_of(case), evidence_of(case)
    heard = list(evidence.seen.items())
    draw.shuffle(heard)
    assert explain(net, Evidence(dict(heard), evidence.link_up, now=1.0)) == explain(net, evidence)
    others = draw.sample(range(1000, 9999), len(case.nodes))
    new = dict(zip(sorted(case.nodes), others, strict=True))
    nodes = [Node(new[it.id], it.kind, source=it.source, watched=it.watched) for it in net.nodes.values()]
    moved = Network.of(nodes, [Link(it.id, new[it.a], new[it.b]) for it in net.links.values()])
    again = explain(moved, Evidence({new[i]: it for i, it in heard}, evidence.link_up, now=1.0))
    words = {
        (it.cause.kind, frozenset(new[i] for i in it.dark), frozenset(map(new.get, it.roots)))
        for it in explain(net, evidence)
    }
    assert {(it.cause.kind, it.dark, frozenset(it.roots)) for it in again} == words


@given(a_case(30), st.randoms(use_true_random=False))
@examples(150)
def test_polls_in_any_order_settle_on_the_same_outages(case, draw):
    """From one silence on, asking whom `to_ask` names (in any order) ends, and ends at what asking everybody gives."""
    net = network_of(case)
    dead = set(draw.sample(sorted(case.nodes), min(2, len(case.nodes))))
    answers = answering(net, failed=dead)
    silent = sorted(case.watched - answers)
    if not silent:
        return
    ends = []
    for first in (silent[0], silent[-1]):
        seen = {i: Seen(True, 0.0) for i in case.watched} | {first: Seen(False, 10.0)}
        now = 10.0
        for _ in range(3 * len(case.nodes)):
            asked = sorted(to_ask(net, Evidence(seen, now=now)))
            if not asked:
                break
            now += 1.0
            draw.shuffle(asked)
            for i in asked[: draw.randrange(1, len(asked) + 1)]:
                was = seen[i]
                since = was.began if was.answers == (i in answers) else now
                seen[i] = Seen(i in answers, now, since=since)
        assert not to_ask(net, Evidence(seen, now=now))
        ends.append({it.dark for it in explain(net, Evidence(seen, now=now)) if first in it.dark})
    truth = Evidence({i: Seen(i in answers, 1.0) for i in case.watched}, now=1.0)
    for first, end in zip((silent[0], silent[-1]), ends, strict=True):
        assert end == {it.dark for it in explain(net, truth) if first in it.dark}


@given(a_case(30), st.data())
@examples(100)
def test_light_only_shrinks_as_more_fails(case, data):
    net = network_of(case)
    some = data.draw(st.sets(st.sampled_from(sorted(case.nodes))))
    more = some | data.draw(st.sets(st.sampled_from(sorted(case.nodes))))
    cut = data.draw(st.sets(st.sampled_from([link[0] for link in case.links])))
    assert lit(net, failed=more, cut=cut) <= lit(net, failed=some, cut=cut) <= lit(net, failed=some)


@pytest.mark.slow
def test_thousands_of_cases_against_brute_force():
    for case in islice(cases(2026), 3000):
        net, evidence, wanted = network_of(case), evidence_of(case), read(case)
        engine = Engine.of(net)
        seen = engine.picture(net, evidence)
        found = {(it.dark, frozenset(it.roots)) for it in seen.regions}
        assert found == {(part, tops) for part, tops, _ in wanted.regions}
        assert seen.believed == wanted.believed


def test_one_dead_element_is_one_outage():
    for case in islice(cases(7), 300):
        net = network_of(case)
        able = sorted(lit(net) & case.watched)
        if able:
            answers = answering(net, failed={able[0]})
            seen = {i: Seen(i in answers, 1.0) for i in able}
            found = explain(net, Evidence(seen, now=1.0))
            assert len(found) == 1
            assert able[0] in found[0].dark
