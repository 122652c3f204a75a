"""The judge is judged first: by answers worked out by hand, and its random records by its own refusals."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import generated_records
import golden_questions
import naive_rules

HERE = Path(__file__).parent
SEEDS = HERE.parent / "seeds"
TODAY = "2026-11-24"
TRACKS = ("status", "deadlines", "timeline")
ASKED = [
    question
    for question in golden_questions.load(HERE / "golden.yaml")
    if "status" not in question and golden_questions.address(question)[0][-1] in TRACKS
]


def read(path: Path) -> list[dict[str, Any]]:
    """The items of one of the record's files."""
    items: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return items


@pytest.fixture(scope="module")
def places() -> list[dict[str, Any]]:
    return [{"event": "added", "jurisdiction": place} for place in read(SEEDS / "jurisdictions.yaml")]


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    return [entry for path in sorted((SEEDS / "entries").glob("*.yaml")) for entry in read(path)]


@pytest.fixture(scope="module")
def log(places: list[dict[str, Any]], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*places, *({"event": "recorded", "entry": entry} for entry in entries)]


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question["ask"])
def test_a_naive_reading_gives_the_answer_worked_out_by_hand(
    question: dict[str, Any], log: list[dict[str, Any]]
) -> None:
    (_, place, track), asked = golden_questions.address(question)
    as_of, public_by = asked.get("as_of", TODAY), asked.get("public_by")
    answer: Any
    match track:
        case "status":
            answer = naive_rules.status(log, place, as_of, public_by)
        case "deadlines":
            answer = {"deadlines": naive_rules.deadlines(log, place, as_of, public_by)}
        case _:
            listed = naive_rules.timeline(log, place, as_of, public_by)
            answer = {"entries": [{"id": entry, "certain": certain} for entry, certain in listed]}
    assert golden_questions.differences(question, answer) == []


def test_nothing_in_the_real_record_is_refused(places: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
    assert {e["id"]: f for e in entries if (f := naive_rules.refusals(places, e, TODAY, entries))} == {}


@pytest.mark.parametrize("seed", range(8))
def test_nothing_in_a_random_record_is_refused(seed: int) -> None:
    record = generated_records.generate(seed)
    added = [{"event": "added", "jurisdiction": place} for place in record["jurisdictions"]]
    entries = record["entries"]
    assert {
        e["id"]: f for e in entries if (f := naive_rules.refusals(added, e, generated_records.TODAY, entries))
    } == {}


@pytest.mark.parametrize("seed", range(3))
def test_a_random_log_names_only_what_it_already_holds(seed: int) -> None:
    log = generated_records.script(seed, generated_records.generate(seed, acts=120))
    refused = {
        event["entry"]["id"]: faults
        for position, event in enumerate(log)
        if event["event"] == "recorded"
        if (faults := naive_rules.refusals(log[:position], event["entry"], generated_records.TODAY))
    }
    assert refused == {}


def test_a_seed_always_gives_the_same_record_and_every_kind_of_act() -> None:
    record = generated_records.generate(7)
    assert record == generated_records.generate(7)
    assert {entry["kind"] for entry in record["entries"]} == set(generated_records.KINDS)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_arrival_changes_no_answer(seed: int) -> None:
    record = generated_records.generate(seed, acts=120)
    other = generated_records.shuffled(record, seed + 1)
    logs = [
        [
            *({"event": "added", "jurisdiction": place} for place in some["jurisdictions"]),
            *({"event": "recorded", "entry": entry} for entry in some["entries"]),
        ]
        for some in (record, other)
    ]
    for as_of, public_by in generated_records.clocks(seed, record, 4):
        for place in record["jurisdictions"]:
            asked = (place["id"], as_of, public_by)
            assert naive_rules.status(logs[0], *asked) == naive_rules.status(logs[1], *asked)
            assert naive_rules.deadlines(logs[0], *asked) == naive_rules.deadlines(logs[1], *asked)


@pytest.mark.parametrize(
    ("trigger", "days", "due"),
    [
        ("2017-06-20", 14, "2017-07-05"),  # July 4
        ("2020-06-19", 14, "2020-07-06"),  # July 3, observed for Saturday the 4th, and a weekend
        ("2021-12-17", 14, "2022-01-03"),  # December 31, observed for Saturday, January 1
        ("2017-10-20", -11, "2017-10-06"),  # back over Columbus Day and a weekend
        ("2026-01-13", 14, "2026-01-27"),
    ],
)
def test_a_period_runs_on_past_weekends_and_federal_holidays(trigger: str, days: int, due: str) -> None:
    assert naive_rules.computed_day(trigger, days) == due


def test_a_path_picks_by_key_by_place_by_value_and_by_count() -> None:
    answer = {"reviews": [{"review": "one", "stage": {"value": "warned"}}, {"review": "two"}]}
    assert golden_questions.value_at(answer, "reviews.review=one.stage.value") == "warned"
    assert golden_questions.value_at(answer, "reviews.1.review") == "two"
    assert golden_questions.value_at(answer, "reviews.count") == 2
    assert golden_questions.value_at(answer, "reviews.*:review") == ["one", "two"]
    with pytest.raises(LookupError):
        golden_questions.value_at(answer, "reviews.review=three.stage")
