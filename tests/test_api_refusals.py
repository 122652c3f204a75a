"""What the record cannot carry, over HTTP: each refused by its field, with nothing recorded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
from api_world import World, act, place

Fields = dict[str, Any]
CASE = {"id": "a-case", "caption": "A v. B"}
DEMAND = "a-demand"
HOLDING = {"subject": "a-condition", "value": "enjoined", "scope": "nationwide"}


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two places, a demand of one that is due on 2017-06-30, and a lawsuit. No test here records anything more."""
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("refusals")) as world:
        places = [
            place("seattle-wa", state="WA", geoid="5363000", ocd="ocd-division/country:us/state:wa/place:seattle"),
            place("washington", state="WA", kind="state", geoid="53", ocd="ocd-division/country:us/state:wa"),
        ]
        filing = act(
            "lawsuit_filed", "2017-05-01", ["seattle-wa"], case=CASE, subjects=[{"id": "a-condition", "title": "A"}]
        )
        demand = act("warning", "2017-04-21", ["seattle-wa"], respond_by={"date": "2017-06-30"})
        for what, fields in [
            *(("jurisdictions", fields) for fields in places),
            ("entries", {**demand, "id": DEMAND}),
            ("entries", {**filing, "id": "a-filing"}),
        ]:
            assert world.post(what, fields).status_code == 201
        yield world


def refused_fields(world: World, what: str, fields: Any) -> list[str]:
    before = world.everything()
    answer = world.post(what, fields)
    assert answer.status_code == 422, answer.text
    assert world.everything() == before
    return sorted(error["field"] for error in answer.json()["errors"])


def ruling(**holding: Any) -> Fields:
    return act("ruling", "2017-09-15", [], case={"id": "a-case"}, holdings=[{**HOLDING, **holding}])


def extension(occurred: str, day: str) -> Fields:
    return act("deadline_extended", occurred, ["seattle-wa"], demand=DEMAND, extended_to=day)


def warning(occurred: str = "2017-04-21", **asked: Any) -> Fields:
    return act("warning", occurred, ["seattle-wa"], respond_by=asked)


def statement(occurred: str = "2017-04-21", **more: Any) -> Fields:
    return act("statement", occurred, ["seattle-wa"], **more)


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (ruling(until="9999-12-31"), "holdings.0.until"),
        (ruling(until="2200-01-01"), "holdings.0.until"),
        (warning(date="9999-12-31"), "respond_by.date"),
        (warning(date="2200-01-01"), "respond_by.date"),
        (extension("2017-06-01", "9999-12-31"), "extended_to"),
        (statement("0001-01-01"), "occurred"),
        (statement("0217-04-21"), "occurred"),
        (statement("1899"), "occurred"),
        (statement("1899-12-31/1900-01-02"), "occurred"),
        (statement(public="2200"), "public"),
        (statement(sources=[{"id": "s1", "title": "A", "rank": "primary", "date": "1899"}]), "sources.0.date"),
    ],
)
def test_a_day_before_1900_or_after_2199_is_refused_wherever_it_stands(world: World, entry: Fields, field: str) -> None:
    assert refused_fields(world, "entries", entry) == [field]


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (extension("2017-06-01", "2017-06-29"), "extended_to"),
        (extension("2017-08-01", "2017-07-31"), "extended_to"),
        (warning(date="2017-04-20"), "respond_by.date"),
        (warning("2017-05", date="2017-04-30"), "respond_by.date"),
        (warning(days=0), "respond_by.days"),
        (warning(days=-1), "respond_by.days"),
        (ruling(until="2017-09-14"), "holdings.0.until"),
        (statement(public="2062-06-02"), "public"),
        (statement(public="2017-04-20"), "public"),
        (statement("2027-01-01"), "occurred"),
        (act("response", "2017-04-20", ["seattle-wa"], answers=[DEMAND]), "answers"),
        (act("deadline_withdrawn", "2017-04-20", ["seattle-wa"], demand=DEMAND), "demand"),
    ],
)
def test_a_day_that_comes_before_the_day_it_follows_is_refused(world: World, entry: Fields, field: str) -> None:
    assert refused_fields(world, "entries", entry) == [field]


@pytest.mark.parametrize("link", ["follows", "answers", "disputes", "revokes"])
def test_no_entry_is_linked_to_itself(world: World, link: str) -> None:
    kind = {"answers": "response", "disputes": "statement", "revokes": "order"}.get(link, "statement")
    entry = act(kind, "2017-04-21", ["seattle-wa"], id="a-snake", **{link: ["a-snake"]})
    assert link in refused_fields(world, "entries", entry)


def test_entries_do_not_follow_each_other_in_a_ring(world: World) -> None:
    ring = [statement(id=f"ring-{number}", follows=[f"ring-{(number + 1) % 3}"]) for number in range(3)]
    tail = statement(id="ring-tail", follows=["ring-0"])
    before = world.everything()
    answer = world.post("entries:batch", [*ring, tail])
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [(error["row"], error["field"]) for error in errors] == [(1, "follows"), (2, "follows"), (3, "follows")]
    assert "'ring-0' follows 'ring-1' follows 'ring-2' follows 'ring-0'" in errors[0]["message"]
    assert world.everything() == before


