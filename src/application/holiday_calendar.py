"""The legal holidays of Fed. R. Civ. P. 6(a)(6), the federal ones and a state's own, from the `holidays` library."""

from __future__ import annotations

from datetime import date

import holidays

from domain.periods import Holidays

# Without a state, and public ones only: with one, the library would add the state's own days.
_FEDERAL = holidays.country_holidays("US", observed=True)


def federal_holiday(day: date) -> str | None:
    """The name of the federal holiday that a day is, or is observed as; None where it is none."""
    name = _FEDERAL.get(day)
    return None if name is None else str(name)


def state_holidays(state: str) -> Holidays | None:
    """The public holidays of a state, district or territory; None where the library knows none of that code.

    A federal holiday that a state does not keep is one all the same: the two are asked one after the other.
    """
    if state not in holidays.country_holidays("US").subdivisions:
        return None
    its = holidays.country_holidays("US", subdiv=state, observed=True)

    def holiday(day: date) -> str | None:
        name = its.get(day)
        return None if name is None else str(name)

    return holiday
