"""The lanes of a place's status: one for each item of a track, as runs of days on which its value stays the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from api.pages.dates import in_words, since_day
from api.pages.labels import Label, label_if_any, label_of, possible_label
from api.pages.names import Names
from domain.answers import TRACKS, Deadline, Track
from domain.history import Interval, IntervalsByItem

_LONGEST_NAME = 165


@dataclass(slots=True)
class LaneRun:
    """Days on which an item has one value from one entry. The last day is None where it is the day asked."""

    label: Label | None
    """None where nothing is certain."""
    first: str
    last: str | None
    since: str | None
    entry: str | None
    doubts: list[tuple[str, str | None, str]] = field(default_factory=list)
    """First and last of the days on which it may be something else, and that as a sentence."""

    @property
    def doubts_in_words(self) -> list[str]:
        return [f"from {_days(first, last)}: {sentence}" for first, last, sentence in self.doubts]

    def in_words(self, lane_name: str) -> str:
        """The run as a sentence, for readers who cannot see the picture."""
        value = "nothing certain" if self.label is None else self.label.phrase
        since = "" if self.since is None else f", {since_day(self.since)}"
        doubts = "".join(f"; {doubt}" for doubt in self.doubts_in_words)
        return f"{lane_name}: {value} ({_days(self.first, self.last)}{since}){doubts}"


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day due on the lane of a review's response, with the first demand for it and what became of each."""

    day: str
    demand: str
    phrases: list[str]

    def in_words(self) -> str:
        return f"Due {in_words(self.day)}: {'; '.join(dict.fromkeys(self.phrases))}"


@dataclass(frozen=True, slots=True)
class Lane:
    """An item of a track with its runs and the days due on it."""

    track: Track
    key: str
    name: str
    runs: list[LaneRun]
    due_days: list[DueDay]

    @property
    def group(self) -> str:
        """The heading under which the lane stands: a review has two lanes, its stage and its response."""
        return "review" if self.track in ("stage", "response") else self.track

    @property
    def short_name(self) -> str:
        return self.name if len(self.name) <= _LONGEST_NAME else f"{self.name[: _LONGEST_NAME - 1].rstrip()}…"


def lanes_of(intervals: IntervalsByItem, deadlines: Iterable[Deadline], names: Names) -> list[Lane]:
    """Every lane, by track, and in a track those first that moved last; a review's response stands below its stage."""
    due_days: dict[str, dict[str, DueDay]] = {}
    for deadline in deadlines:
        of_review = due_days.setdefault(deadline["review"] or deadline["demand"], {})
        due_day = of_review.setdefault(deadline["due"], DueDay(deadline["due"], deadline["demand"], []))
        due_day.phrases.append(label_of("deadline", deadline["state"]).phrase)
    lanes = [
        Lane(
            track,
            key,
            names.item_name(track, key),
            runs,
            list(due_days.get(key, {}).values()) if track == "response" else [],
        )
        for (track, key), of_item in intervals.items()
        if (runs := list(_runs(track, of_item)))
    ]
    last_moved = {(lane.group, lane.key): lane.runs[-1].first for lane in lanes if lane.track != "response"}
    lanes.sort(key=lambda lane: (lane.key, TRACKS.index(lane.track)))
    lanes.sort(key=lambda lane: last_moved.get((lane.group, lane.key), ""), reverse=True)
    lanes.sort(key=lambda lane: TRACKS.index("stage" if lane.group == "review" else lane.track))
    return lanes


def shortened(lanes: list[Lane], limit: int) -> tuple[list[Lane], int]:
    """At most `limit` lanes, taken in turns from the top of each group, and how many are left out."""
    kept: set[int] = set()
    groups = dict.fromkeys(lane.group for lane in lanes)
    queues = [[number for number, lane in enumerate(lanes) if lane.group == group] for group in groups]
    while len(kept) < min(limit, len(lanes)):
        for queue in queues:
            if queue and len(kept) < limit:
                kept.add(queue.pop(0))
    return [lane for number, lane in enumerate(lanes) if number in kept], len(lanes) - len(kept)


def _runs(track: str, intervals: Iterable[Interval]) -> Iterator[LaneRun]:
    run: LaneRun | None = None
    for interval in intervals:
        if run is not None and (run.label.value if run.label else None, run.entry) == (interval.value, interval.entry):
            run.last = interval.last
        else:
            if run is not None and (run.label or run.doubts):
                yield run
            run = LaneRun(
                label_if_any(track, interval.value), interval.first, interval.last, interval.since, interval.entry
            )
        if interval.possibly is not None:
            run.doubts.append((interval.first, interval.last, possible_label(track, interval.possibly)))
    if run is not None and (run.label or run.doubts):
        yield run


def _days(first: str, last: str | None) -> str:
    return f"{in_words(first)} to {'the day asked' if last is None else in_words(last)}"
