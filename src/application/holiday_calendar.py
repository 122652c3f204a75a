"""The legal holidays of Fed. R. Civ. P. 6(a)(6)(A), the federal ones, from the `holidays` library."""

from __future__ import annotations

from datetime import date

import holidays

# Without a state, and public ones only: with one, the library would add the state's own days.
_FEDERAL = holidays.country_holidays("US", observed=True)


def federal_holiday(day: date) -> str | None:
    """The name of the federal holiday that a day is, or is observed as; None where it is none."""
    name = _FEDERAL.get(day)
    return None if name is None else str(name)
