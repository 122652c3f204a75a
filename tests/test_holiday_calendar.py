"""The lists of legal holidays: the federal one day by day, and what is corrected in those of states."""

from collections.abc import Iterator
from datetime import date, timedelta

import holidays
import pytest
import yaml

from application.legal_holidays.calendar import LIBRARY, federal_holidays, state_holidays
from application.legal_holidays.rules import Declared, NotDeclared, easter
from application.legal_holidays.states import DECLARED, NOT_DECLARED, STATUTES, UNSURE
from command_line import SEEDS, run
from domain.periods import due_after

NO_DATABASE = "nothing://is/opened"
FEDERAL = {
    2016: "01-01 01-18 02-15 05-30 07-04 09-05 10-10 11-11 11-24 12-26",
    2017: "01-02 01-16 02-20 05-29 07-04 09-04 10-09 11-10 11-23 12-25",
    2018: "01-01 01-15 02-19 05-28 07-04 09-03 10-08 11-12 11-22 12-25",
    2019: "01-01 01-21 02-18 05-27 07-04 09-02 10-14 11-11 11-28 12-25",
    2020: "01-01 01-20 02-17 05-25 07-03 09-07 10-12 11-11 11-26 12-25",
    2021: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
    2022: "01-17 02-21 05-30 06-20 07-04 09-05 10-10 11-11 11-24 12-26",
    2023: "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25",
    2024: "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
    2025: "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
    2028: "01-17 02-21 05-29 06-19 07-04 09-04 10-09 11-10 11-23 12-25",
    2029: "01-01 01-15 02-19 05-28 06-19 07-04 09-03 10-08 11-12 11-22 12-25",
    2030: "01-01 01-21 02-18 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
}
"""The days on which offices are closed by 5 U.S.C. 6103(a) and (b): written down from the statute, not computed. A
holiday on a Saturday is kept on the Friday, one on a Sunday on the Monday (Executive Order 11582)."""
YEARS = range(2016, 2031)


def weekdays(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    days = (first + timedelta(days=count) for count in range((date(year + 1, 1, 1) - first).days))
    return (day for day in days if day.weekday() < 5)


@pytest.mark.parametrize("year", YEARS)
def test_the_federal_holidays_are_those_of_the_statute_on_the_days_observed(year: int) -> None:
    kept = [f"{day:%m-%d}" for day in weekdays(year) if federal_holidays.name_of(day) is not None]
    assert kept == FEDERAL[year].split()


@pytest.mark.parametrize("closed", ["2018-12-05", "2019-12-24", "2024-12-24", "2025-01-09", "2025-12-26"])
def test_a_day_on_which_the_president_closed_offices_once_is_no_legal_holiday(closed: str) -> None:
    assert federal_holidays.name_of(date.fromisoformat(closed)) is None


@pytest.mark.parametrize("inauguration", ["2017-01-20", "2021-01-20"])
def test_the_day_of_an_inauguration_is_one_in_the_district_alone(inauguration: str) -> None:
    day = date.fromisoformat(inauguration)
    assert federal_holidays.name_of(day) is None
    assert {state for state in STATUTES if is_holiday(state, day)} == {"DC"}


def is_holiday(state: str, day: date) -> bool:
    of_state = state_holidays(state)
    assert of_state is not None
    return of_state.name_of(day) is not None


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2016, "03-27"),
        (2017, "04-16"),
        (2018, "04-01"),
        (2024, "03-31"),
        (2025, "04-20"),
        (2026, "04-05"),
        (2038, "04-25"),
    ],
)
def test_easter_is_where_the_church_has_it(year: int, day: str) -> None:
    assert f"{easter(year):%m-%d}" == day


