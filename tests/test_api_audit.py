"""Acts on the record itself over HTTP, and the answers that explain it: histories, changes, and the third clock."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import api_world
from api_world import DATABASES, World, act, pages, place
from projections.paging import encode_cursor
from record_scripts import NOW

LETTER = "2017-04-21-letter"
ANSWER = "2017-06-01-answer"
REASON = "The letter itself has it."
SOURCE = {
    "title": "The letter",
    "publisher": "DOJ",
    "url": "https://example.org/",
    "date": "2017-04-21",
    "rank": "primary",
}


@pytest.fixture(params=DATABASES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on(request.param, request, tmp_path) as world:
        for one in (place("amber-ca"), place("birch-ca")):
            assert world.post("jurisdictions", one).status_code == 201
        asked = {"date": "2017-06-30", "words": "by June 30, 2017", "source": "s1"}
        review = {"id": "review", "title": "A review"}
        letter = act("warning", "2017-04-21", ["amber-ca"], id=LETTER, respond_by=asked, review=review, note="A note.")
        answer = act("response", "2017-06-01", ["amber-ca"], id=ANSWER, answers=[LETTER])
        for one in (letter, answer):
            assert world.post("entries", one).status_code == 201
        yield world


def revise(
    world: World, what: str, body: Any, version: object = 1, entry: str = LETTER, **headers: str
) -> httpx2.Response:
    """Posts a revision of an entry, decided on a version (None: without saying which)."""
    sent = {**world.headers, **({} if version is None else {"If-Match": f'"{version}"'}), **headers}
    answer: httpx2.Response = world.client.post(f"/api/v1/entries/{entry}/{what}", json=body, headers=sent)
    return answer


def correct(world: World, fields: Any, version: object = 1, entry: str = LETTER, **more: Any) -> httpx2.Response:
    return revise(world, "corrections", {"fields": fields, "reason": REASON, **more}, version, entry)


def fields_at_fault(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [one["field"] for one in answer.json()["errors"]]


def status_of(world: World, place: str = "amber-ca", **clocks: Any) -> tuple[str, str] | None:
    reviews = world.get(f"jurisdictions/{place}/status", **clocks)["reviews"]
    return (reviews[0]["stage"]["value"], reviews[0]["response"]["value"]) if reviews else None


# --- What is recorded, and what is refused --------------------------------------------------------------------


def test_a_correction_is_answered_with_the_entry_as_it_now_stands(world: World) -> None:
    answer = correct(world, {"summary": "Another summary.", "note": None}, source=SOURCE)
    assert answer.status_code == 200
    assert answer.headers["etag"] == '"2"'
    assert answer.headers["log-position"] == "5"
    entry = answer.json()
    assert (entry["summary"], entry.get("note")) == ("Another summary.", None)
    assert entry["sources"] == [{"id": "s1", "title": "A paper", "rank": "primary"}]
    log = entry["log"]
    assert (log["position"], log["version"], log["recorder"]) == (3, 2, "A Newsroom")
    assert (log["revised"]["position"], log["revised"]["recorder"]) == (5, "A Newsroom")
    assert log["revised"]["recorded_at"] > log["recorded_at"]
    assert world.client.get(f"/api/v1/entries/{LETTER}").content == answer.content


def test_a_field_given_as_null_is_removed_and_a_nested_one_is_given_whole(world: World) -> None:
    entry = correct(world, {"note": None, "respond_by": {"days": 14}}).json()
    assert "note" not in entry
    assert entry["respond_by"] == {"days": 14}
    assert "fields.respond_by.source" not in fields_at_fault(correct(world, {"respond_by": {"date": "soon"}}, 2))


def test_a_dispute_a_retraction_and_a_reinstatement_change_the_standing(world: World) -> None:
    disputed = revise(world, "disputes", {"by": "The mayor", "what": "It never came.", "source": SOURCE})
    assert (disputed.status_code, disputed.json()["standing"]) == (200, "disputed")
    assert status_of(world) == ("warned", "responded")
    retracted = revise(world, "retraction", {"reason": "It never came."}, 2)
    assert (retracted.status_code, retracted.json()["standing"]) == (200, "retracted")
    assert status_of(world) is None
    assert world.get("deadlines")["deadlines"] == []
    assert [one["standing"] for one in world.get("timeline")["entries"]] == ["retracted", "stands"]
    again = revise(world, "reinstatement", {"reason": "It did."}, 3)
    assert (again.status_code, again.json()["standing"], again.headers["etag"]) == (200, "disputed", '"4"')
    assert status_of(world) == ("warned", "responded")


def test_what_is_retracted_already_or_not_at_all_is_refused(world: World) -> None:
    assert fields_at_fault(revise(world, "reinstatement", {"reason": "Why not."})) == ["entry"]
    assert revise(world, "retraction", {"reason": "It never came."}).status_code == 200
    assert fields_at_fault(revise(world, "retraction", {"reason": "It never came."}, 2)) == ["entry"]


def test_a_correction_moves_dates_and_places_and_the_answers_follow_at_once(world: World) -> None:
    moved = {"respond_by": {"date": "2017-05-20", "words": "by May 20", "source": "s1"}}
    assert correct(world, moved).status_code == 200
    (deadline,) = world.get("jurisdictions/amber-ca/deadlines")["deadlines"]
    assert (deadline["due"], deadline["words"], deadline["late"]) == ("2017-05-20", "by May 20", True)
    assert status_of(world, as_of="2017-05-25") == ("warned", "no_response_known")
    assert correct(world, {"occurred": "2017-03-01"}, 2).status_code == 200
    assert status_of(world, as_of="2017-03-02") == ("warned", "due")
    assert correct(world, {"jurisdictions": ["amber-ca", "birch-ca"]}, 3).status_code == 200
    assert status_of(world, "birch-ca") == ("warned", "no_response_known")
    timeline = world.get("jurisdictions/birch-ca/timeline")["entries"]
    assert [(one["id"], one["occurred"]) for one in timeline] == [(LETTER, "2017-03-01")]
    assert status_of(world, "birch-ca", recorded_by=6) is None
    assert correct(world, {"public": "2019-01-01"}, 4).status_code == 200
    assert status_of(world, as_of="2018-01-01", public_by="2018-01-01") is None


def test_a_public_date_may_be_moved_back_and_the_act_stays_where_it_was(world: World) -> None:
    correct(world, {"public": "2018-01-01"})
    assert status_of(world, as_of="2017-05-01", public_by="2017-12-31") is None
    entry = correct(world, {"public": "2017-04-30"}, 2).json()
    assert (entry["occurred"], entry["public"]) == ("2017-04-21", "2017-04-30")
    assert status_of(world, as_of="2017-05-01", public_by="2017-05-01") == ("warned", "due")


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"id": "another"}, ["fields.id"]),
        ({"kind": "statement"}, ["fields.kind"]),
        ({"holdings": []}, ["fields.holdings"]),
        ({"mood": "bad"}, ["fields.mood"]),
        ({"occurred": "2017-02-30"}, ["fields.occurred"]),
        ({"occurred": None}, ["fields.occurred"]),
        ({"sources": []}, ["fields.sources"]),
        ({"summary": 5}, ["fields.summary"]),
        ({"actor": {"party": "martian"}}, ["fields.actor.party"]),
        ({"jurisdictions": ["atlantis-zz"]}, ["fields.jurisdictions"]),
        ({"occurred": "2031-01-01"}, ["fields.occurred"]),
        ({"public": "2016-01-01"}, ["fields.public"]),
        ({"quotes": [{"text": "Words.", "source": "s9"}]}, ["fields.quotes.0.source"]),
        ({"review": {"id": "unheard-of"}}, ["fields.review"]),
    ],
)
def test_a_correction_that_would_leave_the_entry_invalid_is_refused_and_records_nothing(
    world: World, fields: dict[str, Any], faults: list[str]
) -> None:
    before = world.everything()
    found = fields_at_fault(correct(world, fields))
    assert set(faults) <= {*found, *(one.rpartition(".")[0] for one in found)}
    assert world.everything() == before


@pytest.mark.parametrize(
    ("fields", "named"),
    [({"occurred": "2017-08-01"}, ANSWER), ({"respond_by": None}, ANSWER), ({"jurisdictions": ["birch-ca"]}, ANSWER)],
)
def test_a_correction_that_would_leave_another_entry_invalid_names_it(
    world: World, fields: dict[str, Any], named: str
) -> None:
    before = world.everything()
    answer = correct(world, fields)
    assert answer.status_code == 422
    assert any(named in one.get("where", "") for one in answer.json()["errors"])
    assert world.everything() == before


@pytest.mark.parametrize("what", ["corrections", "disputes", "retraction", "reinstatement"])
def test_a_revision_needs_a_key_a_version_and_an_entry(world: World, what: str) -> None:
    bodies = {"corrections": {"fields": {"note": "N."}, "reason": REASON}, "disputes": {"by": "B.", "what": "W."}}
    body = bodies.get(what, {"reason": REASON})
    before = world.everything()
    assert revise(world, what, body, None).status_code == 428
    for malformed in ("one", '"1", "2"', "", "1.5", '"-1"'):
        assert revise(world, what, body, None, **{"If-Match": malformed}).status_code == 400
    assert revise(world, what, body, 1, "nothing-of-the-kind").status_code == 404
    stale = revise(world, what, body, 7)
    assert stale.status_code == 412
    assert stale.json()["version"] == 1
    assert stale.headers["content-type"] == "application/problem+json"
    no_key = world.client.post(f"/api/v1/entries/{LETTER}/{what}", json=body, headers={"If-Match": '"1"'})
    assert no_key.status_code == 401
    assert revise(world, what, body, 1, Authorization="Bearer dt_none").status_code == 401
    assert world.everything() == before


@pytest.mark.parametrize(
    ("what", "body", "field"),
    [
        ("corrections", {"reason": REASON}, "fields"),
        ("corrections", {"fields": {"note": "N."}}, "reason"),
        ("corrections", {"fields": {"note": "N."}, "reason": ""}, "reason"),
        ("corrections", {"fields": [], "reason": REASON}, "fields"),
        ("corrections", {"fields": {}, "reason": REASON}, "fields"),
        ("corrections", {"fields": {"note": "N."}, "reason": REASON, "by": "me"}, "by"),
        ("corrections", {"fields": {"note": "N."}, "reason": REASON, "source": {"title": "T."}}, "source.rank"),
        ("corrections", {"fields": {"note": "N."}, "reason": REASON, "entry": LETTER}, "entry"),
        ("disputes", {"by": "The mayor"}, "what"),
        ("retraction", {}, "reason"),
        ("retraction", {"reason": REASON, "source": SOURCE}, "source"),
        ("reinstatement", {"reason": None}, "reason"),
    ],
)
def test_a_malformed_revision_is_refused_naming_the_field(world: World, what: str, body: Any, field: str) -> None:
    assert field in fields_at_fault(revise(world, what, body))


def test_any_version_may_be_asked_for_and_a_weak_tag_is_read(world: World) -> None:
    assert revise(world, "disputes", {"by": "B.", "what": "W."}, None, **{"If-Match": "*"}).status_code == 200
    assert revise(world, "disputes", {"by": "B.", "what": "W."}, None, **{"If-Match": 'W/"2"'}).status_code == 200


def test_of_two_corrections_of_one_version_exactly_one_is_recorded(world: World) -> None:
    version = 1
    for _ in range(4):
        codes: list[int] = []
        ready = threading.Barrier(3)

        def write(number: int, on: int, ready: threading.Barrier, codes: list[int]) -> None:
            ready.wait()
            codes.append(correct(world, {"note": f"Note {on}, of {number}."}, on).status_code)

        threads = [threading.Thread(target=write, args=(number, version, ready, codes)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [200, 412, 412]
        version += 1
        assert world.ask(f"entries/{LETTER}").headers["etag"] == f'"{version}"'


# --- The third clock ------------------------------------------------------------------------------------------


def test_every_read_can_be_asked_by_position_and_by_instant(world: World) -> None:
    recorded_at = world.get(f"entries/{LETTER}")["log"]["recorded_at"]
    correct(world, {"summary": "Another summary.", "jurisdictions": ["amber-ca", "birch-ca"]})
    revised_at = world.get(f"entries/{LETTER}")["log"]["revised"]["recorded_at"]
    reads = [
        f"entries/{LETTER}",
        "timeline",
        "deadlines",
        "jurisdictions",
        "jurisdictions/amber-ca",
        "jurisdictions/amber-ca/timeline",
        "jurisdictions/amber-ca/status",
        "jurisdictions/amber-ca/deadlines",
        "jurisdictions/amber-ca/history",
        f"entries/{LETTER}/history",
    ]
    for read in reads:
        then, now = world.get(read, recorded_by=3), world.get(read, recorded_by=5)
        assert world.get(read, recorded_by=recorded_at) == then
        assert world.get(read, recorded_by=revised_at) == now == world.get(read)
        assert world.ask(read, recorded_by=6).status_code == 404
        assert world.ask(read, recorded_by="yesterday").status_code == 400
    assert world.get(f"entries/{LETTER}", recorded_by=3)["summary"] == "A warning of 2017-04-21."
    assert world.get("jurisdictions/birch-ca/status", recorded_by=4)["reviews"] == []
    assert len(world.get("jurisdictions/birch-ca/status", recorded_by=5)["reviews"]) == 1
    assert world.ask(f"entries/{LETTER}", recorded_by=2).status_code == 404
    assert world.get("timeline", recorded_by=0)["entries"] == []


# --- Histories ------------------------------------------------------------------------------------------------


def test_an_entrys_history_has_every_version_who_when_why_and_what_it_changed(world: World) -> None:
    correct(world, {"summary": "Another summary.", "note": None}, source=SOURCE)
    revise(world, "disputes", {"by": "The mayor", "what": "It never came."}, 2)
    revise(world, "retraction", {"reason": "It never came."}, 3)
    revise(world, "reinstatement", {"reason": "It did."}, 4)
    history = world.get(f"entries/{LETTER}/history")
    assert set(history) == {"entry", "versions", "position"}
    assert (history["entry"], history["position"]) == (LETTER, 8)
    for number, version in enumerate(history["versions"], 1):
        wanted = {"version", "event", "position", "recorded_at", "recorder", "reason", "source", "standing", "changes"}
        assert set(version) - {"by"} == wanted
        assert (version["version"], version["recorder"]) == (number, "A Newsroom")
        assert version["recorded_at"].endswith("Z")
    first, corrected, disputed, retracted, reinstated = history["versions"]
    assert (first["event"], first["position"], first["reason"], first["source"]) == ("WarningIssued", 3, None, None)
    assert (first["standing"], first["changes"]) == ("stands", [])
    assert (corrected["event"], corrected["reason"], corrected["source"]) == ("EntryCorrected", REASON, SOURCE)
    assert corrected["changes"] == [
        {"field": "summary", "before": "A warning of 2017-04-21.", "after": "Another summary."},
        {"field": "note", "before": "A note.", "after": None},
    ] or sorted(corrected["changes"], key=lambda one: str(one["field"])) == [
        {"field": "note", "before": "A note.", "after": None},
        {"field": "summary", "before": "A warning of 2017-04-21.", "after": "Another summary."},
    ]
    assert (disputed["event"], disputed["reason"], disputed["by"]) == ("EntryDisputed", "It never came.", "The mayor")
    assert disputed["changes"] == [{"field": "standing", "before": "stands", "after": "disputed"}]
    assert [one["standing"] for one in (disputed, retracted, reinstated)] == ["disputed", "retracted", "disputed"]
    assert [one["event"] for one in (retracted, reinstated)] == ["EntryRetracted", "EntryReinstated"]
    assert len(world.get(f"entries/{LETTER}/history", recorded_by=6)["versions"]) == 3
    assert world.ask("entries/nothing-of-the-kind/history").status_code == 404


def test_a_places_history_has_every_transition_with_its_entry_and_sources(world: World) -> None:
    history = world.get("jurisdictions/amber-ca/history")
    assert set(history) == {"transitions", "next", "position"}
    sources = [{"id": "s1", "title": "A paper", "rank": "primary"}]
    review = {"jurisdiction": "amber-ca", "key": "review", "sources": sources}
    warned, answered = {"on": "2017-04-21", "since": "2017-04-21"}, {"on": "2017-06-01", "since": "2017-06-01"}
    assert history["transitions"] == [
        {"track": "stage", "from": None, "to": "warned", **warned, "entry": LETTER, **review},
        {"track": "response", "from": None, "to": "due", **warned, "entry": LETTER, **review},
        {"track": "response", "from": "due", "to": "responded", **answered, "entry": ANSWER, **review},
    ]
    assert world.ask("jurisdictions/atlantis-zz/history").status_code == 404


def test_what_is_due_only_by_the_passing_of_time_is_a_transition_too(world: World) -> None:
    revise(world, "retraction", {"reason": "It never came."}, 1, ANSWER)
    *_, last = world.get("jurisdictions/amber-ca/history")["transitions"]
    assert (last["from"], last["to"], last["on"]) == ("due", "no_response_known", "2017-07-01")
    assert last["entry"] == LETTER
    *_, then = world.get("jurisdictions/amber-ca/history", recorded_by=4)["transitions"]
    assert then["to"] == "responded"
    *_, before = world.get("jurisdictions/amber-ca/history", as_of="2017-06-30")["transitions"]
    assert before["to"] == "due"
    assert world.get("jurisdictions/amber-ca/history", as_of="2017-05-01", public_by="2017-04-01")["transitions"] == []


def test_a_history_is_paged(world: World) -> None:
    whole = world.get("jurisdictions/amber-ca/history")["transitions"]
    assert pages(world, "jurisdictions/amber-ca/history", "transitions", limit=1) == whole
    assert world.ask("jurisdictions/amber-ca/history", cursor="zzz").status_code == 400


def test_everyones_history_is_the_histories_of_all_place_by_place(world: World) -> None:
    slugs = [one["id"] for one in pages(world, "jurisdictions", "jurisdictions")]
    for clocks in ({}, {"as_of": "2017-05-01"}, {"recorded_by": 4}):
        every: list[Any] = []
        for slug in slugs:
            if world.ask(f"jurisdictions/{slug}", **clocks).status_code == 200:
                every += world.get(f"jurisdictions/{slug}/history", **clocks)["transitions"]
        assert every
        for limit in (1, 2, 1000):
            assert pages(world, "history", "transitions", limit=limit, **clocks) == every
    assert world.ask("history", cursor="zzz").status_code == 400
    assert world.get("history", cursor=encode_cursor(("nobody", 3)))["transitions"] == []


# --- What changed ---------------------------------------------------------------------------------------------


def test_a_correction_that_moves_a_status_is_told_with_the_days_and_the_reason(world: World) -> None:
    correct(world, {"occurred": "2017-04-11"})
    found = world.get("changes", from_=4)
    because = [{"position": 5, "event": "EntryCorrected", "entry": LETTER, "reason": REASON}]
    warned = {"value": "warned", "since": "2017-04-21", "entry": LETTER}
    due = {"value": "due", "since": "2017-04-21", "entry": LETTER}
    earlier = {"since": "2017-04-11"}
    shared = {"jurisdiction": "amber-ca", "key": "review", "first_recorded": False, "because": because}
    before_it, rest = {"from": "2017-04-11", "to": "2017-04-20"}, {"from": "2017-04-21", "to": None}
    until_answered = {"from": "2017-04-21", "to": "2017-05-31"}
    assert found == {
        "entries": [
            {
                "entry": LETTER,
                "fields": {"occurred": {"before": "2017-04-21", "after": "2017-04-11"}},
                "because": because,
            }
        ],
        "changes": [
            {"track": "stage", "days": before_it, "before": None, "after": warned | earlier, **shared},
            {"track": "stage", "days": rest, "before": warned, "after": warned | earlier, **shared},
            {"track": "response", "days": before_it, "before": None, "after": due | earlier, **shared},
            {"track": "response", "days": until_answered, "before": due, "after": due | earlier, **shared},
        ],
        "next": None,
        "position": 5,
    }


def test_where_nothing_changed_there_is_nothing_to_tell(world: World) -> None:
    for points in ({"from_": 4}, {"from_": 2, "to": 2}, {"from_": 0, "to": 2}):
        found = world.get("changes", **points)
        assert (found["entries"], found["changes"], found["next"]) == ([], [], None)


def test_a_first_recording_is_told_apart_from_a_correction(world: World) -> None:
    first = world.get("changes", from_=2)
    assert first["entries"] == []
    assert {change["first_recorded"] for change in first["changes"]} == {True}
    assert {cause["event"] for change in first["changes"] for cause in change["because"]} == {
        "WarningIssued",
        "ResponseReceived",
    }
    revise(world, "retraction", {"reason": "It never came."}, 1, ANSWER)
    (due, lapsed) = world.get("changes", from_=4)["changes"]
    assert due["first_recorded"] is lapsed["first_recorded"] is False
    assert (due["before"]["value"], due["after"]["value"]) == ("responded", "due")
    assert due["days"] == {"from": "2017-06-01", "to": "2017-06-30"}
    assert (lapsed["after"]["value"], lapsed["days"]) == ("no_response_known", {"from": "2017-07-01", "to": None})


def test_a_correction_that_moves_no_status_is_listed_among_the_entries(world: World) -> None:
    correct(world, {"note": "A better note."})
    found = world.get("changes", from_=4)
    assert found["changes"] == []
    assert found["entries"][0]["fields"] == {"note": {"before": "A note.", "after": "A better note."}}
    assert world.get("changes", from_=4, jurisdiction="amber-ca")["entries"] == found["entries"]
    assert world.get("changes", from_=4, jurisdiction="birch-ca")["entries"] == []


def test_changes_are_asked_by_instant_too(world: World) -> None:
    then = world.get(f"entries/{ANSWER}")["log"]["recorded_at"]
    correct(world, {"occurred": "2017-04-11"})
    assert world.get("changes", from_=then) == world.get("changes", from_=4)
    assert world.get("changes", from_="2001-01-01T00:00:00Z") == world.get("changes", from_=0) == world.get("changes")
    assert world.get("changes", from_=4, to=NOW.replace(year=2030).isoformat().replace("+00:00", "Z")) == world.get(
        "changes", from_=4
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"from_": 5},
        {"from_": 3, "to": 2},
        {"from_": "yesterday"},
        {"from_": 0, "to": 99},
        {"track": "reviews"},
        {"cursor": "zzz"},
        {"limit": 0},
        {"as_of": "2017-01-01"},
    ],
)
def test_a_malformed_question_about_changes_is_a_400(world: World, asked: dict[str, Any]) -> None:
    assert world.ask("changes", **asked).status_code == 400


def test_changes_of_a_place_that_nobody_knows_are_a_404(world: World) -> None:
    assert world.ask("changes", jurisdiction="atlantis-zz").status_code == 404


@pytest.fixture(scope="module")
def seeded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path_factory.mktemp("changes")) as world:
        yield api_world.with_the_record(world)


def test_the_pages_of_changes_joined_are_one_large_page(seeded: World) -> None:
    whole = seeded.get("changes", from_=400, limit=1000)
    assert 100 < len(whole["changes"]) < 1000
    assert pages(seeded, "changes", "changes", from_=400, limit=70) == whole["changes"]
    second = seeded.get("changes", from_=400, limit=5, cursor=seeded.get("changes", from_=400, limit=5)["next"])
    assert second["entries"] == []
    assert second["changes"] == whole["changes"][5:10]


def test_changes_are_filtered_by_place_and_track(seeded: World) -> None:
    whole = seeded.get("changes", from_=400, limit=1000)["changes"]
    for asked in ({"jurisdiction": "chicago-il"}, {"track": "court"}, {"jurisdiction": "california", "track": "stage"}):
        found = seeded.get("changes", from_=400, limit=1000, **asked)["changes"]
        assert found == [one for one in whole if all(one[name] == value for name, value in asked.items())]
        assert found
