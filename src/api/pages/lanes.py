"""The lanes of a place's status: one for each item of a track, as runs of days on which it stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.pages.dates_in_words import in_words, since_day
from api.pages.titled import Names
from api.pages.words import Word, may_be, word
from domain.courses import Courses, Span

ORDER = ("stage", "response", "listing", "funding", "court", "policies")
GROUP = {"stage": "review", "response": "review"}


@dataclass(slots=True)
class Run:
    """Days on which an item has one value for one cause; `doubts`: those of them on which it may be otherwise."""

    word: Word | None
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
class Tick:
    """A day due."""

    day: str
    word: Word
    demand: str
    addressee: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One item: its track, what it is called, its runs, and the days due on it."""

    track: str
    key: str
    name: str
    runs: list[Run]
    ticks: list[Tick]

    @property
    def group(self) -> str:
        """The heading under which it stands."""
        return GROUP.get(self.track, self.track)

    @property
    def last_change(self) -> str:
        """When something last moved on it."""
        return self.runs[-1].first if self.runs else ""


def lanes_of(courses: Courses, deadlines: Iterable[Mapping[str, Any]], names: Names) -> list[Lane]:
    """Every lane: by track, then those that moved last before others; a review's response below its stage."""
    ticks: dict[str, list[Tick]] = {}
    for one in deadlines:
        tick = Tick(one["due"], word("deadline", one["state"]), one["demand"], one["addressee"])
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


def _runs(track: str, course: Iterable[Span]) -> Iterator[Run]:
    run: Run | None = None
    for span in course:
        same = run is not None and (run.word.value if run.word else None, run.entry) == (span.value, span.entry)
        if run is None or not same:
            if run is not None and (run.word or run.doubts):
                yield run
            its = None if span.value is None else word(track, span.value)
            run = Run(its, span.first, span.last, span.since, span.entry)
        else:
            run.last = span.last
        if span.possibly is not None:
            run.doubts.append((span.first, span.last, may_be(track, span.possibly)))
    if run is not None and (run.word or run.doubts):
        yield run


def said_of(lane: Lane, run: Run) -> str:
    """A run as a sentence, for who cannot see it."""
    value = "nothing certain" if run.word is None else run.word.phrase
    since = "" if run.since is None else f", {since_day(run.since)}"
    doubts = "".join(f"; {one}" for one in run.may_be)
    return f"{lane.name}: {value} ({run.days}{since}){doubts}"
