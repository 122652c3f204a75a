"""Search over HTTP: on both databases what a naive judge finds, best first, whatever is typed; and facets."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import api_world
import generated_records
import naive_rules
import naive_search
import record_scripts
from api.http.limits import LONGEST_ADDRESS
from api_world import DATABASES, World, act
from application.recording import handle
from conftest import WHOLE
from domain.decisions import command_for
from domain.events import JurisdictionUpdated

FACETS = "kind,jurisdiction,party,year"

TYPED = [
    'unbalanced "quote', '"', '""', '"" a', "AND", "OR OR", "NOT", "NEAR(a b)", "a NEAR/2 b", "*", "a*", "**", "^a",
    "a:b", "summary:a", "{summary} : a", "-a", "--a", "-", "a -", "a -a", "(", ")", "a AND (b OR", "a & b", "a | !b",
    "'; DROP TABLE words; --", "a <-> b", "'a':*", ":*", "\\", "a\\'b", "%", "_", "a_b", "$1", "%s", "%(match)s",
    ":match", "?", "😀", "a😀b", "\u202e", "\ufeff", "\uffff", "a\0b", "\0", " ", "", "a " * 100, "é" * 200, "x" * 200,
    "x" * 201, "a b " * 2_500, "x" * 10_000, "\u0130", "½", "ﬁ", "日本語", "a\nb\tc\rd", '-"a b" c', '"a b"*', "--",
    "\u00ad",
]  # fmt: skip


@pytest.fixture(scope="module", params=DATABASES)
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path_factory.mktemp("search")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        yield world


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["id"] for entry in entries]


def found(world: World, q: str, **asked: Any) -> list[str]:
    return ids(world.get("timeline", q=q, limit=1000, **asked)["entries"])


def names_in(world: World, entries: list[dict[str, Any]]) -> naive_search.Names:
    listed = api_world.pages(world, "jurisdictions", "jurisdictions", limit=1000)
    return naive_search.names_of({place["id"]: place for place in listed}, entries)


def say(world: World, *, id: str, occurred: str = "2017-04-21", **more: Any) -> None:
    answer = world.post("entries", act("statement", occurred, [], id=id, **more))
    assert answer.status_code == 201, answer.text


def test_the_real_record_is_searched_as_a_reader_would(record: World) -> None:
    whole = record.get("timeline", limit=1000)["entries"]
    names = names_in(record, whole)
    asked = [
        '"new orleans" detainer*',
        "nola letter",
        "cook county",
        "-chicago sanctuary",
        '"city of chicago v. sessions"',
        "letter",
        "new orleans",
        '"new orleans"',
        "detainer* -lawsuit",
        "1373",
        "8 U.S.C. 1373",
        "mayor’s",
        "Times",
    ]
    for question in [*asked, *naive_search.questions(1373, whole, 60)]:
        assert found(record, question) == naive_search.ranked(whole, question, names), question
    assert len(found(record, "letter*")) > len(found(record, "letter")) > 5
    # The examples of the documentation find something.
    assert found(record, '"new orleans" detainer*')
    assert found(record, '"new orleans" detainer* -lawsuit')


@pytest.mark.parametrize("seed", [1, 2, 3] if WHOLE else [1])
def test_every_search_of_a_random_record_on_random_clocks_is_the_judges(world: World, seed: int) -> None:
    made = generated_records.generate(seed, acts=70, places=14)
    naive_search.wordy(made["entries"], seed)
    log = generated_records.script(seed, made)
    record_scripts.play(world.service, log)
    rng = random.Random(seed)
    asked = naive_search.questions(seed, made["entries"], 40)
    for question, (as_of, public_by) in zip(asked, generated_records.clocks(seed, made, 40), strict=True):
        recorded_by = rng.choice([None, rng.randrange(len(log) // 2, len(log))])
        clocks = {"as_of": as_of, "public_by": public_by, "recorded_by": recorded_by}
        places, entries = naive_rules.on_record(log, recorded_by)
        names = naive_search.names_of(places, entries)
        place = rng.choice([None, *places])
        context = rng.random() < 0.5
        there = dict(naive_rules.timeline(log, place, as_of, public_by, recorded_by, context))
        shown = [entry for entry in entries if entry["id"] in there]
        kind, party = rng.choice([None, None, *(one["kind"] for one in shown)]), rng.choice([None, None, "federal"])
        shown = [one for one in shown if kind in (None, one["kind"]) and party in (None, one["actor"]["party"])]
        address = "timeline" if place is None else f"jurisdictions/{place}/timeline"
        filters = {"context": context, "kind": kind, "party": party, **clocks}
        for q in (question, None):
            right = shown if q is None else [one for one in shown if naive_search.fit(one, q, names) is not None]
            answer = world.get(address, q=q, limit=rng.choice([1, 3, 1000]), facets=FACETS, **filters)
            assert answer["facets"] == naive_search.facets(right, places), (q, place, filters)
        in_order = api_world.pages(world, address, "entries", q=question, limit=rng.choice([2, 1000]), **filters)
        assert ids(in_order) == naive_search.ranked(shown, question, names), (question, place, filters)
        assert [entry["certain"] for entry in in_order] == [there[entry["id"]] for entry in in_order]
        oldest = world.get(address, q=question, order="oldest", limit=1000, **filters)["entries"]
        right = sorted(
            (one for one in shown if naive_search.fit(one, question, names) is not None), key=naive_rules.by_occurrence
        )
        assert ids(oldest) == ids(right)


@pytest.mark.parametrize("seed", [4, 5] if WHOLE else [4])
def test_a_facet_counts_what_the_list_shows_with_that_filter(world: World, seed: int) -> None:
    made = generated_records.generate(seed, acts=70, places=14)
    naive_search.wordy(made["entries"], seed)
    record_scripts.play(world.service, generated_records.script(seed, made))
    rng = random.Random(seed)
    for question in [None, *naive_search.questions(seed, made["entries"], 4)]:
        asked: dict[str, Any] = {
            "q": question,
            "state": rng.choice([None, "CA"]),
            "as_of": rng.choice([None, "2020-01-01"]),
        }
        facets = world.get("timeline", facets=FACETS, limit=1, **asked)["facets"]
        for name in ("kind", "jurisdiction", "party"):
            for value, number in facets[name].items():
                further = {**asked, name: value}
                assert len(api_world.pages(world, "timeline", "entries", limit=400, **further)) == number, further
        whole = world.get("timeline", limit=1000, **asked)["entries"]
        assert sum(facets["year"].values()) == sum(facets["kind"].values()) == len(whole)
        assert list(facets["year"]) == sorted(facets["year"])
        for name in ("kind", "jurisdiction", "party"):
            assert list(facets[name].values()) == sorted(facets[name].values(), reverse=True)


@pytest.mark.parametrize("typed", TYPED)
def test_whatever_is_typed_is_searched_as_words_or_refused_by_name(record: World, typed: str) -> None:
    for address in ("timeline", "jurisdictions/new-orleans-la/timeline"):
        answer = record.ask(address, q=typed, facets="kind")
        if len(typed) >= LONGEST_ADDRESS:
            assert answer.status_code == 414
        elif "\0" in typed or not naive_search.askable(typed):
            assert answer.status_code == 400
            assert [error["field"] for error in answer.json()["errors"]] == ["q"]
        else:
            assert answer.status_code == 200, answer.text


@settings(max_examples=60 if WHOLE else 25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('ab "*-_\\%:()')), max_size=40))
def test_no_text_at_all_is_too_much_for_it(record: World, typed: str) -> None:
    whole = record.get("timeline", limit=1000)["entries"]
    answer = record.ask("timeline", q=typed, limit=1000)
    if "\0" in typed or not naive_search.askable(typed):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "q")
    else:
        assert ids(answer.json()["entries"]) == naive_search.ranked(whole, typed, names_in(record, whole))


def test_what_the_summary_says_comes_before_quotes_and_those_before_names(world: World) -> None:
    say(world, id="title", sources=[{"id": "s1", "title": "Detainer policy", "rank": "primary"}], occurred="2019")
    say(world, id="quote", quotes=[{"text": "No detainer is policy.", "source": "s1"}], occurred="2018")
    say(world, id="both", summary="Of a detainer.", quotes=[{"text": "A policy.", "source": "s1"}], occurred="2018-02")
    say(world, id="old", summary="A policy on each detainer.", occurred="2016")
    say(world, id="new", summary="The detainer: a new policy.", occurred="2017")
    say(world, id="actor", actor={"office": "Office of Detainer Policy", "party": "federal"}, occurred="2015")
    best_first = ["new", "old", "both", "quote", "title", "actor"]
    assert found(world, "detainer policy") == best_first
    assert found(world, "detainer policy", order="relevance") == best_first
    assert found(world, "detainer policy", order="oldest") == ["actor", "old", "new", "quote", "both", "title"]
    assert found(world, '"detainer policy"') == ["title", "actor"]
    assert found(world, "polic* -new") == ["old", "both", "quote", "title", "actor"]


def test_pages_of_a_ranked_answer_are_of_one_moment(world: World) -> None:
    for number in range(9):
        say(world, id=f"one-{number}", summary=f"A detainer {number}.", occurred=f"201{number}")
    whole = found(world, "detainer")
    first = world.get("timeline", q="detainer", limit=4)
    say(world, id="one-more", summary="A detainer, between pages.", occurred="2012-06")
    corrected = {"fields": {"summary": "Nothing of the kind."}, "reason": "Read again.",
                 "source": {"title": "A paper", "rank": "primary"}}  # fmt: skip
    answer = world.client.post(
        "/api/v1/entries/one-3/corrections", json=corrected, headers={**world.headers, "If-Match": '"1"'}
    )
    assert answer.status_code == 200, answer.text
    second = world.get("timeline", q="detainer", limit=4, cursor=first["next"])
    third = world.get("timeline", q="detainer", limit=4, cursor=second["next"], facets="kind")
    assert [*ids(first["entries"]), *ids(second["entries"]), *ids(third["entries"])] == whole
    assert third["next"] is None
    assert third["facets"] == {"kind": {"statement": 9}}
    assert found(world, "detainer") == [id_ for id_ in (*whole[:6], "one-more", *whole[6:]) if id_ != "one-3"]


def test_an_answer_rests_on_what_no_longer_says_so(world: World) -> None:
    say(world, id="one", summary="A detainer.")
    say(world, id="other", summary="A letter.")
    assert world.get("timeline", q="detainer", facets="kind")["position"] == 1
    corrected = {"fields": {"summary": "A letter."}, "reason": "Read again.",
                 "source": {"title": "A paper", "rank": "primary"}}  # fmt: skip
    world.client.post("/api/v1/entries/one/corrections", json=corrected, headers={**world.headers, "If-Match": '"1"'})
    for facets in (None, "kind"):
        answer = world.get("timeline", q="detainer", facets=facets)
        assert (answer["entries"], answer["position"]) == ([], 3)
        assert ids(world.get("timeline", q="detainer", recorded_by=2, facets=facets)["entries"]) == ["one"]


def test_facets_are_named_and_only_where_asked_for(record: World) -> None:
    assert "facets" not in record.get("timeline")
    assert list(record.get("timeline", facets="year,kind")["facets"]) == ["kind", "year"]
    for wrong in ("colour", "kind,", "", "kind,colour", "Kind"):
        answer = record.ask("timeline", facets=wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "facets")
        assert answer.json()["errors"][0]["value"] == wrong
    answer = record.ask("timeline", order="relevance")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "order")


def test_a_cursor_of_another_order_is_refused(record: World) -> None:
    ranked = record.get("timeline", q="letter", limit=1)["next"]
    by_day = record.get("timeline", q="letter", limit=1, order="oldest")["next"]
    for cursor, order in ((ranked, "oldest"), (by_day, "relevance")):
        answer = record.ask("timeline", q="letter", order=order, cursor=cursor)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cursor")


def test_every_format_has_the_entries_of_a_search_in_its_order(record: World) -> None:
    asked: dict[str, Any] = {"q": "letter* -lawsuit", "limit": 7}
    page = record.get("timeline", **asked)
    for cursor, right in ((None, page), (page["next"], record.get("timeline", cursor=page["next"], **asked))):
        lines = record.ask("timeline.ndjson", cursor=cursor, **asked).text.splitlines()
        assert [json.loads(line)["id"] for line in lines] == ids(right["entries"])
    whole = found(record, asked["q"])
    assert [json.loads(line)["id"] for line in record.ask("timeline.ndjson", q=asked["q"]).text.splitlines()] == whole
    feed = record.ask("timeline.feed.json", q=asked["q"], limit=1000).json()
    assert {item["url"].rpartition("/")[2].partition("?")[0] for item in feed["items"]} == set(whole)
    answer = record.ask("timeline.csv", q="letter", facets="kind")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "facets")


def test_an_entry_is_found_by_the_names_of_its_places_and_case_also_by_those_given_later(world: World) -> None:
    assert world.post("jurisdictions", api_world.place("orleans-la", name="New Orleans")).status_code == 201
    say_of = act("statement", "2017-04-21", ["orleans-la"], id="of-a-place", summary="On detainers.")
    assert world.post("entries", say_of).status_code == 201
    case = {"id": "a-v-b", "caption": "Able v. Baker"}
    filed = act("lawsuit_filed", "2017-05-01", ["orleans-la"], id="filed", case=case)
    ruled = act("ruling", "2017-06-01", ["orleans-la"], id="ruled", case={"id": "a-v-b"})
    for entry in (filed, ruled):
        assert world.post("entries", entry).status_code == 201
    before = world.get("timeline", q="crescent")
    assert found(world, '"new orleans" detainer*') == ["of-a-place"]
    assert found(world, "able v. baker") == ["ruled", "filed"]
    assert found(world, "detainers -orleans") == []
    assert before["entries"] == []
    head = int(world.ask("timeline").headers["log-position"])
    renamed = JurisdictionUpdated(jurisdiction="orleans-la", fields={"name": "Crescent City", "aliases": ["NOLA"]})
    handle(world.service, [command_for(renamed)], recorder="test")
    assert found(world, "crescent detainers") == found(world, "nola detainers") == ["of-a-place"]
    assert found(world, '"new orleans"') == []
    assert found(world, '"new orleans"', recorded_by=head) == ["ruled", "filed", "of-a-place"]
    assert found(world, "crescent", recorded_by=head) == []
    assert world.get("timeline", q="crescent")["position"] > head >= before["position"]
    assert world.get("timeline", q='"new orleans"')["position"] > head
