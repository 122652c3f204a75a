"""How a line of the table of state holidays is written: a day of the year by its rule, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

DayOfYear = Callable[[int], date]
"""The day on which a holiday falls in a year."""
Years = Callable[[int], bool]
"""Whether a line holds in a year."""


@dataclass(frozen=True, slots=True)
class Statute:
    """What declares a state's holidays.

    `read`: whether its words were compared. Where they were not, the lines below rest on what is commonly said of it.
    """

    citation: str
    read: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """A day that the statute declares a holiday and the library lacks.

    `from_sunday`, `from_saturday`: whether one that falls on such a day is kept on the Monday after or the Friday
    before it.
    """

    state: str
    name: str
    day: DayOfYear
    source: str
    years: Years = lambda _: True
    from_sunday: bool = False
    from_saturday: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NotDeclared:
    """A day that the library lists under `name` and the statute does not declare.

    `weekday`: only where it falls on that day of the week.
    """

    state: str
    name: str
    source: str
    years: Years = lambda _: True
    weekday: int | None = None
    note: str | None = None


def on(month: int, day: int) -> DayOfYear:
    return lambda year: date(year, month, day)


def nth(number: int, weekday: int, month: int) -> DayOfYear:
    """The first, second, ... such day of a month."""

    def day(year: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))

    return day


def good_friday(year: int) -> date:
    return easter(year) - timedelta(days=2)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar: the algorithm of Meeus, Jones and Butcher, exact for every year."""
    golden, century, of_century = year % 19, year // 100, year % 100
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def day_after_thanksgiving(year: int) -> date:
    return nth(4, THURSDAY, 11)(year) + timedelta(days=1)


def election_day(year: int) -> date:
    """The Tuesday after the first Monday in November."""
    return nth(1, MONDAY, 11)(year) + timedelta(days=1)


def monday_of_juneteenth(year: int) -> date:
    """Utah's: the Monday of a 19 June from Monday to Friday, the Monday after one on a weekend."""
    day = date(year, 6, 19)
    return day - timedelta(days=day.weekday()) + timedelta(days=0 if day.weekday() < SATURDAY else 7)


def even(year: int) -> bool:
    return year % 2 == 0


def presidential(year: int) -> bool:
    return year % 4 == 0


def after_presidential(year: int) -> bool:
    return year % 4 == 1


def since(first: int) -> Years:
    return lambda year: year >= first


def until(last: int) -> Years:
    return lambda year: year <= last