@pytest.mark.parametrize(
    ("identifiers", "field"),
    [
        ({"geoid": "5363000"}, "geoid"),
        ({"geoid": "536300"}, "geoid"),
        ({"geoid": "1001"}, "geoid"),
        ({"geoid": "2255000"}, "geoid"),
        ({"geoid": "53033"}, "geoid"),
        ({"kind": "county", "geoid": "5303300"}, "geoid"),
        ({"kind": "state", "geoid": "5303300"}, "geoid"),
        ({"ocd": "ocd-division/country:us/state:wa/place:seattle"}, "ocd"),
        ({"ocd": "ocd-division/country:us/state:or/place:portland"}, "ocd"),
        ({"ocd": "ocd-division/country:us/state:wa"}, "ocd"),
        ({"kind": "state", "ocd": "ocd-division/country:us/state:wa/place:tacoma"}, "ocd"),
        ({"ocd": "ocd-division/country:us/state:wa/place:can\u0303on"}, "ocd"),
        ({"ocd": "ocd-division/country:us/state:wa/place:Tacoma"}, "ocd"),
        ({"kind": "agency", "state": "OR", "speaks_for": "washington"}, "speaks_for"),
        ({"name": "Tacoma\u202e"}, "name"),
        ({"name": "  "}, "name"),
        ({"aliases": ["The\x00City"]}, "aliases.0"),
    ],
)
def test_an_identifier_that_is_another_place_s_or_of_another_form_is_refused(
    world: World, identifiers: Fields, field: str
) -> None:
    assert set(refused_fields(world, "jurisdictions", place("tacoma-wa", **{"state": "WA", **identifiers}))) == {field}


def test_two_places_recorded_together_do_not_share_an_identifier(world: World) -> None:
    before = world.everything()
    twins = [place(id_, state="WA", geoid="5370000") for id_ in ("tacoma-wa", "takoma-wa")]
    errors = world.post("entries:batch", twins).json()["errors"]
    assert [(error["row"], error["field"]) for error in errors] == [(2, "geoid")]
    assert "'tacoma-wa'" in errors[0]["message"]
    assert world.everything() == before


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"summary": f"A{character}B"}, "summary")
        for character in ("\x00", "\x07", "\r", "\x1f", "\x7f", "\x85", "\x9f", "\ufffe", "\uffff")
    ]
    + [
        ({"summary": " \n\t "}, "summary"),
        ({"summary": "\u200b\u2060"}, "summary"),
        ({"note": "\x00"}, "note"),
        ({"authority": ["A law\n"]}, "authority.0"),
        ({"actor": {"party": "federal", "name": "A\u2066B"}}, "actor.name"),
        ({"quotes": [{"text": "A\x00", "source": "s1"}]}, "quotes.0.text"),
        ({"sources": [{"id": "s1", "title": "A\tB", "rank": "primary"}]}, "sources.0.title"),
        ({"claims": [{"field": "occurred", "value": {"a": ["\x00"]}, "source": "s1"}]}, "claims.0.value"),
        ({"claims": [{"field": "occurred", "value": {"\x00": 1}, "source": "s1"}]}, "claims.0.value"),
    ],
)
def test_what_some_format_could_not_carry_is_in_no_text(world: World, more: Fields, field: str) -> None:
    assert refused_fields(world, "entries", statement(**more)) == [field]


def test_what_lies_just_within_the_rules_is_taken(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        assert world.post("jurisdictions", place("seattle-wa", state="WA", geoid="5363000")).status_code == 201
        assert world.post("jurisdictions", place("a-town-wa", state="WA", geoid="5303312345")).status_code == 201
        agency = place("wa-office", state="WA", kind="agency", speaks_for="seattle-wa")
        assert world.post("jurisdictions", agency).status_code == 201
        filing = act("lawsuit_filed", "2017-05-01", [], case=CASE, subjects=[{"id": "a-condition", "title": "A"}])
        for entry in [
            {**warning(date="2017-04-21"), "id": DEMAND},
            {**extension("2017-04-21", "2017-04-21"), "sequence": 1},
            extension("2017-04-22", "2199-12-31"),
            warning("2017-05", days=1),
            statement("1900"),
            statement("2026-11", public="2026"),
            statement(summary="Two lines:\n\tthe second. Hawaiʻi, Español, العربية \u200f."),
            {**filing, "id": "a-filing"},
            ruling(until="2017-09-15"),
            ruling(until="2199-12-31"),
        ]:
            answer = world.post("entries", entry)
            assert answer.status_code == 201, answer.text


def test_a_correction_may_not_close_a_ring_or_turn_days_round(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        world.post("jurisdictions", place("seattle-wa", state="WA"))
        for entry in [
            statement(id="first"),
            statement(id="second", follows=["first"]),
            statement(id="third", follows=["second"]),
            {**warning(date="2017-06-30"), "id": DEMAND},
            {**extension("2017-06-01", "2017-07-01"), "id": "an-extension"},
        ]:
            assert world.post("entries", entry).status_code == 201
        assert correction_errors(world, "first", follows=["third"]) == ["fields.follows"]
        assert correction_errors(world, DEMAND, respond_by={"date": "2017-07-02"}) == ["extended_to"]
        assert correction_errors(world, DEMAND, occurred="2017-07-01") == ["demand", "fields.respond_by.date"]
        assert correction_errors(world, DEMAND, respond_by={"date": "2017-07-01"}) == []


def correction_errors(world: World, entry: str, **fields: Any) -> list[str]:
    source = {"title": "A paper", "rank": "primary"}
    answer = world.client.post(
        f"/api/v1/entries/{entry}/corrections",
        json={"fields": fields, "reason": "Read again.", "source": source},
        headers={**world.headers, "If-Match": '"1"'},
    )
    return sorted(error["field"] for error in answer.json().get("errors", []))
