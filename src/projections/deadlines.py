"""Deadlines, one place's or everyone's: candidates from an index of days due, each judged by the rules when asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select, tuple_

from domain.answers import Deadline
from domain.deadlines import deadlines
from domain.deadlines import deadlines as fold
from domain.jurisdictions import Place
from domain.national import STILL, Clocks, FactVersion
from domain.status import relevant_versions
from eventlog.sql import CompiledQuery
from eventlog.tables import log
from projections.schema import live_tables
from projections.snapshot import Snapshot
from projections.status import own_acts

_due_days, _versions = live_tables().due_days, live_tables().versions
_CHUNK = 100
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
_VERSION = CompiledQuery(
    select(_versions.c.position)
    .where(_versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position.desc())
    .limit(1)
)
DeadlineKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class DeadlineFilter:
    """Which deadlines: a state, and the first and last day due."""

    state: str | None = None
    first: str | None = None
    last: str | None = None

    def takes(self, deadline: Deadline) -> bool:
        """Whether a deadline is wanted."""
        return (
            (self.state is None or deadline["state"] == self.state)
            and (self.first is None or deadline["due"] >= self.first)
            and (self.last is None or deadline["due"] <= self.last)
        )


def place_deadlines(snapshot: Snapshot, id_: str, wanted: DeadlineFilter) -> tuple[list[Deadline], int]:
    """The deadlines of a place and of its agencies, in order, and the position that they rest on."""
    place = snapshot.place(id_)
    agencies = [snapshot.place(agency) for agency in place.agencies]
    found, rests_on = fold(
        place, own_acts(snapshot, place), snapshot.memory.law, snapshot.clocks(place.time_zone), agencies
    )
    rests_on = max(rests_on, snapshot.memory.directory.rests_on(place, snapshot.position))
    return [deadline for deadline in found if wanted.takes(deadline)], rests_on


def all_deadlines(
    snapshot: Snapshot, wanted: DeadlineFilter, after: DeadlineKey | None = None
) -> Iterator[tuple[Deadline, int]]:
    """Everyone's deadlines in order, each with the position that it rests on, from beyond the key `after`."""
    by_place: dict[str, tuple[list[Deadline], int]] = {}
    for due, demand in _candidates(snapshot, wanted, after):
        row = _VERSION.run(snapshot.connection, entry=demand, head=snapshot.position).fetchone()
        if row is None:
            continue
        for addressee in sorted(snapshot.memory.fact(snapshot.connection, row[0]).jurisdictions):
            if after is not None and (due, demand, addressee) <= after:
                continue
            if addressee not in by_place:
                by_place[addressee] = place_deadlines(snapshot, addressee, wanted)
            found, rests_on = by_place[addressee]
            yield from (
                (one, rests_on)
                for one in found
                if one["demand"] == demand and one["addressee"] == addressee and one["due"] == due
            )


def _candidates(snapshot: Snapshot, wanted: DeadlineFilter, after: DeadlineKey | None) -> Iterator[tuple[str, str]]:
    """Days due with the demands that may fall on them: a superset, since a later extension may have moved one."""
    # Just before the key, since one demand has an addressee for each deadline: the caller skips those it has seen.
    due, demand = (after[0], after[1][:-1]) if after is not None else (wanted.first or "", "")
    while True:
        rows = _CANDIDATES.run(
            snapshot.connection, due=due, demand=demand, to=wanted.last or "9999-12-31", head=snapshot.position
        ).fetchall()
        yield from rows
        if len(rows) < _CHUNK:
            return
        due, demand = rows[-1]


_THE_LAST_DAY = "9999-12-31"
_STAMP = CompiledQuery(select(log.c.recorded_at).where(log.c.position == bindparam("position")))


@dataclass(slots=True)
class DeadlineChanges:
    """A deadline that there is or was: the positions that changed it, and whether the last of them took it away."""

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
    past = _deadline_changes(snapshot, place, own)
    clocks = snapshot.clocks(place.time_zone)
    now = _deadlines_by_demand(place, own, snapshot, clocks)
    found = []
    for demand, its in past.items():
        position, deadline = snapshot.position, now.get(demand)
        if its.gone:
            position = its.changed_at[-1] - 1
            deadline = _deadlines_by_demand(place, own, snapshot, Clocks(clocks.as_of, clocks.public_by, position)).get(
                demand
            )
        if deadline is not None:
            created, modified = _recorded_at(snapshot, its.changed_at[0]), _recorded_at(snapshot, its.changed_at[-1])
            found.append(CalendarEvent(deadline, its.gone, len(its.changed_at) - 1, created, modified, position))
    return found


def _deadline_changes(snapshot: Snapshot, place: Place, own: Sequence[FactVersion]) -> dict[str, DeadlineChanges]:
    """What each event that may bear on a deadline changed, in log order."""
    pasts: dict[str, DeadlineChanges] = defaultdict(DeadlineChanges)
    before: dict[str, tuple[Deadline, int]] = {}
    for position in _turning_points(snapshot, place, own):
        found = _deadlines_by_demand(place, own, snapshot, Clocks(_THE_LAST_DAY, None, position))
        versions = {held.fact.id: held.since for held in own if held.since <= position < held.until}
        # In other words, too, a demand is another: so the version that it is at is part of what is compared.
        now = {demand: (deadline, versions[demand]) for demand, deadline in found.items()}
        for demand in before.keys() | now.keys():
            if before.get(demand) != now.get(demand):
                pasts[demand].changed_at.append(position)
                pasts[demand].gone = demand not in now
        before = now
    return pasts


def _turning_points(snapshot: Snapshot, place: Place, own: Sequence[FactVersion]) -> list[int]:
    """The positions at which something may have happened to a deadline of the place."""
    versions = relevant_versions(place, own, snapshot.memory.law)
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
    found, _ = deadlines(place, own, snapshot.memory.law, clocks)
    return {one["demand"]: one for one in found}


def _recorded_at(snapshot: Snapshot, position: int) -> str:
    return str(_STAMP.run(snapshot.connection, position=position).fetchone()[0])
