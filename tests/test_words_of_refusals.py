"""Words of refusals: the value as written, all errors at once, what would be right, and the nearest that exist."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

import api_world
from api_world import World, act, place
from application.bulk.yaml_rows import yaml_rows
from application.reminders.subscription import SubscriptionRequest
from command_line import run
from domain.dates import bounds
from domain.events import EVENT_CLASSES
from domain.refusals import MESSAGES, problems_of
from domain.shapes import fields_of, is_model, types_in

PYDANTICS_WORDS = (
    "Input should",
    "Input tag",
    "should have",
    "Field required",
    "Extra inputs",
    "Value error",
    "Tuple ",
)
BAD_VALUES: list[Any] = [
    None, 1, -1, 10**30, 1.5, float("nan"), True, "", "x", "A B", "2017", "11/01/2026", [], [1], ["x"], {}, {"a": 1},
    {"id": "x"}, [[]], [{}], "x" * 30_000, ["x"] * 5, "\ud800", "\0",
]  # fmt: skip


def paths_in(model: type[BaseModel]) -> Iterator[tuple[str | int, ...]]:
    for name, annotation in fields_of(model).items():
        yield (name,)
        for kind, _ in types_in(annotation):
            item = next(types_in(get_args(kind)[0]), (None,))[0] if get_origin(kind) is tuple else kind
            index: tuple[int, ...] = (0,) if item is not kind else ()
            if index:
                yield (name, 0)
            if is_model(item) and item is not None:
                yield from ((name, *index, *rest) for rest in paths_in(item))


@pytest.mark.parametrize("model", [*EVENT_CLASSES.values(), SubscriptionRequest])
def test_every_error_of_every_field_is_told_in_our_own_words(model: type[BaseModel]) -> None:
    told = 0
    for path in paths_in(model):
        for bad in BAD_VALUES:
            fields = bad
            for part in reversed(path):
                fields = {part: fields} if isinstance(part, str) else [fields]
            with pytest.raises(ValidationError) as refused:
                model.model_validate({**fields, "no such field": 1})
            types = {details["type"] for details in refused.value.errors()}
            assert types - MESSAGES.keys() == {"extra_forbidden"}
            for problem in problems_of(refused.value, model):
                assert problem.message
                assert not any(words in problem.message for words in PYDANTICS_WORDS), problem
                told += 1
    assert told > 50


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("11/01/2026", "2026-11-01"),
        ("1/5/2026", "2026-01-05"),
        ("25/12/2026", "2026-12-25"),
        ("1/5/26", "2026-01-05"),
        ("January 5, 2026", "2026-01-05"),
        ("Sept. 3rd, 2020", "2020-09-03"),
        ("5 Jan 2026", "2026-01-05"),
        ("2026/1/5", "2026-01-05"),
        ("20260105", "2026-01-05"),
        ("2026-01-05T00:00:00Z", "2026-01-05"),
        ("April 2017", "2017-04"),
        ("04/2017", "2017-04"),
        (" 2017-04-21", "2017-04-21"),
        ("2017-04-21 to 2017-06-30", "2017-04-21/2017-06-30"),
        ("4/21/2017 – 6/30/2017", "2017-04-21/2017-06-30"),
        ("2017-4-2/2017-4-5", "2017-04-02/2017-04-05"),
        ("spring 2017", None),
        ("13/13/2026", None),
        ("May", None),
    ],
)
def test_a_date_in_another_form_is_told_how_to_write_it(written: str, meant: str | None) -> None:
    with pytest.raises(ValueError, match="is not a day") as refused:
        bounds(written)
    assert str(refused.value).partition(": write ")[2] == (meant or "")
    assert meant is None or bounds(meant)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("06037", "06037"), ("1:26", "1:26"), ("1:26-cv-01", "1:26-cv-01"), ("0x1F", "0x1F"), ("0b1", "0b1"),
        ("1_000", "1_000"), ("1e3", "1e3"), ("1.10", "1.10"), ("+5", "+5"), ("-0", "-0"), (".inf", ".inf"),
        ("2016-05", "2016-05"), ("2016-05-31", "2016-05-31"), ("No", "No"), ("on", "on"), ("yes", "yes"),
        ("2017", 2017), ("-3", -3), ("0", 0), ("1.5", 1.5), ("true", True), ("~", None), ("null", None),
        ("'2017'", "2017"), ('"true"', "true"), ("!!str 06037", "06037"), ("!!int '7'", 7), ("! 7", "7"),
    ],
)  # fmt: skip
def test_a_yaml_scalar_is_what_it_is_written_as_unless_json_writes_it_as_a_number(written: str, value: object) -> None:
    (row,) = yaml_rows(BytesIO(f"- id: {written}\n".encode()))
    assert row.problems == ()
    assert (row.fields["id"], type(row.fields["id"])) == (value, type(value))


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with api_world.world_on("sqlite", request, tmp_path) as world:
        for id_ in ("new-orleans-la", "chicago-il", "springfield"):
            assert world.post("jurisdictions", place(id_)).status_code == 201
        demand = act("warning", "2017-04-21", ["chicago-il"], respond_by={"date": "2017-06-30"})
        assert world.post("entries", {"id": "2017-04-21-doj-letters-nine", **demand}).status_code == 201
        yield world


def refused(world: World, fields: dict[str, Any]) -> dict[str, str]:
    """The messages by field, which are the same of a row of a batch and of a dry run."""
    answer = world.post("entries", fields)
    assert answer.status_code == 422, answer.text
    errors = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert len(errors) == len(answer.json()["errors"])
    assert world.post("entries?dry_run=true", fields).json() == answer.json()
    of_a_row = world.post("entries:batch", [fields]).json()["errors"]
    assert {error["field"]: error["message"] for error in of_a_row} == errors
    return errors


def a_statement(**more: Any) -> dict[str, Any]:
    return {"id": "said", **act("statement", "2017-05-01", ["springfield"]), **more}


def test_a_kind_that_is_none_hides_no_other_error(world: World) -> None:
    errors = refused(
        world,
        {
            "id": "Some Letter",
            "kind": "letter",
            "occurred": "11/01/2026",
            "actor": {"party": "feds"},
            "jurisdictions": ["new-orlaens-la"],
            "sources": [{"id": "s1", "title": "A letter", "rank": "first"}],
            "respond_by": {"date": "1/5/2026"},
            "answers": ["2017-04-21-doj-letter-nine"],
            "sumary": "A letter.",
        },
    )
    kinds = "'warning' or 'document_demand' or 'response'"
    assert errors.pop("kind") == f"'letter' is no kind of entry; did you mean {kinds}?"
    assert errors.pop("occurred").endswith(": write 2026-11-01")
    assert errors.pop("respond_by.date").endswith(": write 2026-01-05")
    assert errors == {
        "id": "is no id, which is lower-case letters and digits, joined by hyphens: perhaps 'some-letter'",
        "actor.party": "is none of federal, jurisdiction, court, press, other",
        "sources.0.rank": "is none of primary, secondary",
        "summary": "is missing",
        "sumary": "is no field of an entry; did you mean 'summary'?",
        "jurisdictions": "no jurisdiction 'new-orlaens-la' is on record; did you mean 'new-orleans-la'?",
        "answers": "no entry '2017-04-21-doj-letter-nine' is on record or among those recorded with it; "
        "did you mean '2017-04-21-doj-letters-nine'?",
    }


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (None, "is missing: it says what sort of act this is (inquiry, report, "),
        ("Lawsuit", "'Lawsuit' is no kind of entry; did you mean 'lawsuit_filed'?"),
        ("warnig", "'warnig' is no kind of entry; did you mean 'warning'?"),
        ("policy change", "'policy change' is no kind of entry; did you mean 'policy_change'?"),
        ("zzz", "'zzz' is none of the kinds: inquiry, report, "),
        (7, "7 is none of the kinds: inquiry, report, "),
        (["warning"], "['warning'] is none of the kinds: inquiry, report, "),
    ],
)
def test_the_nearest_kinds_are_told(world: World, kind: object, message: str) -> None:
    fields = a_statement(kind=kind) if kind is not None else {k: v for k, v in a_statement().items() if k != "kind"}
    assert refused(world, fields)["kind"].startswith(message)


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"sources": []}, {"sources": "has nothing in it, and at least 1 is needed"}),
        ({"sources": [{"id": "s1", "titel": "A page", "title": "A page", "rank": "primary"}]},
         {"sources.0.titel": "is no field of sources; did you mean 'title'?"}),
        ({"jurisdictions": "springfield"}, {"jurisdictions": "is to be a list, also of a single item, and is text"}),
        ({"note": 1373}, {"note": 'is to be text, and is a number: put it into quotes, "1373"'}),
        ({"note": True}, {"note": "is to be text, and is true or false"}),
        ({"sequence": "1"}, {"sequence": "is to be a whole number, without quotes"}),
        ({"sequence": 2_000_000}, {"sequence": "is above 1000000"}),
        ({"confidence": "hgih"}, {"confidence": "is none of high, medium, low; did you mean 'high'?"}),
        ({"summary": ""}, {"summary": "is empty: leave the field out, or say something"}),
        ({"authority": ["x" * 2_001]}, {"authority.0": "may have at most 2,000 characters, and this has 2,001"}),
        ({"actor": "DOJ"}, {"actor": "is to have fields of its own, and is text"}),
        ({"kind": "inquiry", "review": "section-1373-jag"},
         {"review": 'is to have fields of its own, and is text: write {"id": "section-1373-jag"} where it is an id'}),
        ({"kind": "ruling", "case": {"id": "a-v-b", "caption": "A v. B", "circuit": "ninth"}},
         {"case.circuit": "is to be a whole number, without quotes, or is none of dc"}),
        ({"kind": "lawsuit_filed", "case": {"id": "a-v-b", "caption": "A v. B"}, "roles": {"springfield": "amicus"}},
         {"roles.springfield": "is none of plaintiff, defendant"}),
        ({"follows": ["2017-04-21-doj-leters-nine"]},
         {"follows": "no entry '2017-04-21-doj-leters-nine' is on record or among those recorded with it; "
          "did you mean '2017-04-21-doj-letters-nine'?"}),
        ({"jurisdictions": ["nowhere-xx"]}, {"jurisdictions": "no jurisdiction 'nowhere-xx' is on record"}),
        ({"jurisdictions": ["new-orleans"]},
         {"jurisdictions": "no jurisdiction 'new-orleans' is on record; did you mean 'new-orleans-la'?"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_once_and_with_what_would_be_right(
    world: World, fields: dict[str, Any], errors: dict[str, str]
) -> None:
    assert refused(world, a_statement(**fields)) == errors


def test_a_review_that_is_mistyped_is_told_the_one_on_record(world: World) -> None:
    opened = act("warning", "2017-05-01", ["springfield"], review={"id": "section-1373-jag", "title": "Section 1373"})
    assert world.post("entries", opened).status_code == 201
    errors = refused(
        world, {"id": "w", **act("warning", "2017-05-02", ["springfield"], review={"id": "section-1737-jag"})}
    )
    assert errors["review"].endswith("; did you mean 'section-1373-jag'?")


def test_a_place_that_a_malformed_row_adds_or_a_batch_brings_is_not_told_as_unknown(world: World) -> None:
    rows = [
        {**place("shelbyville"), "kind": "village"},
        place("ogdenville"),
        {**a_statement(), "kind": "letter", "jurisdictions": ["shelbyville", "ogdenville"], "follows": ["other"]},
        {**a_statement(id="other"), "occurred": "2017-5-1"},
    ]
    errors = world.post("entries:batch", rows).json()["errors"]
    assert [(error["row"], error["field"]) for error in errors] == [(1, "kind"), (3, "kind"), (4, "occurred")]


def test_a_body_of_many_names_that_are_no_fields_is_told_in_time_that_grows_with_it(world: World) -> None:
    fields = {f"field{number}": 1 for number in range(900)}  # of the thousand names that a body may have
    errors = world.post("entries", a_statement(**fields)).json()["errors"]
    assert len(errors) == 100
    assert errors[-1]["message"] == "is no field of a statement"


def test_a_malformed_question_is_told_in_our_own_words(world: World) -> None:
    told = world.ask("timeline", limit=5_000).json()["errors"]
    assert told == [{"field": "limit", "value": "5000", "message": "is above 1000"}]
    assert world.ask("timeline", limit="many").json()["errors"][0]["message"] == "is no whole number"
    assert "should" not in world.ask("entries/No%20Such").text


def test_a_yaml_file_is_told_the_values_as_they_are_written(world: World) -> None:
    rows = f"""
