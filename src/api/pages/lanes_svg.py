"""The status lanes as an SVG: years across, a lane for each item, a link on every run, days due as ticks.

Heights and the axis are worked out here; the template `lanes.svg` draws. Colours are attributes, so that the picture
can stand by itself; on a page the style sheet overrides them by class.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from api.pages.lanes import Lane
from api.pages.page import render
from domain.dates import EARLIEST_DAY, LATEST_DAY

WIDTH = 960
_COLOURS = {
    "question": ("#f6e7c1", "#a87a13"),
    "asked": ("#f9d9bf", "#c05a12"),
    "pressed": ("#f3cdc8", "#b3261e"),
    "answered": ("#cfe2f3", "#1f5f99"),
    "ended": ("#cdeae0", "#18705a"),
    "named": ("#e4d7ee", "#6c3d91"),
    "quiet": ("#e9e7e1", "#8a867b"),
    "rule": ("#dfe3d3", "#5f6b3a"),
}
"""By tone: the colour of a bar, on which text is read, and that of its edge."""
_TOP, _HEADING, _NAME, _BAR, _GAP, _REVIEW_GAP = 26, 26, 17, 20, 9, 3
"""Heights: above the first lane, of a track's heading, of a lane's name, of a bar, and below bars and stage bars."""
_GROUP_GAP = 6
_MOST_YEARS_AFTER = 30
"""How many years are drawn after the last with a change."""
_MOST_CHANGES = 6
"""A year with this many changes or more is widest."""
_WIDER = 0.55
"""How much each change widens a year, in widths of an empty year."""


def lanes_svg(
    lanes: list[Lane],
    place_name: str,
    as_of: str,
    *,
    entry_url: Callable[[str], str] | None = None,
    target: str | None = None,
) -> Markup:
    """The lanes as an SVG element; without `entry_url`, as a file that stands alone and has no links."""
    days = [day for lane in lanes for day in (*(run.first for run in lane.runs), *(due.day for due in lane.due_days))]
    # What lies beyond the days that an entry may name, recorded before that was a rule, stands at the edge.
    days = [day for day in days if EARLIEST_DAY <= day <= LATEST_DAY]
    # A page about the year 9000 is answered, but not drawn to its end.
    last = min(max([as_of, *days]), f"{int(max(days, default=as_of)[:4]) + _MOST_YEARS_AFTER:04d}-12-31")
    rows: list[tuple[Lane, int | None, int]] = []
    y, group = _TOP, ""
    for lane in lanes:
        heading_y = None
        if lane.group != group:
            heading_y = y + (_GROUP_GAP if rows else 0)
            y, group = heading_y + _HEADING, lane.group
        y += 0 if lane.track == "response" else _NAME
        rows.append((lane, heading_y, y))
        y += _BAR + (_REVIEW_GAP if lane.track == "stage" else _GAP)
    svg = render(
        "lanes.svg",
        place_name=place_name,
        as_of=as_of,
        last=last,
        axis=axis_of(days, last, 0.5, WIDTH - 0.5),
        rows=rows,
        width=WIDTH,
        height=y + 2,
        top=_TOP,
        bar=_BAR,
        colours=_COLOURS,
        entry_url=entry_url,
        target=target,
    )
    return Markup(svg)  # noqa: S704 - the template escapes what it is given


def lanes_height(lanes: list[Lane]) -> int:
    """The height of the picture of these lanes, at most."""
    named = sum(lane.track != "response" for lane in lanes)
    groups = len({lane.group for lane in lanes})
    stages = sum(lane.track == "stage" for lane in lanes)
    bars = len(lanes) * (_BAR + _GAP) - stages * (_GAP - _REVIEW_GAP)
    return _TOP + groups * (_HEADING + _GROUP_GAP) + named * _NAME + bars


def legend(lanes: Iterable[Lane]) -> list[str]:
    used = {run.label.tone for lane in lanes for run in lane.runs if run.label is not None}
    return [tone for tone in _COLOURS if tone in used]


@dataclass(frozen=True, slots=True)
class Axis:
    """The horizontal axis of the picture."""

    left: float
    right: float
    starts: tuple[int, ...]
    """The first day of each year, as an ordinal, and the day after the last."""
    positions: tuple[float, ...]
    """Where each of them lies."""

    def x(self, day: str) -> float:
        """Where a day begins, within the edges."""
        ordinal = date.fromisoformat(day).toordinal()
        if ordinal <= self.starts[0]:
            return self.left
        if ordinal >= self.starts[-1]:
            return self.right
        number = bisect_right(self.starts, ordinal) - 1
        first, last = self.starts[number], self.starts[number + 1]
        share = (ordinal - first) / (last - first)
        return round(self.positions[number] + share * (self.positions[number + 1] - self.positions[number]), 1)

    def extent(self, first: str, last: str) -> tuple[float, float]:
        """The left edge and width of the days between two, wide enough to be seen."""
        x = self.x(first)
        return x, max(3.0, round(self.x(last) - x, 1))

    @property
    def years(self) -> list[tuple[int, float, float]]:
        return [
            (date.fromordinal(start).year, self.positions[number], self.positions[number + 1])
            for number, start in enumerate(self.starts[:-1])
        ]


def axis_of(days: Iterable[str], last: str, left: float, right: float) -> Axis:
    """An axis up to the day `last` for days on which something changes."""
    days = sorted(day for day in days if day <= last)
    end = date.fromisoformat(last).toordinal() + 1
    first = min(date.fromisoformat(days[0] if days else last).year, date.fromisoformat(last).year)
    starts = [date(year, 1, 1).toordinal() for year in range(first, date.fromisoformat(last).year + 1)]
    changes = Counter(day[:4] for day in days)
    weights = [1 + _WIDER * min(_MOST_CHANGES, changes[str(date.fromordinal(start).year)]) for start in starts]
    # The last year ends with the day `last`.
    weights[-1] *= max(0.25, (end - starts[-1]) / 366)
    positions = [left]
    for weight in weights:
        positions.append(positions[-1] + weight / sum(weights) * (right - left))
    positions[-1] = right
    return Axis(left, right, (*starts, end), tuple(round(position, 1) for position in positions))
