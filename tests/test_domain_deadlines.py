"""Deadlines: one dated demand x one addressee, and what became of it; and the day that reminders run on."""

from typing import Any

import pytest

from domain.answers import Deadline
from domain.deadlines import deadlines
from domain.facts import Fact
from domain.jurisdictions import Place
from domain.national import Clocks, NationalActs
from domain.reminders import earliest_claimed_day
from made_facts import CITY, STATE, TODAY, demand, fact, in_log

LETTER = demand("letter", "2026-03-01", due="2026-04-01")
AGENCY = Place("ca-police", "CA", "America/Los_Angeles", "california")


def deadlines_of(
    *facts: Fact, place: Place = CITY, day: str = TODAY, agencies: tuple[Place, ...] = ()
) -> list[Deadline]:
    return deadlines(place, in_log(facts), NationalActs(), Clocks(day, None, len(facts)), agencies)[0]


def deadline(*facts: Fact, day: str = TODAY) -> Deadline:
    (only,) = deadlines_of(*facts, day=day)
    return only


def test_a_deadline_keeps_the_day_and_the_words_of_its_source() -> None:
    assert deadline(LETTER, day="2026-03-15") == {
        "demand": "letter",
        "addressee": "oakland-ca",
        "due": "2026-04-01",
        "original_due": "2026-04-01",
        "words": "at once",
        "source": None,
        "computed": None,
        "claims": (),
        "state": "open",
        "late": False,
        "answer": None,
        "for": "answer",
        "time_zone": "America/Los_Angeles",
        "review": "letter",
        "extended_by": None,
        "withdrawn_by": None,
    }


def test_a_demand_without_a_day_has_no_deadline_until_an_extension_gives_one() -> None:
    undated = demand("letter", "2026-03-01")
    extension = fact("extends", "deadline_extended", "2026-03-10", demand="letter", extended_to="2026-05-01")
    assert deadlines_of(undated) == []
    dated = deadline(undated, extension)
    assert (dated["due"], dated["original_due"]) == ("2026-05-01", "2026-05-01")


def test_a_period_is_computed_from_the_last_day_of_the_act() -> None:
    computed = deadline(demand("letter", "2026-03-01/2026-03-02", respond_by={"days": 14}))
    assert computed["due"] == "2026-03-16"
    assert computed["computed"] is not None
    assert (computed["computed"]["from"], computed["computed"]["days"]) == ("2026-03-02", 14)


def test_a_deadline_is_open_to_its_last_day_and_lapsed_after_it() -> None:
    assert [deadline(LETTER, day=day)["state"] for day in ("2026-04-01", "2026-04-02")] == ["open", "lapsed"]


@pytest.mark.parametrize(("day", "late"), [("2026-04-01", False), ("2026-04-02", True)])
def test_an_answer_is_late_from_the_day_after_the_day_due(day: str, late: bool) -> None:  # noqa: FBT001  # a row of the table
    answered = deadline(LETTER, fact("answers", "response", day, answers=["letter"]))
    assert (answered["state"], answered["answer"], answered["late"]) == ("answered", "answers", late)


def test_an_answer_that_may_have_come_in_time_is_not_late() -> None:
    answer = fact("answers", "response", "2026-03-30/2026-04-20", answers=["letter"])
    assert deadline(LETTER, answer)["late"] is False


def test_what_is_withdrawn_is_withdrawn_even_where_it_was_answered() -> None:
    answer = fact("answers", "response", "2026-03-05", answers=["letter"])
    withdrawal = fact("withdraws", "deadline_withdrawn", "2026-03-10", demand="letter")
    withdrawn = deadline(LETTER, answer, withdrawal)
    assert (withdrawn["state"], withdrawn["withdrawn_by"]) == ("withdrawn", "withdraws")


@pytest.mark.parametrize(("day", "state"), [("2026-04-01", "moot"), ("2026-04-02", "lapsed")])
def test_a_deadline_is_moot_where_its_review_came_to_ask_nothing_by_the_day_due(day: str, state: str) -> None:
    finding = fact("finds", "finding", day, outcome="no_evidence", review={"id": "letter"})
    assert deadline(LETTER, finding)["state"] == state


def test_a_further_demand_does_not_make_the_first_moot() -> None:
    finding = demand("finds", "2026-03-10", kind="finding", outcome="violation", review={"id": "letter"})
    assert deadline(LETTER, finding)["state"] == "lapsed"


def test_an_extension_moves_the_day_and_says_who_moved_it() -> None:
    extension = fact("extends", "deadline_extended", "2026-03-10", demand="letter", extended_to="2026-05-01")
    extended = deadline(LETTER, extension)
    assert (extended["due"], extended["original_due"], extended["extended_by"]) == (
        "2026-05-01",
        "2026-04-01",
        "extends",
    )


def test_a_letter_to_a_state_and_its_agency_has_a_deadline_of_each() -> None:
    letter = demand("letter", "2026-03-01", "california", "ca-police", due="2026-04-01")
    found = deadlines_of(letter, place=STATE, agencies=(AGENCY,))
    assert [each["addressee"] for each in found] == ["ca-police", "california"]


def test_deadlines_are_in_order_of_day_demand_and_addressee() -> None:
    later, sooner = demand("a", "2026-03-01", due="2026-05-01"), demand("b", "2026-03-02", due="2026-04-01")
    assert [each["demand"] for each in deadlines_of(later, sooner)] == ["b", "a"]


def test_a_demand_that_only_may_have_been_made_sets_no_deadline() -> None:
    assert deadlines_of(demand("letter", "2026-03-01/2026-07-01", due="2026-08-01")) == []


def claimed(*days: Any, **fields: Any) -> Deadline:
    """The deadline of a letter of 1 March for 1 April, of which sources say other days."""
    claims = [{"field": "respond_by", "value": day, "source": "s1"} for day in days]
    return deadline(demand("letter", "2026-03-01", due="2026-04-01", claims=claims, **fields))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((), "2026-04-01"),
        (("2026-03-20", "2026-03-25"), "2026-03-20"),
        (({"date": "2026-03-20"},), "2026-03-20"),
        (("2026-04-10",), "2026-04-01"),
        (("a week", 7, None, {"days": 7}), "2026-04-01"),
        (("2026-02-20", "2026-03-01"), "2026-04-01"),
        (("2025-03-20", "2026-03-20"), "2026-03-20"),
    ],
    ids=["none", "the earliest", "as an object", "later than due", "no days", "before it was asked", "one of them is"],
)
def test_reminders_run_on_the_earliest_day_that_a_source_gives(days: tuple[Any, ...], expected: str) -> None:
    assert earliest_claimed_day(claimed(*days), lambda _: "2026-03-01") == expected


def test_an_extension_settles_the_day_that_reminders_run_on() -> None:
    extended: Deadline = {**claimed("2026-03-20"), "due": "2026-05-01", "extended_by": "extends"}
    assert earliest_claimed_day(extended, lambda _: "2026-03-01") == "2026-05-01"


def test_the_demand_is_looked_up_only_where_a_claim_is_earlier() -> None:
    def not_asked(_: str) -> str:
        raise AssertionError

    assert earliest_claimed_day(claimed("2026-04-10"), not_asked) == "2026-04-01"
