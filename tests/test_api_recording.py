"""Recording over HTTP: one POST, one entry, seen at once; what is refused or in conflict leaves nothing anywhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import api_world
from api_world import DATABASES, World, act, place
from application import keys

NINE = [f"place-{number}" for number in range(1, 10)]


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        for one in NINE:
            assert world.post("jurisdictions", place(one)).status_code == 201
        yield world


def a_warning(**more: Any) -> dict[str, Any]:
    asked = {"date": "2017-06-30", "words": "by June 30, 2017", "source": "s1"}
    return act("warning", "2017-04-21", NINE, respond_by=asked, **more)


def test_a_warning_to_nine_is_one_entry_with_nine_deadlines_in_the_next_answer(world: World) -> None:
    before = world.ask("timeline").headers["log-position"]
    answer = world.post("entries", a_warning(id="a-letter-to-nine"))
    assert answer.status_code == 201
    assert int(answer.headers["log-position"]) == int(before) + 1
    deadlines = world.get("deadlines")["deadlines"]
    assert [(one["demand"], one["addressee"], one["due"]) for one in deadlines] == [
        ("a-letter-to-nine", one, "2017-06-30") for one in NINE
    ]
    assert [entry["id"] for entry in world.get("timeline")["entries"]] == ["a-letter-to-nine"]
    for one in NINE:
        assert [entry["id"] for entry in world.get(f"jurisdictions/{one}/timeline")["entries"]] == ["a-letter-to-nine"]
        (review,) = world.get(f"jurisdictions/{one}/status")["reviews"]
        assert (review["stage"]["value"], review["response"]["value"]) == ("warned", "no_response_known")


def test_each_of_nine_answers_closes_its_own_deadline(world: World) -> None:
    world.post("entries", a_warning(id="a-letter-to-nine"))
    for one in NINE[:3]:
        answered = act("response", "2017-06-01", [one], answers=["a-letter-to-nine"], id=f"answer-of-{one}")
        assert world.post("entries", answered).status_code == 201
    assert [(one["addressee"], one["answer"]) for one in world.get("deadlines", state="answered")["deadlines"]] == [
        (one, f"answer-of-{one}") for one in NINE[:3]
    ]
    assert len(world.get("deadlines", state="lapsed")["deadlines"]) == 6


def test_what_is_recorded_is_answered_as_it_is_read(world: World) -> None:
    answer = world.post("entries", a_warning())
    assert answer.headers["location"] == "/api/v1/entries/2017-04-21-a-warning-of-2017-04-21"
    read = world.client.get(answer.headers["location"])
    assert read.content == answer.content
    assert read.json()["log"]["recorder"] == "A Newsroom"


def test_the_same_again_is_already_recorded(world: World) -> None:
    first = world.post("entries", a_warning())
    everything = world.everything()
    again = world.post("entries", a_warning())
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.headers["location"], again.content) == (first.headers["location"], first.content)
    assert world.post("jurisdictions", place(NINE[0])).status_code == 200
    assert world.everything() == everything


def test_an_id_that_was_made_is_numbered_where_it_is_taken(world: World) -> None:
    ids = [world.post("entries", a_warning(note=f"Letter {number}.")).json()["id"] for number in range(3)]
    made = "2017-04-21-a-warning-of-2017-04-21"
    assert ids == [made, f"{made}-2", f"{made}-3"]


def test_a_conflict_shows_both_contents_and_leaves_nothing(world: World) -> None:
    world.post("entries", a_warning(id="a-letter", note="One."))
    everything = world.everything()
    answer = world.post("entries", a_warning(id="a-letter", note="Another."))
    assert answer.status_code == 409
    assert (answer.json()["on_record"]["note"], answer.json()["given"]["note"]) == ("One.", "Another.")
    assert "note" in answer.json()["detail"]
    assert world.everything() == everything
    other = world.post("jurisdictions", place(NINE[0], name="Another"))
    assert (other.status_code, other.json()["given"]["name"]) == (409, "Another")
    assert world.everything() == everything


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (act("statement", "2017-04-21", ["atlantis"]), "jurisdictions"),
        (act("statement", "2027-04-21", NINE), "occurred"),
        (act("statement", "2017-04-21", NINE, public="2016-01-01"), "public"),
        (act("response", "2017-05-01", NINE[:1], answers=["none"]), "answers"),
        (act("response", "2017-04-01", ["place-1"], answers=["a-letter"]), "answers"),
        (act("response", "2017-05-01", ["place-9"], answers=["a-letter"]), "answers"),
        (act("response", "2017-05-01", ["place-1"], answers=["a-speech"]), "answers"),
        (act("report", "2017-05-01", NINE, review={"id": "nobody-knows-it"}), "review"),
        (act("statement", "2017-05-01", NINE, quotes=[{"text": "Words", "source": "s2"}]), "quotes.0.source"),
        (act("deadline_extended", "2017-05-01", ["place-9"], demand="a-letter", extended_to="2017-08-01"), "demand"),
        (act("ruling", "2017-05-01", [], case={"id": "a-v-b"}), "case"),
    ],
)
def test_what_is_refused_leaves_nothing_anywhere(world: World, fields: dict[str, Any], field: str) -> None:
    letter = act("warning", "2017-04-21", ["place-1"], respond_by={}, id="a-letter")
    world.post("entries", letter)
    world.post("entries", act("statement", "2017-04-21", ["place-1"], id="a-speech"))
    everything = world.everything()
    answer = world.post("entries", {"id": "refused", **fields})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert world.everything() == everything
    assert world.ask("entries/refused").status_code == 404


def test_an_agency_speaks_for_a_place_on_record(world: World) -> None:
    agency = place("an-office", kind="agency", speaks_for="atlantis")
    everything = world.everything()
    answer = world.post("jurisdictions", agency)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "speaks_for")
    assert world.everything() == everything
    assert world.post("jurisdictions", {**agency, "speaks_for": NINE[0]}).status_code == 201
    assert world.get("jurisdictions/an-office")["speaks_for"] == NINE[0]


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer dt_nobodys", "Basic abc", "Bearer é"])
@pytest.mark.parametrize("what", ["entries", "jurisdictions"])
def test_writing_needs_a_key(world: World, header: str | None, what: str) -> None:
    everything = world.everything()
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    answer = world.client.post(f"/api/v1/{what}", json=place("another"), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert world.everything() == everything


def test_a_revoked_key_writes_no_more(world: World) -> None:
    keys.revoke_key(world.service, "A Newsroom")
    assert world.post("entries", a_warning()).status_code == 401


def test_an_act_of_today_in_the_place_it_names_is_read_at_once(world: World) -> None:
    guam = place("guam", state="GU", time_zone="Pacific/Guam", kind="state")
    world.post("jurisdictions", guam)
    answer = world.post("entries", act("statement", "2026-11-25", ["guam"], id="tomorrow-in-washington"))
    assert answer.status_code == 201
    assert world.client.get(answer.headers["location"]).json()["certain"] is True
