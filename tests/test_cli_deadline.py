"""`deadline compute`: Fed. R. Civ. P. 6(a), with its steps."""

import pytest

from command_line import run

NO_DATABASE = "nothing://is/opened"


def test_a_period_that_ends_on_a_workday_ends_there() -> None:
    assert run(NO_DATABASE, "deadline", "compute", "--from", "2017-10-13", "--days", "14").out == "2017-10-27\n"


def test_a_period_that_ends_on_a_holiday_runs_on_and_says_why() -> None:
    said = run(NO_DATABASE, "deadline", "compute", "--from", "2017-06-20", "--days", "14", "--explain")
    assert "Independence Day" in said.out
    assert said.out.splitlines()[-1] == "4. due on 2017-07-05 (Wednesday)"


def test_a_period_below_zero_is_counted_back() -> None:
    said = run(NO_DATABASE, "deadline", "compute", "--from", "2017-11-20", "--days", "-9", "--json").json
    assert said["from"] == "2017-11-20"
    assert said["days"] == -9
    assert said["due"] == "2017-11-09"
    assert said["steps"][-1] == "due on 2017-11-09 (Thursday)"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "soon", "--days", "14"],
        ["--from", "2017-06", "--days", "14"],
        ["--from", "9999-12-31", "--days", "14"],
        ["--from", "0001-01-01", "--days", "-14"],
        ["--from", "2017-06-01", "--days", "many"],
        ["--from", "2017-06-01", "--days", "1000000"],
        ["--days", "14"],
    ],
)
def test_what_is_no_day_or_no_period_is_a_matter_of_usage(arguments: list[str]) -> None:
    said = run(NO_DATABASE, "deadline", "compute", *arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err


def test_a_states_holidays_are_asked_for_by_its_code() -> None:
    arguments = ("deadline", "compute", "--from", "2017-04-03", "--days", "14")
    assert run(NO_DATABASE, *arguments).out == "2017-04-17\n"
    assert run(NO_DATABASE, *arguments, "--state", "MA").out == "2017-04-18\n"
    assert run(NO_DATABASE, *arguments, "--state", "MA", "--json").json["state"] == "MA"
    assert "Patriots' Day" in run(NO_DATABASE, *arguments, "--state", "MA", "--explain").out
    refused = run(NO_DATABASE, *arguments, "--state", "ZZ")
    assert (refused.code, refused.out) == (2, "")
