"""Periods by Fed. R. Civ. P. 6(a): weekends, every federal holiday and the day it is observed on, on and back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.legal_holidays.calendar import federal_holidays, state_holidays
from domain.periods import Period, due_after


def due(trigger: str, days: int, state: str | None = None) -> str:
    return period(trigger, days, state).due


def period(trigger: str, days: int, state: str | None = None) -> Period:
    return due_after(trigger, days, federal_holidays, None if state is None else state_holidays(state))


def test_the_day_of_the_event_is_left_out_and_every_other_day_counts() -> None:
    assert due("2017-10-12", 14) == "2017-10-26"
    assert due("2017-10-12", 1) == "2017-10-13"


@pytest.mark.parametrize(
    ("trigger", "days", "expected"),
    [
        ("2017-10-12", 2, "2017-10-16"),  # Saturday
        ("2017-10-12", 3, "2017-10-16"),  # Sunday
        ("2017-10-12", 4, "2017-10-16"),  # Monday
        ("2017-08-31", 2, "2017-09-05"),  # Saturday before Labor Day: over the Sunday and the holiday
        ("2017-10-16", -1, "2017-10-13"),  # Sunday, counted back to Friday
        ("2017-09-06", -2, "2017-09-01"),  # Labor Day, counted back over the weekend
        ("2017-10-12", -1, "2017-10-11"),
    ],
)
def test_a_last_day_that_is_none_moves_on_or_back(trigger: str, days: int, expected: str) -> None:
    assert due(trigger, days) == expected


@pytest.mark.parametrize(
    ("holiday", "on", "back", "name"),
    [
        ("2019-01-01", "2019-01-02", "2018-12-31", "New Year's Day"),
        ("2019-01-21", "2019-01-22", "2019-01-18", "Martin Luther King Jr. Day"),
        ("2019-02-18", "2019-02-19", "2019-02-15", "Washington's Birthday"),
        ("2019-05-27", "2019-05-28", "2019-05-24", "Memorial Day"),
        ("2024-06-19", "2024-06-20", "2024-06-18", "Juneteenth"),
        ("2019-07-04", "2019-07-05", "2019-07-03", "Independence Day"),
        ("2019-09-02", "2019-09-03", "2019-08-30", "Labor Day"),
        ("2019-10-14", "2019-10-15", "2019-10-11", "Columbus Day"),
        ("2019-11-11", "2019-11-12", "2019-11-08", "Veterans Day"),
        ("2019-11-28", "2019-11-29", "2019-11-27", "Thanksgiving"),
        ("2019-12-25", "2019-12-26", "2019-12-24", "Christmas Day"),
    ],
)
def test_every_federal_holiday_moves_a_period_that_ends_on_it(holiday: str, on: str, back: str, name: str) -> None:
    day = date.fromisoformat(holiday)
    forward = period((day - timedelta(days=10)).isoformat(), 10)
    assert forward.due == on
    assert any(name in step for step in forward.steps)
    assert due((day + timedelta(days=10)).isoformat(), -10) == back


@pytest.mark.parametrize(
    ("ends", "moved", "observed"),
    [
        ("2017-11-10", "2017-11-13", "Veterans Day (observed)"),  # the 11th is a Saturday: Friday is the day
        ("2021-12-31", "2022-01-03", "New Year's Day (observed)"),  # on the last day of another year
        ("2022-12-26", "2022-12-27", "Christmas Day (observed)"),  # the 25th is a Sunday: Monday is the day
        ("2022-06-20", "2022-06-21", "Juneteenth National Independence Day (observed)"),
    ],
)
def test_a_holiday_on_a_weekend_is_kept_on_the_day_beside_it(ends: str, moved: str, observed: str) -> None:
    its = period((date.fromisoformat(ends) - timedelta(days=14)).isoformat(), 14)
    assert its.due == moved
    assert any(observed in step for step in its.steps)


def test_juneteenth_is_no_holiday_before_it_was_one() -> None:
    assert due("2019-06-05", 14) == "2019-06-19"


def test_no_days_at_all_end_on_the_day_itself_or_on_the_next_that_is_no_holiday() -> None:
    assert due("2017-10-12", 0) == "2017-10-12"
    assert due("2017-10-14", 0) == "2017-10-16"


def test_a_states_own_holidays_count_only_when_asked_and_only_forward() -> None:
    # Patriots' Day, 2017-04-17, is a Monday.
    assert due("2017-04-03", 14) == "2017-04-17"
    asked = period("2017-04-03", 14, "MA")
    assert asked.due == "2017-04-18"
    assert "2017-04-17 is a legal holiday of the state, Patriots' Day (Rule 6(a)(6)(C)): on to" in asked.steps[2]
    back = period("2017-05-01", -14, "MA")
    assert back.due == "2017-04-17"
    assert "Rule 6(a)(6)(C)" in back.steps[2]


def test_a_federal_holiday_that_a_state_does_not_keep_is_one_all_the_same() -> None:
    assert due("2017-09-25", 14, "TX") == "2017-10-10"


def test_a_state_that_is_none_has_no_holidays() -> None:
    assert state_holidays("ZZ") is None


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(-400, 400))
def test_a_period_ends_on_a_day_of_work_never_short_and_never_far(trigger: date, days: int) -> None:
    its = period(trigger.isoformat(), days)
    last, counted = date.fromisoformat(its.due), trigger + timedelta(days=days)
    assert last.weekday() < 5
    assert federal_holidays.name_of(last) is None
    assert 0 <= (last - counted).days * (1 if days >= 0 else -1) <= 4
    passed = (counted + timedelta(days=one * (1 if days >= 0 else -1)) for one in range(abs((last - counted).days)))
    assert all(day.weekday() >= 5 or federal_holidays.name_of(day) for day in passed)
    assert its.steps[-1].startswith(f"due on {its.due}")
    assert len(its.steps) == 3 + abs((last - counted).days)
