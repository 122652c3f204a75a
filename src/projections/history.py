"""A place's status through time: every transition of every track, on the three clocks like every read."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Self

import msgspec

from domain.answers import StatusTransition
from domain.history import (
    LAST_DAY,
    IntervalsByItem,
    Transition,
    cut_at,
    intervals,
    possible_values,
    transitions,
    value_history,
)
from projections.entries import entry_fields
from projections.paging import KeyText, Rows
from projections.places import places_page
from projections.snapshot import Snapshot
from projections.status import own_acts, place_status

TransitionKey = tuple[str, int]
"""A transition in the list of everyone's: the place, and which of its transitions, from 0."""


_Number = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
TRANSITION_KEY = msgspec.json.Decoder(tuple[KeyText, _Number])
"""The shape of its key in a cursor."""
PLACE_TRANSITION_KEY = msgspec.json.Decoder(_Number)
"""The same in a place's own list: how many of its transitions come before the next page."""


def find_place_transitions(snapshot: Snapshot, id_: str, after: int | None) -> Rows[int, StatusTransition]:
    """A place's transitions, in order of day, without the first `after`; each has the key to go on from after it."""
    place = snapshot.place(id_)
    courses = value_history(place, own_acts(snapshot, place), snapshot.cache.law, snapshot.clocks(place.time_zone))
    rests_on = place_status(snapshot, id_)["position"]
    numbered = enumerate(transitions(courses)[after or 0 :], (after or 0) + 1)
    rows = ((number, _transition_fields(snapshot, id_, transition), rests_on) for number, transition in numbered)
    return Rows(rows, rests_on)


def find_transitions(snapshot: Snapshot, after: TransitionKey | None) -> Rows[TransitionKey, StatusTransition]:
    """Everyone's transitions, place by place, from beyond the key `after`."""
    return Rows(_all_transitions(snapshot, after))


def _all_transitions(
    snapshot: Snapshot, after: TransitionKey | None
) -> Iterator[tuple[TransitionKey, StatusTransition, int]]:
    last_place, last_number = ("", -1) if after is None else after
    if snapshot.cache.directory.place(last_place, snapshot.position) is not None:
        yield from _transitions_from(snapshot, last_place, last_number + 1)
    for id_, _, _ in places_page(snapshot, after=last_place):
        yield from _transitions_from(snapshot, id_, 0)


def _transitions_from(
    snapshot: Snapshot, id_: str, start: int
) -> Iterator[tuple[TransitionKey, StatusTransition, int]]:
    for number, transition, rests_on in find_place_transitions(snapshot, id_, start):
        yield (id_, number - 1), transition, rests_on


def _transition_fields(snapshot: Snapshot, place: str, transition: Transition) -> StatusTransition:
    entry = transition.entry
    return {
        "jurisdiction": place,
        "track": transition.track,
        "key": transition.key,
        "from": transition.before,
        "to": transition.after,
        "on": transition.on,
        "since": transition.since,
        "entry": entry,
        "sources": [] if entry is None else entry_fields(snapshot.connection, entry, snapshot.position)["sources"],
    }


@dataclass(frozen=True, slots=True)
class PlaceHistory:
    """A place's status through all time, on the clocks `public_by` and `recorded_by` of the question."""

    courses: IntervalsByItem
    transitions: list[Transition]

    def up_to(self, day: str) -> Self:
        transitions_until = [transition for transition in self.transitions if transition.on <= day]
        return replace(self, courses=cut_at(self.courses, day), transitions=transitions_until)


def place_history(snapshot: Snapshot, id_: str) -> PlaceHistory:
    """The courses of every item of a place's status, to the last day that anything on record bears on."""
    place = snapshot.place(id_)
    own = list(own_acts(snapshot, place))
    clocks = replace(snapshot.clocks(place.time_zone), as_of=LAST_DAY)
    certain = value_history(place, own, snapshot.cache.law, clocks)
    return PlaceHistory(
        intervals(certain, possible_values(place, own, snapshot.cache.law, clocks)), transitions(certain)
    )
