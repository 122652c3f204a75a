"""Periods computed as Fed. R. Civ. P. 6(a) says, with every step shown.

The holidays come in as a list with a name, so that this room needs no library: the composition root passes the federal
ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

NOT_COUNTED = (
    "days on which the President closes offices once, as 2018-12-05 and 2025-01-09: a day declared a holiday by the "
    "President is a legal holiday (Rule 6(a)(6)(B)), but such an order excuses employees of the executive and declares "
    "none, and who acts a day early is never late"
)
"""Which days are left out of every list, and why (rules, section 5)."""


@dataclass(frozen=True, slots=True)
class LegalHolidays:
    """A list of legal holidays. `source`: the statute, and which version of which list, as answers name it.

    `version`: what tells it from the list as it was before. `name_of`: the name of the holiday that a day is, or is
    observed as; None where it is none.
    """

    source: str
    version: str
    name_of: Callable[[date], str | None]


NO_HOLIDAYS = LegalHolidays("none", "none", lambda _: None)
"""For what is worked out without a calendar."""


@dataclass(frozen=True, slots=True)
class Period:
    """A computed period: the day it runs out, the steps that led there, and the lists of holidays that were asked."""

    trigger: str
    days: int
    due: str
    steps: tuple[str, ...]
    federal: str
    state: str | None = None


def due_day(trigger: str, days: int, holidays: LegalHolidays) -> str:
    """The last day of a period of `days` from the `trigger` day; below zero it is counted back.

    Fed. R. Civ. P. 6(a)(1): leave out the day of the event, count every day, and where the last is a Saturday, Sunday
    or legal holiday, run on (6(a)(5): for a period counted back, run back) to the next day that is none. A state's own
    holidays are legal holidays only for a period counted on (6(a)(6)(C)), and here only where they are asked for.
    """
    last = date.fromisoformat(trigger) + timedelta(days=days)
    while _no_day_to_end_on(last, holidays) is not None:
        last += _step(days)
    return last.isoformat()


def due_after(trigger: str, days: int, holidays: LegalHolidays, state_holidays: LegalHolidays | None = None) -> Period:
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
    of_state = None if state_holidays is None else state_holidays.source
    return Period(trigger, days, last.isoformat(), tuple(steps), holidays.source, of_state)


def _step(days: int) -> timedelta:
    return timedelta(days=1 if days >= 0 else -1)


def _days(days: int) -> str:
    direction = "on" if days >= 0 else "back"
    return f"1 day counted {direction} ends" if abs(days) == 1 else f"{abs(days)} days counted {direction} end"


def _no_day_to_end_on(day: date, holidays: LegalHolidays, state_holidays: LegalHolidays | None = None) -> str | None:
    if (name := holidays.name_of(day)) is not None:
        return f"a legal holiday, {name}"
    if state_holidays is not None and (name := state_holidays.name_of(day)) is not None:
        return f"a legal holiday of the state, {name} (Rule 6(a)(6)(C))"
    return {5: "a Saturday", 6: "a Sunday"}.get(day.weekday())
