"""Deadlines, one place's or everyone's: candidates from an index of days due, each judged by the rules when asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from domain.deadlines import deadlines as fold
from eventlog.statements import Statement
from projections.snapshot import Snapshot
from projections.status import own_acts
from projections.tables import live

_due_days, _versions = live().due_days, live().versions
_CHUNK = 100
_CANDIDATES = Statement(
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
_VERSION = Statement(
    select(_versions.c.position)
    .where(_versions.c.entry == bindparam("entry"), _versions.c.position <= bindparam("head"))
    .order_by(_versions.c.position.desc())
    .limit(1)
)
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deadlines: a state, and the first and last day due."""

    state: str | None = None
    first: str | None = None
    last: str | None = None

    def takes(self, deadline: dict[str, Any]) -> bool:
        """Whether a deadline is wanted."""
        return (
            (self.state is None or deadline["state"] == self.state)
            and (self.first is None or deadline["due"] >= self.first)
            and (self.last is None or deadline["due"] <= self.last)
        )


def place_deadlines(snapshot: Snapshot, id_: str, wanted: Wanted) -> tuple[list[dict[str, Any]], int]:
    """The deadlines of a place and of its agencies, in order, and the position that they rest on."""
    place = snapshot.place(id_)
    agencies = [snapshot.place(agency) for agency in place.agencies]
    found, rests_on = fold(
        place, own_acts(snapshot, place), snapshot.memory.law, snapshot.clocks(place.time_zone), agencies
    )
    rests_on = max(rests_on, snapshot.memory.directory.rests_on(place, snapshot.position))
    return [deadline for deadline in found if wanted.takes(deadline)], rests_on


def all_deadlines(snapshot: Snapshot, wanted: Wanted, after: Key | None = None) -> Iterator[tuple[dict[str, Any], int]]:
    """Everyone's deadlines in order, each with the position that it rests on, from beyond the key `after`."""
    by_place: dict[str, tuple[list[dict[str, Any]], int]] = {}
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


def _candidates(snapshot: Snapshot, wanted: Wanted, after: Key | None) -> Iterator[tuple[str, str]]:
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
