"""Periods computed as Fed. R. Civ. P. 6(a) says, with every step shown.

The holidays come in as a function, so that this room needs no library: the composition root passes the federal ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

Holidays = Callable[[date], str | None]
"""The name of the legal holiday that a day is, or None."""


@dataclass(frozen=True, slots=True)
class Period:
    """A computed period: the day it runs out, and the steps that led there."""

    trigger: str
    days: int
    due: str
    steps: tuple[str, ...]


def due_day(trigger: str, days: int, holidays: Holidays) -> str:
    """The last day of a period of `days` from the `trigger` day; below zero it is counted back.

    Fed. R. Civ. P. 6(a)(1): leave out the day of the event, count every day, and where the last is a Saturday, Sunday
    or legal holiday, run on (6(a)(5): for a period counted back, run back) to the next day that is none. A state's own
    holidays are legal holidays only for a period counted on (6(a)(6)(C)), and here only where they are asked for.
    """
    last = date.fromisoformat(trigger) + timedelta(days=days)
    while _no_day_to_end_on(last, holidays) is not None:
        last += _step(days)
    return last.isoformat()


def due_after(trigger: str, days: int, holidays: Holidays, state_holidays: Holidays | None = None) -> Period:
    """The same, with the steps that lead there."""
    start = date.fromisoformat(trigger)
    last = start + timedelta(days=days)
    steps = [
        f"{trigger} ({start:%A}) is the day of the event and is left out (Rule 6(a)(1)(A))",
        f"{_days(days)}, every day among them, on {last} ({last:%A})",
    ]
    if state_holidays is not None and days < 0:
        steps.append("a state's own holidays are none for a period counted back (Rule 6(a)(6)(C))")
        state_holidays = None
    while (why := _no_day_to_end_on(last, holidays, state_holidays)) is not None:
        following = last + _step(days)
        steps.append(f"{last} is {why}: {'on' if days >= 0 else 'back'} to {following} ({following:%A})")
        last = following
    steps.append(f"due on {last} ({last:%A})")
    return Period(trigger, days, last.isoformat(), tuple(steps))


def _step(days: int) -> timedelta:
    return timedelta(days=1 if days >= 0 else -1)


def _days(days: int) -> str:
    direction = "on" if days >= 0 else "back"
    return f"1 day counted {direction} ends" if abs(days) == 1 else f"{abs(days)} days counted {direction} end"


def _no_day_to_end_on(day: date, holidays: Holidays, state_holidays: Holidays | None = None) -> str | None:
    if (name := holidays(day)) is not None:
        return f"a legal holiday, {name}"
    if state_holidays is not None and (name := state_holidays(day)) is not None:
        return f"a legal holiday of the state, {name} (Rule 6(a)(6)(C))"
    return {5: "a Saturday", 6: "a Sunday"}.get(day.weekday())
