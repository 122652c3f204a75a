"""The courses of a place's status: every value it had, from which day to which, why, and what it may have been.

They follow from the log up to a position, so what was worked out once holds for every day asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from domain.accounts import Transition, account, transitions
from domain.courses import LAST_DAY, Courses, doubts, spans, up_to
from projections.snapshot import Snapshot
from projections.status import own_acts


@dataclass(frozen=True, slots=True)
class Through:
    """A place's status through all time, on the clocks `public_by` and `recorded_by` that it was asked on."""

    courses: Courses
    transitions: list[Transition]

    def up_to(self, day: str) -> Through:
        """The same, as a question of that day has it."""
        return Through(up_to(self.courses, day), [one for one in self.transitions if one.on <= day])


def through_time(snapshot: Snapshot, id_: str) -> Through:
    """The courses of every item of a place's status, to the last day that anything on record bears on."""
    place = snapshot.place(id_)
    own = list(own_acts(snapshot, place))
    at = replace(snapshot.clocks(place.time_zone), as_of=LAST_DAY)
    certain = account(place, own, snapshot.memory.law, at)
    return Through(spans(certain, doubts(place, own, snapshot.memory.law, at)), transitions(certain))
