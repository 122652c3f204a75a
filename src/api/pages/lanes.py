"""The lanes of a place's status: one for each item of a track, as runs of days on which it stays as it is."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from api.pages.dates import in_words, since_day
from api.pages.labels import Label, label, possible_label
from api.pages.names import PlaceNames
from domain.history import Interval, IntervalsByItem

ORDER = ("stage", "response", "listing", "funding", "court", "policies")
GROUP = {"stage": "review", "response": "review"}


@dataclass(slots=True)
class LaneRun:
    """Days on which an item has one value for one cause; `doubts`: those of them on which it may be otherwise."""

    word: Label | None
    first: str
    last: str | None
    since: str | None
    entry: str | None
    doubts: list[tuple[str, str | None, str]] = field(default_factory=list)

    @property
    def days(self) -> str:
        """Its days in words."""
        return f"{in_words(self.first)} to {'the day asked' if self.last is None else in_words(self.last)}"

    @property
    def may_be(self) -> list[str]:
        """What may have been otherwise, and when."""
        return [
            f"from {in_words(first)} to {'the day asked' if last is None else in_words(last)}: {said}"
            for first, last, said in self.doubts
        ]


@dataclass(frozen=True, slots=True)
class LaneTick:
    """A day due."""

    day: str
    word: Label
    demand: str
    addressee: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One item: its track, what it is called, its runs, and the days due on it."""

    track: str
    key: str
    name: str
    runs: list[LaneRun]
    ticks: list[LaneTick]

    @property
    def group(self) -> str:
        """The heading under which it stands."""
        return GROUP.get(self.track, self.track)

    @property
    def last_change(self) -> str:
        """When something last moved on it."""
        return self.runs[-1].first if self.runs else ""


def lanes_of(courses: IntervalsByItem, deadlines: Iterable[Mapping[str, Any]], names: PlaceNames) -> list[Lane]:
    """Every lane: by track, then those that moved last before others; a review's response below its stage."""
    ticks: dict[str, list[LaneTick]] = {}
    for one in deadlines:
        tick = LaneTick(one["due"], label("deadline", one["state"]), one["demand"], one["addressee"])
        ticks.setdefault(one["review"] or one["demand"], []).append(tick)
    lanes = [
        Lane(track, key, names.of(track, key), runs, ticks.pop(key, []) if track == "response" else [])
        for (track, key), course in courses.items()
        if (runs := list(_runs(track, course)))
    ]
    moved = {(lane.group, lane.key): lane.last_change for lane in lanes if lane.track != "response"}
    lanes.sort(key=lambda lane: (lane.key, ORDER.index(lane.track)))
    lanes.sort(key=lambda lane: moved.get((lane.group, lane.key), ""), reverse=True)
    lanes.sort(key=lambda lane: ORDER.index("stage" if lane.group == "review" else lane.track))
    return lanes


def shortened(lanes: list[Lane], most: int) -> tuple[list[Lane], int]:
    """At most so many lanes, each track's latest moved first in turns, and how many are left out."""
    kept: set[int] = set()
    queues = {group: [number for number, lane in enumerate(lanes) if lane.group == group] for group in _groups(lanes)}
    while len(kept) < min(most, len(lanes)):
        for queue in queues.values():
            if queue and len(kept) < most:
                kept.add(queue.pop(0))
    return [lane for number, lane in enumerate(lanes) if number in kept], len(lanes) - len(kept)


def _groups(lanes: Iterable[Lane]) -> list[str]:
    return list(dict.fromkeys(lane.group for lane in lanes))


def _runs(track: str, course: Iterable[Interval]) -> Iterator[LaneRun]:
    run: LaneRun | None = None
    for span in course:
        same = run is not None and (run.word.value if run.word else None, run.entry) == (span.value, span.entry)
        if run is None or not same:
            if run is not None and (run.word or run.doubts):
                yield run
            its = None if span.value is None else label(track, span.value)
            run = LaneRun(its, span.first, span.last, span.since, span.entry)
        else:
            run.last = span.last
        if span.possibly is not None:
            run.doubts.append((span.first, span.last, possible_label(track, span.possibly)))
    if run is not None and (run.word or run.doubts):
        yield run


def run_text(lane: Lane, run: LaneRun) -> str:
    """A run as a sentence, for who cannot see it."""
    value = "nothing certain" if run.word is None else run.word.phrase
    since = "" if run.since is None else f", {since_day(run.since)}"
    doubts = "".join(f"; {one}" for one in run.may_be)
    return f"{lane.name}: {value} ({run.days}{since}){doubts}"


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
