"""The timeline over HTTP: pages, order, filters, words, context, and what was said before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
import naive_rules
from api_world import DATABASES, World, act, place

WRITTEN = api_world.recorded_entries()
IN_ORDER = [entry["id"] for entry in sorted(WRITTEN.values(), key=naive_rules.by_occurrence)]


@pytest.fixture(scope="module", params=DATABASES)
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path_factory.mktemp("timeline")) as world:
        yield api_world.with_the_record(world)


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        world.post("jurisdictions", place("springfield"))
        world.post("jurisdictions", place("shelbyville", state="NV", time_zone="America/Los_Angeles"))
        yield world


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["id"] for entry in entries]


def timeline(world: World, **parameters: Any) -> list[str]:
    return ids(world.get("timeline", **{"limit": 1000, **parameters})["entries"])


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_one_after_another_are_the_whole(record: World, limit: int) -> None:
    whole = record.get("timeline", limit=1000)["entries"]
    assert ids(whole) == timeline(record)
    if limit == 1:
        some = {"from": "2017-06-01", "to": "2017-07-31"}
        assert (
            api_world.pages(record, "timeline", "entries", limit=1, **some)
            == record.get("timeline", limit=1000, **some)["entries"]
        )
        return
    assert api_world.pages(record, "timeline", "entries", limit=limit) == whole
    newest = api_world.pages(record, "timeline", "entries", limit=limit, order="newest")
    assert newest == whole[::-1]


def test_without_corrections_it_is_the_order_of_occurrence(record: World) -> None:
    places = len(api_world.read(api_world.SEEDS / "jurisdictions.yaml"))
    assert timeline(record, recorded_by=places + len(WRITTEN)) == IN_ORDER


def test_what_comes_in_between_pages_neither_doubles_nor_hides_what_was_there(world: World) -> None:
    for order in ("oldest", "newest"):
        days = [f"2017-03-{day:02d}" for day in range(1, 25, 3)]
        before = [world.post("entries", act("statement", day, [], note=order)).json()["id"] for day in days]
        seen: list[str] = []
        cursor = None
        for turn in range(100):
            page = world.get("timeline", limit=2, order=order, cursor=cursor)
            seen += ids(page["entries"])
            cursor = page["next"]
            if cursor is None:
                break
            day = f"2017-03-{(turn * 5) % 28 + 1:02d}"
            assert world.post("entries", act("meeting", day, [], note=f"{order} {turn}")).status_code == 201
        assert len(seen) == len(set(seen))
        assert set(before) <= set(seen)
        assert seen == sorted(seen, key=timeline(world, order=order).index)


@pytest.mark.parametrize("kind", ["warning", "response", "ruling", "order"])
def test_only_entries_of_a_kind(record: World, kind: str) -> None:
    assert set(timeline(record, kind=kind)) == {id_ for id_, one in WRITTEN.items() if one["kind"] == kind}


def test_only_entries_of_a_side(record: World) -> None:
    assert set(timeline(record, party="court")) == {
        id_ for id_, one in WRITTEN.items() if one["actor"]["party"] == "court"
    }


def test_only_entries_that_name_a_place_in_a_state(record: World) -> None:
    places = {one["id"]: one["state"] for one in api_world.read(api_world.SEEDS / "jurisdictions.yaml")}
    in_state = [id_ for id_ in timeline(record) if id_ in WRITTEN and WRITTEN[id_]["jurisdictions"]]
    found = timeline(record, state="LA")
    assert found == [id_ for id_ in in_state if any(places[place] == "LA" for place in WRITTEN[id_]["jurisdictions"])]
    with_context = timeline(record, state="LA", context="true")
    assert with_context == [id_ for id_ in timeline(record) if id_ in found or not WRITTEN[id_]["jurisdictions"]]


def test_only_entries_between_two_days_certainly_or_maybe(record: World) -> None:
    found = timeline(record, from_="2017-06-15", to="2017-06-29")
    assert "2017-new-orleans-response" in found  # some day from April to June
    for id_ in found:
        earliest, latest = naive_rules.bounds(WRITTEN[id_]["occurred"])
        assert earliest <= "2017-06-29"
        assert latest >= "2017-06-15"


def test_words_are_found_in_what_people_read(world: World) -> None:
    texts: dict[str, dict[str, Any]] = {
        "in-a-summary": {"summary": "The mayor’s “arbitrary” letter: 100% of it."},
        "in-a-quote": {"quotes": [{"text": "An Arbitrary threat", "speaker": "X", "source": "s1"}]},
        "in-a-speaker": {"quotes": [{"text": "Words", "speaker": "Arbitrary Jones", "source": "s1"}]},
        "in-an-actor": {"actor": {"name": "Ann Arbitrary", "party": "other"}},
        "in-a-title": {"sources": [{"id": "s1", "title": "Arbitrary!", "rank": "primary"}]},
        "in-a-note": {"note": "arbitrary"},
    }
    for id_, more in texts.items():
        assert world.post("entries", {**act("statement", "2017-04-21", [], id=id_), **more}).status_code == 201
    assert set(timeline(world, q="ARBITRARY")) == set(texts) - {"in-a-note"}
    assert timeline(world, q="mayor’s “arbitrary”") == ["in-a-summary"]
    assert timeline(world, q="100%") == ["in-a-summary"]
    assert timeline(world, q="an arbitrary threat") == ["in-a-quote"]
    for nothing in ("1000", "'; DROP TABLE log", "statement\0"[:-1] + "zzz"):
        assert timeline(world, q=nothing) == []


def test_pages_of_what_was_searched_for_are_the_whole(record: World) -> None:
    for order in ("relevance", "oldest", "newest"):
        whole = record.get("timeline", limit=1000, q="letter*", order=order)["entries"]
        assert len(whole) > 20
        assert api_world.pages(record, "timeline", "entries", limit=3, q="letter*", order=order) == whole


def test_context_is_what_names_nobody(world: World) -> None:
    world.post("entries", act("order", "2017-01-25", [], id="an-order"))
    world.post("entries", act("statement", "2017-02-01", ["springfield"], id="ours"))
    world.post("entries", act("statement", "2017-03-01", ["shelbyville"], id="theirs"))
    assert ids(world.get("jurisdictions/springfield/timeline")["entries"]) == ["ours"]
    for order, right in (("oldest", ["an-order", "ours"]), ("newest", ["ours", "an-order"])):
        found = world.get("jurisdictions/springfield/timeline", context="true", order=order)
        assert ids(found["entries"]) == right
        one_by_one = api_world.pages(
            world, "jurisdictions/springfield/timeline", "entries", context="true", order=order, limit=1
        )
        assert ids(one_by_one) == right
    assert timeline(world, jurisdiction="springfield") == ["ours"]


def test_a_place_has_its_agencies_acts(world: World) -> None:
    world.post("jurisdictions", place("an-office", kind="agency", speaks_for="springfield"))
    world.post("entries", act("statement", "2017-02-01", ["an-office", "springfield"], id="of-both"))
    world.post("entries", act("statement", "2017-02-02", ["an-office"], id="of-the-office"))
    assert ids(world.get("jurisdictions/springfield/timeline")["entries"]) == ["of-both", "of-the-office"]


def test_what_was_said_before_is_said_again(world: World) -> None:
    first = world.post("entries", act("statement", "2017-02-01", ["springfield"], id="first")).json()
    then = world.ask("jurisdictions/springfield/timeline").content
    second = world.post("entries", act("statement", "2016-02-01", ["springfield"], id="second")).json()
    assert timeline(world) == ["second", "first"]
    for clock in (first["log"]["position"], first["log"]["recorded_at"]):
        assert world.ask("jurisdictions/springfield/timeline", recorded_by=clock).content == then
        assert world.ask("entries/second", recorded_by=clock).status_code == 404
        assert world.get("timeline", recorded_by=clock)["position"] == first["log"]["position"]
    assert timeline(world, recorded_by=second["log"]["recorded_at"]) == ["second", "first"]
    assert timeline(world, recorded_by=0) == []
    assert timeline(world, recorded_by="2020-01-01T00:00:00Z") == []


def test_an_answer_that_nothing_touched_keeps_its_bytes(world: World) -> None:
    world.post("entries", act("statement", "2017-02-01", ["springfield"], id="first"))
    addresses = ["timeline", "status", "deadlines"]
    before = [world.ask(f"jurisdictions/springfield/{one}") for one in addresses]
    world.post("entries", act("statement", "2017-02-01", ["shelbyville"], id="elsewhere"))
    after = [world.ask(f"jurisdictions/springfield/{one}") for one in addresses]
    assert [one.content for one in after] == [one.content for one in before]
    assert {one.headers["log-position"] for one in before} == {"3"}
    assert {one.headers["log-position"] for one in after} == {"4"}


def test_what_may_have_happened_says_so(world: World) -> None:
    world.post("entries", act("statement", "2017-02", ["springfield"], id="in-february"))
    (entry,) = world.get("timeline", as_of="2017-02-10")["entries"]
    assert (entry["id"], entry["certain"]) == ("in-february", False)
    assert world.get("entries/in-february", as_of="2017-02-28")["certain"] is True
    assert timeline(world, as_of="2017-01-31") == []


def test_a_script_tag_is_the_plain_text_that_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.legibility.is_on_record", lambda _: True)  # as recorded before U+0000 was refused
    text = "<script>alert('</script>')</script> & \"q\" \u2028 \u0000 😀"
    quoted = act("statement", "2017-02-01", ["springfield"], id="quoted", quotes=[{"text": text, "source": "s1"}])
    assert world.post("entries", quoted).status_code == 201
    (entry,) = world.get("jurisdictions/springfield/timeline")["entries"]
    assert entry["quotes"][0]["text"] == text
    assert world.get("entries/quoted")["quotes"][0]["text"] == text
    assert timeline(world, q="<script>alert") == ["quoted"]
