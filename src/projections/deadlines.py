"""Deadlines of one place or of all: candidates come from an index of days due, and the rules decide on each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import msgspec
from sqlalchemy import bindparam, select, tuple_

from domain.answers import Deadline
from domain.deadlines import deadlines as fold_deadlines
from domain.jurisdictions import Place
from domain.national import STILL, Clocks, FactVersion
from domain.status import relevant_versions
from eventlog.sql import CompiledQuery
from projections.entries import version_at
from projections.paging import KeyText, Rows
from projections.schema import live_tables
from projections.snapshot import Snapshot, recorded_at
from projections.status import own_acts

_due_days = live_tables().due_days
_CHUNK = 100
_LAST_DAY = "9999-12-31"
_CANDIDATES = CompiledQuery(
    select(_due_days.c.due, _due_days.c.demand)
    .distinct()
    .where(
        tuple_(_due_days.c.due, _due_days.c.demand) > tuple_(bindparam("due"), bindparam("demand")),
        _due_days.c.due <= bindparam("to"),
        _due_days.c.position <= bindparam("head"),
    )
    .order_by(_due_days.c.due, _due_days.c.demand)
    .limit(_CHUNK)
)
DeadlineKey = tuple[str, str, str]
DEADLINE_KEY = msgspec.json.Decoder(tuple[KeyText, KeyText, KeyText])
"""Its shape in a cursor."""


@dataclass(frozen=True, slots=True)
class DeadlineFilter:
    """Which deadlines: a state, and the first and last day due."""

    state: str | None = None
    first: str | None = None
    last: str | None = None

    def matches(self, deadline: Deadline) -> bool:
        return (
            (self.state is None or deadline["state"] == self.state)
            and (self.first is None or deadline["due"] >= self.first)
            and (self.last is None or deadline["due"] <= self.last)
        )


def place_deadlines(snapshot: Snapshot, id_: str, filters: DeadlineFilter) -> tuple[list[Deadline], int]:
    """The deadlines of a place and of its agencies, in order, and the position that they rest on."""
    place = snapshot.place(id_)
    agencies = [snapshot.place(agency) for agency in place.agencies]
    deadlines, rests_on = fold_deadlines(
        place, own_acts(snapshot, place), snapshot.cache.law, snapshot.clocks(place.time_zone), agencies
    )
    rests_on = max(rests_on, snapshot.cache.directory.rests_on(place, snapshot.position))
    return [deadline for deadline in deadlines if filters.matches(deadline)], rests_on


def all_deadlines(
    snapshot: Snapshot, filters: DeadlineFilter, after: DeadlineKey | None = None
) -> Iterator[tuple[Deadline, int]]:
    """Everyone's deadlines in order, each with the position that it rests on, from beyond the key `after`."""
    by_place: dict[str, tuple[list[Deadline], int]] = {}
    for due, demand in _candidates(snapshot, filters, after):
        version = version_at(snapshot.connection, demand, snapshot.position)
        if version is None:
            continue
        for addressee in sorted(snapshot.cache.fact_at(version.position, version.body).jurisdictions):
            if after is not None and (due, demand, addressee) <= after:
                continue
            if addressee not in by_place:
                by_place[addressee] = place_deadlines(snapshot, addressee, filters)
            deadlines, rests_on = by_place[addressee]
            yield from (
                (deadline, rests_on)
                for deadline in deadlines
                if deadline["demand"] == demand and deadline["addressee"] == addressee and deadline["due"] == due
            )


def find_deadlines(
    snapshot: Snapshot, place: str | None, filters: DeadlineFilter, after: DeadlineKey | None
) -> Rows[DeadlineKey, Deadline]:
    """Everyone's deadlines or a place's, in order of day due, demand and addressee, from beyond the key `after`."""
    if place is None:
        rows = all_deadlines(snapshot, filters, after)
        return Rows((deadline_key(deadline), deadline, rests_on) for deadline, rests_on in rows)
    deadlines, rests_on = place_deadlines(snapshot, place, filters)
    keyed = ((deadline_key(deadline), deadline, rests_on) for deadline in deadlines)
    return Rows((row for row in keyed if after is None or row[0] > after), rests_on)


