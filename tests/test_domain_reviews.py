"""The review track: stages, and what became of the current demand."""

import pytest

from domain.answers import ResponseItem, ReviewItems, StageItem
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.reviews import Links, fold_reviews, resolve_due_date, stage_moves
from made_facts import CITY, STATE, TODAY, demand, fact

REVIEW = {"id": "section-1373"}


def reviews(*facts: Fact, place: Place = CITY, day: str = TODAY) -> dict[str, ReviewItems]:
    moves = stage_moves(place.touched_by, facts)
    return fold_reviews(place, facts, moves, Links.among(facts), day)


def stage(*facts: Fact, place: Place = CITY, review: str = "section-1373") -> StageItem:
    return reviews(*facts, place=place)[review]["stage"]


def response(*facts: Fact, place: Place = CITY, day: str = TODAY, review: str = "letter") -> ResponseItem:
    return reviews(*facts, place=place, day=day)[review]["response"]


LETTER = demand("letter", "2026-03-01", due="2026-04-01")


@pytest.mark.parametrize(
    ("kind", "fields", "value"),
    [
        ("report", {}, "flagged"),
        ("warning", {}, "warned"),
        ("finding", {"outcome": "preliminary_concern"}, "preliminary_concern"),
        ("finding", {"outcome": "no_evidence"}, "no_evidence_of_violation"),
        ("finding", {"outcome": "violation"}, "violation_found"),
        ("document_demand", {}, "documents_demanded"),
        ("document_demand", {"subpoena": "threatened"}, "documents_demanded"),
        ("document_demand", {"subpoena": "issued"}, "subpoenaed"),
        ("agreement", {}, "resolved_by_agreement"),
    ],
)
def test_an_act_of_a_review_enters_the_stage_of_its_kind(kind: str, fields: dict[str, str], value: str) -> None:
    assert stage(fact("act", kind, "2026-03-01", review=REVIEW, **fields)) == {
        "value": value,
        "since": "2026-03-01",
        "entry": "act",
    }


def test_a_warning_that_names_no_review_opens_its_own() -> None:
    assert reviews(fact("warns", "warning", "2026-03-01")).keys() == {"warns"}


def test_a_report_that_names_no_review_moves_nothing() -> None:
    assert reviews(fact("reports", "report", "2026-03-01")) == {}


def test_a_report_does_not_take_a_review_back_from_an_open_stage() -> None:
    warns = fact("warns", "warning", "2026-03-01", review=REVIEW)
    assert stage(warns, fact("reports", "report", "2026-03-02", review=REVIEW))["value"] == "warned"


def test_a_stage_entered_again_rests_on_the_later_act() -> None:
    again = fact("again", "warning", "2026-03-02", review=REVIEW)
    assert stage(fact("warns", "warning", "2026-03-01", review=REVIEW), again)["entry"] == "again"


def test_an_order_that_ends_a_review_makes_an_open_stage_dormant_whomever_it_names() -> None:
    order = fact("order", "order", "2026-03-02", "texas", ends_reviews=["section-1373"])
    assert stage(fact("warns", "warning", "2026-03-01", review=REVIEW), order)["value"] == "dormant"


def test_an_order_that_ends_a_review_leaves_a_stage_that_is_closed() -> None:
    order = fact("order", "order", "2026-03-02", ends_reviews=["section-1373"])
    finding = fact("finds", "finding", "2026-03-01", review=REVIEW, outcome="violation")
    assert stage(finding, order)["value"] == "violation_found"


def test_a_place_takes_the_acts_of_its_agencies_as_its_own() -> None:
    warns = fact("warns", "warning", "2026-03-01", "ca-police", review=REVIEW)
    assert stage(warns, place=STATE)["value"] == "warned"
    assert reviews(warns, place=CITY) == {}


def test_nothing_is_demanded_in_a_review_without_a_demand() -> None:
    expected = {"value": "none_demanded", "since": None, "entry": None, "demand": None, "due": None}
    assert response(fact("warns", "warning", "2026-03-01"), review="warns") == expected


def test_an_answer_is_due_until_the_end_of_the_day_due() -> None:
    assert response(LETTER, day="2026-04-01") == {
        "value": "due",
        "since": "2026-03-01",
        "entry": "letter",
        "demand": "letter",
        "due": "2026-04-01",
    }


def test_the_day_after_the_day_due_no_response_is_known() -> None:
    late = response(LETTER, day="2026-04-02")
    assert (late["value"], late["since"], late["entry"]) == ("no_response_known", "2026-04-01", "letter")


def test_a_demand_without_a_day_stays_due() -> None:
    assert response(demand("letter", "2026-03-01"), day="2030-01-01")["value"] == "due"


def test_an_answer_found_later_turns_silence_into_a_response() -> None:
    answer = fact("answers", "response", "2026-04-20", answers=["letter"])
    responded = response(LETTER, answer)
    assert (responded["value"], responded["since"], responded["entry"]) == ("responded", "2026-04-20", "answers")


