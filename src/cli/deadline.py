"""`deadline compute`: the last day of a period, by Fed. R. Civ. P. 6(a), with every step."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.opening import USAGE, failed, plainly
from cli.options import Json
from cli.tables import print_json, print_line

app = typer.Typer(name="deadline", help="Compute a deadline from a day and a period.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Compute a deadline from a day and a period."""


@app.command()
def compute(
    *,
    from_: Annotated[str, typer.Option("--from", metavar="DAY", help="The day of the event, which is left out.")],
    days: Annotated[int, typer.Option(min=-3660, max=3660, help="How many days; below zero they are counted back.")],
    state: Annotated[
        str | None, typer.Option(metavar="XX", help="Two letters: a state whose own holidays count, too.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show the steps.")] = False,
    json: Json = False,
) -> None:
    """Compute the last day of a period: Fed. R. Civ. P. 6(a), with the federal holidays and, if asked, a state's."""
    with plainly():
        from application.asking import day
        from application.holiday_calendar import federal_holiday, state_holidays
        from domain.periods import due_after

        of_state = None if state is None else state_holidays(state)
        if state is not None and of_state is None:
            raise failed(f"state: {state!r} is not the code of a state, district or territory, as LA", USAGE)
        try:
            period = due_after(day("from", from_), days, federal_holiday, of_state)
        except OverflowError as error:
            raise failed(f"from: the period leaves the calendar: {days} days from {from_}", USAGE) from error
    if json:
        said = {"from": period.trigger, "days": period.days, "due": period.due, "steps": period.steps}
        print_json(said if state is None else said | {"state": state})
        return
    if explain:
        for number, step in enumerate(period.steps, 1):
            print_line(f"{number}. {step}")
    else:
        print_line(period.due)
