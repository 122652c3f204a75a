"""The axis of a picture of days: years side by side, those in which more happened drawn wider."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

_MOST = 6
"""A year with so many changes or more is widest."""
_WIDER = 0.55
"""By how much of an empty year's width each change widens a year."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Where each day lies between two edges of a picture."""

    left: float
    right: float
    starts: tuple[int, ...]
    places: tuple[float, ...]

    def x(self, day: str) -> float:
        """Where a day begins."""
        ordinal = date.fromisoformat(day).toordinal()
        if ordinal <= self.starts[0]:
            return self.left
        if ordinal >= self.starts[-1]:
            return self.right
        number = bisect_right(self.starts, ordinal) - 1
        first, last = self.starts[number], self.starts[number + 1]
        share = (ordinal - first) / (last - first)
        return round(self.places[number] + share * (self.places[number + 1] - self.places[number]), 1)

    @property
    def years(self) -> list[tuple[int, float, float]]:
        """Each year, where it begins and where it ends."""
        return [
            (date.fromordinal(start).year, self.places[number], self.places[number + 1])
            for number, start in enumerate(self.starts[:-1])
        ]


def axis_of(days: Iterable[str], last: str, left: float, right: float) -> Axis:
    """The axis for days on which something changes, up to a last one."""
    days = sorted(day for day in days if day <= last)
    end = date.fromisoformat(last).toordinal() + 1
    first = min(date.fromisoformat(days[0] if days else last).year, date.fromisoformat(last).year)
    starts = [date(year, 1, 1).toordinal() for year in range(first, date.fromisoformat(last).year + 1)]
    busy = Counter(day[:4] for day in days)
    weights = [1 + _WIDER * min(_MOST, busy[str(date.fromordinal(start).year)]) for start in starts]
    # The last year is cut where the question ends.
    weights[-1] *= max(0.25, (end - starts[-1]) / 366)
    places = [left]
    for weight in weights:
        places.append(places[-1] + weight / sum(weights) * (right - left))
    places[-1] = right
    return Axis(left, right, (*starts, end), tuple(round(place, 1) for place in places))