def test_the_first_of_two_answers_counts() -> None:
    answers = [
        fact(name, "response", day, answers=["letter"]) for name, day in (("a", "2026-03-10"), ("b", "2026-03-20"))
    ]
    assert response(LETTER, *answers)["entry"] == "a"


def test_an_answer_of_another_place_is_none() -> None:
    assert (
        response(LETTER, fact("answers", "response", "2026-03-20", "texas", answers=["letter"]))["value"] != "responded"
    )


def test_the_state_may_answer_for_its_agency() -> None:
    letter = demand("letter", "2026-03-01", "ca-police", due="2026-04-01")
    answer = fact("answers", "response", "2026-03-20", "california", answers=["letter"])
    assert response(letter, answer, place=STATE)["value"] == "responded"


def test_an_answer_for_an_agency_may_come_from_the_state_it_speaks_for() -> None:
    agency = Place("ca-police", "CA", "America/Los_Angeles", "california")
    letter = demand("letter", "2026-03-01", "ca-police", due="2026-04-01")
    answer = fact("answers", "response", "2026-03-20", "california", answers=["letter"])
    assert response(letter, answer, place=agency)["value"] == "responded"


def test_an_answer_to_an_older_demand_does_not_close_a_newer_one() -> None:
    older = demand("older", "2026-02-01", due="2026-03-01", review=REVIEW)
    newer = demand("newer", "2026-03-05", due="2026-04-01", review=REVIEW)
    answer = fact("answers", "response", "2026-03-10", answers=["older"])
    item = response(older, newer, answer, day="2026-03-20", review="section-1373")
    assert (item["value"], item["demand"]) == ("due", "newer")


def test_a_demand_for_compliance_is_not_the_current_demand() -> None:
    complies = demand("complies", "2026-03-05", due="2026-04-01", respond_by={"for": "compliance"})
    assert response(complies, review="complies")["value"] == "none_demanded"


def test_a_withdrawn_demand_demands_nothing_from_the_withdrawal_on() -> None:
    withdrawal = fact("withdraws", "deadline_withdrawn", "2026-03-10", demand="letter")
    item = response(LETTER, withdrawal)
    assert (item["value"], item["since"], item["entry"]) == ("none_demanded", "2026-03-10", "withdraws")


def test_a_stage_that_asks_nothing_ends_what_was_demanded_before_it() -> None:
    finding = fact("finds", "finding", "2026-03-10", outcome="no_evidence", review={"id": "letter"})
    assert response(LETTER, finding)["entry"] == "finds"
    assert response(LETTER, finding)["value"] == "none_demanded"


def test_a_stage_that_asked_nothing_before_the_demand_does_not_end_it() -> None:
    finding = fact("finds", "finding", "2026-02-01", outcome="no_evidence", review={"id": "letter"})
    assert response(finding, LETTER, day="2026-03-15")["value"] == "due"


def test_of_a_stage_that_asks_nothing_and_a_withdrawal_the_earlier_is_named() -> None:
    finding = fact("finds", "finding", "2026-03-10", outcome="no_evidence", review={"id": "letter"})
    withdrawal = fact("withdraws", "deadline_withdrawn", "2026-03-05", demand="letter")
    assert response(LETTER, withdrawal, finding)["entry"] == "withdraws"


def test_an_extension_moves_the_day_due_and_keeps_the_original() -> None:
    extension = fact("extends", "deadline_extended", "2026-03-10", demand="letter", extended_to="2026-05-01")
    due_date = resolve_due_date(LETTER, CITY.touched_by, Links.among([LETTER, extension]))
    assert (due_date.due, due_date.original_due, due_date.extended_by) == ("2026-05-01", "2026-04-01", extension)


def test_the_first_extension_of_an_undated_demand_gives_its_original_day() -> None:
    undated = demand("letter", "2026-03-01")
    extensions = [
        fact(id_, "deadline_extended", "2026-03-10", demand="letter", extended_to=day)
        for id_, day in (("first", "2026-05-01"), ("second", "2026-06-01"))
    ]
    due_date = resolve_due_date(undated, CITY.touched_by, Links.among([undated, *extensions]))
    assert (due_date.due, due_date.original_due) == ("2026-06-01", "2026-05-01")


def test_an_extension_revives_what_was_withdrawn() -> None:
    withdrawal = fact("withdraws", "deadline_withdrawn", "2026-03-10", demand="letter")
    extension = fact("extends", "deadline_extended", "2026-03-11", demand="letter", extended_to="2026-05-01")
    links = Links.among([LETTER, withdrawal, extension])
    assert resolve_due_date(LETTER, CITY.touched_by, links).withdrawn_by is None


def test_an_extension_for_somebody_else_moves_nothing() -> None:
    extension = fact("extends", "deadline_extended", "2026-03-10", "texas", demand="letter", extended_to="2026-05-01")
    assert resolve_due_date(LETTER, CITY.touched_by, Links.among([LETTER, extension])).due == "2026-04-01"
