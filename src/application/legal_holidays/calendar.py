"""Which days are legal holidays: the library's lists, corrected where a statute says otherwise.

The federal list is 5 U.S.C. 6103(a), on the days on which its holidays are observed. A state's list is the library's,
with the corrections of `states`. Each is named, with its version, in the answers that rest on it.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from application.legal_holidays.rules import FRIDAY, MONDAY, Declared, NotDeclared
from application.legal_holidays.states import DECLARED, NOT_DECLARED, STATUTES, TABLE_VERSION, UNSURE
from domain.periods import LegalHolidays

if TYPE_CHECKING:
    from holidays import HolidayBase

LIBRARY = f"holidays {version('holidays')}"
_BETWEEN_NAMES = "; "


@cache
def _library_days(state: str | None) -> HolidayBase:
    """The library's public holidays of a state, without one the federal ones alone."""
    from holidays import country_holidays  # noqa: PLC0415  # all countries take 0.3 s to load, and few commands count days

    return country_holidays("US", subdiv=state, observed=True)


def _library_names(state: str | None, day: date) -> list[str]:
    written = _library_days(state).get(day)
    return [] if written is None else str(written).split(_BETWEEN_NAMES)


def _joined(names: list[str]) -> str | None:
    return _BETWEEN_NAMES.join(names) or None


federal_holidays = LegalHolidays(
    f"5 U.S.C. 6103(a), on the days observed, by the library {LIBRARY}",
    LIBRARY,
    lambda day: _joined(_library_names(None, day)),
)
"""The federal legal holidays, by which every period on record runs on."""


@cache
def state_holidays(state: str) -> LegalHolidays | None:
    """The legal holidays of a state, district or territory; None where the library knows none of that code.

    A federal holiday that a state does not keep is one all the same: the two are asked one after the other.
    """
    if state not in _library_days(None).subdivisions:
        return None
    declared = [line for line in DECLARED if line.state == state]
    not_declared = [line for line in NOT_DECLARED if line.state == state]

    def holiday(day: date) -> str | None:
        kept = [
            name for name in _library_names(state, day) if not any(_is_about(line, name, day) for line in not_declared)
        ]
        added = [name for line in declared if (name := _name_on(line, day)) is not None]
        return _joined([*kept, *(name for name in added if name not in kept)])

    return LegalHolidays(_named(state), f"{LIBRARY}, corrections {TABLE_VERSION}", holiday)


def _is_about(line: NotDeclared, name: str, day: date) -> bool:
    return line.name == name and line.years(day.year) and line.weekday in (None, day.weekday())


def _name_on(line: Declared, day: date) -> str | None:
    """The name of a declared holiday that a day is, or is kept for; None where it is neither."""
    if _falls_on(line, day):
        return line.name
    is_monday_after = line.from_sunday and day.weekday() == MONDAY and _falls_on(line, day - timedelta(days=1))
    is_friday_before = line.from_saturday and day.weekday() == FRIDAY and _falls_on(line, day + timedelta(days=1))
    return f"{line.name} (observed)" if is_monday_after or is_friday_before else None


def _falls_on(line: Declared, day: date) -> bool:
    return line.years(day.year) and line.day(day.year) == day


def _named(state: str) -> str:
    """How an answer names the list: the statute, the versions of library and table, and what is not sure of it."""
    statute = STATUTES.get(state)
    if statute is None:
        return f"the library {LIBRARY} for {state}, not compared with its statute"
    compared = "" if statute.read else ", corrected by what is commonly said of the statute and not by its words"
    unsure = f"; not sure: {UNSURE[state]}" if state in UNSURE else ""
    return (
        f"{statute.citation}, by the library {LIBRARY} and our table of corrections {TABLE_VERSION}{compared}{unsure}"
    )