@pytest.mark.parametrize(
    ("state", "day", "declared"),
    [
        ("HI", "2026-04-03", True),  # Good Friday, which the library lacks
        ("HI", "2026-03-26", True),
        ("HI", "2026-10-12", False),  # Discoverers' Day is no holiday (§ 8-1.5)
        ("AR", "2024-12-24", True),
        ("CA", "2024-02-12", True),
        ("CA", "2024-02-15", False),  # Susan B. Anthony Day is one of schools
        ("CA", "2018-02-12", True),
        ("CA", "2019-09-09", True),
        ("CA", "2018-09-10", True),  # Admission Day on a Sunday
        ("CA", "2025-09-26", True),
        ("CA", "2026-03-31", True),
        ("CO", "2026-03-31", False),
        ("FL", "2024-06-14", True),
        ("FL", "2026-04-27", True),  # Confederate Memorial Day on a Sunday
        ("FL", "2025-03-27", True),
        ("FL", "2024-03-28", False),  # before there was such a day
        ("FL", "2026-11-03", True),
        ("FL", "2025-11-04", False),
        ("IL", "2026-04-03", True),
        ("IL", "2026-03-02", True),
        ("IN", "2025-11-04", False),
        ("IN", "2026-11-03", True),
        ("KS", "2024-12-24", False),
        ("KY", "2025-01-30", True),
        ("KY", "2024-11-05", True),
        ("KY", "2026-11-03", False),
        ("LA", "2025-01-08", True),
        ("LA", "2019-06-03", True),
        ("LA", "2024-06-03", False),
        ("LA", "2024-11-01", True),
        ("LA", "2026-02-17", True),
        ("MA", "2026-04-20", True),
        ("MA", "2026-03-17", False),  # of Suffolk County alone
        ("MD", "2026-03-25", True),
        ("MD", "2021-09-13", True),  # Defenders' Day on a Sunday
        ("MI", "2026-02-12", True),
        ("MO", "2026-02-12", True),
        ("NC", "2026-05-20", True),
        ("ND", "2026-04-03", True),
        ("NE", "2026-11-27", True),
        ("NJ", "2025-11-04", True),  # its Assembly is chosen in odd years
        ("NJ", "2024-06-21", True),
        ("NY", "2022-02-11", False),  # Lincoln's Birthday on a Saturday
        ("NY", "2023-02-13", True),  # and on a Sunday
        ("NY", "2024-02-15", False),
        ("PA", "2025-11-04", True),
        ("PA", "2026-04-03", True),
        ("RI", "2026-05-04", True),
        ("SC", "2024-05-10", True),
        ("SC", "2026-04-27", False),
        ("SC", "2024-12-26", True),
        ("TN", "2026-11-03", True),
        ("TN", "2026-08-06", True),
        ("TX", "2026-04-03", False),
        ("UT", "2024-06-17", True),
        ("UT", "2021-06-14", False),
        ("WI", "2024-01-15", True),
        ("WI", "2026-08-11", True),
        ("WI", "2026-11-03", True),
        ("WV", "2024-05-14", True),
        ("WV", "2020-05-12", False),
        ("WV", "2020-06-09", True),
    ],
)
def test_a_day_is_a_holiday_of_a_state_where_its_statute_declares_it(state: str, day: str, *, declared: bool) -> None:
    assert is_holiday(state, date.fromisoformat(day)) is declared


def test_every_state_and_every_place_on_record_has_a_statute_that_was_looked_for() -> None:
    places = yaml.safe_load((SEEDS / "jurisdictions.yaml").read_text(encoding="utf-8"))
    assert {place["state"] for place in places} <= STATUTES.keys()
    assert len(STATUTES) == 51
    assert UNSURE.keys() <= STATUTES.keys()


def library_names(state: str, day: date) -> list[str]:
    return holidays.country_holidays("US", subdiv=state, years=day.year).get(day, "").split("; ")


@pytest.mark.parametrize("line", DECLARED, ids=lambda line: f"{line.state} {line.name} by {line.source}")
def test_a_declared_day_is_one_that_the_library_lacks(line: Declared) -> None:
    days = [line.day(year) for year in YEARS if line.years(year)]
    lacking = [day for day in days if day.weekday() < 5 and library_names(line.state, day) == [""]]
    assert lacking, "the library has it now: the line can go"
    assert all(is_holiday(line.state, day) for day in lacking)


@pytest.mark.parametrize("line", NOT_DECLARED, ids=lambda line: f"{line.state} {line.name}")
def test_a_day_that_is_taken_out_is_one_that_the_library_has(line: NotDeclared) -> None:
    days = [day for year in YEARS if line.years(year) for day in weekdays(year)]
    days = [day for day in days if line.weekday in (None, day.weekday())]
    of_state = holidays.country_holidays("US", subdiv=line.state, years=YEARS)
    listed = [day for day in days if line.name in of_state.get(day, "").split("; ")]
    assert listed, "the library has it no more: the line can go"
    name_of = state_holidays(line.state)
    assert name_of is not None
    assert not any(line.name in (name_of.name_of(day) or "").split("; ") for day in listed)


def test_good_friday_in_hawaii_moves_a_period_and_the_answer_names_statute_and_versions() -> None:
    arguments = ("deadline", "compute", "--state", "HI", "--from", "2026-03-20", "--days", "14")
    answer = run(NO_DATABASE, *arguments, "--json").json
    assert answer["due"] == "2026-04-06"
    assert "2026-04-03 is a legal holiday of the state, Good Friday" in answer["steps"][2]
    assert answer["holidays"]["federal"].startswith("5 U.S.C. 6103(a)")
    assert LIBRARY in answer["holidays"]["federal"]
    assert answer["holidays"]["state"].startswith("Haw. Rev. Stat. §§ 8-1, 8-2, by the library holidays")
    assert "table of corrections 1" in answer["holidays"]["state"]
    assert "President" in answer["holidays"]["not_counted"]
    explained = run(NO_DATABASE, *arguments, "--explain").out
    assert "Of the state: Haw. Rev. Stat. §§ 8-1, 8-2" in explained.replace("\n", " ")
    assert "Not counted: days on which the President closes offices once" in explained


def test_what_is_not_sure_of_a_states_list_is_said_with_the_answer() -> None:
    answer = run(NO_DATABASE, "deadline", "compute", "--state", "MN", "--from", "2026-11-13", "--days", "14", "--json")
    assert answer.json["due"] == "2026-11-27"
    assert "not sure: the Friday after Thanksgiving" in answer.json["holidays"]["state"]
    of_territory = state_holidays("GU")
    assert of_territory is not None
    assert "not compared with its statute" in of_territory.source


def test_a_states_own_holidays_are_not_asked_for_a_period_counted_back() -> None:
    period = due_after("2026-04-17", -14, federal_holidays, state_holidays("HI"))
    assert (period.due, period.state) == ("2026-04-03", None)