- {{id: los-angeles-ca, name: Los Angeles, kind: county, state: ca, time_zone: America/Los_Angeles, geoid: 06037}}
- id: filed
  kind: lawsuit_filed
  occurred: 2017-05-01
  actor: {{party: jurisdiction}}
  jurisdictions: [springfield]
  summary: It sued.
  case: {{id: a-v-b, caption: A v. B, docket: 1:26, circuit: 1.10}}
  sources: {json.dumps(a_statement()["sources"])}
- {{id: mismatched, name: Mismatched, kind: city, state: LA, time_zone: America/Chicago, geoid: 2255000}}
"""
    answer = world.send(rows.encode(), "entries:batch", **{"Content-Type": "application/yaml"})
    assert [(error["field"], error["value"], error["message"]) for error in answer.json()["errors"]] == [
        ("state", "ca", "is no state, which is its two capital letters, such as LA: perhaps 'CA'"),
        ("case.circuit", "1.10", "is to be a whole number, without quotes, or is none of dc"),
        ("geoid", 2255000, 'is to be text, and is a number: put it into quotes, "2255000"'),
    ]


def test_a_dry_run_says_what_would_become_of_an_entry_and_records_nothing(world: World) -> None:
    head = world.ask("timeline").headers["log-position"]
    told = world.post("entries?dry_run=true", a_statement())
    assert (told.status_code, told.json()) == (
        200, {"recorded": 1, "already": 0, "suspected": [], "suspected_total": 0, "dry_run": True},
    )  # fmt: skip
    assert world.ask("entries/said").status_code == 404
    assert world.ask("timeline").headers["log-position"] == head
    assert world.post("entries?dry_run=false", a_statement()).status_code == 201
    assert world.post("entries?dry_run=true", a_statement()).json()["already"] == 1
    assert world.post("entries?dry_run=true", a_statement(note="Other.")).status_code == 409
    nameless = {name: value for name, value in a_statement().items() if name != "id"}
    (suspected,) = world.post("entries?dry_run=true", nameless).json()["suspected"]
    assert (suspected["row"], suspected["like"]) == (1, ["said"])
    assert world.client.post("/api/v1/entries?dry_run=true", json=a_statement()).status_code == 401


def test_a_dry_run_leaves_its_idempotency_key_free(world: World) -> None:
    key = {"Idempotency-Key": "letter-1"}
    body = json.dumps(a_statement()).encode()
    assert world.send(body, "entries?dry_run=true", **key).status_code == 200
    assert world.send(body, "entries", **key).status_code == 201


def test_load_says_the_same_words(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.yaml"
    file.write_text("- {id: x, kind: letter, occurred: 11/01/2026, jurisdictions: [], actor: {party: federal}}\n")
    said = run(sqlite_url, "load", "--json", file)
    assert said.code != 0
    errors = {error["field"]: error["message"] for error in json.loads(said.out)["errors"]}
    assert errors.keys() == {"kind", "occurred", "summary", "sources"}
    assert errors["occurred"].endswith(": write 2026-11-01")
