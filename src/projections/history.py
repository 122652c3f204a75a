"""A place's status through time: every transition of every track, on the three clocks like every read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import bindparam, select

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
from eventlog.sql import CompiledQuery
from projections.places import places_page
from projections.schema import live_tables
from projections.snapshot import Snapshot
from projections.status import own_acts, place_status

_versions = live_tables().versions
_BODY = CompiledQuery(
    select(_versions.c.body)
    .where(_versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position.desc())
    .limit(1)
)


TransitionKey = tuple[str, int]
"""A transition in the list of everyone's: the place, and which of its transitions, from 0."""


def place_transitions(
    snapshot: Snapshot, id_: str, start: int, limit: int | None
) -> tuple[list[StatusTransition], int | None, int]:
    """Transitions from the `start`th on, at most `limit`; where to go on, or None; and the position they rest on."""
    found = _transitions(snapshot, id_)
    rests_on = place_status(snapshot, id_)["position"]
    end = len(found) if limit is None else start + limit
    page = [_shown(snapshot, id_, one) for one in found[start:end]]
    return page, end if len(found) > end else None, rests_on


def all_transitions(
    snapshot: Snapshot, after: TransitionKey | None = None
) -> Iterator[tuple[TransitionKey, StatusTransition, int]]:
    """Everyone's transitions, place by place, beyond the key `after`: key, transition, the position it rests on."""
    begun, done = ("", -1) if after is None else after
    if snapshot.memory.directory.place(begun, snapshot.position) is not None:
        yield from _from_key(snapshot, begun, done + 1)
    for id_, _, _ in places_page(snapshot, after=begun):
        yield from _from_key(snapshot, id_, 0)


def _from_key(snapshot: Snapshot, id_: str, start: int) -> Iterator[tuple[TransitionKey, StatusTransition, int]]:
    found, _, rests_on = place_transitions(snapshot, id_, start, None)
    yield from (((id_, number), one, rests_on) for number, one in enumerate(found, start))


def _transitions(snapshot: Snapshot, id_: str) -> list[Transition]:
    place = snapshot.place(id_)
    return transitions(
        value_history(place, own_acts(snapshot, place), snapshot.memory.law, snapshot.clocks(place.time_zone))
    )


def _shown(snapshot: Snapshot, place: str, one: Transition) -> StatusTransition:
    return {
        "jurisdiction": place,
        "track": one.track,
        "key": one.key,
        "from": one.before,
        "to": one.after,
        "on": one.on,
        "since": one.since,
        "entry": one.entry,
        "sources": _sources(snapshot, one.entry) if one.entry is not None else [],
    }


def _sources(snapshot: Snapshot, entry: str) -> list[Mapping[str, Any]]:
    """The sources of an entry as it stands at the snapshot's position."""
    row = _BODY.run(snapshot.connection, entry=entry, head=snapshot.position).fetchone()
    sources: list[Mapping[str, Any]] = msgspec.json.decode(row[0] + "}")["sources"]
    return sources


@dataclass(frozen=True, slots=True)
class PlaceHistory:
    """A place's status through all time, on the clocks `public_by` and `recorded_by` that it was asked on."""

    courses: IntervalsByItem
    transitions: list[Transition]

    def up_to(self, day: str) -> PlaceHistory:
        """The same, as a question of that day has it."""
        return PlaceHistory(cut_at(self.courses, day), [one for one in self.transitions if one.on <= day])


def place_history(snapshot: Snapshot, id_: str) -> PlaceHistory:
    """The courses of every item of a place's status, to the last day that anything on record bears on."""
    place = snapshot.place(id_)
    own = list(own_acts(snapshot, place))
    at = replace(snapshot.clocks(place.time_zone), as_of=LAST_DAY)
    certain = value_history(place, own, snapshot.memory.law, at)
    return PlaceHistory(intervals(certain, possible_values(place, own, snapshot.memory.law, at)), transitions(certain))