def deadline_key(deadline: Deadline) -> DeadlineKey:
    return deadline["due"], deadline["demand"], deadline["addressee"]


def _candidates(snapshot: Snapshot, filters: DeadlineFilter, after: DeadlineKey | None) -> Iterator[tuple[str, str]]:
    """Days due with the demands that may fall on them: a superset, since a later extension may have moved one."""
    # Just before the key, since one demand has an addressee for each deadline: the caller skips those it has seen.
    due, demand = (after[0], after[1][:-1]) if after is not None else (filters.first or "", "")
    while True:
        rows = _CANDIDATES.run(
            snapshot.connection, due=due, demand=demand, to=filters.last or _LAST_DAY, head=snapshot.position
        ).fetchall()
        yield from rows
        if len(rows) < _CHUNK:
            return
        due, demand = rows[-1]


@dataclass(slots=True)
class DeadlineChanges:
    """The log positions that changed a deadline, and whether the last of them took it away."""

    changed_at: list[int] = field(default_factory=list)
    gone: bool = False


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """A deadline as a calendar shows it. `read_at` is the log position up to which its entry is to be read."""

    deadline: Deadline
    gone: bool
    changes: int
    created: str
    modified: str
    read_at: int


def calendar_events(snapshot: Snapshot, id_: str) -> list[CalendarEvent]:
    """The deadlines of which a place is itself the addressee, on the clocks asked, and those taken away since."""
    place = snapshot.place(id_)
    own = list(own_acts(snapshot, place))
    clocks = snapshot.clocks(place.time_zone)
    now = _deadlines_by_demand(place, own, snapshot, clocks)
    events = []
    for demand, changes in _deadline_changes(snapshot, place, own).items():
        changed_at, position, deadline = changes.changed_at, snapshot.position, now.get(demand)
        if changes.gone:
            position = changed_at[-1] - 1
            deadline = _deadlines_by_demand(place, own, snapshot, replace(clocks, position=position)).get(demand)
        if deadline is not None:
            created, modified = (cast("str", recorded_at(snapshot, changed_at[index])) for index in (0, -1))
            events.append(CalendarEvent(deadline, changes.gone, len(changed_at) - 1, created, modified, position))
    return events


def _deadline_changes(snapshot: Snapshot, place: Place, own: Sequence[FactVersion]) -> dict[str, DeadlineChanges]:
    """By demand, the positions at which the deadline that it sets the place was set, changed or taken away."""
    changes: dict[str, DeadlineChanges] = defaultdict(DeadlineChanges)
    before: dict[str, tuple[Deadline, int]] = {}
    for position in _turning_points(snapshot, place, own):
        deadlines_then = _deadlines_by_demand(place, own, snapshot, Clocks(_LAST_DAY, None, position))
        versions = {held.fact.id: held.since for held in own if held.since <= position < held.until}
        # A demand of which only the words were corrected has changed as well, so its version is compared with it.
        now = {demand: (deadline, versions[demand]) for demand, deadline in deadlines_then.items()}
        for demand in before.keys() | now.keys():
            if before.get(demand) != now.get(demand):
                changes[demand].changed_at.append(position)
                changes[demand].gone = demand not in now
        before = now
    return changes


def _turning_points(snapshot: Snapshot, place: Place, own: Sequence[FactVersion]) -> list[int]:
    """The positions at which something may have happened to a deadline of the place."""
    versions = relevant_versions(place, own, snapshot.cache.law)
    reviews = {held.fact.review for held in versions if held.fact.respond_by}
    turns: set[int] = set()
    for held in versions:
        fact = held.fact
        moves = fact.stage is not None and fact.review in reviews
        if fact.respond_by or fact.answers or fact.demand is not None or fact.ends_reviews or moves:
            turns |= {held.since, held.until}
    return sorted(turn for turn in turns if turn != STILL and turn <= snapshot.position)


def _deadlines_by_demand(
    place: Place, own: Iterable[FactVersion], snapshot: Snapshot, clocks: Clocks
) -> dict[str, Deadline]:
    deadlines, _ = fold_deadlines(place, own, snapshot.cache.law, clocks)
    return {deadline["demand"]: deadline for deadline in deadlines}
