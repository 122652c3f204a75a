"""What befell the deadlines of one addressee in the record, event by event.

When each came to be and changed, and which were taken out of it again, worked out from the log's positions alone: of
all that is on record, and of no day in particular. So every reader finds the same, on any day and after every rebuild.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select

from domain.deadlines import Deadline, deadlines
from domain.jurisdictions import Place
from domain.law import STILL, Clocks, Held
from domain.status import bearing
from eventlog.statements import Statement
from eventlog.tables import log
from projections.snapshot import Snapshot
from projections.status import own_acts

_THE_LAST_DAY = "9999-12-31"
_STAMP = Statement(select(log.c.recorded_at).where(log.c.position == bindparam("position")))


@dataclass(slots=True)
class Past:
    """A deadline that there is or was: the positions that changed it, and whether the last of them took it away."""

    changed_at: list[int] = field(default_factory=list)
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Occasion:
    """A deadline as a calendar shows it. `read_at` is the log position up to which its entry is to be read."""

    deadline: Deadline
    gone: bool
    changes: int
    created: str
    modified: str
    read_at: int


def occasions(snapshot: Snapshot, id_: str) -> list[Occasion]:
    """The deadlines of which a place is itself the addressee, on the clocks asked, and those taken away since."""
    place = snapshot.place(id_)
    own = list(own_acts(snapshot, place))
    past = _pasts(snapshot, place, own)
    clocks = snapshot.clocks(place.time_zone)
    now = _of(place, own, snapshot, clocks)
    found = []
    for demand, its in past.items():
        position, deadline = snapshot.position, now.get(demand)
        if its.gone:
            position = its.changed_at[-1] - 1
            deadline = _of(place, own, snapshot, Clocks(clocks.as_of, clocks.public_by, position)).get(demand)
        if deadline is not None:
            created, modified = _stamp(snapshot, its.changed_at[0]), _stamp(snapshot, its.changed_at[-1])
            found.append(Occasion(deadline, its.gone, len(its.changed_at) - 1, created, modified, position))
    return found


def _pasts(snapshot: Snapshot, place: Place, own: Sequence[Held]) -> dict[str, Past]:
    """What each event that may bear on a deadline changed, in log order."""
    pasts: dict[str, Past] = defaultdict(Past)
    before: dict[str, tuple[Deadline, int]] = {}
    for position in _turns(snapshot, place, own):
        found = _of(place, own, snapshot, Clocks(_THE_LAST_DAY, None, position))
        versions = {held.fact.id: held.since for held in own if held.since <= position < held.until}
        # In other words, too, a demand is another: so the version that it is at is part of what is compared.
        now = {demand: (deadline, versions[demand]) for demand, deadline in found.items()}
        for demand in before.keys() | now.keys():
            if before.get(demand) != now.get(demand):
                pasts[demand].changed_at.append(position)
                pasts[demand].gone = demand not in now
        before = now
    return pasts


def _turns(snapshot: Snapshot, place: Place, own: Sequence[Held]) -> list[int]:
    """The positions at which something may have happened to a deadline of the place."""
    versions = bearing(place, own, snapshot.memory.law)
    reviews = {held.fact.review for held in versions if held.fact.respond_by}
    turns: set[int] = set()
    for held in versions:
        fact = held.fact
        moves = fact.stage is not None and fact.review in reviews
        if fact.respond_by or fact.answers or fact.demand is not None or fact.ends_reviews or moves:
            turns |= {held.since, held.until}
    return sorted(turn for turn in turns if turn != STILL and turn <= snapshot.position)


def _of(place: Place, own: Iterable[Held], snapshot: Snapshot, clocks: Clocks) -> dict[str, Deadline]:
    found, _ = deadlines(place, own, snapshot.memory.law, clocks)
    return {one["demand"]: one for one in found}


def _stamp(snapshot: Snapshot, position: int) -> str:
    return str(_STAMP.run(snapshot.connection, position=position).fetchone()[0])
